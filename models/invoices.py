"""Invoices and rectifying invoices, their tax and instalments, and the chain of their legal records."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Amount,
    Base,
    Code,
    CurrencyCode,
    Id,
    Locale,
    LongText,
    Moment,
    Name,
    Percent,
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from rules.states import (
    BuyerInvoiceStatus,
    InvoiceKind,
    InvoiceRecordKind,
    InvoiceStatus,
    InvoiceType,
    LineKind,
)

_EXACT = " and ".join(
    f"{each} = round({each}, currency_exponent)"
    for each in ("net_amount", "tax_amount", "surcharge_amount", "gross_amount")
)


_LATEST = "COALESCE(issued_on, '9999-12-31'::date)"  # lists by date, in which drafts come first


def _amounts_add_up() -> tuple[CheckConstraint, CheckConstraint]:
    """Net, tax and equivalence surcharge make gross, and none has more decimals than the currency."""
    return (
        CheckConstraint("gross_amount = net_amount + tax_amount + surcharge_amount", name="gross_adds_up"),
        CheckConstraint(_EXACT, name="amounts_fit_currency"),
    )


class InvoiceSeries(Base):
    """
    The counter of a series in a year: numbers are contiguous from 1 and rise with the date.

    It is taken by the issuer alone, in the short transaction that also extends the chain.
    """

    __tablename__ = "invoice_series"
    __table_args__ = (
        one_of("kind", InvoiceKind),
        CheckConstraint("next_number >= 1", name="next_number_positive"),
    )
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    code: Mapped[Code] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[InvoiceKind] = mapped_column(Stored(InvoiceKind))
    digits: Mapped[int] = mapped_column(SmallInteger)
    next_number: Mapped[int] = mapped_column(server_default="1")
    last_issued_on: Mapped[date | None]


class InvoiceChain(Base):
    """The head of a legal entity's chain of records, across its series; the issuer's lock."""

    __tablename__ = "invoice_chain"
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    last_position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_hash: Mapped[str] = mapped_column(String(64), server_default="")


class Invoice(Base):
    """
    A claim for payment, or its correction (amounts of a rectifying invoice by differences are negative).

    A draft has neither number nor day; issuing gives both, and from then on a trigger refuses every change but
    that of the buyer's answer and the version.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        one_of("status", InvoiceStatus),
        one_of("kind", InvoiceKind),
        one_of("type", InvoiceType),
        one_of("buyer_status", BuyerInvoiceStatus),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["currency", "currency_exponent"], ["currency.code", "currency.exponent"]),
        CheckConstraint(
            "(status = 'ISSUED') = (number is not null) and (number is null) = (issued_on is null)"
            " and (number is null) = (issued_at is null)",
            name="issued_has_number",
        ),
        CheckConstraint("exchange_rate > 0", name="exchange_rate_positive"),
        CheckConstraint(
            "(kind = 'RECTIFYING') = (type <> 'F1') and (kind = 'INVOICE' or reason <> '')",
            name="rectifying_has_type_and_reason",
        ),
        *_amounts_add_up(),
        Index(None, "customer_id", "issued_on", "id"),
        Index(None, "seller_id", "issued_on", "id"),
        Index("ix_invoice_latest", "customer_id", text(_LATEST), "id"),
        Index("ix_invoice_latest_of_seller", "seller_id", text(_LATEST), "id"),
        Index("ix_invoice_draft", "created_at", postgresql_where=text("status = 'DRAFT'")),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[InvoiceKind] = mapped_column(Stored(InvoiceKind))
    type: Mapped[InvoiceType] = mapped_column(Stored(InvoiceType))
    status: Mapped[InvoiceStatus] = mapped_column(Stored(InvoiceStatus))
    version: Mapped[int] = mapped_column(server_default="1")
    series_code: Mapped[Code]
    number: Mapped[str | None] = mapped_column(String(64))
    issued_on: Mapped[date | None]
    issued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    issued_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # The day of supply decides the tax rates (rule book 0.2, 38); of a summary the last one.
    supplied_from: Mapped[date]
    supplied_on: Mapped[date]
    reason: Mapped[LongText] = mapped_column(server_default="")
    buyer_status: Mapped[BuyerInvoiceStatus | None] = mapped_column(Stored(BuyerInvoiceStatus))
    buyer_status_on: Mapped[date | None]
    buyer_reason: Mapped[LongText] = mapped_column(server_default="")
    locale: Mapped[Locale]
    currency: Mapped[CurrencyCode]
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    exchange_rate: Mapped[UnitPrice]
    exchange_rate_on: Mapped[date]
    # Copies; shapes in rules/documents.py. Who issued, to whom, where it goes, when it is paid.
    seller_party: Mapped[dict[str, Any]] = mapped_column(JSONB)
    customer_number: Mapped[Code]
    customer_name: Mapped[Name]
    customer_tax_id: Mapped[str | None] = mapped_column(String(64))
    billing_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payment_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    purchase_order_number: Mapped[str] = mapped_column(String(64), server_default="")
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    surcharge_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]


class InvoiceRectification(Base):
    """Which invoices a rectifying invoice corrects."""

    __tablename__ = "invoice_rectification"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "rectifying_id"], ["invoice.customer_id", "invoice.id"]),
        ForeignKeyConstraint(["customer_id", "rectified_id"], ["invoice.customer_id", "invoice.id"]),
        CheckConstraint("rectifying_id <> rectified_id", name="another"),
        Index(None, "customer_id", "rectified_id"),
    )
    rectifying_id: Mapped[UUID] = mapped_column(primary_key=True)
    rectified_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]


class InvoiceLine(Base):
    """A line; `quantity_credited` counts what rectifying invoices took back of it."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        one_of("kind", LineKind),
        UniqueConstraint("invoice_id", "position"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        ForeignKeyConstraint(
            ["customer_id", "delivery_line_id"], ["delivery_line.customer_id", "delivery_line.id"]
        ),
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        CheckConstraint(
            "quantity_credited >= 0 and (quantity_credited = 0 or quantity_credited <= quantity)",
            name="credited_within",
        ),
        *_amounts_add_up(),
        Index(None, "customer_id", "invoice_id"),
        Index(None, "order_line_id"),
        Index(None, "delivery_line_id"),
        Index(None, "rectified_line_id"),
    )
    id: Mapped[Id]
    invoice_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(Stored(LineKind))
    order_line_id: Mapped[UUID | None]
    delivery_line_id: Mapped[UUID | None]
    rectified_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice_line.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    order_number: Mapped[Code] = mapped_column(server_default="")
    delivery_number: Mapped[Code] = mapped_column(server_default="")
    sku: Mapped[Code]
    customer_item_number: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[Name]
    unit_code: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[Quantity]
    quantity_credited: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    list_unit_price: Mapped[UnitPrice]
    price_unit: Mapped[Quantity]
    discount_percent: Mapped[Percent]
    unit_price: Mapped[UnitPrice]
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    tax_category: Mapped[Code]
    tax_percent: Mapped[Percent]
    surcharge_percent: Mapped[Percent]
    exemption_code: Mapped[Code] = mapped_column(server_default="")
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    surcharge_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]


class InvoiceTaxGroup(Base):
    """The tax of one category and rate on the summed nets (EN 16931 BG-23)."""

    __tablename__ = "invoice_tax_group"
    __table_args__ = (
        UniqueConstraint("invoice_id", "category", "percent", "surcharge_percent", "exemption_code"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        Index(None, "customer_id", "invoice_id"),
    )
    id: Mapped[Id]
    invoice_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    category: Mapped[Code]
    percent: Mapped[Percent]
    surcharge_percent: Mapped[Percent]
    # The legal ground of an untaxed group: VATEX code, VERI*FACTU qualification, and the text that is printed.
    exemption_code: Mapped[Code] = mapped_column(server_default="")
    qualification: Mapped[Code]
    exemption_reason: Mapped[LongText] = mapped_column(server_default="")
    base_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    surcharge_amount: Mapped[Amount]


class InvoiceInstalment(Base):
    """
    A part of what is claimed and when it is due; `amount_matched` is the sum of its live matches.

    Of an invoice that takes money back both are negative: the match of a credit lowers them toward zero alike.
    """

    __tablename__ = "invoice_instalment"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        CheckConstraint(
            "amount_matched * sign(amount) >= 0 and abs(amount_matched) <= abs(amount)", name="matched_within"
        ),
        Index(None, "customer_id", "invoice_id"),
        Index(
            "ix_invoice_instalment_open",
            "customer_id",
            "due_on",
            postgresql_where=text("amount_matched <> amount"),
        ),
    )
    id: Mapped[Id]
    invoice_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    due_on: Mapped[date]
    amount: Mapped[Amount]
    amount_matched: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))


class InvoiceRecord(Base):
    """
    VERI*FACTU: the legal record of an issue, chained to the one before it. Append-only.

    `hashed_text` is the exact string under the hash, so that anybody can verify the chain.
    """

    __tablename__ = "invoice_record"
    __table_args__ = (
        one_of("kind", InvoiceRecordKind),
        UniqueConstraint("seller_id", "position"),
        UniqueConstraint("seller_id", "previous_hash"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        Index(None, "customer_id", "invoice_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    kind: Mapped[InvoiceRecordKind] = mapped_column(Stored(InvoiceRecordKind))
    position: Mapped[int] = mapped_column(BigInteger)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    hashed_text: Mapped[LongText]
    recorded_at: Mapped[Moment]
