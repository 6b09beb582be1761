"""Quotes of one customer within some days, judged as one: nothing passes under a limit by being split."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.quotes_reads import measured_since
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from rules.quotes_approvals import QuoteFigures


async def lock_judging(ctx: Context, customer_id: UUID) -> None:
    """Of two quotes of a customer that are submitted at once the second sees the first."""
    if not (await seller(ctx)).judged_together_days:
        return
    ctx.locking(LockKind.DOCUMENT)
    own = select(Customer.id).where(Customer.id == customer_id, customer_in_scope(ctx.user))
    await ctx.session.scalar(own.with_for_update(key_share=True))


async def judged_with(ctx: Context, keys: Sequence[tuple[UUID, UUID]]) -> list[list[QuoteFigures]]:
    """The figures of the other quotes that each (customer, quote) is judged with; a batch function."""
    days = (await seller(ctx)).judged_together_days
    if not days:
        return [[] for _ in keys]
    since = ctx.now - timedelta(days=days)
    rows = await ctx.session.execute(measured_since(ctx.user, {customer for customer, _ in keys}, since))
    # Of one quote the newest revision counts: what takes the place of an offer is not on top of it.
    newest = {(customer, quote): QuoteFigures.from_json(kept) for customer, quote, _, kept in rows}
    return [
        [figures for (customer, quote), figures in newest.items() if customer == key[0] and quote != key[1]]
        for key in keys
    ]
