"""The order desk: the seller's people confirm or refuse, hold or release, and give discounts, each with a reason."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.order_lists import PAGE_SIZE, asked_of, steps_of, where_of
from storefront.page import At, Handler, Page, Trouble
from storefront.staff.deliveries import proposals_of


async def show_orders(page: Page) -> Response:
    asked = asked_of(page)
    data = await page.ask(
        "StaffOrders", search=asked["search"][:200] or None, where=where_of(asked), **paging(page, PAGE_SIZE)
    )
    return page.show(
        "staff/orders.html", frame=data, orders=data["orders"], asked=asked,
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
        typed={name: page.field(name) for name in ("act", "line", "quantity", "percent", "reason")},
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
    return page.go(page.request.url.path, page.gettext("The discount was given."), warnings=outcome.warnings)


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
        },
        needs="staff",
    ),
)
