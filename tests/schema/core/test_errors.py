"""Errors, throttling and caches: what the client learns, what the log keeps, what is remembered."""

from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from app.database import Database
from auth.permissions import Viewer
from schema.caches import DOCUMENTS_MAX, KEPT_CHARACTERS_MAX, Documents
from schema.engine import Engine
from schema.gate import make_request
from schema.throttle import CALLERS_MAX, Throttle
from tests.schema.core.conftest import a_viewer, fill


async def test_a_bug_is_masked_and_logged_once(engine: Engine, shop: Database, viewer: Viewer) -> None:
    await fill(shop, viewer, ["a"])

    with capture_logs() as logs:
        answer = await engine.execute_document(
            viewer, "{ things { nodes { broken } } }", request_id="r-12345678"
        )

    assert answer["errors"] == [
        {
            "message": "Something went wrong on our side (request r-12345678).",
            "path": ["things", "nodes", 0, "broken"],
            "locations": [{"line": 1, "column": 20}],
            "extensions": {"code": "INTERNAL", "requestId": "r-12345678"},
        }
    ]
    assert [(each["event"], each["request_id"]) for each in logs] == [("bug", "r-12345678")]
    assert "password" in str(logs[0]["exc_info"][1])


async def test_expected_errors_are_not_logged_as_bugs(engine: Engine, shop: Database, viewer: Viewer) -> None:
    await fill(shop, viewer, ["a", "b", "c"])

    with capture_logs() as logs:
        answer = await engine.execute_document(viewer, "{ things { nodes { refusing } } }")

    assert {each["extensions"]["code"] for each in answer["errors"]} == {"NOT_FOUND"}
    assert answer["errors"][0]["message"] == "Not found."
    assert answer["data"]["things"]["nodes"] == [{"refusing": None}] * 3
    assert logs == []


async def test_a_statement_cut_off_is_answered_503(engine: Engine, viewer: Viewer) -> None:
    answer = await engine.answer(viewer, make_request("{ slow a: count }"))

    assert (answer.status, answer.retry_after) == (503, 1)
    assert answer.body["data"] is None
    assert [each["extensions"]["code"] for each in answer.body["errors"]] == ["UNAVAILABLE"]


@pytest.mark.parametrize(
    "place", ["127.0.0.1:1/nothing", "/nothing?host=/nowhere"], ids=["refused", "no socket"]
)
async def test_a_database_that_is_away_is_answered_503(
    core_api: strawberry.Schema, viewer: Viewer, place: str
) -> None:
    away = Database(f"postgresql+asyncpg://nobody@{place}", "ventas_")

    answer = await Engine(core_api, away).answer(viewer, make_request("{ count }"))

    assert (answer.status, answer.body["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")


async def test_a_caller_who_asks_too_much_waits(
    core_api: strawberry.Schema, shop: Database, viewer: Viewer
) -> None:
    now = [0.0]
    engine = Engine(core_api, shop, Throttle(capacity=250, per_second=10, clock=lambda: now[0]))
    request = make_request("{ things(first: 100) { nodes { name } } }")

    first, second, third = [await engine.answer(viewer, request) for _ in range(3)]
    other = await engine.answer(a_viewer(), request)
    now[0] = 5.0
    later = await engine.answer(viewer, request)

    assert [each.status for each in (first, second, third, other, later)] == [200, 200, 429, 200, 200]
    assert first.body["extensions"]["cost"] == {"requested": 100, "remaining": 150}
    assert third.body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert third.retry_after == 5
    assert third.body["extensions"]["cost"]["remaining"] == 50


def test_buckets_are_bounded() -> None:
    throttle = Throttle(clock=lambda: 0.0)

    for caller in range(CALLERS_MAX + 10):
        throttle.take(caller, 1)

    assert len(throttle._buckets) == CALLERS_MAX


def test_documents_are_bounded_in_number_and_size(viewer: Viewer) -> None:
    documents = Documents()
    held = viewer.permissions

    first = documents.prepare(held, "{a}")
    assert documents.prepare(held, "{a}") is first
    assert documents.prepare(frozenset(), "{a}") is not first
    documents.prepare(held, "{a}" + " " * KEPT_CHARACTERS_MAX)
    assert len(documents) == 2
    for index in range(DOCUMENTS_MAX + 10):
        documents.prepare(held, f"{{a{index}}}")
    assert len(documents) == DOCUMENTS_MAX


@pytest.mark.parametrize("document", ["", "  ", None, 1])
async def test_documents_from_inside_pass_the_gate_too(door: Engine, viewer: Viewer, document: Any) -> None:
    answer = await door.execute_document(viewer, document)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_variables_from_inside_pass_the_gate_too(door: Engine, viewer: Viewer) -> None:
    for value in ("a\x00", "\ud800", float("nan"), 2**70):
        answer = await door.execute_document(viewer, "{ count }", {"v": [{"x": value}]})

        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_nobody_asks_nothing(door: Engine) -> None:
    answer = await door.execute_document(None, "{ __typename }")

    assert answer == {"errors": [{"message": "Sign in first.", "extensions": {"code": "NOT_SIGNED_IN"}}]}
