"""Purchasing: suppliers and what they sell, purchase orders with their schedule, receipts, and pegs to sales lines."""

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
    Base,
    Code,
    CurrencyCode,
    Id,
    Locale,
    LongText,
    Moment,
    Name,
    NameSort,
    Percent,
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from rules.states import PurchaseOrderStatus


class Supplier(Base):
    """Whom we buy from. Retired ones stay, for their orders name them."""

    __tablename__ = "supplier"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        CheckConstraint("lead_time_days between 0 and 730", name="lead_time_range"),
        CheckConstraint("transport_days between 0 and 90", name="transport_range"),
        CheckConstraint("over_receipt_percent between 0 and 100", name="over_receipt_range"),
        Index(None, "seller_id", "name_sort", "id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    email: Mapped[Name] = mapped_column(server_default="", default="")
    locale: Mapped[Locale]
    # From order to arrival, where a product says nothing else; and how much of that is the way.
    lead_time_days: Mapped[int] = mapped_column(SmallInteger)
    transport_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    # More than was ordered is taken up to this percent of a line.
    over_receipt_percent: Mapped[Percent] = mapped_column(server_default="0", default=Decimal(0))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


class SupplierProduct(Base):
    """What a supplier sells us, under its own number; quantities in the product's own unit."""

    __tablename__ = "supplier_product"
    __table_args__ = (
        UniqueConstraint("supplier_id", "product_id"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("minimum_quantity > 0 and multiple_quantity > 0", name="quantities_positive"),
        CheckConstraint("lead_time_days between 0 and 730", name="lead_time_range"),
        Index(None, "product_id"),
    )
    id: Mapped[Id]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    supplier_sku: Mapped[Code] = mapped_column(server_default="", default="")
    # In the supplier's currency; null: not known.
    unit_price: Mapped[UnitPrice | None]
    minimum_quantity: Mapped[Quantity]
    multiple_quantity: Mapped[Quantity]
    lead_time_days: Mapped[int | None] = mapped_column(SmallInteger)
    is_preferred: Mapped[bool]
    active_until: Mapped[date | None]


class PurchaseOrder(Base):
    """
    What we order from a supplier: for a warehouse, or straight to the customer of one sales order.

    `customer_id` and `sales_order_id` are set for direct delivery only, and then there is no warehouse.
    """

    __tablename__ = "purchase_order"
    __table_args__ = (
        one_of("status", PurchaseOrderStatus),
        UniqueConstraint("seller_id", "number"),
        ForeignKeyConstraint(
            ["customer_id", "sales_order_id"], ["sales_order.customer_id", "sales_order.id"]
        ),
        CheckConstraint(
            "num_nonnulls(warehouse_id, sales_order_id) = 1 and (sales_order_id is null) = (customer_id is null)",
            name="one_destination",
        ),
        CheckConstraint(
            "status = 'CANCELLED' or (status = 'DRAFT') = (sent_at is null)", name="sent_has_moment"
        ),
        CheckConstraint(
            "(status in ('RECEIVED', 'CLOSED', 'CANCELLED')) = (ended_at is not null)",
            name="ended_has_moment",
        ),
        Index(None, "created_at", "id"),
        Index(None, "supplier_id"),
        Index(None, "customer_id", "sales_order_id"),
        Index(
            "ix_purchase_order_open",
            "warehouse_id",
            postgresql_where=text("status in ('DRAFT', 'SENT', 'CONFIRMED')"),
        ),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("supplier.id"))
    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouse.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    sales_order_id: Mapped[UUID | None]
    status: Mapped[PurchaseOrderStatus] = mapped_column(Stored(PurchaseOrderStatus))
    version: Mapped[int] = mapped_column(server_default="1")
    requested_on: Mapped[date]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status_reason: Mapped[LongText] = mapped_column(server_default="", default="")
    # The supplier's own number of it, told with its confirmation.
    supplier_reference: Mapped[str] = mapped_column(String(64), server_default="", default="")
    note: Mapped[LongText] = mapped_column(server_default="", default="")
    # Copies, so that the order prints the same for ever; the address's shape is in rules/documents.py.
    supplier_code: Mapped[Code]
    supplier_name: Mapped[Name]
    supplier_email: Mapped[Name]
    locale: Mapped[Locale]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    transport_days: Mapped[int] = mapped_column(SmallInteger)
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PurchaseOrderLine(Base):
    """
    A product of a purchase order, in the product's own unit.

    `quantity_receivable` is what was ordered and the tolerance; `quantity_pegged` the open quantities of its pegs.
    """

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        UniqueConstraint("purchase_order_id", "position"),
        UniqueConstraint("id", "product_id"),
        CheckConstraint("quantity_ordered > 0", name="ordered_positive"),
        CheckConstraint(
            "quantity_received >= 0 and quantity_cancelled >= 0 and quantity_pegged >= 0",
            name="quantities_not_negative",
        ),
        CheckConstraint(
            "quantity_receivable >= quantity_ordered and quantity_received <= quantity_receivable",
            name="received_within_tolerance",
        ),
        CheckConstraint("quantity_cancelled <= quantity_ordered", name="cancelled_within_ordered"),
        CheckConstraint(
            "quantity_pegged <= greatest(quantity_ordered - quantity_received - quantity_cancelled, 0)",
            name="pegged_within_open",
        ),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        Index(None, "product_id"),
    )
    id: Mapped[Id]
    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    sku: Mapped[Code]
    supplier_sku: Mapped[Code] = mapped_column(server_default="", default="")
    description: Mapped[Name]
    unit_code: Mapped[str] = mapped_column(String(16))
    quantity_ordered: Mapped[Quantity]
    quantity_receivable: Mapped[Quantity]
    quantity_received: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_cancelled: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    quantity_pegged: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    unit_price: Mapped[UnitPrice | None]


class PurchaseScheduleLine(Base):
    """When how much of a purchase line is asked for and confirmed; what was received fills the earliest first."""

    __tablename__ = "purchase_schedule_line"
    __table_args__ = (
        UniqueConstraint("purchase_order_line_id", "position"),
        CheckConstraint("quantity > 0 and quantity_received >= 0", name="quantities"),
    )
    id: Mapped[Id]
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_line.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    quantity: Mapped[Quantity]
    quantity_received: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    requested_on: Mapped[date]
    confirmed_on: Mapped[date | None]


class PurchasePeg(Base):
    """
    A hard peg: a quantity of a purchase line is meant for one schedule line of a sales order, of the same product.

    `quantity_used` of it came; a peg without an open quantity is history. `expected_on` is the day the supplier
    confirmed for the rest; null while it said nothing.
    """

    __tablename__ = "purchase_peg"
    __table_args__ = (
        ForeignKeyConstraint(
            ["purchase_order_line_id", "product_id"],
            ["purchase_order_line.id", "purchase_order_line.product_id"],
        ),
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("quantity_used >= 0 and quantity_used <= quantity", name="used_within"),
        Index(None, "purchase_order_line_id"),
        Index(None, "customer_id", "order_line_id"),
        Index(None, "schedule_line_id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID]
    purchase_order_line_id: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    order_line_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order_schedule_line.id"))
    quantity: Mapped[Quantity]
    quantity_used: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    created_at: Mapped[Moment]
    expected_on: Mapped[date | None]


class PurchaseReceipt(Base):
    """Append-only: a consignment of a supplier, as it was taken in."""

    __tablename__ = "purchase_receipt"
    __table_args__ = (Index(None, "purchase_order_id"),)
    id: Mapped[Id]
    purchase_order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    received_at: Mapped[Moment]
    received_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # The number of the supplier's delivery note.
    delivery_note: Mapped[Code] = mapped_column(server_default="", default="")


class PurchaseReceiptLine(Base):
    """Append-only: how much of a purchase line came, and of which lot; unit prices stand on the order."""

    __tablename__ = "purchase_receipt_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "receipt_id"),
        Index(None, "purchase_order_line_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_receipt.id"))
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_line.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    lot_number: Mapped[Code] = mapped_column(server_default="", default="")
    expires_on: Mapped[date | None]
    quantity: Mapped[Quantity]
