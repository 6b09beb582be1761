"""Warehouses, lots, moves, balances and reservations."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, Moment, Name, Quantity, Stored, one_of
from rules.states import HoldSource, LotStatus, ReservationKind, StockMoveKind

_IS_HELD = text("source_id is not null and released_at is null")


class Warehouse(Base):
    __tablename__ = "warehouse"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        CheckConstraint("handling_days between 0 and 365", name="handling_days_range"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    city: Mapped[Name]
    time_zone: Mapped[Code]
    # Orders are served from the lowest priority number that holds enough.
    priority: Mapped[int]
    active_until: Mapped[date | None]
    # The days on which goods leave; null: every day. They are picked so many days before.
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendar.id"))
    handling_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)


class Lot(Base):
    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        one_of("status", LotStatus),
        CheckConstraint("best_before_on <= expires_on", name="best_before_expiry"),
    )
    id: Mapped[Id]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    number: Mapped[Code]
    received_on: Mapped[date]
    best_before_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    status: Mapped[LotStatus] = mapped_column(Stored(LotStatus))
    # Why it was blocked, or let go again.
    status_reason: Mapped[str] = mapped_column(String(500), server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)


class StockMove(Base):
    """Append-only: what came in (positive) or went out (negative). `month` stands in the key for partitions."""

    __tablename__ = "stock_move"
    __table_args__ = (
        one_of("kind", StockMoveKind),
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        Index(None, "product_id", "warehouse_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    kind: Mapped[StockMoveKind] = mapped_column(Stored(StockMoveKind))
    quantity: Mapped[Quantity]
    reference: Mapped[Name] = mapped_column(server_default="")
    occurred_at: Mapped[Moment]


class StockBalance(Base):
    """
    On hand and reserved by product and warehouse; the row that placing an order contends for.

    `on_hand` is the sum of the moves, `reserved` of the live reservations, `blocked` of the blocked lots; free is what
    both leave. From `holds_end_at` on some of what carts and quotes hold may have lapsed: whoever reads or locks the
    balance then looks how much (resolvers/stock_holds.py). It is never later than the first live hold's end.
    """

    __tablename__ = "stock_balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint(
            "reserved >= 0 and blocked >= 0 and reserved + blocked <= on_hand", name="reserved_within_on_hand"
        ),
        Index(
            "ix_stock_balance_holds_end_at", "holds_end_at", postgresql_where=text("holds_end_at is not null")
        ),
    )
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    on_hand: Mapped[Quantity]
    reserved: Mapped[Quantity]
    blocked: Mapped[Quantity] = mapped_column(server_default="0", default=Decimal(0))
    holds_end_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LotBalance(Base):
    """On hand and allocated by lot and warehouse; lots are assigned at release, not at placing."""

    __tablename__ = "lot_balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("allocated >= 0 and allocated <= on_hand", name="allocated_within_on_hand"),
    )
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    on_hand: Mapped[Quantity]
    allocated: Mapped[Quantity]


class Reservation(Base):
    """
    Quantity held for a schedule line, hard or until its consent is due, or softly for a cart or a quote for a while.

    Released rows keep their history.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        one_of("kind", ReservationKind),
        one_of("source_kind", HoldSource),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("num_nonnulls(schedule_line_id, source_id) = 1", name="held_for_one"),
        CheckConstraint(
            "source_id is null or kind = 'SOFT' and num_nulls(source_kind, held_by_id, expires_at) = 0",
            name="hold_ends",
        ),
        Index(
            "ix_reservation_hold",
            "source_id",
            "product_id",
            "warehouse_id",
            unique=True,
            postgresql_where=_IS_HELD,
        ),
        Index("ix_reservation_held", "product_id", "warehouse_id", postgresql_where=_IS_HELD),
        Index(None, "customer_id", "schedule_line_id"),
        Index(None, "product_id", "warehouse_id"),
        Index(None, "schedule_line_id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    schedule_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_order_schedule_line.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    kind: Mapped[ReservationKind] = mapped_column(Stored(ReservationKind))
    quantity: Mapped[Quantity]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The cart or quote it is held for, by whom and why; whether the time was made longer already.
    source_kind: Mapped[HoldSource | None] = mapped_column(Stored(HoldSource))
    source_id: Mapped[UUID | None]
    held_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(String(500), server_default="", default="")
    is_extended: Mapped[bool] = mapped_column(server_default="false", default=False)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
