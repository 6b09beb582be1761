"""What a company admin decides: how much colleagues may spend, and which orders need somebody else's consent."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from models.approvals import ApprovalRule, SpendLimit
from models.base import new_id
from models.customers_reads import CustomerRow
from resolvers.approvals import rules_by_customer
from resolvers.context import Context, LockKind
from resolvers.customers import (
    MemberRow,
    acting_customer,
    customers_by_id,
    exponents_by_currency,
    members_by_customer,
)
from resolvers.events import record
from resolvers.products import category_tree
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import LimitPeriod

AMOUNT_MAX = Decimal(10) ** 12
RULES_MAX = 8
NAME_MAX = 200


async def member(ctx: Context, user_id: UUID) -> MemberRow | None:
    """A person of the company the viewer acts for."""
    customer = await acting_customer(ctx)
    rows: list[MemberRow] = await ctx.load(members_by_customer, customer.id)
    return next((row for row in rows if row.user.id == user_id), None)


async def demand_member(ctx: Context, user_id: UUID) -> MemberRow:
    found = await member(ctx, user_id)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("userId",))
    return found


async def set_spend_limit(
    ctx: Context, user_id: UUID, per_order: Decimal | None, per_period: Decimal | None, period: LimitPeriod
) -> UUID:
    """What a colleague may order alone, with tax and in the company's currency; None for no limit."""
    customer = await acting_customer(ctx)
    await demand_member(ctx, user_id)
    await _limit(ctx, customer, user_id, per_order, per_period, period)
    return user_id


async def set_customer_spend_limit(
    ctx: Context,
    customer_id: UUID,
    user_id: UUID,
    per_order: Decimal | None,
    per_period: Decimal | None,
    period: LimitPeriod,
) -> UUID:
    """The same, said by an administrator of the seller for a person of a customer."""
    customer = await ctx.load(customers_by_id, customer_id)
    if customer is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    members: list[MemberRow] = await ctx.load(members_by_customer, customer_id)
    if all(each.user.id != user_id for each in members):
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("userId",))
    await _limit(ctx, customer, user_id, per_order, per_period, period)
    return customer_id


async def _limit(
    ctx: Context,
    customer: CustomerRow,
    user_id: UUID,
    per_order: Decimal | None,
    per_period: Decimal | None,
    period: LimitPeriod,
) -> None:
    for amount, name in ((per_order, "perOrder"), (per_period, "perPeriod")):
        await check_amount(ctx, amount, customer.currency, name)
    keys = {"user_id": user_id, "customer_id": customer.id}
    if per_order is None and per_period is None:
        await ctx.session.execute(delete(SpendLimit).filter_by(**keys))
    else:
        values = {"per_order": per_order, "per_period": per_period, "period": period, "currency": customer.currency,
                  "updated_at": ctx.now}  # fmt: skip
        await ctx.session.execute(
            insert(SpendLimit)
            .values(**keys, **values)
            .on_conflict_do_update(
                index_elements=[SpendLimit.user_id, SpendLimit.customer_id],
                set_={**values, "version": SpendLimit.version + 1},
            )
        )
    amounts = {"perOrder": per_order, "perPeriod": per_period}
    record(
        ctx, "spendLimit.set", "User", user_id, version=1, customer_id=customer.id, published=False,
        changes={
            name: None if amount is None else plain(amount) for name, amount in amounts.items()
        } | {"period": period.value, "currency": customer.currency},
    )  # fmt: skip
    await ctx.session.flush()


async def check_amount(ctx: Context, amount: Decimal | None, currency: str, name: str) -> None:
    """Refuses an amount that its currency does not have."""
    if amount is None:
        return
    exponent = await ctx.load(exponents_by_currency, currency)
    if not 0 <= amount <= AMOUNT_MAX or amount != round(amount, exponent):
        text = "An amount in {currency} is not negative and has {decimals} decimals at most."
        raise Refusal(ErrorCode.INVALID, text, (name,), currency=currency, decimals=exponent)


async def save_approval_rule(
    ctx: Context, rule_id: UUID | None, name: str, from_amount: Decimal | None, category_id: UUID | None
) -> UUID:
    """
    A rule of the company, new or as it shall be: orders above an amount, or with a category, need consent.

    Requests that wait keep the reasons they were made for.
    """
    customer = await acting_customer(ctx)
    name = name.strip()
    if not name or len(name) > NAME_MAX:
        raise Refusal(ErrorCode.INVALID, "A name has 1 to 200 characters.", ("name",))
    if from_amount is None and category_id is None:
        text = "A rule needs an amount, a category, or both."
        raise Refusal(ErrorCode.INVALID, text, ("fromAmount",))
    await check_amount(ctx, from_amount, customer.currency, "fromAmount")
    if category_id is not None and all(row.id != category_id for row in await category_tree(ctx)):
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("categoryId",))
    if rule_id is None:
        if len(await ctx.load(rules_by_customer, customer.id)) >= RULES_MAX:
            text = "A company has {limit} rules at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("name",), limit=RULES_MAX)
        rule = ApprovalRule(id=new_id(), customer_id=customer.id, version=1, created_at=ctx.now)
        ctx.session.add(rule)
    else:
        rule = await _lock_rule(ctx, rule_id, customer.id)
        rule.version += 1
    rule.name, rule.from_amount, rule.category_id = name, from_amount, category_id
    rule.currency = customer.currency
    record(
        ctx, "approvalRule.saved", "ApprovalRule", rule.id, version=rule.version, customer_id=customer.id,
        changes={
            "fromAmount": None if from_amount is None else plain(from_amount), "currency": customer.currency,
            "categoryId": None if category_id is None else str(category_id),
        }, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return rule.id


async def end_approval_rule(ctx: Context, rule_id: UUID) -> UUID:
    """The rule holds for no new order; what waits because of it goes on waiting."""
    customer = await acting_customer(ctx)
    rule = await _lock_rule(ctx, rule_id, customer.id)
    rule.active_until = ctx.today
    rule.version += 1
    record(
        ctx, "approvalRule.ended", "ApprovalRule", rule.id, version=rule.version, customer_id=customer.id,
        published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return rule.id


async def _lock_rule(ctx: Context, rule_id: UUID, customer_id: UUID) -> ApprovalRule:
    statement = select(ApprovalRule).where(
        ApprovalRule.id == rule_id,
        ApprovalRule.customer_id == customer_id,
        ApprovalRule.active_until.is_(None),
    )
    rule: ApprovalRule | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if rule is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("ruleId",))
    return rule
