"""
Holding goods for a while before there is an order: for the lines of a cart, or of a quote.

A hold is rows of `reservation` with a source, a reason and an end, and counts as reserved for everybody else. When its
source becomes an order, `take_over` makes its goods the order's within the same locks, so nobody comes in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from models.base import new_id
from models.holds_reads import HeldRow, HoldRow, live_holds, visible_held
from models.rows import grouped
from models.stock import Reservation
from models.stock_reads import BalanceRow
from resolvers.context import Context
from resolvers.events import record
from resolvers.stock import StockPlan, change_reserved, lock_balances
from resolvers.stock_holds import ENTITY_TYPES, Place
from rules.money import ZERO
from rules.states import HoldSource, ReservationKind


@dataclass(frozen=True, slots=True)
class Source:
    """
    What goods are held for, already locked: a cart or a quote, with the version it has once the act is through.

    Whose it is stands in `customer_id`; the row policies keep others out. `is_told` where the customer knows of it.
    """

    kind: HoldSource
    id: UUID
    customer_id: UUID
    version: int = 1
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """Until when goods are held and why; `is_extended` where the time was made longer once already."""

    until: datetime
    reason: str = ""
    is_extended: bool = False


async def holds_by_source(ctx: Context, keys: Sequence[UUID]) -> list[list[HoldRow]]:
    """What is held for each source, by product and warehouse; what has lapsed is no hold. A batch function."""
    found: dict[UUID, list[HoldRow]] = {key: [] for key in keys}
    for row in await ctx.session.execute(live_holds(ctx.user, ctx.now, keys)):
        hold_row = HoldRow(*row)
        found[hold_row.source_id].append(hold_row)
    return [found[key] for key in keys]


async def holds_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[HeldRow]]:
    """What is held of each product for the customers whom the viewer sees, what ends first ahead. A batch function."""
    rows = await ctx.session.execute(visible_held(ctx.user, ctx.now, keys))
    return grouped(keys, (HeldRow(*each) for each in rows), "product_id")


def held_by_product(rows: Sequence[HoldRow]) -> dict[UUID, Decimal]:
    """What is held of each product, in all warehouses."""
    found: dict[UUID, Decimal] = {}
    for row in rows:
        found[row.product_id] = found.get(row.product_id, ZERO) + row.quantity
    return found


async def hold(
    ctx: Context, source: Source, wanted: Mapping[UUID, Decimal], terms: Terms, *, partly: bool = True
) -> dict[UUID, Decimal]:
    """
    Holds just these quantities for the source, as far as they are free: what it held beyond them is free again.

    Args:
        wanted: quantities above zero by product, goods only.
        partly: holds what is there of a product that is not free as a whole; else nothing of that.
    Returns:
        What is held of each wanted product now; a product that is out of stock stands there with zero.
    """
    before = await ctx.load(holds_by_source, source.id)
    product_ids = sorted({*wanted, *(row.product_id for row in before)})
    locked = await lock_balances(ctx, product_ids)
    mine = await _lock(ctx, source)
    plan = StockPlan(without(locked, mine))
    parts: dict[Place, Decimal] = {}
    for product_id, quantity in wanted.items():
        if not partly and plan.free(product_id) < quantity:
            continue
        for part in plan.take(product_id, quantity):
            if part.warehouse_id is not None:
                parts[product_id, part.warehouse_id] = part.quantity
    await _put(ctx, source, mine, parts, terms)
    record(
        ctx, "stock.held", ENTITY_TYPES[source.kind], source.id, version=source.version,
        customer_id=source.customer_id, reason=terms.reason,
        changes={"until": terms.until.isoformat(), "products": len({product_id for product_id, _ in parts})},
        published=source.is_told,
    )  # fmt: skip
    await ctx.session.flush()
    held = dict.fromkeys(wanted, ZERO)
    for (product_id, _), quantity in parts.items():
        held[product_id] += quantity
    return held


async def release(ctx: Context, source: Source, most: Mapping[UUID, Decimal] | None = None) -> bool:
    """
    Frees what is held for the source: all of it, or of the products that `most` names what is beyond that.

    Returns:
        Whether anything was held that is free now.
    """
    rows: list[HoldRow] = (await holds_by_source(ctx, [source.id]))[0]
    held = held_by_product(rows)
    left = dict.fromkeys(held, ZERO) if most is None else dict(most)
    over = {product_id for product_id in left if held.get(product_id, ZERO) > left[product_id]}
    if not over:
        return False
    await lock_balances(ctx, sorted(over))
    changes: dict[Place, Decimal] = {}
    for row in await _lock(ctx, source):
        if row.product_id not in over:
            continue
        stays = min(row.quantity, left[row.product_id])
        left[row.product_id] -= stays
        changes[row.product_id, row.warehouse_id] = stays - row.quantity
        if stays:
            row.quantity = stays
        else:
            row.released_at = ctx.now
    await change_reserved(ctx, changes)
    await ctx.session.flush()
    return True


async def take_over(
    ctx: Context, source: Source, locked: Mapping[UUID, Sequence[BalanceRow]]
) -> dict[UUID, list[BalanceRow]]:
    """
    Ends the hold of a source that becomes an order, in the act that reserves its goods for the order.

    Args:
        locked: the balances of all its products, locked; they stay so until the order has them.
    Returns:
        The balances with what was held free, for the order alone.
    """
    rows = {product_id: list(balances) for product_id, balances in locked.items()}
    if not any(row.holds_end_at is not None for balances in rows.values() for row in balances):
        return rows  # nobody holds any of it
    mine = [row for row in await _lock(ctx, source) if row.product_id in rows]
    for row in mine:
        row.released_at = ctx.now
    await change_reserved(ctx, {(row.product_id, row.warehouse_id): -row.quantity for row in mine})
    return without(rows, mine)


async def cut_holds(ctx: Context, product_id: UUID, over: dict[UUID, Decimal]) -> None:
    """
    Takes back what is held for carts and quotes where there is not enough of it any more, the latest first.

    Args:
        over: how much too much is reserved, by warehouse; what is taken back is taken off it. Balances are locked.
    """
    statement = (
        select(Reservation)
        .where(
            Reservation.product_id == product_id,
            Reservation.warehouse_id.in_([key for key, quantity in over.items() if quantity > 0]),
            Reservation.source_id.is_not(None),
            Reservation.released_at.is_(None),
        )
        .order_by(Reservation.created_at.desc(), Reservation.id.desc())
        .execution_options(populate_existing=True)
    )
    changes: dict[Place, Decimal] = {}
    for row in await ctx.session.scalars(statement):
        taken = min(row.quantity, over[row.warehouse_id])
        if taken <= 0:
            continue
        over[row.warehouse_id] -= taken
        place = product_id, row.warehouse_id
        changes[place] = changes.get(place, ZERO) - taken
        if taken == row.quantity:
            row.released_at = ctx.now
        else:
            row.quantity -= taken
    await change_reserved(ctx, changes)
    await ctx.session.flush()


async def _lock(ctx: Context, source: Source) -> list[Reservation]:
    """The live rows of a source; they change only under the locks of their balances, which are held by now."""
    statement = (
        select(Reservation)
        .where(
            Reservation.source_id == source.id,
            Reservation.source_kind == source.kind,
            Reservation.customer_id == source.customer_id,
            Reservation.released_at.is_(None),
        )
        .order_by(Reservation.id)
        .execution_options(populate_existing=True)
    )
    return list(await ctx.session.scalars(statement))


def without(
    locked: Mapping[UUID, Sequence[BalanceRow]], mine: Sequence[Reservation | HoldRow]
) -> dict[UUID, list[BalanceRow]]:
    """The balances as they were without these holds."""
    held = {(row.product_id, row.warehouse_id): row.quantity for row in mine}
    return {
        product_id: [
            replace(row, reserved=row.reserved - held.get((product_id, row.warehouse_id), ZERO))
            for row in rows
        ]
        for product_id, rows in locked.items()
    }


async def _put(
    ctx: Context, source: Source, mine: Sequence[Reservation], parts: Mapping[Place, Decimal], terms: Terms
) -> None:
    """Writes the hold as it shall be: rows that stay are changed, so that they tell since when goods are held."""
    changes = dict(parts)
    present = {(row.product_id, row.warehouse_id): row for row in mine}
    for place, row in present.items():
        changes[place] = changes.get(place, ZERO) - row.quantity
        if place not in parts:
            row.released_at = ctx.now
            continue
        row.quantity, row.expires_at = parts[place], terms.until
        row.reason, row.is_extended = terms.reason, terms.is_extended
    await change_reserved(ctx, {place: change for place, change in changes.items() if change})
    ctx.session.add_all(
        [
            Reservation(
                id=new_id(), customer_id=source.customer_id, product_id=product_id, warehouse_id=warehouse_id,
                kind=ReservationKind.SOFT, quantity=quantity, created_at=ctx.now, expires_at=terms.until,
                source_kind=source.kind, source_id=source.id, held_by_id=ctx.user.user_id, reason=terms.reason,
                is_extended=terms.is_extended,
            )
            for (product_id, warehouse_id), quantity in parts.items()
            if (product_id, warehouse_id) not in present
        ]
    )  # fmt: skip
    if parts:
        await ctx.session.execute(_NOTE_END, {
            "products": [product_id for product_id, _ in parts],
            "warehouses": [warehouse_id for _, warehouse_id in parts], "until": terms.until,
        })  # fmt: skip


# A null is never the least: a balance without holds takes the end of the first.
_NOTE_END = text("""
    update stock_balance set holds_end_at = least(holds_end_at, :until)
    from unnest(cast(:products as uuid[]), cast(:warehouses as uuid[])) as place(product_id, warehouse_id)
    where stock_balance.product_id = place.product_id and stock_balance.warehouse_id = place.warehouse_id
""")
