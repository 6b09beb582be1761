"""The nightly look at the chain of invoices."""

from sqlalchemy import select, text

from app.database import Database
from app.settings import Settings
from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from models.jobs import Job
from rules.states import JobState
from tests.jobs.trials import NOW, worker_of
from tests.schema.invoicing import invoiced
from tests.schema.shop import open_shop


async def look(database: Database, settings: Settings, night: str) -> tuple[JobState, str, dict[str, object]]:
    worker = worker_of(database, catalogue=make_catalogue(settings))
    async with database.job() as session:
        [(key, kind)] = await add_jobs(session, [NewJob("invoices.verify", night, {})], NOW)
    await worker.attempt(worker.catalogue.kinds[kind], key)
    async with database.job() as session:
        state, reason, data = (
            await session.execute(select(Job.state, Job.reason, Job.reason_data).where(Job.id == key))
        ).one()
    return state, reason, data


async def test_a_broken_chain_is_told_the_next_night(database: Database, settings: Settings) -> None:
    shop = await open_shop(database)
    await invoiced(shop, (shop.product, 1))
    await invoiced(shop, (shop.product, 2))
    assert (await look(database, settings, "first"))[0] is JobState.SUCCEEDED

    async with database.owner() as owner:
        await owner.execute(text("set local session_replication_role = replica"))
        await owner.execute(text("update invoice set issued_on = issued_on - 1 where number like 'A-%-0002'"))
    state, reason, data = await look(database, settings, "second")

    assert state is JobState.FAILED
    assert reason == "The chain of {seller}'s invoices is broken at record {position} ({fault})."
    assert (data["position"], data["fault"]) == (2, "CHANGED")
