"""Reading "SKU quantity" lines that somebody pastes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules.quantities import parse_quantity

LINES_MAX = 1000
_SEPARATED = re.compile(r"^(?P<code>[^\t;|]+?)\s*[\t;|]\s*(?P<quantity>[^\t;|]+?)\s*(?:[\t;|].*)?$")
_SPACED = re.compile(
    r"^(?P<code>.+?)(?:\s*,\s*|\s+)(?:[x×*]\s*)?(?P<quantity>[0-9]+(?:[.,][0-9]+)?)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PastedLine:
    """`number` counts from 1; `quantity` is None where it could not be read."""

    number: int
    text: str
    code: str
    quantity: Decimal | None


def parse_lines(text: str) -> list[PastedLine]:
    """
    The lines of a paste: a code and a quantity, separated by a tab, semicolon, bar, comma or spaces.

    A code alone means one. Blank lines are passed over; the numbers are those of the text as pasted.
    """
    lines = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        found = _SEPARATED.match(line) or _SPACED.match(line)
        if found is None:
            lines.append(PastedLine(number, line, line, Decimal(1)))
        else:
            lines.append(PastedLine(number, line, found["code"].strip(), parse_quantity(found["quantity"])))
    return lines


def too_many(lines: Sequence[PastedLine]) -> bool:
    return len(lines) > LINES_MAX
