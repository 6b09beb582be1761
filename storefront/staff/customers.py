"""Customers as the seller's people see them."""

from typing import Any

from starlette.responses import Response

from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble

PAGE_SIZE = 25
STATUSES = ("ACTIVE", "PROSPECT", "BLOCKED")


async def show_customers(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "status", "mine", "sort")}
    asked["status"] = asked["status"] if asked["status"] in STATUSES else ""
    asked["sort"] = "number" if asked["sort"] == "number" else ""
    where: dict[str, Any] = {}
    if asked["status"]:
        where["status"] = {"eq": asked["status"]}
    if asked["mine"]:
        where["isMine"] = {"eq": True}
    data = await page.ask(
        "Customers",
        search=asked["search"][:200] or None,
        where=where or None,
        orderBy=[{"field": "NUMBER", "direction": "ASC"}] if asked["sort"] else None,
        **paging(page, PAGE_SIZE),
    )
    return page.show(
        "staff/customers.html", frame=data, customers=data["customers"], asked=asked, statuses=STATUSES,
        pager=neighbours(page, data["customers"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_customer(page: Page) -> Response:
    number = str(page.request.path_params["number"])[:100]
    data = await page.ask("Customer", number=number, after=page.query("after") or None)
    if data["customer"] is None:
        raise Trouble(404)
    history = data["customer"].get("salesHistory")
    return page.show(
        "staff/customer.html", frame=data, customer=data["customer"], history=history,
        pager=neighbours(page, history["pageInfo"]) if history else None,
    )  # fmt: skip


PAGES = (
    At("/staff/customers", show_customers, needs="staff"),
    At("/staff/customers/{number}", show_customer, needs="staff"),
)
