"""What is held for a while for carts and quotes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.rows import columns_of
from models.stock import Reservation, Warehouse
from rules.states import HoldSource


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A quantity of a product held in a warehouse, in the product's own unit."""

    source_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    created_at: datetime
    expires_at: datetime
    reason: str
    is_extended: bool


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A quantity of a product that is held in a warehouse for a customer's cart or quote; in the product's own unit."""

    product_id: UUID
    warehouse_id: UUID
    customer_id: UUID
    source_kind: HoldSource
    quantity: Decimal
    created_at: datetime
    expires_at: datetime
    reason: str


def _live(viewer: Viewer, now: datetime, columns: tuple[Any, ...]) -> Select[*tuple[Any, ...]]:
    """What is held at that moment, neither let go nor over, of customers in the viewer's scope."""
    return (
        select(*columns)
        .join(Warehouse, Warehouse.id == Reservation.warehouse_id)
        .where(
            Warehouse.seller_id == viewer.seller_id,
            customer_in_scope(viewer, Reservation.customer_id),
            Reservation.released_at.is_(None),
            Reservation.expires_at > now,
        )
    )


def live_holds(viewer: Viewer, now: datetime, source_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """What is held for the sources at that moment, of customers in the viewer's scope."""
    return (
        _live(viewer, now, columns_of(Reservation, HoldRow))
        .where(Reservation.source_id.in_(source_ids))
        .order_by(Reservation.source_id, Reservation.product_id, Reservation.id)
    )


def visible_held(viewer: Viewer, now: datetime, product_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """What is held of the products at that moment, of customers in the viewer's scope; what ends first ahead."""
    return (
        _live(viewer, now, columns_of(Reservation, HeldRow))
        .where(Reservation.product_id.in_(product_ids), Reservation.source_id.is_not(None))
        .order_by(Reservation.product_id, Reservation.expires_at, Reservation.id)
    )
