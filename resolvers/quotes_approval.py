"""Our own consent to quotes: a policy as data says whose, the one approval engine keeps what waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.approvals import ApprovalRequest
from models.base import new_id
from models.quotes import QuoteFiguresKept, QuotePolicy
from resolvers.approvals import decide, due_at
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.quotes import level_of, policy, quote_settings
from resolvers.quotes_acts import LockedQuote, checked_reason, done, lock_quote
from resolvers.quotes_holds import settle_holds
from rules.quotes import QuoteAction, QuoteStatus, RevisionStatus, move_quote, move_revision
from rules.quotes_approvals import (
    ApprovalLevel,
    PolicyRow,
    QuoteFigures,
    QuoteNeed,
    check_policy,
    highest_level,
    may_consent,
    open_needs,
    quote_needs,
)
from rules.quotes_settings import check_settings
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all
from rules.states import ApprovalStatus, ApprovalSubject

DAYS_MAX = 365


async def needs_of(ctx: Context, figures: QuoteFiguresKept) -> list[QuoteNeed]:
    """What somebody still has to consent to, by the policy of today and what was consented to before."""
    rows, _, _ = await policy(ctx)
    needs = quote_needs(rows, QuoteFigures.from_json(figures.measured))
    return open_needs(needs, [QuoteNeed.from_json(each) for each in figures.granted])


async def submit_quote(ctx: Context, quote_id: UUID, expected_version: int) -> UUID:
    """
    A draft is ready: it may be sent, or it waits for whoever the policy asks, with a warning.

    Nobody consents to their own, whatever their level: who submits is never who approves.
    """
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.SUBMIT)
    quote, revision = found.quote, found.written
    if quote.status == QuoteStatus.REQUESTED:
        quote.status = move_quote(QuoteStatus.REQUESTED, QuoteStatus.DRAFT)
    needs = await needs_of(ctx, await _locked_figures(ctx, found))
    if not needs:
        revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.APPROVED)
        done(ctx, quote, "quote.approved", published=False, revision=revision.number)
        await ctx.session.flush()
        return quote_id
    level = highest_level(needs)
    revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.PENDING_APPROVAL)
    ctx.session.add(
        ApprovalRequest(
            id=new_id(), seller_id=quote.seller_id, customer_id=quote.customer_id,
            subject_type=ApprovalSubject.QUOTE.value, quote_id=quote.id, status=ApprovalStatus.PENDING, version=1,
            reasons=[each.to_json() for each in needs],
            act={"act": "sendQuote", "revision": revision.number, "level": level.value}, requested_at=ctx.now,
            requested_by_id=ctx.user.user_id, requested_by_name=ctx.user.name, due_at=await due_at(ctx),
        )
    )  # fmt: skip
    done(ctx, quote, "quote.submitted", published=False, revision=revision.number, level=level.value)
    await ctx.session.flush()
    await settle_holds(ctx, quote, found.revisions)
    text = "The quote waits for the consent of somebody else before it can be sent."
    ctx.warn(ErrorCode.APPROVAL_REQUIRED, text, ("quoteId",))
    return quote_id


async def approve_quote(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    Consents to a revision as it was submitted; from now on it may be sent.

    Raises:
        NOT_PERMITTED: one's own, or one that a higher level is asked for.
    """
    reason = checked_reason(reason) if reason.strip() else ""
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.APPROVE)
    request = await _request(ctx, found)
    if request.due_at <= ctx.now:
        text = "The time to consent to this is over; it has to be asked for again."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("quoteId",))
    needs = [QuoteNeed.from_json(each) for each in request.reasons]
    if not may_consent(highest_level(needs), level_of(ctx.user)):
        text = "This needs the consent of a director."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("quoteId",))
    figures = await _locked_figures(ctx, found)
    figures.granted = [*figures.granted, *request.reasons]
    revision = found.written
    revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.APPROVED)
    decide(ctx, request, ApprovalStatus.APPROVED, reason)
    done(ctx, found.quote, "quote.approved", reason, published=False, revision=revision.number)
    await ctx.session.flush()
    return quote_id


async def reject_quote(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """Does not consent, with a reason; it is a draft again."""
    reason = checked_reason(reason)
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.REJECT)
    request, revision = await _request(ctx, found), found.written
    revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.DRAFT)
    decide(ctx, request, ApprovalStatus.REFUSED, reason)
    done(ctx, found.quote, "quote.rejected", reason, published=False, revision=revision.number)
    await ctx.session.flush()
    await settle_holds(ctx, found.quote, found.revisions)
    return quote_id


async def _request(ctx: Context, found: LockedQuote) -> ApprovalRequest:
    """What waits, locked, where somebody else asked for it."""
    statement = select(ApprovalRequest).where(
        ApprovalRequest.quote_id == found.quote.id,
        ApprovalRequest.customer_id == found.quote.customer_id,
        ApprovalRequest.subject_type == ApprovalSubject.QUOTE.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    request: ApprovalRequest | None = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    assert request is not None, "a revision waits while a request does"
    if request.requested_by_id == ctx.user.user_id:
        text = "Nobody decides on what they asked for themselves."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("quoteId",))
    return request


async def _locked_figures(ctx: Context, found: LockedQuote) -> QuoteFiguresKept:
    statement = select(QuoteFiguresKept).where(
        QuoteFiguresKept.revision_id == found.written.id,
        QuoteFiguresKept.customer_id == found.quote.customer_id,
    )
    figures: QuoteFiguresKept | None = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    assert figures is not None, "every revision has figures"
    return figures


async def set_policy(
    ctx: Context,
    rows: Sequence[PolicyRow],
    validity_days: int,
    expected_version: int,
    changes: Mapping[str, Any] = MappingProxyType({}),
) -> UUID:
    """
    Whose consent is asked for from now on, and for how many days an offer holds; what waits goes on waiting.

    Args:
        expected_version: 0 where nothing was set yet.
        changes: of QuoteSettings, by name; what is None or not named stays.
    """
    settings = (await quote_settings(ctx)).changed(changes)
    problems = [*check_policy(rows), *check_settings(settings)]
    if not 1 <= validity_days <= DAYS_MAX:
        text = "An offer holds from 1 to {limit} days."
        problems.append(Refusal(ErrorCode.INVALID, text, ("validityDays",), limit=DAYS_MAX))
    if any(row.level is ApprovalLevel.NONE for row in rows):
        text = "A row names who has to consent."
        problems.append(Refusal(ErrorCode.INVALID, text, ("rows",)))
    refuse_all(problems)
    statement = select(QuotePolicy).where(QuotePolicy.seller_id == ctx.user.seller_id)
    stored: QuotePolicy | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if (0 if stored is None else stored.version) != expected_version:
        raise StaleVersion(0 if stored is None else stored.version)
    if stored is None:
        stored = QuotePolicy(seller_id=ctx.user.seller_id, version=0)
        ctx.session.add(stored)
    stored.rows, stored.validity_days = [row.to_json() for row in rows], validity_days
    for name, value in asdict(settings).items():
        setattr(stored, name, value)
    stored.version, stored.updated_at = stored.version + 1, ctx.now
    record(
        ctx, "quotePolicy.set", "QuotePolicy", stored.seller_id, version=stored.version, customer_id=None,
        published=False,
        changes={"rows": stored.rows, "validityDays": validity_days,
                 "settings": {name: str(value) for name, value in asdict(settings).items()}},
    )  # fmt: skip
    await ctx.session.flush()
    return stored.seller_id
