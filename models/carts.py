"""Carts: one per user and customer, kept when switching companies."""

from datetime import date
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

from models.base import Base, Id, LongText, Moment, Quantity, UnitPrice
from models.customers import address_of_customer


class Cart(Base):
    __tablename__ = "cart"
    __table_args__ = (
        UniqueConstraint("user_id", "customer_id"),
        UniqueConstraint("customer_id", "id"),
        address_of_customer("delivery_address_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    purchase_order_number: Mapped[str] = mapped_column(String(64), server_default="")
    delivery_address_id: Mapped[UUID | None]
    requested_on: Mapped[date | None]
    note: Mapped[LongText] = mapped_column(server_default="")
    # As the rules write them; whether each still holds is asked when the cart is priced.
    coupon_codes: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default="{}")
    # The sales agreement chosen for all of it, the customer's or a company's above; null leaves it to each line.
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_agreement.id"))
    # The customer's own terms hold whatever the agreement says.
    keeps_own_terms: Mapped[bool] = mapped_column(server_default="false", default=False)
    # The rules of optional goods that the buyer took or declined; whether each still gives any is asked when priced.
    gifts_accepted: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}", default=list)
    gifts_declined: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}", default=list)
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]


class CartLine(Base):
    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("cart_id", "product_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        ForeignKeyConstraint(["customer_id", "cart_id"], ["cart.customer_id", "cart.id"]),
        CheckConstraint("(commitment_id is null) = (commitment_quantity is null)", name="commitment_held"),
        Index(None, "customer_id", "cart_id"),
        Index(
            "ix_cart_line_commitment_id", "commitment_id", postgresql_where=text("commitment_id is not null")
        ),
    )
    id: Mapped[Id]
    cart_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    position: Mapped[int]
    quantity: Mapped[Quantity]
    requested_on: Mapped[date | None]
    # The unit price when the line was last written: tells which lines a PriceChanged is about.
    unit_price_seen: Mapped[UnitPrice | None]
    # What it would consume of which line of an agreement, as it was last priced in writing: held softly.
    commitment_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement_line.id"))
    commitment_quantity: Mapped[Quantity | None]
    # The parts in which the buyer chose to have it, `WantedPart` as JSON; none leaves it to the promise.
    parts: Mapped[list[dict[str, str | None]]] = mapped_column(JSONB, server_default="[]", default=list)
