"""A company's own consent to orders: its rules, its people's limits, and what waits for a decision."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
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
    one_of,
)
from rules.states import ApprovalStatus, LimitPeriod


class SpendLimit(Base):
    """What a person may order for a customer without asking: per order and per period; null means without limit."""

    __tablename__ = "spend_limit"
    __table_args__ = (
        one_of("period", LimitPeriod),
        CheckConstraint("per_order >= 0 and per_period >= 0", name="limits_not_negative"),
        Index(None, "customer_id"),
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    per_order: Mapped[Amount | None]
    per_period: Mapped[Amount | None]
    period: Mapped[LimitPeriod] = mapped_column(Stored(LimitPeriod))
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]


class ApprovalRule(Base):
    """Orders of a customer that somebody else there has to consent to: from an amount on, or with a category."""

    __tablename__ = "approval_rule"
    __table_args__ = (
        CheckConstraint("from_amount >= 0", name="from_amount_not_negative"),
        CheckConstraint("from_amount is not null or category_id is not null", name="has_condition"),
        Index(None, "customer_id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[Name]
    from_amount: Mapped[Amount | None]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


class ApprovalRequest(Base):
    """
    Something that waits for consent. One engine for all subjects: orders, what is given on them by hand, quotes before
    they are sent and their acceptance; later agreements, returns.

    `reasons` are the rules that asked for it as they stood then; `act` is what the requester's act was given,
    and is done when somebody consents.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        one_of("status", ApprovalStatus),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        CheckConstraint(
            "(quote_id is not null) = (subject_type in ('Quote', 'QuoteAcceptance'))",
            name="of_order_or_quote",
        ),
        CheckConstraint(
            "decided_by_id is null or decided_by_id <> requested_by_id", name="decided_by_another"
        ),
        CheckConstraint(
            "(status in ('APPROVED', 'REFUSED')) = (decided_by_id is not null)", name="decision_has_person"
        ),
        Index(
            "uq_approval_request_pending",
            "order_id",
            unique=True,
            postgresql_where=text("status = 'PENDING'"),
        ),
        Index(
            "uq_approval_request_quote_pending",
            "quote_id",
            "subject_type",
            unique=True,
            postgresql_where=text("status = 'PENDING'"),
        ),
        Index(None, "customer_id", "status", "requested_at"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    subject_type: Mapped[Code]
    order_id: Mapped[UUID | None]
    quote_id: Mapped[UUID | None]
    status: Mapped[ApprovalStatus] = mapped_column(Stored(ApprovalStatus))
    version: Mapped[int] = mapped_column(server_default="1")
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    act: Mapped[dict[str, Any]] = mapped_column(JSONB)
    requested_at: Mapped[Moment]
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    requested_by_name: Mapped[Name]
    due_at: Mapped[Moment]
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    decided_by_name: Mapped[Name] = mapped_column(server_default="")
    decision_reason: Mapped[LongText] = mapped_column(server_default="")
