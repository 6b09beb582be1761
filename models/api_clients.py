"""OAuth clients, their secrets, and who may see them. Access tokens are sessions: models/users.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from auth.permissions import RowClass, Viewer
from models.base import Base, Id, Moment, Name, Stored
from models.rows import columns_of
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


@dataclass(frozen=True, slots=True)
class ApiClientRow:
    id: UUID
    customer_id: UUID | None
    name: str
    scopes: list[str]
    addresses: list[str]
    created_by_id: UUID
    created_at: datetime
    disabled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ApiClientSecretRow:
    """What may be known of a secret: never its hash."""

    client_id: UUID
    hint: str
    created_at: datetime
    expires_at: datetime


def visible_api_clients(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The seller's clients and its customers' for staff; those of the company they act for for its people."""
    statement = select(*columns_of(OAuthClient, ApiClientRow)).where(
        OAuthClient.seller_id == viewer.seller_id
    )
    if viewer.row_class is RowClass.CUSTOMER:
        statement = statement.where(OAuthClient.customer_id == viewer.customer_id)
    return statement


def secrets_of_clients(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The secrets of visible clients, newest first, those that are over as well."""
    clients = visible_api_clients(viewer).with_only_columns(OAuthClient.id)
    return (
        select(*columns_of(OAuthClientSecret, ApiClientSecretRow))
        .where(OAuthClientSecret.client_id.in_(clients))
        .order_by(OAuthClientSecret.created_at.desc(), OAuthClientSecret.slot)
    )
