"""Imports every table, so that the metadata is complete for migrations."""

from models import (  # noqa: F401
    api_clients,
    approvals,
    carts,
    customers,
    deliveries,
    events,
    idempotency,
    invoices,
    journal,
    orders,
    payments,
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
