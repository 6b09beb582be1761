"""What the clock does to quotes: offers that are over end, and what waited too long for consent waits no more."""

from jobs.runs import Run
from resolvers.quotes_due import expire_quotes, lapse_quote_requests


async def end_quotes(run: Run) -> None:
    """All that are due now; a run that is repeated finds nothing left to do."""
    now = run.clock()
    async with run.final() as session:
        while await expire_quotes(session, now):
            pass
        while await lapse_quote_requests(session, now):
            pass
