"""
What is held for quotes: what a revision needs while it waits for our consent, and an offer where the seller says so.

Every act that moves a quote calls `settle_holds` at its end, after all other locks: what should be held then is held,
and the rest is free. What time ends needs no act, since each hold has its end.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.approvals import ApprovalRequest
from models.quotes import Quote, QuoteLine, QuoteRevision
from resolvers.context import Context
from resolvers.holds import Source, Terms, hold, release
from resolvers.quotes import quote_settings, sent_of, written_of
from rules.money import ZERO
from rules.quotes import QuoteStatus, RevisionStatus
from rules.quotes_content import Choice, taken_lines
from rules.quotes_settings import draft_held_until, offer_held_until
from rules.states import ApprovalStatus, ApprovalSubject, HoldSource, LineKind


def source_of(quote: Quote) -> Source:
    """A quote as what goods are held for."""
    is_known = quote.requested_at is not None or quote.sent_at is not None
    return Source(HoldSource.QUOTE, quote.id, quote.customer_id, quote.version, is_known)


async def settle_holds(ctx: Context, quote: Quote, revisions: Sequence[QuoteRevision]) -> None:
    """
    Holds what the quote should hold as it stands now, as far as it is free, and frees what it should not.

    Of an offer and a revision that is to take its place the larger quantities are held, until the later end of both.

    Args:
        quote: locked, with its next version.
        revisions: all of it, as they stand now.
    """
    status = QuoteStatus(quote.status)
    written: QuoteRevision | None = written_of(revisions)
    sent: QuoteRevision | None = sent_of(revisions)
    ends: list[tuple[QuoteRevision, datetime]] = []
    if sent is not None:
        until = offer_held_until(status, quote.valid_until, await quote_settings(ctx), ctx.zone)
        ends += [(sent, until)] if until is not None else []
    if written is not None:
        due = await _due_at(ctx, quote)
        until = draft_held_until(status, RevisionStatus(written.status), due)
        ends += [(written, until)] if until is not None else []
    ends = [(revision, until) for revision, until in ends if until > ctx.now]
    wanted: dict[UUID, Decimal] = {}
    for revision, _ in ends:
        for product_id, quantity in (await _goods(ctx, revision)).items():
            wanted[product_id] = max(wanted.get(product_id, ZERO), quantity)
    if not wanted:
        await release(ctx, source_of(quote))
        return
    await hold(ctx, source_of(quote), wanted, Terms(max(until for _, until in ends)))


async def _due_at(ctx: Context, quote: Quote) -> datetime | None:
    """Until when the consent that is waited for, or was given last, holds goods; None where nobody had to consent."""
    statement = (
        select(ApprovalRequest.due_at)
        .where(
            ApprovalRequest.quote_id == quote.id,
            ApprovalRequest.customer_id == quote.customer_id,
            ApprovalRequest.subject_type == ApprovalSubject.QUOTE.value,
            ApprovalRequest.status.in_((ApprovalStatus.PENDING, ApprovalStatus.APPROVED)),
        )
        .order_by(ApprovalRequest.requested_at.desc(), ApprovalRequest.id.desc())
        .limit(1)
    )
    due: datetime | None = await ctx.session.scalar(statement)
    return due


async def _goods(ctx: Context, revision: QuoteRevision) -> dict[UUID, Decimal]:
    """What goods a revision takes where no option is chosen, by product."""
    statement = select(
        QuoteLine.position, QuoteLine.parent_position, QuoteLine.is_optional, QuoteLine.alternative_to,
        QuoteLine.kind, QuoteLine.product_id, QuoteLine.quantity,
    ).where(QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id)  # fmt: skip
    rows = (await ctx.session.execute(statement)).all()
    taken = set(taken_lines([Choice(*row[:4]) for row in rows], []))
    found: dict[UUID, Decimal] = {}
    for row in rows:
        if row.position in taken and row.kind is LineKind.GOODS and row.product_id is not None:
            found[row.product_id] = found.get(row.product_id, ZERO) + row.quantity
    return found
