"""The worker, wired: its own pool of connections, the catalogue of jobs, and how it stops."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.database import Database
from app.logs import logger
from app.metrics_serving import Watched, Work
from app.settings import Settings
from jobs.catalogue import make_catalogue
from jobs.worker import Worker, utc_now

# Two connections for each job at work (its effect, and its progress beside it), one for the publisher, one spare.
CONNECTIONS_PER_TASK = 2
OTHER_CONNECTIONS = 2
log = logger("ventas.jobs")


@asynccontextmanager
async def at_work(
    settings: Settings, url: str, owner_url: str, watched: Watched | None = None
) -> AsyncIterator[Worker]:
    """
    A worker that runs beside what happens inside.

    At the end it takes no more jobs; those at work get VENTAS_DRAIN_SECONDS, then they are given back.
    """
    pool = settings.worker_tasks * CONNECTIONS_PER_TASK + OTHER_CONNECTIONS
    database = Database(url, settings.role_prefix, pool, owner_url, settings.direct_database_url)
    catalogue = make_catalogue(settings)
    worker = Worker(database, catalogue, tasks=settings.worker_tasks)
    if watched is not None:
        worker.tried = watched.metrics.tried
        watched.metrics.attach(database, "worker")
        watched.samples.append(Work(watched.metrics, database, catalogue.kinds, utc_now).sample)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        done, _ = await asyncio.wait({running}, timeout=settings.drain_seconds)
        if not done:
            worker.give_back()
        await running
        await database.close()
        log.info("worker stopped")


async def work_until_told(
    settings: Settings, url: str, owner_url: str, watched: Watched | None = None
) -> None:
    """Works until SIGINT or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, told.set)
    async with at_work(settings, url, owner_url, watched):
        log.info("worker started", tasks=settings.worker_tasks)
        await told.wait()
