"""
From the outbox to the log: positions, the jobs that follow, and a word to whoever listens.

Acts write their events and nothing else: NOTIFY inside them would take a lock of the whole cluster at each commit.
One publisher at a time gives what has committed its position, without gaps, and in the same transaction queues the
jobs that follow: both happen once or not at all.

A row that can be seen is a row whose transaction committed, and the publisher looks for rows without a position, not
past a cursor. So it skips none, whatever the order of commits, and rows of one document come in their own order: the
document was locked, so the second was written after the first had committed. Waiting besides for all transactions
below `pg_snapshot_xmin` would hold every event back behind the longest transaction of the cluster, and would break
the order where the later writer has the lower transaction id (tests/jobs/test_outbox.py shows both).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.channels import EVENTS_CHANNEL
from jobs.kinds import Catalogue, NewJob, add_jobs
from jobs.runs import notify
from models.jobs import Job

BATCH = 500
PUBLISHER_LOCK = 7_236_514_002  # any number, the same in every process of ours
STARTING = ("job.queued", "job.retried")

_WAITING = text("select exists (select from outbox_event where position is null)")
_LOCK = text("select pg_try_advisory_xact_lock(:key)")
_PUBLISH = text(
    """
    with last as materialized (select coalesce(max(position), 0) as position from outbox_event),
         fresh as (select id, row_number() over (order by id) as rank
                     from (select id from outbox_event where position is null order by id limit :most) oldest)
    update outbox_event event set position = last.position + fresh.rank
      from fresh, last where event.id = fresh.id
    returning event.position, event.event_id, event.type, event.entity_id, event.entity_version, event.seller_id
    """
)


@dataclass(frozen=True, slots=True)
class Waking:
    """A row of the queue: it wakes a worker for a job of ours."""

    job_id: UUID
    kind: str
    key: str


async def enqueue(session: AsyncSession, wakings: Sequence[Waking]) -> None:
    """Queues them in the session's own transaction; a key that is queued already stays queued once."""
    if not wakings:
        return
    raw = await (await session.connection()).get_raw_connection()
    queries = Queries(AsyncpgDriver(raw.driver_connection))
    await queries.enqueue(
        [each.kind for each in wakings],
        [str(each.job_id).encode() for each in wakings],
        [0] * len(wakings),
        dedupe_key=[each.key for each in wakings],
        on_conflict="skip",
    )


async def publish(session: AsyncSession, catalogue: Catalogue, now: datetime) -> int:
    """
    Publishes the next events of the outbox in the session's transaction.

    Returns:
        How many; BATCH says that there may be more, 0 also that another publisher is at it.
    """
    if not await session.scalar(_WAITING) or not await session.scalar(_LOCK, {"key": PUBLISHER_LOCK}):
        return 0
    rows = sorted((await session.execute(_PUBLISH, {"most": BATCH})).all(), key=lambda row: row.position)
    if rows:
        await _start_jobs(session, catalogue, rows, now)
        await notify(session, EVENTS_CHANNEL, str(rows[-1].position))
    return len(rows)


async def _start_jobs(
    session: AsyncSession, catalogue: Catalogue, rows: Sequence[Any], now: datetime
) -> None:
    following = [
        NewJob(kind, f"{row.event_id}:{kind}", {"event": row.type, "id": str(row.entity_id)}, row.seller_id)
        for row in rows
        for kind in catalogue.reactions.get(row.type, ())
    ]
    wakings = [Waking(job_id, kind, f"{job_id}") for job_id, kind in await add_jobs(session, following, now)]
    asked = [row for row in rows if row.type in STARTING]
    if asked:
        ids = [row.entity_id for row in asked]
        kinds: dict[UUID, str] = {row.id: row.kind for row in await session.execute(_KINDS, {"ids": ids})}
        # Another key each time: the queue may still hold the waking whose job has just died.
        wakings += [
            Waking(row.entity_id, kinds[row.entity_id], f"{row.entity_id}:{row.entity_version}")
            for row in asked
        ]
    await enqueue(session, wakings)


_KINDS = text(f"select id, kind from {Job.__tablename__} where id = any(:ids)")
