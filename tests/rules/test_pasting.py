"""Pasted lines: what is a code, what is a quantity."""

from decimal import Decimal

import pytest

from rules.pasting import parse_lines
from rules.quantities import parse_quantity
from tests.effort import SECOND, Effort


@pytest.mark.parametrize(
    ("label", "text", "code", "quantity"),
    [
        ("spaces", "ACE-001 12", "ACE-001", "12"),
        ("tab, as from a spreadsheet", "ACE-001\t12", "ACE-001", "12"),
        ("semicolon", "ACE-001;12", "ACE-001", "12"),
        ("comma", "ACE-001, 12", "ACE-001", "12"),
        ("a code with spaces", "ACE 001 12", "ACE 001", "12"),
        ("times sign", "ACE-001 x12", "ACE-001", "12"),
        ("decimal comma", "ACE-001\t1,5", "ACE-001", "1.5"),
        ("decimal point", "ACE-001\t1.50", "ACE-001", "1.5"),
        ("further columns are passed over", "ACE-001\t12\tAceite", "ACE-001", "12"),
        ("a code alone means one", "ACE-001", "ACE-001", "1"),
        ("a barcode", "8412345678905 6", "8412345678905", "6"),
        ("a barcode and a comma", "8412345678905,6", "8412345678905", "6"),
        ("comma without a space", "ACE-001,12", "ACE-001", "12"),
        ("comma after a code of digits", "1007,1", "1007", "1"),
        ("comma and space after a code with spaces", "LP 1007, 1", "LP 1007", "1"),
        ("space and comma after a code with spaces", "LP 1007 ,1", "LP 1007", "1"),
        ("semicolon after a code with spaces", "LP 1007;1", "LP 1007", "1"),
        ("tab after a code with spaces", "LP 1007\t1", "LP 1007", "1"),
        ("decimals after a semicolon", "LP;1007,1", "LP", "1007.1"),
        ("decimals after a bar", "LP 1007 | 0,5", "LP 1007", "0.5"),
        ("a decimal point after a comma", "LP 1007,1.5", "LP 1007", "1.5"),
        ("decimals after a times sign", "QUE-0130 x 1,5", "QUE-0130", "1.5"),
        ("zeros belong to the code", "ACE 001", "ACE 001", "1"),
        ("zeros belong to the code, and a comma", "ACE 001,12", "ACE 001", "12"),
        ("zeros in a column of quantities", "ACE-001;012", "ACE-001", "12"),
        ("a code with a point", "AC.12.5 3", "AC.12.5", "3"),
        ("a code with a point, alone", "AC.12.5", "AC.12.5", "1"),
        ("their own number, spaces and dashes", "BN 77 - 3 x 4", "BN 77 - 3", "4"),
        ("an empty column between", "ACE-001\t\t12", "ACE-001", "12"),
        ("an empty column behind", "ACE-001;", "ACE-001", "1"),
        ("columns with spaces about", " ACE  001 ; 12 ; Aceite", "ACE 001", "12"),
        ("nought is read, and refused later", "ACE-001 0", "ACE-001", "0"),
    ],
)
def test_a_line_is_read(label: str, text: str, code: str, quantity: str) -> None:
    (line,) = parse_lines(text)

    assert (line.code, line.quantity) == (code, Decimal(quantity)), label


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("one of LP 1007, or 1007.1 of LP", "LP 1007,1"),
        ("LP 1007.1 alone, or 1007.1 of LP", "LP 1007.1"),
        ("1.5 of it, or five of a code that ends in 1", "QUE-0130 1,5"),
        ("half of it, or five of a code that ends in 0", "QUE-0130 0,5"),
        ("a decimal comma, or a third column", "QUE-0130,1,5"),
        ("a decimal comma, or a third column, after a space", "QUE-0130, 1,5"),
        ("a thousand, or one", "ACE-001 1.000"),
        ("a thousand, or one, in columns", "ACE-001;1.000"),
    ],
)
def test_a_line_with_two_readings_is_asked_back(label: str, text: str) -> None:
    (line,) = parse_lines(text)

    assert (line.text, line.quantity) == (text, None), label


@pytest.mark.parametrize("text", ["1.000", "1,000", "1e3", "-1", "١٢", "12.", "1 000", "", "NaN", "0x10"])
def test_what_is_no_quantity_or_ambiguous_is_not_guessed(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize("filling", [" ", ", ", "1 ", "1,", "x 1 ", "\t", ";", "\t1", "9", "a"])
def test_a_long_odd_line_is_read_at_once(filling: str) -> None:
    effort = Effort(None)

    parse_lines("A" + filling * (100_000 // len(filling)) + "!")

    assert effort.spent() < SECOND


def test_line_numbers_are_those_of_the_text() -> None:
    lines = parse_lines("A 1\n\n  \nB 2\r\nC 3")

    assert [(line.number, line.code) for line in lines] == [(1, "A"), (4, "B"), (5, "C")]
