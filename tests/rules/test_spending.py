"""Spend limits and the company's rule: what waits for an approver, and why."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import ZERO
from rules.spending import (
    ApprovalNeed,
    ApprovalReason,
    ApprovalRule,
    SpendLimits,
    SpendLine,
    SpendPeriod,
    approval_needs,
    may_approve,
    period_of,
)

D = Decimal
R = ApprovalReason
OIL = SpendLine(D("60.00"), "/food/oil/")
PAPER = SpendLine(D("40.00"), "/office/paper/")


@pytest.mark.parametrize(
    ("case", "gross", "limits", "spent", "rule", "needs"),
    [
        ("no limits, no rule", "9999", None, "0", None, []),
        ("exactly the order limit", "100.00", SpendLimits(D(100)), "0", None, []),
        ("a cent over it", "100.01", SpendLimits(D(100)), "0", None, [(R.OVER_ORDER_LIMIT, "100", "100.01")]),
        ("a limit of nothing", "0.01", SpendLimits(D(0)), "0", None, [(R.OVER_ORDER_LIMIT, "0", "0.01")]),
        ("exactly the period's", "100.00", SpendLimits(None, D(500)), "400.00", None, []),
        (
            "over the period's",
            "100.00",
            SpendLimits(None, D(500)),
            "400.01",
            None,
            [(R.OVER_PERIOD_LIMIT, "500", "500.01")],
        ),
        (
            "over both, and over the company's",
            "600.00",
            SpendLimits(D(100), D(500)),
            "0",
            ApprovalRule(D(599)),
            [
                (R.OVER_ORDER_LIMIT, "100", "600.00"),
                (R.OVER_PERIOD_LIMIT, "500", "600.00"),
                (R.OVER_COMPANY_THRESHOLD, "599", "600.00"),
            ],
        ),
        ("exactly the company's", "600.00", None, "0", ApprovalRule(D(600)), []),
    ],
)
def test_amounts(
    case: str,
    gross: str,
    limits: SpendLimits | None,
    spent: str,
    rule: ApprovalRule | None,
    needs: list[tuple[ApprovalReason, str, str]],
) -> None:
    found = approval_needs(D(gross), [OIL], limits, D(spent), rule)

    assert found == [ApprovalNeed(reason, D(limit), D(amount)) for reason, limit, amount in needs], case


@pytest.mark.parametrize(
    ("case", "codes", "above", "lines", "met", "amount"),
    [
        ("another category", ["tools"], "0", [OIL, PAPER], (), "0"),
        ("the category itself", ["oil"], "0", [OIL, PAPER], ("oil",), "60.00"),
        ("a category above", ["food"], "0", [OIL, PAPER], ("food",), "60.00"),
        ("two of them", ["paper", "food"], "0", [OIL, PAPER], ("food", "paper"), "100.00"),
        ("above and below, counted once", ["oil", "food"], "0", [OIL], ("food", "oil"), "60.00"),
        ("a name that only begins so", ["foo"], "0", [OIL], (), "0"),
        ("exactly the category's amount", ["oil"], "60.00", [OIL], (), "0"),
        ("over it", ["oil"], "59.99", [OIL], ("oil",), "60.00"),
        ("goods for free wait too", ["oil"], "0", [SpendLine(ZERO, "/food/oil/")], ("oil",), "0"),
    ],
)
def test_categories(
    case: str, codes: list[str], above: str, lines: list[SpendLine], met: tuple[str, ...], amount: str
) -> None:
    found = approval_needs(D(1), lines, None, ZERO, ApprovalRule(None, codes, D(above)))

    assert found == ([ApprovalNeed(R.CATEGORY, D(above), D(amount), met)] if met else []), case


@pytest.mark.parametrize(
    ("on", "period", "first", "after"),
    [
        (date(2026, 3, 1), SpendPeriod.WEEK, date(2026, 2, 23), date(2026, 3, 2)),
        (date(2026, 12, 31), SpendPeriod.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (date(2028, 2, 29), SpendPeriod.MONTH, date(2028, 2, 1), date(2028, 3, 1)),
        (date(2026, 11, 26), SpendPeriod.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 1, 1), SpendPeriod.QUARTER, date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 6, 30), SpendPeriod.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_periods(on: date, period: SpendPeriod, first: date, after: date) -> None:
    assert period_of(on, period) == (first, after)


@given(st.dates(), st.sampled_from(SpendPeriod))
def test_a_day_lies_in_its_period(on: date, period: SpendPeriod) -> None:
    if on.year in (1, 9999):
        on = on.replace(year=2000)

    first, after = period_of(on, period)

    assert first <= on < after
    assert period_of(after, period)[0] == after


def test_nobody_approves_their_own() -> None:
    ana, luis = UUID(int=1), UUID(int=2)

    assert may_approve(ana, luis)
    assert not may_approve(ana, ana)
    assert not may_approve(ana, luis, ana)


amounts = st.decimals("0", "1000", places=2)


@given(amounts, amounts, amounts, amounts)
def test_more_spending_never_waits_less(
    gross: Decimal, more: Decimal, spent: Decimal, limit: Decimal
) -> None:
    limits, rule = SpendLimits(limit, limit * 2), ApprovalRule(limit)

    before = {need.reason for need in approval_needs(gross, [], limits, spent, rule)}
    after = {need.reason for need in approval_needs(gross + more, [], limits, spent, rule)}

    assert before <= after
