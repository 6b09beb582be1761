"""What happens to an order after it was placed: confirm, refuse, cancel, hold, release."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.invoices import InvoiceLine
from models.invoices_reads import drafted_lines
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import order_in_scope
from resolvers.allocations import Waiting, lock_released, sent_by_schedule_line, withdraw
from resolvers.approvals import close_request, end_concessions
from resolvers.context import Context, LockKind
from resolvers.discounts import give_back_redemptions
from resolvers.events import record
from resolvers.house import as_house
from resolvers.lot_requests import keep_within_reserved
from resolvers.orders import permitted_actions, releasable_of
from resolvers.orders_placing import warn_backorder
from resolvers.pegs import HeldPeg, lock_pegs, release_surplus
from resolvers.promises_orders import promise_schedule
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import Hold, StockPlan, lock_balances, release, reserve
from rules.alternatives import WantedPart, meet
from rules.deliveries import LineProgress, is_anything_left
from rules.money import ZERO, TaxedLine, tax_by_group
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.states import ApprovalStatus, HoldReason, LineKind, OrderStatus
from rules.transitions import OrderAction, OrderFacts, demand_order_action, move_order

REASON_MAX = 500


def checked_reason(reason: str) -> str:
    """A reason says something: it is kept and shown."""
    if not reason.strip():
        raise Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", ("reason",))
    if len(reason) > REASON_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("reason",))
    return reason.strip()


class LockedOrder:
    """An order and its lines, locked, with what decides on acts."""

    def __init__(
        self, order: SalesOrder, lines: Sequence[SalesOrderLine], quantity_releasable: Decimal = ZERO
    ) -> None:
        self.order = order
        self.lines = list(lines)
        self.quantity_releasable = quantity_releasable
        # What suppliers are to send for it, where an act of several orders had to lock that first.
        self.pegs: list[HeldPeg] | None = None

    @property
    def facts(self) -> OrderFacts:
        return OrderFacts(
            OrderStatus(self.order.status),
            frozenset(HoldReason(each) for each in self.order.hold_reasons),
            sum((line.quantity_shipped for line in self.lines), ZERO),
            sum((open_quantity(line) for line in self.lines), ZERO),
            self.quantity_releasable,
        )


def progress_of(line: SalesOrderLine) -> LineProgress:
    return LineProgress(
        line.quantity_ordered, line.quantity_cancelled, line.quantity_shipped, line.quantity_invoiced,
        LineKind(line.kind),
    )  # fmt: skip


def open_quantity(line: SalesOrderLine) -> Decimal:
    """What may still be called off of the line."""
    return progress_of(line).open


async def lock_order(
    ctx: Context, order_id: UUID, expected_version: int | None, action: OrderAction
) -> LockedOrder:
    """
    The order, locked with its lines, where the viewer may see it and may do this.

    Args:
        expected_version: None for an act on what waits, which has a version of its own.
    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    statement = select(SalesOrder).where(
        SalesOrder.id == order_id, SalesOrder.seller_id == ctx.user.seller_id, order_in_scope(ctx.user)
    )
    order: SalesOrder | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if order is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderId",))
    lines = select(SalesOrderLine).where(
        SalesOrderLine.order_id == order.id, SalesOrderLine.customer_id == order.customer_id
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, lines.order_by(SalesOrderLine.id)))
    found = LockedOrder(order, sorted(rows, key=lambda line: line.position))
    if action is OrderAction.DELIVER:
        found.quantity_releasable = await releasable_of(ctx, found.lines)
    if action not in permitted_actions(ctx.user, order, found.facts.hold_reasons):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this order.", ("orderId",))
    if expected_version is not None and order.version != expected_version:
        raise StaleVersion(order.version)
    demand_order_action(found.facts, action)
    return found


async def order_of_line(ctx: Context, line_id: UUID) -> UUID:
    """The order that a visible line belongs to."""
    found: UUID | None = await ctx.session.scalar(
        select(SalesOrderLine.order_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        .where(SalesOrderLine.id == line_id, order_in_scope(ctx.user))
    )
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderLineId",))
    return found


async def done(ctx: Context, order: SalesOrder, action: str, reason: str = "", **changes: str) -> UUID:
    """Raises the version and records what happened; an act's last step."""
    order.version += 1
    record(
        ctx, action, "Order", order.id, version=order.version, customer_id=order.customer_id, reason=reason,
        changes={"status": str(order.status), **changes},
    )  # fmt: skip
    await ctx.session.flush()
    return order.id


async def confirm_order(ctx: Context, order_id: UUID, expected_version: int) -> UUID:
    """
    The seller takes the order on, by the dates that were promised.

    Goods that nobody can promise stay unconfirmed, with a warning; services come on the day asked for.
    """
    found = await lock_order(ctx, order_id, expected_version, OrderAction.CONFIRM)
    order = found.order
    order.status = move_order(OrderStatus(order.status), OrderStatus.CONFIRMED)
    order.confirmed_at = ctx.now
    places = {line.id: (index, line) for index, line in enumerate(found.lines)}
    unsure: dict[UUID, Decimal] = {}
    for entry in await schedule_of(ctx, found.lines):
        _, line = places[entry.order_line_id]
        if entry.confirmed_on is None and line.kind == LineKind.GOODS:
            unsure[line.id] = unsure.get(line.id, ZERO) + entry.quantity
        else:
            entry.confirmed_on = entry.confirmed_on or entry.requested_on
    for index, line in places.values():
        if unsure.get(line.id):
            told = "{sku}: no day is confirmed for {quantity}, for nobody knows yet when it will be there."
            quantity = plain(unsure[line.id])
            ctx.warn(ErrorCode.BACKORDERED, told, ("lines", index), sku=line.sku, quantity=quantity)
    return await done(ctx, order, "order.confirmed")


async def schedule_of(ctx: Context, lines: Sequence[SalesOrderLine]) -> list[SalesOrderScheduleLine]:
    table = SalesOrderScheduleLine
    statement = select(table).where(table.order_line_id.in_([line.id for line in lines]))
    return list(await ctx.session.scalars(statement.order_by(table.order_line_id, table.position)))


async def give_back(
    ctx: Context, found: LockedOrder, reason: str, waiting: Sequence[Waiting] | None = None
) -> None:
    """Releases all reservations of the order, and takes back what waits in a warehouse (`waiting` if it is locked)."""
    if waiting is None:
        waiting = await lock_released(ctx, found.order)
    held = [line for line in found.lines if line.quantity_reserved]
    if held:
        await lock_balances(ctx, [line.product_id for line in held if line.product_id is not None])
        await release(ctx, [entry.id for entry in await schedule_of(ctx, held)])
        for line in held:
            line.quantity_reserved = ZERO
    await withdraw(ctx, waiting, reason)
    if held:
        await keep_within_reserved(ctx, [line.id for line in held])


async def close_if_done(
    ctx: Context,
    order: SalesOrder,
    lines: Sequence[SalesOrderLine],
    drafted: Collection[UUID] | None = None,
) -> bool:
    """
    Closes an order of which nothing is left to ship or invoice; shipping, invoicing and cutting lines ask here.

    Args:
        drafted: the lines that drafts hold something of, which is not invoiced yet; None looks them up.
    """
    if is_anything_left([progress_of(line) for line in lines]):
        return False
    keys = [line.id for line in lines]
    if drafted is None:
        mine = drafted_lines(ctx.user).where(InvoiceLine.order_line_id.in_(keys))
        async with as_house(ctx) as session:  # a buyer who cuts a line does not see our drafts
            drafted = set(await session.scalars(mine))
    if any(key in drafted for key in keys):
        return False
    order.status, order.ended_at = move_order(OrderStatus(order.status), OrderStatus.CLOSED), ctx.now
    return True


async def refuse_order(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """The seller does not take the order on."""
    reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.REFUSE)
    return await end_order(ctx, found, OrderStatus.REFUSED, "order.refused", reason)


async def cancel_order(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """The whole order is called off, before anything left."""
    reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.CANCEL)
    return await end_order(ctx, found, OrderStatus.CANCELLED, "order.cancelled", reason)


async def end_order(ctx: Context, found: LockedOrder, status: OrderStatus, action: str, reason: str) -> UUID:
    """Ends an order: what is not shipped is called off, what it holds goes back, and nothing waits any more."""
    order = found.order
    if order.status == OrderStatus.PENDING_APPROVAL:
        await close_request(ctx, order.id, ApprovalStatus.WITHDRAWN)
    else:
        await end_concessions(ctx, order.id)
    order.status = move_order(OrderStatus(order.status), status)
    order.status_reason = reason
    order.ended_at = ctx.now
    order.is_on_hold, order.hold_reasons = False, []
    waiting = await lock_released(ctx, order)
    pegs = await lock_pegs(ctx, order)
    is_linked = await lock_commitments(ctx, [line.commitment_id for line in found.lines])
    if not found.facts.quantity_shipped:
        await give_back_redemptions(ctx, order.id)
    await give_back(ctx, found, reason, waiting)
    for line in found.lines:
        line.quantity_cancelled += open_quantity(line)
    if not found.facts.quantity_shipped:
        for entry in await schedule_of(ctx, found.lines):
            entry.quantity = ZERO
    await release_surplus(ctx, order, pegs)
    if is_linked:
        await rebook_consumption(ctx, [order.id], action)
    return await done(ctx, order, action, reason)


async def shorten(
    ctx: Context,
    order: SalesOrder,
    line: SalesOrderLine,
    rest: Decimal,
    apart: Collection[UUID] = (),
) -> None:
    """
    Cuts what is open of a line's schedule to `rest`. Parts that wait for goods go first; only then is stock given back.

    What was shipped of a part stays in it, and what is released to the warehouse is not cut.

    Args:
        apart: parts that are neither cut nor counted.
    """
    assert line.product_id is not None, "only goods and services are ordered, and both are products"
    schedule = [entry for entry in await schedule_of(ctx, [line]) if entry.id not in apart]
    reserved = line.quantity_reserved
    if reserved:
        await lock_balances(ctx, [line.product_id])
        await release(ctx, [entry.id for entry in schedule])
    sent = dict(
        zip(schedule, await sent_by_schedule_line(ctx, [entry.id for entry in schedule]), strict=True)
    )
    holds, left = [], rest - sum((each.released for each in sent.values()), ZERO)
    for entry in sorted(schedule, key=lambda each: (each.warehouse_id is None, each.position)):
        more = min(entry.quantity - sent[entry].shipped - sent[entry].released, left)
        left -= more
        kept = sent[entry].released + more
        entry.quantity = sent[entry].shipped + kept
        if kept and entry.warehouse_id is not None and reserved:
            holds.append(Hold(entry.id, line.product_id, entry.warehouse_id, kept))
    await reserve(ctx, order.customer_id, holds)
    line.quantity_reserved = sum((hold.quantity for hold in holds), ZERO)


async def hold_order(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """Stops an order by hand: what it reserved goes back, and nothing moves until it is released."""
    reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.HOLD)
    order = found.order
    order.is_on_hold, order.hold_reasons, order.status_reason = True, [HoldReason.MANUAL.value], reason
    await give_back(ctx, found, reason)
    return await done(ctx, order, "order.held", reason)


async def release_order(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    Lets a held order go on: what is free is reserved, the rest stays as backorder, with a warning.

    A schedule line without a warehouse is split by where the goods are; the price and the line stay.
    """
    reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.RELEASE)
    return await let_go(ctx, found, reason)


async def let_go(ctx: Context, found: LockedOrder, reason: str) -> UUID:
    """A locked order on hold goes on; who may do that was asked before."""
    order = found.order
    goods = [
        line
        for line in found.lines
        if line.kind == LineKind.GOODS and line.product_id and open_quantity(line)
    ]
    keys = [line.product_id for line in goods if line.product_id]
    pegs = await lock_pegs(ctx, order) if found.pegs is None else found.pegs
    stock = StockPlan(await lock_balances(ctx, keys) if goods else {})
    schedule = await schedule_of(ctx, goods)
    direct = {peg.schedule_line_id: peg.open for peg in pegs if peg.is_direct}
    for index, line in enumerate(goods):
        assert line.product_id is not None, "filtered above"
        entries = [entry for entry in schedule if entry.order_line_id == line.id]
        # What a supplier delivers to the customer is not served from here as well.
        wanted = open_quantity(line) - sum((direct.get(entry.id, ZERO) for entry in entries), ZERO)
        entries = [entry for entry in entries if entry.id not in direct]
        if not wanted:
            continue
        free = stock.free(line.product_id)
        if free < wanted:
            warn_backorder(ctx, index, line.sku, free, wanted)
        parts = [(part.warehouse_id, part.quantity) for part in stock.take(line.product_id, wanted)]
        await reschedule(ctx, order, line, entries, parts)
    await release_surplus(ctx, order, pegs)
    await promise_schedule(ctx, order, goods, await schedule_of(ctx, goods))
    held = ",".join(order.hold_reasons)
    order.is_on_hold, order.hold_reasons, order.status_reason = False, [], ""
    return await done(ctx, order, "order.released", reason, holds=held)


async def reschedule(
    ctx: Context,
    order: SalesOrder,
    line: SalesOrderLine,
    entries: Sequence[SalesOrderScheduleLine],
    parts: Sequence[tuple[UUID | None, Decimal]],
) -> None:
    """
    Spreads a line's open quantity over warehouses and reserves it there; what was asked for a day stays asked for it.

    The first days are served first, and the last takes whatever is left. A part of which something was shipped stays
    with just that.
    """
    assert line.product_id is not None and entries, "goods have a schedule"
    sent = await ctx.loader(sent_by_schedule_line).load_many([entry.id for entry in entries])
    asked: dict[date | None, _AskedFor] = {}
    for entry, each in zip(entries, sent, strict=True):
        day = asked.setdefault(entry.requested_on, _AskedFor(entry))
        day.quantity += max(entry.quantity - each.shipped, ZERO)
        if each.shipped:
            entry.quantity = each.shipped
        else:
            day.free.append(entry)
    days = sorted((on for on in asked if asked[on].quantity), key=lambda on: on or date.min) or [*asked][:1]
    wanted = [WantedPart(asked[on].quantity, on) for on in days[:-1]]
    wanted.append(WantedPart(sum((quantity for _, quantity in parts), ZERO), days[-1]))
    holds = []
    position = entries[-1].position
    for part, warehouse_id, quantity in meet(wanted, parts):
        day = asked[part.requested_on]
        if day.free:
            entry = day.free.pop(0)
        else:
            position += 1
            entry = SalesOrderScheduleLine(
                id=new_id(),
                order_line_id=line.id,
                customer_id=order.customer_id,
                position=position,
                requested_on=day.first.requested_on,
                first_confirmed_on=day.first.first_confirmed_on,
                confirmed_on=day.first.confirmed_on,
                ship_on=day.first.ship_on,
            )
            ctx.session.add(entry)
        entry.warehouse_id, entry.quantity = warehouse_id, quantity
        if warehouse_id is not None:
            holds.append(Hold(entry.id, line.product_id, warehouse_id, quantity))
    for entry in (each for day in asked.values() for each in day.free):
        entry.warehouse_id, entry.quantity = None, ZERO
    await ctx.session.flush()
    await reserve(ctx, order.customer_id, holds)
    line.quantity_reserved = sum((hold.quantity for hold in holds), ZERO)


class _AskedFor:
    """What is open of a line for a day of receipt, and the schedule lines that may hold it."""

    def __init__(self, first: SalesOrderScheduleLine) -> None:
        self.first = first
        self.quantity = ZERO
        self.free: list[SalesOrderScheduleLine] = []


def retax(found: LockedOrder) -> None:
    """Spreads the tax of each rate group over the lines anew and sums the head."""
    order, lines = found.order, found.lines
    taxed = [
        TaxedLine(line.net_amount, line.tax_category, line.tax_percent, (line.sku, line.position))
        for line in lines
    ]
    _, taxes = tax_by_group(taxed, order.currency_exponent)
    for line, tax in zip(lines, taxes, strict=True):
        line.tax_amount, line.gross_amount = tax, line.net_amount + tax
    order.net_amount = sum((line.net_amount for line in lines), ZERO)
    order.tax_amount = sum(taxes, ZERO)
    order.gross_amount = order.net_amount + order.tax_amount
