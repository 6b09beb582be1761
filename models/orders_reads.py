"""Reading orders: who may see which, and their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Select, cast, exists, false, func, literal, or_, select

from auth.permissions import Permission, RowScope, Viewer
from models.customers_reads import customer_in_scope, own_only
from models.filters import escape_like
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.rows import columns_of
from models.sales_history import SalesHistory
from rules.states import OPEN_STATUSES, LineKind, LotSelection, OrderStatus, SaleKind
from rules.texts import fold


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: UUID
    number: str
    customer_id: UUID
    status: OrderStatus
    is_on_hold: bool
    hold_reasons: list[str]
    status_reason: str
    version: int
    placed_at: datetime
    placed_by_id: UUID
    placed_by_name: str
    is_on_behalf: bool
    on_behalf_of_id: UUID | None
    on_behalf_of_name: str
    on_behalf_reason: str
    confirmed_at: datetime | None
    ended_at: datetime | None
    purchase_order_number: str
    note: str
    requested_on: date | None
    currency: str
    exchange_rate: Decimal
    exchange_rate_on: date
    seller_name: str
    seller_tax_id: str
    customer_number: str
    customer_name: str
    customer_tax_id: str | None
    sales_rep_name: str
    agreement_id: UUID | None
    delivery_address: dict[str, Any]
    billing_address: dict[str, Any]
    payment_terms: dict[str, Any]
    delivery_terms: dict[str, Any]
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal


def order_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """A buyer reaches orders placed by or for them, or the company's where it allows that; staff their customers'."""
    inside = customer_in_scope(viewer, SalesOrder.customer_id)
    if viewer.scope(Permission.ORDERS_READ) is RowScope.SELF:
        return inside & or_(
            SalesOrder.placed_by_id == viewer.user_id, SalesOrder.on_behalf_of_id == viewer.user_id
        )
    return inside


def visible_orders(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The orders the viewer may see, as columns of OrderRow; why one was placed on behalf is the seller's to know."""
    columns = own_only(viewer, columns_of(SalesOrder, OrderRow), "customer_tax_id", SalesOrder.customer_id)
    if not viewer.is_staff:
        columns = [
            literal("").label(each.key) if each.key == "on_behalf_reason" else each for each in columns
        ]
    return select(*columns).where(SalesOrder.seller_id == viewer.seller_id, order_in_scope(viewer))


def order_matches(search: str) -> ColumnElement[bool]:
    """Number, PO number, customer's name or number, or a line's SKU contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    in_line = exists().where(
        SalesOrderLine.order_id == SalesOrder.id,
        SalesOrderLine.customer_id == SalesOrder.customer_id,
        or_(
            func.lower(SalesOrderLine.sku).like(pattern, escape="\\"),
            func.lower(SalesOrderLine.customer_item_number).like(pattern, escape="\\"),
        ),
    )
    name = f"%{escape_like(fold(search))}%"
    return or_(
        func.lower(SalesOrder.number).like(pattern, escape="\\"),
        func.lower(SalesOrder.purchase_order_number).like(pattern, escape="\\"),
        func.lower(SalesOrder.customer_number).like(pattern, escape="\\"),
        func.lower(func.unaccent(SalesOrder.customer_name)).like(name, escape="\\"),
        in_line,
    )


def order_columns(viewer: Viewer, today: date, zone: ZoneInfo) -> Mapping[str, Any]:
    """What `where:` may filter orders by; `today` is the seller's day, `zone` where it begins."""
    is_open = SalesOrder.status.in_(OPEN_STATUSES)
    return {
        "number": SalesOrder.number,
        "status": SalesOrder.status,
        "is_on_hold": SalesOrder.is_on_hold,
        "is_open": is_open,
        "is_new": SalesOrder.placed_at >= datetime.combine(today, time.min, zone),
        "placed_on": cast(func.timezone(zone.key, SalesOrder.placed_at), Date),
        "is_overdue": is_open & func.coalesce(SalesOrder.requested_on < today, false()),
        "is_on_behalf": SalesOrder.is_on_behalf,
        "sales_rep": SalesOrder.sales_rep_id,
        "is_mine": SalesOrder.placed_by_id == viewer.user_id,
        "purchase_order_number": SalesOrder.purchase_order_number,
        "customer": SalesOrder.customer_id,
        "gross": SalesOrder.gross_amount,
        "placed_at": SalesOrder.placed_at,
        "requested_on": SalesOrder.requested_on,
    }


@dataclass(frozen=True, slots=True)
class OrderLineRow:
    id: UUID
    order_id: UUID
    position: int
    kind: LineKind
    product_id: UUID | None
    parent_line_id: UUID | None
    is_free: bool
    sku: str
    customer_item_number: str | None
    description: str
    unit_code: str
    quantity_ordered: Decimal
    quantity_reserved: Decimal
    quantity_shipped: Decimal
    quantity_cancelled: Decimal
    quantity_invoiced: Decimal
    list_unit_price: Decimal
    price_unit: Decimal
    break_from_quantity: Decimal
    manual_unit_price: Decimal | None
    manual_price_reason: str
    discount_percent: Decimal
    unit_price: Decimal
    price_trace: list[Any]
    commitment_id: UUID | None
    lot_selection: LotSelection | None
    tax_category: str
    tax_percent: Decimal
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal

    @property
    def quantity_backordered(self) -> Decimal:
        if self.kind is LineKind.CHARGE:
            return Decimal(0)  # it waits for no goods
        return (
            self.quantity_ordered - self.quantity_reserved - self.quantity_shipped - self.quantity_cancelled
        )


def visible_order_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of visible orders, by position."""
    orders = select(SalesOrder.id).where(order_in_scope(viewer))
    return (
        select(*columns_of(SalesOrderLine, OrderLineRow))
        .where(customer_in_scope(viewer, SalesOrderLine.customer_id), SalesOrderLine.order_id.in_(orders))
        .order_by(SalesOrderLine.order_id, SalesOrderLine.position)
    )


@dataclass(frozen=True, slots=True)
class ScheduleLineRow:
    id: UUID
    order_line_id: UUID
    position: int
    quantity: Decimal
    requested_on: date | None
    confirmed_on: date | None
    first_confirmed_on: date | None
    ship_on: date | None
    warehouse_id: UUID | None


def visible_schedule_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(SalesOrderScheduleLine, ScheduleLineRow))
        .where(
            customer_in_scope(viewer, SalesOrderScheduleLine.customer_id), SalesOrderScheduleLine.quantity > 0
        )
        .order_by(SalesOrderScheduleLine.order_line_id, SalesOrderScheduleLine.position)
    )


@dataclass(frozen=True, slots=True)
class SalesHistoryRow:
    id: int
    customer_id: UUID
    kind: SaleKind
    document_number: str
    sold_at: datetime
    product_id: UUID | None
    sku: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount_amount: Decimal
    net_amount: Decimal
    currency: str


def visible_sales_history(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(SalesHistory, SalesHistoryRow)).where(
        SalesHistory.seller_id == viewer.seller_id, customer_in_scope(viewer, SalesHistory.customer_id)
    )
