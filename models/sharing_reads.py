"""Sharing scarce stock: the acts of it, and what decides: policies and priorities."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from auth.permissions import Viewer
from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.products import Product
from models.purchasing_reads import short_schedule_lines
from models.rows import columns_of
from models.stock_sharing import StockSharing, StockSharingLine
from rules.states import SharingPolicy


@dataclass(frozen=True, slots=True)
class SharingRow:
    id: UUID
    product_id: UUID
    warehouse_id: UUID
    policy: SharingPolicy
    quantity_free: Decimal
    quantity_shared: Decimal
    shared_at: datetime


def visible_sharings(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(StockSharing, SharingRow)).where(StockSharing.seller_id == viewer.seller_id)


@dataclass(frozen=True, slots=True)
class SharingLineRow:
    sharing_id: UUID
    position: int
    customer_id: UUID
    order_line_id: UUID
    priority: int
    quantity_waiting: Decimal
    quantity_got: Decimal


def visible_sharing_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Those of customers in the viewer's scope, in the order in which they were needed."""
    return (
        select(*columns_of(StockSharingLine, SharingLineRow))
        .where(customer_in_scope(viewer, StockSharingLine.customer_id))
        .order_by(StockSharingLine.sharing_id, StockSharingLine.position)
    )


def priorities(viewer: Viewer, customer_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """(customer, priority) of customers in the viewer's scope."""
    return select(Customer.id, Customer.delivery_priority).where(
        Customer.id.in_(customer_ids), customer_in_scope(viewer)
    )


@dataclass(frozen=True, slots=True)
class ProductPolicyRow:
    id: UUID
    sharing_policy: SharingPolicy


def products_with_policies(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Columns of ProductPolicyRow: the seller's products that have a policy of their own."""
    return select(*columns_of(Product, ProductPolicyRow)).where(
        Product.seller_id == viewer.seller_id, Product.sharing_policy.is_not(None)
    )


def own_policies(viewer: Viewer, product_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """(product, policy) of products that have one of their own."""
    return select(Product.id, Product.sharing_policy).where(
        Product.id.in_(product_ids),
        Product.seller_id == viewer.seller_id,
        Product.sharing_policy.is_not(None),
    )


@dataclass(frozen=True, slots=True)
class ScarceRow:
    """A product that open order lines lack: how many lines, how much of it, and the first day it is needed."""

    product_id: UUID
    lines: int
    quantity: Decimal
    needed_on: date | None


def scarce_products(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Columns of ScarceRow, of what the viewer sees; what is needed first ahead."""
    short = short_schedule_lines(viewer).order_by(None).subquery("short")
    _, line_id, _, _, product_id, quantity, needed_on, _ = short.c
    return (
        select(product_id, func.count(line_id.distinct()), func.sum(quantity), func.min(needed_on))
        .group_by(product_id)
        .order_by(func.min(needed_on).nulls_last(), product_id)
    )
