"""On time or not: what counts, on which day, and that delivering a line another way forgives no delay."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.punctuality import DueLine, DuePart, OnTime, carried_promises, check_period, on_time_figures
from rules.refusals import Refusal

TODAY = date(2026, 3, 20)


def day(number: int | None) -> date | None:
    return None if number is None else date(2026, 3, number)


def part(quantity: int, shipped: int, promised: int, requested: int | None, arrived: int | None) -> DuePart:
    return DuePart(Decimal(quantity), Decimal(shipped), date(2026, 3, promised), day(requested), day(arrived))


def line(*parts: DuePart, ordered: int = 0) -> DueLine:
    shipped = sum((each.shipped for each in parts), Decimal(0))
    return DueLine(Decimal(ordered) or sum((each.quantity for each in parts), Decimal(0)), shipped, parts)


# lines, delivered, on time to the first promise, to the requested day, in full, on time and in full
@pytest.mark.parametrize(
    ("case", "lines", "figures"),
    [
        ("nothing was due", [], (0, 0, 0, 0, 0, 0)),
        ("all came on its day", [line(part(4, 4, 10, 10, 10))], (1, 1, 1, 1, 1, 1)),
        ("promised later than it was asked for", [line(part(4, 4, 12, 10, 12))], (1, 1, 1, 0, 1, 1)),
        ("asked for later than promised", [line(part(4, 4, 10, 12, 11))], (1, 1, 0, 1, 1, 0)),
        ("a day late", [line(part(4, 4, 10, None, 11))], (1, 1, 0, 0, 1, 0)),
        ("nothing has left, and the day is over", [line(part(4, 0, 19, None, None))], (1, 0, 0, 0, 0, 0)),
        ("nothing has left today yet", [line(part(4, 0, 20, None, None))], (0, 0, 0, 0, 0, 0)),
        ("all left before its day", [line(part(4, 4, 25, None, 19))], (1, 1, 1, 1, 1, 1)),
        ("half of it came", [line(part(4, 2, 10, None, 10))], (1, 1, 0, 0, 0, 0)),
        ("both parts on their days", [line(part(4, 4, 5, None, 5), part(2, 2, 9, 9, 9))], (1, 1, 1, 1, 1, 1)),
        ("the second part late", [line(part(4, 4, 5, None, 5), part(2, 2, 9, 9, 12))], (1, 1, 0, 0, 1, 0)),
        ("one piece was cancelled", [line(part(3, 3, 5, None, 5), ordered=4)], (1, 1, 1, 1, 0, 0)),
    ],
)  # fmt: skip
def test_the_figures_of_a_line(case: str, lines: list[DueLine], figures: tuple[int, ...]) -> None:
    assert on_time_figures(lines, TODAY) == OnTime(*figures)


def test_the_worked_example() -> None:
    """docs/AVAILABILITY.md, "On time"."""
    lines = [
        line(part(10, 10, 10, 9, 10)),
        line(part(6, 6, 11, 11, 11), part(4, 4, 18, 11, 19)),
        line(part(5, 5, 12, 12, 12), ordered=6),
        line(part(2, 0, 13, 13, None)),
    ]

    found = on_time_figures(lines, TODAY)

    assert found == OnTime(4, 3, 2, 1, 2, 1)
    counts = (found.delivered, found.on_time_promised, found.on_time_requested, found.in_full)
    assert [str(found.percent(each)) for each in counts] == ["75.0", "50.0", "25.0", "50.0"]
    assert OnTime().percent(0) is None


@pytest.mark.parametrize(
    ("case", "before", "parts", "days"),
    [
        ("as it was", [(6, 5)], [6], [5]),
        ("split in two", [(6, 5)], [4, 2], [5, 5]),
        ("two days, in the same parts", [(6, 5), (4, 9)], [6, 4], [5, 9]),
        ("two days in one", [(6, 5), (4, 9)], [10], [9]),
        ("the second takes of both", [(6, 5), (4, 9)], [5, 5], [5, 9]),
        ("never promised", [(6, None)], [3, 3], [None, None]),
        ("partly never promised", [(6, None), (2, 7)], [7, 1], [7, 7]),
        ("parts of nothing left", [(0, 3), (4, 9)], [4], [9]),
    ],
)  # fmt: skip
def test_first_promises_are_carried_over(
    case: str, before: list[tuple[int, int | None]], parts: list[int], days: list[int | None]
) -> None:
    given_ = [(Decimal(quantity), day(on)) for quantity, on in before]

    assert carried_promises(given_, [Decimal(each) for each in parts]) == [day(each) for each in days]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 28)), min_size=1, max_size=5),
    st.data(),
)
def test_no_promise_is_ever_carried_to_a_day_that_was_none(
    before: list[tuple[int, int]], data: st.DataObject
) -> None:
    whole = sum(quantity for quantity, _ in before)
    cut = data.draw(st.integers(1, whole))
    parts = [Decimal(cut)] + ([Decimal(whole - cut)] if cut < whole else [])

    found = carried_promises([(Decimal(quantity), day(on)) for quantity, on in before], parts)

    assert set(found) <= {day(on) for _, on in before}
    assert max(each for each in found if each) == max(date(2026, 3, on) for _, on in before)


@pytest.mark.parametrize(("first", "last"), [(2, 1), (1, 11)])
def test_a_period_is_neither_reversed_nor_endless(first: int, last: int) -> None:
    with pytest.raises(Refusal):
        check_period(date(2026, 3, first), date(2026, 3, last), 10)


def test_a_period_may_be_one_day_or_all_of_them() -> None:
    check_period(TODAY, TODAY, 10)
    check_period(date(2026, 3, 1), date(2026, 3, 10), 10)
