"""What rows of an import are compared with: selects of the seller's own rows by their natural keys, for jobs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from models.customers import Customer, CustomerAddress
from models.prices import ListPrice
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseScheduleLine,
    Supplier,
    SupplierProduct,
)
from models.stock import Lot, LotBalance, StockBalance


def customers_by_number(
    seller_id: UUID, numbers: Sequence[str], columns: Sequence[str]
) -> Select[*tuple[Any, ...]]:
    """id, number, version, has_billing_address and these columns of the seller's customers with the numbers."""
    billing = exists().where(
        CustomerAddress.customer_id == Customer.id,
        CustomerAddress.is_default_billing,
    )
    return select(
        Customer.id,
        Customer.number,
        Customer.version,
        billing.label("has_billing_address"),
        *(getattr(Customer, name) for name in columns),
    ).where(Customer.seller_id == seller_id, Customer.number.in_(numbers))


def parents_of_customers(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    """(id, parent_id) of the seller's customers that have a parent."""
    return select(Customer.id, Customer.parent_id).where(
        Customer.seller_id == seller_id, Customer.parent_id.is_not(None)
    )


def addresses_of_customers(customer_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """The default delivery address of each."""
    return select(
        CustomerAddress.id,
        CustomerAddress.customer_id,
        CustomerAddress.street,
        CustomerAddress.postal_code,
        CustomerAddress.city,
        CustomerAddress.region,
        CustomerAddress.phone,
    ).where(CustomerAddress.customer_id.in_(customer_ids), CustomerAddress.is_default_delivery)


def list_prices_of(product_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """All list prices of these products, with their quantities and days."""
    return select(
        ListPrice.id,
        ListPrice.product_id,
        ListPrice.currency,
        ListPrice.unit_code,
        ListPrice.from_quantity,
        ListPrice.unit_price,
        ListPrice.price_unit,
        ListPrice.valid_from,
        ListPrice.valid_until,
    ).where(ListPrice.product_id.in_(product_ids))


def stock_of(product_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """The balances of these products in the order in which everybody locks them."""
    return (
        select(
            StockBalance.product_id, StockBalance.warehouse_id, StockBalance.on_hand, StockBalance.reserved
        )
        .where(StockBalance.product_id.in_(product_ids))
        .order_by(StockBalance.product_id, StockBalance.warehouse_id)
    )


def lots_of(product_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """The lots of these products."""
    return select(Lot.id, Lot.product_id, Lot.number, Lot.received_on, Lot.expires_on, Lot.status).where(
        Lot.product_id.in_(product_ids)
    )


def lot_stock_of(lot_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """The balances of these lots in the order in which everybody locks them."""
    return (
        select(LotBalance.lot_id, LotBalance.warehouse_id, LotBalance.on_hand, LotBalance.allocated)
        .where(LotBalance.lot_id.in_(lot_ids))
        .order_by(LotBalance.lot_id, LotBalance.warehouse_id)
    )


def suppliers_by_number(seller_id: UUID, numbers: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """The seller's suppliers with these numbers, retired ones too."""
    return _suppliers().where(Supplier.seller_id == seller_id, Supplier.code.in_(numbers))


def suppliers_by_id(supplier_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """These suppliers, with the same columns."""
    return _suppliers().where(Supplier.id.in_(supplier_ids))


def _suppliers() -> Select[*tuple[Any, ...]]:
    names = (
        "id", "code", "name", "currency", "email", "locale", "lead_time_days", "transport_days",
        "over_receipt_percent", "version", "active_until",
    )  # fmt: skip
    return select(*(getattr(Supplier, name) for name in names))


def offers_of(supplier_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """What these suppliers sell or sold us."""
    names = (
        "id", "supplier_id", "product_id", "supplier_sku", "unit_price", "minimum_quantity", "multiple_quantity",
        "lead_time_days", "active_until",
    )  # fmt: skip
    return select(*(getattr(SupplierProduct, name) for name in names)).where(
        SupplierProduct.supplier_id.in_(supplier_ids)
    )


def purchase_orders_by_number(seller_id: UUID, numbers: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """The seller's purchase orders with these numbers, in the order in which everybody locks them."""
    names = ("id", "number", "supplier_id", "warehouse_id", "status", "version", "confirmed_at")
    return (
        select(*(getattr(PurchaseOrder, name) for name in names))
        .where(PurchaseOrder.seller_id == seller_id, PurchaseOrder.number.in_(numbers))
        .order_by(PurchaseOrder.id)
    )


def purchase_lines_of(order_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """The lines of these purchase orders with the first and last of their days, and in how many parts they come."""
    line, part = PurchaseOrderLine, PurchaseScheduleLine
    return (
        select(
            line.id, line.purchase_order_id, line.product_id, line.position, line.quantity_ordered,
            line.quantity_received, line.quantity_cancelled, line.quantity_pegged, line.unit_price,
            func.count(part.id).label("parts"), func.min(part.requested_on).label("requested_on"),
            func.min(part.confirmed_on).label("confirmed_on"),
        )
        .outerjoin(part, part.purchase_order_line_id == line.id)
        .where(line.purchase_order_id.in_(order_ids))
        .group_by(line.id)
    )  # fmt: skip
