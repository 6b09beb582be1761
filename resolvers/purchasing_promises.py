"""What a supplier's word changes on the other side: the promises of the sales lines it is meant for."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.purchasing import PurchaseOrderLine, PurchasePeg, PurchaseScheduleLine
from resolvers.context import Context
from resolvers.events import Happening, record_all
from resolvers.promises_facts import Ways, ways_to
from resolvers.promises_orders import promise_schedule, whom_of
from resolvers.purchasing_locks import LockedPurchase, entries_of, split_schedule
from rules.money import ZERO
from rules.promising import promise_on_arrival, renewed_days
from rules.purchasing import Peg, SupplyPart, peg_dates, promised, trim_pegs
from rules.refusals import ErrorCode

Days = Sequence[tuple[Decimal, date | None]]


async def take_promises(ctx: Context, found: LockedPurchase, lines: Sequence[PurchaseOrderLine]) -> None:
    """
    Confirmed days of purchase lines become those of the sales lines they are pegged to; what is late is warned of.

    A peg that comes on two days is two schedule lines from then on; the sales line and its price stay.
    """
    rows = await ctx.session.scalars(
        select(PurchaseScheduleLine)
        .where(PurchaseScheduleLine.purchase_order_line_id.in_([line.id for line in lines]))
        .order_by(PurchaseScheduleLine.position)
    )
    parts: dict[UUID, list[SupplyPart]] = {line.id: [] for line in lines}
    for row in rows:
        parts[row.purchase_order_line_id].append(
            SupplyPart(row.quantity, row.confirmed_on, row.quantity_received)
        )
    entries = await entries_of(ctx, [peg for line in lines for peg in found.pegs[line.id]])
    orders = await _orders_by_line(ctx, found, lines)
    ways = await _ways(ctx, found, lines, {order.id: order for order in orders.values()})
    for line in lines:
        pegs = list(found.pegs[line.id])
        dates = peg_dates(parts[line.id], [Peg(peg.id, peg.quantity, peg.quantity_used) for peg in pegs])
        for peg, days in zip(pegs, dates, strict=True):
            order = orders[peg.order_line_id]
            for part, day in await _parts_by_day(ctx, found, peg, entries[peg.schedule_line_id], days):
                if day is not None:
                    _promise(
                        ctx, found, order, part, _days(found, line, part, day, ways.get(order.id)), line.sku
                    )


async def _orders_by_line(
    ctx: Context, found: LockedPurchase, lines: Sequence[PurchaseOrderLine]
) -> dict[UUID, SalesOrder]:
    ids = {peg.order_line_id for line in lines for peg in found.pegs[line.id]}
    rows = await ctx.session.execute(
        select(SalesOrderLine.id, SalesOrderLine.order_id).where(SalesOrderLine.id.in_(ids))
    )
    return {line_id: found.sales[order_id] for line_id, order_id in rows}


async def _parts_by_day(
    ctx: Context, found: LockedPurchase, peg: PurchasePeg, entry: SalesOrderScheduleLine, days: Days
) -> list[tuple[SalesOrderScheduleLine, date | None]]:
    """The peg's schedule line, parted by the days on which it comes; the first day stays with the old one."""
    if not days:
        return []
    made, peg.expected_on = [(entry, days[0][1])], days[0][1]
    for quantity, day in days[1:]:
        part = await split_schedule(ctx, entry, quantity)
        peg.quantity -= quantity
        other = PurchasePeg(
            id=new_id(), customer_id=peg.customer_id, purchase_order_line_id=peg.purchase_order_line_id,
            product_id=peg.product_id, order_line_id=peg.order_line_id, schedule_line_id=part.id,
            quantity=quantity, quantity_used=ZERO, created_at=peg.created_at, expected_on=day,
        )  # fmt: skip
        ctx.session.add(other)
        found.pegs[peg.purchase_order_line_id].append(other)
        made.append((part, day))
    return made


async def _ways(
    ctx: Context,
    found: LockedPurchase,
    lines: Sequence[PurchaseOrderLine],
    orders: Mapping[UUID, SalesOrder],
) -> dict[UUID, Ways]:
    """By sales order, how goods go on from our warehouses; a direct delivery goes the supplier's way."""
    if found.is_direct:
        return {}
    products = sorted({line.product_id for line in lines})
    return {key: await ways_to(ctx, products, whom_of(orders[key])) for key in sorted(orders)}


def _days(
    found: LockedPurchase,
    line: PurchaseOrderLine,
    entry: SalesOrderScheduleLine,
    day: date,
    ways: Ways | None,
) -> tuple[date, date]:
    """The days of leaving and of receipt that a supplier's day allows."""
    # From a warehouse that is in use no more goods take no time that we know of.
    route = (
        None
        if ways is None or found.order.warehouse_id is None
        else ways.routes.get(found.order.warehouse_id)
    )
    if ways is None or route is None:
        days = promised(
            day, is_direct=found.is_direct, transport_days=found.order.transport_days * found.is_direct
        )
        return days.ship_on, days.receipt_on
    on = promise_on_arrival(day, ways.controls[line.product_id], route, entry.requested_on)
    assert on.ship_on is not None and on.receipt_on is not None, "calendars alone always give a day"
    return on.ship_on, on.receipt_on


def _promise(
    ctx: Context,
    found: LockedPurchase,
    order: SalesOrder,
    entry: SalesOrderScheduleLine,
    feasible: tuple[date, date],
    sku: str,
) -> None:
    days = renewed_days(entry.ship_on, entry.confirmed_on, feasible)
    if (entry.ship_on, entry.confirmed_on) != days:
        entry.ship_on, entry.confirmed_on = days
        found.changed.add(order.id)
    receipt_on = entry.confirmed_on
    assert receipt_on is not None, "there is a feasible day"
    if entry.requested_on is not None and receipt_on > entry.requested_on:
        ctx.warn(
            ErrorCode.LATE,
            "{sku} of order {order} comes on {day}; it was asked for on {requested}.",
            sku=sku, order=order.number, day=receipt_on, requested=entry.requested_on,
        )  # fmt: skip


async def cut_pegs(ctx: Context, found: LockedPurchase, line: PurchaseOrderLine, most: Decimal) -> None:
    """
    Takes from a line's pegs what it will not bring, the last ones first; what they lose `tell_promises` promises again.

    Args:
        most: what is open of the pegs may sum to this.
    """
    pegs = found.pegs[line.id]
    cuts = dict(trim_pegs([Peg(peg.id, peg.quantity, peg.quantity_used) for peg in pegs], most))
    if not cuts:
        return
    entries = await entries_of(ctx, pegs)
    orders = await _orders_by_line(ctx, found, [line])
    for peg in pegs:
        lost = cuts.get(peg.id)
        if lost is None:
            continue
        entry, order = entries[peg.schedule_line_id], orders[peg.order_line_id]
        part = entry if lost == entry.quantity else await split_schedule(ctx, entry, lost)
        part.ship_on = part.confirmed_on = None
        found.lost.setdefault(order.id, []).append(part)
        peg.quantity -= lost
        line.quantity_pegged -= lost
        found.changed.add(order.id)
        ctx.warn(
            ErrorCode.LATE,
            "{quantity} of {sku} of order {order} have no supplier any more.",
            quantity=lost.normalize(), sku=line.sku, order=order.number,
        )  # fmt: skip
    found.pegs[line.id] = [peg for peg in pegs if peg.quantity > peg.quantity_used]


async def tell_promises(ctx: Context, found: LockedPurchase) -> None:
    """
    The end of every act here: what lost its supplier is promised from what else there is, and orders are told of it.

    The sales orders whose promises moved: their versions rise, and customers and other systems are told.
    """
    for order_id in sorted(found.lost):
        await _promise_again(ctx, found.sales[order_id], found.lost[order_id])
    changed = [found.sales[key] for key in sorted(found.changed)]
    for order in changed:
        order.version += 1
    await record_all(
        ctx,
        [
            Happening(
                "order.promised", "Order", order.id, order.version, order.customer_id,
                changes={"status": str(order.status)},
            )
            for order in changed
        ],
    )  # fmt: skip
    await ctx.session.flush()


async def _promise_again(ctx: Context, order: SalesOrder, entries: Sequence[SalesOrderScheduleLine]) -> None:
    ids = {entry.order_line_id for entry in entries}
    lines = await ctx.session.scalars(select(SalesOrderLine).where(SalesOrderLine.id.in_(ids)))
    await promise_schedule(ctx, order, list(lines), entries)
