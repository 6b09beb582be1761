"""Whether goods came when they were promised and when they were asked for, and the figures of a period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rules.money import ZERO
from rules.refusals import ErrorCode, Path, Refusal


@dataclass(frozen=True, slots=True)
class DuePart:
    """
    A schedule line as it came about.

    Args:
        quantity: what is not cancelled of it. shipped: what of that has left.
        promised_on: the first day of receipt that was promised, however often the promise moved since.
        requested_on: the day of receipt asked for; None: as soon as possible.
        arrived_on: the day the last of what has left was received, by the days under way of its promise; None: nothing
            has left.
    """

    quantity: Decimal
    shipped: Decimal
    promised_on: date
    requested_on: date | None
    arrived_on: date | None

    def came_by(self, day: date) -> bool:
        """Whether all of it was there on a day."""
        return self.shipped >= self.quantity and self.arrived_on is not None and self.arrived_on <= day


@dataclass(frozen=True, slots=True)
class DueLine:
    """An order line of goods, with the parts that anything is left of."""

    ordered: Decimal
    shipped: Decimal
    parts: tuple[DuePart, ...]

    @property
    def due_on(self) -> date:
        """The day by which all of it was promised at first."""
        return max(part.promised_on for part in self.parts)


@dataclass(frozen=True, slots=True)
class OnTime:
    """
    Lines that were due in a period, and how they fared.

    Args:
        lines: those whose day is over, or of which everything has left before it.
        delivered: of which anything has left.
        on_time_promised: every part of which came whole by the day that was first promised for it.
        on_time_requested: the same by the day asked for; where none was, by the one first promised.
        in_full: of which everything ordered has left: nothing is open, nothing was cancelled.
        on_time_in_full: both promised and in full.
    """

    lines: int = 0
    delivered: int = 0
    on_time_promised: int = 0
    on_time_requested: int = 0
    in_full: int = 0
    on_time_in_full: int = 0

    def percent(self, count: int) -> Decimal | None:
        """A count of the lines in percent, to one decimal; None without lines."""
        return None if not self.lines else (Decimal(100 * count) / self.lines).quantize(Decimal("0.1"))


def on_time_figures(lines: Iterable[DueLine], today: date) -> OnTime:
    """
    The figures of lines that were due in a period.

    A line counts once, on the day by which all of it was promised at first. It is left out while that day is not over
    and something is still to leave: nobody knows yet how it fares.
    """
    counts = [0] * 6
    for line in lines:
        is_whole = all(part.shipped >= part.quantity for part in line.parts)
        if line.due_on >= today and not is_whole:
            continue
        promised = all(part.came_by(part.promised_on) for part in line.parts)
        requested = all(part.came_by(part.requested_on or part.promised_on) for part in line.parts)
        in_full = line.shipped >= line.ordered
        facts = (True, line.shipped > 0, promised, requested, in_full, promised and in_full)
        counts = [count + fact for count, fact in zip(counts, facts, strict=True)]
    return OnTime(*counts)


def carried_promises(
    before: Sequence[tuple[Decimal, date | None]], parts: Sequence[Decimal]
) -> list[date | None]:
    """
    What was first promised, carried over to the parts that a line is split into: delivering it another way forgives
    no delay.

    The parts take what there was in turn; one that takes from several days keeps the last of them.

    Args:
        before: quantities with their first promised day, in the order of the schedule; None: none was promised.
        parts: the quantities they are split into; they sum to the same.
    Returns:
        A day for each part; None where none was ever promised for what it takes.
    """
    rest = [*before]
    found: list[date | None] = []
    for quantity in parts:
        days: list[date] = []
        left = quantity
        while left > 0 and rest:
            there, day = rest[0]
            taken = min(there, left)
            if taken > 0 and day is not None:
                days.append(day)
            left -= taken
            rest[0] = (there - taken, day)
            if rest[0][0] <= ZERO:
                rest.pop(0)
        found.append(max(days, default=None))
    return found


def check_period(first: date, last: date, days_max: int, path: Path = ("to",)) -> None:
    """
    Refuses a period that ends before it begins, or is too long to be read at once.

    Raises:
        Refusal(INVALID)
    """
    if not 0 <= (last - first).days < days_max:
        text = "A period of 1 to {most} days is needed."
        raise Refusal(ErrorCode.INVALID, text, path, most=days_max)
