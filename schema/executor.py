"""The executor: each root field of a mutation is one act, completed whole inside its transaction."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    is_non_null_type,
    located_error,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from resolvers.context import Context, Database
from resolvers.runner import ActKey, Done, Refused, Stored, check_key, fresh_context, hash_input, run_act
from rules.refusals import ErrorCode, Refusal
from schema.access import KeyRequired, definition_of, directive_of
from schema.directives import read_options
from schema.executor_plans import PlannedExecutor
from schema.payloads import Payload, Warning, user_errors


@dataclass(frozen=True, slots=True)
class Acting:
    """
    What the executor needs of a request beyond the context: where acts are stored, and the header's key.

    `refused` collects the codes of refusals, which the answer has in its payloads.
    """

    database: Database
    header_key: str | None = None
    refused: list[str] = field(default_factory=list)


def payload_class(field: GraphQLField) -> type[Payload]:
    """The payload a mutation's field returns."""
    named = field.type.of_type if is_non_null_type(field.type) else field.type
    origin = getattr(definition_of(named), "origin", None)
    if not (isinstance(origin, type) and issubclass(origin, Payload)):
        raise TypeError(f"A mutation returns a Payload, not {named}.")
    return origin


class ActExecutor(PlannedExecutor):
    """graphql-core's executor, with acts as the root fields of mutations."""

    def __init__(self, *args: Any, acting: Acting | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acting = acting

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: list[FieldDetails],
        path: Path,
        position_context: Any = None,
    ) -> Any:
        if path.prev is None and parent_type is self.schema.mutation_type:
            name = field_details_list[0].node.name.value
            field = self.schema.get_field(parent_type, name)
            if field is not None and not name.startswith("__"):
                return self._run_field(field, parent_type, source, field_details_list, path)
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    async def _run_field(
        self,
        field: GraphQLField,
        parent_type: GraphQLObjectType,
        source: Any,
        details: list[FieldDetails],
        path: Path,
    ) -> Any:
        try:
            return await self._act(field, parent_type, source, details, path)
        except Exception as raw_error:
            self.handle_field_error(raw_error, field.type, details, path)
            return None

    async def _act(
        self,
        field: GraphQLField,
        parent_type: GraphQLObjectType,
        source: Any,
        details: list[FieldDetails],
        path: Path,
    ) -> Any:
        nodes = [each.node for each in details]
        if len(nodes) > 1:
            raise GraphQLError("Ask for a mutation once; give a repetition another alias.", nodes)
        if self.acting is None:
            raise RuntimeError("This executor cannot run acts.")
        base = cast(Context, self.context_value)
        payload = payload_class(field)
        options = read_options(nodes, self.variable_values, self.acting.header_key)
        arguments = get_argument_values(field, nodes[0], self.variable_values)
        resolve = field.resolve
        assert resolve is not None

        async def work(ctx: Context) -> Done[Any]:
            attempt = self._for(ctx)
            info = attempt.build_resolve_info(field, nodes, parent_type, path)
            answer = resolve(source, info, **arguments)
            answer = await answer if attempt.is_awaitable(answer) else answer
            data = await attempt._complete(field, details, info, path, answer)
            return Done(data, answer.entity_id, payload.entity_type)

        async def replay(ctx: Context, stored: Stored) -> Any:
            answer = await payload.of(ctx, stored.entity_id)
            answer.replayed = True
            answer.warnings = [Warning.of(ctx, each) for each in stored.warnings]
            attempt = self._for(ctx)
            info = attempt.build_resolve_info(field, nodes, parent_type, path)
            return await attempt._complete(field, details, info, path, answer)

        try:
            key = _act_key(field, nodes[0].name.value, options.key, options.dry_run, arguments)
        except Refusal as refusal:
            outcome: Any = Refused((refusal,), base)
        else:
            outcome = await run_act(
                self.acting.database,
                base.user,
                lambda session: fresh_context(base, session, options.dry_run),
                work,
                replay=replay,
                key=key,
            )
        if not isinstance(outcome, Refused):
            return outcome
        self.acting.refused.extend(each.code.value for each in outcome.refusals)
        attempt = self._for(outcome.ctx)
        info = attempt.build_resolve_info(field, nodes, parent_type, path)
        refused = payload.refused(user_errors(outcome.ctx, outcome.refusals))
        return await attempt._complete(field, details, info, path, refused)

    def _for(self, ctx: Context) -> "ActExecutor":
        """This executor with another context and no errors yet, for one try of one act."""
        attempt = copy(self)
        attempt.context_value = ctx
        attempt.collected_errors = CollectedErrors()
        return attempt

    async def _complete(
        self, field: GraphQLField, details: list[FieldDetails], info: Any, path: Path, answer: Any
    ) -> Any:
        """
        The whole subtree as plain data, read inside the act's transaction.

        An error anywhere in it undoes the act: the client gets the error and can be sure that nothing happened.
        """
        try:
            data = self.complete_value(field.type, details, info, path, answer, None)
            data = await data if self.is_awaitable(data) else data
        except Exception as error:
            raise _cause(error, details, path) from error
        if self.collected_errors.errors:
            first = self.collected_errors.errors[0]
            raise _cause(first, details, path) from first
        return data


def _cause(error: Exception, details: list[FieldDetails], path: Path) -> Exception:
    """
    What the runner looks at: the database's own fault, so that it may try again, or the located error.

    A refusal in the subtree is an error of the document, not of the act: it stays a GraphQLError.
    """
    if isinstance(error, GraphQLError):
        original = error.original_error
        if original is not None and not isinstance(original, Refusal):
            return original if type(original).__module__.startswith("sqlalchemy") else error
        return error
    return located_error(error, [each.node for each in details], path.as_list())


def _act_key(
    field: GraphQLField, mutation: str, key: str | None, dry_run: bool, arguments: dict[str, Any]
) -> ActKey | None:
    """The key to store the act under; a dry run has none."""
    if dry_run:
        return None
    if key is not None:
        return ActKey(mutation, check_key(key), hash_input(arguments))
    if directive_of(field, KeyRequired) is not None:
        text = "This act moves money or goods: give it a key with @idempotent(key:) or the Idempotency-Key header."
        raise Refusal(ErrorCode.KEY_REQUIRED, text)
    return None
