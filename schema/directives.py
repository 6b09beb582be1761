"""The operation directives @idempotent and @dryRun: known to the core schema, read from the field's own syntax."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DirectiveLocation,
    FieldNode,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    get_directive_values,
)
from graphql.execution.values import VariableValues

IDEMPOTENT = GraphQLDirective(
    name="idempotent",
    locations=[DirectiveLocation.FIELD],
    args={
        "key": GraphQLArgument(
            GraphQLNonNull(GraphQLString), description="Your key for this act: 1 to 255 printable characters."
        )
    },
    description=(
        "On a mutation: makes a retry safe. The same key, mutation and input act once; a repetition answers the same "
        "entity as it is now, with `replayed: true`. Another input under the same key is refused. "
        "Refusals are not kept."
    ),
)
DRY_RUN = GraphQLDirective(
    name="dryRun",
    locations=[DirectiveLocation.FIELD],
    description=(
        "On a mutation: answers what it would do, with prices, warnings and errors, and does nothing: nothing is "
        "stored, numbered, reserved or sent. It needs no key and keeps none."
    ),
)
ACT_DIRECTIVES = (IDEMPOTENT, DRY_RUN)
ACT_DIRECTIVE_NAMES = frozenset(each.name for each in ACT_DIRECTIVES)


@dataclass(frozen=True, slots=True)
class ActOptions:
    """How the client wants a mutation's field to be run."""

    key: str | None = None
    dry_run: bool = False


def add_act_directives(schema: GraphQLSchema) -> None:
    """
    Makes the directives known to validation, introspection and the printed SDL.

    Registered with Strawberry they would add a hook around every field of every document (STACK.md, 15).
    """
    known = {each.name for each in schema.directives}
    schema.directives = (*schema.directives, *(each for each in ACT_DIRECTIVES if each.name not in known))


def read_options(nodes: Sequence[FieldNode], variables: VariableValues, header_key: str | None) -> ActOptions:
    """The options on the field's nodes; the header's key stands in where the document has none."""
    key, dry_run = header_key, False
    for node in nodes:
        found = get_directive_values(IDEMPOTENT, node, variables)
        if found is not None:
            key = str(found["key"])
        dry_run = dry_run or get_directive_values(DRY_RUN, node, variables) is not None
    return ActOptions(key, dry_run)
