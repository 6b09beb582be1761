"""Sales orders: what was ordered, at which prices and terms, copied so that a placed order never changes."""

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
from rules.states import LineKind, LotSelection, OrderStatus

EXACT = " and ".join(
    f"{each} = round({each}, currency_exponent)" for each in ("net_amount", "tax_amount", "gross_amount")
)


def amounts_add_up() -> tuple[CheckConstraint, CheckConstraint]:
    """Net and tax make gross, and none has more decimals than the currency."""
    return (
        CheckConstraint("gross_amount = net_amount + tax_amount", name="gross_is_net_and_tax"),
        CheckConstraint(EXACT, name="amounts_fit_currency"),
    )


class SalesOrder(Base):
    __tablename__ = "sales_order"
    __table_args__ = (
        one_of("status", OrderStatus),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["currency", "currency_exponent"], ["currency.code", "currency.exponent"]),
        CheckConstraint("is_on_hold = (cardinality(hold_reasons) > 0)", name="hold_has_reasons"),
        CheckConstraint("exchange_rate > 0", name="exchange_rate_positive"),
        *amounts_add_up(),
        Index(None, "customer_id", "placed_at", "id"),
        Index(None, "placed_at", "id"),
        Index(
            "ix_sales_order_open",
            "customer_id",
            postgresql_where=text("status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')"),
        ),
        Index("ix_sales_order_number_trigram", text("number gin_trgm_ops"), postgresql_using="gin"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[OrderStatus] = mapped_column(Stored(OrderStatus))
    is_on_hold: Mapped[bool]
    hold_reasons: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default="{}")
    status_reason: Mapped[LongText] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    locale: Mapped[Locale]
    placed_at: Mapped[Moment]
    placed_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    placed_by_name: Mapped[Name]
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    purchase_order_number: Mapped[str] = mapped_column(String(64))
    note: Mapped[LongText] = mapped_column(server_default="")
    requested_on: Mapped[date | None]
    priced_on: Mapped[date]
    currency: Mapped[CurrencyCode]
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    exchange_rate: Mapped[UnitPrice]
    exchange_rate_on: Mapped[date]
    seller_name: Mapped[Name]
    seller_tax_id: Mapped[Code]
    customer_number: Mapped[Code]
    customer_name: Mapped[Name]
    customer_tax_id: Mapped[str | None] = mapped_column(String(64))
    # Placed by one of our people for the customer: for whom there, and why (which no customer reads).
    is_on_behalf: Mapped[bool] = mapped_column(server_default="false", default=False)
    on_behalf_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    on_behalf_of_name: Mapped[Name] = mapped_column(server_default="", default="")
    on_behalf_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    sales_rep_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_rep.user_id"))
    sales_rep_name: Mapped[Name] = mapped_column(server_default="")
    # The agreement that all of it was ordered under, whose terms it took.
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_agreement.id"))
    # Copies of what the addresses and terms said; shapes in rules/documents.py.
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    billing_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payment_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivery_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]


class SalesOrderLine(Base):
    __tablename__ = "sales_order_line"
    __table_args__ = (
        one_of("kind", LineKind),
        one_of("lot_selection", LotSelection),
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        CheckConstraint("quantity_ordered > 0", name="ordered_positive"),
        CheckConstraint(
            "quantity_reserved >= 0 and quantity_shipped >= 0 and quantity_cancelled >= 0 and quantity_invoiced >= 0"
            " and quantity_returned >= 0 and quantity_credited >= 0",
            name="quantities_not_negative",
        ),
        CheckConstraint(
            "quantity_reserved + quantity_shipped + quantity_cancelled <= quantity_ordered",
            name="within_ordered",
        ),
        CheckConstraint("discount_percent >= 0 and discount_percent <= 100", name="discount_range"),
        CheckConstraint("manual_unit_price >= 0", name="manual_price_not_negative"),
        CheckConstraint(
            "(commitment_id is null) = (commitment_quantity is null)", name="commitment_consumed"
        ),
        CheckConstraint("commitment_quantity >= 0", name="commitment_not_negative"),
        CheckConstraint("tax_percent >= 0 and tax_percent <= 100", name="tax_range"),
        ForeignKeyConstraint(
            ["customer_id", "parent_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("not is_free or net_amount = 0", name="free_costs_nothing"),
        *amounts_add_up(),
        Index(None, "customer_id", "order_id"),
        Index(None, "product_id"),
    )
    id: Mapped[Id]
    order_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(Stored(LineKind))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    # Goods that a rule gives follow the line that brought them (rule book 0, 12); what people give has no parent.
    parent_line_id: Mapped[UUID | None]
    is_free: Mapped[bool] = mapped_column(server_default="false", default=False)
    sku: Mapped[Code]
    customer_item_number: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[Name]
    unit_code: Mapped[str] = mapped_column(String(16))
    quantity_ordered: Mapped[Quantity]
    quantity_reserved: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_shipped: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_cancelled: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_invoiced: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_returned: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_credited: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    list_unit_price: Mapped[UnitPrice]
    price_unit: Mapped[Quantity]
    break_from_quantity: Mapped[Quantity]
    # A fixed manual price takes the list price's place (rule book 0.1, 15, phase 2); null: the list price holds.
    manual_unit_price: Mapped[UnitPrice | None]
    manual_price_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    discount_percent: Mapped[Percent]
    discount_reason: Mapped[LongText] = mapped_column(server_default="")
    unit_price: Mapped[UnitPrice]
    price_trace: Mapped[list[Any]] = mapped_column(JSONB)
    currency_exponent: Mapped[int] = mapped_column(SmallInteger)
    # The line of a sales agreement that this one consumes, and how much all of it does: in that line's unit where it
    # is a quantity, else its net after the agreement's discount, before the total discount.
    commitment_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement_line.id"))
    commitment_quantity: Mapped[Quantity | None]
    # Of how many lots it leaves at one time; null: as its customer takes them.
    lot_selection: Mapped[LotSelection | None] = mapped_column(Stored(LotSelection))
    tax_category: Mapped[Code]
    tax_percent: Mapped[Percent]
    net_amount: Mapped[Amount]
    tax_amount: Mapped[Amount]
    gross_amount: Mapped[Amount]


class SalesOrderLineCost(Base):
    """The unit cost when the line was priced; apart from the line, so that customers' roles never reach it."""

    __tablename__ = "sales_order_line_cost"
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order_line.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    unit_cost: Mapped[UnitPrice]
    currency: Mapped[CurrencyCode]


class SalesOrderScheduleLine(Base):
    """
    When, whence and how much of a line.

    `requested_on` is the day of receipt the buyer asks for, `confirmed_on` the one we promise; the goods are to leave
    on `ship_on`.

    The parts of a line sum to what is not cancelled of it; a part that nothing is left of stays with 0.
    """

    __tablename__ = "sales_order_schedule_line"
    __table_args__ = (
        UniqueConstraint("order_line_id", "position"),
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("ship_on <= confirmed_on", name="leaves_before_receipt"),
        Index(None, "customer_id", "order_line_id"),
    )
    id: Mapped[Id]
    order_line_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    quantity: Mapped[Quantity]
    requested_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    ship_on: Mapped[date | None]
    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouse.id"))
