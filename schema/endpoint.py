"""/graphql over HTTP: the gate, who asks, and the answer as JSON."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth.permissions import Viewer
from schema.engine import Answer, Engine
from schema.errors import coded
from schema.gate import BODY_BYTES_MAX, BadRequest, check_content_type, read_request, too_large

Authenticate = Callable[[Request], Awaitable[Viewer | None]]

PATH = "/graphql"


def respond(answer: Answer) -> Response:
    headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    if answer.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(answer.body), answer.status, headers, media_type="application/json")


def check_origin(request: Request) -> None:
    """
    Keeps other sites from acting with a visitor's cookie.

    A page of another site cannot send `application/json` without asking first, and is not answered when it asks.
    Besides, a browser says where a request comes from, and what it says must be here. A bearer token is never
    sent by a browser on its own: its holder may come from anywhere the server's settings allow.
    """
    if "authorization" in request.headers:
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    foreign = (
        origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    )
    if foreign or site not in (None, "same-origin", "none"):
        raise BadRequest(
            403, "FOREIGN_ORIGIN", "With a cookie, requests come from this site's own pages only."
        )


async def _body(request: Request) -> bytes:
    """The body, cut off where it passes the limit, whatever its header announced."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def viewer_of_request(request: Request) -> Viewer | None:
    """The viewer whom sign-in has put there."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    return viewer


def graphql_routes(engine: Engine, authenticate: Authenticate = viewer_of_request) -> Sequence[BaseRoute]:
    """
    The API's one route.

    Args:
        authenticate: the viewer of a cookie or bearer token; None for anybody else.
    """

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            error = coded("Send the document by POST.", "METHOD_NOT_ALLOWED")
            return Response(
                orjson.dumps({"errors": [error]}), 405, {"Allow": "POST"}, media_type="application/json"
            )
        try:
            check_content_type(request.headers.get("content-type"))
            check_origin(request)
            asked = read_request(await _body(request))
        except BadRequest as refusal:
            return respond(Answer({"errors": [coded(str(refusal), refusal.code)]}, refusal.status))
        except ClientDisconnect:
            return Response(status_code=499)
        request.state.operation = (asked.operation_name or "")[:64]
        return respond(
            await engine.answer(
                await authenticate(request),
                asked,
                idempotency_key=request.headers.get("idempotency-key"),
                request_id=getattr(request.state, "request_id", None),
            )
        )

    # All methods come here, so that a refusal is JSON with a code as well.
    return [Route(PATH, answer, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])]
