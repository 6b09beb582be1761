"""A line by itself: list price, quantity break, manual discount."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import line_amount
from rules.pricing import PricedLine, price_line
from rules.pricing_facts import Break, Concessions, LineFacts, Party
from rules.pricing_trace import PriceStep, replay

D = Decimal
BREAKS = [Break(D(0), D("10.00"), D(1)), Break(D(10), D("9.50"), D(1)), Break(D(100), D("8.995"), D(1))]


ANYBODY = Party((), "EUR")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def facts_of(quantity: Decimal, percent: Decimal, breaks: Sequence[Break]) -> LineFacts:
    given = Concessions(discount_percent=percent)
    return LineFacts(0, "p", "P-1", quantity, NOW.date(), breaks, concessions=given)


def priced(quantity: str, percent: str = "0", breaks: list[Break] | None = None) -> PricedLine:
    facts = facts_of(D(quantity), D(percent), BREAKS if breaks is None else breaks)
    found = price_line(facts, ANYBODY, NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("label", "quantity", "percent", "unit", "net", "further"),
    [
        ("first tier", "9", "0", "10.00", "90.00", "10"),
        ("the boundary belongs to the higher tier", "10", "0", "9.50", "95.00", "100"),
        ("one below the last tier", "99", "0", "9.50", "940.50", "100"),
        ("the line is rounded, not the unit", "101", "0", "8.995", "908.50", None),
        ("rule book 0.1, 17: 249.99 less 30 %", "1", "30", "174.99", "174.99", None),
        ("rule book 0.1, 17: 249.99 less 50 %", "1", "50", "87.49", "87.49", None),
        ("TA-14: no quantity falls between two tiers", "9.5", "0", "10.00", "95.00", "10"),
        ("free", "1", "100", "0", "0.00", None),
    ],
)
def test_a_line_is_priced(
    label: str, quantity: str, percent: str, unit: str, net: str, further: str | None
) -> None:
    special = {"30": "249.99", "50": "174.98", "100": "5"}
    breaks = [Break(D(0), D(special[percent]), D(1))] if percent in special else None

    line = priced(quantity, percent, breaks)

    assert (line.unit_price, line.net_amount) == (D(unit), D(net)), label
    assert (None if line.next_break is None else line.next_break.from_quantity) == (
        D(further) if further else None
    )


def test_ten_per_fifty_is_twenty_cents_each() -> None:
    """TA-15."""
    line = priced("75", breaks=[Break(D(0), D("10.00"), D(50))])

    assert line.net_amount == D("15.00")


def test_without_a_price_for_the_quantity_there_is_none() -> None:
    assert price_line(facts_of(D(1), D(0), [Break(D(5), D(1), D(1))]), ANYBODY, NOW) is None


def test_the_trace_says_each_step() -> None:
    line = priced("12", "5")

    assert [(step.component, step.value, step.running_price) for step in line.steps] == [
        ("LIST_PRICE", D("10.00"), D("10.00")),
        ("QUANTITY_BREAK", D("9.50"), D("9.50")),
        ("MANUAL_DISCOUNT", D(5), D("9.025")),
    ]
    assert tuple(PriceStep.from_json(step.to_json()) for step in line.steps) == line.steps


quantities = st.decimals("0.001", "100000", places=3)
prices = st.decimals("0", "10000", places=6)


@given(quantities, prices, st.decimals("0", "100", places=2), st.permutations(range(3)))
def test_laws(quantity: Decimal, price: Decimal, percent: Decimal, order: list[int]) -> None:
    breaks = [Break(D(index * 10), price + index, D(1)) for index in range(3)]
    line = price_line(facts_of(quantity, percent, [breaks[index] for index in order]), ANYBODY, NOW)

    assert line is not None
    again = price_line(facts_of(quantity, percent, breaks), ANYBODY, NOW)
    assert line == again, "the order of entry changes nothing"
    assert 0 <= line.net_amount <= line_amount(quantity, line.list_unit_price)
    assert line.net_amount == line.net_amount.quantize(D("0.01"))
    assert line.steps[-1].running_price == line.unit_price
    assert replay(line.steps, quantity, line.price_unit, 2) == line.net_amount, (
        "the trace replays to its price"
    )
