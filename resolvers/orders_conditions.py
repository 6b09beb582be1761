"""Held orders that wait for money: the payment that completes it releases them, in its own transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine
from models.orders_reads import order_in_scope
from models.payments import CreditCondition
from resolvers.context import Context, LockKind
from resolvers.credit import sharers_of_credit
from resolvers.events import record
from resolvers.orders_acts import LockedOrder, checked_reason, let_go, lock_order
from resolvers.pegs import lock_pegs
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import HoldReason
from rules.transitions import OrderAction


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """A held order, locked with its lines, what it waits for, and whose money it is: all that share its credit."""

    condition: CreditCondition
    order: LockedOrder
    payers: frozenset[UUID]


async def release_when_paid(
    ctx: Context,
    order_id: UUID,
    expected_version: int,
    amount: Decimal,
    valid_until: date | None,
    reason: str,
) -> UUID:
    """
    Lets a held order go on as soon as an amount was paid from now on, by its customer or by another that shares its
    credit; an earlier condition ends.

    Args:
        amount: in the seller's currency.
        valid_until: the last day on which a payment releases it; None for no end.
    """
    reason = checked_reason(reason)
    if amount <= 0 or amount >= Decimal(10) ** 14 or amount != round(amount, 2):
        text = "An amount is above zero and has {decimals} decimals at most."
        raise Refusal(ErrorCode.INVALID, text, ("amount",), decimals=2)
    if valid_until is not None and valid_until < ctx.today:
        raise Refusal(ErrorCode.PAST_DATE, "The date lies in the past.", ("validUntil",))
    found = await lock_order(ctx, order_id, expected_version, OrderAction.RELEASE)
    order = found.order
    earlier = select(CreditCondition).where(
        CreditCondition.order_id == order.id,
        CreditCondition.customer_id == order.customer_id,
        CreditCondition.ended_at.is_(None),
    )
    for each in await ctx.session.scalars(ctx.locked(LockKind.LINES, earlier)):
        each.ended_at = ctx.now
    await ctx.session.flush()
    ctx.session.add(
        CreditCondition(
            id=new_id(), customer_id=order.customer_id, order_id=order.id, amount_awaited=amount,
            amount_received=ZERO, valid_until=valid_until, reason=reason, created_at=ctx.now,
            created_by_id=ctx.user.user_id,
        )
    )  # fmt: skip
    order.version += 1
    record(
        ctx, "order.releaseConditioned", "Order", order.id, version=order.version, customer_id=order.customer_id,
        reason=reason,
        changes={"amount": plain(amount), "validUntil": "" if valid_until is None else valid_until.isoformat()},
    )  # fmt: skip
    await ctx.session.flush()
    return order.id


async def lock_waiting_orders(ctx: Context, customer_ids: Collection[UUID]) -> list[WaitingOrder]:
    """The held orders that wait for money of these customers, locked before anything else is."""
    table = CreditCondition
    shared = await sharers_of_credit(ctx, customer_ids)
    customer_ids = set().union(*shared.values())
    waiting = select(table).where(
        table.customer_id.in_(customer_ids),
        table.ended_at.is_(None),
        or_(table.valid_until.is_(None), table.valid_until >= ctx.today),
    )
    rows = await ctx.session.scalars(
        ctx.locked(LockKind.DOCUMENT, waiting.order_by(table.created_at, table.id))
    )
    conditions = {row.order_id: row for row in rows}
    if not conditions:
        return []
    orders = select(SalesOrder).where(SalesOrder.id.in_(conditions), order_in_scope(ctx.user))
    heads = list(await ctx.session.scalars(ctx.locked(LockKind.DOCUMENT, orders.order_by(SalesOrder.id))))
    lines = select(SalesOrderLine).where(
        SalesOrderLine.order_id.in_([each.id for each in heads]),
        SalesOrderLine.customer_id.in_(customer_ids),
    )
    found = list(await ctx.session.scalars(ctx.locked(LockKind.LINES, lines.order_by(SalesOrderLine.id))))
    by_id = {
        head.id: LockedOrder(
            head, sorted((each for each in found if each.order_id == head.id), key=lambda each: each.position)
        )
        for head in heads
    }
    for each in by_id.values():
        each.pegs = await lock_pegs(ctx, each.order)
    return [
        WaitingOrder(row, by_id[key], _payers(shared, row.customer_id))
        for key, row in conditions.items()
        if key in by_id
    ]


def _payers(shared: Mapping[UUID, frozenset[UUID]], customer_id: UUID) -> frozenset[UUID]:
    return frozenset(payer for payer, together in shared.items() if customer_id in together)


async def release_paid_orders(
    ctx: Context, waiting: Sequence[WaitingOrder], received: Sequence[tuple[UUID, Decimal]]
) -> None:
    """
    Counts what came in, and lets the orders go whose amount is complete.

    Args:
        received: (customer, amount in the seller's currency).
    """
    for each in waiting:
        condition, order = each.condition, each.order.order
        condition.amount_received += sum(
            (amount for customer_id, amount in received if customer_id in each.payers), ZERO
        )
        if condition.amount_received < condition.amount_awaited:
            continue
        condition.ended_at = ctx.now
        reasons = set(order.hold_reasons)
        # What was stopped by hand since then is not released by money.
        if order.is_on_hold and HoldReason.MANUAL not in reasons:
            await let_go(ctx, each.order, condition.reason)
