"""Invoice numbers: no gap whatever fails, no date before the last, series apart where the law wants it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.invoice_numbers import SeriesState, SeriesUse, demand_open_period, series_use, take_number
from rules.refusals import ErrorCode, Refusal

TODAY = date(2026, 3, 31)
DAY = date(2026, 3, 1)


def test_a_posting_that_rolls_back_leaves_no_gap() -> None:
    """IN-17: three postings, of which the second rolls back."""
    series = SeriesState("A", None, 1)
    numbers = []

    for is_stored in (True, False, True):
        number, after = take_number(series, DAY, TODAY)
        if is_stored:
            numbers.append(number)
            series = after

    assert numbers == ["A-1", "A-2"]


def test_a_credit_has_its_own_series() -> None:
    """IN-20."""
    series = {
        SeriesUse.INVOICE: SeriesState("A", 2026, 4, 6, DAY),
        SeriesUse.RECTIFYING: SeriesState("R", 2026, 4),
    }

    invoice, _ = take_number(series[series_use(is_rectifying=False, needs_own_series=False)], DAY, TODAY)
    credit, _ = take_number(series[series_use(is_rectifying=True, needs_own_series=False)], DAY, TODAY)

    assert (invoice, credit) == ("A-2026-0007", "R-2026-0001")


@pytest.mark.parametrize(
    ("is_rectifying", "needs_own_series", "use"),
    [
        (False, False, SeriesUse.INVOICE),
        (False, True, SeriesUse.REVERSE_CHARGE),
        (True, False, SeriesUse.RECTIFYING),
        (True, True, SeriesUse.RECTIFYING),
    ],
)
def test_series_by_use(is_rectifying: bool, needs_own_series: bool, use: SeriesUse) -> None:
    assert series_use(is_rectifying=is_rectifying, needs_own_series=needs_own_series) == use


@pytest.mark.parametrize(
    ("case", "issued_on", "code"),
    [
        ("the day before the last", date(2026, 3, 9), ErrorCode.PAST_DATE),
        ("tomorrow", date(2026, 4, 1), ErrorCode.INVALID),
        ("last year", date(2025, 12, 31), ErrorCode.INVALID),
    ],
)
def test_dates_that_are_refused(case: str, issued_on: date, code: ErrorCode) -> None:
    with pytest.raises(Refusal) as refused:
        take_number(SeriesState("A", 2026, 4, 6, date(2026, 3, 10)), issued_on, TODAY)

    assert (refused.value.code, refused.value.path) == (code, ("issuedOn",)), case


def test_a_closed_period_is_refused() -> None:
    demand_open_period(date(2026, 3, 1), date(2026, 2, 28))
    demand_open_period(date(2026, 3, 1), None)

    with pytest.raises(Refusal) as refused:
        demand_open_period(date(2026, 2, 28), date(2026, 2, 28), "paidOn")

    assert (refused.value.code, refused.value.path) == (ErrorCode.PERIOD_CLOSED, ("paidOn",))


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=30))
def test_numbers_are_contiguous_and_dates_never_go_back(attempts: list[tuple[int, bool]]) -> None:
    series, issued = SeriesState("A", 2026, 1), list[tuple[str, date]]()

    for days, is_stored in attempts:
        day = date(2026, 1, 1) + timedelta(days=days)
        try:
            number, after = take_number(series, day, TODAY)
        except Refusal:
            continue
        if is_stored:
            issued.append((number, day))
            series = after

    assert [number for number, _ in issued] == [f"A-2026-{n}" for n in range(1, len(issued) + 1)]
    assert [day for _, day in issued] == sorted(day for _, day in issued)
