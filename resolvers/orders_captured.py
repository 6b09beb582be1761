"""Placing an order that was captured elsewhere: its lines as they were written down, beside the viewer's cart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from models.base import new_id
from models.carts import Cart
from resolvers.carts import CartLineRow, HeadChange, LineDraft, change_head, resolve_lines, row_of, view_of
from resolvers.context import Context
from resolvers.customers import acting_customer
from resolvers.orders_placing import blocking_problems, place_view, price_changed
from rules.quantities import plain
from rules.refusals import ErrorCode, PriceChanged, Refusal, Refusals, refuse_all

LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class CapturedLine:
    """A product by any number it is known by; `seen_unit_price` is what the customer was told, None if nothing."""

    sku: str
    quantity: Decimal
    seen_unit_price: Decimal | None = None


async def place_captured(
    ctx: Context, lines: Sequence[CapturedLine], expected_total: Decimal, change: HeadChange
) -> UUID:
    """
    Lines captured without network become an order, as a cart of them would; the viewer's own cart stays as it is.

    Raises:
        PriceChanged: today's total is not the one that was seen at capture. Nothing is stored.
        OutOfStock: a line exceeds what is free and may not wait.
        Refusal(UNKNOWN_SKU, QUANTITY_INVALID, …): of a line, with its path.
    """
    if not lines:
        raise Refusal(ErrorCode.INVALID, "Name at least one line.", ("lines",))
    if len(lines) > LINES_MAX:
        text = "A captured order has {limit} lines at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)
    drafts = [LineDraft(each.quantity, ("lines", index), each.sku) for index, each in enumerate(lines)]
    resolved, refusals = await resolve_lines(ctx, drafts)
    refuse_all(refusals)
    head = await _head(ctx, change)
    rows = [
        CartLineRow(new_id(), each.product.id, position, each.quantity, None, line.seen_unit_price)
        for position, (each, line) in enumerate(zip(resolved, lines, strict=True), start=1)
    ]
    view = await view_of(ctx, row_of(head), rows)
    act = {"act": "placeCapturedOrder", "expectedTotal": plain(expected_total)}
    try:
        refuse_all(blocking_problems(view))
        if view.priced.gross != expected_total:
            raise _without_ids(price_changed(view, expected_total))
        return await place_view(ctx, view, act)
    except Refusals as several:
        raise Refusals([_at_input(each) for each in several.refusals]) from None
    except Refusal as refusal:
        raise _at_input(refusal) from None


async def _head(ctx: Context, change: HeadChange) -> Cart:
    """The head of a cart that is never stored, with the checked change in it."""
    customer = await acting_customer(ctx)
    head = Cart(
        id=new_id(), seller_id=ctx.user.seller_id, customer_id=customer.id, user_id=ctx.user.user_id,
        purchase_order_number="", note="", coupon_codes=[], gifts_accepted=[], gifts_declined=[], version=1,
        updated_at=ctx.now,
    )  # fmt: skip
    await change_head(ctx, head, change)
    return head


def _at_input(refusal: Refusal) -> Refusal:
    """Placing a cart names the cart first; here the lines are the input's own."""
    if refusal.path[:1] == ("cartId",):
        refusal.path = refusal.path[1:]
    return refusal


def _without_ids(changed: PriceChanged) -> PriceChanged:
    """The lines of no cart have no ids to be known by; only those are named of which a price had been seen."""
    lines = [(None, sku, seen, now) for _, sku, seen, now in changed.lines if seen is not None]
    return PriceChanged(changed.expected, changed.actual, changed.currency, lines)
