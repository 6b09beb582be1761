"""The journal: what each document posted, in the seller's currency."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import journal
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.journal import JournalEntryRow
from resolvers.paging import PageArgs
from rules.money import ZERO
from rules.states import JournalSource
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.enums import JournalSourceFilter
from schema.filters import DateFilter, IDFilter, StringFilter, where_of
from schema.ids import encode_id
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_READ = [access(P.JOURNAL_READ)]


@strawberry.type(description="An amount on an account.", directives=_READ)
class JournalLine:
    account: str = strawberry.field(description="The account, of the Spanish chart of accounts.")
    debit: Money = strawberry.field(description="What it is debited with; zero for a credit.")
    credit: Money = strawberry.field(description="What it is credited with; zero for a debit.")
    document_amount: Money = strawberry.field(
        description="The same in the document's currency: debit above zero, credit below."
    )


@strawberry.type(description="A posting of one document; its debits equal its credits.", directives=_READ)
class JournalEntry:
    posted_on: date = strawberry.field(description="The day it belongs to.")
    posted_at: datetime = strawberry.field(description="The moment it was written.")
    source: JournalSource = strawberry.field(description="What kind of document posted it.")
    description: str = strawberry.field(description="The document's number.")
    row: strawberry.Private[JournalEntryRow]

    @strawberry.field(description="The global id of the document that posted it, to be fetched with `node`.")
    def source_id(self) -> strawberry.ID:
        names = {
            JournalSource.INVOICE: "Invoice",
            JournalSource.DELIVERY: "Delivery",
            JournalSource.PAYMENT: "Payment",
            JournalSource.MATCH: "PaymentMatch",
        }
        return encode_id(names[self.row.source], self.row.source_id)

    @strawberry.field(description="Its lines, debits before credits as posted.", directives=[list_size(10)])
    async def lines(self, info: Info) -> list[JournalLine]:
        us = await seller(info.context)
        return [
            fill(
                JournalLine,
                row,
                debit=Money.of(max(row.amount, ZERO), us.currency),
                credit=Money.of(max(-row.amount, ZERO), us.currency),
                document_amount=Money.of(row.document_amount, row.currency),
            )
            for row in await info.context.load(journal.lines_by_entry, self.row.id)
        ]

    @strawberry.field(description="The sum of its debits, equal to that of its credits.")
    async def amount(self, info: Info) -> Money:
        rows = await info.context.load(journal.lines_by_entry, self.row.id)
        total = sum((max(row.amount, ZERO) for row in rows), Decimal(0))
        return Money.of(total, (await seller(info.context)).currency)


@strawberry.input(description="Conditions on journal entries; all must hold.", directives=_READ)
class JournalWhere:
    posted_on: DateFilter | None = strawberry.field(default=None, description="On the day they belong to.")
    source: JournalSourceFilter | None = strawberry.field(default=None, description="On what posted them.")
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")
    description: StringFilter | None = strawberry.field(default=None, description="On the document's number.")


@strawberry.type
class JournalQueries:
    @strawberry.field(description="The seller's journal, newest first.", directives=_READ)
    async def journal_entries(
        self,
        info: Info,
        where: Annotated[JournalWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[JournalEntry]:
        found = where_of(where, {"customer": ("Customer",)})
        page = await journal.journal_entries(info.context, found, PageArgs(first, after, last, before))
        return connection(page, lambda row: fill(JournalEntry, row, row=row))
