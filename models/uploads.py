"""Files on their way in: kept for minutes, for the one input that takes them."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Moment, Name


class Upload(Base):
    """
    What a user sent to /upload, until an input takes it or it expires.

    Its content is one chunk, since an upload has at most 10 MB. It is its sender's alone, and is never served.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("octet_length(content) between 1 and 10485760", name="size_range"),
        Index(None, "user_id", "expires_at"),
        Index(None, "expires_at"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    # Of which customer the sender acted; none for staff.
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    name: Mapped[Name]
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
