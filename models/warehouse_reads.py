"""Reading a warehouse's tasks: which events concern it, and all that an outside system needs to act on them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from auth.permissions import Viewer
from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.events import OutboxEvent
from models.events_reads import published_events
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.products import Product
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseScheduleLine,
)
from models.rows import columns_of
from models.stock import Lot, LotBalance, Reservation, Warehouse
from models.warehouse import StockCount, StockCountLine, WarehouseAcknowledgement, WarehouseConsumer
from rules.purchasing import OPEN_PURCHASES
from rules.states import ProductKind

# What is told of each kind of document; what only the seller's desk needs to know is left out.
TASK_TYPES: dict[str, tuple[str, ...]] = {
    "Delivery": (
        "delivery.released", "delivery.updated", "delivery.picked", "delivery.shipped", "delivery.cancelled",
    ),
    "PurchaseOrder": (
        "purchaseOrder.sent", "purchaseOrder.confirmed", "purchaseOrder.closed", "purchaseOrder.cancelled",
    ),
    "PurchaseReceipt": ("receipt.posted",),
    "Lot": ("lot.blocked", "lot.unblocked"),
    "StockCount": ("stock.counted",),
    "Order": ("order.lineCancelled", "order.cancelled"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConsumerRow:
    id: UUID
    warehouse_id: UUID
    code: str
    acknowledged_to: int
    acknowledged_at: datetime
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskLineRow:
    """
    One product of a task, by lot; `change` is by how much stock of the warehouse moved with the event.

    `line_key` names the document's line as (type, key); None where the document has none.
    """

    sku: str
    description: str
    unit_code: str
    quantity: Decimal
    change: Decimal
    lot_number: str | None = None
    expires_on: date | None = None
    expected_on: date | None = None
    line_key: tuple[str, UUID] | None = None


@dataclass(frozen=True, slots=True)
class TaskDocument:
    """What an event is about, as it is now; address is as documents store it (rules/documents.py), if there is one."""

    number: str
    status: str
    version: int | None
    partner: str = ""
    order_number: str = ""
    planned_on: date | None = None
    carrier: str = ""
    tracking_number: str = ""
    reason: str = ""
    address: dict[str, Any] | None = None
    lines: list[TaskLineRow] = field(default_factory=list)


def concerns(warehouse_id: Any) -> ColumnElement[bool]:
    """Whether an event is about a warehouse: a delivery from it, goods for it, a lot in it, stock counted there."""
    entity = OutboxEvent.entity_id
    about: dict[str, ColumnElement[bool]] = {
        "Delivery": exists().where(Delivery.id == entity, Delivery.warehouse_id == warehouse_id),
        "PurchaseOrder": exists().where(
            PurchaseOrder.id == entity, PurchaseOrder.warehouse_id == warehouse_id
        ),
        "PurchaseReceipt": exists().where(
            PurchaseReceipt.id == entity,
            PurchaseOrder.id == PurchaseReceipt.purchase_order_id,
            PurchaseOrder.warehouse_id == warehouse_id,
        ),
        "Lot": exists().where(LotBalance.lot_id == entity, LotBalance.warehouse_id == warehouse_id),
        "StockCount": exists().where(StockCount.id == entity, StockCount.warehouse_id == warehouse_id),
        # What was reserved there once; released rows keep their history.
        "Order": exists().where(
            SalesOrderLine.order_id == entity,
            SalesOrderScheduleLine.order_line_id == SalesOrderLine.id,
            Reservation.schedule_line_id == SalesOrderScheduleLine.id,
            Reservation.warehouse_id == warehouse_id,
        ),
    }
    return or_(
        *(
            and_(OutboxEvent.entity_type == kind, OutboxEvent.type.in_(types), about[kind])
            for kind, types in TASK_TYPES.items()
        )
    )


def tasks_of(viewer: Viewer, warehouse_id: UUID) -> Select[*tuple[Any, ...]]:
    """The published events that concern a warehouse, in their order, as columns of EventRow."""
    return published_events().where(OutboxEvent.seller_id == viewer.seller_id, concerns(warehouse_id))


def is_open(consumer: Any, acknowledged_to: Any) -> ColumnElement[bool]:
    """Whether a consumer has not acknowledged the event yet."""
    return and_(
        OutboxEvent.position > acknowledged_to,
        ~exists().where(
            WarehouseAcknowledgement.consumer_id == consumer,
            WarehouseAcknowledgement.position == OutboxEvent.position,
        ),
    )


def consumers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The seller's consumers by warehouse and code, as columns of ConsumerRow."""
    return (
        select(*columns_of(WarehouseConsumer, ConsumerRow))
        .where(WarehouseConsumer.seller_id == viewer.seller_id)
        .order_by(WarehouseConsumer.warehouse_id, WarehouseConsumer.code)
    )


def open_by_consumer() -> Select[*tuple[Any, ...]]:
    """Of every consumer at work: its id, the warehouse's code, how many tasks wait, and since when the oldest does."""
    table = WarehouseConsumer
    return (
        select(
            table.id, Warehouse.code.label("warehouse"), func.count(OutboxEvent.id).label("waiting"),
            func.min(OutboxEvent.occurred_at).label("oldest_at"),
        )
        .join(Warehouse, Warehouse.id == table.warehouse_id)
        .outerjoin(
            OutboxEvent,
            and_(
                OutboxEvent.seller_id == table.seller_id,
                is_open(table.id, table.acknowledged_to),
                concerns(table.warehouse_id),
            ),
        )
        .where(table.ended_at.is_(None))
        .group_by(table.id, Warehouse.code)
    )  # fmt: skip


# The documents: each select yields a document's key, then the columns named. The keys were found by `tasks_of`.


def delivery_heads() -> Select[*tuple[Any, ...]]:
    return select(
        Delivery.id, Delivery.number, Delivery.status, Delivery.version, Delivery.customer_name.label("partner"),
        Delivery.order_number, Delivery.planned_on, Delivery.carrier, Delivery.tracking_number,
        Delivery.status_reason.label("reason"), Delivery.delivery_address.label("address"),
    )  # fmt: skip


def delivery_lines() -> Select[*tuple[Any, ...]]:
    """By lot; `moves` is false for services, of which there is no stock."""
    lot = DeliveryLineLot
    return (
        select(
            DeliveryLine.delivery_id.label("document_id"), DeliveryLine.id.label("line_id"), DeliveryLine.sku,
            DeliveryLine.description, DeliveryLine.unit_code,
            func.coalesce(lot.quantity, DeliveryLine.quantity).label("quantity"), lot.lot_number, lot.expires_on,
            (Product.kind == ProductKind.GOODS).label("moves"),
        )
        .join(Product, Product.id == DeliveryLine.product_id)
        .outerjoin(lot, lot.delivery_line_id == DeliveryLine.id)
        .order_by(DeliveryLine.position, lot.expires_on, lot.lot_number)
    )  # fmt: skip


def purchase_heads() -> Select[*tuple[Any, ...]]:
    return select(
        PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.status, PurchaseOrder.version,
        PurchaseOrder.supplier_name.label("partner"), PurchaseOrder.status_reason.label("reason"),
    )  # fmt: skip


def purchase_lines() -> Select[*tuple[Any, ...]]:
    """What is still to come of open purchase orders, by day."""
    schedule, line = PurchaseScheduleLine, PurchaseOrderLine
    open_ = schedule.quantity - schedule.quantity_received
    return (
        select(
            line.purchase_order_id.label("document_id"), line.id.label("line_id"), line.sku, line.description,
            line.unit_code, open_.label("quantity"),
            func.coalesce(schedule.confirmed_on, schedule.requested_on).label("expected_on"),
        )
        .join(schedule, schedule.purchase_order_line_id == line.id)
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .where(PurchaseOrder.status.in_(OPEN_PURCHASES), open_ > 0)
        .order_by(line.position, schedule.position)
    )  # fmt: skip


def receipt_heads() -> Select[*tuple[Any, ...]]:
    """A receipt is known by its purchase order's number and its delivery note."""
    return select(
        PurchaseReceipt.id, PurchaseOrder.number, literal("POSTED").label("status"), literal(None).label("version"),
        PurchaseOrder.supplier_name.label("partner"), PurchaseReceipt.delivery_note.label("tracking_number"),
    ).join(PurchaseOrder, PurchaseOrder.id == PurchaseReceipt.purchase_order_id)  # fmt: skip


def receipt_lines() -> Select[*tuple[Any, ...]]:
    line, came = PurchaseOrderLine, PurchaseReceiptLine
    return (
        select(
            came.receipt_id.label("document_id"), line.id.label("line_id"), line.sku, line.description, line.unit_code,
            came.quantity, case((came.lot_number != "", came.lot_number)).label("lot_number"), came.expires_on,
        )
        .join(line, line.id == came.purchase_order_line_id)
        .order_by(came.id)
    )  # fmt: skip


def lot_heads() -> Select[*tuple[Any, ...]]:
    return select(Lot.id, Lot.number, Lot.status, Lot.version, Lot.status_reason.label("reason"))


def lot_lines(warehouse_id: UUID) -> Select[*tuple[Any, ...]]:
    """What lies of a lot in the warehouse."""
    return (
        select(
            Lot.id.label("document_id"), Product.sku, Product.name.label("description"), Product.unit_code,
            LotBalance.on_hand.label("quantity"), Lot.number.label("lot_number"), Lot.expires_on,
        )
        .join(Product, Product.id == Lot.product_id)
        .join(LotBalance, and_(LotBalance.lot_id == Lot.id, LotBalance.warehouse_id == warehouse_id))
    )  # fmt: skip


def count_heads() -> Select[*tuple[Any, ...]]:
    return select(
        StockCount.id, StockCount.reference.label("number"), literal("POSTED").label("status"),
        literal(None).label("version"),
    )  # fmt: skip


def count_lines() -> Select[*tuple[Any, ...]]:
    line = StockCountLine
    return (
        select(
            line.count_id.label("document_id"), Product.sku, Product.name.label("description"), Product.unit_code,
            line.quantity, line.change, Lot.number.label("lot_number"), Lot.expires_on,
        )
        .join(Product, Product.id == line.product_id)
        .outerjoin(Lot, Lot.id == line.lot_id)
        .order_by(line.id)
    )  # fmt: skip


def order_heads() -> Select[*tuple[Any, ...]]:
    return select(
        SalesOrder.id, SalesOrder.number, SalesOrder.status, SalesOrder.version,
        SalesOrder.customer_name.label("partner"), SalesOrder.number.label("order_number"),
    )  # fmt: skip


def order_lines() -> Select[*tuple[Any, ...]]:
    """What of its goods is still to be shipped."""
    line = SalesOrderLine
    open_ = line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped
    return (
        select(
            line.order_id.label("document_id"), line.id.label("line_id"), line.sku, line.description, line.unit_code,
            open_.label("quantity"),
        )
        .where(line.product_id.is_not(None))
        .order_by(line.position)
    )  # fmt: skip
