"""
Reading the first sheet of an XLSX workbook that a stranger made.

A workbook is a zip of XML parts, and both can be made to unpack into more than a machine has. So each part is
unpacked by us within limits and looked at as XML; what passes is packed again, and only that is handed to the reader.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.parsers import expat

from python_calamine import SheetVisibleEnum, load_workbook

from rules.order_lines import COLUMNS_MAX, LINES_MAX, Cell, OrderLine, lines_of_table
from rules.refusals import ErrorCode, Refusal

PARTS_MAX = 1_000
UNPACKED_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 2 * LINES_MAX  # blank ones included
# The reader makes a cell of every place up to the last row and the last column.
CELLS_MAX = 4_000_000
# A text is shared by the cells that show it, and copied into each of them when it is read.
SHARED_CHARACTERS_MAX = 128 * 1024 * 1024
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_STEP = 64 * 1024
_WORKBOOK = "xl/workbook.xml"


def is_zip(content: bytes) -> bool:
    return content.startswith(b"PK\x03\x04")


def is_workbook(content: bytes) -> bool:
    """Whether this is an XLSX by its content, whatever its name says."""
    try:
        return is_zip(content) and _WORKBOOK in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _damaged() -> Refusal:
    text = "The workbook is damaged, or is no XLSX. Save it again as XLSX or CSV."
    return Refusal(ErrorCode.FILE_INVALID, text, ())


def _too_large() -> Refusal:
    text = "The workbook unpacks to more than is read. Leave only the lines in it."
    return Refusal(ErrorCode.LIMIT_EXCEEDED, text, ())


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo, content: bytes, room: int) -> bytes:
    """A part's bytes, `room` at most, whatever size the archive announces."""
    if part.flag_bits & 0x1:
        text = "The workbook is protected by a password. Save it without one."
        raise Refusal(ErrorCode.FILE_INVALID, text, ())
    header = content[part.header_offset : part.header_offset + 30]
    if len(header) < 30 or not is_zip(header):
        raise _damaged()
    name_size, extra_size = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    start = part.header_offset + 30 + name_size + extra_size
    packed = memoryview(content)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        if len(packed) > room:
            raise _too_large()
        return bytes(packed)
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise _damaged()
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = inflate.decompress(packed, room + 1)
    except zlib.error:
        raise _damaged() from None
    if len(unpacked) > room:
        raise _too_large()
    if not inflate.eof:
        raise _damaged()
    return unpacked


@dataclass(slots=True)
class _Watch:
    """What a part's XML amounts to; the reader allocates a cell for every place up to the last."""

    rows_max: int
    widest: int = 0
    shared_cells: int = 0
    longest: int = 0
    _length: int | None = None  # of the shared text that is open

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "c":
            self._at_cell(attributes.get("r"))
            self.shared_cells += attributes.get("t") == "s"
        elif kind == "row" and "r" in attributes:
            self._at_row(attributes["r"])
        elif kind == "si":
            self._length = 0

    def _at_cell(self, place: str | None) -> None:
        if place is None:
            return  # it follows the one before, so the file's own size bounds it
        found = _PLACE.fullmatch(place)
        if found is None:
            raise _damaged()
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        if column > COLUMNS_MAX:
            text = (
                "The workbook reaches column {column}; {limit} columns at most are read. "
                "Delete those beside your lines."
            )
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, (), column=found[1], limit=COLUMNS_MAX)
        self.widest = max(self.widest, column)
        self._at_row(found[2])

    def _at_row(self, number: str) -> None:
        if not number.isascii() or not number.isdigit() or len(number) > 7:
            raise _damaged()
        if int(number) > self.rows_max:
            text = (
                "The workbook reaches row {row}; {limit} rows at most are read. "
                "Delete the empty rows below your lines."
            )
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, (), row=int(number), limit=self.rows_max)
        if int(number) * self.widest > CELLS_MAX:
            raise _too_large()

    def say(self, text: str) -> None:
        if self._length is not None:
            self._length += len(text)
            self.longest = max(self.longest, self._length)

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "si":
            self._length = None

    def refuse_doctype(self, *_: Any) -> None:
        raise _damaged()


def _look_at(part: bytes, watch: _Watch) -> bool:
    """Whether a part is well-formed XML within the limits."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = watch.begin
    parser.EndElementHandler = watch.end
    parser.CharacterDataHandler = watch.say
    parser.StartDoctypeDeclHandler = watch.refuse_doctype
    parser.buffer_text = True
    try:
        for start in range(0, len(part), _STEP):
            parser.Parse(part[start : start + _STEP], False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        return False
    return True


def _parts(content: bytes, rows_max: int) -> Iterator[tuple[str, bytes]]:
    """The workbook's XML parts, looked at; pictures, macros and the like are left out."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _damaged() from None
    if len(infos) > PARTS_MAX:
        raise _too_large()
    room, watch = UNPACKED_BYTES_MAX, _Watch(rows_max)
    for info in infos:
        part = _unpack(archive, info, content, room)
        room -= len(part)
        if info.filename.endswith((".xml", ".rels")):
            if not _look_at(part, watch):
                raise _damaged()
            yield info.filename, part
    if watch.shared_cells * watch.longest > SHARED_CHARACTERS_MAX:
        raise _too_large()


def _repacked(content: bytes, rows_max: int) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in _parts(content, rows_max):
            archive.writestr(name, part)
    packed.seek(0)
    return packed


def read_sheet(content: bytes, rows_max: int = ROWS_MAX) -> list[list[Cell]]:
    """
    The rows of the first visible sheet, from its first row.

    Formulas are what they last came to, never computed; macros, links and pictures are not looked at.
    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): it is damaged, protected, or larger than is read.
    """
    if not is_workbook(content):
        raise _damaged()
    packed = _repacked(content, rows_max)
    try:
        workbook = load_workbook(packed)
        sheets = workbook.sheets_metadata
        shown = next((each for each in sheets if each.visible == SheetVisibleEnum.Visible), sheets[0])
        rows = workbook.get_sheet_by_name(shown.name).to_python(skip_empty_area=False, nrows=rows_max)
    except Exception as fault:
        raise _damaged() from fault
    except BaseException as fault:
        # A panic of the reader's is no Exception; an interrupt is not ours to swallow.
        if isinstance(fault, (KeyboardInterrupt, SystemExit)):
            raise
        raise _damaged() from fault
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: object) -> Cell:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (time, timedelta)):
        return str(value)
    return str(value) if value else None


def lines_of_workbook(content: bytes) -> list[OrderLine]:
    """The order lines of a workbook's first sheet."""
    return lines_of_table(read_sheet(content))


__all__ = ["is_workbook", "is_zip", "lines_of_workbook", "read_sheet"]
