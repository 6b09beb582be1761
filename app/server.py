"""The application: what is mounted where, whether it is alive and ready, and how it is served and stopped."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.assets import VENDOR
from app.connections import BoundedProtocol
from app.database import Database, is_migrated
from app.files import file_routes
from app.logs import logger
from app.metrics import Metrics
from app.middleware import Admission, Bodies, Deadline, RequestLog, SecurityHeaders, Traffic
from app.origins import Origins
from app.papers.deliveries import DELIVERIES
from app.papers.invoices import invoice_kind, invoice_xml_routes
from app.papers.quotes import QUOTES, quote_paper_routes
from app.papers.routes import paper_routes
from app.papers.statements import journal_routes, statement_routes
from app.settings import ROOT, Settings
from app.streams import Reader, make_streams, streaming
from app.uploads import BODY_BYTES, BODY_SECONDS, Uploads, upload_routes
from app.uploads import PATH as UPLOAD
from auth.middleware import AuthMiddleware
from auth.oauth_routes import oauth_routes
from auth.routes import auth_routes
from auth.signing_in import Auth, utc_now
from schema.api import api
from schema.endpoint import graphql_routes, viewer_of_request
from schema.engine import Engine
from schema.explorer import explorer_routes
from schema.sockets import socket_routes
from schema.sse import PATH as STREAM
from schema.sse import stream_routes
from schema.streams import Streams
from schema.watching import nobody
from storefront.pages import FILE_PATHS, create_storefront

READY_SECONDS = 2.0
SOCKET_MESSAGE_BYTES = 128 * 1024
STREAMS_END_SECONDS = 2.0
EXAMPLES = ROOT / "storefront" / "queries" / "examples"
log = logger("ventas.server")


def create_app(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime] = utc_now,
    metrics: Metrics | None = None,
) -> Starlette:
    """
    The whole application over a database that is migrated; counted by `metrics` where there are any.

    Opening and closing the database is the business of whoever made it; `app.state` has `settings`,
    `database`, `traffic`, `auth`, `engine` and `streams`, which hear nothing until `streaming` reads for them.
    """
    traffic = Traffic(settings.max_requests)
    auth = Auth(database, settings, clock)
    engine = Engine(api, database, clock=clock, watch=nobody if metrics is None else metrics.watch)
    uploads = Uploads(database, clock)
    streams = make_streams(database, clock, settings.max_streams)
    app = Starlette(
        routes=[
            Route("/healthz", _alive, methods=["GET"]),
            Route("/readyz", _ready, methods=["GET"]),
            *auth_routes(auth),
            *oauth_routes(auth),
            *graphql_routes(engine),
            *socket_routes(engine, streams),
            *stream_routes(engine, streams),
            *explorer_routes(engine, EXAMPLES, VENDOR),
            *file_routes(database, clock),
            *upload_routes(uploads),
            *paper_routes(database, clock, (DELIVERIES, QUOTES, invoice_kind(settings.verifactu))),
            *quote_paper_routes(database, clock),
            *invoice_xml_routes(database, clock, settings.verifactu),
            *statement_routes(database, clock),
            *journal_routes(database, clock),
            # The storefront answers whatever nobody else does, so it comes last.
            *create_storefront(_execute_with(engine), settings, uploads.store),
        ],
        middleware=[
            Middleware(SecurityHeaders, https=settings.base_url.startswith("https://")),
            Middleware(RequestLog, told=None if metrics is None else metrics.answered),
            Middleware(Admission, traffic=traffic),
            Middleware(Origins, settings=settings),
            Middleware(Bodies, larger=dict.fromkeys((UPLOAD, *FILE_PATHS), (BODY_BYTES, BODY_SECONDS))),
            Middleware(Deadline, streams=(STREAM,)),  # from here on: a slow client's time is not ours
            Middleware(AuthMiddleware, auth=auth),
        ],
        exception_handlers={HTTPException: _say},
    )
    app.state.settings = settings
    app.state.database = database
    app.state.traffic = traffic
    app.state.auth = auth
    app.state.engine = engine
    app.state.streams = streams
    return app


def _execute_with(engine: Engine) -> Callable[..., Awaitable[Mapping[str, Any]]]:
    """What the storefront asks with: a document through the schema as the request's visitor, as at /graphql."""

    async def execute(
        request: Request,
        document: str,
        variables: dict[str, Any],
        operation_name: str | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        if operation_name:
            request.state.operation = operation_name[:64]
        return await engine.execute_document(
            await viewer_of_request(request),
            document,
            variables,
            operation_name,
            idempotency_key=idempotency_key,
            request_id=request.state.request_id,
            locale=request.state.locale,
        )

    return execute


async def _alive(request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(request: Request) -> Response:
    """Whether requests should come here: the database answers, stands at the newest migration, and we stay."""
    state = request.app.state
    if state.traffic.draining:
        return PlainTextResponse("stopping\n", 503)
    try:
        async with asyncio.timeout(READY_SECONDS), state.database.auth() as session:
            if not await is_migrated(session):
                return PlainTextResponse("not migrated\n", 503)
    except Exception as fault:
        # Whatever it is, it is the answer; the cause is for the log, not for the one who asks.
        log.warning("not ready", cause=type(fault).__name__)
        return PlainTextResponse("no database\n", 503)
    return PlainTextResponse("ready\n")


async def _say(request: Request, fault: Exception) -> Response:
    """HTTP's own refusals (404, 405) in one short line, or as JSON for programs."""
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    detail = fault.detail if isinstance(fault, HTTPException) else "Internal error"
    headers = fault.headers if isinstance(fault, HTTPException) else None
    if "application/json" in request.headers.get("accept", ""):
        body = {"errors": [{"message": detail, "extensions": {"code": f"HTTP_{status}"}}]}
        return JSONResponse(body, status, headers=headers)
    return PlainTextResponse(f"{detail}\n", status, headers=headers)


class DrainingServer(uvicorn.Server):
    """Told to stop, it first says so at /readyz, then closes the door, then lets those inside finish."""

    def __init__(
        self,
        config: uvicorn.Config,
        traffic: Traffic,
        delay_seconds: float,
        announce: Callable[[], None],
        end_streams: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self.traffic = traffic
        self.delay_seconds = delay_seconds
        self.announce = announce
        self.end_streams = end_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, but a signal that was obeyed is not raised again: the caller still has to tidy up."""
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams would never finish by themselves: they are told that we go (1001), before uvicorn cuts them."""
        await self.end_streams()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.traffic.draining:
            super().handle_exit(sig, frame)  # a second Ctrl-C is impatient
            return
        self.traffic.draining = True
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self.delay_seconds, setattr, self, "should_exit", True)


def make_server(app: Starlette, settings: Settings, announce: Callable[[], None]) -> DrainingServer:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="websockets-sansio",
        ws_max_size=SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=15,
        timeout_graceful_shutdown=settings.drain_seconds,
        backlog=512,
    )
    return DrainingServer(
        config,
        app.state.traffic,
        settings.stop_delay_seconds,
        announce,
        _ending(getattr(app.state, "streams", None)),
    )


def _ending(streams: Streams | None) -> Callable[[], Awaitable[None]]:
    """Ends all streams and waits until their readers were told, or for a moment."""

    async def end() -> None:
        if streams is None:
            return
        streams.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(streams.is_empty.wait(), STREAMS_END_SECONDS)

    return end


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Database]:
    """The database with its pool filled, emptied at the end."""
    try:
        await database.open()
        yield database
    finally:
        await database.close()


async def serve(
    settings: Settings,
    database: Database,
    listener: socket.socket,
    announce: Callable[[], None],
    metrics: Metrics | None = None,
) -> None:
    """Serves until told to stop by SIGINT or SIGTERM; `announce` is called when the first request can come."""
    async with opened(database):
        app = create_app(settings, database, metrics=metrics)
        server = make_server(app, settings, announce)
        async with streaming(database, app.state.streams, utc_now) as reader:
            if metrics is not None:
                _show(metrics, app, reader)
            await server.serve(sockets=[listener])
        log.info("stopped")


def _show(metrics: Metrics, app: Starlette, reader: Reader) -> None:
    """What is read of a running process: its pool, who is inside, and how far it has told the log."""
    metrics.attach(app.state.database, "api")
    traffic, streams = app.state.traffic, app.state.streams
    metrics.show("ventas_http_requests_inside", "Requests being served.", lambda: traffic.inside)
    metrics.show("ventas_streams_open", "Streams of events that are open.", lambda: len(streams.open))
    metrics.show("ventas_draining", "1 while we are told to stop.", lambda: traffic.draining)
    metrics.show(
        "ventas_log_told_position", "How far the log was told to streams.", lambda: reader.position or 0
    )
