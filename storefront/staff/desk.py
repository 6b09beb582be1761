"""The order desk: the seller's people confirm or refuse, hold or release, and give discounts, each with a reason."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.order_lists import PAGE_SIZE, STATES, asked_of, steps_of, where_of
from storefront.page import At, Handler, Outcome, Page, Trouble
from storefront.staff.deliveries import proposals_of

# The board's columns: the state whose list a column begins, its icon, its heading.
COLUMNS = (
    ("placed", "inbox", N_("To confirm")),
    ("held", "pause", N_("Held orders")),
    ("confirmed", "check", N_("Confirmed orders")),
    ("closed", "archive", N_("Closed orders")),
)
CARDS = 12
FILTERS = ("rep", "from", "to", "least", "most", "behalf", "overdue")


def filters_of(page: Page) -> dict[str, Any]:
    """The conditions that the address asks for besides the state; what is no date or number asks for nothing."""
    where: dict[str, Any] = {}
    if page.query("rep"):
        where["salesRep"] = {"eq": page.query("rep")}
    days = {"gte": read_date(page.query("from")), "lte": read_date(page.query("to"))}
    amounts = {
        "gte": read_number(page.query("least"), page.locale),
        "lte": read_number(page.query("most"), page.locale),
    }
    for name, asked in (("placedOn", days), ("gross", amounts if page.may("prices:read") else {})):
        if any(asked.values()):
            where[name] = {key: value for key, value in asked.items() if value}
    if page.query("behalf"):
        where["isOnBehalf"] = {"eq": True}
    if page.query("overdue"):
        where["isOverdue"] = {"eq": True}
    return where


async def show_orders(page: Page) -> Response:
    """The board of all states, or the list of one."""
    asked = asked_of(page, *FILTERS)
    filters = filters_of(page)
    search = asked["search"][:200] or None
    filtered = len([name for name in FILTERS if asked[name]])
    if not asked["state"]:
        wheres = {
            state: {**STATES[state], "and": [filters]} if filters else STATES[state]
            for state, _, _ in COLUMNS
        }
        data = await page.ask("OrderBoard", search=search, first=CARDS, **wheres)
        board = [
            {"state": state, "icon": icon, "text": text, "orders": data[state]}
            for state, icon, text in COLUMNS
        ]
        return page.show(
            "staff/orders.html",
            frame=data,
            orders=None,
            board=board,
            asked=asked,
            filtered=filtered,
            pager=None,
        )
    where = (where_of(asked) or {}) | ({"and": [filters]} if filters else {})
    data = await page.ask("StaffOrders", search=search, where=where or None, **paging(page, PAGE_SIZE))
    return page.show(
        "staff/orders.html", frame=data, orders=data["orders"], board=None, asked=asked, filtered=filtered,
        pager=neighbours(page, data["orders"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_order(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffOrder", number=str(page.request.path_params["number"])[:100])
    order = data["order"]
    if order is None:
        raise Trouble(404)
    return page.show(
        "staff/order.html", 422 if problems else 200, frame=data, order=order, steps=steps_of(order),
        problems=list(problems), proposals=proposals_of(order),
        typed={name: page.field(name) for name in ("act", "line", "quantity", "percent", "price", "reason", "sku")},
    )  # fmt: skip


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def confirm(page: Page) -> Response:
    outcome = await page.act("ConfirmOrder", orderId=page.field("order"), expectedVersion=_version(page))
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors))
    return page.go(
        page.back(page.request.url.path), page.gettext("The order was confirmed."), warnings=outcome.warnings
    )


def _with_reason(operation: str, said: str) -> Handler:
    """An act on the whole order that needs a reason."""

    async def act(page: Page) -> Response:
        outcome = await page.act(
            operation,
            orderId=page.field("order"),
            expectedVersion=_version(page),
            reason=page.field("reason"),
        )
        if not outcome.done:
            field = f"{page.field('act')}-reason"
            return await show_order(page, problems_of(outcome.errors, {"reason": field}))
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return act


async def discount(page: Page) -> Response:
    line = page.field("line")
    percent = read_number(page.field("percent"), page.locale)
    fields = {"percent": f"percent-{line}", "reason": f"discount-reason-{line}"}
    if percent is None:
        return await show_order(
            page, [Problem(page.gettext("Enter a percentage, such as 5."), fields["percent"])]
        )
    outcome = await page.act(
        "DiscountOrderLine", orderLineId=line, percent=percent, reason=page.field("reason"),
        expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, fields))
    return _given(page, outcome, N_("The discount was given."))


def _given(page: Page, outcome: Outcome, said: str) -> Response:
    """Says that it was given, unless it waits for somebody's consent: the warning says that."""
    waits = any(each["code"] == "APPROVAL_REQUIRED" for each in outcome.payload["warnings"])
    told = [] if waits else [page.gettext(said)]
    return page.go(page.request.url.path, *told, warnings=outcome.warnings)


async def give_free(page: Page) -> Response:
    """Adds goods without charge to the order."""
    quantity = read_number(page.field("quantity"), page.locale)
    fields = {"sku": "gift-sku", "quantity": "gift-quantity", "reason": "gift-reason"}
    if quantity is None:
        problem = Problem(page.gettext("Enter a quantity, such as 12."), fields["quantity"])
        return await show_order(page, [problem])
    outcome = await page.act(
        "AddFreeOrderLine", orderId=page.field("order"), sku=page.field("sku"), quantity=quantity,
        reason=page.field("reason"), expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, fields))
    return _given(page, outcome, N_("The goods were added."))


async def set_price(page: Page) -> Response:
    line, typed = page.field("line"), page.field("price")
    price = read_number(typed, page.locale)
    fields = {"unitPrice": f"price-{line}", "reason": f"price-reason-{line}"}
    if typed and price is None:
        problem = Problem(page.gettext("Enter a price, such as 12.50."), fields["unitPrice"])
        return await show_order(page, [problem])
    outcome = await page.act(
        "SetOrderLinePrice", orderLineId=line, unitPrice=price, reason=page.field("reason"),
        expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, fields))
    return _given(page, outcome, N_("The price was set."))


async def cancel_line(page: Page) -> Response:
    line = page.field("line")
    quantity = read_number(page.field("quantity"), page.locale)
    fields = {"quantity": f"cancel-quantity-{line}", "reason": f"cancel-reason-{line}"}
    if quantity is None:
        return await show_order(
            page, [Problem(page.gettext("Enter a quantity, such as 12."), fields["quantity"])]
        )
    outcome = await page.act(
        "CancelOrderLine", orderLineId=line, quantity=quantity, reason=page.field("reason"),
        expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, fields))
    return page.go(page.request.url.path, page.gettext("The line was cancelled."), warnings=outcome.warnings)


PAGES = (
    At("/staff/orders", show_orders, needs="staff"),
    At(
        "/staff/orders/{number}",
        show_order,
        {
            "confirm": confirm,
            "refuse": _with_reason("RefuseOrder", N_("The order was refused.")),
            "hold": _with_reason("HoldOrder", N_("The order is on hold.")),
            "release": _with_reason("ReleaseOrder", N_("The order was released.")),
            "cancel": _with_reason("CancelOrder", N_("The order was cancelled.")),
            "cancel-line": cancel_line,
            "discount": discount,
            "price": set_price,
            "give": give_free,
        },
        needs="staff",
    ),
)
