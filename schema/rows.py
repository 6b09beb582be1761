"""Schema objects from rows: the fields of equal names, and the rest by hand."""

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _shared(kind: type[Any], row: type[Any]) -> tuple[str, ...]:
    known = {each.name for each in fields(row)}
    return tuple(each.name for each in fields(kind) if each.init and each.name in known)


def fill(kind: type[T], row: Any, /, **extra: Any) -> T:
    """An object of the schema's type with the row's fields of equal names; `extra` adds and overrides."""
    shared = _shared(kind, type(row))  # type: ignore[arg-type]  # classes are hashable, the stub says otherwise
    values = {name: getattr(row, name) for name in shared if name not in extra}
    return kind(**values, **extra)
