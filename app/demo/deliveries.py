"""Deliveries of the demo company: a dozen of its confirmed orders are prepared, and half of them have left."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from app.demo.company import SELLER
from app.demo.seeds import MADRID
from auth.permissions import Role, RowClass, Viewer, combine_grants
from resolvers.context import Context
from resolvers.deliveries_acts import LineWanted, Travel, release_delivery
from resolvers.deliveries_shipping import ship_delivery
from resolvers.runner import Done, Refused, run_act
from rules.refusals import ErrorCode

if TYPE_CHECKING:
    from app.database import Database

COUNT, LEFT = 10, 4
EARLY, DAYS_AGO = 2, 3  # so many more left some days ago already
CARRIERS = ("Transportes Moncayo", "Ebro Express", "Logística Pirineos")
# Confirmed orders with something reserved, and the warehouse that holds most of it; a family that waits for its credit
# sends nothing.
_READY = """
    select sales_order.id, sales_order.version, place.warehouse_id
    from sales_order join customer on customer.id = sales_order.customer_id
    cross join lateral (
        select reservation.warehouse_id from reservation
        join sales_order_schedule_line schedule on schedule.id = reservation.schedule_line_id
        join sales_order_line line on line.id = schedule.order_line_id
        where line.order_id = sales_order.id and reservation.released_at is null
        group by 1 order by count(*) desc, 1 limit 1
    ) as place
    where sales_order.status = 'CONFIRMED' and not sales_order.is_on_hold
        and (cast(:until as timestamptz) is null
             or sales_order.confirmed_at <= :until and sales_order.payment_terms ->> 'code' = 'CONTADO')
        and coalesce(customer.parent_id, customer.id) not in (
            select coalesce(other.parent_id, other.id) from sales_order held
            join customer other on other.id = held.customer_id where 'CREDIT' = any (held.hold_reasons)
        )
    order by sales_order.number
"""
_FIRST_LINE = """
    select line.id, reservation.quantity from sales_order_line line
    join sales_order_schedule_line schedule on schedule.order_line_id = line.id
    join reservation on reservation.schedule_line_id = schedule.id and reservation.released_at is null
    where line.order_id = :order and reservation.warehouse_id = :warehouse order by line.position limit 1
"""
_LOGISTICS = """
    select app_user.id, name, email from app_user join staff_role on user_id = app_user.id
    where role = 'LOGISTICS' order by email limit 1
"""
T = TypeVar("T")


async def deliver_early(database: "Database", now: datetime) -> datetime:
    """Some orders of customers who pay at once left a few days ago; the moment it was."""
    then = now - timedelta(days=DAYS_AGO)
    viewer, made = await logistics(database), 0
    for order, version, warehouse in await _ready(database, then):
        day = then.astimezone(MADRID).date()
        delivery = await act(database, viewer, _release(order, warehouse, None, day, version), then)
        if delivery is not None:
            await _send(database, viewer, delivery, COUNT + made, then)
            made += 1
        if made == EARLY:
            break
    return then


async def deliver_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases, one act after the other, so that stock, costs and journal are as they would be."""
    viewer, made = await logistics(database), 0
    today = now.astimezone(MADRID).date()
    for order, version, warehouse in await _ready(database, None):
        lines = await _part(database, order, warehouse) if made == 1 else None
        days = timedelta(days=0 if made < LEFT else made % 4)
        delivery = await act(database, viewer, _release(order, warehouse, lines, today + days, version), now)
        if delivery is None:
            continue  # its lots would have expired on arrival
        if made < LEFT:
            await _send(database, viewer, delivery, made, now)
        made += 1
        if made == COUNT:
            break


async def _ready(database: "Database", until: datetime | None) -> list[Any]:
    """(order, version, warehouse) of what may be sent; with `until` what was due at once and confirmed by then."""
    async with database.job() as session:
        return list((await session.execute(text(_READY), {"until": until})).all())


async def logistics(database: "Database") -> Viewer:
    async with database.job() as session:
        person = (await session.execute(text(_LOGISTICS))).one()
    return Viewer(
        person.id, person.name, person.email, SELLER, RowClass.STAFF, frozenset({Role.LOGISTICS}),
        combine_grants([Role.LOGISTICS]),
    )  # fmt: skip


async def _send(database: "Database", viewer: Viewer, delivery: UUID, place: int, now: datetime) -> None:
    travel = Travel(CARRIERS[place % len(CARRIERS)], f"ES{7_204_118 + place * 37}")
    await act(database, viewer, _ship(delivery, travel), now)


def _release(
    order: UUID, warehouse: UUID, lines: list[LineWanted] | None, planned_on: date, version: int
) -> Callable[[Context], Awaitable[UUID | None]]:
    return lambda ctx: release_delivery(ctx, order, warehouse, lines, planned_on, version)


def _ship(delivery: UUID, travel: Travel) -> Callable[[Context], Awaitable[UUID]]:
    return lambda ctx: ship_delivery(ctx, delivery, 1, travel)


async def _part(database: "Database", order: UUID, warehouse: UUID) -> list[LineWanted]:
    """The first line alone: this order leaves in two deliveries."""
    async with database.job() as session:
        line, quantity = (
            await session.execute(text(_FIRST_LINE), {"order": order, "warehouse": warehouse})
        ).one()
    return [LineWanted(line, Decimal(quantity))]


async def act(
    database: "Database", viewer: Viewer, work: Callable[[Context], Awaitable[T]], now: datetime
) -> T | None:
    """What it answers; None where there are no lots for it."""

    async def done(ctx: Context) -> Done[T]:
        return Done(await work(ctx))

    outcome = await run_act(
        database, viewer, lambda session: Context(viewer, now, MADRID, open_session=session), done
    )
    if isinstance(outcome, Refused):
        if all(each.code is ErrorCode.OUT_OF_STOCK for each in outcome.refusals):
            return None
        raise RuntimeError(f"the demo company cannot do this: {outcome.refusals}")
    return outcome
