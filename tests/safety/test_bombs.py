"""Documents and bodies made to hurt, over HTTP: answered or refused within a second's work (checks 21 to 31, 35, 38)."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)
from httpx import ASGITransport, AsyncClient

from app.server import create_app
from app.settings import Settings
from models.customers import Customer
from models.users import User
from rules.states import SessionKind
from tests import factories as make
from tests.conftest import Cluster
from tests.effort import SECOND, Effort
from tests.safety.conftest import Scene, difference
from tests.safety.examples import EXAMPLES, document, input_type
from tests.turns import by_turns

KNOWN = {"LIMIT", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BATCH_REFUSED", "BODY_TOO_LARGE",
         "BAD_USER_INPUT", "INVALID_CURSOR", "LIMIT_EXCEEDED", "UNSUPPORTED_MEDIA_TYPE", "METHOD_NOT_ALLOWED"}  # fmt: skip


@dataclass
class Door:
    """The whole application over the world, with a buyer's bearer token."""

    visitor: AsyncClient
    postmaster: int | None

    async def throw(self, body: Any, **more: Any) -> tuple[int, Any]:
        """Sends a body, and shows that the answer is cheap, is JSON with codes, and tells nothing of the inside."""
        content = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        effort = Effort(self.postmaster)
        response = await self.visitor.post("/graphql", content=content, **more)
        taken = effort.spent()
        assert taken < SECOND, f"{taken:.2f} s"
        assert response.status_code < 500, response.text[:500]
        if response.status_code == 413 and "json" not in response.headers["content-type"]:
            # The middleware closes the door before anything reads the path.
            return 413, {"errors": [response.text]}
        answer = response.json()
        for error in answer.get("errors", []):
            assert error["extensions"]["code"] in KNOWN, error
        for inside in ("Traceback", "sqlalchemy", "asyncpg", "SELECT ", "/site-packages/", ".py", "psycopg"):
            assert inside not in response.text, (inside, response.text[:500])
        return response.status_code, answer


@pytest.fixture
async def door(still: Scene, settings: Settings, cluster: Cluster) -> AsyncIterator[Door]:
    async with still.database.job() as session:
        buyer = await session.get_one(User, still.world.users["pbuyer"])
        company = await session.get_one(Customer, still.world.customers["parent"])
    async with still.database.auth() as session:
        token = await make.make_session(session, buyer, company, kind=SessionKind.BEARER)
    app = create_app(settings, still.database)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with AsyncClient(transport=transport, base_url=settings.base_url, headers=headers) as visitor:
        warm = await visitor.post("/graphql", content=b'{"query": "{ viewer { isStaff } }"}')
        assert warm.json()["data"] == {"viewer": {"isStaff": False}}, warm.text
        yield Door(visitor, cluster.server.pid)


def code_of(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


def doubling(levels: int, inner: str = "orders(first: 1) { nodes { id } }") -> str:
    words = ["query { ...f0 }"]
    words += [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return " ".join([*words, f"fragment f{levels} on Query {{ {inner} }}"])


def nested(depth: int) -> str:
    return "{ customers { nodes " + "{ parent " * depth + "{ id }" + " }" * depth + " } }"


BOMBS: dict[str, str] = {
    "21 fragments doubling, 20 levels": doubling(20),
    "21 fragments doubling, 60 levels": doubling(60),
    "21 fragments doubling below a list": "{ orders(first: 100) { nodes { ...g0 } } } "
    + " ".join(f"fragment g{n} on Order {{ customer {{ orders(first: 100) {{ nodes {{ ...g{n + 1} ...g{n + 1} }} }} }} }}" for n in range(15))
    + " fragment g15 on Order { id }",
    "22 cyclic fragments": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "22 a cycle under aliases": "{ ...a } fragment a on Query { x: viewer { customer { orders { nodes { customer { ...b } } } } } }"
    " fragment b on Customer { y: orders { nodes { z: customer { ...b } } } }",
    "23 depth 60": nested(60), "23 depth 150": nested(150), "23 depth 3,000": nested(3000),
    "23 lists 3,000 deep": "{ orders(where: " + "{and: [" * 3000 + "]}" * 3000 + ") { totalCount } }",
    "24 aliases 800": "{ " + " ".join(f"a{n}: viewer {{ isStaff }}" for n in range(800)) + " }",
    "24 aliases deep": "{ viewer { " + " ".join(f"a{n}: isStaff" for n in range(600)) + " } }",
    "25 directives 5,000": "{ viewer " + "@include(if: true) " * 5000 + "{ isStaff } }",
    "25 directives 300": "{ viewer " + "@include(if: true) " * 300 + "{ isStaff } }",
    "25 unknown directives": "{ viewer " + "@nope " * 400 + "{ isStaff } }",
    "26 duplicates 400": "{ " + "viewer { isStaff } " * 400 + "}",
    "26 duplicates in depth": "{ " + "viewer { customer { orders { nodes { id } } } } " * 100 + "}",
    "26 duplicated fragments": "{ " + "...f " * 900 + "} fragment f on Query { viewer { isStaff } }",
    "28 objects upon objects": "{ orders(first: 100) { nodes { customer { orders(first: 100) { nodes { customer { orders(first: 100)"
    " { nodes { lines { product { related { product { related { kind } } } } } } } } } } } } } }",
    "variables 1,900": "query(" + " ".join(f"$v{n}: Int" for n in range(450)) + ") { viewer { isStaff } }",
    "operations 300": " ".join(f"query q{n} {{ viewer {{ isStaff }} }}" for n in range(300)),
    "a string of 900 KB": '{ products(search: "' + "a" * 900_000 + '") { totalCount } }',
    "a block string of quotes": '{ products(search: """' + '\\"""' * 50_000 + '""") { totalCount } }',
    "a comment of 900 KB": "#" + "x" * 900_000 + "\n{ viewer { isStaff } }",
    "commas": "{ viewer { isStaff } }" + "," * 900_000,
    "names of 100 KB": "{ " + "a" * 100_000 + " }",
    "numbers of 100 KB": "{ products(first: " + "9" * 100_000 + ") { totalCount } }",
    "33 introspection in circles": "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    "33 introspection under other names": "{ a: __schema { types { fields { args { type { ofType { fields { args { name } } } } } } } } }",
    "nothing": " ", "half": "{ viewer {", "garbage": "\ufeff}{}{}{",
}  # fmt: skip
MAY_PASS = {"21 fragments doubling, 20 levels", "21 fragments doubling, 60 levels", "a comment of 900 KB", "commas",
            "26 duplicated fragments"}  # fmt: skip


@pytest.mark.alone
@pytest.mark.parametrize("name", BOMBS)
async def test_documents_are_answered_or_refused_at_once(door: Door, name: str) -> None:
    status, answer = await door.throw({"query": BOMBS[name]})

    if name not in MAY_PASS:
        assert status in (200, 400) and answer["errors"] and not answer.get("data"), answer
    for _ in range(2):  # what is remembered of it is as quick
        assert (await door.throw({"query": BOMBS[name]}))[0] == status


@pytest.mark.alone
@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, 2**31, -(2**31), 1e3, 1.5, "10", True, [], 10**18])
async def test_page_sizes(door: Door, first: Any) -> None:
    for argument in ("first", "last"):
        query = f"query($n: Int) {{ orders({argument}: $n) {{ nodes {{ id }} }} }}"
        _, answer = await door.throw({"query": query, "variables": {"n": first}})
        assert answer.get("errors"), answer
        if isinstance(first, int) and not isinstance(first, bool) and abs(first) < 2**31:
            _, inline = await door.throw({"query": f"{{ orders({argument}: {first}) {{ nodes {{ id }} }} }}"})
            assert code_of(inline) == "LIMIT"
    _, both = await door.throw({"query": "{ orders(first: 1, last: 1) { nodes { id } } }"})
    assert code_of(both) == "LIMIT"


BODIES: dict[str, bytes] = {
    "27 batch 500": json.dumps([{"query": "{ viewer { isStaff } }"}] * 500).encode(),
    "27 batch of one": b'[{"query": "{ viewer { isStaff } }"}]',
    "30 depth 50,000": b'{"query": "{ viewer { isStaff } }", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "30 depth 50,000, open": b"[" * 50_000, "30 depth of objects": b'{"a":' * 50_000,
    "30 digits 4,000": b'{"query": "{ viewer { isStaff } }", "variables": {"a": ' + b"9" * 4000 + b"}}",
    "30 NaN": b'{"query": "{ viewer { isStaff } }", "variables": {"a": NaN}}',
    "30 Infinity": b'{"query": "{ viewer { isStaff } }", "variables": {"a": -Infinity}}',
    "30 1e999": b'{"query": "{ viewer { isStaff } }", "variables": {"a": 1e999}}',
    "31 NUL": b'{"query": "{ viewer { isStaff } }", "variables": {"a": "\\u0000"}}',
    "31 NUL raw": b'{"query": "{ viewer { isStaff } }\x00"}',
    "31 NUL in a key": b'{"query": "{ viewer { isStaff } }", "variables": {"\\u0000": 1}}',
    "31 NUL in the document": b'{"query": "{ products(search: \\"\\\\u0000\\") { totalCount } }"}',
    "31 half a surrogate": b'{"query": "{ viewer { isStaff } }", "variables": {"a": "\\ud800"}}',
    "31 the other half": b'{"query": "query($s: String) { products(search: $s) { totalCount } }", "variables": {"s": "\\udfff"}}',
    "31 surrogate in the document": b'{"query": "{ products(search: \\"\\\\ud800\\") { totalCount } }"}',
    "not UTF-8": b'{"query": "\xff\xfe"}', "latin-1": '{"query": "{ ñ }"}'.encode("latin-1"),
    "empty": b"", "null": b"null", "a number": b"1", "a string": b'"{ viewer { isStaff } }"', "half": b'{"query": "{',
    "no query": b"{}", "query null": b'{"query": null}', "query a list": b'{"query": ["{ viewer { isStaff } }"]}',
    "variables a list": b'{"query": "{ viewer { isStaff } }", "variables": []}',
    "unknown key": b'{"query": "{ viewer { isStaff } }", "admin": true}',
    "operationName a number": b'{"query": "{ viewer { isStaff } }", "operationName": 7}',
    "29 body of 30 MB": b'{"query": "' + b"a" * 30_000_000 + b'"}',
}  # fmt: skip


@pytest.mark.alone
@pytest.mark.parametrize("name", BODIES)
async def test_bodies_are_refused_at_once(door: Door, name: str) -> None:
    status, answer = await door.throw(BODIES[name])

    assert 400 <= status < 500 and answer["errors"] and "data" not in answer


@pytest.mark.alone
async def test_a_body_without_a_length_is_cut_off(door: Door) -> None:
    """Check 29: chunked, 30 MB, no Content-Length."""

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"query": "'
        for _ in range(300):
            yield b"a" * 100_000

    status, _ = await door.throw(endless())

    assert status == 413


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["application/jsonx", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                                  "application/json; charset=utf-16", "application/graphql", ""])  # fmt: skip
async def test_other_content_types_are_refused(door: Door, kind: str) -> None:
    body = b'{"query": "{ viewer { isStaff } }"}'
    status, answer = await door.throw(body, headers={"Content-Type": kind})
    assert status == 415 and "data" not in answer


async def test_documents_come_by_post_only(door: Door) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        response = await door.visitor.request(method, "/graphql", params={"query": "{ viewer { isStaff } }"})
        assert response.status_code == 405, method


ODDITIES = [
    "\u202e\u202dtxt.exe", "👩‍👩‍👧‍👦" * 20, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "\ufeff\u200b\u00ad", "ﷺ" * 30, "İıſKÅ", "\u2028\u2029\r\n\t\x0b\x7f",
    "'; drop table app_user; --", "%_\\%", "{{7*7}}${7*7}<script>alert(1)</script>", "\U0010ffff\uffff\ufdd0", "=1+1", "\x1b[31m",
    "a" * 3000, " ", "ﬁ①Ⅳ", "-- /* */ \\", "(?:a+)+$", "*:&|!<->",
]  # fmt: skip


def is_one_of(named: GraphQLInputObjectType) -> bool:
    return bool(named.extensions["strawberry-definition"].is_one_of)


def string_places(named: GraphQLInputObjectType, value: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of every String that an example gives, and of those it could give beside."""
    for name, field in named.fields.items():
        bare = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        inner = get_named_type(field.type)
        if inner.name == "String" and not isinstance(bare, GraphQLList):
            yield (name,)
        elif isinstance(inner, GraphQLInputObjectType) and name in value:
            many = isinstance(bare, GraphQLList)
            for index, each in enumerate(value[name] if many else [value[name]]):
                for rest in string_places(inner, each):
                    yield (name, index, *rest) if many else (name, *rest)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_odd_texts_in_each_string_of_each_mutation(still: Scene, name: str) -> None:
    """
    Taken as they are or refused by name, never a fault (check 31); tried dry, so that nothing is stored.

    Texts are read by one scalar: each place gets some of them, together they get all many times.
    """
    viewer = EXAMPLES[name].viewer
    given, before = await EXAMPLES[name].build(still, viewer), await still.snapshot()
    for path in string_places(input_type(name), given):
        for odd in by_turns(ODDITIES, 4, name, path):
            # Of a one-of input the odd text takes the place of what stands there.
            made = {} if is_one_of(input_type(name)) else json.loads(json.dumps(given))
            inner = made
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = odd
            answer = await still.ask(viewer, document(name, "@dryRun"), {"input": made})
            assert "errors" not in answer, (path, odd, answer["errors"])
            for error in answer["data"][name]["errors"]:
                assert error["path"], (path, odd, error)
    assert difference(before, await still.snapshot()) == {}


async def test_odd_texts_in_each_string_of_each_query(still: Scene) -> None:
    """Search, filters, lookups and pasted lines (checks 31, 32)."""
    view = still.engine.view(still.viewers["repa"])
    asked = 0
    for who in ("repa", "pbuyer"):
        view = still.engine.view(still.viewers[who])
        assert view.query_type is not None
        for root, field in view.query_type.fields.items():
            for argument, each in field.args.items():
                if any(is_required_argument(one) for name, one in field.args.items() if name != argument):
                    continue  # asked with all it needs by its own tests
                kind = get_named_type(each.type)
                places: list[tuple[str, str]] = []
                if kind.name == "String":
                    places = [(f"{argument}: $s", "String")]
                elif kind.name == "ID" and argument == "id":
                    places = [("id: $s", "ID!")]
                elif isinstance(kind, GraphQLInputObjectType):
                    for name, inner in kind.fields.items():
                        if any(
                            is_required_input_field(each) for key, each in kind.fields.items() if key != name
                        ):
                            continue  # one text alone makes none of these; their own tests give them theirs
                        inner_kind = get_named_type(inner.type).name
                        if inner_kind in ("String", "ID"):
                            places.append((f"{argument}: {{{name}: $s}}", f"{inner_kind}!"))
                        elif inner_kind == "StringFilter":
                            places += [
                                (f"{argument}: {{{name}: {{{op}: $s}}}}", "String")
                                for op in ("eq", "contains", "startsWith")
                            ]
                for words, type_name in places:
                    for odd in ODDITIES[::2]:
                        query = f"query($s: {type_name}) {{ {root}({words}) {{ __typename }} }}"
                        answer = await still.ask(who, query, {"s": odd})
                        asked += 1
                        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
                        assert codes <= {"INVALID_CURSOR", "LIMIT_EXCEEDED"}, (root, words, odd, answer)
    assert asked > 150
