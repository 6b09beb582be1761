"""Bank movements as CSV with a heading in Spanish or English; separators, decimals and dates as banks write them."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from rules.bank_files import BankFile, BankFormat, BankLine, FileProblem, file_of
from rules.texts import fold

_COLUMNS = {
    "date": {
        "date",
        "booking date",
        "booked on",
        "fecha",
        "fecha operacion",
        "f. operacion",
        "fecha contable",
    },
    "valueDate": {"value date", "value on", "fecha valor", "f. valor"},
    "amount": {"amount", "importe", "importe (eur)", "importe eur"},
    "reference": {"reference", "referencia", "ref."},
    "text": {"text", "description", "concepto", "descripcion", "observaciones"},
    "counterparty": {"counterparty", "name", "payer", "ordenante", "nombre", "ordenante/beneficiario"},
    "currency": {"currency", "divisa", "moneda"},
    "account": {"account", "cuenta", "iban"},
}
_REQUIRED = ("date", "amount")
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,2})?")
_SPANISH = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{2}")
_ENGLISH = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2}")
_MAX_FIELD = 2_000


def parse_amount(text: str) -> Decimal | None:
    """
    An amount as banks write it, with or without thousands; None where it is none or could be two.

    "1.234" is a thousand to some and one to others: it is refused, not guessed.
    """
    text = text.strip().replace("\u2212", "-").removesuffix("€").removesuffix("EUR").strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _SPANISH.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _ENGLISH.fullmatch(text):
        return Decimal(text.replace(",", ""))
    return None


def parse_date(text: str) -> date | None:
    """A day as 2026-03-01 or 01/03/2026; None where it is none."""
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def parse_csv(content: bytes, currency: str) -> BankFile:
    """
    The movements of a CSV file.

    Args:
        currency: of lines without one.
    """
    text = _decode(content)
    if text is None:
        problem = FileProblem(1, "file", "The file is no text in UTF-8 or Windows-1252.")
        return file_of(BankFormat.CSV, (), [problem])
    head = text.lstrip().split("\n", 1)[0]
    delimiter = max(";\t,|", key=head.count)
    lines: list[BankLine] = []
    problems: list[FileProblem] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: dict[str, int] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = _heading(row)
                problems += [
                    FileProblem(reader.line_num, name, "The column {column} is missing.", {"column": name})
                    for name in _REQUIRED
                    if name not in columns
                ]
                if problems:
                    break
                continue
            found = _line(row, columns, reader.line_num, currency)
            if isinstance(found, BankLine):
                lines.append(found)
            else:
                problems += found
    except csv.Error:
        problems.append(FileProblem(reader.line_num, "file", "The line is no CSV: a quote is not closed."))
    return file_of(BankFormat.CSV, lines, problems)


def _decode(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _heading(row: Sequence[str]) -> dict[str, int]:
    """Which column means what; the first of a name counts, and columns of other names are passed over."""
    found: dict[str, int] = {}
    for index, cell in enumerate(row):
        for name, known in _COLUMNS.items():
            if fold(cell) in known:
                found.setdefault(name, index)
    return found


def _line(
    row: Sequence[str], columns: Mapping[str, int], number: int, currency: str
) -> BankLine | list[FileProblem]:
    cells = {name: row[index].strip() if index < len(row) else "" for name, index in columns.items()}
    problems = [
        FileProblem(number, name, "A field has {length} characters at most.", {"length": _MAX_FIELD})
        for name, cell in cells.items()
        if len(cell) > _MAX_FIELD
    ]
    if problems:
        return problems
    booked_on, amount = parse_date(cells["date"]), parse_amount(cells["amount"])
    value_on = parse_date(cells["valueDate"]) if cells.get("valueDate") else booked_on
    stated = cells.get("currency", "").upper() or currency
    if booked_on is None:
        problems.append(FileProblem(number, "date", "{value} is no date.", {"value": cells["date"]}))
    elif value_on is None:
        problems.append(
            FileProblem(number, "valueDate", "{value} is no date.", {"value": cells["valueDate"]})
        )
    if amount is None:
        text = "{value} is no amount, or could be two."
        problems.append(FileProblem(number, "amount", text, {"value": cells["amount"]}))
    if not re.fullmatch("[A-Z]{3}", stated):
        problems.append(FileProblem(number, "currency", "{value} is no currency we know.", {"value": stated}))
    if booked_on is None or value_on is None or amount is None or problems:
        return problems
    return BankLine(
        line=number,
        booked_on=booked_on,
        value_on=value_on,
        amount=amount,
        currency=stated,
        reference=cells.get("reference", ""),
        text=cells.get("text", ""),
        counterparty=cells.get("counterparty", ""),
        account=cells.get("account", "").replace(" ", ""),
    )
