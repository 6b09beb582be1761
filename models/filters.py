"""Typed filters as plain data, and their way into SQL. They narrow what a select may see; they never widen it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from rules.refusals import ErrorCode, Refusal

VALUES_MAX = 100
CHARACTERS_MAX = 200
NESTING_MAX = 4
CONDITIONS_MAX = 40

T = TypeVar("T")
Column = ColumnElement[Any]


def escape_like(text: str) -> str:
    """The text as itself inside a LIKE pattern whose escape character is the backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _too_many(what: str) -> Refusal:
    return Refusal(ErrorCode.LIMIT_EXCEEDED, "The filter is too large: {what}.", ("where",), what=what)


def _among(column: Column, values: Sequence[Any]) -> Column:
    if len(values) > VALUES_MAX:
        raise _too_many(f"in ≤ {VALUES_MAX}")
    return column.in_(values) if values else false()


@dataclass(frozen=True, slots=True)
class TextFilter:
    """Text; `contains` and `starts_with` take no account of case."""

    eq: str | None = None
    in_: tuple[str, ...] | None = None
    contains: str | None = None
    starts_with: str | None = None

    def on(self, column: Column) -> list[Column]:
        if any(
            len(each) > CHARACTERS_MAX
            for each in (self.eq, self.contains, self.starts_with, *(self.in_ or ()))
            if each
        ):
            raise _too_many(f"text ≤ {CHARACTERS_MAX}")
        found: list[Column] = [] if self.eq is None else [column == self.eq]
        if self.in_ is not None:
            found.append(_among(column, self.in_))
        if self.contains is not None:
            found.append(func.lower(column).like(f"%{escape_like(self.contains.lower())}%", escape="\\"))
        if self.starts_with is not None:
            found.append(func.lower(column).like(f"{escape_like(self.starts_with.lower())}%", escape="\\"))
        return found


@dataclass(frozen=True, slots=True)
class RangeFilter(Generic[T]):
    """Anything with an order."""

    eq: T | None = None
    gt: T | None = None
    gte: T | None = None
    lt: T | None = None
    lte: T | None = None

    def on(self, column: Column) -> list[Column]:
        found: list[Column] = [] if self.eq is None else [column == self.eq]
        found += [] if self.gt is None else [column > self.gt]
        found += [] if self.gte is None else [column >= self.gte]
        found += [] if self.lt is None else [column < self.lt]
        found += [] if self.lte is None else [column <= self.lte]
        return found


class DateFilter(RangeFilter[date]):
    """Calendar days."""


class MomentFilter(RangeFilter[datetime]):
    """Instants."""


class DecimalFilter(RangeFilter[Decimal]):
    """Amounts and quantities. Not leakproof in PostgreSQL: apply it inside the set the viewer may see."""


@dataclass(frozen=True, slots=True)
class BooleanFilter:
    eq: bool | None = None

    def on(self, column: Column) -> list[Column]:
        return [] if self.eq is None else [column.is_(self.eq)]


@dataclass(frozen=True, slots=True)
class EnumFilter:
    """Values of a text column that is held to an enum."""

    eq: str | None = None
    in_: tuple[str, ...] | None = None

    def on(self, column: Column) -> list[Column]:
        found: list[Column] = [] if self.eq is None else [column == self.eq]
        return found if self.in_ is None else [*found, _among(column, self.in_)]


@dataclass(frozen=True, slots=True)
class IdFilter:
    """Keys; an id that is malformed or of another type arrives as None and matches nothing."""

    eq: UUID | None = None
    in_: tuple[UUID, ...] | None = None
    impossible: bool = False

    def on(self, column: Column) -> list[Column]:
        found: list[Column] = [false()] if self.impossible else []
        found += [] if self.eq is None else [column == self.eq]
        return found if self.in_ is None else [*found, _among(column, self.in_)]


Filter = TextFilter | RangeFilter[Any] | BooleanFilter | EnumFilter | IdFilter


@dataclass(frozen=True, slots=True)
class Where:
    """Filters by the name of what they filter, all of which must hold, with and/or/not around more of the same."""

    fields: Mapping[str, Filter] = field(default_factory=dict)
    all_of: tuple["Where", ...] = ()
    any_of: tuple["Where", ...] | None = None
    none_of: "Where | None" = None


def conditions(where: Where | None, columns: Mapping[str, Column]) -> Column:
    """
    The filter as one SQL condition; true where there is none.

    Args:
        columns: the constant map from the filter's names to columns; a name that is missing is our mistake.
    Raises:
        Refusal(LIMIT_EXCEEDED): nested deeper than NESTING_MAX, or more than CONDITIONS_MAX conditions.
    """
    if where is None:
        return true()
    budget = [CONDITIONS_MAX]
    return _condition(where, columns, NESTING_MAX, budget)


def _condition(where: Where, columns: Mapping[str, Column], levels: int, budget: list[int]) -> Column:
    if levels < 0:
        raise _too_many(f"and/or/not ≤ {NESTING_MAX}")
    found: list[Column] = []
    for name, each in where.fields.items():
        found += each.on(columns[name])
    budget[0] -= max(len(found), 1)
    if budget[0] < 0:
        raise _too_many(f"conditions ≤ {CONDITIONS_MAX}")
    found += [_condition(each, columns, levels - 1, budget) for each in where.all_of]
    if where.any_of is not None:
        found.append(or_(false(), *(_condition(each, columns, levels - 1, budget) for each in where.any_of)))
    if where.none_of is not None:
        found.append(not_(_condition(where.none_of, columns, levels - 1, budget)))
    return and_(true(), *found)
