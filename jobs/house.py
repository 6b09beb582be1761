"""What keeps the house in order by itself: old traces go, and a job that the queue has lost is queued again."""

from datetime import timedelta

from sqlalchemy import delete, select, text, update

from jobs.mails import erase_mail, forget_links, is_older
from jobs.outbox import Waking, enqueue
from jobs.runs import UNFINISHED, Run
from models.imports import DataImport
from models.jobs import Job
from resolvers.company_people import INVITATION_DAYS
from rules.states import JobState

JOB_DAYS = 30
DEAD_JOB_DAYS = 180
QUEUE_LOG_DAYS = 7
MAIL_DAYS = 90
LOST_AFTER = timedelta(minutes=5)

_OLD_LOG = text("delete from pgqueuer_log where created < :before")
_OLD_STATISTICS = text("delete from pgqueuer_statistics where created < :before")
_IN_QUEUE = text(
    "select convert_from(payload, 'UTF8')::uuid from pgqueuer where status in ('queued', 'picked')"
)


async def keep_house(run: Run) -> None:
    """Deletes what nobody looks at any more and erases what is personal in old mail; people's own jobs stay."""
    now = run.clock()
    ended = {
        JobState.SUCCEEDED: now - timedelta(days=JOB_DAYS),
        JobState.FAILED: now - timedelta(days=DEAD_JOB_DAYS),
    }
    async with run.final() as session:
        for state, before in ended.items():
            old = (Job.state == state, Job.ended_at < before, Job.started_by_id.is_(None))
            await session.execute(delete(Job).where(*old))
        forgotten = (
            DataImport.created_at < now - timedelta(days=DEAD_JOB_DAYS),
            DataImport.content.is_not(None),
        )
        await session.execute(update(DataImport).where(*forgotten).values(content=None))
        await session.execute(_OLD_LOG, {"before": now - timedelta(days=QUEUE_LOG_DAYS)})
        await session.execute(_OLD_STATISTICS, {"before": now - timedelta(days=JOB_DAYS)})
        await forget_links(session, now - timedelta(days=INVITATION_DAYS))
        await erase_mail(session, is_older(now - timedelta(days=MAIL_DAYS)))


async def recover(run: Run) -> None:
    """Queues unfinished jobs that the queue does not know: somebody emptied it, or it was restored without its like."""
    async with run.final() as session:
        known = set(await session.scalars(_IN_QUEUE))
        found = await session.execute(
            select(Job.id, Job.kind, Job.starts).where(
                Job.state.in_(UNFINISHED), Job.created_at < run.clock() - LOST_AFTER, Job.id != run.job_id
            )
        )
        lost = [row for row in found if row.id not in known]
        await enqueue(session, [Waking(row.id, row.kind, f"{row.id}:recovered:{row.starts}") for row in lost])
