"""
What deliveries that have not left hold of an order: quantities of its lines, and lots.

Orders' own acts ask here before they cut or stop an order, so it stands below them. A delivery changes only under the
lock of its order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import case, func, select, update

from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.lots import OrderLineLot
from models.orders import SalesOrder
from models.rows import columns_of
from resolvers.context import Context, LockedSession, LockKind
from resolvers.events import record
from resolvers.house import as_house
from resolvers.stock_lots import LotHold, change_lots, lock_lots
from rules.deliveries import move_delivery
from rules.money import ZERO
from rules.states import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Sent:
    """How much of a line or schedule line is on its way: released to the warehouse, and shipped."""

    released: Decimal = ZERO
    shipped: Decimal = ZERO


NOTHING_SENT = Sent()


async def sent_by_schedule_line(ctx: Context, keys: Sequence[UUID]) -> list[Sent]:
    """For loaders and acts; what was cancelled does not count."""
    is_released = Delivery.status == DeliveryStatus.RELEASED
    rows = await ctx.session.execute(
        select(
            DeliveryLine.schedule_line_id,
            func.sum(case((is_released, DeliveryLine.quantity), else_=0)),
            func.sum(case((is_released, 0), else_=DeliveryLine.quantity)),
        )
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            DeliveryLine.schedule_line_id.in_(keys),
            Delivery.status.in_((DeliveryStatus.RELEASED, DeliveryStatus.SHIPPED)),
        )
        .group_by(DeliveryLine.schedule_line_id)
    )
    found = {row[0]: Sent(row[1], row[2]) for row in rows}
    return [found.get(key, NOTHING_SENT) for key in keys]


async def released_by_line(ctx: Context, keys: Sequence[UUID]) -> list[Decimal]:
    """What deliveries that have not left hold of each order line."""
    rows = await ctx.session.execute(
        select(DeliveryLine.order_line_id, func.sum(DeliveryLine.quantity))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(DeliveryLine.order_line_id.in_(keys), Delivery.status == DeliveryStatus.RELEASED)
        .group_by(DeliveryLine.order_line_id)
    )
    found: dict[UUID, Decimal] = {row[0]: row[1] for row in rows}
    return [found.get(key, ZERO) for key in keys]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that has not left, locked."""

    id: UUID
    number: str
    customer_id: UUID
    version: int


async def lock_released(ctx: Context, order: SalesOrder) -> list[Waiting]:
    """The deliveries of a locked order that have not left. A buyer's act may stop them: the house locks them for it."""
    statement = (
        select(*columns_of(Delivery, Waiting))
        .where(
            Delivery.order_id == order.id,
            Delivery.customer_id == order.customer_id,
            Delivery.status == DeliveryStatus.RELEASED,
        )
        .order_by(Delivery.id)
    )
    ctx.locking(LockKind.LINES)
    async with as_house(ctx) as session:
        return [Waiting(*row) for row in await session.execute(statement.with_for_update())]


async def withdraw(ctx: Context, waiting: Sequence[Waiting], reason: str) -> None:
    """Takes locked deliveries back from the warehouse: their lots are free again; reservations are the order's."""
    if not waiting:
        return
    target = move_delivery(DeliveryStatus.RELEASED, DeliveryStatus.CANCELLED)
    ids = [each.id for each in waiting]
    async with as_house(ctx) as session:
        held = await lots_held(session, ids)
        await lock_lots(ctx, session, {each.lot_id for each in held})
        free = [LotHold(each.lot_id, each.warehouse_id, each.requested - each.quantity) for each in held]
        await change_lots(session, [each for each in free if each.quantity])
        await _hold_again(session, held)
        await session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(status=target, cancelled_at=ctx.now, status_reason=reason, version=Delivery.version + 1)
            .execution_options(synchronize_session=False)
        )
    for each in waiting:
        record(
            ctx, "delivery.cancelled", "Delivery", each.id, version=each.version + 1, customer_id=each.customer_id,
            reason=reason, changes={"number": each.number},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeldLot:
    """A lot that a delivery holds for an order line, and what of it the customer had asked for."""

    order_line_id: UUID
    lot_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    requested: Decimal


async def lots_held(session: LockedSession, delivery_ids: Iterable[UUID]) -> list[HeldLot]:
    """Which lots the deliveries hold, one row a lot of a line."""
    rows = await session.execute(
        select(
            DeliveryLine.order_line_id, DeliveryLineLot.lot_id, Delivery.warehouse_id, DeliveryLineLot.quantity,
            DeliveryLineLot.quantity_requested,
        )
        .join(DeliveryLine, DeliveryLine.id == DeliveryLineLot.delivery_line_id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(Delivery.id.in_(list(delivery_ids)))
        .order_by(DeliveryLineLot.lot_id)
    )  # fmt: skip
    return [HeldLot(*row) for row in rows]


async def _hold_again(session: LockedSession, held: Sequence[HeldLot]) -> None:
    """What the customer had asked for stays held for its line, by the line itself."""
    for each in held:
        if each.requested:
            await session.execute(
                update(OrderLineLot)
                .where(
                    OrderLineLot.order_line_id == each.order_line_id,
                    OrderLineLot.lot_id == each.lot_id,
                    OrderLineLot.warehouse_id == each.warehouse_id,
                )
                .values(quantity_used=OrderLineLot.quantity_used - each.requested)
                .execution_options(synchronize_session=False)
            )
