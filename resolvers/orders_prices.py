"""What people give on the lines of a placed order: a fixed price or a discount, each with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context as DecimalContext
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auth.permissions import Permission
from models.orders import SalesOrder, SalesOrderLine
from resolvers.allocations import Waiting, lock_released
from resolvers.concessions import (
    ask_concession,
    book_concession,
    concession_asks,
    demand_nothing_waits,
    given_on,
    is_given_by_hand,
    lessen_concession,
    priced_with,
)
from resolvers.context import Context
from resolvers.credit import CreditRow, lock_credit
from resolvers.customers import seller
from resolvers.house import as_house
from resolvers.orders_acts import (
    LockedOrder,
    checked_reason,
    done,
    give_back,
    lock_order,
    order_of_line,
    retax,
)
from resolvers.sales_agreements_booking import (
    commitment_terms,
    lock_commitments,
    placed_link,
    rebook_consumption,
)
from rules.money import ZERO
from rules.pricing_concessions import ConcededPrice
from rules.pricing_facts import Concessions
from rules.quantities import plain
from rules.refusals import CreditExceeded, ErrorCode, Refusal
from rules.simulation import margin_percent
from rules.states import CreditPolicy, HoldReason, LineKind
from rules.transitions import OrderAction

AMOUNT_MAX = Decimal(10) ** 12  # what a line may come to: wider ones fit no column of sums
_WIDE = DecimalContext(prec=80)  # any two numbers that can be written fit


@dataclass(frozen=True, slots=True)
class LineChange:
    """
    What somebody gives on a line: a discount in percent, or a price of its `price_unit` units (None: the rules' again).
    """

    action: OrderAction
    line_id: UUID
    value: Decimal | None
    reason: str

    @property
    def field(self) -> str:
        return "percent" if self.action is OrderAction.DISCOUNT else "unitPrice"

    def on(self, line: SalesOrderLine) -> Concessions:
        """All that is given on the line with it."""
        if self.action is OrderAction.DISCOUNT:
            return Concessions(
                line.manual_unit_price, line.manual_price_reason, self.value or ZERO, self.reason
            )
        reason = "" if self.value is None else self.reason
        return Concessions(self.value, reason, line.discount_percent, line.discount_reason)

    def to_json(self, sku: str) -> dict[str, Any]:
        """As it is kept while it waits for consent."""
        return {
            "act": self.action.value, "lineId": str(self.line_id), "sku": sku,
            "value": None if self.value is None else plain(self.value), "reason": self.reason,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "LineChange":
        value = kept["value"]
        return cls(
            OrderAction(kept["act"]), UUID(kept["lineId"]), None if value is None else Decimal(value),
            kept["reason"],
        )  # fmt: skip


async def discount_order_line(
    ctx: Context, line_id: UUID, percent: Decimal, expected_version: int, reason: str
) -> UUID:
    """
    A manual discount on a line that is placed; the order's taxes and totals follow (rule book 0.1, 15: phase 6).

    Beyond what the viewer may give alone it waits for somebody's consent, with a warning (0.2, 30).
    """
    reason = checked_reason(reason)
    if not ZERO <= percent <= 100:
        raise Refusal(ErrorCode.INVALID, "A discount is from 0 to 100 percent.", ("percent",))
    return await _change(ctx, LineChange(OrderAction.DISCOUNT, line_id, percent, reason), expected_version)


async def set_order_line_price(
    ctx: Context, line_id: UUID, unit_price: Decimal | None, expected_version: int, reason: str
) -> UUID:
    """
    A fixed price in the list price's place (rule book 0.1, 15: phase 2); a discount on the line comes off it.

    Args:
        unit_price: of the line's `price_unit` units, in the order's currency; None takes what the rules give again,
            an agreement's price included, and then the line counts towards the agreement again.
    """
    reason = checked_reason(reason)
    if unit_price is not None and unit_price < 0:
        raise Refusal(ErrorCode.INVALID, "A price is not negative.", ("unitPrice",))
    return await _change(
        ctx, LineChange(OrderAction.SET_PRICE, line_id, unit_price, reason), expected_version
    )


async def _change(ctx: Context, change: LineChange, expected_version: int) -> UUID:
    order_id = await order_of_line(ctx, change.line_id)
    found = await lock_order(ctx, order_id, expected_version, change.action)
    await demand_nothing_waits(ctx, order_id)
    return await change_line(ctx, found, change)


async def change_line(
    ctx: Context, found: LockedOrder, change: LineChange, approved_for: UUID | None = None
) -> UUID:
    """
    Does what is given on a line of a locked order, or asks for it where the viewer may not give it alone.

    Args:
        approved_for: who asked for it, where the viewer consents; nothing is asked any more.
    """
    order, line = found.order, next(each for each in found.lines if each.id == change.line_id)
    _demand_uninvoiced(line)
    if is_given_by_hand(line):
        text = "{sku} is given without charge; cancel the line instead."
        raise Refusal(ErrorCode.INVALID, text, ("orderLineId",), sku=line.sku)
    if change.field == "unitPrice" and change.value is not None and not _fits(change.value, line):
        raise Refusal(ErrorCode.INVALID, "This price is too high for the quantity.", ("unitPrice",))
    gross, concessions = order.gross_amount, change.on(line)
    priced = priced_with(line, concessions)
    given = given_on(line, priced.net_amount)
    await _demand_floor(ctx, order, line, priced.net_amount, concessions, change.field)
    is_deeper = priced.net_amount < line.net_amount and given.amount > ZERO
    is_bare = concessions.unit_price is None and not concessions.discount_percent
    linking = await placed_link(ctx, line.id) if is_bare and line.commitment_id is None else None
    if is_deeper:
        await lock_commitments(ctx, [line.commitment_id, linking[0] if linking else None])
        needs = await concession_asks(ctx, order, found.lines, given)
        if needs and approved_for is None:
            await ask_concession(ctx, order, needs, change.to_json(line.sku))
            return order.id
    _keep(found, line, concessions, priced)
    if is_deeper:
        await book_concession(ctx, order, given, approved_for)
    else:
        await _test_credit(ctx, found, gross, [line.commitment_id, linking[0] if linking else None])
        await lessen_concession(ctx, order, given)
    if linking is not None:
        line.commitment_id, line.commitment_quantity = linking
        await rebook_consumption(ctx, [order.id], "order.linePriced")
    else:
        await _follow_agreement(ctx, line, is_bare)
    is_discount = change.action is OrderAction.DISCOUNT
    told = {} if change.value is None else {change.field: plain(change.value)}
    action = "order.lineDiscounted" if is_discount else "order.linePriced"
    return await done(ctx, order, action, change.reason, sku=line.sku, **told)


def _demand_uninvoiced(line: SalesOrderLine) -> None:
    """
    A service may be invoiced before anything left; a draft counts, for it has the price already.

    A charge is as its rule says; it is waived by cancelling its line.
    """
    if line.kind == LineKind.CHARGE:
        text = "{sku} is a charge; it is waived whole, by cancelling its line."
        raise Refusal(ErrorCode.INVALID, text, ("orderLineId",), sku=line.sku)
    if line.quantity_invoiced:
        text = "{sku} is invoiced already; its price stays as it is."
        raise Refusal(ErrorCode.INVALID, text, ("orderLineId",), sku=line.sku)


def _fits(unit_price: Decimal, line: SalesOrderLine) -> bool:
    with localcontext(_WIDE):
        return unit_price < AMOUNT_MAX and line.quantity_ordered * unit_price / line.price_unit < AMOUNT_MAX


def _keep(found: LockedOrder, line: SalesOrderLine, given: Concessions, priced: ConcededPrice) -> None:
    """The line's price after what it was given, and the order's taxes and sums after the line."""
    line.manual_unit_price, line.manual_price_reason = given.unit_price, given.unit_price_reason
    line.discount_percent, line.discount_reason = given.discount_percent, given.discount_reason
    line.unit_price, line.net_amount = priced.unit_price, priced.net_amount
    line.price_trace = [step.to_json() for step in priced.steps]
    retax(found)


_UNIT_COST = "select unit_cost, currency from sales_order_line_cost where order_line_id = :line"


async def _demand_floor(
    ctx: Context, order: SalesOrder, line: SalesOrderLine, net: Decimal, given: Concessions, field: str
) -> None:
    """
    Below the seller's floor only those go who may see margins; the others learn that they do, not where it is (PS-18).

    A line that is given nothing may be below it: the rules made it so. What a cost is not known of has no floor.
    """
    if ctx.user.may(Permission.MARGIN_READ) or not (given.discount_percent or given.unit_price is not None):
        return
    us = await seller(ctx)
    async with as_house(ctx) as session:
        found = (await session.execute(text(_UNIT_COST), {"line": line.id})).one_or_none()
    if found is None or found.currency not in (us.currency, order.currency):
        return
    rate = Decimal(1) if found.currency == order.currency else order.exchange_rate
    with localcontext(prec=60):
        cost = line.quantity_ordered * found.unit_cost / rate
    percent = margin_percent(net, cost)
    if percent is None or percent < us.margin_floor_percent:
        told = "This goes below what you may give; ask your sales manager."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, (field,))


async def _test_credit(
    ctx: Context, found: LockedOrder, gross_before: Decimal, commitments: Sequence[UUID | None]
) -> None:
    """
    An order that became dearer is tested as a new one is: past the limit it waits, or is refused.

    The agreements that the line consumes are locked here, in its place between the credit and the stock.
    """
    order = found.order
    waiting: Sequence[Waiting] | None = None
    credit: CreditRow | None = None
    if order.gross_amount > gross_before and HoldReason.CREDIT not in found.facts.hold_reasons:
        await ctx.session.flush()
        waiting = await lock_released(ctx, order)
        credit = await lock_credit(ctx, order.customer_id)
    await lock_commitments(ctx, commitments)
    if credit is None or credit.exposure <= credit.limit:
        return
    if (await seller(ctx)).credit_policy == CreditPolicy.REFUSE:
        raise CreditExceeded(credit.limit, credit.exposure, credit.currency)
    order.is_on_hold = True
    order.hold_reasons = [*order.hold_reasons, HoldReason.CREDIT.value]
    await give_back(ctx, found, "", waiting)  # the reason is the seller's alone
    ctx.warn(
        ErrorCode.ON_HOLD,
        "The order is under review: it passes the credit limit. Nothing is reserved until it is released.",
    )


async def _follow_agreement(ctx: Context, line: SalesOrderLine, is_bare: bool) -> None:
    """What people set breaks the link to an agreement whose price is fixed (SA-05); else what is consumed follows."""
    if line.commitment_id is None:
        return
    number, is_price_fixed, is_quantity = await commitment_terms(ctx, line.commitment_id)
    if is_price_fixed and not is_bare:
        line.commitment_id = line.commitment_quantity = None
        text = "{sku} does not count towards agreement {number} any more, whose prices are fixed."
        ctx.warn(ErrorCode.AGREEMENT_UNLINKED, text, sku=line.sku, number=number)
    elif not is_quantity:
        line.commitment_quantity = line.net_amount
    await rebook_consumption(ctx, [line.order_id], "order.linePriced")
