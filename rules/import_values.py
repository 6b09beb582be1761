"""What a cell of an import may say: one reader for each kind of value, which refuses what could mean two things."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from rules.order_lines import Cell, LineFault, cell_text, code_fault
from rules.refusals import ErrorCode, Refusal
from rules.texts import item_key

Value = str | Decimal | int | bool | date | None
Read = Callable[[Cell], Value]

SHOWN_MAX = 100
KEY_MAX = 64
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECIMALS = 6
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"[\t\n\r]")
# The texts for true and false, in either language.
FLAGS = {
    **dict.fromkeys(("1", "yes", "true", "y", "si", "sí", "verdadero", "x"), True),
    **dict.fromkeys(("0", "no", "false", "n", "falso"), False),
}


def shown(cell: Cell) -> str:
    """A cell's text as messages quote it."""
    return cell_text(cell)[:SHOWN_MAX]


def _unreadable(text: str, cell: Cell, **data: object) -> Refusal:
    return Refusal(ErrorCode.INVALID, text, (), value=shown(cell), **data)


def text_of(limit: int, *, lines: bool = False) -> Read:
    """
    A text as it is, formulas too: nothing in it is ever computed.

    Args:
        lines: whether it may have several; names and addresses are one.
    """

    def read(cell: Cell) -> str | None:
        text = cell_text(cell)
        if len(text) > limit:
            raise _unreadable("“{value}” is longer than {limit} characters.", cell, limit=limit)
        if _UNPRINTABLE.search(text) or (not lines and _BREAKS.search(text)):
            raise _unreadable("“{value}” has control characters in it.", cell)
        return text or None

    return read


def code_of(limit: int = 64) -> Read:
    """A code: a text that a spreadsheet has not made a number or a day of."""
    as_text = text_of(limit)

    def read(cell: Cell) -> Value:
        fault = code_fault(cell)
        if fault in (LineFault.CODE_SHORTENED, LineFault.CODE_IS_DATE):
            text = "A spreadsheet made “{value}” of the code. Format the column as text and write it again."
            raise _unreadable(text, cell)
        return as_text(cell)

    return read


def item_code(cell: Cell) -> Value:
    """A code by which people look for an item, whatever its case and separators."""
    text = code_of()(cell)
    if text is not None and not 0 < len(item_key(str(text))) <= KEY_MAX:
        raise _unreadable("“{value}” has no letters or digits to be found by, or too many.", cell)
    return text


def upper(read: Read, letters: int) -> Read:
    """A code of so many letters, in capitals: countries and currencies."""

    def read_letters(cell: Cell) -> Value:
        text = read(cell)
        if text is None:
            return None
        code = str(text).upper()
        if not (len(code) == letters and code.isascii() and code.isalpha()):
            raise _unreadable("“{value}” is no code of {count} letters.", cell, count=letters)
        return code

    return read_letters


def number(*, least: Decimal | None = Decimal(0), above: bool = False, most: Decimal | None = None) -> Read:
    """
    A plain decimal number, such as 1234.56, with six decimals at most.

    Args:
        least: the least it may be; None for any.
        above: it must be more than that.
        most: the most it may be, where sums of it are kept.
    """

    def read(cell: Cell) -> Decimal | None:
        text = cell_text(cell)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise _unreadable("“{value}” is no plain number; write it as 1234.56.", cell)
        value = Decimal(text)
        if value != round(value, _DECIMALS):
            raise _unreadable("“{value}” has more than {limit} decimals.", cell, limit=_DECIMALS)
        if most is not None and value > most:
            raise _unreadable("{value} is too large: {most} at most.", cell, most=f"{most:f}")
        if least is not None and (value < least or (above and value == least)):
            bound = f"{least:f}"
            if above:
                raise _unreadable("{value} is too small: it must be above {least}.", cell, least=bound)
            raise _unreadable("{value} is too small: it must be {least} or more.", cell, least=bound)
        return value

    return read


_above_zero = number(above=True)


def whole(cell: Cell) -> int | None:
    """A whole number above zero."""
    value = _above_zero(cell)
    if value is None:
        return None
    assert isinstance(value, Decimal)
    if value != int(value) or value > 1_000_000:
        raise _unreadable("“{value}” is no whole number up to {limit}.", cell, limit=1_000_000)
    return int(value)


def days_to(limit: int) -> Read:
    """A number of days from none to a limit."""
    plain = number(most=Decimal(limit))

    def read(cell: Cell) -> int | None:
        value = plain(cell)
        if value is None:
            return None
        assert isinstance(value, Decimal)
        if value != int(value):
            raise _unreadable("“{value}” is no whole number up to {limit}.", cell, limit=limit)
        return int(value)

    return read


def day(cell: Cell) -> date | None:
    """A day as 2026-12-31, or a spreadsheet's own."""
    if isinstance(cell, date):
        return cell
    text = cell_text(cell)
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _unreadable("“{value}” is no day; write it as 2026-12-31.", cell)


def flag(cell: Cell) -> bool | None:
    text = cell_text(cell).casefold()
    if not text:
        return None
    if text not in FLAGS:
        raise _unreadable("“{value}” is neither yes nor no.", cell)
    return FLAGS[text]


def one_of(*values: str) -> Read:
    """One of some words, in capitals or not."""

    def read(cell: Cell) -> str | None:
        text = cell_text(cell).upper()
        if text and text not in values:
            raise _unreadable("“{value}” is none of {known}.", cell, known=", ".join(values))
        return text or None

    return read
