"""Reading stock: balances and lots. Which quantities a viewer may read is the schema's business."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from auth.permissions import Viewer
from models.products import Product
from models.rows import columns_of
from models.stock import Lot, LotBalance, StockBalance, Warehouse


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    id: UUID
    code: str
    name: str
    city: str
    priority: int


def warehouses(viewer: Viewer, today: date) -> Select[*tuple[Any, ...]]:
    """The seller's warehouses in use, those that serve first ahead."""
    return (
        select(*columns_of(Warehouse, WarehouseRow))
        .where(
            Warehouse.seller_id == viewer.seller_id,
            or_(Warehouse.active_until.is_(None), Warehouse.active_until > today),
        )
        .order_by(Warehouse.priority, Warehouse.code)
    )


@dataclass(frozen=True, slots=True)
class BalanceRow:
    product_id: UUID
    warehouse_id: UUID
    on_hand: Decimal
    reserved: Decimal
    blocked: Decimal
    holds_end_at: datetime | None

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.reserved - self.blocked


def balances(viewer: Viewer, today: date) -> Select[*tuple[Any, ...]]:
    """Balances in the seller's warehouses in use, in the order in which they are locked: SKU, then warehouse."""
    return (
        select(*columns_of(StockBalance, BalanceRow))
        .join(Warehouse, Warehouse.id == StockBalance.warehouse_id)
        .join(Product, Product.id == StockBalance.product_id)
        .where(
            Warehouse.seller_id == viewer.seller_id,
            or_(Warehouse.active_until.is_(None), Warehouse.active_until > today),
        )
        .order_by(Product.sku, Warehouse.priority, Warehouse.code)
    )


@dataclass(frozen=True, slots=True)
class LotRow:
    product_id: UUID
    number: str
    expires_on: date | None
    warehouse_id: UUID
    on_hand: Decimal
    allocated: Decimal


def lots(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Lots with something on hand, first to expire first."""
    return (
        select(
            Lot.product_id,
            Lot.number,
            Lot.expires_on,
            LotBalance.warehouse_id,
            LotBalance.on_hand,
            LotBalance.allocated,
        )
        .join(LotBalance, LotBalance.lot_id == Lot.id)
        .join(Warehouse, Warehouse.id == LotBalance.warehouse_id)
        .where(Warehouse.seller_id == viewer.seller_id, LotBalance.on_hand > 0)
        .order_by(Lot.product_id, Lot.expires_on.nulls_last(), Lot.number, LotBalance.warehouse_id)
    )
