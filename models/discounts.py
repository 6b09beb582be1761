"""Discount rules in their groups, segments of customers, and what was redeemed of each rule."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Amount, Base, Code, CurrencyCode, Id, Moment, Name, Quantity, Stored, one_of
from rules.discounts_rules import Concurrency, Phase, Stacking


class StoredDiscountGroup(Base):
    """Rules that combine in one way; groups run by (sequence, code)."""

    __tablename__ = "discount_group"
    __table_args__ = (
        one_of("stacking", Stacking),
        UniqueConstraint("seller_id", "code"),
        UniqueConstraint("seller_id", "id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    sequence: Mapped[int]
    stacking: Mapped[Stacking] = mapped_column(Stored(Stacking))
    # Codes of groups that do nothing where this one holds; the one of which only the better counts.
    suppresses: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default="{}")
    competes_with: Mapped[Code] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]


class StoredDiscountRule(Base):
    """
    A rule: its conditions and benefit are JSON of the shape that `rules.discounts_stored` owns.

    The columns are what candidates are found by, and what is counted: `uses` are orders that hold it and were not
    called off. The row is locked by whoever redeems a rule with a limit.
    """

    __tablename__ = "discount_rule"
    __table_args__ = (
        one_of("phase", Phase),
        one_of("concurrency", Concurrency),
        UniqueConstraint("seller_id", "code"),
        ForeignKeyConstraint(["seller_id", "group_id"], ["discount_group.seller_id", "discount_group.id"]),
        CheckConstraint(
            "valid_until is null or valid_from is null or valid_until > valid_from", name="validity_order"
        ),
        CheckConstraint("uses >= 0 and (uses_max is null or uses <= uses_max)", name="uses_within_max"),
        CheckConstraint("uses_max > 0 and uses_per_customer_max > 0", name="limits_positive"),
        CheckConstraint("(coupon = '') = (coupon_key = '')", name="coupon_has_key"),
        Index("ix_discount_rule_active", "seller_id", postgresql_where=text("is_active")),
        Index(
            "ix_discount_rule_coupon", "seller_id", "coupon_key", postgresql_where=text("coupon_key <> ''")
        ),
        Index(None, "group_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    group_id: Mapped[UUID]
    code: Mapped[Code]
    name: Mapped[Name]
    phase: Mapped[Phase] = mapped_column(Stored(Phase))
    priority: Mapped[int] = mapped_column(server_default="0")
    concurrency: Mapped[Concurrency | None] = mapped_column(Stored(Concurrency))
    is_active: Mapped[bool] = mapped_column(server_default="false", default=False)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    currency: Mapped[CurrencyCode | None] = mapped_column(ForeignKey("currency.code"))
    conditions: Mapped[list[Any]] = mapped_column(JSONB)
    benefit: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The customers that it is for, themselves or through an ancestor; null is everybody.
    customer_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    coupon: Mapped[Code] = mapped_column(server_default="")
    coupon_key: Mapped[Code] = mapped_column(server_default="")
    stops_further: Mapped[bool] = mapped_column(server_default="false", default=False)
    amount_max: Mapped[Amount | None]
    quantity_max: Mapped[Quantity | None]
    uses_max: Mapped[int | None]
    uses_per_customer_max: Mapped[int | None]
    uses: Mapped[int] = mapped_column(server_default="0", default=0)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Segment(Base):
    """
    A saved query over customers: all that is set must hold.

    Nobody's membership is stored: one statement finds a customer's segments while it is priced, so that an order of
    this morning counts this afternoon.
    """

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        CheckConstraint("(revenue_least is null) = (revenue_currency is null)", name="revenue_has_currency"),
        CheckConstraint("revenue_least >= 0 and months between 1 and 60", name="ranges"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    customer_groups: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default="{}")
    territories: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default="{}")
    countries: Mapped[list[str]] = mapped_column(ARRAY(String(2)), server_default="{}")
    # At least so much net revenue, and one of these products bought, in the last `months`.
    revenue_least: Mapped[Amount | None]
    revenue_currency: Mapped[CurrencyCode | None] = mapped_column(ForeignKey("currency.code"))
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    months: Mapped[int] = mapped_column(server_default="12", default=12)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class DiscountRedemption(Base):
    """What an order took of a rule; given back when the order is called off."""

    __tablename__ = "discount_redemption"
    __table_args__ = (
        UniqueConstraint("rule_id", "order_id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        CheckConstraint("amount >= 0 and quantity >= 0", name="not_negative"),
        Index("ix_discount_redemption_customer", "customer_id", "rule_id"),
        Index(None, "order_id"),
    )
    id: Mapped[Id]
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("discount_rule.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID]
    amount: Mapped[Amount]
    quantity: Mapped[Quantity]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    redeemed_at: Mapped[Moment]
    given_back_at: Mapped[Moment | None]
