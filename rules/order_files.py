"""Reading delimited text as other programs write it: its encoding, its delimiter, its rows."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator

from rules.order_lines import COLUMNS_MAX, LINES_MAX, OrderLine, lines_of_table, too_many_lines
from rules.refusals import ErrorCode, Refusal

FIELD_CHARACTERS_MAX = 10_000
# In this order where two part the text alike: a comma may stand within a quantity.
DELIMITERS = ("\t", ";", "|", ",")
_SAMPLE_LINES = 50
_ROWS_MAX = 2 * LINES_MAX  # blank ones included
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes) -> str:
    """
    The text of a file: UTF-8 with or without its mark, UTF-16 with it, else Windows-1252.

    Raises:
        Refusal(FILE_INVALID): it is in none of these, or no text at all.
    """
    named = next((encoding for mark, encoding in _BOMS if content.startswith(mark)), None)
    for encoding in (named,) if named else ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    message = "The file is no text in UTF-8, UTF-16 or Windows-1252: save it as CSV UTF-8 or as XLSX."
    raise Refusal(ErrorCode.FILE_INVALID, message, ())


def find_delimiter(text: str) -> str:
    """The character that parts most lines into the same number of cells, two at least; a semicolon where none does."""
    sample = [line for line in text[:100_000].splitlines() if line.strip()][:_SAMPLE_LINES]
    best, best_score = ";", 0
    for delimiter in DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            continue
        score = max((count for width, count in widths.items() if width > 1), default=0)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def split_rows(text: str, rows_max: int) -> Iterator[tuple[int, list[str]]]:
    """
    The rows of delimited text one by one, each after the line on which it ends.

    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): a quotation is not closed, or it is too wide or too long.
    """
    head = text[:16].splitlines()[0] if text[:16].strip() else ""
    if head.lower().startswith("sep=") and len(head) == 5:
        delimiter, text = head[4], "\n" + text[text.index(head) + 5 :].lstrip("\r\n")
    else:
        delimiter = find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for count, row in enumerate(reader):
            if len(row) > COLUMNS_MAX:
                words = "Row {row} has {found} columns; {limit} at most are read."
                facts = {"row": reader.line_num, "found": len(row), "limit": COLUMNS_MAX}
                raise Refusal(ErrorCode.FILE_INVALID, words, (), **facts)
            if any(len(cell) > FIELD_CHARACTERS_MAX for cell in row):
                raise csv.Error("a cell is too long")
            if count == rows_max:
                raise too_many_lines((), rows_max // 2)
            yield reader.line_num, row
    except csv.Error:
        words = "Row {row} cannot be read: a quotation mark is not closed, or a cell is too long."
        raise Refusal(ErrorCode.FILE_INVALID, words, (), row=reader.line_num) from None


def read_table(text: str) -> tuple[list[list[str]], list[int]]:
    """The rows of delimited text and the lines on which they end; refusals as in `split_rows`."""
    found = list(split_rows(text, _ROWS_MAX))
    return [row for _, row in found], [number for number, _ in found]


def lines_of_csv(content: bytes) -> list[OrderLine]:
    """The order lines of delimited text, whatever its encoding and delimiter."""
    rows, numbers = read_table(decode(content))
    return lines_of_table(rows, numbers)
