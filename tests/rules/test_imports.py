"""Files of imports, purely: what a cell may say, what a header names, which row is at fault, and how prices line up."""

import io
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
import xlsxwriter

from rules.import_files import count_rows, open_file
from rules.import_prices import Period, ToldPrice, put_price
from rules.import_values import Read, code_of, day, flag, item_code, number, one_of, text_of, upper, whole
from rules.imports import SHAPES, layout_of, read_rows, report_headers, report_row
from rules.order_lines import Cell
from rules.refusals import ErrorCode, Refusal
from rules.states import ImportKind


@pytest.mark.parametrize(
    ("case", "read", "cell", "value"),
    [
        ("a plain number", number(), "1234.50", Decimal("1234.5")),
        ("a spreadsheet's number", number(), Decimal("0.1"), Decimal("0.1")),
        ("nothing", number(), " ", None),
        ("a negative one where any goes", number(least=None), "-3", Decimal(-3)),
        ("a text of two lines", text_of(200, lines=True), "a\nb", "a\nb"),
        ("a formula is text", text_of(200), "=1+1", "=1+1"),
        ("the guard of a formula is no part of it", text_of(200), "'=1+1", "=1+1"),
        ("a number as a code", code_of(), Decimal(123), "123"),
        ("a country", upper(code_of(), 2), "es", "ES"),
        ("a day", day, "2026-12-31", date(2026, 12, 31)),
        ("a spreadsheet's day", day, date(2026, 12, 31), date(2026, 12, 31)),
        ("yes", flag, "Sí", True),
        ("no", flag, Decimal(0), False),
        ("a word of some", one_of("GOODS", "SERVICE"), "service", "SERVICE"),
        ("a whole number", whole, "30", 30),
    ],
)
def test_a_cell_says(case: str, read: Read, cell: Cell, value: object) -> None:
    assert read(cell) == value


@pytest.mark.parametrize(
    ("case", "read", "cell"),
    [
        ("a comma", number(), "1,5"),
        ("thousands", number(), "1.234,56"),
        ("a currency", number(), "12 €"),
        ("an exponent", number(), "1e3"),
        ("no number at all", number(), "NaN"),
        ("seven decimals", number(), "0.1234567"),
        ("below zero", number(), "-1"),
        ("zero where more is needed", number(above=True), "0"),
        ("more digits than are stored", number(), "1234567890123"),
        ("a half", whole, "1.5"),
        ("a day in another order", day, "31/12/2026"),
        ("a day that is none", day, "2026-02-30"),
        ("perhaps", flag, "perhaps"),
        ("an unknown word", one_of("GOODS"), "THING"),
        ("a code made a number", code_of(), "8.41E+12"),
        ("a code made a day", code_of(), date(2026, 3, 2)),
        ("a long text", text_of(3), "four"),
        ("three letters for two", upper(code_of(), 2), "ESP"),
        ("a name of two lines", text_of(200), "a\nb"),
        ("a code of separators", item_code, "-./"),
        ("a code that folds too long", item_code, "ﷺ" * 10),
        ("more than is counted", number(most=Decimal(5)), "5.1"),
        ("a text that turns round", text_of(200), "a\u202eb"),
    ],
)
def test_a_cell_that_could_mean_two_things_is_refused(case: str, read: Read, cell: Cell) -> None:
    with pytest.raises(Refusal):
        read(cell)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiter_and_mark_are_found(delimiter: str, mark: bytes) -> None:
    content = (
        mark
        + "REFERENCIA,Código de barras,Nombre\nA-1,84,Ñandú\n\nA-2,85,Ó\n".replace(",", delimiter).encode()
    )
    opened = open_file(ImportKind.PRODUCTS, content)

    assert [dict(row.values) for row in opened.rows] == [
        {"sku": "A-1", "barcode": "84", "name": "Ñandú"},
        {"sku": "A-2", "barcode": "85", "name": "Ó"},
    ]
    assert count_rows(ImportKind.PRODUCTS, content) == 2


def test_a_workbook_that_is_mostly_nothing_is_refused_before_it_is_read() -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_string(0, 90, "sku")
        sheet.write_string(90_000, 0, "A")

    with pytest.raises(Refusal) as refused:
        open_file(ImportKind.PRODUCTS, made.getvalue())
    assert refused.value.code == ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("kind", ImportKind)
def test_no_two_columns_of_a_kind_share_a_name(kind: ImportKind) -> None:
    names = [
        each for column in SHAPES[kind].columns for each in (column.name.replace("_", " "), *column.also)
    ]

    assert sorted(set(names)) == sorted(names)


def test_a_refused_row_keeps_its_own_columns_and_says_all_its_faults() -> None:
    layout = layout_of(ImportKind.PRICES, ["Precio", "SKU", "valid_from", "import_code"], 1)
    bad, short = read_rows(ImportKind.PRICES, layout, [(2, ["1,5", "", "2026-01-01", "OLD"]), (3, ["1"])])

    assert report_headers(layout) == ["Precio", "SKU", "valid_from", "import_row", "import_column", "import_value",
                                      "import_code", "import_message"]  # fmt: skip
    assert report_row(layout, bad, ["a.", "b."]) == [
        "1,5", "", "2026-01-01", "2", "Precio; SKU", "1,5; ", "INVALID; INVALID", "a. b.",
    ]  # fmt: skip
    assert report_row(layout, short, ["c."]) == ["1", "", "", "3", "", "", "INVALID", "c."]


def told(month: int, price: int, until: int | None = None) -> ToldPrice:
    end = None if until is None else date(2026, until, 1)
    return ToldPrice(date(2026, month, 1), Decimal(price), valid_until=end)


@pytest.mark.parametrize(
    ("case", "rows", "expected"),
    [
        ("open ones end where the next begins", [told(1, 1), told(4, 4)], [(1, 4, 1), (4, None, 4)]),
        ("an end past the next is cut", [told(1, 1, 9), told(4, 4)], [(1, 4, 1), (4, None, 4)]),
        ("a gap stays", [told(1, 1, 2), told(4, 4, 6)], [(1, 2, 1), (4, 6, 4)]),
        ("three", [told(1, 1), told(4, 4), told(7, 7, 8)], [(1, 4, 1), (4, 7, 4), (7, 8, 7)]),
    ],
)
def test_prices_line_up_in_whichever_order_and_once(
    case: str, rows: list[ToldPrice], expected: list[tuple[int, int | None, int]]
) -> None:
    for order in permutations(rows):
        periods: list[Period] = []
        for each in [*order, *order]:
            periods = put_price(periods, each)
        assert [
            (
                each.valid_from.month,
                each.valid_until.month if each.valid_until else None,
                int(each.unit_price),
            )
            for each in periods
        ] == expected
        assert all(put_price(periods, each) == periods for each in order)
