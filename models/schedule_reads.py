"""Reading schedules by day: what comes when, and what of it was late. Whoever sees an order sees its schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, or_, select
from sqlalchemy.sql.selectable import Subquery

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.deliveries import Delivery, DeliveryLine
from models.deliveries_reads import delivery_in_scope
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import order_in_scope
from rules.states import DeliveryStatus, LineKind, OrderStatus

# Orders that are on their way: neither waiting for consent nor refused.
_GOING = (OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.CLOSED)


@dataclass(frozen=True, slots=True)
class ScheduledRow:
    """
    A schedule line with what has become of it; quantities in the line's unit.

    `day` is when it is expected, or else was received by the days under way of its promise; None: nobody knows.
    """

    id: UUID
    day: date | None
    quantity: Decimal
    shipped: Decimal
    released: Decimal
    requested_on: date | None
    first_confirmed_on: date | None
    confirmed_on: date | None
    ship_on: date | None
    sku: str
    description: str
    unit_code: str
    order_id: UUID
    order_number: str
    order_version: int
    order_status: OrderStatus
    is_on_hold: bool
    purchase_order_number: str
    customer_name: str
    customer_number: str
    delivery_address: Mapping[str, Any]


def _sent(viewer: Viewer, zone: str) -> Subquery:
    """Of each schedule line what has left, the last day anything did in the seller's zone, and what is being packed."""
    is_shipped = Delivery.status == DeliveryStatus.SHIPPED
    return (
        select(
            DeliveryLine.schedule_line_id.label("id"),
            func.sum(case((is_shipped, DeliveryLine.quantity), else_=0)).label("shipped"),
            func.sum(case((is_shipped, 0), else_=DeliveryLine.quantity)).label("released"),
            func.max(cast(func.timezone(zone, Delivery.shipped_at), Date)).label("shipped_on"),
        )
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            Delivery.status.in_((DeliveryStatus.SHIPPED, DeliveryStatus.RELEASED)),
            delivery_in_scope(viewer),
            customer_in_scope(viewer, DeliveryLine.customer_id),
        )
        .group_by(DeliveryLine.schedule_line_id)
        .subquery("sent")
    )


def _arrived(sent: Subquery) -> ColumnElement[Any]:
    """The day the last of what has left was received: as many days later as its promise has under way."""
    schedule = SalesOrderScheduleLine
    return sent.c.shipped_on + func.coalesce(schedule.confirmed_on - schedule.ship_on, 0)


def _joined(statement: Select[Any], viewer: Viewer, sent: Subquery) -> Select[Any]:
    schedule = SalesOrderScheduleLine
    return (
        statement.select_from(schedule)
        .join(SalesOrderLine, SalesOrderLine.id == schedule.order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        .outerjoin(sent, sent.c.id == schedule.id)
        .where(
            SalesOrder.seller_id == viewer.seller_id,
            order_in_scope(viewer),
            customer_in_scope(viewer, schedule.customer_id),
            SalesOrderLine.kind == LineKind.GOODS,
        )
    )


def visible_scheduled(
    viewer: Viewer, zone: str, first: date, last: date, with_cancelled: bool
) -> Select[*tuple[Any, ...]]:
    """
    What comes or came between two days, and what has no day yet, as columns of ScheduledRow; by day and order.

    Args:
        zone: the seller's, in which a day of shipment is meant.
        with_cancelled: parts of which nothing is left and which had a day once, too.
    """
    schedule, sent = SalesOrderScheduleLine, _sent(viewer, zone)
    shipped, released = func.coalesce(sent.c.shipped, 0), func.coalesce(sent.c.released, 0)
    is_going = and_(schedule.quantity > 0, SalesOrder.status.in_(_GOING))
    is_gone = and_(schedule.quantity == 0, schedule.first_confirmed_on.is_not(None))
    day = case(
        (schedule.quantity == 0, func.coalesce(schedule.confirmed_on, schedule.first_confirmed_on)),
        (shipped >= schedule.quantity, _arrived(sent)),
        else_=schedule.confirmed_on,
    )
    statement = select(
        schedule.id, day.label("day"), schedule.quantity, shipped, released, schedule.requested_on,
        schedule.first_confirmed_on, schedule.confirmed_on, schedule.ship_on, SalesOrderLine.sku,
        SalesOrderLine.description, SalesOrderLine.unit_code, SalesOrder.id, SalesOrder.number, SalesOrder.version,
        SalesOrder.status, SalesOrder.is_on_hold, SalesOrder.purchase_order_number, SalesOrder.customer_name,
        SalesOrder.customer_number, SalesOrder.delivery_address,
    )  # fmt: skip
    return (
        _joined(statement, viewer, sent)
        .where(or_(is_going, is_gone) if with_cancelled else is_going)
        .where(or_(day.between(first, last), and_(day.is_(None), schedule.quantity > 0)))
        .order_by(
            day.nulls_last(), SalesOrder.number, SalesOrderLine.position, schedule.position, schedule.id
        )
    )


@dataclass(frozen=True, slots=True)
class ConsignmentRow:
    """What of a schedule line a delivery holds that has left or is being packed."""

    schedule_line_id: UUID
    number: str
    status: DeliveryStatus
    quantity: Decimal
    planned_on: date
    shipped_on: date | None
    carrier: str
    tracking_number: str


def visible_consignments(viewer: Viewer, zone: str) -> Select[*tuple[Any, ...]]:
    """As columns of ConsignmentRow, those planned first ahead."""
    return (
        select(
            DeliveryLine.schedule_line_id, Delivery.number, Delivery.status, DeliveryLine.quantity,
            Delivery.planned_on, cast(func.timezone(zone, Delivery.shipped_at), Date), Delivery.carrier,
            Delivery.tracking_number,
        )
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            Delivery.status.in_((DeliveryStatus.SHIPPED, DeliveryStatus.RELEASED)),
            delivery_in_scope(viewer),
            customer_in_scope(viewer, DeliveryLine.customer_id),
        )
        .order_by(Delivery.planned_on, Delivery.number, DeliveryLine.position)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DueRow:
    """A schedule line of an order line that was due in a period; `way_days` are those under way of its promise."""

    id: UUID
    order_line_id: UUID
    customer_id: UUID
    ordered: Decimal
    line_shipped: Decimal
    quantity: Decimal
    promised_on: date
    requested_on: date | None
    way_days: int


def visible_due(viewer: Viewer, first: date, last: date) -> Select[*tuple[Any, ...]]:
    """
    The parts of lines whose last first-promised day lies between two days, as columns of DueRow; by line.

    Parts that nothing is left of were cancelled, or delivered another way: they are no part of it.
    """
    schedule = SalesOrderScheduleLine
    part = (
        select(
            schedule.id, schedule.order_line_id, schedule.quantity, schedule.first_confirmed_on,
            schedule.requested_on, func.coalesce(schedule.confirmed_on - schedule.ship_on, 0).label("way_days"),
            func.max(schedule.first_confirmed_on).over(partition_by=schedule.order_line_id).label("due_on"),
        )
        .where(
            schedule.quantity > 0,
            schedule.first_confirmed_on.is_not(None),
            customer_in_scope(viewer, schedule.customer_id),
        )
        .subquery("part")
    )  # fmt: skip
    return (
        select(
            part.c.id, SalesOrderLine.id, SalesOrderLine.customer_id, SalesOrderLine.quantity_ordered,
            SalesOrderLine.quantity_shipped, part.c.quantity, part.c.first_confirmed_on, part.c.requested_on,
            part.c.way_days,
        )
        .join(SalesOrderLine, SalesOrderLine.id == part.c.order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        .where(
            part.c.due_on.between(first, last),
            SalesOrder.seller_id == viewer.seller_id,
            order_in_scope(viewer),
            SalesOrderLine.kind == LineKind.GOODS,
            SalesOrder.status.in_((*_GOING, OrderStatus.CANCELLED)),
        )
        .order_by(SalesOrderLine.id, part.c.id)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftRow:
    """What of a schedule line has left, and the last day that any did."""

    schedule_line_id: UUID
    quantity: Decimal
    left_on: date


def visible_left(viewer: Viewer, zone: str) -> Select[*tuple[Any, ...]]:
    """As columns of LeftRow."""
    return (
        select(
            DeliveryLine.schedule_line_id,
            func.sum(DeliveryLine.quantity),
            func.max(cast(func.timezone(zone, Delivery.shipped_at), Date)),
        )
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            Delivery.status == DeliveryStatus.SHIPPED,
            delivery_in_scope(viewer),
            customer_in_scope(viewer, DeliveryLine.customer_id),
        )
        .group_by(DeliveryLine.schedule_line_id)
    )
