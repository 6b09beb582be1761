"""Authoring trade agreements: which rows stand in each other's way, and where bands leave a gap."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rules.pricing_facts import Scope, TradeRelation, TradeRow
from rules.trade_rows import PlacedRow, check_gaps, check_replacement, closing_day, overlap
from rules.trade_settings import active_cells

D = Decimal
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
PRICE = TradeRow("P", TradeRelation.PRICE, Scope.ONE, "C1", Scope.ONE, "A", "EUR", unit_price=D(9))
DISCOUNT = TradeRow("L", TradeRelation.LINE_DISCOUNT, Scope.ALL, "", Scope.GROUP, "OIL", "EUR", percent1=D(5))


@pytest.mark.parametrize(
    ("case", "row", "one", "other", "expected"),
    [
        ("the same", PRICE, {}, {}, True),
        ("one ends the day the other begins", PRICE, {"valid_until": JUNE}, {"valid_from": JUNE}, False),
        ("a day in common", PRICE, {"valid_until": JUNE}, {"valid_from": MAY}, True),
        ("closed on its first day", PRICE, {"valid_from": JUNE, "valid_until": JUNE}, {}, False),
        ("bands side by side", PRICE, {"to_quantity": D(10)}, {"from_quantity": D(10)}, False),
        ("bands inside one another", PRICE, {}, {"from_quantity": D(10), "to_quantity": D(20)}, True),
        ("discounts may stand inside one another", DISCOUNT, {}, {"from_quantity": D(10)}, False),
        ("discounts that begin alike may not", DISCOUNT, {"to_quantity": D(5)}, {}, True),
        ("another currency", PRICE, {}, {"currency": "USD"}, False),
        ("another unit", PRICE, {}, {"unit_code": "BOX"}, False),
        ("for all, whatever else is in the row", DISCOUNT, {"customer": "x"}, {}, True),
    ],
)
def test_overlaps(
    case: str, row: TradeRow, one: dict[str, Any], other: dict[str, Any], expected: bool
) -> None:
    first, second = replace(row, **one), replace(row, **other)

    assert overlap(first, second) is overlap(second, first) is expected, case


def test_a_gap_is_told_on_any_day_that_a_band_begins() -> None:
    low = replace(PRICE, to_quantity=D(10))
    high = replace(PRICE, from_quantity=D(12), valid_from=JUNE)
    between = replace(PRICE, from_quantity=D(10), to_quantity=D(12))

    def told(*others: TradeRow) -> list[tuple[str, ...]]:
        return [no.path for no in check_gaps([PlacedRow(7, high)], others)]

    assert told(low) == [("rows", "7", "fromQuantity")]
    assert told(low, between) == []
    assert told(low, replace(between, valid_until=JULY)) == []  # it is looked at when something begins
    assert told(replace(low, valid_until=JUNE)) == []
    assert told(replace(low, currency="USD")) == []
    assert told() == []  # nothing has to begin at 0


def test_what_a_replacement_closes() -> None:
    old = replace(PRICE, valid_from=JUNE)

    def closing(valid_from: date | None, **other: Any) -> tuple[str, date | None]:
        placed = PlacedRow(1, replace(PRICE, valid_from=valid_from), replace(old, **other))
        no = check_replacement(placed, MAY)
        return ("" if no is None else no.path[-1]), closing_day(placed)

    assert closing(JULY) == ("", JULY)
    assert closing(MAY) == ("", JUNE)  # it never holds
    assert closing(date(2026, 4, 30))[0] == closing(None)[0] == "validFrom"
    assert closing(JULY, valid_until=JULY)[0] == closing(JULY, item="B")[0] == "replacesId"


def test_cells_that_are_switched_off() -> None:
    assert active_cells([]) is None
    found = active_cells(["PRICE:GROUP:ONE"])
    assert found is not None and len(found) == 3 * (1 + 3 + 2 + 1) - 1
    assert (TradeRelation.PRICE, Scope.GROUP, Scope.ONE) not in found
