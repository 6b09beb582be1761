"""Keyset pages: one statement per page whatever its place, cursors that know their order, totals only when asked."""

import base64
import binascii
import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from resolvers.context import Context

PAGE_SIZE = 20
PAGE_SIZE_MAX = 100
_CURSOR_CHARACTERS_MAX = 2_000

Row = TypeVar("Row")


class BadPage(Exception):
    """The paging arguments cannot be used: `argument` names the one at fault, `code` is LIMIT or INVALID_CURSOR."""

    def __init__(self, argument: str, code: str, message: str) -> None:
        super().__init__(message)
        self.argument = argument
        self.code = code


@dataclass(frozen=True, slots=True)
class SortKey:
    """
    One column of the order; never a nullable one.

    The last key of an order must tell all rows apart: `SortKey("id", table.id)`.
    """

    name: str
    column: Any
    descending: bool = False

    @property
    def expression(self) -> ColumnElement[Any]:
        made = self.column.__clause_element__() if hasattr(self.column, "__clause_element__") else self.column
        return cast("ColumnElement[Any]", made)


@dataclass(frozen=True, slots=True)
class PageArgs:
    """The Relay arguments as they were given."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def checked(self) -> tuple[int, bool]:
        """The page size, and whether it is counted from the end."""
        if self.first is not None and self.last is not None:
            raise BadPage("last", "LIMIT", "Give either first or last, not both.")
        name, size = ("last", self.last) if self.last is not None else ("first", self.first)
        if size is None:
            return PAGE_SIZE, self.before is not None and self.after is None
        if not 1 <= size <= PAGE_SIZE_MAX:
            raise BadPage(name, "LIMIT", f"{name} is from 1 to {PAGE_SIZE_MAX}.")
        return size, name == "last"


@dataclass(slots=True)
class Page(Generic[Row]):
    """A page of rows in the order asked for; cursors and the total are made when they are asked for."""

    rows: list[Row]
    has_next: bool
    has_previous: bool
    _positions: list[tuple[Any, ...]] = field(default_factory=list)
    _signature: str = ""
    _count: Callable[[], Awaitable[int]] | None = None

    def cursor(self, index: int) -> str:
        return write_cursor(self._signature, self._positions[index])

    async def total(self) -> int:
        """The rows of all pages together; one statement of its own."""
        return len(self.rows) if self._count is None else await self._count()


def signature_of(sort: Sequence[SortKey]) -> str:
    """Names the list and its order in a cursor, so that a cursor of another one is refused."""
    list_name = getattr(getattr(sort[-1].expression, "table", None), "name", "")
    text = list_name + ":" + ",".join(f"{key.name}:{'desc' if key.descending else 'asc'}" for key in sort)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    raise TypeError(f"{value!r} cannot stand in a cursor; are nullable columns sorted by?")


def write_cursor(signature: str, position: Sequence[Any]) -> str:
    text = json.dumps([signature, *map(_plain, position)], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _values_of(text: str, signature: str, width: int, argument: str) -> list[Any]:
    """What a cursor holds, not yet looked at; refused where it is none, or another list's."""
    malformed = BadPage(argument, "INVALID_CURSOR", f"{argument} is no cursor of this list.")
    if len(text) > _CURSOR_CHARACTERS_MAX or not text.isascii():
        raise malformed
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = json.loads(raw.decode())
    except (binascii.Error, ValueError, RecursionError):
        raise malformed from None
    if not isinstance(values, list) or len(values) != width + 1:
        raise malformed
    if values[0] != signature:
        raise BadPage(argument, "INVALID_CURSOR", f"{argument} is a cursor of a list in another order.")
    return values[1:]


def read_cursor(text: str, sort: Sequence[SortKey], argument: str) -> tuple[Any, ...]:
    """The position of a cursor of this very order."""
    values = _values_of(text, signature_of(sort), len(sort), argument)
    try:
        return tuple(_typed(value, key) for value, key in zip(values, sort, strict=True))
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise BadPage(argument, "INVALID_CURSOR", f"{argument} is no cursor of this list.") from None


def page_in_memory(name: str, rows: Sequence[Row], positions: Sequence[int], args: PageArgs) -> Page[Row]:
    """
    One page of rows that were worked out as a whole; the same arguments and cursors as any other list.

    Args:
        name: the list's, so that its cursors are no other list's.
        positions: one per row, rising and unique; what a cursor holds.
    """
    size, backwards = args.checked()
    signature = hashlib.sha256(name.encode()).hexdigest()[:8]
    start, end = 0, len(rows)
    if args.after is not None:
        start = bisect_right(positions, _place(args.after, signature, "after"))
    if args.before is not None:
        end = bisect_left(positions, _place(args.before, signature, "before"))
    first, last = (max(start, end - size), end) if backwards else (start, min(end, start + size))

    async def count() -> int:
        return len(rows)

    return Page(
        rows=list(rows[first:last]),
        has_next=last < len(rows),
        has_previous=first > 0,
        _positions=[(place,) for place in positions[first:last]],
        _signature=signature,
        _count=count,
    )


def _place(text: str, signature: str, argument: str) -> int:
    (value,) = _values_of(text, signature, 1, argument)
    if type(value) is not int:
        raise BadPage(argument, "INVALID_CURSOR", f"{argument} is no cursor of this list.")
    return value


def _typed(value: Any, key: SortKey) -> Any:
    kind = key.expression.type.python_type
    if kind is bool or kind is int:
        if type(value) is not int or not -(2**63) <= value < 2**63:
            raise ValueError(value)
        return bool(value) if kind is bool else value
    if type(value) is not str or "\x00" in value:
        raise ValueError(value)
    value.encode()  # a lone surrogate never reaches the driver
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    if kind is date:
        return date.fromisoformat(value)
    if kind is Decimal:
        number = Decimal(value)
        if not number.is_finite() or len(value) > 30 or abs(number.adjusted()) > 30:
            raise ValueError(value)
        return number
    return UUID(value) if kind is UUID else value


def _beyond(sort: Sequence[SortKey], position: Sequence[Any], forwards: bool) -> ColumnElement[bool]:
    """The rows that come after the position in this order, or before it."""
    if len({key.descending for key in sort}) == 1:
        # A comparison of rows: one range of an index over the same columns.
        columns, values = tuple_(*(key.expression for key in sort)), tuple_(*position)
        return columns > values if sort[0].descending is not forwards else columns < values
    ways = []
    for index, key in enumerate(sort):
        equal = [each.expression == value for each, value in zip(sort[:index], position, strict=False)]
        more = key.descending is not forwards
        ways.append(
            and_(*equal, key.expression > position[index] if more else key.expression < position[index])
        )
    return or_(*ways)


async def page(
    ctx: Context,
    statement: Select[*tuple[Any, ...]],
    sort: Sequence[SortKey],
    args: PageArgs,
    to_row: Callable[..., Row],
) -> Page[Row]:
    """
    One page of a select, by one statement.

    Args:
        statement: the visible and filtered rows, unordered; its columns are `to_row`'s arguments, in their order.
        sort: the order; the last key is unique.
        to_row: makes a row of the columns: the row's dataclass itself, as a rule.
    Raises:
        BadPage: the arguments are out of bounds, or a cursor is none of this list's.
    """
    size, backwards = args.checked()
    signature, wanted = signature_of(sort), statement
    for argument, cursor, forwards in (("after", args.after, True), ("before", args.before, False)):
        if cursor is not None:
            wanted = wanted.where(_beyond(sort, read_cursor(cursor, sort, argument), forwards))
    width = len(statement.selected_columns)
    ordered = (
        key.expression.desc() if key.descending is not backwards else key.expression.asc() for key in sort
    )
    positions = [key.expression.label(f"sort_{index}") for index, key in enumerate(sort)]
    wanted = wanted.add_columns(*positions).order_by(None).order_by(*ordered).limit(size + 1)
    found = list(await ctx.session.execute(wanted))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()

    async def count() -> int:
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        return int(await ctx.session.scalar(counted))

    return Page(
        rows=[to_row(*each[:width]) for each in found],
        has_next=args.before is not None if backwards else more,
        has_previous=more if backwards else args.after is not None,
        _positions=[tuple(each[width:]) for each in found],
        _signature=signature,
        _count=count,
    )
