"""Purchasing: states of a purchase order, what may be received, pegs to sales lines, what a supplier's word changes."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from rules.money import ZERO
from rules.quantities import plain, round_up_to_pack
from rules.refusals import ErrorCode, InvalidTransition, Path, Refusal
from rules.states import PurchaseOrderStatus

Key = TypeVar("Key", bound=Hashable)


class PurchaseAction(StrEnum):
    SEND = "SEND"
    CONFIRM = "CONFIRM"
    RECEIVE = "RECEIVE"
    CLOSE = "CLOSE"
    CANCEL = "CANCEL"
    PEG = "PEG"


S = PurchaseOrderStatus

# A supplier may deliver what it never confirmed, and confirm again what it confirmed before: dates move.
PURCHASE_MOVES: Mapping[PurchaseOrderStatus, frozenset[PurchaseOrderStatus]] = {
    S.DRAFT: frozenset({S.SENT, S.CANCELLED}),
    S.SENT: frozenset({S.CONFIRMED, S.RECEIVED, S.CLOSED, S.CANCELLED}),
    S.CONFIRMED: frozenset({S.RECEIVED, S.CLOSED, S.CANCELLED}),
    S.RECEIVED: frozenset(),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}
OPEN_PURCHASES = (S.DRAFT, S.SENT, S.CONFIRMED)
_ACTIONS: Mapping[PurchaseOrderStatus, frozenset[PurchaseAction]] = {
    S.DRAFT: frozenset({PurchaseAction.SEND, PurchaseAction.CANCEL, PurchaseAction.PEG}),
    S.SENT: frozenset(PurchaseAction) - {PurchaseAction.SEND},
    S.CONFIRMED: frozenset(PurchaseAction) - {PurchaseAction.SEND},
    S.RECEIVED: frozenset(),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}


def move_purchase_order(current: PurchaseOrderStatus, target: PurchaseOrderStatus) -> PurchaseOrderStatus:
    """The new state; refuses a move that the table does not know."""
    allowed = PURCHASE_MOVES[current]
    if target not in allowed:
        raise InvalidTransition(current, target, sorted(allowed))
    return target


def possible_purchase_actions(
    status: PurchaseOrderStatus, is_anything_received: bool
) -> frozenset[PurchaseAction]:
    """What was partly received is closed, never cancelled; of what nothing came there is nothing to close."""
    neither = {PurchaseAction.CANCEL} if is_anything_received else {PurchaseAction.CLOSE}
    return _ACTIONS[status] - neither


def allowed_purchase_actions(
    status: PurchaseOrderStatus, is_anything_received: bool, permitted: Collection[PurchaseAction]
) -> list[PurchaseAction]:
    """The acts the state allows and the viewer is permitted, in the enum's order."""
    possible = possible_purchase_actions(status, is_anything_received)
    return [action for action in PurchaseAction if action in possible and action in permitted]


def demand_purchase_action(
    status: PurchaseOrderStatus, is_anything_received: bool, action: PurchaseAction
) -> None:
    """Refuses an act that the state does not allow."""
    if action not in possible_purchase_actions(status, is_anything_received):
        raise InvalidTransition(status, action, sorted(PURCHASE_MOVES[status]))


# Quantities


def quantity_to_order(wanted: Decimal, minimum: Decimal, multiple: Decimal) -> Decimal:
    """The smallest quantity the supplier sells that covers what is wanted."""
    return round_up_to_pack(max(wanted, minimum), multiple)


def quantity_receivable(ordered: Decimal, over_percent: Decimal, decimals: int) -> Decimal:
    """The most that may come of a line: what was ordered and the supplier's tolerance, whole in the unit's decimals."""
    return (ordered + ordered * over_percent / 100).quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR)


def check_receipt(quantity: Decimal, receivable: Decimal, received: Decimal, *, sku: str, path: Path) -> None:
    """
    Refuses to receive nothing, or more than may still come of a line.

    Raises:
        Refusal(QUANTITY_INVALID)
    """
    left = receivable - received
    if not ZERO < quantity <= left:
        text = "Between 0 and {most} of {sku} can be received."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, path, most=plain(max(left, ZERO)), sku=sku)


@dataclass(frozen=True, slots=True)
class SupplyPart:
    """A part of a purchase line: how much on which day (None: nobody said), and how much of it came."""

    quantity: Decimal
    on: date | None
    received: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        return max(self.quantity - self.received, ZERO)


def in_time(parts: Sequence[SupplyPart]) -> list[SupplyPart]:
    """The earliest first; parts without a day last."""
    return sorted(parts, key=lambda part: (part.on is None, part.on or date.max))


def receive_parts(parts: Sequence[SupplyPart], quantity: Decimal) -> list[SupplyPart]:
    """The parts, in time, after so much came: the earliest are filled first, the last takes what is over."""
    ordered, left, filled = in_time(parts), quantity, []
    for index, part in enumerate(ordered):
        taken = left if index == len(ordered) - 1 else min(part.open, left)
        left -= taken
        filled.append(replace(part, received=part.received + taken))
    return filled


def confirm_parts(
    open_quantity: Decimal, given: Sequence[SupplyPart], *, sku: str, today: date, path: Path
) -> Decimal:
    """
    How much of a line the supplier will not send: what is open less what the given parts sum to.

    Raises:
        Refusal(QUANTITY_INVALID): a part is not above zero, or they are more than is open.
        Refusal(PAST_DATE): a part without a day, or on one that has passed.
    """
    total = ZERO
    for index, part in enumerate(given):
        total += part.quantity
        if part.quantity <= 0 or total > open_quantity:
            text = "The parts of {sku} must be above zero and sum to {most} at most."
            at = (*path, "parts", index, "quantity")
            raise Refusal(ErrorCode.QUANTITY_INVALID, text, at, sku=sku, most=plain(open_quantity))
        if part.on is None or part.on < today:
            text = "Goods that are still to come cannot come before today."
            raise Refusal(ErrorCode.PAST_DATE, text, (*path, "parts", index, "confirmedOn"))
    return open_quantity - total


# Pegs


@dataclass(frozen=True, slots=True)
class Peg(Generic[Key]):
    """A quantity of a purchase line that is meant for one schedule line of a sales order; `used` came already."""

    key: Key
    quantity: Decimal
    used: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        return self.quantity - self.used


def check_peg(
    quantity: Decimal,
    *,
    is_same_product: bool,
    uncovered: Decimal,
    unpegged: Decimal,
    sku: str,
    path: Path = (),
) -> None:
    """
    Refuses a peg to another product, of more than the sales line lacks, or of more than the purchase line has left.

    Args:
        uncovered: what of the sales schedule line is neither reserved, sent, nor pegged elsewhere.
        unpegged: what of the purchase line is still to come and meant for nobody.
    Raises:
        Refusal(INVALID), Refusal(QUANTITY_INVALID)
    """
    if not is_same_product:
        text = "The purchase line is of another product than {sku}."
        raise Refusal(ErrorCode.INVALID, text, (*path, "orderLineId"), sku=sku)
    most = min(uncovered, unpegged)
    if not ZERO < quantity <= most:
        text = "Between 0 and {most} of {sku} can be pegged."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, (*path, "quantity"), most=plain(max(most, ZERO)), sku=sku
        )


def peg_dates(
    parts: Sequence[SupplyPart], pegs: Sequence[Peg[Key]]
) -> list[list[tuple[Decimal, date | None]]]:
    """
    When what is open of each peg comes, as (quantity, day), serving the pegs in the order given.

    What no part covers comes on no known day. One peg has two days where the supplier sends it in two parts.
    """
    left = [[part.open, part.on] for part in in_time(parts) if part.open > 0]
    found: list[list[tuple[Decimal, date | None]]] = []
    for peg in pegs:
        wanted, dates = peg.open, list[tuple[Decimal, date | None]]()
        while wanted > 0 and left:
            quantity, on = left[0]
            assert isinstance(quantity, Decimal) and not isinstance(on, Decimal)
            taken = min(quantity, wanted)
            wanted -= taken
            dates = _joined(dates, taken, on)
            left[0][0] = quantity - taken
            if quantity == taken:
                left.pop(0)
        found.append(_joined(dates, wanted, None) if wanted > 0 else dates)
    return found


def _joined(
    dates: Sequence[tuple[Decimal, date | None]], quantity: Decimal, on: date | None
) -> list[tuple[Decimal, date | None]]:
    if dates and dates[-1][1] == on:
        return [*dates[:-1], (dates[-1][0] + quantity, on)]
    return [*dates, (quantity, on)]


def trim_pegs(pegs: Sequence[Peg[Key]], most: Decimal) -> list[tuple[Key, Decimal]]:
    """What is taken from which peg so that what is open of them sums to `most` at most; the last ones lose first."""
    over = sum((peg.open for peg in pegs), ZERO) - most
    cuts = []
    for peg in reversed(pegs):
        cut = min(peg.open, over)
        if cut > 0:
            cuts.append((peg.key, cut))
            over -= cut
    return cuts


@dataclass(frozen=True, slots=True)
class Promise:
    """The day the customer has the goods, and the day they leave for them."""

    receipt_on: date
    ship_on: date


def promised(supply_on: date, *, is_direct: bool, transport_days: int) -> Promise:
    """
    What a supplier's confirmed day makes of the sales line's (DL-25, rule book 8.7).

    Args:
        supply_on: the day the goods reach whoever the supplier sends them to.
        is_direct: they go to the customer: that day is the customer's, and they left `transport_days` before.
        transport_days: of the supplier's transport where it is direct, else of ours from warehouse to customer.
    """
    days = timedelta(days=transport_days)
    return Promise(supply_on, supply_on - days) if is_direct else Promise(supply_on + days, supply_on)


def spread_arrival(
    quantity: Decimal, pegs: Sequence[Peg[Key]], waiting: Sequence[Peg[Key]]
) -> list[tuple[Key, Decimal]]:
    """Who gets what came: the pegs first, in their order, then the others in theirs; what is left is free stock."""
    shares, left = [], quantity
    for each in (*pegs, *waiting):
        taken = min(each.open, left)
        if taken > 0:
            shares.append((each.key, taken))
            left -= taken
    return shares


# Direct delivery


def direct_remainder(ordered: Decimal, cancelled: Decimal, shipped: Decimal, released: Decimal) -> Decimal:
    """What of a sales line a supplier may deliver: neither shipped nor on its way already (DL-14)."""
    return max(ordered - cancelled - shipped - released, ZERO)


def direct_invoiceable(received: Decimal, invoiced: Decimal) -> Decimal:
    """What of a directly delivered line may be invoiced: never more than the customer received (DL-15)."""
    return max(received - invoiced, ZERO)
