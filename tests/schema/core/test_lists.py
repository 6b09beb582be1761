"""Pages, cursors, totals and filters over a real table."""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from app.database import Database
from auth.permissions import Viewer
from resolvers.paging import BadPage, SortKey, read_cursor, signature_of, write_cursor
from schema.engine import Engine
from tests.schema.core.conftest import Statements, fill, things

NAMES = ["Ana", "Bea", "Ce%", "Ce_", "Ce\\", "Dani", "Eva"]
PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $byPrice: Boolean!, $where: ThingWhere) {
  things(first: $first, after: $after, last: $last, before: $before, byPrice: $byPrice, where: $where) {
    edges { cursor node { name } } nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture
async def filled(engine: Engine, shop: Database, viewer: Viewer) -> Engine:
    await fill(shop, viewer, NAMES)
    return engine


async def ask(engine: Engine, viewer: Viewer, **arguments: Any) -> dict[str, Any]:
    answer = await engine.execute_document(viewer, PAGE, {"byPrice": False, **arguments})
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["things"]
    assert [each["node"] for each in found["edges"]] == found["nodes"]
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [each["name"] for each in found["nodes"]]


@pytest.mark.parametrize("by_price", [False, True])
async def test_pages_forwards_and_backwards_meet_every_row_once(
    filled: Engine, viewer: Viewer, by_price: bool
) -> None:
    whole = names(await ask(filled, viewer, byPrice=by_price))

    forwards: list[str] = []
    page = await ask(filled, viewer, byPrice=by_price, first=2)
    assert not page["pageInfo"]["hasPreviousPage"]
    while True:
        forwards += names(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = await ask(filled, viewer, byPrice=by_price, first=2, after=page["pageInfo"]["endCursor"])
    backwards: list[str] = []
    page = await ask(filled, viewer, byPrice=by_price, last=2)
    while True:
        backwards = names(page) + backwards
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        page = await ask(filled, viewer, byPrice=by_price, last=2, before=page["pageInfo"]["startCursor"])

    assert sorted(whole) == sorted(NAMES)
    assert forwards == backwards == whole


async def test_between_two_cursors(filled: Engine, viewer: Viewer) -> None:
    cursors = [each["cursor"] for each in (await ask(filled, viewer))["edges"]]

    found = await ask(filled, viewer, after=cursors[0], before=cursors[3])

    assert names(found) == names(await ask(filled, viewer))[1:3]


async def test_an_empty_page_has_no_cursors(engine: Engine, viewer: Viewer) -> None:
    found = await ask(engine, viewer)

    assert found["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


async def test_bad_arguments_are_refused_by_name(filled: Engine, viewer: Viewer) -> None:
    good = (await ask(filled, viewer, first=1))["pageInfo"]["endCursor"]
    inner = json.loads(base64.urlsafe_b64decode(good + "=="))

    def cursor(values: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()

    table: list[tuple[dict[str, Any], str, str]] = [
        ({"first": 0}, "LIMIT", "first"),
        ({"first": -1}, "LIMIT", "first"),
        ({"first": 101}, "LIMIT", "first"),
        ({"first": 2**31 - 1}, "LIMIT", "first"),
        ({"last": 0}, "LIMIT", "last"),
        ({"first": 1, "last": 1}, "LIMIT", "last"),
        ({"after": ""}, "INVALID_CURSOR", "after"),
        ({"after": "x"}, "INVALID_CURSOR", "after"),
        ({"after": "é"}, "INVALID_CURSOR", "after"),
        ({"after": good[:-2]}, "INVALID_CURSOR", "after"),
        ({"after": "A" * 5_000}, "INVALID_CURSOR", "after"),
        ({"before": cursor([])}, "INVALID_CURSOR", "before"),
        ({"before": cursor([inner[0], 1, inner[2]])}, "INVALID_CURSOR", "before"),
        ({"before": cursor([inner[0], "a\x00", inner[2]])}, "INVALID_CURSOR", "before"),
        ({"before": cursor([inner[0], "\ud800", inner[2]])}, "INVALID_CURSOR", "before"),
        ({"before": cursor([inner[0], "Ana", "no uuid"])}, "INVALID_CURSOR", "before"),
        ({"after": good, "byPrice": True}, "INVALID_CURSOR", "after"),
    ]
    for arguments, code, argument in table:
        answer = await filled.execute_document(viewer, PAGE, {"byPrice": False, **arguments})

        assert answer["errors"][0]["extensions"] == {"code": code, "argument": argument}, arguments


def test_a_cursor_of_another_order_is_refused() -> None:
    ascending, descending = [SortKey("id", things.c.id)], [SortKey("id", things.c.id, descending=True)]
    key = uuid4()
    cursor = write_cursor(signature_of(ascending), [key])

    assert read_cursor(cursor, ascending, "after") == (key,)
    with pytest.raises(BadPage, match="another order"):
        read_cursor(cursor, descending, "after")


async def test_a_page_is_one_statement_and_a_total_one_more(
    filled: Engine, shop: Database, viewer: Viewer
) -> None:
    await filled.execute_document(viewer, "{count}")
    statements = Statements(shop)

    without = await filled.execute_document(viewer, "{things(first: 3){nodes{name}}}")
    after_page = len(statements.seen)
    answer = await filled.execute_document(viewer, "{things(first: 3){totalCount nodes{name siblings}}}")

    assert len(without["data"]["things"]["nodes"]) == 3
    assert after_page == 1
    assert len(statements.seen) == 1 + 3  # the page, the total, one for the siblings of all
    assert answer["data"]["things"]["totalCount"] == len(NAMES)


async def test_a_failing_field_lets_its_siblings_statement_through(filled: Engine, viewer: Viewer) -> None:
    """graphql-core cancels the siblings of a failed field; the others of the document still need the session."""
    document = "{ bad: maybe { slow late } good: things(first: 3) { nodes { siblings } } }"

    for _ in range(5):
        answer = await filled.execute_document(viewer, document)

        assert answer["data"] == {"bad": None, "good": {"nodes": [{"siblings": len(NAMES) - 1}] * 3}}
        assert [each["path"] for each in answer["errors"]] == [["bad", "late"]]


async def test_filters_take_text_as_it_is(filled: Engine, viewer: Viewer) -> None:
    table: list[tuple[dict[str, Any], list[str]]] = [
        ({"name": {"contains": "e%"}}, ["Ce%"]),
        ({"name": {"contains": "E_"}}, ["Ce_"]),
        ({"name": {"startsWith": "ce\\"}}, ["Ce\\"]),
        ({"name": {"eq": "ana"}}, []),
        ({"name": {"in": ["Ana", "Eva", "Nadie"]}}, ["Ana", "Eva"]),
        ({"name": {"in": []}}, []),
        ({"name": {}}, sorted(NAMES)),
        ({}, sorted(NAMES)),
        ({"or": [{"name": {"eq": "Ana"}}, {"price": {"gte": "4.5"}}]}, ["Ana", "Ce%", "Dani"]),
        ({"and": [{"price": {"gt": "2.5"}}, {"price": {"lt": "4.5"}}]}, ["Bea", "Ce\\"]),
        ({"not": {"madeOn": {"lte": "2026-01-06"}}}, ["Eva"]),
        ({"or": []}, []),
        ({"id": {"eq": "nonsense"}}, []),
        ({"id": {"in": ["nonsense"]}}, []),
    ]
    for where, expected in table:
        assert sorted(names(await ask(filled, viewer, where=where))) == expected, where


async def test_filters_are_bounded(filled: Engine, viewer: Viewer) -> None:
    deep: dict[str, Any] = {"name": {"eq": "a"}}
    for _ in range(6):
        deep = {"not": deep}
    wide = {"or": [{"name": {"eq": "a"}}] * 60}
    many = {"name": {"in": ["a"] * 101}}
    long = {"name": {"contains": "a" * 201}}
    for where in (deep, wide, many, long):
        answer = await filled.execute_document(viewer, PAGE, {"byPrice": False, "where": where})

        assert answer["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_node_finds_what_the_list_shows(filled: Engine, viewer: Viewer) -> None:
    listed = await filled.execute_document(viewer, "{things(first: 2){nodes{id name}}}")
    first, second = listed["data"]["things"]["nodes"]
    document = "query($id: ID!, $ids: [ID!]!){node(id: $id){id ... on Thing{name}} nodes(ids: $ids){id}}"
    other = (
        base64.urlsafe_b64encode(b"Order:" + base64.urlsafe_b64decode(first["id"] + "==")[6:])
        .decode()
        .rstrip("=")
    )

    answer = await filled.execute_document(
        viewer,
        document,
        {"id": first["id"], "ids": [second["id"], "x", other, first["id"] + "=", first["id"]]},
    )

    assert answer["data"]["node"] == first
    assert answer["data"]["nodes"] == [{"id": second["id"]}, None, None, None, {"id": first["id"]}]
