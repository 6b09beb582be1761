"""Connections that begin a transaction in a role by one round trip, and a pool that gives each role its own again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn, memoized_property
from sqlalchemy.util.queue import AsyncAdaptedQueue

# What PostgreSQL says to its sessions when it goes down.
_GOING = (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError)
# … and to those who come while it cannot take them: full, starting or stopping, or lost on the way.
_NOT_NOW = ("53", "57", "08")
_wanted: ContextVar[str] = ContextVar("wanted", default="")


class RoleConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """
    asyncpg's connection; the next BEGIN is sent as `begin`, which sets the transaction up in the same round trip.

    A role is in force for a transaction and never longer, so that a connection that was given back can nothing.
    """

    begin = ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if not query.startswith("BEGIN") or not self.begin:
            return str(await super().execute(query, *args, timeout=timeout))
        query, self.begin = self.begin, ""
        try:
            return str(await super().execute(query, timeout=timeout))
        except BaseException:
            # SQLAlchemy takes it that nothing was begun, and would hand on a transaction that stands open.
            self.terminate()
            raise


class RoleSession(Session):
    """A session whose every transaction is set up as `info` says: its `role`, and the text that begins it."""

    def get_bind(self, *args: Any, **given: Any) -> Any:
        # A connection is taken right after this, in the same context.
        _wanted.set(self.info["role"])
        return super().get_bind(*args, **given)


@event.listens_for(RoleSession, "after_begin")
def _set_up(session: RoleSession, transaction: SessionTransaction, connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, RoleConnection)
    driver.begin = session.info["begin"]
    connection.info["role"] = session.info["role"]


class ViewerSession(AsyncSession):
    """
    An AsyncSession that takes a connection at its first statement, and none where there is no statement.

    Where the server went away while the connection lay in the pool nothing was done yet: the first statement is
    sent once more.
    """

    sync_session_class = RoleSession
    _is_used = False

    async def execute(self, statement: Any, params: Any = None, **given: Any) -> Any:
        if self._is_used:
            return await super().execute(statement, params, **given)
        return await self._first(super().execute, statement, params, **given)

    async def run_sync(self, act: Any, *args: Any, **given: Any) -> Any:  # type: ignore[override]
        if self._is_used:
            return await super().run_sync(act, *args, **given)
        return await self._first(super().run_sync, act, *args, **given)

    async def _first(self, send: Callable[..., Awaitable[Any]], *args: Any, **given: Any) -> Any:
        self._is_used = True
        try:
            return await send(*args, **given)
        except DBAPIError as fault:
            if not fault.connection_invalidated:
                raise
            await self.rollback()
            return await send(*args, **given)

    async def scalars(self, statement: Any, params: Any = None, **given: Any) -> Any:
        return (await self.execute(statement, params, **given)).scalars()

    async def scalar(self, statement: Any, params: Any = None, **given: Any) -> Any:
        return (await self.execute(statement, params, **given)).scalar()


async def _borrow(engine: AsyncEngine) -> Any:
    """A connection of the pool; what SQLAlchemy would make a DBAPIError of in a session is bare here."""
    try:
        return await greenlet_spawn(engine.sync_engine.raw_connection)
    except engine.sync_engine.dialect.loaded_dbapi.Error as fault:
        if not str(getattr(fault, "pgcode", None) or "").startswith(_NOT_NOW):
            raise
        raise ConnectionError(str(fault)) from fault


async def fetch_row(engine: AsyncEngine, role: str, begin: str, statement: str, *args: Any) -> Any:
    """
    The one row of a statement in a transaction of its own, or None, straight through asyncpg.

    It is for what every request asks before anything else; SQLAlchemy's session around one statement takes three
    times as long as the statement. A connection that was lost in the pool is replaced once.

    Raises:
        ConnectionError: the server went away, or takes nobody now.
    """
    for is_last in (False, True):
        _wanted.set(role)
        borrowed = await _borrow(engine)
        driver: Any = borrowed.driver_connection
        try:
            borrowed.info["role"] = role
            await driver.execute(begin)
            row = await driver.fetchrow(statement, *args)
            await driver.execute("commit")
        except BaseException as fault:
            # Whatever it was, nobody gets a connection on which a transaction may stand open.
            driver.terminate()
            borrowed.invalidate()
            lost = isinstance(fault, (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError))
            if not lost and not isinstance(fault, _GOING):
                raise
            if is_last:
                raise ConnectionError(str(fault)) from fault
        else:
            await greenlet_spawn(borrowed.close)
            return row
    raise AssertionError("the second try returns or raises")


class _ByRole(asyncio.LifoQueue[Any]):
    """Of the idle connections the one last used by the role that is wanted, or else the one longest idle."""

    _queue: list[Any]

    def _get(self) -> Any:
        role = _wanted.get()
        for index in range(len(self._queue) - 1, -1, -1):
            if self._queue[index].info.get("role") == role:
                return self._queue.pop(index)
        return self._queue.pop(0)


class _RoleQueue(AsyncAdaptedQueue[Any]):
    @memoized_property
    def _queue(self) -> "asyncio.Queue[Any]":
        return _ByRole(maxsize=self.maxsize)


class RolePool(AsyncAdaptedQueuePool):
    """
    One pool whose connections keep to the roles they served, as far as they suffice.

    PostgreSQL plans a statement under row security anew when the role changes, so a pool for each role is
    faster than one for all; a pool apart for each would have to be as large as the largest of them.
    """

    _queue_class = _RoleQueue
