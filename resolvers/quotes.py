"""Quotes: lists, loaders, and what the viewer may do with one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from auth.permissions import Permission, Viewer
from models.approvals import ApprovalRequest
from models.customers import Customer
from models.filters import Where, conditions, escape_like
from models.quotes import (
    Quote,
    QuoteAcceptance,
    QuoteCounter,
    QuoteFiguresKept,
    QuoteLine,
    QuotePolicy,
    QuoteRevision,
)
from models.quotes_reads import (
    WRITTEN,
    AcceptanceRow,
    CounterRow,
    FiguresRow,
    QuoteLineRow,
    QuoteRequestRow,
    QuoteRow,
    RevisionRow,
    quote_columns,
    visible_acceptances,
    visible_counters,
    visible_figures,
    visible_quote_lines,
    visible_quote_requests,
    visible_quotes,
    visible_revisions,
)
from models.rows import by_key, grouped
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.quotes import QuoteAction, QuoteStatus, RevisionStatus, allowed_quote_actions, status_on
from rules.quotes_approvals import DEFAULT_POLICY, ApprovalLevel, PolicyRow, QuoteNeed
from rules.quotes_settings import QuoteSettings
from rules.refusals import ErrorCode, Refusal
from rules.states import ApprovalSubject
from rules.texts import fold

SEARCH_MAX = 100
VALIDITY_DAYS = 30  # where the seller says nothing
P, A = Permission, QuoteAction

# What an act asks for, whatever the state. A director may do what a manager may.
_PERMISSION: Mapping[QuoteAction, Permission] = {
    A.EDIT: P.QUOTES_MANAGE, A.SUBMIT: P.QUOTES_MANAGE, A.APPROVE: P.QUOTES_APPROVE, A.REJECT: P.QUOTES_APPROVE,
    A.SEND: P.QUOTES_MANAGE, A.REVISE: P.QUOTES_MANAGE, A.WITHDRAW: P.QUOTES_MANAGE, A.CONVERT: P.QUOTES_MANAGE,
    A.COUNTER: P.QUOTES_ANSWER, A.ACCEPT: P.QUOTES_ANSWER, A.DECLINE: P.QUOTES_ANSWER,
    A.APPROVE_ACCEPTANCE: P.APPROVALS_DECIDE, A.REFUSE_ACCEPTANCE: P.APPROVALS_DECIDE,
    A.WITHDRAW_REQUEST: P.QUOTES_ANSWER,
}  # fmt: skip


def permitted_quote_actions(viewer: Viewer, customer_id: UUID) -> frozenset[QuoteAction]:
    """What the viewer's permissions let them do with a quote of the customer, whatever its state."""
    return frozenset(
        action for action, permission in _PERMISSION.items() if viewer.reaches(permission, customer_id)
    )


def level_of(viewer: Viewer) -> ApprovalLevel:
    """The level that the viewer consents at."""
    if viewer.may(P.QUOTES_DIRECT):
        return ApprovalLevel.DIRECTOR
    return ApprovalLevel.MANAGER if viewer.may(P.QUOTES_APPROVE) else ApprovalLevel.NONE


async def quotes(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[QuoteRow]:
    """The quotes the viewer may see."""
    statement = visible_quotes(ctx.user).where(
        conditions(where, quote_columns(ctx.user, ctx.today, ctx.zone))
    )
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
        statement = statement.where(_matches(search))
    return await page(ctx, statement, sort, args, QuoteRow)


def _matches(search: str) -> ColumnElement[bool]:
    """Number or customer contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    named = select(Customer.id).where(
        or_(
            func.lower(Customer.number).like(pattern, escape="\\"),
            func.lower(func.unaccent(Customer.name)).like(f"%{escape_like(fold(search))}%", escape="\\"),
        )
    )
    return or_(func.lower(Quote.number).like(pattern, escape="\\"), Quote.customer_id.in_(named))


async def quotes_by_id(ctx: Context, keys: Sequence[UUID]) -> list[QuoteRow | None]:
    rows = await ctx.session.execute(visible_quotes(ctx.user).where(Quote.id.in_(keys)))
    return by_key(keys, (QuoteRow(*each) for each in rows))


async def quotes_by_order(ctx: Context, keys: Sequence[UUID]) -> list[QuoteRow | None]:
    """The quote that each order came of."""
    rows = await ctx.session.execute(visible_quotes(ctx.user).where(Quote.order_id.in_(keys)))
    return by_key(keys, (QuoteRow(*each) for each in rows), "order_id")


async def quote_by_number(ctx: Context, number: str) -> QuoteRow | None:
    found = (await ctx.session.execute(visible_quotes(ctx.user).where(Quote.number == number))).first()
    return None if found is None else QuoteRow(*found)


async def revisions_by_quote(ctx: Context, keys: Sequence[UUID]) -> list[list[RevisionRow]]:
    """The revisions of each quote that the viewer may see, newest first."""
    rows = await ctx.session.execute(visible_revisions(ctx.user).where(QuoteRevision.quote_id.in_(keys)))
    return grouped(keys, (RevisionRow(*each) for each in rows), "quote_id")


async def revisions_by_id(ctx: Context, keys: Sequence[UUID]) -> list[RevisionRow | None]:
    rows = await ctx.session.execute(visible_revisions(ctx.user).where(QuoteRevision.id.in_(keys)))
    return by_key(keys, (RevisionRow(*each) for each in rows))


async def quote_lines_by_revision(ctx: Context, keys: Sequence[UUID]) -> list[list[QuoteLineRow]]:
    rows = await ctx.session.execute(visible_quote_lines(ctx.user).where(QuoteLine.revision_id.in_(keys)))
    return grouped(keys, (QuoteLineRow(*each) for each in rows), "revision_id")


async def figures_by_revision(ctx: Context, keys: Sequence[UUID]) -> list[FiguresRow | None]:
    rows = await ctx.session.execute(visible_figures(ctx.user).where(QuoteFiguresKept.revision_id.in_(keys)))
    return by_key(keys, (FiguresRow(*each) for each in rows), "revision_id")


async def counters_by_quote(ctx: Context, keys: Sequence[UUID]) -> list[list[CounterRow]]:
    """The counter-offers of each quote, newest first."""
    rows = await ctx.session.execute(visible_counters(ctx.user).where(QuoteCounter.quote_id.in_(keys)))
    return grouped(keys, (CounterRow(*each) for each in rows), "quote_id")


async def acceptances_by_quote(ctx: Context, keys: Sequence[UUID]) -> list[AcceptanceRow | None]:
    rows = await ctx.session.execute(visible_acceptances(ctx.user).where(QuoteAcceptance.quote_id.in_(keys)))
    return by_key(keys, (AcceptanceRow(*each) for each in rows), "quote_id")


def needs_kept(row: QuoteRequestRow) -> list[QuoteNeed]:
    """Why a revision needed our consent when it was submitted."""
    return [QuoteNeed.from_json(each) for each in row.reasons]


def written_of(revisions: Sequence[RevisionRow] | Sequence[QuoteRevision]) -> Any:
    """The one that is being written; None where none is."""
    return next((each for each in revisions if each.status in WRITTEN), None)


def sent_of(revisions: Sequence[RevisionRow] | Sequence[QuoteRevision]) -> Any:
    """The one that the customer has; None where none was sent."""
    return next((each for each in revisions if each.status == RevisionStatus.SENT), None)


def status_of(ctx: Context, row: QuoteRow) -> QuoteStatus:
    """The state as of today."""
    return status_on(row.status, row.valid_until, ctx.today)


async def quote_actions(ctx: Context, row: QuoteRow) -> list[QuoteAction]:
    """What the state allows and the viewer may do, in the enum's order."""
    permitted = permitted_quote_actions(ctx.user, row.customer_id)
    if not permitted:
        return []
    revisions: list[RevisionRow] = await ctx.load(revisions_by_quote, row.id)
    written = written_of(revisions)
    waiting = None if written is None else written.status
    return allowed_quote_actions(status_of(ctx, row), waiting, permitted)


async def policy(ctx: Context) -> tuple[Sequence[PolicyRow], int, int]:
    """Whose consent the seller asks for, for how many days offers hold, and the version; 0 where nothing was set."""
    return await ctx.load(_policies, ctx.user.seller_id)


async def _policies(ctx: Context, keys: Sequence[UUID]) -> list[tuple[Sequence[PolicyRow], int, int]]:
    found = await ctx.session.execute(
        select(QuotePolicy.seller_id, QuotePolicy.rows, QuotePolicy.validity_days, QuotePolicy.version).where(
            QuotePolicy.seller_id.in_(keys)
        )
    )
    stored = {row[0]: ([PolicyRow.from_json(each) for each in row[1]], row[2], row[3]) for row in found}
    return [stored.get(key, (DEFAULT_POLICY, VALIDITY_DAYS, 0)) for key in keys]


async def terms_printed(ctx: Context) -> dict[str, str]:
    """The seller's general terms by language, as an offer that is sent now prints them."""
    statement = select(QuotePolicy.terms).where(QuotePolicy.seller_id == ctx.user.seller_id)
    found: dict[str, str] | None = await ctx.session.scalar(statement)
    return {} if found is None else dict(found)


async def quote_settings(ctx: Context) -> QuoteSettings:
    """How the seller's quotes go on their way."""
    return await ctx.load(_settings, ctx.user.seller_id)


async def _settings(ctx: Context, keys: Sequence[UUID]) -> list[QuoteSettings]:
    names = [each.name for each in fields(QuoteSettings)]
    found = await ctx.session.execute(
        select(QuotePolicy.seller_id, *(getattr(QuotePolicy, name) for name in names)).where(
            QuotePolicy.seller_id.in_(keys)
        )
    )
    stored = {row[0]: QuoteSettings(*row[1:]) for row in found}
    return [stored.get(key, QuoteSettings()) for key in keys]


async def requests_by_quote(
    ctx: Context, keys: Sequence[tuple[UUID, ApprovalSubject]]
) -> list[QuoteRequestRow | None]:
    """The newest request of each (quote, subject)."""
    statement = visible_quote_requests(ctx.user).where(ApprovalRequest.quote_id.in_({key for key, _ in keys}))
    found = {
        (row.quote_id, row.subject_type): row
        for row in (QuoteRequestRow(*each) for each in await ctx.session.execute(statement))
    }
    return [found.get((key, subject.value)) for key, subject in keys]
