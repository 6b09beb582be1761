"""Writing quotes: asked for by buyers, written, submitted, sent, revised and withdrawn by our people."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import delete, inspect, select

from models.approvals import ApprovalRequest
from models.base import new_id
from models.customers_reads import CustomerRow
from models.quotes import Quote, QuoteFiguresKept, QuoteLine, QuoteRevision
from models.quotes_reads import quote_in_scope
from models.sellers import NumberSeries
from resolvers.carts import cart_lines, cart_row
from resolvers.context import Context, LockedSession, LockKind, locked
from resolvers.customers import acting_customer, customers_by_id
from resolvers.events import record
from resolvers.house import as_house
from resolvers.products import products_by_id
from resolvers.quotes import permitted_quote_actions, sent_of, terms_printed, written_of
from resolvers.quotes_holds import settle_holds
from resolvers.quotes_pricing import PricedQuote, QuoteLineDraft, QuoteTerms, price_quote
from rules.quantities import plain
from rules.quotes import (
    QuoteAction,
    QuoteStatus,
    RevisionStatus,
    demand_current,
    demand_quote_action,
    move_quote,
    move_revision,
    status_on,
)
from rules.quotes_content import content_hash
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.states import ApprovalStatus, ApprovalSubject, CustomerStatus, DocumentKind

REASON_MAX = 500
TEXT_MAX = 2000
_NUMBERS = DatabaseSequence("quote_number_seq")
_DEFAULT_SERIES = ("Q", 6)

# What a revision's hash covers: all that a customer is offered, and nothing that is ours.
_HEAD_HASHED = (
    "number", "valid_until", "message", "priced_on", "requested_on", "currency", "delivery_address",
    "billing_address", "payment_terms", "delivery_terms", "deposit_percent", "net_amount", "tax_amount", "gross_amount",
)  # fmt: skip
_LINE_HASHED = (
    "position", "parent_position", "kind", "sku", "description", "unit_code", "quantity", "requested_on", "is_free",
    "is_optional", "alternative_to", "list_unit_price", "price_unit", "unit_price", "price_trace", "tax_category",
    "tax_percent", "net_amount", "tax_amount", "gross_amount",
)  # fmt: skip


@dataclass(slots=True)
class LockedQuote:
    """A quote, locked, with its revisions by number."""

    quote: Quote
    revisions: Sequence[QuoteRevision]

    @property
    def written(self) -> QuoteRevision:
        """The revision that is being written, where the act is possible with one alone."""
        found: QuoteRevision | None = written_of(self.revisions)
        assert found is not None, "the act is possible with a revision that is being written alone"
        return found

    @property
    def sent(self) -> QuoteRevision:
        """The revision that the customer has, where the act is possible with one alone."""
        found: QuoteRevision | None = sent_of(self.revisions)
        assert found is not None, "the act is possible with a revision that was sent alone"
        return found


async def find_quote(ctx: Context, session: LockedSession, quote_id: UUID) -> LockedQuote:
    """The quote with its revisions, locked, where the viewer may see it."""
    visible = select(Quote).where(Quote.id == quote_id, quote_in_scope(ctx.user))
    quote: Quote | None = await session.scalar(ctx.locked(LockKind.DOCUMENT, visible))
    if quote is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("quoteId",))
    own = select(QuoteRevision).where(
        QuoteRevision.quote_id == quote.id, QuoteRevision.customer_id == quote.customer_id
    )
    revisions = list(await session.scalars(locked(own.order_by(QuoteRevision.number))))
    return LockedQuote(quote, revisions)


def demand_action(
    ctx: Context, found: LockedQuote, action: QuoteAction, expected_version: int | None = None
) -> None:
    """
    Refuses what the viewer may not do, what somebody changed in between, and what the state does not allow.

    Raises, in this order: NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    quote = found.quote
    if action not in permitted_quote_actions(ctx.user, quote.customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this quote.", ("quoteId",))
    if expected_version is not None and quote.version != expected_version:
        raise StaleVersion(quote.version)
    written = written_of(found.revisions)
    stands = status_on(QuoteStatus(quote.status), quote.valid_until, ctx.today)
    demand_quote_action(stands, None if written is None else RevisionStatus(written.status), action)


def demand_answerable(
    ctx: Context, found: LockedQuote, action: QuoteAction, revision_id: UUID, content_hash: str
) -> QuoteRevision:
    """The revision that the customer answers, where it is the one they have, and says what they saw."""
    if action not in permitted_quote_actions(ctx.user, found.quote.customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this quote.", ("quoteId",))
    named = next((each for each in found.revisions if each.id == revision_id), None)
    if named is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("revisionId",))
    current = next((each.number for each in found.revisions if each.status == RevisionStatus.SENT), None)
    given = _hash_from(content_hash)
    demand_current(RevisionStatus(named.status), named.content_hash, given, current)
    demand_action(ctx, found, action)
    return named


def _hash_from(given: str) -> bytes | None:
    """A hash as a client names it; None where it is none."""
    try:
        return bytes.fromhex(given)
    except ValueError:
        return None


async def lock_quote(ctx: Context, quote_id: UUID, expected_version: int, action: QuoteAction) -> LockedQuote:
    """The quote, locked, for an act of our people: seen, permitted, of this version and possible."""
    found = await find_quote(ctx, ctx.session, quote_id)
    demand_action(ctx, found, action, expected_version)
    return found


def done(
    ctx: Context, quote: Quote, event: str, reason: str = "", *, published: bool = True, **changes: Any
) -> UUID:
    """Raises the version and records what happened; what we are still writing is told to nobody."""
    quote.version += 1
    record(
        ctx, event, "Quote", quote.id, version=quote.version, customer_id=quote.customer_id, reason=reason,
        changes={"number": quote.number, "status": str(quote.status), **changes}, published=published,
    )  # fmt: skip
    return quote.id


def checked_reason(reason: str) -> str:
    if not reason.strip():
        raise Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", ("reason",))
    if len(reason) > REASON_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("reason",))
    return reason.strip()


async def request_quote(ctx: Context, lines: Sequence[QuoteLineDraft] | None, message: str) -> UUID:
    """
    A buyer asks for a quote, of these lines or of their cart, which stays as it is.

    What the rules would ask for it today is written as a first draft, which the buyer does not see.
    """
    customer = await acting_customer(ctx)
    if QuoteAction.ACCEPT not in permitted_quote_actions(ctx.user, customer.id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this for this customer.", ("lines",))
    if customer.status not in (CustomerStatus.ACTIVE, CustomerStatus.PROSPECT):
        text = "Your company cannot place orders at present; ask your sales contact."
        raise Refusal(ErrorCode.CUSTOMER_BLOCKED, text, ("lines",))
    if len(message) > TEXT_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("message",))
    wanted = await _of_cart(ctx) if lines is None else list(lines)
    priced = await price_quote(ctx, customer, wanted, QuoteTerms())
    asked = [
        {
            "sku": each.sku,
            "quantity": plain(each.quantity),
            "requestedOn": None if each.requested_on is None else each.requested_on.isoformat(),
        }
        for each in wanted
    ]
    number = await _number(ctx)
    quote = Quote(
        id=new_id(), seller_id=ctx.user.seller_id, number=number, customer_id=customer.id,
        status=QuoteStatus.REQUESTED, version=0, created_at=ctx.now, created_by_id=ctx.user.user_id,
        created_by_name=ctx.user.name, requested_at=ctx.now, request_lines=asked, request_message=message.strip(),
    )  # fmt: skip
    async with as_house(ctx) as session:
        session.add(quote)
        await session.flush()
        await _add_revision(ctx, session, quote, 1, priced)
        done(ctx, quote, "quote.requested")
        await session.flush()
    return quote.id


async def _of_cart(ctx: Context) -> list[QuoteLineDraft]:
    cart = await cart_row(ctx)
    rows = await cart_lines(ctx, cart.id)
    products = await ctx.loader(products_by_id).load_many([row.product_id for row in rows])
    found = [
        QuoteLineDraft(product.sku, row.quantity, None, row.requested_on or cart.requested_on)
        for row, product in zip(rows, products, strict=True)
        if product is not None
    ]
    if not found:
        raise Refusal(ErrorCode.CART_EMPTY, "The cart is empty.", ("lines",))
    return found


async def create_quote(
    ctx: Context, customer_id: UUID, lines: Sequence[QuoteLineDraft], terms: QuoteTerms
) -> UUID:
    """A draft for a customer, which the customer does not see until it is sent."""
    customer = await _customer(ctx, customer_id)
    if QuoteAction.EDIT not in permitted_quote_actions(ctx.user, customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this for this customer.", ("customerId",))
    priced = await price_quote(ctx, customer, lines, terms)
    quote = Quote(
        id=new_id(), seller_id=ctx.user.seller_id, number=await _number(ctx), customer_id=customer.id,
        status=QuoteStatus.DRAFT, version=0, created_at=ctx.now, created_by_id=ctx.user.user_id,
        created_by_name=ctx.user.name, request_lines=[],
    )  # fmt: skip
    ctx.session.add(quote)
    await ctx.session.flush()
    await _add_revision(ctx, ctx.session, quote, 1, priced)
    done(ctx, quote, "quote.drafted", published=False)
    await ctx.session.flush()
    return quote.id


async def _customer(ctx: Context, customer_id: UUID) -> CustomerRow:
    customer = await ctx.load(customers_by_id, customer_id)
    if customer is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    return customer


async def _add_revision(
    ctx: Context, session: LockedSession, quote: Quote, number: int, priced: PricedQuote
) -> QuoteRevision:
    revision = QuoteRevision(
        id=new_id(), quote_id=quote.id, customer_id=quote.customer_id, number=number, status=RevisionStatus.DRAFT,
        created_at=ctx.now, created_by_id=ctx.user.user_id, created_by_name=ctx.user.name, **priced.head,
    )  # fmt: skip
    session.add(revision)
    await session.flush()
    _add_lines(session, revision, priced)
    session.add(
        QuoteFiguresKept(
            revision_id=revision.id, customer_id=revision.customer_id, granted=[], **priced.figures
        )
    )
    await session.flush()
    return revision


def _add_lines(session: LockedSession, revision: QuoteRevision, priced: PricedQuote) -> None:
    session.add_all(
        [
            QuoteLine(id=new_id(), revision_id=revision.id, customer_id=revision.customer_id, **values)
            for values in priced.lines
        ]
    )


async def _figures(ctx: Context, revision: QuoteRevision) -> QuoteFiguresKept:
    statement = select(QuoteFiguresKept).where(
        QuoteFiguresKept.revision_id == revision.id, QuoteFiguresKept.customer_id == revision.customer_id
    )
    found: QuoteFiguresKept | None = await ctx.session.scalar(statement)
    assert found is not None, "every revision has figures"
    return found


async def set_quote_lines(
    ctx: Context, quote_id: UUID, expected_version: int, lines: Sequence[QuoteLineDraft], terms: QuoteTerms
) -> UUID:
    """
    What a revision shall say, priced anew: all of it takes the place of what was there.

    What waited for consent waits no more, and a consent that was given holds for what goes no deeper.
    """
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.EDIT)
    quote, revision = found.quote, found.written
    priced = await price_quote(ctx, await _customer(ctx, quote.customer_id), lines, terms)
    await close_requests(ctx, ctx.session, quote.id, ApprovalSubject.QUOTE, ApprovalStatus.WITHDRAWN)
    _begin(quote)
    if revision.status != RevisionStatus.DRAFT:
        revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.DRAFT)
    own = (QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id)
    await ctx.session.execute(delete(QuoteLine).where(*own))
    for name, value in priced.head.items():
        setattr(revision, name, value)
    figures = await _figures(ctx, revision)
    for name, value in priced.figures.items():
        setattr(figures, name, value)
    _add_lines(ctx.session, revision, priced)
    done(ctx, quote, "quote.drafted", published=False, revision=revision.number)
    await ctx.session.flush()
    await settle_holds(ctx, quote, found.revisions)
    return quote_id


def _begin(quote: Quote) -> None:
    """Somebody works on what was requested."""
    if quote.status == QuoteStatus.REQUESTED:
        quote.status = move_quote(QuoteStatus.REQUESTED, QuoteStatus.DRAFT)


async def close_requests(
    ctx: Context, session: LockedSession, quote_id: UUID, subject: ApprovalSubject, status: ApprovalStatus
) -> None:
    """Ends what waits for consent about a quote that was changed, or ended, meanwhile."""
    statement = select(ApprovalRequest).where(
        ApprovalRequest.quote_id == quote_id,
        ApprovalRequest.subject_type == subject.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    for request in await session.scalars(locked(statement)):
        request.status, request.version = status, request.version + 1


async def send_quote(ctx: Context, quote_id: UUID, expected_version: int) -> UUID:
    """
    Offers a revision to the customer: it is hashed, never changes again, and the one before it is superseded.
    """
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.SEND)
    quote, revision = found.quote, found.written
    if revision.valid_until < ctx.today:
        text = "The offer would be over already; give it another last day."
        raise Refusal(ErrorCode.PAST_DATE, text, ("quoteId",))
    before: QuoteRevision | None = sent_of(found.revisions)
    if before is not None:
        before.status = move_revision(RevisionStatus(before.status), RevisionStatus.SUPERSEDED)
        await ctx.session.flush()
    own = select(QuoteLine).where(
        QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id
    )
    lines = list(await ctx.session.scalars(own.order_by(QuoteLine.position)))
    revision.seller_terms = await terms_printed(ctx)
    revision.content_hash = content_hash(content_of(revision, lines))
    revision.sent_at, revision.sent_by_id, revision.sent_by_name = ctx.now, ctx.user.user_id, ctx.user.name
    revision.status = move_revision(RevisionStatus(revision.status), RevisionStatus.SENT)
    stands = status_on(QuoteStatus(quote.status), quote.valid_until, ctx.today)
    quote.status = move_quote(stands, QuoteStatus.SENT)
    quote.sent_at, quote.valid_until = quote.sent_at or ctx.now, revision.valid_until
    quote.status_reason, quote.ended_at, quote.opened_at = "", None, None
    done(ctx, quote, "quote.sent", revision=revision.number, contentHash=revision.content_hash.hex())
    await ctx.session.flush()
    await settle_holds(ctx, quote, found.revisions)
    return quote_id


def content_of(revision: QuoteRevision, lines: Sequence[QuoteLine]) -> dict[str, Any]:
    """What a revision offers, as its hash covers it."""
    names = (*_HEAD_HASHED, *(("seller_terms",) if revision.seller_terms else ()))
    return {name: _plain(getattr(revision, name)) for name in names} | {
        "lines": [{name: _plain(getattr(line, name)) for name in _LINE_HASHED} for line in lines]
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value if value is None or isinstance(value, (bool, int, list, dict)) else str(value)


async def revise_quote(ctx: Context, quote_id: UUID, expected_version: int) -> UUID:
    """
    The next revision, to be written: as the last one says, with the consents that it has.

    What was sent holds until the new one is.
    """
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.REVISE)
    last = found.revisions[-1]
    revision = QuoteRevision(
        **_copied(last, "id", "number", "status", "content_hash", "sent_at", "sent_by_id", "sent_by_name"),
        id=new_id(), number=last.number + 1, status=RevisionStatus.DRAFT,
    )  # fmt: skip
    revision.created_at, revision.created_by_id = ctx.now, ctx.user.user_id
    revision.created_by_name = ctx.user.name
    ctx.session.add(revision)
    await ctx.session.flush()
    own = select(QuoteLine).where(QuoteLine.revision_id == last.id, QuoteLine.customer_id == last.customer_id)
    copies = [
        QuoteLine(**_copied(line, "id", "revision_id", "order_line_id"), id=new_id(), revision_id=revision.id)
        for line in await ctx.session.scalars(own)
    ]
    figures = await _figures(ctx, last)
    kept = QuoteFiguresKept(**_copied(figures, "revision_id"), revision_id=revision.id)
    ctx.session.add_all([*copies, kept])
    done(ctx, found.quote, "quote.drafted", published=False, revision=revision.number)
    await ctx.session.flush()
    return quote_id


def _copied(row: Any, *but: str) -> dict[str, Any]:
    """The values of a row's columns."""
    return {
        each.key: getattr(row, each.key) for each in inspect(type(row)).column_attrs if each.key not in but
    }


async def withdraw_quote(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """We take it back, with a reason; nothing comes of it any more."""
    reason = checked_reason(reason)
    found = await lock_quote(ctx, quote_id, expected_version, QuoteAction.WITHDRAW)
    quote = found.quote
    for subject in (ApprovalSubject.QUOTE, ApprovalSubject.QUOTE_ACCEPTANCE):
        await close_requests(ctx, ctx.session, quote.id, subject, ApprovalStatus.WITHDRAWN)
    stands = status_on(QuoteStatus(quote.status), quote.valid_until, ctx.today)
    quote.status = move_quote(stands, QuoteStatus.WITHDRAWN)
    quote.status_reason, quote.ended_at, quote.obstacle = reason, ctx.now, None
    was_seen = quote.requested_at is not None or quote.sent_at is not None
    done(ctx, quote, "quote.withdrawn", reason, published=was_seen)
    await ctx.session.flush()
    await settle_holds(ctx, quote, found.revisions)
    return quote_id


async def _number(ctx: Context) -> str:
    """The next number; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{new_id()}"
    statement = select(NumberSeries.prefix, NumberSeries.digits).where(
        NumberSeries.seller_id == ctx.user.seller_id, NumberSeries.kind == DocumentKind.QUOTE
    )
    prefix, digits = (await ctx.session.execute(statement)).first() or _DEFAULT_SERIES
    return f"{prefix}-{ctx.today.year}-{await ctx.session.scalar(select(_NUMBERS.next_value())):0{digits}d}"
