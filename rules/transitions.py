"""Which act moves which state where, as tables."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.refusals import InvalidTransition
from rules.states import HoldReason, OrderStatus


class OrderAction(StrEnum):
    APPROVE = "APPROVE"
    REFUSE_APPROVAL = "REFUSE_APPROVAL"
    WITHDRAW = "WITHDRAW"
    CONFIRM = "CONFIRM"
    REFUSE = "REFUSE"
    CANCEL = "CANCEL"
    CANCEL_LINE = "CANCEL_LINE"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    DISCOUNT = "DISCOUNT"
    SET_PRICE = "SET_PRICE"
    RESCHEDULE = "RESCHEDULE"
    REORDER = "REORDER"
    DELIVER = "DELIVER"


S = OrderStatus

# Rule book 8.0. PLACED to CLOSED happens when nothing is left to ship or invoice, or by hand.
ORDER_MOVES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    S.PENDING_APPROVAL: frozenset({S.PLACED, S.REFUSED, S.CANCELLED}),
    S.PLACED: frozenset({S.CONFIRMED, S.REFUSED, S.CANCELLED, S.CLOSED}),
    S.CONFIRMED: frozenset({S.CANCELLED, S.CLOSED}),
    S.CLOSED: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELLED: frozenset(),
}


def move_order(current: OrderStatus, target: OrderStatus) -> OrderStatus:
    """The new state; refuses a move that the table does not know."""
    allowed = ORDER_MOVES[current]
    if target not in allowed:
        raise InvalidTransition(current, target, sorted(allowed))
    return target


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """
    What decides on an order's acts: its state, its holds, and whether anything left the house.

    `quantity_releasable` is what may go to the warehouse now (rules/deliveries.py); asked for by logistics only.
    """

    status: OrderStatus
    hold_reasons: frozenset[HoldReason]
    quantity_shipped: Decimal
    quantity_open: Decimal
    quantity_releasable: Decimal = Decimal(0)


_OF_WHAT_WAITS = frozenset(
    {
        OrderAction.APPROVE,
        OrderAction.REFUSE_APPROVAL,
        OrderAction.WITHDRAW,
        OrderAction.REFUSE,
        OrderAction.CANCEL,
    }
)


def possible_order_actions(facts: OrderFacts) -> frozenset[OrderAction]:
    """
    The acts that the state allows, whoever asks.

    What waits for approval stays as it was asked for: it is decided, called off or refused, but not changed.
    """
    actions = {OrderAction.REORDER}
    if facts.status is S.PENDING_APPROVAL:
        return frozenset(actions | _OF_WHAT_WAITS)
    moves = ORDER_MOVES[facts.status]
    if S.CONFIRMED in moves and not facts.hold_reasons:
        actions.add(OrderAction.CONFIRM)
    if S.REFUSED in moves:
        actions.add(OrderAction.REFUSE)
    if S.CANCELLED in moves and not facts.quantity_shipped:
        actions.add(OrderAction.CANCEL)
    if moves:
        actions.add(OrderAction.RELEASE if facts.hold_reasons else OrderAction.HOLD)
        if facts.quantity_open:
            actions.add(OrderAction.CANCEL_LINE)
        if not facts.quantity_shipped:
            actions |= {OrderAction.DISCOUNT, OrderAction.SET_PRICE}
    if moves and facts.quantity_open and not facts.hold_reasons:
        actions.add(OrderAction.RESCHEDULE)
    if facts.status is S.CONFIRMED and not facts.hold_reasons and facts.quantity_releasable:
        actions.add(OrderAction.DELIVER)
    return frozenset(actions)


def allowed_order_actions(facts: OrderFacts, permitted: Collection[OrderAction]) -> list[OrderAction]:
    """The acts the state allows and the viewer is permitted, in the enum's order."""
    possible = possible_order_actions(facts)
    return [action for action in OrderAction if action in possible and action in permitted]


def demand_order_action(facts: OrderFacts, action: OrderAction, target: OrderStatus | None = None) -> None:
    """Refuses an act that the state does not allow."""
    if action not in possible_order_actions(facts):
        raise InvalidTransition(facts.status, target or action, sorted(ORDER_MOVES[facts.status]))


class FulfilmentState(StrEnum):
    """Derived from quantities, never stored."""

    NONE = "NONE"
    PARTIAL = "PARTIAL"
    DONE = "DONE"


def fulfilment(done: Decimal, wanted: Decimal) -> FulfilmentState:
    """`wanted` is what was ordered less what was cancelled."""
    if done <= 0:
        return FulfilmentState.NONE
    return FulfilmentState.DONE if done >= wanted else FulfilmentState.PARTIAL
