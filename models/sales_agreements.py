"""Sales agreements: what was agreed, in versions that both sides confirm, and what was consumed of it."""

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
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Base,
    Code,
    CurrencyCode,
    Id,
    LongText,
    Moment,
    Name,
    Percent,
    Quantity,
    SerialId,
    Stored,
    UnitPrice,
    one_of,
)
from rules.sales_agreement_terms import VersionStatus
from rules.sales_agreements import AgreementPricing, AgreementStatus, CommitmentType

NOTHING = Decimal(0)


class SalesAgreement(Base):
    """
    An agreement with a customer: it holds for the customer and for those below it.

    Its terms are those of the version in force, or of the one being written while none is; EXPIRED is never stored.
    """

    __tablename__ = "sales_agreement"
    __table_args__ = (
        one_of("status", AgreementStatus),
        one_of("pricing", AgreementPricing),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        CheckConstraint("valid_from < valid_until", name="days_in_order"),
        Index(None, "customer_id", "status"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[AgreementStatus] = mapped_column(Stored(AgreementStatus))
    status_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    title: Mapped[Name]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    pricing: Mapped[AgreementPricing] = mapped_column(Stored(AgreementPricing))
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    # Null: the customer's own.
    payment_term_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_term.id"))
    delivery_term_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_term.id"))
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    # When the customer could first read it; null: ours alone.
    proposed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AgreementVersion(Base):
    """
    One version of an agreement's terms (rules/sales_agreement_terms.py), with who confirmed it and what exactly.

    A version that was proposed is never changed again: an amendment is the next one.
    """

    __tablename__ = "agreement_version"
    __table_args__ = (
        one_of("status", VersionStatus),
        UniqueConstraint("agreement_id", "number"),
        ForeignKeyConstraint(
            ["customer_id", "agreement_id"], ["sales_agreement.customer_id", "sales_agreement.id"]
        ),
        CheckConstraint("(status = 'DRAFT') = (confirmed_at is null)", name="confirmed_by_us"),
        CheckConstraint("(confirmed_at is null) = (content_hash is null)", name="hashed_when_confirmed"),
        CheckConstraint(
            "(accepted_at is null) or status in ('IN_FORCE', 'SUPERSEDED')", name="accepted_once_in_force"
        ),
        Index(
            "uq_agreement_version_open", "agreement_id", unique=True,
            postgresql_where=text("status in ('DRAFT', 'PROPOSED')"),
        ),
        Index(
            "uq_agreement_version_in_force", "agreement_id", unique=True,
            postgresql_where=text("status = 'IN_FORCE'"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    agreement_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int]
    status: Mapped[VersionStatus] = mapped_column(Stored(VersionStatus))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    # Our side.
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    confirmed_by_name: Mapped[Name] = mapped_column(server_default="", default="")
    # The customer's side.
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    accepted_by_name: Mapped[Name] = mapped_column(server_default="", default="")
    answer_reason: Mapped[LongText] = mapped_column(server_default="", default="")


class AgreementLine(Base):
    """
    A commitment in force, with running totals of what was consumed: in `unit_code` where it is a quantity, else in the
    agreement's currency. The totals are changed by conditional updates alone, and are the sums of the ledger.
    """

    __tablename__ = "agreement_line"
    __table_args__ = (
        one_of("type", CommitmentType),
        UniqueConstraint("agreement_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(
            ["customer_id", "agreement_id"], ["sales_agreement.customer_id", "sales_agreement.id"]
        ),
        CheckConstraint("valid_from < valid_until", name="days_in_order"),
        CheckConstraint("committed > 0", name="committed_positive"),
        CheckConstraint("(type in ('PRODUCT_QUANTITY', 'PRODUCT_VALUE')) = (product_id is not null)", name="product"),
        CheckConstraint("(type = 'CATEGORY_VALUE') = (category_id is not null)", name="category"),
        CheckConstraint("(type = 'PRODUCT_QUANTITY') = (unit_code is not null)", name="unit"),
        CheckConstraint(
            "type = 'PRODUCT_QUANTITY' or unit_price is null and cash_discount_amount = 0", name="price_of_quantity"
        ),
        CheckConstraint(
            "unit_price >= 0 and price_unit > 0 and cash_discount_amount >= 0"
            " and discount_percent between 0 and 100 and penalty_percent between 0 and 100",
            name="price_range",
        ),
        CheckConstraint("min_release >= 0 and max_release >= min_release", name="release_range"),
        CheckConstraint(
            "released >= 0 and delivered >= 0 and invoiced >= 0 and returned >= 0", name="totals_not_negative"
        ),
        CheckConstraint("not max_enforced or released <= committed", name="within_committed"),
        CheckConstraint("is_active or released = 0", name="active_when_consumed"),
        Index("ix_agreement_line_product", "customer_id", "product_id", postgresql_where=text("is_active")),
    )  # fmt: skip
    id: Mapped[Id]
    agreement_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int]
    is_active: Mapped[bool] = mapped_column(server_default="true", default=True)
    type: Mapped[CommitmentType] = mapped_column(Stored(CommitmentType))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    name: Mapped[Name]
    unit_code: Mapped[str | None] = mapped_column(String(16), ForeignKey("unit_of_measure.code"))
    committed: Mapped[Quantity]
    unit_price: Mapped[UnitPrice | None]
    price_unit: Mapped[Quantity] = mapped_column(server_default="1", default=Decimal(1))
    discount_percent: Mapped[Percent] = mapped_column(server_default="0", default=NOTHING)
    cash_discount_amount: Mapped[UnitPrice] = mapped_column(server_default="0", default=NOTHING)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    max_enforced: Mapped[bool]
    is_price_fixed: Mapped[bool]
    min_release: Mapped[Quantity | None]
    max_release: Mapped[Quantity | None]
    penalty_percent: Mapped[Percent] = mapped_column(server_default="0", default=NOTHING)
    stackable_with_promotions: Mapped[bool]
    include_in_total_discount: Mapped[bool]
    exclude_from_rebate: Mapped[bool]
    released: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    delivered: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    invoiced: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    returned: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)


class AgreementConsumption(Base):
    """
    A booking: what an event changed in what an order line consumes of a commitment. Never changed, never deleted.

    `customer_id` is who ordered, the holder or one below it; what it consumed is the sum of its rows.
    """

    __tablename__ = "agreement_consumption"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint(
            "released <> 0 or delivered <> 0 or invoiced <> 0 or returned <> 0", name="something_changed"
        ),
        Index(None, "customer_id", "agreement_line_id"),
        Index(None, "agreement_line_id", "id"),
        Index(None, "order_line_id"),
    )
    id: Mapped[SerialId]
    agreement_line_id: Mapped[UUID] = mapped_column(ForeignKey("agreement_line.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_line_id: Mapped[UUID]
    event: Mapped[Code]
    booked_at: Mapped[Moment]
    released: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    delivered: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    invoiced: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
    returned: Mapped[Quantity] = mapped_column(server_default="0", default=NOTHING)
