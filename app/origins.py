"""Whose pages may speak to us: our own, those of the settings at the API's addresses, and nobody else's."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware import refusal
from app.settings import Settings

CORS_PATHS = frozenset({"/graphql", "/graphql/stream", "/auth/token", "/auth/ticket", "/schema.graphql"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, X-Request-ID"
    ),
    "Access-Control-Max-Age": "600",
}


class Origins:
    """
    Checks the host a request names and the origin of the page it comes from.

    An allowed foreign origin gets CORS headers at the API's addresses, without credentials: its requests lose
    their cookies here, so a bearer token is the only way to be somebody. Any other foreign origin gets no CORS
    headers, and 403 where the method could change something.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.base_url = settings.base_url
        self.names = {"localhost", urlsplit(settings.base_url).hostname, settings.host}
        self.allowed = frozenset(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_our_name(host):
            await _refuse(421, "MISDIRECTED", "This is not the host that you ask for.", scope, receive, send)
            return
        origin = headers.get("origin")
        own = origin is None or origin == self.base_url or origin in (f"http://{host}", f"https://{host}")
        may_cross = origin in self.allowed and scope["path"] in CORS_PATHS
        if not own and may_cross and scope["type"] == "websocket":
            # No cookie opens a socket, its ticket does: an allowed page is as good as our own.
            await self.app(scope, receive, send)
            return
        if not own and may_cross:
            await self._cross(origin or "", scope, receive, send)
            return
        # Browsers of today say where a request comes from even where they send no origin.
        hidden = origin is None and headers.get("sec-fetch-site") in ("cross-site", "same-site")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if (not own or hidden) and (changes or "access-control-request-method" in headers):
            await _refuse(403, "NOT_PERMITTED", "Pages of this origin may not do that.", scope, receive, send)
            return
        await self.app(scope, receive, _varying(send) if scope["path"] in CORS_PATHS else send)

    def _is_our_name(self, host: str) -> bool:
        """A host name that is neither ours nor an address may be a stranger's name for our address."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            urlsplit(f"//{host}").port  # noqa: B018 - raises where it is no number
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _cross(self, origin: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            answer = Response(status_code=204, headers=PREFLIGHT)
            await answer(scope, receive, _varying(send, origin))
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        await self.app(scope, receive, _varying(send, origin))


def _varying(send: Send, origin: str | None = None) -> Send:
    async def send_with_origin(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-ID"
        await send(message)

    return send_with_origin


async def _refuse(status: int, code: str, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    await refusal(status, code, text)(scope, receive, send)
