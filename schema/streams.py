"""Open streams of events: who listens to what, what each is told, and their end when rights are taken away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import structlog

from auth.permissions import RowClass, Viewer
from models.events_reads import EventRow

STREAMS_PER_USER_MAX = 5
# Two rounds of it, with the statement that a round takes, stay within the 5 seconds that are promised.
CHECK_SECONDS = 2.0
# Events that wait for one slow reader; past it, the stream ends rather than the memory.
WAITING_MAX = 500
log = structlog.stdlib.get_logger("ventas.streams")


class End(StrEnum):
    """Why a stream ended before its reader wanted."""

    RIGHTS_CHANGED = "RIGHTS_CHANGED"
    SLOW = "SLOW"
    STOPPING = "STOPPING"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a session may do and see at this moment; a stream lives as long as they are the same."""

    viewer: Viewer
    territories: frozenset[UUID] = frozenset()

    def same_as(self, other: "Rights") -> bool:
        """Name and language may change, nothing else."""
        return self._facts() == other._facts()

    def _facts(self) -> tuple[object, ...]:
        viewer = self.viewer
        return (
            viewer.user_id, viewer.seller_id, viewer.row_class, viewer.roles, dict(viewer.grants), viewer.customer_id,
            viewer.customer_ids, viewer.sales_rep_ids, self.territories,
        )  # fmt: skip


Redeem = Callable[[str], Awaitable[Rights | None]]
LoadRights = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Rights]]]


class NotOpened(Exception):
    """No stream: the ticket opens nothing, or there are too many already."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(eq=False, slots=True)
class Listener:
    """One subscription's place: what it wants to hear, and what waits for it."""

    stream: "Stream"
    entity_type: str
    entity_id: UUID | None
    types: frozenset[str] | None
    waiting: "asyncio.Queue[EventRow]" = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))

    def wants(self, row: EventRow) -> bool:
        """A first sieve, without the database; what passes is read again as the viewer before it is told."""
        viewer = self.stream.rights.viewer
        return (
            row.entity_type == self.entity_type
            and self.entity_id in (None, row.entity_id)
            and (self.types is None or row.type in self.types)
            and row.seller_id == viewer.seller_id
            and (viewer.row_class is not RowClass.CUSTOMER or row.customer_id in viewer.customer_ids)
        )

    def tell(self, row: EventRow) -> None:
        if self.stream.ended.is_set():
            return
        try:
            self.waiting.put_nowait(row)
        except asyncio.QueueFull:
            self.stream.end(End.SLOW)


@dataclass(eq=False, slots=True)
class Stream:
    """One socket, or one SSE request, of one session."""

    session_id: UUID
    rights: Rights
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: End | None = None
    listeners: set[Listener] = field(default_factory=set)

    @property
    def viewer(self) -> Viewer:
        return self.rights.viewer

    def end(self, why: End) -> None:
        if not self.ended.is_set():
            self.why = why
            self.ended.set()


class Hearing:
    """What one subscription hears from now on, until it is closed: the feed of its context."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.listeners: list[Listener] = []

    def __call__(
        self, entity_type: str, entity_id: UUID | None, types: frozenset[str] | None
    ) -> AsyncIterator[EventRow]:
        listener = Listener(self.stream, entity_type, entity_id, types)
        self.listeners.append(listener)
        self.stream.listeners.add(listener)

        async def rows() -> AsyncIterator[EventRow]:
            while True:
                yield await listener.waiting.get()

        return rows()

    def close(self) -> None:
        """It hears no more, whether or not anybody has begun to read what it heard."""
        self.stream.listeners.difference_update(self.listeners)


@dataclass(slots=True)
class Streams:
    """
    All open streams of this process. One reader of the log tells them; one watch looks at their rights.

    Args:
        redeem: the rights behind a ticket, which is used up by it.
        load: the rights of sessions as they are now; a session that is over is not in the answer.
        most: streams at once, those that have not shown a ticket yet included.
    """

    redeem: Redeem
    load: LoadRights
    most: int = 500
    open: set[Stream] = field(default_factory=set)
    is_stopping: bool = False
    is_empty: asyncio.Event = field(default_factory=asyncio.Event)
    _entering: int = 0

    def room(self) -> bool:
        return not self.is_stopping and len(self.open) + self._entering < self.most

    async def enter(self, ticket: object) -> Stream:
        """
        Opens a stream by its ticket.

        Raises:
            NotOpened: NOT_SIGNED_IN, or LIMIT where the user has five already or the process no room.
        """
        if not self.room():
            raise NotOpened("LIMIT", "Too many streams are open at the moment.")
        self._entering += 1
        try:
            rights = await self.redeem(ticket) if isinstance(ticket, str) else None
        finally:
            self._entering -= 1
        if rights is None or rights.viewer.session_id is None:
            raise NotOpened(
                "NOT_SIGNED_IN", "The ticket is unknown, used or older than a minute. Get another one."
            )
        same_user = [each for each in self.open if each.viewer.user_id == rights.viewer.user_id]
        if len(same_user) >= STREAMS_PER_USER_MAX:
            raise NotOpened("LIMIT", f"You have {STREAMS_PER_USER_MAX} streams open already.")
        if self.is_stopping:
            raise NotOpened("LIMIT", "The server is stopping.")
        stream = Stream(rights.viewer.session_id, rights)
        self.open.add(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        self.open.discard(stream)
        self._look_empty()

    def _look_empty(self) -> None:
        if self.is_stopping and not self.open:
            self.is_empty.set()

    async def tell(self, rows: Sequence[EventRow]) -> None:
        """Hands events to those who listen, having looked at the rights of each of them once more."""
        matched = [
            (listener, row)
            for row in rows
            for stream in self.open
            for listener in stream.listeners
            if listener.wants(row)
        ]
        if matched:
            await self.check({listener.stream for listener, _ in matched})
        for listener, row in matched:
            listener.tell(row)

    async def check(self, streams: Iterable[Stream]) -> None:
        """Ends those whose session is over or whose rights are not what they were; one statement for all."""
        streams = list(streams)
        now = await self.load({each.session_id for each in streams}) if streams else {}
        for stream in streams:
            rights = now.get(stream.session_id)
            if rights is None or not rights.same_as(stream.rights):
                stream.end(End.RIGHTS_CHANGED)

    async def watch(self) -> None:
        """Looks at everybody's rights again and again, so that a silent stream ends as well."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check(self.open)
            except Exception as fault:
                # Without a database nobody's rights can change; when it is back, they are looked at.
                log.warning("rights not looked at", cause=type(fault).__name__)

    def stop(self) -> None:
        """No more streams, and an end to those there are."""
        self.is_stopping = True
        for stream in self.open:
            stream.end(End.STOPPING)
        self._look_empty()
