"""List prices, tax rates and exchange rates on a day, and the market in which a customer buys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import Date, String, and_, bindparam, or_, select

from models.prices import ListPrice
from models.sellers import ExchangeRate, TaxCategory, TaxRate
from resolvers.context import Context
from resolvers.customers import customers_by_id, exponents_by_currency, seller
from resolvers.statements import Asked, rows
from rules.money import round_money
from rules.pricing_facts import Break


@dataclass(frozen=True, slots=True)
class Market:
    """In which currency, with how many decimals and where prices are asked."""

    currency: str
    exponent: int
    territory: str


async def market(ctx: Context, customer_id: UUID | None = None) -> Market:
    """A customer's market, the viewer's own where none is named; the seller's for staff. Read once per operation."""
    return await ctx.load(_markets, customer_id or ctx.user.customer_id or ctx.user.seller_id)


async def _markets(ctx: Context, keys: Sequence[UUID]) -> list[Market]:
    us = await seller(ctx)
    buyers = [key for key in keys if key != us.id]
    found = dict(zip(buyers, await ctx.loader(customers_by_id).load_many(buyers), strict=True))
    markets = []
    for key in keys:
        buyer = found.get(key)
        currency = us.currency if buyer is None else buyer.currency
        exponent = await ctx.load(exponents_by_currency, currency)
        markets.append(Market(currency, exponent, us.tax_territory))
    return markets


PriceKey = tuple[UUID, str, date, str]  # product, unit, the day the price is asked for, currency


async def breaks_by_product(ctx: Context, keys: Sequence[PriceKey]) -> list[list[Break]]:
    """The list prices in force, by quantity."""
    days = sorted({day for _, _, day, _ in keys})
    # What is in force on some day between the first and the last; each key then takes its own day's.
    in_force = await rows(
        ctx, _prices_between, keys=[*{product_id for product_id, _, _, _ in keys}],
        currencies=[*{currency for _, _, _, currency in keys}], first=days[0], last=days[-1],
    )  # fmt: skip
    found: dict[PriceKey, list[Break]] = {key: [] for key in keys}
    for product_id, unit, currency, from_quantity, unit_price, price_unit, since, until in in_force:
        for day in days:
            key = (product_id, unit, day, currency)
            if since <= day and (until is None or until > day) and key in found:
                found[key].append(Break(from_quantity, unit_price, price_unit))
    return [found[key] for key in keys]


def _prices_between(asked: Asked) -> Any:
    return (
        select(
            ListPrice.product_id,
            ListPrice.unit_code,
            ListPrice.currency,
            ListPrice.from_quantity,
            ListPrice.unit_price,
            ListPrice.price_unit,
            ListPrice.valid_from,
            ListPrice.valid_until,
        )
        .where(
            asked.one_of(ListPrice.product_id),
            asked.one_of(ListPrice.currency, "currencies", String),
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


async def rates_to(ctx: Context, currency: str, others: Collection[str]) -> dict[str, Decimal]:
    """What one unit of each other currency is worth in `currency` today; those without a rate are left out."""
    own = await exchange_rate(ctx, currency)
    if own is None:
        return {}
    found = {}
    for other in sorted(set(others) - {currency}):
        rate = await exchange_rate(ctx, other)
        if rate is not None:
            with localcontext(prec=60):
                found[other] = round_money(rate.rate / own.rate, 10)
    return found
