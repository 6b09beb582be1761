"""Rounding, spreading and tax: the worked cases and their laws."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import TaxedLine, allocate, line_amount, round_money, tax_by_group

D = Decimal


@pytest.mark.parametrize(
    ("label", "amount", "exponent", "rounded"),
    [
        ("half goes up", "0.125", 2, "0.13"),
        ("and away from zero", "-0.125", 2, "-0.13"),
        ("249.99 less 30 %, the discount", "74.997", 2, "75.00"),
        ("249.99 less 50 %, the discount", "87.495", 2, "87.50"),
        ("whole units", "17812.50", 0, "17813"),
        ("three decimals", "1.0005", 3, "1.001"),
    ],
)
def test_rounding(label: str, amount: str, exponent: int, rounded: str) -> None:
    assert round_money(D(amount), exponent) == D(rounded), label


@pytest.mark.parametrize(
    ("case", "total", "weights", "parts"),
    [
        ("MR-01", "5.00", ["10.00", "10.00", "10.00"], ["1.67", "1.67", "1.66"]),
        ("MR-04", "7.77", ["19.99", "5.01", "75.00", "12.50"], ["1.38", "0.35", "5.18", "0.86"]),
        ("MR-05", "0.04", ["1", "1", "1"], ["0.02", "0.01", "0.01"]),
        ("MR-07", "-5.00", ["10", "10", "10"], ["-1.67", "-1.67", "-1.66"]),
        ("MR-08", "1.00", ["0", "0", "0"], ["0.34", "0.33", "0.33"]),
        ("ties go to the larger weight", "0.01", ["1", "3", "3"], ["0.00", "0.01", "0.00"]),
        (
            "a tie of remainders is one, however they are written",
            "0.50",
            ["1", "49", "100"],
            ["0.00", "0.16", "0.34"],
        ),
        ("no weights at all: equal shares", "0.03", ["0", "0"], ["0.02", "0.01"]),
        ("nothing to spread", "0.00", ["1", "2"], ["0.00", "0.00"]),
        ("nobody to spread to", "1.00", [], []),
    ],
)
def test_spreading(case: str, total: str, weights: list[str], parts: list[str]) -> None:
    assert allocate(D(total), [D(each) for each in weights]) == [D(each) for each in parts], case


def test_ten_lines_of_twelve_cents() -> None:
    """IN-01: VAT is taken from the group's sum, 0.25, and not line by line, 0.30."""
    groups, taxes = tax_by_group([TaxedLine(D("0.12"), "S", D(21), n) for n in range(10)])

    assert [group.tax for group in groups] == [D("0.25")]
    assert sum(taxes) == D("0.25")


def test_the_difference_does_not_go_to_the_largest_line() -> None:
    """MR-02: what AX 2012 does, and we do not."""
    assert allocate(D("5.00"), [D("10.00")] * 3) != [D("1.66"), D("1.67"), D("1.67")]


def test_several_rates() -> None:
    """IN-02."""
    lines = [
        TaxedLine(D(net), "S", D(rate), rate) for net, rate in (("100.00", 21), ("50.00", 10), ("25.00", 4))
    ]

    groups, taxes = tax_by_group(lines)

    assert taxes == [D("21.00"), D("5.00"), D("1.00")]
    assert sum(group.base + group.tax for group in groups) == D("202.00")


@pytest.mark.parametrize(
    ("case", "quantity", "price", "per", "amount"),
    [
        ("TA-15", "75", "10.00", "50", "15.00"),
        ("TA-16", "7", "10.00", "3", "23.33"),
        ("IN-13", "0.5", "0.67", "1", "0.34"),
    ],
)
def test_a_line_is_rounded_once(case: str, quantity: str, price: str, per: str, amount: str) -> None:
    assert line_amount(D(quantity), D(price), D(per)) == D(amount), case


amounts = st.decimals("-100000", "100000", places=2)
weights = st.lists(st.decimals("0", "10000", places=4), min_size=1, max_size=20)


@given(amounts, weights)
def test_parts_sum_to_the_whole(total: Decimal, given_weights: list[Decimal]) -> None:
    parts = allocate(total, given_weights)

    assert sum(parts) == total
    assert all(part == 0 or (part > 0) == (total > 0) for part in parts)
    whole = sum(given_weights)
    if whole:
        assert all(
            abs(part - total * weight / whole) < D("0.01")
            for part, weight in zip(parts, given_weights, strict=True)
        )


lines = st.lists(
    st.builds(
        TaxedLine,
        st.decimals("0", "10000", places=2),
        st.just("S"),
        st.sampled_from([D(21), D(10), D(4)]),
        st.integers(0, 9),
    ),
    max_size=12,
)


@given(lines)
def test_line_taxes_sum_to_their_groups(given_lines: list[TaxedLine]) -> None:
    groups, taxes = tax_by_group(given_lines)

    for group in groups:
        members = [tax for line, tax in zip(given_lines, taxes, strict=True) if line.percent == group.percent]
        assert sum(members) == group.tax == round_money(group.base * group.percent / 100)
    assert sum(group.tax for group in groups) == sum(taxes)
