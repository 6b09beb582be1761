"""Alembic's environment: the owner's connection and the prefix of our roles come from app.database."""

import asyncio
import importlib
import os
import pkgutil
from typing import Any

from alembic import context

import models
from app.database import owner_transaction
from app.settings import Settings
from models.base import Base

for module in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(module.name)


def run(connection: Any) -> None:
    """Runs the migrations on a connection whose transaction is begun, and committed, by whoever gave it."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    context.run_migrations()


async def run_alone() -> None:
    """For `alembic revision --autogenerate` by a developer: the owner's address is in the environment."""
    settings = Settings.from_environment(os.environ)
    if settings.migration_database_url is None:
        raise SystemExit("Set DATABASE_URL to use Alembic by hand; `./ventas migrate` needs no address.")
    context.config.attributes.setdefault("role_prefix", settings.role_prefix)
    async with owner_transaction(settings.migration_database_url) as connection:
        await connection.run_sync(run)


if context.is_offline_mode():
    raise SystemExit("These migrations run on a database only: they look at it while they run.")
if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    asyncio.run(run_alone())
