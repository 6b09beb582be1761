"""The typed operators of `where:` and their conversion to the plain filters of models."""

import dataclasses
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Protocol, cast
from uuid import UUID

import strawberry
from graphql import GraphQLError

from auth.permissions import Permission as P
from models import filters as plain
from schema.access import access
from schema.ids import try_decode_id

_READ = [access(P.SIGNED_IN)]


class Operators(Protocol):
    """What every operator input can do."""

    def to_model(self) -> plain.Filter: ...


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


@strawberry.input(description="Conditions on a text; all given ones must hold.", directives=_READ)
class StringFilter:
    eq: str | None = strawberry.field(default=None, description="Equal, to the letter.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description="Equal to one of these, at most 100."
    )
    contains: str | None = strawberry.field(
        default=None, description="Contains this, upper and lower case alike."
    )
    starts_with: str | None = strawberry.field(default=None, description="Begins with this, case ignored.")

    def to_model(self) -> plain.TextFilter:
        return plain.TextFilter(self.eq, _tuple(self.in_), self.contains, self.starts_with)


@strawberry.input(description="Conditions on a calendar day; all given ones must hold.", directives=_READ)
class DateFilter:
    eq: date | None = strawberry.field(default=None, description="On this day.")
    gt: date | None = strawberry.field(default=None, description="After this day.")
    gte: date | None = strawberry.field(default=None, description="On this day or after it.")
    lt: date | None = strawberry.field(default=None, description="Before this day.")
    lte: date | None = strawberry.field(default=None, description="On this day or before it.")

    def to_model(self) -> plain.DateFilter:
        return plain.DateFilter(self.eq, self.gt, self.gte, self.lt, self.lte)


@strawberry.input(description="Conditions on an instant; all given ones must hold.", directives=_READ)
class DateTimeFilter:
    gte: datetime | None = strawberry.field(default=None, description="At this instant or after it.")
    lt: datetime | None = strawberry.field(default=None, description="Before this instant.")

    def to_model(self) -> plain.MomentFilter:
        return plain.MomentFilter(gte=self.gte, lt=self.lt)


@strawberry.input(description="Conditions on a number; all given ones must hold.", directives=_READ)
class DecimalFilter:
    eq: Decimal | None = strawberry.field(default=None, description="Equal.")
    gt: Decimal | None = strawberry.field(default=None, description="Greater.")
    gte: Decimal | None = strawberry.field(default=None, description="Greater or equal.")
    lt: Decimal | None = strawberry.field(default=None, description="Smaller.")
    lte: Decimal | None = strawberry.field(default=None, description="Smaller or equal.")

    def to_model(self) -> plain.DecimalFilter:
        return plain.DecimalFilter(self.eq, self.gt, self.gte, self.lt, self.lte)


@strawberry.input(
    description="Conditions on an amount in the document's own currency; all given ones must hold.",
    directives=_READ,
)
class MoneyFilter(DecimalFilter):
    pass


@strawberry.input(description="A condition on a yes or no.", directives=_READ)
class BooleanFilter:
    eq: bool | None = strawberry.field(default=None, description="Equal.")

    def to_model(self) -> plain.BooleanFilter:
        return plain.BooleanFilter(self.eq)


@strawberry.input(
    description="Conditions on a global id; an id of another type matches nothing.", directives=_READ
)
class IDFilter:
    eq: strawberry.ID | None = strawberry.field(default=None, description="This one.")
    in_: list[strawberry.ID] | None = strawberry.field(
        name="in", default=None, description="One of these, at most 100."
    )

    def to_model(self, *type_names: str) -> plain.IdFilter:
        """The keys behind the ids; name the types that the column may point to."""
        one = None if self.eq is None else try_decode_id(self.eq, *type_names)
        some: tuple[UUID, ...] | None = None
        if self.in_ is not None:
            some = tuple(key for each in self.in_ if (key := try_decode_id(each, *type_names)) is not None)
        return plain.IdFilter(one, some, impossible=self.eq is not None and one is None)


@cache
def enum_filter(enum: type[Enum]) -> Any:
    """The operators `{eq in}` of a schema enum: `OrderStatusFilter = enum_filter(OrderStatus)`."""
    name = f"{enum.__name__}Filter"

    def to_model(self: Any) -> plain.EnumFilter:
        some = None if self.in_ is None else tuple(each.value for each in self.in_)
        return plain.EnumFilter(None if self.eq is None else self.eq.value, some)

    members = {
        "__annotations__": {"eq": enum | None, "in_": list[enum] | None},  # type: ignore[valid-type]
        "__doc__": f"Operators on {enum.__name__}.",
        "__module__": __name__,
        "eq": strawberry.field(default=None, description="This one."),
        "in_": strawberry.field(name="in", default=None, description="One of these."),
        "to_model": to_model,
    }
    made = strawberry.input(
        type(name, (), members),
        description=f"Conditions on {enum.__name__}; all must hold.",
        directives=_READ,
    )
    globals()[name] = made
    return made


def where_of(given: Any, ids: dict[str, tuple[str, ...]] | None = None) -> plain.Where | None:
    """
    The plain filter of a `where:` input.

    Args:
        given: an input whose fields are operators, and optionally `and_`, `or_` (lists) and `not_` of its own type.
        ids: for each field of type IDFilter the type names its column may point to.
    """
    if given is None:
        return None
    fields: dict[str, plain.Filter] = {}
    for each in dataclasses.fields(given):
        value = getattr(given, each.name)
        if value is None or each.name in ("and_", "or_", "not_"):
            continue
        if isinstance(value, IDFilter):
            fields[each.name] = value.to_model(*(ids or {})[each.name])
        else:
            fields[each.name] = cast(Operators, value).to_model()
    both, either = getattr(given, "and_", None), getattr(given, "or_", None)
    return plain.Where(
        fields,
        tuple(inner for each in both or () if (inner := where_of(each, ids)) is not None),
        None
        if either is None
        else tuple(inner for each in either if (inner := where_of(each, ids)) is not None),
        where_of(getattr(given, "not_", None), ids),
    )


def one_key_of(given: Any) -> tuple[str, Any]:
    """The one field set in a @oneOf input, by its Python name."""
    found = [(each.name, value) for each in dataclasses.fields(given)
             if (value := getattr(given, each.name)) is not None and value is not strawberry.UNSET]  # fmt: skip
    if len(found) != 1:
        raise GraphQLError("Give exactly one of the fields.")
    return found[0]
