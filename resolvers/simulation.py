"""Simulated prices: scenarios side by side by the one pricing function, with nothing stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from models.products_reads import ProductRow
from resolvers.agreed_terms import agreed_terms
from resolvers.context import Context
from resolvers.customers import customers_by_id, payment_terms_by_code, payment_terms_by_id, seller
from resolvers.house import as_house
from resolvers.prices import exchange_rate
from resolvers.pricing import Priced, no_price, price_each_alone, price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked
from resolvers.products import products_by_code
from rules.concessions import (
    ConcessionDepth,
    Quoted,
    WaterfallLine,
    WaterfallStep,
    concession_depth,
    cost_of_waiting,
    waterfall,
)
from rules.instalments import average_days
from rules.money import ZERO, line_amount, round_money
from rules.pricing import PricedLine
from rules.pricing_concessions import ConcededPrice, concede
from rules.pricing_facts import Concessions
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.simulation import MarginBand, band_of_margin, discount_for_percent, margin_percent
from rules.texts import item_key

SCENARIOS_MAX = 3
LINES_MAX = 50
GIFTS_MAX = 10
WHOLE = Decimal(100)
AMOUNT_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A line as somebody would sell it; `unit_price` of its price's units takes the rules' place."""

    sku: str
    quantity: Decimal
    requested_on: date | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal = ZERO
    unit_price_reason: str = ""
    discount_reason: str = ""


@dataclass(frozen=True, slots=True)
class ScenarioGift:
    """Goods that somebody would give without charge, beside what the rules give; in the product's own unit."""

    sku: str
    quantity: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    What might be offered; the document discount is the quote's special discount (phase 9).

    Args:
        payment_term: a code of the seller's; None for the terms that the customer has anyway.
    """

    name: str
    lines: tuple[ScenarioLine, ...]
    discount_percent: Decimal = ZERO
    agreement_id: UUID | None = None
    coupons: tuple[str, ...] = ()
    payment_term: str | None = None
    gifts: tuple[ScenarioGift, ...] = ()
    discount_reason: str = ""
    delivery_address_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class GiftPriced:
    """What somebody would give; `value` is what the rules would ask for it by itself, at `price`."""

    product: ProductRow
    quantity: Decimal
    value: Decimal
    price_unit: Decimal
    conceded: ConcededPrice
    price: PricedLine


@dataclass(frozen=True, slots=True)
class Simulated:
    """
    A scenario priced.

    Args:
        cost: what the goods, free ones too, cost us in the document's currency; None where a cost is not known.
        depth: how much more is given by hand than the rules give.
        waiting: what of the goods' net it costs to be paid later than by the customer's own terms.
        waiting_percent: the same of whatever is sold.
        extra_days: how much longer the payment term is.
        line_depths: the depth of each line by itself, in percent.
        lines_below_floor: how many lines leave less than the seller's floor; of a cost that is not known, none.
    """

    scenario: Scenario
    priced: Priced
    products: tuple[ProductRow, ...]
    gifts: tuple[GiftPriced, ...]
    list_amount: Decimal
    cost: Decimal | None
    depth: ConcessionDepth
    waiting: Decimal
    waiting_percent: Decimal
    band: MarginBand | None
    waterfall: tuple[WaterfallStep, ...] = field(default=())
    extra_days: int = 0
    line_depths: tuple[Decimal, ...] = ()
    lines_below_floor: int = 0

    @property
    def margin(self) -> Decimal | None:
        return None if self.cost is None else self.priced.goods_net - self.cost - self.waiting

    @property
    def margin_percent(self) -> Decimal | None:
        return None if self.cost is None else margin_percent(self.priced.goods_net, self.cost + self.waiting)


async def simulate(ctx: Context, customer_id: UUID, scenarios: Sequence[Scenario]) -> list[Simulated]:
    """
    What a visible customer would pay in each scenario; nothing is stored, numbered or reserved.

    Raises:
        Refusal(NOT_FOUND): the customer, with the path `customerId`; a payment term, with its own.
        Refusal(UNKNOWN_SKU, INVALID, LIMIT_EXCEEDED): of a line, with its path.
        Refusal(NO_PRICE): of goods to give that the rules have no price for.
    """
    if await ctx.load(customers_by_id, customer_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if not scenarios:
        raise Refusal(ErrorCode.INVALID, "Name at least one scenario.", ("scenarios",))
    if len(scenarios) > SCENARIOS_MAX:
        text_ = "At most {limit} scenarios are compared at once."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("scenarios",), limit=SCENARIOS_MAX)
    refuse_all([each for index, scenario in enumerate(scenarios) for each in _problems(scenario, index)])
    asked = [
        (_path(index, number, "sku", kind), sku)
        for index, scenario in enumerate(scenarios)
        for kind, references in (
            ("lines", [line.sku for line in scenario.lines]),
            ("freeLines", [gift.sku for gift in scenario.gifts]),
        )
        for number, sku in enumerate(references)
    ]
    products = await products_by_code(ctx, [sku for _, sku in asked])
    refuse_all(
        [
            Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", path, sku=sku)
            for path, sku in asked
            if item_key(sku) not in products
        ]
    )
    return [
        await price_scenario(ctx, customer_id, scenario, products, index)
        for index, scenario in enumerate(scenarios)
    ]


def _path(scenario: int, line: int, name: str, kind: str = "lines") -> Path:
    return ("scenarios", scenario, kind, line, name)


def _problems(scenario: Scenario, index: int) -> list[Refusal]:
    found = []
    if not ZERO <= scenario.discount_percent <= 100:
        path: Path = ("scenarios", index, "discountPercent")
        found.append(Refusal(ErrorCode.INVALID, "A discount is from 0 to 100 percent.", path))
    if not scenario.lines:
        found.append(Refusal(ErrorCode.INVALID, "Name at least one line.", ("scenarios", index, "lines")))
    if len(scenario.lines) > LINES_MAX:
        path = ("scenarios", index, "lines")
        text_ = "A scenario has {limit} lines at most."
        found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text_, path, limit=LINES_MAX))
    for number, line in enumerate(scenario.lines):
        if not ZERO < line.quantity < AMOUNT_MAX:
            path = _path(index, number, "quantity")
            found.append(Refusal(ErrorCode.QUANTITY_INVALID, "The quantity must be above zero.", path))
        if not ZERO <= line.discount_percent <= 100:
            path = _path(index, number, "discountPercent")
            found.append(Refusal(ErrorCode.INVALID, "A discount is from 0 to 100 percent.", path))
        if line.unit_price is not None and not ZERO <= line.unit_price < AMOUNT_MAX:
            path = _path(index, number, "unitPrice")
            found.append(Refusal(ErrorCode.INVALID, "A price is not negative.", path))
    if len(scenario.gifts) > GIFTS_MAX:
        path = ("scenarios", index, "freeLines")
        text_ = "A scenario has {limit} free lines at most."
        found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text_, path, limit=GIFTS_MAX))
    for number, gift in enumerate(scenario.gifts):
        if not ZERO < gift.quantity < AMOUNT_MAX:
            path = _path(index, number, "quantity", "freeLines")
            found.append(Refusal(ErrorCode.QUANTITY_INVALID, "The quantity must be above zero.", path))
    return found


async def price_scenario(
    ctx: Context, customer_id: UUID, scenario: Scenario, found: Mapping[str, ProductRow], index: int = 0
) -> Simulated:
    """
    One checked scenario of a visible customer, priced; a quote is such a scenario that is stored.

    Args:
        found: its products by `rules.texts.item_key` of their codes.
    """
    products = tuple(found[item_key(line.sku)] for line in scenario.lines)
    extra_days = await _extra_days(ctx, customer_id, scenario, index)
    asked = [
        LineAsked(
            product,
            line.quantity,
            line.requested_on,
            Concessions(line.unit_price, line.unit_price_reason, line.discount_percent, line.discount_reason),
        )
        for line, product in zip(scenario.lines, products, strict=True)
    ]
    document = DocumentAsked(
        customer_id=customer_id,
        agreement_id=scenario.agreement_id,
        coupons=frozenset(map(item_key, scenario.coupons)),
        discount_percent=scenario.discount_percent,
        discount_reason=scenario.discount_reason,
        is_charged=True,
        delivery_address_id=scenario.delivery_address_id,
    )
    priced = await price_lines(ctx, asked, document)
    gifts = await _gifts(ctx, customer_id, scenario, index, found, priced)
    depth, line_depths = await _depth(ctx, asked, document, priced, gifts, extra_days)
    costs = await _unit_costs(ctx, priced, gifts)
    lines = _waterfall_lines(priced, gifts, costs)
    exponent, us = priced.market.exponent, await seller(ctx)
    cost = None if lines is None else sum((line.cost for line in lines), ZERO)
    list_amount = sum(
        (
            line_amount(line.asked.quantity, line.price.list_unit_price, line.price.price_unit, exponent)
            for line in priced.lines
            if line.price is not None
        ),
        ZERO,
    )
    waiting = cost_of_waiting(priced.goods_net, us.money_yearly_percent, extra_days, exponent)
    band = None
    if cost is not None:
        percent = margin_percent(priced.goods_net, cost + waiting)
        band = band_of_margin(percent, us.margin_target_percent, us.margin_floor_percent)
    steps = () if lines is None else tuple(waterfall(lines, waiting=waiting, exponent=exponent))
    waiting_percent = us.money_yearly_percent * extra_days / 365
    below = _below_floor(priced, costs, us.margin_floor_percent)
    return Simulated(
        scenario, priced, products, gifts, list_amount, cost, depth, waiting, waiting_percent, band, steps,
        extra_days, line_depths, below,
    )  # fmt: skip


async def _extra_days(ctx: Context, customer_id: UUID, scenario: Scenario, index: int) -> int:
    """
    How much longer the scenario's payment term is than the one that would hold anyway; a shorter one gives nothing.

    What would hold are the terms of the agreement drawn on first, or else the customer's own.
    """
    if scenario.payment_term is None:
        return 0
    term = await ctx.load(payment_terms_by_code, scenario.payment_term)
    if term is None:
        path: Path = ("scenarios", index, "paymentTermCode")
        text_ = "There are no terms {terms}."
        raise Refusal(ErrorCode.NOT_FOUND, text_, path, terms=scenario.payment_term)
    customer = await ctx.load(customers_by_id, customer_id)
    assert customer is not None, "looked up before"
    key = customer.payment_term_id
    if scenario.agreement_id is not None:
        async with as_house(ctx) as session:
            terms = await agreed_terms(ctx, session, customer_id, [scenario.agreement_id])
        agreed = terms.get(scenario.agreement_id)
        key = (agreed and agreed.payment_term_id) or key
    own = await ctx.load(payment_terms_by_id, key)
    assert own is not None, "terms exist by foreign key"
    return max(average_days(term, ctx.today) - average_days(own, ctx.today), 0)


async def _gifts(
    ctx: Context,
    customer_id: UUID,
    scenario: Scenario,
    index: int,
    products: Mapping[str, ProductRow],
    priced: Priced,
) -> tuple[GiftPriced, ...]:
    """What somebody would give, at what the rules would ask for each by itself, as an order's free line counts."""
    if not scenario.gifts:
        return ()
    asked = [LineAsked(products[item_key(gift.sku)], gift.quantity) for gift in scenario.gifts]
    prices = await price_each_alone(ctx, asked, DocumentAsked(customer_id=customer_id))
    market, made = priced.market, []
    for number, (line, price) in enumerate(zip(asked, prices, strict=True)):
        if price is None:
            raise no_price(line.product.sku, market.currency, _path(index, number, "sku", "freeLines"))
        values = (line.quantity, price.list_unit_price, price.price_unit, market.exponent)
        by_rules = concede(*values, Concessions(), price.steps)
        given = Concessions(discount_percent=WHOLE, discount_reason=scenario.gifts[number].reason)
        conceded = concede(*values, given, price.steps)
        made.append(
            GiftPriced(line.product, line.quantity, by_rules.net_amount, price.price_unit, conceded, price)
        )
    return tuple(made)


async def _depth(
    ctx: Context,
    asked: Sequence[LineAsked],
    document: DocumentAsked,
    priced: Priced,
    gifts: Sequence[GiftPriced],
    extra_days: int,
) -> tuple[ConcessionDepth, tuple[Decimal, ...]]:
    """
    How much more is given by hand than the rules give for the same goods (rule book 0.2, 30).

    The same lines are priced again with nothing given, so that what the rules give on the whole counts as theirs; what
    they have no price for is nobody's concession. The charges are those of the scenario: none is waived in it.
    """
    us = await seller(ctx)
    bare = [replace(line, concessions=Concessions()) for line in asked]
    by_rules = priced
    if bare != list(asked) or document.discount_percent:
        by_rules = await price_lines(ctx, bare, replace(document, discount_percent=ZERO))
    pairs = [
        (rules.price.net_amount, quoted.price.net_amount)
        for rules, quoted in zip(by_rules.lines, priced.lines, strict=True)
        if rules.price is not None and quoted.price is not None
    ]
    charges = priced.net - priced.goods_net
    quoted = Quoted(
        sum((rules for rules, _ in pairs), ZERO), sum((net for _, net in pairs), ZERO),
        sum((gift.value for gift in gifts), ZERO), charges, charges, extra_days, us.money_yearly_percent,
    )  # fmt: skip
    exponent = priced.market.exponent
    lines = tuple(concession_depth(Quoted(*pair), exponent).percent for pair in pairs)
    return concession_depth(quoted, exponent), lines


def _below_floor(priced: Priced, costs: Mapping[UUID, Decimal], floor_percent: Decimal) -> int:
    """How many lines leave less than the floor by themselves."""
    exponent, count = priced.market.exponent, 0
    for line in priced.lines:
        unit_cost = costs.get(line.asked.product.id)
        if line.price is None or unit_cost is None:
            continue
        cost = line_amount(line.price.quantity_paid, unit_cost, exponent=exponent)
        percent = margin_percent(line.price.net_amount, cost)
        count += percent is None or percent < floor_percent
    return count


_COSTS = text(
    """
    select product_id, unit_cost, currency from standard_cost
    where product_id = any (:products) and valid_from <= :today and coalesce(valid_until > :today, true)
    """
).bindparams(bindparam("products", type_=ARRAY(Uuid)))


async def _unit_costs(ctx: Context, priced: Priced, gifts: Sequence[GiftPriced]) -> dict[UUID, Decimal]:
    """The standard cost of a unit of each product today, in the document's currency, unrounded to 6 decimals."""
    keys = {line.asked.product.id for line in priced.lines} | {each.product.id for each in priced.free}
    keys |= {each.product.id for each in gifts}
    async with as_house(ctx) as session:
        found = (await session.execute(_COSTS, {"products": sorted(keys), "today": ctx.today})).all()
    own = await exchange_rate(ctx, priced.market.currency)
    costs: dict[UUID, Decimal] = {}
    for product_id, unit_cost, currency in found:
        rate = await exchange_rate(ctx, currency)
        if own is not None and rate is not None:
            costs[product_id] = round_money(unit_cost * rate.rate / own.rate, 6)
    return costs


def _waterfall_lines(
    priced: Priced, gifts: Sequence[GiftPriced], costs: dict[UUID, Decimal]
) -> list[WaterfallLine] | None:
    """The priced lines and what each costs; None where a cost is not known: half a margin is none."""
    sold = [
        (line.asked.product, line.price.steps, line.price.price_unit, line.price.quantity_paid)
        for line in priced.lines
        if line.price is not None
    ]
    sold += [
        (each.product, each.price.steps, each.price.price_unit, each.goods.quantity)
        for each in priced.free
        if not each.goods.is_proposed
    ]
    sold += [(each.product, each.conceded.steps, each.price_unit, each.quantity) for each in gifts]
    if any(product.id not in costs for product, *_ in sold):
        return None
    exponent = priced.market.exponent
    return [
        WaterfallLine(
            steps,
            quantity,
            price_unit,
            line_amount(quantity, costs[product.id], exponent=exponent),
        )
        for product, steps, price_unit, quantity in sold
    ]


async def discount_to_band(ctx: Context, simulated: Simulated) -> Decimal | None:
    """
    The document discount that still leaves a green margin, on top of the scenario; None without costs or sales.

    Free goods and the payment term count: the one by their cost, the other by its share of whatever is sold.
    """
    us = await seller(ctx)
    return discount_to(simulated, us.margin_target_percent)


def discount_to(simulated: Simulated, target_percent: Decimal) -> Decimal | None:
    """The same for any target below 100 percent: it inverts to the cost, so it is for those who may see margins."""
    if simulated.cost is None or not simulated.priced.goods_net:
        return None
    if target_percent >= 100:
        raise Refusal(ErrorCode.INVALID, "A target margin is below 100 percent.", ("target",))
    return discount_for_percent(
        simulated.priced.goods_net, simulated.cost, target_percent, simulated.waiting_percent
    )
