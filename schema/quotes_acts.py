"""What our people do with quotes: written, consented to, sent, revised, taken back, made orders."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import orders_quotes_converting, quotes_acts, quotes_approval
from resolvers.context import Context
from resolvers.quotes_pricing import QuoteLineDraft, QuoteTerms
from rules import quotes_approvals
from rules.money import ZERO
from rules.quotes_approvals import ApprovalCriterion, ApprovalLevel
from schema.access import access, key_required
from schema.ids import decode_id
from schema.payloads import Payload
from schema.quotes import Quote, QuotePolicy
from schema.quotes_payloads import QuotePayload, of_quote, one_quote, quote_key, remark, version_seen, why

Info = strawberry.Info[Context, None]
_WRITE = [access(P.QUOTES_MANAGE)]
_APPROVE = [access(P.QUOTES_APPROVE)]
_POLICY = [access(P.ADMIN)]


@strawberry.input(description="A line as it is offered.", directives=_WRITE)
class QuoteLineInput:
    sku: str = strawberry.field(description="The product's number.")
    quantity: Decimal = strawberry.field(description="How many, in `unit`.")
    unit: str | None = strawberry.field(
        default=None, description="The unit; the product's own where nothing is said."
    )
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt; that of the whole where none is."
    )
    unit_price: Decimal | None = strawberry.field(
        default=None, description="A price of `priceUnit` units in the rules' place; needs a reason."
    )
    discount_percent: Decimal = strawberry.field(
        default=ZERO, description="A manual discount, in percent; needs a reason."
    )
    reason: str = strawberry.field(
        default="", description="Why anything is given by hand, 500 characters; the customer does not see it."
    )
    is_free: bool = strawberry.field(
        default=False, description="Given without charge; needs a reason. Never an option."
    )
    is_optional: bool = strawberry.field(
        default=False, description="Taken only when the customer chooses it."
    )
    alternative_to: int | None = strawberry.field(
        default=None, description="The index, from 0, of the line in whose place the customer may choose it."
    )

    def to_draft(self) -> QuoteLineDraft:
        return QuoteLineDraft(
            self.sku, self.quantity, self.unit, self.requested_on, self.unit_price, self.discount_percent, self.reason,
            self.is_free, self.is_optional, self.alternative_to,
        )  # fmt: skip


@strawberry.input(description="What a revision says besides its lines.", directives=_WRITE)
class QuoteTermsInput:
    valid_until: date | None = strawberry.field(
        default=None, description="The last day, which counts whole; after the seller's days where none is."
    )
    message: str = strawberry.field(default="", description="To the customer, 2,000 characters.")
    requested_on: date | None = strawberry.field(default=None, description="The day of receipt of the whole.")
    discount_percent: Decimal = strawberry.field(
        default=ZERO, description="A special discount on the whole, in percent; needs a reason."
    )
    discount_reason: str = strawberry.field(
        default="", description="Why, 500 characters; not for the customer."
    )
    payment_term_code: str | None = strawberry.field(
        default=None, description="The terms of payment; the agreement's or the customer's where none are."
    )
    delivery_address_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where goods go; the customer's first address where nothing is said."
    )
    internal_notes: str = strawberry.field(
        default="", description="For your colleagues, 2,000 characters; never for the customer."
    )
    deposit_percent: Decimal | None = strawberry.field(
        default=None,
        description="The share of the gross to be paid before it becomes an order; the policy's where none is said.",
    )

    def to_terms(self, *place: str) -> QuoteTerms:
        key = self.delivery_address_id
        address = None if key is None else decode_id(key, "Address", path=(*place, "deliveryAddressId"))
        return QuoteTerms(
            self.valid_until, self.message, self.requested_on, self.discount_percent, self.discount_reason,
            self.payment_term_code, address, self.deposit_percent, self.internal_notes,
        )  # fmt: skip


@strawberry.input(description="A new quote for a customer.", directives=_WRITE)
class CreateQuoteInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    lines: list[QuoteLineInput] = strawberry.field(description="The lines, at most 200.")
    terms: QuoteTermsInput = strawberry.field(
        default_factory=QuoteTermsInput, description="What it says besides."
    )


@strawberry.input(
    description="What the revision shall say that is being written, in place of what it said.",
    directives=_WRITE,
)
class SetQuoteLinesInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    lines: list[QuoteLineInput] = strawberry.field(description="The lines, at most 200.")
    terms: QuoteTermsInput = strawberry.field(
        default_factory=QuoteTermsInput, description="What it says besides."
    )


@strawberry.input(description="A row of the policy.", directives=_POLICY)
class QuotePolicyRowInput:
    criterion: ApprovalCriterion = strawberry.field(description="What is measured.")
    threshold: Decimal = strawberry.field(
        description="More than this asks for consent; of MARGIN, less than this."
    )
    level: ApprovalLevel = strawberry.field(description="Whose; never NONE.")


@strawberry.input(description="Whose consent quotes need from now on.", directives=_POLICY)
class SetQuotePolicyInput:
    expected_version: int = strawberry.field(
        description="The policy's version you saw; 0 where none was set."
    )
    rows: list[QuotePolicyRowInput] = strawberry.field(description="All of its rows, at most 30.")
    validity_days: int = strawberry.field(
        description="For how many days an offer holds where nobody says, 1 to 365."
    )
    deposit_percent: Decimal | None = strawberry.field(
        default=None,
        description="The share of the gross to be paid before an order where a revision says none; null: as it was.",
    )
    escalate_days: int | None = strawberry.field(
        default=None,
        description="After so many days a consent is asked of the next level, 0 to 90; 0: never; null: as it was.",
    )
    hold_while_sent: bool | None = strawberry.field(
        default=None,
        description="Whether goods of an offer are held for the customer until its last day is over; null: as it was.",
    )


@strawberry.input(description="A draft that is ready.", directives=_WRITE)
class SubmitQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()


@strawberry.input(description="A revision to consent to.", directives=_APPROVE)
class ApproveQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = remark()


@strawberry.input(description="A revision not to consent to.", directives=_APPROVE)
class RejectQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = why()


@strawberry.input(description="A revision to send.", directives=_WRITE)
class SendQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()


@strawberry.input(description="A quote to write the next revision of.", directives=_WRITE)
class ReviseQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()


@strawberry.input(description="A quote to take back.", directives=_WRITE)
class WithdrawQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()
    reason: str = why()


@strawberry.input(description="An accepted quote to make an order of.", directives=_WRITE)
class ConvertQuoteInput:
    quote_id: strawberry.ID = of_quote()
    expected_version: int = version_seen()


@strawberry.type(description="Answer of createQuote.", directives=_WRITE)
class CreateQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of setQuoteLines.", directives=_WRITE)
class SetQuoteLinesPayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of submitQuote.", directives=_WRITE)
class SubmitQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of approveQuote.", directives=_APPROVE)
class ApproveQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of rejectQuote.", directives=_APPROVE)
class RejectQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of sendQuote.", directives=_WRITE)
class SendQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of reviseQuote.", directives=_WRITE)
class ReviseQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of withdrawQuote.", directives=_WRITE)
class WithdrawQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of convertQuote.", directives=_WRITE)
class ConvertQuotePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type(description="Answer of setQuotePolicy.", directives=_POLICY)
class SetQuotePolicyPayload(Payload):
    entity_type = "QuotePolicy"
    quote_policy: QuotePolicy | None = strawberry.field(
        default=None, description="The policy; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:  # noqa: ARG003 - a seller has one
        return cls(quote_policy=await QuotePolicy.load(ctx))


@strawberry.type
class QuoteMutations:
    @strawberry.mutation(
        description="Begins a quote for a customer, who sees nothing of it until it is sent.",
        directives=_WRITE,
    )
    async def create_quote(
        self,
        info: Info,
        input: Annotated[CreateQuoteInput, strawberry.argument(description="The quote.")],
    ) -> CreateQuotePayload:
        customer = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await quotes_acts.create_quote(
            info.context, customer, [each.to_draft() for each in input.lines], input.terms.to_terms("terms")
        )
        return await CreateQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes what the revision says that is being written, priced anew. What waited for consent waits"
        " no more.",
        directives=_WRITE,
    )
    async def set_quote_lines(
        self,
        info: Info,
        input: Annotated[SetQuoteLinesInput, strawberry.argument(description="What it shall say.")],
    ) -> SetQuoteLinesPayload:
        done = await quotes_acts.set_quote_lines(
            info.context, quote_key(input.quote_id), input.expected_version,
            [each.to_draft() for each in input.lines], input.terms.to_terms("terms"),
        )  # fmt: skip
        return await SetQuoteLinesPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says that a draft is ready: it may be sent, or waits for the consent of whoever the policy asks.",
        directives=_WRITE,
    )
    async def submit_quote(
        self,
        info: Info,
        input: Annotated[SubmitQuoteInput, strawberry.argument(description="Which one.")],
    ) -> SubmitQuotePayload:
        done = await quotes_approval.submit_quote(
            info.context, quote_key(input.quote_id), input.expected_version
        )
        return await SubmitQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Consents to a revision as it was submitted. Nobody consents to their own.",
        directives=_APPROVE,
    )
    async def approve_quote(
        self,
        info: Info,
        input: Annotated[ApproveQuoteInput, strawberry.argument(description="Which one.")],
    ) -> ApproveQuotePayload:
        done = await quotes_approval.approve_quote(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await ApproveQuotePayload.of(info.context, done)

    @strawberry.mutation(description="Does not consent; it is a draft again.", directives=_APPROVE)
    async def reject_quote(
        self,
        info: Info,
        input: Annotated[RejectQuoteInput, strawberry.argument(description="Which one.")],
    ) -> RejectQuotePayload:
        done = await quotes_approval.reject_quote(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await RejectQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Offers a revision to the customer. It never changes again, and takes the place of the one before.",
        directives=_WRITE,
    )
    async def send_quote(
        self,
        info: Info,
        input: Annotated[SendQuoteInput, strawberry.argument(description="Which one.")],
    ) -> SendQuotePayload:
        done = await quotes_acts.send_quote(info.context, quote_key(input.quote_id), input.expected_version)
        return await SendQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Begins the next revision, as the last one says; what was sent holds until the new one is.",
        directives=_WRITE,
    )
    async def revise_quote(
        self,
        info: Info,
        input: Annotated[ReviseQuoteInput, strawberry.argument(description="Which one.")],
    ) -> ReviseQuotePayload:
        done = await quotes_acts.revise_quote(info.context, quote_key(input.quote_id), input.expected_version)
        return await ReviseQuotePayload.of(info.context, done)

    @strawberry.mutation(description="Takes a quote back.", directives=_WRITE)
    async def withdraw_quote(
        self,
        info: Info,
        input: Annotated[WithdrawQuoteInput, strawberry.argument(description="Which one.")],
    ) -> WithdrawQuotePayload:
        done = await quotes_acts.withdraw_quote(
            info.context, quote_key(input.quote_id), input.expected_version, input.reason
        )
        return await WithdrawQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Tries again to make an order of an accepted quote that could not become one.",
        directives=[*_WRITE, key_required()],
    )
    async def convert_quote(
        self,
        info: Info,
        input: Annotated[ConvertQuoteInput, strawberry.argument(description="Which one.")],
    ) -> ConvertQuotePayload:
        done = await orders_quotes_converting.convert_quote(
            info.context, quote_key(input.quote_id), input.expected_version
        )
        return await ConvertQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets whose consent quotes need from now on; what waits goes on waiting.",
        directives=_POLICY,
    )
    async def set_quote_policy(
        self,
        info: Info,
        input: Annotated[SetQuotePolicyInput, strawberry.argument(description="The policy.")],
    ) -> SetQuotePolicyPayload:
        rows = [quotes_approvals.PolicyRow(each.criterion, each.threshold, each.level) for each in input.rows]
        done = await quotes_approval.set_policy(
            info.context, rows, input.validity_days, input.expected_version, vars(input)
        )
        return await SetQuotePolicyPayload.of(info.context, done)
