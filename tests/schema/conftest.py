"""The shop that tests of the schema share."""

import pytest

from app.database import Database
from tests.schema.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)
