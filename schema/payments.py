"""Payments: money that came, what it was matched to, and what is still open."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.payments_reads import MatchRow, OpenInstalmentRow, PaymentRow
from resolvers import payments
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.invoices import invoices_by_id
from resolvers.paging import PageArgs
from resolvers.payments import PaymentAction
from rules.states import PaymentMethod
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.enums import PaymentMethodFilter
from schema.filters import (
    BooleanFilter,
    DateFilter,
    IDFilter,
    StringFilter,
    one_key_of,
    where_of,
)
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.invoices import Invoice
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

if TYPE_CHECKING:
    from schema.quotes import Quote

Info = strawberry.Info[Context, None]
_READ = [access(P.INVOICES_READ)]
_MANAGE = [access(P.PAYMENTS_MANAGE)]

described_enum(
    PaymentAction,
    "What a viewer may do with a payment now.",
    {
        "MATCH": "Set what is on account against instalments.",
        "UNMATCH": "Undo one of its matches.",
        "REVERSE": "Take the whole payment back.",
    },
)
PaymentRef = Annotated["Payment", strawberry.lazy("schema.payments")]


@strawberry.type(
    description="An amount of a payment, or of a credit, set against an instalment.", directives=_READ
)
class PaymentMatch(Node):
    amount: Money = strawberry.field(description="How much.")
    invoice_number: str = strawberry.field(description="The invoice it pays.")
    due_on: date = strawberry.field(description="The day the instalment is due.")
    matched_on: date = strawberry.field(description="The day of the match.")
    undone_at: datetime | None = strawberry.field(description="When it was undone; null while it stands.")
    row: strawberry.Private[MatchRow]

    @classmethod
    def of(cls, row: MatchRow) -> "PaymentMatch":
        key, amount = encode_id("PaymentMatch", row.id), Money.of(row.amount, row.currency)
        return fill(cls, row, id=key, amount=amount, row=row)

    @strawberry.field(description="The instalment it pays, for acts.")
    def instalment_id(self) -> strawberry.ID:
        return encode_id("InvoiceInstalment", self.row.instalment_id)

    @strawberry.field(description="The invoice it pays.")
    async def invoice(self, info: Info) -> Invoice | None:
        row = await info.context.load(invoices_by_id, self.row.invoice_id)
        return None if row is None else Invoice.of(row)

    @strawberry.field(description="The payment it is of; null where it is of a credit.")
    async def payment(self, info: Info) -> PaymentRef | None:
        key = self.row.payment_id
        row = None if key is None else await info.context.load(payments.payments_by_id, key)
        return None if row is None else Payment.of(row)

    @strawberry.field(description="The rectifying invoice it is of; null where it is of a payment.")
    async def credit(self, info: Info) -> Invoice | None:
        key = self.row.credit_invoice_id
        row = None if key is None else await info.context.load(invoices_by_id, key)
        return None if row is None else Invoice.of(row)


@strawberry.type(description="Money that came from a customer.", directives=_READ)
class Payment(Node):
    method: PaymentMethod = strawberry.field(description="How it came.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    received_on: date = strawberry.field(description="The day it came.")
    currency: CurrencyCode = strawberry.field(description="The currency it came in.")
    exchange_rate: Decimal = strawberry.field(
        description="One unit of it in the seller's base currency, as posted."
    )
    amount: Money = strawberry.field(description="How much came.")
    amount_matched: Money = strawberry.field(description="How much of it pays instalments.")
    on_account: Money = strawberry.field(description="How much of it waits to be matched.")
    reference: str = strawberry.field(description="What the payer or the bank named; may be empty.")
    reversed_at: datetime | None = strawberry.field(
        description="When it was taken back; null while it stands."
    )
    reversal_reason: str = strawberry.field(description="Why it was taken back; empty otherwise.")
    row: strawberry.Private[PaymentRow]

    @classmethod
    def of(cls, row: PaymentRow) -> "Payment":
        names = ("amount", "amount_matched", "on_account")
        money = {name: Money.of(getattr(row, name), row.currency) for name in names}
        return fill(cls, row, id=encode_id("Payment", row.id), row=row, **money)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="A note of ours; may be empty.", directives=_MANAGE)
    def note(self) -> str:
        return self.row.note

    @strawberry.field(description="The customer it came from.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)

    @strawberry.field(
        description="The quote whose deposit it is; null where it is of none.",
        directives=[access(P.QUOTES_READ)],
    )
    async def quote(self, info: Info) -> Annotated["Quote", strawberry.lazy("schema.quotes")] | None:
        from resolvers.quotes import quotes_by_id
        from schema.quotes import Quote

        row = None if self.row.quote_id is None else await info.context.load(quotes_by_id, self.row.quote_id)
        return None if row is None else Quote.of(row)

    @strawberry.field(description="What it pays now.", directives=[list_size(200)])
    async def matches(self, info: Info) -> list[PaymentMatch]:
        return [
            PaymentMatch.of(row) for row in await info.context.load(payments.matches_by_payment, self.row.id)
        ]

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(3)]
    )
    def allowed_actions(self, info: Info) -> list[PaymentAction]:
        return payments.payment_actions(info.context, self.row)


@strawberry.type(description="An instalment with something open; of a credit, negative.", directives=_READ)
class OpenInstalment:
    id: strawberry.ID = strawberry.field(description="Its id, for payments.")
    invoice_number: str = strawberry.field(description="The invoice it is of.")
    position: int = strawberry.field(description="Its number within the invoice.")
    due_on: date = strawberry.field(description="The day it is due.")
    amount: Money = strawberry.field(description="What it claims.")
    open_amount: Money = strawberry.field(description="What is open of it.")
    days_overdue: int = strawberry.field(description="How many days it is past its day; 0 while it is not.")

    @classmethod
    def of(cls, row: OpenInstalmentRow, today: date) -> "OpenInstalment":
        return fill(
            cls,
            row,
            id=encode_id("InvoiceInstalment", row.id),
            amount=Money.of(row.amount, row.currency),
            open_amount=Money.of(row.open, row.currency),
            days_overdue=max((today - row.due_on).days, 0) if row.open > 0 else 0,
        )


@strawberry.input(description="Conditions on payments; all must hold.", directives=_READ)
class PaymentWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    method: PaymentMethodFilter | None = strawberry.field(default=None, description="On how it came.")
    received_on: DateFilter | None = strawberry.field(default=None, description="On the day it came.")
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")
    is_on_account: BooleanFilter | None = strawberry.field(
        default=None, description="Whether something of it waits to be matched."
    )
    is_reversed: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it was taken back."
    )
    and_: list["PaymentWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["PaymentWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "PaymentWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(description="Names one payment.", one_of=True, directives=_READ)
class PaymentBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class PaymentQueries:
    @strawberry.field(description="The payments you may see, newest first.", directives=_READ)
    async def payments(
        self,
        info: Info,
        where: Annotated[PaymentWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Part of its number, its reference, or the customer."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Payment]:
        found = where_of(where, {"customer": ("Customer",)})
        args = PageArgs(first, after, last, before)
        return connection(await payments.payments(info.context, found, search, args), Payment.of)

    @strawberry.field(description="One payment; null where there is none you may see.", directives=_READ)
    async def payment(
        self, info: Info, by: Annotated[PaymentBy, strawberry.argument(description="Which one.")]
    ) -> Payment | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await payments.payment_by_number(info.context, value)
        else:
            key = try_decode_id(value, "Payment")
            row = None if key is None else await info.context.load(payments.payments_by_id, key)
        return None if row is None else Payment.of(row)

    @strawberry.field(
        description="What is open of a customer, or of your company, credits included, by due date; at most 200.",
        directives=[*_READ, list_size(200)],
    )
    async def open_instalments(
        self,
        info: Info,
        customer_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The customer; staff name one.")
        ] = None,
    ) -> list[OpenInstalment]:
        own = info.context.user.customer_id
        key = own if customer_id is None else try_decode_id(customer_id, "Customer")
        rows = [] if key is None else await payments.open_instalments(info.context, key)
        return [OpenInstalment.of(row, info.context.today) for row in rows]


@node_loader("Payment")
async def _payments(ctx: Context, keys: Sequence[UUID]) -> Sequence[Payment | None]:
    return [None if row is None else Payment.of(row) for row in await payments.payments_by_id(ctx, keys)]


@node_loader("PaymentMatch")
async def _matches(ctx: Context, keys: Sequence[UUID]) -> Sequence[PaymentMatch | None]:
    return [None if row is None else PaymentMatch.of(row) for row in await payments.matches_by_id(ctx, keys)]
