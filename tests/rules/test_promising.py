"""The promised day and why; cases DL-01, DL-11, DL-13, DL-14 and DL-25 of the shared file, and alternatives."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.alternatives import (
    AlternativeKind,
    PartKind,
    Source,
    SplitPart,
    alternatives,
    split_line,
)
from rules.availability import FOREVER, Availability, Demand, LotOnHand, StockFacts, Supply, Window
from rules.calendars import Calendar, Route, receipt_day
from rules.promising import Control, PromiseStep, promise, promise_parts, renewed, renewed_days
from rules.refusals import Refusal
from rules.states import DeliveryControl

TODAY = date(2026, 3, 2)  # a Monday
WORKDAYS = Calendar(frozenset(range(5)))
D = Decimal
ATP = Control(DeliveryControl.ATP)


def day(offset: int) -> date:
    return TODAY + timedelta(offset)


def stock(
    there: int,
    *come: tuple[int, int],
    ends: int | None = None,
    go: Sequence[tuple[int, int]] = (),
    keep: int = 0,
) -> Availability:
    lots = (LotOnHand(D(there), FOREVER if ends is None else day(ends)),)
    supplies = tuple(Supply(day(on), D(quantity), f"P{index}") for index, (on, quantity) in enumerate(come))
    demands = tuple(Demand(day(on), D(quantity)) for on, quantity in go)
    return Availability(StockFacts(lots, (), supplies, demands), TODAY, Window(30), keep)


HALF = stock(6, (5, 20))


@pytest.mark.parametrize(
    ("label", "control", "route", "asked", "expected", "why"),
    [
        ("from stock", ATP, Route(), None, (0, 0), "ORDER_ENTRY:0 ON_HAND:0 TRANSPORT:0"),
        ("what is asked for later leaves later", ATP, Route(2), 4, (2, 4), "ORDER_ENTRY:0 REQUESTED:2 ON_HAND:0 TRANSPORT:4"),
        ("what is asked for too early is received as early as can be", ATP, Route(2), 1, (0, 2), "ORDER_ENTRY:0 ON_HAND:0 TRANSPORT:2"),
        ("handling and closed days", ATP, Route(2, 5, WORKDAYS, customer=WORKDAYS), None, (7, 9), "ORDER_ENTRY:7 ON_HAND:0 TRANSPORT:9"),
        ("NONE looks at no stock", Control(DeliveryControl.NONE), Route(1), None, (0, 1), "ORDER_ENTRY:0 TRANSPORT:1"),
        ("the sales lead time neither", Control(DeliveryControl.SALES_LEAD_TIME, sales_lead_days=3), Route(1), None, (3, 4),
         "ORDER_ENTRY:0 LEAD_TIME:3 TRANSPORT:4"),
        ("an issue margin", Control(DeliveryControl.ATP_PLUS_ISSUE_MARGIN, issue_margin_days=2), Route(), None, (2, 2),
         "ORDER_ENTRY:0 ON_HAND:0 ISSUE_MARGIN:2 TRANSPORT:2"),
        ("a margin that is not the method's does not count", Control(DeliveryControl.ATP, 9, 9), Route(), None, (0, 0),
         "ORDER_ENTRY:0 ON_HAND:0 TRANSPORT:0"),
    ],
)  # fmt: skip
def test_a_promise_from_stock(
    label: str, control: Control, route: Route, asked: int | None, expected: tuple[int, int], why: str
) -> None:
    found = promise(D(6), HALF, control, route, TODAY, None if asked is None else day(asked))

    assert (found.ship_on, found.receipt_on) == (day(expected[0]), day(expected[1])), label
    assert _why(found.steps) == why
    assert not found.is_at_risk
    assert found.to_purchase == 0


@pytest.mark.parametrize(
    ("label", "control", "route", "expected", "why"),
    [
        ("waits for the receipt, which is a Saturday", ATP, Route(1, 0, WORKDAYS), 7,
         "ORDER_ENTRY:0 INCOMING:5:P0 CLOSED_DAY:7 TRANSPORT:8"),
        ("with a margin", Control(DeliveryControl.ATP_PLUS_ISSUE_MARGIN, issue_margin_days=3), Route(1), 8,
         "ORDER_ENTRY:0 INCOMING:5:P0 ISSUE_MARGIN:8 TRANSPORT:9"),
        ("CTP: what comes is earlier than a purchase", Control(DeliveryControl.CTP, purchase_lead_days=9), Route(1), 5,
         "ORDER_ENTRY:0 INCOMING:5:P0 TRANSPORT:6"),
    ],
)  # fmt: skip
def test_a_promise_from_what_comes(
    label: str, control: Control, route: Route, expected: int, why: str
) -> None:
    found = promise(D(10), HALF, control, route, TODAY)

    assert found.ship_on == day(expected), label
    assert _why(found.steps) == why


@pytest.mark.parametrize(
    ("label", "control", "expected", "bought"),
    [
        ("only what stock does not cover is bought", Control(DeliveryControl.CTP, purchase_lead_days=3), 3, "4"),
        ("a purchase takes the sales lead time at least", Control(DeliveryControl.CTP, 4, purchase_lead_days=3), 4, "4"),
        ("what nobody sells is waited for", Control(DeliveryControl.CTP), 5, "0"),
    ],
)  # fmt: skip
def test_capable_to_promise(label: str, control: Control, expected: int, bought: str) -> None:
    found = promise(D(10), HALF, control, Route(), TODAY)

    assert (found.ship_on, str(found.to_purchase)) == (day(expected), bought), label


def test_beyond_the_horizon_there_is_no_day_unless_a_setting_says_so() -> None:
    never = promise(D(99), HALF, ATP, Route(1), TODAY)
    unlimited = promise(
        D(99), HALF, Control(DeliveryControl.ATP, is_unlimited_after_horizon=True), Route(1), TODAY
    )

    assert (never.ship_on, never.receipt_on) == (None, None)
    assert _why(never.steps) == "ORDER_ENTRY:0 NOT_AVAILABLE"
    assert (unlimited.ship_on, unlimited.receipt_on) == (day(31), day(32))


def test_a_promise_on_late_supply_is_at_risk() -> None:
    availability = stock(6, (-2, 20))

    assert promise(D(10), availability, ATP, Route(), TODAY).is_at_risk
    assert not promise(D(6), availability, ATP, Route(), TODAY).is_at_risk


def test_a_requested_day_that_is_closed_is_moved_and_said() -> None:
    route = Route(transport_days=1, customer=WORKDAYS)

    found = promise(D(1), HALF, ATP, route, TODAY, day(5))

    assert (found.moved_from, found.receipt_on) == (day(5), day(7))


def test_an_order_that_came_after_the_deadline_counts_as_the_next_day() -> None:
    found = promise(D(1), HALF, ATP, Route(), day(1))

    assert found.ship_on == day(1)


def test_goods_must_keep_over_the_days_the_customer_is_closed() -> None:
    # They leave on Friday and are received on Monday only: what keeps for a day on the road does not suffice.
    route = Route(transport_days=1, customer=WORKDAYS)
    short, long = (stock(9, ends=ends, keep=1) for ends in (6, 7))

    assert promise(D(9), short, ATP, route, day(4)).ship_on is None
    assert promise(D(9), long, ATP, route, day(4)).ship_on == day(4)


@pytest.mark.parametrize(
    ("label", "confirmed", "feasible", "expected"),
    [
        ("DL-11 a: quantity up, feasible later", "2026-07-20", "2026-07-25", "2026-07-25"),
        ("DL-11 b: quantity down, feasible earlier", "2026-07-20", "2026-07-15", "2026-07-20"),
        ("as it was", "2026-07-20", "2026-07-20", "2026-07-20"),
        ("never any more", "2026-07-20", None, None),
        ("the first promise", None, "2026-07-15", "2026-07-15"),
    ],
)
def test_promises_are_renewed_only_when_they_break(
    label: str, confirmed: str | None, feasible: str | None, expected: str | None
) -> None:
    days = [None if each is None else date.fromisoformat(each) for each in (confirmed, feasible)]

    assert str(renewed(*days)) == str(expected), label


@pytest.mark.parametrize(
    ("label", "stood", "feasible", "expected"),
    [
        ("later", (5, 7), (6, 8), (6, 8)),
        ("sooner is no reason to move", (5, 7), (2, 4), (5, 7)),
        ("it leaves later and still arrives in time", (2, 7), (4, 6), (4, 7)),
        ("never any more", (5, 7), None, (None, None)),
        ("the first promise", (None, None), (2, 4), (2, 4)),
        ("only the day of receipt was known", (None, 7), (2, 4), (2, 7)),
    ],
)
def test_the_day_of_leaving_never_passes_the_promised_one(
    label: str,
    stood: tuple[int | None, int | None],
    feasible: tuple[int, int] | None,
    expected: tuple[int | None, int | None],
) -> None:
    ship_on, confirmed_on = (None if each is None else day(each) for each in stood)
    found = renewed_days(
        ship_on, confirmed_on, None if feasible is None else (day(feasible[0]), day(feasible[1]))
    )

    assert found == tuple(None if each is None else day(each) for each in expected), label


def test_dl_13_partial_alternative_creates_a_schedule() -> None:
    availability = stock(60, (5, 40))

    parts = promise_parts(D(100), availability, ATP, Route(), TODAY)

    assert [(part.ship_on, str(part.quantity)) for part in parts] == [(day(0), "60"), (day(5), "40")]
    lines = split_line("ACE", D(100), D(0), [SplitPart(PartKind.STOCK, part.quantity) for part in parts])
    assert sum(line.quantity for line in lines) == 100  # the commercial line, and its break on 100


def test_dl_14_direct_delivery_of_the_remainder() -> None:
    assert split_line("ACE", D(15), D(5), [SplitPart(PartKind.DIRECT, D(10))]) == [
        SplitPart(PartKind.SHIPPED, D(5)),
        SplitPart(PartKind.DIRECT, D(10)),
    ]


@pytest.mark.parametrize("parts", [[15], [9], [11, -1], [10, 0], []])
def test_parts_are_the_remainder(parts: list[int]) -> None:
    with pytest.raises(Refusal, match="must sum to 10, each above zero"):
        split_line("ACE", D(15), D(5), [SplitPart(PartKind.DIRECT, D(part)) for part in parts])


K = AlternativeKind
SOURCES = [
    Source("here", K.LATER, stock(6, (5, 20)), ATP, Route(1), TODAY),
    Source("there", K.OTHER_WAREHOUSE, stock(99), ATP, Route(3), TODAY),
    Source("direct", K.DIRECT, stock(0), Control(DeliveryControl.SALES_LEAD_TIME, 2), Route(4), TODAY),
    Source("other", K.SUBSTITUTE, stock(10), ATP, Route(1), TODAY),
    Source("empty", K.OTHER_WAREHOUSE, stock(9), ATP, Route(3), TODAY),
]


@pytest.mark.parametrize(
    ("label", "include", "expected"),
    [
        ("all, the earliest first", list(K),
         ["SUBSTITUTE other 10@1", "OTHER_WAREHOUSE there 10@3", "LATER here 10@6", "PARTIAL here 6@1 4@6", "DIRECT direct 10@6"]),
        ("no substitutes", [K.LATER, K.OTHER_WAREHOUSE], ["OTHER_WAREHOUSE there 10@3", "LATER here 10@6"]),
        ("in parts", [K.PARTIAL], ["PARTIAL here 6@1 4@6"]),
        ("none", [], []),
    ],
)  # fmt: skip
def test_alternatives(label: str, include: list[AlternativeKind], expected: list[str]) -> None:
    found = alternatives(D(10), SOURCES, include)

    assert [
        f"{each.kind} {each.key} "
        + " ".join(f"{part.quantity}@{(part.receipt_on - TODAY).days}" for part in each.parts)
        for each in found
    ] == expected, label


def test_without_delivery_control_there_are_no_alternatives() -> None:
    free = Source("here", K.LATER, stock(99), Control(DeliveryControl.NONE), Route(), TODAY)

    assert alternatives(D(10), [free], list(K)) == []


moves = some.lists(some.tuples(some.integers(0, 12), some.integers(1, 9)), max_size=4)
routes = some.builds(
    Route,
    some.integers(0, 3),
    some.integers(0, 2),
    *[some.builds(Calendar, some.frozensets(some.integers(0, 6), min_size=5))] * 3,
)
controls = some.builds(
    Control,
    some.sampled_from([DeliveryControl.ATP, DeliveryControl.ATP_PLUS_ISSUE_MARGIN]),
    some.just(0),
    some.integers(0, 2),
)


@given(some.integers(0, 20), some.none() | some.integers(0, 15), moves, moves, routes, controls,
       some.integers(1, 15), some.none() | some.integers(0, 20))  # fmt: skip
def test_a_promise_breaks_no_earlier_one(
    there: int,
    ends: int | None,
    come: list[tuple[int, int]],
    go: list[tuple[int, int]],
    route: Route,
    control: Control,
    quantity: int,
    asked: int | None,
) -> None:
    availability = stock(there, *come, ends=ends, go=go, keep=route.transport_days)
    requested = None if asked is None else day(asked)

    found = promise(D(quantity), availability, control, route, TODAY, requested)

    if found.ship_on is None or found.receipt_on is None:
        return
    assert found.receipt_on == receipt_day(found.ship_on, route) >= found.ship_on >= TODAY
    left = availability.promised(found.ship_on - control.margin, D(quantity))
    # What could be promised for any day is less by the quantity at most, and nothing more than before.
    for offset in range(31):
        before, after = availability.on(day(offset)), left.on(day(offset))
        assert before - quantity <= after <= before
    parts = promise_parts(D(quantity), availability, control, route, TODAY, requested)
    assert sum(part.quantity for part in parts) == quantity
    assert parts[-1].ship_on <= found.ship_on


def _why(steps: Sequence[PromiseStep]) -> str:
    found = []
    for step in steps:
        on, source = step.on, step.source
        found.append(
            ":".join(
                [
                    step.reason,
                    *([] if on is None else [str((on - TODAY).days)]),
                    *([source] if source else []),
                ]
            )
        )
    return " ".join(found)
