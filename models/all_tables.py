"""Imports every table, so that the metadata is complete for migrations."""

from models import (  # noqa: F401
    carts,
    customers,
    events,
    idempotency,
    jobs,
    mails,
    orders,
    prices,
    products,
    sales_history,
    sellers,
    stock,
    streams,
    users,
    wishlists,
)
