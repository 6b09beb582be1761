"""
What carts and quotes hold for a while, below the balances: how much has lapsed, and giving it back.

A hold that is over must stand in nobody's way, though no job has met it yet. So a balance says from when on something
of it may have lapsed (`StockBalance.holds_end_at`): before that nobody asks, after it every reader and every act does.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from models.events import AuditEvent, OutboxEvent
from models.stock_reads import BalanceRow
from resolvers.context import Context, LockedSession
from resolvers.house import as_house
from rules.states import HoldSource

Place = tuple[UUID, UUID]  # product, warehouse

# What the trail and the log call a source.
ENTITY_TYPES = {HoldSource.CART: "Cart", HoldSource.QUOTE: "Quote"}

_LAPSED = text("""
    select product_id, warehouse_id, sum(quantity) as quantity from reservation
    where product_id = any (cast(:products as uuid[])) and source_id is not null and released_at is null
        and expires_at <= :now
    group by product_id, warehouse_id
""")
# One statement, so that a hold and its balance never disagree. Its sub-selects see the rows as they were before it.
_GIVE_BACK = text("""
    with place as (
        select * from unnest(cast(:products as uuid[]), cast(:warehouses as uuid[])) as place(product_id, warehouse_id)
    ), gone as (
        update reservation set released_at = :now from place
        where reservation.product_id = place.product_id and reservation.warehouse_id = place.warehouse_id
            and source_id is not null and released_at is null and expires_at <= :now
        returning reservation.*
    ), balance as (
        update stock_balance set
            reserved = reserved - coalesce((
                select sum(quantity) from gone
                where gone.product_id = place.product_id and gone.warehouse_id = place.warehouse_id
            ), 0),
            holds_end_at = (
                select min(expires_at) from reservation live
                where live.product_id = place.product_id and live.warehouse_id = place.warehouse_id
                    and live.source_id is not null and live.released_at is null and live.expires_at > :now
            )
        from place
        where stock_balance.product_id = place.product_id and stock_balance.warehouse_id = place.warehouse_id
    )
    select gone.source_kind, gone.source_id, gone.customer_id, gone.held_by_id, customer.seller_id,
        coalesce(max(cart.version), max(quote.version), 1) as version, count(*) as number,
        gone.source_kind = 'QUOTE' and coalesce(max(quote.requested_at), max(quote.sent_at)) is null as is_ours
    from gone
    join customer on customer.id = gone.customer_id
    left join cart on gone.source_kind = 'CART' and cart.id = gone.source_id
    left join quote on gone.source_kind = 'QUOTE' and quote.id = gone.source_id
    group by gone.source_kind, gone.source_id, gone.customer_id, gone.held_by_id, customer.seller_id
    order by gone.source_id
""")
# Locked as every act locks: by SKU and warehouse.
_DUE = text("""
    select balance.product_id, balance.warehouse_id from stock_balance balance
    join product on product.id = balance.product_id
    join warehouse on warehouse.id = balance.warehouse_id
    where balance.holds_end_at <= :now
    order by product.sku, warehouse.priority, warehouse.code
    for update of balance
""")


def may_have_lapsed(row: BalanceRow, now: datetime) -> bool:
    return row.holds_end_at is not None and row.holds_end_at <= now


async def lapsed(ctx: Context, product_ids: Collection[UUID]) -> Mapping[Place, Decimal]:
    """What of the products is counted as reserved though its hold is over; read as the house, for it is anybody's."""
    async with as_house(ctx) as session:
        rows = await session.execute(_LAPSED, {"products": list(product_ids), "now": ctx.now})
        return {(row.product_id, row.warehouse_id): row.quantity for row in rows}


async def give_back_lapsed(ctx: Context, places: Collection[Place]) -> None:
    """Frees what has lapsed in balances that are locked already; whoever held it is told by `stock.holdExpired`."""
    async with as_house(ctx) as session:
        await _give_back(session, places, ctx.now, ctx.today)


async def expire_holds(session: LockedSession, now: datetime, today: date) -> int:
    """
    Frees all that has lapsed; for the job, on its own session.

    Returns:
        How many holds of a product in a warehouse.
    """
    due = [(row.product_id, row.warehouse_id) for row in await session.execute(_DUE, {"now": now})]
    return await _give_back(session, due, now, today) if due else 0


async def _give_back(session: LockedSession, places: Collection[Place], now: datetime, today: date) -> int:
    given = {
        "products": [product_id for product_id, _ in places],
        "warehouses": [warehouse_id for _, warehouse_id in places],
        "now": now,
    }
    gone = (await session.execute(_GIVE_BACK, given)).all()
    if gone:
        await _tell(session, gone, now, today)
    return sum(row.number for row in gone)


async def _tell(session: LockedSession, gone: Sequence[Any], now: datetime, today: date) -> None:
    """Time did it, to somebody who held it: they are the actor, whoever it was that came upon it."""
    told = [
        {
            "entity_type": ENTITY_TYPES[HoldSource(row.source_kind)], "entity_id": row.source_id,
            "entity_version": row.version, "occurred_at": now, "seller_id": row.seller_id,
            "customer_id": row.customer_id, "actor_id": row.held_by_id, "subject_id": None,
        }
        for row in gone
    ]  # fmt: skip
    trail: dict[str, Any] = {
        "month": today.replace(day=1), "session_id": None, "request_id": "", "action": "stock.holdExpired",
        "reason": "", "changes": {},
    }  # fmt: skip
    await session.execute(insert(AuditEvent), [each | trail for each in told])
    # A quote that the customer does not know of yet is nobody's news.
    published = [
        each | {"type": "stock.holdExpired"} for each, row in zip(told, gone, strict=True) if not row.is_ours
    ]
    if published:
        await session.execute(insert(OutboxEvent), published)
