"""Money received: payments, what they were matched to, and the bank files they came from."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
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
    LongText,
    Moment,
    Name,
    Stored,
    UnitPrice,
    one_of,
)
from rules.states import BankLineStatus, PaymentMethod


class Payment(Base):
    """Money that came; what is not matched to instalments is on account."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("method", PaymentMethod),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["currency", "currency_exponent"], ["currency.code", "currency.exponent"]),
        CheckConstraint("amount > 0 and amount = round(amount, currency_exponent)", name="amount_positive"),
        CheckConstraint("amount_matched >= 0 and amount_matched <= amount", name="matched_within"),
        CheckConstraint("exchange_rate > 0", name="exchange_rate_positive"),
        CheckConstraint("reversed_at is null or amount_matched = 0", name="reversed_matches_nothing"),
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        Index(None, "customer_id", "received_on", "id"),
        Index("ix_payment_quote_id", "quote_id", postgresql_where=text("quote_id is not null")),
        Index(
            "ix_payment_on_account", "customer_id",
            postgresql_where=text("amount_matched < amount and reversed_at is null"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    method: Mapped[PaymentMethod] = mapped_column(Stored(PaymentMethod))
    version: Mapped[int] = mapped_column(server_default="1")
    received_on: Mapped[date]
    currency: Mapped[CurrencyCode]
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    exchange_rate: Mapped[UnitPrice]
    exchange_rate_on: Mapped[date]
    amount: Mapped[Amount]
    amount_matched: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    reference: Mapped[Name] = mapped_column(server_default="")
    note: Mapped[LongText] = mapped_column(server_default="")
    # The quote whose deposit it is.
    quote_id: Mapped[UUID | None]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    reversed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reversal_reason: Mapped[LongText] = mapped_column(server_default="")


class PaymentMatch(Base):
    """An amount of a payment, or of a rectifying invoice, set against an instalment. Undone, it keeps its history."""

    __tablename__ = "payment_match"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "payment_id"], ["payment.customer_id", "payment.id"]),
        ForeignKeyConstraint(
            ["customer_id", "credit_instalment_id"],
            ["invoice_instalment.customer_id", "invoice_instalment.id"],
        ),
        ForeignKeyConstraint(
            ["customer_id", "instalment_id"], ["invoice_instalment.customer_id", "invoice_instalment.id"]
        ),
        CheckConstraint("(payment_id is null) <> (credit_instalment_id is null)", name="one_source"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index(None, "customer_id", "instalment_id"),
        Index(None, "customer_id", "payment_id"),
        Index(None, "customer_id", "credit_instalment_id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    payment_id: Mapped[UUID | None]
    credit_instalment_id: Mapped[UUID | None]
    instalment_id: Mapped[UUID]
    amount: Mapped[Amount]
    matched_on: Mapped[date]
    matched_at: Mapped[Moment]
    matched_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BankFile(Base):
    """A statement of our bank that was read; the same file is never read twice."""

    __tablename__ = "bank_file"
    __table_args__ = (UniqueConstraint("seller_id", "sha256"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[Name]
    format: Mapped[Code]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    imported_at: Mapped[Moment]
    imported_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))


class BankLine(Base):
    """
    A line of a bank file and what became of it. `fingerprint` tells a movement that another file brought too.

    No customer's role reads it: until it is matched nobody knows whose it is.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        one_of("status", BankLineStatus),
        UniqueConstraint("bank_file_id", "position"),
        Index(
            "uq_bank_line_fingerprint", "seller_id", "fingerprint", unique=True,
            postgresql_where=text("status <> 'DUPLICATE'"),
        ),
        Index("ix_bank_line_waiting", "seller_id", postgresql_where=text("status in ('UNKNOWN', 'ON_ACCOUNT')")),
    )  # fmt: skip
    id: Mapped[Id]
    bank_file_id: Mapped[UUID] = mapped_column(ForeignKey("bank_file.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    position: Mapped[int]
    booked_on: Mapped[date]
    amount: Mapped[Amount]
    currency: Mapped[CurrencyCode]
    remitter: Mapped[Name] = mapped_column(server_default="")
    reference: Mapped[LongText] = mapped_column(server_default="")
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[BankLineStatus] = mapped_column(Stored(BankLineStatus))
    # The template of the message and its values: whoever reads it reads it in their own language.
    problem: Mapped[LongText] = mapped_column(server_default="")
    problem_data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))


class CreditCondition(Base):
    """
    What a held order waits for: money of its customer, in the seller's currency, until a day.

    The payment that completes the amount releases the order in its own transaction.
    """

    __tablename__ = "credit_condition"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        CheckConstraint("amount_awaited > 0 and amount_received >= 0", name="amounts_positive"),
        Index("uq_credit_condition_order", "order_id", unique=True, postgresql_where=text("ended_at is null")),
        Index("ix_credit_condition_waiting", "customer_id", postgresql_where=text("ended_at is null")),
    )  # fmt: skip
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID]
    amount_awaited: Mapped[Amount]
    amount_received: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    valid_until: Mapped[date | None]
    reason: Mapped[LongText]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
