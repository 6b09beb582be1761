"""What passes between the two sides of a quote besides offers: messages, files, and links that open one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, LongText, Moment, Name, Stored, one_of
from rules.quotes_messages import AttachmentPurpose, LinkUse


class QuoteMessage(Base):
    """Something that somebody wrote about a quote; `is_ours` by our side, `is_internal` for our side alone."""

    __tablename__ = "quote_message"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        CheckConstraint("body <> '' and length(body) <= 4000", name="body_length"),
        CheckConstraint("is_ours or not is_internal", name="internal_is_ours"),
        Index(None, "quote_id", "id"),
    )
    id: Mapped[Id]
    quote_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    is_ours: Mapped[bool]
    is_internal: Mapped[bool]
    body: Mapped[LongText]


class QuoteAttachment(Base):
    """A file that somebody put beside a quote; its bytes stand in `file`. A signed offer accepts nothing."""

    __tablename__ = "quote_attachment"
    __table_args__ = (
        one_of("purpose", AttachmentPurpose),
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        UniqueConstraint("file_id"),
        CheckConstraint("is_ours or not is_internal", name="internal_is_ours"),
        Index(None, "quote_id", "id"),
    )
    id: Mapped[Id]
    quote_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    is_ours: Mapped[bool]
    is_internal: Mapped[bool]
    purpose: Mapped[AttachmentPurpose] = mapped_column(Stored(AttachmentPurpose))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"))


class QuoteLink(Base):
    """A secret address that opens one offer without login, until it expires or is revoked; only its hash is kept."""

    __tablename__ = "quote_link"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "quote_id"], ["quote.customer_id", "quote.id"]),
        ForeignKeyConstraint(
            ["customer_id", "revision_id"], ["quote_revision.customer_id", "quote_revision.id"]
        ),
        UniqueConstraint("secret_hash"),
        UniqueConstraint("customer_id", "id"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index(None, "quote_id", "id"),
    )
    id: Mapped[Id]
    quote_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    created_by_name: Mapped[Name]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by_name: Mapped[Name] = mapped_column(server_default="", default="")


class QuoteLinkUse(Base):
    """What was done through a link, and under which name where somebody gave one."""

    __tablename__ = "quote_link_use"
    __table_args__ = (
        one_of("act", LinkUse),
        ForeignKeyConstraint(["customer_id", "link_id"], ["quote_link.customer_id", "quote_link.id"]),
        Index(None, "link_id", "id"),
    )
    id: Mapped[Id]
    link_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    used_at: Mapped[Moment]
    act: Mapped[LinkUse] = mapped_column(Stored(LinkUse))
    name: Mapped[Name] = mapped_column(server_default="", default="")
