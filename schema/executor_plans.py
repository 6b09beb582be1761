"""The executor's short way: what a selection needs is found out once per operation, not once per object."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Iterable
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
from graphql.execution.executor import gather_with_cancel
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
        if path is None or position_context is not None:  # the roots are few, and mutations have a way of their own
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        return self._run(parent_type, self._plan(parent_type, grouped_field_set), source_value, path)

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
        resolver = definition.base_resolver
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
                field, details[0].node, self.variable_values, details[0].fragment_variable_values, self.hide_suggestions
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

    def _run(self, parent_type: GraphQLObjectType, plan: Plan, source: Any, path: Path) -> Any:
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for step in plan:
                read = step.read
                if read is not None:
                    if step.leaf is not None and not step.is_list:
                        try:
                            value = read(source)
                            value = None if value is None else step.leaf(value)
                        except Exception:
                            value = None
                        if value is not None and value is not Undefined:
                            results[step.name] = value
                            continue
                    value = self._read(parent_type, step, source, path)
                elif step.resolve is not None:
                    value = self._resolve(parent_type, step, source, path)
                else:
                    value = self._ordinary(parent_type, step, source, path)
                if value is Undefined:
                    continue
                results[step.name] = value
                if self.is_awaitable(value):
                    waiting.append(step.name)
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return self._gathered(results, waiting) if waiting else results

    async def _gathered(self, results: Any, waiting: list[Any]) -> Any:
        if len(waiting) == 1:
            results[waiting[0]] = await results[waiting[0]]
            return results
        values = await gather_with_cancel(*(results[key] for key in waiting))
        for key, value in zip(waiting, values, strict=True):
            results[key] = value
        return results

    def _ordinary(self, parent_type: GraphQLObjectType, step: Step, source: Any, path: Path) -> Any:
        return super().execute_field(
            parent_type, source, step.details, Path(path, step.name, parent_type.name), None
        )

    def _read(self, parent_type: GraphQLObjectType, step: Step, source: Any, path: Path) -> Any:
        """An attribute that is no leaf, or a leaf that is null or cannot be written."""
        try:
            value = step.read(source)  # type: ignore[misc]
        except Exception:
            return self._ordinary(parent_type, step, source, path)
        if value is None and not step.is_required:
            return None
        if not self._fits(step, value):
            return self._ordinary(parent_type, step, source, path)
        here = Path(path, step.name, parent_type.name)
        try:
            completed = self._descend(step, value, here)
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, here)
            return None
        return self._watched(step, completed, here) if self.is_awaitable(completed) else completed

    def _resolve(self, parent_type: GraphQLObjectType, step: Step, source: Any, path: Path) -> Any:
        here = Path(path, step.name, parent_type.name)
        info = None
        try:
            if step.info_name is None:
                value = step.resolve(source, **step.arguments)  # type: ignore[misc, arg-type]
            else:
                info = self._info(parent_type, step, here)
                given = {**(step.arguments or {}), step.info_name: Info(_raw_info=info, _field=step.definition)}
                value = step.resolve(source, **given)  # type: ignore[misc]
            if self.is_awaitable(value):
                if not (isinstance(value, Future) and value.done()):
                    return self._awaited(parent_type, step, value, info, here)
                value = value.result()
            completed = self._completed(parent_type, step, value, info, here)
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, here)
            return None
        return self._watched(step, completed, here) if self.is_awaitable(completed) else completed

    def _info(self, parent_type: GraphQLObjectType, step: Step, path: Path) -> Any:
        nodes = [each.node for each in step.details]
        return self.build_resolve_info(step.field, nodes, parent_type, path)

    async def _awaited(
        self, parent_type: GraphQLObjectType, step: Step, value: Awaitable[Any], info: Any, path: Path
    ) -> Any:
        try:
            completed = self._completed(parent_type, step, await value, info, path)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, path)
            return None

    async def _watched(self, step: Step, completed: Awaitable[Any], path: Path) -> Any:
        try:
            return await completed
        except Exception as raw_error:
            self.handle_field_error(raw_error, step.field.type, step.details, path)
            return None

    def _completed(
        self, parent_type: GraphQLObjectType, step: Step, value: Any, info: Any, path: Path
    ) -> Any:
        """What a resolver answered, completed by the short way where it is as expected."""
        if value is None and not step.is_required:
            return None
        if self._fits(step, value):
            return self._descend(step, value, path)
        info = info or self._info(parent_type, step, path)
        return self.complete_value(step.field.type, step.details, info, path, value, None)

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
            return not any(each is None or isinstance(each, Exception) or self.is_awaitable(each) for each in value)
        return type(value) is origin if origin is not None else not self.is_awaitable(value)

    def _descend(self, step: Step, value: Any, path: Path) -> Any:
        inner = step.inner
        assert inner is not None
        if step.plan is None:
            grouped, deferred, _ = self.collect_subfields(inner, step.details)
            assert not deferred, "there is no @defer in our schema"
            step.plan = self._plan(inner, grouped)
        if not step.is_list:
            return self._run(inner, step.plan, value, path)
        return self._descend_list(step, step.plan, value, path)

    def _descend_list(self, step: Step, plan: Plan, items: Iterable[Any], path: Path) -> Any:
        results: list[Any] = []
        waiting: list[int] = []
        type_: Any = step.field.type
        item_type = (type_.of_type if is_non_null_type(type_) else type_).of_type
        inner = step.inner
        assert inner is not None
        try:
            for index, item in enumerate(items):
                here = Path(path, index, None)
                try:
                    completed = self._run(inner, plan, item, here)
                except Exception as raw_error:
                    self.handle_field_error(raw_error, item_type, step.details, here)
                    completed = None
                if self.is_awaitable(completed):
                    completed = self._watched_item(item_type, step.details, completed, here)
                    waiting.append(index)
                results.append(completed)
        except Exception:
            if waiting:
                self.settle_in_background([results[index] for index in waiting])
            raise
        return self._gathered(results, waiting) if waiting else results

    async def _watched_item(self, item_type: Any, details: Details, completed: Awaitable[Any], path: Path) -> Any:
        try:
            return await completed
        except Exception as raw_error:
            self.handle_field_error(raw_error, item_type, details, path)
            return None
