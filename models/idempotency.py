"""Keys of acts that committed: what makes a retry safe. Row security: the principal's own rows (models/security.py)."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, Moment

KEY_CHARACTERS_MAX = 255


class IdempotencyRecord(Base):
    """
    One act that committed under a client's key.

    It holds the hash of the input, the entity and the warnings, never the answer: a replay reads the entity as it
    is now. The row is written in the act's own transaction, so a refusal leaves none. `owner_id` is the customer
    the principal acted for, or the seller.
    """

    __tablename__ = "idempotency_record"
    __table_args__ = (
        UniqueConstraint("owner_id", "principal_id", "mutation", "key", name="uq_idempotency_record_key"),
        CheckConstraint("length(key) between 1 and 255", name="key_length"),
    )
    id: Mapped[Id]
    owner_id: Mapped[UUID]
    principal_id: Mapped[UUID]
    mutation: Mapped[Code]
    key: Mapped[str] = mapped_column(String(KEY_CHARACTERS_MAX))
    input_hash: Mapped[str] = mapped_column(String(64))
    entity_type: Mapped[Code] = mapped_column(server_default="")
    entity_id: Mapped[UUID | None]
    warnings: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    created_at: Mapped[Moment]
