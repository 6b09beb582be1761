"""The migrations make exactly what the models say."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text

from app.database import Database
from models import all_tables
from models.base import Base
from models.security import AUTH_ONLY, ROW_POLICIES, policy_statements


@pytest.mark.filterwarnings(
    "ignore:Expression:UserWarning"
)  # operator classes are beyond Alembic's comparison
async def test_a_migrated_database_has_the_tables_of_the_models(database: Database) -> None:
    assert all_tables

    def differences(connection: Any) -> list[Any]:
        found: list[Any] = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        return [each for each in found if "alembic_version" not in str(each) and "pgqueuer" not in str(each)]

    async with database.owner() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_queue_s_tables_are_those_its_library_declares(database: Database) -> None:
    """A newer pgqueuer that wants other tables is noticed here, and gets a migration of ours."""
    connection = await database.direct()
    try:
        plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    finally:
        await connection.close()

    # It always offers its trigger's function again, with its comments.
    assert [each for each in plan.statements if "fn_pgqueuer_changed" not in each] == []


async def test_its_row_security_is_that_of_the_models(database: Database) -> None:
    """Each policy is made anew on a copy of its table's name and compared as PostgreSQL prints it."""
    listed = text(
        "select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1, 2, 3"
    )
    async with database.owner() as connection:
        migrated = list(await connection.execute(listed))
        for table, name in {(row.tablename, row.policyname) for row in migrated}:
            await connection.execute(text(f"drop policy {name} on {table}"))
        for statement in policy_statements(database.role_prefix):
            await connection.execute(text(statement.replace(":", r"\:")))
        assert list(await connection.execute(listed)) == migrated
        await connection.rollback()


async def test_every_table_of_a_customer_or_person_is_secured(database: Database) -> None:
    personal = {
        table.name
        for table in Base.metadata.sorted_tables
        if {"customer_id", "user_id", "principal_id"} & set(table.columns.keys())
    }
    public = {"sales_rep"}  # a rep's business card, which customers may read

    assert personal - set(ROW_POLICIES) - set(AUTH_ONLY) == public
