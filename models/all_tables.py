"""Imports every table, so that the metadata is complete for migrations."""

from models import (  # noqa: F401
    carts,
    customers,
    events,
    idempotency,
    orders,
    prices,
    products,
    quick_orders,
    sales_history,
    sellers,
    stock,
    uploads,
    users,
    wishlists,
)
