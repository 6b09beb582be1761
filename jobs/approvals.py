"""What the clock does to requests for approval: a reminder a day before, and their end when nobody decided."""

from jobs.runs import Run
from resolvers.approvals_due import lapse_approvals, lapse_concessions, remind_approvals, remind_concessions


async def end_approvals(run: Run) -> None:
    """All that are due now; a run that is repeated finds nothing left to do."""
    now = run.clock()
    async with run.final() as session:
        await remind_approvals(session, now)
        await remind_concessions(session, now)
        await lapse_concessions(session, now)
        while await lapse_approvals(session, now):
            pass
