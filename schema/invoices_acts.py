"""What can be done with invoices: draft, discard, issue, correct, answer; and the evidence of exemptions."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.base import new_id
from resolvers import customers, invoices, invoices_acts, invoices_drafts, invoices_issue
from resolvers.context import Context
from resolvers.invoices_sources import LineToInvoice, OrderToInvoice, PeriodToInvoice
from rules.refusals import ErrorCode, Refusal
from rules.states import BuyerInvoiceStatus, InvoiceType, TaxEvidenceKind
from schema.access import access, key_required, list_size
from schema.customers import Customer
from schema.ids import decode_id, try_decode_id
from schema.invoices import Invoice
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.INVOICES_MANAGE)]
_ANSWER = [access(P.APPROVALS_DECIDE)]


@strawberry.input(description="A quantity of an order's line to invoice.", directives=_MANAGE)
class InvoiceOrderLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: Decimal = strawberry.field(
        description="How many, in its unit; at most what was delivered and is not invoiced."
    )


@strawberry.input(description="An order to invoice.", directives=_MANAGE)
class InvoiceOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    lines: list[InvoiceOrderLineInput] | None = strawberry.field(
        default=None, description="Which quantities; everything that may be invoiced when nothing is said."
    )


@strawberry.input(description="A customer's period to invoice.", directives=_MANAGE)
class InvoicePeriodInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    from_: date = strawberry.field(name="from", description="The first day of shipment.")
    until: date = strawberry.field(description="The last day of shipment, included.")


@strawberry.input(description="What to make drafts of: give exactly one of the three.", directives=_MANAGE)
class CreateInvoicesInput:
    delivery_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Deliveries that left, at most 200; grouped by each customer's way of being invoiced.",
    )
    order: InvoiceOrderInput | None = strawberry.field(
        default=None, description="An order: what left of it, and its services and charges."
    )
    period: InvoicePeriodInput | None = strawberry.field(
        default=None, description="What left for a customer in a period."
    )


@strawberry.input(description="A draft to throw away.", directives=_MANAGE)
class DiscardInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")


@strawberry.input(description="Drafts to issue.", directives=_MANAGE)
class IssueInvoicesInput:
    invoice_ids: list[strawberry.ID] = strawberry.field(description="The drafts, at most 200, each once.")
    issued_on: date | None = strawberry.field(
        default=None,
        description="The date of the invoices, never before the last one of the series; today when nothing is said.",
    )


@strawberry.input(description="A quantity of an invoice's line to credit.", directives=_MANAGE)
class RectifyInvoiceLineInput:
    invoice_line_id: strawberry.ID = strawberry.field(description="The line of the invoice.")
    quantity: Decimal = strawberry.field(description="How many, above zero; at most what is left of it.")


@strawberry.input(description="An invoice to correct by differences.", directives=_MANAGE)
class RectifyInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    type: InvoiceType = strawberry.field(
        default=InvoiceType.R1,
        description="R1 (art. 80.1, 80.2 and 80.6, and returned goods), R2 (art. 80.3), R3 (art. 80.4), R4 (others).",
    )
    reason: str = strawberry.field(description="Why, 500 characters; printed.")
    lines: list[RectifyInvoiceLineInput] | None = strawberry.field(
        default=None, description="Which quantities; all that is left when nothing is said."
    )
    issued_on: date | None = strawberry.field(
        default=None, description="The date of the correction; today when nothing is said."
    )


@strawberry.input(description="What your company says of an invoice.", directives=_ANSWER)
class AnswerInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    status: BuyerInvoiceStatus = strawberry.field(description="ACCEPTED or REJECTED.")
    reason: str = strawberry.field(default="", description="Why, 500 characters; compulsory to reject.")


@strawberry.input(description="A proof that a customer's invoices may go untaxed.", directives=_MANAGE)
class RecordTaxEvidenceInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    kind: TaxEvidenceKind = strawberry.field(description="What it is.")
    number: str = strawberry.field(
        description="The VAT number that was asked for, or the document's reference; 64 characters."
    )
    request_identifier: str = strawberry.field(
        default="", description="VIES: the consultation number that it answered with."
    )
    is_valid: bool = strawberry.field(default=True, description="What it said.")
    verified_on: date = strawberry.field(description="The day of the check, or of the document.")
    valid_until: date | None = strawberry.field(
        default=None, description="The last day of supply it proves; null for no end."
    )
    note: str = strawberry.field(default="", description="A note, 500 characters.")


class _RunPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        rows = await invoices.invoices_of_run(ctx, entity_id)
        return cls(invoices=[Invoice.of(row) for row in rows])  # type: ignore[call-arg]


class _InvoicePayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(invoices.invoices_by_id, entity_id)
        return cls(invoice=None if row is None else Invoice.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of createInvoices.", directives=_MANAGE)
class CreateInvoicesPayload(_RunPayload):
    entity_type = "InvoiceRun"
    invoices: list[Invoice] | None = strawberry.field(
        default=None,
        description="The drafts; null when refused. Warnings say what will hinder their issue.",
        directives=[list_size(200)],
    )


@strawberry.type(description="Answer of issueInvoices.", directives=_MANAGE)
class IssueInvoicesPayload(_RunPayload):
    entity_type = "InvoiceRun"
    invoices: list[Invoice] | None = strawberry.field(
        default=None,
        description=(
            "All invoices of the input in its order; null when none could be issued. One that is still a draft could "
            "not be issued: a warning says why, its path names the place in `invoiceIds`."
        ),
        directives=[list_size(200)],
    )


@strawberry.type(description="Answer of discardInvoice.", directives=_MANAGE)
class DiscardInvoicePayload(_InvoicePayload):
    entity_type = "Invoice"
    invoice: Invoice | None = strawberry.field(default=None, description="The draft; null when refused.")


@strawberry.type(description="Answer of rectifyInvoice.", directives=_MANAGE)
class RectifyInvoicePayload(_InvoicePayload):
    entity_type = "Invoice"
    invoice: Invoice | None = strawberry.field(
        default=None, description="The rectifying invoice; null when refused."
    )


@strawberry.type(description="Answer of answerInvoice.", directives=_ANSWER)
class AnswerInvoicePayload(_InvoicePayload):
    entity_type = "Invoice"
    invoice: Invoice | None = strawberry.field(default=None, description="The invoice; null when refused.")


@strawberry.type(description="Answer of recordTaxEvidence.", directives=_MANAGE)
class RecordTaxEvidencePayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


def _asked(input: CreateInvoicesInput) -> list[UUID] | OrderToInvoice | PeriodToInvoice:
    given = [each for each in (input.delivery_ids, input.order, input.period) if each is not None]
    if len(given) != 1:
        text = "Give either deliveries, an order or a period."
        raise Refusal(ErrorCode.INVALID, text, ("deliveryIds",))
    if input.order is not None:
        lines = input.order.lines
        return OrderToInvoice(
            decode_id(input.order.order_id, "Order", path=("order", "orderId")),
            None
            if lines is None
            else tuple(
                LineToInvoice(
                    decode_id(each.order_line_id, "OrderLine", path=("order", "lines", index, "orderLineId")),
                    each.quantity,
                )
                for index, each in enumerate(lines)
            ),
        )
    if input.period is not None:
        customer_id = decode_id(input.period.customer_id, "Customer", path=("period", "customerId"))
        return PeriodToInvoice(customer_id, input.period.from_, input.period.until)
    return [
        decode_id(each, "Delivery", path=("deliveryIds", index))
        for index, each in enumerate(input.delivery_ids or [])
    ]


@strawberry.type
class InvoiceMutations:
    @strawberry.mutation(
        description=(
            "Makes drafts of invoices. One invoice never mixes customers, currencies, billing addresses or payment "
            "terms, and domestic reverse charge stands alone. What a draft takes is not offered again."
        ),
        directives=[*_MANAGE, key_required()],
    )
    async def create_invoices(
        self,
        info: Info,
        input: Annotated[CreateInvoicesInput, strawberry.argument(description="What to invoice.")],
    ) -> CreateInvoicesPayload:
        done = await invoices_drafts.create_invoices(info.context, _asked(input))
        return await CreateInvoicesPayload.of(info.context, done)

    @strawberry.mutation(
        description="Throws a draft away; what it took may be invoiced again.",
        directives=[*_MANAGE, key_required()],
    )
    async def discard_invoice(
        self,
        info: Info,
        input: Annotated[DiscardInvoiceInput, strawberry.argument(description="The draft.")],
    ) -> DiscardInvoicePayload:
        key = decode_id(input.invoice_id, "Invoice", path=("invoiceId",))
        done = await invoices_drafts.discard_invoice(info.context, key, input.expected_version)
        return await DiscardInvoicePayload.of(info.context, done)

    @strawberry.mutation(
        description=(
            "Issues drafts: number, hash and chain together, instalments and posting with them. Drafts do not depend "
            "on one another: one that cannot be issued is told in a warning, and the rest issue."
        ),
        directives=[*_MANAGE, key_required()],
    )
    async def issue_invoices(
        self,
        info: Info,
        input: Annotated[IssueInvoicesInput, strawberry.argument(description="The drafts.")],
    ) -> IssueInvoicesPayload:
        # A malformed id is told in its place as an unknown one is, and does not hinder the others.
        keys = [try_decode_id(each, "Invoice") or new_id() for each in input.invoice_ids]
        done = await invoices_issue.issue_invoices(info.context, keys, input.issued_on)
        return await IssueInvoicesPayload.of(info.context, done)

    @strawberry.mutation(
        description=(
            "Credits an invoice, or quantities of its lines, by a rectifying invoice of its own series, issued at "
            "once. It is set against what is open of the invoice first; the rest stays on account."
        ),
        directives=[*_MANAGE, key_required()],
    )
    async def rectify_invoice(
        self,
        info: Info,
        input: Annotated[RectifyInvoiceInput, strawberry.argument(description="What to correct.")],
    ) -> RectifyInvoicePayload:
        lines = input.lines
        how = invoices_acts.Rectification(
            input.type,
            input.reason,
            None
            if lines is None
            else tuple(
                invoices_acts.LineToCredit(
                    decode_id(each.invoice_line_id, "InvoiceLine", path=("lines", index, "invoiceLineId")),
                    each.quantity,
                )
                for index, each in enumerate(lines)
            ),
            input.issued_on,
        )
        key = decode_id(input.invoice_id, "Invoice", path=("invoiceId",))
        done = await invoices_acts.rectify_invoice(info.context, key, input.expected_version, how)
        return await RectifyInvoicePayload.of(info.context, done)

    @strawberry.mutation(
        description="Says whether your company accepts an invoice (RD 238/2026).", directives=[*_ANSWER]
    )
    async def answer_invoice(
        self,
        info: Info,
        input: Annotated[AnswerInvoiceInput, strawberry.argument(description="The answer.")],
    ) -> AnswerInvoicePayload:
        key = decode_id(input.invoice_id, "Invoice", path=("invoiceId",))
        done = await invoices_acts.answer_invoice(
            info.context, key, input.expected_version, input.status, input.reason
        )
        return await AnswerInvoicePayload.of(info.context, done)

    @strawberry.mutation(
        description="Keeps a proof that a customer's invoices may go untaxed; it is never deleted.",
        directives=[*_MANAGE],
    )
    async def record_tax_evidence(
        self,
        info: Info,
        input: Annotated[RecordTaxEvidenceInput, strawberry.argument(description="The proof.")],
    ) -> RecordTaxEvidencePayload:
        told = invoices_acts.Evidence(
            input.kind,
            input.number,
            input.request_identifier,
            input.is_valid,
            input.verified_on,
            input.valid_until,
            input.note,
        )
        key = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await invoices_acts.record_tax_evidence(info.context, key, told)
        return await RecordTaxEvidencePayload.of(info.context, done)
