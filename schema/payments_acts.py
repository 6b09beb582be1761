"""What can be done with payments: record, match, undo, reverse."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import payments, payments_acts, payments_quotes
from resolvers.context import Context
from resolvers.payments_acts import MatchWanted, Receipt
from rules.states import PaymentMethod
from schema.access import access, key_required
from schema.ids import decode_id
from schema.payloads import Payload
from schema.payments import Payment, PaymentMatch

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PAYMENTS_MANAGE)]


@strawberry.input(description="An instalment to pay.", directives=_MANAGE)
class PaymentMatchInput:
    instalment_id: strawberry.ID = strawberry.field(description="The instalment, of an issued invoice.")
    amount: Decimal | None = strawberry.field(
        default=None,
        description="How much, above zero; as much as is open and left of the payment when nothing is said.",
    )


@strawberry.input(description="Money that came.", directives=_MANAGE)
class RecordPaymentInput:
    customer_id: strawberry.ID = strawberry.field(description="Who paid.")
    method: PaymentMethod = strawberry.field(default=PaymentMethod.TRANSFER, description="How it came.")
    received_on: date | None = strawberry.field(
        default=None, description="The day it came, never one to come; today when nothing is said."
    )
    amount: Decimal = strawberry.field(description="How much, above zero.")
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217; the customer's when nothing is said."
    )
    reference: str = strawberry.field(
        default="", description="What the payer or the bank named, 200 characters."
    )
    note: str = strawberry.field(default="", description="A note of ours, 500 characters.")
    matches: list[PaymentMatchInput] | None = strawberry.field(
        default=None,
        description="What it pays, at most 200; what is more than open stays on account, with a warning.",
    )
    quote_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The quote that it is for: the payment that reaches its deposit makes it an order.",
    )


@strawberry.input(description="For which quote money is that came already.", directives=_MANAGE)
class SetPaymentQuoteInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    quote_id: strawberry.ID | None = strawberry.field(
        default=None, description="The quote, of the same customer; null: of none."
    )


@strawberry.input(description="What a payment on account pays.", directives=_MANAGE)
class MatchPaymentInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    matches: list[PaymentMatchInput] = strawberry.field(
        description="What it pays, at most 200; more than is open is refused."
    )


@strawberry.input(description="A credit to set against an open instalment.", directives=_MANAGE)
class MatchCreditInput:
    credit_instalment_id: strawberry.ID = strawberry.field(
        description="The instalment of a rectifying invoice."
    )
    instalment_id: strawberry.ID = strawberry.field(
        description="The instalment it pays, of the same customer."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="How much, above zero; as much as is open of both when nothing is said."
    )


@strawberry.input(description="A match to undo.", directives=_MANAGE)
class UnmatchPaymentInput:
    match_id: strawberry.ID = strawberry.field(description="The match, of a payment or of a credit.")


@strawberry.input(description="A payment to take back.", directives=_MANAGE)
class ReversePaymentInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")


class _PaymentPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(payments.payments_by_id, entity_id)
        return cls(payment=None if row is None else Payment.of(row))  # type: ignore[call-arg]


class _MatchPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(payments.matches_by_id, entity_id)
        return cls(match=None if row is None else PaymentMatch.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of recordPayment.", directives=_MANAGE)
class RecordPaymentPayload(_PaymentPayload):
    entity_type = "Payment"
    payment: Payment | None = strawberry.field(default=None, description="The payment; null when refused.")


@strawberry.type(description="Answer of setPaymentQuote.", directives=_MANAGE)
class SetPaymentQuotePayload(_PaymentPayload):
    entity_type = "Payment"
    payment: Payment | None = strawberry.field(default=None, description="The payment; null when refused.")


@strawberry.type(description="Answer of matchPayment.", directives=_MANAGE)
class MatchPaymentPayload(_PaymentPayload):
    entity_type = "Payment"
    payment: Payment | None = strawberry.field(default=None, description="The payment; null when refused.")


@strawberry.type(description="Answer of reversePayment.", directives=_MANAGE)
class ReversePaymentPayload(_PaymentPayload):
    entity_type = "Payment"
    payment: Payment | None = strawberry.field(default=None, description="The payment; null when refused.")


@strawberry.type(description="Answer of matchCredit.", directives=_MANAGE)
class MatchCreditPayload(_MatchPayload):
    entity_type = "PaymentMatch"
    match: PaymentMatch | None = strawberry.field(default=None, description="The match; null when refused.")


@strawberry.type(description="Answer of unmatchPayment.", directives=_MANAGE)
class UnmatchPaymentPayload(_MatchPayload):
    entity_type = "PaymentMatch"
    match: PaymentMatch | None = strawberry.field(
        default=None, description="The match, undone; null when refused."
    )


def wanted_of(matches: list[PaymentMatchInput] | None) -> tuple[MatchWanted, ...]:
    return tuple(
        MatchWanted(
            decode_id(each.instalment_id, "InvoiceInstalment", path=("matches", index, "instalmentId")),
            each.amount,
        )
        for index, each in enumerate(matches or ())
    )


@strawberry.type
class PaymentMutations:
    @strawberry.mutation(
        description="Records money that came, posts it, and sets it against instalments.",
        directives=[*_MANAGE, key_required()],
    )
    async def record_payment(
        self,
        info: Info,
        input: Annotated[RecordPaymentInput, strawberry.argument(description="The payment.")],
    ) -> RecordPaymentPayload:
        told = Receipt(
            decode_id(input.customer_id, "Customer", path=("customerId",)),
            input.method,
            input.received_on or info.context.today,
            input.amount,
            input.currency,
            input.reference,
            input.note,
            wanted_of(input.matches),
            None if input.quote_id is None else decode_id(input.quote_id, "Quote", path=("quoteId",)),
        )
        done = await payments_acts.record_payment(info.context, told)
        return await RecordPaymentPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says for which quote money is that came already; the payment that reaches its deposit makes it an"
        " order.",
        directives=[*_MANAGE, key_required()],
    )
    async def set_payment_quote(
        self,
        info: Info,
        input: Annotated[SetPaymentQuoteInput, strawberry.argument(description="The payment and its quote.")],
    ) -> SetPaymentQuotePayload:
        key = decode_id(input.payment_id, "Payment", path=("paymentId",))
        quote = None if input.quote_id is None else decode_id(input.quote_id, "Quote", path=("quoteId",))
        done = await payments_quotes.set_payment_quote(info.context, key, input.expected_version, quote)
        return await SetPaymentQuotePayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets what is on account of a payment against instalments; no instalment is paid twice.",
        directives=[*_MANAGE, key_required()],
    )
    async def match_payment(
        self,
        info: Info,
        input: Annotated[MatchPaymentInput, strawberry.argument(description="What it pays.")],
    ) -> MatchPaymentPayload:
        key = decode_id(input.payment_id, "Payment", path=("paymentId",))
        done = await payments_acts.match_payment(
            info.context, key, input.expected_version, wanted_of(input.matches)
        )
        return await MatchPaymentPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets a credit against an open instalment of the same customer.",
        directives=[*_MANAGE, key_required()],
    )
    async def match_credit(
        self,
        info: Info,
        input: Annotated[MatchCreditInput, strawberry.argument(description="The credit and what it pays.")],
    ) -> MatchCreditPayload:
        credit = decode_id(input.credit_instalment_id, "InvoiceInstalment", path=("creditInstalmentId",))
        instalment = decode_id(input.instalment_id, "InvoiceInstalment", path=("instalmentId",))
        done = await payments_acts.match_credit(info.context, credit, instalment, input.amount)
        return await MatchCreditPayload.of(info.context, done)

    @strawberry.mutation(
        description="Undoes a match: the instalment is open again, and the money on account.",
        directives=[*_MANAGE, key_required()],
    )
    async def unmatch_payment(
        self, info: Info, input: Annotated[UnmatchPaymentInput, strawberry.argument(description="The match.")]
    ) -> UnmatchPaymentPayload:
        key = decode_id(input.match_id, "PaymentMatch", path=("matchId",))
        return await UnmatchPaymentPayload.of(
            info.context, await payments_acts.unmatch_payment(info.context, key)
        )

    @strawberry.mutation(
        description="Takes a payment back that was none or was returned; what it paid is open again.",
        directives=[*_MANAGE, key_required()],
    )
    async def reverse_payment(
        self,
        info: Info,
        input: Annotated[ReversePaymentInput, strawberry.argument(description="The payment.")],
    ) -> ReversePaymentPayload:
        key = decode_id(input.payment_id, "Payment", path=("paymentId",))
        done = await payments_acts.reverse_payment(info.context, key, input.expected_version, input.reason)
        return await ReversePaymentPayload.of(info.context, done)
