"""Past sales, from imports and closed orders: one row per line of the source, whatever it was."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Amount, Base, Code, CurrencyCode, Moment, Name, Quantity, Stored, UnitPrice, one_of
from rules.states import SaleKind


class SalesHistory(Base):
    """
    A line sold, cancelled, adjusted or a service.

    net_amount = round(unit_price x quantity) - discount_amount, both rounded (rule book 0.2, 26).
    """

    __tablename__ = "sales_history"
    __table_args__ = (
        one_of("kind", SaleKind),
        UniqueConstraint("seller_id", "source", "source_key", "month"),
        Index(None, "customer_id", "sold_at", "id"),
        Index(None, "product_id", "sold_at"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[SaleKind] = mapped_column(Stored(SaleKind))
    source: Mapped[Code]
    source_key: Mapped[Name]
    document_number: Mapped[Code]
    sold_at: Mapped[Moment]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    sku: Mapped[Code]
    description: Mapped[Name]
    quantity: Mapped[Quantity]
    unit_price: Mapped[UnitPrice]
    discount_percent: Mapped[Decimal] = mapped_column(Numeric(9, 6), server_default="0")
    discount_amount: Mapped[Amount] = mapped_column(server_default="0")
    net_amount: Mapped[Amount]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    sales_rep_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_rep.user_id"))
