"""
Bank statements as files: which format it is, its lines, or what is wrong with it, line by line and field by field.

A file with a problem gives no lines: it is taken whole or not at all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default_of
from datetime import date
from decimal import Decimal
from enum import StrEnum

MAX_BYTES = 10_000_000
MAX_PROBLEMS = 100  # a file of another kind would have one per line


class BankFormat(StrEnum):
    """NORMA43: AEB notebook 43. CAMT053: ISO 20022 statement. CSV: with a heading."""

    NORMA43 = "NORMA43"
    CAMT053 = "CAMT053"
    CSV = "CSV"


@dataclass(frozen=True, slots=True)
class BankLine:
    """
    A movement of the account.

    Args:
        line: where in the file it begins, from 1.
        amount: above zero for what comes in, below for what goes out.
        reference: what the payer or the bank names; text: everything else that is said.
        bank_reference: the bank's own number of the movement, empty where it gives none.
        fingerprint: the same for the same movement in another file; see `with_fingerprints`.
    """

    line: int
    booked_on: date
    value_on: date
    amount: Decimal
    currency: str
    reference: str
    text: str
    counterparty: str
    account: str
    bank_reference: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong, where: `line` from 1, `field` as the format calls it; `text` is a template with `data`."""

    line: int
    field: str
    text: str
    data: dict[str, object] = default_of(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BankFile:
    """What a file says; `lines` is empty where there are problems."""

    format: BankFormat
    lines: tuple[BankLine, ...]
    problems: tuple[FileProblem, ...]


def file_of(bank_format: BankFormat, lines: Sequence[BankLine], problems: Sequence[FileProblem]) -> BankFile:
    """The answer of a parser: lines or problems, never both."""
    if not lines and not problems:
        problems = [FileProblem(1, "file", "The file has no movements.")]
    if problems:
        return BankFile(bank_format, (), tuple(problems[:MAX_PROBLEMS]))
    return BankFile(bank_format, tuple(with_fingerprints(lines)), ())


def with_fingerprints(lines: Sequence[BankLine]) -> list[BankLine]:
    """
    The lines, each with a fingerprint that overlapping statements share.

    Two equal payments of one day differ by which of them they are, counted within the day. A statement therefore has
    to hold whole days, as banks' do.
    """
    seen: dict[tuple[object, ...], int] = {}
    marked = []
    for line in lines:
        facts = (
            line.account,
            line.booked_on.isoformat(),
            line.value_on.isoformat(),
            f"{line.amount:.2f}",
            line.currency,
            line.reference,
            line.text,
            line.counterparty,
            line.bank_reference,
        )
        seen[facts] = seen.get(facts, 0) + 1
        said = "\x1f".join((*facts, str(seen[facts])))
        marked.append(replace(line, fingerprint=hashlib.sha256(said.encode()).hexdigest()))
    return marked
