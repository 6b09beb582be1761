"""
The house as docker-compose.yml puts it up, as real processes: PgBouncer in transaction mode before PostgreSQL, two
processes of the API behind Caddy, a worker; with the very files of deploy/.

PgBouncer has one connection to PostgreSQL for everybody, so that whatever is left on it is found by somebody else.
"""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import Client, TransportError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from websockets.sync.client import connect

from app.database import Database
from app.embedded import PORT, find_person
from app.settings import ROOT
from schema.sockets import PROTOCOL
from tests import factories as make
from tests.cluster import PREFIX, Cluster, run
from tests.schema.shop import open_shop

MISSING = [each for each in ("pgbouncer", "caddy") if shutil.which(each) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"there is no {' and no '.join(MISSING)}")
SECONDS = 60
DEPLOY = ROOT / "deploy"
LOGIN_PASSWORD = 'a "quoted" word-1'
ADD = """mutation { addToCart(input: {lines: [{sku: "ACE-001", quantity: "2"}]}) {
    cart { id version totals { gross { amount } } } errors { code } } }"""
PLACE = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id number } errors { code message } } }"""
MINE = "{ orders(first: 50) { nodes { number customerName } } }"
FOLLOW = "subscription { orderChanged { event { type } order { number } } }"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Stack:
    """What runs, and where; `processes` by the names of docker-compose.yml."""

    base: str
    pooled_url: str
    direct_url: str
    metrics: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]]
    buyer: str = ""
    stranger: str = ""

    def client(self, token: str = "") -> Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Client(base_url=self.base, headers=headers, timeout=SECONDS)

    def token(self, email: str) -> str:
        with self.client() as client:
            answer = client.post("/auth/token", json={"email": email, "password": make.PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def measured(self, process: str) -> str:
        with Client(timeout=SECONDS) as client:
            return client.get(f"http://127.0.0.1:{self.metrics[process]}/metrics").text


def ask(client: Client, query: str, key: str = "", **variables: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    body = answer.json()
    assert answer.status_code == 200 and "errors" not in body, body
    return body["data"]


def order(client: Client, key: str) -> Any:
    cart = ask(client, ADD)["addToCart"]["cart"]
    seen = {
        "cartId": cart["id"],
        "expectedVersion": cart["version"],
        "expectedTotal": cart["totals"]["gross"]["amount"],
    }
    placed = ask(client, PLACE, key, input=seen)["placeOrder"]
    assert placed["errors"] == [], placed
    return placed["order"]


@contextmanager
def started(
    name: str, command: list[str], folder: Path, told: Mapping[str, str], user: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ended as an operator would end it; what it said comes with a failure."""
    log = (folder / f"{name}.log").open("w+")
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **told}, stdout=log, stderr=subprocess.STDOUT, user=user,
        group=None if user is None else pwd.getpwuid(user).pw_gid, extra_groups=None if user is None else [],
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def wait_until_ready(stack: Stack, folder: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        ended = [name for name, each in stack.processes.items() if each.poll() is not None]
        if ended:
            break
        try:
            with Client(base_url=stack.base, timeout=5) as client:
                is_ready = client.get("/readyz").status_code == 200
            if is_ready and all("ventas_" in stack.measured(each) for each in stack.metrics):
                return
        except TransportError:
            pass  # not yet
        time.sleep(0.2)
    said = "\n".join(f"== {each.name}\n{each.read_text()[-2000:]}" for each in folder.glob("*.log"))
    raise AssertionError(f"The house did not come up.\n{said}")


@contextmanager
def stacked(cluster: Cluster, name: str, folder: Path) -> Iterator[Stack]:
    """All processes over a database that is there."""
    person = find_person()
    apart = Path(tempfile.mkdtemp(prefix="ventas-pgbouncer-"))
    os.chown(apart, person.uid, person.gid)
    pooler, door, health = free_port(), free_port(), free_port()
    ports = {"api-1": free_port(), "api-2": free_port()}
    metrics = {each: free_port() for each in ("api-1", "api-2", "worker")}
    password = LOGIN_PASSWORD.replace(" ", "%20").replace('"', "%22")
    stack = Stack(
        f"http://127.0.0.1:{door}", f"postgresql+asyncpg://{PREFIX}login:{password}@127.0.0.1:{pooler}/ventas",
        cluster.login_url(name), metrics, {},
    )  # fmt: skip
    told = {
        "DATABASE_URL": stack.pooled_url,
        "VENTAS_DIRECT_DATABASE_URL": stack.direct_url,
        "MIGRATION_DATABASE_URL": cluster.owner_url(name),
        "VENTAS_BASE_URL": stack.base,
        "VENTAS_TRUSTED_PROXIES": "127.0.0.1",
        "VENTAS_POOL_SIZE": "4",
        "VENTAS_WORKER_TASKS": "2",
        "VENTAS_STOP_DELAY_SECONDS": "2",
        "VENTAS_LOG_LEVEL": "warning",
        "VENTAS_DATA_DIR": str(folder),
    }
    python = [sys.executable, "-m", "app.cli"]
    with ExitStack() as held:
        held.callback(shutil.rmtree, apart, ignore_errors=True)
        pooling = {
            "VENTAS_LOGIN_PASSWORD": LOGIN_PASSWORD, "DATABASE_HOST": str(cluster.server.run),
            "DATABASE_PORT": str(PORT), "DATABASE_NAME": name, "PGBOUNCER_FOLDER": str(apart),
            "PGBOUNCER_ADDRESS": "127.0.0.1", "PGBOUNCER_PORT": str(pooler), "PGBOUNCER_POOL_SIZE": "1",
        }  # fmt: skip
        proxying = {
            "VENTAS_SITE": f":{door}", "VENTAS_PROXY_HEALTH_PORT": str(health),
            "VENTAS_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in ports.values()),
            **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder)),
        }  # fmt: skip
        caddy = ["caddy", "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
        apis = {
            each: told | {"VENTAS_PORT": str(port), "VENTAS_METRICS_PORT": str(metrics[each])}
            for each, port in ports.items()
        }
        working = told | {"VENTAS_METRICS_PORT": str(metrics["worker"])}
        who = person.uid if person.is_other else None
        for each, begun in (
            (
                "pgbouncer",
                started("pgbouncer", ["sh", str(DEPLOY / "pgbouncer" / "start.sh")], folder, pooling, who),
            ),
            *((each, started(each, [*python, "serve"], folder, own)) for each, own in apis.items()),
            ("worker", started("worker", [*python, "worker"], folder, working)),
            ("proxy", started("proxy", caddy, folder, proxying)),
        ):
            stack.processes[each] = held.enter_context(begun)
        wait_until_ready(stack, folder)
        yield stack


@pytest.fixture(scope="module")
def stack(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    name = cluster.clone(template)
    emails: list[str] = []

    async def fill() -> None:
        database = cluster.database(name)
        shop = await open_shop(database)
        async with database.job() as session:
            for viewer in (shop.buyer, shop.stranger):
                found = await session.scalar(
                    text("select email from app_user where id = :id"), {"id": viewer.user_id}
                )
                emails.append(str(found))
        await database.close()

    run(fill())
    with stacked(cluster, name, tmp_path_factory.mktemp("stack")) as up:
        up.buyer, up.stranger = emails
        yield up
    cluster.drop(name)


def test_two_customers_share_one_connection_and_nothing_else(stack: Stack) -> None:
    tokens = {"Bar Núñez SL": stack.token(stack.buyer), "Otra Empresa SL": stack.token(stack.stranger)}
    clients = {name: stack.client(token) for name, token in tokens.items()}
    numbers = {name: [order(client, f"{n}")["number"] for n in range(2)] for name, client in clients.items()}

    def look(name: str) -> tuple[str, Any]:
        return name, ask(clients[name], MINE)["orders"]["nodes"]

    with ThreadPoolExecutor(8) as threads:
        for name, seen in threads.map(look, [*clients] * 20):
            assert {each["customerName"] for each in seen} == {name}
            assert sorted(each["number"] for each in seen) == sorted(numbers[name])

    async def connections() -> int:
        database = Database(stack.direct_url, PREFIX)
        async with database.job() as session:
            asked = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'ventas'"
            found = int(await session.scalar(text(asked)) or 0)
        await database.close()
        return found - 1  # but for the one that asks

    assert run(connections()) == 1
    for client in clients.values():
        client.close()


def test_a_page_is_drawn_for_who_signed_in(stack: Stack) -> None:
    with stack.client() as browser:
        form = browser.get("/login").text
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', form))
        answer = browser.post(
            "/login", data={"email": stack.buyer, "password": make.PASSWORD, "csrf_token": token, "next": "/orders"},
            headers={"Origin": stack.base}, follow_redirects=True,
        )  # fmt: skip

    assert (answer.status_code, answer.url.path) == (200, "/orders")
    assert "Berta Compra" in answer.text and answer.headers["x-request-id"]


def test_an_order_is_told_over_socket_and_stream(stack: Stack) -> None:
    with stack.client(stack.token(stack.buyer)) as buyer:
        socket_ticket, stream_ticket = (buyer.post("/auth/ticket").json()["ticket"] for _ in range(2))
        address = stack.base.replace("http", "ws") + "/graphql"
        with (
            connect(address, subprotocols=[PROTOCOL]) as line,  # type: ignore[list-item]
            buyer.stream(
                "GET", "/graphql/stream", params={"ticket": stream_ticket, "query": FOLLOW}
            ) as events,
        ):
            line.send(json.dumps({"type": "connection_init", "payload": {"ticket": socket_ticket}}))
            assert json.loads(line.recv(SECONDS)) == {"type": "connection_ack"}
            lines = events.iter_lines()
            assert next(lines) == ": open"
            line.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}}))
            line.send(json.dumps({"type": "ping"}))
            # The subscription begins beside the socket's reading: orders are placed until one of them is heard.
            numbers: list[str] = []
            heard = None
            while heard is None:
                numbers.append(order(buyer, f"told-{len(numbers)}")["number"])
                try:
                    message = json.loads(line.recv(3))
                    heard = message if message["type"] == "next" else None
                except TimeoutError:
                    continue
            told = heard["payload"]["data"]["orderChanged"]
            assert told["event"]["type"] == "order.placed" and told["order"]["number"] in numbers
            data = next(json.loads(each[6:]) for each in lines if each.startswith("data: "))
            assert data["data"]["orderChanged"]["order"]["number"] in numbers


def test_each_process_is_measured_by_itself(stack: Stack) -> None:
    with stack.client(stack.token(stack.buyer)) as buyer:
        order(buyer, "measured")
        for _ in range(10):
            ask(buyer, "{ viewer { locale } }")
            buyer.headers["Connection"] = "close"

    counts = [
        re.search(
            r'^ventas_operation_seconds_count\{field="viewer",kind="query",operation="\(other\)"\} (\S+)$',
            stack.measured(each), re.MULTILINE,
        )
        for each in ("api-1", "api-2")
    ]  # fmt: skip
    assert sum(float(each[1]) for each in counts if each) == 10
    done = r'^ventas_job_seconds_count\{kind="mail.order_placed",outcome="succeeded"\} '
    until = time.monotonic() + SECONDS
    while not re.search(done, worker := stack.measured("worker"), re.MULTILINE) and time.monotonic() < until:
        time.sleep(0.1)
    assert re.search(done, worker, re.MULTILINE)
    assert "ventas_database_up 1.0" in worker
    position = re.search(r"^ventas_log_position (\S+)$", worker, re.MULTILINE)
    assert position is not None and float(position[1]) >= 1
    if shutil.which("promtool"):
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=worker, capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, "")


def test_the_door_leads_to_no_metrics_and_takes_no_giants(stack: Stack) -> None:
    with stack.client(stack.token(stack.buyer)) as buyer:
        assert buyer.get("/metrics").status_code == 404
        assert buyer.post("/upload", content=b"x" * 12_000_000).status_code == 413
        assert (
            buyer.post(
                "/graphql", content=b"x" * 1_100_000, headers={"Content-Type": "application/json"}
            ).status_code
            == 413
        )


def test_limits_hold_behind_the_pooler(stack: Stack) -> None:
    names = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "jit",
        "random_page_cost",
        "timezone",
    )

    async def look() -> Mapping[str, str]:
        database = Database(stack.pooled_url, PREFIX, 2, direct_url=stack.direct_url)
        try:
            async with database.auth() as session:
                found = {
                    each: await session.scalar(text("select current_setting(:name)"), {"name": each})
                    for each in names
                }
            # A transaction that is left open would keep the one connection from everybody.
            with pytest.raises(DBAPIError, match="statement timeout"):
                async with database.auth() as session:
                    await session.execute(text("set local statement_timeout = 50"))
                    await session.execute(text("select pg_sleep(5)"))
            async with database.auth() as session:
                assert await session.scalar(text("select current_setting('statement_timeout')")) == "5s"
                # All processes have used this connection: what one left there, another would stumble over.
                assert await session.scalar(text("select count(*) from pg_prepared_statements")) == 0
            return found
        finally:
            await database.close()

    assert run(look()) == {
        "statement_timeout": "5s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s",
        "jit": "off", "random_page_cost": "1.1", "timezone": "UTC",
    }  # fmt: skip


def test_a_process_that_goes_takes_no_request_with_it(stack: Stack) -> None:
    """The last of the module: from here on there is one process of the API."""
    going = stack.processes["api-1"]
    token = stack.token(stack.buyer)
    going.send_signal(signal.SIGTERM)

    asked = 0
    while going.poll() is None or asked < 20:
        with stack.client(token) as buyer:  # each time by a new connection
            ask(buyer, "{ viewer { locale } }")
        asked += 1

    assert going.returncode == 0
