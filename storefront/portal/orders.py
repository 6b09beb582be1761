"""The buyer's orders: the list, one order, ordering it again, cancelling what may still be cancelled."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.lists_of import neighbours, paging
from storefront.order_lists import PAGE_SIZE, asked_of, steps_of, where_of
from storefront.page import At, Page, Trouble


async def show_orders(page: Page) -> Response:
    asked = asked_of(page)
    data = await page.ask(
        "Orders", search=asked["search"][:200] or None, where=where_of(asked), **paging(page, PAGE_SIZE)
    )
    return page.show(
        "portal/orders.html", frame=data, orders=data["orders"], board=None, asked=asked,
        pager=neighbours(page, data["orders"]["pageInfo"], **asked),
    )  # fmt: skip


def _number(page: Page) -> str:
    return str(page.request.path_params["number"])[:100]


async def show_order(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Order", number=_number(page))
    order = data["order"]
    if order is None:
        raise Trouble(404)
    return page.show(
        "portal/order.html", 422 if problems else 200, frame=data, order=order, steps=steps_of(order),
        problems=list(problems), typed={name: page.field(name) for name in ("act", "line", "quantity", "reason")},
    )  # fmt: skip


def version_of(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def reorder(page: Page) -> Response:
    """The chosen lines, or all, into the cart; what cannot be ordered any more is told there."""
    chosen = [each for each in page.form.getlist("chosen") if isinstance(each, str)]
    given = {"orderId": page.field("order")} | ({"lineIds": chosen} if chosen else {})
    outcome = await page.act("Reorder", **given)
    if not outcome.done:
        return page.go(
            f"/orders/{quote(_number(page), safe='')}", bad=[each["message"] for each in outcome.errors]
        )
    said = page.gettext("The lines of %(number)s are in the cart.", number=_number(page))
    return page.go("/cart", said, warnings=outcome.warnings)


async def cancel(page: Page) -> Response:
    outcome = await page.act(
        "CancelOrder",
        orderId=page.field("order"),
        expectedVersion=version_of(page),
        reason=page.field("reason"),
    )
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, {"reason": "cancel-reason"}))
    said = page.gettext("Order %(number)s was cancelled.", number=_number(page))
    return page.go(page.request.url.path, said, warnings=outcome.warnings)


async def cancel_line(page: Page) -> Response:
    line = page.field("line")
    quantity = read_number(page.field("quantity"), page.locale)
    if quantity is None:
        problem = Problem(page.gettext("Enter a quantity, such as 12."), f"cancel-quantity-{line}")
        return await show_order(page, [problem])
    outcome = await page.act(
        "CancelOrderLine", orderLineId=line, quantity=quantity, reason=page.field("reason"),
        expectedVersion=version_of(page),
    )  # fmt: skip
    if not outcome.done:
        fields = {"quantity": f"cancel-quantity-{line}", "reason": f"cancel-reason-{line}"}
        return await show_order(page, problems_of(outcome.errors, fields))
    return page.go(page.request.url.path, page.gettext("The line was cancelled."), warnings=outcome.warnings)


# What an order that waits for consent adds stands in approvals.py, which needs this module.
ACTS = {"reorder": reorder, "cancel": cancel, "cancel-line": cancel_line}
PAGES = (At("/orders", show_orders, needs="orders:read"),)
