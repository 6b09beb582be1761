"""Reading quotes: who may see which, and their rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, or_, select, true

from auth.permissions import Permission, Viewer
from models.approvals import ApprovalRequest
from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.quotes import Quote, QuoteAcceptance, QuoteCounter, QuoteFiguresKept, QuoteLine, QuoteRevision
from models.rows import columns_of
from rules.quotes import OPEN_OFFERS, ConversionObstacle, QuoteStatus, RevisionStatus
from rules.quotes_desk import next_step, stalled_before
from rules.states import ApprovalStatus, ApprovalSubject, LineKind

WRITTEN = (RevisionStatus.DRAFT, RevisionStatus.PENDING_APPROVAL, RevisionStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """`status` as stored: what is over is EXPIRED from the day after `valid_until` on (rules/quotes.py)."""

    id: UUID
    customer_id: UUID
    number: str
    status: QuoteStatus
    status_reason: str
    version: int
    created_at: datetime
    created_by_name: str
    requested_at: datetime | None
    request_lines: list[Any]
    request_message: str
    sent_at: datetime | None
    valid_until: date | None
    opened_at: datetime | None
    ended_at: datetime | None
    obstacle: ConversionObstacle | None
    order_id: UUID | None


def quote_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """Of visible customers; customers do not see what they neither asked for nor were sent."""
    mine = and_(Quote.seller_id == viewer.seller_id, customer_in_scope(viewer, Quote.customer_id))
    if viewer.is_staff:
        return mine
    return and_(mine, or_(Quote.requested_at.is_not(None), Quote.sent_at.is_not(None)))


def visible_quotes(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The quotes the viewer may see, as columns of QuoteRow."""
    return select(*columns_of(Quote, QuoteRow)).where(quote_in_scope(viewer))


def quote_columns(viewer: Viewer, today: date, zone: tzinfo) -> dict[str, Any]:
    """What `where:` may filter quotes by; `today` is the day in the seller's `zone`."""
    is_over = and_(Quote.status.in_([each.value for each in OPEN_OFFERS]), Quote.valid_until < today)
    waiting = exists().where(
        ApprovalRequest.quote_id == Quote.id,
        ApprovalRequest.customer_id == Quote.customer_id,
        ApprovalRequest.subject_type == ApprovalSubject.QUOTE.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    may = viewer.may(Permission.QUOTES_APPROVE)
    status = case((is_over, QuoteStatus.EXPIRED.value), else_=Quote.status)
    theirs = exists().where(Customer.id == Quote.customer_id, Customer.sales_rep_id == viewer.user_id)
    unanswered = _revisions().where(
        QuoteRevision.status == RevisionStatus.SENT, QuoteRevision.sent_at < stalled_before(today, zone)
    )
    return {
        "number": Quote.number,
        "customer": Quote.customer_id,
        "status": status,
        "valid_until": Quote.valid_until,
        "is_to_approve": waiting if may else false(),
        "step": _step(status),
        "is_mine": or_(Quote.created_by_id == viewer.user_id, theirs),
        "is_stalled": and_(status == QuoteStatus.SENT.value, unanswered.exists()),
    }


def _revisions() -> Select[*tuple[Any, ...]]:
    """The states of a quote's revisions, within a statement on quotes."""
    return select(QuoteRevision.status).where(
        QuoteRevision.quote_id == Quote.id, QuoteRevision.customer_id == Quote.customer_id
    )


def _step(status: ColumnElement[Any]) -> ColumnElement[Any]:
    """rules.quotes_desk.next_step as SQL, written out from the rule itself."""
    writing = _revisions().where(QuoteRevision.status.in_(WRITTEN)).scalar_subquery()

    def steps(of: RevisionStatus | None) -> ColumnElement[Any]:
        return case({each.value: next_step(each, of).value for each in QuoteStatus}, value=status)

    return case(*((writing == each.value, steps(each)) for each in WRITTEN), else_=steps(None))


@dataclass(frozen=True, slots=True)
class RevisionRow:
    id: UUID
    quote_id: UUID
    customer_id: UUID
    number: int
    status: RevisionStatus
    content_hash: bytes | None
    valid_until: date
    message: str
    created_at: datetime
    created_by_id: UUID
    created_by_name: str
    sent_at: datetime | None
    sent_by_name: str
    priced_on: date
    requested_on: date | None
    currency: str
    currency_exponent: int
    discount_percent: Decimal
    discount_reason: str
    agreement_id: UUID | None
    delivery_address: dict[str, Any]
    payment_terms: dict[str, Any]
    delivery_terms: dict[str, Any]
    deposit_percent: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal


def visible_revisions(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The revisions of visible customers, newest first; customers see what was sent."""
    statement = select(*columns_of(QuoteRevision, RevisionRow)).where(
        customer_in_scope(viewer, QuoteRevision.customer_id)
    )
    if not viewer.is_staff:
        statement = statement.where(QuoteRevision.sent_at.is_not(None))
    return statement.order_by(QuoteRevision.number.desc())


@dataclass(frozen=True, slots=True)
class QuoteLineRow:
    id: UUID
    revision_id: UUID
    customer_id: UUID
    position: int
    parent_position: int | None
    kind: LineKind
    product_id: UUID | None
    is_free: bool
    is_optional: bool
    alternative_to: int | None
    sku: str
    customer_item_number: str | None
    description: str
    unit_code: str
    quantity: Decimal
    requested_on: date | None
    list_unit_price: Decimal
    price_unit: Decimal
    manual_unit_price: Decimal | None
    manual_price_reason: str
    discount_percent: Decimal
    discount_reason: str
    unit_price: Decimal
    price_trace: list[Any]
    tax_category: str
    tax_percent: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    order_line_id: UUID | None


def visible_quote_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of visible revisions, by position."""
    statement = select(*columns_of(QuoteLine, QuoteLineRow)).where(
        customer_in_scope(viewer, QuoteLine.customer_id)
    )
    if not viewer.is_staff:
        sent = select(QuoteRevision.id).where(
            customer_in_scope(viewer, QuoteRevision.customer_id), QuoteRevision.sent_at.is_not(None)
        )
        statement = statement.where(QuoteLine.revision_id.in_(sent))
    return statement.order_by(QuoteLine.position)


@dataclass(frozen=True, slots=True)
class FiguresRow:
    revision_id: UUID
    cost: Decimal | None
    goods_net: Decimal
    waiting: Decimal
    depth_percent: Decimal
    measured: dict[str, Any]
    granted: list[Any]
    notes: str


def visible_figures(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What revisions of visible customers give away and leave: nothing of it is a customer's."""
    return select(*columns_of(QuoteFiguresKept, FiguresRow)).where(
        true() if viewer.is_staff else false(), customer_in_scope(viewer, QuoteFiguresKept.customer_id)
    )


def measured_since(
    viewer: Viewer, customer_ids: Collection[UUID], since: datetime
) -> Select[*tuple[Any, ...]]:
    """
    (customer, quote, revision's number, figures) of what is offered to customers, or is about to be, since a moment.

    Not of what came to nothing, nor of what somebody is still writing.
    """
    ended = (QuoteStatus.DECLINED, QuoteStatus.EXPIRED, QuoteStatus.WITHDRAWN)
    live = (RevisionStatus.PENDING_APPROVAL, RevisionStatus.APPROVED, RevisionStatus.SENT)
    return (
        select(Quote.customer_id, Quote.id, QuoteRevision.number, QuoteFiguresKept.measured)
        .join(
            QuoteRevision,
            and_(QuoteRevision.quote_id == Quote.id, QuoteRevision.customer_id == Quote.customer_id),
        )
        .join(
            QuoteFiguresKept,
            and_(
                QuoteFiguresKept.revision_id == QuoteRevision.id,
                QuoteFiguresKept.customer_id == QuoteRevision.customer_id,
            ),
        )
        .where(
            Quote.seller_id == viewer.seller_id,
            Quote.customer_id.in_(customer_ids),
            customer_in_scope(viewer, Quote.customer_id),
            Quote.status.not_in(ended),
            QuoteRevision.status.in_(live),
            QuoteRevision.created_at >= since,
        )
        .order_by(Quote.id, QuoteRevision.number)
    )


@dataclass(frozen=True, slots=True)
class QuoteRequestRow:
    """
    What of a quote waits, or waited, for somebody's consent.

    `reasons` are rules.quotes_approvals.QuoteNeed as JSON for our own consent, else those of resolvers.approvals.
    """

    id: UUID
    quote_id: UUID
    subject_type: str
    status: ApprovalStatus
    reasons: list[Any]
    act: dict[str, Any]
    requested_at: datetime
    requested_by_id: UUID
    requested_by_name: str
    due_at: datetime
    decided_at: datetime | None
    decided_by_name: str
    decision_reason: str


def visible_quote_requests(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The requests about quotes of visible customers, oldest first; ours for our consent are ours alone."""
    statement = select(*columns_of(ApprovalRequest, QuoteRequestRow)).where(
        ApprovalRequest.seller_id == viewer.seller_id,
        customer_in_scope(viewer, ApprovalRequest.customer_id),
        ApprovalRequest.quote_id.is_not(None),
    )
    if not viewer.is_staff:
        statement = statement.where(ApprovalRequest.subject_type == ApprovalSubject.QUOTE_ACCEPTANCE.value)
    return statement.order_by(ApprovalRequest.requested_at, ApprovalRequest.id)


@dataclass(frozen=True, slots=True)
class CounterRow:
    id: UUID
    quote_id: UUID
    revision_id: UUID
    created_at: datetime
    created_by_name: str
    message: str
    lines: list[Any]


def visible_counters(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The counter-offers of visible customers, newest first."""
    return (
        select(*columns_of(QuoteCounter, CounterRow))
        .where(customer_in_scope(viewer, QuoteCounter.customer_id))
        .order_by(QuoteCounter.id.desc())
    )


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    quote_id: UUID
    revision_id: UUID
    content_hash: bytes
    positions: list[int]
    purchase_order_number: str
    accepted_at: datetime
    accepted_by_name: str
    deposit_due: Decimal
    consented_by_name: str


def visible_acceptances(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The acceptances by visible customers."""
    return select(*columns_of(QuoteAcceptance, AcceptanceRow)).where(
        customer_in_scope(viewer, QuoteAcceptance.customer_id)
    )
