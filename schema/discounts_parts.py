"""What discount rules ask for and give: conditions and benefits as the schema shows them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.discounts_texts import Words
from resolvers.products import products_by_id
from rules.discounts_benefits import Benefit, BenefitKind, Tier, Tiered
from rules.discounts_conditions import (
    Condition,
    ConditionKind,
    CustomerIs,
    Extent,
    Measure,
    MixAndMatch,
    ProductIs,
    Window,
)
from schema.access import access, described_enum, list_size
from schema.customers import Customer
from schema.products import Product

Info = strawberry.Info[Context, None]
READ = [access(P.DISCOUNTS_READ)]

described_enum(
    ConditionKind,
    "What a condition looks at.",
    {
        "CUSTOMER": "The buyer or one of its parents.",
        "CUSTOMER_GROUP": "The buyer's customer group.",
        "SEGMENT": "Segments of customers.",
        "CHANNEL": "How the order comes in: PORTAL, STAFF or API.",
        "FIRST_ORDER": "Whether it is the customer's first order.",
        "WINDOW": "Weekdays and hours, where the seller is.",
        "PRODUCT": "The product.",
        "CATEGORY": "The category and those below it.",
        "BRAND": "The brand.",
        "NEAR_EXPIRY": "How soon the lot that would be sold expires.",
        "BOUGHT_BEFORE": "How often the customer bought the product.",
        "WISHLIST": "Whether it is in one of the customer's wishlists.",
        "BOUGHT_TOGETHER": "Whether it is often bought with another product of the basket.",
        "MINIMUM": "A quantity or an amount from which on it applies.",
        "MIX_AND_MATCH": "So many units of the rule's products in any mixture.",
    },
)
described_enum(
    BenefitKind,
    "What a rule gives.",
    {
        "PERCENT": "A percent.",
        "AMOUNT_PER_UNIT": "An amount off each unit.",
        "AMOUNT_PER_LINE": "An amount off each line.",
        "AMOUNT_PER_ORDER": "An amount off the order, spread over its lines.",
        "UNIT_PRICE": "A price of one or more units; it only ever lowers one.",
        "SET_PRICE": "A price for each full set of units.",
        "LEAST_EXPENSIVE": "A percent off the cheapest units.",
        "TIERED": "More from each step on.",
    },
)
described_enum(Measure, "What is counted.", {"QUANTITY": "Units.", "AMOUNT": "Net, in the rule's currency."})
described_enum(
    Extent,
    "Over what it is counted.",
    {
        "LINE": "Each line by itself.",
        "ELIGIBLE_LINES": "The lines that the rule is for.",
        "ORDER": "The whole order.",
    },
)


@strawberry.type(description="A product that has to be among a mixture.", directives=READ)
class MandatoryProduct:
    quantity: Decimal = strawberry.field(description="How many units of it at least.")
    product_key: strawberry.Private[UUID]

    @strawberry.field(description="The product; null where you may not see it.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.product_key)
        return None if row is None else Product.of(row)


def _value(condition: Any, name: str) -> Any:
    return getattr(condition, name, None)


@strawberry.type(description="Something a rule asks for. Each kind has some of the fields.", directives=READ)
class DiscountCondition:
    kind: ConditionKind = strawberry.field(description="What it looks at.")
    is_excluded: bool = strawberry.field(description="Whether it is for all but those named.")
    codes: list[str] = strawberry.field(
        description="Customer groups, segments, channels or brands by code; categories by path, as `/food/oil/`.",
        directives=[list_size(20)],
    )
    weekdays: list[int] = strawberry.field(
        description="Monday is 1; empty for all of them.", directives=[list_size(7)]
    )
    from_time: str | None = strawberry.field(
        description="From this time on, as `08:30`, where the seller is."
    )
    until_time: str | None = strawberry.field(description="Until before this time.")
    days: int | None = strawberry.field(description="At most so many days until it expires.")
    times: int | None = strawberry.field(description="Bought at least so many times.")
    months: int | None = strawberry.field(description="In so many months.")
    measure: Measure | None = strawberry.field(description="What a minimum counts.")
    of: Extent | None = strawberry.field(description="Over what a minimum counts.")
    least: Decimal | None = strawberry.field(description="From so much on.")
    below: Decimal | None = strawberry.field(description="Up to below so much; null for no end.")
    quantity: Decimal | None = strawberry.field(description="How many units a mixture has.")
    condition: strawberry.Private[Any]
    currency_code: strawberry.Private[str]

    @classmethod
    def of_rule(cls, condition: Condition, currency: str) -> "DiscountCondition":
        coded = () if isinstance(condition, (CustomerIs, ProductIs)) else _value(condition, "values") or ()
        is_window = isinstance(condition, Window)
        since = condition.from_time if isinstance(condition, Window) else None
        until = condition.until_time if isinstance(condition, Window) else None
        plain = {
            name: _value(condition, name)
            for name in ("days", "times", "months", "measure", "of", "least", "below", "quantity")
        }
        return cls(
            kind=condition.kind,
            is_excluded=bool(_value(condition, "is_excluded")),
            codes=sorted(coded),
            weekdays=sorted(_value(condition, "weekdays") or ()) if is_window else [],
            from_time=None if since is None else f"{since:%H:%M}",
            until_time=None if until is None else f"{until:%H:%M}",
            condition=condition,
            currency_code=currency,
            **plain,
        )

    @strawberry.field(
        description="The customers named that you may see.",
        directives=[list_size(100), access(P.CUSTOMERS_READ)],
    )
    async def customers(self, info: Info) -> list[Customer]:
        if not isinstance(self.condition, CustomerIs):
            return []
        rows = await info.context.loader(customers_by_id).load_many(_keys(self.condition.values))
        return [Customer.of(row) for row in rows if row is not None]

    @strawberry.field(description="The products named.", directives=[list_size(100)])
    async def products(self, info: Info) -> list[Product]:
        if not isinstance(self.condition, ProductIs):
            return []
        rows = await info.context.loader(products_by_id).load_many(_keys(self.condition.values))
        return [Product.of(row) for row in rows if row is not None]

    @strawberry.field(description="What has to be among a mixture.", directives=[list_size(20)])
    def mandatory(self) -> list[MandatoryProduct]:
        if not isinstance(self.condition, MixAndMatch):
            return []
        return [
            MandatoryProduct(quantity=least, product_key=UUID(product))
            for product, least in self.condition.mandatory
        ]

    @strawberry.field(description="The condition in words, in the viewer's language.")
    async def summary(self, info: Info) -> str:
        names = await _names(info.context, [self.condition])
        return Words(info.context.locale, names, self.currency_code).condition(self.condition)


def _keys(values: Sequence[str] | frozenset[str]) -> list[UUID]:
    return [UUID(each) for each in sorted(values)]


async def _names(ctx: Context, conditions: Sequence[Condition]) -> dict[str, str]:
    """The names of the customers and products that conditions name, as far as the viewer sees them."""
    customers = [key for each in conditions if isinstance(each, CustomerIs) for key in _keys(each.values)]
    products = [key for each in conditions if isinstance(each, ProductIs) for key in _keys(each.values)]
    for each in conditions:
        if isinstance(each, MixAndMatch):
            products += [UUID(product) for product, _ in each.mandatory]
    found: dict[str, str] = {}
    for batch, keys in ((customers_by_id, customers), (products_by_id, products)):
        rows = await ctx.loader(batch).load_many(keys)
        found |= {str(key): "?" if row is None else row.name for key, row in zip(keys, rows, strict=True)}
    return found


@strawberry.type(description="A step of a benefit by tiers.", directives=READ)
class DiscountTier:
    least: Decimal = strawberry.field(description="From this quantity or amount on, up to the next step.")
    kind: BenefitKind = strawberry.field(description="What it gives.")
    percent: Decimal | None = strawberry.field(description="The percent.")
    amount: Decimal | None = strawberry.field(description="The amount or price, in the rule's currency.")
    price_unit: Decimal | None = strawberry.field(description="How many units a price is for.")

    @classmethod
    def of(cls, tier: Tier) -> "DiscountTier":
        values = {name: _value(tier.benefit, name) for name in ("percent", "amount", "price_unit")}
        return cls(least=tier.least, kind=tier.benefit.kind, **values)


@strawberry.type(description="What a rule gives. Each kind has some of the fields.", directives=READ)
class DiscountBenefit:
    kind: BenefitKind = strawberry.field(description="What it gives.")
    percent: Decimal | None = strawberry.field(description="The percent.")
    amount: Decimal | None = strawberry.field(description="The amount or price, in the rule's currency.")
    price_unit: Decimal | None = strawberry.field(description="How many units a price is for.")
    quantity: Decimal | None = strawberry.field(
        description="The units of a set, or how many of the cheapest."
    )
    per: Decimal | None = strawberry.field(description="For each so many units; null: once.")
    measure: Measure | None = strawberry.field(description="What its steps count.")
    of: Extent | None = strawberry.field(description="Over what its steps count.")
    is_stepped: bool = strawberry.field(
        description="Whether each step's benefit is for what lies within it alone."
    )
    tiers: list[DiscountTier] = strawberry.field(description="Its steps.", directives=[list_size(20)])
    benefit: strawberry.Private[Any]
    currency_code: strawberry.Private[str]

    @classmethod
    def of_rule(cls, benefit: Benefit, currency: str) -> "DiscountBenefit":
        tiers = benefit.tiers if isinstance(benefit, Tiered) else ()
        names = ("percent", "amount", "price_unit", "per", "measure", "of")
        quantity = _value(benefit, "quantity")
        return cls(
            kind=benefit.kind,
            quantity=_value(benefit, "count") if quantity is None else quantity,
            is_stepped=bool(_value(benefit, "is_stepped")),
            tiers=[DiscountTier.of(each) for each in tiers],
            benefit=benefit,
            currency_code=currency,
            **{name: _value(benefit, name) for name in names},
        )

    @strawberry.field(description="The benefit in words, in the viewer's language.")
    def summary(self, info: Info) -> str:
        return Words(info.context.locale, {}, self.currency_code).benefit(self.benefit)
