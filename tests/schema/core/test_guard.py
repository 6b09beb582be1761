"""Documents past each limit are refused at once, by a clear error, and the ordinary ones are let through."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from auth.permissions import Viewer
from schema.engine import Engine
from schema.gate import make_request
from schema.guard import guard
from tests.conftest import Cluster
from tests.effort import SECOND, Effort, calls

pytestmark = pytest.mark.alone


def doubling(levels: int) -> str:
    """Fragments that each spread the next twice: 2 ** levels selections in some thirty bytes a level."""
    spreads = "".join(f"fragment F{i} on Query{{...F{i + 1} ...F{i + 1}}}" for i in range(levels))
    return f"{{...F0}}{spreads}fragment F{levels} on Query{{count}}"


def nested(levels: int) -> str:
    return "{things{nodes{" + "selves{" * levels + "name" + "}" * levels + "}}}"


async def ask(
    engine: Engine, viewer: Viewer, document: str, variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The first error of a document that is refused, within a second of work."""
    engine.view(viewer)
    effort = Effort(None)
    answer = await engine.answer(viewer, make_request(document, variables))
    assert effort.spent() < SECOND
    assert answer.status == 400, answer
    assert set(answer.body) == {"errors", "extensions"}
    error: dict[str, Any] = answer.body["errors"][0]
    return error


@pytest.mark.parametrize(
    ("limit", "document"),
    [
        ("depth", nested(14)),
        ("depth", nested(60)),
        ("aliases", "{" + " ".join(f"a{i}: count" for i in range(31)) + "}"),
        ("aliases", "{" + "count " * 400 + "}"),
        ("aliases", "{things{nodes{" + "name " * 400 + "}}}"),
        ("directives", "{count " + "@include(if: true) " * 41 + "}"),
        ("tokens", "{" + "count " * 2_000 + "}"),
        ("tokens", "{" + " ".join(f"a{i}: count" for i in range(800)) + "}"),
        ("tokens", "{count " + "@skip(if: false) " * 5_000 + "}"),
        ("rootFields", "{...A} fragment A on Query {" + " ".join(f"a{i}: count" for i in range(11)) + "}"),
        ("cost", "{things(first: 100){nodes{selves{selves{name}}}}}"),
        ("cost", "{things(first: 2147483647){nodes{selves{selves{name}}}}}"),
        ("introspection", "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}"),
    ],
)
async def test_a_document_past_a_limit_is_refused(
    door: Engine, viewer: Viewer, limit: str, document: str
) -> None:
    error = await ask(door, viewer, document)

    assert error["extensions"] == {"code": "LIMIT", "limit": limit}


async def test_variables_count_as_page_sizes(engine: Engine, viewer: Viewer) -> None:
    document = "query($n: Int){things(first: $n){nodes{selves{selves{name}}}}}"

    small = await engine.execute_document(viewer, document, {"n": 1})
    large = await ask(engine, viewer, document, {"n": 100})

    assert small["extensions"]["cost"]["requested"] == 1 + 50 + 50 * 50
    assert large["extensions"]["limit"] == "cost"


def test_fragments_that_double_are_weighed_once(door: Engine, viewer: Viewer) -> None:
    def weighing(levels: int) -> int:
        view = door.view(viewer)
        document = parse(doubling(levels))
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        return calls(lambda: guard(view, document, operation, {}))

    # As many more calls as there are more fragments; walking each spread would take 128 times as many.
    few = weighing(7)
    assert weighing(14) < 3 * few
    assert weighing(140) < 30 * few


async def test_a_fragment_bomb_is_answered_in_no_time(
    engine: Engine, viewer: Viewer, cluster: Cluster
) -> None:
    effort = Effort(cluster.server.pid)

    answer = await engine.execute_document(viewer, doubling(20))

    assert answer["data"] == {"count": 0}
    assert effort.spent() < SECOND


async def test_a_bomb_of_objects_is_refused_by_its_cost(door: Engine, viewer: Viewer) -> None:
    spreads = "".join(f"fragment F{i} on Thing{{selves{{...F{i + 1}}}}}" for i in range(6))
    document = f"{{things{{nodes{{...F0}}}}}}{spreads}fragment F6 on Thing{{name}}"

    assert (await ask(door, viewer, document))["extensions"]["limit"] == "cost"


@pytest.mark.parametrize(
    "document",
    [
        "{...A} fragment A on Query{...A}",
        "{...A} fragment A on Query{...B} fragment B on Query{...A}",
        "{things{nodes{...A}}} fragment A on Thing{a: selves{...A} b: selves{...A}}",
    ],
)
async def test_fragments_in_a_circle_are_refused(door: Engine, viewer: Viewer, document: str) -> None:
    error = await ask(door, viewer, document)

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_long_chain_of_fragments_is_no_crash(engine: Engine, viewer: Viewer) -> None:
    chain = "".join(f"fragment F{i} on Query{{...F{i + 1}}}" for i in range(210))

    answer = await engine.answer(viewer, make_request(f"{{...F0}}{chain}fragment F210 on Query{{count}}"))

    assert answer.status in (200, 400)


async def test_depth_in_thousands_is_a_parse_error(door: Engine, viewer: Viewer) -> None:
    error = await ask(door, viewer, "{a" * 3_000 + "}" * 3_000)

    assert error["extensions"]["code"] in ("LIMIT", "GRAPHQL_PARSE_FAILED")


async def test_the_standard_introspection_passes(engine: Engine, viewer: Viewer) -> None:
    document = get_introspection_query(descriptions=True, specified_by_url=True, directive_is_repeatable=True,
                                       schema_description=True, input_value_deprecation=True)  # fmt: skip

    answer = await engine.execute_document(viewer, document)

    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_an_escaped_nul_is_refused(door: Engine, viewer: Viewer) -> None:
    for escape in ("\\u0000", "\\u{0}", "\\u{000}"):
        error = await ask(door, viewer, f'{{things(where: {{name: {{eq: "a{escape}"}}}}){{nodes{{name}}}}}}')

        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_every_answer_says_its_cost(engine: Engine, viewer: Viewer) -> None:
    answers = [
        await engine.execute_document(viewer, document)
        for document in ("{count}", "{things(first: 5){nodes{selves{name} money{amount}}}}", "{nonsense}")
    ]

    assert [each["extensions"]["cost"]["requested"] for each in answers] == [0, 5 * (1 + 50 + 1), 1]
