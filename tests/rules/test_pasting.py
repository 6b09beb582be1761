"""Pasted lines: what is a code, what is a quantity."""

from decimal import Decimal

import pytest

from rules.pasting import parse_lines
from rules.quantities import parse_quantity


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
    ],
)
def test_a_line_is_read(label: str, text: str, code: str, quantity: str) -> None:
    (line,) = parse_lines(text)

    assert (line.code, line.quantity) == (code, Decimal(quantity)), label


@pytest.mark.parametrize("text", ["1.000", "1,000", "1e3", "-1", "١٢", "12.", "1 000", "", "NaN", "0x10"])
def test_what_is_no_quantity_or_ambiguous_is_not_guessed(text: str) -> None:
    assert parse_quantity(text) is None


def test_line_numbers_are_those_of_the_text() -> None:
    lines = parse_lines("A 1\n\n  \nB 2\r\nC 3")

    assert [(line.number, line.code) for line in lines] == [(1, "A"), (4, "B"), (5, "C")]
