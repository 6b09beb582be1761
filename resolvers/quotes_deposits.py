"""What is paid of a quote before it becomes an order: payments that name it, as far as nothing else used them up."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from models.payments import Payment
from models.quotes import Quote
from models.quotes_reads import QuoteRow, RevisionRow
from resolvers.context import Context
from resolvers.house import as_house
from resolvers.quotes import acceptances_by_quote, revisions_by_quote, sent_of
from resolvers.quotes_acts import LockedQuote, find_quote
from rules.money import ZERO
from rules.quotes import OPEN_OFFERS, Deposit, QuoteStatus, deposit
from rules.refusals import ErrorCode, InvalidTransition, Refusal

_PAYABLE = OPEN_OFFERS | {QuoteStatus.ACCEPTED}


async def deposit_of(ctx: Context, quote: Quote | QuoteRow, due: Decimal) -> Deposit:
    """
    What is due against what came for the quote.

    Whoever pays is not always whoever sees payments: the house adds them up. A payment that was reversed, or matched to
    an invoice meanwhile, is none for the quote.
    """
    if not due:
        return Deposit(ZERO, ZERO)
    statement = select(func.coalesce(func.sum(Payment.amount - Payment.amount_matched), ZERO)).where(
        Payment.quote_id == quote.id, Payment.customer_id == quote.customer_id, Payment.reversed_at.is_(None)
    )
    async with as_house(ctx) as session:
        return Deposit(due, await session.scalar(statement))


async def deposit_to_pay(ctx: Context, row: QuoteRow) -> tuple[Decimal, Deposit, str] | None:
    """(percent, deposit, currency) of what was accepted, or else of what is offered; None where nothing is asked."""
    revisions: list[RevisionRow] = await ctx.load(revisions_by_quote, row.id)
    acceptance = await ctx.load(acceptances_by_quote, row.id)
    if acceptance is not None:
        revision = next((each for each in revisions if each.id == acceptance.revision_id), None)
    else:
        revision = sent_of(revisions)
    if revision is None or not revision.deposit_percent:
        return None
    share, exponent = revision.deposit_percent, revision.currency_exponent
    offered = deposit(revision.gross_amount, share, (), exponent).due
    due = offered if acceptance is None else acceptance.deposit_due
    return share, await deposit_of(ctx, row, due), revision.currency


async def lock_payable(ctx: Context, quote_id: UUID, customer_id: UUID, currency: str) -> LockedQuote:
    """
    The quote that somebody pays for, locked before all else of the payment: what comes for it adds up one by one.

    Raises:
        Refusal(NOT_FOUND): it is not of this customer, or not visible.
        InvalidTransition: nothing can come of it any more, or it is an order already, or nothing is offered yet.
        Refusal(INVALID): it is in another currency.
    """
    found = await find_quote(ctx, ctx.session, quote_id)
    quote = found.quote
    if quote.customer_id != customer_id:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("quoteId",))
    if QuoteStatus(quote.status) not in _PAYABLE:
        raise InvalidTransition(quote.status, "PAID", sorted(_PAYABLE), ("quoteId",))
    if found.sent.currency != currency:
        text = "{quote} is in {currency}, the money is not."
        told = {"quote": quote.number, "currency": found.sent.currency}
        raise Refusal(ErrorCode.INVALID, text, ("quoteId",), **told)
    return found
