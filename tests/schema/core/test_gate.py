"""What reaches GraphQL over HTTP: only POSTs of one small, well-formed JSON document from where it should come."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request

from auth.permissions import Viewer
from schema.endpoint import graphql_routes
from schema.engine import Engine

JSON = {"content-type": "application/json"}
COUNT = b'{"query": "{count}"}'
TYPE = b'{"query": "{__type(name: \\"Thing\\"){name}}"}'


def visit(engine: Engine, viewer: Viewer) -> AsyncClient:
    async def authenticate(request: Request) -> Viewer | None:
        return None if request.headers.get("x-test") == "nobody" else viewer

    app = Starlette(routes=list(graphql_routes(engine, authenticate)))
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://shop.test")


@pytest.fixture
async def http(engine: Engine, viewer: Viewer) -> AsyncIterator[AsyncClient]:
    async with visit(engine, viewer) as client:
        yield client


@pytest.fixture
async def doorbell(door: Engine, viewer: Viewer) -> AsyncIterator[AsyncClient]:
    """A client whose requests must not reach a database."""
    async with visit(door, viewer) as client:
        yield client


async def post(http: AsyncClient, body: bytes, **headers: str) -> tuple[int, str | None, Any]:
    answer = await http.post("/graphql", content=body, headers={**JSON, **headers})
    assert answer.headers["content-type"] == "application/json"
    parsed = orjson.loads(answer.content)
    code = parsed["errors"][0]["extensions"]["code"] if "errors" in parsed else None
    return answer.status_code, code, parsed


def variable(json: bytes) -> bytes:
    return (
        b'{"query": "query($a: String){things(where: {name: {eq: $a}}){nodes{name}}}", "variables": {"a": '
        + json
        + b"}}"
    )


async def test_an_ordinary_request_is_answered(http: AsyncClient) -> None:
    status, code, parsed = await post(http, COUNT)

    assert (status, code, parsed["data"]) == (200, None, {"count": 0})


@pytest.mark.parametrize(
    ("what", "status", "code", "body"),
    [
        ("nothing", 400, "BAD_REQUEST", b""),
        ("no JSON", 400, "BAD_REQUEST", b"query"),
        ("not UTF-8", 400, "BAD_REQUEST", b'{"query": "\xff"}'),
        ("a batch", 400, "BATCH_REFUSED", b"[" + b",".join([COUNT] * 500) + b"]"),
        ("a number", 400, "BAD_REQUEST", b"1"),
        ("no document", 400, "BAD_REQUEST", b"{}"),
        ("null", 400, "BAD_REQUEST", b'{"query": null}'),
        ("an unknown key", 400, "BAD_REQUEST", b'{"query": "{count}", "sql": 1}'),
        ("variables as a list", 400, "BAD_REQUEST", b'{"query": "{count}", "variables": []}'),
        ("a number as name", 400, "BAD_REQUEST", b'{"query": "{count}", "operationName": 1}'),
        ("depth", 400, "BAD_REQUEST", variable(b"[" * 50_000 + b"]" * 50_000)),
        ("depth within", 400, "BAD_REQUEST", variable(b"[" * 65 + b"]" * 65)),
        ("digits", 400, "BAD_REQUEST", variable(b"9" * 4_000)),
        ("large integer", 400, "BAD_REQUEST", variable(b"-" + b"9" * 30)),
        ("large float", 400, "BAD_REQUEST", variable(b"1e999")),
        ("NaN", 400, "BAD_REQUEST", variable(b"NaN")),
        ("NUL", 400, "BAD_REQUEST", variable(b'"a\\u0000"')),
        ("half a pair", 400, "BAD_REQUEST", variable(b'"\\ud800"')),
        ("30 MB", 413, "BODY_TOO_LARGE", b" " * 30_000_000),
        ("syntax", 400, "GRAPHQL_PARSE_FAILED", b'{"query": "{"}'),
        ("unknown field", 400, "GRAPHQL_VALIDATION_FAILED", b'{"query": "{nothing}"}'),
        ("no such operation", 400, "BAD_REQUEST", b'{"query": "query A {count}", "operationName": "B"}'),
        ("which operation", 400, "BAD_REQUEST", b'{"query": "query A {count} query B {count}"}'),
    ],
)
async def test_a_bad_body_is_refused_in_json(
    doorbell: AsyncClient, what: str, status: int, code: str, body: bytes
) -> None:
    found = await post(doorbell, body)

    assert found[:2] == (status, code), found


async def test_texts_may_hold_what_only_looks_bad(http: AsyncClient) -> None:
    for text in (b'"\\\\u0000"', b'"\\"[[{{"', b'"1234567890123456789012345678901234567890"'):
        assert (await post(http, variable(text)))[0] == 200


async def test_a_variable_of_another_type_is_refused(http: AsyncClient) -> None:
    assert (await post(http, variable(b"1")))[:2] == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ('application/json;charset="UTF-8"', 200),
        ("application/jsonx", 415),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/graphql-response+json", 415),
    ],
)
async def test_only_json_is_read(http: AsyncClient, content_type: str, status: int) -> None:
    answer = await http.post("/graphql", content=COUNT, headers={"content-type": content_type})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post_is_answered(doorbell: AsyncClient, method: str) -> None:
    answer = await doorbell.request(method, "/graphql?query={count}")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://shop.test"}, 200),
        ({"origin": "http://shop.test", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.test", "authorization": "Bearer x"}, 200),
    ],
)
async def test_other_sites_cannot_use_the_cookie(
    http: AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await post(http, COUNT, **headers))[0] == status


async def test_nobody_gets_nothing_not_even_the_schema(doorbell: AsyncClient) -> None:
    for document in ("{count}", "{__schema{types{name}}}", "{__typename}", "{", "{coun}"):
        found = await post(doorbell, orjson.dumps({"query": document}), **{"x-test": "nobody"})

        assert found[:2] == (401, "NOT_SIGNED_IN")
        assert "Did you mean" not in str(found)


async def test_the_header_makes_a_retry_safe(http: AsyncClient) -> None:
    body = orjson.dumps({"query": 'mutation { buyThing(input: {name: "a"}) { replayed } }'})

    found = [await post(http, body, **{"idempotency-key": "k"}) for _ in range(2)]

    assert [each[2]["data"]["buyThing"]["replayed"] for each in found] == [False, True]
