"""An order's states: which acts each allows."""

from decimal import Decimal

import pytest

from rules.refusals import InvalidTransition
from rules.states import HoldReason, OrderStatus
from rules.transitions import (
    ORDER_MOVES,
    FulfilmentState,
    OrderAction,
    OrderFacts,
    allowed_order_actions,
    demand_order_action,
    fulfilment,
    move_order,
)

D = Decimal


def facts(
    status: OrderStatus, held: bool = False, shipped: int = 0, left: int = 5, reserved: int = 0
) -> OrderFacts:
    reasons = frozenset({HoldReason.MANUAL}) if held else frozenset()
    return OrderFacts(status, reasons, D(shipped), D(left), D(reserved))


@pytest.mark.parametrize(
    ("label", "given", "actions"),
    [
        (
            "waiting",
            facts(OrderStatus.PENDING_APPROVAL),
            "APPROVE REFUSE_APPROVAL WITHDRAW REFUSE CANCEL REORDER",
        ),
        (
            "waiting and held",
            facts(OrderStatus.PENDING_APPROVAL, held=True),
            "APPROVE REFUSE_APPROVAL WITHDRAW REFUSE CANCEL REORDER",
        ),
        (
            "placed",
            facts(OrderStatus.PLACED),
            "CONFIRM REFUSE CANCEL CANCEL_LINE HOLD DISCOUNT SET_PRICE RESCHEDULE REORDER",
        ),
        (
            "held",
            facts(OrderStatus.PLACED, held=True),
            "REFUSE CANCEL CANCEL_LINE RELEASE DISCOUNT SET_PRICE REORDER",
        ),
        (
            "confirmed",
            facts(OrderStatus.CONFIRMED),
            "CANCEL CANCEL_LINE HOLD DISCOUNT SET_PRICE RESCHEDULE REORDER",
        ),
        ("partly shipped", facts(OrderStatus.CONFIRMED, shipped=2), "CANCEL_LINE HOLD RESCHEDULE REORDER"),
        (
            "something to release",
            facts(OrderStatus.CONFIRMED, shipped=2, reserved=3),
            "CANCEL_LINE HOLD RESCHEDULE REORDER DELIVER",
        ),
        (
            "not before it is confirmed",
            facts(OrderStatus.PLACED, reserved=3),
            "CONFIRM REFUSE CANCEL CANCEL_LINE HOLD DISCOUNT SET_PRICE RESCHEDULE REORDER",
        ),
        (
            "nor on hold",
            facts(OrderStatus.CONFIRMED, held=True, shipped=1, reserved=3),
            "CANCEL_LINE RELEASE REORDER",
        ),
        ("closed", facts(OrderStatus.CLOSED, shipped=5, left=0), "REORDER"),
        ("refused", facts(OrderStatus.REFUSED, left=0), "REORDER"),
        ("cancelled", facts(OrderStatus.CANCELLED, left=0), "REORDER"),
    ],
)
def test_what_a_state_allows(label: str, given: OrderFacts, actions: str) -> None:
    assert allowed_order_actions(given, list(OrderAction)) == [
        OrderAction(each) for each in actions.split()
    ], label


def test_only_permitted_acts_are_offered() -> None:
    assert allowed_order_actions(facts(OrderStatus.PLACED), {OrderAction.CANCEL}) == [OrderAction.CANCEL]


@pytest.mark.parametrize("current", list(OrderStatus))
@pytest.mark.parametrize("target", list(OrderStatus))
def test_moves_are_those_of_the_table(current: OrderStatus, target: OrderStatus) -> None:
    if target in ORDER_MOVES[current]:
        assert move_order(current, target) is target
    else:
        with pytest.raises(InvalidTransition) as refused:
            move_order(current, target)
        assert refused.value.allowed == tuple(sorted(ORDER_MOVES[current]))


def test_an_impossible_act_is_refused() -> None:
    with pytest.raises(InvalidTransition):
        demand_order_action(facts(OrderStatus.CLOSED), OrderAction.CANCEL)


@pytest.mark.parametrize(
    ("done", "wanted", "state"), [(0, 5, "NONE"), (2, 5, "PARTIAL"), (5, 5, "DONE"), (0, 0, "NONE")]
)
def test_fulfilment(done: int, wanted: int, state: str) -> None:
    assert fulfilment(D(done), D(wanted)) is FulfilmentState(state)
