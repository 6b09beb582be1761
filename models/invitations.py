"""How people come to a company and back into their account: invitations, and the one-use links of mails."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Locale, Moment, Name, Stored, one_of
from rules.states import LinkKind


class Invitation(Base):
    """
    A company admin asks somebody in, by email address and with roles.

    It says nothing of whether that person has an account already: that is looked up when they follow the link, so
    whoever invites learns nothing of it.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        CheckConstraint("cardinality(roles) > 0", name="has_roles"),
        CheckConstraint("accepted_at is null or revoked_at is null", name="one_end"),
        Index(
            "uq_invitation_pending",
            "customer_id",
            func.lower(text("email")),
            unique=True,
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    email: Mapped[Name]
    name: Mapped[Name]
    locale: Mapped[Locale]
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    invited_by_name: Mapped[Name]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AccountLink(Base):
    """
    A link that works once, for whoever reads the mail: to accept an invitation, or to set a password anew.

    Only the SHA-256 of its secret is stored; the secret itself is drawn when the mail is written, and
    stands in its texts until it is sent.
    """

    __tablename__ = "account_link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        one_of("kind", LinkKind),
        CheckConstraint("(invitation_id is null) <> (user_id is null)", name="for_one"),
        Index(None, "user_id"),
        Index(None, "invitation_id"),
    )
    id: Mapped[Id]
    kind: Mapped[LinkKind] = mapped_column(Stored(LinkKind))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id"))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
