"""Reading sources: rows that remember what was mended in them, exact faults, countries and progress."""

import csv
import gzip
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TextIO, TypeVar

T = TypeVar("T")
NAME_LENGTH = 200
CODE_LENGTH = 64
UNKNOWN_COUNTRY = "ZZ"  # CLDR's code for an unknown region; of ISO 3166-1's user-assigned range
_DECIMALS = 6
_LARGEST = Decimal(10) ** 12  # NUMERIC(18,6) holds less
_SPACES = re.compile(r"\s+")

# Names as the sources write them.
COUNTRIES = {
    "argentina": "AR", "australia": "AU", "austria": "AT", "bahrain": "BH", "belgium": "BE", "brazil": "BR",
    "canada": "CA", "channel islands": "JE", "cyprus": "CY", "czech republic": "CZ", "denmark": "DK", "eire": "IE",
    "finland": "FI", "france": "FR", "germany": "DE", "greece": "GR", "hong kong": "HK", "iceland": "IS",
    "ireland": "IE", "israel": "IL", "italy": "IT", "japan": "JP", "lebanon": "LB", "lithuania": "LT", "malta": "MT",
    "mexico": "MX", "netherlands": "NL", "norway": "NO", "poland": "PL", "portugal": "PT", "rsa": "ZA",
    "saudi arabia": "SA", "singapore": "SG", "spain": "ES", "sweden": "SE", "switzerland": "CH", "uk": "GB",
    "united arab emirates": "AE", "united kingdom": "GB", "usa": "US", "venezuela": "VE",
}  # fmt: skip
# One code for several countries is a choice, and so is none; the report says so.
_CHOSEN = {"channel islands": "Channel Islands have no code of their own: taken as Jersey (JE)"}


class ImportFault(Exception):
    """The source cannot be read; the message names file, row and column. Nothing is stored."""


class Outcome(StrEnum):
    TAKEN = "taken"
    MENDED = "mended"
    REFUSED = "refused"


@dataclass(slots=True)
class Row:
    """A row of a source; `number` counts as a spreadsheet does, the head being row 1."""

    file: str
    number: int
    values: dict[str, str]
    mends: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def outcome(self) -> Outcome:
        if self.refusal:
            return Outcome.REFUSED
        return Outcome.MENDED if self.mends else Outcome.TAKEN

    @property
    def reason(self) -> str:
        return self.refusal or "; ".join(self.mends)

    def mend(self, reason: str) -> None:
        if reason not in self.mends:
            self.mends.append(reason)

    def refuse(self, reason: str) -> None:
        self.refusal = self.refusal or reason

    def fault(self, column: str, problem: str) -> ImportFault:
        return ImportFault(f"{self.file}, row {self.number}, column {column}: {problem}")

    def text(self, column: str, limit: int = NAME_LENGTH) -> str:
        """The value without needless spaces and control characters, cut to what its column holds."""
        raw = self.values[column]
        if raw.isascii() and raw.isalnum() and len(raw) <= limit:
            return raw
        clean = _SPACES.sub(" ", raw).strip()
        if clean != raw:
            self.mend(f"{column}: needless spaces taken out")
        if not clean.isprintable():
            clean = "".join(char for char in clean if char.isprintable())
            self.mend(f"{column}: control characters taken out")
        if len(clean) > limit:
            clean = clean[:limit].rstrip()
            self.mend(f"{column}: cut to {limit} characters")
        return clean

    def key(self, column: str) -> str:
        """A value that names something; never empty, never cut."""
        value = self.text(column)
        if not value:
            raise self.fault(column, "is empty")
        if len(value) > CODE_LENGTH - 8:  # our prefixes come before it
            raise self.fault(column, f"is longer than {CODE_LENGTH - 8} characters")
        return value

    def number_of(self, column: str) -> Decimal:
        raw = self.values[column].strip()
        try:
            value = Decimal(raw)
        except InvalidOperation as unreadable:
            raise self.fault(column, f"{raw[:40]!r} is no number") from unreadable
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or abs(value) >= _LARGEST:
            raise self.fault(column, f"{raw[:40]!r} is out of range")
        if exponent < -_DECIMALS:
            raise self.fault(column, f"{raw[:40]!r} has more than {_DECIMALS} decimals")
        return value

    def not_negative(self, column: str) -> Decimal:
        value = self.number_of(column)
        if value < 0:
            raise self.fault(column, f"{value} is negative")
        return value

    def day(self, column: str) -> date:
        raw = self.values[column].strip()
        try:
            return date.fromisoformat(raw)
        except ValueError as unreadable:
            raise self.fault(column, f"{raw[:40]!r} is no date such as 1997-12-31") from unreadable

    def moment(self, column: str) -> datetime:
        """A local date and time without zone."""
        raw = self.values[column].strip()
        try:
            value = datetime.fromisoformat(raw)
        except ValueError as unreadable:
            raise self.fault(column, f"{raw[:40]!r} is no time such as 2011-12-09T12:50") from unreadable
        if value.tzinfo is not None:
            raise self.fault(column, f"{raw[:40]!r} has a time zone; local time is expected")
        return value

    def flag(self, column: str) -> bool:
        raw = self.values[column].strip()
        if raw not in ("0", "1"):
            raise self.fault(column, f"{raw[:40]!r} is neither 0 nor 1")
        return raw == "1"

    def country(self, column: str) -> str:
        name = self.text(column)
        code = COUNTRIES.get(name.lower())
        if name.lower() in _CHOSEN:
            self.mend(_CHOSEN[name.lower()])
        if code is None:
            self.mend(f"{column}: {name!r} is no country known here: stored as {UNKNOWN_COUNTRY} (unknown)")
        return code or UNKNOWN_COUNTRY


def read_rows(path: Path, columns: Sequence[str], unique: Sequence[str] = ()) -> list[Row]:
    """
    The rows of a CSV file in UTF-8, plain or gzipped; further columns than those asked for are passed over.

    Args:
        unique: columns whose values together may not come twice.
    Raises:
        ImportFault: no such file, another encoding, a column is missing or a row has another number of fields.
    """
    try:
        rows = list(_rows(path, columns))
    except FileNotFoundError as missing:
        raise ImportFault(f"{path.name}: there is no such file in {path.parent}") from missing
    except UnicodeDecodeError as unreadable:
        raise ImportFault(f"{path.name}: the file is not UTF-8 (byte {unreadable.start})") from unreadable
    except (OSError, EOFError, zlib.error) as unreadable:
        raise ImportFault(f"{path.name}: cannot be read: {unreadable}") from unreadable
    seen: dict[tuple[str, ...], int] = {}
    for row in rows if unique else ():
        key = tuple(row.values[column].strip() for column in unique)
        if key in seen:
            raise row.fault(unique[-1], f"{'/'.join(key)} came before, in row {seen[key]}")
        seen[key] = row.number
    return rows


def _rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        number = 0
        try:
            head = next(reader, None)
            if not head:
                raise ImportFault(f"{path.name}: the file is empty")
            missing = [column for column in columns if column not in head]
            if missing:
                raise ImportFault(f"{path.name}, row 1: there is no column {', '.join(missing)}")
            for number, fields in enumerate(reader, start=2):
                if len(fields) != len(head):
                    raise ImportFault(
                        f"{path.name}, row {number}, column {head[min(len(fields), len(head) - 1)]}:"
                        f" {len(fields)} fields where the head has {len(head)}"
                    )
                yield Row(path.name, number, dict(zip(head, fields, strict=True)))
        except csv.Error as unreadable:
            raise ImportFault(f"{path.name}, row {number + 1}: {unreadable}") from unreadable


Files = Mapping[str, list[Row]]


class Progress:
    """A bar on a terminal; elsewhere a line for each tenth; nothing without a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._is_bar = stream is not None and stream.isatty()
        self._shown = -1

    @classmethod
    def on_stderr(cls) -> "Progress":
        return cls(sys.stderr)

    def over(self, items: Sequence[T], label: str) -> Iterator[T]:
        """The items one by one, showing how far it has come."""
        began = time.monotonic()
        self._shown = -1
        for done, item in enumerate(items):
            self._show(label, done, len(items), began)
            yield item
        self._show(label, len(items), len(items), began)

    def _show(self, label: str, done: int, total: int, began: float) -> None:
        if self._stream is None:
            return
        percent = 100 if total == 0 else done * 100 // total
        step = percent if self._is_bar else percent // 10
        if step == self._shown:
            return
        self._shown = step
        if self._is_bar:
            bar = ("#" * (percent * 30 // 100)).ljust(30, ".")
            self._stream.write(f"\r{label:<24} [{bar}] {percent:3} %" + ("\n" if done == total else ""))
        else:
            self._stream.write(
                f"{label}: {percent} % ({done:,} of {total:,}, {time.monotonic() - began:.0f} s)\n"
            )
        self._stream.flush()


def accepted(rows: Iterable[Row]) -> Iterable[Row]:
    return (row for row in rows if not row.refusal)


def named(rows: list[Row], key: str, name: str) -> dict[str, str]:
    """Names by key; a row without a name is refused."""
    found: dict[str, str] = {}
    for row in rows:
        text = row.text(name)
        if text:
            found[row.key(key)] = text
        else:
            row.refuse(f"{name} is empty")
    return found


def most_frequent(values: Iterable[T]) -> T | None:
    """The value that comes most often; of equals, the one that came last. None of none."""
    counts: dict[T, int] = {}
    last: dict[T, int] = {}
    for position, value in enumerate(values):
        counts[value] = counts.get(value, 0) + 1
        last[value] = position
    return max(counts, key=lambda value: (counts[value], last[value]), default=None)
