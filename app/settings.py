"""Settings from the environment: one frozen object, one table that is also the documentation."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A variable of the environment holds something we cannot use; the message names it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: a variable, what it defaults to in words, what it is for, how it is read."""

    name: str
    default: str
    meaning: str
    parse: Callable[[str], Any]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError("one of " + ", ".join(words))
        return text

    return parse


def _flag(text: str) -> bool:
    return _choice("0", "1", "false", "true")(text.lower()) in ("1", "true")


def _origin(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("an origin such as https://shop.example.com") from None
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise ValueError("an origin such as https://shop.example.com, without a path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, standard) else "")


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin(each.strip()) for each in text.split(",") if each.strip())


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    try:
        for each in found:
            ipaddress.ip_network(each, strict=False)
    except ValueError:
        raise ValueError("IP addresses or networks, separated by commas") from None
    return found


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", text):
        raise ValueError("small letters, digits and underscores, at most 31, beginning with a letter")
    return text


def _database_url(text: str) -> str:
    """SQLAlchemy's spelling of a PostgreSQL address; `sslmode` becomes asyncpg's `ssl`."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise ValueError("an address such as postgresql://user:password@host/database")
    return "postgresql+asyncpg://" + re.sub(r"(?<=[?&])sslmode=", "ssl=", rest)


def _smtp_url(text: str) -> str:
    parts = urlsplit(text)
    try:
        known = parts.scheme in ("smtp", "smtps") and parts.hostname and (parts.port or True)
    except ValueError:
        known = None
    if not known or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("an address such as smtp://user:password@host:587")
    return text


def _mailbox(text: str) -> str:
    name, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not (name + address).isprintable():
        raise ValueError("a mailbox such as Ventas <ventas@example.com>")
    return text


def _folder(text: str) -> Path:
    return (ROOT / text).absolute()


TABLE = (
    Setting(
        "DATABASE_URL",
        "an embedded PostgreSQL",
        "PostgreSQL 15 or newer, as the login role, which owns nothing: `postgresql://user:password@host/database`.",
        _database_url,
    ),
    Setting(
        "MIGRATION_DATABASE_URL",
        "`DATABASE_URL`",
        "The same database as its owner, for migrations; the owner may create roles.",
        _database_url,
    ),
    Setting(
        "VENTAS_DIRECT_DATABASE_URL",
        "`DATABASE_URL`",
        "The same database past PgBouncer, as the login role, for LISTEN and the queue of jobs.",
        _database_url,
    ),
    Setting("VENTAS_DATA_DIR", "`var`", "Where the embedded PostgreSQL and its log live.", _folder),
    Setting(
        "VENTAS_POSTGRES_BIN",
        "the wheel's, then Debian's",
        "Folder with `initdb` and `postgres` for the embedded PostgreSQL.",
        _folder,
    ),
    Setting("VENTAS_HOST", "`127.0.0.1`", "Address to listen on.", str),
    Setting("VENTAS_PORT", "`8000`", "Port to listen on.", _whole(1, 65535)),
    Setting(
        "VENTAS_BASE_URL",
        "`http://localhost:PORT`",
        "Where browsers reach us. Other host names than this one, localhost and IP addresses are refused.",
        _origin,
    ),
    Setting(
        "VENTAS_ALLOWED_ORIGINS",
        "none",
        "Origins of other front ends that may call the API from a browser (CORS), separated by commas.",
        _origins,
    ),
    Setting("VENTAS_ROLE_PREFIX", "`ventas_`", "Beginning of the names of our PostgreSQL roles.", _prefix),
    Setting(
        "VENTAS_COOKIE_SECURE",
        "`1` where the base URL is https",
        "Whether cookies travel over https only, with the `__Host-` prefix.",
        _flag,
    ),
    Setting("VENTAS_LOG_FORMAT", "`console` on a terminal, else `json`", "Shape of the log lines.",
            _choice("json", "console")),
    Setting("VENTAS_LOG_LEVEL", "`info`", "Least important line that is logged.",
            _choice("debug", "info", "warning", "error")),
    Setting("VENTAS_SESSION_DAYS", "`14`", "Days after which a session ends.", _whole(1, 365)),
    Setting("VENTAS_POOL_SIZE", "`10`", "Connections to PostgreSQL per process.", _whole(1, 500)),
    Setting("VENTAS_MAX_REQUESTS", "`100`", "Requests served at once per process; more are answered 503.",
            _whole(1, 10_000)),
    Setting("VENTAS_DRAIN_SECONDS", "`25`", "Time that running requests get when we are told to stop.",
            _whole(0, 300)),
    Setting("VENTAS_STOP_DELAY_SECONDS", "`0`",
            "Time between `/readyz` saying no and the closing of the door, for a balancer to notice.",
            _whole(0, 60)),
    Setting(
        "VENTAS_METRICS_PORT",
        "none: no metrics",
        "Port for Prometheus, `/metrics` and nothing else, without sign-in: no proxy may lead to it. Each process "
        "of the API and each worker has its own.",
        _whole(1, 65535),
    ),
    Setting("VENTAS_METRICS_HOST", "`127.0.0.1`", "Address to listen on for Prometheus.", str),
    Setting("VENTAS_WORKER_TASKS", "`8`", "Jobs that a worker runs at once.", _whole(2, 100)),
    Setting("VENTAS_MAX_STREAMS", "`500`", "Streams of events open at once per process.", _whole(1, 100_000)),
    Setting(
        "VENTAS_SMTP_URL",
        "none: mail is kept in the table `mail_message`",
        "Mail server: `smtp://user:password@host:587` (STARTTLS where it is offered) or `smtps://host`.",
        _smtp_url,
    ),
    Setting("VENTAS_MAIL_FROM", "`Ventas <ventas@localhost>`", "Sender of our mail.", _mailbox),
    Setting("VENTAS_TRUSTED_PROXIES", "none",
            "Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count, separated by commas.",
            _addresses),
    Setting("VENTAS_VERIFACTU", "`test`",
            "Whose address the QR code of invoices holds: `production` is AEAT's, `test` its trial; `off`: no code.",
            _choice("off", "test", "production")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, read and checked. `database_url` None means the embedded PostgreSQL."""

    database_url: str | None
    migration_database_url: str | None
    data_dir: Path
    postgres_bin: Path | None
    host: str
    port: int
    base_url: str
    allowed_origins: tuple[str, ...]
    role_prefix: str
    cookie_secure: bool
    log_format: str | None
    log_level: str
    session_days: int
    pool_size: int
    max_requests: int
    drain_seconds: int
    stop_delay_seconds: int
    trusted_proxies: tuple[str, ...]
    direct_database_url: str | None
    worker_tasks: int
    max_streams: int
    smtp_url: str | None
    mail_from: str
    verifactu: str
    metrics_host: str
    metrics_port: int | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """
        Reads the variables of TABLE; an empty one counts as unset.

        Raises:
            SettingsError: a value cannot be used; all faults are named at once.
        """
        values: dict[str, Any] = {}
        faults = []
        for setting in TABLE:
            text = environment.get(setting.name, "").strip()
            try:
                values[setting.name] = setting.parse(text) if text else None
            except ValueError as wrong:
                # The value itself may be a password: only its name is said.
                faults.append(f"{setting.name} must be {wrong}.")
        if values.get("MIGRATION_DATABASE_URL") and not values.get("DATABASE_URL"):
            faults.append("MIGRATION_DATABASE_URL needs DATABASE_URL beside it.")
        if faults:
            raise SettingsError("\n".join(faults))

        def given(name: str, default: Any) -> Any:
            return default if values[name] is None else values[name]

        port = given("VENTAS_PORT", 8000)
        base_url = given("VENTAS_BASE_URL", f"http://localhost:{port}")
        return cls(
            database_url=values["DATABASE_URL"],
            migration_database_url=given("MIGRATION_DATABASE_URL", values["DATABASE_URL"]),
            data_dir=given("VENTAS_DATA_DIR", ROOT / "var"),
            postgres_bin=values["VENTAS_POSTGRES_BIN"],
            host=given("VENTAS_HOST", "127.0.0.1"),
            port=port,
            base_url=base_url,
            allowed_origins=given("VENTAS_ALLOWED_ORIGINS", ()),
            role_prefix=given("VENTAS_ROLE_PREFIX", "ventas_"),
            cookie_secure=given("VENTAS_COOKIE_SECURE", base_url.startswith("https://")),
            log_format=values["VENTAS_LOG_FORMAT"],
            log_level=given("VENTAS_LOG_LEVEL", "info"),
            session_days=given("VENTAS_SESSION_DAYS", 14),
            pool_size=given("VENTAS_POOL_SIZE", 10),
            max_requests=given("VENTAS_MAX_REQUESTS", 100),
            drain_seconds=given("VENTAS_DRAIN_SECONDS", 25),
            stop_delay_seconds=given("VENTAS_STOP_DELAY_SECONDS", 0),
            trusted_proxies=given("VENTAS_TRUSTED_PROXIES", ()),
            direct_database_url=given("VENTAS_DIRECT_DATABASE_URL", values["DATABASE_URL"]),
            worker_tasks=given("VENTAS_WORKER_TASKS", 8),
            max_streams=given("VENTAS_MAX_STREAMS", 500),
            smtp_url=values["VENTAS_SMTP_URL"],
            mail_from=given("VENTAS_MAIL_FROM", "Ventas <ventas@localhost>"),
            verifactu=given("VENTAS_VERIFACTU", "test"),
            metrics_host=given("VENTAS_METRICS_HOST", "127.0.0.1"),
            metrics_port=values["VENTAS_METRICS_PORT"],
        )


def settings_page() -> str:
    """docs/SETTINGS.md, printed from the table; a test compares."""
    rows = "\n".join(f"| `{each.name}` | {each.default} | {each.meaning} |" for each in TABLE)
    return (
        "# Settings\n\n"
        "All settings are variables of the environment; none is needed to start. "
        "This page is printed by `./ventas settings` from the table in `app/settings.py`.\n\n"
        "| variable | default | meaning |\n|---|---|---|\n"
        f"{rows}\n"
    )
