"""Discount rules as prices are found with, and the counting of what orders took of them."""

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import date
from uuid import UUID

from sqlalchemy import text

from models.base import new_id
from models.discounts_reads import DiscountGroupRow, DiscountRuleRow
from resolvers.context import Context, LockedSession, LockKind
from resolvers.house import as_house
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, RuleUse, Stacking
from rules.refusals import ErrorCode, Path, Refusal

_GROUP_COLUMNS = ", ".join(f"discount_group.{each.name}" for each in fields(DiscountGroupRow))
_RULE_COLUMNS = ", ".join(f"discount_rule.{each.name}" for each in fields(DiscountRuleRow))
_RULES = text(
    f"""
    select {_RULE_COLUMNS}, {_GROUP_COLUMNS},
        case when uses_per_customer_max is null then 0 else (
            select count(*) from discount_redemption
            where discount_redemption.customer_id = cast(:customer as uuid)
                and discount_redemption.rule_id = discount_rule.id and given_back_at is null
        ) end
    from discount_rule join discount_group on discount_group.id = discount_rule.group_id
    where discount_rule.seller_id = :seller and is_active
        and (valid_from is null or valid_from <= :today) and (valid_until is null or valid_until > :today)
        and (coupon_key = '' or coupon_key = any (cast(:coupons as text[])))
        and (customer_ids is null or customer_ids && cast(:customers as uuid[]))
    order by discount_rule.created_at, discount_rule.id
"""
)
_RULE_WIDTH = len(fields(DiscountRuleRow))
# Bought here or before us: what was called off does not count.
_SEGMENTS = """
    with bought as (
        select product_id, net_amount, currency, sold_at as bought_at, kind = 'SALE' as is_sale
        from sales_history where customer_id = {customer}
        union all
        select line.product_id,
            line.net_amount * (line.quantity_ordered - line.quantity_cancelled) / line.quantity_ordered,
            sales_order.currency, sales_order.placed_at, line.quantity_cancelled < line.quantity_ordered
        from sales_order
        join sales_order_line line on line.customer_id = sales_order.customer_id and line.order_id = sales_order.id
        where sales_order.customer_id = {customer} and sales_order.status not in ('REFUSED', 'CANCELLED')
            and line.kind <> 'CHARGE'
    )
    select segment.code
    from customer
    join segment on segment.seller_id = customer.seller_id
    left join customer_group on customer_group.id = customer.customer_group_id
    left join territory on territory.id = customer.territory_id
    cross join lateral (
        select cast(:today as date) - make_interval(months => segment.months) as beginning
    ) as period
    where customer.id = {customer}
        and (segment.customer_groups = '{{}}' or customer_group.code = any (segment.customer_groups))
        and (segment.territories = '{{}}' or territory.code = any (segment.territories))
        and (segment.countries = '{{}}' or customer.country = any (segment.countries))
        and (segment.revenue_least is null or segment.revenue_least <= (
            select coalesce(sum(net_amount), 0) from bought
            where currency = segment.revenue_currency and bought_at >= beginning
        ))
        and (segment.product_ids = '{{}}' or exists (
            select from bought where product_id = any (segment.product_ids) and is_sale and bought_at >= beginning
        ))
"""
_SEGMENTS_OF_ONE = _SEGMENTS.format(customer=":customer")
_SEGMENTS_OF_MANY = f"""
    select buyer.id, inside.code from unnest(cast(:customers as uuid[])) as buyer(id)
    cross join lateral ({_SEGMENTS.format(customer="buyer.id")}) as inside
"""


async def rules_for(
    session: LockedSession,
    *,
    seller_id: UUID,
    customers: Sequence[UUID],
    today: date,
    coupons: Collection[str],
) -> tuple[list[DiscountGroup], list[DiscountRule]]:
    """
    The rules that may hold for a buyer on a day, with what is left of their limits, and their groups in order.

    One statement, however many rules. Buyers read no rules: the session is one of `as_house`.

    Args:
        customers: the buyer's id and those of its ancestors, nearest first; none for nobody in particular.
        coupons: what the buyer entered, folded by `rules.texts.item_key`.
    """
    asked = {
        "seller": seller_id,
        "customer": customers[0] if customers else None,
        "customers": list(customers),
        "today": today,
        "coupons": sorted(coupons),
    }
    groups: dict[UUID, DiscountGroup] = {}
    rules = []
    for order, row in enumerate(await session.execute(_RULES, asked)):
        rule = _rule(row[:_RULE_WIDTH])
        if rule.group_id not in groups:
            groups[rule.group_id] = _group(row[_RULE_WIDTH:-1]).to_rules()
        rules.append(rule.to_rules(groups[rule.group_id].code, order, row[-1]))
    return sorted(groups.values(), key=lambda each: (each.sequence, each.code)), rules


def _group(row: Sequence[object]) -> DiscountGroupRow:
    found = DiscountGroupRow(*row)  # type: ignore[arg-type]
    return replace(found, stacking=Stacking(found.stacking))


def _rule(row: Sequence[object]) -> DiscountRuleRow:
    found = DiscountRuleRow(*row)  # type: ignore[arg-type]
    concurrency = None if found.concurrency is None else Concurrency(found.concurrency)
    return replace(found, phase=Phase(found.phase), concurrency=concurrency)


async def segments_of(session: LockedSession, customer_id: UUID, today: date) -> frozenset[str]:
    """The codes of the segments that hold a customer today: one statement, whatever they ask."""
    found = await session.execute(text(_SEGMENTS_OF_ONE), {"customer": customer_id, "today": today})
    return frozenset(row[0] for row in found)


# Whoever passes here holds the rule's row until the act ends: the next one counts what this one took. Not for its key,
# which the redemptions of others point at meanwhile.
async def segments_by_customer(
    session: LockedSession, customer_ids: Sequence[UUID], today: date
) -> dict[UUID, frozenset[str]]:
    """The same for any number of customers, in one statement; a customer in no segment is not there."""
    asked = {"customers": list(customer_ids), "today": today}
    found: dict[UUID, set[str]] = {}
    for customer_id, code in await session.execute(text(_SEGMENTS_OF_MANY), asked):
        found.setdefault(customer_id, set()).add(code)
    return {key: frozenset(codes) for key, codes in found.items()}


# Whoever passes here holds the rule's row until the act ends: the next one counts what this one took.
_LOCK = """
    select id, name, coupon, uses_max, uses, uses_per_customer_max from discount_rule
    where id = any (cast(:rules as uuid[])) and (uses_max is not null or uses_per_customer_max is not null)
    order by id for no key update
"""
_POINT_AT = "select id from discount_rule where id = any (cast(:rules as uuid[])) order by id for key share"
_REDEEMED = """
    select rule_id, count(*) from discount_redemption
    where customer_id = :customer and rule_id = any (cast(:rules as uuid[])) and given_back_at is null
    group by rule_id
"""
_COUNT = "update discount_rule set uses = uses + cast(:by as integer) where id = any (cast(:rules as uuid[]))"
_REDEEM = """
    insert into discount_redemption (id, rule_id, customer_id, order_id, amount, quantity, currency, redeemed_at)
    select taken.id, taken.rule_id, sales_order.customer_id, sales_order.id, taken.amount, taken.quantity,
        sales_order.currency, :now
    from sales_order, unnest(
        cast(:ids as uuid[]), cast(:rules as uuid[]), cast(:amounts as numeric[]), cast(:quantities as numeric[])
    ) as taken (id, rule_id, amount, quantity)
    where sales_order.id = :order and sales_order.customer_id = :customer
"""
_GIVE_BACK = """
    update discount_redemption set given_back_at = :now
    where order_id = :order and given_back_at is null returning rule_id
"""


async def count_uses(
    ctx: Context, customer_id: UUID, uses: Sequence[RuleUse], *, path: Path = ("cartId",)
) -> None:
    """
    Counts a use of each rule that a new order takes something of, before the order locks stock.

    Raises:
        Refusal(COUPON_USED_UP): others took the last of a rule with a limit since the cart was priced.
    """
    if not uses:
        return
    await ctx.session.flush()
    ctx.locking(LockKind.COUPON)
    rules = {"rules": [UUID(use.rule_id) for use in uses]}
    async with as_house(ctx) as session:
        # Whoever gives a rule its limit waits for this, so that the limit read next is the one in force.
        await session.execute(text(_POINT_AT), rules)
        limited = (await session.execute(text(_LOCK), rules)).all()
        if not limited:
            return
        keys = [row.id for row in limited]
        asked = {"customer": customer_id, "rules": keys}
        taken = {row[0]: row[1] for row in await session.execute(text(_REDEEMED), asked)}
        for row in limited:
            is_used_up = row.uses_max is not None and row.uses >= row.uses_max
            of_customer = row.uses_per_customer_max
            if is_used_up or (of_customer is not None and taken.get(row.id, 0) >= of_customer):
                raise used_up(row.coupon, row.name, path)
        await session.execute(text(_COUNT), {"rules": keys, "by": 1})


async def uncount_uses(ctx: Context, uses: Sequence[RuleUse]) -> None:
    """Takes back what `count_uses` counted in this act: nothing came of it. The rules are locked still."""
    if not uses:
        return
    async with as_house(ctx) as session:
        limited = await session.execute(text(_LOCK), {"rules": [UUID(use.rule_id) for use in uses]})
        await session.execute(text(_COUNT), {"rules": [row.id for row in limited], "by": -1})


async def keep_redemptions(ctx: Context, order_id: UUID, customer_id: UUID, uses: Sequence[RuleUse]) -> None:
    """Keeps what the order took of each rule, in its own transaction; the uses are counted already."""
    if not uses:
        return
    await ctx.session.flush()
    async with as_house(ctx) as session:
        values = {
            "ids": [new_id() for _ in uses],
            "rules": [UUID(use.rule_id) for use in uses],
            "amounts": [use.amount for use in uses],
            "quantities": [use.quantity for use in uses],
            "order": order_id,
            "customer": customer_id,
            "now": ctx.now,
        }
        await session.execute(text(_REDEEM), values)


def used_up(coupon: str, rule: str, path: Path) -> Refusal:
    """The refusal of a rule whose limit is reached, by the name that the buyer knows."""
    if coupon:
        return Refusal(ErrorCode.COUPON_USED_UP, "The coupon {coupon} is used up.", path, coupon=coupon)
    return Refusal(ErrorCode.COUPON_USED_UP, "The discount {rule} is used up.", path, rule=rule)


async def give_back_redemptions(ctx: Context, order_id: UUID) -> None:
    """What an order that is called off took may be used again."""
    await ctx.session.flush()
    ctx.locking(LockKind.COUPON)
    async with as_house(ctx) as session:
        found = await session.execute(text(_GIVE_BACK), {"order": order_id, "now": ctx.now})
        rules = [row[0] for row in found]
        if rules:
            limited = (await session.execute(text(_LOCK), {"rules": rules})).all()
            await session.execute(text(_COUNT), {"rules": [row.id for row in limited], "by": -1})
