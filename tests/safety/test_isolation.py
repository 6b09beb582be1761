"""Nothing foreign leaks: checks 6, 8, 9 of SAFETY.md 4, and the two walls each by itself."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import text

from app.database import Database
from auth.permissions import Viewer
from schema import caches, guard
from schema.caches import Documents
from schema.ids import NODE_LOADERS, encode_id, split_id
from tests.safety.conftest import Scene
from tests.safety.crawler import (
    CUSTOMER,
    THROUGH_IDS,
    NeedsExample,
    crawl,
    dump,
    ids_in,
    lookup_documents,
    node_document,
    root_document,
    root_fields,
    texts_of,
)
from tests.safety.world import (
    COMPANIES,
    VIEWERS,
    engine_of,
    every_tag,
    global_id,
    make_viewers,
    may_read,
    tag,
    tags_in,
)

# The widest viewers: what they read together is the pool of ids and texts that nobody else may use.
POOL_READERS = (
    "administrator",
    "finance",
    "pbuyer",
    "pmate",
    "padmin",
    "cadmin",
    "sbuyer",
    "sadmin",
    "both@stranger",
)


# Parsed and validated once for each kind of viewer: half of what a crawl costs, and the same at each of them.
PREPARED = Documents()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of documents have tests of their own; here a document may be as large as the schema."""
    monkeypatch.setattr(guard, "DEPTH_MAX", 99)
    monkeypatch.setattr(guard, "ALIASES_MAX", 99)
    monkeypatch.setattr(guard, "ROOT_FIELDS_MAX", 99)
    monkeypatch.setattr(caches, "TOKENS_MAX", 10**6)
    monkeypatch.setattr(caches, "KEPT_CHARACTERS_MAX", 10**7)


class OneWall(Database):
    """Reads without row security, so that the row layer of models/ stands alone."""

    def _parameters(self, viewer: Viewer, suffix: str) -> dict[str, str]:
        return super()._parameters(viewer, suffix) | {"role": f"{self.role_prefix}job"}


async def ask(
    scene: Scene, name: str, document: str, variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    scene.engine.cost_max, scene.engine.documents = 10**15, PREPARED
    return await scene.ask(name, document, variables)


async def answer_to(
    scene: Scene, name: str, document: str, variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer = await ask(scene, name, document, variables)
    assert "errors" not in answer, (name, document[:200], answer["errors"][:3])
    return answer


async def crawl_as(scene: Scene, name: str) -> list[dict[str, Any]]:
    view = scene.engine.view(scene.viewers[name])
    found = []
    for document, given in crawl(view):
        if given.get("customerId") != CUSTOMER:
            found.append(await answer_to(scene, name, document, given))
            continue
        for company in scene.world.customers.values():
            # Of a company that the viewer does not reach nothing is told, not even that there is one.
            asked = given | {"customerId": global_id("Customer", company)}
            answer = await ask(scene, name, document, asked)
            if "errors" in answer:
                assert [each["message"] for each in answer["errors"]] == ["Not found."], answer
            found.append(answer)
    return found


@pytest.mark.parametrize("name", VIEWERS)
async def test_a_viewer_reads_exactly_what_is_theirs(still: Scene, name: str) -> None:
    found = tags_in(dump(await crawl_as(still, name)))

    assert found == may_read(name)


@pytest.mark.parametrize("name", ["pbuyer", "papprover", "padmin", "cadmin", "both@parent"])
async def test_a_parent_sees_below_where_the_seller_says_so(scene: Scene, name: str) -> None:
    async with scene.database.job() as session:
        await session.execute(text("update seller set parents_see_descendants = true"))
    await make_viewers(scene.database, scene.world)

    found = tags_in(dump(await crawl_as(scene, name)))

    assert found == may_read(name, descendants=True)


@pytest.mark.parametrize("name", ["pbuyer", "padmin", "cadmin", "sbuyer", "both@parent", "repa", "repb"])
async def test_the_row_layer_holds_without_row_security(still: Scene, name: str) -> None:
    base = still.database
    alone = OneWall(base.url, base.role_prefix, 5, base.owner_url)
    still.engine = engine_of(alone)
    try:
        found = tags_in(dump(await crawl_as(still, name)))
    finally:
        await alone.close()

    assert found <= may_read(name)


async def pool_of(scene: Scene) -> tuple[set[str], dict[tuple[str, str], set[str]]]:
    """Every id there is to know, and every text by type and field."""
    ids: set[str] = set()
    texts: dict[tuple[str, str], set[str]] = {}
    for name in POOL_READERS:
        for answer in await crawl_as(scene, name):
            ids |= ids_in(answer)
            for type_name, field, value in texts_of(answer):
                texts.setdefault((type_name, field), set()).add(value)
    return ids, texts


def by_type(ids: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in sorted(ids):
        split = split_id(each)
        assert split is not None
        found.setdefault(split[0], []).append(each)
    return found


async def test_nodes_and_lookups_give_no_more_than_lists_do(still: Scene) -> None:
    """`node`, `nodes` and every `by:` with every id and text that anybody can see."""
    ids, texts = await pool_of(still)
    kinds = by_type(ids)
    assert set(NODE_LOADERS) <= set(kinds), "the world has something of each type of node"
    for name in VIEWERS:
        view, seen = still.engine.view(still.viewers[name]), set()
        for type_name, known in kinds.items():
            if type_name not in NODE_LOADERS or view.get_type(type_name) is None:
                continue
            for start in range(0, len(known), 100):
                part = known[start : start + 100]
                answer = await answer_to(still, name, node_document(view, type_name), {"ids": part})
                seen |= tags_in(dump(answer))
                one = await answer_to(
                    still, name, "query($id: ID!) { node(id: $id) { __typename id } }", {"id": part[0]}
                )
                # Both ways of asking agree, and neither can be asked for a row under the name of another type.
                assert (one["data"]["node"] is None) == (answer["data"]["nodes"][0] is None)
        if name in (
            "pmate",
            "pintegrator",
            "cbuyer",
            "both@parent",
            "mate",
            "integrator",
            "logistics",
            "finance",
        ):
            continue  # others of their kind are asked
        for document, given in lookups(view, kinds, texts):
            seen |= tags_in(dump(await answer_to(still, name, document, given)))
        assert seen <= may_read(name), name


def lookups(view: Any, kinds: dict[str, list[str]], texts: dict[tuple[str, str], set[str]]) -> Iterator[Any]:
    """Each root field that names one thing, by each way of naming, with everything known, many in a document."""
    for root, field in root_fields(view).items():
        if root in THROUGH_IDS or "by" not in field.args:
            continue
        given_type = get_named_type(field.args["by"].type)
        assert isinstance(given_type, GraphQLInputObjectType)
        ways: list[dict[str, str]] = []
        found_type = given_type.name.removesuffix("By")  # what it names, whatever is answered about it
        for way, each in given_type.fields.items():
            if get_named_type(each.type).name == "ID":
                # An id under the name of another type is refused before anything is read: one of each type says it.
                values = [
                    one for kind, known in kinds.items() for one in known[: 8 if kind == found_type else 1]
                ]
            else:
                values = sorted(texts.get((found_type, way), set()))
            if not values:
                raise NeedsExample(f"{given_type.name}.{way}: nobody in the world can see such a value.")
            ways += [{way: value} for value in values]
        yield from lookup_documents(view, root, ways)


def filters_of(where: GraphQLInputObjectType, texts: list[str], ids: list[str]) -> Iterator[dict[str, Any]]:
    """Each operator of each filter with foreign values; and each of them denied, which must not widen anything."""
    for name, field in where.fields.items():
        kind = get_named_type(field.type).name
        if kind == "StringFilter":
            for operator in ("eq", "contains", "startsWith"):
                for value in texts:
                    yield {name: {operator: value}}
            yield {name: {"in": texts}}
        elif kind == "IDFilter":
            yield from ({name: {"eq": value}} for value in ids)
            yield {name: {"in": ids[:100]}}


@pytest.mark.parametrize("name", ["pbuyer", "cadmin", "both@parent", "repb"])
async def test_filters_searches_and_counts_tell_nothing(still: Scene, name: str) -> None:
    view = still.engine.view(still.viewers[name])
    unseen = every_tag() - may_read(name)
    # One of each kind: companies and people of a kind stand in the same columns.
    foreign = sorted({each[2]: each for each in sorted(unseen)}.values())
    unreachable = [
        global_key(still, company) for company in COMPANIES if tag("k", company) not in may_read(name)
    ]
    for root, field in root_fields(view).items():
        if not get_named_type(field.type).name.endswith("Connection"):
            continue
        if "search" in field.args:
            for value in foreign:
                answer = await answer_to(still, name, f"query($s: String) {{ {root}(search: $s) {{ totalCount nodes {{ __typename }} }} }}", {"s": value})  # fmt: skip
                assert answer["data"][root] == {"totalCount": 0, "nodes": []}, (root, value)
        if "where" not in field.args:
            continue
        where = get_named_type(field.args["where"].type)
        assert isinstance(where, GraphQLInputObjectType)
        document = f"query($w: {where.name}) {{ {root}(where: $w) {{ totalCount nodes {{ __typename }} }} }}"
        for condition in filters_of(where, foreign, unreachable):
            answer = await answer_to(still, name, document, {"w": condition})
            assert answer["data"][root] == {"totalCount": 0, "nodes": []}, (root, condition)
        if {"or", "not"} <= set(where.fields):
            other = {"isOpen": {"eq": True}} if "isOpen" in where.fields else {"number": {"startsWith": ""}}
            more = [other] if next(iter(other)) in where.fields else []
            everything = {"or": [{"not": next(filters_of(where, foreign, unreachable))}, *more]}
            inner = root_document(view, root, {"where": everything})
            assert tags_in(dump(await answer_to(still, name, *inner))) <= may_read(name)


def global_key(scene: Scene, company: str) -> str:
    return str(encode_id("Customer", scene.world.customers[company]))


# How many rows each viewer's lists count, worked out by hand from the world: everyone with a login placed one order.
COUNTS = {
    "pbuyer": {"customers": 1, "orders": 2, "wishlists": 2, "deliveries": 0}, "padmin": {"customers": 1, "orders": 7, "wishlists": 2, "deliveries": 3},
    "cadmin": {"customers": 1, "orders": 2, "wishlists": 2}, "both@stranger": {"customers": 1, "orders": 1, "wishlists": 2},
    "repa": {"customers": 2, "orders": 9, "deliveries": 4}, "repb": {"customers": 1, "orders": 3, "deliveries": 2}, "finance": {"customers": 3, "orders": 12, "deliveries": 6},
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
async def test_totals_count_visible_rows(still: Scene, name: str) -> None:
    for root, expected in COUNTS[name].items():
        answer = await answer_to(still, name, f"{{ {root} {{ totalCount nodes {{ id }} }} }}")
        assert answer["data"][root]["totalCount"] == len(answer["data"][root]["nodes"]) == expected, root


async def test_interleaved_tenants_do_not_mix(still: Scene) -> None:
    """Two tenants on one small pool of connections, 500 requests (check 19)."""
    document = "{ viewer { customer { name number } } orders { nodes { note customerName } } }"

    async def once(name: str) -> None:
        """Repeats what is refused for want of a connection, as clients do: a busy house is no answer."""
        answer = await still.ask(name, document)
        while answer.get("errors") and answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE":
            answer = await still.ask(name, document)
        assert "errors" not in answer, (name, answer["errors"])
        assert tags_in(dump(answer)) <= may_read(name)

    for _ in range(10):
        await asyncio.gather(*(once(name) for name in ["padmin", "sbuyer", "repa", "repb", "cbuyer"] * 10))


async def test_territory_and_team_changes_count_at_once(scene: Scene) -> None:
    """A customer that changes its rep is gone from the first one's view at the next request (check 12)."""
    async with scene.database.job() as session:
        await session.execute(
            text("update customer set sales_rep_id = :rep where id = :id"),
            {"rep": scene.world.users["repb"], "id": scene.world.customers["parent"]},
        )

    first = tags_in(dump(await crawl_as(scene, "repa")))
    second = tags_in(dump(await crawl_as(scene, "repb")))

    assert tag("c", "parent") not in first and tag("o", "pbuyer") not in first
    assert {tag("c", "parent"), tag("o", "pbuyer"), tag("c", "stranger")} <= second


async def test_the_crawler_reads_every_field_of_the_view(still: Scene) -> None:
    """A crawler that skips fields would pass everything: each field of each object type is in its documents."""
    view = still.engine.view(still.viewers["administrator"])
    together = " ".join(document for document, _ in crawl(view))
    reached = {
        name for name, each in view.type_map.items() if hasattr(each, "fields") and each.ast_node is None
    }
    assert reached
    for type_name in (
        "Order",
        "OrderLine",
        "Customer",
        "Product",
        "AuditEvent",
        "SalesHistoryLine",
        "Availability",
    ):
        named: Any = view.get_type(type_name)
        for field in named.fields:
            assert f" {field} " in f"{together} ".replace("(", " ").replace("}", " }"), (type_name, field)
