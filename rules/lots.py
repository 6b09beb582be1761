"""Which lots serve a quantity: those that were asked for, then first expired, first out (rule book 8.6, 0.2: 33)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import LotStatus


@dataclass(frozen=True, slots=True)
class LotStock:
    """A lot in one warehouse; `free` is what no other delivery holds. `expires_on` None: it does not expire."""

    number: str
    status: LotStatus
    received_on: date
    expires_on: date | None
    free: Decimal


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


def is_sellable(lot: LotStock, receipt_on: date) -> bool:
    """Not blocked, and it expires after the day on which the customer receives it (rule book 0.2: 32)."""
    return lot.status is LotStatus.AVAILABLE and (lot.expires_on is None or lot.expires_on > receipt_on)


def in_order(lots: Sequence[LotStock]) -> list[LotStock]:
    """First to expire first, then the lowest number; what does not expire comes last."""
    return sorted(lots, key=lambda lot: (lot.expires_on is None, lot.expires_on or date.min, lot.number))


def choose_lots(
    wanted: Decimal,
    named: Sequence[LotShare],
    lots: Sequence[LotStock],
    *,
    sku: str,
    receipt_on: date,
    last: LotAge | None,
    path: Path = (),
) -> list[LotShare]:
    """
    The lots of one quantity, each once; they sum to it.

    Args:
        named: lots that were asked for; they come first, and may be older than what the customer got last.
        last: the newest of the lots that were shipped last to this customer; none older is chosen.
    Raises:
        Refusal(NOT_FOUND): a named lot is not in this warehouse.
        Refusal(OUT_OF_STOCK): a named lot is blocked, expired or taken, or the others do not suffice.
        Refusal(QUANTITY_INVALID): a named quantity is not above zero, or they are more than is wanted.
    """
    shares = _take_named(wanted, named, lots, sku=sku, receipt_on=receipt_on, path=path)
    taken = {share.number: share.quantity for share in shares}
    left = wanted - sum(taken.values(), ZERO)
    eligible = [
        lot
        for lot in in_order(lots)
        if is_sellable(lot, receipt_on) and (last is None or not is_older(lot, last))
    ]
    for lot in eligible:
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
        if not is_sellable(lot, receipt_on):
            text = "Lot {lot} is blocked, or will have expired on {day}."
            raise Refusal(ErrorCode.OUT_OF_STOCK, text, (*at, "number"), lot=lot.number, day=receipt_on)
        if taken[share.number] > lot.free:
            raise _taken(lot, [each for each in in_order(lots) if is_sellable(each, receipt_on)], at)
    return [LotShare(number, quantity) for number, quantity in taken.items()]


def _taken(lot: LotStock, others: Sequence[LotStock], path: Path) -> Refusal:
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
