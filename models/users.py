"""Persons, their credentials and sessions. Credentials and sessions are read by the sign-in role alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Locale, Moment, Name, Stored, one_of
from rules.states import SessionKind, UserKind


class User(Base):
    """Whoever acts: a person with a login, or the machine behind an OAuth client, which has none."""

    __tablename__ = "app_user"
    __table_args__ = (
        Index("uq_app_user_email", func.lower(text("email")), unique=True),
        # What points at a machine points at (id, kind), so that it can point at nobody else.
        UniqueConstraint("id", "kind"),
        one_of("kind", UserKind),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    kind: Mapped[UserKind] = mapped_column(
        Stored(UserKind), default=UserKind.PERSON, server_default=UserKind.PERSON
    )
    email: Mapped[Name]
    name: Mapped[Name]
    locale: Mapped[Locale]
    is_active: Mapped[bool]
    created_at: Mapped[Moment]


class StaffRole(Base):
    """A role at the seller."""

    __tablename__ = "staff_role"
    __table_args__ = (
        CheckConstraint(
            "role in ('SALES_REP', 'SALES_MANAGER', 'LOGISTICS', 'FINANCE', 'INTEGRATOR', 'ADMINISTRATOR')",
            name="role_known",
        ),
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(64), primary_key=True)


class UserCredential(Base):
    """The Argon2id hash of a password."""

    __tablename__ = "user_credential"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    changed_at: Mapped[Moment]


class UserSession(Base):
    """
    A signed-in session: the cookie's, a bearer token's, an OAuth access token's or a calendar's; one row, one life.

    Only the SHA-256 of the secret is stored. `customer_id` is the customer the user acts for. An access token names
    the client it was issued to and its scopes, which limit what the user may do with it; a calendar's has scopes too.
    """

    __tablename__ = "user_session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        one_of("kind", SessionKind),
        CheckConstraint(
            "(kind = 'CLIENT') = (client_id is not null)"
            " and (kind in ('CLIENT', 'CALENDAR')) = (scopes is not null)"
            " and (kind <> 'CALENDAR' or customer_id is not null and on_behalf_reason is null)",
            name="client_has_scopes",
        ),
        Index(None, "user_id"),
        Index(None, "client_id"),
    )
    id: Mapped[Id]
    kind: Mapped[SessionKind] = mapped_column(Stored(SessionKind))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    csrf_token: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    # Set while one of our people acts for `customer_id`: the reason asked once, and for whom there.
    on_behalf_reason: Mapped[str | None] = mapped_column(Text)
    on_behalf_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    locale: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("oauth_client.id"))
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(String(64)))


class LoginThrottle(Base):
    """Failed sign-ins by account or by address within a window; `key` is a hash, so nothing personal is kept."""

    __tablename__ = "login_throttle"
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    window_started_at: Mapped[Moment]
