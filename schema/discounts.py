"""Discount rules in their groups, segments of customers, and what a rule gets in the way of."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.discounts import StoredDiscountRule
from models.discounts_reads import DiscountGroupRow, DiscountRuleRow, SegmentRow
from resolvers import discounts_acts, discounts_groups
from resolvers.context import Context
from resolvers.discounts_texts import last_day
from resolvers.paging import PageArgs, SortKey
from resolvers.products import products_by_id
from rules.discounts_conflicts import Conflict, ConflictKind, Example
from rules.discounts_rules import Concurrency, Phase, Stacking
from rules.discounts_stored import benefit_from_json, conditions_from_json
from schema.access import described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.discounts_parts import READ, DiscountBenefit, DiscountCondition
from schema.enums import DiscountPhaseFilter
from schema.filters import BooleanFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.products import Product
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
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

    @strawberry.field(
        description="How many of the customers you may see are in it today; a dry run of a change tells it beforehand."
    )
    def customer_count(self, info: Info) -> int:
        return info.context.soon(discounts_groups.customers_in_segments, self.row.id)  # type: ignore[no-any-return]

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
