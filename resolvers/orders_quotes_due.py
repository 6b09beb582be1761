"""
Accepted quotes that wait: as soon as nothing stands in their way any more they become orders, by themselves and once.

The scheduler calls this on a session of `Database.job()` and commits; there is no viewer. What it writes stands in the
audit under whoever accepted, since nobody else acted.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Role, RowClass, Viewer, combine_grants
from resolvers.context import Context, LockedSession
from resolvers.orders_quotes_converting import convert_if_possible
from resolvers.quotes_acts import find_quote

# Those that somebody works on right now are left for the next time.
_NEXT = text("""
    select quote.id, quote.seller_id, seller.time_zone, acceptance.accepted_by_id, acceptance.accepted_by_name
    from quote
    join seller on seller.id = quote.seller_id
    join quote_acceptance acceptance on acceptance.quote_id = quote.id
    where quote.status = 'ACCEPTED' and quote.id > :after
    order by quote.id limit 1
    for update of quote skip locked
""")


async def convert_next(session: AsyncSession, now: datetime, after: UUID) -> UUID | None:
    """
    Tries the next accepted quote after one, by id: it is an order afterwards, or says what stands in its way now.

    One in each transaction: an order's locks are taken in one order, and two orders' would not be.

    Returns:
        The quote that was tried; call again after it until there is none.
    """
    row = (await session.execute(_NEXT, {"after": after})).first()
    if row is None:
        return None
    house = Viewer(
        row.accepted_by_id, row.accepted_by_name, "", row.seller_id, RowClass.STAFF, frozenset({Role.FINANCE}),
        combine_grants([Role.FINANCE]),
    )  # fmt: skip
    ctx = Context(house, now, ZoneInfo(row.time_zone), open_session=LockedSession(session))
    await convert_if_possible(ctx, await find_quote(ctx, ctx.session, row.id))
    await ctx.session.flush()
    found: UUID = row.id
    return found
