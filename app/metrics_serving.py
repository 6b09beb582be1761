"""Where Prometheus looks: an address of its own that no proxy leads to, in the process that is looked at."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import nan
from typing import Any

import uvicorn
from prometheus_client import Gauge
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.database import Database
from app.logs import logger
from app.metrics import OTHER, Metrics, house_operations
from models.warehouse_reads import open_by_consumer
from models.watching import JOBS, OUTBOX

SAMPLE_SECONDS = 2.0
BEAT_SECONDS = 0.5
log = logger("ventas.metrics")
Sample = Callable[[], Awaitable[None]]


class Work:
    """
    What waits in the database, counted when somebody looks. The worker shows it: one look for the whole house.

    Where the database does not answer, what it said before is withdrawn: an old number would look like a good one.
    """

    def __init__(
        self, metrics: Metrics, database: Database, kinds: Collection[str], clock: Callable[[], datetime]
    ) -> None:
        self.database = database
        self.kinds = kinds
        self.clock = clock
        registry = metrics.registry
        self.is_up = Gauge("ventas_database_up", "Whether the database answered just now.", registry=registry)
        self.jobs = Gauge("ventas_jobs", "Jobs that are not done.", ("kind", "state"), registry=registry)
        self.oldest_job = Gauge(
            "ventas_jobs_oldest_seconds", "Age of the oldest job that is queued or running, by kind.",
            ("kind",), registry=registry,
        )  # fmt: skip
        self.waiting = Gauge("ventas_outbox_waiting", "Events not yet in the log.", registry=registry)
        self.oldest_event = Gauge(
            "ventas_outbox_oldest_seconds", "Age of the oldest event not yet in the log.", registry=registry
        )
        self.position = Gauge("ventas_log_position", "Where the log of events ends.", registry=registry)
        self.tasks = Gauge(
            "ventas_warehouse_open_tasks", "Tasks that outside systems have not acknowledged, by warehouse.",
            ("warehouse",), registry=registry,
        )  # fmt: skip
        self.oldest_task = Gauge(
            "ventas_warehouse_oldest_task_seconds",
            "Age of the oldest of them.",
            ("warehouse",),
            registry=registry,
        )

    async def sample(self) -> None:
        try:
            async with asyncio.timeout(SAMPLE_SECONDS), self.database.job() as session:
                jobs = (await session.execute(JOBS)).all()
                outbox = (await session.execute(OUTBOX)).one()
                consumers = (await session.execute(open_by_consumer())).all()
        except Exception as fault:
            # Whatever it is, the other numbers are wanted all the more.
            log.warning("work not counted", cause=type(fault).__name__)
            self.is_up.set(0)
            self._tell((), nan, nan, nan)
            self._tell_warehouses(())
            return
        self.is_up.set(1)
        age = 0.0 if outbox.oldest_at is None else (self.clock() - outbox.oldest_at).total_seconds()
        self._tell(jobs, outbox.waiting, age, outbox.position)
        self._tell_warehouses(consumers)

    def _tell_warehouses(self, consumers: Sequence[Any]) -> None:
        """By the warehouse's code, which is ours; a consumer's name is a client's and no label."""
        self.tasks.clear()
        self.oldest_task.clear()
        oldest: dict[str, float] = {}
        for row in consumers:
            self.tasks.labels(row.warehouse).inc(row.waiting)
            age = 0.0 if row.oldest_at is None else (self.clock() - row.oldest_at).total_seconds()
            oldest[row.warehouse] = max(age, oldest.get(row.warehouse, 0.0))
        for warehouse, seconds in oldest.items():
            self.oldest_task.labels(warehouse).set(seconds)

    def _tell(self, jobs: Sequence[Any], waiting: float, oldest_seconds: float, position: float) -> None:
        """All at once, so that two who look at the same time see whole numbers."""
        self.jobs.clear()
        self.oldest_job.clear()
        oldest: dict[str, datetime] = {}
        for row in jobs:
            kind = row.kind if row.kind in self.kinds else OTHER
            self.jobs.labels(kind, row.state.lower()).inc(row.jobs)
            if row.state != "FAILED":
                oldest[kind] = min(oldest.get(kind, row.oldest_at), row.oldest_at)
        for kind, begun in oldest.items():
            self.oldest_job.labels(kind).set((self.clock() - begun).total_seconds())
        self.waiting.set(waiting)
        self.oldest_event.set(oldest_seconds)
        self.position.set(position)


@dataclass(slots=True)
class Watched:
    """A process that is watched: its instruments, and what is counted anew whenever somebody looks."""

    metrics: Metrics = field(default_factory=lambda: Metrics(house_operations()))
    samples: list[Sample] = field(default_factory=list)


def metrics_app(watched: Watched) -> Starlette:
    """`GET /metrics`, in the text format or OpenMetrics as it is asked for; nothing else."""

    async def show(request: Request) -> Response:
        for sample in watched.samples:
            await sample()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(watched.metrics.registry), headers={"Content-Type": content_type})

    return Starlette(routes=[Route("/metrics", show, methods=["GET"])])


class _Beside(uvicorn.Server):
    """A server that leaves the signals to the one it stands beside."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def shown(watched: Watched, listener: socket.socket) -> AsyncIterator[Watched]:
    """Answers on the listener and measures the loop, beside what happens inside."""
    config = uvicorn.Config(
        metrics_app(watched), lifespan="off", log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Beside(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    beating = asyncio.create_task(_beat(watched.metrics))
    try:
        yield watched
    finally:
        beating.cancel()
        server.should_exit = True
        await asyncio.gather(serving, beating, return_exceptions=True)


async def _beat(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + BEAT_SECONDS
        await asyncio.sleep(BEAT_SECONDS)
        metrics.loop_lag.observe(max(loop.time() - due, 0))
