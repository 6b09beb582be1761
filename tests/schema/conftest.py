"""The shop that tests of the schema share: opened once per run, and cloned for each of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.database import Database
from tests.conftest import Cluster
from tests.schema.shop import Shop, engine_over, open_shop


async def _open(database: Database) -> Shop:
    nothing: Any = None  # a pool and an engine belong to one test
    return replace(await open_shop(database), database=nothing, engine=nothing)


@pytest.fixture
async def shop(cluster: Cluster) -> AsyncIterator[Shop]:
    template, opened = cluster.template("shop", _open)
    async with cluster.lend(template) as database:
        yield replace(opened, database=database, engine=engine_over(database))
