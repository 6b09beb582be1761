"""What Prometheus reads: documents by operation, requests, jobs, the log; and that no caller makes it grow."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.database import Database
from app.metrics import OTHER, Metrics, house_operations
from app.metrics_serving import Watched, Work, metrics_app, shown
from app.server import create_app
from app.settings import Settings
from jobs.kinds import NewJob, add_jobs
from models.base import new_id
from tests.jobs.trials import CATALOGUE, NOW, worker_of
from tests.schema.shop import Shop, open_shop

Labels = dict[str, str]


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def counted(shop: Shop, watched: Watched) -> Metrics:
    """The shop's engine, watched."""
    shop.engine.watch = watched.metrics.watch
    return watched.metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def series(metrics: Metrics) -> int:
    return sum(len(each.samples) for each in metrics.registry.collect())


async def test_documents_are_counted_by_operation_and_field(shop: Shop, counted: Metrics) -> None:
    await shop.ask(shop.buyer, "{ viewer { locale } }")  # the seller's zone is read once per process
    counted.attach(shop.database, "api")

    await shop.ask(shop.buyer, "query Cart { cart { id } }")  # as a page would
    await shop.ask(shop.buyer, "query Mine { cart { id } }")
    await shop.ask(shop.buyer, "query Mine { a: cart { id } b: viewer { locale } }")
    await shop.ask(
        shop.buyer, "query Cart { customers { nodes { id } } }"
    )  # in a page's name, but not its document
    await shop.ask(shop.buyer, "{ nothing }")
    await shop.ask(None, "{ cart { id } }")

    count = "ventas_operation_seconds_count"
    assert value(counted, count, kind="query", operation="Cart", field="") == 1
    assert value(counted, count, kind="query", operation=OTHER, field="cart") == 1
    assert value(counted, count, kind="query", operation=OTHER, field="(several)") == 1
    assert value(counted, count, kind="query", operation=OTHER, field="customers") == 1
    assert value(counted, count, kind="(refused)", operation="(refused)", field="") == 2
    errors = "ventas_operation_errors_total"
    refused = {"operation": "(refused)", "field": ""}
    assert value(counted, errors, **refused, code="GRAPHQL_VALIDATION_FAILED") == 1
    assert value(counted, errors, **refused, code="NOT_SIGNED_IN") == 1
    statements = "ventas_operation_statements_total"
    assert value(counted, statements, operation="Cart", field="") == 2
    assert value(counted, statements, operation=OTHER, field="cart") == 2


async def test_a_refusal_in_a_payload_is_an_error_by_its_code(shop: Shop, counted: Metrics) -> None:
    document = (
        """mutation { addToCart(input: {lines: [{sku: "NOWHERE", quantity: "1"}]}) { errors { code } } }"""
    )

    answer = await shop.data(shop.buyer, document)

    (code,) = (each["code"] for each in answer["addToCart"]["errors"])
    labels = {"operation": OTHER, "field": "addToCart"}
    assert value(counted, "ventas_operation_errors_total", **labels, code=code) == 1
    assert value(counted, "ventas_operation_seconds_count", kind="mutation", **labels) == 1


async def test_no_caller_makes_it_grow(shop: Shop, counted: Metrics, settings: Settings) -> None:
    app = create_app(settings, shop.database, metrics=counted)
    transport = ASGITransport(app=app)
    await shop.ask(shop.buyer, "query First { cart { id } }")
    await shop.ask(shop.buyer, "query First { cart { nothing } }")
    async with AsyncClient(transport=transport, base_url=settings.base_url) as visitor:
        await visitor.request("FIRST", "/nowhere/0")
        before = series(counted)

        for number in range(200):
            await shop.ask(shop.buyer, f"query Bomb{number} {{ cart {{ id }} }}")
            await shop.ask(shop.buyer, f"query Bomb{number} {{ cart {{ bomb{number} }} }}")
            await visitor.request(f"BOMB{number}", f"/nowhere/{number}")

    assert series(counted) == before
    labels = {"kind": "query", "operation": OTHER, "field": "cart"}
    assert value(counted, "ventas_operation_seconds_count", **labels) == 201
    assert (
        value(counted, "ventas_http_responses_total", method=OTHER, path="/{path:path}", status="405") == 201
    )


def test_the_house_s_own_operations_are_known_by_name() -> None:
    found = house_operations()

    assert found["ApiClients"] == {"apiClients", "(fragment)"}
    assert all(found.values())


async def test_work_that_waits_is_counted(database: Database, watched: Watched) -> None:
    metrics = watched.metrics
    work = Work(metrics, database, CATALOGUE.kinds, lambda: NOW + timedelta(seconds=90))
    async with database.job() as session:
        await add_jobs(session, [NewJob("test.effect", f"{n}", {}) for n in range(3)], NOW)
        await add_jobs(session, [NewJob("kind.of.yesterday", "old", {})], NOW + timedelta(seconds=60))
        await session.execute(text("update job set state = 'FAILED' where key = '0'"))
        await session.execute(text("update job set state = 'SUCCEEDED' where key = '1'"))
    async with database.owner() as owner:
        # Without its seller and actor, who are of no account here.
        await owner.execute(text("set local session_replication_role = replica"))
        for seconds, position in ((0, 7), (30, None), (60, None)):
            await owner.execute(
                text(
                    "insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at,"
                    " seller_id, actor_id, position)"
                    " values (:id, 'test.happened', 'Order', :id, 1, :at, :id, :id, :position)"
                ),
                {"id": new_id(), "at": NOW + timedelta(seconds=seconds), "position": position},
            )

    await work.sample()

    assert value(metrics, "ventas_database_up") == 1
    assert value(metrics, "ventas_jobs", kind="test.effect", state="queued") == 1
    assert value(metrics, "ventas_jobs", kind="test.effect", state="failed") == 1
    assert value(metrics, "ventas_jobs", kind=OTHER, state="queued") == 1
    assert value(metrics, "ventas_jobs_oldest_seconds", kind="test.effect") == 90
    assert value(metrics, "ventas_jobs_oldest_seconds", kind=OTHER) == 30
    assert value(metrics, "ventas_outbox_waiting") == 2
    assert value(metrics, "ventas_outbox_oldest_seconds") == 60
    assert value(metrics, "ventas_log_position") == 7


async def test_without_a_database_nothing_old_is_told(database: Database, watched: Watched) -> None:
    async with database.job() as session:
        await add_jobs(session, [NewJob("test.effect", "1", {})], NOW)
    work = Work(watched.metrics, database, CATALOGUE.kinds, lambda: NOW)
    await work.sample()
    work.database = Database("postgresql+asyncpg://nobody@127.0.0.1:9/nowhere", "ventas_")

    await work.sample()

    assert value(watched.metrics, "ventas_database_up") == 0
    assert value(watched.metrics, "ventas_jobs", kind="test.effect", state="queued") is None
    assert str(value(watched.metrics, "ventas_log_position")) == "nan"


async def test_attempts_at_jobs_are_counted_by_their_end(database: Database, watched: Watched) -> None:
    worker = worker_of(database, tried=watched.metrics.tried)
    async with database.job() as session:
        added = await add_jobs(session, [NewJob("test.rows", "1", {}), NewJob("test.refuse", "2", {})], NOW)

    for key, kind in added:
        await worker.attempt(CATALOGUE.kinds[kind], key)

    count = "ventas_job_seconds_count"
    assert value(watched.metrics, count, kind="test.rows", outcome="succeeded") == 1
    assert value(watched.metrics, count, kind="test.refuse", outcome="dead") == 1


@pytest.fixture
async def prometheus(watched: Watched) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app=metrics_app(watched)), base_url="http://here") as each:
        yield each


async def test_two_pools_are_shown_and_the_text_is_sound(
    prometheus: AsyncClient, watched: Watched, database: Database, cluster_pool: Database
) -> None:
    watched.metrics.attach(database, "api")
    watched.metrics.attach(cluster_pool, "worker")
    async with database.job() as session:
        await session.execute(text("select 1"))
        answer = await prometheus.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    pool = {
        (each.labels["pool"], each.labels["state"]): each.value
        for each in families["ventas_pool_connections"].samples
    }
    assert pool == {("api", "used"): 1, ("api", "most"): 5, ("worker", "used"): 0, ("worker", "most"): 3}
    assert "process_resident_memory_bytes" in families


@pytest.fixture
async def cluster_pool(database: Database) -> AsyncIterator[Database]:
    other = Database(database.url, database.role_prefix, 3)
    yield other
    await other.close()


async def test_the_public_door_does_not_lead_there(client: AsyncClient, prometheus: AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404
    for path in ("/", "/graphql", "/healthz"):
        assert (await prometheus.get(path)).status_code == 404
    assert (await prometheus.post("/metrics")).status_code == 405


async def test_it_is_answered_on_an_address_of_its_own(watched: Watched) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with shown(watched, listener), AsyncClient() as prometheus:
        async with asyncio.timeout(10):
            answer = await prometheus.get(f"http://127.0.0.1:{port}/metrics")
            while "ventas_event_loop_lag_seconds_count 0.0" in answer.text:
                await asyncio.sleep(0.05)
                answer = await prometheus.get(f"http://127.0.0.1:{port}/metrics")

    assert "ventas_event_loop_lag_seconds_count" in answer.text
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
