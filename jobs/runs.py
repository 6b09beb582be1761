"""One attempt at a job: it begins, tells how far it is, and ends in the transaction of its effect, or not at all."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import case, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Viewer
from jobs.channels import PROGRESS_CHANNEL
from models.base import new_id
from models.events import OutboxEvent
from models.jobs import Job, JobErrorRow
from rules.refusals import Refusal
from rules.states import JobState

DETAIL_CHARACTERS_MAX = 500
TELL_EVERY_SECONDS = 0.5
# A job during which the worker died as often as this is taken for the cause.
STARTS_MAX = 15
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


def said(text: str) -> str:
    """Marks a template of the catalogue that no refusal carries."""
    return text


BUG = said("Something went wrong on our side.")
CRASHED = said("The worker died {count} times while it was at this.")
log = structlog.stdlib.get_logger("ventas.jobs")


class JobDatabase(Protocol):
    """What jobs need of the database: everything of the business, or a viewer's own part of it."""

    def job(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def read(self, viewer: Viewer) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self, viewer: Viewer) -> AbstractAsyncContextManager[AsyncSession]: ...

    async def direct(self) -> Any: ...


class Superseded(Exception):
    """Another worker took the job over while this one was away; what this one did is rolled back."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A row of the user's file that was not taken: `message` is a template of the catalogue, `data` its values."""

    row_number: int
    code: str
    message: str
    column_name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """
    One attempt.

    `start` tells it from others: whoever finds another number in the row has been superseded. A handler sets
    `result_file_id` and `error_rows` before its final transaction ends.
    """

    database: JobDatabase
    clock: Callable[[], datetime]
    job_id: UUID
    kind: str
    start: int
    arguments: Mapping[str, Any]
    seller_id: UUID | None
    customer_id: UUID | None
    started_by_id: UUID | None
    failures_before: int = 0
    result_file_id: UUID | None = None
    error_rows: list[ErrorRow] = field(default_factory=list)
    is_finished: bool = False
    # What earlier steps have written: how many faults, and in how many rows. Those of `error_rows` come after them.
    faults_written: int = 0
    rows_at_fault: int = 0
    _told_at: float = -TELL_EVERY_SECONDS

    @asynccontextmanager
    async def final(self) -> AsyncIterator[AsyncSession]:
        """
        The transaction of the effect. Leaving it writes that the job succeeded, and commits both or neither.

        Raises:
            Superseded: another attempt has begun since; the effect is rolled back.
        """
        async with self.database.job() as session:
            yield session
            await self._end(session, JobState.SUCCEEDED)
        self.is_finished = True

    @asynccontextmanager
    async def step(self, done: int | None = None) -> AsyncIterator[AsyncSession]:
        """
        The transaction of a part of the effect, for work that is safe to go on with where it ended.

        Leaving it writes how far the job is and the `error_rows` found so far, and commits all or nothing.
        Raises:
            Superseded: another attempt has begun since; the part is rolled back.
        """
        async with self.database.job() as session:
            yield session
            values: dict[str, Any] = {
                "version": Job.version + 1, "error_row_count": self.rows_at_fault + self._new_rows_at_fault(),
            }  # fmt: skip
            if done is not None:
                values["progress_done"] = done
            version = await session.scalar(self._mine().values(**values).returning(Job.version))
            if version is None:
                raise Superseded
            await self._write_error_rows(session)
        self.rows_at_fault += self._new_rows_at_fault()
        self.faults_written += len(self.error_rows)
        self.error_rows.clear()
        if self._is_time_to_tell():
            async with self.database.job() as session:
                await self._tell(session, version)

    def _new_rows_at_fault(self) -> int:
        return len({each.row_number for each in self.error_rows})

    def _is_time_to_tell(self) -> bool:
        return self.started_by_id is not None and monotonic() - self._told_at >= TELL_EVERY_SECONDS

    async def _tell(self, session: AsyncSession, version: int) -> None:
        self._told_at = monotonic()
        told = {"job": self.job_id, "version": version, "seller": self.seller_id,
                "customer": self.customer_id, "actor": self.started_by_id}  # fmt: skip
        await notify(session, PROGRESS_CHANNEL, json.dumps(told, default=str))

    async def _write_error_rows(self, session: AsyncSession) -> None:
        if self.error_rows:
            await session.execute(insert(JobErrorRow), [
                {"job_id": self.job_id, "position": position, "row_number": row.row_number,
                 "column_name": row.column_name[:200], "code": row.code, "message": row.message,
                 "message_data": _plain(row.data)}
                for position, row in enumerate(self.error_rows, start=self.faults_written)
            ])  # fmt: skip

    async def progress(self, done: int, total: int | None = None) -> None:
        """How far it is, for whoever watches; in a transaction of its own, so that it is seen at once."""
        async with self.database.job() as session:
            values: dict[str, Any] = {"progress_done": done, "version": Job.version + 1}
            if total is not None:
                values["progress_total"] = total
            version = await session.scalar(self._mine().values(**values).returning(Job.version))
            if version is None:
                raise Superseded
            if self._is_time_to_tell():
                await self._tell(session, version)

    async def fail(self, fault: Exception, tries: int) -> bool:
        """
        Notes a failure.

        Returns:
            Whether that was the last try: a refusal is final, since the same question gets the same answer.
        """
        reason, data = (fault.text, dict(fault.data)) if isinstance(fault, Refusal) else (BUG, {})
        detail = f"{type(fault).__name__}: {fault}"[:DETAIL_CHARACTERS_MAX]
        final = JobState.FAILED if isinstance(fault, Refusal) else case(
            (Job.failures + 1 >= tries, JobState.FAILED.value), else_=JobState.QUEUED.value
        )  # fmt: skip
        async with self.database.job() as session:
            state = await session.scalar(
                self._mine().values(
                    failures=Job.failures + 1, state=final, reason=reason, reason_data=_plain(data), detail=detail,
                ).returning(Job.state)
            )  # fmt: skip
            if state is None:
                raise Superseded
            is_dead = state == JobState.FAILED
            if is_dead:
                await self._end(session, JobState.FAILED)
        return bool(is_dead)

    def _mine(self) -> Any:
        return update(Job).where(
            Job.id == self.job_id, Job.starts == self.start, Job.state != JobState.SUCCEEDED
        )

    async def _end(self, session: AsyncSession, state: JobState) -> None:
        now = self.clock()
        values: dict[str, Any] = {"state": state, "ended_at": now, "version": Job.version + 1}
        if state is JobState.SUCCEEDED:
            values |= {
                "reason": "", "reason_data": {}, "detail": "", "result_file_id": self.result_file_id,
                "error_row_count": self.rows_at_fault + self._new_rows_at_fault(),
                "progress_done": func.coalesce(Job.progress_total, Job.progress_done),
            }  # fmt: skip
            await self._write_error_rows(session)
        version = await session.scalar(self._mine().values(**values).returning(Job.version))
        if version is None:
            raise Superseded
        if self.started_by_id is None or self.seller_id is None:
            return  # what runs by itself is nobody's news
        ended = "job.succeeded" if state is JobState.SUCCEEDED else "job.failed"
        await session.execute(
            insert(OutboxEvent).values(
                event_id=new_id(), type=ended, entity_type="Job", entity_id=self.job_id, entity_version=version,
                occurred_at=now, seller_id=self.seller_id, customer_id=self.customer_id, actor_id=self.started_by_id,
            )
        )  # fmt: skip


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each if isinstance(each, (int, str)) else str(each) for name, each in data.items()}


async def notify(session: AsyncSession, channel: str, payload: str) -> None:
    """Only the house's own transactions notify: it takes a lock of the whole cluster when it commits."""
    await session.execute(
        text("select pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload}
    )


async def begin(database: JobDatabase, clock: Callable[[], datetime], job_id: UUID) -> Run | None:
    """The next attempt at a job; None where it is finished, or died too often with its worker."""
    async with database.job() as session:
        row = (
            await session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state.in_(UNFINISHED))
                .values(starts=Job.starts + 1, state=JobState.RUNNING, begun_at=func.coalesce(Job.begun_at, clock()))
                .returning(
                    Job.kind, Job.starts, Job.starts_before, Job.failures, Job.arguments, Job.seller_id,
                    Job.customer_id, Job.started_by_id,
                )
            )
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        run = Run(database, clock, job_id, row.kind, row.starts, row.arguments, row.seller_id, row.customer_id,
                  row.started_by_id, row.failures)  # fmt: skip
        if row.starts - row.starts_before <= STARTS_MAX:
            return run
        crashes = row.starts - row.starts_before - 1 - row.failures
        await session.execute(run._mine().values(reason=CRASHED, reason_data={"count": crashes}, detail=""))
        await run._end(session, JobState.FAILED)
        log.error("job died with its worker", kind=row.kind, job_id=str(job_id))
        return None
