"""A delivery's states and acts, what may be released of an order, and when nothing of it is left."""

from decimal import Decimal
from typing import Any

import pytest

from rules.deliveries import (
    DELIVERY_MOVES,
    DeliveryAction,
    LineProgress,
    Part,
    allowed_delivery_actions,
    demand_delivery_action,
    is_anything_left,
    move_delivery,
    open_to_deliver,
    releasable,
    spread_release,
)
from rules.refusals import InvalidTransition
from rules.states import DeliveryStatus, LineKind

D = Decimal


def progress(
    ordered: int, cancelled: int, shipped: int, invoiced: int, kind: LineKind = LineKind.GOODS
) -> LineProgress:
    return LineProgress(D(ordered), D(cancelled), D(shipped), D(invoiced), kind)


@pytest.mark.parametrize("current", list(DeliveryStatus))
@pytest.mark.parametrize("target", list(DeliveryStatus))
def test_moves_are_those_of_the_table(current: DeliveryStatus, target: DeliveryStatus) -> None:
    if target in DELIVERY_MOVES[current]:
        assert move_delivery(current, target) is target
    else:
        with pytest.raises(InvalidTransition) as refused:
            move_delivery(current, target)
        assert refused.value.allowed == tuple(sorted(DELIVERY_MOVES[current]))


@pytest.mark.parametrize(
    ("status", "actions"), [("RELEASED", "SHIP CANCEL UPDATE PICK"), ("SHIPPED", "UPDATE"), ("CANCELLED", "")]
)
def test_what_a_state_allows(status: str, actions: str) -> None:
    everything = list(DeliveryAction)

    assert [
        str(each) for each in allowed_delivery_actions(DeliveryStatus(status), everything)
    ] == actions.split()
    assert allowed_delivery_actions(DeliveryStatus(status), []) == []


def test_an_impossible_act_is_refused() -> None:
    demand_delivery_action(DeliveryStatus.RELEASED, DeliveryAction.SHIP)
    with pytest.raises(InvalidTransition):
        demand_delivery_action(DeliveryStatus.SHIPPED, DeliveryAction.SHIP)


@pytest.mark.parametrize(
    ("label", "kind", "reserved", "open_", "released", "expected"),
    [
        ("goods: what is reserved", LineKind.GOODS, 6, 10, 0, 6),
        ("less what is released", LineKind.GOODS, 6, 10, 4, 2),
        ("all of it is released", LineKind.GOODS, 6, 10, 6, 0),
        ("services: what is open", LineKind.SERVICE, 0, 10, 4, 6),
        ("charges never leave", LineKind.CHARGE, 0, 1, 0, 0),
    ],
)
def test_what_may_be_released(
    label: str, kind: LineKind, reserved: int, open_: int, released: int, expected: int
) -> None:
    assert releasable(kind, D(reserved), D(open_), D(released)) == expected, label


@pytest.mark.parametrize(
    ("label", "wanted", "parts", "expected"),
    [
        ("the first ones first", 5, [("a", 3), ("b", 9)], [("a", 3), ("b", 2)]),
        ("nothing of an empty one", 5, [("a", 0), ("b", 9)], [("b", 5)]),
        ("no more than there is", 5, [("a", 3)], [("a", 3)]),
    ],
)
def test_schedule_lines_serve_in_order(
    label: str, wanted: int, parts: list[tuple[str, int]], expected: list[tuple[str, int]]
) -> None:
    found = spread_release(D(wanted), [Part(key, D(quantity)) for key, quantity in parts])

    assert [(key, int(share)) for key, share in found] == expected, label


@pytest.mark.parametrize(
    ("label", "lines", "left"),
    [
        ("all shipped and invoiced", [(5, 0, 5, 5)], False),
        ("shipped, not invoiced", [(5, 0, 5, 3)], True),
        ("invoiced ahead, not shipped", [(5, 0, 3, 5)], True),
        ("the rest was called off", [(5, 2, 3, 3)], False),
        ("all of it was called off", [(5, 5, 0, 0)], False),
        ("one line of two", [(5, 0, 5, 5), (1, 0, 0, 0)], True),
        ("no lines", [], False),
        ("a service invoiced without a delivery", [(5, 0, 0, 5, LineKind.SERVICE)], False),
        ("a service delivered, not invoiced", [(5, 0, 5, 0, LineKind.SERVICE)], True),
        ("a charge invoiced in part", [(5, 0, 0, 3, LineKind.CHARGE)], True),
    ],
)
def test_what_is_left(label: str, lines: list[tuple[Any, ...]], left: bool) -> None:
    assert is_anything_left([progress(*line) for line in lines]) is left, label


@pytest.mark.parametrize(
    ("label", "kind", "shipped", "invoiced", "expected"),
    [
        ("goods invoiced ahead still have to leave", LineKind.GOODS, 2, 5, 7),
        ("a service invoiced alone does not", LineKind.SERVICE, 2, 5, 4),
        ("a service that left and waits for its invoice", LineKind.SERVICE, 5, 0, 4),
    ],
)
def test_what_is_still_to_be_delivered(
    label: str, kind: LineKind, shipped: int, invoiced: int, expected: int
) -> None:
    assert open_to_deliver(kind, D(10), D(1), D(shipped), D(invoiced)) == expected, label
