"""
What happens to requests for approval with time: a reminder, and the end of those that nobody decided.

The scheduler calls these on a session of `Database.job()` and commits; there is no viewer. What they write stands in
the audit under whoever asked, since nobody else acted.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from resolvers.sales_agreements_booking import book_consumption, lock_keys

BATCH = 100
REMIND_BEFORE = timedelta(days=1)

# Locked as every act locks: the order, its lines, agreements, the balances by SKU and warehouse.
_DUE = """
    select request.id, request.order_id from approval_request request
    join sales_order on sales_order.id = request.order_id
    where request.status = 'PENDING' and request.due_at <= :now and request.subject_type = 'Order'
    order by request.due_at, request.id limit :batch
    for update of sales_order skip locked
"""
_LINES = (
    "select id from sales_order_line where order_id = any (cast(:orders as uuid[])) order by id for update"
)
_LINKED = """
    select commitment_id from sales_order_line
    where order_id = any (cast(:orders as uuid[])) and commitment_id is not null
"""
_HELD = """
    select reservation.product_id, reservation.warehouse_id, sum(reservation.quantity) as quantity
    from reservation
    join sales_order_schedule_line schedule on schedule.id = reservation.schedule_line_id
    join sales_order_line line on line.id = schedule.order_line_id
    where line.order_id = any (cast(:orders as uuid[])) and reservation.released_at is null
    group by 1, 2
"""
_BALANCES = f"""
    select balance.product_id from stock_balance balance
    join ({_HELD}) held using (product_id, warehouse_id)
    join product on product.id = balance.product_id join warehouse on warehouse.id = balance.warehouse_id
    order by product.sku, warehouse.priority, warehouse.code for update of balance
"""  # nosec B608 - constants only
_LAPSE = (
    f"update stock_balance set reserved = reserved - held.quantity from ({_HELD}) held"
    " where stock_balance.product_id = held.product_id and stock_balance.warehouse_id = held.warehouse_id",  # nosec B608
    """update reservation set released_at = :now
        from sales_order_schedule_line schedule, sales_order_line line
        where schedule.id = reservation.schedule_line_id and line.id = schedule.order_line_id
            and line.order_id = any (cast(:orders as uuid[])) and reservation.released_at is null""",
    """update sales_order_schedule_line set quantity = 0
        from sales_order_line line where line.id = order_line_id and line.order_id = any (cast(:orders as uuid[]))""",
    """update sales_order_line set quantity_reserved = 0, quantity_cancelled = quantity_ordered - quantity_shipped
        where order_id = any (cast(:orders as uuid[]))""",
    """update sales_order set status = 'CANCELLED', ended_at = :now, is_on_hold = false, hold_reasons = '{}',
            version = version + 1
        where id = any (cast(:orders as uuid[]))""",
    """update approval_request set status = 'LAPSED', version = version + 1
        where order_id = any (cast(:orders as uuid[])) and status = 'PENDING'""",
)
_TOLD = (
    """insert into audit_event (month, occurred_at, seller_id, customer_id, actor_id, request_id, action, entity_type,
            entity_id, entity_version, reason, changes)
        select date_trunc('month', cast(:now as timestamptz)), :now, seller_id, customer_id, placed_by_id, '', :action,
            'Order', id, version, '', jsonb_build_object('status', status)
        from sales_order where id = any (cast(:orders as uuid[]))""",
    """insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,
            customer_id, actor_id)
        select gen_random_uuid(), :action, 'Order', id, version, :now, seller_id, customer_id, placed_by_id
        from sales_order where id = any (cast(:orders as uuid[]))""",
)


async def lapse_approvals(session: AsyncSession, now: datetime) -> list[UUID]:
    """
    Ends the requests whose time is over: their orders are cancelled, and what they held goes back.

    Returns:
        The orders, at most BATCH; call again until there is none. Those that somebody decides on right now are left.
    """
    rows = (await session.execute(text(_DUE), {"now": now, "batch": BATCH})).all()
    orders = [row.order_id for row in rows]
    if not orders:
        return []
    await session.execute(text(_LINES), {"orders": orders})
    linked = set(await session.scalars(text(_LINKED), {"orders": orders}))
    if linked:
        await lock_keys(session, linked)
    await session.execute(text(_BALANCES), {"orders": orders})
    for statement in _LAPSE:
        values = {"orders": orders} | ({"now": now} if ":now" in statement else {})
        await session.execute(text(statement), values)
    if linked:
        await book_consumption(session, orders, "approval.lapsed", now)
    await _tell(session, orders, "approval.lapsed", now)
    return orders


async def remind_approvals(session: AsyncSession, now: datetime) -> list[UUID]:
    """
    Tells once of the requests that lapse within a day; the mail writer sends it to those who may decide.

    Returns:
        The orders.
    """
    found = await session.scalars(
        text(
            "update approval_request set reminded_at = :now where status = 'PENDING' and reminded_at is null"
            " and due_at > :now and due_at <= :soon and subject_type = 'Order' returning order_id"
        ),
        {"now": now, "soon": now + REMIND_BEFORE},
    )
    orders = list(found)
    if orders:
        await _tell(session, orders, "approval.reminded", now)
    return orders


async def _tell(session: AsyncSession, orders: list[UUID], action: str, now: datetime) -> None:
    for statement in _TOLD:
        await session.execute(text(statement), {"orders": orders, "action": action, "now": now})


_REMIND_CONCESSIONS = """
    update approval_request set reminded_at = :now
    where status = 'PENDING' and reminded_at is null and due_at > :now and due_at <= :soon
        and subject_type = 'OrderConcession'
    returning id
"""
# Only the request ends: the order goes on at the price that it has.
_LAPSE_CONCESSIONS = """
    update approval_request set status = 'LAPSED', version = version + 1
    where status = 'PENDING' and due_at <= :now and subject_type = 'OrderConcession'
    returning id
"""
# No customer: what the seller's people ask each other for is in no log of theirs.
_TOLD_OF_CONCESSIONS = (
    """insert into audit_event (month, occurred_at, seller_id, actor_id, request_id, action, entity_type, entity_id,
            entity_version, reason, changes)
        select date_trunc('month', cast(:now as timestamptz)), :now, seller_id, requested_by_id, '', :action,
            'ApprovalRequest', id, version, '', jsonb_build_object('status', status)
        from approval_request where id = any (cast(:keys as uuid[]))""",
    """insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,
            actor_id)
        select gen_random_uuid(), :action, 'ApprovalRequest', id, version, :now, seller_id, requested_by_id
        from approval_request where id = any (cast(:keys as uuid[]))""",
)


async def lapse_concessions(session: AsyncSession, now: datetime) -> list[UUID]:
    """Ends the concessions that nobody decided on in time; returns the requests."""
    return await _concessions(session, _LAPSE_CONCESSIONS, {"now": now}, "concession.lapsed")


async def remind_concessions(session: AsyncSession, now: datetime) -> list[UUID]:
    """Tells once of the concessions that lapse within a day; returns the requests."""
    values = {"now": now, "soon": now + REMIND_BEFORE}
    return await _concessions(session, _REMIND_CONCESSIONS, values, "concession.reminded")


async def _concessions(
    session: AsyncSession, statement: str, values: dict[str, datetime], action: str
) -> list[UUID]:
    keys = list(await session.scalars(text(statement), values))
    if keys:
        for told in _TOLD_OF_CONCESSIONS:
            await session.execute(text(told), {"keys": keys, "action": action, "now": values["now"]})
    return keys
