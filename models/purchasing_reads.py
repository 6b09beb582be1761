"""Reading suppliers and purchase orders: who may see which, their rows, what is still to come, and what is short."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.deliveries import Delivery, DeliveryLine
from models.filters import escape_like
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import order_in_scope
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchasePeg,
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseScheduleLine,
    Supplier,
    SupplierProduct,
)
from models.rows import columns_of
from models.stock import Reservation
from rules.purchasing import OPEN_PURCHASES
from rules.states import DeliveryStatus, LineKind, OrderStatus, PurchaseOrderStatus
from rules.texts import fold


@dataclass(frozen=True, slots=True)
class SupplierRow:
    id: UUID
    code: str
    name: str
    currency: str
    email: str
    locale: str
    lead_time_days: int
    transport_days: int
    over_receipt_percent: Decimal
    version: int
    active_until: date | None


def _is_house(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.is_staff else false()


def visible_suppliers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The seller's suppliers, as columns of SupplierRow; for the house only."""
    return select(*columns_of(Supplier, SupplierRow)).where(
        Supplier.seller_id == viewer.seller_id, _is_house(viewer)
    )


def supplier_matches(search: str) -> ColumnElement[bool]:
    """Code or name contains the text."""
    return or_(
        func.lower(Supplier.code).like(f"%{escape_like(search.strip().lower())}%", escape="\\"),
        Supplier.name_sort.like(f"%{escape_like(fold(search))}%", escape="\\"),
    )


@dataclass(frozen=True, slots=True)
class SupplierProductRow:
    id: UUID
    supplier_id: UUID
    product_id: UUID
    supplier_sku: str
    unit_price: Decimal | None
    minimum_quantity: Decimal
    multiple_quantity: Decimal
    lead_time_days: int | None
    is_preferred: bool


def supplier_products(viewer: Viewer, today: date) -> Select[*tuple[Any, ...]]:
    """What suppliers in use sell us, the preferred source of a product first."""
    return (
        select(*columns_of(SupplierProduct, SupplierProductRow))
        .join(Supplier, Supplier.id == SupplierProduct.supplier_id)
        .where(
            Supplier.seller_id == viewer.seller_id,
            _is_house(viewer),
            or_(Supplier.active_until.is_(None), Supplier.active_until > today),
            or_(SupplierProduct.active_until.is_(None), SupplierProduct.active_until > today),
        )
        .order_by(SupplierProduct.is_preferred.desc(), Supplier.code, SupplierProduct.id)
    )


@dataclass(frozen=True, slots=True)
class PurchaseOrderRow:
    id: UUID
    number: str
    supplier_id: UUID
    warehouse_id: UUID | None
    customer_id: UUID | None
    sales_order_id: UUID | None
    status: PurchaseOrderStatus
    version: int
    requested_on: date
    created_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    status_reason: str
    supplier_reference: str
    note: str
    supplier_code: str
    supplier_name: str
    currency: str
    transport_days: int
    delivery_address: dict[str, Any]


def purchase_order_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """The seller's purchase orders; of direct deliveries those to customers the viewer reaches."""
    return and_(
        PurchaseOrder.seller_id == viewer.seller_id,
        _is_house(viewer),
        or_(PurchaseOrder.customer_id.is_(None), customer_in_scope(viewer, PurchaseOrder.customer_id)),
    )


def visible_purchase_orders(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The purchase orders the viewer may see, as columns of PurchaseOrderRow."""
    return select(*columns_of(PurchaseOrder, PurchaseOrderRow)).where(purchase_order_in_scope(viewer))


def purchase_order_matches(search: str) -> ColumnElement[bool]:
    """Its number, the supplier's number, code or name, or a SKU of it contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    in_line = exists().where(
        PurchaseOrderLine.purchase_order_id == PurchaseOrder.id,
        or_(
            func.lower(PurchaseOrderLine.sku).like(pattern, escape="\\"),
            func.lower(PurchaseOrderLine.supplier_sku).like(pattern, escape="\\"),
        ),
    )
    texts = (
        PurchaseOrder.number, PurchaseOrder.supplier_reference, PurchaseOrder.supplier_code,
        PurchaseOrder.supplier_name,
    )  # fmt: skip
    return or_(*(func.lower(column).like(pattern, escape="\\") for column in texts), in_line)


def purchase_order_columns(today: date) -> Mapping[str, Any]:
    """What `where:` may filter purchase orders by; `today` is the seller's day."""
    is_open = PurchaseOrder.status.in_(OPEN_PURCHASES)
    late = exists().where(
        PurchaseOrderLine.purchase_order_id == PurchaseOrder.id,
        PurchaseScheduleLine.purchase_order_line_id == PurchaseOrderLine.id,
        PurchaseScheduleLine.quantity > PurchaseScheduleLine.quantity_received,
        func.coalesce(PurchaseScheduleLine.confirmed_on, PurchaseScheduleLine.requested_on) < today,
    )
    return {
        "number": PurchaseOrder.number,
        "status": PurchaseOrder.status,
        "supplier": PurchaseOrder.supplier_id,
        "warehouse": PurchaseOrder.warehouse_id,
        "sales_order": PurchaseOrder.sales_order_id,
        "requested_on": PurchaseOrder.requested_on,
        "is_open": is_open,
        "is_late": and_(is_open, late),
        "is_direct": PurchaseOrder.sales_order_id.is_not(None),
    }


@dataclass(frozen=True, slots=True)
class PurchaseOrderLineRow:
    id: UUID
    purchase_order_id: UUID
    position: int
    product_id: UUID
    sku: str
    supplier_sku: str
    description: str
    unit_code: str
    quantity_ordered: Decimal
    quantity_receivable: Decimal
    quantity_received: Decimal
    quantity_cancelled: Decimal
    quantity_pegged: Decimal
    unit_price: Decimal | None

    @property
    def open(self) -> Decimal:
        return max(self.quantity_ordered - self.quantity_received - self.quantity_cancelled, Decimal(0))


def visible_purchase_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of visible purchase orders, by position."""
    return (
        select(*columns_of(PurchaseOrderLine, PurchaseOrderLineRow))
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .where(purchase_order_in_scope(viewer))
        .order_by(PurchaseOrderLine.purchase_order_id, PurchaseOrderLine.position)
    )


@dataclass(frozen=True, slots=True)
class PurchaseScheduleRow:
    purchase_order_line_id: UUID
    position: int
    quantity: Decimal
    quantity_received: Decimal
    requested_on: date
    confirmed_on: date | None


def visible_purchase_schedule(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """When the lines of visible purchase orders come, the earliest first."""
    due = func.coalesce(PurchaseScheduleLine.confirmed_on, PurchaseScheduleLine.requested_on)
    return (
        select(*columns_of(PurchaseScheduleLine, PurchaseScheduleRow))
        .join(PurchaseOrderLine, PurchaseOrderLine.id == PurchaseScheduleLine.purchase_order_line_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .where(purchase_order_in_scope(viewer))
        .order_by(PurchaseScheduleLine.purchase_order_line_id, due, PurchaseScheduleLine.position)
    )


@dataclass(frozen=True, slots=True)
class PegRow:
    """A peg that is still open, with both sides: the purchase line's dates come from its schedule."""

    id: UUID
    customer_id: UUID
    purchase_order_id: UUID
    purchase_order_line_id: UUID
    order_id: UUID
    order_line_id: UUID
    schedule_line_id: UUID
    quantity: Decimal
    quantity_used: Decimal
    requested_on: date | None
    confirmed_on: date | None
    is_direct: bool
    transport_days: int


def visible_pegs(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Open pegs to lines of orders that the viewer may see, those needed first ahead."""
    schedule, line = SalesOrderScheduleLine, SalesOrderLine
    return (
        select(
            PurchasePeg.id, PurchasePeg.customer_id, PurchaseOrderLine.purchase_order_id,
            PurchasePeg.purchase_order_line_id, line.order_id, PurchasePeg.order_line_id,
            PurchasePeg.schedule_line_id, PurchasePeg.quantity, PurchasePeg.quantity_used, schedule.requested_on,
            schedule.confirmed_on, PurchaseOrder.sales_order_id.is_not(None), PurchaseOrder.transport_days,
        )
        .join(PurchaseOrderLine, PurchaseOrderLine.id == PurchasePeg.purchase_order_line_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .join(line, line.id == PurchasePeg.order_line_id)
        .join(SalesOrder, SalesOrder.id == line.order_id)
        .join(schedule, schedule.id == PurchasePeg.schedule_line_id)
        .where(
            PurchasePeg.quantity > PurchasePeg.quantity_used,
            purchase_order_in_scope(viewer),
            order_in_scope(viewer),
        )
        .order_by(PurchasePeg.purchase_order_line_id, *peg_order())
    )  # fmt: skip


def peg_order() -> tuple[Any, ...]:
    """Who is served first of several pegs to one purchase line; beside a joined sales schedule line."""
    return SalesOrderScheduleLine.requested_on.nulls_first(), PurchasePeg.created_at, PurchasePeg.id


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    id: UUID
    purchase_order_id: UUID
    received_at: datetime
    delivery_note: str


@dataclass(frozen=True, slots=True)
class ReceiptLineRow:
    receipt_id: UUID
    purchase_order_line_id: UUID
    lot_number: str
    expires_on: date | None
    quantity: Decimal


def visible_receipts(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What came of visible purchase orders, oldest first."""
    return (
        select(*columns_of(PurchaseReceipt, ReceiptRow))
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseReceipt.purchase_order_id)
        .where(purchase_order_in_scope(viewer))
        .order_by(PurchaseReceipt.received_at, PurchaseReceipt.id)
    )


def visible_receipt_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(PurchaseReceiptLine, ReceiptLineRow))
        .join(PurchaseReceipt, PurchaseReceipt.id == PurchaseReceiptLine.receipt_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseReceipt.purchase_order_id)
        .where(purchase_order_in_scope(viewer))
        .order_by(PurchaseReceiptLine.id)
    )


# What is short, and what is still to come


@dataclass(frozen=True, slots=True)
class ShortRow:
    """A schedule line of an open order, of which `quantity` is neither reserved, sent nor pegged."""

    schedule_line_id: UUID
    order_line_id: UUID
    order_id: UUID
    customer_id: UUID
    product_id: UUID
    quantity: Decimal
    needed_on: date | None
    placed_at: datetime


def short_schedule_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Demand without goods, those needed first ahead; of orders on hold nothing, for nothing of them is served."""
    schedule, line = SalesOrderScheduleLine, SalesOrderLine
    short = (schedule.quantity - held_quantity() - pegged_quantity()).label("short")
    return (
        select(
            schedule.id, line.id, line.order_id, line.customer_id, line.product_id, short,
            func.coalesce(schedule.confirmed_on, schedule.requested_on), SalesOrder.placed_at,
        )
        .join(line, line.id == schedule.order_line_id)
        .join(SalesOrder, SalesOrder.id == line.order_id)
        .where(
            SalesOrder.seller_id == viewer.seller_id,
            order_in_scope(viewer),
            SalesOrder.status.in_((OrderStatus.PLACED, OrderStatus.CONFIRMED)),
            ~SalesOrder.is_on_hold,
            line.kind == LineKind.GOODS,
            line.quantity_ordered > line.quantity_reserved + line.quantity_shipped + line.quantity_cancelled,
            short > 0,
        )
        .order_by(
            func.coalesce(schedule.confirmed_on, schedule.requested_on).nulls_last(),
            SalesOrder.placed_at, schedule.id,
        )
    )  # fmt: skip


def held_quantity() -> ColumnElement[Decimal]:
    """What of a sales schedule line is reserved or has left the house; an expression beside its table."""
    schedule = SalesOrderScheduleLine
    reserved = select(func.coalesce(func.sum(Reservation.quantity), 0)).where(
        Reservation.schedule_line_id == schedule.id, Reservation.released_at.is_(None)
    )
    sent = (
        select(func.coalesce(func.sum(DeliveryLine.quantity), 0))
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(DeliveryLine.schedule_line_id == schedule.id, Delivery.status == DeliveryStatus.SHIPPED)
    )
    return reserved.scalar_subquery() + sent.scalar_subquery()


def pegged_quantity() -> ColumnElement[Decimal]:
    """What suppliers are to send for a sales schedule line; an expression beside its table."""
    pegged = select(func.coalesce(func.sum(PurchasePeg.quantity - PurchasePeg.quantity_used), 0)).where(
        PurchasePeg.schedule_line_id == SalesOrderScheduleLine.id
    )
    return pegged.scalar_subquery()


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """
    Goods still to come into one of our warehouses; the expected supply that availability counts.

    `expected_on` is confirmed where `is_confirmed`, else what we asked for; drafts are no supply.
    """

    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    expected_on: date
    is_confirmed: bool
    purchase_order_line_id: UUID


def incoming(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What was ordered from suppliers and is still to come, by product and day, as columns of IncomingRow."""
    schedule, line = PurchaseScheduleLine, PurchaseOrderLine
    due = func.coalesce(schedule.confirmed_on, schedule.requested_on)
    return (
        select(
            line.product_id, PurchaseOrder.warehouse_id, schedule.quantity - schedule.quantity_received, due,
            schedule.confirmed_on.is_not(None), line.id,
        )
        .join(line, line.id == schedule.purchase_order_line_id)
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .where(
            PurchaseOrder.seller_id == viewer.seller_id,
            _is_house(viewer),
            PurchaseOrder.status.in_((PurchaseOrderStatus.SENT, PurchaseOrderStatus.CONFIRMED)),
            PurchaseOrder.warehouse_id.is_not(None),
            schedule.quantity > schedule.quantity_received,
        )
        .order_by(line.product_id, due, schedule.id)
    )  # fmt: skip
