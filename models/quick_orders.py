"""Quick orders: lines that somebody typed, pasted or sent as a file, kept for a day until they go to a cart or list."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Moment, Stored, one_of
from rules.order_lines import LINES_MAX
from rules.states import QuickOrderSource


class QuickOrder(Base):
    """Its lines are as they were sent; what can be ordered of them, and at which price, is found anew at each look."""

    __tablename__ = "quick_order"
    __table_args__ = (
        one_of("source", QuickOrderSource),
        CheckConstraint(f"line_count between 1 and {LINES_MAX}", name="line_count_range"),
        CheckConstraint("jsonb_array_length(lines) = line_count", name="lines_counted"),
        Index(None, "customer_id", "user_id", "created_at"),
        Index(None, "expires_at"),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    source: Mapped[QuickOrderSource] = mapped_column(Stored(QuickOrderSource))
    file_name: Mapped[str] = mapped_column(String(200), server_default="")
    # One array per line, the fields of rules.order_lines.OrderLine in their order.
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    line_count: Mapped[int]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
