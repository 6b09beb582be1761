"""The journal: posting what a document means in the seller's accounts. Entries are added and never changed."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from models.base import new_id
from models.journal import JournalEntry, JournalLine
from resolvers.context import Context
from resolvers.customers import seller
from rules.journal import PostingLine
from rules.states import JournalSource


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
    if not lines:
        return None
    us = await seller(ctx)
    entry = JournalEntry(
        id=new_id(), seller_id=us.id, customer_id=customer_id, posted_on=on, posted_at=ctx.now,
        posted_by_id=ctx.user.user_id, source=source, source_id=source_id, description=description[:200],
    )  # fmt: skip
    ctx.session.add(entry)
    await ctx.session.flush()
    ctx.session.add_all(
        [
            JournalLine(
                month=on.replace(day=1), entry_id=entry.id, seller_id=us.id, customer_id=customer_id,
                account=line.account.value, amount=line.amount, document_amount=line.amount, currency=us.currency,
            )
            for line in lines
        ]
    )  # fmt: skip
    return entry.id
