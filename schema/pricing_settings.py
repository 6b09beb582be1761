"""How the seller makes prices: whose day counts, how discounts combine, what is searched, when a margin is good."""

from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import pricing_settings
from resolvers.context import Context
from resolvers.customers import SellerRow, seller, sellers_by_id
from resolvers.pricing_settings import SettingsDraft
from rules.pricing_facts import LineMultilineMode, Scope, TradeRelation
from rules.trade_settings import CELLS, DateType, cell_code
from schema.access import access, described_enum, list_size
from schema.payloads import Payload
from schema.pricing_groups import READ
from schema.rows import fill

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.TRADE_AGREEMENTS_MANAGE)]
_MARGIN = [access(P.MARGIN_READ)]

described_enum(
    LineMultilineMode,
    "How a line discount and a multiline discount make one.",
    {
        "LINE": "Only the line discount counts.",
        "MULTILINE": "Only the multiline discount counts.",
        "MAX": "The one that takes off more.",
        "MIN": "The one that takes off less: nothing where there is only one.",
        "SUM": "Both are added up: 5 and 10 percent are 15.",
        "PRODUCT": "One after the other: 5 and 10 percent are 14.5.",
    },
)
described_enum(
    DateType,
    "The day whose trade agreements hold for a document.",
    {
        "ORDER": "The day it is ordered.",
        "REQUESTED_SHIP": "The day the goods leave, as it follows from the requested day.",
        "REQUESTED_RECEIPT": "The day the buyer wants them.",
    },
)


@strawberry.type(description="A combination of trade agreements: what, for whom, of what.", directives=READ)
class TradeCell:
    relation: TradeRelation = strawberry.field(description="What such rows set.")
    customer_scope: Scope = strawberry.field(description="Whom they are for.")
    item_scope: Scope = strawberry.field(description="What they are for.")
    is_searched: bool = strawberry.field(description="Whether prices look for such rows.")


@strawberry.type(description="How the seller makes prices.", directives=READ)
class PricingSettings:
    line_multiline_mode: LineMultilineMode = strawberry.field(
        description="How a line discount and a multiline discount make one."
    )
    price_date_type: DateType = strawberry.field(description="Whose day counts for trade agreements.")
    margin_target_percent: Decimal = strawberry.field(
        description="From this margin on a price is green, in percent of sales.", directives=_MARGIN
    )
    margin_floor_percent: Decimal = strawberry.field(
        description="Below this margin a price is red, in percent of sales.", directives=_MARGIN
    )
    money_yearly_percent: Decimal = strawberry.field(
        description="What money costs a year, in percent: what a longer payment term gives away is counted with it."
    )
    judged_together_days: int = strawberry.field(
        description="What is given by hand on an order is judged with the customer's other orders of so many days; 0:"
        " by itself."
    )
    version: int = strawberry.field(description="Counts its changes; a change names the one it saw.")
    row: strawberry.Private[SellerRow]

    @classmethod
    def of(cls, row: SellerRow) -> "PricingSettings":
        return fill(cls, row, version=row.pricing_version, row=row)

    @strawberry.field(
        description="Every combination, in the order in which it is searched.",
        directives=[list_size(len(CELLS))],
    )
    def trade_cells(self) -> list[TradeCell]:
        off = frozenset(self.row.inactive_trade_cells)
        return [
            TradeCell(
                relation=relation,
                customer_scope=customer,
                item_scope=item,
                is_searched=cell_code(relation, customer, item) not in off,
            )
            for relation, customer, item in CELLS
        ]


@strawberry.type
class PricingSettingsQueries:
    @strawberry.field(description="How the seller makes prices.", directives=READ)
    async def pricing_settings(self, info: Info) -> PricingSettings:
        return PricingSettings.of(await seller(info.context))


@strawberry.input(description="A combination that shall not be searched.", directives=_MANAGE)
class TradeCellInput:
    relation: TradeRelation = strawberry.field(description="What such rows set.")
    customer_scope: Scope = strawberry.field(description="Whom they are for.")
    item_scope: Scope = strawberry.field(description="What they are for.")


def _stays(description: str, **more: Any) -> Any:
    return strawberry.field(default=None, description=f"{description} Null leaves it as it is.", **more)


@strawberry.input(description="How the seller shall make prices.", directives=_MANAGE)
class SetPricingSettingsInput:
    expected_version: int = strawberry.field(description="The version of `pricingSettings` you saw.")
    line_multiline_mode: LineMultilineMode | None = _stays("How line and multiline discount make one.")
    price_date_type: DateType | None = _stays("Whose day counts for trade agreements.")
    inactive_cells: list[TradeCellInput] | None = _stays(
        "All combinations that are not searched; none for all."
    )
    margin_target_percent: Decimal | None = _stays(
        "From this margin on a price is green: 0 to below 100.", directives=_MARGIN
    )
    margin_floor_percent: Decimal | None = _stays(
        "Below this margin a price is red: not above the target.", directives=_MARGIN
    )
    money_yearly_percent: Decimal | None = _stays("What money costs a year, in percent: 0 to 100.")
    judged_together_days: int | None = _stays(
        "Of how many days a customer's orders are judged together: 0 to 90."
    )


@strawberry.type(description="Answer of setPricingSettings.", directives=_MANAGE)
class SetPricingSettingsPayload(Payload):
    entity_type = "Seller"
    pricing_settings: PricingSettings | None = strawberry.field(
        default=None, description="The settings; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        (row,) = await sellers_by_id(ctx, [entity_id])
        return cls(pricing_settings=PricingSettings.of(row))


@strawberry.type
class PricingSettingsMutations:
    @strawberry.mutation(
        description="Says how the seller makes prices. They follow from the next look on; orders that are placed keep "
        "theirs. Warnings tell rows in force that are not searched any more.",
        directives=_MANAGE,
    )
    async def set_pricing_settings(
        self,
        info: Info,
        input: Annotated[SetPricingSettingsInput, strawberry.argument(description="The settings.")],
    ) -> SetPricingSettingsPayload:
        cells = None
        if input.inactive_cells is not None:
            cells = [(each.relation, each.customer_scope, each.item_scope) for each in input.inactive_cells]
        draft = fill(SettingsDraft, input, inactive_cells=cells)
        done = await pricing_settings.set_pricing_settings(info.context, draft, input.expected_version)
        return await SetPricingSettingsPayload.of(info.context, done)
