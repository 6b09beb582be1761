"""Suggestions: products to offer, each with its reason, and how they fared."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import jobs, suggestions
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.products import products_by_id
from rules.suggestions import SuggestionPlace, SuggestionReason, SuggestionStage
from schema.access import access, described_enum, list_size
from schema.customers import Customer
from schema.ids import decode_id
from schema.jobs import Job
from schema.payloads import Payload
from schema.products import Product, ProductBy, product_row
from schema.rows import fill

Info = strawberry.Info[Context, None]
_CATALOG = [access(P.CATALOG_READ)]
_MEASURE = [access(P.SUGGESTIONS_MEASURE)]
_RECORD = [access(P.CARTS_USE, P.ORDERS_MANAGE)]
_REFRESH = [access(P.JOBS_MANAGE)]

described_enum(
    SuggestionReason,
    "Why a product is suggested, the strongest first.",
    {
        "AGREEMENT": "An agreement falls short of what was committed.",
        "REPLENISHMENT": "The customer's usual interval between purchases has passed.",
        "RELATED": "It is an accessory or the better one of something at hand.",
        "BOUGHT_TOGETHER": "It is often on one document with something at hand.",
        "PEERS": "Companies of the customer's group buy it; for customers without purchases, and of five at least.",
    },
)
described_enum(
    SuggestionPlace,
    "Where suggestions are shown.",
    {
        "PRODUCT": "At a product.",
        "CART": "In the cart.",
        "CUSTOMER": "At a customer, to the seller's people.",
    },
)
described_enum(
    SuggestionStage,
    "What became of a suggestion.",
    {"SHOWN": "Somebody saw it.", "ACCEPTED": "They put it into the cart.", "ORDERED": "It was ordered."},
)


@strawberry.type(description="A product to offer, and why.", directives=_CATALOG)
class Suggestion:
    reason: SuggestionReason = strawberry.field(description="Why, as a code.")
    words: str = strawberry.field(description="Why, in the reader's words.")
    row: strawberry.Private[suggestions.SuggestionRow]

    @classmethod
    def of(cls, row: suggestions.SuggestionRow) -> "Suggestion":
        return fill(cls, row, row=row)

    @strawberry.field(description="The product; null where it has just been taken off sale.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


@strawberry.type(
    description="How suggestions of a reason fared in a place: each counts once a day, customer and product.",
    directives=_MEASURE,
)
class SuggestionPerformance:
    reason: SuggestionReason = strawberry.field(description="Why they were suggested.")
    place: SuggestionPlace = strawberry.field(description="Where they were shown.")
    shown: int = strawberry.field(description="How many were seen.")
    accepted: int = strawberry.field(description="How many were put into a cart.")
    ordered: int = strawberry.field(description="How many were ordered within 30 days of that.")


@strawberry.type
class SuggestionQueries:
    @strawberry.field(
        description="What goes with a product: related ones, and what is bought with it.",
        directives=[*_CATALOG, list_size(suggestions.COUNT_MAX)],
    )
    async def product_suggestions(
        self,
        info: Info,
        by: Annotated[ProductBy, strawberry.argument(description="Which product.")],
    ) -> list[Suggestion]:
        product = await product_row(info.context, by)
        rows = [] if product is None else await suggestions.product_suggestions(info.context, product.id)
        return [Suggestion.of(row) for row in rows]

    @strawberry.field(
        description="How suggestions to customers you may see fared, by reason and place.",
        directives=[*_MEASURE, list_size(15)],
    )
    async def suggestion_performance(
        self,
        info: Info,
        since: Annotated[date, strawberry.argument(description="The first day.")],
        until: Annotated[date, strawberry.argument(description="The last day.")],
    ) -> list[SuggestionPerformance]:
        rows = await suggestions.suggestion_performance(info.context, since, until)
        return [fill(SuggestionPerformance, row) for row in rows]


@strawberry.input(description="A suggestion that was shown or accepted.", directives=_RECORD)
class SuggestionToldInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    reason: SuggestionReason = strawberry.field(description="Why it was suggested.")


@strawberry.input(description="Suggestions that somebody saw or took.", directives=_RECORD)
class RecordSuggestionsInput:
    stage: SuggestionStage = strawberry.field(
        description="SHOWN or ACCEPTED; orders are counted by themselves."
    )
    place: SuggestionPlace = strawberry.field(description="Where they were shown.")
    suggestions: list[SuggestionToldInput] = strawberry.field(description="1 to 20 of them.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="To whom; a buyer's is the company they act for."
    )


@strawberry.type(description="Answer of recordSuggestions.", directives=_RECORD)
class RecordSuggestionsPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="To whom they were shown.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.input(description="Counts anew what is bought together.", directives=_REFRESH)
class RefreshSuggestionsInput:
    months: int = strawberry.field(default=24, description="How many months of sales count, 1 to 60.")


@strawberry.type(description="Answer of refreshSuggestions.", directives=_REFRESH)
class RefreshSuggestionsPayload(Payload):
    entity_type = "Job"
    job: Job | None = strawberry.field(default=None, description="The job that counts; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(jobs.jobs_by_id, entity_id)
        return cls(job=None if row is None else Job.of(row))


@strawberry.type
class SuggestionMutations:
    @strawberry.mutation(
        description="Tells that suggestions were shown or accepted; each counts once a day.",
        directives=_RECORD,
    )
    async def record_suggestions(
        self,
        info: Info,
        input: Annotated[RecordSuggestionsInput, strawberry.argument(description="What was shown.")],
    ) -> RecordSuggestionsPayload:
        told = [
            suggestions.Told(
                decode_id(each.product_id, "Product", path=("suggestions", index, "productId")), each.reason
            )
            for index, each in enumerate(input.suggestions)
        ]
        customer_id = (
            None
            if input.customer_id is None
            else decode_id(input.customer_id, "Customer", path=("customerId",))
        )
        done = await suggestions.record_suggestions(info.context, input.stage, input.place, told, customer_id)
        return await RecordSuggestionsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Starts the job that counts anew what is bought together; it also runs every night.",
        directives=_REFRESH,
    )
    async def refresh_suggestions(
        self,
        info: Info,
        input: Annotated[RefreshSuggestionsInput, strawberry.argument(description="How far back.")],
    ) -> RefreshSuggestionsPayload:
        done = await suggestions.refresh_suggestions(info.context, input.months)
        return await RefreshSuggestionsPayload.of(info.context, done)
