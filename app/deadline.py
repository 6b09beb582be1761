"""How long the request that is being served may still take; statements of its transactions get no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

REQUEST_SECONDS = 8.0
STATEMENT_MILLISECONDS = 5_000

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline_in(seconds: float) -> Iterator[None]:
    """Whatever runs within has this long from now on."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_milliseconds() -> int | None:
    """What is left, at least one (none would mean for ever); None where nobody waits: jobs, the command line."""
    deadline = _deadline.get()
    return None if deadline is None else max(int((deadline - monotonic()) * 1000), 1)
