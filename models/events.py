"""The append-only audit trail and the outbox; both hold ids, never personal values."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, LongText, Moment, new_id


class AuditEvent(Base):
    """Who did what to which document; never changed, never deleted (a trigger and the grants hold it)."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "customer_id", "id"), Index(None, "entity_id"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    occurred_at: Mapped[Moment]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # On whose behalf the actor acted: a person at the customer, or else the customer; null for one's own acts.
    subject_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    request_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[Code]
    entity_type: Mapped[Code]
    entity_id: Mapped[UUID]
    entity_version: Mapped[int]
    reason: Mapped[LongText] = mapped_column(server_default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)


class OutboxEvent(Base):
    """
    What happened, written in the act's transaction; a publisher later gives it a gap-free position (jobs/outbox.py).

    `transaction_id` says in which transaction, for whoever compares the log with what was committed.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_unpublished", "id", postgresql_where=text("position is null")),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    transaction_id: Mapped[str] = mapped_column(
        String(20), server_default=text("(pg_current_xact_id()::text)")
    )
    type: Mapped[Code]
    entity_type: Mapped[Code]
    entity_id: Mapped[UUID]
    entity_version: Mapped[int]
    occurred_at: Mapped[Moment]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # On whose behalf the actor acted: a person at the customer, or else the customer; null for one's own acts.
    subject_id: Mapped[UUID | None]
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
