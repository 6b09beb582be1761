"""List prices by currency, with quantity breaks and validity."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, CurrencyCode, Id, Quantity, UnitPrice
from models.sellers import no_overlap


class ListPrice(Base):
    """
    From `from_quantity` on, `price_unit` units cost `unit_price`, before any agreement.

    A row reaches up to the next row's `from_quantity`; the boundary belongs to the higher tier.
    """

    __tablename__ = "list_price"
    __table_args__ = (
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("price_unit > 0", name="price_unit_positive"),
        CheckConstraint("from_quantity >= 0", name="from_quantity_not_negative"),
        CheckConstraint("valid_until is null or valid_until > valid_from", name="validity_order"),
        no_overlap("list_price_overlap", "product_id", "currency", "unit_code", "from_quantity"),
        Index(None, "product_id", "currency", "valid_from"),
    )
    id: Mapped[Id]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit_of_measure.code"))
    from_quantity: Mapped[Quantity]
    unit_price: Mapped[UnitPrice]
    price_unit: Mapped[Quantity] = mapped_column(server_default="1")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
