"""Many rows in one statement: an array for each column, so that the statement is the same for any number of rows."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, Table, Text, bindparam, column, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from models.base import Base

Values = Mapping[str, Any]


def _type(table: Table, name: str) -> TypeEngine[Any]:
    kind = table.c[name].type
    # A collation belongs to the column, and no array has one.
    return Text() if isinstance(kind, Text) else kind


def _given(table: Table, names: Sequence[str], rows: Sequence[Values]) -> Any:
    arrays = [
        bindparam(f"all_{name}", [row[name] for row in rows], ARRAY(_type(table, name))) for name in names
    ]
    columns = [column(name, _type(table, name)) for name in names]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


async def insert_rows(session: AsyncSession, model: type[Base], rows: Sequence[Values]) -> None:
    """Inserts rows of the same columns each; nothing is made up for columns that they lack but the database's own."""
    if not rows:
        return
    table, names = cast(Table, model.__table__), list(rows[0])
    given = _given(table, names, rows)
    statement = insert(table).from_select(names, select(*(given.c[name] for name in names)), False)
    await session.execute(statement)


async def update_rows(
    session: AsyncSession, model: type[Base], keys: Sequence[str], rows: Sequence[Values], **also: Any
) -> None:
    """
    Updates the rows with these keys to their other values.

    Args:
        also: columns that all of them get, as values or expressions.
    """
    if not rows:
        return
    table, names = cast(Table, model.__table__), list(rows[0])
    given = _given(table, names, rows)
    values = {name: given.c[name] for name in names if name not in keys}
    same = [table.c[key] == given.c[key] for key in keys]
    await session.execute(update(table).where(*same).values(values | also))
