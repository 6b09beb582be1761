"""What a customer's people do with quotes: asked for, countered, accepted, declined, consented to."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import orders_quotes, quotes_acts, quotes_answers
from resolvers.context import Context
from resolvers.quotes_pricing import QuoteLineDraft
from schema.access import access, key_required
from schema.ids import decode_id
from schema.quotes import Quote
from schema.quotes_payloads import QuotePayload, of_quote, one_quote, quote_key, remark, version_seen, why

Info = strawberry.Info[Context, None]
_ANSWER = [access(P.QUOTES_ANSWER)]
_CONSENT = [access(P.APPROVALS_DECIDE)]


def _revision() -> strawberry.ID:
    return strawberry.field(description="The revision that is answered: the one that was sent last.")  # type: ignore[no-any-return]


def _hash() -> str:
    return strawberry.field(  # type: ignore[no-any-return]
        description="The revision's `contentHash`: what was seen. It stands for a version; anything else is refused."
    )


def _key_of_revision(text: strawberry.ID) -> UUID:
    return decode_id(text, "QuoteRevision", path=("revisionId",))


def _key_of_line(text: strawberry.ID, *path: str | int) -> UUID:
    return decode_id(text, "QuoteLine", path=path)


@strawberry.input(description="A line that a quote is asked for.", directives=_ANSWER)
class RequestQuoteLineInput:
    sku: str = strawberry.field(description="The product's number, the customer's own, or a barcode.")
    quantity: Decimal = strawberry.field(description="How many, in `unit`.")
    unit: str | None = strawberry.field(
        default=None, description="The unit; the product's own where nothing is said."
    )
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt; any where none is."
    )


@strawberry.input(description="What a quote is asked for.", directives=_ANSWER)
class RequestQuoteInput:
    lines: list[RequestQuoteLineInput] | None = strawberry.field(
        default=None, description="The lines, at most 200; your cart's where nothing is said. The cart stays."
    )
    message: str = strawberry.field(default="", description="In your words, 2,000 characters.")


@strawberry.input(description="A line as the customer would have it.", directives=_ANSWER)
class QuoteCounterLineInput:
    line_id: strawberry.ID = strawberry.field(description="The revision's line.")
    quantity: Decimal | None = strawberry.field(default=None, description="So many instead; 0 for none.")
    unit_price: Decimal | None = strawberry.field(
        default=None, description="At this price of `priceUnit` units instead."
    )
    requested_on: date | None = strawberry.field(default=None, description="On this day instead.")
    substitute_sku: str | None = strawberry.field(
        default=None,
        description="This product in its place: our number, the customer's own, or a barcode. One you may buy.",
    )


@strawberry.input(description="A counter-offer.", directives=_ANSWER)
class CounterQuoteInput:
    quote_id: strawberry.ID = of_quote()
    revision_id: strawberry.ID = _revision()
    content_hash: str = _hash()
    lines: list[QuoteCounterLineInput] = strawberry.field(
        default_factory=list, description="Line by line; only those that you would have otherwise."
    )
    message: str = strawberry.field(default="", description="In your words, 2,000 characters.")


@strawberry.input(description="A quote to accept.", directives=_ANSWER)
class AcceptQuoteInput:
    quote_id: strawberry.ID = of_quote()
    revision_id: strawberry.ID = _revision()
    content_hash: str = _hash()
    line_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The options and alternatives that you take."
    )
    purchase_order_number: str = strawberry.field(
        default="", description="Your own number of the order, 64 characters."
    )


@strawberry.input(description="A quote to decline.", directives=_ANSWER)
class DeclineQuoteInput:
    quote_id: strawberry.ID = of_quote()
    revision_id: strawberry.ID = _revision()
    content_hash: str = _hash()
    reason: str = why()


@strawberry.input(description="A request to take back.", directives=_ANSWER)
class WithdrawQuoteRequestInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = why()


@strawberry.input(description="A colleague's acceptance to consent to.", directives=_CONSENT)
class ApproveQuoteAcceptanceInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = remark()


@strawberry.input(description="A colleague's acceptance not to consent to.", directives=_CONSENT)
class RefuseQuoteAcceptanceInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = why()


@strawberry.type(description="Answer of requestQuote.", directives=_ANSWER)
class RequestQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of withdrawQuoteRequest.", directives=_ANSWER)
class WithdrawQuoteRequestPayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of approveQuoteAcceptance.", directives=_CONSENT)
class ApproveQuoteAcceptancePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of refuseQuoteAcceptance.", directives=_CONSENT)
class RefuseQuoteAcceptancePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of counterQuote.", directives=_ANSWER)
class CounterQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of acceptQuote.", directives=_ANSWER)
class AcceptQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of declineQuote.", directives=_ANSWER)
class DeclineQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type
class QuoteAnswerMutations:
    @strawberry.mutation(
        description="Asks the seller for a quote, of these lines or of your cart.", directives=_ANSWER
    )
    async def request_quote(
        self,
        info: Info,
        input: Annotated[RequestQuoteInput, strawberry.argument(description="What for.")],
    ) -> RequestQuotePayload:
        lines = (
            None
            if input.lines is None
            else [
                QuoteLineDraft(each.sku, each.quantity, each.unit, each.requested_on) for each in input.lines
            ]
        )
        done = await quotes_acts.request_quote(info.context, lines, input.message)
        return await RequestQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes back what you asked for, while nothing was offered yet.", directives=_ANSWER
    )
    async def withdraw_quote_request(
        self,
        info: Info,
        input: Annotated[WithdrawQuoteRequestInput, strawberry.argument(description="Which one, and why.")],
    ) -> WithdrawQuoteRequestPayload:
        done = await quotes_answers.withdraw_request(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await WithdrawQuoteRequestPayload.of(info.context, done)

    @strawberry.mutation(
        description="Consents to a colleague's acceptance: it counts, and becomes an order at once where it can.",
        directives=[*_CONSENT, key_required()],
    )
    async def approve_quote_acceptance(
        self,
        info: Info,
        input: Annotated[ApproveQuoteAcceptanceInput, strawberry.argument(description="Which one.")],
    ) -> ApproveQuoteAcceptancePayload:
        done = await orders_quotes.approve_acceptance(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await ApproveQuoteAcceptancePayload.of(info.context, done)

    @strawberry.mutation(
        description="Does not consent to a colleague's acceptance; the offer stands as before.",
        directives=[*_CONSENT, key_required()],
    )
    async def refuse_quote_acceptance(
        self,
        info: Info,
        input: Annotated[RefuseQuoteAcceptanceInput, strawberry.argument(description="Which one.")],
    ) -> RefuseQuoteAcceptancePayload:
        done = await orders_quotes.refuse_acceptance(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await RefuseQuoteAcceptancePayload.of(info.context, done)

    @strawberry.mutation(
        description="Says what you would have otherwise; the seller answers with the next revision.",
        directives=_ANSWER,
    )
    async def counter_quote(
        self,
        info: Info,
        input: Annotated[CounterQuoteInput, strawberry.argument(description="The counter-offer.")],
    ) -> CounterQuotePayload:
        lines = [
            quotes_answers.CounterLine(
                _key_of_line(each.line_id, "lines", at, "lineId"),
                each.quantity,
                each.unit_price,
                each.requested_on,
                each.substitute_sku,
            )
            for at, each in enumerate(input.lines)
        ]
        done = await quotes_answers.counter_quote(
            info.context, quote_key(input.quote_id), _key_of_revision(input.revision_id), input.content_hash, lines,
            input.message,
        )  # fmt: skip
        return await CounterQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Accepts exactly what a revision says; it becomes an order at once, where credit and stock"
        " allow, or waits for a colleague's consent, as an order would.",
        directives=[*_ANSWER, key_required()],
    )
    async def accept_quote(
        self,
        info: Info,
        input: Annotated[AcceptQuoteInput, strawberry.argument(description="What is accepted.")],
    ) -> AcceptQuotePayload:
        lines = [_key_of_line(each, "lineIds", at) for at, each in enumerate(input.line_ids)]
        done = await orders_quotes.accept_quote(
            info.context, quote_key(input.quote_id), _key_of_revision(input.revision_id), input.content_hash, lines,
            input.purchase_order_number,
        )  # fmt: skip
        return await AcceptQuotePayload.of(info.context, done)

    @strawberry.mutation(description="Declines a quote.", directives=_ANSWER)
    async def decline_quote(
        self,
        info: Info,
        input: Annotated[DeclineQuoteInput, strawberry.argument(description="Which one, and why.")],
    ) -> DeclineQuotePayload:
        done = await quotes_answers.decline_quote(
            info.context,
            quote_key(input.quote_id),
            _key_of_revision(input.revision_id),
            input.content_hash,
            input.reason,
        )
        return await DeclineQuotePayload.of(info.context, done)
