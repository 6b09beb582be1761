"""The demo company: a Spanish wholesaler of food and hospitality supplies, invented, and the same on every load."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.buying import add_suppliers, buy_some
from app.demo.catalogue import add_catalogue, read_catalogue
from app.demo.company import DEMO_PASSWORD, STAFF, DemoLogin, add_company
from app.demo.customers import (
    Company,
    add_customers,
    add_item_numbers,
    credit_limit_for,
    demo_logins,
    plan_customers,
)
from app.demo.deliveries import deliver_early, deliver_some
from app.demo.invoices import invoice_early, invoice_some
from app.demo.orders import PlannedOrder, plan_orders
from app.demo.payments import collect_some
from app.demo.pricing import price_some
from app.demo.quotes import quote_some
from app.demo.sales import add_legacy_sales, add_orders
from app.demo.seeds import Rows, moment
from app.demo.shopping import add_shopping
from app.demo.spending import add_spending
from app.demo.stock import add_balances, reserve_open, stock_up
from app.demo.trading import add_trade_agreements
from models import all_tables
from models.base import Base
from models.customers import CreditAccount
from models.products import Assortment, Product
from models.search import refresh_search
from models.sellers import Currency, Seller
from models.users import User
from rules.states import OPEN_STATUSES, HoldReason

if TYPE_CHECKING:
    from app.database import Database

DEMO_LOGINS: list[DemoLogin] = demo_logins(STAFF)
_BATCH = 1000

__all__ = ["DEMO_LOGINS", "DEMO_PASSWORD", "DemoLogin", "load_demo"]


async def load_demo(database: "Database", today: date, now: datetime | None = None) -> None:
    """
    Fills an empty, migrated database: in one transaction, but for goods and money, which go by the ordinary acts.

    Args:
        today: the day the company lives in; everything else is counted from it.
        now: the instant after everything that happened; noon of that day unless told.
    """
    rows = plan_demo(today, now or moment(today, 12))
    async with database.job() as session:
        await _insert(session, rows)
        await session.execute(
            text("select setval('sales_order_number_seq', (select count(*) from sales_order))")
        )
        await session.execute(
            text(
                "select setval('trade_agreement_journal_number_seq', (select count(*) from trade_agreement_journal))"
            )
        )
        await refresh_search(session)
    at = now or moment(today, 12)
    await invoice_early(database, await deliver_early(database, at))
    await deliver_some(database, at)
    await invoice_some(database, at)
    await collect_some(database, at)
    await price_some(database, at)
    await buy_some(database, at)
    await quote_some(database, at)


def plan_demo(today: date, now: datetime) -> Rows:
    """Every row of the demo company but the search's."""
    rows = Rows(today, now)
    catalogue = read_catalogue()
    companies = plan_customers()
    add_company(rows)
    add_catalogue(rows, catalogue)
    add_customers(rows, companies)
    add_item_numbers(rows, companies, catalogue.items)
    on_sale = [item for item in catalogue.items if item.id not in _withdrawn(rows)]
    orders = plan_orders(companies, on_sale, today, now)
    shelves = stock_up(rows, catalogue.items, orders)
    reserved = reserve_open(shelves, orders)
    add_balances(rows, shelves, reserved)
    add_orders(rows, orders)
    add_legacy_sales(rows, companies, on_sale)
    add_shopping(rows, companies, on_sale)
    add_spending(rows, companies)
    add_trade_agreements(rows, companies, on_sale)
    add_suppliers(rows, on_sale)
    _add_credit(rows, companies, orders)
    return rows


def _withdrawn(rows: Rows) -> set[Any]:
    return {row["id"] for row in rows.of[Product] if row["active_until"] is not None}


def _add_credit(rows: Rows, companies: Sequence[Company], orders: Sequence[PlannedOrder]) -> None:
    """Room above what is open for everyone, but too little where an order waits for its release."""
    exposure: dict[int, Decimal] = {}
    held: dict[int, Decimal] = {}
    for order in orders:
        if order.status in OPEN_STATUSES:
            holder = order.company.parent or order.company.number
            exposure[holder] = exposure.get(holder, Decimal(0)) + order.gross
            if HoldReason.CREDIT in order.holds:
                held[holder] = held.get(holder, Decimal(0)) + order.gross
    for company in companies:
        if company.parent is not None or not company.buys:
            continue
        used = exposure.get(company.number, Decimal(0))
        limit = credit_limit_for(used, company.weight)
        if company.number in held:
            limit = (used - held[company.number] / 2).quantize(Decimal(1))
        rows.add(CreditAccount, customer_id=company.id, credit_limit=limit, currency=company.currency)


async def _insert(session: AsyncSession, rows: Rows) -> None:
    """In the order of foreign keys; users and assortments come before those that also point back at them."""
    assert all_tables
    early: list[type[Any]] = [Currency, Seller, User, Assortment]
    rank = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    later = sorted(
        (table for table in rows.of if table not in early), key=lambda table: rank[table.__tablename__]
    )
    for table in [*early, *later]:
        found = rows.of[table]
        for start in range(0, len(found), _BATCH):
            await session.execute(insert(table), found[start : start + _BATCH])
