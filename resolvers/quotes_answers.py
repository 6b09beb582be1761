"""What a customer answers to a quote besides accepting it: another offer, or a no. The house writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.quotes import QuoteCounter, QuoteLine
from resolvers.context import Context
from resolvers.house import as_house
from resolvers.quotes_acts import checked_reason, demand_answerable, done, find_quote
from resolvers.quotes_holds import settle_holds
from rules.documents import check_requested_date
from rules.money import ZERO
from rules.quantities import plain
from rules.quotes import QuoteAction, QuoteStatus, move_quote, status_on
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.states import LineKind

LINES_MAX = 200
TEXT_MAX = 2000
AMOUNT_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class CounterLine:
    """What the customer would have of a line instead; None leaves what was offered, 0 units are without it."""

    line_id: UUID
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    requested_on: date | None = None


async def counter_quote(
    ctx: Context,
    quote_id: UUID,
    revision_id: UUID,
    content_hash: str,
    lines: Sequence[CounterLine],
    message: str,
) -> UUID:
    """
    The customer would have it otherwise, line by line and in words; what was offered is open no more.

    Our answer is the next revision, or that we take the quote back.
    """
    if not lines and not message.strip():
        raise Refusal(ErrorCode.INVALID, "Say what you would have otherwise.", ("lines",))
    if len(lines) > LINES_MAX:
        text = "A quote has {limit} lines at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)
    if len(message) > TEXT_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("message",))
    refuse_all([each for at, line in enumerate(lines) for each in _problems(ctx, line, ("lines", at))])
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        revision = demand_answerable(ctx, found, QuoteAction.COUNTER, revision_id, content_hash)
        own = select(QuoteLine.id).where(
            QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id,
            QuoteLine.kind != LineKind.CHARGE, QuoteLine.is_free.is_(False),
        )  # fmt: skip
        known = set(await session.scalars(own))
        refuse_all(
            [
                Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lines", at, "lineId"))
                for at, line in enumerate(lines)
                if line.line_id not in known
            ]
        )
        quote = found.quote
        session.add(
            QuoteCounter(
                id=new_id(), quote_id=quote.id, revision_id=revision.id, customer_id=quote.customer_id,
                created_at=ctx.now, created_by_id=ctx.user.user_id, created_by_name=ctx.user.name,
                message=message.strip(), lines=[_kept(line) for line in lines],
            )
        )  # fmt: skip
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.COUNTERED)
        done(ctx, quote, "quote.countered", revision=revision.number)
        await session.flush()
    return quote_id


def _problems(ctx: Context, line: CounterLine, path: Path) -> list[Refusal]:
    found = []
    for name, value in (("quantity", line.quantity), ("unitPrice", line.unit_price)):
        if value is not None and not (ZERO <= value < AMOUNT_MAX and value == round(value, 6)):
            text = "This is not negative, and has 6 decimals at most."
            found.append(Refusal(ErrorCode.INVALID, text, (*path, name)))
    late = check_requested_date(line.requested_on, ctx.today)
    if late is not None:
        refusal = Refusal(ErrorCode.PAST_DATE, late, (*path, "requestedOn"), requested=line.requested_on)
        found.append(refusal)
    if line.quantity is None and line.unit_price is None and line.requested_on is None:
        found.append(Refusal(ErrorCode.INVALID, "Say what you would have otherwise.", path))
    return found


def _kept(line: CounterLine) -> dict[str, Any]:
    return {
        "lineId": str(line.line_id),
        "quantity": None if line.quantity is None else plain(line.quantity),
        "unitPrice": None if line.unit_price is None else plain(line.unit_price),
        "requestedOn": None if line.requested_on is None else line.requested_on.isoformat(),
    }


async def decline_quote(
    ctx: Context, quote_id: UUID, revision_id: UUID, content_hash: str, reason: str
) -> UUID:
    """The customer does not want it, and says why; our people may still make another offer."""
    reason = checked_reason(reason)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        revision = demand_answerable(ctx, found, QuoteAction.DECLINE, revision_id, content_hash)
        quote = found.quote
        stands = status_on(QuoteStatus(quote.status), quote.valid_until, ctx.today)
        quote.status = move_quote(stands, QuoteStatus.DECLINED)
        quote.status_reason, quote.ended_at = reason, ctx.now
        done(ctx, quote, "quote.declined", reason, revision=revision.number)
        await session.flush()
    await settle_holds(ctx, quote, found.revisions)
    return quote_id
