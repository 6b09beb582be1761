"""The quote editor's form: prefilled from a revision, read into the schema's input, with problems at its fields."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from storefront.forms import Problem, read_date, read_number
from storefront.page import Page
from storefront.rendering import today

LINES_MAX = 200
ROWS_MORE = 3
PARTS = ("sku", "quantity", "unit", "day", "price", "discount", "reason", "kind", "instead")
KINDS = ("", "free", "optional", "alternative")
TERMS = (
    "valid-until", "message", "wanted-on", "whole-discount", "whole-reason", "payment-term", "address", "notes",
    "deposit",
)  # fmt: skip
# The last named step of an error's path -> the form's field; those of lines take the row's number.
OF_LINES = {
    "sku": "sku", "quantity": "quantity", "unit": "unit", "requestedOn": "day", "unitPrice": "price",
    "discountPercent": "discount", "reason": "reason", "isFree": "kind", "isOptional": "kind",
    "alternativeTo": "instead",
}  # fmt: skip
OF_TERMS = {
    "validUntil": "valid-until", "message": "message", "requestedOn": "wanted-on",
    "discountPercent": "whole-discount", "discountReason": "whole-reason", "paymentTermCode": "payment-term",
    "deliveryAddressId": "address", "internalNotes": "notes", "depositPercent": "deposit",
}  # fmt: skip
Row = dict[str, str]


def empty_row() -> Row:
    return dict.fromkeys(PARTS, "")


def own_lines(revision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines that somebody entered, without what the rules give with them and charge for them."""
    return [line for line in revision["lines"] if line["kind"] != "CHARGE" and line["parentPosition"] is None]


def rows_of(page: Page, revision: Mapping[str, Any]) -> list[Row]:
    """A revision's lines as the form shows them."""
    plain, lines = page.renderer.formats.plain, own_lines(revision)
    numbers = {line["position"]: number for number, line in enumerate(lines, start=1)}
    rows = []
    for line in lines:
        price, percent = line["manualUnitPrice"], line["discountPercent"]
        instead = line["alternativeTo"]
        kind = (
            "free"
            if line["isFree"]
            else "optional"
            if line["isOptional"]
            else "alternative"
            if instead
            else ""
        )
        same = line["requestedOn"] == revision["requestedOn"]
        rows.append(
            {
                "sku": line["sku"],
                "quantity": plain(line["quantity"]),
                "unit": line["unit"],
                "day": "" if same else line["requestedOn"] or "",
                "price": "" if price is None else plain(price["amount"]),
                "discount": "" if line["isFree"] or float(percent) == 0 else plain(percent),
                "reason": line["reason"],
                "kind": kind,
                "instead": str(numbers.get(instead, "")),
            }
        )
    return rows


def terms_of(page: Page, revision: Mapping[str, Any], customer: Mapping[str, Any]) -> dict[str, str]:
    """A revision's terms as the form shows them; a last day that is over is asked for anew."""
    plain, percent = page.renderer.formats.plain, revision["discountPercent"]
    until, code, placed = (
        revision["validUntil"],
        revision["paymentTerms"]["code"],
        revision["deliveryAddress"],
    )
    same = ("name", "street", "postalCode", "city")
    address = next(
        (each["id"] for each in customer["addresses"] if all(each[name] == placed[name] for name in same)),
        "",
    )
    return {
        "valid-until": until if until >= today().isoformat() else "",
        "message": revision["message"],
        "wanted-on": revision["requestedOn"] or "",
        "whole-discount": "" if float(percent) == 0 else plain(percent),
        "whole-reason": revision["discountReason"],
        "payment-term": "" if code == customer["paymentTerms"]["code"] else code,
        "address": address,
        "notes": revision["internalNotes"],
        "deposit": plain(revision["depositPercent"]),
    }


def typed_rows(page: Page) -> list[Row]:
    """The rows as they were sent, those after the last that says anything left out."""
    numbers = [int(found[1]) for name in page.form if (found := re.fullmatch(r"sku-([0-9]{1,3})", name))]
    rows = [
        {part: page.field(f"{part}-{number}") for part in PARTS}
        for number in range(min(max(numbers, default=-1) + 1, LINES_MAX))
    ]
    while rows and not any(rows[-1][part] for part in PARTS if part != "unit"):
        rows.pop()
    return rows


def typed_terms(page: Page) -> dict[str, str]:
    return {name: page.field(name) for name in TERMS}


def read_lines(
    page: Page, rows: Sequence[Row], problems: list[Problem]
) -> tuple[list[dict[str, Any]], list[int]]:
    """The schema's lines, and of which row each is; what cannot be read becomes a problem."""
    lines: list[dict[str, Any]] = []
    used: list[int] = []
    places: dict[int, int] = {}
    for number, row in enumerate(rows):
        if row["sku"]:
            places[number + 1] = len(places)
    for number, row in enumerate(rows):
        if not row["sku"]:
            if row["quantity"] or row["price"]:
                problems.append(Problem(page.gettext("Enter a reference."), f"sku-{number}"))
            continue
        line: dict[str, Any] = {"sku": row["sku"][:100], "reason": row["reason"]}
        line["quantity"] = _number(page, row["quantity"] or "1", f"quantity-{number}", problems)
        if row["unit"]:
            line["unit"] = row["unit"]
        if row["price"]:
            line["unitPrice"] = _number(page, row["price"], f"price-{number}", problems)
        if row["discount"]:
            line["discountPercent"] = _number(page, row["discount"], f"discount-{number}", problems)
        if row["day"]:
            line["requestedOn"] = _day(page, row["day"], f"day-{number}", problems)
        line["isFree"], line["isOptional"] = row["kind"] == "free", row["kind"] == "optional"
        if row["kind"] == "alternative":
            told = row["instead"]
            place = places.get(int(told)) if told.isdigit() and len(told) < 4 else None
            if place is None:
                text = page.gettext("Say in place of which line, by its number.")
                problems.append(Problem(text, f"instead-{number}"))
            line["alternativeTo"] = place
        lines.append(line)
        used.append(number)
    if not lines and not problems:
        problems.append(Problem(page.gettext("Enter at least one line."), "sku-0"))
    return lines, used


def read_terms(page: Page, typed: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "message": typed["message"], "internalNotes": typed["notes"], "discountReason": typed["whole-reason"],
        "paymentTermCode": typed["payment-term"] or None, "deliveryAddressId": typed["address"] or None,
    }  # fmt: skip
    for name, field in (("validUntil", "valid-until"), ("requestedOn", "wanted-on")):
        terms[name] = _day(page, typed[field], field, problems) if typed[field] else None
    if typed["whole-discount"]:
        terms["discountPercent"] = _number(page, typed["whole-discount"], "whole-discount", problems)
    if typed["deposit"]:
        terms["depositPercent"] = _number(page, typed["deposit"], "deposit", problems)
    return terms


def _number(page: Page, text: str, field: str, problems: list[Problem]) -> str | None:
    found = read_number(text, page.locale)
    if found is None:
        problems.append(Problem(page.gettext("Enter a number, such as 12.5."), field))
    return found


def _day(page: Page, text: str, field: str, problems: list[Problem]) -> str | None:
    found = read_date(text)
    if found is None:
        problems.append(Problem(page.gettext("Enter a day, such as 2026-03-31."), field))
    return found


def editor_problems(errors: Sequence[Mapping[str, Any]], used: Sequence[int]) -> list[Problem]:
    """The schema's user errors, each at its field; `used` are the rows of the lines."""
    found = []
    for error in errors:
        path = list(error["path"])
        field = ""
        if path[:1] == ["lines"] and len(path) > 1 and path[1].isdigit() and int(path[1]) < len(used):
            part = OF_LINES.get(path[2], "sku") if len(path) > 2 else "sku"
            field = f"{part}-{used[int(path[1])]}"
        elif path[:1] == ["lines"]:
            field = "sku-0"
        elif path:
            field = OF_TERMS.get(path[-1], "")
        found.append(Problem(error["message"], field, error["code"]))
    return found
