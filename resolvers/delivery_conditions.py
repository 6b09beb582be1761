"""When a customer orders and receives by what is set: until when, on which days, and what is ordered now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from models.availability_reads import buyer, deadlines, sites
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.house import as_house
from resolvers.promises_facts import route_to
from rules.calendars import EVERY_DAY, Deadlines, entry_day, first_ship_day, receipt_day, zone_named
from rules.refusals import ErrorCode, Refusal


@dataclass(frozen=True, slots=True)
class OrderUntil:
    """`weekday`: 0 is Monday; `at` None: until the day ends."""

    weekday: int
    at: time | None


@dataclass(frozen=True, slots=True)
class DeliveryConditions:
    """
    What holds from the warehouse that serves first to the customer's usual address.

    Args:
        order_until: the weekdays on which it works.
        delivery_weekdays: those on which the carrier brings and the customer takes goods; 0 is Monday.
        ships_on, receipt_on: of goods that are there and ordered now.
    """

    time_zone: str
    order_until: Sequence[OrderUntil]
    transport_days: int
    delivery_weekdays: Sequence[int]
    ships_on: date
    receipt_on: date


async def delivery_conditions(ctx: Context, customer_id: UUID | None) -> DeliveryConditions | None:
    """
    The conditions of a customer; None where nobody is asked for, or there is no warehouse.

    Raises:
        Refusal(NOT_FOUND): the viewer sees no such customer.
    """
    whom = customer_id or ctx.user.customer_id
    if whom is None:
        return None
    if await ctx.load(customers_by_id, whom) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    async with as_house(ctx) as house:
        places = await sites(house, ctx.user.seller_id, ctx.today, ctx.today)
        party = await buyer(house, whom, ctx.today)
        group_id = None if party is None else party.customer_group_id
        late = await deadlines(house, ctx.user.seller_id, group_id)
    if not places:
        return None
    site, route = places[0], await route_to(ctx, whom, None)
    until = {row.weekday: row.at for row in late if row.warehouse_id == site.id}
    entered = max(
        entry_day(ctx.now, Deadlines(zone_named(site.time_zone), until), route.warehouse), ctx.today
    )
    ships_on = first_ship_day(entered, route)
    return DeliveryConditions(
        site.time_zone,
        [OrderUntil(day, until.get(day)) for day in sorted(route.warehouse.weekdays & EVERY_DAY)],
        route.transport_days,
        sorted(route.transport.weekdays & route.customer.weekdays),
        ships_on,
        receipt_day(ships_on, route),
    )
