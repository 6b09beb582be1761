"""Instalments: amounts to the cent, days by the calendar, early payment and the legal maximum."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.documents import DocumentPaymentTerms, Instalment
from rules.instalments import (
    DueInstalment,
    EarlyPayment,
    average_days,
    days_over_legal_maximum,
    due_date,
    early_payment,
    split_instalments,
)
from rules.refusals import Refusal

D = Decimal


def make_terms(*shares: str, percent: str = "0", days: int = 0) -> DocumentPaymentTerms:
    parts = tuple(Instalment(D(share), 30 * n, False, None) for n, share in enumerate(shares, start=1))
    return DocumentPaymentTerms("T", "Terms", parts, D(percent), days)


@pytest.mark.parametrize(
    ("case", "from_date", "days", "end_of_month", "payment_days", "due"),
    [
        ("on receipt", date(2026, 1, 31), 0, False, (), date(2026, 1, 31)),
        ("plain days", date(2026, 1, 31), 30, False, (), date(2026, 3, 2)),
        ("end of the month it falls in", date(2026, 1, 5), 30, True, (), date(2026, 2, 28)),
        ("end of a leap February", date(2028, 1, 5), 30, True, (), date(2028, 2, 29)),
        ("end of the year", date(2026, 11, 20), 30, True, (), date(2026, 12, 31)),
        ("next payment day", date(2026, 1, 10), 60, False, (25,), date(2026, 3, 25)),
        ("the payment day itself", date(2026, 1, 24), 60, False, (25,), date(2026, 3, 25)),
        ("payment day of the next month", date(2026, 1, 26), 60, False, (25,), date(2026, 4, 25)),
        ("payment day over the year's end", date(2026, 12, 1), 30, False, (15,), date(2027, 1, 15)),
        ("the nearer of two", date(2026, 1, 1), 10, False, (5, 20), date(2026, 1, 20)),
        ("the first of the next month's", date(2026, 1, 1), 20, False, (5, 20), date(2026, 2, 5)),
        ("a month without the day", date(2026, 2, 1), 0, False, (31,), date(2026, 2, 28)),
        ("end of month, then payment day", date(2026, 1, 5), 30, True, (10,), date(2026, 3, 10)),
    ],
)
def test_due_dates(
    case: str, from_date: date, days: int, end_of_month: bool, payment_days: tuple[int, ...], due: date
) -> None:
    assert due_date(from_date, days, end_of_month=end_of_month, payment_days=payment_days) == due, case


@pytest.mark.parametrize(
    ("case", "total", "shares", "amounts"),
    [
        ("halves of an odd cent", "100.01", ["50", "50"], ["50.01", "50.00"]),
        ("thirds", "100.00", ["33.33", "33.33", "33.34"], ["33.33", "33.33", "33.34"]),
        ("equal thirds", "100.00", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        ("a credit", "-100.01", ["50", "50"], ["-50.01", "-50.00"]),
        ("all at once", "77.77", ["100"], ["77.77"]),
    ],
)
def test_amounts(case: str, total: str, shares: list[str], amounts: list[str]) -> None:
    found = split_instalments(D(total), make_terms(*shares), date(2026, 1, 1))

    assert [each.amount for each in found] == [D(each) for each in amounts], case
    assert [each.position for each in found] == list(range(1, len(shares) + 1)), case


def test_instalments_have_their_days() -> None:
    terms = DocumentPaymentTerms(
        "3060", "30 y 60", (Instalment(D(50), 30, True, None), Instalment(D(50), 60, False, 25))
    )

    found = split_instalments(D("10.00"), terms, date(2026, 1, 10))

    assert found == [
        DueInstalment(1, date(2026, 2, 28), D("5.00")),
        DueInstalment(2, date(2026, 3, 25), D("5.00")),
    ]


def test_terms_without_instalments_are_refused() -> None:
    with pytest.raises(Refusal):
        split_instalments(D("10.00"), make_terms(), date(2026, 1, 1))


def test_early_payment() -> None:
    found = early_payment(D("968.05"), make_terms("100", percent="2", days=10), date(2026, 1, 25))

    assert found == EarlyPayment(date(2026, 2, 4), D("19.36"), D("948.69"))
    assert early_payment(D("968.05"), make_terms("100"), date(2026, 1, 25)) is None


@pytest.mark.parametrize(
    ("case", "due_on", "fresh", "over"),
    [
        ("60 days", date(2026, 3, 2), False, 0),
        ("61 days", date(2026, 3, 3), False, 1),
        ("30 days of fresh food", date(2026, 1, 31), True, 0),
        ("60 days of fresh food", date(2026, 3, 2), True, 30),
    ],
)
def test_legal_maximum(case: str, due_on: date, fresh: bool, over: int) -> None:
    instalments = [DueInstalment(1, date(2026, 1, 1), D(1)), DueInstalment(2, due_on, D(1))]

    assert days_over_legal_maximum(instalments, date(2026, 1, 1), has_fresh_food=fresh) == over, case


def test_terms_survive_their_copy() -> None:
    terms = make_terms("60", "40", percent="1.5", days=8)
    old = terms.to_json()
    del old["earlyPaymentPercent"], old["earlyPaymentDays"]

    assert DocumentPaymentTerms.from_json(terms.to_json()) == terms
    assert DocumentPaymentTerms.from_json(old) == make_terms("60", "40")


@given(
    st.decimals("-100000", "100000", places=2),
    st.lists(st.integers(1, 10000).map(lambda n: D(n) / 100), min_size=1, max_size=12),
)
def test_instalments_sum_to_the_total(total: Decimal, shares: list[Decimal]) -> None:
    found = split_instalments(total, make_terms(*map(str, shares)), date(2026, 1, 1))

    assert sum(each.amount for each in found) == total
    assert abs(found[-1].amount - total * shares[-1] / sum(shares)) < D("0.01")


@given(
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.integers(0, 120),
    st.booleans(),
    st.lists(st.integers(1, 31), max_size=3),
)
def test_nothing_is_due_before_its_days_are_over(
    start: date, days: int, end_of_month: bool, payment_days: list[int]
) -> None:
    plain_due = due_date(start, days)
    due = due_date(start, days, end_of_month=end_of_month, payment_days=payment_days)

    assert 0 <= (due - plain_due).days <= 62


@pytest.mark.parametrize(
    ("case", "instalments", "days"),
    [
        ("one", [("100", 30, False, None)], 30),
        ("halves at 30 and 60", [("50", 30, False, None), ("50", 60, False, None)], 45),
        ("half a day is a whole", [("50", 0, False, None), ("50", 1, False, None)], 1),
        ("the end of the month: 31 March", [("100", 15, True, None)], 29),
        ("the payment day: 25 March", [("100", 15, False, 25)], 23),
        ("none", [], 0),
    ],
)
def test_average_days(case: str, instalments: list[tuple[str, int, bool, int | None]], days: int) -> None:
    """From 2 March."""
    parts = tuple(Instalment(D(share), *rest) for share, *rest in instalments)  # type: ignore[arg-type]
    terms = DocumentPaymentTerms("T", "Terms", parts)

    assert average_days(terms, date(2026, 3, 2)) == days, case
