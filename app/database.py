"""Connections to PostgreSQL: sessions in the viewer's role, roles, the clone of a template, migrations."""

import ast
import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.deadline import STATEMENT_MILLISECONDS, remaining_milliseconds
from app.pooling import RoleConnection, RolePool, ViewerSession, fetch_row
from app.settings import ROOT, Settings
from auth.permissions import Viewer

READERS = ("customer", "territory", "staff")
WRITERS = tuple(f"{reader}_write" for reader in READERS)
ROLES = ("auth", *READERS, *WRITERS, "job")
MIGRATION_LOCK = 7_236_514_001  # any number, the same in every process of ours

_NAMED_SETTINGS = {"application_name": "ventas", "timezone": "UTC"}
_GUARDS = {
    "jit": "off",
    "random_page_cost": "1.1",  # of solid state disks: the default is a disk's of 1996, and scans whole tables
    "statement_timeout": str(STATEMENT_MILLISECONDS),
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
}
_SERVER_SETTINGS = _NAMED_SETTINGS | _GUARDS
_PATIENT_SETTINGS = _SERVER_SETTINGS | {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}

_READING = "begin isolation level repeatable read read only"
_WRITING = "begin isolation level read committed"
_LONG = "; set local statement_timeout = '600s'; set local idle_in_transaction_session_timeout = '600s'"

_NOBODY = dict.fromkeys(("user_id", "seller_id", "customer_ids", "sales_rep_ids"), "")


def _quoted(text: str) -> str:
    """A literal of SQL, as standard_conforming_strings reads it."""
    return "'" + text.replace("'", "''") + "'"


# PgBouncer in transaction mode gives each transaction some connection of its own: nothing that outlives a
# transaction may be ours. It takes these two settings; the others are told at each beginning. Without its cache asyncpg
# prepares without a name.
_POOLED_ARGUMENTS: Mapping[str, Any] = {
    "server_settings": _NAMED_SETTINGS,
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
}


class Database:
    """
    The pool of the login role, and sessions whose transaction runs as the role of the viewer's class.

    Where `direct_url` is another address, `url` is taken for that of PgBouncer in transaction mode.

    Each context manager below yields a session whose transaction begins, already set up, with its first
    statement; a read without a statement takes no connection. Leaving it normally commits what was not yet
    committed or rolled back; leaving it by an exception rolls back. One session is for one transaction: after a
    `session.rollback()` or `session.commit()` of your own use it no further.
    """

    def __init__(
        self,
        url: str,
        role_prefix: str,
        pool_size: int = 10,
        owner_url: str | None = None,
        direct_url: str | None = None,
    ) -> None:
        self.url = url
        self.direct_url = direct_url or url
        self.owner_url = owner_url or url
        self.role_prefix = role_prefix
        self._pool_size = pool_size
        is_pooled = self.direct_url != url
        guards = "".join(f"; set local {name} = {_quoted(value)}" for name, value in _GUARDS.items())
        self._guards = guards if is_pooled else ""
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=2,  # a full pool is answered 503 within this time
            poolclass=RolePool,
            json_deserializer=orjson.loads,
            hide_parameters=True,  # of a failed statement: they are personal, or large
            connect_args={
                "timeout": 10,
                "connection_class": RoleConnection,
                **(_POOLED_ARGUMENTS if is_pooled else {"server_settings": _SERVER_SETTINGS}),
            },
        )

    async def open(self) -> None:
        """Fills the pool: a request cancelled while it connects would leave the pool the poorer."""
        gathered = await asyncio.gather(
            *(self.engine.connect() for _ in range(self._pool_size)), return_exceptions=True
        )
        for each in gathered:
            if isinstance(each, AsyncConnection):
                await each.close()
        for each in gathered:
            if isinstance(each, BaseException):
                raise each

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def read(self, viewer: Viewer) -> AsyncIterator[AsyncSession]:
        """One snapshot of the database, read only, as the viewer's class sees it."""
        async with self._session(_READING, self._parameters(viewer, ""), _budget()) as session:
            yield session

    @asynccontextmanager
    async def write(self, viewer: Viewer) -> AsyncIterator[AsyncSession]:
        """READ COMMITTED, as the writing role of the viewer's class, which sees the same rows."""
        async with self._session(_WRITING, self._parameters(viewer, "_write"), _budget()) as session:
            yield session

    @asynccontextmanager
    async def auth(self) -> AsyncIterator[AsyncSession]:
        """Sessions and credentials, before there is a viewer."""
        role = {"role": f"{self.role_prefix}auth"}
        async with self._session(_WRITING, role | _NOBODY, _budget()) as session:
            yield session

    async def auth_row(self, statement: str, *args: Any) -> Any:
        """The one row of a statement of the sign-in role by itself, or None; asyncpg's parameters and record."""
        role = f"{self.role_prefix}auth"
        begin = f"{_WRITING}{self._guards}{_budget()}; set local role {_quoted(role)}"
        return await fetch_row(self.engine, role, begin, statement, *args)

    @asynccontextmanager
    async def job(self) -> AsyncIterator[AsyncSession]:
        """Everything of the business, with time: imports, demo data, the command line."""
        async with self._session(_WRITING, {"role": f"{self.role_prefix}job"}, _LONG) as session:
            yield session

    async def direct(self) -> Any:
        """
        A connection of asyncpg's own, as the role of jobs, for LISTEN and the queue: both live as long as their
        connection, which no pool between us and PostgreSQL may change. Whoever opened it closes it.
        """
        url = make_url(self.direct_url)
        _, options = self.engine.dialect.create_connect_args(url)
        for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):
            options.pop(name, None)  # SQLAlchemy's own
        settings = {**_PATIENT_SETTINGS, "application_name": "ventas jobs"}
        connection = await asyncpg.connect(**options, server_settings=settings, timeout=10)
        quote = self.engine.dialect.identifier_preparer.quote_identifier
        await connection.execute(f"set role {quote(self.role_prefix + 'job')}")
        return connection

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[AsyncConnection]:
        """A transaction as the owner, on a connection of its own: migrations and their like."""
        async with owner_transaction(self.owner_url) as connection:
            yield connection

    def _parameters(self, viewer: Viewer, suffix: str) -> dict[str, str]:
        """The role, and what row policies read; all of it ends with the transaction."""
        return {
            "role": f"{self.role_prefix}{viewer.row_class.value}{suffix}",
            "user_id": str(viewer.user_id),
            "seller_id": str(viewer.seller_id),
            "customer_ids": ",".join(map(str, viewer.customer_ids)),
            "sales_rep_ids": ",".join(map(str, viewer.sales_rep_ids)),
        }

    @asynccontextmanager
    async def _session(
        self, begin: str, parameters: Mapping[str, str], limits: str
    ) -> AsyncIterator[AsyncSession]:
        role = parameters["role"]
        settings = "".join(
            f"; set local app.{name} = {_quoted(value)}"
            for name, value in parameters.items()
            if name != "role"
        )
        told = f"{begin}{self._guards}{limits}{settings}; set local role {_quoted(role)}"
        info = {"role": role, "begin": told}
        async with ViewerSession(self.engine, expire_on_commit=False, info=info) as session:
            if begin is _WRITING:
                await session.connection()  # a full pool is refused here, before anything was done
            yield session
            # An exception passes by this line, and closing the session rolls back.
            if session.in_transaction():
                await session.commit()


def _budget() -> str:
    """The statement timeout that is left of the request's deadline, where that is less than the usual one."""
    left = remaining_milliseconds()
    return "" if left is None or left >= STATEMENT_MILLISECONDS else f"; set local statement_timeout = {left}"


@asynccontextmanager
async def owner_transaction(url: str | URL) -> AsyncIterator[AsyncConnection]:
    """A transaction without time limits on a fresh connection; migrations wait 2 s for a lock and no longer."""
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"server_settings": _PATIENT_SETTINGS})
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def run_outside_transaction(url: str | URL, statement: str) -> None:
    """CREATE DATABASE and DROP DATABASE allow no transaction around them."""
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"server_settings": _PATIENT_SETTINGS},
    )
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(statement)
    finally:
        await engine.dispose()


async def ensure_database(url: str) -> bool:
    """Creates the database that the address names if the server has none of that name; says whether it did."""
    target = make_url(url)
    maintenance = target.set(database="postgres")
    async with owner_transaction(maintenance) as connection:
        known = await connection.scalar(
            text("select 1 from pg_database where datname = :name"), {"name": target.database}
        )
        quoted = connection.dialect.identifier_preparer.quote_identifier(target.database or "")
    if not known:
        await run_outside_transaction(maintenance, f"create database {quoted}")
    return not known


async def ensure_roles(
    connection: AsyncConnection, prefix: str, login: str, password: str | None = None
) -> None:
    """
    Creates the roles that are absent, and lets the login role become each of them, with none of their rights
    before it does. The SQL is PostgreSQL 15's, where inheritance belongs to the member: NOINHERIT on the login
    role, INHERIT on the writers, which so keep the row policies of the readers of their class.
    """
    await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    quote = connection.dialect.identifier_preparer.quote_identifier
    known = set(await connection.scalars(text("select rolname from pg_roles")))
    for name in (f"{prefix}{role}" for role in ROLES):
        if name not in known:
            await connection.exec_driver_sql(f"create role {quote(name)} nologin inherit")
    if login not in known:
        making = await connection.scalar(
            text("select format('create role %I login noinherit', cast(:login as text))"), {"login": login}
        )
        secret = await connection.scalar(
            text(
                "select coalesce(format(' password %L', cast(:password as text)), '') where :password is not null"
            ),
            {"password": password},
        )
        await connection.exec_driver_sql(f"{making}{secret or ''}".replace("%", "%%"))
    for reader, writer in zip(READERS, WRITERS, strict=True):
        await connection.exec_driver_sql(f"grant {quote(prefix + reader)} to {quote(prefix + writer)}")
    current = await connection.scalar(text("select current_user"))
    for role in ROLES:
        if login != current:
            await connection.exec_driver_sql(f"grant {quote(prefix + role)} to {quote(login)}")


@cache
def head_revision(folder: Path = ROOT / "migrations" / "versions") -> str | None:
    """The newest migration, read from the files: Alembic takes half a second to say the same."""
    revisions: dict[str, Any] = {}
    for path in folder.glob("*.py"):
        names: dict[str, Any] = {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                names[target.id] = value.value
        if "revision" in names:
            revisions[names["revision"]] = names.get("down_revision")
    heads = set(revisions) - set(revisions.values())
    if len(heads) > 1:
        raise RuntimeError(f"The migrations have several heads: {', '.join(sorted(heads))}.")
    return next(iter(heads), None)


async def is_migrated(connection: AsyncConnection | AsyncSession) -> bool:
    """Whether the database stands at the newest migration; false where it has none."""
    present = await connection.scalar(text("select to_regclass('alembic_version') is not null"))
    if not present:
        return False
    stamped = await connection.scalars(text("select version_num from alembic_version"))
    return list(stamped) == [head_revision()]


async def migrate(url: str, owner_url: str, prefix: str) -> bool:
    """
    Makes the roles and brings the database to the newest migration, as its owner.

    Returns:
        Whether there was anything to do; nothing is imported or locked where there is not.
    """
    async with owner_transaction(owner_url) as connection:
        if await is_migrated(connection):
            return False
    target = make_url(url)
    async with owner_transaction(owner_url) as connection:
        login = target.username or await connection.scalar(text("select current_user"))
        password = None if target.password is None else str(target.password)
        await ensure_roles(connection, prefix, login or "", password)
        await connection.run_sync(_upgrade, prefix)
        # /readyz compares the stamp before there is a viewer.
        reader = connection.dialect.identifier_preparer.quote_identifier(f"{prefix}auth")
        await connection.exec_driver_sql(f"grant select on alembic_version to {reader}")
    return True


def _upgrade(connection: Any, prefix: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["role_prefix"] = prefix
    command.upgrade(config, "head")


def open_database(settings: Settings, url: str, owner_url: str) -> Database:
    """The pool for these settings; nothing connects before `Database.open()`."""
    return Database(url, settings.role_prefix, settings.pool_size, owner_url, settings.direct_database_url)
