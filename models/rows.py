"""Column rows instead of entities: a select of exactly a row dataclass's fields, and its assembly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Executable, Result

Row = TypeVar("Row")


class Reads(Protocol):
    """A session, whosever: an operation's, or the house's."""

    async def execute(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> Result[*tuple[Any, ...]]: ...


@cache
def columns_of(table: type[Any], row: type[Any]) -> tuple[Any, ...]:
    """The table's columns that bear the names of the row's fields, in their order."""
    return tuple(getattr(table, each.name) for each in fields(row))


def by_key(keys: Sequence[Any], rows: Iterable[Row], key: str = "id") -> list[Row | None]:
    """One row per key, in the keys' order; None where there is none. For loaders."""
    found = {getattr(row, key): row for row in rows}
    return [found.get(each) for each in keys]


def grouped(keys: Sequence[Any], rows: Iterable[Row], key: str) -> list[list[Row]]:
    """The rows of each key, in the keys' order and the rows' own order. For loaders."""
    found: dict[Any, list[Row]] = {each: [] for each in keys}
    for row in rows:
        found[getattr(row, key)].append(row)
    return [found[each] for each in keys]


Ids = Sequence[UUID]
