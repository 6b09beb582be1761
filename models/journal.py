"""The journal: what each document posted, in the seller's currency. Append-only, and every entry balances."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Amount,
    Base,
    Code,
    CurrencyCode,
    Id,
    Moment,
    Name,
    Stored,
    one_of,
)
from rules.states import JournalSource


class JournalEntry(Base):
    """A posting of one document; a deferred trigger refuses the commit of one that does not balance."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        one_of("source", JournalSource),
        Index(None, "seller_id", "posted_on", "id"),
        Index(None, "source_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    posted_on: Mapped[date]
    posted_at: Mapped[Moment]
    posted_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    source: Mapped[JournalSource] = mapped_column(Stored(JournalSource))
    source_id: Mapped[UUID]
    description: Mapped[Name]


class JournalLine(Base):
    """An amount on an account: debit is positive, credit negative, in the seller's base currency."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index(None, "entry_id"),
        Index(None, "seller_id", "account", "month"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    account: Mapped[Code]
    amount: Mapped[Amount]
    document_amount: Mapped[Amount]
    currency: Mapped[CurrencyCode]
