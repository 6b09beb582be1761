"""Keeping discount rules, groups and segments: inputs and mutations."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import discounts_acts, discounts_groups
from resolvers.context import Context
from resolvers.discounts_drafts import (
    BenefitDraft,
    ConditionDraft,
    MandatoryDraft,
    RuleDraft,
    TierDraft,
    camel,
)
from resolvers.discounts_texts import day_after
from rules.discounts_benefits import BenefitKind
from rules.discounts_conditions import ConditionKind, Extent, Measure
from rules.discounts_rules import Concurrency, Phase, Stacking
from rules.refusals import Path
from schema.access import access, list_size
from schema.discounts import CONFLICTS_LISTED, DiscountConflict, DiscountGroup, DiscountRule, Segment
from schema.ids import decode_id
from schema.payloads import Payload
from schema.scalars import CurrencyCode

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.DISCOUNTS_MANAGE)]


def _optional(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(description="A product that has to be among a mixture.", directives=_MANAGE)
class MandatoryProductInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    quantity: Decimal = strawberry.field(description="How many units of it at least.")


@strawberry.input(
    description="Something a rule asks for. Each kind needs or takes some of the fields and refuses the others.",
    directives=_MANAGE,
)
class DiscountConditionInput:
    kind: ConditionKind = strawberry.field(description="What it looks at.")
    customer_ids: list[strawberry.ID] | None = _optional("CUSTOMER: the customers, or parents of the buyer.")
    product_ids: list[strawberry.ID] | None = _optional("PRODUCT: the products.")
    codes: list[str] | None = _optional(
        "CUSTOMER_GROUP, SEGMENT, CATEGORY, BRAND: their codes; CHANNEL: PORTAL, STAFF or API."
    )
    is_excluded: bool | None = _optional("Of what is named: all but those.")
    weekdays: list[int] | None = _optional("WINDOW: Monday is 1; all of them when not said.")
    from_time: str | None = _optional("WINDOW: from this time on, as `08:30`, where the seller is.")
    until_time: str | None = _optional(
        "WINDOW: until before this time; before its beginning it passes midnight."
    )
    days: int | None = _optional("NEAR_EXPIRY: at most so many days until it expires.")
    times: int | None = _optional("BOUGHT_BEFORE: at least so many times.")
    months: int | None = _optional("BOUGHT_BEFORE: in so many months, 60 at most.")
    measure: Measure | None = _optional("MINIMUM: what it counts.")
    of: Extent | None = _optional("MINIMUM: over what; the rule's lines when not said.")
    least: Decimal | None = _optional("MINIMUM: from so much on.")
    below: Decimal | None = _optional("MINIMUM: up to below so much.")
    quantity: Decimal | None = _optional("MIX_AND_MATCH: how many units.")
    mandatory: list[MandatoryProductInput] | None = _optional("MIX_AND_MATCH: what has to be among them.")


@strawberry.input(description="What a tier gives: a percent, an amount or a price.", directives=_MANAGE)
class TierBenefitInput:
    kind: BenefitKind = strawberry.field(description="What it gives; neither a set, the cheapest nor tiers.")
    percent: Decimal | None = _optional("PERCENT: above 0, 100 at most.")
    amount: Decimal | None = _optional("Amounts and UNIT_PRICE, in the rule's currency.")
    price_unit: Decimal | None = _optional("UNIT_PRICE: how many units it is for; 1 when not said.")


@strawberry.input(description="A step of a benefit by tiers.", directives=_MANAGE)
class DiscountTierInput:
    least: Decimal = strawberry.field(
        description="From this quantity or amount on; rising from tier to tier."
    )
    below: Decimal | None = _optional("Up to below this: the next tier has to begin there.")
    benefit: TierBenefitInput = strawberry.field(description="What it gives.")


@strawberry.input(
    description="What a rule gives. Each kind needs or takes some of the fields and refuses the others.",
    directives=_MANAGE,
)
class DiscountBenefitInput:
    kind: BenefitKind = strawberry.field(description="What it gives.")
    percent: Decimal | None = _optional("PERCENT, LEAST_EXPENSIVE: above 0, 100 at most.")
    amount: Decimal | None = _optional("Amounts, UNIT_PRICE and SET_PRICE, in the rule's currency.")
    price_unit: Decimal | None = _optional("UNIT_PRICE: how many units it is for; 1 when not said.")
    quantity: Decimal | None = _optional("SET_PRICE: the units of a set; LEAST_EXPENSIVE: how many benefit.")
    per: Decimal | None = _optional("LEAST_EXPENSIVE: for each so many units; once when not said.")
    measure: Measure | None = _optional("TIERED: what its steps count.")
    of: Extent | None = _optional("TIERED: over what; the rule's lines when not said.")
    is_stepped: bool | None = _optional("TIERED: each step's benefit for what lies within it alone.")
    tiers: list[DiscountTierInput] | None = _optional("TIERED: its steps, 20 at most.")


@strawberry.input(description="A discount rule as it shall be.", directives=_MANAGE)
class DiscountRuleInput:
    group_id: strawberry.ID = strawberry.field(description="The group it combines in.")
    code: str = strawberry.field(description="Its code, unique at the seller, 64 characters.")
    name: str = strawberry.field(description="Its name, 200 characters; buyers read it where it applies.")
    phase: Phase = strawberry.field(description="When it runs.")
    benefit: DiscountBenefitInput = strawberry.field(description="What it gives.")
    conditions: list[DiscountConditionInput] = strawberry.field(
        default_factory=list, description="What it asks for; all must hold. 10 at most."
    )
    priority: int = strawberry.field(default=0, description="Of its group the highest goes first.")
    concurrency: Concurrency | None = _optional("How it stands to its group; null: as the group combines.")
    valid_from: date | None = _optional("Its first day.")
    valid_until: date | None = _optional("Its last day.")
    currency: CurrencyCode | None = _optional("Of the amounts it names; compulsory where it names any.")
    coupon: str = strawberry.field(
        default="", description="The code to enter; empty for none. 64 characters."
    )
    stops_further: bool = strawberry.field(
        default=False, description="No rule of a later group applies where it does."
    )
    amount_max: Decimal | None = _optional("The most it takes off an order, in its currency.")
    quantity_max: Decimal | None = _optional("The most units of an order that benefit.")
    uses_max: int | None = _optional("How many orders may use it in all.")
    uses_per_customer_max: int | None = _optional("How many orders of one customer may use it.")


@strawberry.input(description="A new discount rule; it is switched off at first.", directives=_MANAGE)
class CreateDiscountRuleInput(DiscountRuleInput):
    pass


@strawberry.input(description="A discount rule as it shall be, whole.", directives=_MANAGE)
class UpdateDiscountRuleInput(DiscountRuleInput):
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="A discount rule to switch on.", directives=_MANAGE)
class ActivateDiscountRuleInput:
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="A discount rule to switch off.", directives=_MANAGE)
class DeactivateDiscountRuleInput:
    rule_id: strawberry.ID = strawberry.field(description="The rule.")
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="A new group of discount rules.", directives=_MANAGE)
class CreateDiscountGroupInput:
    code: str = strawberry.field(description="Its code, unique at the seller, 64 characters.")
    name: str = strawberry.field(description="Its name, 200 characters.")
    sequence: int = strawberry.field(description="The lowest runs first.")
    stacking: Stacking = strawberry.field(description="How its rules combine.")
    suppresses: list[str] = strawberry.field(
        default_factory=list,
        description="Codes of groups that do nothing on a line where a rule of it holds.",
    )
    competes_with: str = strawberry.field(
        default="", description="The code of the group of which only the better counts; empty for none."
    )


@strawberry.input(description="A group of discount rules as it shall be.", directives=_MANAGE)
class UpdateDiscountGroupInput:
    group_id: strawberry.ID = strawberry.field(description="The group; its code stays.")
    expected_version: int = strawberry.field(description="The version you saw.")
    name: str = strawberry.field(description="Its name, 200 characters.")
    sequence: int = strawberry.field(description="The lowest runs first.")
    stacking: Stacking = strawberry.field(description="How its rules combine.")
    suppresses: list[str] = strawberry.field(
        default_factory=list,
        description="Codes of groups that do nothing on a line where a rule of it holds.",
    )
    competes_with: str = strawberry.field(
        default="", description="The code of the group of which only the better counts; empty for none."
    )


@strawberry.input(
    description="A segment of customers as it shall be; all that is set must hold.", directives=_MANAGE
)
class SaveSegmentInput:
    segment_id: strawberry.ID | None = _optional("The segment to change; null for a new one.")
    expected_version: int | None = _optional("The version you saw; compulsory where one is changed.")
    code: str = strawberry.field(description="Its code, unique at the seller, 64 characters.")
    name: str = strawberry.field(description="Its name, 200 characters.")
    customer_groups: list[str] = strawberry.field(default_factory=list, description="In one of these groups.")
    territories: list[str] = strawberry.field(
        default_factory=list, description="In one of these territories."
    )
    countries: list[str] = strawberry.field(
        default_factory=list, description="In one of these countries, ISO 3166-1 alpha-2."
    )
    revenue_least: Decimal | None = _optional("At least so much net revenue in the last months.")
    revenue_currency: CurrencyCode | None = _optional(
        "Of the revenue; what was sold in another does not count."
    )
    product_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="One of these was bought in the last months."
    )
    months: int = strawberry.field(
        default=12, description="How far back revenue and purchases count, 60 at most."
    )


class _RulePayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(discounts_acts.discount_rules_by_id, entity_id)
        return cls(discount_rule=None if row is None else DiscountRule.of(row))  # type: ignore[call-arg]


class _SavedRulePayload(_RulePayload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(discounts_acts.discount_rules_by_id, entity_id)
        if row is None:
            return cls()
        found, currency = await ctx.load(discounts_acts.conflicts_by_rule, entity_id)
        conflicts = [DiscountConflict.of(each, currency) for each in found[:CONFLICTS_LISTED]]
        return cls(discount_rule=DiscountRule.of(row), conflicts=conflicts)  # type: ignore[call-arg]


_RULE = "The rule; null when refused."
_CONFLICTS = "The first 10 active rules of its group that it gets in the way of, or they of it."


@strawberry.type(description="Answer of createDiscountRule.", directives=_MANAGE)
class CreateDiscountRulePayload(_SavedRulePayload):
    entity_type = "DiscountRule"
    discount_rule: DiscountRule | None = strawberry.field(default=None, description=_RULE)
    conflicts: list[DiscountConflict] = strawberry.field(
        default_factory=list, description=_CONFLICTS, directives=[list_size(10)]
    )


@strawberry.type(description="Answer of updateDiscountRule.", directives=_MANAGE)
class UpdateDiscountRulePayload(_SavedRulePayload):
    entity_type = "DiscountRule"
    discount_rule: DiscountRule | None = strawberry.field(default=None, description=_RULE)
    conflicts: list[DiscountConflict] = strawberry.field(
        default_factory=list, description=_CONFLICTS, directives=[list_size(10)]
    )


@strawberry.type(description="Answer of activateDiscountRule.", directives=_MANAGE)
class ActivateDiscountRulePayload(_RulePayload):
    entity_type = "DiscountRule"
    discount_rule: DiscountRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of deactivateDiscountRule.", directives=_MANAGE)
class DeactivateDiscountRulePayload(_RulePayload):
    entity_type = "DiscountRule"
    discount_rule: DiscountRule | None = strawberry.field(default=None, description=_RULE)


@strawberry.type(description="Answer of createDiscountGroup.", directives=_MANAGE)
class CreateDiscountGroupPayload(Payload):
    entity_type = "DiscountGroup"
    discount_group: DiscountGroup | None = strawberry.field(
        default=None, description="The group; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(discounts_groups.discount_groups_by_id, entity_id)
        return cls(discount_group=None if row is None else DiscountGroup.of(row))


@strawberry.type(description="Answer of updateDiscountGroup.", directives=_MANAGE)
class UpdateDiscountGroupPayload(Payload):
    entity_type = "DiscountGroup"
    discount_group: DiscountGroup | None = strawberry.field(
        default=None, description="The group; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(discounts_groups.discount_groups_by_id, entity_id)
        return cls(discount_group=None if row is None else DiscountGroup.of(row))


@strawberry.type(description="Answer of saveSegment.", directives=_MANAGE)
class SaveSegmentPayload(Payload):
    entity_type = "Segment"
    segment: Segment | None = strawberry.field(default=None, description="The segment; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(discounts_groups.segments_by_id, entity_id)
        return cls(segment=None if row is None else Segment.of(row))


def _ids(given: list[strawberry.ID] | None, kind: str, path: Path) -> tuple[UUID, ...] | None:
    if given is None:
        return None
    return tuple(decode_id(each, kind, path=(*path, index)) for index, each in enumerate(given))


def _condition(given: DiscountConditionInput, path: Path) -> ConditionDraft:
    special = {"customer_ids", "product_ids", "mandatory"}
    values = {
        each.name: getattr(given, each.name) for each in fields(ConditionDraft) if each.name not in special
    }
    for name in ("codes", "weekdays"):
        values[name] = None if values[name] is None else tuple(values[name])
    mandatory = None
    if given.mandatory is not None:
        at = (*path, "mandatory")
        mandatory = tuple(
            MandatoryDraft(
                decode_id(each.product_id, "Product", path=(*at, index, "productId")), each.quantity
            )
            for index, each in enumerate(given.mandatory)
        )
    return ConditionDraft(
        customer_ids=_ids(given.customer_ids, "Customer", (*path, camel("customer_ids"))),
        product_ids=_ids(given.product_ids, "Product", (*path, camel("product_ids"))),
        mandatory=mandatory,
        **values,
    )


def _benefit(given: DiscountBenefitInput | TierBenefitInput) -> BenefitDraft:
    values: dict[str, Any] = {
        each.name: getattr(given, each.name, None) for each in fields(BenefitDraft) if each.name != "tiers"
    }
    tiers: list[DiscountTierInput] | None = getattr(given, "tiers", None)
    made = None
    if tiers is not None:
        made = tuple(TierDraft(each.least, _benefit(each.benefit), each.below) for each in tiers)
    return BenefitDraft(tiers=made, **values)


def draft_of(given: DiscountRuleInput) -> RuleDraft:
    """What an input says of a rule, its ids decoded."""
    special = {"group_id", "benefit", "conditions", "valid_until"}
    values = {each.name: getattr(given, each.name) for each in fields(RuleDraft) if each.name not in special}
    return RuleDraft(
        group_id=decode_id(given.group_id, "DiscountGroup", path=("groupId",)),
        benefit=_benefit(given.benefit),
        conditions=tuple(
            _condition(each, ("conditions", index)) for index, each in enumerate(given.conditions)
        ),
        valid_until=day_after(given.valid_until),
        **values,
    )


@strawberry.type
class DiscountMutations:
    @strawberry.mutation(
        description="Adds a discount rule, switched off, and reports the rules it conflicts with.",
        directives=_MANAGE,
    )
    async def create_discount_rule(
        self,
        info: Info,
        input: Annotated[CreateDiscountRuleInput, strawberry.argument(description="The rule.")],
    ) -> CreateDiscountRulePayload:
        done = await discounts_acts.create_rule(info.context, draft_of(input))
        return await CreateDiscountRulePayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes a discount rule, and reports the rules it conflicts with. Placed orders keep their "
        "prices.",
        directives=_MANAGE,
    )
    async def update_discount_rule(
        self,
        info: Info,
        input: Annotated[UpdateDiscountRuleInput, strawberry.argument(description="The change.")],
    ) -> UpdateDiscountRulePayload:
        key = decode_id(input.rule_id, "DiscountRule", path=("ruleId",))
        done = await discounts_acts.update_rule(info.context, key, draft_of(input), input.expected_version)
        return await UpdateDiscountRulePayload.of(info.context, done)

    @strawberry.mutation(description="Switches a discount rule on.", directives=_MANAGE)
    async def activate_discount_rule(
        self,
        info: Info,
        input: Annotated[ActivateDiscountRuleInput, strawberry.argument(description="The rule.")],
    ) -> ActivateDiscountRulePayload:
        key = decode_id(input.rule_id, "DiscountRule", path=("ruleId",))
        done = await discounts_acts.set_active(info.context, key, input.expected_version, is_active=True)
        return await ActivateDiscountRulePayload.of(info.context, done)

    @strawberry.mutation(description="Switches a discount rule off.", directives=_MANAGE)
    async def deactivate_discount_rule(
        self,
        info: Info,
        input: Annotated[DeactivateDiscountRuleInput, strawberry.argument(description="The rule.")],
    ) -> DeactivateDiscountRulePayload:
        key = decode_id(input.rule_id, "DiscountRule", path=("ruleId",))
        done = await discounts_acts.set_active(info.context, key, input.expected_version, is_active=False)
        return await DeactivateDiscountRulePayload.of(info.context, done)

    @strawberry.mutation(description="Adds a group of discount rules.", directives=_MANAGE)
    async def create_discount_group(
        self,
        info: Info,
        input: Annotated[CreateDiscountGroupInput, strawberry.argument(description="The group.")],
    ) -> CreateDiscountGroupPayload:
        draft = discounts_groups.GroupDraft(
            input.code,
            input.name,
            input.sequence,
            input.stacking,
            tuple(input.suppresses),
            input.competes_with,
        )
        done = await discounts_groups.create_group(info.context, draft)
        return await CreateDiscountGroupPayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes a group of discount rules, all but its code. Where its rules combine in another way, "
        "warnings name those that are in each other's way from now on.",
        directives=_MANAGE,
    )
    async def update_discount_group(
        self,
        info: Info,
        input: Annotated[UpdateDiscountGroupInput, strawberry.argument(description="The group.")],
    ) -> UpdateDiscountGroupPayload:
        draft = discounts_groups.GroupDraft(
            "", input.name, input.sequence, input.stacking, tuple(input.suppresses), input.competes_with
        )
        key = decode_id(input.group_id, "DiscountGroup", path=("groupId",))
        done = await discounts_acts.update_group(info.context, key, draft, input.expected_version)
        return await UpdateDiscountGroupPayload.of(info.context, done)

    @strawberry.mutation(description="Adds or changes a segment of customers.", directives=_MANAGE)
    async def save_segment(
        self, info: Info, input: Annotated[SaveSegmentInput, strawberry.argument(description="The segment.")]
    ) -> SaveSegmentPayload:
        key = (
            None if input.segment_id is None else decode_id(input.segment_id, "Segment", path=("segmentId",))
        )
        draft = discounts_groups.SegmentDraft(
            input.code, input.name, tuple(input.customer_groups), tuple(input.territories), tuple(input.countries),
            input.revenue_least, input.revenue_currency, _ids(input.product_ids, "Product", ("productIds",)) or (),
            input.months,
        )  # fmt: skip
        done = await discounts_groups.save_segment(info.context, draft, key, input.expected_version)
        return await SaveSegmentPayload.of(info.context, done)
