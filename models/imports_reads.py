"""What rows of an import are compared with: selects of the seller's own rows by their natural keys, for jobs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from models.customers import Customer, CustomerAddress
from models.prices import ListPrice
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
