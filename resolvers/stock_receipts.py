"""Goods that come in: balances, moves and lots go up; a lot that is not known yet is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.stock import Lot, LotBalance, StockBalance, StockMove
from resolvers.context import Context, LockKind
from resolvers.stock import lock_balances
from resolvers.stock_lots import lock_lots
from rules.money import ZERO
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import LotStatus, StockMoveKind


@dataclass(frozen=True, slots=True)
class Arrival:
    """A quantity of a product that comes into a warehouse; `lot_number` is empty where lots are not tracked."""

    product_id: UUID
    sku: str
    warehouse_id: UUID
    quantity: Decimal
    lot_number: str = ""
    expires_on: date | None = None
    shelf_life_days: int | None = None
    path: Path = ()


async def raise_balances(ctx: Context, arrivals: Sequence[Arrival]) -> None:
    """Locks the balances, by SKU and warehouse as everywhere, and raises what is on hand."""
    totals: dict[tuple[UUID, UUID], Decimal] = {}
    for each in sorted(arrivals, key=lambda arrival: arrival.sku):
        key = each.product_id, each.warehouse_id
        totals[key] = totals.get(key, ZERO) + each.quantity
    ctx.locking(LockKind.STOCK)
    await ctx.session.execute(
        insert(StockBalance).on_conflict_do_nothing(index_elements=["product_id", "warehouse_id"]),
        [
            {"product_id": product_id, "warehouse_id": warehouse_id, "on_hand": ZERO, "reserved": ZERO}
            for product_id, warehouse_id in totals
        ],
    )
    await lock_balances(ctx, list({product_id for product_id, _ in totals}))
    table = StockBalance.__table__
    await ctx.session.execute(
        update(table)  # type: ignore[arg-type]
        .where(
            table.c.product_id == bindparam("of_product"), table.c.warehouse_id == bindparam("of_warehouse")
        )
        .values(on_hand=table.c.on_hand + bindparam("came")),
        [
            {"of_product": product_id, "of_warehouse": warehouse_id, "came": quantity}
            for (product_id, warehouse_id), quantity in totals.items()
        ],
    )


async def take_in(ctx: Context, arrivals: Sequence[Arrival], reference: str) -> list[Lot | None]:
    """
    Posts the moves of goods whose balances were raised, and raises their lots; the lot of each arrival.

    Raises:
        Refusal(INVALID): a known lot expires on another day than is said.
    """
    lots = await _lots_of(ctx, arrivals)
    totals: dict[tuple[UUID, UUID], Decimal] = {}
    for each, lot in zip(arrivals, lots, strict=True):
        if lot is not None:
            key = lot.id, each.warehouse_id
            totals[key] = totals.get(key, ZERO) + each.quantity
    if totals:
        await ctx.session.execute(
            insert(LotBalance).on_conflict_do_nothing(index_elements=["lot_id", "warehouse_id"]),
            [
                {"lot_id": lot_id, "warehouse_id": warehouse_id, "on_hand": ZERO, "allocated": ZERO}
                for lot_id, warehouse_id in sorted(totals)
            ],
        )
        await lock_lots(ctx, ctx.session, {lot_id for lot_id, _ in totals})
        table = LotBalance.__table__
        await ctx.session.execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.lot_id == bindparam("of_lot"), table.c.warehouse_id == bindparam("of_warehouse"))
            .values(on_hand=table.c.on_hand + bindparam("came")),
            [
                {"of_lot": lot_id, "of_warehouse": warehouse_id, "came": quantity}
                for (lot_id, warehouse_id), quantity in sorted(totals.items())
            ],
        )
    ctx.session.add_all(
        [
            StockMove(
                month=ctx.today.replace(day=1),
                product_id=each.product_id,
                warehouse_id=each.warehouse_id,
                lot_id=None if lot is None else lot.id,
                kind=StockMoveKind.RECEIPT,
                quantity=each.quantity,
                reference=reference,
                occurred_at=ctx.now,
            )
            for each, lot in zip(arrivals, lots, strict=True)
        ]
    )
    await ctx.session.flush()
    return lots


async def _lots_of(ctx: Context, arrivals: Sequence[Arrival]) -> list[Lot | None]:
    """In the order of products and numbers, so that two receipts of the same new lots wait for each other."""
    tracked = sorted(
        {(each.product_id, each.lot_number): each for each in arrivals if each.lot_number}.items()
    )
    if not tracked:
        return [None for _ in arrivals]
    ctx.locking(LockKind.LOTS)
    await ctx.session.execute(
        insert(Lot).on_conflict_do_nothing(index_elements=["product_id", "number"]),
        [
            {
                "id": new_id(), "product_id": product_id, "number": number, "received_on": ctx.today,
                "expires_on": _expiry(each, ctx.today), "status": LotStatus.AVAILABLE,
            }
            for (product_id, number), each in tracked
        ],
    )  # fmt: skip
    rows = await ctx.session.scalars(
        select(Lot).where(
            Lot.product_id.in_([product_id for (product_id, _), _ in tracked]),
            Lot.number.in_([number for (_, number), _ in tracked]),
        )
    )
    known = {(lot.product_id, lot.number): lot for lot in rows}
    found = []
    for each in arrivals:
        lot = known.get((each.product_id, each.lot_number))
        if lot is not None and lot.status == LotStatus.BLOCKED:
            text = "Lot {lot} is blocked: nothing of it is taken in."
            raise Refusal(ErrorCode.INVALID, text, (*each.path, "lotNumber"), lot=lot.number)
        if lot is not None and each.expires_on is not None and lot.expires_on != each.expires_on:
            if lot.expires_on is None:
                text = "Lot {lot} is known and does not expire."
                raise Refusal(ErrorCode.INVALID, text, (*each.path, "expiresOn"), lot=lot.number)
            text = "Lot {lot} is known and expires on {day}."
            raise Refusal(
                ErrorCode.INVALID, text, (*each.path, "expiresOn"), lot=lot.number, day=lot.expires_on
            )
        found.append(lot)
    return found


def _expiry(each: Arrival, today: date) -> date | None:
    if each.expires_on is not None or each.shelf_life_days is None:
        return each.expires_on
    return today + timedelta(days=each.shelf_life_days)
