"""How several processes share one run of the tests: who owns the PostgreSQL, who gets which test, who waits for whom."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import Room, folder_of_run, server_in

# Their tests share something that is dear to make, such as a site; every other test goes wherever there is time.
TOGETHER = ("tests/e2e/", "tests/app/imports/", "tests/app/test_stack.py")
# Names the folder of a run, to a run that a test of it starts: PostgreSQL and templates are there already.
LENT = "VENTAS_TEST_FOLDER"


def folder_of(config: pytest.Config) -> Path | None:
    """The run's folder in a worker, or that of the run around this one; none for a process that makes its own."""
    given: dict[str, str] = getattr(config, "workerinput", {})
    folder = given.get("ventas_folder") or os.environ.get(LENT)
    return Path(folder) if folder else None


def unit_of(nodeid: str) -> str:
    """What goes to one worker in one piece: a test, or the module of tests that share something."""
    return nodeid.split("::", 1)[0] if nodeid.startswith(TOGETHER) else nodeid


class Controller:
    """Of a run with several workers: it owns their PostgreSQL, and no worker outlives it."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._folder: Path | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if self._folder is None:
            self._folder = self._held.enter_context(folder_of_run())
            self._held.enter_context(server_in(self._folder))
        node.workerinput["ventas_folder"] = str(self._folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Instead of xdist's groups, which pytest 9.2 makes it forget without a word (pytest-xdist 1386)."""
        if config.getoption("dist") != "loadscope":
            return None
        from xdist.scheduler import LoadScopeScheduling

        class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                return unit_of(nodeid)

        return Scheduling(config, log)

    def pytest_unconfigure(self) -> None:
        self._held.close()


class Neighbour:
    """Of a worker: a test that is timed waits until it is alone, and the others wait for it."""

    def __init__(self, folder: Path) -> None:
        self._room = Room(folder)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        with self._room.entered():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        with self._room.entered(alone=item.get_closest_marker("alone") is not None):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        with self._room.entered():
            return (yield)
