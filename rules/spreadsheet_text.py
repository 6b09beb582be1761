"""Writing text that a spreadsheet shows and never runs."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins with one of these is a formula to some program, the full-width forms included.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """The text as every spreadsheet shows it: an apostrophe goes before what could be run as a formula."""
    return "'" + text if text.lstrip(" ").startswith(_STARTS) else text


def write_csv(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    """Delimited text in UTF-8 with its mark, by which spreadsheets know the encoding."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")
