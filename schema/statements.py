"""Statements of account: what moved, what is owed, and how old it is."""

from datetime import date
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import account_statements as statements
from resolvers.context import Context
from rules.statements import Ageing, StatementKind, StatementLine
from schema.access import access, described_enum, list_size
from schema.ids import encode_id, try_decode_id
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
_READ = [access(P.INVOICES_READ)]

described_enum(
    StatementKind,
    "What moved an account.",
    {
        "INVOICE": "An invoice.",
        "CREDIT": "A rectifying invoice.",
        "PAYMENT": "A payment.",
        "REVERSAL": "A payment that was taken back.",
    },
)


@strawberry.type(description="Something that changed what is owed.", directives=_READ)
class StatementEntry:
    on: date = strawberry.field(description="The day.")
    kind: StatementKind = strawberry.field(description="What it is.")
    number: str = strawberry.field(description="The document's number.")
    reference: str = strawberry.field(
        description="The buyer's own number, or what the payer named; may be empty."
    )
    due_on: date | None = strawberry.field(
        description="The last day on which the invoice is due; null for what is not due."
    )
    amount: Money = strawberry.field(description="By how much what is owed rises, or falls below zero.")
    balance: Money = strawberry.field(description="What is owed after it.")

    @classmethod
    def of(cls, line: StatementLine, currency: str) -> "StatementEntry":
        return fill(
            cls,
            line.movement,
            amount=Money.of(line.movement.amount, currency),
            balance=Money.of(line.balance, currency),
        )


@strawberry.type(
    description="What is open on the last day, by how many days it is past its own.", directives=_READ
)
class StatementAgeing:
    not_due: Money = strawberry.field(description="Not due yet, or due that day.")
    days_1_to_30: Money = strawberry.field(name="days1To30", description="1 to 30 days late.")
    days_31_to_60: Money = strawberry.field(name="days31To60", description="31 to 60 days late.")
    days_61_to_90: Money = strawberry.field(name="days61To90", description="61 to 90 days late.")
    days_over_90: Money = strawberry.field(name="daysOver90", description="More than 90 days late.")
    overdue: Money = strawberry.field(description="All that is late.")
    unapplied: Money = strawberry.field(description="Credits and payments on account, which lower it.")
    total: Money = strawberry.field(description="What is owed: the closing balance.")

    @classmethod
    def of(cls, row: Ageing, currency: str) -> "StatementAgeing":
        names = (
            "not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90", "overdue", "unapplied",
            "total",
        )  # fmt: skip
        return cls(**{name: Money.of(getattr(row, name), currency) for name in names})


@strawberry.type(description="A customer's account from one day to another.", directives=_READ)
class Statement:
    customer_number: str = strawberry.field(description="The customer's number.")
    customer_name: str = strawberry.field(description="The customer's name.")
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts.")
    from_: date = strawberry.field(name="from", description="The first day.")
    until: date = strawberry.field(description="The last day, included.")
    opening: Money = strawberry.field(description="What was owed before the first day.")
    closing: Money = strawberry.field(description="What is owed at the end of the last day.")
    ageing: StatementAgeing = strawberry.field(description="How old what is open is, on the last day.")
    row: strawberry.Private[statements.Statement]

    @classmethod
    def of(cls, row: statements.Statement) -> "Statement":
        return fill(
            cls,
            row,
            customer_number=row.customer.number,
            customer_name=row.customer.name,
            from_=row.since,
            opening=Money.of(row.opening, row.currency),
            closing=Money.of(row.closing, row.currency),
            ageing=StatementAgeing.of(row.ageing, row.currency),
            row=row,
        )

    @strawberry.field(description="What moved it, oldest first.", directives=[list_size(1000)])
    def lines(self) -> list[StatementEntry]:
        return [StatementEntry.of(line, self.row.currency) for line in self.row.lines]

    @strawberry.field(description="Where it is as a PDF.")
    def pdf_path(self) -> str:
        return self._path("pdf")

    @strawberry.field(description="Where it is as CSV.")
    def csv_path(self) -> str:
        return self._path("csv")

    @strawberry.field(description="Where it is as a workbook.")
    def xlsx_path(self) -> str:
        return self._path("xlsx")

    def _path(self, ending: str) -> str:
        key = encode_id("Customer", self.row.customer.id)
        asked = f"from={self.row.since}&until={self.row.until}&currency={self.row.currency}"
        return f"/documents/statements/{key}.{ending}?{asked}"


@strawberry.type
class StatementQueries:
    @strawberry.field(
        description="A customer's statement; your company's when none is named. Null where you may not see it.",
        directives=_READ,
    )
    async def statement(
        self,
        info: Info,
        customer_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The customer; staff name one.")
        ] = None,
        from_: Annotated[
            date | None,
            strawberry.argument(name="from", description="The first day; the year's when nothing is said."),
        ] = None,
        until: Annotated[
            date | None, strawberry.argument(description="The last day; today when nothing is said.")
        ] = None,
        currency: Annotated[
            str | None, strawberry.argument(description="ISO 4217; the customer's when nothing is said.")
        ] = None,
    ) -> Statement | None:
        key = None
        if customer_id is not None:
            key = try_decode_id(customer_id, "Customer")
            if key is None:
                return None
        row = await statements.statement(info.context, key, from_, until, currency)
        return None if row is None else Statement.of(row)
