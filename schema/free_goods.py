"""Rules of free goods: what is given, to whom, for buying what."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.free_goods import FreeGoodsRuleRow
from resolvers import customers, free_goods, products
from resolvers.context import Context
from resolvers.free_goods import FreeGoodsDraft
from resolvers.paging import PageArgs
from resolvers.price_rules import is_ended
from resolvers.rule_targets import Target, day_before
from rules.free_goods import FreeCalculation, FreeKind, FreeRounding, FreeStockPolicy
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer, CustomerGroup
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload
from schema.products import Product, ProductCategory
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.FREE_GOODS_READ)]
_MANAGE = [access(P.FREE_GOODS_MANAGE)]

described_enum(
    FreeKind,
    "Whether what is free is part of what was ordered, or comes on top.",
    {
        "INCLUSIVE": "Part of what was ordered, of the same product: of 15 ordered, 12 are paid and 3 free.",
        "EXCLUSIVE": "On top, of the same or another product: 15 are paid and 3 come besides.",
    },
)
described_enum(
    FreeCalculation,
    "How a quantity that is no multiple of perQuantity is treated; 280 bought at 3 per 100 give:",
    {
        "PROPORTIONAL": "8: the share, rounded to whole units.",
        "UNIT_REFERENCE": "6: for each full multiple.",
        "WHOLE_UNIT": "Nothing: the quantity must be a multiple.",
    },
)
described_enum(
    FreeRounding,
    "How a proportional quantity becomes whole units.",
    {"DOWN": "Down.", "HALF_UP": "To the nearest, halves up.", "UP": "Up."},
)
described_enum(
    FreeStockPolicy,
    "What becomes of free goods that are out of stock.",
    {
        "DROP": "They are left out.",
        "BACKORDER": "They follow later.",
        "SUBSTITUTE": "A substitute of the product is given, if one is in stock.",
    },
)


class PriceRuleAction(StrEnum):
    """What can be done with a rule that prices follow from."""

    UPDATE = "UPDATE"
    DEACTIVATE = "DEACTIVATE"


described_enum(
    PriceRuleAction,
    "What a viewer may do with a rule.",
    {"UPDATE": "Change it.", "DEACTIVATE": "End it today."},
)


@strawberry.type(
    description="Goods that are given for buying goods; at most one of customer, group and segment.",
    directives=_READ,
)
class FreeGoodsRule(Node):
    name: str = strawberry.field(description="What it is called; traces and documents show it.")
    priority: int = strawberry.field(description="Of several rules for a line the highest applies.")
    segment: str | None = strawberry.field(description="Code of the segment it is for.")
    minimum_quantity: Decimal = strawberry.field(description="From this quantity of a line on, in its unit.")
    per_quantity: Decimal = strawberry.field(description="For each of so many bought.")
    free_quantity: Decimal = strawberry.field(description="So many are free.")
    kind: FreeKind = strawberry.field(description="Part of what was ordered, or on top.")
    calculation: FreeCalculation = strawberry.field(description="How incomplete multiples count.")
    rounding: FreeRounding = strawberry.field(description="How a proportional quantity is rounded.")
    is_only_once: bool = strawberry.field(description="Once per order, however much is bought.")
    is_optional: bool = strawberry.field(description="Proposed, and added when the buyer takes it.")
    is_chargeable: bool = strawberry.field(description="An accessory that is priced, not given.")
    max_per_order: Decimal | None = strawberry.field(description="The most an order is given; null for any.")
    out_of_stock: FreeStockPolicy = strawberry.field(description="What happens when it is out of stock.")
    valid_from: date = strawberry.field(description="The first day.")
    version: int = strawberry.field(description="Rises with every change.")
    created_at: datetime = strawberry.field(description="When it was made.")
    row: strawberry.Private[FreeGoodsRuleRow]

    @classmethod
    def of(cls, row: FreeGoodsRuleRow) -> "FreeGoodsRule":
        return fill(cls, row, id=encode_id("FreeGoodsRule", row.id), row=row)

    @strawberry.field(description="The last day; null without end.")
    def valid_until(self) -> date | None:
        return day_before(self.row.valid_until)

    @strawberry.field(description="Whether it was ended before its time.")
    def is_ended(self, info: Info) -> bool:
        return is_ended(self.row, info.context.today)

    @strawberry.field(description="The customer it is for, with the companies below it.")
    async def customer(self, info: Info) -> Customer | None:
        key = self.row.customer_id
        row = None if key is None else await info.context.load(customers.customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="The group of customers it is for.")
    async def customer_group(self, info: Info) -> CustomerGroup | None:
        key = self.row.customer_group_id
        row = None if key is None else await info.context.load(customers.groups_by_id, key)
        return None if row is None else fill(CustomerGroup, row)

    @strawberry.field(description="The product that must be bought; null for any, or any of the category.")
    async def product(self, info: Info) -> Product | None:
        return await _product(info.context, self.row.product_id)

    @strawberry.field(description="The category whose products count, with those below it.")
    async def category(self, info: Info) -> ProductCategory | None:
        key = self.row.category_id
        row = None if key is None else await info.context.load(products.categories_by_id, key)
        return None if row is None else ProductCategory.of(row)

    @strawberry.field(description="What is free; null for the product that is bought.")
    async def free_product(self, info: Info) -> Product | None:
        return await _product(info.context, self.row.free_product_id)

    @strawberry.field(
        description="What you may do with it; buttons are drawn from this.", directives=[list_size(2)]
    )
    def allowed_actions(self, info: Info) -> list[PriceRuleAction]:
        may = info.context.user.may(P.FREE_GOODS_MANAGE) and not self.is_ended(info)
        return list(PriceRuleAction) if may else []


async def _product(ctx: Context, key: UUID | None) -> Product | None:
    row = None if key is None else await ctx.load(products.products_by_id, key)
    return None if row is None else Product.of(row)


@node_loader("FreeGoodsRule")
async def load_free_goods_rules(ctx: Context, keys: Sequence[UUID]) -> Sequence[FreeGoodsRule | None]:
    rows = await free_goods.free_goods_by_id(ctx, keys)
    return [None if row is None else FreeGoodsRule.of(row) for row in rows]


@strawberry.type
class FreeGoodsQueries:
    @strawberry.field(description="Rules of free goods, by name.", directives=_READ)
    async def free_goods_rules(
        self,
        info: Info,
        search: Annotated[str | None, strawberry.argument(description="Text in the name.")] = None,
        include_ended: Annotated[
            bool, strawberry.argument(description="Those that were ended as well.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[FreeGoodsRule]:
        args = PageArgs(first, after, last, before)
        found = await free_goods.list_free_goods(info.context, search, include_ended, args)
        return connection(found, FreeGoodsRule.of)


@strawberry.input(description="A rule of free goods.", directives=_MANAGE)
class CreateFreeGoodsRuleInput:
    name: str = strawberry.field(description="What it is called, 1 to 200 characters.")
    per_quantity: Decimal = strawberry.field(description="For each of so many bought, above zero.")
    free_quantity: Decimal = strawberry.field(description="So many are free, above zero.")
    minimum_quantity: Decimal = strawberry.field(
        default=Decimal(0), description="From this quantity of a line on."
    )
    kind: FreeKind = strawberry.field(
        default=FreeKind.EXCLUSIVE, description="Part of what was ordered, or on top."
    )
    calculation: FreeCalculation = strawberry.field(
        default=FreeCalculation.UNIT_REFERENCE, description="How incomplete multiples count."
    )
    rounding: FreeRounding = strawberry.field(
        default=FreeRounding.DOWN, description="For a proportional quantity."
    )
    priority: int = strawberry.field(default=0, description="Of several rules the highest applies.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="For this customer and the companies below it."
    )
    customer_group: str | None = strawberry.field(
        default=None, description="For the customers of the group with this code."
    )
    segment: str | None = strawberry.field(
        default=None, description="For the customers of the segment with this code."
    )
    product_id: strawberry.ID | None = strawberry.field(default=None, description="For this product.")
    category_id: strawberry.ID | None = strawberry.field(
        default=None, description="For products of this category and those below it."
    )
    free_product_id: strawberry.ID | None = strawberry.field(
        default=None, description="What is free; nothing for the product that is bought."
    )
    is_only_once: bool = strawberry.field(default=False, description="Once per order.")
    is_optional: bool = strawberry.field(
        default=False, description="Proposed, and added when the buyer takes it."
    )
    is_chargeable: bool = strawberry.field(
        default=False, description="An accessory that is priced, not given."
    )
    max_per_order: Decimal | None = strawberry.field(default=None, description="The most an order is given.")
    out_of_stock: FreeStockPolicy = strawberry.field(
        default=FreeStockPolicy.DROP, description="What happens when it is out of stock."
    )
    valid_from: date = strawberry.field(description="The first day.")
    valid_until: date | None = strawberry.field(default=None, description="The last day; none without end.")


@strawberry.input(description="A rule of free goods as it shall be.", directives=_MANAGE)
class UpdateFreeGoodsRuleInput(CreateFreeGoodsRuleInput):
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="Ends a rule of free goods.", directives=_MANAGE)
class DeactivateFreeGoodsRuleInput:
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


def _draft(given: CreateFreeGoodsRuleInput) -> FreeGoodsDraft:
    def key(text: strawberry.ID | None, type_name: str, field: str) -> UUID | None:
        return None if text is None else decode_id(text, type_name, path=(field,))

    return FreeGoodsDraft(
        name=given.name,
        per_quantity=given.per_quantity,
        free_quantity=given.free_quantity,
        valid_from=given.valid_from,
        last_day=given.valid_until,
        target=Target(
            key(given.customer_id, "Customer", "customerId"),
            given.customer_group or "",
            given.segment or "",
            key(given.product_id, "Product", "productId"),
            key(given.category_id, "ProductCategory", "categoryId"),
        ),
        priority=given.priority,
        minimum_quantity=given.minimum_quantity,
        kind=given.kind,
        calculation=given.calculation,
        rounding=given.rounding,
        free_product_id=key(given.free_product_id, "Product", "freeProductId"),
        is_only_once=given.is_only_once,
        is_optional=given.is_optional,
        is_chargeable=given.is_chargeable,
        max_per_order=given.max_per_order,
        out_of_stock=given.out_of_stock,
    )


class _RulePayload(Payload):
    entity_type = "FreeGoodsRule"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(free_goods.free_goods_by_id, entity_id)
        return cls(rule=None if row is None else FreeGoodsRule.of(row))  # type: ignore[call-arg]


_RULE = "The rule; null when refused."


@strawberry.type(description="Answer of createFreeGoodsRule.", directives=_MANAGE)
class CreateFreeGoodsRulePayload(_RulePayload):
    rule: FreeGoodsRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of updateFreeGoodsRule.", directives=_MANAGE)
class UpdateFreeGoodsRulePayload(_RulePayload):
    rule: FreeGoodsRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of deactivateFreeGoodsRule.", directives=_MANAGE)
class DeactivateFreeGoodsRulePayload(_RulePayload):
    rule: FreeGoodsRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type
class FreeGoodsMutations:
    @strawberry.mutation(
        description=(
            "Makes a rule of free goods. A warning names rules for the same buyers and goods with the same priority: "
            "the newest of them applies."
        ),
        directives=_MANAGE,
    )
    async def create_free_goods_rule(
        self,
        info: Info,
        input: Annotated[CreateFreeGoodsRuleInput, strawberry.argument(description="The rule.")],
    ) -> CreateFreeGoodsRulePayload:
        done = await free_goods.create_free_goods(info.context, _draft(input))
        return await CreateFreeGoodsRulePayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes a rule of free goods as a whole; orders placed before keep what they were given.",
        directives=_MANAGE,
    )
    async def update_free_goods_rule(
        self,
        info: Info,
        input: Annotated[UpdateFreeGoodsRuleInput, strawberry.argument(description="The rule.")],
    ) -> UpdateFreeGoodsRulePayload:
        key = decode_id(input.rule_id, "FreeGoodsRule", path=("ruleId",))
        done = await free_goods.update_free_goods(info.context, key, _draft(input), input.expected_version)
        return await UpdateFreeGoodsRulePayload.of(info.context, done)

    @strawberry.mutation(
        description="Ends a rule of free goods: from today on it gives nothing.", directives=_MANAGE
    )
    async def deactivate_free_goods_rule(
        self,
        info: Info,
        input: Annotated[DeactivateFreeGoodsRuleInput, strawberry.argument(description="The rule.")],
    ) -> DeactivateFreeGoodsRulePayload:
        key = decode_id(input.rule_id, "FreeGoodsRule", path=("ruleId",))
        done = await free_goods.deactivate_free_goods(info.context, key, input.expected_version)
        return await DeactivateFreeGoodsRulePayload.of(info.context, done)
