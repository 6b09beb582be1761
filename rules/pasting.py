"""Reading "SKU quantity" lines that somebody pastes."""

import re
from dataclasses import dataclass
from decimal import Decimal

from rules.quantities import parse_quantity

# Both walk a line once, however odd: white space is one space wide by then.
_COLUMN_ENDS = re.compile(r"[\t;|]")
_WORDS = re.compile(
    r"^(?P<code>.+?)(?P<gap> ?, ?| )(?P<times>[x×*] ?)?(?P<whole>[0-9]+)(?:(?P<mark>[.,])(?P<fraction>[0-9]+))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PastedLine:
    """`number` counts from 1; `quantity` is None where it could not be read, or not in one way only."""

    number: int
    text: str
    code: str
    quantity: Decimal | None


def parse_lines(text: str) -> list[PastedLine]:
    """
    The lines of a paste: a code and a quantity, separated by a tab, semicolon, bar, comma or spaces.

    A code alone means one. A line with two readings has no quantity: "LP 1007,1" may be one of LP 1007 or 1007.1 of LP,
    and a wrong guess would be ordered. Blank lines are passed over; the numbers are those of the text as pasted.
    """
    lines = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line:
            lines.append(PastedLine(number, line, *_read(line)))
    return lines


def _read(line: str) -> tuple[str, Decimal | None]:
    """The code and the quantity of one line."""
    columns = [" ".join(each.split()) for each in _COLUMN_ENDS.split(line)]
    filled = [each for each in columns if each]
    if len(filled) > 1:
        return filled[0], parse_quantity(filled[1])
    line = filled[0] if filled else line
    found = _WORDS.match(line)
    if found is None:
        return line, Decimal(1)
    code, comma, whole, mark, fraction = (
        found["code"],
        "," in found["gap"],
        *found.group("whole", "mark", "fraction"),
    )
    if mark is None:
        if _is_padded(whole) and not comma and not found["times"]:
            return line, Decimal(1)  # nobody orders "001": it belongs to a code with a space in it
        return code, parse_quantity(whole)
    if not comma and mark == "," and _is_padded(whole):
        return line.rpartition(",")[0], parse_quantity(fraction)  # for the same reason
    # After a times sign it is a number; a point is one after a comma, and a comma one in columns alone.
    if found["times"] or (comma and mark == "."):
        return code, parse_quantity(f"{whole}.{fraction}")
    return line, None


def _is_padded(digits: str) -> bool:
    return len(digits) > 1 and digits.startswith("0")
