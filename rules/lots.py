"""Which lots serve a quantity: those that were asked for, then by the criterion (rule book 8.6, 0.2: 33)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import LotCriterion, LotStatus


@dataclass(frozen=True, slots=True)
class LotStock:
    """
    A lot in one warehouse; `free` is what no other delivery holds.

    `expires_on` None: it does not expire; `best_before_on` None: it is as good as long as it has not expired.
    """

    number: str
    status: LotStatus
    received_on: date
    expires_on: date | None
    free: Decimal
    best_before_on: date | None = None


@dataclass(frozen=True, slots=True)
class LotPolicy:
    """
    How lots of a product are picked for a customer.

    Args:
        sellable_days: how many days after its receipt a lot's date (expiry or best before) must lie at least.
        ship_on: the day the goods leave; BACKWARD_FROM_SHIP looks back from it.
        banned: numbers that this customer never gets.
    """

    criterion: LotCriterion = LotCriterion.EXPIRY
    sellable_days: int = 0
    ship_on: date | None = None
    banned: frozenset[str] = field(default_factory=frozenset)


FIRST_EXPIRED = LotPolicy()


@dataclass(frozen=True, slots=True)
class LotShare:
    number: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class LotAge:
    """What tells an older lot from a newer one."""

    received_on: date
    expires_on: date | None


def is_older(lot: LotStock, other: LotAge) -> bool:
    """By expiry where both expire, else by the day of receipt."""
    if lot.expires_on is not None and other.expires_on is not None:
        return lot.expires_on < other.expires_on
    return lot.received_on < other.received_on


def lot_date(lot: LotStock, criterion: LotCriterion) -> date | None:
    """The date until which a lot counts as good; None: for ever."""
    if criterion is LotCriterion.BEST_BEFORE and lot.best_before_on is not None:
        return lot.best_before_on
    return lot.expires_on


def sellable_limit(receipt_on: date, sellable_days: int) -> date:
    """The earliest date that a lot may bear for a customer who receives it on a day (rule book 8.6)."""
    return receipt_on + timedelta(sellable_days)


def is_sellable(lot: LotStock, receipt_on: date, policy: LotPolicy = FIRST_EXPIRED) -> bool:
    """
    Not blocked nor banned, it expires after the day on which the customer receives it, and keeps long enough after.

    Source: rule book 0.2 (32), 8.6.
    """
    if lot.status is not LotStatus.AVAILABLE or lot.number in policy.banned:
        return False
    if lot.expires_on is not None and lot.expires_on <= receipt_on:
        return False
    until = lot_date(lot, policy.criterion)
    return until is None or until >= sellable_limit(receipt_on, policy.sellable_days)


def in_order(lots: Sequence[LotStock], policy: LotPolicy = FIRST_EXPIRED) -> list[LotStock]:
    """
    The lots as they are picked; of equals, the lowest number first.

    By expiry or best before, what has no date last; FIFO by the day they came; backward from the ship date, what
    came last before it.
    """
    by_number = sorted(lots, key=lambda lot: lot.number)
    if policy.criterion is LotCriterion.FIFO:
        return sorted(by_number, key=lambda lot: lot.received_on)
    if policy.criterion is LotCriterion.BACKWARD_FROM_SHIP:
        there = [lot for lot in by_number if policy.ship_on is None or lot.received_on <= policy.ship_on]
        return sorted(there, key=lambda lot: lot.received_on, reverse=True)
    return sorted(by_number, key=lambda lot: lot_date(lot, policy.criterion) or date.max)


def eligible_lots(
    lots: Sequence[LotStock], receipt_on: date, last: LotAge | None, policy: LotPolicy = FIRST_EXPIRED
) -> list[LotStock]:
    """The lots that this customer may get unasked, as they are picked: sellable, none older than what came last."""
    return [
        lot
        for lot in in_order(lots, policy)
        if is_sellable(lot, receipt_on, policy) and (last is None or not is_older(lot, last))
    ]


def choose_lots(
    wanted: Decimal,
    named: Sequence[LotShare],
    lots: Sequence[LotStock],
    *,
    sku: str,
    receipt_on: date,
    last: LotAge | None,
    policy: LotPolicy = FIRST_EXPIRED,
    path: Path = (),
) -> list[LotShare]:
    """
    The lots of one quantity, each once; they sum to it.

    Args:
        named: lots that were asked for; they come first, and may be older than what the customer got last.
        last: the newest of the lots that were shipped last to this customer; none older is chosen.
        policy: how the others are picked, and how long all of them must keep.
    Raises:
        Refusal(NOT_FOUND): a named lot is not in this warehouse.
        Refusal(OUT_OF_STOCK): a named lot is blocked, expired or taken, or the others do not suffice.
        Refusal(QUANTITY_INVALID): a named quantity is not above zero, or they are more than is wanted.
    """
    shares = _take_named(wanted, named, lots, sku=sku, receipt_on=receipt_on, policy=policy, path=path)
    taken = {share.number: share.quantity for share in shares}
    left = wanted - sum(taken.values(), ZERO)
    for lot in eligible_lots(lots, receipt_on, last, policy):
        more = min(lot.free - taken.get(lot.number, ZERO), left)
        if more > 0:
            taken[lot.number] = taken.get(lot.number, ZERO) + more
            left -= more
    if left > 0:
        text = "The lots of {sku} that may go to this customer hold {available}, not {wanted}."
        raise Refusal(
            ErrorCode.OUT_OF_STOCK, text, (*path, "quantity"), sku=sku, available=plain(wanted - left),
            wanted=plain(wanted),
        )  # fmt: skip
    return [LotShare(number, quantity) for number, quantity in taken.items()]


def _take_named(
    wanted: Decimal,
    named: Sequence[LotShare],
    lots: Sequence[LotStock],
    *,
    sku: str,
    receipt_on: date,
    policy: LotPolicy,
    path: Path,
) -> list[LotShare]:
    known = {lot.number: lot for lot in lots}
    taken: dict[str, Decimal] = {}
    for index, share in enumerate(named):
        at = (*path, "lots", index)
        lot = known.get(share.number)
        if lot is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*at, "number"))
        taken[share.number] = taken.get(share.number, ZERO) + share.quantity
        if share.quantity <= 0 or sum(taken.values(), ZERO) > wanted:
            text = "The lots of {sku} must sum to {wanted} at most, each above zero."
            raise Refusal(ErrorCode.QUANTITY_INVALID, text, (*at, "quantity"), sku=sku, wanted=plain(wanted))
        check_sellable(lot, receipt_on, policy, at)
        if taken[share.number] > lot.free:
            others = [each for each in in_order(lots, policy) if is_sellable(each, receipt_on, policy)]
            raise taken_lot(lot, others, at)
    return [LotShare(number, quantity) for number, quantity in taken.items()]


def check_sellable(lot: LotStock, receipt_on: date, policy: LotPolicy, path: Path) -> None:
    """Refuses a named lot that is banned for the customer, blocked, or would not keep; `path` is that of the lot."""
    if lot.number in policy.banned:
        text = "Lot {lot} must not go to this customer."
        raise Refusal(ErrorCode.OUT_OF_STOCK, text, (*path, "number"), lot=lot.number)
    if not is_sellable(lot, receipt_on, policy):
        text = "Lot {lot} is blocked, or will have expired on {day}."
        day = sellable_limit(receipt_on, policy.sellable_days)
        raise Refusal(ErrorCode.OUT_OF_STOCK, text, (*path, "number"), lot=lot.number, day=day)


def taken_lot(lot: LotStock, others: Sequence[LotStock], path: Path) -> Refusal:
    """What is left of a taken lot, and another that is offered instead (rule book 0.1: 23)."""
    other = next((each for each in others if each.number != lot.number and each.free > 0), None)
    if other is None:
        text = "Lot {lot} has {free} left."
        return Refusal(
            ErrorCode.OUT_OF_STOCK, text, (*path, "quantity"), lot=lot.number, free=plain(lot.free)
        )
    text = "Lot {lot} has {free} left; lot {other} has {other_free}."
    return Refusal(
        ErrorCode.OUT_OF_STOCK, text, (*path, "quantity"), lot=lot.number, free=plain(lot.free),
        other=other.number, other_free=plain(other.free),
    )  # fmt: skip


def without(lots: Sequence[LotStock], shares: Sequence[LotShare]) -> list[LotStock]:
    """What is left of the lots for the next line of the same product."""
    taken = {share.number: share.quantity for share in shares}
    return [replace(lot, free=lot.free - taken.get(lot.number, ZERO)) for lot in lots]


class SameLotConflict(StrEnum):
    """What is done where no lot alone holds the quantity (rule book 8.6)."""

    SEVERAL = "SEVERAL"  # overridden: several lots serve the line
    LOWER = "LOWER"  # the line is lowered to the lot that holds the most
    BACKORDER = "BACKORDER"  # all of it waits for a lot that is large enough


def choose_same_lot(
    quantities: Sequence[Decimal],
    lots: Sequence[LotStock],
    conflict: SameLotConflict,
    *,
    receipt_on: date,
    last: LotAge | None,
    policy: LotPolicy = FIRST_EXPIRED,
) -> list[list[LotShare]]:
    """
    Lots for lines of a product that must all come from one: the first as picked that alone covers them.

    Args:
        quantities: n quantities; several are lines that share their lot ("consolidated requirement").
    Returns:
        n lists of shares; on a conflict they may sum to less than the quantity, and to nothing on BACKORDER.
    """
    eligible = eligible_lots(lots, receipt_on, last, policy)
    wanted = sum(quantities, ZERO)
    whole = next((lot for lot in eligible if lot.free >= wanted), None)
    if whole is not None:
        return [[LotShare(whole.number, quantity)] for quantity in quantities]
    if conflict is SameLotConflict.BACKORDER or not eligible:
        return [[] for _ in quantities]
    if conflict is SameLotConflict.LOWER:
        # Of lots that hold the same, max keeps the first as picked.
        eligible = [max(eligible, key=lambda lot: lot.free)]
    found = []
    for quantity in quantities:
        shares, left = [], quantity
        for lot in eligible:
            taken = min(lot.free, left)
            if taken > 0:
                shares.append(LotShare(lot.number, taken))
                left -= taken
        eligible = without(eligible, shares)
        found.append(shares)
    return found
