"""What a customer says of a quote besides accepting it: another offer, a no, or never mind. The house writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.products_reads import ProductRow
from models.quotes import QuoteCounter, QuoteLine
from resolvers.context import Context
from resolvers.house import as_house
from resolvers.products import products_by_code
from resolvers.quotes_acts import (
    checked_reason,
    close_requests,
    demand_action,
    demand_answerable,
    done,
    find_quote,
)
from resolvers.quotes_holds import settle_holds
from rules.documents import check_requested_date
from rules.money import ZERO
from rules.quantities import plain
from rules.quotes import QuoteAction, QuoteStatus, move_quote, status_on
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.states import ApprovalStatus, ApprovalSubject, LineKind
from rules.texts import item_key

LINES_MAX = 200
TEXT_MAX = 2000
AMOUNT_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class CounterLine:
    """
    What the customer would have of a line instead; None leaves what was offered, 0 units are without it.

    Args:
        substitute: a product in the place of the line's, by our number, the customer's own or a barcode.
    """

    line_id: UUID
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    requested_on: date | None = None
    substitute: str | None = None

    @property
    def says_nothing(self) -> bool:
        return (self.quantity, self.unit_price, self.requested_on, self.substitute) == (None,) * 4


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
    # Read as the viewer, before the house takes over: what they may not buy does not exist for them.
    products = await products_by_code(ctx, [line.substitute for line in lines if line.substitute is not None])
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        revision = demand_answerable(ctx, found, QuoteAction.COUNTER, revision_id, content_hash)
        own = select(QuoteLine.id, QuoteLine.product_id).where(
            QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id,
            QuoteLine.kind != LineKind.CHARGE, QuoteLine.is_free.is_(False),
        )  # fmt: skip
        known = {row.id: row.product_id for row in await session.execute(own)}
        refuse_all(
            [
                Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lines", at, "lineId"))
                for at, line in enumerate(lines)
                if line.line_id not in known
            ]
        )
        substitutes = _substitutes(lines, known, products)
        quote = found.quote
        session.add(
            QuoteCounter(
                id=new_id(), quote_id=quote.id, revision_id=revision.id, customer_id=quote.customer_id,
                created_at=ctx.now, created_by_id=ctx.user.user_id, created_by_name=ctx.user.name,
                message=message.strip(),
                lines=[_kept(line, other) for line, other in zip(lines, substitutes, strict=True)],
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
    if line.says_nothing:
        found.append(Refusal(ErrorCode.INVALID, "Say what you would have otherwise.", path))
    return found


def _substitutes(
    lines: Sequence[CounterLine], known: Mapping[UUID, UUID | None], products: Mapping[str, ProductRow]
) -> list[ProductRow | None]:
    """
    The product that each line names in the place of what was offered.

    Args:
        known: the product of each line that may be answered.
        products: what the customer may buy, by item_key of the codes.
    Raises:
        Refusal(UNKNOWN_SKU, INVALID): nothing they may buy, or what is offered already, at `substituteSku`.
    """
    found: list[ProductRow | None] = []
    refusals = []
    for at, line in enumerate(lines):
        product = None if line.substitute is None else products.get(item_key(line.substitute))
        path = ("lines", at, "substituteSku")
        if line.substitute is not None and product is None:
            text = "We know no product {sku}."
            refusals.append(Refusal(ErrorCode.UNKNOWN_SKU, text, path, sku=line.substitute))
        elif product is not None and product.id == known[line.line_id]:
            refusals.append(Refusal(ErrorCode.INVALID, "This is the product that is offered.", path))
        found.append(product)
    refuse_all(refusals)
    return found


def _kept(line: CounterLine, substitute: ProductRow | None) -> dict[str, Any]:
    other = None if substitute is None else {"sku": substitute.sku, "description": substitute.name}
    return {
        "lineId": str(line.line_id),
        "quantity": None if line.quantity is None else plain(line.quantity),
        "unitPrice": None if line.unit_price is None else plain(line.unit_price),
        "requestedOn": None if line.requested_on is None else line.requested_on.isoformat(),
        "substitute": other,
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


async def withdraw_request(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """The customer does not need what they asked for any more, and nothing was offered yet."""
    reason = checked_reason(reason)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        demand_action(ctx, found, QuoteAction.WITHDRAW_REQUEST, expected_version)
        quote = found.quote
        await close_requests(ctx, session, quote.id, ApprovalSubject.QUOTE, ApprovalStatus.WITHDRAWN)
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.WITHDRAWN)
        quote.status_reason, quote.ended_at = reason, ctx.now
        done(ctx, quote, "quote.withdrawn", reason)
        await session.flush()
    await settle_holds(ctx, quote, found.revisions)
    return quote_id
