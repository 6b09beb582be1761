"""Keeping discount rules, groups and segments: each act is audited, and saving a rule reports its conflicts."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from models.base import new_id
from models.discounts import DiscountRedemption, StoredDiscountGroup, StoredDiscountRule
from models.discounts_reads import (
    RULE_COLUMNS,
    DiscountRuleRow,
    visible_discount_rules,
)
from models.filters import Where, conditions
from models.rows import by_key
from resolvers.context import Context, LockKind
from resolvers.customers import exponents_by_currency, seller
from resolvers.discounts_drafts import RuleDraft, benefit_of, conditions_of, known_to, shape_refusals
from resolvers.discounts_groups import (
    GroupDraft,
    discount_groups,
    discount_groups_by_id,
    recorded,
    save_group,
)
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.discounts_checks import check_rule
from rules.discounts_conditions import BrandIs, CategoryIs, CustomerIs, MixAndMatch, ProductIs
from rules.discounts_conflicts import Conflict, Sample, conflicts
from rules.discounts_rules import DiscountGroup, DiscountRule
from rules.discounts_stored import benefit_to_json, conditions_to_json
from rules.pricing_facts import LineFacts
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all
from rules.texts import item_key

SAMPLES_MAX = 50
RULES_LISTED = 30


COUPON_MAX = 64


async def discount_rules(
    ctx: Context, where: Where | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[DiscountRuleRow]:
    statement = visible_discount_rules(ctx.user).where(conditions(where, RULE_COLUMNS))
    return await page(ctx, statement, [*sort, SortKey("id", StoredDiscountRule.id)], args, DiscountRuleRow)


async def discount_rules_by_id(ctx: Context, keys: Sequence[UUID]) -> list[DiscountRuleRow | None]:
    found = await ctx.session.execute(visible_discount_rules(ctx.user).where(StoredDiscountRule.id.in_(keys)))
    return by_key(keys, [DiscountRuleRow(*row) for row in found])


async def discount_rule_by_code(ctx: Context, code: str) -> DiscountRuleRow | None:
    found = await ctx.session.execute(visible_discount_rules(ctx.user).where(StoredDiscountRule.code == code))
    row = found.first()
    return None if row is None else DiscountRuleRow(*row)


async def rules_by_group(ctx: Context, keys: Sequence[UUID]) -> list[list[DiscountRuleRow]]:
    """The first rules of each group in the order in which they apply, inactive ones too."""
    found = await ctx.session.execute(
        visible_discount_rules(ctx.user)
        .where(StoredDiscountRule.group_id.in_(keys))
        .order_by(StoredDiscountRule.priority.desc(), StoredDiscountRule.code)
    )
    rows: dict[UUID, list[DiscountRuleRow]] = {key: [] for key in keys}
    for row in (DiscountRuleRow(*each) for each in found):
        rows[row.group_id].append(row)
    return [rows[key][:RULES_LISTED] for key in keys]


# Rules


async def checked_rule(ctx: Context, draft: RuleDraft) -> tuple[DiscountRule, DiscountGroup]:
    """The rule a draft makes, and its group; refuses whatever is wrong with it, each with its field."""
    group = (await discount_groups_by_id(ctx, [draft.group_id]))[0]
    wrong = shape_refusals(draft)
    if group is None:
        wrong.insert(0, Refusal(ErrorCode.NOT_FOUND, "Not found.", ("groupId",)))
    refuse_all(wrong)
    assert group is not None, "or it was refused"
    known = await known_to(ctx, draft)
    if draft.currency is not None and draft.currency not in known.currencies:
        raise Refusal(ErrorCode.INVALID, "There is no such currency.", ("currency",))
    rule = DiscountRule(
        id="",
        name=draft.name,
        group=group.code,
        phase=draft.phase,
        benefit=benefit_of(draft.benefit),
        conditions=conditions_of(draft.conditions, known),
        priority=draft.priority,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        currency=draft.currency or "",
        concurrency=draft.concurrency,
        most_amount=draft.amount_max,
        most_quantity=draft.quantity_max,
        coupon=item_key(draft.coupon),
        stops_further=draft.stops_further,
    )
    if draft.coupon and not rule.coupon:
        raise Refusal(ErrorCode.INVALID, "A coupon has letters or digits.", ("coupon",))
    if len(rule.coupon) > COUPON_MAX:  # one letter may fold to many
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("coupon",))
    refuse_all(check_rule(rule))
    return rule, group.to_rules()


def _write(stored: StoredDiscountRule, draft: RuleDraft, rule: DiscountRule, ctx: Context) -> None:
    only = [each for each in rule.conditions if isinstance(each, CustomerIs) and not each.is_excluded]
    customers = None if not only else sorted(frozenset.intersection(*(each.values for each in only)))
    stored.group_id = draft.group_id
    stored.code, stored.name = draft.code.strip(), draft.name.strip()
    stored.phase, stored.priority, stored.concurrency = draft.phase, draft.priority, draft.concurrency
    stored.valid_from, stored.valid_until = draft.valid_from, draft.valid_until
    stored.currency = draft.currency
    stored.conditions = list(conditions_to_json(rule.conditions))
    stored.benefit = benefit_to_json(rule.benefit)
    stored.customer_ids = None if customers is None else [UUID(each) for each in customers]
    stored.coupon, stored.coupon_key = draft.coupon.strip(), rule.coupon
    stored.stops_further = draft.stops_further
    stored.amount_max, stored.quantity_max = draft.amount_max, draft.quantity_max
    stored.uses_max, stored.uses_per_customer_max = draft.uses_max, draft.uses_per_customer_max
    stored.updated_at = ctx.now


async def create_rule(ctx: Context, draft: RuleDraft) -> UUID:
    """A new rule, not active yet."""
    rule, group = await checked_rule(ctx, draft)
    await _refuse_taken(ctx, draft.code.strip(), None)
    stored = StoredDiscountRule(
        id=new_id(), seller_id=ctx.user.seller_id, is_active=False, uses=0, version=1, created_at=ctx.now
    )
    _write(stored, draft, rule, ctx)
    ctx.session.add(stored)
    recorded(ctx, "discountRule.created", "DiscountRule", stored.id, 1)
    await ctx.session.flush()
    await _keep_conflicts(ctx, stored.id, rule, group)
    return stored.id


async def update_rule(ctx: Context, rule_id: UUID, draft: RuleDraft, expected_version: int) -> UUID:
    """The rule as it shall be, whole. A rule's uses so far keep counting."""
    stored = await _locked_rule(ctx, rule_id, expected_version)
    rule, group = await checked_rule(ctx, draft)
    await _refuse_taken(ctx, draft.code.strip(), rule_id)
    counted = await ctx.session.scalar(
        select(func.count()).where(
            DiscountRedemption.rule_id == rule_id, DiscountRedemption.given_back_at.is_(None)
        )
    )
    if draft.uses_max is not None and draft.uses_max < counted:
        text_ = "It was used {uses} times already."
        raise Refusal(ErrorCode.INVALID, text_, ("usesMax",), uses=counted)
    _write(stored, draft, rule, ctx)
    # While it had no limit nobody counted; redemptions are the truth.
    stored.uses = counted
    await _changed(ctx, stored, "discountRule.updated")
    await _keep_conflicts(ctx, rule_id, rule, group)
    return rule_id


async def set_active(ctx: Context, rule_id: UUID, expected_version: int, *, is_active: bool) -> UUID:
    stored = await _locked_rule(ctx, rule_id, expected_version)
    if stored.is_active == is_active:
        text_ = "This is not possible any more in the present state."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text_, ("ruleId",))
    stored.is_active, stored.updated_at = is_active, ctx.now
    return await _changed(ctx, stored, "discountRule.activated" if is_active else "discountRule.deactivated")


async def _locked_rule(ctx: Context, rule_id: UUID, expected_version: int) -> StoredDiscountRule:
    statement = select(StoredDiscountRule).where(
        StoredDiscountRule.id == rule_id, StoredDiscountRule.seller_id == ctx.user.seller_id
    )
    stored: StoredDiscountRule | None = await ctx.session.scalar(ctx.locked(LockKind.COUPON, statement))
    if stored is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("ruleId",))
    if stored.version != expected_version:
        raise StaleVersion(stored.version)
    return stored


async def _changed(ctx: Context, stored: StoredDiscountRule, action: str) -> UUID:
    stored.version += 1
    recorded(ctx, action, "DiscountRule", stored.id, stored.version)
    await ctx.session.flush()
    return stored.id


async def _refuse_taken(ctx: Context, code: str, own: UUID | None) -> None:
    """The code of a rule is unique; the constraint decides a race."""
    statement = select(StoredDiscountRule.id).where(
        StoredDiscountRule.seller_id == ctx.user.seller_id, StoredDiscountRule.code == code
    )
    found = await ctx.session.scalar(statement)
    if found is not None and found != own:
        raise Refusal(ErrorCode.ALREADY_EXISTS, "There is one with this code already.", ("code",))


# Conflicts


async def _keep_conflicts(ctx: Context, rule_id: UUID, rule: DiscountRule, group: DiscountGroup) -> None:
    ctx.kept["discount-conflicts", rule_id] = await conflicts_of(ctx, replace(rule, id=str(rule_id)), group)


Conflicts = tuple[list[Conflict], str]  # and the currency of their examples


async def conflicts_by_rule(ctx: Context, keys: Sequence[UUID]) -> list[Conflicts]:
    """The conflicts of stored rules; those of a rule that was just saved are known already."""
    rows: list[DiscountRuleRow | None] = await ctx.loader(discount_rules_by_id).load_many(list(keys))
    groups = {each.id: each for each in await discount_groups(ctx)}
    found: list[Conflicts] = []
    for key, row in zip(keys, rows, strict=True):
        kept = ctx.kept.get(("discount-conflicts", key))
        if kept is None and row is not None:
            group = groups[row.group_id].to_rules()
            kept = await conflicts_of(ctx, row.to_rules(group.code), group)
        found.append(kept or ([], ""))
    return found


async def conflicts_of(ctx: Context, rule: DiscountRule, group: DiscountGroup) -> Conflicts:
    """What the rule gets in the way of among its group's active rules, with baskets of the seller's own products."""
    statement = (
        visible_discount_rules(ctx.user)
        .join(StoredDiscountGroup, StoredDiscountGroup.id == StoredDiscountRule.group_id)
        .where(StoredDiscountGroup.code == group.code, StoredDiscountRule.is_active)
        .order_by(StoredDiscountRule.created_at, StoredDiscountRule.id)
    )
    found = await ctx.session.execute(statement)
    others = [DiscountRuleRow(*row).to_rules(group.code, order) for order, row in enumerate(found.all())]
    currency = rule.currency or (await seller(ctx)).currency
    exponent: int = await ctx.load(exponents_by_currency, currency)
    samples = await _samples(ctx, [rule, *others], currency)
    return conflicts(rule, others, group, samples, ctx.today, currency, exponent), currency


async def update_group(ctx: Context, group_id: UUID, draft: GroupDraft, expected_version: int) -> UUID:
    """The group as it shall be; rules that are in each other's way from now on are told as warnings."""
    before = await ctx.load(discount_groups_by_id, group_id)
    group = await save_group(ctx, group_id, draft, expected_version)
    if before is not None and before.stacking != group.stacking:
        await _warn_of_conflicts(ctx, group_id, group)
    return group_id


async def _warn_of_conflicts(ctx: Context, group_id: UUID, group: DiscountGroup) -> None:
    """Each pair of the group's first active rules once; a rule's own `conflicts` have the example baskets."""
    (rows,) = await rules_by_group(ctx, [group_id])
    rules = [each.to_rules(group.code, order) for order, each in enumerate(rows) if each.is_active]
    currency = (await seller(ctx)).currency
    exponent: int = await ctx.load(exponents_by_currency, currency)
    samples = await _samples(ctx, rules, currency)
    names = {str(each.id): each.name for each in rows}
    for place, rule in enumerate(rules):
        for each in conflicts(rule, rules[place + 1 :], group, samples, ctx.today, currency, exponent):
            text_ = "“{one}” and “{other}” are in each other's way now: see the report of either."
            ctx.warn(ErrorCode.INVALID, text_, ("stacking",), one=names[rule.id], other=names[each.other.id])


_SAMPLES = """
    select product.id, product.sku, product.unit_code, category.path, product.brand,
        price.unit_price, price.price_unit
    from product
    join product_category category on category.id = product.category_id
    join lateral (
        select unit_price, price_unit from list_price
        where product_id = product.id and currency = :currency and unit_code = product.unit_code
            and valid_from <= :today and (valid_until is null or valid_until > :today)
        order by from_quantity limit 1
    ) as price on true
    where product.seller_id = :seller and (product.active_until is null or product.active_until > :today)
        and (not :is_narrow or product.id = any (cast(:products as uuid[]))
            or product.brand = any (cast(:brands as text[]))
            or category.path like any (cast(:paths as text[])))
    order by product.sku limit :most
"""


async def _samples(ctx: Context, rules: Sequence[DiscountRule], currency: str) -> list[Sample]:
    """Products that the rules name, or any where they name none."""
    named = [each for rule in rules for each in rule.conditions]
    inside = [
        each for each in named if isinstance(each, (ProductIs, BrandIs, CategoryIs)) and not each.is_excluded
    ]
    asked = {
        "seller": ctx.user.seller_id,
        "today": ctx.today,
        "currency": currency,
        "most": SAMPLES_MAX,
        "products": sorted(
            {UUID(value) for each in inside if isinstance(each, ProductIs) for value in each.values}
            | {UUID(key) for each in named if isinstance(each, MixAndMatch) for key, _ in each.mandatory}
        ),
        "brands": sorted({value for each in inside if isinstance(each, BrandIs) for value in each.values}),
        "paths": sorted(
            {f"{path}%" for each in inside if isinstance(each, CategoryIs) for path in each.values}
        ),
    }
    asked["is_narrow"] = bool(asked["products"] or asked["brands"] or asked["paths"])
    found = await ctx.session.execute(text(_SAMPLES), asked)
    return [
        Sample(
            LineFacts(
                number, str(row.id), row.sku, Decimal(1), ctx.today, (), row.unit_code, row.path, row.brand
            ),
            row.unit_price,
            row.price_unit,
        )
        for number, row in enumerate(found, 1)
    ]
