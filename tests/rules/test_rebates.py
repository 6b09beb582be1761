"""Rebate tiers: cases RB-01 to RB-14 with their figures, and laws."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import round_money
from rules.rebates import (
    Expectation,
    RebateLine,
    RebateTerms,
    Tier,
    TierBasis,
    TierMethod,
    Volume,
    accruals,
    effective_percent,
    eligible_volume,
    expected_rebate,
    payable,
    target,
)

D = Decimal
TWO = (Tier(D(0), D(1000), D(10)), Tier(D(1000), D(2500), D(25)))
YEAR = tuple(
    Tier(D(start), None if end is None else D(end), D(percent))
    for start, end, percent in [(0, 10000, 0), (10000, 25000, 2), (25000, 50000, 3), (50000, None, 5)]
)
MONTHS = [Volume(D(sold)) for sold in (8000, 7000, 12000, 6000, 20000)]


@pytest.mark.parametrize(
    ("value", "stepped", "cumulative", "rolling", "total"),
    [
        ("2000", "350.00", "500.00", "600.00", "700.00"),  # RB-01
        ("800", "80.00", "80.00", "80.00", "80.00"),  # RB-02 from here on
        ("999.99", "100.00", "100.00", "100.00", "100.00"),
        ("1000", "100.00", "250.00", "350.00", "350.00"),
        ("2500", "475.00", "625.00", "725.00", "875.00"),
        ("3000", "475.00", "750.00", "725.00", "1050.00"),
        ("0", "0.00", "0.00", "0.00", "0.00"),
        ("-100", "-10.00", "-10.00", "-10.00", "-10.00"),
    ],
)
def test_four_methods(value: str, stepped: str, cumulative: str, rolling: str, total: str) -> None:
    found = [target(RebateTerms(TWO, method), Volume(D(value))) for method in TierMethod]

    assert list(TierMethod) == ["STEPPED", "CUMULATIVE", "ROLLING", "TOTAL"]
    assert found == [D(stepped), D(cumulative), D(rolling), D(total)]


@pytest.mark.parametrize(
    ("case", "method", "targets", "deltas", "after_credit"),
    [
        (
            "RB-04, and RB-06 on it",
            TierMethod.CUMULATIVE,
            ["0.00", "300.00", "810.00", "990.00", "2650.00"],
            ["0.00", "300.00", "510.00", "180.00", "1660.00"],
            ("1440.00", "-1210.00"),
        ),
        (
            "RB-05, and RB-07 on it",
            TierMethod.STEPPED,
            ["0.00", "100.00", "360.00", "540.00", "1200.00"],
            ["0.00", "100.00", "260.00", "180.00", "660.00"],
            ("990.00", "-210.00"),
        ),
    ],
)
def test_each_period_books_target_less_booked(
    case: str, method: TierMethod, targets: list[str], deltas: list[str], after_credit: tuple[str, str]
) -> None:
    terms = RebateTerms(YEAR, method)

    rows = accruals(terms, MONTHS)
    (credited,) = accruals(terms, [Volume(D(-5000))], so_far=rows[-1].volume, booked=rows[-1].target)

    assert [row.target for row in rows] == list(map(D, targets)), case
    assert [row.delta for row in rows] == list(map(D, deltas)), case
    assert [row.volume.amount for row in rows] == [8000, 15000, 27000, 33000, 53000]
    assert (credited.target, credited.delta) == tuple(map(D, after_credit)), case


def test_tiers_by_quantity_or_by_amount() -> None:
    """RB-08: 120 pieces for 900.00."""
    sold = Volume(D("900.00"), D(120))
    quantities = (Tier(D(0), D(100), D(1)), Tier(D(100), None, D(2)))
    amounts = (Tier(D(0), D(1000), D(1)), Tier(D(1000), None, D(2)))

    by_quantity = RebateTerms(quantities, TierMethod.CUMULATIVE, TierBasis.QUANTITY)
    by_amount = RebateTerms(amounts, TierMethod.CUMULATIVE)
    stepped = RebateTerms(quantities, TierMethod.STEPPED, TierBasis.QUANTITY)

    assert (target(by_quantity, sold), target(by_amount, sold)) == (D("18.00"), D("9.00"))
    assert target(stepped, sold) == D("10.50")  # 100 pieces at 1 %, 20 at 2 %, of 7.50 each


def test_only_what_the_deal_counts_earns() -> None:
    """RB-10."""
    lines = [RebateLine(D(600), D(6), True), RebateLine(D(400), D(4), False)]
    terms = RebateTerms((Tier(D(0), None, D(2)),), TierMethod.CUMULATIVE)

    assert eligible_volume(lines) == Volume(D(600), D(6))
    assert target(terms, eligible_volume(lines)) == D("12.00")


@pytest.mark.parametrize(
    ("calculated", "minimum", "paid"),
    [("7.50", "10.00", "10.00"), ("-50.00", "0", "0.00"), ("-50.00", "-1000", "-50.00")],
)
def test_the_minimum_is_a_floor(calculated: str, minimum: str, paid: str) -> None:
    """RB-14."""
    assert payable(D(calculated), D(minimum)) == D(paid)


def test_what_a_document_is_expected_to_earn() -> None:
    """Rule book 0.2, 36: RB-04 at a forecast of 5 % is 400, 350, 600, 300, 1000."""
    terms = RebateTerms(YEAR, TierMethod.CUMULATIVE)
    percent = effective_percent(terms, Volume(D(60000)))

    forecast = [
        expected_rebate(terms, month, expectation=Expectation.FORECAST, forecast_percent=percent)
        for month in MONTHS
    ]
    reached = expected_rebate(terms, MONTHS[4], expectation=Expectation.REACHED, so_far=Volume(D(33000)))

    assert percent == D(5)
    assert forecast == list(map(D, (400, 350, 600, 300, 1000)))
    assert reached == D("1660.00")
    assert effective_percent(terms, Volume(D(0))) == D(0)


volumes = st.decimals("-5000", "30000", places=2).map(Volume)


@given(st.sampled_from(TierMethod), st.lists(volumes, max_size=6), st.permutations(YEAR))
def test_deltas_sum_to_the_target(method: TierMethod, periods: list[Volume], tiers: list[Tier]) -> None:
    terms = RebateTerms(tuple(tiers), method)

    rows = accruals(terms, periods)

    whole = sum(periods, Volume(D(0)))
    assert sum((row.delta for row in rows), D(0)) == target(terms, whole)
    assert all(row.delta == round_money(row.delta) for row in rows)
