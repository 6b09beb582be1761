"""Lots as the house looks after them: where they lie, until when they keep, and which are blocked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.filters import escape_like
from models.lots import CustomerLotBan, OrderLineLot
from models.products import Product
from models.rows import columns_of
from models.stock import Lot, LotBalance, Warehouse
from rules.states import LotStatus


@dataclass(frozen=True, slots=True)
class LotRow:
    id: UUID
    product_id: UUID
    number: str
    received_on: date
    best_before_on: date | None
    expires_on: date | None
    status: LotStatus
    status_reason: str
    version: int


# Lots that keep for ever stand behind those that do not.
KEEPS_UNTIL = func.coalesce(Lot.best_before_on, Lot.expires_on, date.max)


def visible_lots(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lots of the seller's products, as columns of LotRow; reading them takes `lots:read`."""
    return (
        select(*columns_of(Lot, LotRow))
        .join(Product, Product.id == Lot.product_id)
        .where(Product.seller_id == viewer.seller_id)
    )


def lies_in(warehouse_id: UUID | None) -> ColumnElement[bool]:
    """Something of it is on hand: in the warehouse, or in any."""
    there = (LotBalance.lot_id == Lot.id) & (LotBalance.on_hand > 0)
    return exists().where(
        there if warehouse_id is None else there & (LotBalance.warehouse_id == warehouse_id)
    )


def ends_within(today: date, days: int) -> ColumnElement[bool]:
    """Its best before day, or else its expiry, is so many days off at most; expired ones too."""
    return func.coalesce(Lot.best_before_on, Lot.expires_on) <= today + timedelta(days)


def lot_matches(search: str) -> ColumnElement[bool]:
    """The lot's number or the SKU contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    return or_(
        func.lower(Lot.number).like(pattern, escape="\\"), func.lower(Product.sku).like(pattern, escape="\\")
    )


@dataclass(frozen=True, slots=True)
class LotPlaceRow:
    lot_id: UUID
    warehouse_id: UUID
    on_hand: Decimal
    allocated: Decimal


def lot_places(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Where something of lots lies, the warehouses that serve first ahead."""
    return (
        select(*columns_of(LotBalance, LotPlaceRow))
        .join(Warehouse, Warehouse.id == LotBalance.warehouse_id)
        .where(Warehouse.seller_id == viewer.seller_id, LotBalance.on_hand > 0)
        .order_by(Warehouse.priority, Warehouse.code)
    )


@dataclass(frozen=True, slots=True)
class RequestedLotRow:
    """A lot that the customer asked for on an order line; what is open of it is held for the line."""

    order_line_id: UUID
    lot_id: UUID
    warehouse_id: UUID
    position: int
    quantity: Decimal
    quantity_used: Decimal
    number: str
    expires_on: date | None

    @property
    def open(self) -> Decimal:
        return self.quantity - self.quantity_used


def requested_lots() -> Select[*tuple[Any, ...]]:
    """The lots that customers asked for, as columns of RequestedLotRow, in the order in which they are taken."""
    return (
        select(
            OrderLineLot.order_line_id, OrderLineLot.lot_id, OrderLineLot.warehouse_id, OrderLineLot.position,
            OrderLineLot.quantity, OrderLineLot.quantity_used, Lot.number, Lot.expires_on,
        )
        .join(Lot, Lot.id == OrderLineLot.lot_id)
        .order_by(OrderLineLot.order_line_id, OrderLineLot.position, OrderLineLot.warehouse_id)
    )  # fmt: skip


def visible_requested_lots(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Those of the viewer's customers; reading them is staff's."""
    return requested_lots().where(customer_in_scope(viewer, OrderLineLot.customer_id))


@dataclass(frozen=True, slots=True)
class LotBanRow:
    """A lot that never goes to a customer."""

    customer_id: UUID
    lot_id: UUID
    product_id: UUID
    sku: str
    number: str
    reason: str
    banned_at: datetime
    banned_by_name: str


def visible_lot_bans(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The bans of the viewer's customers, by SKU and lot; reading them is staff's."""
    return (
        select(
            CustomerLotBan.customer_id, CustomerLotBan.lot_id, Lot.product_id, Product.sku, Lot.number,
            CustomerLotBan.reason, CustomerLotBan.banned_at, CustomerLotBan.banned_by_name,
        )
        .join(Lot, Lot.id == CustomerLotBan.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .where(customer_in_scope(viewer, CustomerLotBan.customer_id))
        .order_by(Product.sku, Lot.number)
    )  # fmt: skip
