"""Numbers of invoices: correlative within a series, dates that never go back, series of their own by law."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from rules.refusals import ErrorCode, Refusal


class SeriesUse(StrEnum):
    """RD 1619/2012 art. 6.1.a: rectifying invoices and domestic reverse charge are numbered apart."""

    INVOICE = "INVOICE"
    RECTIFYING = "RECTIFYING"
    REVERSE_CHARGE = "REVERSE_CHARGE"


# How each series begins its numbers; a series row is made on first use, every year anew: A-2026-0001 (IN-20).
SERIES_CODES = {SeriesUse.INVOICE: "A", SeriesUse.RECTIFYING: "R", SeriesUse.REVERSE_CHARGE: "I"}
SERIES_DIGITS = 4


@dataclass(frozen=True, slots=True)
class SeriesState:
    """
    The counter of a series as its row holds it; what is not stored was not taken, and leaves no gap.

    Args:
        year: part of the number, and the only year it numbers; None for a series without years.
        last_number: 0 before the first.
    """

    code: str
    year: int | None
    digits: int
    last_number: int = 0
    last_issued_on: date | None = None

    def text_of(self, number: int) -> str:
        """A number as it is printed, such as A-2026-0007."""
        parts = (self.code, "" if self.year is None else str(self.year), f"{number:0{self.digits}d}")
        return "-".join(part for part in parts if part)


def series_use(*, is_rectifying: bool, needs_own_series: bool) -> SeriesUse:
    """Which series an invoice is numbered in; a correction is a rectifying invoice whatever it corrects."""
    if is_rectifying:
        return SeriesUse.RECTIFYING
    return SeriesUse.REVERSE_CHARGE if needs_own_series else SeriesUse.INVOICE


def take_number(series: SeriesState, issued_on: date, today: date) -> tuple[str, SeriesState]:
    """
    The next number as it is printed, and the series after it.

    Raises:
        Refusal(INVALID): a date to come, or of another year than the series'.
        Refusal(PAST_DATE): a date before the last invoice of the series.
    """
    path = ("issuedOn",)
    if issued_on > today:
        text = "An invoice cannot be of {date}, which is still to come."
        raise Refusal(ErrorCode.INVALID, text, path, date=issued_on)
    if series.year is not None and issued_on.year != series.year:
        text = "The series {series} numbers invoices of {year} only."
        raise Refusal(ErrorCode.INVALID, text, path, series=series.code, year=str(series.year))
    if series.last_issued_on is not None and issued_on < series.last_issued_on:
        text = "The last invoice of series {series} is of {last}; an earlier date is not possible."
        raise Refusal(ErrorCode.PAST_DATE, text, path, series=series.code, last=series.last_issued_on)
    number = series.last_number + 1
    return series.text_of(number), replace(series, last_number=number, last_issued_on=issued_on)


def demand_open_period(on: date, closed_until: date | None, field: str = "issuedOn") -> None:
    """
    Refuses to post into a closed period.

    Args:
        closed_until: the last closed day; None where nothing is closed.
    Raises:
        Refusal(PERIOD_CLOSED)
    """
    if closed_until is not None and on <= closed_until:
        text = "The books are closed until {closed_until}."
        raise Refusal(ErrorCode.PERIOD_CLOSED, text, (field,), closed_until=closed_until)
