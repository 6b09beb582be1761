"""Streams, wired: the one reader of the log in this process, and what wakes it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from app.database import Database
from app.logs import logger
from auth.tickets import redeem_ticket, rights_of_sessions
from jobs.channels import EVENTS_CHANNEL, PROGRESS_CHANNEL
from models.base import new_id
from models.events_reads import EventRow
from resolvers.events import events_after, last_position
from schema.streams import Rights, Streams

BATCH = 500
# Where the word of the publisher does not come through, the log is looked at this often.
POLL_SECONDS = 1.0
RESTART_SECONDS = 1.0
log = logger("ventas.streams")


def make_streams(database: Database, clock: Callable[[], datetime], most: int) -> Streams:
    """The streams of this process, over its database."""

    async def redeem(ticket: str) -> Rights | None:
        async with database.auth() as session:
            key = await redeem_ticket(session, ticket, clock())
            if key is None:
                return None
            found = await rights_of_sessions(session, [key], clock())
        return Rights(*found[key]) if key in found else None

    async def load(session_ids: Collection[UUID]) -> Mapping[UUID, Rights]:
        async with database.auth() as session:
            found = await rights_of_sessions(session, session_ids, clock())
        return {key: Rights(*each) for key, each in found.items()}

    return Streams(redeem, load, most)


class Reader:
    """
    Reads the log once for all streams of the process, from where it stood when the process began.

    `position` is how far it has told them; None before it began.
    """

    def __init__(self, database: Database, streams: Streams, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.streams = streams
        self.clock = clock
        self.woken = asyncio.Event()
        self.started = asyncio.Event()
        self.progress: list[EventRow] = []
        self.position: int | None = None

    async def read(self) -> None:
        while True:
            try:
                if self.position is None:
                    async with self.database.job() as session:
                        self.position = await last_position(session)
                    self.started.set()
                told, self.progress = self.progress, []
                async with self.database.job() as session:
                    rows = await events_after(session, self.position, BATCH)
                await self.streams.tell([*rows, *told])
                self.position = rows[-1].position if rows else self.position
                if len(rows) == BATCH:
                    continue
            except Exception as fault:
                log.warning("log not read", cause=type(fault).__name__)
                await asyncio.sleep(RESTART_SECONDS)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.woken.wait(), POLL_SECONDS)
            self.woken.clear()

    async def listen(self) -> None:
        """Keeps one direct connection on which the publisher and the workers say that there is something."""
        while True:
            try:
                await self._listen()
            except Exception as fault:
                log.warning("not listening", cause=type(fault).__name__)
            await asyncio.sleep(RESTART_SECONDS)

    async def _listen(self) -> None:
        connection = await self.database.direct()
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda *_: lost.set())
            await connection.add_listener(EVENTS_CHANNEL, lambda *_: self.woken.set())
            await connection.add_listener(PROGRESS_CHANNEL, self._progressed)
            self.woken.set()
            await lost.wait()
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    def _progressed(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        """A job's progress is told and kept nowhere: it is an event without a position."""
        told = json.loads(payload)
        customer = told["customer"]
        self.progress.append(
            EventRow(
                None, new_id(), "job.progressed", "Job", UUID(told["job"]), told["version"], self.clock(),
                UUID(told["seller"]), None if customer is None else UUID(customer), UUID(told["actor"]), None,
            )
        )  # fmt: skip
        self.woken.set()


@asynccontextmanager
async def streaming(
    database: Database, streams: Streams, clock: Callable[[], datetime]
) -> AsyncIterator[Reader]:
    """Reads, listens and watches beside what happens inside."""
    reader = Reader(database, streams, clock)
    tasks = [asyncio.create_task(each) for each in (reader.read(), reader.listen(), streams.watch())]
    try:
        yield reader
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
