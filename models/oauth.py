"""OAuth clients and their secrets. Access tokens are sessions: models/users.py."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Moment, Name, Stored
from rules.states import UserKind

SECRETS_MAX = 2


class OAuthClient(Base):
    """
    A program that is known here: of the seller (`customer_id` null) or of one customer.

    `scopes` is the most its tokens can ask for. `user_id` is the machine that acts where the client acts for
    itself. An empty `addresses` allows every address.
    """

    __tablename__ = "oauth_client"
    __table_args__ = (
        # Deferred, so that the client may be written before its machine: row security knows the machine by it.
        ForeignKeyConstraint(
            ["user_id", "user_kind"], ["app_user.id", "app_user.kind"], deferrable=True, initially="DEFERRED"
        ),
        UniqueConstraint("user_id"),
        CheckConstraint("user_kind = 'MACHINE'", name="acts_as_machine"),
        CheckConstraint("cardinality(scopes) between 1 and 100", name="has_scopes"),
        CheckConstraint("cardinality(addresses) <= 100", name="addresses_not_too_many"),
        CheckConstraint(
            "customer_id is null or not ('costs:read' = any (scopes))", name="customers_read_no_costs"
        ),
        Index(None, "customer_id", "id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    user_id: Mapped[UUID]
    user_kind: Mapped[UserKind] = mapped_column(Stored(UserKind), server_default=UserKind.MACHINE)
    name: Mapped[Name]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    addresses: Mapped[list[str]] = mapped_column(ARRAY(String(50)), server_default="{}")
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Moment]
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(server_default="1")


class OAuthClientSecret(Base):
    """
    One of a client's secrets; two slots, so that a new one can be put to use before the old one ends.

    Only the SHA-256 is stored: a secret has 256 random bits, which nobody guesses from it. `hint` are its last
    characters, by which people tell two secrets apart.
    """

    __tablename__ = "oauth_client_secret"
    __table_args__ = (
        CheckConstraint(f"slot between 1 and {SECRETS_MAX}", name="two_at_once"),
        CheckConstraint("octet_length(secret_hash) = 32", name="is_a_hash"),
    )
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hint: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
