"""Rules of free goods: looked at, kept and ended by the sales managers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from models.base import new_id
from models.free_goods import (
    FreeGoodsRuleRow,
    StoredFreeGoodsRule,
    visible_free_goods,
)
from models.rows import by_key
from resolvers.context import Context
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.price_rules import lock_rule, matching, warn_of_rivals
from resolvers.rule_targets import Target, checked_head, day_after, find_target
from rules.free_goods import (
    FreeCalculation,
    FreeGoodsRule,
    FreeKind,
    FreeRounding,
    FreeStockPolicy,
    check_free_goods,
)
from rules.money import ZERO
from rules.quantities import QUANTITY_MAX
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.texts import sort_key

_TABLE = StoredFreeGoodsRule
# Of two rules of the same reach and priority only those compete that agree in these.
_RIVAL = ("free_product_id",)


@dataclass(frozen=True, slots=True)
class FreeGoodsDraft:
    """A rule as it shall be; `last_day` is the last one, None has no end."""

    name: str
    per_quantity: Decimal
    free_quantity: Decimal
    valid_from: date
    last_day: date | None = None
    target: Target = field(default_factory=Target)
    priority: int = 0
    minimum_quantity: Decimal = ZERO
    kind: FreeKind = FreeKind.EXCLUSIVE
    calculation: FreeCalculation = FreeCalculation.UNIT_REFERENCE
    rounding: FreeRounding = FreeRounding.DOWN
    free_product_id: UUID | None = None
    is_only_once: bool = False
    is_optional: bool = False
    is_chargeable: bool = False
    max_per_order: Decimal | None = None
    out_of_stock: FreeStockPolicy = FreeStockPolicy.DROP


async def list_free_goods(
    ctx: Context, search: str | None, include_ended: bool, args: PageArgs
) -> Page[FreeGoodsRuleRow]:
    """Rules by name; those that ended only when asked."""
    statement = matching(visible_free_goods(ctx.user), _TABLE, search, include_ended, ctx.today)
    return await page(
        ctx, statement, [SortKey("name", _TABLE.name_sort), SortKey("id", _TABLE.id)], args, FreeGoodsRuleRow
    )


async def free_goods_by_id(ctx: Context, keys: Sequence[UUID]) -> list[FreeGoodsRuleRow | None]:
    rows = await ctx.session.execute(visible_free_goods(ctx.user).where(_TABLE.id.in_(keys)))
    return by_key(keys, (FreeGoodsRuleRow(*each) for each in rows))


async def create_free_goods(ctx: Context, draft: FreeGoodsDraft) -> UUID:
    values = await _checked(ctx, draft)
    rule = _TABLE(id=new_id(), seller_id=ctx.user.seller_id, version=1, created_at=ctx.now, **values)
    ctx.session.add(rule)
    _record(ctx, "created", rule)
    await ctx.session.flush()
    await warn_of_rivals(ctx, rule, _RIVAL)
    return rule.id


async def update_free_goods(
    ctx: Context, rule_id: UUID, draft: FreeGoodsDraft, expected_version: int
) -> UUID:
    """The whole rule as it shall be; orders placed before keep what they were given."""
    rule = await lock_rule(ctx, _TABLE, rule_id, expected_version)
    for name, value in (await _checked(ctx, draft)).items():
        setattr(rule, name, value)
    rule.version += 1
    _record(ctx, "updated", rule)
    await ctx.session.flush()
    await warn_of_rivals(ctx, rule, _RIVAL)
    return rule.id


async def deactivate_free_goods(ctx: Context, rule_id: UUID, expected_version: int) -> UUID:
    """From today on the rule gives nothing."""
    rule = await lock_rule(ctx, _TABLE, rule_id, expected_version)
    rule.active_until = ctx.today
    rule.version += 1
    _record(ctx, "deactivated", rule)
    await ctx.session.flush()
    return rule.id


def _record(ctx: Context, act: str, rule: StoredFreeGoodsRule) -> None:
    record(
        ctx, f"freeGoodsRule.{act}", "FreeGoodsRule", rule.id, version=rule.version, customer_id=rule.customer_id,
        published=False,
    )  # fmt: skip


async def _checked(ctx: Context, draft: FreeGoodsDraft) -> dict[str, Any]:
    """The columns of a sound rule; refuses each field at fault."""
    gift = [] if draft.free_product_id is None else [(draft.free_product_id, "freeProductId")]
    found, wrong = await find_target(ctx, draft.target, gift)
    rule = FreeGoodsRule(
        id="",
        name=draft.name,
        per_quantity=draft.per_quantity,
        free_quantity=draft.free_quantity,
        minimum_quantity=draft.minimum_quantity,
        kind=draft.kind,
        calculation=draft.calculation,
        rounding=draft.rounding,
        priority=draft.priority,
        customer=str(draft.target.customer_id or ""),
        customer_group=draft.target.customer_group,
        segment=draft.target.segment.strip(),
        product=str(draft.target.product_id or ""),
        category_path=found.category_path or ("?" if draft.target.category_id else ""),
        free_product=str(draft.free_product_id or ""),
        only_once=draft.is_only_once,
        is_optional=draft.is_optional,
        is_chargeable=draft.is_chargeable,
        valid_from=draft.valid_from,
        valid_until=day_after(draft.last_day),
        max_per_order=draft.max_per_order,
        out_of_stock=draft.out_of_stock,
    )
    wrong += checked_head(draft.name, draft.priority, draft.target.segment) + check_free_goods(rule)
    quantities = {
        "perQuantity": draft.per_quantity,
        "freeQuantity": draft.free_quantity,
        "minimumQuantity": draft.minimum_quantity,
        "maxPerOrder": draft.max_per_order or ZERO,
    }
    for name, quantity in quantities.items():
        if quantity > QUANTITY_MAX or quantity != quantity.quantize(Decimal("0.000001")):
            text = "A quantity is {most} at most and has 6 decimals at most."
            wrong.append(Refusal(ErrorCode.INVALID, text, (name,), most=f"{QUANTITY_MAX:f}"))
    refuse_all(wrong)
    return {
        "name": draft.name.strip(),
        "name_sort": sort_key(draft.name.strip()),
        "priority": draft.priority,
        "customer_id": found.customer_id,
        "customer_group_id": found.customer_group_id,
        "segment": found.segment,
        "product_id": found.product_id,
        "category_id": found.category_id,
        "free_product_id": draft.free_product_id,
        "per_quantity": draft.per_quantity,
        "free_quantity": draft.free_quantity,
        "minimum_quantity": draft.minimum_quantity,
        "kind": draft.kind,
        "calculation": draft.calculation,
        "rounding": draft.rounding,
        "is_only_once": draft.is_only_once,
        "is_optional": draft.is_optional,
        "is_chargeable": draft.is_chargeable,
        "max_per_order": draft.max_per_order,
        "out_of_stock": draft.out_of_stock,
        "valid_from": draft.valid_from,
        "valid_until": day_after(draft.last_day),
    }
