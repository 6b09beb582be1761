"""What is often bought together, and what became of each suggestion."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment, SerialId, Stored, one_of
from rules.suggestions import SuggestionPlace, SuggestionReason, SuggestionStage


class ProductAffinity(Base):
    """
    Two products that documents hold together more often than chance; one row in each direction.

    Args:
        support: documents that hold both; `lift` how many times as many as if the two were independent.
    """

    __tablename__ = "product_affinity"
    __table_args__ = (
        CheckConstraint("product_id <> other_id", name="of_two"),
        CheckConstraint("support > 0 and lift > 0", name="positive"),
    )
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    support: Mapped[int] = mapped_column(Integer)
    lift: Mapped[Decimal] = mapped_column(Numeric(18, 6))


class SuggestionEvent(Base):
    """A suggestion shown, accepted or ordered: once a day for each customer, product, place and stage."""

    __tablename__ = "suggestion_event"
    __table_args__ = (
        one_of("cause", SuggestionReason),
        one_of("place", SuggestionPlace),
        one_of("stage", SuggestionStage),
        UniqueConstraint(
            "customer_id", "product_id", "stage", "day", "place", "cause", name="uq_suggestion_event_once"
        ),
        Index(None, "seller_id", "day"),
    )
    id: Mapped[SerialId]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    cause: Mapped[SuggestionReason] = mapped_column(Stored(SuggestionReason))
    place: Mapped[SuggestionPlace] = mapped_column(Stored(SuggestionPlace))
    stage: Mapped[SuggestionStage] = mapped_column(Stored(SuggestionStage))
    # The day in the seller's time zone.
    day: Mapped[date] = mapped_column(Date)
    occurred_at: Mapped[Moment]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
