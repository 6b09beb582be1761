"""The PostgreSQL of a run of the tests: one for all its workers, with templates made once and cloned by the dozen."""

import asyncio
import contextlib
import copy
import copyreg
import fcntl
import os
import pickle
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import asyncpg

from app.database import Database, ensure_database, migrate
from app.embedded import OWNER, PORT, EmbeddedServer

PREFIX = "ventas_"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2 * 1024**3  # what has to be free there: a run with two workers takes a quarter of it
FOLDER = "ventas-test-"
STATEMENT_SECONDS = 60
T = TypeVar("T")


def _frozen(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


# A viewer's grants are such a mapping, and a template may come with viewers.
copyreg.pickle(MappingProxyType, lambda mapping: (_frozen, (dict(mapping),)))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end on a loop of its own, whether or not the caller is inside one."""
    done: list[T] = []
    faults: list[BaseException] = []

    def act() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return done[0]


def _parent_folder() -> Path:
    """
    Memory, where there is enough of it, else the folder of temporary files.

    A clone is a thousand small files: 40 ms in memory, 60 to 500 on a disk.
    """
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    has_room = found.f_bavail * found.f_frsize >= MEMORY_BYTES
    # PostgreSQL's programs may have to be copied beside the data, and run there.
    is_usable = os.access(MEMORY, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    return MEMORY if has_room and is_usable else Path(tempfile.gettempdir())


@contextlib.contextmanager
def folder_of_run() -> Iterator[Path]:
    """A folder that is gone after the run; a run that was killed leaves its own to the next."""
    parent = _parent_folder()
    for left in parent.glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError), _locked(left):
            if time.time() - left.stat().st_mtime > 60:  # a younger one may not have its lock yet
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=parent))
    # The server's user, who is not root, passes through here to a folder of its own.
    folder.chmod(0o711)
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the folder; a BlockingIOError says that somebody else does."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def server_in(folder: Path) -> EmbeddedServer:
    named = os.environ.get("VENTAS_POSTGRES_BIN")
    return EmbeddedServer(folder, Path(named) if named else None, fast=True)


class Room:
    """Where tests run: any number beside one another, but one that is timed has it to itself."""

    def __init__(self, folder: Path) -> None:
        self._door, self._room = folder / "door.lock", folder / "room.lock"

    @contextlib.contextmanager
    def entered(self, alone: bool = False) -> Iterator[None]:
        with self._room.open("a") as room:
            # Who waits for an empty room stands in the door meanwhile, so that the room does get empty.
            with self._door.open("a") as door:
                fcntl.flock(door, fcntl.LOCK_EX)
                fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield


class Desk:
    """One connection that makes and drops databases, in the order it is told, on a thread of its own."""

    def __init__(self, host: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._turn = asyncio.Lock()
        self._begun: deque[Future[Any]] = deque()
        connecting = asyncpg.connect(host=str(host), port=PORT, user=OWNER, database="postgres")
        self._connection: Any = self._submit(connecting).result(STATEMENT_SECONDS)

    def _submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _execute(self, statement: str) -> None:
        async with self._turn:
            await self._connection.execute(statement)

    def begin(self, statement: str) -> None:
        """Has it done while the caller goes on; a failure comes out of a later call."""
        self._begun.append(self._submit(self._execute(statement)))
        while self._begun and self._begun[0].done():
            self._begun.popleft().result()

    def execute(self, statement: str) -> None:
        self._submit(self._execute(statement)).result(STATEMENT_SECONDS)

    def close(self) -> None:
        for each in self._begun:
            each.result(STATEMENT_SECONDS)
        self._submit(self._connection.close()).result(STATEMENT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Cluster:
    """The run's PostgreSQL without fsync, its templates, and clones of them; each worker has its own object."""

    def __init__(self, server: EmbeddedServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self._desk = Desk(server.run)
        self._numbers = count()
        # By size of the pool: databases that were lent, with what their engines learnt.
        self._returned: dict[int, deque[tuple[str, Database]]] = {}

    def close(self) -> None:
        self._desk.close()

    def owner_url(self, name: str) -> str:
        return self.server.url(database=name)

    def login_url(self, name: str) -> str:
        return self.server.url(user=f"{PREFIX}login", database=name)

    def database(self, name: str, pool_size: int = 5) -> Database:
        return Database(self.login_url(name), PREFIX, pool_size, self.owner_url(name))

    def empty_template(self) -> str:
        """The migrated, empty database that the others are clones of."""
        return self._once("template_empty", self.make)[0]

    def make(self, name: str) -> str:
        """A migrated database of that name."""
        run(ensure_database(self.owner_url(name)))
        run(migrate(self.login_url(name), self.owner_url(name), PREFIX))
        return name

    def template(self, name: str, fill: Callable[[Database], Coroutine[Any, Any, T]]) -> tuple[str, T]:
        """
        A template filled by the worker that asks first; the others wait and take it.

        Returns:
            The name to clone, and a copy of what `fill` returned.
        """
        empty = self.empty_template()

        def make(name: str) -> T:
            self._copy(empty, name)

            async def work() -> T:
                database = self.database(name)
                try:
                    return await fill(database)
                finally:
                    await database.close()

            return run(work())

        return self._once(f"template_{name}", make)

    def _once(self, name: str, make: Callable[[str], T]) -> tuple[str, T]:
        made = self.folder / f"{name}.made"
        with (self.folder / f"{name}.lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not made.exists():
                self._desk.execute(f"drop database if exists {name}")  # of a worker that died over it
                result = make(name)
                made.write_bytes(pickle.dumps(result))
        found: T = pickle.loads(made.read_bytes())
        return name, found

    def clone(self, template: str) -> str:
        name = f"{WORKER}_{next(self._numbers)}"
        self._copy(template, name)
        return name

    def drop(self, name: str) -> None:
        self._desk.begin(f"drop database {name} with (force)")

    def remove(self, name: str) -> None:
        """Drops it before it returns, for whoever makes another of that name."""
        self._desk.execute(f"drop database {name} with (force)")

    def _copy(self, template: str, name: str) -> None:
        # Half the work of the other strategy, which writes each page to the log as well.
        self._desk.execute(f"create database {name} template {template} strategy file_copy")

    @contextlib.asynccontextmanager
    async def lend(self, template: str, pool_size: int = 5) -> AsyncIterator[Database]:
        """
        A clone for one test, with a pool that is its own.

        The engine is that of an earlier clone of the same name: it knows the dialect and keeps compiled statements,
        a sixth of what a test costs. One that a test listens to is not used again.
        """
        returned = self._returned.setdefault(pool_size, deque())
        if returned:
            name, database = returned.popleft()
        else:
            name = f"{WORKER}_lent_{next(self._numbers)}"
            database = self.database(name, pool_size)
        self._copy(template, name)
        try:
            yield copy.copy(database)
        finally:
            await database.close()
            self.drop(name)
            if not database.engine.sync_engine._has_events:
                returned.append((name, database))
