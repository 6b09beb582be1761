"""
Lots that customers asked for: what is held of them for order lines, used by deliveries, and given back.

Acts on orders ask here after they gave goods back, so it stands below them; the order is locked by then.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from models.deliveries import Delivery, DeliveryLine
from models.lots import OrderLineLot
from models.lots_reads import RequestedLotRow, requested_lots
from models.orders import SalesOrderScheduleLine
from models.stock import Reservation
from resolvers.context import Context, LockedSession
from resolvers.house import as_house
from resolvers.stock_lots import LotHold, change_lots, lock_lots
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode
from rules.states import DeliveryStatus

Place = tuple[UUID, UUID]  # order line, warehouse


async def open_requests(
    session: LockedSession, order_line_ids: Collection[UUID], warehouse_id: UUID | None = None
) -> list[RequestedLotRow]:
    """What is held by lot for the lines: in the warehouse, or in all."""
    statement = requested_lots().where(
        OrderLineLot.order_line_id.in_(order_line_ids), OrderLineLot.quantity > OrderLineLot.quantity_used
    )
    if warehouse_id is not None:
        statement = statement.where(OrderLineLot.warehouse_id == warehouse_id)
    return [RequestedLotRow(*row) for row in await session.execute(statement)]


async def use_requests(ctx: Context, used: Sequence[tuple[RequestedLotRow, Decimal]]) -> None:
    """A delivery takes so much of requests; the lots stay allocated, by the delivery now."""
    for row, quantity in used:
        await ctx.session.execute(
            update(OrderLineLot)
            .where(*_is(row))
            .values(quantity_used=OrderLineLot.quantity_used + quantity)
            .execution_options(synchronize_session=False)
        )


async def unreleased(session: LockedSession, order_line_ids: Collection[UUID]) -> dict[Place, Decimal]:
    """What each line has reserved in each warehouse and no delivery holds: the most that lots may be held of."""
    schedule = SalesOrderScheduleLine
    held = await session.execute(
        select(schedule.order_line_id, Reservation.warehouse_id, func.sum(Reservation.quantity))
        .join(schedule, schedule.id == Reservation.schedule_line_id)
        .where(schedule.order_line_id.in_(order_line_ids), Reservation.released_at.is_(None))
        .group_by(schedule.order_line_id, Reservation.warehouse_id)
    )
    found: dict[Place, Decimal] = {(line, place): quantity for line, place, quantity in held}
    released = await session.execute(
        select(DeliveryLine.order_line_id, Delivery.warehouse_id, func.sum(DeliveryLine.quantity))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(DeliveryLine.order_line_id.in_(order_line_ids), Delivery.status == DeliveryStatus.RELEASED)
        .group_by(DeliveryLine.order_line_id, Delivery.warehouse_id)
    )
    for line, place, quantity in released:
        found[line, place] = found.get((line, place), ZERO) - quantity
    return found


async def keep_within_reserved(ctx: Context, order_line_ids: Collection[UUID], tells: bool = False) -> None:
    """
    Gives lots back that are held beyond what locked lines still have reserved; those asked for last go first.

    Every act that takes reservations from lines, or releases goods of them, ends with it.

    Args:
        tells: each is a warning; not where all of the order goes back anyway.
    """
    await ctx.session.flush()
    async with as_house(ctx) as session:
        held = await open_requests(session, order_line_ids)
        if not held:
            return
        most = await unreleased(session, {row.order_line_id for row in held})
        beyond = []
        for row in held:
            left = max(most.get((row.order_line_id, row.warehouse_id), ZERO), ZERO)
            kept = min(row.open, left)
            most[row.order_line_id, row.warehouse_id] = left - kept
            if kept < row.open:
                beyond.append((row, row.open - kept))
        await _give_back(ctx, session, beyond)
    for row, quantity in beyond if tells else ():
        text = "{quantity} of lot {lot}, which the customer asked for, are not held any more."
        ctx.warn(ErrorCode.LATE, text, quantity=plain(quantity), lot=row.number)


async def end_requests(ctx: Context, lot_id: UUID, order_line_ids: Collection[UUID]) -> None:
    """Nobody of these lines gets the lot any more: what is held of it for them is free. Each is a warning."""
    async with as_house(ctx) as session:
        ended = [
            (row, row.open) for row in await open_requests(session, order_line_ids) if row.lot_id == lot_id
        ]
        await _give_back(ctx, session, ended)
    for row, quantity in ended:
        text = "{quantity} of lot {lot}, which the customer asked for, are not held any more."
        ctx.warn(ErrorCode.LATE, text, quantity=plain(quantity), lot=row.number)


async def _give_back(
    ctx: Context, session: LockedSession, beyond: Sequence[tuple[RequestedLotRow, Decimal]]
) -> None:
    await lock_lots(ctx, session, {row.lot_id for row, _ in beyond})
    await change_lots(session, [LotHold(row.lot_id, row.warehouse_id, -quantity) for row, quantity in beyond])
    for row, quantity in beyond:
        left = row.quantity - quantity
        change = (
            update(OrderLineLot).where(*_is(row)).values(quantity=left)
            if left
            else delete(OrderLineLot).where(*_is(row))
        )
        await session.execute(change.execution_options(synchronize_session=False))


def _is(row: RequestedLotRow) -> tuple[ColumnElement[bool], ...]:
    return (
        OrderLineLot.order_line_id == row.order_line_id,
        OrderLineLot.lot_id == row.lot_id,
        OrderLineLot.warehouse_id == row.warehouse_id,
    )
