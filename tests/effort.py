"""What an act costs, without a clock on the wall: processor time, and function calls, which are the same every time."""

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from os import sysconf
from pathlib import Path
from typing import Any

SECOND = 1.0
_TICKS = sysconf("SC_CLK_TCK")


@dataclass
class Effort:
    """
    Processor seconds of this process, all its threads, and of the PostgreSQL that serves it.

    Other processes on the machine do not count, so "within a second" is said of a machine of one's own.
    """

    postmaster: int | None
    began: float = 0.0

    def __post_init__(self) -> None:
        # To go through what seven thousand tests left behind takes a second, and is none of the work.
        gc.disable()
        self.began = self._now()

    def spent(self) -> float:
        gc.enable()
        return self._now() - self.began

    def _now(self) -> float:
        return time.process_time() + (0.0 if self.postmaster is None else _tree_seconds(self.postmaster))


def _tree_seconds(pid: int) -> float:
    """A process, its living children, and those that ended and were waited for (proc(5): stat)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended in between
        # The name in parentheses may hold anything; state, ppid, … follow, utime to cstime are 14 to 17 of all.
        rest = words.rpartition(")")[2].split()
        if path.parent.name == str(pid):
            total += sum(int(word) for word in rest[11:15])
        elif rest[1] == str(pid):
            total += sum(int(word) for word in rest[11:13])
    return total / _TICKS


def calls(act: Callable[[], Any]) -> int:
    """How many functions an act calls, Python's and C's."""
    count = 0

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count
