"""What the clock does to promises: those that broke are made again, and what was held too long is free."""

from uuid import UUID

from jobs.runs import Run
from resolvers.context import LockedSession
from resolvers.promises_due import promise_due
from resolvers.stock_holds import expire_holds as expire_due_holds


async def keep_promises(run: Run) -> None:
    """All orders, a few in each transaction; a run that is repeated finds nothing left to do."""
    now, after = run.clock(), UUID(int=0)
    while True:
        async with run.database.job() as session:
            last = await promise_due(session, now, after)
        if last is None:
            return
        after = last


async def expire_holds(run: Run) -> None:
    """What carts and quotes held too long is free. No act waits for this; who held it is told by now at the latest."""
    now = run.clock()
    async with run.database.job() as session:
        await expire_due_holds(LockedSession(session), now, now.date())
