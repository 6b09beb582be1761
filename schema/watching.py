"""What becomes of each document, told to whoever watches: the metrics are made of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, OperationDefinitionNode

FRAGMENT = "(fragment)"


def root_fields(operation: OperationDefinitionNode) -> frozenset[str]:
    """The names of its fields at the root; what hides in fragments counts as one."""
    selections = operation.selection_set.selections
    return frozenset(each.name.value if isinstance(each, FieldNode) else FRAGMENT for each in selections)


@dataclass(slots=True)
class Seen:
    """
    One document on its way; it is filled while the document is looked at and run.

    All but `codes` stays empty where the document was refused before it ran. `operation` is what the client calls
    it, which may be anything; `fields` are of the schema. `codes` has one code per error of the answer and per
    refusal in a payload.
    """

    operation: str = ""
    kind: str = ""
    fields: frozenset[str] = frozenset()
    codes: list[str] = field(default_factory=list)

    def runs(self, operation: OperationDefinitionNode) -> None:
        """The operation is one of the schema's, and about to run."""
        self.operation = "" if operation.name is None else operation.name.value
        self.kind = operation.operation.value
        self.fields = root_fields(operation)

    def failed(self, body: Mapping[str, Any]) -> None:
        """Takes the codes of a response."""
        self.codes += [each["extensions"]["code"] for each in body.get("errors", ())]


Watch = Callable[[Seen], AbstractContextManager[None]]


def nobody(_: Seen) -> AbstractContextManager[None]:
    """Nobody watches."""
    return nullcontext()
