"""The journal: posting to it, and reading it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from models.base import new_id
from models.filters import Where, conditions
from models.journal import JournalEntry, JournalLine
from models.rows import columns_of, grouped
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.journal import Account, PostingLine
from rules.money import ZERO
from rules.states import JournalSource


@dataclass(frozen=True, slots=True)
class Posted:
    """
    What one document posts.

    Args:
        on: the day in the books.
        description: short, without personal data; the document's number.
        lines: balanced, in the seller's currency.
        currency: the document's.
        document_lines: the same in the document's currency; None where that is the seller's.
    """

    source: JournalSource
    source_id: UUID
    customer_id: UUID
    on: date
    description: str
    lines: Sequence[PostingLine]
    currency: str
    document_lines: Sequence[PostingLine] | None = None


async def post(
    ctx: Context,
    source: JournalSource,
    source_id: UUID,
    customer_id: UUID,
    on: date,
    description: str,
    lines: Sequence[PostingLine],
) -> UUID | None:
    """
    Posts balanced lines in the seller's currency; the commit of lines that do not balance is refused.

    Args:
        source_id: the document that is posted.
        on: the day in the books.
    Returns:
        The entry; None where there is nothing to post.
    """
    us = await seller(ctx)
    posted = Posted(source, source_id, customer_id, on, description, lines, us.currency)
    return (await post_all(ctx, [posted]))[0]


async def post_all(ctx: Context, entries: Sequence[Posted]) -> list[UUID | None]:
    """Writes any number of entries in two statements; the id of each, None where there was nothing to post."""
    ids = [new_id() if each.lines else None for each in entries]
    telling = [(key, each) for key, each in zip(ids, entries, strict=True) if key is not None]
    if not telling:
        return ids
    await ctx.session.flush()
    await ctx.session.execute(
        insert(JournalEntry),
        [
            {
                "id": key, "seller_id": ctx.user.seller_id, "customer_id": each.customer_id,
                "posted_on": each.on, "posted_at": ctx.now, "posted_by_id": ctx.user.user_id,
                "source": each.source, "source_id": each.source_id, "description": each.description[:200],
            }
            for key, each in telling
        ],
    )  # fmt: skip
    lines = [line for key, each in telling for line in _lines(ctx, key, each)]
    await ctx.session.execute(insert(JournalLine), lines)
    return ids


def _lines(ctx: Context, entry_id: UUID, posted: Posted) -> list[dict[str, Any]]:
    own = _by_account(posted.lines if posted.document_lines is None else posted.document_lines)
    return [
        {
            "month": posted.on.replace(day=1), "entry_id": entry_id, "seller_id": ctx.user.seller_id,
            "customer_id": posted.customer_id, "account": account.value, "amount": amount,
            "document_amount": own.get(account, ZERO), "currency": posted.currency,
        }
        for account, amount in _by_account(posted.lines).items()
        if amount
    ]  # fmt: skip


def _by_account(lines: Sequence[PostingLine]) -> dict[Account, Decimal]:
    found: dict[Account, Decimal] = {}
    for line in lines:
        found[line.account] = found.get(line.account, ZERO) + line.amount
    return found


@dataclass(frozen=True, slots=True)
class JournalEntryRow:
    id: UUID
    customer_id: UUID
    posted_on: date
    posted_at: datetime
    posted_by_id: UUID
    source: JournalSource
    source_id: UUID
    description: str


@dataclass(frozen=True, slots=True)
class JournalLineRow:
    id: int
    entry_id: UUID
    account: str
    amount: Decimal
    document_amount: Decimal
    currency: str


JOURNAL_COLUMNS: dict[str, Any] = {
    "posted_on": JournalEntry.posted_on,
    "source": JournalEntry.source,
    "customer": JournalEntry.customer_id,
    "description": JournalEntry.description,
}
NEWEST = (SortKey("POSTED_ON", JournalEntry.posted_on, True), SortKey("id", JournalEntry.id, True))


async def journal_entries(ctx: Context, where: Where | None, args: PageArgs) -> Page[JournalEntryRow]:
    """The seller's journal, newest first."""
    statement = select(*columns_of(JournalEntry, JournalEntryRow)).where(
        JournalEntry.seller_id == ctx.user.seller_id, conditions(where, JOURNAL_COLUMNS)
    )
    return await page(ctx, statement, list(NEWEST), args, JournalEntryRow)


async def lines_by_entry(ctx: Context, keys: Sequence[UUID]) -> list[list[JournalLineRow]]:
    rows = await ctx.session.execute(
        select(*columns_of(JournalLine, JournalLineRow))
        .where(JournalLine.entry_id.in_(keys), JournalLine.seller_id == ctx.user.seller_id)
        .order_by(JournalLine.entry_id, JournalLine.id)
    )
    return grouped(keys, (JournalLineRow(*each) for each in rows), "entry_id")


async def entries_by_source(ctx: Context, keys: Sequence[UUID]) -> list[list[JournalEntryRow]]:
    """What documents posted, oldest first."""
    rows = await ctx.session.execute(
        select(*columns_of(JournalEntry, JournalEntryRow))
        .where(JournalEntry.source_id.in_(keys), JournalEntry.seller_id == ctx.user.seller_id)
        .order_by(JournalEntry.id)
    )
    return grouped(keys, (JournalEntryRow(*each) for each in rows), "source_id")


@dataclass(frozen=True, slots=True)
class JournalExportRow:
    posted_on: date
    entry_id: UUID
    source: JournalSource
    description: str
    account: str
    amount: Decimal
    document_amount: Decimal
    currency: str


async def journal_export(ctx: Context, since: date, until: date) -> list[JournalExportRow]:
    """Every line posted from one day to another, both included, in the order of posting."""
    rows = await ctx.session.execute(
        select(
            JournalEntry.posted_on,
            JournalEntry.id,
            JournalEntry.source,
            JournalEntry.description,
            JournalLine.account,
            JournalLine.amount,
            JournalLine.document_amount,
            JournalLine.currency,
        )
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalEntry.seller_id == ctx.user.seller_id, JournalEntry.posted_on.between(since, until))
        .order_by(JournalEntry.posted_on, JournalEntry.id, JournalLine.id)
    )
    return [JournalExportRow(*each) for each in rows]
