"""Sessions, roles and pools against a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import READERS, ROLES, Database, head_revision, is_migrated, migrate
from app.deadline import deadline_in
from auth.permissions import Role, RowClass, Viewer, combine_grants
from resolvers.runner import unavailable
from tests.conftest import PREFIX, Cluster

USER = UUID(int=1)
VIEWER = Viewer(
    user_id=USER,
    name="Ana",
    email="ana@example.com",
    seller_id=UUID(int=2),
    row_class=RowClass.CUSTOMER,
    roles=frozenset({Role.BUYER}),
    grants=combine_grants([Role.BUYER]),
    customer_id=UUID(int=3),
    customer_ids=(UUID(int=3), UUID(int=4)),
)
SEEN = text(
    "select current_user as role, current_setting('transaction_isolation') as isolation,"
    " current_setting('transaction_read_only') as read_only, current_setting('app.user_id', true) as user_id,"
    " current_setting('app.customer_ids', true) as customer_ids, current_setting('statement_timeout') as timeout"
)


@pytest.fixture
async def narrow(cluster: Cluster, template: str) -> AsyncIterator[Database]:
    """A database with a single connection, so that each session uses what the one before left."""
    name = cluster.clone(template)
    database = cluster.database(name, pool_size=1)
    yield database
    await database.close()
    cluster.drop(name)


async def test_a_read_is_one_snapshot_in_the_role_of_the_class(database: Database) -> None:
    async with database.read(VIEWER) as session:
        seen = (await session.execute(SEEN)).one()

    assert (seen.role, seen.isolation, seen.read_only) == ("ventas_customer", "repeatable read", "on")
    assert seen.user_id == str(USER)
    assert seen.customer_ids == f"{UUID(int=3)},{UUID(int=4)}"
    assert seen.timeout == "5s"


async def test_a_write_is_in_the_writing_role_of_the_class(database: Database) -> None:
    async with database.write(replace(VIEWER, row_class=RowClass.STAFF)) as session:
        seen = (await session.execute(SEEN)).one()

    assert (seen.role, seen.isolation, seen.read_only) == ("ventas_staff_write", "read committed", "off")


async def test_nothing_of_a_viewer_stays_on_the_connection(narrow: Database) -> None:
    async with narrow.write(VIEWER) as session:
        await session.execute(text("select 1"))
    async with narrow.engine.connect() as connection:
        left = (await connection.execute(SEEN)).one()

    assert left.role == "ventas_login"
    assert (left.user_id, left.customer_ids) == ("", "")


async def test_a_reader_cannot_write_and_the_login_role_can_nothing(database: Database) -> None:
    async with database.read(VIEWER) as session:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await session.execute(text("delete from cart"))
    async with database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text("select * from customer"))


async def test_leaving_by_an_exception_rolls_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.job() as session:
            await session.execute(
                text("insert into currency (code, name, exponent) values ('XTS', 'test', 2)")
            )
            raise ZeroDivisionError
    async with database.job() as session:
        assert await session.scalar(text("select count(*) from currency where code = 'XTS'")) == 0


async def test_leaving_normally_commits_and_a_rollback_of_ones_own_stands(database: Database) -> None:
    insert = text("insert into currency (code, name, exponent) values (:code, 'test', 2)")
    async with database.job() as session:
        await session.execute(insert, {"code": "XTS"})
    async with database.job() as session:
        await session.execute(insert, {"code": "XXX"})
        await session.rollback()
    async with database.job() as session:
        stored = await session.scalars(text("select code from currency where code in ('XTS', 'XXX')"))
        assert list(stored) == ["XTS"]


async def test_writers_inherit_from_readers_and_the_login_role_from_nobody(database: Database) -> None:
    async with database.owner() as connection:
        inherited = await connection.execute(
            text(
                "select r.rolname, pg_has_role(:login, r.oid, 'usage') as usage, pg_has_role(:login, r.oid, 'member')"
                " as member from pg_roles r where r.rolname = any(:names)"
            ),
            {"login": f"{PREFIX}login", "names": [f"{PREFIX}{role}" for role in ROLES]},
        )
        found = {row.rolname: (row.usage, row.member) for row in inherited}
        for reader in READERS:
            names = {"writer": f"{PREFIX}{reader}_write", "reader": f"{PREFIX}{reader}"}
            assert await connection.scalar(text("select pg_has_role(:writer, :reader, 'usage')"), names)

    assert found == {f"{PREFIX}{role}": (False, True) for role in ROLES}


async def test_a_full_pool_refuses_within_two_seconds(narrow: Database) -> None:
    async with narrow.auth():
        with pytest.raises(PoolTimeout, match=r"timeout 2\.00"):
            async with narrow.auth():
                pass
    async with narrow.auth() as session:
        assert await session.scalar(text("select 1")) == 1


async def test_a_cancelled_request_leaves_its_connection_clean(narrow: Database) -> None:
    started = asyncio.Event()

    async def act() -> None:
        async with narrow.write(VIEWER) as session:
            started.set()
            await session.execute(text("select pg_sleep(4)"))

    task = asyncio.create_task(act())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with narrow.auth() as session:
        seen = (await session.execute(SEEN)).one()
    assert (seen.role, seen.user_id) == ("ventas_auth", "")


async def test_a_server_that_went_away_is_found_again(narrow: Database) -> None:
    async with narrow.auth() as session:
        pid = await session.scalar(text("select pg_backend_pid()"))
    async with narrow.owner() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    async with narrow.auth() as session:
        assert await session.scalar(text("select pg_backend_pid()")) != pid


async def test_a_second_migration_finds_nothing_to_do(database: Database) -> None:
    assert head_revision() is not None
    async with database.auth() as session:
        assert await is_migrated(session)
    assert not await migrate(database.url, database.owner_url, PREFIX)


async def test_an_older_stamp_is_not_migrated(database: Database) -> None:
    async with database.owner() as connection:
        await connection.execute(text("update alembic_version set version_num = 'older'"))
        assert not await is_migrated(connection)


async def test_statements_get_no_more_time_than_the_request_has_left(database: Database) -> None:
    timeout = text("select extract(epoch from current_setting('statement_timeout')::interval)")
    with deadline_in(2.0):
        async with database.read(VIEWER) as session:
            assert 0 < await session.scalar(timeout) <= 2
        async with database.auth() as session:
            assert 0 < await session.scalar(timeout) <= 2
        row = await database.auth_row("select current_setting('statement_timeout') as left")
        assert row["left"].endswith("ms") or row["left"] == "2s"
        async with database.job() as session:
            assert await session.scalar(timeout) == 600
    with deadline_in(60.0):
        async with database.write(VIEWER) as session:
            assert await session.scalar(timeout) == 5


async def test_a_statement_is_cut_off_at_the_deadline(database: Database) -> None:
    with deadline_in(0.05):
        async with database.read(VIEWER) as session:
            with pytest.raises(DBAPIError) as cut:
                await session.execute(text("select pg_sleep(4)"))

    passing = unavailable(cut.value)
    assert passing is not None and str(passing) == "57014"


async def test_a_read_without_a_statement_takes_no_connection(narrow: Database) -> None:
    async with narrow.read(VIEWER), narrow.auth() as session:
        assert await session.scalar(text("select 1")) == 1


async def test_roles_come_back_to_their_own_connections(cluster: Cluster, template: str) -> None:
    name = cluster.clone(template)
    database = cluster.database(name, pool_size=2)
    await database.open()
    pid = text("select pg_backend_pid()")
    seen: dict[str, set[int]] = {"auth": set(), "read": set()}
    for _ in range(5):
        async with database.auth() as session:
            seen["auth"].add(await session.scalar(pid))
        async with database.read(VIEWER) as session:
            seen["read"].add(await session.scalar(pid))
        seen["auth"].add((await database.auth_row("select pg_backend_pid() as pid"))["pid"])
    async with database.write(VIEWER) as session:  # a third role takes the one that has been idle for longer
        assert await session.scalar(pid) in seen["read"] | seen["auth"]
    await database.close()
    cluster.drop(name)

    assert len(seen["auth"]) == len(seen["read"]) == 1
    assert seen["auth"] != seen["read"]


async def test_the_row_of_who_asks_finds_a_server_that_went_away(narrow: Database) -> None:
    pid = (await narrow.auth_row("select pg_backend_pid() as pid"))["pid"]
    async with narrow.owner() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    assert (await narrow.auth_row("select pg_backend_pid() as pid"))["pid"] != pid


async def test_a_row_that_failed_leaves_nothing_open(narrow: Database) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await narrow.auth_row("select 1 / $1::int as no", 0)
    async with narrow.engine.connect() as connection:
        left = (await connection.execute(SEEN)).one()

    assert left.role == "ventas_login"
    assert (await narrow.auth_row("select current_user as role"))["role"] == "ventas_auth"


async def test_a_transaction_that_cannot_be_set_up_leaves_nothing_open(narrow: Database) -> None:
    stranger = Database(narrow.url, "nobody_", 1, narrow.owner_url)
    for _ in range(2):
        with pytest.raises(DBAPIError, match="nobody_customer"):
            async with stranger.read(VIEWER) as session:
                await session.execute(text("select 1"))
    await stranger.close()


async def test_a_server_that_takes_nobody_now_is_away(database: Database) -> None:
    """As while it starts or recovers; here there is no room for one more session."""
    async with database.owner() as connection:
        name = await connection.scalar(text("select current_database()"))
        await connection.execute(text(f"alter database {name} connection limit 0"))
    await database.close()

    with pytest.raises(ConnectionError, match="too many connections"):
        await database.auth_row("select 1")
    with pytest.raises(DBAPIError) as refused:
        async with database.read(VIEWER) as session:
            await session.execute(SEEN)
    assert unavailable(refused.value) is not None
