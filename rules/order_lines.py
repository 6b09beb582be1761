"""Lines of an order as they come from people and files: a code, a quantity, and what is wrong with either."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rules.quantities import parse_quantity, plain
from rules.refusals import ErrorCode, Refusal
from rules.texts import fold

LINES_MAX = 5_000
COLUMNS_MAX = 100
CODE_MAX = 100
TEXT_MAX = 200
# What a cell of a file holds: text, an exact number, or a day (a spreadsheet's own types).
Cell = str | Decimal | date | None

CODE_WORDS = frozenset(
    {
        "sku", "ref", "ref.", "referencia", "reference", "codigo", "cod.", "code", "ean", "ean13", "gtin", "barcode",
        "codigo de barras", "su referencia", "your reference", "mi referencia", "my reference", "nuestra referencia",
        "our reference", "numero propio", "own number", "su numero", "your number", "item number",
        "customer item number", "part number", "codigo de articulo", "item code", "product code", "codigo de producto",
    }
)  # fmt: skip
# These head a code where no column says it better, and a description where one does.
WEAK_CODE_WORDS = frozenset({"articulo", "item", "producto", "product", "article", "material"})
QUANTITY_WORDS = frozenset(
    {"cantidad", "cant", "cant.", "quantity", "qty", "qty.", "uds", "uds.", "unidades", "units", "pieces"}
)
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_EXACT_DIGITS = 15  # a spreadsheet keeps no more of a number and writes zeros for the rest
_GUARDED = re.compile(r"'(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


class LineFault(StrEnum):
    """Why a line cannot be read, before anybody looks its product up."""

    NO_CODE = "NO_CODE"
    CODE_SHORTENED = "CODE_SHORTENED"
    CODE_IS_DATE = "CODE_IS_DATE"
    NO_QUANTITY = "NO_QUANTITY"
    QUANTITY_UNREADABLE = "QUANTITY_UNREADABLE"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """
    A line as it was sent.

    Args:
        number: its line of a text or row of a file, from 1.
        text: what stood there, shortened.
        quantity: None where there is a fault.
        column: where the fault stands, as a spreadsheet calls it ("B"); empty outside files.
        typed: what stood in place of a quantity that cannot be read.
    """

    number: int
    text: str
    code: str
    quantity: Decimal | None
    fault: LineFault | None = None
    column: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold codes and quantities, from 0; `first_row` is where the lines begin."""

    codes: tuple[int, ...]
    quantity: int
    first_row: int


def column_name(index: int) -> str:
    """A column as spreadsheets call it: 0 is A, 26 is AA."""
    name = ""
    while index >= 0:
        name, index = chr(ord("A") + index % 26) + name, index // 26 - 1
    return name


def cell_text(cell: Cell) -> str:
    """What a cell says. A leading apostrophe that keeps a spreadsheet from running the text is no part of it."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return _GUARDED.sub("", cell.strip(), count=1)


def is_blank(row: Sequence[Cell]) -> bool:
    return not any(cell_text(cell) for cell in row)


def find_columns(rows: Sequence[Sequence[Cell]]) -> Columns:
    """
    The columns of a table: by its header's words, Spanish or English in any order, or by place without a header.

    Raises:
        Refusal(FILE_INVALID): a header names no code or no quantity, or there is but one column.
    """
    start = next((index for index, row in enumerate(rows) if not is_blank(row)), None)
    if start is None:
        raise Refusal(ErrorCode.FILE_INVALID, "The file has no lines.", ())
    words = [fold(cell_text(cell)).rstrip(":") for cell in rows[start]]
    codes = [index for index, word in enumerate(words) if word in CODE_WORDS]
    weak = [index for index, word in enumerate(words) if word in WEAK_CODE_WORDS]
    quantities = [index for index, word in enumerate(words) if word in QUANTITY_WORDS]
    if not codes and not weak and not quantities:
        return _columns_by_place(rows, start)
    found = ", ".join(cell_text(cell) for cell in rows[start] if cell_text(cell))[:TEXT_MAX]
    if not codes and not weak:
        text = "Row {row} names no column for the product: call it Reference, SKU or Code. It has: {found}."
        raise Refusal(ErrorCode.FILE_INVALID, text, (), row=start + 1, found=found)
    if not quantities:
        text = "Row {row} names no column for the quantity: call it Quantity. It has: {found}."
        raise Refusal(ErrorCode.FILE_INVALID, text, (), row=start + 1, found=found)
    if len(quantities) > 1:
        text = "Row {row} names two columns for the quantity: {first} and {second}. Leave one."
        names = {"first": column_name(quantities[0]), "second": column_name(quantities[1])}
        raise Refusal(ErrorCode.FILE_INVALID, text, (), row=start + 1, **names)
    return Columns(tuple(codes or weak[:1]), quantities[0], start + 1)


def _columns_by_place(rows: Sequence[Sequence[Cell]], start: int) -> Columns:
    """
    The first two columns that hold something: the code, then the quantity, unless only the first are quantities.
    A first row of words over quantities is a header that we do not know.
    """
    sample = [row for row in rows[start : start + 50] if not is_blank(row)]
    used = [
        index
        for index in range(max(map(len, sample)))
        if any(index < len(row) and cell_text(row[index]) for row in sample)
    ]
    if len(used) < 2:
        text = (
            "The file has one column only: a reference and a quantity are needed, in a spreadsheet or parted by "
            "; , or tab."
        )
        raise Refusal(ErrorCode.FILE_INVALID, text, ())
    first, second = used[:2]

    def readable(index: int) -> int:
        return sum(index < len(row) and read_quantity(row[index]) is not None for row in sample)

    if readable(second) == 0 and readable(first) > 0:
        first, second = second, first
    head = cell_text(sample[0][second]) if second < len(sample[0]) else ""
    if head and not any(char.isdigit() for char in head) and readable(second) > 0:
        found = ", ".join(cell_text(cell) for cell in sample[0] if cell_text(cell))[:TEXT_MAX]
        text = "Row {row} names neither product nor quantity: call the columns Reference and Quantity. It has: {found}."
        raise Refusal(ErrorCode.FILE_INVALID, text, (), row=start + 1, found=found)
    return Columns((first,), second, start)


def read_quantity(cell: Cell) -> Decimal | None:
    """A quantity of a cell; None where it is none, or could mean two numbers."""
    if isinstance(cell, Decimal):
        return cell if cell.is_finite() and cell >= 0 and abs(cell.adjusted()) <= 12 else None
    return parse_quantity(cell_text(cell)) if isinstance(cell, str) else None


def lines_of_table(rows: Sequence[Sequence[Cell]], numbers: Sequence[int] | None = None) -> list[OrderLine]:
    """
    The order lines of a table; blank rows are passed over.

    Args:
        rows: the file's rows from its first, a header among them or not.
        numbers: the rows' numbers in the file, where they are not 1, 2, 3 …
    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): nothing in it can be taken as lines, or it has too many.
    """
    columns = find_columns(rows)
    lines: list[OrderLine] = []
    for index in range(columns.first_row, len(rows)):
        if is_blank(rows[index]):
            continue
        if len(lines) == LINES_MAX:
            raise too_many_lines(())
        number = index + 1 if numbers is None else numbers[index]
        lines.append(_line_of_row(number, rows[index], columns))
    if not lines:
        raise Refusal(ErrorCode.FILE_INVALID, "The file has no lines.", ())
    return lines


def too_many_lines(path: Sequence[str | int], limit: int = LINES_MAX) -> Refusal:
    return Refusal(ErrorCode.LIMIT_EXCEEDED, "Send {limit} lines at most at once.", path, limit=limit)


def _line_of_row(number: int, row: Sequence[Cell], columns: Columns) -> OrderLine:
    def cell(index: int) -> Cell:
        return row[index] if index < len(row) else None

    place = next((index for index in columns.codes if cell_text(cell(index))), columns.codes[0])
    code, quantity = cell(place), read_quantity(cell(columns.quantity))
    typed = cell_text(cell(columns.quantity))
    shown = " ".join(filter(None, (cell_text(code), typed)))[:TEXT_MAX]
    fault, column = code_fault(code), column_name(place)
    if fault is None and quantity is None:
        fault = LineFault.QUANTITY_UNREADABLE if typed else LineFault.NO_QUANTITY
        column = column_name(columns.quantity)
    return OrderLine(
        number,
        shown,
        cell_text(code)[:CODE_MAX],
        None if fault else quantity,
        fault,
        column if fault else "",
        typed[:TEXT_MAX],
    )


def code_fault(code: Cell) -> LineFault | None:
    """What a spreadsheet may have made of a code: a day, or a number whose last digits are lost."""
    text = cell_text(code)
    if not text:
        return LineFault.NO_CODE
    if isinstance(code, date):
        return LineFault.CODE_IS_DATE
    if isinstance(code, Decimal) and code.adjusted() >= _EXACT_DIGITS:
        return LineFault.CODE_SHORTENED
    if isinstance(code, str) and _SHORTENED.fullmatch(text):
        return LineFault.CODE_SHORTENED
    return None


def refusal_of(line: OrderLine) -> Refusal | None:
    """The fault of a line in words that name its row and column; None for a line without one."""
    code = ErrorCode.UNKNOWN_SKU
    match line.fault:
        case None:
            return None
        case LineFault.NO_CODE:
            text = "Row {row}, column {column}: there is no reference."
        case LineFault.CODE_SHORTENED:
            text = (
                "Row {row}, column {column}: a spreadsheet shortened the reference to {found}. "
                "Format the column as text and write it again."
            )
        case LineFault.CODE_IS_DATE:
            text = (
                "Row {row}, column {column}: a spreadsheet made the day {found} of the reference. "
                "Format the column as text and write it again."
            )
        case LineFault.NO_QUANTITY:
            code = ErrorCode.QUANTITY_INVALID
            text = "Row {row}, column {column}: there is no quantity."
        case LineFault.QUANTITY_UNREADABLE:
            code = ErrorCode.QUANTITY_INVALID
            text = "Row {row}, column {column}: the quantity “{typed}” cannot be read; write it as 12 or 1.5."
    where = {"row": line.number, "column": line.column, "found": line.code, "typed": line.typed}
    return Refusal(code, text, ("lines", line.number), **where)
