"""What can be done with trade agreements: write journals, copy rows, post; and the groups of customers and products."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import (
    customers,
    products,
    trade_agreements,
    trade_agreements_acts,
    trade_agreements_posting,
)
from resolvers.context import Context
from resolvers.trade_agreements import RowFilter
from resolvers.trade_agreements_acts import (
    ROWS_PER_CALL,
    CopyWanted,
    GroupDraft,
    ProductPricingDraft,
    RowDraft,
)
from rules.pricing_facts import PercentBase, TradeRelation
from schema.access import access
from schema.customers import Customer
from schema.filters import where_of
from schema.ids import decode_id
from schema.payloads import Payload
from schema.products import Product
from schema.rows import fill
from schema.trade_agreements import ROW_IDS, TradeAgreementJournal, TradeAgreementRowWhere

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.TRADE_AGREEMENTS_MANAGE)]


@strawberry.input(
    description="A row: for all customers and all items where nothing is said of them.", directives=_MANAGE
)
class TradeAgreementRowInput:
    relation: TradeRelation = strawberry.field(description="What it sets.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="The customer it is for, and those below it."
    )
    customer_number: str = strawberry.field(
        default="", description="The customer by its number instead of its id."
    )
    customer_group: str = strawberry.field(
        default="", description="A group of customers instead, 64 characters."
    )
    product_id: strawberry.ID | None = strawberry.field(default=None, description="The product it is for.")
    sku: str = strawberry.field(default="", description="The product by its number instead of its id.")
    item_group: str = strawberry.field(default="", description="A group of products instead, 64 characters.")
    currency: str = strawberry.field(default="", description="ISO 4217; the seller's when nothing is said.")
    is_generic_currency: bool = strawberry.field(
        default=False,
        description="Whether it holds in other currencies too, at the day's rate, where none of their own does.",
    )
    unit: str = strawberry.field(
        default="", description="The code of the unit its quantities are in; empty for any."
    )
    from_quantity: Decimal = strawberry.field(
        default=Decimal(0), description="From this quantity on; an amount for TOTAL_DISCOUNT."
    )
    to_quantity: Decimal | None = strawberry.field(
        default=None, description="Below this quantity; no end when nothing is said."
    )
    valid_from: date | None = strawberry.field(default=None, description="Its first day.")
    valid_until: date | None = strawberry.field(default=None, description="Its last day, included.")
    find_next: bool = strawberry.field(
        default=False, description="Whether the search goes on to less specific rows."
    )
    unit_price: Decimal | None = strawberry.field(
        default=None, description="The price of `priceUnit` units, for PRICE alone; 0 is free."
    )
    price_unit: Decimal = strawberry.field(
        default=Decimal(1), description="For how many units its price or amount is."
    )
    amount: Decimal = strawberry.field(
        default=Decimal(0), description="Off `priceUnit` units, or off the order for TOTAL_DISCOUNT."
    )
    percent1: Decimal = strawberry.field(default=Decimal(0), description="A percentage, 0 to 100.")
    percent2: Decimal = strawberry.field(default=Decimal(0), description="A second one, off the rest.")
    percent_base: PercentBase = strawberry.field(
        default=PercentBase.NET, description="What the percentages are taken of."
    )
    replaces_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A posted row for the same customers, items, currency and unit, which ends the day before this one "
        "begins; `validFrom` is today or later then.",
    )


def _draft_of(given: TradeAgreementRowInput, index: int) -> RowDraft:
    def key(value: strawberry.ID | None, kind: str, field: str) -> UUID | None:
        return None if value is None else decode_id(value, kind, path=("rows", index, field))

    return fill(
        RowDraft, given, unit_code=given.unit, last_day=given.valid_until,
        customer_id=key(given.customer_id, "Customer", "customerId"),
        product_id=key(given.product_id, "Product", "productId"),
        replaces_id=key(given.replaces_id, "TradeAgreementRow", "replacesId"),
    )  # fmt: skip


def _drafts_of(given: Sequence[TradeAgreementRowInput] | None) -> list[RowDraft]:
    return [_draft_of(each, index) for index, each in enumerate(given or ())]


@strawberry.input(description="A new journal.", directives=_MANAGE)
class CreateTradeAgreementJournalInput:
    description: str = strawberry.field(default="", description="What it is about, 200 characters.")
    rows: list[TradeAgreementRowInput] | None = strawberry.field(
        default=None, description=f"Its first rows, at most {ROWS_PER_CALL}."
    )


@strawberry.input(description="Rows for a draft.", directives=_MANAGE)
class AddTradeAgreementRowsInput:
    journal_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    rows: list[TradeAgreementRowInput] = strawberry.field(
        description=f"The rows, 1 to {ROWS_PER_CALL}; none is stored where one is at fault."
    )


@strawberry.input(description="Rows to throw out of a draft.", directives=_MANAGE)
class RemoveTradeAgreementRowsInput:
    journal_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    row_ids: list[strawberry.ID] = strawberry.field(description=f"Rows of it, 1 to {ROWS_PER_CALL}.")


@strawberry.input(
    description="Posted rows to copy into a draft, at other prices and from another day.", directives=_MANAGE
)
class CopyTradeAgreementRowsInput:
    journal_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    row_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"These rows, at most {ROWS_PER_CALL}; those of `where` when nothing is said.",
    )
    where: TradeAgreementRowWhere | None = strawberry.field(
        default=None, description="Which of the rows that hold on the day `on`."
    )
    on: date | None = strawberry.field(default=None, description="`validFrom` when nothing is said.")
    factor: Decimal = strawberry.field(
        default=Decimal(1),
        description="What prices and amounts are multiplied with, above 0; percentages stay.",
    )
    decimals: int = strawberry.field(
        default=2, description="How many decimals new prices and amounts have, 0 to 6; half up."
    )
    valid_from: date = strawberry.field(description="The first day of the copies.")
    valid_until: date | None = strawberry.field(
        default=None, description="Their last day; no end when nothing is said."
    )
    replaces: bool = strawberry.field(
        default=True, description="Whether each closes the row that it comes from, when it is posted."
    )


@strawberry.input(description="A draft to post.", directives=_MANAGE)
class PostTradeAgreementJournalInput:
    journal_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")


@strawberry.type(description="Answer of createTradeAgreementJournal.", directives=_MANAGE)
class CreateTradeAgreementJournalPayload(Payload):
    entity_type = "TradeAgreementJournal"
    journal: TradeAgreementJournal | None = strawberry.field(
        default=None, description="The journal; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(trade_agreements.journals_by_id, entity_id)
        return cls(journal=None if row is None else TradeAgreementJournal.of(row))


@strawberry.type(description="Answer of addTradeAgreementRows.", directives=_MANAGE)
class AddTradeAgreementRowsPayload(CreateTradeAgreementJournalPayload):
    pass


@strawberry.type(description="Answer of removeTradeAgreementRows.", directives=_MANAGE)
class RemoveTradeAgreementRowsPayload(CreateTradeAgreementJournalPayload):
    pass


@strawberry.type(description="Answer of copyTradeAgreementRows.", directives=_MANAGE)
class CopyTradeAgreementRowsPayload(CreateTradeAgreementJournalPayload):
    pass


@strawberry.type(description="Answer of postTradeAgreementJournal.", directives=_MANAGE)
class PostTradeAgreementJournalPayload(CreateTradeAgreementJournalPayload):
    pass


@strawberry.input(description="A group that a customer shall be in.", directives=_MANAGE)
class PricingGroupInput:
    relation: TradeRelation = strawberry.field(description="For which kind of row.")
    code: str = strawberry.field(description="The group, 64 characters.")
    priority: int = strawberry.field(
        default=0, description="Of several the highest that has a matching row decides."
    )


@strawberry.input(
    description="A customer's groups for trade agreements, as they shall be.", directives=_MANAGE
)
class SetCustomerPricingGroupsInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int = strawberry.field(description="Its version you saw; a newer one is refused.")
    groups: list[PricingGroupInput] = strawberry.field(
        description="Its own groups, at most 40; where it has none of a kind, its nearest ancestor's count."
    )


@strawberry.type(description="Answer of setCustomerPricingGroups.", directives=_MANAGE)
class SetCustomerPricingGroupsPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.input(description="What a product shall count as for trade agreements.", directives=_MANAGE)
class SetProductPricingInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int = strawberry.field(
        description="The version of its `pricing` you saw; a newer one is refused."
    )
    line_discount_group: str = strawberry.field(
        default="", description="Its group for line discounts; empty for none."
    )
    multiline_discount_group: str = strawberry.field(
        default="", description="Its group for multiline discounts; empty for none."
    )
    is_in_total_discount: bool = strawberry.field(
        default=True, description="Whether its lines count towards total discounts."
    )


@strawberry.type(description="Answer of setProductPricing.", directives=_MANAGE)
class SetProductPricingPayload(Payload):
    entity_type = "Product"
    product: Product | None = strawberry.field(default=None, description="The product; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(products.products_by_id, entity_id)
        return cls(product=None if row is None else Product.of(row))


def _journal_key(given: strawberry.ID) -> UUID:
    return decode_id(given, "TradeAgreementJournal", path=("journalId",))


@strawberry.type
class TradeAgreementMutations:
    @strawberry.mutation(description="Begins a journal of trade agreements.", directives=_MANAGE)
    async def create_trade_agreement_journal(
        self,
        info: Info,
        input: Annotated[CreateTradeAgreementJournalInput, strawberry.argument(description="The journal.")],
    ) -> CreateTradeAgreementJournalPayload:
        done = await trade_agreements_acts.create_journal(
            info.context, input.description, _drafts_of(input.rows)
        )
        return await CreateTradeAgreementJournalPayload.of(info.context, done)

    @strawberry.mutation(description="Adds rows to a draft.", directives=_MANAGE)
    async def add_trade_agreement_rows(
        self,
        info: Info,
        input: Annotated[AddTradeAgreementRowsInput, strawberry.argument(description="The rows.")],
    ) -> AddTradeAgreementRowsPayload:
        done = await trade_agreements_acts.add_rows(
            info.context, _journal_key(input.journal_id), input.expected_version, _drafts_of(input.rows)
        )
        return await AddTradeAgreementRowsPayload.of(info.context, done)

    @strawberry.mutation(description="Throws rows out of a draft.", directives=_MANAGE)
    async def remove_trade_agreement_rows(
        self,
        info: Info,
        input: Annotated[RemoveTradeAgreementRowsInput, strawberry.argument(description="The rows.")],
    ) -> RemoveTradeAgreementRowsPayload:
        keys = [
            decode_id(each, "TradeAgreementRow", path=("rowIds", index))
            for index, each in enumerate(input.row_ids)
        ]
        done = await trade_agreements_acts.remove_rows(
            info.context, _journal_key(input.journal_id), input.expected_version, keys
        )
        return await RemoveTradeAgreementRowsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Copies posted rows into a draft, prices times a factor: a change of many prices in one act.",
        directives=_MANAGE,
    )
    async def copy_trade_agreement_rows(
        self,
        info: Info,
        input: Annotated[CopyTradeAgreementRowsInput, strawberry.argument(description="What to copy.")],
    ) -> CopyTradeAgreementRowsPayload:
        keys = [
            decode_id(each, "TradeAgreementRow", path=("rowIds", index))
            for index, each in enumerate(input.row_ids or ())
        ]
        wanted = CopyWanted(
            keys, RowFilter(where_of(input.where, ROW_IDS), input.on), input.factor, input.decimals,
            input.valid_from, input.valid_until, input.replaces,
        )  # fmt: skip
        done = await trade_agreements_acts.copy_rows(
            info.context, _journal_key(input.journal_id), input.expected_version, wanted
        )
        return await CopyTradeAgreementRowsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Lets the rows of a draft come into force in their time: all of them or none. Errors name the row "
        "by its position, as `rows`, position, field. A dry run checks a draft.",
        directives=_MANAGE,
    )
    async def post_trade_agreement_journal(
        self,
        info: Info,
        input: Annotated[PostTradeAgreementJournalInput, strawberry.argument(description="The draft.")],
    ) -> PostTradeAgreementJournalPayload:
        done = await trade_agreements_posting.post_journal(
            info.context, _journal_key(input.journal_id), input.expected_version
        )
        return await PostTradeAgreementJournalPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says in which groups for trade agreements a customer is.", directives=_MANAGE
    )
    async def set_customer_pricing_groups(
        self,
        info: Info,
        input: Annotated[SetCustomerPricingGroupsInput, strawberry.argument(description="The groups.")],
    ) -> SetCustomerPricingGroupsPayload:
        done = await trade_agreements_acts.set_customer_groups(
            info.context, decode_id(input.customer_id, "Customer", path=("customerId",)),
            [fill(GroupDraft, each) for each in input.groups], input.expected_version,
        )  # fmt: skip
        return await SetCustomerPricingGroupsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says what a product counts as for trade agreements.", directives=_MANAGE
    )
    async def set_product_pricing(
        self,
        info: Info,
        input: Annotated[SetProductPricingInput, strawberry.argument(description="The groups.")],
    ) -> SetProductPricingPayload:
        done = await trade_agreements_acts.set_product_pricing(
            info.context, decode_id(input.product_id, "Product", path=("productId",)),
            fill(ProductPricingDraft, input), input.expected_version,
        )  # fmt: skip
        return await SetProductPricingPayload.of(info.context, done)
