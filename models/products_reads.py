"""Reading products: who may see which, and their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from auth.permissions import Viewer
from models.customers import Customer, CustomerGroup
from models.products import (
    AssortmentProduct,
    Product,
    ProductCategory,
    ProductCategoryTranslation,
    ProductTranslation,
)
from models.rows import columns_of
from models.sales_history import SalesHistory
from models.stock import StockBalance
from rules.states import OutOfStockPolicy, ProductKind


@dataclass(frozen=True, slots=True)
class ProductRow:
    """`name` and `description` are in the reader's language where there is a translation."""

    id: UUID
    kind: ProductKind
    sku: str
    name: str
    description: str
    brand: str
    category_id: UUID
    tax_category_id: UUID
    unit_code: str
    pack_size: Decimal
    barcode: str | None
    weight_kg: Decimal | None
    is_lot_tracked: bool
    shelf_life_days: int | None
    out_of_stock_policy: OutOfStockPolicy | None
    active_until: date | None
    created_at: datetime


def in_assortment(viewer: Viewer) -> ColumnElement[bool] | None:
    """The part of the catalogue the viewer's customer may buy; None for staff, who see all of it."""
    if viewer.customer_id is None:
        return None
    # The customer's own assortment wins over the group's.
    held = (
        select(func.coalesce(Customer.assortment_id, CustomerGroup.assortment_id))
        .select_from(Customer)
        .outerjoin(CustomerGroup, CustomerGroup.id == Customer.customer_group_id)
        .where(Customer.id == viewer.customer_id)
        .scalar_subquery()
    )
    listed = exists().where(
        AssortmentProduct.assortment_id == held, AssortmentProduct.product_id == Product.id
    )
    return or_(held.is_(None), listed)


def visible_products(viewer: Viewer, today: date, locale: str) -> Select[*tuple[Any, ...]]:
    """
    The products the viewer may see, as columns of ProductRow.

    Customers see what is on sale and in their assortment; staff see everything of their seller.
    """
    names = aliased(ProductTranslation)
    columns = [
        func.coalesce(names.name, Product.name)
        if column.key == "name"
        else func.coalesce(func.nullif(names.description, ""), Product.description)
        if column.key == "description"
        else column
        for column in columns_of(Product, ProductRow)
    ]
    statement = (
        select(*columns)
        .select_from(Product)
        .outerjoin(names, and_(names.product_id == Product.id, names.locale == locale))
        .where(Product.seller_id == viewer.seller_id)
    )
    limits = in_assortment(viewer)
    if limits is not None:
        statement = statement.where(limits, on_sale(today))
    return statement


def on_sale(today: date) -> ColumnElement[bool]:
    return or_(Product.active_until.is_(None), Product.active_until > today)


def in_stock() -> ColumnElement[bool]:
    """Something of the product is free in some warehouse."""
    return exists().where(
        StockBalance.product_id == Product.id,
        StockBalance.on_hand > StockBalance.reserved + StockBalance.blocked,
    )


def purchased(viewer: Viewer) -> ColumnElement[bool]:
    """The viewer's customer has bought the product before."""
    return exists().where(
        SalesHistory.customer_id == viewer.customer_id,
        SalesHistory.product_id == Product.id,
        SalesHistory.quantity > 0,
    )


def in_category(category_ids: tuple[UUID, ...]) -> ColumnElement[bool]:
    """The product stands in one of the categories or below it."""
    root = aliased(ProductCategory)
    below = (
        select(ProductCategory.id)
        .join(root, ProductCategory.path.like(func.concat(root.path, "%")))
        .where(root.id.in_(category_ids))
    )
    return Product.category_id.in_(below)


def product_columns(viewer: Viewer) -> Mapping[str, Any]:
    """What `where:` may filter products by."""
    return {
        "sku": Product.sku,
        "name": Product.name,
        "brand": Product.brand,
        "kind": Product.kind,
        "barcode": Product.barcode,
        "in_stock": in_stock(),
        "purchased": purchased(viewer),
    }


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    path: str


def categories(viewer: Viewer, locale: str) -> Select[*tuple[Any, ...]]:
    """The seller's category tree, parents before children, in the reader's language."""
    names = aliased(ProductCategoryTranslation)
    return (
        select(
            ProductCategory.id,
            ProductCategory.code,
            func.coalesce(names.name, ProductCategory.name),
            ProductCategory.parent_id,
            ProductCategory.path,
        )
        .outerjoin(names, and_(names.category_id == ProductCategory.id, names.locale == locale))
        .where(ProductCategory.seller_id == viewer.seller_id)
        .order_by(ProductCategory.path)
    )
