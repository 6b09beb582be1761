"""Deliveries: reading them, and what of an order may be released."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from auth.permissions import Permission
from models.deliveries import Delivery, DeliveryLine, DeliveryLineCost, DeliveryLineLot
from models.deliveries_reads import (
    DELIVERY_COLUMNS,
    DeliveryLineRow,
    DeliveryLotRow,
    DeliveryRow,
    delivery_matches,
    visible_deliveries,
    visible_delivery_lines,
    visible_delivery_lots,
)
from models.filters import Where, conditions
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import order_in_scope
from models.rows import by_key, grouped
from models.stock import Reservation
from resolvers.allocations import sent_by_schedule_line
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.deliveries import DeliveryAction, allowed_delivery_actions, open_to_deliver, releasable
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.states import DeliveryStatus, LineKind, OrderStatus

SEARCH_MAX = 200


async def deliveries(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[DeliveryRow]:
    """The deliveries the viewer may see."""
    statement = visible_deliveries(ctx.user).where(conditions(where, DELIVERY_COLUMNS))
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
        statement = statement.where(delivery_matches(search))
    return await page(ctx, statement, sort, args, DeliveryRow)


async def deliveries_by_id(ctx: Context, keys: Sequence[UUID]) -> list[DeliveryRow | None]:
    rows = await ctx.session.execute(visible_deliveries(ctx.user).where(Delivery.id.in_(keys)))
    return by_key(keys, (DeliveryRow(*each) for each in rows))


async def delivery_by_number(ctx: Context, number: str) -> DeliveryRow | None:
    statement = visible_deliveries(ctx.user).where(Delivery.number == number)
    found = (await ctx.session.execute(statement)).first()
    return None if found is None else DeliveryRow(*found)


async def deliveries_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[DeliveryRow]]:
    """The deliveries of each order, oldest first."""
    statement = visible_deliveries(ctx.user).where(Delivery.order_id.in_(keys))
    rows = await ctx.session.execute(statement.order_by(Delivery.released_at, Delivery.id))
    return grouped(keys, (DeliveryRow(*each) for each in rows), "order_id")


async def lines_by_delivery(ctx: Context, keys: Sequence[UUID]) -> list[list[DeliveryLineRow]]:
    rows = await ctx.session.execute(
        visible_delivery_lines(ctx.user).where(DeliveryLine.delivery_id.in_(keys))
    )
    return grouped(keys, (DeliveryLineRow(*each) for each in rows), "delivery_id")


async def lines_by_order_line(ctx: Context, keys: Sequence[UUID]) -> list[list[DeliveryLineRow]]:
    statement = visible_delivery_lines(ctx.user).where(DeliveryLine.order_line_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (DeliveryLineRow(*each) for each in rows), "order_line_id")


async def lots_by_delivery_line(ctx: Context, keys: Sequence[UUID]) -> list[list[DeliveryLotRow]]:
    """Which lots serve the lines; whoever does not look after lots is told them when they have left."""
    statement = visible_delivery_lots(ctx.user, only_shipped=not ctx.user.may(Permission.LOTS_READ))
    rows = await ctx.session.execute(statement.where(DeliveryLineLot.delivery_line_id.in_(keys)))
    return grouped(keys, (DeliveryLotRow(*each) for each in rows), "delivery_line_id")


async def costs_by_delivery_line(ctx: Context, keys: Sequence[UUID]) -> list[tuple[Decimal, str] | None]:
    """(unit cost, currency) on the day of shipment; row security hides the table from customers."""
    table = DeliveryLineCost
    rows = await ctx.session.execute(
        select(table.delivery_line_id, table.unit_cost, table.currency).where(
            table.delivery_line_id.in_(keys)
        )
    )
    found = {key: (cost, currency) for key, cost, currency in rows}
    return [found.get(key) for key in keys]


def has_paper(ctx: Context, delivery: DeliveryRow) -> bool:
    """Customers get a note of what has left; the house also a list of what to pick; of what was cancelled, nobody."""
    if delivery.status is DeliveryStatus.RELEASED:
        return ctx.user.is_staff
    return delivery.status is DeliveryStatus.SHIPPED


def permitted_delivery_actions(ctx: Context) -> frozenset[DeliveryAction]:
    """The acts the viewer's permissions allow on a visible delivery."""
    if ctx.user.may(Permission.DELIVERIES_MANAGE):
        return frozenset(DeliveryAction)
    reports = {DeliveryAction.PICK, DeliveryAction.SHIP}
    return frozenset(reports) if ctx.user.may(Permission.WAREHOUSE_REPORT) else frozenset()


def delivery_actions(ctx: Context, delivery: DeliveryRow) -> list[DeliveryAction]:
    """What the viewer may do with the delivery now."""
    return allowed_delivery_actions(delivery.status, permitted_delivery_actions(ctx))


@dataclass(frozen=True, slots=True)
class ReleasableRow:
    """
    A schedule line of which something may go to the warehouse now; `quantity` in the line's unit.

    `warehouse_id` is None for services, which leave with any delivery. `due_on` is the day of receipt, if one is known.
    """

    order_id: UUID
    order_line_id: UUID
    schedule_line_id: UUID
    warehouse_id: UUID | None
    quantity: Decimal
    due_on: date | None


async def releasable_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[ReleasableRow]]:
    """What may be released of each order, by line and schedule; nothing of orders that wait or are not confirmed."""
    table, line = SalesOrderScheduleLine, SalesOrderLine
    held = (
        select(Reservation.schedule_line_id, func.sum(Reservation.quantity).label("reserved"))
        .where(Reservation.released_at.is_(None))
        .group_by(Reservation.schedule_line_id)
        .subquery()
    )
    found = (
        await ctx.session.execute(
            select(
                line.order_id, line.id, table.id, table.warehouse_id, line.kind, table.quantity,
                func.coalesce(held.c.reserved, 0), func.coalesce(table.confirmed_on, table.requested_on),
                line.quantity_shipped, line.quantity_invoiced,
            )
            .join(line, line.id == table.order_line_id)
            .join(SalesOrder, SalesOrder.id == line.order_id)
            .outerjoin(held, held.c.schedule_line_id == table.id)
            .where(
                SalesOrder.id.in_(keys),
                SalesOrder.seller_id == ctx.user.seller_id,
                order_in_scope(ctx.user),
                SalesOrder.status == OrderStatus.CONFIRMED,
                ~SalesOrder.is_on_hold,
                table.quantity > 0,
            )
            .order_by(line.position, table.position)
        )
    ).all()  # fmt: skip
    sent = await sent_by_schedule_line(ctx, [row[2] for row in found])
    rows = []
    for (order, order_line, key, warehouse, kind, quantity, reserved, due, shipped, invoiced), each in zip(
        found, sent, strict=True
    ):
        # What was invoiced of the line without a delivery is none of what its schedule line waits for.
        alone = max(invoiced - shipped, ZERO)
        open_ = open_to_deliver(LineKind(kind), quantity, ZERO, each.shipped, each.shipped + alone)
        ready = releasable(LineKind(kind), reserved, open_, each.released)
        if ready > ZERO:
            rows.append(ReleasableRow(order, order_line, key, warehouse, ready, due))
    return grouped(keys, rows, "order_id")
