"""
What Prometheus is told of a process: documents by operation, requests, the pool, the loop.

A label's values are ours, never a client's: the names of the house's own documents, of the schema's fields, of routes,
codes and kinds of jobs. So no caller can make this grow.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from graphql import OperationDefinitionNode, parse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from app.database import Database
from schema.watching import Seen, root_fields
from storefront.documents import Documents

OTHER = "(other)"
REFUSED = "(refused)"
SEVERAL = "(several)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)
LAGS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
JOB_SECONDS = (0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)


@dataclass(slots=True)
class _Statements:
    sent: int = 0


_statements: ContextVar[_Statements | None] = ContextVar("statements", default=None)


def house_operations() -> dict[str, frozenset[str]]:
    """The pages' own operations and the fields they may ask at the root."""
    found = {}
    for each in Documents.read().operations:
        (operation,) = parse(each.text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        found[each.name] = root_fields(operation)
    return found


class Metrics:
    """
    The instruments of one process, in a registry of their own.

    Args:
        house: operations that are counted under their own name -> the fields they may ask at the root. Any other
            document is counted under `(other)` and its one root field, which the schema knows.
    """

    def __init__(self, house: Mapping[str, frozenset[str]]) -> None:
        self.house = house
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        named = ("operation", "field")
        self.operation_seconds = Histogram(
            "ventas_operation_seconds", "Documents and how long they took; subscriptions until they were open.",
            ("kind", *named), buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.operation_errors = Counter(
            "ventas_operation_errors", "Errors and refusals by code.", (*named, "code"), registry=registry
        )
        self.operation_statements = Counter(
            "ventas_operation_statements", "SQL statements sent for documents, sign-in left out.", named,
            registry=registry,
        )  # fmt: skip
        self.request_seconds = Histogram(
            "ventas_http_request_seconds", "Requests by route, until the answer was out.", ("path",),
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.responses = Counter(
            "ventas_http_responses", "Answers by route and status; 0 where the client left.",
            ("method", "path", "status"), registry=registry,
        )  # fmt: skip
        self.loop_lag = Histogram(
            "ventas_event_loop_lag_seconds", "How late a timer fires: whatever blocks the loop blocks everybody.",
            buckets=LAGS, registry=registry,
        )  # fmt: skip
        self.job_seconds = Histogram(
            "ventas_job_seconds", "Attempts at jobs by their end: succeeded, failed (tried again), dead, superseded.",
            ("kind", "outcome"), buckets=JOB_SECONDS, registry=registry,
        )  # fmt: skip
        self.pool = Gauge(
            "ventas_pool_connections", "Connections to PostgreSQL: in use, and at most.", ("pool", "state"),
            registry=registry,
        )  # fmt: skip

    @contextmanager
    def watch(self, seen: Seen) -> Iterator[None]:
        """Around one document: the engine's `watch`."""
        statements = _Statements()
        token = _statements.set(statements)
        began = perf_counter()
        try:
            yield
        finally:
            _statements.reset(token)
            operation, field = self._name(seen)
            self.operation_seconds.labels(seen.kind or REFUSED, operation, field).observe(
                perf_counter() - began
            )
            for code in seen.codes:
                self.operation_errors.labels(operation, field, code).inc()
            if statements.sent:
                self.operation_statements.labels(operation, field).inc(statements.sent)

    def _name(self, seen: Seen) -> tuple[str, str]:
        if not seen.kind:
            return REFUSED, ""
        if seen.fields <= self.house.get(seen.operation, frozenset()):
            return seen.operation, ""
        return OTHER, next(iter(seen.fields)) if len(seen.fields) == 1 else SEVERAL

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request: `path` is its route's, not what the client wrote."""
        self.request_seconds.labels(path).observe(seconds)
        self.responses.labels(method if method in METHODS else OTHER, path, str(status)).inc()

    def tried(self, kind: str, outcome: str, seconds: float) -> None:
        """One attempt at a job."""
        self.job_seconds.labels(kind, outcome).observe(seconds)

    def attach(self, database: Database, pool: str) -> None:
        """Counts the database's statements and shows its pool under that name."""
        event.listen(database.engine.sync_engine, "before_cursor_execute", _count)
        connections = cast(QueuePool, database.engine.pool)
        self.pool.labels(pool, "used").set_function(connections.checkedout)
        self.pool.labels(pool, "most").set_function(connections.size)

    def show(self, name: str, said: str, read: Callable[[], float]) -> None:
        """A gauge that is read when somebody looks."""
        Gauge(name, said, registry=self.registry).set_function(read)


def _count(*_: Any) -> None:
    statements = _statements.get()
    if statements is not None:
        statements.sent += 1
