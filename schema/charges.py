"""Rules of charges: freight, small orders, deposits, packaging, raw material."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.charges import ChargeRuleRow
from resolvers import charges, customers, products
from resolvers.charges import ChargeDraft
from resolvers.context import Context
from resolvers.paging import PageArgs
from resolvers.price_rules import is_ended
from resolvers.rule_targets import Target, day_before
from rules.charges import ChargeBand as Band
from rules.charges import ChargeBasis, ChargeKind, ChargeMethod
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer, CustomerGroup
from schema.free_goods import PriceRuleAction
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload
from schema.products import Product, ProductCategory
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
_READ = [access(P.CHARGES_READ)]
_MANAGE = [access(P.CHARGES_MANAGE)]

described_enum(
    ChargeBasis,
    "What the bands of a charge measure, over the goods that the rule is for.",
    {
        "DOCUMENT": "Their net amount, after every discount.",
        "LINE": "The net amount of each line; each is charged by itself.",
        "WEIGHT": "Their weight in kilograms.",
        "QUANTITY": "Their quantity in units.",
    },
)
described_enum(
    ChargeMethod,
    "How a band charges.",
    {
        "FIXED": "An amount.",
        "PERCENT": "A percent of the net amount.",
        "RATE": "So much per kilogram or unit; for WEIGHT and QUANTITY.",
    },
)


@strawberry.type(description="A half-open band: from a value up to the next one.", directives=_READ)
class ChargeBand:
    from_: Decimal = strawberry.field(name="from", description="From this value on, included.")
    to: Decimal | None = strawberry.field(description="Up to this value, not included; null without end.")
    method: ChargeMethod = strawberry.field(description="How it charges.")
    value: Decimal = strawberry.field(description="How much, by the method.")


@strawberry.type(
    description="A charge on documents, taxed in the share of its goods' rates.", directives=_READ
)
class ChargeRule(Node):
    name: str = strawberry.field(description="What it is called; documents show it.")
    kind: ChargeKind = strawberry.field(description="What it is for.")
    basis: ChargeBasis = strawberry.field(description="What its bands measure.")
    currency: CurrencyCode = strawberry.field(description="Documents in other currencies are not charged.")
    priority: int = strawberry.field(description="Of several rules of a kind the highest applies.")
    segment: str | None = strawberry.field(description="Code of the segment it is for.")
    countries: list[str] = strawberry.field(
        description="Where the goods go; empty for anywhere.", directives=[list_size(100)]
    )
    postal_prefixes: list[str] = strawberry.field(
        description="How the postal code begins; empty for any.", directives=[list_size(100)]
    )
    incoterms: list[str] = strawberry.field(
        description="The delivery terms it holds for; empty for any.", directives=[list_size(100)]
    )
    valid_from: date = strawberry.field(description="The first day.")
    version: int = strawberry.field(description="Rises with every change.")
    created_at: datetime = strawberry.field(description="When it was made.")
    row: strawberry.Private[ChargeRuleRow]

    @classmethod
    def of(cls, row: ChargeRuleRow) -> "ChargeRule":
        return fill(cls, row, id=encode_id("ChargeRule", row.id), row=row)

    @strawberry.field(description="The last day; null without end.")
    def valid_until(self) -> date | None:
        return day_before(self.row.valid_until)

    @strawberry.field(description="Nothing is charged once the goods' net reaches this; null for never.")
    def free_from(self) -> Money | None:
        amount = self.row.free_from
        return None if amount is None else Money.of(amount, self.row.currency)

    @strawberry.field(description="Its bands, rising.", directives=[list_size(50)])
    async def bands(self, info: Info) -> list[ChargeBand]:
        rows = await info.context.load(charges.bands_by_rule, self.row.id)
        return [
            ChargeBand(from_=row.from_value, to=row.to_value, method=row.method, value=row.value)
            for row in rows
        ]

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

    @strawberry.field(description="The product it is for; null for any, or any of the category.")
    async def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        row = None if key is None else await info.context.load(products.products_by_id, key)
        return None if row is None else Product.of(row)

    @strawberry.field(description="The category it is for, with those below it.")
    async def category(self, info: Info) -> ProductCategory | None:
        key = self.row.category_id
        row = None if key is None else await info.context.load(products.categories_by_id, key)
        return None if row is None else ProductCategory.of(row)

    @strawberry.field(
        description="What you may do with it; buttons are drawn from this.", directives=[list_size(2)]
    )
    def allowed_actions(self, info: Info) -> list[PriceRuleAction]:
        may = info.context.user.may(P.CHARGES_MANAGE) and not self.is_ended(info)
        return list(PriceRuleAction) if may else []


@node_loader("ChargeRule")
async def load_charge_rules(ctx: Context, keys: Sequence[UUID]) -> Sequence[ChargeRule | None]:
    rows = await charges.charges_by_id(ctx, keys)
    return [None if row is None else ChargeRule.of(row) for row in rows]


@strawberry.type
class ChargeQueries:
    @strawberry.field(description="Rules of charges, by name.", directives=_READ)
    async def charge_rules(
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
    ) -> Connection[ChargeRule]:
        args = PageArgs(first, after, last, before)
        found = await charges.list_charges(info.context, search, include_ended, args)
        return connection(found, ChargeRule.of)


@strawberry.input(description="A half-open band.", directives=_MANAGE)
class ChargeBandInput:
    from_: Decimal = strawberry.field(name="from", description="From this value on, included.")
    to: Decimal | None = strawberry.field(
        default=None, description="Up to this value, which belongs to the next band; none without end."
    )
    method: ChargeMethod = strawberry.field(default=ChargeMethod.FIXED, description="How it charges.")
    value: Decimal = strawberry.field(description="How much, by the method.")


@strawberry.input(description="A rule of charges.", directives=_MANAGE)
class CreateChargeRuleInput:
    name: str = strawberry.field(description="What it is called, 1 to 200 characters.")
    kind: ChargeKind = strawberry.field(description="What it is for.")
    basis: ChargeBasis = strawberry.field(description="What its bands measure.")
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts and documents.")
    bands: list[ChargeBandInput] = strawberry.field(
        description="1 to 50, rising, without gaps; beyond a last one that ends nothing is charged."
    )
    priority: int = strawberry.field(default=0, description="Of several rules of a kind the highest applies.")
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
    countries: list[str] = strawberry.field(
        default_factory=list, description="Where the goods go, as ES; empty for anywhere."
    )
    postal_prefixes: list[str] = strawberry.field(
        default_factory=list, description="How the postal code begins; empty for any."
    )
    incoterms: list[str] = strawberry.field(
        default_factory=list, description="The delivery terms it holds for, as DAP; empty for any."
    )
    free_from: Decimal | None = strawberry.field(
        default=None, description="Nothing is charged once the goods' net reaches this."
    )
    valid_from: date = strawberry.field(description="The first day.")
    valid_until: date | None = strawberry.field(default=None, description="The last day; none without end.")


@strawberry.input(description="A rule of charges as it shall be.", directives=_MANAGE)
class UpdateChargeRuleInput(CreateChargeRuleInput):
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="Ends a rule of charges.", directives=_MANAGE)
class DeactivateChargeRuleInput:
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


def _draft(given: CreateChargeRuleInput) -> ChargeDraft:
    def key(text: strawberry.ID | None, type_name: str, field: str) -> UUID | None:
        return None if text is None else decode_id(text, type_name, path=(field,))

    return ChargeDraft(
        name=given.name,
        kind=given.kind,
        basis=given.basis,
        currency=given.currency,
        bands=tuple(Band(each.from_, each.to, each.method, each.value) for each in given.bands),
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
        countries=tuple(given.countries),
        postal_prefixes=tuple(given.postal_prefixes),
        incoterms=tuple(given.incoterms),
        free_from=given.free_from,
    )


class _RulePayload(Payload):
    entity_type = "ChargeRule"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(charges.charges_by_id, entity_id)
        return cls(rule=None if row is None else ChargeRule.of(row))  # type: ignore[call-arg]


_RULE = "The rule; null when refused."


@strawberry.type(description="Answer of createChargeRule.", directives=_MANAGE)
class CreateChargeRulePayload(_RulePayload):
    rule: ChargeRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of updateChargeRule.", directives=_MANAGE)
class UpdateChargeRulePayload(_RulePayload):
    rule: ChargeRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of deactivateChargeRule.", directives=_MANAGE)
class DeactivateChargeRulePayload(_RulePayload):
    rule: ChargeRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type
class ChargeMutations:
    @strawberry.mutation(
        description=(
            "Makes a rule of charges. Bands with gaps, overlaps or falling thresholds are refused; a warning names "
            "rules of the same kind and reach with the same priority: the newest of them applies."
        ),
        directives=_MANAGE,
    )
    async def create_charge_rule(
        self,
        info: Info,
        input: Annotated[CreateChargeRuleInput, strawberry.argument(description="The rule.")],
    ) -> CreateChargeRulePayload:
        done = await charges.create_charge(info.context, _draft(input))
        return await CreateChargeRulePayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes a rule of charges as a whole; orders placed before keep what they were charged.",
        directives=_MANAGE,
    )
    async def update_charge_rule(
        self,
        info: Info,
        input: Annotated[UpdateChargeRuleInput, strawberry.argument(description="The rule.")],
    ) -> UpdateChargeRulePayload:
        key = decode_id(input.rule_id, "ChargeRule", path=("ruleId",))
        done = await charges.update_charge(info.context, key, _draft(input), input.expected_version)
        return await UpdateChargeRulePayload.of(info.context, done)

    @strawberry.mutation(
        description="Ends a rule of charges: from today on it charges nothing.", directives=_MANAGE
    )
    async def deactivate_charge_rule(
        self,
        info: Info,
        input: Annotated[DeactivateChargeRuleInput, strawberry.argument(description="The rule.")],
    ) -> DeactivateChargeRulePayload:
        key = decode_id(input.rule_id, "ChargeRule", path=("ruleId",))
        done = await charges.deactivate_charge(info.context, key, input.expected_version)
        return await DeactivateChargeRulePayload.of(info.context, done)
