"""Subscriptions over server-sent events, one per request: for EventSource in a page, and for any HTTP client."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from schema.endpoint import respond
from schema.engine import Answer, Engine
from schema.errors import coded
from schema.gate import BadRequest, GraphQLRequest, check_content_type, make_request, read_json, read_request
from schema.streams import End, NotOpened, Stream, Streams
from schema.subscribing import NotSubscribed, Responses, subscribe

PATH = "/graphql/stream"
BEAT_SECONDS = 15.0
_SAID = {
    End.RIGHTS_CHANGED: "Your rights have changed.",
    End.SLOW: "You read too slowly.",
    End.STOPPING: "The server is stopping. Get another ticket and come again.",
}
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies that gather answers would keep the events
]


def stream_routes(engine: Engine, streams: Streams) -> Sequence[BaseRoute]:
    """GET for EventSource, everything in the address; POST with the document in the body. Both with `?ticket=`."""

    async def open_stream(request: Request) -> Response:
        try:
            asked = await _asked(request)
        except BadRequest as refused:
            return respond(Answer({"errors": [coded(str(refused), refused.code)]}, refused.status))
        except ClientDisconnect:
            return Response(status_code=499)
        request.state.operation = (asked.operation_name or "")[:64]
        try:
            stream = await streams.enter(request.query_params.get("ticket"))
        except NotOpened as refused:
            status = 429 if refused.code == "LIMIT" else 403
            return respond(Answer({"errors": [coded(str(refused), refused.code)]}, status))
        try:
            request_id = getattr(request.state, "request_id", None) or uuid4().hex
            results = await subscribe(engine, stream, asked, request_id, request.query_params.get("locale"))
        except NotSubscribed as refused:
            streams.leave(stream)
            return respond(Answer({"errors": refused.errors}, 400))
        except BaseException:
            streams.leave(stream)
            raise
        leave = getattr(request.state, "leave", None)
        if leave is not None:
            leave()  # it stays for hours: from here on it counts among the streams, not among the requests
        return _EventStream(streams, stream, results)

    return [Route(PATH, open_stream, methods=["GET", "POST"])]


async def _asked(request: Request) -> GraphQLRequest:
    if request.method == "POST":
        check_content_type(request.headers.get("content-type"))
        return read_request(await request.body())
    asked = request.query_params
    variables = read_json(asked["variables"].encode()) if asked.get("variables") else None
    return make_request(asked.get("query"), variables, asked.get("operationName"))


class _EventStream(Response):
    """The answer that goes on: `next` with a GraphQL response per event, `complete` at the end, a beat in between."""

    def __init__(self, streams: Streams, stream: Stream, results: Responses) -> None:
        super().__init__()
        self.streams = streams
        self.stream = stream
        self.results = results

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def write(text: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": more})

        async def pump() -> None:
            async for body in self.results:
                await write(b"event: next\ndata: " + orjson.dumps(body) + b"\n\n")

        async def beat() -> None:
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                await write(b": \n\n")

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await write(b": open\n\n")
        works = (pump(), beat(), gone(), self.stream.ended.wait())
        tasks = [asyncio.create_task(each) for each in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.streams.leave(self.stream)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.results.close()
        if self.stream.why is not None:
            error = {"data": None, "errors": [coded(_SAID[self.stream.why], self.stream.why.value)]}
            await write(b"event: next\ndata: " + orjson.dumps(error) + b"\n\n")
        await write(b"event: complete\ndata: \n\n", more=False)
