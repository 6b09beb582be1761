"""Jobs: the effect once, five tries, a dead letter with its reason, and nobody waits for a poisoned one (P30)."""

import asyncio
import signal
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.database import Database
from jobs.kinds import Catalogue, JobKind, NewJob, Schedule, add_jobs
from jobs.outbox import Waking, enqueue
from jobs.runs import STARTS_MAX, Run, Superseded, begin
from tests.jobs.trials import (
    CATALOGUE,
    KINDS,
    NOW,
    add_effect,
    effects,
    lay_ground,
    settled,
    states,
    worker_of,
    worker_process,
    working,
    write_events,
)


async def add(database: Database, kind: str, key: str = "one", **arguments: str) -> UUID:
    """A job in the queue, as the publisher would put it there."""
    async with database.job() as session:
        [(job_id, _)] = await add_jobs(session, [NewJob(kind, key, arguments)], NOW)
        await enqueue(session, [Waking(job_id, kind, str(job_id))])
    return job_id


async def row_of(database: Database, job_id: UUID) -> dict[str, object]:
    async with database.job() as session:
        row = (await session.execute(text("select * from job where id = :id"), {"id": job_id})).one()
        return dict(row._mapping)


async def waiting(database: Database) -> int:
    async with database.job() as session:
        return int(await session.scalar(text("select count(*) from pgqueuer")) or 0)


async def test_a_failing_job_is_tried_five_times_and_kept_with_its_reason(database: Database) -> None:
    await lay_ground(database)
    job_id = await add(database, "test.effect", event="test.poison")
    async with working(database):
        assert await settled(database, 1) == {"FAILED": 1}

    row = await row_of(database, job_id)
    assert (row["starts"], row["failures"], row["ended_at"]) == (5, 5, NOW)
    assert (row["reason"], row["detail"]) == (
        "Something went wrong on our side.", "ValueError: this one never works",
    )  # fmt: skip
    assert await effects(database) == []
    assert await waiting(database) == 0


async def test_a_refusal_is_final(database: Database) -> None:
    job_id = await add(database, "test.refuse")
    async with working(database):
        assert await settled(database, 1) == {"FAILED": 1}

    row = await row_of(database, job_id)
    assert (row["failures"], row["reason"], row["reason_data"]) == (
        1,
        "There is no {thing} like that.",
        {"thing": "file"},
    )


async def test_the_wait_between_tries_grows(database: Database) -> None:
    from pgqueuer.domain.errors import RetryRequested

    await lay_ground(database)
    worker = worker_of(database, backoff_seconds=(1, 5, 25, 125))
    job_id = await add(database, "test.effect", event="test.poison")
    waits = []
    for _ in range(4):
        with pytest.raises(RetryRequested) as asked:
            await worker.attempt(KINDS[0], job_id)
        waits.append(asked.value.delay)
    await worker.attempt(KINDS[0], job_id)

    assert [
        round(each / timedelta(seconds=base)) for each, base in zip(waits, (1, 5, 25, 125), strict=True)
    ] == [1] * 4
    assert (await row_of(database, job_id))["state"] == "FAILED"


async def test_a_job_that_hangs_is_ended_and_others_pass_it(database: Database) -> None:
    ground = await lay_ground(database)
    async with database.job() as session:
        await write_events(session, ground, ["test.hung", *["test.happened"] * 6])
    async with working(database) as worker:
        assert worker.tasks == 8
        assert await settled(database, 6) == {"RUNNING": 1, "SUCCEEDED": 6}
        assert await settled(database, 7) == {"FAILED": 1, "SUCCEEDED": 6}

    assert "hung" not in await effects(database)


async def test_a_superseded_attempt_undoes_its_effect(database: Database) -> None:
    """A worker that was frozen comes back after its job was given to another one."""
    await lay_ground(database)
    job_id = await add(database, "test.effect")
    frozen = await begin(database, lambda: NOW, job_id)
    other = await begin(database, lambda: NOW, job_id)
    assert frozen is not None and other is not None

    with pytest.raises(Superseded):
        await add_effect(frozen)
    with pytest.raises(Superseded):
        await frozen.progress(1)
    with pytest.raises(Superseded):
        await frozen.fail(ValueError("x"), 5)
    assert await effects(database) == []
    await add_effect(other)

    assert await effects(database) == [str(job_id)]
    assert await begin(database, lambda: NOW, job_id) is None


async def test_a_job_that_takes_its_worker_with_it_is_given_up(database: Database) -> None:
    job_id = await add(database, "test.effect")
    for _ in range(STARTS_MAX):
        assert await begin(database, lambda: NOW, job_id) is not None

    assert await begin(database, lambda: NOW, job_id) is None
    row = await row_of(database, job_id)
    assert (row["state"], row["reason_data"]) == ("FAILED", {"count": STARTS_MAX})


async def test_a_worker_that_stops_gives_its_jobs_back(database: Database) -> None:
    entered = asyncio.Event()

    async def wait(run: Run) -> None:
        entered.set()
        await asyncio.sleep(3600)

    patient = Catalogue({"test.wait": JobKind("test.wait", wait)}, {})
    job_id = await add(database, "test.wait")
    worker = worker_of(database, catalogue=patient)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(entered.wait(), 10)
    worker.stop()
    worker.give_back()
    await asyncio.wait_for(running, 10)

    assert await waiting(database) == 1
    quick = Catalogue({"test.wait": JobKind("test.wait", add_effect)}, {})
    await lay_ground(database)
    async with working(database, catalogue=quick):
        assert await settled(database, 1) == {"SUCCEEDED": 1}
    assert await effects(database) == [str(job_id)]


async def test_a_tick_of_the_clock_starts_one_job(database: Database) -> None:
    await lay_ground(database)
    workers = [worker_of(database) for _ in range(2)]
    for worker in workers:
        await worker._starter("test.effect")(None)  # type: ignore[arg-type]  # it looks at the clock only

    assert await states(database) == {"QUEUED": 1}
    async with working(database):
        assert await settled(database, 1) == {"SUCCEEDED": 1}


async def test_the_clock_starts_jobs(database: Database) -> None:
    await lay_ground(database)
    now = "* * * * * *"  # croniter's sixth field: every second
    eager = Catalogue(CATALOGUE.kinds, {}, (Schedule("test.effect", now),))
    async with working(database, catalogue=eager):
        assert (await settled(database, 1))["SUCCEEDED"] == 1


async def check_kills(database: Database, jobs: int, poison: int, kills: int, seconds: float) -> None:
    """Real worker processes, killed with SIGKILL in the midst of their jobs; then each effect is there once."""
    ground = await lay_ground(database)
    types = ["test.poison" if n < poison else "test.happened" for n in range(jobs)]
    async with database.job() as session:
        await write_events(session, ground, types)
    per_kill = jobs // (kills + 1)
    for kill in range(kills):
        async with worker_process(database) as process:
            await settled(database, per_kill * (kill + 1) // 2, seconds)
            async with asyncio.timeout(seconds):
                while not (await states(database)).get("RUNNING"):
                    await asyncio.sleep(0.002)
            process.send_signal(signal.SIGKILL)
    async with worker_process(database):
        assert await settled(database, jobs, seconds) == {"SUCCEEDED": jobs - poison, "FAILED": poison}

    done = await effects(database)
    assert (len(done), len(set(done))) == (jobs - poison, jobs - poison)


async def test_killed_workers_leave_each_effect_once(database: Database) -> None:
    await check_kills(database, jobs=40, poison=2, kills=2, seconds=60)


@pytest.mark.long
async def test_a_thousand_jobs_and_ten_kills(database: Database) -> None:
    await check_kills(database, jobs=1000, poison=50, kills=10, seconds=120)
