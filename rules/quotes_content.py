"""What a revision of a quote says: what is taken of it, what its hash covers, and how it differs from another."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rules.money import ZERO
from rules.refusals import ErrorCode, Path, Refusal


def content_hash(content: Mapping[str, Any]) -> bytes:
    """SHA-256 of a revision as JSON with sorted keys: what was sent and what is accepted, and nothing else."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Choice:
    """
    A line as far as it decides on what is taken.

    Args:
        position: from 1 on, in the order of the revision.
        parent: the position of the line that it follows, as free goods and charges do; None for one by itself.
        alternative_to: the position of the line in whose place it may be taken.
    """

    position: int
    parent: int | None = None
    is_optional: bool = False
    alternative_to: int | None = None


def taken_lines(lines: Sequence[Choice], chosen: Collection[int], path: Path = ("lineIds",)) -> list[int]:
    """
    The positions that an acceptance takes: all but the options and alternatives that were not chosen.

    Of a line and its alternatives exactly one is taken, the line itself where nothing is said; what follows a line goes
    with it.

    Raises:
        Refusal(INVALID): something chosen is neither an option nor an alternative, or two exclude each other.
    """
    by_position = {line.position: line for line in lines}
    instead: dict[int, int] = {}
    taken: set[int] = set()
    for position in sorted(set(chosen)):
        line = by_position.get(position)
        if line is None or not (line.is_optional or line.alternative_to):
            text = "Only options and alternatives of this revision are chosen; all else is part of it."
            raise Refusal(ErrorCode.INVALID, text, path)
        if line.alternative_to is not None:
            if line.alternative_to in instead:
                raise Refusal(ErrorCode.INVALID, "Choose one of the alternatives only.", path)
            instead[line.alternative_to] = position
        taken.add(position)
    for position, line in by_position.items():
        if line.parent is None and not line.is_optional and line.alternative_to is None:
            taken.add(position)
    for replaced in instead:
        if by_position[replaced].is_optional and replaced in chosen:
            raise Refusal(ErrorCode.INVALID, "Choose one of the alternatives only.", path)
        taken.discard(replaced)
    taken |= {line.position for line in lines if line.parent is not None and line.parent in taken}
    return sorted(taken)


def check_choices(lines: Sequence[Choice], paths: Sequence[Path]) -> list[Refusal]:
    """What is wrong with options and alternatives that somebody enters; `paths` are those of the lines."""
    by_position = {line.position: line for line in lines}
    found = []
    for line, path in zip(lines, paths, strict=True):
        if line.alternative_to is None:
            continue
        other = by_position.get(line.alternative_to)
        if other is None or other.position == line.position or other.alternative_to is not None:
            text = "An alternative names another line that is none itself."
            found.append(Refusal(ErrorCode.INVALID, text, (*path, "alternativeTo")))
        elif line.is_optional:
            text = "An alternative is not an option as well."
            found.append(Refusal(ErrorCode.INVALID, text, (*path, "isOptional")))
    if lines and all(line.is_optional or line.alternative_to for line in lines):
        found.append(Refusal(ErrorCode.INVALID, "Not every line of a quote is an option.", ("lines",)))
    return found


class ChangeKind(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class Compared:
    """A line as revisions are compared by."""

    sku: str
    quantity: Decimal
    unit_price: Decimal
    net_amount: Decimal
    requested_on: date | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class LineDifference:
    """What became of a line from one revision to the next; the side on which it is not is None."""

    kind: ChangeKind
    before: Compared | None
    after: Compared | None

    @property
    def amount(self) -> Decimal:
        """By how much the revision's net changes for it."""
        before = ZERO if self.before is None else self.before.net_amount
        return (ZERO if self.after is None else self.after.net_amount) - before


def revision_difference(before: Iterable[Compared], after: Iterable[Compared]) -> list[LineDifference]:
    """
    What is different, by product: changed and added lines in the new order, removed ones after them in the old.

    The n-th line of a product is compared with its n-th in the other revision.
    """
    old, new = _numbered(before), _numbered(after)
    found = []
    for key, line in new.items():
        was = old.get(key)
        if was is None:
            found.append(LineDifference(ChangeKind.ADDED, None, line))
        elif was != line:
            found.append(LineDifference(ChangeKind.CHANGED, was, line))
    found += [LineDifference(ChangeKind.REMOVED, line, None) for key, line in old.items() if key not in new]
    return found


def _numbered(lines: Iterable[Compared]) -> dict[tuple[str, int], Compared]:
    seen: Counter[str] = Counter()
    found = {}
    for line in lines:
        seen[line.sku] += 1
        found[line.sku, seen[line.sku]] = line
    return found
