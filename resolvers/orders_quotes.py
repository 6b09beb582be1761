"""Quotes that are accepted, and become orders: as they were offered, once, when credit and stock allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.approvals import ApprovalRequest
from models.base import new_id
from models.quotes import QuoteAcceptance, QuoteLine
from resolvers.approvals import (
    Spending,
    beyond_own_limit,
    decide,
    demand_requester,
    due_at,
    reasons_to_wait,
)
from resolvers.carts import lock_cart
from resolvers.context import Context, LockedSession, LockKind
from resolvers.house import as_house
from resolvers.orders_quotes_converting import Taken, convert, lines_of
from resolvers.products import products_by_id
from resolvers.quotes_acts import (
    LockedQuote,
    checked_reason,
    demand_action,
    demand_answerable,
    done,
    find_quote,
)
from rules.quotes import (
    ObstacleText,
    QuoteAction,
    QuoteStatus,
    deposit,
    move_quote,
)
from rules.quotes_content import Choice, taken_lines
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import (
    ApprovalStatus,
    ApprovalSubject,
)

NUMBER_MAX = 64


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody of the customer accepts, as it is kept while a colleague's consent is waited for."""

    revision_id: UUID
    content_hash: bytes
    positions: tuple[int, ...]
    purchase_order_number: str
    locale: str

    def to_json(self) -> dict[str, Any]:
        return {
            "act": "acceptQuote", "revisionId": str(self.revision_id), "contentHash": self.content_hash.hex(),
            "positions": list(self.positions), "purchaseOrderNumber": self.purchase_order_number,
            "locale": self.locale,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Acceptance":
        return cls(
            UUID(kept["revisionId"]), bytes.fromhex(kept["contentHash"]), tuple(kept["positions"]),
            kept["purchaseOrderNumber"], kept["locale"],
        )  # fmt: skip


async def accept_quote(
    ctx: Context,
    quote_id: UUID,
    revision_id: UUID,
    content_hash: str,
    line_ids: Sequence[UUID],
    purchase_order_number: str,
) -> UUID:
    """
    Somebody of the customer accepts exactly what a revision says; it becomes an order at once where it can.

    What passes their limits or meets a rule of the company waits for a colleague's consent, as an order would.

    Args:
        line_ids: the options and alternatives that are taken.
    Raises:
        Refusal(INVALID_TRANSITION): the revision was superseded, or the quote is over, withdrawn or answered.
        Refusal(INVALID): the hash is not the revision's.
    """
    number = purchase_order_number.strip()
    if len(number) > NUMBER_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("purchaseOrderNumber",))
    # Two acceptances of one person, or an order beside, never slip under a limit together: all lock the cart.
    await lock_cart(ctx, None)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        revision = demand_answerable(ctx, found, QuoteAction.ACCEPT, revision_id, content_hash)
        lines = await lines_of(session, revision)
    by_id = {line.id: line.position for line in lines}
    unknown = [place for place, key in enumerate(line_ids) if key not in by_id]
    refuse_all([Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineIds", place)) for place in unknown])
    positions = taken_lines([_choice(line) for line in lines], [by_id[key] for key in line_ids])
    taken = Taken(found, revision, [line for line in lines if line.position in positions])
    assert revision.content_hash is not None, "what was sent is hashed"
    acceptance = Acceptance(revision.id, revision.content_hash, tuple(positions), number, ctx.locale)
    reasons = await reasons_to_wait(ctx, await _spending(ctx, taken))
    if not reasons:
        by = (ctx.user.user_id, ctx.user.name)
        return await _accept(ctx, taken, acceptance, by)
    due = await due_at(ctx)
    async with as_house(ctx) as session:
        quote = found.quote
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.ACCEPTANCE_PENDING)
        session.add(
            ApprovalRequest(
                id=new_id(), seller_id=quote.seller_id, customer_id=quote.customer_id,
                subject_type=ApprovalSubject.QUOTE_ACCEPTANCE.value, quote_id=quote.id,
                status=ApprovalStatus.PENDING, version=1, reasons=[each.to_json() for each in reasons],
                act=acceptance.to_json(), requested_at=ctx.now, requested_by_id=ctx.user.user_id,
                requested_by_name=ctx.user.name, due_at=due,
            )
        )  # fmt: skip
        done(ctx, quote, "quote.acceptanceRequested", revision=revision.number)
        await session.flush()
    told = "The quote waits for the approval of your company; its prices hold until then."
    ctx.warn(ErrorCode.APPROVAL_REQUIRED, told)
    return quote_id


def _choice(line: QuoteLine) -> Choice:
    return Choice(line.position, line.parent_position, line.is_optional, line.alternative_to)


async def _spending(ctx: Context, taken: Taken) -> Spending:
    lines = [line for line in taken.lines if line.product_id is not None]
    products = await ctx.loader(products_by_id).load_many([line.product_id for line in lines])
    return Spending(
        taken.revision.customer_id, ctx.user.user_id, taken.gross, taken.revision.currency,
        [
            (product.category_id, line.net_amount)
            for line, product in zip(lines, products, strict=True) if product is not None
        ],
    )  # fmt: skip


async def approve_acceptance(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    A colleague consents to an acceptance: it counts, and becomes an order at once where it can.

    Raises:
        NOT_PERMITTED: one's own acceptance, or one beyond what the approver may spend themselves.
    """
    reason = checked_reason(reason) if reason.strip() else ""
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        demand_action(ctx, found, QuoteAction.APPROVE_ACCEPTANCE, expected_version)
        request = await _request(ctx, session, found)
        revision = found.sent
        lines = await lines_of(session, revision)
    acceptance = Acceptance.from_json(request.act)
    taken = Taken(found, revision, [line for line in lines if line.position in acceptance.positions])
    if request.due_at <= ctx.now:
        told = "The time to consent to this is over; it has to be accepted again."
        raise Refusal(ErrorCode.INVALID_TRANSITION, told, ("quoteId",))
    if await beyond_own_limit(ctx, found.quote.customer_id, taken.gross, revision.currency):
        told = "This is more than you may spend yourself; somebody else has to approve it."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("quoteId",))
    await demand_requester(ctx, found.quote.customer_id, request.requested_by_id, ("quoteId",))
    async with as_house(ctx) as session:
        decide(ctx, request, ApprovalStatus.APPROVED, reason)
        await session.flush()
    return await _accept(
        ctx, taken, acceptance, (request.requested_by_id, request.requested_by_name),
        (ctx.user.user_id, ctx.user.name),
    )  # fmt: skip


async def refuse_acceptance(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """A colleague does not consent; the offer stands as before."""
    reason = checked_reason(reason)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        demand_action(ctx, found, QuoteAction.REFUSE_ACCEPTANCE, expected_version)
        request = await _request(ctx, session, found)
        decide(ctx, request, ApprovalStatus.REFUSED, reason)
        found.quote.status = move_quote(QuoteStatus(found.quote.status), QuoteStatus.SENT)
        done(ctx, found.quote, "quote.acceptanceRefused", reason)
        await session.flush()
    return quote_id


async def _request(ctx: Context, session: LockedSession, found: LockedQuote) -> ApprovalRequest:
    statement = select(ApprovalRequest).where(
        ApprovalRequest.quote_id == found.quote.id,
        ApprovalRequest.customer_id == found.quote.customer_id,
        ApprovalRequest.subject_type == ApprovalSubject.QUOTE_ACCEPTANCE.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    request: ApprovalRequest | None = await session.scalar(ctx.locked(LockKind.LINES, statement))
    assert request is not None, "an acceptance waits while a request does"
    if request.requested_by_id == ctx.user.user_id:
        told = "Nobody decides on what they asked for themselves."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("quoteId",))
    return request


async def _accept(
    ctx: Context,
    taken: Taken,
    acceptance: Acceptance,
    by: tuple[UUID, str],
    consented: tuple[UUID | None, str] = (None, ""),
) -> UUID:
    quote = taken.found.quote
    kept = QuoteAcceptance(
        quote_id=quote.id, revision_id=acceptance.revision_id, customer_id=quote.customer_id,
        content_hash=acceptance.content_hash, positions=list(acceptance.positions),
        purchase_order_number=acceptance.purchase_order_number, accepted_at=ctx.now, accepted_by_id=by[0],
        accepted_by_name=by[1], locale=acceptance.locale, consented_by_id=consented[0],
        consented_by_name=consented[1],
        deposit_due=deposit(taken.gross, taken.revision.deposit_percent, (), taken.revision.currency_exponent).due,
    )  # fmt: skip
    async with as_house(ctx) as session:
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.ACCEPTED)
        session.add(kept)
        done(
            ctx, quote, "quote.accepted", revision=taken.revision.number,
            contentHash=acceptance.content_hash.hex(),
        )  # fmt: skip
        await session.flush()
    obstacle = await convert(ctx, taken, kept)
    if obstacle is not None:
        async with as_house(ctx) as session:
            quote.obstacle = obstacle
            await session.flush()
        ctx.warn(ErrorCode.ON_HOLD, ObstacleText[obstacle.name].value)
    return quote.id
