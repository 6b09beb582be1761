"""The worker: publishes the outbox, runs the jobs of the queue, starts what the clock asks for."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog
from pgqueuer import PgQueuer
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as QueueRow
from pgqueuer.domain.models import Schedule as QueueSchedule

from jobs.kinds import Catalogue, JobKind, NewJob, add_jobs
from jobs.outbox import BATCH, Waking, enqueue, publish
from jobs.runs import JobDatabase, Superseded, begin

# After a worker died without a word, its jobs wait this long for another one.
LEASE_SECONDS = 15.0
PUBLISH_EVERY_SECONDS = 0.2
# The queue says at once when a job is added or done; that one is to be tried again shows when it is looked at.
POLL_SECONDS = 1.0
RESTART_SECONDS = 1.0
BACKOFF_SECONDS = (1, 5, 25, 125)
log = structlog.stdlib.get_logger("ventas.jobs")
_random = SystemRandom()


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Worker:
    """
    Runs until told to stop; several of them share the work.

    Args:
        tasks: jobs at once; the database's pool has twice as many connections, and a few.
        lease_seconds: time after which a silent worker's jobs are taken over.
        backoff_seconds: waits before the second try, the third, and so on; the last one stays.
        tried: told of each attempt: the kind, how it ended (succeeded, failed, dead, superseded), its seconds.
    """

    database: JobDatabase
    catalogue: Catalogue
    tasks: int = 8
    lease_seconds: float = LEASE_SECONDS
    publish_every_seconds: float = PUBLISH_EVERY_SECONDS
    poll_seconds: float = POLL_SECONDS
    backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS
    clock: Callable[[], datetime] = utc_now
    tried: Callable[[str, str, float], None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: PgQueuer | None = None
    _at_work: set[asyncio.Task[Any]] = field(default_factory=set)

    async def run(self) -> None:
        """Publisher and queue, each begun again after a fault, until `stop()`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervised("outbox", self._publish))
            group.create_task(self._supervised("queue", self._serve_queue))

    def stop(self) -> None:
        """Takes no more jobs; `run` returns when those at work are done."""
        self._stopping.set()
        if self._queue is not None:
            self._queue.shutdown.set()

    def give_back(self) -> None:
        """Ends the jobs that are still at work; they begin anew in the next worker."""
        for task in self._at_work:
            task.cancel()

    async def _supervised(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as fault:
                # A database that restarts ends both; whatever it is, the work goes on afterwards.
                log.warning("begun again", part=name, cause=type(fault).__name__, said=str(fault)[:200])
                await self._pause(RESTART_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _publish(self) -> None:
        while not self._stopping.is_set():
            async with self.database.job() as session:
                published = await publish(session, self.catalogue, self.clock())
            if published < BATCH:
                await self._pause(self.publish_every_seconds)

    async def _serve_queue(self) -> None:
        connection = await self.database.direct()
        try:
            self._queue = queue = PgQueuer.from_asyncpg_connection(connection)
            if self._stopping.is_set():
                return
            for kind in self.catalogue.kinds.values():
                queue.entrypoint(kind.name, concurrency_limit=kind.at_once)(self._handler(kind))
            for each in self.catalogue.schedules:
                queue.schedule(each.kind, each.cron)(self._starter(each.kind))
            await queue.run(
                batch_size=max(self.tasks // 2, 1),
                max_concurrent_tasks=self.tasks,
                dequeue_timeout=timedelta(seconds=self.poll_seconds),
                heartbeat_timeout=timedelta(seconds=self.lease_seconds),
                shutdown_on_listener_failure=True,
            )
        finally:
            self._queue = None
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    def _handler(self, kind: JobKind) -> Callable[[QueueRow], Awaitable[None]]:
        async def handle(row: QueueRow) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._at_work.add(task)
            try:
                await self.attempt(kind, UUID((row.payload or b"").decode()))
            except asyncio.CancelledError:
                # The queue would take a cancelled job for done.
                raise RetryRequested(timedelta(0), "The worker stopped.") from None
            finally:
                self._at_work.discard(task)

        return handle

    async def attempt(self, kind: JobKind, job_id: UUID) -> None:
        """One try at a job. Its end is in its row; the queue hears only whether to come again, and when."""
        run = await begin(self.database, self.clock, job_id)
        if run is None:
            return
        began = perf_counter()

        def ended(outcome: str) -> None:
            if self.tried is not None:
                self.tried(kind.name, outcome, perf_counter() - began)

        try:
            async with asyncio.timeout(kind.seconds):
                await kind.handle(run)
                if not run.is_finished:
                    async with run.final():
                        pass
            ended("succeeded")
        except Superseded:
            ended("superseded")
            log.warning("job taken over by another worker", kind=kind.name, job_id=str(job_id))
        except Exception as fault:
            try:
                is_dead = await run.fail(fault, kind.tries)
            except Superseded:
                ended("superseded")
                return
            ended("dead" if is_dead else "failed")
            said = {
                "kind": kind.name,
                "job_id": str(job_id),
                "cause": type(fault).__name__,
                "said": str(fault)[:200],
            }
            if is_dead:
                log.error("job failed for good", **said)
                return
            log.warning("job failed", **said)
            delay = self.backoff_seconds[min(run.failures_before, len(self.backoff_seconds) - 1)]
            raise RetryRequested(timedelta(seconds=delay * _random.uniform(0.8, 1.2)), "It failed.") from None

    def _starter(self, kind: str) -> Callable[[QueueSchedule], Awaitable[None]]:
        async def start(schedule: QueueSchedule) -> None:
            # Named after its minute: two workers that see the same tick start one job.
            key = f"{kind}@{self.clock():%Y-%m-%dT%H:%M}"
            async with self.database.job() as session:
                added = await add_jobs(session, [NewJob(kind, key, {})], self.clock())
                await enqueue(session, [Waking(job_id, name, str(job_id)) for job_id, name in added])

        return start
