"""A light HTTP client in a closed loop, and the CPU time that others spent on its requests."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast


@dataclass(slots=True)
class Slice:
    """What a stretch of requests took: seconds each, in all, and CPU seconds of the server and of PostgreSQL."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    server_cpu: float = 0.0
    postgres_cpu: float = 0.0

    def add(self, other: "Slice") -> None:
        self.latencies += other.latencies
        self.seconds += other.seconds
        self.server_cpu += other.server_cpu
        self.postgres_cpu += other.postgres_cpu

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu(self) -> float:
        """CPU milliseconds per request, server and PostgreSQL together."""
        return (self.server_cpu + self.postgres_cpu) * 1000 / len(self.latencies)

    def quantile(self, share: float) -> float:
        """Milliseconds within which that share of the requests was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


class Client(asyncio.Protocol):
    """One connection, one request at a time; it knows as much of HTTP as uvicorn answers."""

    def __init__(self) -> None:
        self.buffer = b""
        self.waiting: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        at = head.lower().index(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(body) >= length and self.waiting is not None:
            self.buffer = b""
            if not head.startswith(b"HTTP/1.1 200"):
                self.waiting.set_exception(RuntimeError(f"{head[:300]!r} {body[:500]!r}"))
            else:
                self.waiting.set_result(body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> bytes:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        body = await self.waiting
        if b'"errors":[{' in body:
            raise RuntimeError(body[:1000].decode())
        return body


def make_request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    given = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{given}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def ask_once(port: int, request: bytes) -> bytes:
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    try:
        return await client.ask(request)
    finally:
        client.transport.close()


async def drive(
    port: int, requests: Sequence[bytes], seconds: float, at_once: int, pids: tuple[int, int], *, repeat: bool
) -> Slice:
    """
    Sends the requests in turn over that many connections, each waiting for its answer before the next.

    Args:
        pids: of the server, and of PostgreSQL's postmaster.
        repeat: start over with the requests until the time is up; otherwise each is sent once at most.
    """
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_connection(Client, "127.0.0.1", port))[1] for _ in range(at_once)]
    found = Slice()
    turn = iter(_cycle(requests) if repeat else requests)
    before = cpu_of([pids[0]]), cpu_of(_children(pids[1]))
    began = time.perf_counter()

    async def work(client: Client) -> None:
        for request in turn:
            sent = time.perf_counter()
            await client.ask(request)
            now = time.perf_counter()
            found.latencies.append(now - sent)
            if now - began > seconds:
                return

    await asyncio.gather(*(work(each) for each in clients))
    found.seconds = time.perf_counter() - began
    found.server_cpu = cpu_of([pids[0]]) - before[0]
    found.postgres_cpu = cpu_of(_children(pids[1])) - before[1]
    for each in clients:
        each.transport.close()
    return found


def _cycle(requests: Sequence[bytes]) -> Iterable[bytes]:
    while True:
        yield from requests


def cpu_of(pids: Iterable[int]) -> float:
    """CPU seconds that the processes have spent so far; those that ended in between count nothing."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except OSError:
                continue
    return total / 1e9


def _children(parent: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def memory_of(pid: int) -> float:
    """Resident megabytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)
