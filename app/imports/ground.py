"""What an import stands on: the seller, its terms, taxes and warehouse, found where they exist, else made."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.imports.common import Progress
from app.imports.report import ImportReport
from app.imports.store import Store
from models.base import Base
from models.customers import CustomerGroup, ExternalReference
from models.products import Assortment, ProductCategory, UnitOfMeasure
from models.sellers import (
    Currency,
    DeliveryTerm,
    ExchangeRate,
    NumberSeries,
    PaymentTerm,
    PaymentTermInstalment,
    Seller,
    TaxCategory,
    TaxRate,
)
from models.stock import Warehouse
from rules.states import CreditPolicy, DocumentKind, OutOfStockPolicy

UNIT = "PCE"
_LOCK = 7_236_514_002  # any number of our own: imports run one after another
_CURRENCY_NAMES = {"EUR": "Euro", "USD": "US dollar", "GBP": "Pound sterling"}
# Stand-ins where the seller has no rate, so that an order can be priced at all; the report asks for real ones.
_STAND_IN_RATES = {"USD": Decimal("0.90"), "GBP": Decimal("1.15")}
# The general rate since an import may begin: Ley 41/1994, art. 78; Ley 26/2009, art. 79; RD-ley 20/2012, art. 23.
_GENERAL_RATES = (
    (Decimal(16), date(1995, 1, 1), date(2010, 7, 1)),
    (Decimal(18), date(2010, 7, 1), date(2012, 9, 1)),
    (Decimal(21), date(2012, 9, 1), None),
)
_SELLER = {
    "code": "VENTAS", "name": "Ventas Mayoristas SL", "tax_id": "B87654323", "street": "Calle de Alcalá 100",
    "postal_code": "28009", "city": "Madrid", "country": "ES", "email": "ventas@ventas.example",
    "phone": "+34 910 000 000", "tax_territory": "ES", "currency": "EUR", "time_zone": "Europe/Madrid",
    "locale": "es", "out_of_stock_policy": OutOfStockPolicy.REFUSE, "credit_policy": CreditPolicy.HOLD,
    "parents_see_descendants": False, "low_stock_threshold": Decimal(10),
}  # fmt: skip
RowT = TypeVar("RowT", bound=Base)


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is the same for all rows of a source; `root` is its category, at the top of the tree."""

    namespace: str
    title: str
    currency: str
    root: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The rows that imported customers and products point at."""

    store: Store
    zone: ZoneInfo
    payment_term_id: UUID
    delivery_term_id: UUID
    tax_category_id: UUID
    warehouse_id: UUID
    root_category: ProductCategory
    assortment_id: UUID
    customer_group_id: UUID


async def lay_ground(
    session: AsyncSession, report: ImportReport, data_set: DataSet, now: datetime, progress: Progress
) -> Ground:
    """Finds or makes what is needed; an existing seller keeps its own terms, taxes and warehouses."""
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    finder = _Finder(session, report)
    for code in dict.fromkeys(("EUR", data_set.currency)):
        await finder.found_or(
            Currency(code=code, exponent=2, name=_CURRENCY_NAMES[code]), Currency.code == code
        )
    await finder.found_or(UnitOfMeasure(code=UNIT, name="Unidad", decimals=0), UnitOfMeasure.code == UNIT)
    seller = await _seller(finder, data_set.namespace)
    zone = ZoneInfo(seller.time_zone)
    today = now.astimezone(zone).date()
    await _exchange_rate(finder, seller, data_set.currency, today)
    store = Store(
        session, report, progress, seller.id, data_set.namespace, now, today, data_set.currency
    )  # fmt: skip
    await store.load_references()
    code = data_set.namespace.upper()
    assortment = await finder.found_or(
        Assortment(seller_id=seller.id, code=code, name=data_set.title),
        Assortment.seller_id == seller.id, Assortment.code == code,
    )  # fmt: skip
    # Its own assortment, so that its customers see what has a price in their currency, and nothing else.
    group = await finder.found_or(
        CustomerGroup(seller_id=seller.id, code=code, name=data_set.title, assortment_id=assortment.id),
        CustomerGroup.seller_id == seller.id, CustomerGroup.code == code,
    )  # fmt: skip
    root = await finder.found_or(
        ProductCategory(
            seller_id=seller.id, code=data_set.namespace, name=data_set.root, path=f"/{data_set.namespace}/"
        ),
        ProductCategory.seller_id == seller.id, ProductCategory.code == data_set.namespace,
    )  # fmt: skip
    return Ground(
        store=store,
        zone=zone,
        payment_term_id=await _payment_term(finder, seller),
        delivery_term_id=await _delivery_term(finder, seller),
        tax_category_id=await _standard_tax(finder, seller, today),
        warehouse_id=await _warehouse(finder, seller, today),
        root_category=root,
        assortment_id=assortment.id,
        customer_group_id=group.id,
    )


class _Finder:
    """Adds a row where none answers the conditions, and counts it."""

    def __init__(self, session: AsyncSession, report: ImportReport) -> None:
        self.session = session
        self.report = report

    async def found_or(self, row: RowT, *conditions: ColumnElement[bool]) -> RowT:
        found = await self.session.scalar(select(type(row)).where(*conditions).limit(1))
        return found if found is not None else await self.add(row)

    async def add(self, row: RowT) -> RowT:
        self.session.add(row)
        await self.session.flush()
        self.report.inserted[row.__tablename__] += 1
        return row


async def _seller(finder: _Finder, namespace: str) -> Seller:
    """The seller this source went to before, else the oldest, else one of our own making."""
    earlier = select(ExternalReference.seller_id).where(ExternalReference.namespace == namespace)
    found = await finder.session.scalar(
        select(Seller).order_by(Seller.id.in_(earlier).desc(), Seller.id).limit(1)
    )
    if found is not None:
        return found
    seller = await finder.add(Seller(**_SELLER))
    for kind, prefix, sequence in (
        (DocumentKind.ORDER, "SO", "sales_order_number_seq"),
        (DocumentKind.DELIVERY, "DN", "delivery_number_seq"),
        (DocumentKind.CUSTOMER, "C", "customer_number_seq"),
    ):
        await finder.add(
            NumberSeries(seller_id=seller.id, kind=kind, prefix=prefix, digits=6, sequence_name=sequence)
        )
    finder.report.notes.append(f"There was no seller yet: {seller.name} was made.")
    return seller


async def _exchange_rate(finder: _Finder, seller: Seller, currency: str, today: date) -> None:
    if currency == seller.currency:
        return
    known = select(ExchangeRate).where(
        ExchangeRate.seller_id == seller.id,
        ExchangeRate.currency == currency,
        ExchangeRate.valid_from <= today,
    )
    if await finder.session.scalar(known.limit(1)) is not None:
        return
    rate = _STAND_IN_RATES[currency]
    await finder.add(ExchangeRate(seller_id=seller.id, currency=currency, valid_from=today, rate=rate))
    finder.report.notes.append(
        f"There was no exchange rate for {currency}: {rate} {seller.currency} stands in from {today} on."
        " Put the day's rate in its place."
    )


async def _payment_term(finder: _Finder, seller: Seller) -> UUID:
    """Thirty days in one instalment, whatever the seller calls it."""
    whole = (
        select(PaymentTerm.id)
        .join(PaymentTermInstalment, PaymentTermInstalment.payment_term_id == PaymentTerm.id)
        .where(
            PaymentTerm.seller_id == seller.id,
            PaymentTermInstalment.due_days == 30,
            PaymentTermInstalment.share_percent == 100,
        )
        .order_by(PaymentTerm.code)
    )
    found = await finder.session.scalar(whole.limit(1))
    if found is not None:
        return found
    term = await finder.add(PaymentTerm(seller_id=seller.id, code="30D", name="30 días"))
    await finder.add(
        PaymentTermInstalment(
            payment_term_id=term.id, position=1, share_percent=Decimal(100), due_days=30, end_of_month=False
        )
    )
    return term.id


async def _delivery_term(finder: _Finder, seller: Seller) -> UUID:
    known = select(DeliveryTerm.id).where(DeliveryTerm.seller_id == seller.id, DeliveryTerm.incoterm == "DAP")
    found = await finder.session.scalar(known.order_by(DeliveryTerm.code).limit(1))
    if found is not None:
        return found
    term = DeliveryTerm(
        seller_id=seller.id, code="DAP", name="Entregado en destino", incoterm="DAP", place=seller.city
    )
    return (await finder.add(term)).id


async def _standard_tax(finder: _Finder, seller: Seller, today: date) -> UUID:
    """The category with the highest rate in the seller's territory: no reduced rate is given unasked."""
    rates = (
        select(TaxCategory.id)
        .join(TaxRate, TaxRate.tax_category_id == TaxCategory.id)
        .where(
            TaxCategory.seller_id == seller.id,
            TaxRate.territory == seller.tax_territory,
            TaxRate.valid_from <= today,
            or_(TaxRate.valid_until.is_(None), TaxRate.valid_until > today),
        )
        .order_by(TaxRate.percent.desc(), TaxCategory.code)
    )
    found = await finder.session.scalar(rates.limit(1))
    if found is not None:
        return found
    category = await finder.add(TaxCategory(seller_id=seller.id, code="STANDARD", name="IVA general"))
    for percent, since, until in _GENERAL_RATES:
        rate = TaxRate(
            tax_category_id=category.id,
            territory=seller.tax_territory,
            percent=percent,
            valid_from=since,
            valid_until=until,
        )
        await finder.add(rate)
    return category.id


async def _warehouse(finder: _Finder, seller: Seller, today: date) -> UUID:
    in_use = select(Warehouse.id).where(
        Warehouse.seller_id == seller.id,
        or_(Warehouse.active_until.is_(None), Warehouse.active_until > today),
    )
    found = await finder.session.scalar(in_use.order_by(Warehouse.priority, Warehouse.code).limit(1))
    if found is not None:
        return found
    warehouse = Warehouse(
        seller_id=seller.id, code="CENTRAL", name="Almacén central", city=seller.city, time_zone=seller.time_zone,
        priority=1,
    )  # fmt: skip
    return (await finder.add(warehouse)).id
