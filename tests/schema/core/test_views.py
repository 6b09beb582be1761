"""Views of the schema: what a viewer may not use does not exist, in validation, introspection and SDL."""

import strawberry
from graphql import get_introspection_query, print_schema, validate_schema

from app.database import Database
from auth.permissions import Permission as P
from auth.permissions import Viewer
from auth.views import VIEWS_MAX, Views
from schema.access import may_use, undeclared, undescribed
from schema.engine import Engine
from tests.schema.core.conftest import a_viewer, fill

EVERYTHING = tuple(P)


def test_everything_is_declared_and_described(core_api: strawberry.Schema) -> None:
    assert undeclared(core_api._schema) == []
    assert undescribed(core_api._schema) == []


def test_what_is_missing_is_found() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def bare(self, argument: int = 1) -> int:
            return argument

    schema = strawberry.Schema(Query)._schema

    assert undeclared(schema) == ["Query.bare"]
    assert undescribed(schema) == ["Query.bare", "Query.bare(argument:)"]


async def test_a_hidden_field_is_as_unknown_as_one_that_never_was(door: Engine, viewer: Viewer) -> None:
    for field in ("notes", "cost { amount }", "nevers"):
        answer = await door.execute_document(viewer, f"{{ things {{ nodes {{ {field} }} }} }}")
        name = field.split()[0]

        said, _, suggested = answer["errors"][0]["message"].partition(" Did you mean ")
        assert said == f"Cannot query field '{name}' on type 'Thing'."
        assert not {"notes", "cost"} & set(
            suggested.replace("'", " ").split()
        )  # suggestions come from the view
        assert answer["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


async def test_hidden_input_fields_do_not_exist(door: Engine, viewer: Viewer) -> None:
    answer = await door.execute_document(
        viewer, '{ things(where: {cost: {amount: {gt: "1"}}}) { nodes { name } } }'
    )

    assert "not to include unknown field 'cost'" in answer["errors"][0]["message"]


async def test_introspection_shows_the_view_only(door: Engine, viewer: Viewer) -> None:
    buyer = await door.execute_document(viewer, get_introspection_query())
    staff = await door.execute_document(a_viewer(*EVERYTHING), get_introspection_query())

    for hidden in ("ThingCost", "CostWhere", '"notes"', "'notes'", "'hidden'"):
        assert hidden not in str(buyer), hidden
    for shown in ("ThingCost", "CostWhere", "'notes'", "'hidden'"):
        assert shown in str(staff), shown


async def test_any_one_of_several_permissions_suffices(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    for permission in (P.NOTES_INTERNAL, P.ADMIN):
        reader = a_viewer(P.SIGNED_IN, P.CATALOG_READ, permission)

        answer = await engine.execute_document(reader, "{ things { nodes { notes } } }")

        assert answer["data"]["things"]["nodes"] == [{"notes": "secret"}]


async def test_a_type_needs_its_own_permission_wherever_it_hangs(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    reader = a_viewer(P.SIGNED_IN, P.CATALOG_READ, P.COSTS_READ)

    answer = await engine.execute_document(reader, "{ things { nodes { cost { amount } } } }")

    assert answer["data"]["things"]["nodes"] == [{"cost": {"amount": "1"}}]


async def test_node_does_not_reach_types_outside_the_view(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    listed = await engine.execute_document(viewer, "{ things { nodes { id } } }")
    key = listed["data"]["things"]["nodes"][0]["id"]
    stranger = a_viewer(P.SIGNED_IN)

    answer = await engine.execute_document(stranger, "query($id: ID!) { node(id: $id) { id } }", {"id": key})
    spread = await engine.execute_document(stranger, "{ node(id: 1) { ... on Thing { name } } }")

    assert answer["data"] == {"node": None}
    assert "errors" not in answer
    assert "Unknown type 'Thing'" in spread["errors"][0]["message"]


def test_every_view_is_a_valid_schema(core_api: strawberry.Schema) -> None:
    views = Views(core_api._schema, may_use)
    for held in (*((each,) for each in P), (P.SIGNED_IN,), (P.SIGNED_IN, P.CATALOG_READ), EVERYTHING):
        view = views.view(frozenset((P.SIGNED_IN, *held)))
        view._validation_errors = None  # it was built as known to be valid

        assert validate_schema(view) == []


def test_the_whole_view_is_the_whole_schema(core_api: strawberry.Schema) -> None:
    views = Views(core_api._schema, may_use)
    view = views.view(frozenset(P))

    assert sorted(view.type_map) == sorted(core_api._schema.type_map)
    assert sorted(print_schema(view).split()) == sorted(print_schema(core_api._schema).split())


def test_views_are_bounded_and_reused(core_api: strawberry.Schema) -> None:
    views = Views(core_api._schema, may_use)
    first = views.view(frozenset({P.SIGNED_IN}))

    assert views.view(frozenset({P.SIGNED_IN})) is first
    for index in range(VIEWS_MAX):
        views.view(frozenset({P.SIGNED_IN, *(each for bit, each in enumerate(P) if index >> bit & 1)}))
    assert len(views._views) == VIEWS_MAX
