"""Lots and those who get them: which the customer asked for on an order line, and which never go to a customer."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, LongText, Moment, Name, Quantity


class OrderLineLot(Base):
    """
    A lot that the customer asked for. What is open of it, `quantity` less `quantity_used`, is held for the line:
    `lot_balance.allocated` counts it until a delivery takes it.

    What is open in a warehouse never exceeds what the line has reserved there and no delivery holds.
    """

    __tablename__ = "order_line_lot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("quantity_used >= 0 and quantity_used <= quantity", name="used_within"),
        Index(None, "customer_id", "order_line_id"),
        Index(None, "lot_id"),
    )
    order_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    customer_id: Mapped[UUID]
    # The order in which they were asked for, and in which deliveries take them.
    position: Mapped[int]
    quantity: Mapped[Quantity]
    # By deliveries that left or wait to; what one gives back when it is cancelled is held again.
    quantity_used: Mapped[Quantity] = mapped_column(server_default="0")


class CustomerLotBan(Base):
    """A lot that never goes to a customer."""

    __tablename__ = "customer_lot_ban"
    __table_args__ = (Index(None, "lot_id"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    reason: Mapped[LongText] = mapped_column(server_default="", default="")
    banned_at: Mapped[Moment]
    banned_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    banned_by_name: Mapped[Name]
