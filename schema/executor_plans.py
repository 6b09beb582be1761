"""The executor's short way: what a selection needs is found out once per operation, not once per object."""

from asyncio import gather
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from schema.access import definition_of

Details = list[FieldDetails]
Plan = list["Step"]


@dataclass(slots=True)
class Step:
    """
    One field of a selection. `read` takes the attribute of a field without a resolver, `resolve` calls a
    resolver; a step with neither goes the ordinary way. `leaf` writes a scalar; `inner` is the object type below.
    """

    name: str
    field: GraphQLField
    details: Details
    definition: StrawberryField
    read: Callable[[Any], Any] | None = None
    resolve: Callable[..., Any] | None = None
    arguments: dict[str, Any] | None = None
    info_name: str | None = None
    leaf: Callable[[Any], Any] | None = None
    inner: GraphQLObjectType | None = None
    origin: type | None = None  # the only class whose objects need no further test
    is_list: bool = False
    is_required: bool = False
    plan: Plan | None = None


@dataclass(slots=True)
class Place:
    """Where a value of the answer goes, and the place that turns null where this one may not."""

    container: Any
    key: Any
    type: Any
    details: Details
    path: Path
    above: "Place | None"


@dataclass(slots=True)
class Awaited:
    """Something to wait for: with a step what its resolver answers, otherwise what graphql-core completes."""

    value: Awaitable[Any]
    place: Place
    step: Step | None = None
    parent_type: GraphQLObjectType | None = None
    info: Any = None


Waiting = list[Awaited]
_LATER = object()


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """
    graphql-core's executor with a short way through fields as nearly all are.

    A field that reads an attribute, or whose resolver takes itself, `info` and plain arguments, is carried out
    without Strawberry's wrappers and, where nothing asks for it, without a path and an `info`. Whatever is out of
    the ordinary (null where there may be none, another class than expected, an interface, an error) is handed to
    graphql-core, which does it again from the beginning or goes on from there: it stays the only one that knows
    how errors are made. tests/schema/core/test_executor_plans.py compares both ways.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, tuple[Any, Plan]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Details],
        position_context: Any,
    ) -> Any:
        if (
            path is None or position_context is not None
        ):  # the roots are few, and mutations have a way of their own
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        later: Waiting = []
        results = self._run(
            parent_type, self._plan(parent_type, grouped_field_set), source_value, path, later, None
        )
        return self._settle(results, later) if later else results

    def _plan(self, parent_type: GraphQLObjectType, grouped: dict[str, Details]) -> Plan:
        found = self._plans.get(id(grouped))
        if found is None:
            steps = [self._step(parent_type, name, details) for name, details in grouped.items()]
            # The dictionary is kept with its plan, so that its id is nobody else's meanwhile.
            found = self._plans[id(grouped)] = (grouped, [each for each in steps if each is not None])
        return found[1]

    def _step(self, parent_type: GraphQLObjectType, name: str, details: Details) -> Step | None:
        node = details[0].node
        field = self.schema.get_field(parent_type, node.name.value)
        if field is None:
            return None
        definition = definition_of(field)
        step = Step(name, field, details, definition)
        if not isinstance(definition, StrawberryField) or definition.extensions:
            return step
        resolver: Any = definition.base_resolver
        if resolver is None:
            step.read = None if field.args else attrgetter(definition.python_name)
        elif resolver.self_parameter and not (resolver.parent_parameter or resolver.root_parameter):
            step.arguments = self._plain_arguments(step, details)
            if step.arguments is not None:
                step.resolve = resolver.wrapped_func
                step.info_name = resolver.info_parameter.name if resolver.info_parameter else None
        self._describe_value(step)
        return step

    def _plain_arguments(self, step: Step, details: Details) -> dict[str, Any] | None:
        """The arguments where all are scalars, which no resolver can change: the same for every object."""
        field = step.field
        if not field.args:
            return {}
        for each in field.args.values():
            if not is_leaf_type(each.type.of_type if is_non_null_type(each.type) else each.type):
                return None
        try:
            given = get_argument_values(
                field,
                details[0].node,
                self.variable_values,
                details[0].fragment_variable_values,
                self.hide_suggestions,
            )
        except Exception:
            return None  # the ordinary way finds the same error, and places it
        schema = self.schema._strawberry_schema  # type: ignore[attr-defined]
        return convert_arguments(
            given,
            step.definition.arguments,
            config=schema.config,
            scalar_registry=schema.schema_converter.scalar_registry,
        )

    @staticmethod
    def _describe_value(step: Step) -> None:
        type_: Any = step.field.type
        if is_non_null_type(type_):
            step.is_required, type_ = True, type_.of_type
        if is_list_type(type_):
            step.is_list = True
            type_ = type_.of_type.of_type if is_non_null_type(type_.of_type) else type_.of_type
        if is_leaf_type(type_):
            step.leaf = type_.coerce_output_value
        elif is_object_type(type_):
            step.inner = type_
            step.origin = getattr(definition_of(type_), "origin", None) if type_.is_type_of else None

    def _run(
        self,
        parent_type: GraphQLObjectType,
        plan: Plan,
        source: Any,
        path: Path,
        later: "Waiting",
        above: Any,
    ) -> dict[str, Any]:
        """The object's fields; what has to be waited for goes to `later` and is put into place afterwards."""
        results: dict[str, Any] = {}
        for step in plan:
            read = step.read
            if read is not None and step.leaf is not None and not step.is_list:
                try:
                    value = read(source)
                    value = None if value is None else step.leaf(value)
                except Exception:
                    value = None
                if value is not None and value is not Undefined:
                    results[step.name] = value
                    continue
            place = Place(
                results,
                step.name,
                step.field.type,
                step.details,
                Path(path, step.name, parent_type.name),
                above,
            )
            results[step.name] = None  # keeps the order of the answer
            if read is not None:
                value = self._read(parent_type, step, source, place, later)
            elif step.resolve is not None:
                value = self._resolve(parent_type, step, source, place, later)
            else:
                value = super().execute_field(parent_type, source, step.details, place.path, None)
            if value is Undefined:
                del results[step.name]
            elif value is not _LATER:
                if self.is_awaitable(value):
                    later.append(Awaited(value, place))
                else:
                    results[step.name] = value
        return results

    async def _settle(self, results: Any, later: "Waiting") -> Any:
        """
        Waits for all that is open at once, goes on with it, and waits for what that opened, until nothing is open.

        So the loaders of a level have all their keys before one is asked, and a future costs no task.
        """
        while later:
            values = await gather(*(each.value for each in later), return_exceptions=True)
            following: Waiting = []
            for each, value in zip(later, values, strict=True):
                place = each.place
                try:
                    if isinstance(value, BaseException):
                        raise value
                    if each.step is not None:
                        value = self._completed(
                            each.parent_type, each.step, value, each.info, place, following
                        )
                        if self.is_awaitable(value):
                            following.append(Awaited(value, place))
                            continue
                    place.container[place.key] = value
                except Exception as raw_error:
                    self._fail(place, raw_error)
            later = following
        return results

    def _fail(self, place: "Place | None", error: Exception) -> None:
        """Null at the nearest place that may be null; beyond this selection it is graphql-core's to find."""
        while place is not None:
            try:
                self.handle_field_error(error, place.type, place.details, place.path)
            except Exception as located:
                error, place = located, place.above
            else:
                place.container[place.key] = None
                return
        raise error

    def _read(
        self, parent_type: GraphQLObjectType, step: Step, source: Any, place: "Place", later: "Waiting"
    ) -> Any:
        """An attribute that is no leaf, or a leaf that is null or cannot be written."""
        try:
            value = step.read(source)  # type: ignore[misc]
            if value is None and not step.is_required:
                return None
            fits = self._fits(step, value)
        except Exception:
            fits = False
        if not fits:
            return super().execute_field(parent_type, source, step.details, place.path, None)
        try:
            return self._descend(step, value, place, later)
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, place.path)
            return None

    def _resolve(
        self, parent_type: GraphQLObjectType, step: Step, source: Any, place: "Place", later: "Waiting"
    ) -> Any:
        info = None
        try:
            if step.info_name is None:
                value = step.resolve(source, **step.arguments)  # type: ignore[misc, arg-type]
            else:
                info = self._info(parent_type, step, place.path)
                given = {
                    **(step.arguments or {}),
                    step.info_name: Info(_raw_info=info, _field=step.definition),
                }
                value = step.resolve(source, **given)  # type: ignore[misc]
            if self.is_awaitable(value):
                later.append(Awaited(value, place, step, parent_type, info))
                return _LATER
            return self._completed(parent_type, step, value, info, place, later)
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, place.path)
            return None

    def _info(self, parent_type: GraphQLObjectType, step: Step, path: Path) -> Any:
        return self.build_resolve_info(step.field, [each.node for each in step.details], parent_type, path)

    def _completed(
        self, parent_type: Any, step: Step, value: Any, info: Any, place: "Place", later: "Waiting"
    ) -> Any:
        """What a resolver answered, completed by the short way where it is as expected."""
        if value is None and not step.is_required:
            return None
        if self._fits(step, value):
            return self._descend(step, value, place, later)
        info = info or self._info(parent_type, step, place.path)
        return self.complete_value(step.field.type, step.details, info, place.path, value, None)

    def _fits(self, step: Step, value: Any) -> bool:
        """Whether the value is an object of the one class, or a list of them: nothing to be tested further."""
        if step.inner is None or value is None or isinstance(value, Exception):
            return False
        origin = step.origin
        if step.is_list:
            if type(value) is not list:
                return False
            if origin is not None:
                return all(type(each) is origin for each in value)
            return not any(
                each is None or isinstance(each, Exception) or self.is_awaitable(each) for each in value
            )
        return type(value) is origin if origin is not None else not self.is_awaitable(value)

    def _descend(self, step: Step, value: Any, place: "Place", later: "Waiting") -> Any:
        inner = step.inner
        assert inner is not None
        if step.plan is None:
            grouped, deferred, _ = self.collect_subfields(inner, step.details)
            assert not deferred, "there is no @defer in our schema"
            step.plan = self._plan(inner, grouped)
        if not step.is_list:
            return self._run(inner, step.plan, value, place.path, later, place)
        type_: Any = step.field.type
        item_type = (type_.of_type if step.is_required else type_).of_type
        results: list[Any] = [None] * len(value)
        for index, item in enumerate(value):
            item_place = Place(results, index, item_type, step.details, Path(place.path, index, None), place)
            try:
                results[index] = self._run(inner, step.plan, item, item_place.path, later, item_place)
            except Exception as raw_error:
                self.handle_field_error(raw_error, item_type, step.details, item_place.path)
        return results
