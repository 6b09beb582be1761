"""Views of the schema: the full schema without what a set of permissions does not reach."""

from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
)

from auth.permissions import Permission

VIEWS_MAX = 64

MayUse = Callable[[frozenset[Permission], Any], bool]
Held = frozenset[Permission]


def _fielded(named: GraphQLNamedType) -> bool:
    return isinstance(named, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)) and not (
        is_introspection_type(named)
    )


class _Builder:
    """Rebuilds the types of one view; a field goes with its type, and a type goes when no field is left."""

    def __init__(self, full: GraphQLSchema, held: Held, may_use: MayUse) -> None:
        self.full = full
        self.held = held
        self.types: dict[str, GraphQLNamedType] = {}
        # Type name -> its fields in this view; a type that is not in the view has none.
        self.kept: dict[str, dict[str, Any]] = {}
        for name, named in full.type_map.items():
            if _fielded(named):
                fields = cast(Any, named).fields if may_use(held, named) else {}
                self.kept[name] = {each: field for each, field in fields.items() if may_use(held, field)}
                if self._unwritable(named):
                    self.kept[name] = {}
        while self._drop_dangling():
            pass

    def _unwritable(self, named: GraphQLNamedType) -> bool:
        """An input one of whose required fields is gone cannot be written."""
        return isinstance(named, GraphQLInputObjectType) and any(
            is_required_input_field(field) and name not in self.kept[named.name]
            for name, field in named.fields.items()
        )

    def _drop_dangling(self) -> bool:
        """Takes away fields whose type, or type of a required argument, is gone; says whether it took any."""
        changed = False
        for name, fields in self.kept.items():
            dangling = [each for each, field in fields.items() if self._dangles(field)]
            for each in dangling:
                del fields[each]
            if dangling and self._unwritable(self.full.type_map[name]):
                fields.clear()
            changed = changed or bool(dangling)
        return changed

    def _dangles(self, field: Any) -> bool:
        arguments = field.args.values() if isinstance(field, GraphQLField) else ()
        return self.gone(field.type) or any(
            is_required_argument(each) and self.gone(each.type) for each in arguments
        )

    def gone(self, type_: Any) -> bool:
        named = get_named_type(type_)
        if isinstance(named, GraphQLUnionType):
            return all(self.gone(member) for member in named.types)
        return named.name in self.kept and not self.kept[named.name]

    def mapped(self, type_: Any) -> Any:
        """The view's counterpart of a type, wrapped alike."""
        if isinstance(type_, GraphQLNonNull):
            return GraphQLNonNull(self.mapped(type_.of_type))
        if isinstance(type_, GraphQLList):
            return GraphQLList(self.mapped(type_.of_type))
        return self.named(type_)

    def named(self, named: GraphQLNamedType) -> GraphQLNamedType:
        if named.name in self.types:
            return self.types[named.name]
        if isinstance(named, GraphQLEnumType) and named.name == Permission.__name__:
            return self._permissions(named)
        if not (_fielded(named) or isinstance(named, GraphQLUnionType)):
            return named  # scalars, other enums and introspection are the same for everybody
        made = copy(named)
        self.types[named.name] = made  # before its fields: types refer to each other
        if isinstance(named, GraphQLUnionType):
            self._fill_union(cast(GraphQLUnionType, made), named)
        elif isinstance(named, GraphQLInputObjectType):
            _set(made, fields={name: self._input_field(each) for name, each in self.kept[named.name].items()})
        else:
            interfaces = cast(GraphQLObjectType, named).interfaces
            _set(
                made,
                fields={name: self._field(each) for name, each in self.kept[named.name].items()},
                interfaces=tuple(self.named(each) for each in interfaces if not self.gone(each)),
            )
        return made

    def _permissions(self, named: GraphQLEnumType) -> GraphQLEnumType:
        """Of the permissions a view names those that its holder has: the others tell what there is besides."""
        # Strawberry's enum types cannot be copied by copy(): their constructor asks for more.
        made = self.types[named.name] = object.__new__(type(named))
        known = {name: value for name, value in vars(named).items() if name != "_value_lookup"}
        held = {name: each for name, each in named.values.items() if Permission[name] in self.held}
        _set(made, **known | {"values": held})
        return made

    def _directive(self, directive: GraphQLDirective) -> GraphQLDirective:
        made = copy(directive)
        made.args = {name: self._argument(each) for name, each in directive.args.items()}
        return made

    def _fill_union(self, made: GraphQLUnionType, named: GraphQLUnionType) -> None:
        _set(made, types=tuple(self.named(each) for each in named.types if not self.gone(each)))
        resolve = named.resolve_type
        if resolve is not None:
            # Strawberry compares the union's types by identity: show it the one that it made.
            made.resolve_type = lambda value, info, _view: resolve(value, info, named)

    def _field(self, field: GraphQLField) -> GraphQLField:
        made = copy(field)
        made.type = self.mapped(field.type)
        made.args = {
            name: self._argument(each) for name, each in field.args.items() if not self.gone(each.type)
        }
        return made

    def _argument(self, argument: GraphQLArgument) -> GraphQLArgument:
        made = copy(argument)
        made.type = self.mapped(argument.type)
        return made

    def _input_field(self, field: GraphQLInputField) -> GraphQLInputField:
        made = copy(field)
        made.type = self.mapped(field.type)
        return made

    def build(self) -> GraphQLSchema:
        full = self.full
        query, mutation, subscription = (
            None if root is None or self.gone(root) else cast(GraphQLObjectType, self.named(root))
            for root in (full.query_type, full.mutation_type, full.subscription_type)
        )
        # Types that only an interface leads to have to be named.
        implementations = [
            self.named(each)
            for each in full.type_map.values()
            if isinstance(each, GraphQLObjectType)
            and _fielded(each)
            and each.interfaces
            and not self.gone(each)
        ]
        return GraphQLSchema(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=implementations,
            directives=[self._directive(each) for each in full.directives],
            extensions=dict(full.extensions),
            description=full.description,
            assume_valid=True,
        )


def _set(element: Any, **values: Any) -> None:
    """Puts values in place of graphql-core's cached properties, which would compute the full type's."""
    for name, value in values.items():
        element.__dict__[name] = value


def build_view(full: GraphQLSchema, held: Held, may_use: MayUse) -> GraphQLSchema:
    """
    The schema as holders of these permissions know it.

    Args:
        may_use: whether the permissions pass a type or field of the full schema, by what is declared on it.
    """
    view = _Builder(full, held, may_use).build()
    source = getattr(full, "_strawberry_schema", None)
    if source is not None:
        shallow = copy(source)
        shallow._schema = view
        view._strawberry_schema = shallow  # type: ignore[attr-defined]
    return view


class Views:
    """The views last used, one per set of permissions."""

    def __init__(self, full: GraphQLSchema, may_use: MayUse) -> None:
        self._full = full
        self._may_use = may_use
        self._views: OrderedDict[Held, GraphQLSchema] = OrderedDict()

    def view(self, held: Held) -> GraphQLSchema:
        if held in self._views:
            self._views.move_to_end(held)
            return self._views[held]
        made = build_view(self._full, held, self._may_use)
        self._views[held] = made
        if len(self._views) > VIEWS_MAX:
            self._views.popitem(last=False)
        return made
