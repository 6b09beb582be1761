"""Reads a bank file of whatever known format."""

from rules.bank_camt import parse_camt
from rules.bank_csv import parse_csv
from rules.bank_files import MAX_BYTES, BankFile, BankFormat, FileProblem
from rules.bank_norma43 import parse_norma43

_BOM = b"\xef\xbb\xbf"


def detect_format(content: bytes) -> BankFormat:
    """By how the file begins: markup, a header record of notebook 43, or else a heading of columns."""
    start = content.removeprefix(_BOM).lstrip()[:80]
    if start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        return BankFormat.CAMT053
    first = start.split(b"\n")[0].strip()
    if first.startswith(b"11") and len(first) >= 51 and first[:51].isdigit():
        return BankFormat.NORMA43
    return BankFormat.CSV


def parse_bank_file(content: bytes, *, currency: str = "EUR") -> BankFile:
    """
    The movements of a bank file, or what is wrong with it.

    Args:
        content: the file as it came; nothing of it is executed, fetched or written.
        currency: of a CSV file that has no column for it.
    """
    bank_format = detect_format(content)
    if len(content) > MAX_BYTES:
        text = "The file is larger than the largest we take ({most} MB)."
        problem = FileProblem(1, "file", text, {"most": MAX_BYTES // 1_000_000})
        return BankFile(bank_format, (), (problem,))
    if bank_format == BankFormat.CAMT053:
        return parse_camt(content)
    if bank_format == BankFormat.NORMA43:
        return parse_norma43(content)
    return parse_csv(content, currency)
