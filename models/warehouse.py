"""What links a warehouse's outside system: what it acknowledged, what it reported, and what was counted."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, Moment, Name, Quantity


class WarehouseConsumer(Base):
    """
    A program that follows the tasks of one warehouse. It begins with its first acknowledgement.

    All tasks up to the position `acknowledged_to` are acknowledged; single ones beyond it have rows of their own.
    """

    __tablename__ = "warehouse_consumer"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "code"),
        CheckConstraint("acknowledged_to >= 0", name="acknowledged_not_negative"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[Code]
    acknowledged_to: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    acknowledged_at: Mapped[Moment]
    created_at: Mapped[Moment]
    # Nobody waits for it from then on, until it acknowledges again.
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WarehouseAcknowledgement(Base):
    """A task acknowledged before an earlier one was; gone once everything up to it is."""

    __tablename__ = "warehouse_acknowledgement"
    consumer_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse_consumer.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ExternalReport(Base):
    """
    What an outside system told us under a reference of its own, kept as long as the document that came of it.

    The hash is of what was told, so that another message under the same reference is noticed.
    """

    __tablename__ = "external_report"
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    namespace: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[Name] = mapped_column(primary_key=True)
    act: Mapped[Code]
    input_hash: Mapped[str] = mapped_column(String(64))
    entity_id: Mapped[UUID | None]
    reported_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    reported_at: Mapped[Moment]


class StockCount(Base):
    """Append-only: what somebody counted in a warehouse; the moves make up for the difference."""

    __tablename__ = "stock_count"
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    counted_at: Mapped[Moment]
    counted_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # What the counting is known by elsewhere; of an import, the import.
    reference: Mapped[Name] = mapped_column(server_default="", default="")


class StockCountLine(Base):
    """Append-only: the figure of a product, of one lot or of none, and how far it lay from ours."""

    __tablename__ = "stock_count_line"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index(None, "count_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    count_id: Mapped[UUID] = mapped_column(ForeignKey("stock_count.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[Quantity]
    change: Mapped[Quantity] = mapped_column(default=Decimal(0))
