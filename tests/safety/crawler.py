"""Reads all that a viewer's view offers: a document per root field, written from the schema itself."""

import json
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from schema.ids import split_id
from tests.turns import IS_LONG

DEPTH = 6 if IS_LONG else 4  # a level more doubles what is asked
# Root fields whose arguments are no lookup of one thing: what to give them. A new one has to be added here.
CUSTOMER = "a company's id"
ROOT_ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "availability": [{"products": [{"sku": "ACE-0", "quantity": "2"}]}],
    "checkLines": [{"input": {"text": "ACE-0 2\nACE-1 3"}}],
    "productSuggestions": [{"by": {"sku": "ACE-0"}}],
    "deliveryCalendar": [{"from": "2026-01-01", "to": "2026-12-31", "includeCancelled": True}],
    "onTimeFigures": [{"from": "2026-01-01", "to": "2026-12-31"}],
    "discountBacktest": [{"rule": {"code": "UNO"}, "from": "2026-01-01", "to": "2026-12-31"}],
    # For whom: test_isolation puts each company's id in its place.
    "priceSimulation": [
        {"customerId": CUSTOMER, "scenarios": [{"name": "A", "lines": [{"sku": "ACE-0", "quantity": "2"}]}]}
    ],
    "suggestionPerformance": [{"since": "2026-03-01", "until": "2026-03-31"}],
}
THROUGH_IDS = (
    "node", "nodes", "quickOrder", "deliveryAlternatives", "stockWaiting", "warehouseTasks",  # read by id, apart
)  # fmt: skip


class NeedsExample(AssertionError):
    """The schema has something that the safety tests do not know how to ask."""


def root_fields(view: GraphQLSchema) -> dict[str, GraphQLField]:
    assert view.query_type is not None
    return dict(view.query_type.fields)


def selection(
    view: GraphQLSchema, named: GraphQLNamedType, depth: int = DEPTH, path: tuple[str, ...] = ()
) -> str:
    """Every field of a type and of what hangs from it; on one path a type comes twice at most (company and parent)."""
    parts = ["__typename"]
    if named.name == "Node":
        return "{ __typename id }"  # whatever it is, it is asked for by this id again
    if isinstance(named, GraphQLInterfaceType):
        parts += sorted(named.fields)
        for each in view.get_possible_types(named):
            own = [
                _field(view, name, field, depth, path)
                for name, field in each.fields.items()
                if name not in named.fields
            ]
            parts.append(f"... on {each.name} {{ __typename {' '.join(own)} }}")
        return "{ " + " ".join(parts) + " }"
    assert isinstance(named, GraphQLObjectType)
    for name, field in named.fields.items():
        parts.append(_field(view, name, field, depth, path))
    return "{ " + " ".join(parts) + " }"


def _field(view: GraphQLSchema, name: str, field: GraphQLField, depth: int, path: tuple[str, ...]) -> str:
    # What has a default may be left out: only arguments that must be given stand in the way (method rule R6).
    needed = [each for each, argument in field.args.items() if is_required_argument(argument)]
    if needed:
        raise NeedsExample(f"The field {name} needs {needed}: teach tests/safety/crawler.py what to give it.")
    named = get_named_type(field.type)
    if not is_composite_type(named):
        return name
    arguments = "(first: 100)" if "first" in field.args else ""
    if named.name.endswith("Connection"):
        assert isinstance(named, GraphQLObjectType)
        node = get_named_type(named.fields["nodes"].type)
        inner = _deeper(view, node, depth, path)
        if not inner:
            return f"{name}{arguments} {{ totalCount pageInfo {{ endCursor startCursor }} }}"
        # Nodes and edges both, since either may forget a rule.
        return f"{name}{arguments} {{ totalCount pageInfo {{ endCursor }} nodes {inner} edges {{ cursor node {{ __typename }} }} }}"
    inner = _deeper(view, named, depth, path)
    return f"{name}{arguments} {inner}" if inner else ""


def _deeper(view: GraphQLSchema, named: GraphQLNamedType, depth: int, path: tuple[str, ...]) -> str:
    if depth <= 1 or path.count(named.name) >= (2 if path[-1:] == (named.name,) else 1):
        return ""
    return selection(view, named, depth - 1, (*path, named.name))


def root_document(
    view: GraphQLSchema, name: str, arguments: dict[str, Any], depth: int = DEPTH
) -> tuple[str, dict[str, Any]]:
    """A document that asks a root field for everything, and its variables."""
    field = root_fields(view)[name]
    declared = " ".join(f"${each}: {field.args[each].type}" for each in arguments)
    given = " ".join(f"{each}: ${each}" for each in arguments)
    named = get_named_type(field.type)
    head = f"query{f'({declared})' if declared else ''}"
    if not is_composite_type(named):
        return f"{head} {{ {name}{f'({given})' if given else ''} }}", arguments
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    if named.name.endswith("Connection"):
        more = "" if "first" in arguments or "last" in arguments else " first: 100"
        node = get_named_type(named.fields["nodes"].type)
        inner = selection(view, node, depth, (node.name,))
        body = f"({given}{more}) {{ totalCount pageInfo {{ endCursor }} nodes {inner} }}"
    else:
        body = (f"({given}) " if given else " ") + selection(view, named, depth, (named.name,))
    return f"{head} {{ {name}{body} }}", arguments


def lookup_documents(
    view: GraphQLSchema, name: str, ways: list[dict[str, str]], at_once: int = 25
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents that ask a root field for one thing after another, and their variables."""
    field = root_fields(view)[name]
    named = get_named_type(field.type)
    inner = selection(view, named, 2, (named.name,))
    for start in range(0, len(ways), at_once):
        given = {f"by{index}": way for index, way in enumerate(ways[start : start + at_once])}
        declared = " ".join(f"${each}: {field.args['by'].type}" for each in given)
        asked = " ".join(f"{each}: {name}(by: ${each}) {{ ...wanted }}" for each in given)
        yield f"query({declared}) {{ {asked} }} fragment wanted on {named.name} {inner}", given


def crawl(view: GraphQLSchema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents that together read all that can be read without naming a thing."""
    for name, field in root_fields(view).items():
        if name in THROUGH_IDS:
            continue
        needed = [each for each, argument in field.args.items() if is_required_argument(argument)]
        if not needed:
            yield root_document(view, name, {})
        elif name in ROOT_ARGUMENTS:
            for arguments in ROOT_ARGUMENTS[name]:
                yield root_document(view, name, arguments)
        elif "by" not in field.args:
            raise NeedsExample(
                f"Query.{name} needs {needed}: add it to ROOT_ARGUMENTS in tests/safety/crawler.py."
            )


def node_document(view: GraphQLSchema, type_name: str) -> str:
    named = view.get_type(type_name)
    assert named is not None
    inner = selection(view, named, 3, (type_name,))
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on {type_name} {inner} }} }}"


def ids_in(answer: Any) -> set[str]:
    """Every global id in an answer."""
    found: set[str] = set()
    waiting = [answer]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and split_id(each) is not None:
            found.add(each)
    return found


def texts_of(answer: Any) -> Iterator[tuple[str, str, str]]:
    """(type, field, text) of every text in an answer that names its types."""
    waiting = [answer]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
            for name, value in each.items():
                if isinstance(value, str) and "__typename" in each:
                    yield each["__typename"], name, value
        elif isinstance(each, list):
            waiting += each


def dump(answer: Any) -> str:
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)
