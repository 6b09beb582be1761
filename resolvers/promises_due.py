"""
What happens to promises with time: those that cannot be kept any more are made again.

The scheduler calls this on a session of `Database.job()` and commits; there is no viewer. What it writes stands in
the audit under whoever ordered, since nobody else acted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Role, RowClass, Viewer, combine_grants
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from resolvers.allocations import sent_by_schedule_line
from resolvers.context import Context, LockedSession, LockKind
from resolvers.events import record
from resolvers.promises_facts import ways_to
from resolvers.promises_orders import promise_schedule, whom_of
from rules.promising import promise_on_arrival, renewed_days
from rules.purchasing import promised

BATCH = 20

# What is on its way or waits for its consent is left alone. What is reserved leaves late at worst when its day passes;
# of what is not, other orders may have taken what it was promised from. Locked as every act locks: orders, lines.
_DUE = """
    select sales_order.id, seller.time_zone
    from sales_order join seller on seller.id = sales_order.seller_id
    where sales_order.status in ('PLACED', 'CONFIRMED') and not sales_order.is_on_hold and sales_order.id > :after
        and exists (
            select from sales_order_line line
            join sales_order_schedule_line schedule on schedule.order_line_id = line.id
            where line.order_id = sales_order.id and line.kind = 'GOODS' and line.product_id is not null
                and schedule.quantity > coalesce((
                    select sum(delivery_line.quantity) from delivery_line
                    join delivery on delivery.id = delivery_line.delivery_id
                    where delivery_line.schedule_line_id = schedule.id and delivery.status in ('SHIPPED', 'RELEASED')
                ), 0)
                and (
                    coalesce(schedule.ship_on, schedule.confirmed_on, '-infinity')
                        < cast(cast(:now as timestamptz) at time zone seller.time_zone as date)
                    or not exists (
                        select from reservation
                        where reservation.schedule_line_id = schedule.id and reservation.released_at is null
                    )
                )
        )
    order by sales_order.id limit :batch
    for update of sales_order skip locked
"""
_PEGS = text("""
    select peg.schedule_line_id, max(peg.expected_on) as expected_on, purchase.warehouse_id,
        purchase.sales_order_id is not null as is_direct, purchase.transport_days
    from purchase_peg peg
    join purchase_order_line line on line.id = peg.purchase_order_line_id
    join purchase_order purchase on purchase.id = line.purchase_order_id
    where peg.customer_id = :customer and peg.order_line_id = any (cast(:lines as uuid[]))
        and peg.quantity > peg.quantity_used
    group by peg.schedule_line_id, purchase.id
""")


@dataclass(frozen=True, slots=True)
class _Supply:
    """What a schedule line waits for; without a day the supplier has said nothing yet."""

    expected_on: date | None
    warehouse_id: UUID | None
    is_direct: bool
    transport_days: int


async def promise_due(session: AsyncSession, now: datetime, after: UUID) -> UUID | None:
    """
    Promises again what cannot leave any more as it was promised, of the next orders after one, by id.

    A promise that still holds stays as it is, so a run that is repeated changes nothing. Orders that somebody works on
    right now are left for the next time.

    Returns:
        The last order looked at; call again after it until there is none.
    """
    due = (await session.execute(text(_DUE), {"now": now, "after": after, "batch": BATCH})).all()
    for row in due:
        await _promise_again(session, now, row.id, ZoneInfo(row.time_zone))
    return due[-1].id if due else None


async def _promise_again(session: AsyncSession, now: datetime, order_id: UUID, zone: ZoneInfo) -> None:
    order = await session.get_one(SalesOrder, order_id, populate_existing=True)
    ctx = Context(_house(order), now, zone, open_session=LockedSession(session))
    statement = select(SalesOrderLine).where(SalesOrderLine.order_id == order.id).order_by(SalesOrderLine.id)
    lines = list(await ctx.session.scalars(ctx.locked(LockKind.LINES, statement)))
    entries, shipped = await _open_entries(ctx, lines)
    before = {entry.id: (entry.ship_on, entry.confirmed_on) for entry in entries}
    supplies = await _supplies(ctx, order, lines)
    waiting = [entry for entry in entries if entry.id in supplies and supplies[entry.id].expected_on]
    await _promise_supplied(ctx, order, lines, waiting, supplies)
    rest = [entry for entry in entries if entry.id not in supplies or _is_ours_unsaid(supplies[entry.id])]
    await promise_schedule(ctx, order, lines, rest, shipped)
    if all(before[entry.id] == (entry.ship_on, entry.confirmed_on) for entry in entries):
        return
    is_told = any(before[entry.id][1] != entry.confirmed_on for entry in entries)
    order.version += 1
    record(
        ctx, "order.promised", "Order", order.id, version=order.version, customer_id=order.customer_id,
        changes={"status": str(order.status)}, published=is_told,
    )  # fmt: skip
    await ctx.session.flush()


def _house(order: SalesOrder) -> Viewer:
    return Viewer(
        order.placed_by_id, "", "", order.seller_id, RowClass.STAFF, frozenset({Role.LOGISTICS}),
        combine_grants([Role.LOGISTICS]),
    )  # fmt: skip


def _is_ours_unsaid(supply: _Supply) -> bool:
    """The supplier's requested day counts as expected supply; of what goes past us nothing is known."""
    return supply.expected_on is None and not supply.is_direct


async def _open_entries(
    ctx: Context, lines: Sequence[SalesOrderLine]
) -> tuple[list[SalesOrderScheduleLine], dict[UUID, Decimal]]:
    """
    Schedule lines of which something is still to leave and nothing is being packed, and what of each has left.

    While a delivery of it is packed its goods are on hand and spoken for; it is looked at again when that has left.
    """
    schedule = SalesOrderScheduleLine
    found = list(
        await ctx.session.scalars(
            select(schedule)
            .where(
                schedule.order_line_id.in_([line.id for line in lines]),
                schedule.quantity > 0,
            )
            .order_by(schedule.position, schedule.id)
            .execution_options(populate_existing=True)
        )
    )
    sent = await ctx.loader(sent_by_schedule_line).load_many([entry.id for entry in found])
    open_ = [
        (entry, each.shipped)
        for entry, each in zip(found, sent, strict=True)
        if not each.released and each.shipped < entry.quantity
    ]
    return [entry for entry, _ in open_], {entry.id: shipped for entry, shipped in open_}


async def _supplies(ctx: Context, order: SalesOrder, lines: Sequence[SalesOrderLine]) -> dict[UUID, _Supply]:
    values = {"customer": order.customer_id, "lines": [line.id for line in lines]}
    rows = await ctx.session.execute(_PEGS, values)
    return {row[0]: _Supply(*row[1:]) for row in rows}


async def _promise_supplied(
    ctx: Context,
    order: SalesOrder,
    lines: Sequence[SalesOrderLine],
    entries: Sequence[SalesOrderScheduleLine],
    supplies: dict[UUID, _Supply],
) -> None:
    """What a supplier confirmed comes on that day; what is late is expected tomorrow, every day anew."""
    if not entries:
        return
    products = {line.id: line.product_id for line in lines if line.product_id}
    ways = await ways_to(ctx, sorted(set(products.values())), whom_of(order))
    for entry in entries:
        supply = supplies[entry.id]
        assert supply.expected_on is not None, "filtered by the caller"
        is_late = supply.expected_on < ctx.today
        day = ctx.today + timedelta(1) if is_late else supply.expected_on
        route = None if supply.warehouse_id is None else ways.routes.get(supply.warehouse_id)
        if route is None:
            direct = promised(day, is_direct=supply.is_direct, transport_days=supply.transport_days)
            feasible = direct.ship_on, direct.receipt_on
        else:
            control = ways.controls[products[entry.order_line_id]]
            found = promise_on_arrival(day, control, route, entry.requested_on)
            assert found.ship_on is not None and found.receipt_on is not None, "calendars always give a day"
            feasible = found.ship_on, found.receipt_on
        entry.ship_on, entry.confirmed_on = renewed_days(entry.ship_on, entry.confirmed_on, feasible)
