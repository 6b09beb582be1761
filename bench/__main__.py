"""
The reads and the write that matter, over HTTP, beside the barest way to the same rows.

    python -m bench [--seconds N] [--rounds N] [--sizes 10000,100000] [--keep FOLDER] [--write FILE]

Every server is a process of its own, the load comes from this one. Within a round the bare route and ours take
turns over all sources, so that whatever else the machine does falls on both; only the ratios mean anything.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import orjson
import uvloop

from app.embedded import EmbeddedServer
from app.settings import ROOT
from bench.bare import STATEMENTS as BARE_STATEMENTS
from bench.cases import CART, CASES, Case
from bench.counting import count_statements
from bench.data import Ground, Person, fill_carts, find_sources, prepare
from bench.load import Slice, ask_once, drive, make_request, memory_of

AT_ONCE = 4
FIRST_PORT = 18_500
SHARED = ROOT.parent / "shared" / "data"


@dataclass(slots=True)
class Server:
    """A process that answers, with what it took to start."""

    process: "subprocess.Popen[bytes]"
    port: int
    start_seconds: float = 0.0


@dataclass(slots=True)
class Stand:
    """One source with its two servers and what was measured on them, by case: ours, bare."""

    ground: Ground
    ours: Server
    bare: Server
    totals: dict[UUID, str] = field(default_factory=dict)
    found: dict[str, tuple[Slice, Slice]] = field(
        default_factory=lambda: {each.name: (Slice(), Slice()) for each in CASES}
    )
    statements: dict[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def _process(command: list[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=out,
            stderr=out,
        )
        try:
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def served(ground: Ground, port: int, folder: Path) -> Iterator[tuple[Server, Server]]:
    """The application and the bare routes over a source, each in its own process."""
    plain = ground.owner_url.replace("postgresql+asyncpg", "postgresql")
    environment = {
        "DATABASE_URL": ground.url,
        "MIGRATION_DATABASE_URL": ground.owner_url,
        "VENTAS_PORT": str(port),
        "VENTAS_LOG_FORMAT": "json",
    }
    bare = ["bench.bare", str(port + 1), plain, ground.currency, str(ground.reps[0].seller_id)]
    with (
        _process(["app.cli", "serve"], port, environment, folder / f"{port}.log") as ours,
        _process(bare, port + 1, {}, folder / f"{port + 1}.log") as other,
    ):
        yield ours, other


async def wait_for(server: Server, path: str, began: float) -> None:
    while True:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server at {server.port} ended")
        try:
            await ask_once(server.port, make_request("GET", path))
        except (OSError, RuntimeError, ConnectionError):
            await asyncio.sleep(0.02)
        else:
            server.start_seconds = time.perf_counter() - began
            return


def graphql(person: Person, document: str, key: str = "", **variables: object) -> bytes:
    body = orjson.dumps({"query": document, "variables": variables})
    headers = {"Authorization": f"Bearer {person.token}", "Content_Type": "application/json"}
    return make_request("POST", "/graphql", body, **headers, **({"Idempotency_Key": key} if key else {}))


def _placing(stand: Stand, person: Person, version: int, document: str) -> bytes:
    given = {
        "cartId": _cart_ids[person.cart_id],
        "expectedVersion": version,
        "expectedTotal": stand.totals[person.cart_id],
    }
    return graphql(person, document, f"{person.cart_id}-{version}", input=given)


_cart_ids: dict[UUID, str] = {}


async def _requests(stand: Stand, case: Case) -> tuple[list[bytes], list[bytes]]:
    """Ours and the bare ones; a placement's carts are filled before either."""
    ground = stand.ground
    if case.name == "Q1":
        return [graphql(each, case.document) for each in ground.reps], [make_request("GET", "/q1")]
    if case.name == "Q2":
        bare = [make_request("GET", f"/q2?customer={each.customer_id}") for each in ground.buyers]
        return [graphql(each, case.document) for each in ground.buyers], bare
    if case.name == "Q3":
        bare = [make_request("GET", f"/q3?user={each.user_id}") for each in ground.buyers]
        return [graphql(each, case.document) for each in ground.buyers], bare
    versions = await fill_carts(ground)
    for each in ground.buyers:
        if each.cart_id not in stand.totals:
            cart = orjson.loads(await ask_once(stand.ours.port, graphql(each, CART)))["data"]["cart"]
            stand.totals[each.cart_id], _cart_ids[each.cart_id] = (
                cart["totals"]["gross"]["amount"],
                cart["id"],
            )
    ours = [_placing(stand, each, versions[each.cart_id], case.document) for each in ground.buyers]
    bodies = [orjson.dumps({"cart": str(each.cart_id), "user": str(each.user_id)}) for each in ground.buyers]
    return ours, [make_request("POST", "/m1", body) for body in bodies]


async def _round(stands: list[Stand], postmaster: int, seconds: float, keep: bool) -> None:
    for case in CASES:
        for stand in stands:
            repeat = case.name != "M1"
            for which, server in enumerate((stand.ours, stand.bare)):
                requests = (await _requests(stand, case))[which]
                pids = (server.process.pid, postmaster)
                found = await drive(server.port, requests, seconds, AT_ONCE, pids, repeat=repeat)
                if keep:
                    stand.found[case.name][which].add(found)


async def _measure(
    grounds: list[Ground], folder: Path, postmaster: int, options: argparse.Namespace
) -> list[Stand]:
    stands = []
    with contextlib.ExitStack() as stack:
        for index, ground in enumerate(grounds):
            began = time.perf_counter()
            ours, bare = stack.enter_context(served(ground, FIRST_PORT + 2 * index, folder))
            await wait_for(ours, "/readyz", began)
            await wait_for(bare, f"/q3?user={ground.buyers[0].user_id}", began)
            stands.append(Stand(ground, ours, bare))
        for stand in stands:
            stand.statements = await count_statements(stand.ground, await fill_carts(stand.ground))
        await _round(stands, postmaster, min(options.seconds, 1.0), keep=False)  # caches and plans
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr, flush=True)
            await _round(stands, postmaster, options.seconds, keep=True)
        _memory.update({each.port: memory_of(each.process.pid) for s in stands for each in (s.ours, s.bare)})
    return stands


_memory: dict[int, float] = {}


def machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, embedded PostgreSQL, fsync on"


def table(stands: list[Stand], skipped: list[str]) -> str:
    """What was found, as Markdown."""
    lines = [
        f"Machine: {machine()}; {AT_ONCE} connections, one server process.",
        "",
        "| rows | case | requests/s | bare | share | target | p50 ms | p99 ms | bare p50 | bare p99"
        " | CPU ms (server + PostgreSQL) | bare | CPU ratio | statements | bare |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for stand in stands:
        for case in CASES:
            ours, bare = stand.found[case.name]
            each = len(ours.latencies)
            lines.append(
                f"| {stand.ground.source.name} | {case.name} | {ours.rate:.0f} | {bare.rate:.0f}"
                f" | **{ours.rate / bare.rate:.3f}** | {case.target:.2f}"
                f" | {ours.quantile(0.5):.1f} | {ours.quantile(0.99):.1f}"
                f" | {bare.quantile(0.5):.1f} | {bare.quantile(0.99):.1f}"
                f" | {ours.cpu:.2f} ({ours.server_cpu * 1000 / each:.2f} + {ours.postgres_cpu * 1000 / each:.2f})"
                f" | {bare.cpu:.2f} | {ours.cpu / bare.cpu:.1f}"
                f" | {stand.statements[case.name]} | {BARE_STATEMENTS[case.name]} |"
            )
    lines += ["", "| rows | start s | memory MB | bare start s | bare memory MB |", "|---|---|---|---|---|"]
    lines += [
        f"| {stand.ground.source.name} | {stand.ours.start_seconds:.1f} | {_memory[stand.ours.port]:.0f}"
        f" | {stand.bare.start_seconds:.1f} | {_memory[stand.bare.port]:.0f} |"
        for stand in stands
    ]
    generated = sorted(
        (each for each in stands if each.ground.source.generated), key=lambda s: s.ground.source.generated
    )
    if len(generated) > 1:
        few, many = generated[0], generated[-1]
        ratios = ", ".join(
            f"{case.name} {many.found[case.name][0].cpu / few.found[case.name][0].cpu:.2f}" for case in CASES
        )
        lines += [
            "",
            f"CPU of {many.ground.source.name} rows over {few.ground.source.name}: {ratios} (at most 1.1).",
        ]
    return "\n".join([*lines, *(["", *skipped] if skipped else []), ""])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./ventas bench", description="Measures, and prints its table.")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each stretch of requests")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn")
    parser.add_argument("--sizes", default="10000,100000", help="numbers of generated products")
    parser.add_argument(
        "--shared", type=Path, default=SHARED, help="the folder with online_retail/lines.csv.gz"
    )
    parser.add_argument("--no-import", action="store_true", help="leave Online Retail out")
    parser.add_argument("--keep", type=Path, help="a folder whose databases are kept for the next run")
    parser.add_argument("--write", type=Path, help="write the table to this file too")
    return parser.parse_args()


def _run(folder: Path, options: argparse.Namespace) -> str:
    sources, skipped = find_sources(options.shared, [int(each) for each in options.sizes.split(",") if each])
    if options.no_import:
        sources = [each for each in sources if each.file is None]
    with EmbeddedServer(folder) as server:
        grounds = []
        for source in sources:
            print(f"preparing {source.name} ...", file=sys.stderr, flush=True)
            grounds.append(asyncio.run(prepare(server, source)))
        assert server.pid is not None
        return table(uvloop.run(_measure(grounds, folder, server.pid, options)), skipped)


def main() -> None:
    options = _options()
    with contextlib.ExitStack() as stack:
        folder = options.keep
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ventas-bench-")))
            folder.chmod(0o711)
        text = _run(folder, options)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
