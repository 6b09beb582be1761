"""Who may use what: the @access directive, how it is inherited, and the tests' question what lacks one."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)
from strawberry.schema_directive import Location

from auth.permissions import Permission

_BACKREF = "strawberry-definition"
_EnumClass = TypeVar("_EnumClass", bound=type[Enum])
_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def described_enum(enum: _EnumClass, description: str, values: Mapping[str, str]) -> _EnumClass:
    """
    Makes a plain Enum of rules or models one of the schema, each value described.

    Args:
        values: member name -> description; a missing or surplus name is an error at import.
    """
    if set(values) != set(enum.__members__):
        raise TypeError(
            f"{enum.__name__}: describe exactly its members: {set(values) ^ set(enum.__members__)}"
        )
    strawberry.enum(enum, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return enum


def _words(permission: Permission) -> str:
    subject, _, act = permission.value.partition(":")
    return f"May {act or 'act as'}: {subject.replace('-', ' ')}."


described_enum(
    Permission,
    "One thing a viewer may do. Which rows a permission reaches belongs to the viewer's role.",
    {each.name: _words(each) for each in Permission},
)


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.INTERFACE, Location.FIELD_DEFINITION, Location.INPUT_OBJECT,
               Location.INPUT_FIELD_DEFINITION],
    name="access",
    description=(
        "Who may use this: viewers who hold any one of the permissions. For everybody else it does not exist. "
        "A field without it is as accessible as its type; a field with it needs both."
    ),
)  # fmt: skip
class Access:
    to: list[Permission] = strawberry.directive_field(name="to")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="keyRequired",
    description="This mutation moves money or goods: it needs @idempotent(key:) or the Idempotency-Key header.",
)
class KeyRequired:
    """A directive without arguments."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many objects this list holds at most; the cost of a document is counted with it.",
)
class ListSize:
    most: int = strawberry.directive_field(name="most")
    by: str | None = strawberry.directive_field(name="by", default=strawberry.UNSET)


# Strawberry has no way to describe a directive's arguments: the descriptions are put on the core schema.
ARGUMENT_DESCRIPTIONS = {
    ("access", "to"): "Any one of these suffices.",
    ("listSize", "most"): "The largest number of objects.",
    ("listSize", "by"): "The argument that is a list of as many; null: the largest number is counted.",
}


def describe_arguments(schema: GraphQLSchema) -> None:
    for directive in schema.directives:
        for name, argument in directive.args.items():
            argument.description = argument.description or ARGUMENT_DESCRIPTIONS.get((directive.name, name))


def access(*permissions: Permission) -> Access:
    """`directives=[access(P.ORDERS_READ)]`; any one of several permissions suffices."""
    if not permissions:
        raise TypeError("Name at least one permission.")
    return Access(to=list(permissions))


def key_required() -> KeyRequired:
    return KeyRequired()


def list_size(most: int, by: str | None = None) -> ListSize:
    """`by` names an argument that is a list: the field answers as many as it has, `most` at most."""
    return ListSize(most=most) if by is None else ListSize(most=most, by=by)


def definition_of(element: Any) -> Any:
    """The Strawberry definition behind an element of the core schema; None where there is none."""
    return element.extensions.get(_BACKREF)


def directive_of(element: Any, kind: type[Any]) -> Any:
    """The element's own schema directive of this class; None without one."""
    definition = definition_of(element)
    directives = getattr(definition, "directives", None) or ()
    return next((each for each in directives if isinstance(each, kind)), None)


def access_of(element: Any) -> frozenset[Permission] | None:
    """The permissions of which any one suffices, as declared on this element itself; None when undeclared."""
    declared = directive_of(element, Access)
    return None if declared is None else frozenset(declared.to)


def access_of_type(named_type: GraphQLNamedType) -> frozenset[Permission] | None:
    """A type's access; connections and edges have that of their node."""
    declared = access_of(named_type)
    if declared is not None:
        return declared
    node = node_type_of(named_type)
    return None if node is None else access_of_type(node)


def node_type_of(named_type: GraphQLNamedType) -> GraphQLNamedType | None:
    """The type a connection or an edge is made of; None for any other type."""
    concrete_of = getattr(definition_of(named_type), "concrete_of", None)
    if concrete_of is None or not isinstance(named_type, GraphQLObjectType):
        return None
    field = named_type.fields.get("node") or named_type.fields.get("nodes")
    return None if field is None else get_named_type(field.type)


def may_use(held: frozenset[Permission], element: Any) -> bool:
    """Whether holders of these permissions pass a type or field; what is undeclared is left to what encloses it."""
    declared = access_of_type(element) if isinstance(element, GraphQLNamedType) else access_of(element)
    return declared is None or not held.isdisjoint(declared)


def _own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for named_type in schema.type_map.values():
        if not is_introspection_type(named_type) and not is_specified_scalar_type(named_type):
            yield named_type


Fielded = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)


def undeclared(schema: GraphQLSchema) -> list[str]:
    """The coordinates without an access of their own or of their type; a root field needs its own."""
    missing = []
    for named_type in _own_types(schema):
        if isinstance(named_type, Fielded) and access_of_type(named_type) is None:
            missing += [f"{named_type.name}.{name}" for name, field in named_type.fields.items()
                        if access_of(field) is None]  # fmt: skip
    return sorted(missing)


def undescribed(schema: GraphQLSchema) -> list[str]:
    """The coordinates without a description: types, fields, arguments, input fields, enum values, directives."""
    missing = []
    for named_type in _own_types(schema):
        if not named_type.description and named_type.name not in _ROOTS:
            missing.append(named_type.name)
        if isinstance(named_type, GraphQLEnumType):
            missing += [f"{named_type.name}.{name}" for name, value in named_type.values.items()
                        if not value.description]  # fmt: skip
        if isinstance(named_type, Fielded):
            for name, field in named_type.fields.items():
                missing += _undescribed_field(f"{named_type.name}.{name}", field)
    for directive in schema.directives:
        if not is_specified_directive(directive):
            missing += [] if directive.description else [f"@{directive.name}"]
            missing += [
                f"@{directive.name}({name}:)" for name, arg in directive.args.items() if not arg.description
            ]
    return sorted(missing)


def _undescribed_field(coordinate: str, field: Any) -> list[str]:
    missing = [] if field.description else [coordinate]
    if isinstance(field, GraphQLField):
        missing += [
            f"{coordinate}({name}:)" for name, argument in field.args.items() if not argument.description
        ]
    return missing
