"""A real server process on a real port: its bounds on connections, and how it stops."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app import connections
from app.middleware import Bodies, Traffic
from app.server import make_server
from app.settings import Settings

pytestmark = pytest.mark.alone


class Gate:
    """A route that answers when the test lets it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()

    async def wait(self, request: Request) -> PlainTextResponse:
        self.entered.set()
        await self.leave.wait()
        return PlainTextResponse("finished")


@asynccontextmanager
async def serving(
    settings: Settings, gate: Gate, seconds: float = 5.0
) -> AsyncIterator[tuple[Any, int, asyncio.Task[None]]]:
    """The server over a small application: itself, its port, and its running."""

    async def big(request: Request) -> PlainTextResponse:
        return PlainTextResponse("x" * 20_000_000)

    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(
        routes=[Route("/wait", gate.wait), Route("/echo", echo, methods=["GET", "POST"]), Route("/big", big)],
        middleware=[Middleware(Bodies, seconds=seconds)],
    )
    app.state.traffic = Traffic(limit=100)
    listener = socket.create_server(("127.0.0.1", 0))
    started = asyncio.Event()
    server = make_server(app, settings, started.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield server, listener.getsockname()[1], running
    finally:
        gate.leave.set()
        server.should_exit = True
        await running


async def talk(port: int, words: bytes, limit: int = -1) -> bytes:
    """Sends the words and returns all that comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    try:
        return await asyncio.wait_for(reader.read(limit), 10)
    finally:
        writer.close()


async def test_a_stop_lets_the_request_inside_finish_and_nobody_else_in(settings: Settings) -> None:
    gate = Gate()
    async with serving(settings, gate) as (server, port, running):
        inside = asyncio.create_task(talk(port, b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        await gate.entered.wait()

        server.handle_exit(15, None)
        assert server.traffic.draining
        while server.servers and server.servers[0].is_serving():
            await asyncio.sleep(0)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        gate.leave.set()

        assert (await inside).endswith(b"finished")
        await asyncio.wait_for(running, 5)


async def test_a_request_that_does_not_end_is_cut_at_the_end_of_the_time(settings: Settings) -> None:
    gate = Gate()
    async with serving(replace(settings, drain_seconds=0), gate) as (server, port, running):
        inside = asyncio.create_task(talk(port, b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        await gate.entered.wait()

        server.handle_exit(15, None)

        await asyncio.wait_for(running, 5)
        assert b"finished" not in await inside


async def test_the_door_stays_open_for_the_time_a_balancer_needs(settings: Settings) -> None:
    gate = Gate()
    async with serving(replace(settings, stop_delay_seconds=60), gate) as (server, port, _):
        server.handle_exit(15, None)

        assert server.traffic.draining
        answer = await talk(port, b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")


HALF = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc"


async def test_half_sent_bodies_stop_nobody(settings: Settings) -> None:
    async with serving(settings, Gate(), seconds=3600) as (_, port, _running):
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(80)]
        for _reader, writer in slow:
            writer.write(HALF)

        quick = await talk(port, b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

        assert quick.startswith(b"HTTP/1.1 200")
        for reader, writer in slow:
            writer.write(b"defghij")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            writer.close()


async def test_a_half_sent_body_is_cut(settings: Settings) -> None:
    async with serving(settings, Gate(), seconds=0.1) as (_, port, _running):
        assert (await talk(port, HALF)).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_a_head_that_does_not_end_is_cut(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    async with serving(settings, Gate()) as (_, port, _running):
        slow = await talk(port, b"GET /echo HTTP/1.1\r\nHost: local")
        silent = await talk(port, b"")

    assert slow == silent == b""


async def test_a_head_that_is_too_long_is_cut(settings: Settings) -> None:
    async with serving(settings, Gate()) as (_, port, _running):
        endless = await talk(port, b"GET /echo HTTP/1.1\r\nX-Long: " + b"x" * (connections.HEAD_BYTES + 1))

    assert endless.startswith(b"HTTP/1.1 400")


async def test_a_long_body_counts_for_no_head_and_connections_are_kept(settings: Settings) -> None:
    # Larger than a head may be, small enough to arrive in one piece together with its head.
    body = b"x" * (connections.HEAD_BYTES + 1000)
    one = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    last = b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with serving(settings, Gate()) as (_, port, _running):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(one)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(len(str(len(body)))) == str(len(body)).encode()
        writer.write(last)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_reader_who_stops_reading_is_cut(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_SECONDS", 0.1)
    async with serving(settings, Gate()) as (server, port, _running):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not server.server_state.connections:
                await asyncio.sleep(0.01)
            async with asyncio.timeout(10):
                while server.server_state.connections:
                    await asyncio.sleep(0.01)
    assert server.server_state.total_requests == 1  # it was taken and then cut, not turned away
