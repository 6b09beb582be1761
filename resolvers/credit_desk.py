"""The credit desk: orders on hold for credit, what holds them, and what would free them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.customers import CreditAccount, Customer
from models.customers_reads import customer_in_scope, visible_customers
from models.filters import Where, conditions
from models.orders import SalesOrder
from models.orders_reads import OrderRow, visible_orders
from models.payments import CreditCondition
from resolvers.context import Context, LockKind
from resolvers.credit import Account, accounts_by_customer
from resolvers.customers import exponents_by_currency, seller
from resolvers.events import record
from resolvers.orders_acts import checked_reason
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.prices import exchange_rate
from rules.credit import CreditFacts, HeldOrder, OrderRelease, plan_releases
from rules.money import ZERO, round_money
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import HoldReason, OrderStatus

_OPEN = (OrderStatus.PENDING_APPROVAL, OrderStatus.PLACED, OrderStatus.CONFIRMED)
_FOR_CREDIT = (HoldReason.CREDIT.value, HoldReason.OVERDUE.value)
NO_TEST_DAYS = 100_000  # of a seller who does not look at overdue invoices

_IS_HELD = (
    SalesOrder.is_on_hold & SalesOrder.status.in_(_OPEN) & SalesOrder.hold_reasons.overlap(list(_FOR_CREDIT))
)
DESK_COLUMNS: Mapping[str, Any] = {"customer": SalesOrder.customer_id}


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A held order with the account it is tested against, and when it could go."""

    order: OrderRow
    account: Account
    release: OrderRelease
    days_overdue: int


async def credit_desk(ctx: Context, where: Where | None, args: PageArgs) -> Page[OrderRow]:
    """Orders on hold for credit or overdue invoices, the longest waiting first."""
    statement = visible_orders(ctx.user).where(_IS_HELD, conditions(where, DESK_COLUMNS))
    return await page(ctx, statement, [SortKey("id", SalesOrder.id)], args, OrderRow)


async def desk_by_order(ctx: Context, keys: Sequence[UUID]) -> list[DeskRow | None]:
    """Held orders with what would free them, as if those that wait longer went first: a few statements for all."""
    asked = [
        OrderRow(*row)
        for row in await ctx.session.execute(visible_orders(ctx.user).where(SalesOrder.id.in_(keys)))
    ]
    customers = sorted({row.customer_id for row in asked})
    accounts = dict(zip(customers, await accounts_by_customer(ctx, customers), strict=True))
    held = await ctx.session.execute(
        visible_orders(ctx.user)
        .where(SalesOrder.customer_id.in_(customers), _IS_HELD)
        .order_by(SalesOrder.id)
    )
    queues: dict[UUID, list[OrderRow]] = {}
    for row in held:
        order = OrderRow(*row)
        queues.setdefault(order.customer_id, []).append(order)
    us = await seller(ctx)
    days = us.overdue_days_allowed
    rates = {
        currency: await exchange_rate(ctx, currency)
        for currency in sorted({account.currency for account in accounts.values()})
    }
    found: dict[UUID, DeskRow] = {}
    for customer_id, queue in queues.items():
        account = accounts[customer_id]
        rate = rates[account.currency]
        held_orders = [
            HeldOrder(
                each.number,
                round_money(
                    each.gross_amount * each.exchange_rate / (Decimal(1) if rate is None else rate.rate)
                ),
            )
            for each in queue
        ]
        used = account.used
        plan = plan_releases(
            held_orders,
            CreditFacts(used.orders, used.delivered, account.instalments, used.unapplied),
            None if account.credit is None else account.credit.limit,
            ctx.today,
            overdue_days=NO_TEST_DAYS if days is None else days,
        )
        late = 0 if used.oldest_due is None else max((ctx.today - used.oldest_due).days, 0)
        for order, release in zip(queue, plan, strict=True):
            found[order.id] = DeskRow(order, account, release, late)
    return [found.get(key) for key in keys]


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """What a held order waits for, in the seller's currency."""

    order_id: UUID
    amount_awaited: Decimal
    amount_received: Decimal
    valid_until: Any
    reason: str


async def conditions_by_order(ctx: Context, keys: Sequence[UUID]) -> list[ConditionRow | None]:
    table = CreditCondition
    rows = await ctx.session.execute(
        select(
            table.order_id, table.amount_awaited, table.amount_received, table.valid_until, table.reason
        ).where(
            table.order_id.in_(keys),
            table.ended_at.is_(None),
            customer_in_scope(ctx.user, table.customer_id),
        )
    )
    found = {row[0]: ConditionRow(*row) for row in rows}
    return [found.get(key) for key in keys]


async def set_credit_limit(
    ctx: Context, customer_id: UUID, limit: Decimal, currency: str | None, reason: str
) -> UUID:
    """
    The most a customer and those below it that hold no limit of their own may have open.

    Args:
        currency: None for the one it has, or the customer's where it is new.
    """
    reason = checked_reason(reason)
    found = (await ctx.session.execute(visible_customers(ctx.user).where(Customer.id == customer_id))).first()
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    ctx.locking(LockKind.EXPOSURE)
    statement = select(CreditAccount).where(
        CreditAccount.customer_id == customer_id, customer_in_scope(ctx.user, CreditAccount.customer_id)
    )
    account: CreditAccount | None = await ctx.session.scalar(ctx.locked(LockKind.EXPOSURE, statement))
    customer_currency = await ctx.session.scalar(
        select(Customer.currency).where(Customer.id == customer_id, customer_in_scope(ctx.user))
    )
    code = (currency or (account.currency if account else customer_currency)).upper()
    if await exchange_rate(ctx, code) is None:
        text = "There is no exchange rate of {currency} for {day}."
        raise Refusal(ErrorCode.INVALID, text, ("currency",), currency=code, day=ctx.today)
    exponent: int = await ctx.load(exponents_by_currency, code)
    if limit < ZERO or limit >= Decimal(10) ** 14 or limit != round(limit, exponent):
        text = "A limit is not below zero and has {decimals} decimals at most."
        raise Refusal(ErrorCode.INVALID, text, ("limit",), decimals=exponent)
    before = "" if account is None else f"{plain(account.credit_limit)} {account.currency}"
    if account is None:
        ctx.session.add(CreditAccount(customer_id=customer_id, credit_limit=limit, currency=code))
    else:
        account.credit_limit, account.currency = limit, code
    record(
        ctx, "customer.creditLimitSet", "Customer", customer_id, version=1, customer_id=customer_id, reason=reason,
        changes={"from": before, "to": f"{plain(limit)} {code}"},
    )  # fmt: skip
    await ctx.session.flush()
    return customer_id
