"""A subscription: its document goes the way of every document, and runs once for each event, as the viewer is then."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Any, cast

from graphql import ExecutionResult, create_source_event_stream
from strawberry.execution import optimized_is_awaitable

from resolvers.context import Context, LockedSession
from resolvers.messages import LOCALES
from resolvers.runner import unavailable
from schema.engine import COERCION_ERRORS_MAX, Engine
from schema.errors import BUSY, coded, masked, present_document, present_execution
from schema.events import Change
from schema.executor import ActExecutor
from schema.gate import GraphQLRequest
from schema.guard import LimitError
from schema.streams import Hearing, Stream
from schema.watching import Seen

Body = dict[str, Any]
THROTTLED = "You have asked for a lot in a short time. Try again shortly."


class Responses:
    """One response per event; whoever has read enough closes it."""

    def __init__(self, bodies: AsyncGenerator[Body, None], hearing: Hearing) -> None:
        self.bodies = bodies
        self.hearing = hearing

    def __aiter__(self) -> AsyncIterator[Body]:
        return self.bodies

    async def close(self) -> None:
        self.hearing.close()
        await self.bodies.aclose()


class NotSubscribed(Exception):
    """The document was refused; `errors` are those of a GraphQL response."""

    def __init__(self, errors: list[Body]) -> None:
        super().__init__(str(errors))
        self.errors = errors


async def subscribe(
    engine: Engine, stream: Stream, request: GraphQLRequest, request_id: str, locale: str | None = None
) -> Responses:
    """
    The responses of a subscription, one per event, until the stream ends.

    Raises:
        NotSubscribed: the document or its variables were refused, or the document followed cannot be seen.
    """
    hearing = Hearing(stream)
    seen = Seen()
    with engine.watch(seen):
        try:
            return Responses(await _subscribe(engine, hearing, request, request_id, locale, seen), hearing)
        except asyncio.CancelledError:
            hearing.close()
            raise
        except NotSubscribed as refused:
            hearing.close()
            seen.failed({"errors": refused.errors})
            raise
        except Exception as fault:
            hearing.close()
            error = coded(BUSY, "UNAVAILABLE") if unavailable(fault) else masked(fault, request_id)
            seen.failed({"errors": [error]})
            raise NotSubscribed([error]) from fault


async def _subscribe(
    engine: Engine, hearing: Hearing, request: GraphQLRequest, request_id: str, locale: str | None, seen: Seen
) -> AsyncGenerator[Body, None]:
    stream = hearing.stream
    viewer = stream.viewer
    view = engine.view(viewer)
    prepared = engine.documents.prepare(viewer.permissions, request.query)
    try:
        if prepared.document is None:
            raise LimitError("")
        operation = prepared.operation(request.operation_name, subscribing=True)
        cost = engine._weigh(view, prepared, operation, request).requested
        prepared.validate(view)
    except LimitError as past:
        engine.throttle.take(viewer.user_id, 1)
        raise NotSubscribed(
            present_document(prepared.errors if prepared.document is None else [past])
        ) from None
    if prepared.errors:
        engine.throttle.take(viewer.user_id, 1)
        raise NotSubscribed(present_document(prepared.errors))
    seen.runs(operation)
    language = locale if locale in LOCALES else viewer.locale
    ctx = Context(
        viewer, engine.clock(), await engine._zone_of(viewer), language if language in LOCALES else "en", request_id,
        feed=hearing,
    )  # fmt: skip
    built = ActExecutor.build(
        view,
        prepared.document,
        None,
        ctx,
        request.variables,
        request.operation_name,
        max_coercion_errors=COERCION_ERRORS_MAX,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it says what a guard says
    )
    if isinstance(built, list):
        raise NotSubscribed(present_execution(built, ctx).errors)
    executor = cast(ActExecutor, built)
    async with engine.database.read(viewer) as session:
        ctx.open_session = LockedSession(session)
        try:
            source = create_source_event_stream(executor)
            source = await source if isinstance(source, Awaitable) else source
        finally:
            await ctx.open_session.end()
    if isinstance(source, ExecutionResult):
        raise NotSubscribed(present_execution(source.errors or (), ctx).errors)
    return _responses(engine, stream, executor, ctx, source, cost)


async def _responses(
    engine: Engine, stream: Stream, executor: ActExecutor, base: Context, source: Any, cost: int
) -> AsyncGenerator[Body, None]:
    async for change in source:
        if engine.throttle.take(stream.viewer.user_id, cost).retry_after is not None:
            yield {"data": None, "errors": [coded(THROTTLED, "THROTTLED")]}
            return
        body = await _response(engine, stream, executor, base, change)
        if body is not None:
            yield body


async def _response(
    engine: Engine, stream: Stream, executor: ActExecutor, base: Context, change: Change
) -> Body | None:
    """The answer to one event, on a snapshot of its own; None where the viewer does not see what changed."""
    viewer = stream.viewer
    ctx = Context(viewer, engine.clock(), base.zone, base.locale, base.request_id)
    try:
        async with engine.database.read(viewer) as session:
            ctx.open_session = LockedSession(session)
            try:
                if not await change.is_visible(ctx):
                    return None
                each = executor.build_per_event_executor(change)
                each.context_value = ctx
                result = each.execute_operation(False)
                result = cast(ExecutionResult, await result if isinstance(result, Awaitable) else result)
            finally:
                await ctx.open_session.end()
    except Exception as fault:
        error = coded(BUSY, "UNAVAILABLE") if unavailable(fault) else masked(fault, base.request_id)
        return {"data": None, "errors": [error]}
    presented = present_execution(result.errors or (), ctx)
    body: Body = {"data": result.data}
    return body | {"errors": presented.errors} if presented.errors else body
