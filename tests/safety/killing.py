"""Real processes that can be killed: a PostgreSQL whose commits are on disk, and ours, started again when they end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.cli import main
from app.embedded import EmbeddedError, EmbeddedServer
from tests.conftest import PREFIX
from tests.planting import plant_flaw

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PAUSE_SECONDS = 0.2  # before a process that ended is started again


class Postgres:
    """A PostgreSQL that keeps what it has confirmed: the tests' usual one keeps it in memory for a moment."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedServer(folder)
        self.owner_url = self._server.url()
        self.login_url = self._server.url(user=f"{PREFIX}login")

    async def start(self) -> None:
        """Starts it; while processes of a killed one still hold its memory, it refuses and is asked again."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                # From this thread, with which it would end.
                self._server.begin()
                try:
                    return await asyncio.to_thread(self._server.wait)
                except EmbeddedError:
                    self._server.stop()
                    await asyncio.sleep(PAUSE_SECONDS)

    def kill(self) -> None:
        pid = self._server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def restart(self) -> None:
        self._server.stop()
        await self.start()

    def stop(self) -> None:
        self._server.stop()


class Service:
    """One of our commands in a process of its own, started again whenever it ends, as an init system would."""

    def __init__(self, command: str, environment: dict[str, str], log: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VENTAS_")}
        flaw = {name: os.environ[name] for name in ("VENTAS_FLAW",) if name in os.environ}
        self._environment = kept | flaw | environment
        self._command = command
        self.log = log
        self._process: Process | None = None
        self.starts = 0

    async def run(self) -> None:
        """Until cancelled; then the process is killed."""
        try:
            while True:
                self.starts += 1
                with self.log.open("ab") as log:
                    self._process = await asyncio.create_subprocess_exec(
                        sys.executable, "-m", "tests.safety.killing", self._command,
                        cwd=ROOT, env=self._environment, stdout=log, stderr=STDOUT,
                    )  # fmt: skip
                await self._process.wait()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if self._process is not None and self._process.returncode is None:
                self.kill()
                await self._process.wait()

    def kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in services]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    plant_flaw()
    sys.exit(main(sys.argv[1:]))
