"""Quotes: what was asked for, offered in revisions that never change once sent, countered and accepted."""

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
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
from models.orders import amounts_add_up
from rules.quotes import ConversionObstacle, QuoteStatus, RevisionStatus
from rules.quotes_messages import AcceptedHow
from rules.states import LineKind


class Quote(Base):
    """
    A quote, from the request to the order: what both sides share. What is offered stands in its revisions.

    `status` is the axis between the two sides; EXPIRED is stored by the job, and true from the day after before.
    """

    __tablename__ = "quote"
    __table_args__ = (
        one_of("status", QuoteStatus),
        one_of("obstacle", ConversionObstacle),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        CheckConstraint("(status = 'CONVERTED') = (order_id is not null)", name="converted_to_order"),
        CheckConstraint("status <> 'REQUESTED' or requested_at is not null", name="requested_by_somebody"),
        CheckConstraint("(sent_at is null) = (valid_until is null)", name="offer_has_last_day"),
        CheckConstraint("obstacle is null or status = 'ACCEPTED'", name="obstacle_when_accepted"),
        CheckConstraint("opened_at is null or sent_at is not null", name="opened_when_sent"),
        # A quote becomes an order once, and an order comes of one quote.
        Index("uq_quote_order_id", "order_id", unique=True),
        Index(
            "ix_quote_open", "valid_until",
            postgresql_where=text("status in ('SENT', 'COUNTERED', 'ACCEPTANCE_PENDING')"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[QuoteStatus] = mapped_column(Stored(QuoteStatus))
    status_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    # What the buyer asked for: [{sku, quantity, requestedOn}] and their words; no such time where we began it.
    requested_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    request_lines: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]", default=list)
    request_message: Mapped[LongText] = mapped_column(server_default="", default="")
    # When the customer could first read an offer, and the last day of the one they have now.
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[date | None]
    # When somebody of the customer's first read the offer they have now.
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The last day of the offer that people were reminded of; another one is reminded of anew.
    reminded_of: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    obstacle: Mapped[ConversionObstacle | None] = mapped_column(Stored(ConversionObstacle))
    order_id: Mapped[UUID | None]


class QuoteRevision(Base):
    """One offer: its terms and totals as copied when it was priced. From SENT on nothing of it changes."""

    __tablename__ = "quote_revision"
    __table_args__ = (
        one_of("status", RevisionStatus),
        UniqueConstraint("quote_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        ForeignKeyConstraint(["currency", "currency_exponent"], ["currency.code", "currency.exponent"]),
        CheckConstraint("exchange_rate > 0", name="exchange_rate_positive"),
        CheckConstraint("discount_percent between 0 and 100", name="discount_range"),
        CheckConstraint("deposit_percent between 0 and 100", name="deposit_range"),
        CheckConstraint(
            "(status in ('SENT', 'SUPERSEDED')) = (sent_at is not null)"
            " and (sent_at is null) = (content_hash is null)",
            name="hashed_when_sent",
        ),
        *amounts_add_up(),
        Index("uq_quote_revision_sent", "quote_id", unique=True, postgresql_where=text("status = 'SENT'")),
        Index(
            "uq_quote_revision_written", "quote_id", unique=True,
            postgresql_where=text("status in ('DRAFT', 'PENDING_APPROVAL', 'APPROVED')"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    quote_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    number: Mapped[int]
    status: Mapped[RevisionStatus] = mapped_column(Stored(RevisionStatus))
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    valid_until: Mapped[date]
    message: Mapped[LongText] = mapped_column(server_default="", default="")
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    sent_by_name: Mapped[Name] = mapped_column(server_default="", default="")
    priced_on: Mapped[date]
    requested_on: Mapped[date | None]
    currency: Mapped[CurrencyCode]
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    exchange_rate: Mapped[UnitPrice]
    exchange_rate_on: Mapped[date]
    discount_percent: Mapped[Percent]
    discount_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_agreement.id"))
    # Copies, as an order has them; shapes in rules/documents.py.
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    billing_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payment_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivery_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The seller's general terms by language, as they were when this was sent.
    seller_terms: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", default=dict)
    # The share of the gross to be paid before it becomes an order; 0 for none.
    deposit_percent: Mapped[Percent] = mapped_column(server_default="0", default=Decimal(0))
    # Of what is taken where nothing is chosen: options and alternatives come on top, or in place.
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]


class QuoteLine(Base):
    """A line of a revision, with all that the order's line will copy; `position` orders them from 1 on."""

    __tablename__ = "quote_line"
    __table_args__ = (
        one_of("kind", LineKind),
        UniqueConstraint("revision_id", "position"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "revision_id"], ["quote_revision.customer_id", "quote_revision.id"]),
        ForeignKeyConstraint(["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("discount_percent between 0 and 100", name="discount_range"),
        CheckConstraint("tax_percent between 0 and 100", name="tax_range"),
        CheckConstraint("manual_unit_price >= 0", name="manual_price_not_negative"),
        CheckConstraint("(commitment_id is null) = (commitment_quantity is null)", name="commitment_consumed"),
        CheckConstraint("parent_position <> position and alternative_to <> position", name="follows_another"),
        CheckConstraint("not is_optional or alternative_to is null", name="option_or_alternative"),
        CheckConstraint("not is_free or net_amount = 0", name="free_costs_nothing"),
        *amounts_add_up(),
        Index("uq_quote_line_order_line_id", "order_line_id", unique=True),
    )  # fmt: skip
    id: Mapped[Id]
    revision_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    parent_position: Mapped[int | None]
    kind: Mapped[LineKind] = mapped_column(Stored(LineKind))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    is_free: Mapped[bool] = mapped_column(server_default="false", default=False)
    is_optional: Mapped[bool] = mapped_column(server_default="false", default=False)
    alternative_to: Mapped[int | None]
    sku: Mapped[Code]
    customer_item_number: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[Name]
    unit_code: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[Quantity]
    requested_on: Mapped[date | None]
    list_unit_price: Mapped[UnitPrice]
    price_unit: Mapped[Quantity]
    break_from_quantity: Mapped[Quantity]
    manual_unit_price: Mapped[UnitPrice | None]
    manual_price_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    discount_percent: Mapped[Percent]
    discount_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    unit_price: Mapped[UnitPrice]
    price_trace: Mapped[list[Any]] = mapped_column(JSONB)
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    commitment_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement_line.id"))
    commitment_quantity: Mapped[Quantity | None]
    tax_category: Mapped[Code]
    tax_percent: Mapped[Percent]
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]
    # The order's line that came of it; the one thing that is written on a sent line.
    order_line_id: Mapped[UUID | None]


class QuoteFiguresKept(Base):
    """
    What a revision gives away and leaves, whose consent it has, and our notes; apart, so that customers' roles never
    reach it.

    `cost` is in the revision's currency, null where one is not known. Shapes in rules/quotes_approvals.py.
    """

    __tablename__ = "quote_figures"
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("quote_revision.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    cost: Mapped[Amount | None]
    goods_net: Mapped[Amount]
    waiting: Mapped[Amount]
    depth_percent: Mapped[Percent]
    measured: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # What it takes of discounts: [{ruleId, amount, quantity, position}], the position of an option or alternative.
    uses: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]", default=list)
    granted: Mapped[list[Any]] = mapped_column(JSONB)
    # What our people write for each other; the next revision begins with it.
    notes: Mapped[LongText] = mapped_column(server_default="", default="")


class QuoteCounter(Base):
    """
    What the customer would have instead of a revision, in words and as [{lineId, quantity, unitPrice, requestedOn,
    substitute}], the last {sku, description} of another product; rows of before have none.
    """

    __tablename__ = "quote_counter"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        ForeignKeyConstraint(["customer_id", "revision_id"], ["quote_revision.customer_id", "quote_revision.id"]),
        CheckConstraint("jsonb_array_length(lines) > 0 or message <> ''", name="says_something"),
        Index(None, "quote_id", "id"),
    )  # fmt: skip
    id: Mapped[Id]
    quote_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    message: Mapped[LongText]
    lines: Mapped[list[Any]] = mapped_column(JSONB)


class QuoteAcceptance(Base):
    """Who accepted what exactly, and when; there is one of a quote, for good."""

    __tablename__ = "quote_acceptance"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        ForeignKeyConstraint(["customer_id", "revision_id"], ["quote_revision.customer_id", "quote_revision.id"]),
        ForeignKeyConstraint(["customer_id", "link_id"], ["quote_link.customer_id", "quote_link.id"]),
        one_of("how", AcceptedHow),
        CheckConstraint("(how = 'LINK') = (link_id is not null)", name="by_link"),
        CheckConstraint("deposit_due >= 0", name="deposit_not_negative"),
    )  # fmt: skip
    quote_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    positions: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    purchase_order_number: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[Moment]
    accepted_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    accepted_by_name: Mapped[Name]
    locale: Mapped[Locale]
    # By a link, `accepted_by_name` is the name given there, and `accepted_by_id` who of ours made the link.
    how: Mapped[AcceptedHow] = mapped_column(
        Stored(AcceptedHow), server_default="SIGNED_IN", default=AcceptedHow.SIGNED_IN
    )
    link_id: Mapped[UUID | None]
    # What has to be paid before it becomes an order: the revision's share of all that was accepted.
    deposit_due: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    # A colleague who consented, where the company asks for that.
    consented_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    consented_by_name: Mapped[Name] = mapped_column(server_default="", default="")


class QuotePolicy(Base):
    """
    Whose consent the seller asks for, and how quotes go on their way (rules/quotes_settings.py); one row a seller.

    `terms` are the general terms that offers print, by language: {"es": "…", "en": "…"}.
    """

    __tablename__ = "quote_policy"
    __table_args__ = (
        CheckConstraint("validity_days between 1 and 365", name="validity_days_range"),
        CheckConstraint("reminder_days between 0 and 30", name="reminder_days_range"),
        CheckConstraint("deposit_percent between 0 and 100", name="deposit_range"),
        CheckConstraint("escalate_days between 0 and 90", name="escalate_days_range"),
    )
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    rows: Mapped[list[Any]] = mapped_column(JSONB)
    validity_days: Mapped[int] = mapped_column(SmallInteger)
    reminder_days: Mapped[int] = mapped_column(SmallInteger, server_default="3", default=3)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", default=dict)
    deposit_percent: Mapped[Percent] = mapped_column(server_default="0", default=Decimal(0))
    escalate_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    hold_while_sent: Mapped[bool] = mapped_column(server_default="false", default=False)
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    updated_at: Mapped[Moment]
