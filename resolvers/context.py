"""What every use case is handed: the viewer, the one session of the operation, the day, and the loaders."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from aiodataloader import DataLoader
from sqlalchemy import Executable, Result, ScalarResult, Select, TextualSelect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from auth.permissions import Viewer
from models.events_reads import EventRow
from rules.refusals import ErrorCode, Path, Refusal

Key = TypeVar("Key")
Value = TypeVar("Value")
Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])


class Database(Protocol):
    """
    Opens a session whose transaction runs as the viewer.

    `read` is one snapshot, read only. Leaving by an exception rolls back; the runner commits or rolls back itself.
    """

    def read(self, viewer: Viewer) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self, viewer: Viewer) -> AbstractAsyncContextManager[AsyncSession]: ...


class LockKind(IntEnum):
    """What an act locks, in the one order in which it may be locked (DESIGN.md, "How a request flows", 6)."""

    KEY = 1
    DOCUMENT = 2
    LINES = 3
    EXPOSURE = 4
    COMMITMENT = 5
    COUPON = 6
    FUND = 7
    STOCK = 8
    LOTS = 9
    CHAIN = 10  # the issuer's: numbers and records of invoices, in a short transaction of its own


class LockedSession:
    """
    The operation's session, one statement at a time.

    Sibling resolvers run at once and an AsyncSession allows one statement at a time: each call waits for its turn.
    After the transaction ended nothing may be read through it any more.
    """

    __slots__ = ("_lock", "_session")

    def __init__(self, session: AsyncSession) -> None:
        self._session: AsyncSession | None = session
        self._lock = asyncio.Lock()

    @property
    def _open(self) -> AsyncSession:
        if self._session is None:
            raise RuntimeError("The transaction has ended; nothing may be read after it.")
        return self._session

    async def end(self) -> None:
        """
        Ends the use of the session, once the statement under way is through.

        The transaction must not be ended under it, and what is not begun by then shall not begin.
        """
        async with self._lock:
            self._session = None

    @asynccontextmanager
    async def alone(self) -> AsyncIterator["LockedSession"]:
        """The session for several statements that no sibling may come between."""
        async with self._lock:
            yield LockedSession(self._open)

    async def _run(self, begin: Callable[[AsyncSession], Awaitable[Value]]) -> Value:
        """
        Runs one statement when its turn comes.

        graphql-core cancels the siblings of a field that failed, though the rest of the document still needs the
        session: a statement under way is let through, since cutting it off would cost the connection.
        """
        async with self._lock:
            statement = asyncio.ensure_future(begin(self._open))
            try:
                return await asyncio.shield(statement)
            except asyncio.CancelledError:
                await asyncio.wait([statement])
                if not statement.cancelled():
                    statement.exception()  # looked at, so that nobody reports it as lost
                raise

    async def execute(
        self, statement: Executable, params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> Result[*tuple[Any, ...]]:
        return await self._run(lambda session: session.execute(statement, params))

    async def rows(
        self, statement: Select[*tuple[Any, ...]] | TextualSelect, params: Mapping[str, Any]
    ) -> Sequence[Any]:
        """The rows of a select of columns, by the way of Core: there is no entity to look for."""
        async with self._lock:
            return await self._open.run_sync(_rows_of, statement, params)

    async def scalars(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> ScalarResult[Any]:
        return await self._run(lambda session: session.scalars(statement, params))

    async def scalar(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Any:
        return await self._run(lambda session: session.scalar(statement, params))

    async def flush(self) -> None:
        await self._run(lambda session: session.flush())

    async def delete(self, instance: object) -> None:
        await self._run(lambda session: session.delete(instance))

    def add(self, instance: object) -> None:
        self._open.add(instance)

    def add_all(self, instances: Sequence[object]) -> None:
        self._open.add_all(instances)


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - `Warning` is a builtin
    """Something the client should know about an act that went through; `text` is a template like a Refusal's."""

    code: ErrorCode
    text: str
    path: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)


def _rows_of(
    session: Session, statement: Select[*tuple[Any, ...]] | TextualSelect, params: Mapping[str, Any]
) -> Sequence[Any]:
    if session.new or session.dirty or session.deleted:
        session.flush()
    return session.connection().execute(statement, params).all()


Batch = Callable[["Context", Sequence[Any]], Awaitable[Sequence[Any]]]
# Kind of document, one of them or all, types of events or all -> the events from now on.
Feed = Callable[[str, UUID | None, frozenset[str] | None], AsyncIterator[EventRow]]


@dataclass(slots=True)
class Context:
    """
    One operation, or one act of a mutation. Never shared between two of them.

    `today` is the day in the seller's time zone, `now` the instant in UTC; both stand still during the operation.
    `feed` is there where the operation is a subscription.
    `kept` carries what an act computed to its payload (prices, traces), so that nothing is computed twice.
    """

    viewer: Viewer | None
    now: datetime
    zone: ZoneInfo
    locale: str = "es"
    request_id: str = ""
    dry_run: bool = False
    open_session: LockedSession | None = None
    feed: Feed | None = None
    warnings: list[Warning_] = field(default_factory=list)
    kept: dict[Hashable, Any] = field(default_factory=dict)
    locks: list[LockKind] = field(default_factory=list)
    _loaders: dict[Batch, DataLoader[Any, Any]] = field(default_factory=dict)

    @property
    def session(self) -> LockedSession:
        if self.open_session is None:
            raise RuntimeError("This operation has no session.")
        return self.open_session

    @property
    def user(self) -> Viewer:
        """The viewer, where only a signed-in one makes sense."""
        if self.viewer is None:
            raise Refusal(ErrorCode.NOT_SIGNED_IN, "Sign in first.")
        return self.viewer

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def warn(self, code: ErrorCode, text: str, path: Path = (), **data: object) -> None:
        """Adds a warning to the payload of the act; a retry with the same key answers it again."""
        self.warnings.append(Warning_(code, text, tuple(str(step) for step in path), data))

    def loader(self, batch: Batch) -> DataLoader[Any, Any]:
        """The loader of a batch function: keys asked for in one round of resolvers are read by one statement."""
        if batch not in self._loaders:

            async def load_batch(keys: list[Any]) -> list[Any]:
                return list(await batch(self, keys))

            self._loaders[batch] = DataLoader(load_batch)
        return self._loaders[batch]

    async def load(
        self, batch: Callable[["Context", Sequence[Key]], Awaitable[Sequence[Value]]], key: Key
    ) -> Value:
        """One value of a batch function `(ctx, keys) -> values in the keys' order`."""
        return cast(Value, await self.loader(batch).load(key))

    def soon(self, batch: Callable[["Context", Sequence[Key]], Awaitable[Sequence[Any]]], key: Key) -> Any:
        """
        `load` without a coroutine around it, for a field that answers just that value: it is a future.

        The executor waits for the futures of a whole level at once; each coroutine would cost it a task.
        """
        return self.loader(batch).load(key)

    def forget(self) -> None:
        """Drops what the loaders remember; a payload calls it, so that it shows the state after the act."""
        self._loaders.clear()

    def locking(self, kind: LockKind) -> None:
        """Records that the act takes a lock of this kind now; conditional updates say it too."""
        assert not self.locks or self.locks[-1] <= kind, f"{kind.name} is locked after {self.locks[-1].name}"
        self.locks.append(kind)

    def locked(self, kind: LockKind, statement: Statement) -> Statement:
        """The select with its rows locked, in the one order of kinds."""
        self.locking(kind)
        return locked(statement)


def locked(statement: Statement) -> Statement:
    """
    The select with its rows locked for change.

    Without `populate_existing` an entity read earlier would come back as it was before the lock was won.
    """
    return statement.with_for_update().execution_options(populate_existing=True)


def utc_now() -> datetime:
    """The clock of the running application; tests pass their own."""
    return datetime.now(UTC)
