"""
What promises of any number of products follow from: a constant number of statements, run as the house.

Open demand is everybody's: a buyer is told what comes of it, never the rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, or_, select, text

from models.base import new_id
from models.rows import Reads, columns_of
from models.scheduling import DeliverySetting
from models.stock_reads import WarehouseRow
from rules.states import DeliveryControl, LotCriterion, LotStatus

_PRODUCTS = bindparam("products", type_=ARRAY(Uuid))


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A warehouse in use, and how it works; `weekdays` is empty without a calendar: every day."""

    id: UUID
    code: str
    name: str
    city: str
    priority: int
    time_zone: str
    handling_days: int
    weekdays: list[int]
    holidays: list[date]

    @property
    def warehouse(self) -> WarehouseRow:
        return WarehouseRow(self.id, self.code, self.name, self.city, self.priority)


_CALENDAR = """
    coalesce({calendar}.weekdays, '{{}}'),
    array(select day from calendar_holiday where calendar_id = {calendar}.id and day >= :since order by day)
"""
_SITES = text(f"""
    select warehouse.id, warehouse.code, warehouse.name, warehouse.city, warehouse.priority, warehouse.time_zone,
        warehouse.handling_days, {_CALENDAR.format(calendar="calendar")}
    from warehouse left join calendar on calendar.id = warehouse.calendar_id
    where warehouse.seller_id = :seller and coalesce(warehouse.active_until > :today, true)
    order by warehouse.priority, warehouse.code
""")


async def sites(session: Reads, seller_id: UUID, today: date, since: date) -> list[SiteRow]:
    """The seller's warehouses in use, those that serve first ahead; their holidays from `since` on."""
    found = await session.execute(_SITES, {"seller": seller_id, "today": today, "since": since})
    return [SiteRow(*row) for row in found]


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    warehouse_id: UUID
    weekday: int
    at: time


_DEADLINES = text("""
    select distinct on (warehouse_id, weekday) warehouse_id, weekday, at from entry_deadline
    join warehouse on warehouse.id = entry_deadline.warehouse_id
    where warehouse.seller_id = :seller and coalesce(customer_group_id = :customer_group, true)
    order by warehouse_id, weekday, customer_group_id nulls last
""")


async def deadlines(session: Reads, seller_id: UUID, group_id: UUID | None) -> list[DeadlineRow]:
    """The deadlines that hold for a customer of a group: its own before those for everybody."""
    found = await session.execute(_DEADLINES, {"seller": seller_id, "customer_group": group_id or new_id()})
    return [DeadlineRow(*row) for row in found]


@dataclass(frozen=True, slots=True)
class TransportRow:
    warehouse_id: UUID
    days: int
    weekdays: list[int]
    holidays: list[date]


_TRANSPORT = text(f"""
    select distinct on (warehouse_id) warehouse_id, days, {_CALENDAR.format(calendar="calendar")}
    from transport_time
    join warehouse on warehouse.id = transport_time.warehouse_id
    left join calendar on calendar.id = transport_time.calendar_id
    where warehouse.seller_id = :seller and mode in ('', :mode) and country in ('', :country)
        and starts_with(:postal_code, postal_prefix)
    order by warehouse_id, mode = '', country = '', length(postal_prefix) desc
""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where goods go; empty texts where that is not known."""

    country: str = ""
    postal_code: str = ""
    mode: str = ""


async def transport(session: Reads, seller_id: UUID, place: Place, since: date) -> list[TransportRow]:
    """The days from each warehouse to a place, by the most specific row of each."""
    found = await session.execute(
        _TRANSPORT,
        {
            "seller": seller_id, "mode": place.mode, "country": place.country, "postal_code": place.postal_code,
            "since": since,
        },
    )  # fmt: skip
    return [TransportRow(*row) for row in found]


@dataclass(frozen=True, slots=True)
class BuyerRow:
    """For whom is promised: the group, the days they take goods, and what they are told of stock (null: by seller)."""

    customer_group_id: UUID | None
    availability_display: str
    weekdays: list[int]
    holidays: list[date]


_BUYER = text(f"""
    select customer.customer_group_id, coalesce(customer_group.availability_display, seller.availability_display),
        {_CALENDAR.format(calendar="calendar")}
    from customer join seller on seller.id = customer.seller_id
    left join customer_group on customer_group.id = customer.customer_group_id
    left join customer_calendar on customer_calendar.customer_id = customer.id
    left join calendar on calendar.id = customer_calendar.calendar_id
    where customer.id = :customer
""")


async def buyer(session: Reads, customer_id: UUID, since: date) -> BuyerRow | None:
    found = (await session.execute(_BUYER, {"customer": customer_id, "since": since})).first()
    return None if found is None else BuyerRow(*found)


@dataclass(frozen=True, slots=True)
class WayRow:
    """From the first warehouse to a customer: days, and the calendars of warehouse, carrier and customer."""

    transport_days: int
    handling_days: int
    warehouse_weekdays: list[int]
    warehouse_holidays: list[date]
    carrier_weekdays: list[int]
    carrier_holidays: list[date]
    customer_weekdays: list[int]
    customer_holidays: list[date]


_WAY = text(f"""
    with site as (
        select id, handling_days, calendar_id from warehouse
        where seller_id = :seller and coalesce(active_until > :today, true) order by priority, code limit 1
    ), place as (
        select country, postal_code from customer_address
        where customer_id = :customer and coalesce(active_until > :today, true)
        order by id = cast(:address as uuid) desc nulls last, is_default_delivery desc, label, id limit 1
    ), way as (
        select days, transport_time.calendar_id from transport_time
        join site on site.id = transport_time.warehouse_id left join place on true
        where mode = '' and transport_time.country in ('', coalesce(place.country, ''))
            and starts_with(coalesce(place.postal_code, ''), postal_prefix)
        order by transport_time.country = '', length(postal_prefix) desc limit 1
    )
    select coalesce(way.days, 0), site.handling_days, {_CALENDAR.format(calendar="works")},
        {_CALENDAR.format(calendar="drives")}, {_CALENDAR.format(calendar="takes")}
    from site left join way on true
    left join customer_calendar on customer_calendar.customer_id = :customer
    left join calendar works on works.id = site.calendar_id
    left join calendar drives on drives.id = way.calendar_id
    left join calendar takes on takes.id = customer_calendar.calendar_id
""")


async def way_to(
    session: Reads, seller_id: UUID, customer_id: UUID, address_id: UUID | None, today: date, since: date
) -> WayRow | None:
    """The way to an address of a customer, or else to their usual one, in one statement; None without a warehouse."""
    asked = {
        "seller": seller_id,
        "customer": customer_id,
        "address": address_id,
        "today": today,
        "since": since,
    }
    found = (await session.execute(_WAY, asked)).first()
    return None if found is None else WayRow(*found)


@dataclass(frozen=True, slots=True)
class SettingRow:
    product_id: UUID | None
    method: DeliveryControl
    sales_lead_days: int
    issue_margin_days: int
    purchase_lead_days: int | None
    horizon_days: int
    supply_fence_days: int | None
    demand_fence_days: int | None
    supply_offset_days: int
    demand_offset_days: int
    is_unlimited_after_horizon: bool
    lot_criterion: LotCriterion


def delivery_settings(seller_id: UUID, product_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """Those of the products, and the one for all of them."""
    return select(*columns_of(DeliverySetting, SettingRow)).where(
        DeliverySetting.seller_id == seller_id,
        or_(DeliverySetting.product_id.is_(None), DeliverySetting.product_id.in_(product_ids)),
    )


@dataclass(frozen=True, slots=True)
class StockRow:
    """
    A product in a warehouse, or where the product has them a lot of it there; `lot` is null without lots.

    `blocked` is what of the product's `on_hand` is of blocked lots, `soft` what of its `held` is held for carts and
    quotes. A hold that is over counts no more, though it is not given back yet.
    """

    product_id: UUID
    warehouse_id: UUID
    on_hand: Decimal
    held: Decimal
    lot: str | None
    status: LotStatus | None
    received_on: date | None
    best_before_on: date | None
    expires_on: date | None
    blocked: Decimal
    soft: Decimal


_STOCK = text("""
    with hold as (
        select product_id, warehouse_id, sum(quantity) filter (where expires_at > :now) as soft,
            sum(quantity) filter (where expires_at <= :now) as lapsed
        from reservation
        where product_id = any (:products) and source_id is not null and released_at is null
        group by product_id, warehouse_id
    )
    select balance.product_id, balance.warehouse_id, balance.on_hand,
        balance.reserved - coalesce(hold.lapsed, 0) as held,
        cast(null as varchar) as lot, cast(null as varchar) as status, cast(null as date) as received_on,
        cast(null as date) as best_before_on, cast(null as date) as expires_on,
        balance.blocked, coalesce(hold.soft, 0) as soft
    from stock_balance balance left join hold using (product_id, warehouse_id)
    where balance.product_id = any (:products)
    union all
    select lot.product_id, balance.warehouse_id, balance.on_hand, balance.allocated,
        lot.number, lot.status, lot.received_on, lot.best_before_on, lot.expires_on, 0, 0
    from lot join lot_balance balance on balance.lot_id = lot.id
    where lot.product_id = any (:products) and balance.on_hand > 0
""").bindparams(_PRODUCTS)


async def stock(session: Reads, product_ids: Sequence[UUID], now: datetime) -> list[StockRow]:
    """Balances and lots: what is there, and what of it is reserved (balances) or allocated (lots)."""
    found = await session.execute(_STOCK, {"products": list(product_ids), "now": now})
    return [
        StockRow(
            row.product_id, row.warehouse_id, row.on_hand, row.held, row.lot,
            None if row.status is None else LotStatus(row.status), row.received_on, row.best_before_on, row.expires_on,
            row.blocked, row.soft,
        )
        for row in found
    ]  # fmt: skip


class DemandRow(NamedTuple):
    """
    What is open of orders, on the day it is to leave: reserved, and of that released or held by lot, and the rest.

    `warehouse_id` is null for what no warehouse holds; `sellable_days` are the customer's.
    """

    product_id: UUID
    warehouse_id: UUID | None
    on: date
    sellable_days: int
    reserved: Decimal
    released: Decimal
    unreserved: Decimal


# What is pegged is taken by the order on the day it comes, though it may leave later.
# What waits for consent holds stock softly and counts; an order on hold holds nothing, and what is open of it counts.
# Lots that a customer asked for are held for the line: what leaves first is held first.
# What a supplier delivers straight to the customer never leaves a warehouse of ours.
_DEMANDS = text("""
    with placed as (
        select line.product_id, schedule.warehouse_id, line.customer_id, schedule.id, line.id as line_id,
            coalesce(schedule.ship_on, schedule.confirmed_on, schedule.requested_on, :today) as leaves_on,
            schedule.quantity
        from sales_order_line line
        join sales_order on sales_order.id = line.order_id
        join sales_order_schedule_line schedule on schedule.order_line_id = line.id
        where line.product_id = any (:products) and line.kind = 'GOODS' and schedule.quantity > 0
            and sales_order.status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')
            and schedule.id <> all (:except_entries)
    ), pegged as (
        select schedule_line_id, min(expected_on) as comes_on from purchase_peg
        where quantity > quantity_used and schedule_line_id in (select id from placed)
        group by schedule_line_id
    ), part as (
        select placed.*, least(placed.leaves_on, pegged.comes_on) as day
        from placed left join pegged on pegged.schedule_line_id = placed.id
    ), sent as (
        select delivery_line.schedule_line_id,
            coalesce(sum(delivery_line.quantity) filter (where delivery.status = 'SHIPPED'), 0) as shipped,
            coalesce(sum(delivery_line.quantity) filter (where delivery.status = 'RELEASED'), 0) as released
        from delivery_line join delivery on delivery.id = delivery_line.delivery_id
        where delivery_line.schedule_line_id in (select id from part)
        group by delivery_line.schedule_line_id
    ), held as (
        select schedule_line_id, warehouse_id, sum(quantity) as quantity from reservation
        where released_at is null and schedule_line_id in (select id from part)
        group by schedule_line_id, warehouse_id
    ), direct as (
        select peg.schedule_line_id, sum(peg.quantity - peg.quantity_used) as quantity
        from purchase_peg peg
        join purchase_order_line line on line.id = peg.purchase_order_line_id
        join purchase_order purchase on purchase.id = line.purchase_order_id and purchase.sales_order_id is not null
        where peg.schedule_line_id in (select id from part)
        group by peg.schedule_line_id
    ), by_lot as (
        select part.id, least(
            held.quantity - coalesce(sent.released, 0),
            greatest(named.quantity - coalesce(sum(held.quantity - coalesce(sent.released, 0)) over (
                partition by named.order_line_id, named.warehouse_id order by part.day, part.id
                rows between unbounded preceding and 1 preceding
            ), 0), 0)
        ) as quantity
        from (
            select order_line_id, warehouse_id, sum(quantity - quantity_used) as quantity from order_line_lot
            where quantity > quantity_used group by order_line_id, warehouse_id
        ) named
        join part on part.line_id = named.order_line_id
        join held on held.schedule_line_id = part.id and held.warehouse_id = named.warehouse_id
        left join sent on sent.schedule_line_id = part.id
    ), loose as (
        select reservation.product_id, reservation.warehouse_id, reservation.customer_id, reservation.quantity
        from reservation
        where released_at is null and source_id is not null and expires_at > :now and product_id = any (:products)
            and not (source_kind = 'CART' and customer_id = :customer and held_by_id = :person)
    ), demand as (
        select part.product_id, coalesce(held.warehouse_id, part.warehouse_id) as warehouse_id, part.customer_id,
            part.day, coalesce(held.quantity, 0) as reserved,
            coalesce(sent.released, 0) + coalesce(by_lot.quantity, 0) as released,
            greatest(
                part.quantity - coalesce(sent.shipped, 0) - coalesce(held.quantity, 0) - coalesce(direct.quantity, 0), 0
            ) as unreserved
        from part
        left join held on held.schedule_line_id = part.id
        left join sent on sent.schedule_line_id = part.id
        left join direct on direct.schedule_line_id = part.id
        left join by_lot on by_lot.id = part.id
        union all
        select product_id, warehouse_id, customer_id, :today, quantity, 0, 0 from loose
    ), shelf as (
        select customer.id as customer_id, product.id as product_id, coalesce((
            select sellable_days.days from sellable_days
            left join product_category given on given.id = sellable_days.category_id
            where sellable_days.seller_id = customer.seller_id
                and coalesce(sellable_days.customer_id = customer.id, true)
                and coalesce(sellable_days.customer_group_id = customer.customer_group_id,
                    sellable_days.customer_group_id is null)
                and coalesce(sellable_days.product_id = product.id, true)
                and (given.id is null or starts_with(category.path, given.path))
            order by sellable_days.customer_id nulls last, sellable_days.customer_group_id nulls last,
                sellable_days.product_id nulls last, length(given.path) desc nulls last
            limit 1
        ), 0) as days
        from (select distinct customer_id, product_id from demand) pair
        join customer on customer.id = pair.customer_id
        join product on product.id = pair.product_id and product.is_lot_tracked
        join product_category category on category.id = product.category_id
    )
    select demand.product_id, demand.warehouse_id, demand.day, coalesce(shelf.days, 0),
        sum(demand.reserved), sum(demand.released), sum(demand.unreserved)
    from demand left join shelf using (customer_id, product_id)
    where demand.reserved > 0 or demand.unreserved > 0
    group by 1, 2, 3, 4
""").bindparams(
    _PRODUCTS, bindparam("except_entries", type_=ARRAY(Uuid)), bindparam("customer", type_=Uuid),
    bindparam("person", type_=Uuid),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnCart:
    """Whose cart's holds are no demand: the goods are theirs to order."""

    customer_id: UUID
    person_id: UUID


async def demands(
    session: Reads,
    product_ids: Sequence[UUID],
    today: date,
    now: datetime,
    except_entries: Collection[UUID] = (),
    except_cart: OwnCart | None = None,
) -> list[DemandRow]:
    """
    Open demand of everybody, counted once (rule book 0.2: 32), in one row a day, warehouse and shelf life.

    What is held for carts and quotes is demand of today, until its time is over.
    """
    given = {
        "products": list(product_ids), "today": today, "now": now, "except_entries": list(except_entries),
        "customer": except_cart and except_cart.customer_id, "person": except_cart and except_cart.person_id,
    }  # fmt: skip
    found = await session.execute(_DEMANDS, given)
    return [DemandRow._make(row) for row in found.all()]


_SELLABLE = text("""
    select distinct on (product.id) product.id, sellable_days.days
    from product
    join product_category category on category.id = product.category_id
    join sellable_days on coalesce(sellable_days.product_id = product.id, true)
    left join product_category given on given.id = sellable_days.category_id
    where product.id = any (:products) and sellable_days.seller_id = :seller
        and (given.id is null or starts_with(category.path, given.path))
        and coalesce(sellable_days.customer_id = :customer, true)
        and coalesce(sellable_days.customer_group_id = :customer_group, true)
    order by product.id, sellable_days.customer_id nulls last, sellable_days.customer_group_id nulls last,
        sellable_days.product_id nulls last, length(given.path) desc nulls last
""").bindparams(_PRODUCTS)


async def sellable_days(
    session: Reads,
    seller_id: UUID,
    product_ids: Sequence[UUID],
    customer_id: UUID | None,
    group_id: UUID | None,
) -> dict[UUID, int]:
    """
    How long each product must keep for a customer.

    The customer decides, then the group, and for each the product before its nearest category.
    """
    nobody = new_id()
    found = await session.execute(
        _SELLABLE,
        {
            "products": list(product_ids), "seller": seller_id, "customer": customer_id or nobody,
            "customer_group": group_id or nobody,
        },
    )  # fmt: skip
    return {row[0]: row[1] for row in found}


_BANNED = text("""
    select lot.product_id, lot.number from customer_lot_ban ban join lot on lot.id = ban.lot_id
    where ban.customer_id = :customer and lot.product_id = any (:products)
""").bindparams(_PRODUCTS)


async def banned_lots(
    session: Reads, product_ids: Sequence[UUID], customer_id: UUID | None
) -> dict[UUID, frozenset[str]]:
    """By product, the numbers of the lots that never go to a customer."""
    if customer_id is None:
        return {}
    given = {"products": list(product_ids), "customer": customer_id}
    found: dict[UUID, set[str]] = {}
    for product_id, number in await session.execute(_BANNED, given):
        found.setdefault(product_id, set()).add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}


class SupplyRow(NamedTuple):
    """What is still to come of a purchase into a warehouse on a day; `source` is the purchase's number."""

    product_id: UUID
    warehouse_id: UUID
    on: date
    quantity: Decimal
    source: str


# What was called off of a line is taken off what is due last.
_SUPPLIES = text("""
    with open as (
        select line.product_id, purchase.warehouse_id, purchase.number, schedule.position, line.id as line_id,
            coalesce(schedule.confirmed_on, schedule.requested_on) as due,
            schedule.quantity - schedule.quantity_received as quantity,
            line.quantity_ordered - line.quantity_received - line.quantity_cancelled as left_of_line
        from purchase_order_line line
        join purchase_order purchase on purchase.id = line.purchase_order_id
        join purchase_schedule_line schedule on schedule.purchase_order_line_id = line.id
        where line.product_id = any (:products) and purchase.seller_id = :seller
            and purchase.status in ('SENT', 'CONFIRMED') and purchase.warehouse_id is not null
            and schedule.quantity > schedule.quantity_received
    ), due as (
        select *, coalesce(sum(quantity) over (
            partition by line_id order by due, position rows between unbounded preceding and 1 preceding
        ), 0) as sooner
        from open
    )
    select product_id, warehouse_id, due, sum(least(quantity, left_of_line - sooner)), number
    from due where left_of_line > sooner
    group by product_id, warehouse_id, due, number
    order by due, number
""").bindparams(_PRODUCTS)


async def supplies(session: Reads, seller_id: UUID, product_ids: Sequence[UUID]) -> list[SupplyRow]:
    """
    What is expected from suppliers, by product, warehouse and day: what is left of orders that were sent, on the
    confirmed or else the requested day. What is pegged counts too, for so does the demand that it is pegged to.
    """
    found = await session.execute(_SUPPLIES, {"products": list(product_ids), "seller": seller_id})
    return [SupplyRow._make(row) for row in found.all()]
