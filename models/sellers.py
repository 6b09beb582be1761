"""Our side: the seller's legal entity, its money, taxes, terms, series and sales force."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, CurrencyCode, Id, Locale, Name, Percent, Stored, UnitPrice, one_of
from rules.pricing_facts import LineMultilineMode
from rules.states import AvailabilityDisplay, CreditPolicy, DocumentKind, OutOfStockPolicy, SharingPolicy
from rules.trade_settings import DateType


def no_overlap(name: str, *keys: str) -> ExcludeConstraint:
    """Two rows with equal keys may not be valid on one day; `valid_until` is exclusive, null means open."""
    parts: list[tuple[Any, str]] = [(key, "=") for key in keys]
    return ExcludeConstraint(
        *parts, (text("daterange(valid_from, valid_until)"), "&&"), name=name, using="gist"
    )


class Currency(Base):
    """An ISO 4217 currency; documents point at (code, exponent), so amounts can be checked against it."""

    __tablename__ = "currency"
    __table_args__ = (
        UniqueConstraint("code", "exponent"),
        CheckConstraint("exponent between 0 and 3", name="exponent"),
    )
    code: Mapped[CurrencyCode] = mapped_column(primary_key=True)
    exponent: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[Name]


class Seller(Base):
    __tablename__ = "seller"
    __table_args__ = (
        one_of("out_of_stock_policy", OutOfStockPolicy),
        one_of("credit_policy", CreditPolicy),
        one_of("availability_display", AvailabilityDisplay),
        one_of("line_multiline_mode", LineMultilineMode),
        one_of("price_date_type", DateType),
        CheckConstraint(
            "margin_floor_percent >= 0 and margin_floor_percent <= margin_target_percent"
            " and margin_target_percent < 100",
            name="margin_bands",
        ),
        CheckConstraint("money_yearly_percent between 0 and 100", name="money_yearly_percent"),
        CheckConstraint("judged_together_days between 0 and 90", name="judged_together_days"),
        one_of("sharing_policy", SharingPolicy),
        CheckConstraint("cart_hold_minutes between 0 and 1440", name="cart_hold_minutes_range"),
        CheckConstraint("staff_hold_days between 0 and 90", name="staff_hold_days_range"),
    )
    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    tax_id: Mapped[Code]
    street: Mapped[Name]
    postal_code: Mapped[Code]
    city: Mapped[Name]
    country: Mapped[str] = mapped_column(server_default="ES")
    email: Mapped[Name]
    phone: Mapped[Code]
    tax_territory: Mapped[Code]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    time_zone: Mapped[Code]
    locale: Mapped[Locale]
    out_of_stock_policy: Mapped[OutOfStockPolicy] = mapped_column(Stored(OutOfStockPolicy))
    credit_policy: Mapped[CreditPolicy] = mapped_column(Stored(CreditPolicy))
    # The seller lets a parent company see what its subsidiaries do; a child never sees its parent.
    parents_see_descendants: Mapped[bool]
    low_stock_threshold: Mapped[UnitPrice]
    # What buyers are told of stock, unless their group says otherwise.
    availability_display: Mapped[AvailabilityDisplay] = mapped_column(
        Stored(AvailabilityDisplay), server_default="BAND", default=AvailabilityDisplay.BAND
    )
    # From the target on a margin is green, below the floor red (rule book 0.2, 31); in percent of sales.
    margin_target_percent: Mapped[Percent] = mapped_column(server_default="25", default=Decimal(25))
    margin_floor_percent: Mapped[Percent] = mapped_column(server_default="10", default=Decimal(10))
    bank_account: Mapped[Code] = mapped_column(server_default="")
    # Nothing is posted on this day or before it.
    books_closed_until: Mapped[date | None]
    # An invoice overdue by more days than these holds the customer's next order; null: no such test.
    overdue_days_allowed: Mapped[int | None] = mapped_column(SmallInteger)
    # How long an order waits for its company's approver before it lapses.
    approval_days: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    # How a line discount and a multiline discount make one.
    line_multiline_mode: Mapped[LineMultilineMode] = mapped_column(
        Stored(LineMultilineMode), server_default="SUM", default=LineMultilineMode.SUM
    )
    # The day whose trade agreements hold for a document.
    price_date_type: Mapped[DateType] = mapped_column(
        Stored(DateType), server_default="REQUESTED_SHIP", default=DateType.REQUESTED_SHIP
    )
    # Combinations of trade agreements that are not searched, as "PRICE:GROUP:ONE": relation, customer, item.
    inactive_trade_cells: Mapped[list[str]] = mapped_column(
        ARRAY(String(64)), server_default="{}", default=list
    )
    # What money costs a year: what a payment term that is longer than the customer's own is counted with.
    money_yearly_percent: Mapped[Percent] = mapped_column(server_default="5", default=Decimal(5))
    # What is given on one order is judged with a customer's others of so many days; 0: by itself.
    judged_together_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    # Counts the changes of how prices are made: whoever changes that says which ways they saw.
    pricing_version: Mapped[int] = mapped_column(server_default="1", default=1)
    # The same of calendars, deadlines and transport times.
    scheduling_version: Mapped[int] = mapped_column(server_default="1", default=1)
    # Who gets what comes in and is too little for all who wait, unless the product says otherwise.
    sharing_policy: Mapped[SharingPolicy] = mapped_column(
        Stored(SharingPolicy),
        server_default="BY_CUSTOMER_PRIORITY",
        default=SharingPolicy.BY_CUSTOMER_PRIORITY,
    )
    # How long a buyer may hold what is in the cart, and our people for a customer; 0: not at all.
    cart_hold_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="30", default=30)
    staff_hold_days: Mapped[int] = mapped_column(SmallInteger, server_default="14", default=14)


class ExchangeRate(Base):
    """One unit of `currency` in the seller's base currency from that day on, until a newer row."""

    __tablename__ = "exchange_rate"
    __table_args__ = (CheckConstraint("rate > 0", name="rate_positive"),)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[UnitPrice]


class NumberSeries(Base):
    """How a kind of document is numbered. Numbers come from a sequence: unique and rising, gaps allowed."""

    __tablename__ = "number_series"
    __table_args__ = (one_of("kind", DocumentKind),)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    prefix: Mapped[Code]
    digits: Mapped[int] = mapped_column(SmallInteger)
    sequence_name: Mapped[Code]


class TaxCategory(Base):
    """What kind of tax a product bears; `untdid_5305` is the category letter of EN 16931."""

    __tablename__ = "tax_category"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    untdid_5305: Mapped[str] = mapped_column(server_default="S")


class TaxRate(Base):
    __tablename__ = "tax_rate"
    __table_args__ = (
        CheckConstraint("percent >= 0 and percent <= 100", name="percent_range"),
        no_overlap("tax_rate_overlap", "tax_category_id", "territory"),
    )
    id: Mapped[Id]
    tax_category_id: Mapped[UUID] = mapped_column(ForeignKey("tax_category.id"))
    territory: Mapped[Code]
    percent: Mapped[Percent]
    # The equivalence surcharge that goes with the rate (recargo de equivalencia).
    surcharge_percent: Mapped[Percent] = mapped_column(server_default="0")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class PaymentTerm(Base):
    __tablename__ = "payment_term"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    early_payment_percent: Mapped[Percent] = mapped_column(server_default="0")
    early_payment_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class PaymentTermInstalment(Base):
    """A share of the total, due some days after the invoice, perhaps at the end of the month or on a payment day."""

    __tablename__ = "payment_term_instalment"
    __table_args__ = (CheckConstraint("share_percent > 0 and share_percent <= 100", name="share_range"),)
    payment_term_id: Mapped[UUID] = mapped_column(ForeignKey("payment_term.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    share_percent: Mapped[Percent]
    due_days: Mapped[int] = mapped_column(SmallInteger)
    end_of_month: Mapped[bool]
    payment_day: Mapped[int | None] = mapped_column(SmallInteger)


class DeliveryTerm(Base):
    """Who carries cost and risk: an Incoterms 2020 rule and its named place."""

    __tablename__ = "delivery_term"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    incoterm: Mapped[Code]
    place: Mapped[Name]


class Territory(Base):
    __tablename__ = "territory"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]


class SalesTeam(Base):
    __tablename__ = "sales_team"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id", use_alter=True))


class SalesRep(Base):
    """A rep's business card; customers may read it, unlike the user behind it."""

    __tablename__ = "sales_rep"
    __table_args__ = (UniqueConstraint("seller_id", "code"), Index(None, "sales_team_id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    sales_team_id: Mapped[UUID] = mapped_column(ForeignKey("sales_team.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    email: Mapped[Name]
    phone: Mapped[Code]


class SalesRepTerritory(Base):
    __tablename__ = "sales_rep_territory"
    sales_rep_id: Mapped[UUID] = mapped_column(ForeignKey("sales_rep.user_id"), primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id"), primary_key=True)
