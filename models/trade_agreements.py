"""Trade agreements: journals and their rows, and the pricing groups of customers and products."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Base,
    Code,
    CurrencyCode,
    Id,
    Moment,
    Name,
    Percent,
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from rules.pricing_facts import PercentBase, Scope, TradeRelation
from rules.trade_rows import TradeJournalStatus

# Rows are found by these two: whom they are for and what they are for, each as one text.
_CUSTOMER_KEY = (
    "case customer_scope when 'ONE' then 'C:' || customer_id::text"
    " when 'GROUP' then 'G:' || customer_group else 'ALL' end"
)
_ITEM_KEY = (
    "case item_scope when 'ONE' then 'P:' || product_id::text"
    " when 'GROUP' then 'G:' || item_group else 'ALL' end"
)
# One value for all that two rows must have in common to stand in each other's way; 16 bytes in the index.
_OVERLAP_KEY = (
    "(md5(seller_id::text || '|' || relation || '|' || currency || '|' || coalesce(unit_code, '') || '|'"
    " || customer_key || '|' || item_key)::uuid)"
)
# Two prices may not hold for one quantity; of discounts a higher band may stand inside a lower one (TA-04, TA-05).
_QUANTITIES = (
    "(case relation when 'PRICE' then numrange(from_quantity, to_quantity)"
    " else numrange(from_quantity, from_quantity, '[]') end)"
)


class TradeAgreementJournal(Base):
    """
    Rows that are written together and posted together.

    `row_count` tells whoever posts whether they see them all: rows of other people's customers are hidden from them.
    """

    __tablename__ = "trade_agreement_journal"
    __table_args__ = (
        one_of("status", TradeJournalStatus),
        UniqueConstraint("seller_id", "number"),
        CheckConstraint("(status = 'POSTED') = (posted_at is not null)", name="posted_has_moment"),
        CheckConstraint("row_count >= 0", name="row_count_not_negative"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    description: Mapped[Name]
    status: Mapped[TradeJournalStatus] = mapped_column(Stored(TradeJournalStatus))
    version: Mapped[int] = mapped_column(server_default="1")
    row_count: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    posted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    posted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    # The import that its rows came with, batch by batch; the import itself may be cleared away.
    import_id: Mapped[UUID | None] = mapped_column(unique=True)


class TradeAgreementRow(Base):
    """
    A price or discount for a customer, a group or all, of a product, a group or all (rule book 2.1).

    It is a draft until its journal is posted; from then on nothing of it changes but `valid_until`, which a later
    posting may bring forward: what was charged stays explainable.
    """

    __tablename__ = "trade_agreement_row"
    __table_args__ = (
        one_of("relation", TradeRelation),
        one_of("customer_scope", Scope),
        one_of("item_scope", Scope),
        one_of("percent_base", PercentBase),
        UniqueConstraint("journal_id", "position"),
        CheckConstraint(
            "(customer_scope = 'ONE') = (customer_id is not null)"
            " and (customer_scope = 'GROUP') = (customer_group is not null)",
            name="customer_of_scope",
        ),
        CheckConstraint(
            "(item_scope = 'ONE') = (product_id is not null) and (item_scope = 'GROUP') = (item_group is not null)",
            name="item_of_scope",
        ),
        CheckConstraint(
            "case relation when 'PRICE' then item_scope = 'ONE' when 'MULTILINE_DISCOUNT' then item_scope <> 'ONE'"
            " when 'TOTAL_DISCOUNT' then item_scope = 'ALL' and unit_code is null and price_unit = 1 else true end",
            name="scope_of_relation",
        ),
        CheckConstraint(
            "(relation = 'PRICE') = (unit_price is not null)"
            " and (relation <> 'PRICE' or amount = 0 and percent1 = 0 and percent2 = 0)",
            name="value_of_relation",
        ),
        CheckConstraint("unit_price >= 0 and amount >= 0 and price_unit > 0", name="values_not_negative"),
        CheckConstraint("percent1 between 0 and 100 and percent2 between 0 and 100", name="percent_range"),
        CheckConstraint("from_quantity >= 0 and to_quantity > from_quantity", name="quantity_order"),
        CheckConstraint("valid_until >= valid_from", name="validity_order"),
        ExcludeConstraint(
            (text(_OVERLAP_KEY), "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            (text(_QUANTITIES), "&&"),
            name="trade_agreement_row_overlap",
            using="gist",
            where=text("is_posted"),
        ),
        Index(
            "ix_trade_agreement_row_search", "customer_key", "item_key",
            postgresql_where=text("is_posted"),
        ),
        Index(None, "customer_id"),
        Index(None, "product_id"),
    )  # fmt: skip
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    journal_id: Mapped[UUID] = mapped_column(ForeignKey("trade_agreement_journal.id"))
    position: Mapped[int]
    is_posted: Mapped[bool] = mapped_column(server_default="false", default=False)
    relation: Mapped[TradeRelation] = mapped_column(Stored(TradeRelation))
    customer_scope: Mapped[Scope] = mapped_column(Stored(Scope))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    customer_group: Mapped[str | None] = mapped_column(String(64))
    item_scope: Mapped[Scope] = mapped_column(Stored(Scope))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    item_group: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    is_generic_currency: Mapped[bool] = mapped_column(server_default="false", default=False)
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("unit_of_measure.code"))
    # An amount for a total discount.
    from_quantity: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    to_quantity: Mapped[Quantity | None]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    find_next: Mapped[bool] = mapped_column(server_default="false", default=False)
    unit_price: Mapped[UnitPrice | None]
    price_unit: Mapped[Quantity] = mapped_column(server_default="1", default=Decimal(1))
    amount: Mapped[UnitPrice] = mapped_column(server_default="0", default=Decimal(0))
    percent1: Mapped[Percent] = mapped_column(server_default="0", default=Decimal(0))
    percent2: Mapped[Percent] = mapped_column(server_default="0", default=Decimal(0))
    percent_base: Mapped[PercentBase] = mapped_column(
        Stored(PercentBase), server_default="NET", default=PercentBase.NET
    )
    # The row in force that this one closes when it is posted.
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("trade_agreement_row.id"))
    customer_key: Mapped[str] = mapped_column(Text, Computed(_CUSTOMER_KEY, persisted=True))
    item_key: Mapped[str] = mapped_column(Text, Computed(_ITEM_KEY, persisted=True))


class CustomerPricingGroup(Base):
    """A customer's group for one relation; a customer without any for it has its nearest ancestor's."""

    __tablename__ = "customer_pricing_group"
    __table_args__ = (one_of("relation", TradeRelation),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    relation: Mapped[TradeRelation] = mapped_column(Stored(TradeRelation), primary_key=True)
    group_code: Mapped[Code] = mapped_column(primary_key=True)
    # Of several groups the highest priority that has a row decides.
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)


class ProductPricing(Base):
    """A product's groups for discounts, and whether it counts towards total discounts; no row: in no group, counts."""

    __tablename__ = "product_pricing"
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    line_discount_group: Mapped[Code] = mapped_column(server_default="", default="")
    multiline_discount_group: Mapped[Code] = mapped_column(server_default="", default="")
    is_in_total_discount: Mapped[bool] = mapped_column(server_default="true", default=True)
    version: Mapped[int] = mapped_column(server_default="1", default=1)
