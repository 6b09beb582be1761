"""Mail that we write. Address, name and texts are personal: they can be erased, and the row still says that it was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, Locale, LongText, Moment, Name, Stored, one_of
from rules.states import MailState


class MailMessage(Base):
    """One message to one person. `key` keeps a cause that is seen twice from writing twice."""

    __tablename__ = "mail_message"
    __table_args__ = (one_of("state", MailState),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    template: Mapped[Code]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"), index=True)
    address: Mapped[Name | None]
    recipient: Mapped[Name | None]
    locale: Mapped[Locale]
    subject: Mapped[LongText]
    text_body: Mapped[LongText]
    html_body: Mapped[LongText]
    state: Mapped[MailState] = mapped_column(Stored(MailState))
    created_at: Mapped[Moment]
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
