"""Invoices: what is claimed, its tax, when it is due, and the legal record of its issue."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.invoices import Invoice as InvoiceTable
from models.invoices_reads import (
    LATEST,
    InstalmentRow,
    InvoiceLineRow,
    InvoiceRow,
    TaxGroupRow,
)
from resolvers import invoices
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.paging import PageArgs, SortKey
from rules.invoices import InvoiceAction, payment_state
from rules.money import ZERO
from rules.states import (
    BuyerInvoiceStatus,
    InvoiceKind,
    InvoiceStatus,
    InvoiceType,
    LineKind,
    PaymentState,
)
from rules.verifactu import ChainFault
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.customers import Customer
from schema.documents import DocumentAddress, DocumentPaymentTerms, address_of, payment_terms_of
from schema.enums import BuyerInvoiceStatusFilter, InvoiceKindFilter, InvoiceStatusFilter, PaymentStateFilter
from schema.filters import (
    BooleanFilter,
    DateFilter,
    IDFilter,
    MoneyFilter,
    StringFilter,
    one_key_of,
    where_of,
)
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
_READ = [access(P.INVOICES_READ)]
_MONEY = ("net_amount", "tax_amount", "surcharge_amount", "gross_amount")


@strawberry.type(
    description="A line of an invoice; of a credit, quantity and amounts are negative.", directives=_READ
)
class InvoiceLine:
    id: strawberry.ID = strawberry.field(description="The line's id, for acts.")
    position: int = strawberry.field(description="Its number within the invoice.")
    kind: LineKind = strawberry.field(description="What it is for.")
    order_number: str = strawberry.field(description="The order it comes from.")
    delivery_number: str = strawberry.field(description="The delivery it left with; empty for services.")
    sku: str = strawberry.field(description="Our number of the product.")
    customer_item_number: str | None = strawberry.field(description="What the customer called it.")
    description: str = strawberry.field(description="The product's name on the order.")
    unit: str = strawberry.field(description="The unit of its quantities.")
    quantity: Decimal = strawberry.field(description="How many.")
    quantity_credited: Decimal = strawberry.field(
        description="How many of them rectifying invoices took back."
    )
    price_unit: Decimal = strawberry.field(description="How many units a price is for.")
    discount_percent: Decimal = strawberry.field(description="A manual discount, in percent.")
    tax_category: str = strawberry.field(description="The letter of the tax category, UNTDID 5305.")
    tax_percent: Decimal = strawberry.field(description="The rate, in percent.")
    surcharge_percent: Decimal = strawberry.field(description="The equivalence surcharge's rate, in percent.")
    exemption_code: str = strawberry.field(
        description="The VATEX code of why no tax is charged; empty where it is."
    )
    list_unit_price: Money = strawberry.field(description="List price of `priceUnit` units.")
    unit_price: Money = strawberry.field(description="Net price of `priceUnit` units.")
    net_amount: Money = strawberry.field(description="Before tax.")
    tax_amount: Money = strawberry.field(description="Its share of its group's tax.")
    surcharge_amount: Money = strawberry.field(description="Its share of its group's surcharge.")
    gross_amount: Money = strawberry.field(description="Net, tax and surcharge.")

    @classmethod
    def of(cls, row: InvoiceLineRow, currency: str) -> "InvoiceLine":
        money = {
            name: Money.of(getattr(row, name), currency)
            for name in ("list_unit_price", "unit_price", *_MONEY)
        }
        return fill(cls, row, id=encode_id("InvoiceLine", row.id), unit=row.unit_code, **money)


@strawberry.type(description="The tax of one rate, on the summed nets of its lines.", directives=_READ)
class InvoiceTaxGroup:
    category: str = strawberry.field(description="The letter of the tax category, UNTDID 5305.")
    percent: Decimal = strawberry.field(description="The rate, in percent.")
    surcharge_percent: Decimal = strawberry.field(description="The equivalence surcharge's rate, in percent.")
    qualification: str = strawberry.field(
        description="VERI*FACTU's qualification: S1, S2, N1, N2, or E1 to E6 where exempt."
    )
    exemption_code: str = strawberry.field(description="VATEX code of an untaxed group; else empty.")
    exemption_reason: str = strawberry.field(description="The legal ground as it is printed; else empty.")
    base: Money = strawberry.field(description="What is taxed.")
    tax: Money = strawberry.field(description="The tax on it.")
    surcharge: Money = strawberry.field(description="The surcharge on it.")

    @classmethod
    def of(cls, row: TaxGroupRow, currency: str) -> "InvoiceTaxGroup":
        return fill(
            cls,
            row,
            base=Money.of(row.base_amount, currency),
            tax=Money.of(row.tax_amount, currency),
            surcharge=Money.of(row.surcharge_amount, currency),
        )


@strawberry.type(description="A part of an invoice and the day it is due.", directives=_READ)
class InvoiceInstalment:
    id: strawberry.ID = strawberry.field(description="Its id, for payments.")
    position: int = strawberry.field(description="Its number within the invoice.")
    due_on: date = strawberry.field(description="The day it is due.")
    amount: Money = strawberry.field(description="What is due; negative in a credit.")
    amount_matched: Money = strawberry.field(
        description="What payments and credits covered of it, of its sign."
    )
    open_amount: Money = strawberry.field(description="What is still open.")
    state: PaymentState = strawberry.field(description="How far it is paid.")

    @classmethod
    def of(cls, row: InstalmentRow, currency: str) -> "InvoiceInstalment":
        return fill(
            cls,
            row,
            id=encode_id("InvoiceInstalment", row.id),
            amount=Money.of(row.amount, currency),
            amount_matched=Money.of(row.amount_matched, currency),
            open_amount=Money.of(row.open, currency),
            state=payment_state(row.amount, row.amount_matched),
        )


@strawberry.type(
    description="VERI*FACTU: the legal record of an issue, chained to the one before it.", directives=_READ
)
class InvoiceLegalRecord:
    position: int = strawberry.field(
        description="Its place in the legal entity's chain, from 1, across all series."
    )
    hash: str = strawberry.field(description="SHA-256 of `hashedText`, in upper-case hexadecimal.")
    previous_hash: str = strawberry.field(
        description="The hash of the record before; empty for the first one."
    )
    hashed_text: str = strawberry.field(description="The exact text under the hash.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


InvoiceRef = Annotated["Invoice", strawberry.lazy("schema.invoices")]


@strawberry.type(
    description="An invoice, or a rectifying invoice with negative amounts. Issued, it never changes.",
    directives=_READ,
)
class Invoice(Node):
    kind: InvoiceKind = strawberry.field(description="An invoice, or the correction of one.")
    type: InvoiceType = strawberry.field(description="AEAT's type: F1, or R1 to R4 for a correction.")
    status: InvoiceStatus = strawberry.field(description="A draft, issued, or a draft thrown away.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    issued_on: date | None = strawberry.field(description="The date of the invoice; null for a draft.")
    issued_at: datetime | None = strawberry.field(description="The moment of its issue; null for a draft.")
    created_at: datetime = strawberry.field(description="When the draft was made.")
    supplied_from: date = strawberry.field(description="The first day of supply on it.")
    supplied_on: date = strawberry.field(description="The last day of supply on it.")
    reason: str = strawberry.field(description="Why an invoice was corrected; empty otherwise.")
    buyer_status: BuyerInvoiceStatus | None = strawberry.field(
        description="What the buyer's side says of it (RD 238/2026); null until it says something."
    )
    buyer_status_on: date | None = strawberry.field(description="The day of that answer.")
    buyer_reason: str = strawberry.field(description="Why the buyer's side rejects it; may be empty.")
    locale: str = strawberry.field(description="The language it is printed in.")
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts.")
    exchange_rate: Decimal = strawberry.field(
        description="One unit of it in the seller's base currency, as posted."
    )
    exchange_rate_on: date = strawberry.field(description="The day of that rate.")
    customer_number: str = strawberry.field(description="The customer's number then.")
    customer_name: str = strawberry.field(description="The customer's name then.")
    customer_tax_id: str | None = strawberry.field(
        description="Its tax id then.", directives=[access(P.TAX_ID_READ)]
    )
    purchase_order_number: str = strawberry.field(description="The buyer's own number; may be empty.")
    net_amount: Money = strawberry.field(description="Before tax.")
    tax_amount: Money = strawberry.field(description="The tax of all groups.")
    surcharge_amount: Money = strawberry.field(description="The equivalence surcharge of all groups.")
    gross_amount: Money = strawberry.field(description="What is claimed: net, tax and surcharge.")
    row: strawberry.Private[InvoiceRow]

    @classmethod
    def of(cls, row: InvoiceRow) -> "Invoice":
        money = {name: Money.of(getattr(row, name), row.currency) for name in _MONEY}
        return fill(cls, row, id=encode_id("Invoice", row.id), row=row, **money)

    @strawberry.field(description="Its number; null for a draft, and in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return (
            None if ("issued", self.row.id) in info.context.kept and info.context.dry_run else self.row.number
        )

    @strawberry.field(description="Where it is billed to.")
    def billing_address(self) -> DocumentAddress:
        return address_of(self.row.billing_address)

    @strawberry.field(description="Where the goods went.")
    def delivery_address(self) -> DocumentAddress:
        return address_of(self.row.delivery_address)

    @strawberry.field(description="When it is to be paid, as the order said.")
    def payment_terms(self) -> DocumentPaymentTerms:
        return payment_terms_of(self.row.payment_terms)

    @strawberry.field(description="The customer as it is now.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="Its lines, by position.", directives=[list_size(200)])
    async def lines(self, info: Info) -> list[InvoiceLine]:
        rows = await info.context.load(invoices.lines_by_invoice, self.row.id)
        return [InvoiceLine.of(row, self.row.currency) for row in rows]

    @strawberry.field(description="Its tax by rate.", directives=[list_size(8)])
    async def tax_groups(self, info: Info) -> list[InvoiceTaxGroup]:
        rows = await info.context.load(invoices.tax_groups_by_invoice, self.row.id)
        return [InvoiceTaxGroup.of(row, self.row.currency) for row in rows]

    @strawberry.field(
        description="What is due when; empty for a draft, and where nothing is due.",
        directives=[list_size(12)],
    )
    async def instalments(self, info: Info) -> list[InvoiceInstalment]:
        rows = await info.context.load(invoices.instalments_by_invoice, self.row.id)
        return [InvoiceInstalment.of(row, self.row.currency) for row in rows]

    @strawberry.field(description="How far it is paid; null for a draft.")
    async def state(self, info: Info) -> PaymentState | None:
        return invoices.state_of(
            self.row, await info.context.load(invoices.instalments_by_invoice, self.row.id)
        )

    @strawberry.field(description="What is still open; negative where we owe it.")
    async def open_amount(self, info: Info) -> Money:
        rows = await info.context.load(invoices.instalments_by_invoice, self.row.id)
        return Money.of(sum((each.open for each in rows), ZERO), self.row.currency)

    @strawberry.field(description="The first day on which something open is due; null where nothing is.")
    async def due_on(self, info: Info) -> date | None:
        rows = await info.context.load(invoices.instalments_by_invoice, self.row.id)
        return min((each.due_on for each in rows if each.open), default=None)

    @strawberry.field(description="Whether something of it is open past its day.")
    async def is_overdue(self, info: Info) -> bool:
        rows = await info.context.load(invoices.instalments_by_invoice, self.row.id)
        return any(each.open > 0 and each.due_on < info.context.today for each in rows)

    @strawberry.field(description="The invoices that this one corrects.", directives=[list_size(10)])
    async def rectifies(self, info: Info) -> list[InvoiceRef]:
        if self.row.kind != InvoiceKind.RECTIFYING:
            return []
        return [Invoice.of(row) for row in await info.context.load(invoices.rectifications, self.row.id)]

    @strawberry.field(description="The invoices that correct this one.", directives=[list_size(10)])
    async def rectified_by(self, info: Info) -> list[InvoiceRef]:
        if self.row.kind != InvoiceKind.INVOICE:
            return []
        return [Invoice.of(row) for row in await info.context.load(invoices.rectifications, self.row.id)]

    @strawberry.field(description="The legal record of its issue; null for a draft.")
    async def record(self, info: Info) -> InvoiceLegalRecord | None:
        row = await info.context.load(invoices.records_by_invoice, self.row.id)
        return None if row is None else fill(InvoiceLegalRecord, row)

    @strawberry.field(
        description="Where its PDF (PDF/A-3 with the EN 16931 XML inside) is; null for a draft."
    )
    def pdf_path(self) -> str | None:
        return self._path("pdf")

    @strawberry.field(description="Where its EN 16931 XML is; null for a draft.")
    def xml_path(self) -> str | None:
        return self._path("xml")

    def _path(self, ending: str) -> str | None:
        return f"/documents/invoices/{self.id}.{ending}" if self.row.status == InvoiceStatus.ISSUED else None

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(4)]
    )
    async def allowed_actions(self, info: Info) -> list[InvoiceAction]:
        return await invoices.invoice_actions(info.context, self.row)


class InvoiceOrderField(StrEnum):
    ISSUED_ON = "ISSUED_ON"
    NUMBER = "NUMBER"


described_enum(
    InvoiceOrderField,
    "What invoices may be ordered by.",
    {
        "ISSUED_ON": "By the date of issue; drafts count as the newest.",
        "NUMBER": "By number; drafts, which have none, are as if it were empty.",
    },
)
_SORTS = {InvoiceOrderField.ISSUED_ON: LATEST, InvoiceOrderField.NUMBER: invoices.BY_NUMBER}


@strawberry.input(description="An order of invoices.", directives=_READ)
class InvoiceOrder:
    field: InvoiceOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.DESC, description="Which way.")


@strawberry.input(description="Conditions on invoices; all must hold.", directives=_READ)
class InvoiceWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: InvoiceStatusFilter | None = strawberry.field(
        default=None, description="Drafts, issued or discarded."
    )
    kind: InvoiceKindFilter | None = strawberry.field(default=None, description="Invoices or corrections.")
    state: PaymentStateFilter | None = strawberry.field(default=None, description="How far paid.")
    buyer_status: BuyerInvoiceStatusFilter | None = strawberry.field(
        default=None, description="On the buyer's answer."
    )
    is_overdue: BooleanFilter | None = strawberry.field(
        default=None, description="Whether something is open past its day."
    )
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")
    issued_on: DateFilter | None = strawberry.field(default=None, description="On the date of issue.")
    due_on: DateFilter | None = strawberry.field(
        default=None, description="On the first day on which something open is due."
    )
    gross: MoneyFilter | None = strawberry.field(default=None, description="On the total.")
    and_: list["InvoiceWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["InvoiceWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "InvoiceWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(description="Names one invoice.", one_of=True, directives=_READ)
class InvoiceBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


described_enum(
    ChainFault,
    "What is wrong with a record of the chain.",
    {
        "CHANGED": "It, or the invoice it is of, is not what was hashed.",
        "MISSING": "There is none at this place.",
        "INSERTED": "The others pass it by.",
    },
)


@strawberry.type(description="The first fault of a chain.", directives=[access(P.JOURNAL_READ)])
class InvoiceChainFault:
    fault: ChainFault = strawberry.field(description="What is wrong.")
    position: int = strawberry.field(description="At which place of the chain.")
    number: str = strawberry.field(description="The invoice it is of; empty where that is not known.")


@strawberry.type(
    description="The seller's chain of legal records, verified now.", directives=[access(P.JOURNAL_READ)]
)
class InvoiceChain:
    length: int = strawberry.field(description="How many records there are.")
    last_hash: str = strawberry.field(description="The hash of the last one.")
    is_sound: bool = strawberry.field(
        description="Whether every record is what was hashed, and follows the one before."
    )
    fault: InvoiceChainFault | None = strawberry.field(
        description="The first one that was changed, deleted or inserted; null where it is sound."
    )


@strawberry.type
class InvoiceQueries:
    @strawberry.field(
        description="The invoices you may see, newest first; drafts before all.", directives=_READ
    )
    async def invoices(
        self,
        info: Info,
        where: Annotated[InvoiceWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Part of its own, the buyer's, an order's or a delivery's number, a SKU, or the customer."
            ),
        ] = None,
        order_by: Annotated[
            list[InvoiceOrder] | None, strawberry.argument(description="Newest first when nothing is said.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Invoice]:
        asked = order_by or [InvoiceOrder(field=InvoiceOrderField.ISSUED_ON)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", InvoiceTable.id, sort[0].descending))
        found = where_of(where, {"customer": ("Customer",)})
        args = PageArgs(first, after, last, before)
        return connection(await invoices.invoices(info.context, found, search, sort, args), Invoice.of)

    @strawberry.field(description="One invoice; null where there is none you may see.", directives=_READ)
    async def invoice(
        self, info: Info, by: Annotated[InvoiceBy, strawberry.argument(description="Which one.")]
    ) -> Invoice | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await invoices.invoice_by_number(info.context, value)
        else:
            key = try_decode_id(value, "Invoice")
            row = None if key is None else await info.context.load(invoices.invoices_by_id, key)
        return None if row is None else Invoice.of(row)

    @strawberry.field(
        description="Verifies the chain of legal records from the first to the last.",
        directives=[access(P.JOURNAL_READ)],
    )
    async def invoice_chain(self, info: Info) -> InvoiceChain:
        report = await invoices.verify_invoice_chain(info.context)
        fault = None if report.fault is None else fill(InvoiceChainFault, report.fault)
        return InvoiceChain(
            length=report.length, last_hash=report.last_hash, is_sound=fault is None, fault=fault
        )


@node_loader("Invoice")
async def _invoices(ctx: Context, keys: Sequence[UUID]) -> Sequence[Invoice | None]:
    return [None if row is None else Invoice.of(row) for row in await invoices.invoices_by_id(ctx, keys)]
