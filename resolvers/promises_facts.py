"""What promises follow from, gathered for any number of products in a constant number of statements."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from models.availability_reads import (
    BuyerRow,
    DeadlineRow,
    DemandRow,
    OwnCart,
    Place,
    SettingRow,
    SiteRow,
    StockRow,
    SupplyRow,
    TransportRow,
    banned_lots,
    buyer,
    deadlines,
    delivery_settings,
    demands,
    sellable_days,
    sites,
    stock,
    supplies,
    transport,
    way_to,
)
from models.products_reads import ProductRow
from resolvers.context import Context
from resolvers.customers import addresses_by_customer
from resolvers.house import as_house
from rules.availability import (
    FOREVER,
    Availability,
    Demand,
    LotOnHand,
    StockFacts,
    Supply,
    Window,
    days_to_keep,
)
from rules.calendars import ALWAYS_OPEN, Calendar, Deadlines, Route, entry_day, zone_named
from rules.lots import LotPolicy, LotStock, lot_date
from rules.money import ZERO
from rules.promising import Control
from rules.promising_sites import Site
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion, LotStatus

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)

# A backward count may reach a holiday that has passed: no route takes longer.
_HOLIDAYS_SINCE = timedelta(400)
_BY_SITE = attrgetter("product_id", "warehouse_id")
# Without any setting a promise is what stock allows; what is late counts from tomorrow.
_DEFAULT = SettingRow(
    None, DeliveryControl.ATP, 0, 0, None, 90, None, None, 1, 0, False, LotCriterion.EXPIRY
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForWhom:
    """For whom and where to something is promised; without a customer, for nobody in particular."""

    customer_id: UUID | None = None
    place: Place = field(default_factory=Place)


async def for_customer(ctx: Context, customer_id: UUID | None) -> ForWhom:
    """A customer at the address that their goods go to when they say nothing else."""
    if customer_id is None:
        return ForWhom()
    addresses = await ctx.load(addresses_by_customer, customer_id)
    address = next(iter(addresses), None)
    return ForWhom(customer_id, Place() if address is None else Place(address.country, address.postal_code))


@dataclass(frozen=True, slots=True)
class ProductAtSite:
    """A product in a warehouse: what is there, and what may be promised of it; `soft` is of `reserved`."""

    site: SiteRow
    on_hand: Decimal
    reserved: Decimal
    blocked: Decimal
    soft: Decimal
    promising: Site[UUID]
    lots: tuple[LotStock, ...]

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.reserved - self.blocked


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is known of a product, by warehouse, those that serve first ahead."""

    product: ProductRow
    setting: SettingRow
    sellable_days: int
    banned: frozenset[str]
    sites: tuple[ProductAtSite, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """`display` is what the customer is told of stock; None where it is asked for nobody."""

    products: Mapping[UUID, ProductFacts]
    display: AvailabilityDisplay | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A warehouse, its way to the customer, and the day as whose an order counts there."""

    site: SiteRow
    route: Route
    entered: date


@dataclass(frozen=True, slots=True)
class _Read:
    """The rows as they were read."""

    sites: Sequence[_Place]
    buyer: BuyerRow | None
    settings: Mapping[UUID | None, SettingRow]
    sellable: Mapping[UUID, int]
    banned: Mapping[UUID, frozenset[str]]
    stock: Mapping[tuple[UUID, UUID], Sequence[StockRow]]
    demands: Mapping[tuple[UUID, UUID | None], Sequence[DemandRow]]
    supplies: Mapping[tuple[UUID, UUID], Sequence[SupplyRow]]


async def gather(
    ctx: Context,
    products: Sequence[ProductRow],
    whom: ForWhom,
    warehouses: Collection[UUID] | None = None,
    except_entries: Collection[UUID] = (),
    *,
    counts_stock: bool = True,
) -> Facts:
    """
    What is known of the products.

    Args:
        counts_stock: False reads neither stock nor what is open of it: calendars and lead times alone.
        warehouses: only these; None is all in use. What no warehouse holds for an order is the first one's to serve.
        except_entries: the schedule lines whose own demand does not count, for it is what is being promised.
    """
    ids = [product.id for product in products]
    read = await _read(ctx, ids, whom, except_entries, counts_stock)
    facts = {product.id: _of_product(ctx, read, product, warehouses) for product in products}
    display = None if read.buyer is None else AvailabilityDisplay(read.buyer.availability_display)
    return Facts(facts, display)


async def _read(
    ctx: Context, ids: Sequence[UUID], whom: ForWhom, except_entries: Collection[UUID], counts_stock: bool
) -> _Read:
    """Read as the house: what is free does not depend on who asks, and no viewer sees others' orders by it."""
    seller_id, since = ctx.user.seller_id, ctx.today - _HOLIDAYS_SINCE
    buying_for = ctx.user.customer_id
    own = None if buying_for is None else OwnCart(buying_for, ctx.user.user_id)
    async with as_house(ctx) as house:
        places = await sites(house, seller_id, ctx.today, since)
        party = None if whom.customer_id is None else await buyer(house, whom.customer_id, since)
        group_id = None if party is None else party.customer_group_id
        late = await deadlines(house, seller_id, group_id)
        ways = await transport(house, seller_id, whom.place, since)
        settings = [SettingRow(*row) for row in await house.execute(delivery_settings(seller_id, ids))]
        shelf: dict[UUID, int] = {}
        banned: dict[UUID, frozenset[str]] = {}
        there: list[StockRow] = []
        open_: list[DemandRow] = []
        coming: list[SupplyRow] = []
        if counts_stock:
            shelf = await sellable_days(house, seller_id, ids, whom.customer_id, group_id)
            banned = await banned_lots(house, ids, whom.customer_id)
            there = await stock(house, ids, ctx.now)
            open_ = await demands(house, ids, ctx.today, ctx.now, except_entries, own)
            coming = await supplies(house, seller_id, ids)
    by_site = {row.warehouse_id: row for row in ways}
    return _Read(
        [_place(ctx, place, late, by_site.get(place.id), party) for place in places],
        party,
        {row.product_id: row for row in settings},
        shelf,
        banned,
        _grouped(there, _BY_SITE),
        _grouped(open_, _BY_SITE),
        _grouped(coming, _BY_SITE),
    )


def _place(
    ctx: Context, site: SiteRow, late: Sequence[DeadlineRow], way: TransportRow | None, party: BuyerRow | None
) -> _Place:
    route = _route(way, party, site)
    deadlines_there = Deadlines(
        zone_named(site.time_zone), {row.weekday: row.at for row in late if row.warehouse_id == site.id}
    )
    return _Place(site, route, max(entry_day(ctx.now, deadlines_there, route.warehouse), ctx.today))


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)


def _of_product(
    ctx: Context, read: _Read, product: ProductRow, warehouses: Collection[UUID] | None
) -> ProductFacts:
    setting = read.settings.get(product.id) or read.settings.get(None) or _DEFAULT
    shelf = read.sellable.get(product.id, 0)
    found = [
        _at_site(ctx, read, product, setting, shelf, place, is_first=index == 0)
        for index, place in enumerate(read.sites)
        if warehouses is None or place.site.id in warehouses
    ]
    return ProductFacts(product, setting, shelf, read.banned.get(product.id, frozenset()), tuple(found))


def _at_site(
    ctx: Context,
    read: _Read,
    product: ProductRow,
    setting: SettingRow,
    shelf: int,
    place: _Place,
    is_first: bool,
) -> ProductAtSite:
    key = product.id, place.site.id
    rows = read.stock.get(key, ())
    balance = next((row for row in rows if row.lot is None), None)
    lots = [row for row in rows if row.lot is not None]
    facts = StockFacts(
        _on_hand(lots, setting.lot_criterion, read.banned.get(product.id, ())) if product.is_lot_tracked
        else (LotOnHand(ZERO if balance is None else balance.on_hand),),
        *_demands(read, key, product, setting, is_first),
    )  # fmt: skip
    known = Availability(
        facts,
        ctx.today,
        _window(setting),
        days_to_keep(setting.lot_criterion, place.route.transport_days, shelf),
    )
    return ProductAtSite(
        place.site,
        ZERO if balance is None else balance.on_hand,
        ZERO if balance is None else balance.held,
        ZERO if balance is None else balance.blocked,
        ZERO if balance is None else balance.soft,
        Site(place.site.id, known, _control(setting), place.route, place.entered),
        tuple(_lot(row) for row in lots),
    )


def _on_hand(
    lots: Sequence[StockRow], criterion: LotCriterion, banned: Collection[str]
) -> tuple[LotOnHand, ...]:
    """What may be sold of the lots to the customer and is held by nothing else, and until when."""
    return tuple(
        LotOnHand(row.on_hand - row.held, lot_date(_lot(row), criterion) or FOREVER)
        for row in lots
        if row.status is LotStatus.AVAILABLE and row.lot not in banned
    )


def _demands(
    read: _Read, key: tuple[UUID, UUID], product: ProductRow, setting: SettingRow, is_first: bool
) -> tuple[tuple[Demand, ...], tuple[Supply, ...], tuple[Demand, ...]]:
    """What is held, what comes, and what is open besides; of lots, what is allocated is neither there nor held."""
    nowhere = read.demands.get((product.id, None), ()) if is_first else ()
    held, open_ = [], []
    is_by_lot, criterion = product.is_lot_tracked, setting.lot_criterion
    for _, _, on, sellable, reserved, released, unreserved in (*read.demands.get(key, ()), *nowhere):
        keep = days_to_keep(criterion, 0, sellable) if is_by_lot else 0
        pinned = reserved - released if is_by_lot else reserved
        if pinned > 0:
            held.append(Demand(on, pinned, keep))
        if unreserved > 0:
            open_.append(Demand(on, unreserved, keep))
    coming = tuple(
        [Supply(on, quantity, source) for _, _, on, quantity, source in read.supplies.get(key, ())]
    )
    return tuple(held), coming, tuple(open_)


def _lot(row: StockRow) -> LotStock:
    assert row.lot is not None and row.status is not None and row.received_on is not None, "it is a lot"
    return LotStock(
        row.lot, row.status, row.received_on, row.expires_on, row.on_hand - row.held, row.best_before_on
    )


def _route(way: TransportRow | None, party: BuyerRow | None, place: SiteRow) -> Route:
    return Route(
        0 if way is None else way.days,
        place.handling_days,
        _calendar(place.weekdays, place.holidays),
        ALWAYS_OPEN if way is None else _calendar(way.weekdays, way.holidays),
        ALWAYS_OPEN if party is None else _calendar(party.weekdays, party.holidays),
    )


def _calendar(weekdays: Sequence[int], holidays: Sequence[date]) -> Calendar:
    return Calendar(frozenset(weekdays), frozenset(holidays)) if weekdays else ALWAYS_OPEN


async def route_to(ctx: Context, customer_id: UUID, address_id: UUID | None) -> Route:
    """The way of goods that nobody has given to a warehouse yet: from the first one, in one statement."""
    async with as_house(ctx) as house:
        found = await way_to(
            house, ctx.user.seller_id, customer_id, address_id, ctx.today, ctx.today - _HOLIDAYS_SINCE
        )
    if found is None:
        return Route()
    return Route(
        found.transport_days,
        found.handling_days,
        _calendar(found.warehouse_weekdays, found.warehouse_holidays),
        _calendar(found.carrier_weekdays, found.carrier_holidays),
        _calendar(found.customer_weekdays, found.customer_holidays),
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """How goods go to one customer: by warehouse, and what a promise of each product rests on."""

    routes: Mapping[UUID, Route]
    controls: Mapping[UUID, Control]


async def ways_to(ctx: Context, product_ids: Sequence[UUID], whom: ForWhom) -> Ways:
    """The ways of goods that are sure to come, so that nobody's stock matters."""
    seller_id, since = ctx.user.seller_id, ctx.today - _HOLIDAYS_SINCE
    async with as_house(ctx) as house:
        places = await sites(house, seller_id, ctx.today, since)
        party = None if whom.customer_id is None else await buyer(house, whom.customer_id, since)
        ways = {row.warehouse_id: row for row in await transport(house, seller_id, whom.place, since)}
        found = [SettingRow(*row) for row in await house.execute(delivery_settings(seller_id, product_ids))]
    settings = {row.product_id: row for row in found}
    general = settings.get(None) or _DEFAULT
    return Ways(
        {place.id: _route(ways.get(place.id), party, place) for place in places},
        {key: _control(settings.get(key, general)) for key in product_ids},
    )


def _window(setting: SettingRow) -> Window:
    return Window(
        setting.horizon_days, setting.supply_fence_days, setting.demand_fence_days, setting.supply_offset_days,
        setting.demand_offset_days,
    )  # fmt: skip


def _control(setting: SettingRow) -> Control:
    return Control(
        setting.method, setting.sales_lead_days, setting.issue_margin_days, setting.purchase_lead_days,
        setting.is_unlimited_after_horizon,
    )  # fmt: skip


async def lot_policies(
    ctx: Context, customer_id: UUID, product_ids: Sequence[UUID], ship_on: date
) -> dict[UUID, LotPolicy]:
    """How lots of each product are picked for a customer, and how long they must keep for them."""
    seller_id = ctx.user.seller_id
    async with as_house(ctx) as house:
        party = await buyer(house, customer_id, ctx.today)
        group_id = None if party is None else party.customer_group_id
        shelf = await sellable_days(house, seller_id, product_ids, customer_id, group_id)
        banned = await banned_lots(house, product_ids, customer_id)
        found = [SettingRow(*row) for row in await house.execute(delivery_settings(seller_id, product_ids))]
    settings = {row.product_id: row for row in found}
    general = settings.get(None) or _DEFAULT
    return {
        key: LotPolicy(
            settings.get(key, general).lot_criterion, shelf.get(key, 0), ship_on, banned.get(key, frozenset())
        )
        for key in product_ids
    }
