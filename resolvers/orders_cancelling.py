"""What is called off of an order line, with what came free with it; a charge is waived, which is a concession."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from auth.permissions import Permission
from models.orders import SalesOrderLine
from resolvers.allocations import released_by_line
from resolvers.concessions import (
    WAIVE,
    Given,
    ask_concession,
    book_concession,
    concession_asks,
    demand_nothing_waits,
)
from resolvers.context import Context
from resolvers.lot_requests import keep_within_reserved
from resolvers.orders_acts import (
    LockedOrder,
    checked_reason,
    close_if_done,
    done,
    end_order,
    lock_order,
    open_quantity,
    order_of_line,
    shorten,
)
from resolvers.orders_charges import call_off_charges
from resolvers.pegs import lock_pegs, release_surplus
from resolvers.products import check_decimals
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import lock_balances
from rules.free_goods import entitlement_after_return, rule_of
from rules.money import ZERO, round_money
from rules.pricing_trace import PriceStep
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import LineKind, OrderStatus
from rules.transitions import OrderAction


async def cancel_order_line(
    ctx: Context, line_id: UUID, quantity: Decimal, expected_version: int, reason: str
) -> UUID:
    """Calls off part of a line, or all that is still open; with nothing left open the order ends."""
    reason = checked_reason(reason)
    order_id = await order_of_line(ctx, line_id)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.CANCEL_LINE)
    line = next(each for each in found.lines if each.id == line_id)
    if line.kind == LineKind.CHARGE:
        if not ctx.user.may(Permission.ORDERS_DISCOUNT):
            raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this order.", ("orderLineId",))
        await demand_nothing_waits(ctx, order_id)
        return await waive_charge(ctx, found, Waiver(line_id, line.sku, quantity, reason))
    await check_decimals(ctx, line.sku, line.unit_code, quantity, ("quantity",))
    if quantity <= 0 or quantity > open_quantity(line):
        text = "Between 0 and {open} of {sku} can be cancelled."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, ("quantity",), open=plain(open_quantity(line)), sku=line.sku
        )
    released = await ctx.load(released_by_line, line.id)
    if quantity > open_quantity(line) - released:
        text = "{released} of {sku} are released to the warehouse; cancel that delivery first."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, ("quantity",), released=plain(released), sku=line.sku)
    gifts = await _surplus_gifts(ctx, found.lines, line, quantity)
    called_off = quantity + sum(gifts.values(), ZERO)
    sold = sum((open_quantity(each) for each in found.lines if each.kind != LineKind.CHARGE), ZERO)
    if sold == called_off and not found.facts.quantity_shipped:
        return await end_order(ctx, found, OrderStatus.CANCELLED, "order.cancelled", reason)
    pegs = await lock_pegs(ctx, found.order)
    is_linked = await lock_commitments(ctx, [line.commitment_id])
    # All of them at once: the parts below lock one after the other what is held already.
    await lock_balances(ctx, [each.product_id for each in (line, *gifts) if each.product_id is not None])
    call_off_charges(found.lines, line.id, quantity)
    for each, cut in {line: quantity, **gifts}.items():
        await shorten(ctx, found.order, each, open_quantity(each) - cut)
        each.quantity_cancelled += cut
    order = found.order
    await keep_within_reserved(ctx, [line.id, *(each.id for each in gifts)], tells=True)
    await release_surplus(ctx, order, pegs)
    if is_linked:
        await rebook_consumption(ctx, [order.id], "order.lineCancelled")
    await close_if_done(ctx, order, found.lines)
    return await done(ctx, order, "order.lineCancelled", reason, sku=line.sku, quantity=plain(quantity))


@dataclass(frozen=True, slots=True)
class Waiver:
    """A charge that the buyer is let off."""

    line_id: UUID
    sku: str
    quantity: Decimal
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As it is kept while it waits for consent."""
        return {
            "act": WAIVE, "lineId": str(self.line_id), "sku": self.sku, "quantity": plain(self.quantity),
            "reason": self.reason,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Waiver":
        return cls(UUID(kept["lineId"]), kept["sku"], Decimal(kept["quantity"]), kept["reason"])


async def waive_charge(
    ctx: Context, found: LockedOrder, waiver: Waiver, approved_for: UUID | None = None
) -> UUID:
    """
    Lets the buyer off a charge that is not invoiced yet, whole, or asks for it: it is a concession as a discount is.

    Args:
        approved_for: who asked for it, where the viewer consents; nothing is asked any more.
    """
    line = next(each for each in found.lines if each.id == waiver.line_id)
    quantity = waiver.quantity
    if quantity <= 0 or quantity != open_quantity(line):
        text = "A charge is waived whole: {open} of {sku}."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, ("quantity",), open=plain(open_quantity(line)), sku=line.sku
        )
    order = found.order
    left = round_money(line.net_amount * quantity / line.quantity_ordered, line.currency_exponent)
    given = Given(line.id, left, ZERO, is_charge=True)
    needs = await concession_asks(ctx, order, found.lines, given)
    if needs and approved_for is None:
        await ask_concession(ctx, order, needs, waiver.to_json())
        return order.id
    line.quantity_cancelled += quantity
    await book_concession(ctx, order, given, approved_for)
    await close_if_done(ctx, order, found.lines)
    return await done(
        ctx, order, "order.lineCancelled", waiver.reason, sku=line.sku, quantity=plain(quantity)
    )


async def _surplus_gifts(
    ctx: Context, lines: Sequence[SalesOrderLine], parent: SalesOrderLine, quantity: Decimal
) -> dict[SalesOrderLine, Decimal]:
    """What comes free with a line and is not earned any more once `quantity` more of it is called off (FG-11)."""
    found = {}
    is_all = not any(
        each.quantity_ordered - each.quantity_cancelled - (quantity if each is parent else ZERO)
        for each in lines
        if not each.is_free
    )
    for gift in lines:
        # What people gave comes with the order: nothing is given with nothing.
        if is_all and gift.is_free and gift.parent_line_id is None and gift is not parent:
            cut = open_quantity(gift) - await ctx.load(released_by_line, gift.id)
            if cut > 0:
                found[gift] = cut
        if gift.parent_line_id != parent.id:
            continue
        rule = rule_of([PriceStep.from_json(each) for each in gift.price_trace])
        if rule is None:
            continue
        given = gift.quantity_ordered - gift.quantity_cancelled
        left = entitlement_after_return(
            rule, parent.quantity_ordered, given, parent.quantity_cancelled + quantity
        )
        released = await ctx.load(released_by_line, gift.id)
        cut = min(left.surplus, open_quantity(gift) - released)
        if cut > 0:
            found[gift] = cut
    return found
