"""Tickets that open a stream of events: they stand in an address, so they live for a minute and open one."""

from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment


class StreamTicket(Base):
    """Only the SHA-256 of the secret is stored; opening the stream deletes the row."""

    __tablename__ = "stream_ticket"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_session.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[Moment]
