"""CSV as other programs write it, and workbooks that strangers made."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from rules.order_files import decode, find_delimiter, lines_of_csv
from rules.order_lines import LINES_MAX, LineFault, column_name, lines_of_table, refusal_of
from rules.refusals import ErrorCode, Refusal
from rules.sheets import lines_of_workbook, read_sheet
from rules.spreadsheet_text import harmless, write_csv


def pairs(content: bytes) -> list[tuple[int, str, str | None]]:
    return [(line.number, line.code, None if line.quantity is None else str(line.quantity)) for line in lines_of_csv(content)]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "content", "found"),
    [
        ("header in Spanish", b"Referencia;Cantidad\nA-1;2", [(2, "A-1", "2")]),
        ("header in English, turned", b"Qty,SKU\n2,A-1", [(2, "A-1", "2")]),
        ("header with others between", "Descripción;Cant.;Código\nx;2;A-1".encode(), [(2, "A-1", "2")]),
        ("accents in Windows-1252", "Código;Cantidad\nÑ-1;2".encode("cp1252"), [(2, "Ñ-1", "2")]),
        ("UTF-8 with its mark", "Código;Cantidad\nÑ-1;2".encode("utf-8-sig"), [(2, "Ñ-1", "2")]),
        ("UTF-16 as spreadsheets save it", "SKU\tQuantity\nÑ-1\t2".encode("utf-16"), [(2, "Ñ-1", "2")]),
        ("no header", b"A-1;2\nB-2;3", [(1, "A-1", "2"), (2, "B-2", "3")]),
        ("no header, quantity first", b"2;A-1\n3;B-2", [(1, "A-1", "2"), (2, "B-2", "3")]),
        ("blank rows keep their numbers", b"SKU;Qty\n\n;;\nA-1;2", [(4, "A-1", "2")]),
        ("comma in the quantity", b"SKU;Qty\nA-1;2,5", [(2, "A-1", "2.5")]),
        ("the file names its delimiter", b"sep=|\nSKU|Qty\nA-1|2", [(3, "A-1", "2")]),
        ("quoted", b'SKU,Qty\n"A,1","2"', [(2, "A,1", "2")]),
        ("a quoted cell over two lines", b'SKU,Note,Qty\nA-1,"x\ny",2\nB-2,,3', [(3, "A-1", "2"), (4, "B-2", "3")]),
        ("own number before the barcode", b"EAN;Su referencia;Cantidad\n;BN7;2\n840;;3", [(2, "BN7", "2"), (3, "840", "3")]),
        ("an item column is a description beside a code", b"Item;SKU;Qty\nOil;A-1;2", [(2, "A-1", "2")]),
        ("an item column is the code alone", b"Item;Qty\nA-1;2", [(2, "A-1", "2")]),
        ("formulas are text", b"SKU;Qty\n=1+1;2\n\"=HYPERLINK(\"\"http://x\"\")\";1", [(2, "=1+1", "2"), (3, '=HYPERLINK("http://x")', "1")]),
        ("what our own file guarded", b"SKU;Qty\n'=1+1;2", [(2, "=1+1", "2")]),
    ],
)  # fmt: skip
def test_csv_is_read(case: str, content: bytes, found: list[Any]) -> None:
    assert pairs(content) == found


@pytest.mark.parametrize(
    ("case", "content", "code", "words"),
    [
        ("nothing", b"\n\n", ErrorCode.FILE_INVALID, "no lines"),
        ("a header only", b"SKU;Qty\n", ErrorCode.FILE_INVALID, "no lines"),
        ("no column for the code", b"Name;Quantity\nx;1", ErrorCode.FILE_INVALID, "Row 1 names no column for the product"),
        ("no column for the quantity", b"SKU;Price\nx;1", ErrorCode.FILE_INVALID, "Row 1 names no column for the quantity"),
        ("a header of other words", b"Name;Price\nx;1", ErrorCode.FILE_INVALID, "Row 1 names neither"),
        ("two columns for the quantity", b"SKU;Qty;Cantidad\nx;1;2", ErrorCode.FILE_INVALID, "B and C"),
        ("one column", b"A-1\nB-2", ErrorCode.FILE_INVALID, "one column only"),
        ("an open quotation", b'SKU;Qty\nA;1\n"B;2\n', ErrorCode.FILE_INVALID, "Row 3 cannot be read"),
        ("a cell too long", b"SKU;Qty\n" + b"A" * 20_000 + b";1", ErrorCode.FILE_INVALID, "Row 2 cannot be read"),
        ("too wide", b"SKU;Qty" + b";" * 200 + b"\nA;1", ErrorCode.FILE_INVALID, "202 columns"),
        ("no text", b"SKU;Qty\nA\x00;1", ErrorCode.FILE_INVALID, "UTF-8"),
        ("no encoding of ours", b"SKU;Qty\nA\x81;1", ErrorCode.FILE_INVALID, "UTF-8"),
        ("broken UTF-16", b"\xff\xfeS\x00K", ErrorCode.FILE_INVALID, "UTF-8"),
        ("one line too many", b"SKU;Qty\n" + b"A;1\n" * (LINES_MAX + 1), ErrorCode.LIMIT_EXCEEDED, "5000"),
        ("far too many blank rows", b"SKU;Qty\n" + b";\n" * (2 * LINES_MAX + 1), ErrorCode.LIMIT_EXCEEDED, "5000"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_where(
    case: str, content: bytes, code: ErrorCode, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        lines_of_csv(content)

    assert refused.value.code is code
    assert words in str(refused.value)


def test_as_many_lines_as_the_limit_are_read() -> None:
    assert len(lines_of_csv(b"SKU;Qty\n" + b"A;1\n" * LINES_MAX)) == LINES_MAX


@pytest.mark.parametrize(
    ("case", "row", "fault", "column"),
    [
        ("no code", "x;;2", LineFault.NO_CODE, "B"),
        ("no quantity", "x;A;", LineFault.NO_QUANTITY, "C"),
        ("words", "x;A;two", LineFault.QUANTITY_UNREADABLE, "C"),
        ("a thousand or one", "x;A;1.000", LineFault.QUANTITY_UNREADABLE, "C"),
        ("below zero", "x;A;-1", LineFault.QUANTITY_UNREADABLE, "C"),
        ("a formula", "x;A;=1+1", LineFault.QUANTITY_UNREADABLE, "C"),
        ("a shortened barcode", "x;8,41235E+12;2", LineFault.CODE_SHORTENED, "B"),
    ],
)
def test_a_line_that_cannot_be_read_names_its_row_and_column(
    case: str, row: str, fault: LineFault, column: str
) -> None:
    (good, line) = lines_of_csv(f"Name;SKU;Quantity\ny;B;1\n{row}".encode())

    assert refusal_of(good) is None
    assert (line.number, line.fault, line.column, line.quantity) == (3, fault, column, None)
    refusal = refusal_of(line)
    assert refusal is not None and str(refusal).partition(": ")[2].startswith(f"Row 3, column {column}:")


@pytest.mark.parametrize(("text", "delimiter"), [("a;1,5\nb;2,5", ";"), ("a,1\nb,2", ","), ("a\t1;2", "\t"), ("a|1", "|"), ("a", ";")])  # fmt: skip
def test_the_delimiter_is_the_one_that_parts_all_lines(text: str, delimiter: str) -> None:
    assert find_delimiter(text) == delimiter


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_called_as_spreadsheets_call_them(index: int, name: str) -> None:
    assert column_name(index) == name


def test_a_mark_alone_is_no_text() -> None:
    assert decode(b"\xef\xbb\xbf") == ""


# Workbooks


def workbook(rows: list[list[Any]], *, hidden_first: bool = False) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        if hidden_first:
            cover = book.add_worksheet("Cover")
            cover.write(0, 0, "nothing here")
            cover.hide()
        sheet = book.add_worksheet("Order")
        if hidden_first:
            sheet.activate()
            sheet.set_first_sheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(place, column, value, day)
                elif value is not None:
                    sheet.write(place, column, value)
    return made.getvalue()


def test_a_workbook_is_read_with_the_numbers_a_spreadsheet_made_of_codes() -> None:
    content = workbook(
        [
            [None, None, None],
            ["Cantidad", None, "EAN"],
            [2, None, 8412345678905],
            [2.5, None, "A-1"],
            ["3", None, 12],
            [1, None, 8.4123456789051e19],
            [1, None, date(2026, 3, 10)],
            ["many", None, "B-2"],
        ],
        hidden_first=True,
    )

    lines = lines_of_workbook(content)

    assert [(line.number, line.code, line.quantity, line.fault) for line in lines] == [
        (3, "8412345678905", Decimal(2), None),
        (4, "A-1", Decimal("2.5"), None),
        (5, "12", Decimal(3), None),
        (6, "84123456789051000000", None, LineFault.CODE_SHORTENED),
        (7, "2026-03-10", None, LineFault.CODE_IS_DATE),
        (8, "B-2", None, LineFault.QUANTITY_UNREADABLE),
    ]
    assert [line.column for line in lines] == ["", "", "", "C", "C", "A"]


def test_a_formula_is_what_it_last_came_to_and_never_run() -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["SKU", "Quantity"])
        sheet.write_formula(1, 0, '=CONCATENATE("A-",1)', None, "A-1")
        sheet.write_formula(1, 1, '=WEBSERVICE("http://127.0.0.1/")', None, 7)

    (line,) = lines_of_workbook(made.getvalue())

    assert (line.code, line.quantity) == ("A-1", Decimal(7))


SHEET = "xl/worksheets/sheet1.xml"


def changed(content: bytes, part: str, text: bytes, level: int = 9) -> bytes:
    """The workbook with one part in place of its own."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new,
    ):
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, text)
    return made.getvalue()


def sheet(inner: str) -> bytes:
    head = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    )
    return f"{head}<sheetData>{inner}</sheetData></worksheet>".encode()


SMALL = workbook([["SKU", "Quantity"], ["A-1", 2]])
HOSTILE = {
    "no zip": (b"PK\x03\x04 and then nothing", "damaged"),
    "half a zip": (SMALL[: len(SMALL) // 2], "damaged"),
    "a zip of something else": (changed(b"PK\x05\x06" + bytes(18), "a.txt", b"x"), "damaged"),
    "a part that unpacks to 200 MB": (changed(SMALL, "xl/media/a.xml", b" " * 200_000_000), "unpacks to more"),
    "a cell at the end of the world": (changed(SMALL, SHEET, sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>')), "reaches row 1048576"),
    "a row at the end of the world": (changed(SMALL, SHEET, sheet('<row r="1048576"><c><v>1</v></c></row>')), "reaches row 1048576"),
    "a cell far to the right": (changed(SMALL, SHEET, sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')), "reaches column XFD"),
    "a place that is none": (changed(SMALL, SHEET, sheet('<row r="1"><c r="A99999999"><v>1</v></c></row>')), "damaged"),
    "a place with an entity": (changed(SMALL, SHEET, sheet('<row r="1"><c r="A&#49;&#48;&#52;&#56;&#53;&#55;&#54;"><v>1</v></c></row>')), "reaches row 1048576"),
    "entities within entities": (changed(SMALL, SHEET, b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'), "damaged"),
    "an outside entity": (changed(SMALL, SHEET, b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><worksheet/>'), "damaged"),
    "no XML": (changed(SMALL, SHEET, b"<worksheet><sheetData>"), "damaged"),
    "one long text in many cells": (
        changed(changed(SMALL, "xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"), SHEET,
                sheet("".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 1001)))),
        "unpacks to more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_workbook_is_refused_before_it_is_unpacked(case: str) -> None:
    content, words = HOSTILE[case]

    with pytest.raises(Refusal) as refused:
        read_sheet(content)

    assert words in str(refused.value)


def test_a_size_that_the_archive_denies_is_measured() -> None:
    """The announced size says 10 bytes; the stream holds 100 MB."""
    content = bytearray(changed(SMALL, "xl/theme/big.xml", b" " * 100_000_000))
    at = content.rindex(b"xl/theme/big.xml")  # in the central directory
    content[at - 22 : at - 18] = (10).to_bytes(4, "little")
    assert zipfile.ZipFile(io.BytesIO(bytes(content))).getinfo("xl/theme/big.xml").file_size == 10

    with pytest.raises(Refusal, match="unpacks to more"):
        read_sheet(bytes(content))


def test_macros_and_pictures_are_not_looked_at() -> None:
    content = changed(changed(SMALL, "xl/vbaProject.bin", b"\x00\x01"), "xl/media/image1.png", b"\x89PNG")

    assert [line.code for line in lines_of_workbook(content)] == ["A-1"]


# Writing


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "  =1"],
)
def test_what_could_be_run_is_written_as_text(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "A-1", "1=1", "'x", "8412345678905"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_what_was_written_is_read_again_as_it_was() -> None:
    rows = [["Reference", "Quantity"], ["=A;1", "2"], ['a "b"', "3"], ["-5", "4"]]

    again = lines_of_csv(write_csv(rows, ";"))

    assert [(line.code, str(line.quantity)) for line in again] == [("=A;1", "2"), ('a "b"', "3"), ("-5", "4")]


def test_a_table_of_cells_is_read_alike_wherever_it_comes_from() -> None:
    rows = [["SKU", "Quantity"], ["A-1", "2"], ["", ""], ["B-2", "3"]]

    by_table = [(line.number, line.code, line.quantity) for line in lines_of_table(rows)]

    assert by_table == [(2, "A-1", Decimal(2)), (4, "B-2", Decimal(3))]
    assert [(line.number, line.code, line.quantity) for line in lines_of_workbook(workbook(rows))] == by_table
    assert [
        (line.number, line.code, line.quantity) for line in lines_of_csv(write_csv(rows, ","))
    ] == by_table
