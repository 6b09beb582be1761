"""What all tests share: a PostgreSQL of the run, and a database of its own for each test that asks for one."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.checks import find_browser
from app.database import Database
from app.settings import Settings
from tests.cluster import PREFIX, Cluster, folder_of_run, run, server_in
from tests.planting import plant_flaw
from tests.turns import IS_LONG
from tests.workers import LENT, Controller, Neighbour, folder_of

if TYPE_CHECKING:
    from httpx import AsyncClient
    from starlette.applications import Starlette

__all__ = ["CHROMIUM", "DEMO_DAY", "PREFIX", "Cluster", "run"]
CHROMIUM = find_browser()
DEMO_DAY = date(2026, 3, 2)  # the day on which the demo company of the tests lives


def pytest_configure(config: pytest.Config) -> None:
    plant_flaw()
    if LENT in os.environ:
        return  # the test that started this run holds the room for it
    folder = folder_of(config)
    config.pluginmanager.register(Controller() if folder is None else Neighbour(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not IS_LONG:
            item.add_marker(pytest.mark.skip(reason="takes minutes: ./ventas test --long"))
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium on the PATH"))


def pytest_collection_finish() -> None:
    # What is loaded now stays to the end: without it in sight, the collector costs a fifth less of all.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with ExitStack() as held:
        folder = folder_of(request.config) or held.enter_context(folder_of_run())
        made = Cluster(held.enter_context(server_in(folder)), folder)
        held.callback(made.close)
        yield made


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The migrated, empty database that the others are clones of."""
    return cluster.empty_template()


@pytest.fixture(scope="session")
def demo_template(cluster: Cluster) -> str:
    """A database with the demo company in it, loaded once per run."""
    from app.demo import load_demo

    return cluster.template("demo", lambda database: load_demo(database, DEMO_DAY))[0]


@pytest.fixture
async def database(cluster: Cluster, template: str) -> AsyncIterator[Database]:
    """An empty, migrated database of the test's own."""
    async with cluster.lend(template) as lent:
        yield lent


@pytest.fixture
async def demo(cluster: Cluster, demo_template: str) -> AsyncIterator[Database]:
    """The demo company as it stands on DEMO_DAY, the test's own to change."""
    async with cluster.lend(demo_template) as lent:
        yield lent


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
