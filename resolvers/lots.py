"""Lots: looked at by expiry, blocked and let go. What a blocked lot was to serve is promised anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.lots_reads import (
    KEEPS_UNTIL,
    LotPlaceRow,
    LotRecipientRow,
    LotRow,
    ends_within,
    lies_in,
    lot_matches,
    lot_places,
    lot_recipients,
    visible_lots,
)
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.products import Product
from models.rows import by_key, grouped
from models.stock import Lot, LotBalance, Reservation, StockBalance
from resolvers.allocations import Waiting, lock_released, withdraw
from resolvers.context import Context, LockKind
from resolvers.events import Happening, record, record_all
from resolvers.holds import cut_holds
from resolvers.lot_requests import end_requests, open_requests
from resolvers.orders_acts import checked_reason
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.promises_orders import promise_schedule
from resolvers.purchasing_locks import lock_sales, split_schedule
from resolvers.stock import Hold, lock_balances, release, reserve
from resolvers.stock_lots import lock_lots
from resolvers.suppliers import checked_search
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, InvalidTransition, Refusal, StaleVersion
from rules.states import DeliveryStatus, LotStatus

DAYS_MAX = 3_650


@dataclass(frozen=True, slots=True)
class LotsAsked:
    """Which lots; each None asks for all. Without `includes_gone` only those of which something is on hand."""

    warehouse_id: UUID | None = None
    status: LotStatus | None = None
    days_left: int | None = None
    search: str | None = None
    includes_gone: bool = False


async def lots(ctx: Context, asked: LotsAsked, args: PageArgs) -> Page[LotRow]:
    """
    The first to end ahead.

    Raises:
        Refusal(LIMIT_EXCEEDED): more days than 3,650, or too long a search.
    """
    statement = visible_lots(ctx.user)
    if asked.warehouse_id is not None or not asked.includes_gone:
        statement = statement.where(lies_in(asked.warehouse_id))
    if asked.status is not None:
        statement = statement.where(Lot.status == asked.status)
    if asked.days_left is not None:
        if abs(asked.days_left) > DAYS_MAX:
            text = "Ask for {most} days at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("daysLeft",), most=DAYS_MAX)
        statement = statement.where(ends_within(ctx.today, asked.days_left))
    if asked.search and asked.search.strip():
        statement = statement.where(lot_matches(checked_search(asked.search)))
    keys = [SortKey("keepsUntil", KEEPS_UNTIL), SortKey("number", Lot.number), SortKey("id", Lot.id)]
    return await page(ctx, statement, keys, args, LotRow)


async def lots_by_id(ctx: Context, keys: Sequence[UUID]) -> list[LotRow | None]:
    rows = await ctx.session.execute(visible_lots(ctx.user).where(Lot.id.in_(keys)))
    return by_key(keys, (LotRow(*each) for each in rows))


async def recipients(ctx: Context, lot_id: UUID, args: PageArgs) -> Page[LotRecipientRow]:
    """Who got how many of a lot, the last ahead."""
    keys = [SortKey("shippedAt", Delivery.shipped_at, True), SortKey("id", DeliveryLine.id, True)]
    return await page(ctx, lot_recipients(ctx.user, lot_id), keys, args, LotRecipientRow)


async def places_by_lot(ctx: Context, keys: Sequence[UUID]) -> list[list[LotPlaceRow]]:
    rows = await ctx.session.execute(lot_places(ctx.user).where(LotBalance.lot_id.in_(keys)))
    return grouped(keys, (LotPlaceRow(*each) for each in rows), "lot_id")


# Blocking


@dataclass(frozen=True, slots=True)
class Held:
    """What a schedule line has reserved of a product in a warehouse; `free` is what no delivery waits for."""

    schedule_line_id: UUID
    order_line_id: UUID
    order_id: UUID
    warehouse_id: UUID
    free: Decimal
    quantity: Decimal
    expires_at: datetime | None


async def block_lot(ctx: Context, lot_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    Takes a lot out of what may be sold. Deliveries that hold some of it are taken back; reservations that the other
    lots cannot serve are given back, those needed last first, and promised anew. Each is a warning.

    Raises:
        Refusal: NOT_FOUND, REASON_REQUIRED, StaleVersion; InvalidTransition where it is blocked already.
    """
    reason = checked_reason(reason)
    lot = await _visible(ctx, lot_id)
    places = (await places_by_lot(ctx, [lot_id]))[0]
    orders = await lock_sales(ctx, await _orders_concerned(ctx, lot, places))
    lines = await _lock_lines(ctx, orders)
    waiting = await _holding(ctx, orders, lot_id)
    await lock_balances(ctx, [lot.product_id])
    await withdraw(ctx, waiting, reason)
    await end_requests(ctx, lot_id, lines)
    locked = await _lock_lot(ctx, lot_id, expected_version, LotStatus.AVAILABLE)
    await _demand_nothing_holds(ctx, lot_id)
    blocked = await _on_hand(ctx, lot_id)
    lost = await _give_back(ctx, lot, blocked, orders, lines)
    await _change_blocked(ctx, lot.product_id, blocked)
    for each in waiting:
        text = "Delivery {delivery} held some of lot {lot} and was taken back."
        ctx.warn(ErrorCode.LATE, text, delivery=each.number, lot=lot.number)
    await _put(ctx, locked, LotStatus.BLOCKED, reason)
    await _promise_anew(ctx, orders, lines, lost)
    return lot_id


async def unblock_lot(ctx: Context, lot_id: UUID, expected_version: int, reason: str) -> UUID:
    """A blocked lot may be sold again: it is free stock. Who lost it gets nothing back by itself."""
    reason = checked_reason(reason)
    lot = await _visible(ctx, lot_id)
    await lock_balances(ctx, [lot.product_id])
    locked = await _lock_lot(ctx, lot_id, expected_version, LotStatus.BLOCKED)
    there = await _on_hand(ctx, lot_id)
    await _change_blocked(ctx, lot.product_id, {key: -quantity for key, quantity in there.items()})
    await _put(ctx, locked, LotStatus.AVAILABLE, reason)
    return lot_id


async def _visible(ctx: Context, lot_id: UUID) -> LotRow:
    found = (await lots_by_id(ctx, [lot_id]))[0]
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lotId",))
    return found


async def _orders_concerned(ctx: Context, lot: LotRow, places: Sequence[LotPlaceRow]) -> set[UUID]:
    """Orders that reserve the product where the lot lies; a delivery that holds it is one of such an order."""
    rows = await ctx.session.scalars(
        select(SalesOrderLine.order_id)
        .join(SalesOrderScheduleLine, SalesOrderScheduleLine.order_line_id == SalesOrderLine.id)
        .join(Reservation, Reservation.schedule_line_id == SalesOrderScheduleLine.id)
        .where(
            Reservation.product_id == lot.product_id,
            Reservation.warehouse_id.in_([place.warehouse_id for place in places]),
            Reservation.released_at.is_(None),
        )
    )
    return set(rows)


async def _lock_lines(ctx: Context, orders: Iterable[UUID]) -> dict[UUID, SalesOrderLine]:
    statement = select(SalesOrderLine).where(SalesOrderLine.order_id.in_(list(orders)))
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(SalesOrderLine.id)))
    return {row.id: row for row in rows}


async def _holding(ctx: Context, orders: Mapping[UUID, SalesOrder], lot_id: UUID) -> list[Waiting]:
    """The deliveries that have not left and hold some of the lot, locked."""
    holding = set(
        await ctx.session.scalars(
            select(DeliveryLine.delivery_id)
            .join(DeliveryLineLot, DeliveryLineLot.delivery_line_id == DeliveryLine.id)
            .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
            .where(DeliveryLineLot.lot_id == lot_id, Delivery.status == DeliveryStatus.RELEASED)
        )
    )
    waiting = [each for key in sorted(orders) for each in await lock_released(ctx, orders[key])]
    return [each for each in waiting if each.id in holding]


async def _lock_lot(ctx: Context, lot_id: UUID, expected_version: int, status: LotStatus) -> Lot:
    await lock_lots(ctx, ctx.session, {lot_id})
    statement = (
        select(Lot)
        .join(Product, Product.id == Lot.product_id)
        .where(Lot.id == lot_id, Product.seller_id == ctx.user.seller_id)
        .with_for_update(of=Lot)
        .execution_options(populate_existing=True)
    )
    ctx.locking(LockKind.LOTS)
    lot: Lot = (await ctx.session.scalars(statement)).one()
    if lot.version != expected_version:
        raise StaleVersion(lot.version)
    if lot.status != status:
        others = sorted(set(LotStatus) - {LotStatus(lot.status)})
        raise InvalidTransition(lot.status, lot.status, others, ("lotId",))
    return lot


async def _demand_nothing_holds(ctx: Context, lot_id: UUID) -> None:
    """An order that was placed and released after the orders concerned were looked up would ship a blocked lot."""
    held = select(LotBalance.lot_id).where(LotBalance.lot_id == lot_id, LotBalance.allocated > 0).limit(1)
    if await ctx.session.scalar(held) is not None:
        raise _taken_meanwhile()


async def _on_hand(ctx: Context, lot_id: UUID) -> dict[UUID, Decimal]:
    """By warehouse, what lies there of a locked lot."""
    rows = await ctx.session.execute(
        select(LotBalance.warehouse_id, LotBalance.on_hand).where(
            LotBalance.lot_id == lot_id, LotBalance.on_hand > 0
        )
    )
    return {row.warehouse_id: row.on_hand for row in rows}


async def _give_back(
    ctx: Context,
    lot: LotRow,
    blocked: Mapping[UUID, Decimal],
    orders: Mapping[UUID, SalesOrder],
    lines: Mapping[UUID, SalesOrderLine],
) -> set[UUID]:
    """Gives back what the other lots cannot serve; the orders that lost something."""
    rows = await ctx.session.execute(
        select(StockBalance.warehouse_id, StockBalance.reserved + StockBalance.blocked - StockBalance.on_hand)
        .where(StockBalance.product_id == lot.product_id, StockBalance.warehouse_id.in_(blocked))
    )  # fmt: skip
    over = {key: quantity + blocked[key] for key, quantity in rows}
    await cut_holds(ctx, lot.product_id, over)
    lost = set[UUID]()
    held = await _held(ctx, lot.product_id, lines)
    spare = await _not_held_by_lot(ctx, held)
    for each in held:
        place = each.order_line_id, each.warehouse_id
        taken = min(each.free, spare[place], over.get(each.warehouse_id, ZERO))
        if taken > 0:
            over[each.warehouse_id] -= taken
            spare[place] -= taken
            await _take(ctx, each, lines[each.order_line_id], taken)
            lost.add(each.order_id)
            ctx.warn(
                ErrorCode.LATE,
                "{quantity} of {sku} of order {order} lost the goods that were reserved for it.",
                quantity=plain(taken), sku=lines[each.order_line_id].sku, order=orders[each.order_id].number,
            )  # fmt: skip
    if any(quantity > 0 for quantity in over.values()):
        raise _taken_meanwhile()
    return lost


async def _not_held_by_lot(ctx: Context, held: Sequence[Held]) -> dict[tuple[UUID, UUID], Decimal]:
    """By line and warehouse, what may be any lot; what customers asked for is of other lots, and stays served."""
    found: dict[tuple[UUID, UUID], Decimal] = {}
    for each in held:
        place = each.order_line_id, each.warehouse_id
        found[place] = found.get(place, ZERO) + each.free
    for row in await open_requests(ctx.session, {each.order_line_id for each in held}):
        if (row.order_line_id, row.warehouse_id) in found:
            found[row.order_line_id, row.warehouse_id] -= row.open
    return found


def _taken_meanwhile() -> Refusal:
    text = "Somebody reserved some of it this moment: try again."
    return Refusal(ErrorCode.STALE_VERSION, text, ("lotId",))


async def _held(ctx: Context, product_id: UUID, lines: Iterable[UUID]) -> list[Held]:
    """Reservations of the locked lines that no delivery waits for, those needed last ahead."""
    schedule = SalesOrderScheduleLine
    released = (
        select(func.coalesce(func.sum(DeliveryLine.quantity), 0))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(DeliveryLine.schedule_line_id == schedule.id, Delivery.status == DeliveryStatus.RELEASED)
        .scalar_subquery()
    )
    free = Reservation.quantity - released
    rows = await ctx.session.execute(
        select(
            schedule.id, SalesOrderLine.id, SalesOrderLine.order_id, Reservation.warehouse_id, free,
            Reservation.quantity, Reservation.expires_at,
        )
        .join(schedule, schedule.id == Reservation.schedule_line_id)
        .join(SalesOrderLine, SalesOrderLine.id == schedule.order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        .where(
            SalesOrderLine.id.in_(list(lines)),
            Reservation.product_id == product_id,
            Reservation.released_at.is_(None),
            free > 0,
        )
        .order_by(schedule.confirmed_on.desc().nulls_first(), SalesOrder.placed_at.desc(), schedule.id.desc())
    )  # fmt: skip
    return [Held(*each) for each in rows]


async def _take(ctx: Context, held: Held, line: SalesOrderLine, quantity: Decimal) -> None:
    """A schedule line, or the part of it that lost its goods, waits for others."""
    assert line.product_id is not None, "only products are reserved"
    mine = select(SalesOrderScheduleLine).where(SalesOrderScheduleLine.id == held.schedule_line_id)
    entry: SalesOrderScheduleLine = (await ctx.session.scalars(mine)).one()
    await release(ctx, [entry.id])
    part = entry if quantity == entry.quantity else await split_schedule(ctx, entry, quantity)
    part.warehouse_id = part.confirmed_on = part.ship_on = None
    if held.quantity > quantity:
        rest = Hold(entry.id, line.product_id, held.warehouse_id, held.quantity - quantity)
        await reserve(ctx, line.customer_id, [rest], held.expires_at)
    line.quantity_reserved -= quantity
    await ctx.session.flush()


async def _change_blocked(ctx: Context, product_id: UUID, changes: Mapping[UUID, Decimal]) -> None:
    table = StockBalance.__table__
    if changes:
        await ctx.session.execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.product_id == product_id, table.c.warehouse_id == bindparam("of_warehouse"))
            .values(blocked=table.c.blocked + bindparam("change")),
            [{"of_warehouse": key, "change": quantity} for key, quantity in sorted(changes.items())],
        )


async def _put(ctx: Context, lot: Lot, status: LotStatus, reason: str) -> None:
    lot.status, lot.status_reason, lot.version = status, reason, lot.version + 1
    action = "lot.blocked" if status is LotStatus.BLOCKED else "lot.unblocked"
    record(
        ctx, action, "Lot", lot.id, version=lot.version, customer_id=None, reason=reason,
        changes={"number": lot.number, "status": str(status)},
    )  # fmt: skip
    await ctx.session.flush()


async def _promise_anew(
    ctx: Context, orders: Mapping[UUID, SalesOrder], lines: Mapping[UUID, SalesOrderLine], lost: set[UUID]
) -> None:
    """The days of what lost its goods, by what is there and comes now; customers and other systems are told."""
    happenings = []
    for key in sorted(lost):
        order, mine = orders[key], [line for line in lines.values() if line.order_id == key]
        rows = await ctx.session.scalars(
            select(SalesOrderScheduleLine).where(
                SalesOrderScheduleLine.order_line_id.in_([line.id for line in mine])
            )
        )
        await promise_schedule(ctx, order, mine, list(rows))
        order.version += 1
        happenings.append(
            Happening(
                "order.promised", "Order", order.id, order.version, order.customer_id,
                changes={"status": str(order.status)},
            )
        )  # fmt: skip
    await record_all(ctx, happenings)
    await ctx.session.flush()
