"""Flaws that show only where processes are killed, or many work at once: keys, numbers, events, jobs."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

import app.database
import jobs.outbox
import jobs.runs
import resolvers.context
from resolvers.context import LockKind
from rules.states import JobState
from tests.safety.flaws import _keys, _put, flaw

KILLS = "test_kills.py::test_kills_lose_nothing_and_double_nothing[small]"


@flaw("a retry after a kill is another act", KILLS)
def _keys_after_kills() -> None:
    _keys()


@flaw("commits are confirmed before they are on disk", KILLS)
def _not_on_disk() -> None:
    settings = app.database._SERVER_SETTINGS | {"synchronous_commit": "off"}
    _put("_SERVER_SETTINGS", settings, app.database)


@flaw(
    "the chain of invoices is not locked",
    "test_invoices_issue.py::test_concurrent_issues_leave_no_gap[40]",
    "tests/schema",
)
def _chain() -> None:
    locked = resolvers.context.Context.locked

    def unlocked(self: Any, kind: LockKind, statement: Any) -> Any:
        return statement if kind is LockKind.CHAIN else locked(self, kind, statement)

    resolvers.context.Context.locked = unlocked  # type: ignore[method-assign]


@flaw(
    "events are published past a cursor",
    "test_outbox.py::test_events_are_the_committed_transactions",
    "tests/jobs",
)
def _cursor() -> None:
    # The usual mistake: what commits late has a lower id than what was published already.
    seen = "(select coalesce(max(id), 0) from outbox_event where position is not null)"
    told = str(jobs.outbox._PUBLISH).replace(
        "where position is null order by", f"where position is null and id > {seen} order by"
    )
    assert seen in told, "jobs/outbox.py: mend the flaw"
    _put("_PUBLISH", text(told), jobs.outbox)


@flaw(
    "a job's effect is committed before its success",
    "test_worker.py::test_killed_workers_leave_each_effect_once",
    "tests/jobs",
)
def _apart() -> None:
    @asynccontextmanager
    async def apart(self: Any) -> AsyncIterator[Any]:
        async with self.database.job() as session:
            yield session
        # A kill has to fall in between, and jobs that begin together must not come to their ends together.
        await asyncio.sleep(random.uniform(0.05, 0.5))
        async with self.database.job() as session:
            await self._end(session, JobState.SUCCEEDED)
        self.is_finished = True

    jobs.runs.Run.final = apart  # type: ignore[method-assign]
