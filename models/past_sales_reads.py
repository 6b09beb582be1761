"""Past sales line by line, whatever they stand on: the imported history, and the orders placed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, null, select, union_all

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.orders import SalesOrder, SalesOrderLine, SalesOrderLineCost
from models.products import Product, ProductCategory
from models.sales_history import SalesHistory
from rules.states import LineKind, OrderStatus, SaleKind


@dataclass(frozen=True, slots=True)
class PastSaleRow:
    """
    A line sold: what of it was not called off, at the price before the discount in percent.

    The cost is known of orders placed here, to those who see it. `net_amount` is rounded.
    """

    key: str
    document: str
    customer_id: UUID
    sold_at: datetime
    product_id: UUID | None
    sku: str
    quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal
    discount_percent: Decimal
    net_amount: Decimal
    unit_cost: Decimal | None
    cost_currency: str | None
    category_path: str
    brand: str
    is_order: bool


def _of_history(viewer: Viewer, *where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Sales of before, or of elsewhere."""
    table = SalesHistory
    return select(
        (literal("h") + cast(table.id, String)).label("key"),
        table.document_number.label("document"),
        table.customer_id.label("customer_id"),
        table.sold_at.label("sold_at"),
        table.product_id.label("product_id"),
        table.sku.label("sku"),
        table.quantity.label("quantity"),
        table.unit_price.label("unit_price"),
        literal(Decimal(1)).label("price_unit"),
        table.discount_percent.label("discount_percent"),
        table.net_amount.label("net_amount"),
        null().label("order_line_id"),
    ).where(
        table.seller_id == viewer.seller_id,
        customer_in_scope(viewer, table.customer_id),
        table.kind == SaleKind.SALE,
        table.quantity > 0,
        table.net_amount >= 0,
        *where,
    )


def _of_orders(viewer: Viewer, *where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Goods ordered here and not called off; what was given free has no price that a rule could lower."""
    order, line = SalesOrder, SalesOrderLine
    left = line.quantity_ordered - line.quantity_cancelled
    return (
        select(
            (literal("o") + cast(line.id, String)).label("key"),
            order.number.label("document"),
            order.customer_id.label("customer_id"),
            order.placed_at.label("sold_at"),
            line.product_id.label("product_id"),
            line.sku.label("sku"),
            left.label("quantity"),
            func.coalesce(line.manual_unit_price, line.list_unit_price).label("unit_price"),
            line.price_unit.label("price_unit"),
            line.discount_percent.label("discount_percent"),
            func.round(line.net_amount * left / line.quantity_ordered, line.currency_exponent).label(
                "net_amount"
            ),
            line.id.label("order_line_id"),
        )
        .join(line, and_(line.customer_id == order.customer_id, line.order_id == order.id))
        .where(
            order.seller_id == viewer.seller_id,
            customer_in_scope(viewer, order.customer_id),
            order.status.in_((OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.CLOSED)),
            line.kind == LineKind.GOODS,
            ~line.is_free,
            left > 0,
            *where,
        )
    )


def past_sales(viewer: Viewer, since: datetime, until: datetime, currency: str, count: int) -> Select[Any]:
    """
    The newest lines sold from `since` on and before `until` to visible customers; columns of PastSaleRow.

    A document may be in both sources: `once` takes the one we know more of.
    """
    table, order = SalesHistory, SalesOrder
    sold = union_all(
        _of_history(viewer, table.sold_at >= since, table.sold_at < until, table.currency == currency),
        _of_orders(viewer, order.placed_at >= since, order.placed_at < until, order.currency == currency),
    ).subquery()
    line = sold.c
    return (
        select(
            *(each for each in line if each.key != "order_line_id"),
            SalesOrderLineCost.unit_cost, SalesOrderLineCost.currency,
            func.coalesce(ProductCategory.path, "/"), func.coalesce(Product.brand, ""),
            line.order_line_id.is_not(None),
        )
        .outerjoin(SalesOrderLineCost, SalesOrderLineCost.order_line_id == line.order_line_id)
        .outerjoin(Product, Product.id == line.product_id)
        .outerjoin(ProductCategory, ProductCategory.id == Product.category_id)
        .order_by(line.sold_at.desc(), line.document.desc(), line.key)
        .limit(count)
    )  # fmt: skip


def once(rows: Sequence[PastSaleRow]) -> list[PastSaleRow]:
    """
    Without the history's lines of documents that are orders of ours.

    Told apart here: in the statement it is an anti-join that planners without statistics run row by row.
    """
    ours = {(row.customer_id, row.document) for row in rows if row.is_order}
    return [row for row in rows if row.is_order or (row.customer_id, row.document) not in ours]


def purchases(
    viewer: Viewer, customer_ids: list[UUID], since: datetime | None, until: datetime
) -> Select[Any]:
    """(customer, product, document, moment) of what visible customers bought before `until`, in any currency."""
    table, order = SalesHistory, SalesOrder
    begun = (
        [] if since is None else [table.sold_at >= since],
        [] if since is None else [order.placed_at >= since],
    )
    bought = union_all(
        _of_history(viewer, table.customer_id.in_(customer_ids), table.sold_at < until, *begun[0]),
        _of_orders(viewer, order.customer_id.in_(customer_ids), order.placed_at < until, *begun[1]),
    ).subquery()
    line = bought.c
    return select(line.customer_id, line.product_id, line.document, func.min(line.sold_at)).group_by(
        line.customer_id, line.product_id, line.document
    )
