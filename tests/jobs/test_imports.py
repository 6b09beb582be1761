"""An import whose worker is killed midway goes on behind the last batch that was committed: as if nothing had been."""

import asyncio
import signal
from datetime import timedelta

from sqlalchemy import text

from app.database import Database
from jobs.house import DEAD_JOB_DAYS, keep_house
from jobs.imports import BATCH_ROWS
from jobs.kinds import JobKind, NewJob, add_jobs
from tests.jobs.trials import settled, worker_of, worker_process
from tests.schema.importing import imported, integrator_of, outcome, rows, start
from tests.schema.shop import NOW, Shop, open_shop

HEAD = "sku,name,category,tax_category,unit,import_row\n"
COUNT = BATCH_ROWS + 60
# In the second batch: one refused, one that says the same as a row of the first batch, one that is changed.
SENT = HEAD + "".join(
    f"{'P-1' if n == COUNT - 2 else 'ACE-001' if n == COUNT - 1 else f'P-{n}'},Producto {n},"
    f"{'nowhere' if n == COUNT - 3 else 'general'},STANDARD,PCE,\n"
    for n in range(COUNT)
)


async def _rows_done(shop: Shop, least: int) -> None:
    async with asyncio.timeout(60):
        while (await rows(shop, "select rows_done from data_import"))[0][0] < least:
            await asyncio.sleep(0.02)


async def _waits_for_a_lock(database: Database) -> None:
    waiting = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    async with asyncio.timeout(60):
        while True:
            async with database.owner() as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.02)


async def test_a_killed_import_goes_on_and_ends_as_if_nothing_had_been(database: Database) -> None:
    shop = await open_shop(database)
    viewer = await integrator_of(shop)
    payload = await start(shop, viewer, "PRODUCTS", SENT)
    assert payload["errors"] == []

    # The second batch changes a product that somebody holds: there the worker stands, and there it is killed.
    async with database.job() as session:
        await session.execute(text("select 1 from product where sku = 'ACE-001' for update"))
        async with worker_process(database) as process:
            await _rows_done(shop, BATCH_ROWS)
            await _waits_for_a_lock(database)
            process.send_signal(signal.SIGKILL)
            await process.wait()
    assert (await rows(shop, "select count(*) from product where sku like 'P-%'"))[0][0] == BATCH_ROWS
    async with worker_process(database):
        assert await settled(database, 1, 60) == {"SUCCEEDED": 1}

    done = await outcome(shop, viewer, payload["job"]["id"])
    assert done.counts == (COUNT - 3, 1, 0, 2)
    assert done.errors == [
        (COUNT - 1, "category", "nowhere", "NOT_FOUND"), (COUNT, "sku", "P-1", "ALREADY_EXISTS"),
    ]  # fmt: skip
    assert (await rows(shop, "select starts, failures from job")) == [(2, 0)]
    assert (await rows(shop, "select count(*) from product where sku like 'P-%'"))[0][0] == COUNT - 3
    assert (await imported(shop, viewer, "PRODUCTS", SENT)).counts == (0, 0, COUNT - 2, 2)
    assert await made_twice(shop) == []


async def test_the_file_of_an_import_that_nobody_takes_up_goes_in_the_end(database: Database) -> None:
    shop = await open_shop(database)
    viewer = await integrator_of(shop)
    await start(shop, viewer, "PRODUCTS", HEAD + "P-1,x,general,STANDARD,PCE,\n")
    for days, kept in ((DEAD_JOB_DAYS, True), (DEAD_JOB_DAYS + 1, False)):
        async with database.job() as session:
            [(job_id, _)] = await add_jobs(session, [NewJob("house.keep", f"keep-{days}", {})], NOW)
        later = NOW + timedelta(days=days)
        await worker_of(database, clock=lambda at=later: at).attempt(
            JobKind("house.keep", keep_house), job_id
        )
        assert await rows(shop, "select content is not null from data_import") == [(kept,)]


async def made_twice(shop: Shop) -> list[tuple[object, ...]]:
    """Products that the trail says were made more than once."""
    statement = (
        "select entity_id from audit_event where action = 'product.created' group by 1 having count(*) > 1"
    )
    return list(await rows(shop, statement))
