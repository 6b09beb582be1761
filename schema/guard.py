"""The document guard: depth, aliases, directives, root fields and cost, decided before the validation rules run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from resolvers.paging import PAGE_SIZE, PAGE_SIZE_MAX
from schema.access import ListSize, directive_of
from schema.directives import ACT_DIRECTIVE_NAMES

TOKENS_MAX = 2_000
DEPTH_MAX = 12
ALIASES_MAX = 30
DIRECTIVES_MAX = 40
ROOT_FIELDS_MAX = 10
COST_MAX = 32_020  # four times the dearest portal document; tests/schema/test_costs.py holds it
LIST_SIZE = 10  # of a list that says nothing
INTROSPECTION_LISTS_MAX = 3  # types, their fields, their arguments
_INTROSPECTION_LISTS = frozenset(
    {"types", "fields", "args", "inputFields", "enumValues", "possibleTypes", "interfaces"}
)
_TRANSPARENT = frozenset({"edges", "nodes", "node"})
# Written in a document these decode to NUL, which the database refuses.
_NUL_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")
# Python refuses to read integers of 4,300 digits and more, and nobody orders that many.
_LONG_NUMBER = re.compile(r"[0-9]{400}")


class LimitError(GraphQLError):
    """A document past one of the limits, or not fit to be looked at; `code` tells which kind."""

    def __init__(self, message: str, code: str = "LIMIT", limit: str | None = None) -> None:
        super().__init__(message, extensions={"code": code} | ({} if limit is None else {"limit": limit}))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a document costs; `varies` where its variables say how large its lists are."""

    requested: int
    varies: bool = False


@dataclass(frozen=True, slots=True)
class _Weight:
    """What a selection adds, all its fragments spread."""

    depth: int = 0
    cost: int = 0
    lists: int = 0


@dataclass(slots=True)
class _Guard:
    schema: GraphQLSchema
    variables: Mapping[str, Any]
    fragments: dict[str, FragmentDefinitionNode]
    memory: dict[tuple[str, bool], _Weight] = field(default_factory=dict)
    open: set[tuple[str, bool]] = field(default_factory=set)
    varies: bool = False

    def weigh(
        self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None, meta: bool
    ) -> _Weight:
        """`meta` is within introspection, where only nested lists are counted."""
        depth = cost = lists = 0
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                weight = self.weigh_field(node, parent, meta)
            elif isinstance(node, InlineFragmentNode):
                inner = (
                    parent if node.type_condition is None else self.type_named(node.type_condition.name.value)
                )
                weight = self.weigh(node.selection_set, inner, meta)
            else:
                assert isinstance(node, FragmentSpreadNode)
                weight = self.weigh_fragment(node.name.value, meta)
            depth, cost, lists = max(depth, weight.depth), cost + weight.cost, max(lists, weight.lists)
        return _Weight(depth, cost, lists)

    def weigh_fragment(self, name: str, meta: bool) -> _Weight:
        """Each fragment is walked once, however often it is spread."""
        fragment = self.fragments.get(name)
        if fragment is None:
            return _Weight()
        key = (name, meta)
        if key in self.open:
            raise LimitError(f'The fragment "{name}" spreads itself.', "GRAPHQL_VALIDATION_FAILED")
        if key not in self.memory:
            self.open.add(key)
            inner = self.type_named(fragment.type_condition.name.value)
            self.memory[key] = self.weigh(fragment.selection_set, inner, meta)
            self.open.discard(key)
        return self.memory[key]

    def weigh_field(self, node: FieldNode, parent: GraphQLNamedType | None, meta: bool) -> _Weight:
        name = node.name.value
        if meta or name in ("__schema", "__type"):
            inner = self.weigh(node.selection_set, None, True)
            return _Weight(0, 1, inner.lists + (name in _INTROSPECTION_LISTS))
        definition = None
        if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            definition = parent.fields.get(name)
        named = None if definition is None else get_named_type(definition.type)
        inner = self.weigh(node.selection_set, named, False)
        if node.selection_set is None:
            return _Weight(1, 0)
        if name in _TRANSPARENT and _is_paged(parent):
            return inner
        if name == "pageInfo":
            return _Weight(inner.depth + 1, 0, inner.lists)
        size = 1 if definition is None else self.size(node, definition)
        paged = is_composite_type(named) and _is_paged(named)
        return _Weight(
            inner.depth + 1, size * ((0 if paged else 1) + inner.cost) + (size if paged else 0), inner.lists
        )

    def size(self, node: FieldNode, definition: Any) -> int:
        """How many objects a field can hold: `first` or `last`, the declared size of a list, one."""
        asked = [each for each in node.arguments or () if each.name.value in ("first", "last")]
        if asked:
            return max(self.number(each.value) for each in asked)
        if "first" in definition.args:
            return PAGE_SIZE
        type_ = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        if is_list_type(type_):
            declared = directive_of(definition, ListSize)
            if declared is not None and declared.by:
                return self.length(node, declared)
            return LIST_SIZE if declared is None else int(declared.most)
        return 1

    def length(self, node: FieldNode, declared: ListSize) -> int:
        """How many the argument lists that the size goes by; a single value counts as a list of one."""
        value = next((each.value for each in node.arguments or () if each.name.value == declared.by), None)
        if isinstance(value, VariableNode):
            self.varies = True
            found = self.variables.get(value.name.value)
            return min(max(len(found), 1), declared.most) if isinstance(found, list) else 1
        return min(max(len(value.values), 1), declared.most) if isinstance(value, ListValueNode) else 1

    def number(self, value: Any) -> int:
        found: Any = None
        if isinstance(value, IntValueNode):
            found = int(value.value)
        elif isinstance(value, VariableNode):
            self.varies = True
            found = self.variables.get(value.name.value)
        if not isinstance(found, int) or isinstance(found, bool):
            return PAGE_SIZE_MAX
        return min(max(found, 1), PAGE_SIZE_MAX)

    def type_named(self, name: str) -> GraphQLNamedType | None:
        return self.schema.get_type(name)


def _is_paged(named: GraphQLNamedType | None) -> bool:
    return named is not None and named.name.endswith(("Connection", "Edge"))


@dataclass(slots=True)
class _Counts:
    """What is counted as written, fragments not spread."""

    aliases: int = 0
    directives: int = 0
    misplaced: str | None = None

    def walk(self, selections: SelectionSetNode | None, may_act: bool) -> None:
        seen: set[str] = set()
        for node in () if selections is None else selections.selections:
            for directive in node.directives or ():
                self.directives += 1
                if directive.name.value in ACT_DIRECTIVE_NAMES and not (
                    may_act and isinstance(node, FieldNode)
                ):
                    self.misplaced = directive.name.value
            if isinstance(node, FieldNode):
                shown = (node.alias or node.name).value
                # A field asked for twice costs the overlap rule what an alias costs: it counts as one.
                self.aliases += node.alias is not None or shown in seen
                seen.add(shown)
                self.walk(node.selection_set, False)
            elif isinstance(node, InlineFragmentNode):
                self.walk(node.selection_set, may_act)


def _count(document: DocumentNode) -> _Counts:
    counts = _Counts()
    for definition in document.definitions:
        counts.directives += len(getattr(definition, "directives", None) or ())
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                counts.directives += len(variable.directives or ())
            counts.walk(definition.selection_set, definition.operation is OperationType.MUTATION)
        elif isinstance(definition, FragmentDefinitionNode):
            counts.walk(definition.selection_set, definition.type_condition.name.value == "Mutation")
    return counts


def _root_fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> int:
    total = 0
    for node in selections.selections:
        if isinstance(node, FieldNode):
            total += 1
        elif isinstance(node, InlineFragmentNode):
            total += _root_fields(node.selection_set, fragments, seen)
        elif (
            isinstance(node, FragmentSpreadNode)
            and node.name.value in fragments
            and node.name.value not in seen
        ):
            seen.add(node.name.value)
            total += _root_fields(fragments[node.name.value].selection_set, fragments, seen)
    return total


def _at_most(what: str, name: str, found: int, most: int) -> None:
    if found > most:
        raise LimitError(f"The document has {found:,} {what}; at most {most:,} are allowed.", limit=name)


def check_text(text: str) -> None:
    """What can be seen without parsing."""
    if _NUL_ESCAPE.search(text):
        raise LimitError("A text cannot contain the character NUL.", "BAD_REQUEST")
    if _LONG_NUMBER.search(text):
        raise LimitError("A number in the document is longer than 400 digits.", "BAD_REQUEST")


def guard(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    cost_max: int = COST_MAX,
) -> Cost:
    """
    The cost of an operation, in time linear in its text.

    Raises:
        LimitError: it is past one of the limits of API.md; the message says which and by how much.
    """
    try:
        return _guard(schema, document, operation, variables, cost_max)
    except RecursionError:
        raise LimitError("The document is nested too deeply.", limit="depth") from None


def _guard(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    cost_max: int,
) -> Cost:
    counts = _count(document)
    _at_most("aliases and repeated fields", "aliases", counts.aliases, ALIASES_MAX)
    _at_most("directives", "directives", counts.directives, DIRECTIVES_MAX)
    if counts.misplaced is not None:
        raise LimitError(
            f"@{counts.misplaced} belongs on a root field of a mutation.", "GRAPHQL_VALIDATION_FAILED"
        )
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    _at_most(
        "root fields", "rootFields", _root_fields(operation.selection_set, fragments, set()), ROOT_FIELDS_MAX
    )
    watch = _Guard(schema, variables, fragments)
    weight = watch.weigh(operation.selection_set, schema.get_root_type(operation.operation), False)
    for name in fragments:
        watch.weigh_fragment(name, False)  # unused ones too: validation walks them
    _at_most("levels", "depth", weight.depth, DEPTH_MAX)
    if weight.lists > INTROSPECTION_LISTS_MAX:
        raise LimitError("The introspection asks for lists inside lists inside lists.", limit="introspection")
    if weight.cost > cost_max:
        message = (
            f"The document can reach {weight.cost:,} objects; at most {cost_max:,} are allowed. Ask for less."
        )
        raise LimitError(message, limit="cost")
    return Cost(weight.cost, watch.varies)
