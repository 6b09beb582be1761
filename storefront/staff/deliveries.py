"""The delivery desk: what may be released, what is being prepared, what has left; and the acts on it."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from storefront.forms import read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page

PAGE_SIZE = 20
_ORDERED = [{"field": "RELEASED_AT", "direction": "DESC"}]
# The tabs: name in the address -> what it asks, and in which order.
STATES: Mapping[str, tuple[Mapping[str, Any], list[dict[str, str]]]] = {
    "released": ({"status": {"eq": "RELEASED"}}, [{"field": "PLANNED_ON", "direction": "ASC"}]),
    "shipped": ({"status": {"eq": "SHIPPED"}}, _ORDERED),
    "cancelled": ({"status": {"eq": "CANCELLED"}}, _ORDERED),
}
_LOT = re.compile(r"\s*([^=;]{1,64}?)\s*(?:=\s*([^=;]+?)\s*)?")


def proposals_of(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What may be released of an order, by warehouse; services go with the first one."""
    rows = order.get("releasable") or []
    places: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["warehouse"]:
            places.setdefault(row["warehouse"]["id"], {"warehouse": row["warehouse"], "rows": []})
    for row in rows:
        if row["warehouse"]:
            places[row["warehouse"]["id"]]["rows"].append(row)
        elif places:
            next(iter(places.values()))["rows"].append(row)
    return list(places.values())


async def show(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "state")}
    may_release = page.may("deliveries:manage")
    if asked["state"] not in STATES:
        asked["state"] = "release" if may_release else "released"
    search = asked["search"][:200] or None
    if asked["state"] == "release":
        data = await page.ask("OrdersToRelease", search=search, **paging(page, PAGE_SIZE))
        orders = data["orders"]
        return page.show(
            "staff/deliveries.html", frame=data, orders=orders, asked=asked,
            proposals={each["id"]: proposals_of(each) for each in orders["nodes"]},
            pager=neighbours(page, orders["pageInfo"], **asked),
        )  # fmt: skip
    where, order_by = STATES[asked["state"]]
    data = await page.ask(
        "StaffDeliveries", search=search, where=where, orderBy=order_by, **paging(page, PAGE_SIZE)
    )
    return page.show(
        "staff/deliveries.html", frame=data, deliveries=data["deliveries"], asked=asked,
        pager=neighbours(page, data["deliveries"]["pageInfo"], **asked),
    )  # fmt: skip


def version_of(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


def lots_of(text: str, quantity: str, locale: str) -> list[dict[str, str]] | None:
    """
    Lots as typed, "L-1=4; L-2=2"; one without a quantity serves the whole line. None where it cannot be read.
    """
    lots = []
    for part in text.split(";"):
        if not part.strip():
            continue
        found = _LOT.fullmatch(part)
        number = None if found is None else read_number(found[2] or quantity, locale)
        if found is None or number is None:
            return None
        lots.append({"number": found[1], "quantity": number})
    return lots


def _done(page: Page, outcome: Outcome, said: str) -> Response:
    back = page.back("/staff/deliveries")
    if not outcome.done:
        return page.go(back, bad=[each["message"] for each in outcome.errors])
    number = (outcome.payload["delivery"] or {}).get("number")
    told = [page.gettext(said, number=number)] if number else []
    return page.go(back, *told, warnings=outcome.warnings)


async def release(page: Page) -> Response:
    """The quantities of the form; a line with none, or 0, stays where it is."""
    lines, bad = [], []
    names = ("line", "quantity", "lots")
    for line, typed, lots in zip(
        *([str(each) for each in page.form.getlist(name)] for name in names), strict=False
    ):
        quantity = read_number(typed, page.locale) if typed.strip() else "0"
        chosen = None if quantity is None else lots_of(lots, quantity, page.locale)
        if quantity is None:
            bad.append(page.gettext("Enter a quantity, such as 12."))
        elif chosen is None:
            bad.append(page.gettext("Write lots as L-101=4; L-102=2."))
        elif quantity.strip("0."):
            lines.append({"orderLineId": line, "quantity": quantity, "lots": chosen})
    if bad:
        return page.go(page.back("/staff/deliveries"), bad=sorted(set(bad)))
    outcome = await page.act(
        "ReleaseDelivery", orderId=page.field("order"), warehouseId=page.field("warehouse"), lines=lines,
        plannedOn=read_date(page.field("planned")), expectedVersion=version_of(page),
    )  # fmt: skip
    return _done(page, outcome, N_("Delivery %(number)s was released to the warehouse."))


def _act(operation: str, said: str, **fields: str) -> Handler:
    """An act on one delivery, with the form's fields under the schema's names."""

    async def act(page: Page) -> Response:
        given = {name: page.field(field) for name, field in fields.items()}
        outcome = await page.act(
            operation, deliveryId=page.field("delivery"), expectedVersion=version_of(page), **given
        )
        return _done(page, outcome, said)

    return act


PAGES = (
    At(
        "/staff/deliveries",
        show,
        {
            "release": release,
            "ship": _act(
                "ShipDelivery",
                N_("Delivery %(number)s has left."),
                carrier="carrier",
                trackingNumber="tracking",
            ),
            "cancel": _act("CancelDelivery", N_("Delivery %(number)s was cancelled."), reason="reason"),
            "update": _act(
                "UpdateDelivery",
                N_("Delivery %(number)s was saved."),
                carrier="carrier",
                trackingNumber="tracking",
                internalNote="note",
            ),
        },
        needs="staff",
    ),
)
