"""Lots: what lies where and until when, blocking, who got one, and the lots that customers ask for or never get."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page, Trouble
from storefront.rendering import address
from storefront.staff.deliveries import lots_of, version_of

BASE = "/staff/lots"
PAGE_SIZE = 20
# The tabs: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    "soon": {},
    "blocked": {"status": "BLOCKED"},
    "gone": {"gone": True},
}
SELECTIONS = ("ANY", "ONE_ELSE_SEVERAL", "ONE_ELSE_LESS", "ONE_ELSE_NONE")
SOON_DAYS = 30


async def show(page: Page) -> Response:
    """What lies in the warehouses, the first to end ahead; `days` counts where the tab is "soon"."""
    asked = {name: page.query(name) for name in ("search", "state", "days")}
    if asked["state"] not in STATES:
        asked["state"] = "all"
    given = dict(STATES[asked["state"]])
    if asked["state"] == "soon":
        if not (asked["days"].isdigit() and len(asked["days"]) < 4):
            asked["days"] = str(SOON_DAYS)
        given["daysLeft"] = int(asked["days"])
    data = await page.ask(
        "StaffLots", search=asked["search"][:200] or None, **given, **paging(page, PAGE_SIZE)
    )
    return page.show(
        "staff/lots.html", frame=data, lots=data["lots"], asked=asked,
        pager=neighbours(page, data["lots"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_lot(page: Page) -> Response:
    """One lot, and who got it."""
    data = await page.ask("StaffLot", id=str(page.request.path_params["id"])[:100], **paging(page, PAGE_SIZE))
    lot = data["node"]
    if not lot or "recipients" not in lot:
        raise Trouble(404)
    return page.show(
        "staff/lot.html", frame=data, lot=lot, pager=neighbours(page, lot["recipients"]["pageInfo"])
    )


def _put(operation: str, said: str) -> Handler:
    """Blocks a lot, or lets it go; back to where the form stood."""

    async def act(page: Page) -> Response:
        outcome = await page.act(
            operation, lotId=page.field("lot"), expectedVersion=version_of(page), reason=page.field("reason")
        )
        back = page.back(BASE)
        if not outcome.done:
            return page.go(back, bad=[each["message"] for each in outcome.errors])
        number = outcome.payload["lot"]["number"]
        return page.go(back, page.gettext(said, number=number), warnings=outcome.warnings)

    return act


# Of an order


async def show_order(page: Page, problems: Sequence[Problem] = ()) -> Response:
    """The lines whose products have lots: what was asked for, and of how many lots each leaves."""
    if not (page.may("orders:manage") or page.may("lots:read")):
        raise Trouble(404)
    data = await page.ask("OrderLots", number=str(page.request.path_params["number"])[:100])
    order = data["order"]
    if order is None:
        raise Trouble(404)
    lines = [line for line in order["lines"] if line["product"] and line["product"]["isLotTracked"]]
    return page.show(
        "staff/order_lots.html", 422 if problems else 200, frame=data, order=order, lines=lines,
        selections=SELECTIONS, problems=list(problems),
        typed={name: page.field(name) for name in ("line", "lots")},
    )  # fmt: skip


async def request_lots(page: Page) -> Response:
    """Lots as "L-101=4; L-102=2", in place of those held; an empty field lets all of them go."""
    line = page.field("line")
    lots = lots_of(page.field("lots"), "0", page.locale)
    if lots is None or any(each["quantity"] == "0" for each in lots):
        text = page.gettext("Write lots as L-101=4; L-102=2.")
        return await show_order(page, [Problem(text, f"lots-{line}")])
    outcome = await page.act("RequestLots", orderLineId=line, lots=lots, expectedVersion=version_of(page))
    return await _order_done(page, outcome, N_("What the customer asked for is held."), f"lots-{line}")


async def select_lots(page: Page) -> Response:
    line, chosen = page.field("line"), page.field("selection")
    outcome = await page.act(
        "SelectLots", orderLineId=line, expectedVersion=version_of(page),
        selection=chosen if chosen in SELECTIONS else None,
    )  # fmt: skip
    return await _order_done(page, outcome, N_("The changes were saved."), f"selection-{line}")


async def _order_done(page: Page, outcome: Outcome, said: str, field: str) -> Response:
    if not outcome.done:
        return await show_order(page, [Problem(each["message"], field) for each in outcome.errors])
    return page.go(address(page.request.url.path), page.gettext(said), warnings=outcome.warnings)


# Of a customer


async def ban(page: Page) -> Outcome:
    """Keeps a lot from the customer of the form."""
    return await page.act(
        "BanLot", customerId=page.field("customer"), sku=page.field("lot-sku"), lotNumber=page.field("lot-number"),
        reason=page.field("lot-reason"), expectedVersion=version_of(page),
    )  # fmt: skip


async def allow(page: Page) -> Outcome:
    return await page.act(
        "AllowLot",
        customerId=page.field("customer"),
        lotId=page.field("lot"),
        expectedVersion=version_of(page),
    )


async def set_selection(page: Page) -> Outcome:
    """Of how many lots the customer's lines leave."""
    return await page.act(
        "SetLotSelection", customerId=page.field("customer"), selection=page.field("selection"),
        expectedVersion=version_of(page),
    )  # fmt: skip


PAGES = (
    At(
        BASE,
        show,
        {
            "block": _put("BlockLot", N_("Lot %(number)s is blocked.")),
            "unblock": _put("UnblockLot", N_("Lot %(number)s may be sold again.")),
        },
        needs="lots:read",
    ),
    At(f"{BASE}/{{id}}", show_lot, needs="lots:read"),
    At(
        "/staff/orders/{number}/lots",
        show_order,
        {"request": request_lots, "select": select_lots},
        needs="staff",
    ),
)
