"""
Online Retail: a giftware wholesaler's invoice lines, from which customers, products and list prices are drawn.

The file has neither stock nor categories: none is invented. Its products take backorders instead.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.database import Database
from app.imports.catalogue import PRODUCT_INITIAL, Article, product_values, put_assortment, put_history
from app.imports.common import CODE_LENGTH, Progress, Row, most_frequent, read_rows
from app.imports.ground import UNIT, DataSet, Ground, lay_ground
from app.imports.report import ImportReport
from models.customers import Customer
from models.products import Product, ProductCategoryTranslation
from models.search import refresh_search
from rules.money import ZERO, line_amount
from rules.states import CustomerStatus, OutOfStockPolicy, SaleKind
from rules.texts import item_key, sort_key

ONLINE_RETAIL = DataSet("online-retail", "Online Retail", "GBP", "Giftware")
COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
SOURCE_ZONE = ZoneInfo("Europe/London")
CASH_SALES = "CASH"
PRICE_DAYS = 90
# Postage, carriage, manual entries, discounts, samples, fees, vouchers: what is invoiced and is no goods.
_SERVICES = frozenset(
    {"POST", "DOT", "C2", "C3", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "23444", "23574"}
)
_VOUCHER = re.compile(r"GIFT_[0-9]{4}(_[0-9]+)?")


@dataclass(slots=True)
class Line:
    """A row read; `code` is the stock code in the spelling most used."""

    row: Row
    invoice: str
    spelled: str
    code: str
    description: str
    quantity: Decimal
    price: Decimal
    sold_at: datetime
    customer: str
    country: str
    kind: SaleKind = SaleKind.SALE
    key: str = ""


async def import_online_retail(
    database: Database, file: Path, now: datetime, progress: Progress | None = None
) -> ImportReport:
    """
    Reads the invoice lines, plain or gzipped, and stores them in one transaction.

    Raises:
        ImportFault: the file cannot be read; nothing is stored.
    """
    progress = progress or Progress()
    report = ImportReport(ONLINE_RETAIL.namespace)
    rows = read_rows(file, COLUMNS)
    report.add(rows, file.name)
    lines = [_read(row) for row in progress.over(rows, "Reading invoice lines")]
    _settle_codes(lines)
    _number_lines(lines)
    for line in lines:
        line.kind = kind_of(line)
    async with database.job() as session:
        ground = await lay_ground(session, report, ONLINE_RETAIL, now, progress)
        articles = await _put_products(ground, lines)
        customers = await _put_customers(ground, lines)
        await put_history(ground, [_history(line, articles, customers) for line in lines])
        await ground.store.write_references()
        if any(each.startswith("product") for each in (*report.inserted, *report.updated)):
            await refresh_search(session)
    return report


def _read(row: Row) -> Line:
    customer = row.text("CustomerID", CODE_LENGTH - 8)
    if not customer:
        row.mend("CustomerID: empty, counted as a cash sale")
    spelled = row.key("StockCode")
    return Line(
        row=row,
        invoice=row.key("InvoiceNo"),
        spelled=spelled,
        code=spelled,
        description=row.text("Description"),
        quantity=row.number_of("Quantity"),
        price=row.number_of("UnitPrice"),
        # The wholesaler wrote local time. A time that an autumn night has twice is taken as the first.
        sold_at=row.moment("InvoiceDate").replace(tzinfo=SOURCE_ZONE),
        customer=customer,
        country=row.country("Country"),
    )


def _settle_codes(lines: Iterable[Line]) -> None:
    """One spelling for codes that differ in case or separators only, for they are one article."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        spellings[item_key(line.spelled)][line.spelled] += 1
    chosen = {key: _most_used(found) for key, found in spellings.items()}
    for line in lines:
        line.code = chosen[item_key(line.spelled)]
        if line.code != line.spelled:
            line.row.mend("StockCode: another spelling of the same code (upper and lower case)")


def _most_used(spellings: Counter[str]) -> str:
    """Of equals, the one in upper case, which sorts first."""
    return min(spellings, key=lambda code: (-spellings[code], code))


def _number_lines(lines: Iterable[Line]) -> None:
    """The source has no line numbers: invoice, code and which of the equal ones it is tell lines apart."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        counts[line.invoice, line.spelled] += 1
        line.key = f"{line.invoice}/{line.spelled}/{counts[line.invoice, line.spelled]}"


def is_service(code: str) -> bool:
    return code.upper() in _SERVICES or _VOUCHER.fullmatch(code.upper()) is not None


def kind_of(line: Line) -> SaleKind:
    """Services first: a discount on a cancelled invoice is still no article. Then C, then what nobody paid for."""
    if is_service(line.code):
        return SaleKind.SERVICE
    if line.invoice.upper().startswith("C"):
        return SaleKind.CANCELLATION
    if line.quantity <= 0 or line.price <= 0:
        return SaleKind.ADJUSTMENT
    return SaleKind.SALE


# Products


async def _put_products(ground: Ground, lines: list[Line]) -> dict[str, Article]:
    """
    A product per stock code of goods, with a list price where it was ever sold.

    What was never sold stands in the file as a cancellation or an adjustment only; it is kept for its history and
    not for sale.
    """
    store = ground.store
    by_code: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.kind is not SaleKind.SERVICE:
            by_code[line.code].append(line)
    articles: dict[str, Article] = {}
    products: list[dict[str, Any]] = []
    prices: dict[UUID, Decimal] = {}
    ended = await store.column(Product, "active_until")
    skus = await store.column(Product, "sku")
    known = {line.spelled: store.known("Product", line.spelled) for line in lines}
    for code, found in by_code.items():
        # A code met in another spelling before stays the product it became then.
        spellings = sorted({line.spelled for line in found})
        product_id = next((known[each] for each in (code, *spellings) if known[each]), None)
        product_id = store.refer("Product", code, product_id)
        for spelling in spellings:
            store.refer("Product", spelling, product_id)
        articles[code] = Article(product_id, skus.get(product_id, f"OR-{code}"), _name(code, found))
        price = list_price(found)
        if price is not None:
            prices[product_id] = price
        products.append(
            product_values(
                ground, articles[code], category_id=ground.root_category.id,
                out_of_stock_policy=OutOfStockPolicy.BACKORDER,
                active_until=None if price is not None else ended.get(product_id) or store.today,
            )
        )  # fmt: skip
    await store.put(Product, products, initial=PRODUCT_INITIAL)
    translation = {"category_id": ground.root_category.id, "locale": "es", "name": "Artículos de regalo"}
    await store.put(ProductCategoryTranslation, [translation], ("category_id", "locale"), ("name",))
    await store.put_prices(prices, UNIT)
    await put_assortment(ground, prices)
    _note_choices(ground, by_code, len(by_code) - len(prices))
    return articles


def _name(code: str, lines: Iterable[Line]) -> str:
    """The description used most among lines with a price: beside a price of 0 stand remarks such as "damaged"."""
    return (
        most_frequent(line.description for line in lines if line.description and line.price > 0)
        or f"Article {code}"
    )


def list_price(lines: Iterable[Line]) -> Decimal | None:
    """The price asked most often in the last 90 days in which it sold; of equals, the latest. None if it never sold."""
    sales = sorted((line for line in lines if line.kind is SaleKind.SALE), key=lambda line: line.sold_at)
    if not sales:
        return None
    since = sales[-1].sold_at - timedelta(days=PRICE_DAYS)
    return most_frequent(line.price for line in sales if line.sold_at >= since)


def _note_choices(ground: Ground, by_code: Mapping[str, list[Line]], unsold: int) -> None:
    names = sum(
        len({line.description for line in found if line.description}) > 1 for found in by_code.values()
    )
    prices = sum(
        len({line.price for line in found if line.kind is SaleKind.SALE}) > 1 for found in by_code.values()
    )
    ground.store.report.notes += [
        f"{names:,} articles have several descriptions: the most frequent beside a price became the name;"
        " each line keeps its own.",
        f"{prices:,} articles were sold at several prices: the most frequent of their last {PRICE_DAYS} days of"
        " sales became the list price; each line keeps its own.",
        f"{unsold:,} articles were never sold in this file: kept for their history, not for sale.",
        "The file has no stock, categories or addresses: products take backorders, buyers enter an address.",
    ]


# Customers


async def _put_customers(ground: Ground, lines: list[Line]) -> dict[str, UUID]:
    """Numbers are all the file has as names; the country is the one most lines say. Blank ones are one customer."""
    store = ground.store
    countries: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        countries[line.customer].append(line.country)
    ids = {each: store.refer("Customer", each or CASH_SALES) for each in countries}
    several = 0
    customers = []
    for customer, found in countries.items():
        name = f"Customer {customer}" if customer else "Cash sales"
        several += bool(customer) and len(set(found)) > 1
        customers.append(
            {
                "id": ids[customer], "seller_id": store.seller_id, "number": f"OR-{customer or CASH_SALES}",
                "name": name, "name_sort": sort_key(name),
                "country": (most_frequent(found) if customer else None) or "GB", "status": CustomerStatus.ACTIVE,
                "customer_group_id": ground.customer_group_id, "payment_term_id": ground.payment_term_id,
                "delivery_term_id": ground.delivery_term_id, "currency": store.currency, "locale": "en",
                "buyers_see_company_orders": False, "created_at": store.now,
            }
        )  # fmt: skip
    initial = (
        "seller_id", "number", "name", "name_sort", "status", "customer_group_id", "payment_term_id",
        "delivery_term_id", "currency", "locale", "buyers_see_company_orders", "created_at",
    )  # fmt: skip
    await store.put(Customer, customers, initial=initial)
    if several:
        store.report.notes.append(
            f"{several:,} customers have lines of several countries: the most frequent holds."
        )
    return ids


# Past sales


def _history(line: Line, articles: Mapping[str, Article], customers: Mapping[str, UUID]) -> dict[str, Any]:
    article = articles.get(line.code) if line.kind is not SaleKind.SERVICE else None
    description = line.description
    if not description:
        description = article.name if article else line.code
        line.row.mend("Description: empty, taken from the article")
    return {
        "source_key": line.key, "document_number": line.invoice, "kind": line.kind,
        "customer_id": customers[line.customer], "month": line.sold_at.date().replace(day=1),
        "sold_at": line.sold_at.astimezone(UTC), "product_id": article.product_id if article else None,
        "sku": article.sku if article else line.code, "description": description, "quantity": line.quantity,
        "unit_price": line.price, "discount_percent": ZERO, "discount_amount": ZERO,
        "net_amount": line_amount(line.quantity, line.price), "sales_rep_id": None,
    }  # fmt: skip
