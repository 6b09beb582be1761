"""Customers as the seller's people see them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page, Trouble
from storefront.staff import lots as lots_of_staff
from storefront.suggested import offered, tell_shown

PAGE_SIZE = 25
PERIODS = ("WEEK", "MONTH", "QUARTER", "YEAR")
_LIMITS = {"perOrder": "per_order", "perPeriod": "per_period"}
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


async def show_customer(page: Page, problems: Sequence[Problem] = ()) -> Response:
    number = str(page.request.path_params["number"])[:100]
    data = await page.ask("Customer", number=number, after=page.query("after") or None)
    if data["customer"] is None:
        raise Trouble(404)
    documents = await page.ask("OpenDocuments", customer=data["customer"]["id"])
    history = data["customer"].get("salesHistory")
    suggested = offered(data["customer"].get("suggestions") or ())
    await tell_shown(page, "CUSTOMER", suggested, data["customer"]["id"])
    lots = None
    if page.may("orders:manage") or page.may("lots:read"):
        lots = (await page.ask("CustomerLots", number=number))["customer"]
    refused = page.query("error")
    told = {
        "reason_required": Problem(page.gettext("Give a reason."), "behalf-reason"),
        "unknown_customer": Problem(
            page.gettext("This person does not belong to the customer any more."), "person"
        ),
        "not_permitted": Problem(page.gettext("You may not order for this customer."), "behalf-reason"),
    }
    problems = [*problems, *([told[refused]] if refused in told and not page.form else [])]
    return page.show(
        "staff/customer.html", 422 if problems else 200, frame=data, customer=data["customer"], history=history,
        documents=documents, suggested=suggested, lots=lots, selections=lots_of_staff.SELECTIONS,
        pager=neighbours(page, history["pageInfo"]) if history else None,
        problems=problems, refused=refused in told, typed=page.field("note") if page.field("act") == "note" else None,
        banning={name: page.field(name) for name in ("lot-sku", "lot-number", "lot-reason")}, periods=PERIODS,
        limited={name: page.field(name) for name in ("user", "per_order", "per_period", "period")},
    )  # fmt: skip


async def write_note(page: Page) -> Response:
    version = page.field("version")
    outcome = await page.act(
        "UpdateCustomerNote", customerId=page.field("customer"), note=page.field("note"),
        expectedVersion=int(version) if version.isdigit() and len(version) < 10 else 0,
    )  # fmt: skip
    if not outcome.done:
        return await show_customer(page, problems_of(outcome.errors))
    return page.go(page.request.url.path, page.gettext("The note was saved."), warnings=outcome.warnings)


async def set_limit(page: Page) -> Response:
    """What a person there may order alone; an empty field is no limit."""
    given: dict[str, Any] = {}
    problems = []
    for name, field in _LIMITS.items():
        typed = page.field(field).strip()
        given[name] = read_number(typed, page.locale) if typed else None
        if typed and given[name] is None:
            text = page.gettext("Enter an amount, such as 121.50.")
            problems.append(Problem(text, f"{field}-{page.field('user')}"))
    if problems:
        return await show_customer(page, problems)
    period = page.field("period")
    outcome = await page.act(
        "SetCustomerSpendLimit", customerId=page.field("customer"), userId=page.field("user"),
        period=period if period in PERIODS else "MONTH", **given,
    )  # fmt: skip
    if not outcome.done:
        at = {name: f"{field}-{page.field('user')}" for name, field in _LIMITS.items()}
        return await show_customer(page, problems_of(outcome.errors, at))
    return page.go(page.request.url.path, page.gettext("The changes were saved."), warnings=outcome.warnings)


def _lot_act(do: Callable[[Page], Awaitable[Outcome]], said: str) -> Handler:
    """An act on the lots that go to the customer; what is wrong is shown at its field."""

    async def act(page: Page) -> Response:
        outcome = await do(page)
        if not outcome.done:
            at = {"sku": "lot-sku", "lotNumber": "lot-number", "reason": "lot-reason"}
            return await show_customer(page, problems_of(outcome.errors, at))
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return act


PAGES = (
    At("/staff/customers", show_customers, needs="staff"),
    At(
        "/staff/customers/{number}",
        show_customer,
        {
            "note": write_note,
            "limit": set_limit,
            "ban-lot": _lot_act(lots_of_staff.ban, N_("This lot never goes to the customer.")),
            "allow-lot": _lot_act(lots_of_staff.allow, N_("This lot may go to the customer again.")),
            "lot-selection": _lot_act(lots_of_staff.set_selection, N_("The changes were saved.")),
        },
        needs="staff",
    ),
)
