"""Opening a file of an import: CSV in UTF-8 with whichever delimiter, or the first sheet of an XLSX."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.imports import ROWS_MAX, ImportRow, Layout, layout_of, read_rows
from rules.order_files import split_rows
from rules.order_lines import Cell, is_blank, too_many_lines
from rules.refusals import ErrorCode, Refusal
from rules.sheets import is_workbook, read_sheet
from rules.states import ImportKind

_LINES_MAX = 2 * ROWS_MAX  # blank ones included


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file whose header was understood; `rows` are read as they are asked for, once."""

    layout: Layout
    rows: Iterator[ImportRow]


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
        place = text.find("\x00")
        if place < 0:
            return text
        start = len(text[:place].encode())
    except UnicodeDecodeError as fault:
        start = fault.start
    words = "The file is not UTF-8: byte {byte} at place {place}, in line {row}. Save it as CSV UTF-8."
    data = {"byte": f"0x{content[start]:02X}", "place": start + 1, "row": content[:start].count(b"\n") + 1}
    raise Refusal(ErrorCode.FILE_INVALID, words, (), **data)


def _cells(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    if is_workbook(content):
        yield from enumerate(read_sheet(content, _LINES_MAX), start=1)
    else:
        yield from split_rows(_decode(content), _LINES_MAX)


def open_file(kind: ImportKind, content: bytes) -> OpenFile:
    """
    The file's header understood, and its rows to come.

    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): another encoding, no header, columns that are unknown or missing. The
            rows raise it too, where the file breaks off or is too long.
    """
    found = _cells(content)
    header = next(((number, cells) for number, cells in found if not is_blank(cells)), None)
    if header is None:
        raise Refusal(ErrorCode.FILE_INVALID, "The file has no lines.", ())
    layout = layout_of(kind, header[1], header[0])
    return OpenFile(layout, read_rows(kind, layout, found))


def count_rows(kind: ImportKind, content: bytes) -> int:
    """
    How many rows the file has below its header, all of them read.

    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): as `open_file`, or there is no row, or there are too many.
    """
    count = sum(1 for _ in open_file(kind, content).rows)
    if not count:
        raise Refusal(ErrorCode.FILE_INVALID, "The file has no lines.", ())
    if count > ROWS_MAX:
        raise too_many_lines((), ROWS_MAX)
    return count
