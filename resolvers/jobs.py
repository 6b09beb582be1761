"""Jobs: start one within an act, look at them, try a dead one again. The work itself is done in jobs/."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from auth.permissions import Permission
from models.base import new_id
from models.filters import Where, conditions
from models.jobs import Job
from models.jobs_reads import (
    JOB_COLUMNS,
    JobErrorRowRow,
    JobRow,
    job_in_scope,
    visible_error_rows,
    visible_jobs,
)
from models.rows import by_key, grouped
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.refusals import ErrorCode, InvalidTransition, Refusal, StaleVersion
from rules.states import JobState

ERROR_ROWS_MAX = 100


async def start_job(
    ctx: Context, kind: str, arguments: Mapping[str, Any], *, area: str = "", total: int | None = None
) -> UUID:
    """
    Starts a job in the act's own transaction: it begins when the act has committed, and never when it has not.

    Args:
        kind: one of jobs/catalogue.py.
        arguments: ids, numbers and states; personal values stand in tables that can be erased.
        area: "finance" lets finance see it.
        total: how many steps of progress there will be, where that is known.
    """
    job = Job(
        id=new_id(),
        seller_id=ctx.user.seller_id,
        customer_id=ctx.user.customer_id,
        kind=kind,
        area=area,
        state=JobState.QUEUED,
        arguments=dict(arguments),
        started_by_id=ctx.user.user_id,
        progress_total=total,
        created_at=ctx.now,
    )
    ctx.session.add(job)
    record(ctx, "job.queued", "Job", job.id, version=1, customer_id=job.customer_id, changes={"kind": kind})
    await ctx.session.flush()
    return job.id


async def list_jobs(ctx: Context, where: Where | None, args: PageArgs) -> Page[JobRow]:
    """The visible jobs, newest first."""
    statement = visible_jobs(ctx.user).where(conditions(where, JOB_COLUMNS))
    return await page(ctx, statement, [SortKey("id", Job.id, True)], args, JobRow)


async def jobs_by_id(ctx: Context, keys: Sequence[UUID]) -> list[JobRow | None]:
    rows = await ctx.session.execute(visible_jobs(ctx.user).where(Job.id.in_(keys)))
    return by_key(keys, (JobRow(*each) for each in rows))


async def error_rows_by_job(ctx: Context, keys: Sequence[UUID]) -> list[list[JobErrorRowRow]]:
    """The first rows in error of each job."""
    found = visible_error_rows(ctx.user).subquery()
    statement = select(found).where(found.c.job_id.in_(keys), found.c.position < ERROR_ROWS_MAX)
    rows = await ctx.session.execute(statement.order_by(found.c.job_id, found.c.position))
    return grouped(keys, (JobErrorRowRow(*each) for each in rows), "job_id")


def may_retry(ctx: Context, state: JobState) -> bool:
    return state is JobState.FAILED and ctx.user.may(Permission.JOBS_MANAGE)


async def retry_job(ctx: Context, job_id: UUID, expected_version: int) -> UUID:
    """A dead job is tried again, with all its tries before it."""
    statement = select(Job).where(Job.id == job_id, job_in_scope(ctx.user))
    job: Job | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if job is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("jobId",))
    if job.version != expected_version:
        raise StaleVersion(job.version)
    if job.state != JobState.FAILED:
        raise InvalidTransition(job.state, JobState.QUEUED, [], ("jobId",))
    job.state = JobState.QUEUED
    job.starts_before, job.failures = job.starts, 0
    job.reason, job.reason_data, job.detail = "", {}, ""
    job.ended_at = None
    job.version += 1
    record(ctx, "job.retried", "Job", job.id, version=job.version, customer_id=job.customer_id,
           changes={"kind": job.kind})  # fmt: skip
    await ctx.session.flush()
    return job.id
