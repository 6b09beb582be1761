"""What a supplier's word changes on the other side: the promises of the sales lines it is meant for."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.purchasing import PurchaseOrderLine, PurchasePeg, PurchaseScheduleLine
from resolvers.context import Context
from resolvers.events import Happening, record_all
from resolvers.purchasing_locks import LockedPurchase, entries_of, split_schedule
from rules.money import ZERO
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
    for line in lines:
        pegs = list(found.pegs[line.id])
        dates = peg_dates(parts[line.id], [Peg(peg.id, peg.quantity, peg.quantity_used) for peg in pegs])
        for peg, days in zip(pegs, dates, strict=True):
            order = orders[peg.order_line_id]
            for part, day in await _parts_by_day(ctx, found, peg, entries[peg.schedule_line_id], days):
                if day is not None:
                    _promise(ctx, found, order, part, day, line.sku)


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
    made = [(entry, days[0][1])] if days else []
    for quantity, day in days[1:]:
        part = await split_schedule(ctx, entry, quantity)
        peg.quantity -= quantity
        other = PurchasePeg(
            id=new_id(), customer_id=peg.customer_id, purchase_order_line_id=peg.purchase_order_line_id,
            product_id=peg.product_id, order_line_id=peg.order_line_id, schedule_line_id=part.id,
            quantity=quantity, quantity_used=ZERO, created_at=peg.created_at,
        )  # fmt: skip
        ctx.session.add(other)
        found.pegs[peg.purchase_order_line_id].append(other)
        made.append((part, day))
    return made


def _promise(
    ctx: Context,
    found: LockedPurchase,
    order: SalesOrder,
    entry: SalesOrderScheduleLine,
    day: date,
    sku: str,
) -> None:
    days = found.order.transport_days if found.is_direct else 0
    receipt_on = promised(day, is_direct=found.is_direct, transport_days=days).receipt_on
    if entry.confirmed_on != receipt_on:
        entry.confirmed_on = receipt_on
        found.changed.add(order.id)
    if entry.requested_on is not None and receipt_on > entry.requested_on:
        ctx.warn(
            ErrorCode.LATE,
            "{sku} of order {order} comes on {day}; it was asked for on {requested}.",
            sku=sku, order=order.number, day=receipt_on, requested=entry.requested_on,
        )  # fmt: skip


async def cut_pegs(ctx: Context, found: LockedPurchase, line: PurchaseOrderLine, most: Decimal) -> None:
    """
    Takes from a line's pegs what it will not bring, the last ones first; what they lose is promised no more.

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
        part.confirmed_on = None
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
    """The sales orders whose promises moved: their versions rise, and customers and other systems are told."""
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
