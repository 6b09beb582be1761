"""What became of each row of a source: the balance by file, the reasons, and what was written."""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from app.imports.common import Outcome, Row

_EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class FileBalance:
    """taken + mended + refused = rows, each row counted once."""

    file: str
    rows: int
    taken: int
    mended: int
    refused: int


@dataclass(slots=True)
class ImportReport:
    """
    Attributes:
        read: the rows by file, each with its outcome and reason.
        notes: what is true of the whole and of no single row, such as prices that were chosen among several.
        inserted, updated: rows written, by table; both empty when the data were already so.
    """

    namespace: str
    read: dict[str, list[Row]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    inserted: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)

    def add(self, rows: Sequence[Row], file: str) -> None:
        self.read[file] = list(rows)

    @property
    def files(self) -> list[FileBalance]:
        return [_balance(file, rows) for file, rows in self.read.items()]

    @property
    def written(self) -> int:
        return self.inserted.total() + self.updated.total()

    def reasons(self, outcome: Outcome) -> list[tuple[str, str, int]]:
        """(file, reason, rows), most frequent first; a row mended for two reasons counts under both."""
        counts: Counter[tuple[str, str]] = Counter()
        for file, rows in self.read.items():
            for row in rows:
                if row.outcome is outcome:
                    said = [row.refusal] if outcome is Outcome.REFUSED else row.mends
                    counts.update((file, reason) for reason in said)
        return [(file, reason, count) for (file, reason), count in counts.most_common()]


def _balance(file: str, rows: Iterable[Row]) -> FileBalance:
    counts = Counter(row.outcome for row in rows)
    return FileBalance(
        file, counts.total(), counts[Outcome.TAKEN], counts[Outcome.MENDED], counts[Outcome.REFUSED]
    )


def print_report(report: ImportReport, stream: TextIO | None = None) -> None:
    """The report as a person reads it."""
    out = stream or sys.stdout
    out.write(f"\nImport of {report.namespace}\n")
    out.write(f"  {'file':<26}{'rows':>9}{'taken':>9}{'mended':>9}{'refused':>9}\n")
    for each in report.files:
        out.write(f"  {each.file:<26}{each.rows:>9,}{each.taken:>9,}{each.mended:>9,}{each.refused:>9,}\n")
    for outcome in (Outcome.MENDED, Outcome.REFUSED):
        reasons = report.reasons(outcome)
        if reasons:
            out.write(f"{outcome.capitalize()}:\n")
        for file, reason, count in reasons[:_EXAMPLES]:
            out.write(f"  {count:>7,}  {file}: {reason}\n")
        if len(reasons) > _EXAMPLES:
            out.write(
                f"           and {len(reasons) - _EXAMPLES} further reasons; --report FILE lists every row\n"
            )
    if report.notes:
        out.write("Notes:\n")
        out.writelines(f"  {note}\n" for note in report.notes)
    if not report.written:
        out.write("Unchanged: everything was already there, nothing was written.\n")
        return
    out.write("Written:\n")
    for table in sorted(report.inserted.keys() | report.updated.keys()):
        out.write(f"  {table:<26}{report.inserted[table]:>9,} new{report.updated[table]:>9,} changed\n")


def write_report(report: ImportReport, path: Path) -> None:
    """Every row of the source as CSV: file, row, outcome, reason."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "row", "outcome", "reason"))
        for file, rows in report.read.items():
            writer.writerows((file, row.number, row.outcome.value, row.reason) for row in rows)
