"""Simulated margins: rule book 9.1 and the figures of its page."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import round_money
from rules.simulation import (
    MarginBand,
    band_of_margin,
    discount_for_amount,
    discount_for_percent,
    margin_percent,
    saving_percent,
)

D = Decimal


@pytest.mark.parametrize(
    ("case", "sales", "cost", "percent"),
    [
        ("QT-01 before", "318.20", "184.96", "41.87"),
        ("QT-01 after 15 % on the document", "270.47", "184.96", "31.62"),
        ("QT-02 the line", "137.88", "95.20", "30.95"),
        ("QT-02 the document", "302.88", "184.96", "38.93"),
        ("nothing sold", "0", "5", None),
    ],
)
def test_margin(case: str, sales: str, cost: str, percent: str | None) -> None:
    assert margin_percent(D(sales), D(cost)) == (None if percent is None else D(percent)), case


def test_the_discount_for_a_target_amount() -> None:
    """QT-04."""
    assert discount_for_amount(D("318.20"), D("184.96"), D("100.00")) == (D("33.24"), D("10.45"))


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        ("25", MarginBand.GREEN), ("24.99", MarginBand.AMBER), ("10", MarginBand.AMBER),
        ("9.99", MarginBand.RED), (None, MarginBand.RED),
    ],
)  # fmt: skip
def test_bands(percent: str | None, band: MarginBand) -> None:
    assert band_of_margin(None if percent is None else D(percent), D(25), D(10)) is band


def test_what_the_next_break_saves() -> None:
    assert saving_percent(D("10.00"), D(1), D("480.00"), D(50)) == D("4.00"), (
        "per unit, whatever prices are for"
    )


@given(
    st.decimals("1", "100000", places=2),
    st.decimals("0", "100000", places=2),
    st.decimals("0", "90", places=1),
)
def test_the_discount_found_holds_the_target_and_is_the_largest(sales: D, cost: D, target: D) -> None:
    found = discount_for_percent(sales, cost, target)
    assert found is not None

    def exact(discount: D) -> D:
        left = sales * (100 - discount) / 100
        return (left - cost) * 100 / left if left else D(-1)

    if found < 100:
        assert exact(found) >= target - D("1e-9")
    if found + D("0.01") < 100:
        assert exact(found + D("0.01")) < target + D("1e-9")
    assert round_money(found, 2) == found


@pytest.mark.parametrize(
    ("target", "waiting", "percent"),
    [("20", "0", "10.00"), ("20", "1", "8.86"), ("79", "21", None), ("90", "20", None), ("0", "0", "28.00")],
)
def test_waiting_for_the_money_takes_its_share_of_whatever_is_sold(
    target: str, waiting: str, percent: str | None
) -> None:
    """100.00 sold at a cost of 72.00."""
    found = discount_for_percent(D(100), D(72), D(target), D(waiting))

    assert found == (None if percent is None else D(percent))
