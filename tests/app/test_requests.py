"""What happens to every request: headers, origins, limits, the log line, and the probes."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from app.database import Database
from app.deadline import remaining_milliseconds
from app.logs import configure_logs
from app.middleware import (
    CONTENT_SECURITY_POLICY,
    Admission,
    Bodies,
    Deadline,
    RequestLog,
    SecurityHeaders,
    Traffic,
)
from app.origins import Origins
from app.settings import Settings

FRIEND = "https://front.example.com"
STRANGER = "https://evil.example.com"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, allowed_origins=(FRIEND,))


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log of the test, read as JSON line by line."""
    stream = io.StringIO()
    configure_logs("json", "info", stream)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the visitor, not the house
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    configure_logs(None, "info")


# The whole application, from outside


async def test_every_answer_has_the_security_headers(client: AsyncClient) -> None:
    for path in ("/healthz", "/login", "/nowhere", "/graphql"):
        answer = await client.get(path)

        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["cache-control"] == "no-store", path
        policy = answer.headers["content-security-policy"]
        for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy, path
        assert "unsafe" not in policy, path
        assert "strict-transport-security" not in answer.headers, path


async def test_https_is_insisted_on_where_we_are_reached_by_it(settings: Settings) -> None:
    app = Starlette(middleware=[Middleware(SecurityHeaders, https=True)])
    async with AsyncClient(transport=ASGITransport(app), base_url=settings.base_url) as client:
        answer = await client.get("/")

    assert answer.headers["strict-transport-security"] == "max-age=63072000"


async def test_an_allowed_origin_is_asked_in_and_let_in_at_the_api_only(client: AsyncClient) -> None:
    asking = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    for path in ("/graphql", "/auth/token", "/schema.graphql"):
        answer = await client.options(path, headers=asking)
        assert answer.status_code == 204, path
        assert answer.headers["access-control-allow-origin"] == FRIEND
        assert "authorization" in answer.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["vary"] == "Origin"

    bearing = {"Origin": FRIEND, "Authorization": "Bearer unknown"}
    for path, status in (("/graphql", 401), ("/auth/token", 400)):
        asked = await client.post(path, headers=bearing, json={"query": "{ __typename }"})
        assert asked.headers["access-control-allow-origin"] == FRIEND, path
        assert asked.status_code == status, path

    for path in ("/login", "/cart"):
        assert (await client.options(path, headers=asking)).status_code == 403, path
        assert (await client.post(path, headers={"Origin": FRIEND})).status_code == 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": STRANGER},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_any_other_origin_is_refused(client: AsyncClient, headers: dict[str, str]) -> None:
    for path in ("/graphql", "/auth/token", "/login", "/cart"):
        posted = await client.post(path, headers=headers, json={"query": "{ __typename }"})
        assert posted.status_code == 403, path
        assert "access-control-allow-origin" not in posted.headers, path

    asked = await client.options("/graphql", headers={**headers, "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 403
    assert "access-control-allow-origin" not in asked.headers
    read = await client.get("/schema.graphql", headers=headers)
    assert "access-control-allow-origin" not in read.headers


async def test_our_own_pages_pass_under_each_of_our_names(client: AsyncClient) -> None:
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = await client.post("/auth/token", headers=headers, json={"email": "a@b.es", "password": "x"})
        assert answer.status_code == 401, host


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.com", "evil.com:x", ""])
async def test_a_strangers_name_for_our_address_is_refused(client: AsyncClient, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status_code == 421


async def test_an_allowed_origin_brings_no_cookies(settings: Settings) -> None:
    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.headers.get("cookie", "none"))

    app = Starlette(
        routes=[Route("/graphql", show, methods=["GET", "POST"])],
        middleware=[Middleware(Origins, settings=settings)],
    )
    async with AsyncClient(transport=ASGITransport(app), base_url=settings.base_url) as client:
        foreign = await client.post("/graphql", headers={"Origin": FRIEND, "Cookie": "session=1"})
        own = await client.post("/graphql", headers={"Origin": settings.base_url, "Cookie": "session=1"})

    assert (foreign.text, own.text) == ("none", "session=1")


async def test_ready_says_what_is_missing(client: AsyncClient, app: Starlette, database: Database) -> None:
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ready\n")

    async with database.owner() as connection:
        await connection.execute(text("update alembic_version set version_num = 'older'"))
    old = await client.get("/readyz")
    assert (old.status_code, old.text) == (503, "not migrated\n")

    app.state.traffic.draining = True
    stopping = await client.get("/readyz")
    assert (stopping.status_code, stopping.text) == (503, "stopping\n")
    assert (await client.get("/healthz")).status_code == 200


async def test_ready_without_a_database_is_no(settings: Settings) -> None:
    from app.server import create_app

    nowhere = Database("postgresql+asyncpg://nobody@/nothing?host=/nonexistent", "ventas_", pool_size=1)
    app = create_app(settings, nowhere)
    async with AsyncClient(transport=ASGITransport(app), base_url=settings.base_url) as client:
        answer = await client.get("/readyz")
    await nowhere.close()

    assert (answer.status_code, answer.text) == (503, "no database\n")


# Single pieces


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def break_(request: Request) -> PlainTextResponse:
    raise ValueError("secret of the house")


@pytest.fixture
async def plain() -> AsyncIterator[AsyncClient]:
    """A few routes behind the log and the limits."""
    app = Starlette(
        routes=[Route("/echo/{id}", echo, methods=["GET", "POST"]), Route("/break", break_)],
        middleware=[Middleware(RequestLog), Middleware(Bodies, limit=1000, seconds=0.2)],
    )
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_a_request_is_one_line_without_its_secrets(
    plain: AsyncClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    headers = {"X-Request-ID": "trace-1234", "Authorization": "Bearer topsecret", "Cookie": "s=topsecret"}
    answer = await plain.post("/echo/topsecret?token=topsecret", headers=headers, content="topsecret")

    assert answer.headers["x-request-id"] == "trace-1234"
    (line,) = lines()
    assert (line["method"], line["path"], line["status"]) == ("POST", "/echo/{id}", 200)
    assert line["request_id"] == "trace-1234"
    assert "topsecret" not in json.dumps(line)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space 12", "line\\nbreak12", "../../etc/passwd"])
async def test_a_strange_request_id_is_replaced(plain: AsyncClient, given: str) -> None:
    answer = await plain.get("/echo/1", headers={"X-Request-ID": given})

    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-request-id"] != given


async def test_a_fault_of_ours_is_logged_and_told_by_its_id_only(
    plain: AsyncClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = await plain.get("/break")

    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    fault, line = lines()
    assert "secret of the house" in fault["exception"]
    assert fault["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert line["status"] == 500


def test_a_line_break_in_a_value_begins_no_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    from app.logs import logger

    logger("test").info("said", words='a\r\n{"forged": true}\u2028\x1b[31m')

    (line,) = lines()
    assert line["words"] == 'a\\x0d\\x0a{"forged": true}\\x2028\\x1b[31m'


async def test_a_body_at_the_limit_passes_and_one_above_does_not(plain: AsyncClient) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 100

    assert (await plain.post("/echo/1", content=b"x" * 1000)).text == "1000"
    assert (await plain.post("/echo/1", content=b"x" * 1001)).status_code == 413
    assert (await plain.post("/echo/1", content=pieces(10))).text == "1000"
    unannounced = await plain.post("/echo/1", content=pieces(11))
    assert unannounced.status_code == 413
    assert unannounced.headers["connection"] == "close"
    strange = await plain.post("/echo/1", headers={"Content-Length": "-5"}, content=b"")
    assert strange.status_code == 413


async def test_long_headers_are_refused(plain: AsyncClient) -> None:
    assert (await plain.get("/echo/1", headers={"X-Long": "x" * 17_000})).status_code == 431


async def call(app: Any, incoming: Sequence[Message], method: str = "POST") -> list[Message]:
    """An ASGI call whose client sends these messages and then nothing more."""
    waiting = list(incoming)
    sent: list[Message] = []

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await app(scope, receive, send)
    return sent


async def test_a_slow_body_is_cut(plain: AsyncClient) -> None:
    app = Bodies(PlainTextResponse("never"), seconds=0.05)
    began = asyncio.get_running_loop().time()

    sent = await call(app, [{"type": "http.request", "body": b"half", "more_body": True}])

    assert sent[0]["status"] == 408
    assert asyncio.get_running_loop().time() - began < 2


async def test_a_client_who_left_is_not_answered() -> None:
    sent = await call(Bodies(PlainTextResponse("never")), [{"type": "http.disconnect"}])

    assert sent == []


async def test_a_request_has_a_deadline_and_nothing_else_has() -> None:
    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(remaining_milliseconds()))

    app = Starlette(routes=[Route("/", show)], middleware=[Middleware(Deadline, seconds=8.0)])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/")

    assert 0 < int(answer.text) <= 8000
    assert remaining_milliseconds() is None


async def test_too_many_requests_at_once_are_told_so_before_their_bodies_are_read() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await leave.wait()
        await PlainTextResponse("done")(scope, receive, send)

    traffic = Traffic(limit=1)
    app = Admission(slow, traffic)
    first = asyncio.create_task(call(app, []))
    await entered.wait()

    refused = await call(app, [])
    leave.set()
    served = await first
    again = await call(app, [])

    assert refused[0]["status"] == 503
    assert (b"retry-after", b"1") in refused[0]["headers"]
    assert (served[0]["status"], again[0]["status"]) == (200, 200)
    assert traffic.inside == 0


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
