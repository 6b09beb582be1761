"""What a scanner types: the element string of a GS1 barcode, of which the product's number and the lot are read."""

import re
from dataclasses import dataclass

_SEPARATOR = "\x1d"  # FNC1, as scanners send it
# What scanners put before it: the kind of symbol.
_SYMBOLOGY = re.compile(r"\](?:C1|d2|e0|Q3|J1)")
_IN_BRACKETS = re.compile(r"\((\d{2,4})\)([^(]*)")
# Application identifiers of a fixed length, by their first two digits; all others end at a separator.
_FIXED = {
    "00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "11": 6, "12": 6, "13": 6, "14": 6, "15": 6, "16": 6, "17": 6,
    "18": 6, "19": 6, "20": 2,
}  # fmt: skip
_VARIABLE = re.compile(rf"(10|21|22|30|37)([^{_SEPARATOR}]+)")
_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was read; an empty text where the code does not tell it. `gtin` has 14 digits."""

    gtin: str
    lot: str


def read_scanned(text: str) -> Scanned | None:
    """
    The product and lot of an element string, with brackets or as a scanner sends it; None where it is none.

    Source: GS1 General Specifications, 3 (application identifiers), 7.8 (element strings).
    """
    text = _SYMBOLOGY.sub("", text.strip(), count=1)
    if len(text) > _CHARACTERS_MAX:
        return None
    found = _bracketed(text) if text.startswith("(") else _plain(text)
    if found is None:
        return None
    read = Scanned(found.get("01", found.get("02", "")), found.get("10", ""))
    return read if read.gtin or read.lot else None


def same_barcodes(gtin: str) -> tuple[str, ...]:
    """How a number of 14 digits may stand as a product's barcode: with leading zeros, or as EAN-13, UPC or EAN-8."""
    return (gtin, *(gtin[-size:] for size in (13, 12, 8) if not gtin[:-size].strip("0")))


def _bracketed(text: str) -> dict[str, str] | None:
    found = {key: value.strip() for key, value in _IN_BRACKETS.findall(text)}
    return found if "".join(f"({key}){value}" for key, value in _IN_BRACKETS.findall(text)) == text else None


def _plain(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    # A lot number may look like anything: what is no element string from its start is none at all.
    if text[:2] not in ("01", "02"):
        return None
    left = text
    while left:
        key = left[:2]
        size = _FIXED.get(key)
        if size is not None:
            value, left = left[2 : size + 2], left[size + 2 :].removeprefix(_SEPARATOR)
            if len(value) != size or not value.isdigit():
                return None
        else:
            part = _VARIABLE.match(left)
            if part is None:
                return None
            value, left = part[2], left[part.end() :].removeprefix(_SEPARATOR)
        found[key] = value
    return found
