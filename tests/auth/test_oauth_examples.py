"""What the documents show of OAuth runs as it stands there, against a real server on a real port."""

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.database import Database
from app.server import make_server
from app.settings import ROOT, Settings
from auth.scopes import ApiScope
from tests.auth.oauth_world import Gate, open_gate
from tests.factories import make_product

S = ApiScope


@asynccontextmanager
async def served(database: Database, settings: Settings) -> AsyncIterator[Gate]:
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    gate = await open_gate(database, replace(settings, base_url=base))
    started = asyncio.Event()
    server = make_server(gate.app, settings, started.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield gate
    finally:
        server.should_exit = True
        await running
        await gate.close()


async def run(*command: str, **environment: str) -> tuple[int, str]:
    """The command's exit code, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment, "no_proxy": "127.0.0.1"},
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_python_example_runs(database: Database, settings: Settings) -> None:
    async with served(database, settings) as gate:
        async with database.job() as session:
            for number in range(2, 6):
                await make_product(session, gate.seller, sku=f"ACE-{number}", name=f"Aceite {number}")
        client = await gate.new_client(gate.parent, S.CATALOG_READ)
        told = {"VENTAS": gate.base_url, "CLIENT_ID": client.id, "CLIENT_SECRET": client.secret}

        code, said = await run(sys.executable, str(ROOT / "docs/examples/oauth_client.py"), **told)

        assert code == 0, said
        assert [line.split()[0] for line in said.splitlines()] == [
            f"ACE-{number}" for number in (2, 3, 4, 5, 1)
        ]
        assert await gate.tokens() == 0  # it signed off
        wrong, said = await run(
            sys.executable, str(ROOT / "docs/examples/oauth_client.py"), **(told | {"CLIENT_SECRET": "wrong"})
        )
        assert wrong == 1 and "invalid_client" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_the_commands_of_the_page_run(database: Database, settings: Settings) -> None:
    page = (ROOT / "docs" / "AUTH.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"^```sh elsewhere\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    async with served(database, settings) as gate:
        client = await gate.new_client(gate.parent, S.CATALOG_READ)

        code, said = await run(
            "bash", "-euo", "pipefail", "-c", commands,
            VENTAS=gate.base_url, CLIENT_ID=client.id, CLIENT_SECRET=client.secret,
        )  # fmt: skip

        assert code == 0, said
        assert '"sku":"ACE-1"' in said and '"active":true' in said
        assert said.rstrip().endswith("NOT_SIGNED_IN")
        assert await gate.tokens() == 0
