"""Lots' balances: locking them, allocating them to deliveries, and taking them out. Lots are locked after balances."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models.stock import Lot, LotBalance, Warehouse
from resolvers.context import Context, LockedSession, LockKind
from rules.lots import LotStock
from rules.money import ZERO
from rules.states import LotStatus


@dataclass(frozen=True, slots=True)
class LotHold:
    """A quantity of a lot in a warehouse."""

    lot_id: UUID
    warehouse_id: UUID
    quantity: Decimal


async def lock_lots(ctx: Context, session: LockedSession, lot_ids: Iterable[UUID]) -> None:
    """Locks the balances of the lots, in one order whoever asks."""
    ids = sorted(lot_ids)
    if ids:
        await session.execute(
            ctx.locked(
                LockKind.LOTS,
                select(LotBalance.lot_id)
                .where(LotBalance.lot_id.in_(ids))
                .order_by(LotBalance.lot_id, LotBalance.warehouse_id),
            )
        )


@dataclass(frozen=True, slots=True)
class LockedLot:
    """A lot in a warehouse, locked; what rules/lots.py needs and its key."""

    id: UUID
    warehouse_id: UUID
    product_id: UUID
    number: str
    status: LotStatus
    received_on: date
    expires_on: date | None
    on_hand: Decimal
    allocated: Decimal
    best_before_on: date | None

    @property
    def stock(self) -> LotStock:
        """As the rules take it; what is held for anybody is not free."""
        free = self.on_hand - self.allocated
        return LotStock(
            self.number, self.status, self.received_on, self.expires_on, free, self.best_before_on
        )


async def lock_lots_of_products(
    ctx: Context, session: LockedSession, product_ids: Sequence[UUID], warehouse_ids: Collection[UUID]
) -> Mapping[UUID, list[LockedLot]]:
    """All lots of the products in the warehouses, by product."""
    statement = (
        select(
            Lot.id, LotBalance.warehouse_id, Lot.product_id, Lot.number, Lot.status, Lot.received_on, Lot.expires_on,
            LotBalance.on_hand, LotBalance.allocated, Lot.best_before_on,
        )
        .select_from(LotBalance)
        .join(Lot, Lot.id == LotBalance.lot_id)
        .join(Warehouse, Warehouse.id == LotBalance.warehouse_id)
        .where(
            Lot.product_id.in_(product_ids),
            LotBalance.warehouse_id.in_(warehouse_ids),
            Warehouse.seller_id == ctx.user.seller_id,
        )
        .order_by(LotBalance.lot_id, LotBalance.warehouse_id)
    )  # fmt: skip
    ctx.locking(LockKind.LOTS)
    found: dict[UUID, list[LockedLot]] = {key: [] for key in product_ids}
    for row in await session.execute(statement.with_for_update(of=LotBalance)):
        found[row.product_id].append(LockedLot(*row))
    return found


async def change_lots(session: LockedSession, holds: Sequence[LotHold], on_hand: bool = False) -> None:
    """
    Adds to what is allocated of locked lots; with `on_hand`, the goods come or go too.

    A CHECK holds that no more is allocated than is there.
    """
    if not holds:
        return
    totals: dict[tuple[UUID, UUID], Decimal] = {}
    for hold in holds:
        key = hold.lot_id, hold.warehouse_id
        totals[key] = totals.get(key, ZERO) + hold.quantity
    table = LotBalance.__table__
    changed = {"allocated": table.c.allocated + bindparam("change")}
    if on_hand:
        changed["on_hand"] = table.c.on_hand + bindparam("change")
    statement = (
        update(table)  # type: ignore[arg-type]
        .where(table.c.lot_id == bindparam("of_lot"), table.c.warehouse_id == bindparam("of_warehouse"))
        .values(changed)
    )
    await session.execute(
        statement,
        [
            {"of_lot": lot_id, "of_warehouse": warehouse_id, "change": change}
            for (lot_id, warehouse_id), change in sorted(totals.items())
        ],
    )
