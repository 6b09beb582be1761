"""Gathers the facts of any number of lines in a constant number of statements, and prices them by the one function."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, String, and_, bindparam, or_, select

from models.prices import ListPrice
from models.products_reads import ProductRow
from models.sellers import ExchangeRate, TaxCategory, TaxRate
from resolvers.context import Context
from resolvers.customers import customers_by_id, exponents_by_currency, seller
from resolvers.statements import Asked, rows
from rules.money import ZERO, TaxedLine, TaxGroup, tax_by_group
from rules.pricing import PricedLine, PriceFacts, price_line
from rules.pricing_facts import Break


@dataclass(frozen=True, slots=True)
class Market:
    """In which currency, with how many decimals and where prices are asked."""

    currency: str
    exponent: int
    territory: str


async def market(ctx: Context) -> Market:
    """The viewer's customer's market; the seller's own for staff. Read once per operation."""
    return await ctx.load(_markets, ctx.user.customer_id or ctx.user.seller_id)


async def _markets(ctx: Context, keys: Sequence[UUID]) -> list[Market]:
    us = await seller(ctx)
    buyer = None if ctx.user.customer_id is None else await ctx.load(customers_by_id, ctx.user.customer_id)
    currency = us.currency if buyer is None else buyer.currency
    where = Market(currency, await ctx.load(exponents_by_currency, currency), us.tax_territory)
    return [where for _ in keys]


PriceKey = tuple[UUID, str, date]  # product, unit, the day the price is asked for


async def breaks_by_product(ctx: Context, keys: Sequence[PriceKey]) -> list[list[Break]]:
    """The list prices in force in the viewer's currency, by quantity."""
    where = await market(ctx)
    days = sorted({day for _, _, day in keys})
    # What is in force on some day between the first and the last; each key then takes its own day's.
    in_force = await rows(
        ctx, _prices_between, keys=[*{product_id for product_id, _, _ in keys}], currency=where.currency,
        first=days[0], last=days[-1],
    )  # fmt: skip
    found: dict[PriceKey, list[Break]] = {key: [] for key in keys}
    for product_id, unit, from_quantity, unit_price, price_unit, since, until in in_force:
        for day in days:
            if since <= day and (until is None or until > day) and (product_id, unit, day) in found:
                found[product_id, unit, day].append(Break(from_quantity, unit_price, price_unit))
    return [found[key] for key in keys]


def _prices_between(asked: Asked) -> Any:
    return (
        select(
            ListPrice.product_id,
            ListPrice.unit_code,
            ListPrice.from_quantity,
            ListPrice.unit_price,
            ListPrice.price_unit,
            ListPrice.valid_from,
            ListPrice.valid_until,
        )
        .where(
            asked.one_of(ListPrice.product_id),
            ListPrice.currency == bindparam("currency", type_=String),
            ListPrice.valid_from <= bindparam("last", type_=Date),
            or_(ListPrice.valid_until.is_(None), ListPrice.valid_until > bindparam("first", type_=Date)),
        )
        .order_by(ListPrice.product_id, ListPrice.from_quantity)
    )


@dataclass(frozen=True, slots=True)
class TaxRow:
    """
    A category's letter (UNTDID 5305, by which EN 16931 groups tax) and its rate on a day.

    `percent` is None where no rate is in force.
    """

    code: str
    percent: Decimal | None


async def taxes_by_category(ctx: Context, keys: Sequence[tuple[UUID, date]]) -> list[TaxRow]:
    """The rate of each (category, day) in the seller's territory."""
    where = await market(ctx)
    rates = await rows(
        ctx, _rates, keys=[*{category_id for category_id, _ in keys}], territory=where.territory
    )
    codes: dict[UUID, str] = {}
    found: dict[tuple[UUID, date], Decimal] = {}
    for category_id, code, percent, since, until in rates:
        codes[category_id] = code
        for key in keys:
            if (
                key[0] == category_id
                and since is not None
                and since <= key[1]
                and (until is None or until > key[1])
            ):
                found[key] = percent
    return [TaxRow(codes[category_id], found.get((category_id, day))) for category_id, day in keys]


def _rates(asked: Asked) -> Any:
    in_territory = and_(
        TaxRate.tax_category_id == TaxCategory.id, TaxRate.territory == bindparam("territory", type_=String)
    )
    return (
        select(
            TaxCategory.id, TaxCategory.untdid_5305, TaxRate.percent, TaxRate.valid_from, TaxRate.valid_until
        )
        .outerjoin(TaxRate, in_territory)
        .where(asked.one_of(TaxCategory.id))
    )


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A line to price: `requested_on` is the day of receipt, None when the buyer does not mind."""

    product: ProductRow
    quantity: Decimal
    requested_on: date | None = None
    discount_percent: Decimal = ZERO
    discount_reason: str = ""


@dataclass(frozen=True, slots=True)
class LinePriced:
    """A line's price and tax; `price` is None where no price is in force."""

    asked: LineAsked
    price: PricedLine | None
    tax_category: str
    tax_percent: Decimal
    tax_amount: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """Lines in the order asked, and their totals; unpriced lines count nothing."""

    market: Market
    lines: tuple[LinePriced, ...]
    tax_groups: tuple[TaxGroup, ...]
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def pricing_day(ctx: Context, requested_on: date | None) -> date:
    """
    The day whose prices and tax rates apply: the day of the goods' leaving, never before today.

    Transport takes no days in this landing, so the requested day of receipt is the ship date (rule book 0.2, 28).
    """
    return max(requested_on, ctx.today) if requested_on is not None else ctx.today


async def price_lines(ctx: Context, asked: Sequence[LineAsked]) -> Priced:
    """Prices any number of lines; three statements at most, however many they are."""
    where = await market(ctx)
    days = [pricing_day(ctx, line.requested_on) for line in asked]
    breaks = await ctx.loader(breaks_by_product).load_many(
        [(line.product.id, line.product.unit_code, day) for line, day in zip(asked, days, strict=True)]
    )
    taxes: list[TaxRow] = await ctx.loader(taxes_by_category).load_many(
        [(line.product.tax_category_id, day) for line, day in zip(asked, days, strict=True)]
    )
    prices = [
        price_line(
            PriceFacts(line.quantity, found, where.exponent, line.discount_percent, line.discount_reason)
        )
        for line, found in zip(asked, breaks, strict=True)
    ]
    taxed = [
        TaxedLine(
            price.net_amount if price else ZERO, tax.code, tax.percent or ZERO, (line.product.sku, index)
        )
        for index, (line, price, tax) in enumerate(zip(asked, prices, taxes, strict=True))
    ]
    groups, amounts = tax_by_group(taxed, where.exponent)
    lines = tuple(
        LinePriced(line, price if tax.percent is not None else None, tax.code, tax.percent or ZERO, amount)
        for line, price, tax, amount in zip(asked, prices, taxes, amounts, strict=True)
    )
    net = sum((line.price.net_amount for line in lines if line.price is not None), ZERO)
    return Priced(where, lines, tuple(groups), net, sum((line.tax_amount for line in lines), ZERO))


@dataclass(frozen=True, slots=True)
class Offer:
    """A product's price today for a quantity in its own unit, and all list prices in force."""

    quantity: Decimal
    currency: str
    price: PricedLine
    tax_percent: Decimal
    breaks: tuple[Break, ...]


async def offers(ctx: Context, keys: Sequence[tuple[ProductRow, Decimal | None]]) -> list[Offer | None]:
    """
    What each (product, quantity) costs the viewer's company today; None where no price is in force.

    A quantity that is None or nothing stands for one pack.
    """
    asked = [
        LineAsked(product, product.pack_size if quantity is None or quantity <= ZERO else quantity)
        for product, quantity in keys
    ]
    priced = await price_lines(ctx, asked)
    breaks = await ctx.loader(breaks_by_product).load_many(
        [(line.product.id, line.product.unit_code, ctx.today) for line in asked]
    )
    return [
        None
        if line.price is None
        else Offer(line.asked.quantity, priced.market.currency, line.price, line.tax_percent, tuple(in_force))
        for line, in_force in zip(priced.lines, breaks, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class RateRow:
    rate: Decimal
    valid_from: date


async def exchange_rate(ctx: Context, currency: str, on: date | None = None) -> RateRow | None:
    """One unit of the currency in the seller's own, as last known on a day (today); None where it never was."""
    day = on or ctx.today
    us = await seller(ctx)
    if currency == us.currency:
        return RateRow(Decimal(1), day)
    found = (
        await ctx.session.execute(
            select(ExchangeRate.rate, ExchangeRate.valid_from)
            .where(
                ExchangeRate.seller_id == us.id,
                ExchangeRate.currency == currency,
                ExchangeRate.valid_from <= day,
            )
            .order_by(ExchangeRate.valid_from.desc())
            .limit(1)
        )
    ).first()
    return None if found is None else RateRow(*found)
