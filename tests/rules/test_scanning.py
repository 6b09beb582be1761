"""What scanners type of GS1 barcodes."""

import pytest

from rules.scanning import Scanned, read_scanned, same_barcodes

GTIN = "08412345000016"


@pytest.mark.parametrize(
    ("label", "text", "expected"),
    [
        ("in brackets", f"(01){GTIN}(17)260501(10)L-204", Scanned(GTIN, "L-204")),
        ("as a scanner sends it", f"01{GTIN}1726050110L-204", Scanned(GTIN, "L-204")),
        ("with the kind of symbol", f"]C101{GTIN}10L-204\x1d1726050121S1", Scanned(GTIN, "L-204")),
        ("the lot in the middle", f"]d201{GTIN}10L-204\x1d3712", Scanned(GTIN, "L-204")),
        ("of a carton", f"(02){GTIN}(37)12(10)A", Scanned(GTIN, "A")),
        ("the product alone", f"01{GTIN}", Scanned(GTIN, "")),
        ("the lot alone, in brackets", "(10)L-204", Scanned("", "L-204")),
        ("a lot's number", "L-204", None),
        ("a lot's number that begins like an identifier", "10204", None),
        ("a SKU that does so", "01-ACE", None),
        ("digits that do not fit", "0112345", None),
        ("an unknown identifier", f"01{GTIN}99X", None),
        ("brackets without a value", "(10)", None),
        ("text before brackets", "x(10)L", None),
        ("text that is too long", "(10)" + "L" * 200, None),
        ("nothing", "", None),
    ],
)
def test_reading(label: str, text: str, expected: Scanned | None) -> None:
    assert read_scanned(text) == expected, label


@pytest.mark.parametrize(
    ("gtin", "expected"),
    [
        (GTIN, (GTIN, "8412345000016")),
        ("00012345678905", ("00012345678905", "0012345678905", "012345678905")),
        ("00000012345670", ("00000012345670", "0000012345670", "000012345670", "12345670")),
        ("18412345000013", ("18412345000013",)),
    ],
)
def test_a_number_stands_in_several_ways(gtin: str, expected: tuple[str, ...]) -> None:
    assert same_barcodes(gtin) == expected
