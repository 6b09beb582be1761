"""Suggestions: one per product for its strongest reason, in one order, and habits that are overdue."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.suggestions import Candidate, Habit, SuggestionReason, overdue, rank

TODAY = date(2026, 11, 26)
R = SuggestionReason


def candidate(product: str, reason: R, times: int = 1, quantity: int = 1, days_ago: int = 1) -> Candidate:
    return Candidate(product, reason, "words", (), times, Decimal(quantity), TODAY - timedelta(days_ago))


def test_the_strongest_reason_first_then_times_units_last_date_and_id() -> None:
    found = rank(
        [
            candidate("peer", R.PEERS, 99),
            candidate("a", R.PEERS, 99),
            candidate("b", R.BOUGHT_TOGETHER, 5),
            candidate("units", R.BOUGHT_TOGETHER, 5, 9),
            candidate("recent", R.BOUGHT_TOGETHER, 5, 1, 0),
            candidate("a", R.REPLENISHMENT),
            candidate("often", R.BOUGHT_TOGETHER, 6),
            candidate("c", R.BOUGHT_TOGETHER, 5),
            candidate("here", R.AGREEMENT),
        ],
        7,
        without=["here"],
    )

    assert [each.product for each in found] == ["a", "often", "units", "recent", "b", "c", "peer"]
    assert found[0].reason is R.REPLENISHMENT


@given(
    st.lists(st.builds(candidate, st.sampled_from("abcde"), st.sampled_from(R), st.integers(0, 2))),
    st.randoms(),
)
def test_the_order_of_candidates_changes_nothing(candidates: list[Candidate], chance: object) -> None:
    before = rank(candidates, 4)
    chance.shuffle(candidates)  # type: ignore[attr-defined]

    assert rank(candidates, 4) == before
    assert len({each.product for each in before}) == len(before) <= 4


@pytest.mark.parametrize(
    ("case", "days_ago", "habit"),
    [
        ("due since 3 days", [43, 33, 23, 13], (10, 3)),
        ("on the very day it is not yet overdue", [30, 20, 10], None),
        ("two purchases are no habit", [40, 20], None),
        ("twice on a day is once", [40, 40, 20, 20], None),
        ("the median, not the mean", [200, 31, 21, 11], (10, 1)),
        ("given up", [80, 70, 60, 41], None),
        ("on the last day before", [80, 70, 60, 40], (10, 30)),
    ],
)
def test_a_habit_is_overdue(case: str, days_ago: list[int], habit: tuple[int, int] | None) -> None:
    days = [TODAY - timedelta(each) for each in days_ago]

    expected = None if habit is None else Habit(*habit, max(days))
    assert overdue(days, TODAY) == expected, case
