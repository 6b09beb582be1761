"""The pages' documents hold in the schema as each role that uses them sees it, and cost what a page may cost."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse, validate

from auth.permissions import CUSTOMER_ROLES, ON_BEHALF_GRANTS, ROLE_GRANTS, Role
from auth.views import build_view
from schema.access import may_use
from schema.api import api
from schema.guard import COST_MAX, guard
from storefront.documents import FOLDER, Documents, _split

DOCUMENTS = Documents.read()
USES = [(each.name, role) for each in DOCUMENTS.operations for role in each.roles]
EXAMPLES = sorted((FOLDER / "examples").glob("*.graphql"))
# Variables that make a document as dear as its page makes it.
PAGE_SIZES: dict[str, Any] = {"first": 50}


@cache
def view(role: Role) -> GraphQLSchema:
    return build_view(api._schema, frozenset(ROLE_GRANTS[role]), may_use)


def document(name: str, role: str) -> str:
    return DOCUMENTS.document(name, [each.value for each in ROLE_GRANTS[Role(role)]])


@pytest.mark.parametrize(("name", "role"), USES)
def test_document_is_valid_for_the_role_that_uses_it(name: str, role: str) -> None:
    assert validate(view(Role(role)), parse(document(name, role))) == []


@pytest.mark.parametrize(
    "name", ["Home", "Products", "Product", "QuickOrder", "Wishlists", "Wishlist", "Cart", "Checkout", "Orders", "Order", "Company"]
)  # fmt: skip
def test_pages_hold_for_whoever_acts_on_behalf_of_a_customer(name: str) -> None:
    """Their permissions are no role's."""
    asked = DOCUMENTS.document(name, [each.value for each in ON_BEHALF_GRANTS])
    seen = build_view(api._schema, frozenset(ON_BEHALF_GRANTS), may_use)

    assert validate(seen, parse(asked)) == []


@pytest.mark.parametrize(("name", "role"), USES)
def test_document_stays_within_the_limits(name: str, role: str) -> None:
    parsed = parse(document(name, role))
    operation = next(each for each in parsed.definitions if isinstance(each, OperationDefinitionNode))

    cost = guard(view(Role(role)), parsed, operation, PAGE_SIZES, COST_MAX)

    assert cost.requested <= COST_MAX


def test_every_operation_names_its_roles() -> None:
    assert [each.name for each in DOCUMENTS.operations if not each.roles] == []
    assert {role for each in DOCUMENTS.operations for role in each.roles} == set(Role)


def test_every_operation_is_used_by_a_page() -> None:
    code = "\n".join(path.read_text() for path in FOLDER.parent.rglob("*.py"))
    assert [each.name for each in DOCUMENTS.operations if f'"{each.name}"' not in code] == []


def test_a_field_is_left_out_for_who_may_not_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "page.graphql").write_text(
        "# role: BUYER\nquery Page {\n  a\n  b { c }  # needs: costs:read\n  d {  # needs: lots:read {\n    e\n  }  # }\n}\n"
    )
    documents = Documents.read(tmp_path)

    assert documents.document("Page", []).split() == ["query", "Page", "{", "a", "}"]
    assert documents.document("Page", ["lots:read"]).split() == [
        "query",
        "Page",
        "{",
        "a",
        "d",
        "{",
        "e",
        "}",
        "}",
    ]
    assert documents.document("Page", ["costs:read"]).split() == [
        "query",
        "Page",
        "{",
        "a",
        "b",
        "{",
        "c",
        "}",
        "}",
    ]


def test_a_name_is_defined_once(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("query Page {\n  a\n}\n\nquery Page {\n  b\n}\n")

    with pytest.raises(ValueError, match="Page is defined twice"):
        Documents.read(tmp_path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_begins_with_what_it_shows_and_is_valid(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("# ")
    assert validate(api._schema, parse(text)) == []
    assert len(_split(path)) == 1


def test_every_role_has_examples_to_run() -> None:
    for role in Role:
        runnable = [path.stem for path in EXAMPLES if not validate(view(role), parse(path.read_text()))]
        assert len(runnable) >= (8 if role in CUSTOMER_ROLES else 3), (role, runnable)
