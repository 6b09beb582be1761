"""Parsed and validated documents, by text and view; bounded in number and size."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from auth.permissions import Permission
from schema.guard import TOKENS_MAX, Cost, LimitError, check_text

DOCUMENTS_MAX = 2_000
KEPT_CHARACTERS_MAX = 20_000
VALIDATION_ERRORS_MAX = 20
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)

Held = frozenset[Permission]


@dataclass(slots=True)
class Prepared:
    """A document as far as it was looked at: parsed, and for each of its operations weighed; then validated."""

    document: DocumentNode | None
    errors: Sequence[GraphQLError] = ()
    validated: bool = False
    costs: dict[str, Cost] = field(default_factory=dict)

    def operation(self, name: str | None, subscribing: bool = False) -> OperationDefinitionNode:
        """The operation to run; subscriptions have addresses of their own."""
        definitions = () if self.document is None else self.document.definitions
        found = [
            each
            for each in definitions
            if isinstance(each, OperationDefinitionNode)
            and (name is None or (each.name is not None and each.name.value == name))
        ]
        if not found:
            what = "has no operation" if name is None else f'has no operation "{name}"'
            raise LimitError(f"The document {what}.", "BAD_REQUEST")
        if len(found) > 1:
            raise LimitError(
                'The document has several operations; say which with "operationName".', "BAD_REQUEST"
            )
        is_subscription = found[0].operation is OperationType.SUBSCRIPTION
        if is_subscription and not subscribing:
            raise LimitError("Subscriptions are opened over WebSocket or SSE.", "BAD_REQUEST")
        if subscribing and not is_subscription:
            raise LimitError(
                "Only subscriptions are opened here; POST the others to /graphql.", "BAD_REQUEST"
            )
        return found[0]

    def validate(self, view: GraphQLSchema) -> None:
        """Once per document and view; the guard has let it pass."""
        if not self.validated and self.document is not None:
            self.errors = validate(view, self.document, RULES, max_errors=VALIDATION_ERRORS_MAX)
            self.validated = True


class Documents:
    """The documents last used. A client that never repeats itself only turns the cache over."""

    def __init__(self) -> None:
        self._documents: OrderedDict[tuple[Held, str], Prepared] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def prepare(self, held: Held, text: str) -> Prepared:
        key = (held, text)
        found = self._documents.get(key)
        if found is not None:
            self._documents.move_to_end(key)
            return found
        prepared = _parse(text)
        if len(text) <= KEPT_CHARACTERS_MAX:
            self._documents[key] = prepared
            if len(self._documents) > DOCUMENTS_MAX:
                self._documents.popitem(last=False)
        return prepared


def _parse(text: str) -> Prepared:
    try:
        check_text(text)
        return Prepared(parse(text, max_tokens=TOKENS_MAX))
    except GraphQLError as error:
        return Prepared(None, (error,))
    except RecursionError:
        return Prepared(None, (LimitError("The document is nested too deeply.", limit="depth"),))
