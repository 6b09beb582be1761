"""Discount rules in their groups, segments of customers, and what a rule gets in the way of."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.discounts import StoredDiscountRule
from models.discounts_reads import DiscountGroupRow, DiscountRuleRow, SegmentRow
from resolvers import discounts_acts, discounts_groups
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.discounts_texts import Words, last_day
from resolvers.paging import PageArgs, SortKey
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
from rules.discounts_conflicts import Conflict, ConflictKind, Example
from rules.discounts_rules import Concurrency, Phase, Stacking
from rules.discounts_stored import benefit_from_json, conditions_from_json
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.enums import DiscountPhaseFilter
from schema.filters import BooleanFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.products import Product
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
READ = [access(P.DISCOUNTS_READ)]
CONFLICTS_LISTED = 10

described_enum(
    Stacking,
    "How the rules of a group combine.",
    {
        "EXCLUSIVE": "One of them: the highest priority, then the largest discount.",
        "BEST": "One of them: the largest discount.",
        "SUMMED": "All of them, each of the amount at the group's beginning.",
        "CASCADED": "All of them, each of what the one before it left.",
    },
)
described_enum(
    Concurrency,
    "How one rule stands to the others of its group, where it differs from them.",
    {
        "EXCLUSIVE": "Alone in its group: nothing else of the group applies beside it.",
        "BEST": "The largest of those that compete applies.",
        "COMPOUNDED": "It comes on top.",
        "ALWAYS": "It comes on top, after every other discount.",
    },
)
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
described_enum(
    ConflictKind,
    "How two rules of a group stand in each other's way.",
    {
        "EQUAL_PRIORITY": "Only one may apply and their priorities are equal: the larger discount wins.",
        "NEVER_APPLIES": "The other one always comes first: this rule never applies.",
        "HIDES_ANOTHER": "This rule always comes first: the other one never applies.",
    },
)


class DiscountRuleState(StrEnum):
    INACTIVE = "INACTIVE"
    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"
    USED_UP = "USED_UP"


described_enum(
    DiscountRuleState,
    "Whether a rule counts today.",
    {
        "INACTIVE": "It is switched off.",
        "PLANNED": "Its first day lies ahead.",
        "RUNNING": "It counts.",
        "ENDED": "Its last day is past.",
        "USED_UP": "It was used as often as it may be.",
    },
)


class DiscountRuleAction(StrEnum):
    UPDATE = "UPDATE"
    ACTIVATE = "ACTIVATE"
    DEACTIVATE = "DEACTIVATE"


described_enum(
    DiscountRuleAction,
    "What the viewer may do with a rule now.",
    {"UPDATE": "Change it.", "ACTIVATE": "Switch it on.", "DEACTIVATE": "Switch it off."},
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


@strawberry.type(description="A line of an example basket.", directives=READ)
class DiscountExampleLine:
    sku: str = strawberry.field(description="The product's number.")
    quantity: Decimal = strawberry.field(description="How many.")
    unit_price: Money = strawberry.field(description="Its list price.")


@strawberry.type(description="A basket that two rules are both for, and its net either way.", directives=READ)
class DiscountExample:
    at: str = strawberry.field(
        description="A moment when both hold, as `2027-03-01 12:00`, where the seller is."
    )
    lines: list[DiscountExampleLine] = strawberry.field(
        description="What is in it.", directives=[list_size(10)]
    )
    net_without: Money = strawberry.field(description="At list prices.")
    net_with_rule: Money = strawberry.field(description="With this rule alone.")
    net_with_other: Money = strawberry.field(description="With the other rule alone.")
    net_with_both: Money = strawberry.field(description="With both, as they combine now.")

    @classmethod
    def of(cls, example: Example, currency: str) -> "DiscountExample":
        names = ("net_without", "net_with_rule", "net_with_other", "net_with_both")
        lines = [
            DiscountExampleLine(
                sku=line.facts.sku,
                quantity=line.facts.quantity,
                unit_price=Money.of(line.unit_price, currency),
            )
            for line in example.lines
        ]
        nets = {name: Money.of(getattr(example, name), currency) for name in names}
        return cls(at=f"{example.moment:%Y-%m-%d %H:%M}", lines=lines, **nets)


@strawberry.type(
    description="Another rule that this one gets in the way of, or the other way round.", directives=READ
)
class DiscountConflict:
    kind: ConflictKind = strawberry.field(description="How.")
    example: DiscountExample | None = strawberry.field(
        description="A basket that shows it; null where no product with a price fits both."
    )
    other_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, conflict: Conflict, currency: str) -> "DiscountConflict":
        example = None if conflict.example is None else DiscountExample.of(conflict.example, currency)
        return cls(kind=conflict.kind, example=example, other_key=UUID(conflict.other.id))

    @strawberry.field(description="The other rule.")
    async def other(self, info: Info) -> "DiscountRule":
        row = await info.context.load(discounts_acts.discount_rules_by_id, self.other_key)
        assert row is not None, "whoever sees one rule sees all of the seller"
        return DiscountRule.of(row)


@strawberry.type(
    description="A discount rule: whom and what it is for, what it gives, and how far.", directives=READ
)
class DiscountRule(Node):
    code: str = strawberry.field(description="Its code, unique at the seller.")
    name: str = strawberry.field(description="Its name; buyers read it where it applies.")
    phase: Phase = strawberry.field(description="When it runs.")
    priority: int = strawberry.field(description="Of its group the highest goes first.")
    concurrency: Concurrency | None = strawberry.field(
        description="How it stands to its group; null: as the group combines."
    )
    is_active: bool = strawberry.field(description="Whether it is switched on.")
    valid_from: date | None = strawberry.field(description="Its first day; null for no beginning.")
    currency: CurrencyCode | None = strawberry.field(
        description="Of the amounts it names; orders in another currency do without it."
    )
    coupon: str = strawberry.field(description="The code to enter; empty where none is asked.")
    stops_further: bool = strawberry.field(
        description="Whether no rule of a later group applies where it does; always-apply rules do."
    )
    amount_max: Decimal | None = strawberry.field(description="The most it takes off an order.")
    quantity_max: Decimal | None = strawberry.field(description="The most units of an order that benefit.")
    uses_max: int | None = strawberry.field(description="How many orders may use it in all.")
    uses_per_customer_max: int | None = strawberry.field(description="How many orders of one customer may.")
    uses: int = strawberry.field(description="How many orders used it, where it has a limit.")
    version: int = strawberry.field(description="Rises with every change.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    row: strawberry.Private[DiscountRuleRow]

    @classmethod
    def of(cls, row: DiscountRuleRow) -> "DiscountRule":
        return fill(cls, row, id=encode_id("DiscountRule", row.id), row=row)

    @strawberry.field(description="Its last day; null for no end.")
    def valid_until(self) -> date | None:
        return last_day(self.row.valid_until)

    @strawberry.field(description="How many uses are left; null where it has no limit.")
    def uses_left(self) -> int | None:
        return None if self.row.uses_max is None else max(self.row.uses_max - self.row.uses, 0)

    @strawberry.field(description="Whether it counts today.")
    def state(self, info: Info) -> DiscountRuleState:
        row, today = self.row, info.context.today
        if not row.is_active:
            return DiscountRuleState.INACTIVE
        if row.valid_until is not None and row.valid_until <= today:
            return DiscountRuleState.ENDED
        if row.valid_from is not None and row.valid_from > today:
            return DiscountRuleState.PLANNED
        if row.uses_max is not None and row.uses >= row.uses_max:
            return DiscountRuleState.USED_UP
        return DiscountRuleState.RUNNING

    @strawberry.field(description="The group it combines in.")
    async def group(self, info: Info) -> "DiscountGroup":
        row = await info.context.load(discounts_groups.discount_groups_by_id, self.row.group_id)
        assert row is not None, "a rule has a group by foreign key"
        return DiscountGroup.of(row)

    @strawberry.field(description="What it asks for; all must hold.", directives=[list_size(10)])
    def conditions(self) -> list[DiscountCondition]:
        found = conditions_from_json(self.row.conditions)
        return [DiscountCondition.of_rule(each, self.row.currency or "") for each in found]

    @strawberry.field(description="What it gives.")
    def benefit(self) -> DiscountBenefit:
        return DiscountBenefit.of_rule(benefit_from_json(self.row.benefit), self.row.currency or "")

    @strawberry.field(
        description="The first 10 active rules of its group that it gets in the way of, or they of it.",
        directives=[list_size(10)],
    )
    async def conflicts(self, info: Info) -> list[DiscountConflict]:
        found, currency = await info.context.load(discounts_acts.conflicts_by_rule, self.row.id)
        return [DiscountConflict.of(each, currency) for each in found[:CONFLICTS_LISTED]]

    @strawberry.field(
        description="What you may do with it; buttons are drawn from this.", directives=[list_size(3)]
    )
    def allowed_actions(self, info: Info) -> list[DiscountRuleAction]:
        if not info.context.user.may(P.DISCOUNTS_MANAGE):
            return []
        switch = DiscountRuleAction.DEACTIVATE if self.row.is_active else DiscountRuleAction.ACTIVATE
        return [DiscountRuleAction.UPDATE, switch]


@strawberry.type(
    description="Rules that combine in one way, and their place among the groups.", directives=READ
)
class DiscountGroup(Node):
    code: str = strawberry.field(description="Its code, unique at the seller.")
    name: str = strawberry.field(description="Its name.")
    sequence: int = strawberry.field(description="The lowest runs first.")
    stacking: Stacking = strawberry.field(description="How its rules combine.")
    suppresses: list[str] = strawberry.field(
        description="Codes of groups that do nothing on a line where a rule of this one holds.",
        directives=[list_size(20)],
    )
    competes_with: str = strawberry.field(
        description="The code of the group of which only the better counts, each summed; empty for none."
    )
    version: int = strawberry.field(description="Rises with every change.")
    row: strawberry.Private[DiscountGroupRow]

    @classmethod
    def of(cls, row: DiscountGroupRow) -> "DiscountGroup":
        return fill(cls, row, id=encode_id("DiscountGroup", row.id), row=row)

    @strawberry.field(
        description="Its first 30 rules in the order in which they apply, switched off ones too; `discountRules` has "
        "all of them.",
        directives=[list_size(30)],
    )
    async def rules(self, info: Info) -> list[DiscountRule]:
        rows = await info.context.load(discounts_acts.rules_by_group, self.row.id)
        return [DiscountRule.of(each) for each in rows]


@strawberry.type(description="A saved query over customers; all that is set must hold.", directives=READ)
class Segment(Node):
    code: str = strawberry.field(description="Its code, unique at the seller; rules name it.")
    name: str = strawberry.field(description="Its name.")
    customer_groups: list[str] = strawberry.field(
        description="In one of these customer groups; empty for any.", directives=[list_size(20)]
    )
    territories: list[str] = strawberry.field(
        description="In one of these territories; empty for any.", directives=[list_size(20)]
    )
    countries: list[str] = strawberry.field(
        description="In one of these countries; empty for any.", directives=[list_size(20)]
    )
    months: int = strawberry.field(description="How far back revenue and purchases count.")
    version: int = strawberry.field(description="Rises with every change.")
    updated_at: datetime = strawberry.field(description="When it was last saved.")
    row: strawberry.Private[SegmentRow]

    @classmethod
    def of(cls, row: SegmentRow) -> "Segment":
        return fill(cls, row, id=encode_id("Segment", row.id), row=row)

    @strawberry.field(description="At least so much net revenue; null for any.")
    def revenue_least(self) -> Money | None:
        if self.row.revenue_least is None or self.row.revenue_currency is None:
            return None
        return Money.of(self.row.revenue_least, self.row.revenue_currency)

    @strawberry.field(description="One of these was bought; empty for any.", directives=[list_size(20)])
    async def products(self, info: Info) -> list[Product]:
        rows = await info.context.loader(products_by_id).load_many(self.row.product_ids)
        return [Product.of(row) for row in rows if row is not None]


@strawberry.input(description="Conditions on discount rules; all must hold.", directives=READ)
class DiscountRuleWhere:
    id: IDFilter | None = strawberry.field(default=None, description="On the id.")
    code: StringFilter | None = strawberry.field(default=None, description="On the code.")
    name: StringFilter | None = strawberry.field(default=None, description="On the name.")
    coupon: StringFilter | None = strawberry.field(default=None, description="On the coupon's code.")
    is_active: BooleanFilter | None = strawberry.field(
        default=None, description="On whether it is switched on."
    )
    phase: DiscountPhaseFilter | None = strawberry.field(default=None, description="On when it runs.")
    group_id: IDFilter | None = strawberry.field(default=None, description="On its group.")
    and_: list["DiscountRuleWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["DiscountRuleWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "DiscountRuleWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(one_of=True, description="How to name a discount rule.", directives=READ)
class DiscountRuleBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    code: str | None = strawberry.field(default=strawberry.UNSET, description="Its code.")


@strawberry.type
class DiscountQueries:
    @strawberry.field(description="The seller's discount rules, by name.", directives=READ)
    async def discount_rules(
        self,
        info: Info,
        where: Annotated[DiscountRuleWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DiscountRule]:
        page = await discounts_acts.discount_rules(
            info.context,
            where_of(where, {"id": ("DiscountRule",), "group_id": ("DiscountGroup",)}),
            [SortKey("name", StoredDiscountRule.name)],
            PageArgs(first, after, last, before),
        )
        return connection(page, DiscountRule.of)

    @strawberry.field(description="One discount rule; null where there is none.", directives=READ)
    async def discount_rule(
        self, info: Info, by: Annotated[DiscountRuleBy, strawberry.argument(description="Which one.")]
    ) -> DiscountRule | None:
        name, value = one_key_of(by)
        if name == "code":
            row = await discounts_acts.discount_rule_by_code(info.context, value)
        else:
            key = try_decode_id(value, "DiscountRule")
            row = None if key is None else await info.context.load(discounts_acts.discount_rules_by_id, key)
        return None if row is None else DiscountRule.of(row)

    @strawberry.field(
        description="The seller's groups of rules, in the order in which they run.",
        directives=[*READ, list_size(20)],
    )
    async def discount_groups(self, info: Info) -> list[DiscountGroup]:
        return [DiscountGroup.of(row) for row in await discounts_groups.discount_groups(info.context)]

    @strawberry.field(
        description="The seller's segments of customers, by code.", directives=[*READ, list_size(100)]
    )
    async def segments(self, info: Info) -> list[Segment]:
        return [Segment.of(row) for row in await discounts_groups.segments(info.context)]


@node_loader("DiscountRule")
async def _rules(ctx: Context, keys: Sequence[UUID]) -> Sequence[DiscountRule | None]:
    rows = await discounts_acts.discount_rules_by_id(ctx, keys)
    return [None if row is None else DiscountRule.of(row) for row in rows]


@node_loader("DiscountGroup")
async def _groups(ctx: Context, keys: Sequence[UUID]) -> Sequence[DiscountGroup | None]:
    rows = await discounts_groups.discount_groups_by_id(ctx, keys)
    return [None if row is None else DiscountGroup.of(row) for row in rows]


@node_loader("Segment")
async def _segments(ctx: Context, keys: Sequence[UUID]) -> Sequence[Segment | None]:
    rows = await discounts_groups.segments_by_id(ctx, keys)
    return [None if row is None else Segment.of(row) for row in rows]
