"""Scopes limit and never extend: by field, by row, and each operation by each single scope."""

import re
from collections import deque
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    parse,
    validate,
)

from app.settings import ROOT
from auth.matrix import coordinates
from auth.permissions import ROLE_GRANTS, Permission, Role, RowScope
from auth.scopes import (
    ALWAYS,
    CUSTOMER_MACHINE,
    SCOPE_PERMISSIONS,
    SELLER_MACHINE,
    WITHOUT_SCOPE,
    ApiScope,
    grantable_scopes,
    limited,
    permissions_of,
)
from auth.views import Views
from schema.access import may_use
from schema.api import api
from schema.ids import encode_id
from tests.auth.oauth_world import Gate
from tests.factories import make_rep

S = ApiScope
VIEWS = Views(api._schema, may_use)
OWNERS = {"seller": SELLER_MACHINE, "customer": CUSTOMER_MACHINE}


def scopes_for(owner: str) -> tuple[ApiScope, ...]:
    everything = frozenset(Permission)
    return grantable_scopes(everything, of_customer=owner == "customer")


CASES = [(owner, scope) for owner in OWNERS for scope in scopes_for(owner)]


# The table


def test_every_permission_has_a_scope_or_is_for_people_alone() -> None:
    scoped = frozenset().union(*SCOPE_PERMISSIONS.values())

    assert scoped | WITHOUT_SCOPE | ALWAYS == frozenset(Permission), "say in auth/scopes.py which it is"
    assert not scoped & (WITHOUT_SCOPE | ALWAYS)


def test_the_page_lists_the_scopes_as_they_are() -> None:
    page = (
        (ROOT / "docs" / "AUTH.md")
        .read_text(encoding="utf-8")
        .split("**Scopes**")[1]
        .split("**Who acted.**")[0]
    )
    told = {}
    for scope, permissions, owners in re.findall(
        r"^\| `(.+?)` \| (.+) \| (.+) \|$", page, flags=re.MULTILINE
    ):
        sides = {
            "seller": "seller" in owners or owners == "both",
            "customer": owners in ("both", "customers"),
        }
        told[scope] = (set(re.findall(r"`(.+?)`", permissions)), sides)

    assert told == {
        scope.value: (
            {each.value for each in permissions}, {owner: scope in scopes_for(owner) for owner in OWNERS},
        )
        for scope, permissions in SCOPE_PERMISSIONS.items()
    }  # fmt: skip


def test_a_permission_belongs_to_one_scope() -> None:
    counted = [each for permissions in SCOPE_PERMISSIONS.values() for each in permissions]

    assert len(counted) == len(set(counted))


def test_machines_may_do_no_more_than_who_makes_them() -> None:
    for machine, maker in ((SELLER_MACHINE, Role.ADMINISTRATOR), (CUSTOMER_MACHINE, Role.COMPANY_ADMIN)):
        assert set(machine) <= set(ROLE_GRANTS[maker])
        assert not WITHOUT_SCOPE & set(machine)


def test_a_scope_is_given_by_who_holds_all_of_it() -> None:
    held = frozenset(ROLE_GRANTS[Role.COMPANY_ADMIN])

    assert S.FINANCE_READ in grantable_scopes(held, of_customer=True)
    for missing in (Permission.TAX_ID_READ, Permission.CREDIT_AVAILABLE_READ):
        assert S.FINANCE_READ not in grantable_scopes(held - {missing}, of_customer=True)


def test_costs_are_for_the_sellers_clients_alone() -> None:
    assert S.COSTS_READ in scopes_for("seller")
    assert S.COSTS_READ not in scopes_for("customer")
    assert Permission.COSTS_READ not in CUSTOMER_MACHINE


def test_roles_of_integrating_people_are_what_they_were() -> None:
    for role in (Role.INTEGRATOR, Role.CUSTOMER_INTEGRATOR):
        assert not {Permission.COSTS_READ, Permission.AUDIT_READ, Permission.USERS_READ} & set(
            ROLE_GRANTS[role]
        )


def test_ceilings_are_intersected() -> None:
    both = limited(
        SELLER_MACHINE, ["catalog:read", "orders:read", "gone:read"], ["orders:read", "costs:read"]
    )

    assert dict(both) == dict.fromkeys(
        (Permission.ORDERS_READ, Permission.DELIVERIES_READ, Permission.SIGNED_IN), RowScope.ALL
    )
    assert set(limited(CUSTOMER_MACHINE, [S.COSTS_READ.value])) == {Permission.SIGNED_IN}
    assert permissions_of([]) == ALWAYS


# Each scope, by itself (check 11)


def view_with(owner: str, *scopes: ApiScope) -> GraphQLSchema:
    held = limited(OWNERS[owner], [scope.value for scope in scopes])
    return VIEWS.view(frozenset(held))


def needs_arguments(field: Any) -> bool:
    return any(is_required_argument(each) for each in field.args.values())


def ways(view: GraphQLSchema) -> dict[str, str]:
    """`Type.field` -> the opening of a document that leads to the type, without arguments that have to be given."""
    assert view.query_type is not None
    found: dict[str, list[str]] = {view.query_type.name: []}
    waiting: deque[Any] = deque([view.query_type])
    while waiting:
        here = waiting.popleft()
        for name, field in here.fields.items():
            named = get_named_type(field.type)
            if not isinstance(named, GraphQLObjectType) or named.name in found:
                continue
            argument = next(iter(field.args), "")
            told = name if not needs_arguments(field) else f'{name}({argument}: {{id: "x"}})'
            if needs_arguments(field) and argument != "by":
                continue
            found[named.name] = [*found[here.name], told]
            waiting.append(named)
    return {name: " { ".join(["", *path]) for name, path in found.items()}


def documents_of(view: GraphQLSchema, wanted: set[str]) -> list[str]:
    """A document for each of the coordinates that an operation can name, without the coordinate's own input."""
    paths, made = ways(view), []
    for coordinate in sorted(wanted):
        type_name, _, name = coordinate.partition(".")
        named: Any = view.get_type(type_name)
        if isinstance(named, GraphQLInputObjectType | GraphQLInterfaceType):
            continue
        inner = name
        field = named.fields[name]
        if isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType):
            inner += " { __typename }"
        if type_name == "Mutation":
            made.append(f"mutation {{ {inner} }}")
        elif type_name in paths:
            opening = paths[type_name]
            made.append(f"query {opening} {{ {inner} " + "}" * (opening.count("{") - opening.count("}") + 1))
    return made


def unknown_fields(view: GraphQLSchema, document: str) -> list[str]:
    if document.startswith("mutation") and view.mutation_type is None:
        return [document]  # the view has no mutations at all, so none is looked for
    return [each.message for each in validate(view, parse(document)) if "Cannot query field" in each.message]


@pytest.mark.parametrize(("owner", "scope"), CASES)
def test_without_the_scope_its_operations_do_not_exist(owner: str, scope: ApiScope) -> None:
    everything = scopes_for(owner)
    whole, less = (
        view_with(owner, *everything),
        view_with(owner, *(each for each in everything if each != scope)),
    )
    lost = set(coordinates(whole) - coordinates(less))
    documents = documents_of(whole, lost)

    assert documents, f"{scope} opens nothing"
    for document in documents:
        assert unknown_fields(whole, document) == [], document
        assert unknown_fields(less, document) != [], document
    assert coordinates(less) < coordinates(whole)


@pytest.mark.parametrize("owner", OWNERS)
async def test_without_the_scope_they_fail_over_http(gate: Gate, owner: str) -> None:
    everything = scopes_for(owner)
    client = await gate.new_client(gate.seller if owner == "seller" else gate.parent, *everything)
    whole = await gate.token(client)
    for scope in everything:
        kept = [each for each in everything if each != scope]
        less = await gate.token(client, scope=" ".join(each.value for each in kept))
        lost = set(coordinates(view_with(owner, *everything)) - coordinates(view_with(owner, *kept)))
        document = documents_of(view_with(owner, *everything), lost)[0]

        with_it, without = (await gate.ask(whole, document)).text, (await gate.ask(less, document)).text

        assert "Cannot query field" in without, (scope, document)
        assert "Cannot query field" not in with_it, (scope, document)


# Fields and rows


async def test_customers_client_reaches_that_customer_only(gate: Gate) -> None:
    """Not even its subsidiary, which its people may see."""
    token = await gate.token(await gate.new_client(gate.parent, *scopes_for("customer")))
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    ids = [encode_id("Customer", each.id) for each in (gate.parent, gate.child, gate.stranger)]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } customers { nodes { id } } }"

    seen = await gate.data(token, document, ids=ids)
    people = await gate.data(admin, document, ids=ids)

    assert [each and each["id"] for each in seen["nodes"]] == [ids[0], None, None]
    assert [each["id"] for each in seen["customers"]["nodes"]] == [ids[0]]
    assert [each and each["id"] for each in people["nodes"]] == [ids[0], ids[1], None]


async def test_sellers_client_reaches_the_sellers_rows(gate: Gate) -> None:
    token = await gate.token(
        await gate.new_client(gate.seller, S.CUSTOMERS_READ, S.COSTS_READ, S.CATALOG_READ)
    )
    async with gate.database.job() as session:
        await make_rep(session, gate.seller)

    seen = await gate.data(
        token,
        "{ customers { totalCount } salesReps { code } products { nodes { sku standardCost { amount } } } }",
    )

    assert seen["customers"]["totalCount"] == 3
    assert len(seen["salesReps"]) == 1
    assert seen["products"]["nodes"] == [{"sku": "ACE-1", "standardCost": {"amount": "6.00"}}]


async def test_cost_written_past_our_checks_stays_hidden(gate: Gate) -> None:
    """The table refuses it, the ceiling would too."""
    from sqlalchemy.exc import IntegrityError

    client = await gate.new_client(gate.parent, S.CATALOG_READ)
    with pytest.raises(IntegrityError, match="customers_read_no_costs"):
        await gate.change(client, scopes=["catalog:read", "costs:read"])


async def test_customers_client_orders_for_its_company(gate: Gate) -> None:
    """The machine has a cart of its own, and stands in the order and its trail as who placed it."""
    client = await gate.new_client(gate.parent, *scopes_for("customer"))
    token = await gate.token(client)
    filled = await gate.data(token, """mutation { addToCart(input: {lines: [{sku: "ACE-1", quantity: "2"}]}) {
        cart { id version totals { gross { amount } } } errors { code message } } }""")  # fmt: skip
    cart = filled["addToCart"]["cart"]
    address = await gate.data(token, "{ viewer { user { id } customer { addresses { id } } } }")
    given = {"cartId": cart["id"], "expectedVersion": cart["version"],
             "expectedTotal": cart["totals"]["gross"]["amount"],
             "deliveryAddressId": address["viewer"]["customer"]["addresses"][0]["id"]}  # fmt: skip
    place = """mutation($i: PlaceOrderInput!) { placeOrder(input: $i) @idempotent(key: "erp-1") {
        order { number placedByName } errors { code message } replayed } }"""

    placed = (await gate.data(token, place, i=given))["placeOrder"]
    again = (await gate.data(await gate.token(client), place, i=given))["placeOrder"]

    assert placed["errors"] == []
    assert placed["order"]["placedByName"] == client.row.name
    assert again["replayed"] and again["order"] == placed["order"]
    assert address["viewer"]["user"] is None  # a program is no person
    audit = await gate.token(await gate.new_client(gate.seller, S.AUDIT_READ))
    trail = await gate.data(
        audit, '{ auditEvents(where: {action: {eq: "order.placed"}}) { nodes { action } } }'
    )
    assert len(trail["auditEvents"]["nodes"]) == 1


async def test_clients_manage_no_clients(gate: Gate) -> None:
    for owner, name in ((gate.seller, "seller"), (gate.parent, "customer")):
        token = await gate.token(await gate.new_client(owner, *scopes_for(name)))

        answer = await gate.ask(token, "{ apiClients { totalCount } }")

        assert "Cannot query field" in answer.text
