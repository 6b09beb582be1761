"""Sums over what was sold: a customer's years, what they buy most, and who buys most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, distinct, func, select

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.sales_history import SalesHistory
from rules.states import SaleKind


@dataclass(frozen=True, slots=True)
class SalesYearRow:
    """What a customer bought in a year, cancellations and adjustments taken off, in one currency."""

    customer_id: UUID
    year: int
    currency: str
    net_amount: Decimal
    documents: int


def yearly_sales(viewer: Viewer, zone: str) -> Select[*tuple[Any, ...]]:
    """Years of visible customers, newest first; a year begins where the seller is."""
    table = SalesHistory
    year = func.extract("year", func.timezone(zone, table.sold_at)).label("year")
    return (
        select(
            table.customer_id, year, table.currency, func.sum(table.net_amount),
            func.count(distinct(table.document_number)),
        )
        .where(table.seller_id == viewer.seller_id, customer_in_scope(viewer, table.customer_id))
        .group_by(table.customer_id, year, table.currency)
        .order_by(table.customer_id, year.desc(), table.currency)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FavouriteRow:
    customer_id: UUID
    product_id: UUID
    times_bought: int
    quantity: Decimal
    last_bought_at: datetime


def favourites(viewer: Viewer, customer_ids: Sequence[UUID], count: int) -> Select[*tuple[Any, ...]]:
    """
    The first products of each customer by times bought, units, last date and id (rule book 0.1, 25).

    A document counts once; what came back counts against the units.
    """
    table = SalesHistory
    times = func.count(distinct(table.document_number)).filter(table.kind == SaleKind.SALE)
    units, last = func.sum(table.quantity), func.max(table.sold_at)
    rank = func.row_number().over(
        partition_by=table.customer_id, order_by=(times.desc(), units.desc(), last.desc(), table.product_id)
    )
    ranked = (
        select(
            table.customer_id, table.product_id, times.label("times"), units.label("units"), last.label("last"),
            rank.label("rank"),
        )
        .where(
            table.seller_id == viewer.seller_id,
            customer_in_scope(viewer, table.customer_id),
            table.customer_id.in_(customer_ids),
            table.product_id.is_not(None),
            table.kind.in_((SaleKind.SALE, SaleKind.CANCELLATION)),
        )
        .group_by(table.customer_id, table.product_id)
        .having(units > 0)
        .subquery()
    )  # fmt: skip
    found = ranked.c
    return (
        select(found.customer_id, found.product_id, found.times, found.units, found.last)
        .where(found.rank <= count)
        .order_by(found.customer_id, found.rank)
    )


@dataclass(frozen=True, slots=True)
class TopCustomerRow:
    customer_id: UUID
    net_amount: Decimal
    currency: str


def top_customers(viewer: Viewer, since: datetime, currency: str, count: int) -> Select[*tuple[Any, ...]]:
    """The visible customers who bought most since then, in that currency."""
    table = SalesHistory
    net = func.sum(table.net_amount)
    return (
        select(table.customer_id, net, table.currency)
        .where(
            table.seller_id == viewer.seller_id,
            customer_in_scope(viewer, table.customer_id),
            table.sold_at >= since,
            table.currency == currency,
        )
        .group_by(table.customer_id, table.currency)
        .order_by(net.desc(), table.customer_id)
        .limit(count)
    )
