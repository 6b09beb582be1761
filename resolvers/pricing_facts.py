"""What prices depend on, gathered for any number of lines: the party, the rules in force, each line's own facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from models.charges import charge_rules_for
from models.free_goods import free_goods_rules_for
from models.pricing_reads import PARTY, PartyRow, party_asked, party_of
from models.products_reads import ProductRow
from models.trade_agreements_reads import ProductPricingRow
from resolvers.agreed_terms import AgreedTerms, agreed_terms
from resolvers.context import Context, LockedSession
from resolvers.customers import seller
from resolvers.discounts import rules_for, segments_of
from resolvers.house import as_house
from resolvers.prices import Market, breaks_by_product, market, rates_to
from resolvers.products import categories_by_id, products_by_id, relations_by_product, units_by_product
from resolvers.promises_facts import route_to
from resolvers.sales_agreements import commitments_for
from resolvers.suggestions_facts import FavouriteFacts, favourite_facts
from resolvers.trade_agreements import item_groups_of, pricing_of_products, trade_rows_for
from rules.calendars import Route, priced_ship_day
from rules.charges import ChargeRule, Destination
from rules.discounts_rules import DiscountGroup, DiscountRule, facts_asked
from rules.free_goods import FreeGoods, FreeGoodsRule, FreeStockPolicy
from rules.money import ZERO
from rules.pricing import DocumentFacts, PriceBook
from rules.pricing_facts import Break, Channel, Concessions, LineFacts, Party, Rung, TradeRow
from rules.pricing_ladder import price_ladder
from rules.sales_agreements import Commitment
from rules.states import ProductKind, RelationKind
from rules.trade_agreements import TradeBook
from rules.trade_settings import active_cells, pricing_day

# So many substitutes of a gift are thought of, the first ones.
SUBSTITUTES_MAX = 3


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A line to price: `requested_on` is the day of receipt, None when the buyer does not mind."""

    product: ProductRow
    quantity: Decimal
    requested_on: date | None = None
    concessions: Concessions = field(default_factory=Concessions)


@dataclass(frozen=True, slots=True)
class DocumentAsked:
    """
    What a document says besides its lines.

    Args:
        customer_id: who buys; None is the viewer's company, or nobody in particular for staff.
        agreement_id: the sales agreement chosen for the whole document.
        coupons: codes as `rules.texts.item_key` folds them.
        chosen: ids of the optional free goods that the buyer took.
        is_charged: whether it bears charges, as orders do; a price by itself does not.
        delivery_address_id: where the goods go; None is the customer's default.
        keeps_own_terms: the customer's own delivery terms hold, whatever the agreement says.
    """

    customer_id: UUID | None = None
    agreement_id: UUID | None = None
    coupons: frozenset[str] = frozenset()
    discount_percent: Decimal = ZERO
    discount_reason: str = ""
    chosen: frozenset[str] = frozenset()
    is_charged: bool = False
    delivery_address_id: UUID | None = None
    keeps_own_terms: bool = False


async def ship_days(
    ctx: Context, wanted: Sequence[date | None], customer_id: UUID | None, address_id: UUID | None = None
) -> list[date]:
    """
    The days on which goods leave that are wanted on days of receipt: tax rates and agreements of these days apply.

    One statement for all, and none where nobody asks for a day to come (rule book 0.2, 28).
    """
    route = Route()
    if customer_id is not None and any(day is not None and day > ctx.today for day in wanted):
        route = await route_to(ctx, customer_id, address_id)
    return [priced_ship_day(day, ctx.today, route) for day in wanted]


@dataclass(frozen=True, slots=True)
class Charging:
    """
    What decides on a document's charges besides its goods.

    Args:
        incoterm: the customer's own; `agreed` are the terms of the agreements that the document may be under.
    """

    rules: Sequence[ChargeRule] = ()
    destination: Destination = field(default_factory=lambda: Destination(""))
    incoterm: str = ""
    agreed: Mapping[UUID, AgreedTerms] = field(default_factory=dict)

    def incoterm_of(self, agreement: str | None) -> str:
        """The Incoterm of the agreement that the document is under, or else the customer's own."""
        terms = None if agreement is None else self.agreed.get(UUID(agreement))
        return (terms and terms.incoterm) or self.incoterm


@dataclass(frozen=True, slots=True)
class Gathered:
    """
    Everything the one pricing function needs; `facts.lines` are numbered by their place among those asked.

    `substitutes` are what may be given in the place of goods without charge, by the id of the product.
    """

    market: Market
    facts: DocumentFacts
    products: Mapping[str, ProductRow]
    extra: Mapping[tuple[str, date], LineFacts]
    charging: Charging = field(default_factory=Charging)
    substitutes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def alone(self) -> list[DocumentFacts]:
        """Each line as a document of its own."""
        return [replace(self.facts, lines=(replace(line, number=0),)) for line in self.facts.lines]

    def ladder(self, line: LineFacts) -> list[Rung]:
        """The prices by quantity that the customer sees for a line's product, before promotions."""
        return price_ladder(self.facts.book.trade, self.facts.party, line)

    def free_line(self, goods: FreeGoods) -> tuple[ProductRow | None, LineFacts | None]:
        """The product that is free, and the facts of its price on the parent's day."""
        product = self.products.get(goods.product)
        if goods.product == goods.parent.product:
            return product, replace(goods.parent, quantity=goods.quantity)
        found = self.extra.get((goods.product, goods.parent.priced_on))
        return product, None if found is None else replace(found, quantity=goods.quantity)

    def instead_of(self, goods: FreeGoods) -> list[FreeGoods]:
        """The same goods of each product that may be given in their place, the preferred first."""
        if goods.is_proposed or goods.rule.out_of_stock is not FreeStockPolicy.SUBSTITUTE:
            return []
        return [replace(goods, product=key) for key in self.substitutes.get(goods.product, ())]


# Where the goods go and on which terms, as charges ask.
_DESTINATION = text(
    """
    select coalesce(delivery_term.incoterm, ''), coalesce(address.country, ''), coalesce(address.postal_code, '')
    from customer
    left join delivery_term on delivery_term.id = customer.delivery_term_id
    left join lateral (
        select country, postal_code from customer_address
        where customer_id = customer.id and coalesce(active_until > :today, true)
        order by id = cast(:address as uuid) desc nulls last, is_default_delivery desc, label, id limit 1
    ) as address on true
    where customer.id = :customer
    """
)
# First expired, first out: the lot that would be sold is the one that expires first and is on hand.
_EXPIRIES = text(
    """
    select lot.product_id, min(lot.expires_on) from lot
    join lot_balance on lot_balance.lot_id = lot.id and lot_balance.on_hand > 0
    where lot.product_id = any (:products) and lot.expires_on > :today
    group by lot.product_id
    """
).bindparams(bindparam("products", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class _House:
    """What the house knows of the buyer and its products, and every rule that may have a say."""

    party: PartyRow
    products: Mapping[UUID, ProductPricingRow] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    rows: Sequence[TradeRow] = ()
    commitments: Sequence[Commitment] = ()
    discounts: tuple[Sequence[DiscountGroup], Sequence[DiscountRule]] = ((), ())
    free_goods: Sequence[FreeGoodsRule] = ()
    favourites: FavouriteFacts = field(default_factory=FavouriteFacts)
    expiries: Mapping[UUID, date] = field(default_factory=dict)
    charging: Charging = field(default_factory=Charging)


async def gather(ctx: Context, asked: Sequence[LineAsked], document: DocumentAsked) -> Gathered:
    """
    The facts of any number of lines, in a number of statements that depends on neither lines nor rules.

    Rules are read as the house: a price does not depend on who asks for it, and no viewer sees the rules by it. Kinds
    of rules of which there are none for the buyer are not read, nor what only they would ask for.
    """
    us, where = await seller(ctx), await market(ctx, document.customer_id)
    products = {str(line.product.id): line.product for line in asked}
    customer_id = document.customer_id or ctx.user.customer_id
    wanted = [line.requested_on for line in asked]
    ships = await ship_days(ctx, wanted, customer_id, document.delivery_address_id)
    # The day whose prices apply, by the seller's setting (rule book 0.1, 19).
    days = [
        pricing_day(
            us.price_date_type, ordered_on=ctx.today, ships_on=ship, wanted_on=line.requested_on or ship
        )
        for line, ship in zip(asked, ships, strict=True)
    ]
    span = (min([ctx.today, *days, *ships]), max([ctx.today, *days, *ships]))
    house = await _house(ctx, us.id, customer_id, where, list(products.values()), span, document)
    # Of a product that nobody asked for, nothing earns: its gift need not be known.
    reaching = [each for each in house.free_goods if not each.product or each.product in products]
    free_keys = [UUID(each.free_product) for each in reaching if each.free_product]
    gifts = [each for each in await ctx.loader(products_by_id).load_many(sorted(set(free_keys))) if each]
    substitutes = await _substitutes(ctx, reaching, [*products.values(), *gifts])
    gifts = list(
        {each.id: each for each in [*gifts, *(row for rows in substitutes.values() for row in rows)]}.values()
    )
    extra_keys = [(gift, day) for gift in gifts for day in sorted(set(days))]
    priced = [*zip([line.product for line in asked], days, strict=True), *extra_keys]
    breaks = await ctx.loader(breaks_by_product).load_many(
        [(product.id, product.unit_code, day, where.currency) for product, day in priced]
    )
    paths, units = await _of_goods(ctx, house, [product for product, _ in priced])
    lines = [
        _line(ctx, house, number, product, day, found, paths, units)
        for number, ((product, day), found) in enumerate(zip(priced, breaks, strict=True))
    ]
    own = tuple(
        replace(line, quantity=each.quantity, concessions=each.concessions, ships_on=day)
        for line, each, day in zip(lines, asked, ships, strict=False)
    )
    rates = {row.currency for row in house.rows if row.is_generic_currency}
    party = Party(
        customers=tuple(map(str, house.party.chain)),
        currency=where.currency,
        exponent=where.exponent,
        trade_groups=house.party.groups,
        customer_group=house.party.customer_group,
        segments=house.segments,
        channel=Channel.STAFF if ctx.user.is_staff else Channel.PORTAL,
        coupons=document.coupons,
        is_first_order=house.party.is_first_order,
        rates=await rates_to(ctx, where.currency, rates) if rates else {},
        line_multiline_mode=us.line_multiline_mode,
        active_cells=active_cells(us.inactive_trade_cells),
    )
    book = PriceBook(TradeBook(house.rows), house.commitments, *house.discounts, house.free_goods)
    facts = DocumentFacts(
        party, own, ctx.now.astimezone(ctx.zone), book,
        None if document.agreement_id is None else str(document.agreement_id),
        document.discount_percent, document.discount_reason, document.chosen,
    )  # fmt: skip
    products |= {str(gift.id): gift for gift in gifts}
    extra = {
        (str(product.id), day): line
        for (product, day), line in zip(extra_keys, lines[len(asked) :], strict=True)
    }
    instead = {key: [str(row.id) for row in rows] for key, rows in substitutes.items()}
    return Gathered(where, facts, products, extra, house.charging, instead)


async def _substitutes(
    ctx: Context, rules: Sequence[FreeGoodsRule], products: Sequence[ProductRow]
) -> dict[str, list[ProductRow]]:
    """
    What may be given in the place of goods without charge, by the id of their product, the preferred first.

    Those of the same unit: a gift is counted in it. Nothing is read where no rule gives substitutes.
    """
    giving = [each for each in rules if each.out_of_stock is FreeStockPolicy.SUBSTITUTE]
    named = {each.free_product or each.product for each in giving}
    # A rule of a category, or of all goods, gives more of whatever was bought.
    own = {
        str(each.id): each
        for each in products
        if each.kind is ProductKind.GOODS and ("" in named or str(each.id) in named)
    }
    if not own:
        return {}
    related = await ctx.loader(relations_by_product).load_many([each.id for each in own.values()])
    wanted = [
        [each.related_product_id for each in rows if each.kind is RelationKind.SUBSTITUTE][:SUBSTITUTES_MAX]
        for rows in related
    ]
    keys = sorted({key for each in wanted for key in each})
    found = dict(zip(keys, await ctx.loader(products_by_id).load_many(keys), strict=True)) if keys else {}
    return {
        key: [row for each in ids if (row := found[each]) is not None and row.unit_code == product.unit_code]
        for (key, product), ids in zip(own.items(), wanted, strict=True)
    }


async def _house(
    ctx: Context,
    seller_id: UUID,
    customer_id: UUID | None,
    where: Market,
    products: Sequence[ProductRow],
    span: tuple[date, date],
    document: DocumentAsked,
) -> _House:
    keys = [product.id for product in products]
    first, last = span
    async with as_house(ctx) as session:
        asked = party_asked(customer_id, seller_id, first, ctx.today)
        party = party_of((await session.rows(PARTY, asked))[0])
        segments: frozenset[str] = frozenset()
        if customer_id is not None and party.has_segments:
            segments = await segments_of(session, customer_id, ctx.today)
        pricing: Mapping[UUID, ProductPricingRow] = {}
        rows: Sequence[TradeRow] = ()
        if party.has_trade_rows:
            pricing = await pricing_of_products(session, keys)
            rows = await trade_rows_for(
                session, seller_id=seller_id, customers=party.chain, group_codes=party.group_codes, products=keys,
                item_groups=item_groups_of(pricing.values()), first=first, last=last,
            )  # fmt: skip
        commitments: Sequence[Commitment] = ()
        if party.has_commitments:
            commitments = await commitments_for(
                session, seller_id=seller_id, customers=party.chain, currency=where.currency, products=keys,
                first=first, last=last,
            )  # fmt: skip
        discounts: tuple[Sequence[DiscountGroup], Sequence[DiscountRule]] = ((), ())
        if party.has_discounts:
            discounts = await rules_for(
                session, seller_id=seller_id, customers=party.chain, today=ctx.today, coupons=document.coupons
            )
        free_goods: Sequence[FreeGoodsRule] = ()
        if party.has_free_goods:
            free_goods = await free_goods_rules_for(
                session, seller_id=seller_id, customers=party.chain,
                groups=[party.customer_group] if party.customer_group else [], first=ctx.today, last=ctx.today,
            )  # fmt: skip
        charging = Charging()
        if document.is_charged and customer_id is not None and party.has_charges:
            charging = await _charging(ctx, session, customer_id, seller_id, party, document, commitments)
        favourites = FavouriteFacts()
        wanted = facts_asked(discounts[1])
        if customer_id is not None and wanted.is_favourite:
            favourites = await favourite_facts(
                session, customer_id, keys, wanted.months, seller_id=seller_id, today=ctx.today,
                user_id=ctx.user.user_id,
            )  # fmt: skip
        expiries: Mapping[UUID, date] = {}
        if wanted.is_expiry:
            found = await session.execute(_EXPIRIES, {"products": keys, "today": ctx.today})
            expiries = {row[0]: row[1] for row in found}
    return _House(
        party, pricing, segments, rows, commitments, discounts, free_goods, favourites, expiries, charging
    )


async def _charging(
    ctx: Context,
    session: LockedSession,
    customer_id: UUID,
    seller_id: UUID,
    party: PartyRow,
    document: DocumentAsked,
    commitments: Sequence[Commitment],
) -> Charging:
    asked = {"customer": customer_id, "address": document.delivery_address_id, "today": ctx.today}
    incoterm, country, postal_code = (await session.execute(_DESTINATION, asked)).one()
    rules = await charge_rules_for(
        session, seller_id=seller_id, customers=party.chain,
        groups=[party.customer_group] if party.customer_group else [], today=ctx.today,
    )  # fmt: skip
    agreements = {UUID(each.agreement) for each in commitments}
    if document.agreement_id is not None:
        agreements.add(document.agreement_id)
    agreed: Mapping[UUID, AgreedTerms] = {}
    if agreements and not document.keeps_own_terms:
        agreed = await agreed_terms(ctx, session, customer_id, sorted(agreements))
    return Charging(tuple(rules), Destination(country, postal_code), incoterm, agreed)


async def _of_goods(
    ctx: Context, house: _House, products: Sequence[ProductRow]
) -> tuple[Mapping[UUID, str], Mapping[UUID, Mapping[str, Decimal]]]:
    """Paths of categories where any rule may ask for them, other units of products where anything is committed to."""
    paths: dict[UUID, str] = {}
    if house.party.has_categories:
        keys = sorted({product.category_id for product in products})
        categories = await ctx.loader(categories_by_id).load_many(keys)
        paths = {each.id: each.path for each in categories if each is not None}
    units: dict[UUID, Mapping[str, Decimal]] = {}
    if house.commitments:
        found = await ctx.loader(units_by_product).load_many([product.id for product in products])
        for product, others in zip(products, found, strict=True):
            units[product.id] = {each.unit_code: each.factor for each in others}
    return paths, units


def _line(
    ctx: Context,
    house: _House,
    number: int,
    product: ProductRow,
    day: date,
    breaks: Sequence[Break],
    paths: Mapping[UUID, str],
    units: Mapping[UUID, Mapping[str, Decimal]],
) -> LineFacts:
    expires_on = house.expiries.get(product.id)
    pricing = house.products.get(product.id) or ProductPricingRow(product.id)
    return LineFacts(
        number=number,
        product=str(product.id),
        sku=product.sku,
        quantity=product.pack_size,
        priced_on=day,
        breaks=breaks,
        unit_code=product.unit_code,
        category_path=paths.get(product.category_id, "/"),
        brand=product.brand,
        line_discount_group=pricing.line_discount_group,
        multiline_discount_group=pricing.multiline_discount_group,
        is_in_total_discount=pricing.is_in_total_discount,
        units=units.get(product.id, {}),
        days_to_expiry=None if expires_on is None else (expires_on - ctx.today).days,
        times_bought=house.favourites.times_bought.get(product.id, {}),
        is_in_wishlist=product.id in house.favourites.wishlisted,
        bought_together=frozenset(map(str, house.favourites.bought_together.get(product.id, ()))),
    )
