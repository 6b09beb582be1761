"""The seller's desk of quotes: what each waits for and since when, and that a customer read what was offered."""

from datetime import datetime
from uuid import UUID

from models.quotes_reads import QuoteRow
from resolvers.context import Context
from resolvers.events import record
from resolvers.house import as_house
from resolvers.quotes import (
    acceptances_by_quote,
    counters_by_quote,
    permitted_quote_actions,
    quotes_by_id,
    requests_by_quote,
    revisions_by_quote,
    sent_of,
    status_of,
    written_of,
)
from resolvers.quotes_acts import find_quote
from rules.quotes import OPEN_OFFERS, QuoteAction, QuoteStatus
from rules.quotes_desk import QuoteStep, next_step, stalled_before
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.states import ApprovalSubject


async def step_of(ctx: Context, row: QuoteRow) -> QuoteStep:
    written = written_of(await ctx.load(revisions_by_quote, row.id))
    return next_step(status_of(ctx, row), None if written is None else written.status)


async def waits_since(ctx: Context, row: QuoteRow) -> datetime | None:
    """Since when the next step is due; None where none is left."""
    match await step_of(ctx, row):
        case QuoteStep.ANSWER:
            counters = await ctx.load(counters_by_quote, row.id)
            return counters[0].created_at if counters else row.requested_at
        case QuoteStep.SUBMIT | QuoteStep.SEND:
            return _moment(written_of(await ctx.load(revisions_by_quote, row.id)).created_at)
        case QuoteStep.CUSTOMER:
            return _moment(sent_of(await ctx.load(revisions_by_quote, row.id)).sent_at)
        case QuoteStep.CONSENT:
            return await _asked_at(ctx, row, ApprovalSubject.QUOTE)
        case QuoteStep.COLLEAGUE:
            return await _asked_at(ctx, row, ApprovalSubject.QUOTE_ACCEPTANCE)
        case QuoteStep.CONVERT:
            acceptance = await ctx.load(acceptances_by_quote, row.id)
            return None if acceptance is None else _moment(acceptance.accepted_at)
        case QuoteStep.NONE:
            return None


def _moment(value: datetime) -> datetime:
    return value


async def _asked_at(ctx: Context, row: QuoteRow, subject: ApprovalSubject) -> datetime | None:
    request = await ctx.load(requests_by_quote, (row.id, subject))
    return None if request is None else _moment(request.requested_at)


def expires_in_days(ctx: Context, row: QuoteRow) -> int | None:
    """For how many days an open offer still holds; None where none is open."""
    if row.valid_until is None or status_of(ctx, row) not in OPEN_OFFERS:
        return None
    return (row.valid_until - ctx.today).days


async def is_stalled(ctx: Context, row: QuoteRow) -> bool:
    if status_of(ctx, row) is not QuoteStatus.SENT:
        return False
    sent = sent_of(await ctx.load(revisions_by_quote, row.id))
    return sent is not None and sent.sent_at < stalled_before(ctx.today, ctx.zone)


async def mark_quote_opened(ctx: Context, quote_id: UUID) -> UUID:
    """
    Somebody of the customer's reads the present offer; the first time counts, the others change nothing.

    Nobody's version becomes stale by it: what is offered is what it was.
    """
    row: QuoteRow | None = await ctx.load(quotes_by_id, quote_id)
    if row is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("quoteId",))
    if QuoteAction.ACCEPT not in permitted_quote_actions(ctx.user, row.customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this quote.", ("quoteId",))
    if row.sent_at is None:
        raise InvalidTransition(row.status, QuoteAction.ACCEPT, (), ("quoteId",))
    if row.opened_at is not None:
        return quote_id
    async with as_house(ctx) as session:
        quote = (await find_quote(ctx, session, quote_id)).quote
        if quote.opened_at is None:
            quote.opened_at = ctx.now
            record(
                ctx, "quote.opened", "Quote", quote.id, version=quote.version, customer_id=quote.customer_id,
                changes={"number": quote.number, "status": str(quote.status)},
            )  # fmt: skip
            await session.flush()
    return quote_id
