"""What the clock does to requests for approval: a reminder a day before, and their end when nobody decided."""

from jobs.runs import Run
from resolvers.approvals_due import lapse_approvals, remind_approvals


async def end_approvals(run: Run) -> None:
    """All that are due now; a run that is repeated finds nothing left to do."""
    now = run.clock()
    async with run.final() as session:
        await remind_approvals(session, now)
        while await lapse_approvals(session, now):
            pass
