"""How scarce stock was shared: by which policy, and who got how much of what they waited for."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Moment, Quantity, Stored, one_of
from rules.states import SharingPolicy


class StockSharing(Base):
    """One act of sharing what was free of a product in a warehouse; never changed."""

    __tablename__ = "stock_sharing"
    __table_args__ = (
        one_of("policy", SharingPolicy),
        CheckConstraint("quantity_shared between 0 and quantity_free", name="shared_within_free"),
        Index(None, "product_id", "shared_at"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    policy: Mapped[SharingPolicy] = mapped_column(Stored(SharingPolicy))
    quantity_free: Mapped[Quantity]
    quantity_shared: Mapped[Quantity]
    shared_at: Mapped[Moment]
    shared_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))


class StockSharingLine(Base):
    """An order line that took part: what it lacked, its customer's priority then, and what it got."""

    __tablename__ = "stock_sharing_line"
    __table_args__ = (
        CheckConstraint("quantity_got between 0 and quantity_waiting", name="got_within_waiting"),
        Index(None, "order_line_id"),
        Index(None, "customer_id"),
    )
    sharing_id: Mapped[UUID] = mapped_column(ForeignKey("stock_sharing.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("sales_order_line.id"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    quantity_waiting: Mapped[Quantity]
    quantity_got: Mapped[Quantity]
