"""Orders: reading them, and what may be done with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from auth.permissions import Permission, Viewer
from models.customers_reads import visible_names
from models.deliveries import Delivery
from models.deliveries_reads import order_is_releasable
from models.events import AuditEvent
from models.filters import Where, conditions
from models.orders import SalesOrder, SalesOrderLine, SalesOrderLineCost, SalesOrderScheduleLine
from models.orders_reads import (
    OrderLineRow,
    OrderRow,
    SalesHistoryRow,
    ScheduleLineRow,
    order_columns,
    order_matches,
    visible_order_lines,
    visible_orders,
    visible_sales_history,
    visible_schedule_lines,
)
from models.rows import by_key, grouped
from models.sales_history import SalesHistory
from resolvers.allocations import released_by_line
from resolvers.approvals import beyond_own_limit
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.statements import Asked, rows
from rules.deliveries import LineProgress, open_to_deliver, releasable
from rules.money import ZERO
from rules.pricing_trace import PriceComponent
from rules.refusals import ErrorCode, Refusal
from rules.spending import may_approve
from rules.states import HoldReason, LineKind, OrderStatus
from rules.transitions import OrderAction, OrderFacts, allowed_order_actions


async def orders(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[OrderRow]:
    """The orders the viewer may see."""
    columns = {**order_columns(ctx.user, ctx.today, ctx.zone), "is_releasable": order_is_releasable()}
    statement = visible_orders(ctx.user).where(conditions(where, columns))
    if search and search.strip():
        if len(search) > 200:
            raise Refusal(
                ErrorCode.LIMIT_EXCEEDED, "A search has {limit} characters at most.", ("search",), limit=200
            )
        statement = statement.where(order_matches(search))
    return await page(ctx, statement, sort, args, OrderRow)


async def orders_of_customer(
    ctx: Context, customer_id: UUID, sort: Sequence[SortKey], args: PageArgs
) -> Page[OrderRow]:
    return await page(
        ctx, visible_orders(ctx.user).where(SalesOrder.customer_id == customer_id), sort, args, OrderRow
    )


async def last_orders(ctx: Context, keys: Sequence[UUID]) -> list[OrderRow | None]:
    """The newest visible order of each customer."""
    rows = await ctx.session.execute(
        visible_orders(ctx.user)
        .where(SalesOrder.customer_id.in_(keys))
        .ext(distinct_on(SalesOrder.customer_id))
        .order_by(SalesOrder.customer_id, SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    return by_key(keys, (OrderRow(*each) for each in rows), "customer_id")


async def orders_by_id(ctx: Context, keys: Sequence[UUID]) -> list[OrderRow | None]:
    return by_key(keys, (OrderRow(*each) for each in await rows(ctx, _orders_by_id, keys=list(keys))))


def _orders_by_id(asked: Asked) -> Any:
    return visible_orders(asked.viewer).where(asked.one_of(SalesOrder.id))


async def order_by_number(ctx: Context, number: str) -> OrderRow | None:
    found = (await ctx.session.execute(visible_orders(ctx.user).where(SalesOrder.number == number))).first()
    return None if found is None else OrderRow(*found)


async def lines_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[OrderLineRow]]:
    found = await rows(ctx, _lines_by_order, keys=list(keys))
    lines = (OrderLineRow(*each) for each in found)
    return grouped(keys, lines if ctx.user.is_staff else map(_without_reason, lines), "order_id")


def _lines_by_order(asked: Asked) -> Any:
    return visible_order_lines(asked.viewer).where(asked.one_of(SalesOrderLine.order_id))


async def lines_by_id(ctx: Context, keys: Sequence[UUID]) -> list[OrderLineRow | None]:
    found = await ctx.session.execute(visible_order_lines(ctx.user).where(SalesOrderLine.id.in_(keys)))
    lines = (OrderLineRow(*each) for each in found)
    return by_key(keys, lines if ctx.user.is_staff else map(_without_reason, lines))


def _without_reason(line: OrderLineRow) -> OrderLineRow:
    """The line as its customer sees it: a price set by hand stays on the trace, why it was set does not."""
    if line.manual_unit_price is None:
        return line
    trace = [
        step | {"reason": ""} if step["component"] == PriceComponent.MANUAL_PRICE else step
        for step in line.price_trace
    ]
    return replace(line, price_trace=trace, manual_price_reason="")


async def schedule_by_line(ctx: Context, keys: Sequence[UUID]) -> list[list[ScheduleLineRow]]:
    statement = visible_schedule_lines(ctx.user).where(SalesOrderScheduleLine.order_line_id.in_(keys))
    return grouped(
        keys, (ScheduleLineRow(*each) for each in await ctx.session.execute(statement)), "order_line_id"
    )


async def costs_by_line(ctx: Context, keys: Sequence[UUID]) -> list[tuple[Decimal, str] | None]:
    """(unit cost, currency) when the line was priced; row security hides the table from customers."""
    table = SalesOrderLineCost
    rows = await ctx.session.execute(
        select(table.order_line_id, table.unit_cost, table.currency).where(table.order_line_id.in_(keys))
    )
    found = {key: (cost, currency) for key, cost, currency in rows}
    return [found.get(key) for key in keys]


@dataclass(frozen=True, slots=True)
class OrderEventRow:
    entity_id: UUID
    action: str
    occurred_at: Any
    reason: str
    actor_id: UUID
    subject_id: UUID | None


_DELIVERY_EVENTS = ("delivery.released", "delivery.shipped", "delivery.cancelled")


async def timeline_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[OrderEventRow]]:
    """
    What happened to the orders and with their deliveries, oldest first.

    A customer is told no reason that is the seller's alone.
    """
    told = (
        AuditEvent.action, AuditEvent.occurred_at, AuditEvent.reason, AuditEvent.actor_id,
        AuditEvent.subject_id, AuditEvent.id,
    )  # fmt: skip
    of_order = select(AuditEvent.entity_id, *told).where(
        AuditEvent.entity_id.in_(keys), AuditEvent.entity_type == "Order"
    )
    of_delivery = (
        select(Delivery.order_id, *told)
        .join(Delivery, Delivery.id == AuditEvent.entity_id)
        .where(
            Delivery.order_id.in_(keys),
            AuditEvent.entity_type == "Delivery",
            AuditEvent.action.in_(_DELIVERY_EVENTS),
        )
    )
    both = union_all(of_order, of_delivery).subquery()
    rows = await ctx.session.execute(select(*list(both.c)[:-1]).order_by(both.c.id))
    events = [OrderEventRow(*each) for each in rows]
    if not ctx.user.is_staff:
        events = [replace(each, reason="") if _is_ours(each) else each for each in events]
    return grouped(keys, events, "entity_id")


def _is_ours(event: OrderEventRow) -> bool:
    return event.subject_id is not None or event.action == "order.linePriced"


async def names_by_id(ctx: Context, keys: Sequence[UUID]) -> list[str | None]:
    """The names of actors and subjects, people or customers; None for whom row security keeps from the viewer."""
    found = {row.id: row.name for row in await ctx.session.execute(visible_names(ctx.user, keys))}
    return [found.get(key) for key in keys]


async def sales_history(
    ctx: Context, customer_id: UUID, sort: Sequence[SortKey], args: PageArgs
) -> Page[SalesHistoryRow]:
    statement = visible_sales_history(ctx.user).where(SalesHistory.customer_id == customer_id)
    return await page(ctx, statement, sort, args, SalesHistoryRow)


PERMITTED: Mapping[Permission, frozenset[OrderAction]] = {
    Permission.ORDERS_MANAGE: frozenset(
        {
            OrderAction.CONFIRM,
            OrderAction.REFUSE,
            OrderAction.HOLD,
            OrderAction.RELEASE,
            OrderAction.RESCHEDULE,
        }
    ),
    Permission.CREDIT_RELEASE: frozenset({OrderAction.HOLD, OrderAction.RELEASE}),
    Permission.ORDERS_CANCEL: frozenset({OrderAction.CANCEL, OrderAction.CANCEL_LINE}),
    Permission.ORDERS_DISCOUNT: frozenset({OrderAction.DISCOUNT}),
    Permission.ORDERS_PRICE: frozenset({OrderAction.SET_PRICE}),
    Permission.CARTS_USE: frozenset({OrderAction.REORDER}),
    Permission.DELIVERIES_MANAGE: frozenset({OrderAction.DELIVER}),
    Permission.APPROVALS_DECIDE: frozenset({OrderAction.APPROVE, OrderAction.REFUSE_APPROVAL}),
    Permission.ORDERS_PLACE: frozenset({OrderAction.WITHDRAW}),
}


def permitted_actions(
    viewer: Viewer, order: OrderRow | SalesOrder, hold_reasons: frozenset[HoldReason]
) -> frozenset[OrderAction]:
    """
    The acts the viewer's permissions allow on a visible order; a credit hold is finance's to release.

    Nobody decides on what they ordered themselves, in whichever session and role; nobody else withdraws it.
    To reorder is to read: it needs no more than the order in sight and a cart.
    """
    acts = frozenset[OrderAction]().union(
        *(
            acts
            for permission, acts in PERMITTED.items()
            if viewer.may(permission)
            and (
                permission is Permission.CARTS_USE
                or viewer.reaches(permission, order.customer_id, order.on_behalf_of_id or order.placed_by_id)
            )
        )
    )
    if may_approve(viewer.user_id, order.placed_by_id, order.on_behalf_of_id):
        acts -= {OrderAction.WITHDRAW}
    else:
        acts -= {OrderAction.APPROVE, OrderAction.REFUSE_APPROVAL}
    financial = hold_reasons & {HoldReason.CREDIT, HoldReason.OVERDUE}
    return acts - {OrderAction.RELEASE} if financial and not viewer.may(Permission.CREDIT_RELEASE) else acts


async def releasable_of(ctx: Context, lines: Sequence[OrderLineRow | SalesOrderLine]) -> Decimal:
    """How much of the lines may go to the warehouse now, all together."""
    released = await ctx.loader(released_by_line).load_many([line.id for line in lines])
    return sum(
        (
            releasable(
                LineKind(line.kind),
                line.quantity_reserved,
                open_to_deliver(
                    LineKind(line.kind),
                    line.quantity_ordered,
                    line.quantity_cancelled,
                    line.quantity_shipped,
                    line.quantity_invoiced,
                ),
                held,
            )
            for line, held in zip(lines, released, strict=True)
        ),
        ZERO,
    )


def facts_of(
    status: OrderStatus,
    hold_reasons: Sequence[str],
    lines: Sequence[OrderLineRow],
    quantity_releasable: Decimal = ZERO,
) -> OrderFacts:
    return OrderFacts(
        OrderStatus(status),
        frozenset(HoldReason(each) for each in hold_reasons),
        sum((line.quantity_shipped for line in lines), ZERO),
        sum((_open_quantity(line) for line in lines), ZERO),
        quantity_releasable,
    )


def _open_quantity(line: OrderLineRow) -> Decimal:
    return LineProgress(
        line.quantity_ordered, line.quantity_cancelled, line.quantity_shipped, line.quantity_invoiced,
        LineKind(line.kind),
    ).open  # fmt: skip


async def order_actions(ctx: Context, order: OrderRow) -> list[OrderAction]:
    """What the viewer may do with the order now."""
    lines = await ctx.load(lines_by_order, order.id)
    ready = await releasable_of(ctx, lines) if ctx.user.may(Permission.DELIVERIES_MANAGE) else ZERO
    may_waive = ctx.user.may(Permission.ORDERS_DISCOUNT)
    sold = [line for line in lines if may_waive or line.kind is not LineKind.CHARGE]
    facts = facts_of(order.status, order.hold_reasons, sold, ready)
    allowed = allowed_order_actions(facts, permitted_actions(ctx.user, order, facts.hold_reasons))
    if OrderAction.APPROVE in allowed and await beyond_own_limit(
        ctx, order.customer_id, order.gross_amount, order.currency
    ):
        allowed.remove(OrderAction.APPROVE)
    return allowed


async def lines_to_reorder(
    ctx: Context, order_id: UUID, line_ids: Sequence[UUID] | None
) -> list[OrderLineRow]:
    """A visible order's lines, or the chosen ones of them."""
    if await ctx.load(orders_by_id, order_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderId",))
    lines = await ctx.load(lines_by_order, order_id)
    if line_ids is None:
        return lines
    known = {line.id for line in lines}
    strange = next((index for index, key in enumerate(line_ids) if key not in known), None)
    if strange is not None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineIds", strange))
    return [line for line in lines if line.id in line_ids]
