"""The way of every document, from wherever it comes: throttle, guard, view, validation, execution, errors."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import strawberry
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql import execute as execute_core
from strawberry.execution import optimized_is_awaitable

from auth.permissions import Viewer
from auth.views import Views
from resolvers.context import Context, Database, LockedSession, utc_now
from resolvers.messages import LOCALES
from resolvers.runner import Unavailable, unavailable
from resolvers.sellers import time_zone_of
from schema.access import may_use
from schema.caches import Documents, Prepared
from schema.errors import BUSY, Presented, coded, masked, present_document, present_execution
from schema.executor import ActExecutor, Acting
from schema.gate import BadRequest, GraphQLRequest, make_request
from schema.guard import COST_MAX, Cost, LimitError, guard
from schema.throttle import Taken, Throttle
from schema.watching import Seen, Watch, nobody

COERCION_ERRORS_MAX = 10
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a GraphQL response, its HTTP status, and when to come again if now is not the time."""

    body: dict[str, Any]
    status: int = 200
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings besides its document."""

    request_id: str
    locale: str
    header_key: str | None
    seen: Seen


@dataclass(slots=True)
class Engine:
    """
    The schema at work. One per process: it holds the views, the documents and the buckets.

    `clock` is the present in UTC. `cost_max` is the budget of one document in objects. `watch` is entered with
    every document and left when its answer is ready.
    """

    api: strawberry.Schema
    database: Database
    throttle: Throttle = field(default_factory=Throttle)
    clock: Callable[[], datetime] = utc_now
    cost_max: int = COST_MAX
    watch: Watch = nobody
    documents: Documents = field(default_factory=Documents)
    views: Views = field(init=False)
    _zones: dict[UUID, ZoneInfo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.views = Views(self.api._schema, may_use)

    def view(self, viewer: Viewer) -> GraphQLSchema:
        """The schema as the viewer knows it."""
        return self.views.view(viewer.permissions)

    async def execute_document(
        self,
        viewer: Viewer | None,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        idempotency_key: str | None = None,
        request_id: str | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        """The response to a document from inside the house: pages, tests. The way is that of a request."""
        try:
            request = make_request(document, None if variables is None else dict(variables), operation_name)
        except BadRequest as refusal:
            return {"data": None, "errors": [coded(str(refusal), refusal.code)]}
        answer = await self.answer(
            viewer, request, idempotency_key=idempotency_key, request_id=request_id, locale=locale
        )
        return answer.body

    async def answer(
        self,
        viewer: Viewer | None,
        request: GraphQLRequest,
        *,
        idempotency_key: str | None = None,
        request_id: str | None = None,
        locale: str | None = None,
    ) -> Answer:
        """The answer to a request that passed the gate. It never raises."""
        seen = Seen()
        with self.watch(seen):
            answer = await self._guarded(
                viewer, request, idempotency_key, request_id or uuid4().hex, locale, seen
            )
            seen.failed(answer.body)
        return answer

    async def _guarded(
        self,
        viewer: Viewer | None,
        request: GraphQLRequest,
        idempotency_key: str | None,
        request_id: str,
        locale: str | None,
        seen: Seen,
    ) -> Answer:
        if viewer is None:
            return Answer({"errors": [coded("Sign in first.", "NOT_SIGNED_IN")]}, 401)
        language = locale if locale in LOCALES else viewer.locale
        asked = Asked(request_id, language if language in LOCALES else "en", idempotency_key, seen)
        try:
            return await self._answer(viewer, request, asked)
        except Exception as fault:
            passing = fault if isinstance(fault, Unavailable) else unavailable(fault)
            if passing is not None:
                return Answer(
                    {"data": None, "errors": [coded(BUSY, "UNAVAILABLE")]}, 503, passing.retry_after
                )
            return Answer({"data": None, "errors": [masked(fault, request_id)]}, 500)

    async def _answer(self, viewer: Viewer, request: GraphQLRequest, asked: Asked) -> Answer:
        view = self.view(viewer)
        prepared = self.documents.prepare(viewer.permissions, request.query)
        try:
            if prepared.document is None:
                raise LimitError("")
            operation = prepared.operation(request.operation_name)
            cost = self._weigh(view, prepared, operation, request)
            prepared.validate(view)
            _check_header_key(operation, asked)
        except LimitError as past:
            errors = prepared.errors if prepared.document is None else [past]
            return self._refused(viewer, 1, present_document(errors))
        if prepared.errors:
            return self._refused(viewer, 1, present_document(prepared.errors))
        asked.seen.runs(operation)
        taken = self.throttle.take(viewer.user_id, cost.requested)
        extensions = _cost(cost.requested, taken)
        if taken.retry_after is not None:
            error = coded("You have asked for a lot in a short time. Try again shortly.", "THROTTLED")
            return Answer({"data": None, "errors": [error], "extensions": extensions}, 429, taken.retry_after)
        result, presented = await self._run(viewer, view, prepared, operation, request, asked)
        return _answer_of(result, presented, extensions)

    def _weigh(
        self,
        view: GraphQLSchema,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        request: GraphQLRequest,
    ) -> Cost:
        name = "" if operation.name is None else operation.name.value
        if name in prepared.costs:
            return prepared.costs[name]
        assert prepared.document is not None
        cost = guard(view, prepared.document, operation, request.variables, self.cost_max)
        if not cost.varies:
            prepared.costs[name] = cost
        return cost

    def _refused(self, viewer: Viewer, cost: int, errors: list[dict[str, Any]]) -> Answer:
        """A document that was not run; looking at it cost something too."""
        taken = self.throttle.take(viewer.user_id, cost)
        return Answer({"errors": errors, "extensions": _cost(cost, taken)}, 400)

    async def _run(
        self,
        viewer: Viewer,
        view: GraphQLSchema,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        request: GraphQLRequest,
        asked: Asked,
    ) -> tuple[ExecutionResult, Presented]:
        introspection = _only_introspects(operation)
        zone = UTC_ZONE if introspection else await self._zone_of(viewer)
        ctx = Context(viewer, self.clock(), zone, asked.locale, asked.request_id)

        async def run() -> ExecutionResult:
            result = execute_core(
                view,
                prepared.document,  # type: ignore[arg-type]
                None,
                ctx,
                request.variables,
                request.operation_name,
                max_coercion_errors=COERCION_ERRORS_MAX,
                executor_class=ActExecutor,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it says what a guard says
                acting=Acting(self.database, asked.header_key, asked.seen.codes),
            )
            return await result if isinstance(result, Awaitable) else result

        if operation.operation is OperationType.MUTATION or introspection:
            result = await run()
        else:
            async with self.database.read(viewer) as session:
                ctx.open_session = LockedSession(session)
                try:
                    result = await run()
                finally:
                    await ctx.open_session.end()
        return result, present_execution(result.errors or (), ctx)

    async def _zone_of(self, viewer: Viewer) -> ZoneInfo:
        """Read once per process and seller; a seller that moves its zone restarts the house."""
        if viewer.seller_id not in self._zones:
            async with self.database.read(viewer) as session:
                self._zones[viewer.seller_id] = await time_zone_of(session, viewer.seller_id)
        return self._zones[viewer.seller_id]


def _only_introspects(operation: OperationDefinitionNode) -> bool:
    """Such an operation needs no connection."""
    return all(
        isinstance(each, FieldNode) and each.name.value.startswith("__")
        for each in operation.selection_set.selections
    )


def _check_header_key(operation: OperationDefinitionNode, asked: Asked) -> None:
    """One header cannot be the key of two acts."""
    selections = operation.selection_set.selections
    single = len(selections) == 1 and isinstance(selections[0], FieldNode)
    if asked.header_key is not None and operation.operation is OperationType.MUTATION and not single:
        message = (
            "The Idempotency-Key header goes with one mutation; use @idempotent(key:) on each of several."
        )
        raise LimitError(message, "BAD_REQUEST")


def _cost(requested: int, taken: Taken) -> dict[str, Any]:
    return {"cost": {"requested": requested, "remaining": taken.remaining}}


def _answer_of(result: ExecutionResult, presented: Presented, extensions: dict[str, Any]) -> Answer:
    if presented.retry_after is not None:
        body = {"data": None, "errors": presented.errors, "extensions": extensions}
        return Answer(body, 503, presented.retry_after)
    body = {"data": result.data, "extensions": extensions}
    if not presented.errors:
        return Answer(body)
    # Variables that do not fit are found by the executor, before it runs anything.
    unfit = result.data is None and not any(
        isinstance(each, GraphQLError) and each.path for each in result.errors or ()
    )
    return Answer(
        {"data": result.data, "errors": presented.errors, "extensions": extensions}, 400 if unfit else 200
    )
