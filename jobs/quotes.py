"""What the clock does to quotes: offers that are over end, and what waited too long for consent waits no more."""

from uuid import UUID

from jobs.runs import Run
from resolvers.orders_quotes_due import convert_next
from resolvers.quotes_due import expire_quotes, lapse_quote_requests


async def end_quotes(run: Run) -> None:
    """All that are due now; a run that is repeated finds nothing left to do."""
    now = run.clock()
    async with run.final() as session:
        while await expire_quotes(session, now):
            pass
        while await lapse_quote_requests(session, now):
            pass


async def convert_quotes(run: Run) -> None:
    """All accepted quotes, each in its own transaction; a run that is repeated finds nothing left to do."""
    now, after = run.clock(), UUID(int=0)
    while True:
        async with run.step() as session:
            tried = await convert_next(session, now, after)
        if tried is None:
            return
        after = tried
