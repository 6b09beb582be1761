"""Deliveries: what left the house for an order, from which warehouse and lots."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
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
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from rules.states import DeliveryStatus


class Delivery(Base):
    """One consignment of one order from one warehouse. Shipped, it never changes."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        UniqueConstraint("seller_id", "number"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "order_id"], ["sales_order.customer_id", "sales_order.id"]),
        CheckConstraint("(status = 'SHIPPED') = (shipped_at is not null)", name="shipped_has_moment"),
        CheckConstraint("num_nonnulls(warehouse_id, purchase_order_id) = 1", name="one_source"),
        Index(None, "customer_id", "order_id"),
        Index(None, "released_at", "id"),
        Index(
            "ix_delivery_to_ship", "warehouse_id", "planned_on", postgresql_where=text("status = 'RELEASED'")
        ),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_id: Mapped[UUID]
    warehouse_id: Mapped[UUID | None] = mapped_column(ForeignKey("warehouse.id"))
    # A direct delivery comes from a supplier's house, not from ours.
    purchase_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    status: Mapped[DeliveryStatus] = mapped_column(Stored(DeliveryStatus))
    version: Mapped[int] = mapped_column(server_default="1")
    locale: Mapped[Locale]
    planned_on: Mapped[date]
    released_at: Mapped[Moment]
    released_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # When the warehouse said what it has in hand of it; null until it has.
    picked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    shipped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    shipped_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status_reason: Mapped[LongText] = mapped_column(server_default="")
    carrier: Mapped[Name] = mapped_column(server_default="")
    tracking_number: Mapped[Code] = mapped_column(server_default="")
    # Of the warehouse's people, for each other; no customer reads it.
    internal_note: Mapped[LongText] = mapped_column(server_default="")
    # Copies, so that a delivery note prints the same for ever; shapes in rules/documents.py.
    order_number: Mapped[Code]
    purchase_order_number: Mapped[str] = mapped_column(String(64), server_default="")
    customer_number: Mapped[Code]
    customer_name: Mapped[Name]
    delivery_address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivery_terms: Mapped[dict[str, Any]] = mapped_column(JSONB)


class DeliveryLine(Base):
    """A quantity of one schedule line; invoiced and returned quantities are counted against what was shipped."""

    __tablename__ = "delivery_line"
    __table_args__ = (
        UniqueConstraint("delivery_id", "position"),
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "delivery_id"], ["delivery.customer_id", "delivery.id"]),
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("quantity_invoiced >= 0 and quantity_invoiced <= quantity", name="invoiced_within"),
        CheckConstraint("quantity_returned >= 0 and quantity_returned <= quantity", name="returned_within"),
        Index(None, "customer_id", "delivery_id"),
        Index(None, "order_line_id"),
    )
    id: Mapped[Id]
    delivery_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    position: Mapped[int]
    order_line_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order_schedule_line.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    sku: Mapped[Code]
    customer_item_number: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[Name]
    unit_code: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[Quantity]
    quantity_invoiced: Mapped[Quantity] = mapped_column(server_default="0")
    quantity_returned: Mapped[Quantity] = mapped_column(server_default="0")


class DeliveryLineLot(Base):
    """Which lots serve a line; `lot_balance.allocated` holds them from release to shipment."""

    __tablename__ = "delivery_line_lot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "delivery_line_id"], ["delivery_line.customer_id", "delivery_line.id"]
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "quantity_requested >= 0 and quantity_requested <= quantity", name="requested_within"
        ),
        Index(None, "customer_id", "delivery_line_id"),
    )
    delivery_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    customer_id: Mapped[UUID]
    lot_number: Mapped[Code]
    expires_on: Mapped[date | None]
    quantity: Mapped[Quantity]
    # What of it the customer had asked for (OrderLineLot): held again for the line if the delivery is taken back.
    quantity_requested: Mapped[Quantity] = mapped_column(server_default="0")


class DeliveryLineCost(Base):
    """The unit cost on the day of shipment; apart from the line, so that customers' roles never reach it."""

    __tablename__ = "delivery_line_cost"
    delivery_line_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_line.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    unit_cost: Mapped[UnitPrice]
    currency: Mapped[CurrencyCode]
