"""The role matrix as a page (docs/ROLES.md), printed from the grants and from each role's view of the schema."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
)

from auth.permissions import ROLE_GRANTS, Permission, Role

ROLES_FILE = Path(__file__).parent.parent / "docs" / "ROLES.md"

_HEAD = """# Roles

This page is printed by `./ventas roles` from `auth/permissions.py` and from the `@access` of each element of the
schema; a test compares. What a role may not use does not exist for it: not in validation, introspection or GraphiQL.

Buyer, approver, company admin and customer's integrator are held in one company, the others at the seller. A user
with several roles has the union, with the wider rows where two roles hold one permission.

## What a role may do, and with which rows

SELF: the viewer's own · COMPANY: of the company they act for · TERRITORY, TEAM: of the customers that they, their
team or their territories have · ALL: everybody's. A company can let its buyers read each other's orders
(`orders:read` becomes COMPANY), and the seller can let parents read what their subsidiaries do (customers, orders and
sales history become DESCENDANTS; acts stay COMPANY). See AUTH.md.
"""
_FIELDS = """
## Which fields exist for a role

One row per set of roles: the fields that exist for exactly these, input fields included. Connections and edges are
left out: they are as accessible as what they are made of.
"""
_SHORT = {
    Role.BUYER: "Buyer",
    Role.APPROVER: "Approver",
    Role.COMPANY_ADMIN: "Company admin",
    Role.CUSTOMER_INTEGRATOR: "Customer's integrator",
    Role.SALES_REP: "Rep",
    Role.SALES_MANAGER: "Manager",
    Role.LOGISTICS: "Logistics",
    Role.FINANCE: "Finance",
    Role.INTEGRATOR: "Integrator",
    Role.ADMINISTRATOR: "Administrator",
}


def coordinates(view: GraphQLSchema) -> frozenset[str]:
    """`Type.field` of everything in a view of the schema that has fields, inputs included."""
    return frozenset(
        f"{named.name}.{name}"
        for named in view.type_map.values()
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        and not is_introspection_type(named)
        for name in named.fields
    )


def matrix_page(views: Mapping[Role, GraphQLSchema]) -> str:
    """
    The whole page.

    Args:
        views: what each role sees of the schema, alone.
    """
    held = {role: coordinates(view) for role, view in views.items()}
    return _HEAD + "\n" + _permissions_table() + _FIELDS + "\n" + _fields_table(held)


def _permissions_table() -> str:
    rows = [["permission", *_SHORT.values()], ["---"] * (len(_SHORT) + 1)]
    for permission in sorted(Permission, key=lambda each: each.value):
        scopes = (ROLE_GRANTS[role].get(permission) for role in _SHORT)
        rows.append([f"`{permission.value}`", *(scope.value if scope else "-" for scope in scopes)])
    return _table(rows)


def _fields_table(held: Mapping[Role, frozenset[str]]) -> str:
    by_roles: dict[tuple[Role, ...], list[str]] = {}
    for coordinate in sorted(frozenset().union(*held.values())):
        if coordinate.partition(".")[0].endswith(("Connection", "Edge")):
            continue
        roles = tuple(role for role in _SHORT if coordinate in held[role])
        by_roles.setdefault(roles, []).append(coordinate)
    rows = [["roles", "fields"], ["---", "---"]]
    for roles in sorted(by_roles, key=lambda each: (-len(each), [list(_SHORT).index(role) for role in each])):
        names = "all roles" if len(roles) == len(_SHORT) else ", ".join(_SHORT[role] for role in roles)
        rows.append([names, " · ".join(_by_type(by_roles[roles]))])
    return _table(rows)


def _by_type(sorted_coordinates: Iterable[str]) -> list[str]:
    """`Order: number, status`; a type's fields together."""
    fields: dict[str, list[str]] = {}
    for coordinate in sorted_coordinates:
        name, _, field = coordinate.partition(".")
        fields.setdefault(name, []).append(field)
    return [f"**{name}**: {', '.join(names)}" for name, names in fields.items()]


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
