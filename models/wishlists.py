"""Wishlists: products a customer's people keep for later, private or shared with the company."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Moment, Name, NameSort, Quantity, Stored, one_of
from rules.states import WishlistVisibility


class Wishlist(Base):
    __tablename__ = "wishlist"
    __table_args__ = (
        one_of("visibility", WishlistVisibility),
        UniqueConstraint("customer_id", "owner_id", "name_sort"),
        UniqueConstraint("customer_id", "id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # Copied, since a colleague who sees a shared list need not see the user behind it.
    owner_name: Mapped[Name]
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    visibility: Mapped[WishlistVisibility] = mapped_column(Stored(WishlistVisibility))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]


class WishlistItem(Base):
    __tablename__ = "wishlist_item"
    __table_args__ = (
        UniqueConstraint("wishlist_id", "product_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        ForeignKeyConstraint(
            ["customer_id", "wishlist_id"], ["wishlist.customer_id", "wishlist.id"], ondelete="CASCADE"
        ),
        Index(None, "customer_id", "wishlist_id"),
    )
    id: Mapped[Id]
    wishlist_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    position: Mapped[int]
    quantity: Mapped[Quantity]
    note: Mapped[str] = mapped_column(String(500), server_default="")
