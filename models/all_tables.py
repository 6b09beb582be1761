"""Imports every table, so that the metadata is complete for migrations."""

from models import (  # noqa: F401
    approvals,
    carts,
    customers,
    deliveries,
    events,
    idempotency,
    invitations,
    invoices,
    journal,
    orders,
    payments,
    prices,
    products,
    sales_history,
    sellers,
    stock,
    users,
    wishlists,
)
