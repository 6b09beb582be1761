"""What was sold, summed: by year, by product, by customer. One statement each, however many customers are asked for."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from models.rows import grouped
from models.sales_history import SalesHistory
from models.sales_reads import (
    FavouriteRow,
    SalesYearRow,
    TopCustomerRow,
    favourites,
    top_customers,
    yearly_sales,
)
from resolvers.context import Context
from resolvers.customers import seller
from rules.refusals import ErrorCode, Refusal

FAVOURITES = 10
TOP_MAX = 20
YEAR = timedelta(days=365)


async def years_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[SalesYearRow]]:
    """The years of each customer, newest first."""
    statement = yearly_sales(ctx.user, ctx.zone.key).where(SalesHistory.customer_id.in_(keys))
    rows = await ctx.session.execute(statement)
    found = [SalesYearRow(customer, int(year), *rest) for customer, year, *rest in rows]
    return grouped(keys, found, "customer_id")


async def favourites_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[FavouriteRow]]:
    """What each customer buys most, the first ones."""
    rows = await ctx.session.execute(favourites(ctx.user, keys, FAVOURITES))
    return grouped(keys, (FavouriteRow(*each) for each in rows), "customer_id")


async def top_of_the_year(ctx: Context, count: int) -> list[TopCustomerRow]:
    """The visible customers who bought most within the last 365 days, in the seller's currency."""
    if not 1 <= count <= TOP_MAX:
        text = "A number from {least} to {most} is needed."
        raise Refusal(ErrorCode.INVALID, text, ("first",), least=1, most=TOP_MAX)
    since = datetime.combine(ctx.today - YEAR, time.min, ctx.zone)
    currency = (await seller(ctx)).currency
    rows = await ctx.session.execute(top_customers(ctx.user, since, currency, count))
    return [TopCustomerRow(*each) for each in rows]
