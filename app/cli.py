"""The commands behind ./ventas: up, serve, worker, migrate, demo, import, sdl, roles, user, settings."""

import argparse
import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.embedded import EmbeddedError, EmbeddedServer
from app.settings import Settings, SettingsError, settings_page
from rules.refusals import Refusal

if TYPE_CHECKING:
    from app.database import Database
    from app.metrics_serving import Watched

SOURCES = ("northwind", "online-retail")


class CommandError(Exception):
    """A command cannot be carried out; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is: the addresses, and the embedded server if it is one."""

    url: str
    owner_url: str
    embedded: EmbeddedServer | None


@contextlib.contextmanager
def placed(settings: Settings) -> Iterator[Place]:
    """
    The database's addresses, with an embedded PostgreSQL begun (not yet waited for) where none is configured.

    It is begun before the imports that take a second, so that it starts beside them.
    """
    if settings.database_url is not None:
        yield Place(settings.database_url, settings.migration_database_url or settings.database_url, None)
        return
    server = EmbeddedServer(settings.data_dir, settings.postgres_bin)
    try:
        server.begin()
        yield Place(server.url(user=f"{settings.role_prefix}login"), server.url(), server)
    finally:
        server.stop()


def run(work: Awaitable[int]) -> int:
    import uvloop

    async def act() -> int:
        return await work

    return uvloop.run(act())


async def prepare(settings: Settings, place: Place) -> "Database":
    """The database of the settings, made and migrated if it was not."""
    from app.database import ensure_database, migrate, open_database

    if place.embedded is not None:
        await asyncio.to_thread(place.embedded.wait)
        if await ensure_database(place.owner_url):
            print("Made the database.")
    if await migrate(place.url, place.owner_url, settings.role_prefix):
        print("Migrated the database.")
    return open_database(settings, place.url, place.owner_url)


def up(settings: Settings, options: argparse.Namespace) -> int:
    """Everything: database, demo company the first time, API and portal."""
    return _serve(settings, with_demo=True)


def serve(settings: Settings, options: argparse.Namespace) -> int:
    return _serve(settings, with_demo=False)


def _serve(settings: Settings, with_demo: bool) -> int:
    from app.logs import configure_logs

    # The ports before anything else: finding one taken after a minute of demo data would be a pity.
    listener = _bind(settings.host, settings.port, "VENTAS_PORT")
    with listener, _metrics_listener(settings) as metrics_listener, placed(settings) as place:
        configure_logs(settings.log_format, settings.log_level)
        from app import server  # these imports take a second: PostgreSQL starts meanwhile

        async def work() -> int:
            async with _watching(metrics_listener) as watched:
                metrics = None if watched is None else watched.metrics
                database = await prepare(settings, place)
                if with_demo:
                    await _load_demo_once(database)
                announce = partial(_announce, settings, with_demo)
                if not with_demo:
                    await server.serve(settings, database, listener, announce, metrics)
                    return 0
                from app.work import at_work

                # In one process, as `up` is for one machine; `serve` leaves jobs to `./ventas worker`.
                async with at_work(settings, place.url, place.owner_url, watched):
                    await server.serve(settings, database, listener, announce, metrics)
                return 0

        return run(work())


def worker(settings: Settings, options: argparse.Namespace) -> int:
    """Runs jobs, publishes events and sends mail, until told to stop."""
    from app.logs import configure_logs

    configure_logs(settings.log_format, settings.log_level)
    with _metrics_listener(settings) as metrics_listener, placed(settings) as place:
        from app.work import work_until_told

        async def work() -> int:
            await (await prepare(settings, place)).close()
            async with _watching(metrics_listener) as watched:
                await work_until_told(settings, place.url, place.owner_url, watched)
            return 0

        return run(work())


def _bind(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as taken:
        raise CommandError(
            f"Cannot listen on {host} port {port}: {taken.strerror}. "
            f"Another Ventas may be running; {setting} chooses another port."
        ) from taken


@contextlib.contextmanager
def _metrics_listener(settings: Settings) -> Iterator[socket.socket | None]:
    if settings.metrics_port is None:
        yield None
        return
    with _bind(settings.metrics_host, settings.metrics_port, "VENTAS_METRICS_PORT") as listener:
        yield listener


@contextlib.asynccontextmanager
async def _watching(listener: socket.socket | None) -> "AsyncIterator[Watched | None]":
    """What Prometheus looks at, where it has a port to look at."""
    if listener is None:
        yield None
        return
    from app.metrics_serving import Watched, shown

    async with shown(Watched(), listener) as watched:
        yield watched


async def _load_demo_once(database: "Database") -> None:
    """The demo company comes into a database without a seller; where there is one, nothing is touched."""
    from sqlalchemy import text

    async with database.job() as session:
        if await session.scalar(text("select exists (select from seller)")):
            return
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from app.demo import load_demo

    print("Loading the demo company (the first time only) ...", flush=True)
    began = time.monotonic()
    now = datetime.now(ZoneInfo("Europe/Madrid"))
    await load_demo(database, now.date(), now)
    print(f"Loaded in {time.monotonic() - began:.0f} s.")


def _announce(settings: Settings, with_demo: bool) -> None:
    base = settings.base_url
    print(f"\nVentas is ready:\n  portal    {base}/\n  GraphiQL  {base}/graphiql\n  API       {base}/graphql")
    if with_demo:
        from app.demo import DEMO_LOGINS

        print("\nDemo logins:")
        for login in DEMO_LOGINS:
            print(f"  {login}")
    print("\nCtrl-C stops it; the data stay.", flush=True)


def migrate(settings: Settings, options: argparse.Namespace) -> int:
    with placed(settings) as place:

        async def work() -> int:
            database = await prepare(settings, place)
            await database.close()
            print("The database stands at the newest migration.")
            return 0

        return run(work())


def demo(settings: Settings, options: argparse.Namespace) -> int:
    """The demo company, into a database that has no seller yet."""
    with placed(settings) as place:

        async def work() -> int:
            database = await prepare(settings, place)
            try:
                await _load_demo_once(database)
            finally:
                await database.close()
            return 0

        return run(work())


def sdl(settings: Settings, options: argparse.Namespace) -> int:
    """Writes schema/schema.graphql, or says whether it is what the code would write."""
    from schema.api import api
    from schema.sdl import SDL_FILE, sdl_of

    printed = sdl_of(api)
    if not options.check:
        SDL_FILE.write_text(printed, encoding="utf-8")
        return 0
    if SDL_FILE.exists() and SDL_FILE.read_text(encoding="utf-8") == printed:
        return 0
    raise CommandError("schema/schema.graphql is not what the code says: run ./ventas sdl and commit it.")


def roles(settings: Settings, options: argparse.Namespace) -> int:
    """Writes docs/ROLES.md: what each role may do, and which fields exist for it."""
    from auth.matrix import ROLES_FILE, matrix_page
    from auth.permissions import ROLE_GRANTS
    from auth.views import build_view
    from schema.access import may_use
    from schema.api import api

    views = {role: build_view(api._schema, frozenset(held), may_use) for role, held in ROLE_GRANTS.items()}
    ROLES_FILE.write_text(matrix_page(views), encoding="utf-8")
    return 0


def import_(settings: Settings, options: argparse.Namespace) -> int:
    """Reads one of the known sources into the database and prints what became of its rows."""
    source = Path(options.path).expanduser().absolute()
    report = Path(options.report).expanduser().absolute() if options.report else None
    if not source.exists():
        raise CommandError(f"There is no {source}.")
    with placed(settings) as place:
        from app.imports import ImportFault, run_import

        password = None
        if options.logins:
            from app.users import read_password

            password = read_password()

        async def work() -> int:
            database = await prepare(settings, place)
            try:
                return await run_import(options.source, source, database, report, password)
            except ImportFault as fault:
                raise CommandError(str(fault)) from fault
            finally:
                await database.close()

        return run(work())


def user(settings: Settings, options: argparse.Namespace) -> int:
    """Adds a user, or sets a password, which is read from the terminal or standard input and never an argument."""
    from app.users import run_user

    with placed(settings) as place:

        async def work() -> int:
            database = await prepare(settings, place)
            try:
                return await run_user(database, options)
            finally:
                await database.close()

        return run(work())


def print_settings(settings: Settings, options: argparse.Namespace) -> int:
    print(settings_page(), end="")
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./ventas", description="Ventas: wholesale ordering on one GraphQL schema."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        name: str, act: Callable[[Settings, argparse.Namespace], int], said: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=said, description=said)
        command.set_defaults(act=act)
        return command

    add("up", up, "start everything, with a demo company the first time")
    add("serve", serve, "serve API and portal on the database as it is")
    add("worker", worker, "run jobs, publish events and send mail; `up` does so by itself")
    add("migrate", migrate, "bring the database to the newest migration")
    add("demo", demo, "load the demo company into a database that is empty; `up` does so by itself")
    importing = add("import", import_, "read customers, products, prices, stock and past sales from files")
    importing.add_argument("source", choices=SOURCES, help="what kind of files")
    importing.add_argument("path", help="the folder or file")
    importing.add_argument("--report", metavar="FILE", help="write what became of each row here too, as CSV")
    importing.add_argument(
        "--logins",
        action="store_true",
        help="give the imported people logins, with a password read from the terminal",
    )
    printing = add("sdl", sdl, "print the schema to schema/schema.graphql")
    printing.add_argument("--check", action="store_true", help="only say whether the printed one is right")
    add("roles", roles, "print the role matrix to docs/ROLES.md")
    people = add("user", user, "add users and set passwords")
    acts = people.add_subparsers(dest="act_on_user", required=True, metavar="ACT")
    adding = acts.add_parser("add", help="add a user")
    adding.add_argument("email")
    adding.add_argument("--name", required=True)
    adding.add_argument("--role", required=True, help="such as BUYER, SALES_REP, INTEGRATOR, ADMINISTRATOR")
    adding.add_argument(
        "--customer", help="number of the customer the role is held for, where it is one of buyers'"
    )
    adding.add_argument("--locale", choices=("es", "en"), default="es")
    password = acts.add_parser("password", help="set a user's password")
    password.add_argument("email")
    add("settings", print_settings, "print the table of settings (docs/SETTINGS.md)")
    return parser


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    try:
        return int(options.act(Settings.from_environment(os.environ), options))
    except (SettingsError, EmbeddedError, CommandError) as fault:
        print(f"ventas: {fault}", file=sys.stderr)
        return 2
    except Refusal as refused:
        print(f"ventas: {refused.text.format(**refused.data)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
