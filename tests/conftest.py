"""What all tests share: a PostgreSQL of the run, and a database of its own for each test that asks for one."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from app.database import Database, ensure_database, migrate, run_outside_transaction
from app.embedded import EmbeddedServer
from app.settings import Settings

if TYPE_CHECKING:
    from httpx import AsyncClient
    from starlette.applications import Starlette

CHROMIUM = Path("/usr/bin/chromium")
DEMO_DAY = date(2026, 3, 2)  # the day on which the demo company of the tests lives
PREFIX = "ventas_"
T = TypeVar("T")


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


@dataclass
class Cluster:
    """The run's PostgreSQL without fsync, its templates, and clones of them by the dozen."""

    server: EmbeddedServer
    numbers: Iterator[int] = field(default_factory=count)

    def owner_url(self, name: str) -> str:
        return self.server.url(database=name)

    def login_url(self, name: str) -> str:
        return self.server.url(user=f"{PREFIX}login", database=name)

    def make(self, name: str) -> str:
        """A migrated database of that name."""
        run(ensure_database(self.owner_url(name)))
        run(migrate(self.login_url(name), self.owner_url(name), PREFIX))
        return name

    def clone(self, template: str) -> str:
        name = f"clone_{next(self.numbers)}"
        run(
            run_outside_transaction(self.owner_url("postgres"), f"create database {name} template {template}")
        )
        return name

    def drop(self, name: str) -> None:
        run(run_outside_transaction(self.owner_url("postgres"), f"drop database {name} with (force)"))

    def database(self, name: str, pool_size: int = 5) -> Database:
        return Database(self.login_url(name), PREFIX, pool_size, self.owner_url(name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and os.environ.get("VENTAS_LONG") != "1":
            item.add_marker(pytest.mark.skip(reason="takes minutes: ./ventas test --long"))
        if item.get_closest_marker("browser") and not CHROMIUM.exists():
            item.add_marker(pytest.mark.skip(reason=f"no browser at {CHROMIUM}"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="ventas-test-"))
    # The server's user, who is not root, passes through here to a folder of its own.
    folder.chmod(0o711)
    named = os.environ.get("VENTAS_POSTGRES_BIN")
    try:
        with EmbeddedServer(folder, Path(named) if named else None, fast=True) as server:
            yield Cluster(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The migrated, empty database that the others are clones of."""
    return cluster.make("template_empty")


@pytest.fixture(scope="session")
def demo_template(cluster: Cluster, template: str) -> str:
    """A database with the demo company in it, loaded once per run."""
    from app.demo import load_demo

    name = cluster.clone(template)

    async def load() -> None:
        database = cluster.database(name)
        try:
            await load_demo(database, DEMO_DAY)
        finally:
            await database.close()

    run(load())
    return name


@pytest.fixture
async def database(cluster: Cluster, template: str) -> AsyncIterator[Database]:
    """An empty, migrated database of the test's own."""
    async for each in _lend(cluster, template):
        yield each


@pytest.fixture
async def demo(cluster: Cluster, demo_template: str) -> AsyncIterator[Database]:
    """The demo company as it stands on DEMO_DAY, the test's own to change."""
    async for each in _lend(cluster, demo_template):
        yield each


async def _lend(cluster: Cluster, template: str) -> AsyncIterator[Database]:
    name = cluster.clone(template)
    database = cluster.database(name)
    try:
        yield database
    finally:
        await database.close()
        cluster.drop(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings as on a developer's machine, whatever the environment of the run says."""
    return Settings.from_environment({"VENTAS_DATA_DIR": str(tmp_path), "VENTAS_LOG_FORMAT": "json"})


@pytest.fixture
def app(settings: Settings, database: Database) -> "Starlette":
    """The whole application over the test's empty database."""
    from app.server import create_app

    return create_app(settings, database)


@pytest.fixture
async def client(app: "Starlette", settings: Settings) -> AsyncIterator["AsyncClient"]:
    """Somebody at the door, without a session."""
    async for each in _visit(app, settings):
        yield each


@pytest.fixture
def demo_app(settings: Settings, demo: Database) -> "Starlette":
    """The whole application over the demo company."""
    from app.server import create_app

    return create_app(settings, demo)


@pytest.fixture
async def demo_client(demo_app: "Starlette", settings: Settings) -> AsyncIterator["AsyncClient"]:
    """Somebody at the demo company's door, without a session."""
    async for each in _visit(demo_app, settings):
        yield each


async def _visit(app: "Starlette", settings: Settings) -> AsyncIterator["AsyncClient"]:
    from httpx import ASGITransport, AsyncClient

    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url=settings.base_url) as visitor:
        yield visitor
