"""A company's own consent: why an order needs it, who may give it, and the requests that wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from auth.permissions import ROLE_GRANTS, Permission, Role
from models.approvals import ApprovalRequest, ApprovalRule, SpendLimit
from models.approvals_reads import (
    ApprovalRow,
    LimitRow,
    RuleRow,
    approval_columns,
    approvers,
    roles_of,
    rules_in_force,
    spent_by_currency,
    visible_approvals,
    visible_limits,
    visible_rules,
)
from models.base import new_id
from models.filters import Where, conditions
from models.orders import SalesOrder
from models.rows import by_key, grouped
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import record
from resolvers.house import as_house
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.prices import exchange_rate
from resolvers.products import category_tree
from rules import spending
from rules.money import ZERO, round_money
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.spending import ApprovalNeed, SpendLimits, SpendLine, SpendPeriod, approval_needs, period_of
from rules.states import ApprovalStatus, ApprovalSubject


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something waits, as it is kept: amounts in `currency`, `rule` the name of the company's rule."""

    code: spending.ApprovalReason
    limit: Decimal
    amount: Decimal
    currency: str
    rule: str = ""
    categories: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code.value, "limit": plain(self.limit), "amount": plain(self.amount),
            "currency": self.currency, "rule": self.rule, "categories": list(self.categories),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Reason":
        return cls(
            spending.ApprovalReason(kept["code"]), Decimal(kept["limit"]), Decimal(kept["amount"]),
            kept["currency"], kept["rule"], tuple(kept["categories"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spending:
    """
    What is about to be ordered: the total, and the net of each line with its product's category.

    `user_id` is whose limits count; None for an order on the company's behalf, which is nobody's spending.
    """

    customer_id: UUID
    user_id: UUID | None
    gross: Decimal
    currency: str
    lines: Sequence[tuple[UUID, Decimal]]


async def limit_of(ctx: Context, customer_id: UUID, user_id: UUID) -> LimitRow | None:
    """What a person may order for the customer without asking; None where nothing is said."""
    found = (
        await ctx.session.execute(
            visible_limits(ctx.user).where(
                SpendLimit.customer_id == customer_id, SpendLimit.user_id == user_id
            )
        )
    ).first()
    return None if found is None else LimitRow(*found)


async def own_limits(ctx: Context, keys: Sequence[UUID]) -> list[LimitRow | None]:
    """The viewer's own limit at each customer."""
    statement = visible_limits(ctx.user).where(
        SpendLimit.customer_id.in_(keys), SpendLimit.user_id == ctx.user.user_id
    )
    return by_key(keys, (LimitRow(*each) for each in await ctx.session.execute(statement)), "customer_id")


async def rules_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[RuleRow]]:
    statement = rules_in_force(ctx.user, ctx.today).where(ApprovalRule.customer_id.in_(keys))
    return grouped(keys, (RuleRow(*each) for each in await ctx.session.execute(statement)), "customer_id")


async def rules_by_id(ctx: Context, keys: Sequence[UUID]) -> list[RuleRow | None]:
    statement = visible_rules(ctx.user).where(ApprovalRule.id.in_(keys))
    return by_key(keys, (RuleRow(*each) for each in await ctx.session.execute(statement)))


async def limits_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[LimitRow]]:
    statement = visible_limits(ctx.user).where(SpendLimit.customer_id.in_(keys))
    return grouped(keys, (LimitRow(*each) for each in await ctx.session.execute(statement)), "customer_id")


async def reasons_to_wait(ctx: Context, asked: Spending) -> list[Reason]:
    """
    Why this has to be approved by somebody else of the company; empty where it does not.

    Two orders of one person cannot slip under a period's limit together: the buyer's cart, which both empty, is locked.
    """
    who = asked.user_id
    limit = None if who is None else await limit_of(ctx, asked.customer_id, who)
    rules: list[RuleRow] = await ctx.load(rules_by_customer, asked.customer_id)
    if limit is None and not rules:
        return []
    found = [] if limit is None or who is None else await _over_limits(ctx, asked, who, limit)
    tree = (
        {row.id: row for row in await category_tree(ctx)} if any(rule.category_id for rule in rules) else {}
    )
    lines = [
        SpendLine(net, tree[category_id].path if category_id in tree else "/")
        for category_id, net in asked.lines
    ]
    for row in rules:
        amount = await _in_currency(ctx, row.from_amount, row.currency, asked.currency)
        category = None if row.category_id is None else tree[row.category_id]
        rule = (
            spending.ApprovalRule(above=amount)
            if category is None
            else spending.ApprovalRule(categories=(category.code,), category_above=amount or ZERO)
        )
        names = () if category is None else (category.name,)
        found += [
            _reason(need, asked.currency, row.name, names)
            for need in approval_needs(asked.gross, lines, None, ZERO, rule)
        ]
    return found


def _reason(need: ApprovalNeed, currency: str, rule: str = "", categories: tuple[str, ...] = ()) -> Reason:
    return Reason(need.reason, need.limit, need.amount, currency, rule, categories)


async def _over_limits(ctx: Context, asked: Spending, user_id: UUID, limit: LimitRow) -> list[Reason]:
    limits = SpendLimits(
        await _in_currency(ctx, limit.per_order, limit.currency, asked.currency),
        await _in_currency(ctx, limit.per_period, limit.currency, asked.currency),
        SpendPeriod(limit.period.value),
    )
    spent = ZERO
    if limits.per_period is not None:
        first, after = period_of(ctx.today, limits.period)
        since, until = _midnight(ctx, first), _midnight(ctx, after)
        statement = spent_by_currency(ctx.user, asked.customer_id, user_id, since, until)
        for currency, gross in (await ctx.session.execute(statement)).all():
            spent += await _in_currency(ctx, gross, currency, asked.currency) or ZERO
    return [_reason(need, asked.currency) for need in approval_needs(asked.gross, (), limits, spent, None)]


def _midnight(ctx: Context, day: date) -> datetime:
    return datetime.combine(day, time.min, ctx.zone)


async def _in_currency(ctx: Context, amount: Decimal | None, of: str, into: str) -> Decimal | None:
    """An amount in another currency at today's rates; a limit without a rate lets nothing through."""
    if amount is None or of == into:
        return amount
    rate, other = await exchange_rate(ctx, of), await exchange_rate(ctx, into)
    return ZERO if rate is None or other is None else round_money(amount * rate.rate / other.rate)


async def due_at(ctx: Context) -> datetime:
    """Until when something that is asked for now waits for its decision."""
    return ctx.now + timedelta(days=(await seller(ctx)).approval_days)


async def request_approval(
    ctx: Context, order: SalesOrder, reasons: Sequence[Reason], due: datetime, act: dict[str, Any]
) -> UUID:
    """Stores that an order waits, tells of it, and warns whoever ordered."""
    by = (order.placed_by_id, order.placed_by_name)
    request = open_request(ctx, order, ApprovalSubject.ORDER, reasons, due, act, by)
    record(
        ctx, "approval.requested", "Order", order.id, version=order.version, customer_id=order.customer_id,
        changes={"status": str(order.status), "reasons": [each.code.value for each in reasons]},
    )  # fmt: skip
    await ctx.session.flush()
    if (await approvers_by_request(ctx, [request.id]))[0]:
        text = "The order waits for the approval of your company; its prices hold until then."
    else:
        text = "The order waits, but nobody at your company may approve it; ask your company's administrator."
    ctx.warn(ErrorCode.APPROVAL_REQUIRED, text)
    return request.id


def open_request(
    ctx: Context,
    order: SalesOrder,
    subject: ApprovalSubject,
    reasons: Sequence[Reason],
    due: datetime,
    act: dict[str, Any],
    by: tuple[UUID, str],
) -> ApprovalRequest:
    """What waits for somebody's consent from now on; `act` is what is asked for, `by` who asks."""
    request = ApprovalRequest(
        id=new_id(),
        seller_id=order.seller_id,
        customer_id=order.customer_id,
        subject_type=subject.value,
        order_id=order.id,
        status=ApprovalStatus.PENDING,
        version=1,
        reasons=[each.to_json() for each in reasons],
        act=act,
        requested_at=ctx.now,
        requested_by_id=by[0],
        requested_by_name=by[1],
        due_at=due,
    )
    ctx.session.add(request)
    return request


async def approvals(
    ctx: Context, where: Where | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[ApprovalRow]:
    statement = visible_approvals(ctx.user).where(conditions(where, approval_columns(ctx.user)))
    return await page(ctx, statement, sort, args, ApprovalRow)


async def approvals_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ApprovalRow | None]:
    rows = await ctx.session.execute(visible_approvals(ctx.user).where(ApprovalRequest.id.in_(keys)))
    return by_key(keys, (ApprovalRow(*each) for each in rows))


async def approvals_by_order(ctx: Context, keys: Sequence[UUID]) -> list[ApprovalRow | None]:
    """The newest request of each order for the company's consent."""
    rows = await ctx.session.execute(
        visible_approvals(ctx.user)
        .where(
            ApprovalRequest.order_id.in_(keys), ApprovalRequest.subject_type == ApprovalSubject.ORDER.value
        )
        .order_by(ApprovalRequest.requested_at, ApprovalRequest.id)
    )
    return by_key(keys, (ApprovalRow(*each) for each in rows), "order_id")


async def approvers_by_request(ctx: Context, keys: Sequence[UUID]) -> list[list[tuple[UUID, str]]]:
    """(user id, name) of those who may decide each request, by name."""
    found: dict[UUID, list[tuple[UUID, str]]] = {key: [] for key in keys}
    for request_id, user_id, name in await ctx.session.execute(approvers(ctx.user, keys)):
        found[request_id].append((user_id, name))
    return [found[key] for key in keys]


async def beyond_own_limit(ctx: Context, customer_id: UUID, gross: Decimal, currency: str) -> bool:
    """Whether the viewer could not spend as much themselves, so that another approver is needed."""
    limit = await ctx.load(own_limits, customer_id)
    most = None if limit is None else await _in_currency(ctx, limit.per_order, limit.currency, currency)
    return most is not None and gross > most


async def lock_request(ctx: Context, order_id: UUID, customer_id: UUID) -> ApprovalRequest:
    """The request of an order that waits and is locked; a second decision finds it decided."""
    statement = select(ApprovalRequest).where(
        ApprovalRequest.order_id == order_id,
        ApprovalRequest.customer_id == customer_id,
        ApprovalRequest.subject_type == ApprovalSubject.ORDER.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    found: ApprovalRequest | None = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    assert found is not None, "an order waits for approval while a request does"
    return found


def decide(ctx: Context, request: ApprovalRequest, status: ApprovalStatus, reason: str) -> None:
    request.status = status
    request.version += 1
    request.decided_at = ctx.now
    request.decided_by_id = ctx.user.user_id
    request.decided_by_name = ctx.user.name
    request.decision_reason = reason


async def close_request(ctx: Context, order_id: UUID, status: ApprovalStatus) -> None:
    """Ends the wait of an order that was called off, refused by the seller, or waited too long."""
    await ctx.session.execute(
        update(ApprovalRequest)
        .where(ApprovalRequest.order_id == order_id, ApprovalRequest.status == ApprovalStatus.PENDING)
        .values(status=status, version=ApprovalRequest.version + 1)
    )


async def end_concessions(ctx: Context, order_id: UUID) -> None:
    """Ends what waits to be given on an order that ends itself; a buyer who cancels it never knew."""
    statement = (
        update(ApprovalRequest)
        .where(
            ApprovalRequest.order_id == order_id,
            ApprovalRequest.subject_type == ApprovalSubject.CONCESSION.value,
            ApprovalRequest.status == ApprovalStatus.PENDING,
        )
        .values(status=ApprovalStatus.WITHDRAWN, version=ApprovalRequest.version + 1)
    )
    async with as_house(ctx) as session:
        await session.execute(statement)


async def demand_requester(ctx: Context, customer_id: UUID, user_id: UUID, path: Path = ("orderId",)) -> None:
    """The act runs as whoever asked for it: they must still be there, and still be allowed to."""
    roles = await ctx.session.scalars(roles_of(ctx.user, customer_id, user_id))
    if not any(Permission.ORDERS_PLACE in ROLE_GRANTS[Role(role)] for role in roles):
        text = "Whoever placed the order may not order for the company any more."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, path)
