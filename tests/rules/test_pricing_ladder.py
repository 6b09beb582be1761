"""What a buyer pays by quantity: the ladder, and what the next break saves."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rules.pricing import PriceBook, price_line
from rules.pricing_facts import Break, Rung, TradeRow
from rules.pricing_ladder import price_ladder
from rules.trade_agreements import TradeBook
from tests.rules.test_trade_agreements import BREAKS, LINE, MULTILINE, line, party, row

D = Decimal
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LISTED = [Break(D(0), D(15), D(1)), Break(D(100), D(9), D(1))]


@pytest.mark.parametrize(
    ("case", "rows", "expected"),
    [
        ("list prices", [], [("0", "15", "0"), ("100", "9", "40")]),
        (
            "trade prices, and list prices between them; unchanged from 20 to 50",
            [
                BREAKS[1],
                row(id="CHEAP", from_quantity="20", to_quantity="30", unit_price="11.00", customer="C1"),
            ],
            [("0", "15", "0"), ("10", "11.00", "26.67"), ("50", "15", "0"), ("100", "9", "40")],
        ),
        (
            "discounts come off, where they begin too",
            [
                row(LINE, item="A", percent1="10", from_quantity="24"),
                row(MULTILINE, item="", percent1="2"),
            ],
            [("0", "14.70", "0"), ("24", "13.20", "10.20"), ("100", "7.92", "46.12")],
        ),
        (
            "a price for 50 is compared by the unit",
            [row(id="50", from_quantity="100", unit_price="420", price_unit="50")],
            [("0", "15", "0"), ("100", "420", "44")],
        ),
        (
            "what is dearer further on saves less than nothing",
            [row(from_quantity="50", to_quantity="100", unit_price="18")],
            [("0", "15", "0"), ("50", "18", "-20"), ("100", "9", "40")],
        ),
    ],
)
def test_the_ladder(case: str, rows: list[TradeRow], expected: list[tuple[str, str, str]]) -> None:
    found = price_ladder(TradeBook(rows), party(), line("12", breaks=LISTED))

    assert [(each.from_quantity, each.unit_price, each.saves_percent) for each in found] == [
        (D(quantity), D(price), D(saves)) for quantity, price, saves in expected
    ], case
    assert [each.more for each in found] == [max(D(quantity) - 12, D(0)) for quantity, _, _ in expected]


def test_every_rung_is_what_its_quantity_costs() -> None:
    rows = [*BREAKS, row(LINE, item="", percent1="3.5", from_quantity="30")]

    for rung in price_ladder(TradeBook(rows), party(), line("1", breaks=LISTED)):
        priced = price_line(
            line(str(rung.from_quantity or 1), breaks=LISTED), party(), NOW, PriceBook(TradeBook(rows))
        )
        assert priced is not None
        assert priced.unit_price == rung.unit_price


def test_the_next_break_is_told_in_words_that_can_be_kept() -> None:
    """Twelve more save 8.33 %: against the price by the rules now, whatever promotions take off besides."""
    found = price_line(line("8"), party(), NOW, PriceBook(TradeBook(BREAKS)))

    assert found is not None
    assert found.next_break == Rung(D(10), D("11.00"), D(1), D(2), D("8.33"))
