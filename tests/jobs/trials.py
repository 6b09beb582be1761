"""Jobs for tests, whose effects are rows that can be counted; and a worker process over them that can be killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from jobs.imports import IMPORT_KINDS
from jobs.kinds import Catalogue, JobKind, Schedule
from jobs.runs import ErrorRow, Run
from jobs.worker import Worker
from models.base import new_id
from rules.refusals import ErrorCode, Refusal
from tests import factories as make
from tests.conftest import PREFIX
from tests.planting import plant_flaw

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
POISON = "poison"


async def add_effect(run: Run) -> None:
    """One row; for poison, one row and then a fault."""
    async with run.final() as session:
        await session.execute(text("insert into effect (name) values (:name)"), {"name": str(run.job_id)})
        await asyncio.sleep(0.01)  # so that a kill finds some of them in the middle
        if run.arguments.get("event", "").endswith(POISON):
            raise ValueError("this one never works")


async def hang(run: Run) -> None:
    async with run.final() as session:
        await session.execute(text("insert into effect (name) values ('hung')"))
        await asyncio.sleep(3600)


async def refuse(run: Run) -> None:
    raise Refusal(ErrorCode.NOT_FOUND, "There is no {thing} like that.", thing="file")


async def count_rows(run: Run) -> None:
    await run.progress(1, 4)
    run.error_rows.append(ErrorRow(3, "INVALID", "Not found.", "sku"))


KINDS = (
    JobKind("test.effect", add_effect),
    JobKind("test.hang", hang, tries=1, seconds=0.3),
    JobKind("test.refuse", refuse),
    JobKind("test.rows", count_rows),
    *IMPORT_KINDS,
)
CATALOGUE = Catalogue(
    {each.name: each for each in KINDS},
    {"test.happened": ("test.effect",), "test.poison": ("test.effect",), "test.hung": ("test.hang",)},
    (Schedule("test.effect", "0 3 * * *"),),
)


def worker_of(database: Database, **given: Any) -> Worker:
    """A worker that does not wait long for anything."""
    quick: dict[str, Any] = {
        "lease_seconds": 2.0, "publish_every_seconds": 0.02, "poll_seconds": 0.05,
        "backoff_seconds": (0.01,), "clock": lambda: NOW,
    }  # fmt: skip
    return Worker(database, given.pop("catalogue", CATALOGUE), **(quick | given))


@asynccontextmanager
async def working(database: Database, **given: Any) -> AsyncIterator[Worker]:
    worker = worker_of(database, **given)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(running, 30)


@dataclass(frozen=True)
class Ground:
    """What events need to point at."""

    seller_id: UUID
    user_id: UUID
    customer_id: UUID


async def lay_ground(database: Database) -> Ground:
    async with database.owner() as connection:
        await connection.execute(text("create table effect (name text not null)"))
        await connection.execute(text(f"grant select, insert on effect to {PREFIX}job"))
    async with database.job() as session:
        seller = await make.make_seller(session)
        customer = await make.make_customer(session, seller)
        user = await make.make_user(session, seller, customer=customer)
    return Ground(seller.id, user.id, customer.id)


async def write_events(
    session: AsyncSession, ground: Ground, types: Sequence[str], entity_id: UUID | None = None
) -> list[UUID]:
    """Events as acts write them; their ids."""
    ids = [new_id() for _ in types]
    await session.execute(
        text(
            "insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,"
            " customer_id, actor_id) values (:id, :type, 'Order', :entity, 1, :now, :seller, :customer, :actor)"
        ),
        [
            {"id": key, "type": each, "entity": entity_id or key, "now": NOW, "seller": ground.seller_id,
             "customer": ground.customer_id, "actor": ground.user_id}
            for key, each in zip(ids, types, strict=True)
        ],
    )  # fmt: skip
    return ids


async def states(database: Database) -> dict[str, int]:
    async with database.job() as session:
        rows = await session.execute(text("select state, count(*) from job group by state"))
        return {row[0]: row[1] for row in rows}


async def effects(database: Database) -> list[str]:
    async with database.job() as session:
        return list(await session.scalars(text("select name from effect")))


async def settled(database: Database, jobs: int, seconds: float = 30) -> dict[str, int]:
    """Waits until that many jobs have come to an end."""
    async with asyncio.timeout(seconds):
        while True:
            found = await states(database)
            if sum(found.get(each, 0) for each in ("SUCCEEDED", "FAILED")) >= jobs:
                return found
            await asyncio.sleep(0.02)


@asynccontextmanager
async def worker_process(database: Database) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, killed at the end if it was not before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.jobs.trials", database.url, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def main(url: str) -> None:
    database = Database(url, PREFIX, 18)
    worker = worker_of(database)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()
    await database.close()


if __name__ == "__main__":
    plant_flaw()
    asyncio.run(main(sys.argv[1]))
