"""What customers and products count as for trade agreements."""

import strawberry

from auth.permissions import Permission as P
from models.trade_agreements_reads import PricingGroupRow, ProductPricingRow
from rules.pricing_facts import PercentBase, Scope, TradeRelation
from rules.trade_rows import TradeJournalAction, TradeJournalStatus
from schema.access import access, described_enum
from schema.filters import enum_filter
from schema.rows import fill

READ = [access(P.TRADE_AGREEMENTS_READ)]

described_enum(
    TradeRelation,
    "What a row of a trade agreement sets.",
    {
        "PRICE": "The price of one product, by the quantity of the line.",
        "LINE_DISCOUNT": "A discount on a line, by its own quantity.",
        "MULTILINE_DISCOUNT": "A discount on lines, by the quantity of all that belong together.",
        "TOTAL_DISCOUNT": "A discount on an order, by its amount after the discounts of its lines.",
    },
)
described_enum(
    Scope,
    "Whom or what a rule is for.",
    {
        "ONE": "One customer (and those below it), or one product.",
        "GROUP": "A group of customers, or of products.",
        "ALL": "All of them.",
    },
)
described_enum(
    PercentBase,
    "What a row's percentage is taken of.",
    {"NET": "Of what its amount left.", "GROSS": "Of the price before its amount came off."},
)
described_enum(
    TradeJournalStatus,
    "A journal's state.",
    {
        "DRAFT": "Being written; nothing of it holds.",
        "POSTED": "Its rows hold in their time and do not change any more.",
    },
)
described_enum(
    TradeJournalAction,
    "What a viewer may do with a journal.",
    {"EDIT": "Add, copy and remove rows.", "POST": "Let its rows come into force."},
)
TradeRelationFilter = enum_filter(TradeRelation)
TradeJournalStatusFilter = enum_filter(TradeJournalStatus)


@strawberry.type(description="A group of a customer for one kind of trade agreement.", directives=READ)
class PricingGroup:
    relation: TradeRelation = strawberry.field(description="For which kind of row.")
    code: str = strawberry.field(description="The group.")
    priority: int = strawberry.field(description="Of several the highest that has a matching row decides.")

    @classmethod
    def of(cls, row: PricingGroupRow) -> "PricingGroup":
        return fill(cls, row, code=row.group_code)


@strawberry.type(description="What a product counts as for trade agreements.", directives=READ)
class ProductPricing:
    line_discount_group: str = strawberry.field(description="Its group for line discounts; empty for none.")
    multiline_discount_group: str = strawberry.field(
        description="Its group for multiline discounts; empty for none."
    )
    is_in_total_discount: bool = strawberry.field(
        description="Whether its lines count towards total discounts and bear their share."
    )
    version: int = strawberry.field(description="Rises with every change; 0 while nothing was said of it.")

    @classmethod
    def of(cls, row: ProductPricingRow) -> "ProductPricing":
        return fill(cls, row)
