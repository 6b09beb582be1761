"""What the clock does to promises: those that broke are made again, and what was held too long is free."""

from uuid import UUID

from jobs.runs import Run
from resolvers.promises_due import expire_reservations, promise_due


async def keep_promises(run: Run) -> None:
    """All orders, a few in each transaction; a run that is repeated finds nothing left to do."""
    now, after = run.clock(), UUID(int=0)
    async with run.database.job() as session:
        await expire_reservations(session, now)
    while True:
        async with run.database.job() as session:
            last = await promise_due(session, now, after)
        if last is None:
            return
        after = last
