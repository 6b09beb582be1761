"""What may be promised, by day; cases DL-01 to DL-05 and DL-13 of the shared file, and the laws of every promise."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.availability import (
    FOREVER,
    Availability,
    Demand,
    LotOnHand,
    StockFacts,
    Supply,
    Window,
    days_to_keep,
    discrete,
    unreserved,
)
from rules.states import LotCriterion

TODAY = date(2026, 3, 2)
D = Decimal


def day(offset: int) -> date:
    return TODAY + timedelta(offset)


def lots(*found: tuple[int, int | None]) -> tuple[LotOnHand, ...]:
    """Quantities, and the last day each keeps (None: always)."""
    return tuple(LotOnHand(D(quantity), FOREVER if end is None else day(end)) for quantity, end in found)


def supplies(*found: tuple[int, int]) -> tuple[Supply, ...]:
    return tuple(Supply(day(on), D(quantity), f"P{index}") for index, (on, quantity) in enumerate(found))


def demands(*found: tuple[int, int]) -> tuple[Demand, ...]:
    return tuple(Demand(day(on), D(quantity)) for on, quantity in found)


def known(facts: StockFacts, window: Window | None = None, keep_days: int = 0) -> Availability:
    return Availability(facts, TODAY, window or Window(horizon_days=30), keep_days)


def at(availability: Availability, *offsets: int) -> list[str]:
    return [str(availability.on(day(offset))) for offset in offsets]


LATE = StockFacts(supplies=supplies((-3, 200), (10, 100)), demands=demands((-1, 75)))


@pytest.mark.parametrize(
    ("case", "fence", "expected", "ship"),
    [
        ("DL-01 Delayed supply and demand", 7, {0: "0", 1: "125", 10: "225"}, 10),
        ("DL-02 Supply outside the backward fence is ignored", 2, {0: "0", 1: "0", 10: "25"}, None),
    ],
)
def test_what_is_late(case: str, fence: int, expected: dict[int, str], ship: int | None) -> None:
    window = Window(30, fence, fence, supply_offset_days=1, demand_offset_days=1)
    availability = known(LATE, window)

    assert at(availability, *expected) == list(expected.values()), case
    assert availability.earliest(D(150), TODAY) == (None if ship is None else day(ship))


def test_dl_04_discrete_atp() -> None:
    facts = StockFacts(
        lots((50, None)), supplies=supplies((4, 60), (8, 20)), demands=demands((2, 30), (5, 40))
    )

    found = discrete(known(facts).ladder(), TODAY, 9)

    assert [str(each) for each in found] == ["20", "0", "0", "0", "20", "0", "0", "0", "20"]


def test_dl_05_the_look_ahead_stop_rule_would_promise_too_much() -> None:
    facts = StockFacts(
        lots((100, None)), supplies=supplies((2, 30), (4, 100)), demands=demands((1, 60), (3, 10))
    )
    availability = known(facts)

    assert at(availability, 0, 1, 2, 3, 4) == ["40", "40", "60", "60", "160"]
    # Selling the 60 of the literal rule on day 0 would leave -20 on day 1.
    assert known(StockFacts(facts.on_hand, demands=demands((0, 60), (1, 60)))).on(TODAY) == 0


def test_dl_13_a_partial_promise_is_a_schedule() -> None:
    availability = known(StockFacts(lots((60, None)), supplies=supplies((5, 40))))

    assert [(step.on, str(step.quantity)) for step in availability.split(D(100), TODAY)] == [
        (day(0), "60"),
        (day(5), "40"),
    ]


@pytest.mark.parametrize(
    ("label", "facts"),
    [
        ("on hand gross, all open demand", StockFacts(lots((10, None)), demands=demands((0, 6)))),
        ("on hand less reservations, the unreserved rest", StockFacts(
            lots((10, None)), held=demands((0, 6)), demands=demands((0, int(unreserved(D(6), D(6))))))),
    ],
)  # fmt: skip
def test_open_demand_counts_once(label: str, facts: StockFacts) -> None:
    assert at(known(facts), 0) == ["4"], label


def test_what_is_reserved_of_stock_is_not_lent_out_until_a_receipt() -> None:
    facts = StockFacts(lots((10, None)), held=demands((20, 6)), supplies=supplies((5, 100)))

    assert at(known(facts), 0, 5) == ["4", "104"]


@pytest.mark.parametrize(
    ("label", "facts", "keep_days", "expected"),
    [
        ("a lot serves until it ends", StockFacts(lots((10, 4))), 0, {0: "10", 4: "10", 5: "0"}),
        ("and must keep for the customer", StockFacts(lots((10, 4))), 3, {0: "10", 1: "10", 2: "0"}),
        ("what ends first serves first", StockFacts(lots((10, None), (10, 4)), demands=demands((3, 10))), 0,
         {0: "10", 3: "10", 5: "10"}),
        ("later demands need what keeps", StockFacts(lots((10, None), (10, 4)), demands=demands((5, 10))), 0,
         {0: "10", 4: "10", 5: "0"}),
        ("a demand that nothing can serve blocks nothing", StockFacts(lots((10, 4)), demands=demands((6, 5))), 0,
         {0: "10", 6: "0"}),
        ("a demand that waits takes the next receipt", StockFacts(lots((10, 4)), demands=demands((6, 5)), supplies=supplies((8, 7))), 0,
         {0: "10", 6: "0", 8: "2"}),
        ("reservations take the lots that end first", StockFacts(lots((10, None), (10, 4)), held=demands((2, 10))), 0,
         {0: "10", 9: "10"}),
        ("a reservation whose lots will have ended waits like any demand",
         StockFacts(lots((10, 4)), held=demands((6, 10)), supplies=supplies((8, 15))), 0, {0: "10", 8: "5"}),
        ("another customer's longer shelf life counts for theirs",
         StockFacts(lots((10, 20), (10, 4)), demands=(Demand(day(1), D(10), keep_days=10),)), 0, {0: "10", 5: "0"}),
    ],
)  # fmt: skip
def test_lots_leave_the_balance(
    label: str, facts: StockFacts, keep_days: int, expected: dict[int, str]
) -> None:
    assert at(known(facts, keep_days=keep_days), *expected) == list(expected.values()), label


def test_the_ladder_counts_stock_that_ends_at_its_best_day() -> None:
    availability = known(StockFacts(lots((10, 4)), supplies=supplies((6, 3), (8, 9))))

    assert [(step.on, str(step.quantity)) for step in availability.ladder()] == [
        (day(0), "10"),
        (day(8), "12"),
    ]
    assert [(step.on, str(step.quantity)) for step in availability.split(D(20), TODAY)] == [
        (day(0), "10"), (day(6), "3"), (day(8), "7"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "facts", "quantity", "on", "at_risk", "source"),
    [
        ("from what is there", StockFacts(lots((9, None)), supplies=supplies((-2, 9))), 9, 0, False, None),
        ("from what is late", StockFacts(lots((9, None)), supplies=supplies((-2, 9))), 10, 0, True, "P0"),
        ("from what is to come", StockFacts(lots((9, None)), supplies=supplies((3, 9))), 10, 3, False, "P0"),
        ("from neither", StockFacts(lots((9, None))), 10, None, True, None),
    ],
)
def test_promises_on_late_supply_are_at_risk(
    label: str, facts: StockFacts, quantity: int, on: int | None, at_risk: bool, source: str | None
) -> None:
    availability = known(facts)
    found = availability.earliest(D(quantity), TODAY)

    assert found == (None if on is None else day(on)), label
    if found is not None:
        assert availability.is_at_risk(D(quantity), found) is at_risk
    supply = availability.source_of(D(quantity))
    assert (supply and supply.source) == source


@pytest.mark.parametrize(
    ("criterion", "transport", "sellable", "days"),
    [
        ("EXPIRY", 0, 0, 1),
        ("EXPIRY", 2, 0, 3),
        ("EXPIRY", 2, 45, 47),
        ("BEST_BEFORE", 2, 0, 2),
        ("FIFO", 0, 0, 1),
    ],
)
def test_how_long_goods_must_keep(criterion: str, transport: int, sellable: int, days: int) -> None:
    assert days_to_keep(LotCriterion(criterion), transport, sellable) == days


quantities = some.integers(1, 9)
some_lots = some.lists(some.tuples(quantities, some.none() | some.integers(0, 12)), max_size=4)
some_moves = some.lists(some.tuples(some.integers(0, 10), quantities), max_size=4)


def facts_of(
    stock: Sequence[tuple[int, int | None]], come: Sequence[tuple[int, int]], go: Sequence[tuple[int, int]]
) -> StockFacts:
    return StockFacts(lots(*stock), supplies=supplies(*come), demands=demands(*go))


@given(some.integers(0, 30), some_moves, some_moves)
def test_without_ends_it_is_the_suffix_minimum(
    there: int, come: list[tuple[int, int]], go: list[tuple[int, int]]
) -> None:
    availability = known(facts_of([(there, None)], come, go))
    balance = [
        there + sum(q for on, q in come if on <= t) - sum(q for on, q in go if on <= t) for t in range(31)
    ]

    for t in range(31):
        expected = max(0, min(balance[t:]))
        assert availability.on(day(t)) == expected
        assert availability._counted(day(t)) == expected  # the slow way agrees


@given(some_lots, some_moves, some_moves, some.integers(0, 3))
def test_the_ladder_only_rises_and_its_steps_are_the_earliest_days(
    stock: list[tuple[int, int | None]], come: list[tuple[int, int]], go: list[tuple[int, int]], keep: int
) -> None:
    availability = known(facts_of(stock, come, go), keep_days=keep)
    ladder = availability.ladder()

    assert all(a.on < b.on and a.quantity < b.quantity for a, b in pairwise(ladder))
    for step in ladder:
        if step.quantity:
            assert availability.earliest(step.quantity, TODAY) == step.on
        assert availability.earliest(step.quantity + 1, TODAY) != step.on
    assert sum(discrete(ladder, TODAY, 31)) == ladder[-1].quantity


@given(some_lots, some_moves, some_moves, some.integers(0, 12))
def test_a_promise_breaks_no_earlier_one_and_is_kept_with_lots_that_last(
    stock: list[tuple[int, int | None]], come: list[tuple[int, int]], go: list[tuple[int, int]], t: int
) -> None:
    """Against a matching of every unit to a lot that is there in time and has not ended."""
    served = _matched(stock, come, go)
    if served < sum(quantity for _, quantity in go):
        return  # some earlier promise cannot be kept anyway

    most = int(known(facts_of(stock, come, go)).on(day(t)))

    assert _matched(stock, come, [*go, (t, most)]) == served + most
    assert _matched(stock, come, [*go, (t, most + 1)]) == served + most, "and no more could be promised"


@given(some_lots, some_moves, some_moves, some.integers(1, 30), some.integers(0, 12))
def test_the_parts_of_a_split_are_all_kept(
    stock: list[tuple[int, int | None]],
    come: list[tuple[int, int]],
    go: list[tuple[int, int]],
    want: int,
    t: int,
) -> None:
    served = _matched(stock, come, go)
    if served < sum(quantity for _, quantity in go):
        return

    parts = known(facts_of(stock, come, go)).split(D(want), day(t))

    extra = [((part.on - TODAY).days, int(part.quantity)) for part in parts]
    total = sum(quantity for _, quantity in extra)
    assert total <= want
    assert all(on >= t for on, _ in extra)
    assert _matched(stock, come, [*go, *extra]) == served + total


def _matched(
    stock: Sequence[tuple[int, int | None]], come: Sequence[tuple[int, int]], go: Sequence[tuple[int, int]]
) -> int:
    """How many units of demand can each have a unit of stock of their own, by augmenting paths."""
    units = [(0, end) for quantity, end in stock for _ in range(quantity)]
    units += [(on, None) for on, quantity in come for _ in range(quantity)]
    wanted = [on for on, quantity in go for _ in range(quantity)]
    taken: dict[int, int] = {}

    def place(want: int, seen: set[int]) -> bool:
        for index, (start, end) in enumerate(units):
            if index in seen or not (start <= wanted[want] and (end is None or wanted[want] <= end)):
                continue
            seen.add(index)
            if index not in taken or place(taken[index], seen):
                taken[index] = want
                return True
        return False

    return sum(place(want, set()) for want in range(len(wanted)))
