"""Lots as the house looks after them: where they lie, until when they keep, and which are blocked."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from auth.permissions import Viewer
from models.filters import escape_like
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
