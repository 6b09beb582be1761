"""Reading deliveries: who may see which, and their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.filters import escape_like
from models.orders import SalesOrder, SalesOrderLine
from models.orders_reads import order_in_scope
from models.rows import columns_of
from rules.states import DeliveryStatus, LineKind, OrderStatus
from rules.texts import fold


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    id: UUID
    number: str
    customer_id: UUID
    order_id: UUID
    warehouse_id: UUID | None
    status: DeliveryStatus
    version: int
    locale: str
    planned_on: date
    released_at: datetime
    picked_at: datetime | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    status_reason: str
    carrier: str
    tracking_number: str
    internal_note: str
    order_number: str
    purchase_order_number: str
    customer_number: str
    customer_name: str
    delivery_address: dict[str, Any]
    delivery_terms: dict[str, Any]


def delivery_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """Deliveries of the orders that the viewer may see, and of no others."""
    orders = select(SalesOrder.id).where(order_in_scope(viewer))
    return (
        (Delivery.seller_id == viewer.seller_id)
        & customer_in_scope(viewer, Delivery.customer_id)
        & Delivery.order_id.in_(orders)
    )


def visible_deliveries(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The deliveries the viewer may see, as columns of DeliveryRow."""
    return select(*columns_of(Delivery, DeliveryRow)).where(delivery_in_scope(viewer))


def delivery_matches(search: str) -> ColumnElement[bool]:
    """A number of it (its own, the order's, the buyer's, the parcel's), the customer or a SKU contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    name = f"%{escape_like(fold(search))}%"
    in_line = exists().where(
        DeliveryLine.delivery_id == Delivery.id,
        DeliveryLine.customer_id == Delivery.customer_id,
        func.lower(DeliveryLine.sku).like(pattern, escape="\\"),
    )
    numbers = (
        Delivery.number, Delivery.order_number, Delivery.purchase_order_number, Delivery.tracking_number,
    )  # fmt: skip
    return or_(
        *(func.lower(column).like(pattern, escape="\\") for column in numbers),
        func.lower(func.unaccent(Delivery.customer_name)).like(name, escape="\\"),
        in_line,
    )


DELIVERY_COLUMNS: Mapping[str, Any] = {
    "number": Delivery.number,
    "status": Delivery.status,
    "order": Delivery.order_id,
    "customer": Delivery.customer_id,
    "warehouse": Delivery.warehouse_id,
    "planned_on": Delivery.planned_on,
    "shipped_at": Delivery.shipped_at,
    "carrier": Delivery.carrier,
    "tracking_number": Delivery.tracking_number,
    "is_uninvoiced": and_(
        Delivery.status == DeliveryStatus.SHIPPED,
        exists().where(
            DeliveryLine.delivery_id == Delivery.id,
            DeliveryLine.customer_id == Delivery.customer_id,
            DeliveryLine.quantity - DeliveryLine.quantity_returned > DeliveryLine.quantity_invoiced,
        ),
    ),
}  # what `where:` may filter deliveries by


@dataclass(frozen=True, slots=True)
class DeliveryLineRow:
    id: UUID
    delivery_id: UUID
    customer_id: UUID
    position: int
    order_line_id: UUID
    schedule_line_id: UUID
    product_id: UUID
    sku: str
    customer_item_number: str | None
    description: str
    unit_code: str
    quantity: Decimal
    quantity_invoiced: Decimal
    quantity_returned: Decimal


def visible_delivery_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of visible deliveries, in the deliveries' and their own order."""
    return (
        select(*columns_of(DeliveryLine, DeliveryLineRow))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(delivery_in_scope(viewer), customer_in_scope(viewer, DeliveryLine.customer_id))
        .order_by(Delivery.released_at, Delivery.id, DeliveryLine.position)
    )


@dataclass(frozen=True, slots=True)
class DeliveryLotRow:
    delivery_line_id: UUID
    lot_number: str
    expires_on: date | None
    quantity: Decimal


def visible_delivery_lots(viewer: Viewer, only_shipped: bool) -> Select[*tuple[Any, ...]]:
    """The lots of visible deliveries; a lot that is merely planned may still be changed for another."""
    statement = (
        select(*columns_of(DeliveryLineLot, DeliveryLotRow))
        .join(DeliveryLine, DeliveryLine.id == DeliveryLineLot.delivery_line_id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(delivery_in_scope(viewer), customer_in_scope(viewer, DeliveryLineLot.customer_id))
        .order_by(DeliveryLineLot.expires_on.nulls_last(), DeliveryLineLot.lot_number)
    )
    return statement.where(Delivery.status == DeliveryStatus.SHIPPED) if only_shipped else statement


def released_quantity() -> ColumnElement[Decimal]:
    """What deliveries that have not left hold of an order line, as an expression beside SalesOrderLine."""
    return (
        select(func.coalesce(func.sum(DeliveryLine.quantity), 0))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(DeliveryLine.order_line_id == SalesOrderLine.id, Delivery.status == DeliveryStatus.RELEASED)
        .scalar_subquery()
    )


def order_is_releasable() -> ColumnElement[bool]:
    """Whether something of an order may go to the warehouse; the rule is rules/deliveries.py's `releasable`."""
    held = case(
        (SalesOrderLine.kind == LineKind.GOODS, SalesOrderLine.quantity_reserved),
        (
            SalesOrderLine.kind == LineKind.SERVICE,
            SalesOrderLine.quantity_ordered
            - func.greatest(SalesOrderLine.quantity_shipped, SalesOrderLine.quantity_invoiced)
            - SalesOrderLine.quantity_cancelled,
        ),
        else_=0,
    )
    line = exists().where(
        SalesOrderLine.order_id == SalesOrder.id,
        SalesOrderLine.customer_id == SalesOrder.customer_id,
        held > released_quantity(),
    )
    return (SalesOrder.status == OrderStatus.CONFIRMED) & ~SalesOrder.is_on_hold & line
