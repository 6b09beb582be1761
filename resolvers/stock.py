"""Stock: what is free, and holding it for an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models.base import new_id
from models.customers import Customer
from models.customers_reads import availability_displays
from models.products_reads import ProductRow
from models.rows import grouped
from models.stock import Lot, Reservation, StockBalance, StockMove
from models.stock_reads import BalanceRow, LotRow, WarehouseRow, balances, lots, warehouses
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.statements import Asked, rows
from resolvers.stock_holds import give_back_lapsed, lapsed, may_have_lapsed
from rules.money import ZERO
from rules.states import (
    AvailabilityBand,
    AvailabilityDisplay,
    OutOfStockPolicy,
    ProductKind,
    ReservationKind,
    StockMoveKind,
)


async def warehouses_in_use(ctx: Context) -> list[WarehouseRow]:
    """The seller's warehouses; read once per operation."""
    return await ctx.load(_warehouses, ctx.user.seller_id)


async def _warehouses(ctx: Context, keys: Sequence[UUID]) -> list[list[WarehouseRow]]:
    found = [WarehouseRow(*each) for each in await rows(ctx, _in_use)]
    return [found for _ in keys]


def _in_use(asked: Asked) -> Any:
    return warehouses(asked.viewer, asked.today)


async def warehouses_by_id(ctx: Context, keys: Sequence[UUID]) -> list[WarehouseRow | None]:
    found = {row.id: row for row in await warehouses_in_use(ctx)}
    return [found.get(key) for key in keys]


async def balances_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[BalanceRow]]:
    """What is held of them longer than it was meant to counts as free, though it is not given back yet."""
    found = [BalanceRow(*each) for each in await rows(ctx, _balances, keys=list(keys))]
    due = {row.product_id for row in found if may_have_lapsed(row, ctx.now)}
    if due:
        over = await lapsed(ctx, due)
        found = [
            replace(row, reserved=row.reserved - over.get((row.product_id, row.warehouse_id), ZERO))
            for row in found
        ]
    return grouped(keys, found, "product_id")


def _balances(asked: Asked) -> Any:
    return balances(asked.viewer, asked.today).where(asked.one_of(StockBalance.product_id))


async def lots_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[LotRow]]:
    rows = await ctx.session.execute(lots(ctx.user).where(Lot.product_id.in_(keys)))
    return grouped(keys, (LotRow(*each) for each in rows), "product_id")


@dataclass(frozen=True, slots=True)
class FreeRow:
    """
    What is free of a product in all warehouses, what a buyer is told of it, and whether more may be ordered.

    `band` is None where the viewer's company is told nothing of stock.
    """

    free: Decimal
    band: AvailabilityBand | None
    allows_backorder: bool


async def free_by_product(ctx: Context, keys: Sequence[ProductRow]) -> list[FreeRow]:
    """Services are never out of stock."""
    us = await seller(ctx)
    buyer = ctx.user.customer_id
    tells = buyer is None or await ctx.load(_displays, buyer) is not AvailabilityDisplay.NONE
    balances_ = await ctx.loader(balances_by_product).load_many([product.id for product in keys])
    found = []
    for product, rows_ in zip(keys, balances_, strict=True):
        free, is_service = free_of(rows_), product.kind is ProductKind.SERVICE
        policy = product.out_of_stock_policy or us.out_of_stock_policy
        band = AvailabilityBand.IN_STOCK if is_service else band_of(free, us.low_stock_threshold)
        found.append(
            FreeRow(
                free,
                band if tells else None,
                is_service or policy is OutOfStockPolicy.BACKORDER,
            )
        )
    return found


async def tells_figures(ctx: Context) -> bool:
    """Whether the viewer's company is told figures of stock; our own people are."""
    buyer = ctx.user.customer_id
    return buyer is None or await ctx.load(_displays, buyer) is AvailabilityDisplay.EXACT


async def _displays(ctx: Context, keys: Sequence[UUID]) -> list[AvailabilityDisplay | None]:
    """What customers are told of stock."""
    found = {
        key: AvailabilityDisplay(display) for key, display in await rows(ctx, _display_of, keys=list(keys))
    }
    return [found.get(key) for key in keys]


def _display_of(asked: Asked) -> Any:
    return availability_displays(asked.viewer).where(asked.one_of(Customer.id))


def free_of(balances_: Sequence[BalanceRow]) -> Decimal:
    return sum((row.free for row in balances_), ZERO)


def band_of(free: Decimal, low: Decimal) -> AvailabilityBand:
    """What a buyer is told of a quantity: `low` is the seller's threshold."""
    if free <= 0:
        return AvailabilityBand.OUT_OF_STOCK
    return AvailabilityBand.LOW if free <= low else AvailabilityBand.IN_STOCK


async def backorder_allowed(ctx: Context, policy: OutOfStockPolicy | None) -> bool:
    """A product's own policy, or else the seller's."""
    return (policy or (await seller(ctx)).out_of_stock_policy) is OutOfStockPolicy.BACKORDER


async def lock_balances(ctx: Context, product_ids: Sequence[UUID]) -> dict[UUID, list[BalanceRow]]:
    """
    The balances of the products, locked, by SKU and warehouse.

    Every act locks all it needs by this one statement, in this one order, so acts cannot deadlock on stock. What was
    held in them longer than it was meant to is given back now.
    """
    ctx.locking(LockKind.STOCK)
    keys = list(product_ids)
    found = [BalanceRow(*each) for each in await rows(ctx, _locked_balances, keys=keys)]
    due = [(row.product_id, row.warehouse_id) for row in found if may_have_lapsed(row, ctx.now)]
    if due:
        await give_back_lapsed(ctx, due)
        found = [BalanceRow(*each) for each in await rows(ctx, _balances, keys=keys)]
    by_product: dict[UUID, list[BalanceRow]] = {key: [] for key in keys}
    for row in found:
        by_product[row.product_id].append(row)
    return by_product


def _locked_balances(asked: Asked) -> Any:
    return _balances(asked).with_for_update(of=StockBalance)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A quantity of one warehouse; None is the part that no warehouse has."""

    warehouse_id: UUID | None
    quantity: Decimal


def plan_allocations(wanted: Decimal, rows: Sequence[BalanceRow]) -> list[Allocation]:
    """
    Where a quantity comes from: whole from the first warehouse that has it, else from each in turn.

    What is nowhere free stays as one part without a warehouse, so the parts always sum to `wanted`.
    """
    whole = next((row for row in rows if row.free >= wanted), None)
    if whole is not None:
        return [Allocation(whole.warehouse_id, wanted)]
    parts, rest = [], wanted
    for row in rows:
        taken = min(row.free, rest)
        if taken > 0:
            parts.append(Allocation(row.warehouse_id, taken))
            rest -= taken
    return [*parts, Allocation(None, rest)] if rest > 0 else parts


class StockPlan:
    """Where several lines come from, on locked balances: what one line takes is not there for the next."""

    def __init__(self, locked: Mapping[UUID, Sequence[BalanceRow]]) -> None:
        self._rows = {product_id: list(rows_) for product_id, rows_ in locked.items()}

    def free(self, product_id: UUID) -> Decimal:
        return free_of(self._rows[product_id])

    def take(self, product_id: UUID, wanted: Decimal) -> list[Allocation]:
        """Plans a quantity; see `plan_allocations`."""
        rows_ = self._rows[product_id]
        parts = plan_allocations(wanted, rows_)
        taken = {part.warehouse_id: part.quantity for part in parts}
        self._rows[product_id] = [
            replace(row, reserved=row.reserved + taken.get(row.warehouse_id, ZERO)) for row in rows_
        ]
        return parts


@dataclass(frozen=True, slots=True)
class Hold:
    """A quantity to reserve for a schedule line."""

    schedule_line_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal


async def reserve(
    ctx: Context, customer_id: UUID, holds: Sequence[Hold], until: datetime | None = None
) -> None:
    """
    Reserves what was planned on locked balances; a CHECK holds that it never exceeds what is on hand.

    Args:
        until: makes soft reservations, for what waits for consent until then.
    """
    await change_reserved(ctx, _summed((hold.product_id, hold.warehouse_id, hold.quantity) for hold in holds))
    ctx.session.add_all(
        [
            Reservation(
                id=new_id(),
                customer_id=customer_id,
                schedule_line_id=hold.schedule_line_id,
                product_id=hold.product_id,
                warehouse_id=hold.warehouse_id,
                kind=ReservationKind.HARD if until is None else ReservationKind.SOFT,
                quantity=hold.quantity,
                created_at=ctx.now,
                expires_at=until,
            )
            for hold in holds
        ]
    )


def _summed(parts: object) -> dict[tuple[UUID, UUID], Decimal]:
    totals: dict[tuple[UUID, UUID], Decimal] = {}
    for product_id, warehouse_id, quantity in parts:  # type: ignore[attr-defined]
        totals[product_id, warehouse_id] = totals.get((product_id, warehouse_id), ZERO) + quantity
    return totals


async def change_reserved(ctx: Context, changes: Mapping[tuple[UUID, UUID], Decimal]) -> None:
    """Raises or lowers what is reserved by (product, warehouse); the balances must be locked already."""
    if not changes:
        return
    statement = (
        update(StockBalance.__table__)  # type: ignore[arg-type]
        .where(
            StockBalance.__table__.c.product_id == bindparam("of_product"),
            StockBalance.__table__.c.warehouse_id == bindparam("of_warehouse"),
        )
        .values(reserved=StockBalance.__table__.c.reserved + bindparam("change"))
    )
    await ctx.session.execute(
        statement,
        [
            {"of_product": product_id, "of_warehouse": warehouse_id, "change": change}
            for (product_id, warehouse_id), change in changes.items()
        ],
    )


async def release(ctx: Context, schedule_line_ids: Sequence[UUID]) -> None:
    """Gives back all that is reserved for the schedule lines. The balances must be locked already."""
    live = select(Reservation).where(
        Reservation.schedule_line_id.in_(schedule_line_ids), Reservation.released_at.is_(None)
    )
    held = list(await ctx.session.scalars(live.with_for_update().execution_options(populate_existing=True)))
    await change_reserved(ctx, _summed((row.product_id, row.warehouse_id, -row.quantity) for row in held))
    for row in held:
        row.released_at = ctx.now


@dataclass(frozen=True, slots=True)
class Issue:
    """Goods that leave: a quantity of what is reserved for a schedule line, and of which lots (none: not tracked)."""

    schedule_line_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    lots: Sequence[tuple[UUID, Decimal]] = ()


async def issue(ctx: Context, issues: Sequence[Issue], reference: str) -> None:
    """
    Posts moves out, by lot; lowers on hand and reserved, and turns so much of the reservations into history.

    The balances must be locked already. The lots' own balances are resolvers/allocations.py's.
    """
    await _take_out(ctx, _summed((each.product_id, each.warehouse_id, each.quantity) for each in issues))
    await _use_reservations(ctx, issues)
    for each in issues:
        parts: Sequence[tuple[UUID | None, Decimal]] = each.lots or [(None, each.quantity)]
        ctx.session.add_all(
            [
                StockMove(
                    month=ctx.today.replace(day=1),
                    product_id=each.product_id,
                    warehouse_id=each.warehouse_id,
                    lot_id=lot_id,
                    kind=StockMoveKind.ISSUE,
                    quantity=-quantity,
                    reference=reference,
                    occurred_at=ctx.now,
                )
                for lot_id, quantity in parts
            ]
        )


async def _take_out(ctx: Context, totals: Mapping[tuple[UUID, UUID], Decimal]) -> None:
    table = StockBalance.__table__
    statement = (
        update(table)  # type: ignore[arg-type]
        .where(
            table.c.product_id == bindparam("of_product"), table.c.warehouse_id == bindparam("of_warehouse")
        )
        .values(on_hand=table.c.on_hand - bindparam("taken"), reserved=table.c.reserved - bindparam("taken"))
    )
    await ctx.session.execute(
        statement,
        [
            {"of_product": product_id, "of_warehouse": warehouse_id, "taken": quantity}
            for (product_id, warehouse_id), quantity in totals.items()
        ],
    )


async def _use_reservations(ctx: Context, issues: Sequence[Issue]) -> None:
    """A reservation of which only a part leaves is parted: the part is history, the rest lives on."""
    live = select(Reservation).where(
        Reservation.schedule_line_id.in_([each.schedule_line_id for each in issues]),
        Reservation.released_at.is_(None),
    )
    held = list(
        await ctx.session.scalars(
            live.order_by(Reservation.id).with_for_update().execution_options(populate_existing=True)
        )
    )
    for each in issues:
        left = each.quantity
        for row in held:
            if row.schedule_line_id != each.schedule_line_id or row.released_at is not None or not left:
                continue
            used = min(row.quantity, left)
            left -= used
            if used == row.quantity:
                row.released_at = ctx.now
                continue
            row.quantity -= used
            ctx.session.add(
                Reservation(
                    id=new_id(), customer_id=row.customer_id, schedule_line_id=row.schedule_line_id,
                    product_id=row.product_id, warehouse_id=row.warehouse_id, kind=row.kind, quantity=used,
                    created_at=row.created_at, released_at=ctx.now,
                )
            )  # fmt: skip
        assert left == 0, "no more is released than is reserved"


async def harden(ctx: Context, schedule_line_ids: Sequence[UUID]) -> None:
    """Soft reservations of the schedule lines become hard ones: nothing ends them by itself any more."""
    await ctx.session.execute(
        update(Reservation)
        .where(Reservation.schedule_line_id.in_(schedule_line_ids), Reservation.released_at.is_(None))
        .values(kind=ReservationKind.HARD, expires_at=None)
    )
