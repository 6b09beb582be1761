"""Random documents with everything that may have a say in a price: for laws and for comparing with the slow prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from rules.discounts_benefits import (
    AmountPerLine,
    AmountPerOrder,
    AmountPerUnit,
    Benefit,
    LeastExpensive,
    Percent,
    SetPrice,
    Tier,
    TierBenefit,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    BoughtBefore,
    BoughtTogether,
    BrandIs,
    ByChannel,
    CategoryIs,
    Condition,
    CustomerGroupIs,
    CustomerIs,
    Extent,
    InSegment,
    InWishlist,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, Stacking
from rules.free_goods import FreeCalculation, FreeGoodsRule, FreeKind, FreeRounding
from rules.pricing import DocumentFacts, PriceBook
from rules.pricing_facts import (
    Break,
    Channel,
    Concessions,
    GroupMembership,
    LineFacts,
    LineMultilineMode,
    Party,
    PercentBase,
    Scope,
    TradeRelation,
    TradeRow,
)
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType
from rules.trade_agreements import TradeBook

D = Decimal
T = TypeVar("T")
DAY = date(2026, 3, 2)  # a Monday
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CUSTOMERS = ("us", "parent")
PRODUCTS = ("A", "B", "C", "D", "E")
PATHS = ("/food/", "/food/oil/", "/food/oil/olive/", "/drinks/")
BRANDS = ("", "Norte", "Sur")
CODES = ("", "g1", "g2")


@dataclass(frozen=True)
class Cart:
    """A document to price, and the trade agreement rows of its book as they are."""

    facts: DocumentFacts
    rows: tuple[TradeRow, ...]


def random_cart(random: Random, *, most_lines: int = 5) -> Cart:
    """The same for the same state of `random`."""
    party = _party(random)
    rows = tuple(_trade_row(random, f"t{i}", party) for i in range(random.randint(0, 14)))
    lines = tuple(
        _line(random, number, party.exponent) for number in range(1, random.randint(1, most_lines) + 1)
    )
    commitments = tuple(_commitment(random, f"c{i}") for i in range(random.choice((0, 0, 1, 2, 4))))
    codes = [f"G{i}" for i in range(random.randint(1, 4))]
    groups = tuple(_discount_group(random, code, codes) for code in codes)
    rules = tuple(_rule(random, f"r{i}", random.choice(codes), i) for i in range(random.randint(0, 9)))
    free = tuple(_free_rule(random, f"f{i}", commitments) for i in range(random.choice((0, 0, 1, 2, 3))))
    facts = DocumentFacts(
        party,
        lines,
        NOW,
        PriceBook(TradeBook(rows), commitments, groups, rules, free),
        agreement=random.choice((None, None, "agreement 1")),
        discount_percent=random.choice((D(0), D(0), D(0), _percent(random))),
        discount_reason="a good year",
        chosen=frozenset(random.sample(["f0", "f1"], random.randint(0, 2))),
    )
    return Cart(facts, rows)


def _percent(random: Random) -> Decimal:
    return random.choice((D(5), D(10), D("12.5"), D(random.randint(1, 10_000)) / 100, D("33.333333"), D(100)))


def _price(random: Random) -> Decimal:
    return random.choice(
        (D(random.randint(1, 100)), D(random.randint(1, 50_000)) / 100, D(random.randint(1, 10**8)) / 10**6)
    )


def _quantity(random: Random) -> Decimal:
    return random.choice(
        (D(random.randint(1, 12)), D(random.randint(1, 600)), D(random.randint(1, 99_999)) / 1000)
    )


def _maybe(random: Random, chance: float, value: T, otherwise: T) -> T:
    return value if random.random() < chance else otherwise


def _party(random: Random) -> Party:
    cells = [(relation, one, other) for relation in TradeRelation for one in Scope for other in Scope]
    memberships: dict[TradeRelation, tuple[GroupMembership, ...]] = {
        relation: tuple(
            GroupMembership(code, random.randint(0, 1)) for code in CODES[1:] if random.random() < 0.7
        )
        for relation in TradeRelation
    }
    return Party(
        CUSTOMERS[: random.randint(1, 2)],
        "EUR",
        exponent=random.choice((2, 2, 2, 2, 0, 3)),
        trade_groups=memberships,
        customer_group=random.choice(CODES),
        segments=frozenset(random.sample(("s1", "s2"), random.randint(0, 2))),
        channel=random.choice(list(Channel)),
        coupons=frozenset(random.sample(("SPRING",), random.randint(0, 1))),
        is_first_order=random.random() < 0.5,
        rates=_maybe(random, 0.7, {"USD": D("0.9174311927")}, {}),
        line_multiline_mode=random.choice(list(LineMultilineMode)),
        active_cells=_maybe(random, 0.1, frozenset(random.sample(cells, 20)), None),
    )


def _line(random: Random, number: int, exponent: int) -> LineFacts:
    product = random.choice(PRODUCTS)
    starts = sorted({D(0), *(_quantity(random) for _ in range(random.randint(0, 2)))})
    if random.random() < 0.05:
        starts = starts[1:]
    breaks = [Break(start, _price(random), random.choice((D(1), D(1), D(3), D(100)))) for start in starts]
    if random.random() < 0.05:
        breaks = []
    given = random_concessions(random, price=0.08, discount=0.15)
    return LineFacts(
        number,
        product,
        sku=f"SKU-{product}",
        quantity=_quantity(random),
        priced_on=DAY + timedelta(random.choice((0, 0, 0, 1, 40))),
        breaks=breaks,
        category_path=random.choice(PATHS),
        brand=random.choice(BRANDS),
        line_discount_group=random.choice(CODES),
        multiline_discount_group=random.choice(CODES),
        is_in_total_discount=random.random() < 0.85,
        units=_maybe(random, 0.8, {"BOX": random.choice((D(12), D(7), D("0.3")))}, {}),
        concessions=given,
        times_bought={3: random.randint(0, 5)},
        is_in_wishlist=random.random() < 0.3,
        bought_together=frozenset(random.sample(PRODUCTS, random.randint(0, 2))),
        days_to_expiry=random.choice((None, 3, 30)),
    )


def random_concessions(random: Random, *, price: float = 0.5, discount: float = 0.7) -> Concessions:
    return Concessions(
        _maybe(random, price, _price(random), None),
        "it was promised",
        _maybe(random, discount, _percent(random), D(0)),
        "an old customer",
    )


def _trade_row(random: Random, key: str, party: Party) -> TradeRow:
    relation = random.choice(list(TradeRelation))
    customer_scope = random.choice(list(Scope))
    item_scopes = {
        TradeRelation.PRICE: (Scope.ONE,),
        TradeRelation.LINE_DISCOUNT: tuple(Scope),
        TradeRelation.MULTILINE_DISCOUNT: (Scope.GROUP, Scope.ALL),
        TradeRelation.TOTAL_DISCOUNT: (Scope.ALL,),
    }
    item_scope = random.choice(item_scopes[relation])
    is_price, is_total = relation is TradeRelation.PRICE, relation is TradeRelation.TOTAL_DISCOUNT
    start = random.choice((D(0), D(0), _quantity(random) * (10 if is_total else 1)))
    return TradeRow(
        key,
        relation,
        customer_scope,
        {Scope.ONE: random.choice(CUSTOMERS), Scope.GROUP: random.choice(CODES[1:]), Scope.ALL: ""}[
            customer_scope
        ],
        item_scope,
        {Scope.ONE: random.choice(PRODUCTS), Scope.GROUP: random.choice(CODES[1:]), Scope.ALL: ""}[
            item_scope
        ],
        random.choice(("EUR", "EUR", "EUR", "USD")),
        unit_code=None if is_total else random.choice((None, None, "EA", "BOX")),
        from_quantity=start,
        to_quantity=random.choice((None, None, start + _quantity(random))),
        valid_from=random.choice((None, None, DAY - timedelta(30), DAY + timedelta(1))),
        valid_until=random.choice((None, None, DAY + timedelta(30))),
        find_next=random.random() < 0.5,
        unit_price=_price(random) if is_price else None,
        price_unit=D(1) if is_total else random.choice((D(1), D(1), D(3), D(100))),
        amount=D(0) if is_price else random.choice((D(0), D(1), D("0.37"))),
        percent1=D(0) if is_price else random.choice((D(0), D(5), D("33.333333"))),
        percent2=D(0) if is_price else random.choice((D(0), D(0), D(20))),
        percent_base=random.choice(list(PercentBase)),
        is_generic_currency=random.random() < 0.5,
    )


def _commitment(random: Random, key: str) -> Commitment:
    kind = random.choice((*CommitmentType, CommitmentType.PRODUCT_QUANTITY, CommitmentType.PRODUCT_QUANTITY))
    is_quantity = kind is CommitmentType.PRODUCT_QUANTITY
    committed = random.choice((D(100), D(1000), D(10)))
    return Commitment(
        key,
        random.choice(("agreement 1", "agreement 2")),
        "A-1",
        key,
        kind,
        random.choice(list(AgreementPricing)),
        random.choice(CUSTOMERS),
        committed,
        random.choice((D(0), committed / 2, committed)),
        random.choice(("EUR", "EUR", "EUR", "USD")),
        DAY - timedelta(10),
        DAY + timedelta(random.choice((1, 20, 90))),
        product=random.choice(PRODUCTS)
        if kind in (CommitmentType.PRODUCT_QUANTITY, CommitmentType.PRODUCT_VALUE)
        else "",
        category_path=random.choice(PATHS) if kind is CommitmentType.CATEGORY_VALUE else "",
        unit_code=random.choice(("EA", "EA", "BOX")) if is_quantity else "",
        unit_price=random.choice((None, _price(random))) if is_quantity else None,
        price_unit=random.choice((D(1), D(3))) if is_quantity else D(1),
        discount_percent=random.choice((D(0), _percent(random))),
        cash_discount_amount=random.choice((D(0), D("0.05"), D(2))) if is_quantity else D(0),
        max_enforced=random.random() < 0.5,
        is_price_fixed=random.random() < 0.5,
        stackable_with_promotions=random.random() < 0.5,
        include_in_total_discount=random.random() < 0.7,
    )


def _discount_group(random: Random, code: str, codes: Sequence[str]) -> DiscountGroup:
    others = [each for each in codes if each != code]
    return DiscountGroup(
        code,
        random.randint(1, 3) * 10,
        random.choice(list(Stacking)),
        suppresses=frozenset(random.sample(others, min(len(others), random.choice((0, 0, 0, 1))))),
        competes_with=random.choice((*others, "", "", "", "")),
    )


def _rule(random: Random, key: str, group: str, age: int) -> DiscountRule:
    return DiscountRule(
        key,
        key,
        group,
        random.choice(list(Phase)),
        _benefit(random),
        tuple(_condition(random) for _ in range(random.choice((0, 0, 0, 1, 1, 2)))),
        priority=random.randint(0, 2),
        valid_from=random.choice((None, None, None, DAY, DAY + timedelta(1))),
        valid_until=random.choice((None, None, None, DAY, DAY + timedelta(1))),
        currency=random.choice(("EUR", "EUR", "EUR", "", "USD")),
        concurrency=random.choice((None, None, *Concurrency)),
        most_amount=random.choice((None, None, None, D("7.50"), D(100))),
        most_quantity=random.choice((None, None, None, D(1), D("4.5"), D(20))),
        remaining=random.choice((None, None, None, 5, 0)),
        remaining_for_customer=random.choice((None, None, None, 1)),
        coupon=random.choice(("", "", "", "SPRING", "AUTUMN")),
        stops_further=random.random() < 0.15,
        created_order=age,
    )


def _amount(random: Random) -> Decimal:
    return random.choice((D(1), D("0.25"), D(10), D(random.randint(1, 5000)) / 100))


def _tier_benefit(random: Random, *, is_stepped: bool) -> TierBenefit:
    amount = _amount(random)
    return random.choice((Percent(_percent(random)), AmountPerUnit(amount))) if is_stepped else random.choice(
        (Percent(_percent(random)), AmountPerUnit(amount), AmountPerLine(amount), AmountPerOrder(amount),
         UnitPrice(amount, D(1)))
    )  # fmt: skip


def _benefit(random: Random) -> Benefit:
    kind = random.randint(0, 8)
    if kind == 0:
        return AmountPerUnit(_amount(random))
    if kind == 1:
        return AmountPerLine(_amount(random))
    if kind == 2:
        return AmountPerOrder(_amount(random))
    if kind == 3:
        return UnitPrice(_price(random), random.choice((D(1), D(3))))
    if kind == 4:
        return SetPrice(_price(random), random.choice((D(2), D(10), D("1.5"))))
    if kind == 5:
        return LeastExpensive(
            _percent(random), random.choice((D(1), D(2))), random.choice((None, D(3), D(10)))
        )
    if kind == 6:
        is_stepped, measure = random.random() < 0.5, random.choice(list(Measure))
        starts = sorted({_quantity(random) for _ in range(random.randint(1, 3))} | {D(1)})
        tiers = tuple(Tier(start, _tier_benefit(random, is_stepped=is_stepped)) for start in starts)
        return Tiered(measure, random.choice(list(Extent)), tiers, is_stepped)
    return Percent(_percent(random))


def _condition(random: Random) -> Condition:
    def some(names: Sequence[str]) -> frozenset[str]:
        return frozenset(random.sample([name for name in names if name], random.randint(1, 2)))

    excluded: dict[str, Any] = {"is_excluded": random.random() < 0.3}
    least = _quantity(random)
    return random.choice(
        (
            lambda: CustomerIs(some(CUSTOMERS), **excluded),
            lambda: CustomerGroupIs(some(CODES), **excluded),
            lambda: InSegment(some(("s1", "s2")), **excluded),
            lambda: ByChannel(some([each.value for each in Channel])),
            lambda: OnFirstOrder(),
            lambda: Window(
                frozenset(random.sample(range(1, 8), 4)), time(8), random.choice((None, time(13), time(4)))
            ),
            lambda: ProductIs(some(PRODUCTS), **excluded),
            lambda: ProductIs(some(PRODUCTS), **excluded),
            lambda: CategoryIs(some(PATHS), **excluded),
            lambda: BrandIs(some(BRANDS), **excluded),
            lambda: NearExpiry(10),
            lambda: BoughtBefore(3, 3),
            lambda: InWishlist(),
            lambda: BoughtTogether(),
            lambda: Minimum(random.choice(list(Measure)), least, random.choice(list(Extent))),
            lambda: Minimum(Measure.QUANTITY, least, Extent.ELIGIBLE_LINES, least + 100),
            lambda: MixAndMatch(random.choice((D(2), D(10))), random.choice(((), (("A", D(1)),)))),
        )
    )()


def _free_rule(random: Random, key: str, commitments: Sequence[Commitment]) -> FreeGoodsRule:
    kind = random.choice(list(FreeKind))
    is_inclusive = kind is FreeKind.INCLUSIVE
    product = random.choice(("", *PRODUCTS))
    per = random.choice((D(5), D(10), D("2.5")))
    calculation = random.choice(list(FreeCalculation))
    return FreeGoodsRule(
        key,
        key,
        per,
        D(1),
        minimum_quantity=random.choice((D(0), D(10))),
        kind=kind,
        calculation=calculation,
        rounding=random.choice(list(FreeRounding))
        if calculation is FreeCalculation.PROPORTIONAL and not is_inclusive
        else FreeRounding.DOWN,
        priority=random.randint(0, 1),
        customer=random.choice(("", "", "", *CUSTOMERS)),
        product=product,
        category_path=random.choice(("", *PATHS)) if not product else "",
        free_product="" if is_inclusive else random.choice(("", "", "A", "GIFT")),
        only_once=random.random() < 0.2,
        is_optional=not is_inclusive and random.random() < 0.3,
        valid_until=random.choice((None, None, DAY, DAY + timedelta(1))),
        max_per_order=random.choice((None, None, D(1), D(3))),
        offer_of=random.choice(("", "", "", *(each.id for each in commitments[:1]))),
    )
