"""Simulated prices: scenarios side by side by the one pricing function, with nothing stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from models.products_reads import ProductRow
from resolvers.context import Context
from resolvers.customers import customers_by_id, seller
from resolvers.house import as_house
from resolvers.prices import exchange_rate
from resolvers.pricing import Priced, price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked
from resolvers.products import products_by_code
from rules.concessions import WaterfallLine, WaterfallStep, waterfall
from rules.money import ZERO, line_amount, round_money
from rules.pricing_facts import Concessions
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.simulation import MarginBand, band_of_margin, discount_for_percent, margin_percent
from rules.texts import item_key

SCENARIOS_MAX = 3
LINES_MAX = 50
AMOUNT_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A line as somebody would sell it; `unit_price` of its price's units takes the rules' place."""

    sku: str
    quantity: Decimal
    requested_on: date | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Scenario:
    """What might be offered; the document discount is the quote's special discount (phase 9)."""

    name: str
    lines: tuple[ScenarioLine, ...]
    discount_percent: Decimal = ZERO
    agreement_id: UUID | None = None
    coupons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulated:
    """
    A scenario priced.

    `cost` is what the goods, free ones too, cost us in the document's currency; None where a cost is not known.
    """

    scenario: Scenario
    priced: Priced
    products: tuple[ProductRow, ...]
    list_amount: Decimal
    cost: Decimal | None
    band: MarginBand | None
    waterfall: tuple[WaterfallStep, ...] = field(default=())

    @property
    def margin(self) -> Decimal | None:
        return None if self.cost is None else self.priced.goods_net - self.cost

    @property
    def margin_percent(self) -> Decimal | None:
        return None if self.cost is None else margin_percent(self.priced.goods_net, self.cost)


async def simulate(ctx: Context, customer_id: UUID, scenarios: Sequence[Scenario]) -> list[Simulated]:
    """
    What a visible customer would pay in each scenario; nothing is stored, numbered or reserved.

    Raises:
        Refusal(NOT_FOUND): the customer, with the path `customer`.
        Refusal(UNKNOWN_SKU, INVALID, LIMIT_EXCEEDED): of a line, with its path.
    """
    if await ctx.load(customers_by_id, customer_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if not scenarios:
        raise Refusal(ErrorCode.INVALID, "Name at least one scenario.", ("scenarios",))
    if len(scenarios) > SCENARIOS_MAX:
        text_ = "At most {limit} scenarios are compared at once."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("scenarios",), limit=SCENARIOS_MAX)
    refuse_all([each for index, scenario in enumerate(scenarios) for each in _problems(scenario, index)])
    products = await products_by_code(ctx, [line.sku for scenario in scenarios for line in scenario.lines])
    unknown = [
        Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", _path(index, number, "sku"), sku=line.sku)
        for index, scenario in enumerate(scenarios)
        for number, line in enumerate(scenario.lines)
        if item_key(line.sku) not in products
    ]
    refuse_all(unknown)
    return [
        await _simulated(
            ctx, customer_id, scenario, tuple(products[item_key(line.sku)] for line in scenario.lines)
        )
        for scenario in scenarios
    ]


def _path(scenario: int, line: int, name: str) -> Path:
    return ("scenarios", scenario, "lines", line, name)


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
    return found


async def _simulated(
    ctx: Context, customer_id: UUID, scenario: Scenario, products: tuple[ProductRow, ...]
) -> Simulated:
    asked = [
        LineAsked(
            product,
            line.quantity,
            line.requested_on,
            Concessions(unit_price=line.unit_price, discount_percent=line.discount_percent),
        )
        for line, product in zip(scenario.lines, products, strict=True)
    ]
    document = DocumentAsked(
        customer_id=customer_id,
        agreement_id=scenario.agreement_id,
        coupons=frozenset(map(item_key, scenario.coupons)),
        discount_percent=scenario.discount_percent,
        is_charged=True,
    )
    priced = await price_lines(ctx, asked, document)
    costs = await _unit_costs(ctx, priced)
    lines = _waterfall_lines(priced, costs)
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
    band = None
    if cost is not None:
        percent = margin_percent(priced.goods_net, cost)
        band = band_of_margin(percent, us.margin_target_percent, us.margin_floor_percent)
    steps = () if lines is None else tuple(waterfall(lines, exponent=exponent))
    return Simulated(scenario, priced, products, list_amount, cost, band, steps)


_COSTS = text(
    """
    select product_id, unit_cost, currency from standard_cost
    where product_id = any (:products) and valid_from <= :today and coalesce(valid_until > :today, true)
    """
).bindparams(bindparam("products", type_=ARRAY(Uuid)))


async def _unit_costs(ctx: Context, priced: Priced) -> dict[UUID, Decimal]:
    """The standard cost of a unit of each product today, in the document's currency, unrounded to 6 decimals."""
    keys = {line.asked.product.id for line in priced.lines} | {each.product.id for each in priced.free}
    async with as_house(ctx) as session:
        found = (await session.execute(_COSTS, {"products": sorted(keys), "today": ctx.today})).all()
    own = await exchange_rate(ctx, priced.market.currency)
    costs: dict[UUID, Decimal] = {}
    for product_id, unit_cost, currency in found:
        rate = await exchange_rate(ctx, currency)
        if own is not None and rate is not None:
            costs[product_id] = round_money(unit_cost * rate.rate / own.rate, 6)
    return costs


def _waterfall_lines(priced: Priced, costs: dict[UUID, Decimal]) -> list[WaterfallLine] | None:
    """The priced lines and what each costs; None where a cost is not known: half a margin is none."""
    sold = [
        (line.asked.product, line.price, line.price.quantity_paid)
        for line in priced.lines
        if line.price is not None
    ]
    sold += [
        (each.product, each.price, each.goods.quantity) for each in priced.free if not each.goods.is_proposed
    ]
    if any(product.id not in costs for product, _, _ in sold):
        return None
    exponent = priced.market.exponent
    return [
        WaterfallLine(
            price.steps,
            quantity,
            price.price_unit,
            line_amount(quantity, costs[product.id], exponent=exponent),
        )
        for product, price, quantity in sold
    ]


async def discount_to_band(ctx: Context, simulated: Simulated) -> Decimal | None:
    """The document discount that still leaves a green margin, on top of the scenario; None without costs or sales."""
    us = await seller(ctx)
    return discount_to(simulated, us.margin_target_percent)


def discount_to(simulated: Simulated, target_percent: Decimal) -> Decimal | None:
    """The same for any target below 100 percent: it inverts to the cost, so it is for those who may see margins."""
    if simulated.cost is None or not simulated.priced.goods_net:
        return None
    if target_percent >= 100:
        raise Refusal(ErrorCode.INVALID, "A target margin is below 100 percent.", ("target",))
    return discount_for_percent(simulated.priced.goods_net, simulated.cost, target_percent)
