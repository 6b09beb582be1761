"""Trade agreements: journals, their rows, and what is in force."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from models.trade_agreements_reads import JournalRow, TradeRowRow
from resolvers import customers, orders, products, trade_agreements
from resolvers.context import Context
from resolvers.paging import PageArgs
from rules.pricing_facts import PercentBase, Scope, TradeRelation
from rules.trade_rows import TradeJournalAction, TradeJournalStatus, last_day
from schema.access import list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.filters import IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.pricing_groups import READ, TradeJournalStatusFilter, TradeRelationFilter
from schema.products import Product
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
JournalType = Annotated["TradeAgreementJournal", strawberry.lazy("schema.trade_agreements")]
RowType = Annotated["TradeAgreementRow", strawberry.lazy("schema.trade_agreements")]


@strawberry.type(
    description="A price or discount for a customer, a group or all, of a product, a group or all.",
    directives=READ,
)
class TradeAgreementRow(Node):
    position: int = strawberry.field(description="Its number within its journal; errors of posting name it.")
    is_posted: bool = strawberry.field(description="Whether it holds in its time; a draft never does.")
    relation: TradeRelation = strawberry.field(description="What it sets.")
    customer_scope: Scope = strawberry.field(description="Whom it is for.")
    customer_group: str | None = strawberry.field(description="The group; null where it is for none.")
    item_scope: Scope = strawberry.field(description="What it is for.")
    item_group: str | None = strawberry.field(description="The group of products; null where it is for none.")
    currency: CurrencyCode = strawberry.field(description="Its currency.")
    is_generic_currency: bool = strawberry.field(
        description="Whether it holds in other currencies too, at the day's rate, where none of their own does."
    )
    unit: str | None = strawberry.field(
        description="The code of the unit its quantities are in; null for any."
    )
    from_quantity: Decimal = strawberry.field(
        description="From this quantity on; an amount for TOTAL_DISCOUNT."
    )
    to_quantity: Decimal | None = strawberry.field(
        description="Below this quantity, which is no longer of it; null for no end."
    )
    valid_from: date | None = strawberry.field(description="Its first day; null for no beginning.")
    valid_until: date | None = strawberry.field(
        description="Its last day; null for no end. A row that was replaced before it began ends before its first day."
    )
    find_next: bool = strawberry.field(
        description="Whether the search goes on to less specific rows: the cheapest price holds, discounts add up."
    )
    price_unit: Decimal = strawberry.field(description="For how many units its price or amount is.")
    percent1: Decimal = strawberry.field(description="A percentage, 0 to 100, off what the amount leaves.")
    percent2: Decimal = strawberry.field(description="A second one, off what the first leaves.")
    percent_base: PercentBase = strawberry.field(description="What the percentages are taken of.")
    row: strawberry.Private[TradeRowRow]

    @classmethod
    def of(cls, row: TradeRowRow) -> "TradeAgreementRow":
        return fill(
            cls, row, id=encode_id("TradeAgreementRow", row.id), row=row, unit=row.unit_code,
            currency=CurrencyCode(row.currency), valid_until=last_day(row.valid_until),
        )  # fmt: skip

    @strawberry.field(description="The customer it is for; null where it is for no single one.")
    async def customer(self, info: Info) -> Customer | None:
        if self.row.customer_id is None:
            return None
        found = await info.context.load(customers.customers_by_id, self.row.customer_id)
        return None if found is None else Customer.of(found)

    @strawberry.field(description="The product it is for; null where it is for no single one.")
    async def product(self, info: Info) -> Product | None:
        if self.row.product_id is None:
            return None
        found = await info.context.load(products.products_by_id, self.row.product_id)
        return None if found is None else Product.of(found)

    @strawberry.field(description="The price of `priceUnit` units; null for discounts.")
    def unit_price(self) -> Money | None:
        return None if self.row.unit_price is None else Money.of(self.row.unit_price, self.row.currency)

    @strawberry.field(
        description="What comes off `priceUnit` units, or off the order for TOTAL_DISCOUNT, before the percentages."
    )
    def amount(self) -> Money:
        return Money.of(self.row.amount, self.row.currency)

    @strawberry.field(description="The journal it was written in.")
    async def journal(self, info: Info) -> JournalType:
        found = await info.context.load(trade_agreements.journals_by_id, self.row.journal_id)
        assert found is not None, "a row's journal exists by foreign key"
        return TradeAgreementJournal.of(found)

    @strawberry.field(
        description="The row that it closes when it is posted, or closed; null where there is none you may see."
    )
    async def replaces(self, info: Info) -> RowType | None:
        if self.row.replaces_id is None:
            return None
        found = await info.context.load(trade_agreements.trade_rows_by_id, self.row.replaces_id)
        return None if found is None else TradeAgreementRow.of(found)


@strawberry.type(description="Rows that are written and posted together.", directives=READ)
class TradeAgreementJournal(Node):
    description: str = strawberry.field(description="What it is about; may be empty.")
    status: TradeJournalStatus = strawberry.field(description="Its state.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    row_count: int = strawberry.field(description="How many rows it has, those you may not see included.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    posted_at: datetime | None = strawberry.field(description="When it was posted; null for a draft.")
    row: strawberry.Private[JournalRow]

    @classmethod
    def of(cls, row: JournalRow) -> "TradeAgreementJournal":
        return fill(cls, row, id=encode_id("TradeAgreementJournal", row.id), row=row)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="Who began it.")
    async def created_by_name(self, info: Info) -> str | None:
        return await info.context.load(orders.names_by_id, self.row.created_by_id)

    @strawberry.field(description="Who posted it; null for a draft.")
    async def posted_by_name(self, info: Info) -> str | None:
        if self.row.posted_by_id is None:
            return None
        return await info.context.load(orders.names_by_id, self.row.posted_by_id)

    @strawberry.field(
        description="Its rows that you may see, in their order: not those of other people's customers."
    )
    async def rows(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[TradeAgreementRow]:
        args = PageArgs(first, after, last, before)
        found = await trade_agreements.list_rows_of_journal(info.context, self.row.id, args)
        return connection(found, TradeAgreementRow.of)

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(2)]
    )
    def allowed_actions(self, info: Info) -> list[TradeJournalAction]:
        return trade_agreements.permitted_journal_actions(info.context, self.row)


@strawberry.input(description="Conditions on journals; all must hold.", directives=READ)
class TradeAgreementJournalWhere:
    status: TradeJournalStatusFilter | None = strawberry.field(default=None, description="On the state.")
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")


@strawberry.input(
    description="Conditions on rows; all must hold. `customer` and `product` find what is for them by name only, not "
    "what reaches them through a group or as all.",
    directives=READ,
)
class TradeAgreementRowWhere:
    relation: TradeRelationFilter | None = strawberry.field(default=None, description="On what they set.")
    customer: IDFilter | None = strawberry.field(default=None, description="On the customer they are for.")
    customer_group: StringFilter | None = strawberry.field(
        default=None, description="On the group of customers."
    )
    product: IDFilter | None = strawberry.field(default=None, description="On the product they are for.")
    item_group: StringFilter | None = strawberry.field(default=None, description="On the group of products.")
    currency: StringFilter | None = strawberry.field(default=None, description="On the currency.")
    journal: IDFilter | None = strawberry.field(default=None, description="On the journal.")


ROW_IDS: dict[str, tuple[str, ...]] = {
    "customer": ("Customer",),
    "product": ("Product",),
    "journal": ("TradeAgreementJournal",),
}


@strawberry.input(description="Names one journal.", one_of=True, directives=READ)
class TradeAgreementJournalBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class TradeAgreementQueries:
    @strawberry.field(description="Journals of trade agreements, the newest first.", directives=READ)
    async def trade_agreement_journals(
        self,
        info: Info,
        where: Annotated[
            TradeAgreementJournalWhere | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TradeAgreementJournal]:
        args = PageArgs(first, after, last, before)
        found = await trade_agreements.list_journals(info.context, where_of(where), args)
        return connection(found, TradeAgreementJournal.of)

    @strawberry.field(description="One journal; null where there is none you may see.", directives=READ)
    async def trade_agreement_journal(
        self,
        info: Info,
        by: Annotated[TradeAgreementJournalBy, strawberry.argument(description="Which one.")],
    ) -> TradeAgreementJournal | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await trade_agreements.journal_by_number(info.context, value)
        else:
            key = try_decode_id(value, "TradeAgreementJournal")
            row = None if key is None else await info.context.load(trade_agreements.journals_by_id, key)
        return None if row is None else TradeAgreementJournal.of(row)

    @strawberry.field(description="Posted rows that you may see, the newest first.", directives=READ)
    async def trade_agreement_rows(
        self,
        info: Info,
        where: Annotated[
            TradeAgreementRowWhere | None, strawberry.argument(description="Which ones.")
        ] = None,
        on: Annotated[
            date | None,
            strawberry.argument(
                description="A day on which they hold; all that were ever posted when nothing is said."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TradeAgreementRow]:
        asked = trade_agreements.RowFilter(where_of(where, ROW_IDS), on)
        args = PageArgs(first, after, last, before)
        found = await trade_agreements.list_posted_rows(info.context, asked, args)
        return connection(found, TradeAgreementRow.of)


@node_loader("TradeAgreementJournal")
async def load_journals(ctx: Context, keys: Sequence[UUID]) -> Sequence[TradeAgreementJournal | None]:
    rows = await trade_agreements.journals_by_id(ctx, keys)
    return [None if row is None else TradeAgreementJournal.of(row) for row in rows]


@node_loader("TradeAgreementRow")
async def load_trade_rows(ctx: Context, keys: Sequence[UUID]) -> Sequence[TradeAgreementRow | None]:
    rows = await trade_agreements.trade_rows_by_id(ctx, keys)
    return [None if row is None else TradeAgreementRow.of(row) for row in rows]
