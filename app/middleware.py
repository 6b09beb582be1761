"""What happens to every request: an id, one log line, headers, a limit on how many and how large."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.deadline import REQUEST_SECONDS, deadline_in
from app.logs import logger

HEADER_BYTES = 16 * 1024
BODY_BYTES = 1024 * 1024
BODY_SECONDS = 5.0
LARGER_AT_ONCE = 8
PROBES = ("/healthz", "/readyz")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
log = logger("ventas.request")


def refusal(status: int, code: str, message: str, **headers: str) -> Response:
    """An answer in place of the application's, in the shape of a GraphQL error for those who asked in GraphQL."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(
        body, status, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


class RequestLog:
    """
    Gives each request an id, says it in the answer, and writes one line when the answer is out.

    The line has what `request.state` was told: `user_id` (by sign-in), `operation` (by GraphQL). The path is
    the route's template: the real one may hold an id or a token.

    Args:
        told: called with method, path, status and seconds of the same requests.
    """

    def __init__(self, app: ASGIApp, told: Callable[[str, str, int, float], None] | None = None) -> None:
        self.app = app
        self.told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        given = Headers(scope=scope).get("x-request-id", "")
        state["request_id"] = request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("fault")
            if not status:
                fault = refusal(500, "INTERNAL", f"Something went wrong on our side (request {request_id}).")
                await fault(scope, receive, send_with_id)
        finally:
            if scope["path"] not in PROBES:
                self._write(scope, status, began)
            structlog.contextvars.clear_contextvars()

    def _write(self, scope: Scope, status: int, began: float) -> None:
        seconds = time.perf_counter() - began
        state = scope["state"]
        template = getattr(scope.get("route"), "path", None) or "(none)"
        told = {name: str(state[name]) for name in ("operation", "user_id") if state.get(name)}
        elapsed = round(seconds * 1000, 1)
        log.info("request", method=scope["method"], path=template, status=status, ms=elapsed, **told)
        if self.told is not None:
            self.told(scope["method"], template, status, seconds)


class SecurityHeaders:
    """Headers of every answer; an answer that brings its own of a name keeps it."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.headers = dict(SECURITY_HEADERS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=63072000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Files that everybody gets may be kept for a while; anything else may be somebody's own.
        kept = "public, max-age=300" if scope["path"].startswith("/static/") else "no-store"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", kept if message["status"] < 400 else "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


@dataclass
class Traffic:
    """How many requests are inside, and whether more may enter; shared with /readyz and the way out."""

    limit: int
    inside: int = 0
    draining: bool = False


class Admission:
    """Answers 503 at once where too many requests are inside: before a body is read, before a connection waits."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self.app(scope, receive, send)
            return
        if self.traffic.inside >= self.traffic.limit:
            busy = refusal(
                503, "UNAVAILABLE", "Too many requests at once. Try again shortly.", Retry_After="1"
            )
            await busy(scope, receive, send)
            return
        self.traffic.inside += 1
        is_inside = True

        def leave() -> None:
            nonlocal is_inside
            if is_inside:
                is_inside = False
                self.traffic.inside -= 1

        # An answer that goes on for hours leaves early; it is counted elsewhere (schema/streams.py).
        scope.setdefault("state", {})["leave"] = leave
        try:
            await self.app(scope, receive, send)
        finally:
            leave()


class Bodies:
    """
    Reads the whole body, no more than a limit and no longer than a time, before anybody works on it.

    Args:
        larger: paths that take files -> their limit in bytes and seconds. Few of them are read at once, since each
            is held in memory and nobody has been asked yet who sends it.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int = BODY_BYTES,
        seconds: float = BODY_SECONDS,
        larger: Mapping[str, tuple[int, float]] = MappingProxyType({}),
    ) -> None:
        self.app = app
        self.limit = limit
        self.seconds = seconds
        self.larger = larger
        self.reading_larger = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, seconds = self.larger.get(scope["path"], (self.limit, self.seconds))
        if scope["method"] != "POST" or limit <= self.limit:
            await self._pass(scope, receive, send, self.limit, self.seconds)
            return
        if self.reading_larger >= LARGER_AT_ONCE:
            busy = refusal(503, "UNAVAILABLE", "Too many files at once. Try again shortly.", Retry_After="2")
            await busy(scope, receive, send)
            return
        self.reading_larger += 1
        try:
            await self._pass(scope, receive, send, limit, seconds)
        finally:
            self.reading_larger -= 1

    async def _pass(self, scope: Scope, receive: Receive, send: Send, limit: int, seconds: float) -> None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            await _closing(431, "The headers are too long.")(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isascii() or not announced.isdigit() or int(announced[:12]) > limit:
            await _too_large(limit)(scope, receive, send)
            return
        try:
            async with asyncio.timeout(seconds):
                body = await self._read(receive, limit)
        except TimeoutError:
            await _closing(408, "The body of the request did not arrive in time.")(scope, receive, send)
            return
        except _TooLarge:
            await _too_large(limit)(scope, receive, send)
            return
        if body is None:
            return  # the client left while it was sending: nobody waits for an answer
        await self.app(scope, _replayed(body, receive), send)

    @staticmethod
    async def _read(receive: Receive, limit: int) -> bytes | None:
        chunks = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise _TooLarge
            if not message.get("more_body", False):
                return b"".join(chunks)


class Deadline:
    """Gives each request its time; statements of its transactions are cut off when it is over. Streams go on."""

    def __init__(self, app: ASGIApp, seconds: float = REQUEST_SECONDS, streams: Collection[str] = ()) -> None:
        self.app = app
        self.seconds = seconds
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.streams:
            await self.app(scope, receive, send)
            return
        with deadline_in(self.seconds):
            await self.app(scope, receive, send)


class _TooLarge(Exception):
    """The body passed the limit while it arrived."""


def _too_large(limit: int) -> Response:
    return _closing(413, f"A request may have at most {limit} bytes.")


def _closing(status: int, message: str) -> Response:
    """What is still on its way cannot be told from the next request, so the connection ends with the answer."""
    return PlainTextResponse(message, status, headers={"Connection": "close"})


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
