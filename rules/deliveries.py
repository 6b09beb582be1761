"""Deliveries: their states and acts, what of an order may be released, and whether anything of it is left."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from rules.money import ZERO
from rules.refusals import InvalidTransition
from rules.states import DeliveryStatus, LineKind

Key = TypeVar("Key", bound=Hashable)


class DeliveryAction(StrEnum):
    SHIP = "SHIP"
    CANCEL = "CANCEL"
    UPDATE = "UPDATE"
    PICK = "PICK"


S = DeliveryStatus

# A delivery is made RELEASED. What has left comes back as a return only, so SHIPPED is an end.
DELIVERY_MOVES: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    S.RELEASED: frozenset({S.SHIPPED, S.CANCELLED}),
    S.SHIPPED: frozenset(),
    S.CANCELLED: frozenset(),
}
_ACTIONS: Mapping[DeliveryStatus, frozenset[DeliveryAction]] = {
    S.RELEASED: frozenset(DeliveryAction),
    S.SHIPPED: frozenset({DeliveryAction.UPDATE}),  # a tracking number may come later than the lorry
    S.CANCELLED: frozenset(),
}


def move_delivery(current: DeliveryStatus, target: DeliveryStatus) -> DeliveryStatus:
    """The new state; refuses a move that the table does not know."""
    allowed = DELIVERY_MOVES[current]
    if target not in allowed:
        raise InvalidTransition(current, target, sorted(allowed))
    return target


def allowed_delivery_actions(
    status: DeliveryStatus, permitted: Collection[DeliveryAction]
) -> list[DeliveryAction]:
    """The acts the state allows and the viewer is permitted, in the enum's order."""
    return [action for action in DeliveryAction if action in _ACTIONS[status] and action in permitted]


def demand_delivery_action(status: DeliveryStatus, action: DeliveryAction) -> None:
    """Refuses an act that the state does not allow."""
    if action not in _ACTIONS[status]:
        raise InvalidTransition(status, action, sorted(DELIVERY_MOVES[status]))


@dataclass(frozen=True, slots=True)
class Part(Generic[Key]):
    """A schedule line at one warehouse, and how much of it may still be released."""

    key: Key
    releasable: Decimal


def releasable(kind: LineKind, reserved: Decimal, open_: Decimal, released: Decimal) -> Decimal:
    """
    How much of a line, or of one schedule line, may go to the warehouse now.

    Goods: what is reserved; services: what is open, for there is nothing to hold; charges: nothing. Less what
    deliveries that have not left hold already.
    """
    held = {LineKind.GOODS: reserved, LineKind.SERVICE: open_, LineKind.CHARGE: ZERO}[kind]
    return max(held - released, ZERO)


def spread_release(wanted: Decimal, parts: Sequence[Part[Key]]) -> list[tuple[Key, Decimal]]:
    """Which schedule lines serve a quantity, the first ones first; the shares sum to `wanted` or to all there is."""
    shares, left = [], wanted
    for part in parts:
        taken = min(part.releasable, left)
        if taken > 0:
            shares.append((part.key, taken))
            left -= taken
    return shares


def open_to_deliver(
    kind: LineKind, ordered: Decimal, cancelled: Decimal, shipped: Decimal, invoiced: Decimal
) -> Decimal:
    """What of a line is still to be delivered; a service that was invoiced without a delivery needs none any more."""
    done = shipped if kind is LineKind.GOODS else max(shipped, invoiced)
    return ordered - cancelled - done


@dataclass(frozen=True, slots=True)
class LineProgress:
    """How far a line of an order has come, in its unit."""

    ordered: Decimal
    cancelled: Decimal
    shipped: Decimal
    invoiced: Decimal
    kind: LineKind = LineKind.GOODS

    @property
    def open(self) -> Decimal:
        """What may still be called off: not shipped (a charge, which never leaves: not invoiced) nor cancelled."""
        gone = self.invoiced if self.kind is LineKind.CHARGE else self.shipped
        return self.ordered - gone - self.cancelled

    @property
    def done(self) -> Decimal:
        """Goods are shipped and invoiced; services and charges may be invoiced without leaving any house."""
        return min(self.shipped, self.invoiced) if self.kind is LineKind.GOODS else self.invoiced


def is_anything_left(lines: Sequence[LineProgress]) -> bool:
    """Whether something is still to be shipped or invoiced; an order of which nothing is closes (rule book 8.0)."""
    return any(line.done < line.ordered - line.cancelled for line in lines)
