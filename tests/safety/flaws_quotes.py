"""Flaws of quotes that show only while many are at one of them."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

import resolvers.orders_quotes
import resolvers.orders_quotes_converting
import resolvers.orders_quotes_due
import resolvers.payments_quotes
import resolvers.quotes_acts
import resolvers.quotes_answers
import resolvers.quotes_deposits
import rules.quotes
from models.payments import Payment
from models.quotes import Quote, QuoteRevision
from resolvers.house import as_house
from resolvers.quotes_acts import LockedQuote
from rules.quotes import Deposit
from tests.safety.flaws import _put, flaw

AT_ONCE = "test_races_quotes.py::test_30_acts_on_one_quote_make_one_order_at_most"
HALVES = "test_races_quotes.py::test_two_halves_at_the_same_moment_make_one_order"
_READERS = (
    resolvers.orders_quotes, resolvers.orders_quotes_converting, resolvers.orders_quotes_due, resolvers.quotes_acts,
    resolvers.payments_quotes, resolvers.quotes_answers, resolvers.quotes_deposits,
)  # fmt: skip


@flaw("a quote is not locked while it is answered, sent and made an order", AT_ONCE)
def _nobody_waits() -> None:
    async def found(ctx: Any, session: Any, quote_id: UUID) -> LockedQuote:
        quote = await session.scalar(select(Quote).where(Quote.id == quote_id))
        own = select(QuoteRevision).where(QuoteRevision.quote_id == quote_id).order_by(QuoteRevision.number)
        return LockedQuote(quote, list(await session.scalars(own)))

    _put("find_quote", found, *_READERS)


@flaw("the payments of a deposit are not added up", HALVES)
def _one_by_one() -> None:
    """One of them has to be enough by itself, as it is elsewhere."""

    async def largest(ctx: Any, quote: Any, due: Decimal) -> Deposit:
        paid = select(func.coalesce(func.max(Payment.amount), 0)).where(Payment.quote_id == quote.id)
        async with as_house(ctx) as session:
            return Deposit(due, await session.scalar(paid))

    _put("deposit_of", largest, resolvers.orders_quotes_converting)


@flaw("a quote may be accepted, and made an order, again and again", AT_ONCE)
def _as_often_as_asked() -> None:
    """Neither the state nor the record of the acceptance says that somebody came before."""

    def nothing(*given: object) -> None:
        """As if every act were possible."""

    _put("demand_action", nothing, resolvers.orders_quotes, resolvers.orders_quotes_converting)
    _put("demand_quote_action", nothing, resolvers.quotes_acts, rules.quotes)
