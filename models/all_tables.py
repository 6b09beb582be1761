"""Imports every table, so that the metadata is complete for migrations."""

from models import (  # noqa: F401
    api_clients,
    carts,
    customers,
    events,
    idempotency,
    orders,
    prices,
    products,
    sales_history,
    sellers,
    stock,
    users,
    wishlists,
)
