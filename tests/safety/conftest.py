"""The world of the safety tests, built once per run and cloned for each test."""

from collections.abc import AsyncIterator, Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.database import Database
from auth.permissions import Viewer
from schema.engine import Engine
from tests.conftest import Cluster
from tests.safety.world import World, build_world, engine_of
from tests.snapshots import snapshot


@dataclass
class Built:
    """A template to clone, and what is in it."""

    template: str
    world: World


@dataclass
class Scene:
    """A clone of the world, and the engine over it."""

    database: Database
    engine: Engine
    world: World

    @property
    def viewers(self) -> dict[str, Viewer]:
        return self.world.viewers

    async def ask(
        self, name: str, document: str, variables: dict[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """A document as one of the world's people."""
        return await self.engine.execute_document(
            self.viewers[name], document, variables, idempotency_key=key, request_id="test", locale="en"
        )

    async def snapshot(self) -> dict[str, list[str]]:
        return await snapshot(self.database)


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, Any]:
    """What changed between two snapshots, by table."""
    return {
        name: {
            "gone": sorted(set(before[name]) - set(after[name])),
            "new": sorted(set(after[name]) - set(before[name])),
        }
        for name in before
        if before[name] != after[name]
    }


@pytest.fixture(scope="session")
def built(cluster: Cluster) -> Built:
    return Built(*cluster.template("world", build_world))


@pytest.fixture
async def scene(cluster: Cluster, built: Built) -> AsyncIterator[Scene]:
    """A clone of the world, the test's own to change."""
    async with cluster.lend(built.template) as database:
        yield Scene(database, engine_of(database), replace(built.world, viewers=dict(built.world.viewers)))


@pytest.fixture(scope="session")
def shared_database(cluster: Cluster, built: Built) -> Iterator[Database]:
    name = cluster.clone(built.template)
    yield cluster.database(name)
    cluster.drop(name)


@pytest.fixture
async def still(built: Built, shared_database: Database) -> AsyncIterator[Scene]:
    """A clone shared by tests that change nothing; each of them shows that it did not."""
    database = copy(shared_database)
    try:
        yield Scene(database, engine_of(database), replace(built.world, viewers=dict(built.world.viewers)))
    finally:
        await shared_database.close()
