"""Which lots serve an order line when it is released: named ones, one lot for all of it, or as they are picked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from rules.lots import (
    FIRST_EXPIRED,
    LotAge,
    LotPolicy,
    LotShare,
    LotStock,
    SameLotConflict,
    check_sellable,
    choose_lots,
    choose_same_lot,
    in_order,
    is_sellable,
    sellable_limit,
    taken_lot,
    without,
)
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import LotSelection

# What takes one lot only, and what is done where none holds all of it.
STRICT = {
    LotSelection.ONE_ELSE_LESS: SameLotConflict.LOWER,
    LotSelection.ONE_ELSE_NONE: SameLotConflict.BACKORDER,
}


@dataclass(frozen=True, slots=True)
class LinePart:
    """A quantity of the line that leaves, and the day on which the customer receives it."""

    quantity: Decimal
    receipt_on: date


@dataclass(frozen=True, slots=True)
class LineWish:
    """
    What is known of the lots of one order line in one warehouse.

    Args:
        named: by whoever releases; they come before all others.
        requested: by the customer, and held for the line.
        begun: the lots of which the line's other deliveries are; where one lot must serve all, no other does.
        path: where the client asked for the line.
    """

    sku: str
    named: Sequence[LotShare] = ()
    requested: Sequence[LotShare] = ()
    selection: LotSelection = LotSelection.ANY
    begun: frozenset[str] = frozenset()
    path: Path = ()


def assign_lots(
    parts: Sequence[LinePart],
    wish: LineWish,
    lots: Sequence[LotStock],
    last: LotAge | None,
    policy: LotPolicy = FIRST_EXPIRED,
) -> list[list[LotShare]]:
    """
    The lots of each of the n parts; they sum to it, or to less where one lot must do and holds less.

    Args:
        lots: `free` is without what is held for anybody, this line included.
        last: the newest of the lots that the customer got last; what was named may be older.
    Raises:
        Refusal: as `choose_lots`; INVALID where several lots are named and one must do; OUT_OF_STOCK where a lot that
            the customer requested will not keep long enough.
    """
    mine = add_held(lots, wish.requested)
    wanted = sum((part.quantity for part in parts), ZERO)
    requested = _requests_left(wanted, wish)
    _check_requested(requested, _latest(parts), wish, mine, policy)
    named = [*wish.named, *requested]
    if wish.selection in STRICT:
        return _one_lot(parts, wish, named, mine, last, policy)
    if wish.selection is LotSelection.ONE_ELSE_SEVERAL and not named:
        quantities = [part.quantity for part in parts]
        found = choose_same_lot(
            quantities, mine, SameLotConflict.BACKORDER, receipt_on=_latest(parts), last=last, policy=policy
        )
        if sum((share.quantity for each in found for share in each), ZERO) == wanted:
            return found
    return _as_picked(parts, wish, named, mine, last, policy)


def add_held(lots: Sequence[LotStock], held: Sequence[LotShare]) -> list[LotStock]:
    """The lots with what is held of them counted as free."""
    return without(lots, [LotShare(number, -quantity) for number, quantity in _totals(held).items()])


def requests_used(found: Sequence[LotShare], requested: Sequence[LotShare]) -> dict[str, Decimal]:
    """By lot, what of the requests the shares take; no more than was requested of it."""
    wanted = _totals(requested)
    return {
        number: min(quantity, wanted[number])
        for number, quantity in _totals(found).items()
        if wanted.get(number)
    }


def check_one_lot(selection: LotSelection, named: Sequence[LotShare], sku: str, path: Path) -> None:
    """Refuses several lots where one must do."""
    if selection in STRICT and len(_totals(named)) > 1:
        raise Refusal(ErrorCode.INVALID, "{sku} of this order takes one lot only.", path, sku=sku)


def _totals(shares: Sequence[LotShare]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for share in shares:
        totals[share.number] = totals.get(share.number, ZERO) + share.quantity
    return totals


def _latest(parts: Sequence[LinePart]) -> date:
    return max(part.receipt_on for part in parts)


def _check_requested(
    requested: Sequence[LotShare],
    receipt_on: date,
    wish: LineWish,
    lots: Sequence[LotStock],
    policy: LotPolicy,
) -> None:
    """Days pass between a request and the release: what was good then may not be any more."""
    known = {lot.number: lot for lot in lots}
    for share in requested:
        if not is_sellable(known[share.number], receipt_on, policy):
            text = "Lot {lot}, which the customer asked for, is blocked, or will have expired on {day}."
            day = sellable_limit(receipt_on, policy.sellable_days)
            raise Refusal(ErrorCode.OUT_OF_STOCK, text, (*wish.path, "lots"), lot=share.number, day=day)


def _requests_left(wanted: Decimal, wish: LineWish) -> list[LotShare]:
    """What of the requests leaves now: what whoever releases did not name, as far as the quantity goes."""
    by_hand = _totals(wish.named)
    left = wanted - sum((share.quantity for share in wish.named), ZERO)
    found = []
    for number, quantity in _totals(wish.requested).items():
        taken = min(quantity - by_hand.get(number, ZERO), left)
        if taken > 0:
            found.append(LotShare(number, taken))
            left -= taken
    return found


def _one_lot(
    parts: Sequence[LinePart],
    wish: LineWish,
    named: Sequence[LotShare],
    lots: Sequence[LotStock],
    last: LotAge | None,
    policy: LotPolicy,
) -> list[list[LotShare]]:
    check_one_lot(wish.selection, named, wish.sku, (*wish.path, "lots"))
    quantities = [part.quantity for part in parts]
    if sum((share.quantity for share in named), ZERO) > sum(quantities, ZERO):
        raise _too_many(wish)
    candidates: Sequence[LotStock] = lots
    if named:
        # By its rule for named lots: there, sellable, and free as far as it was named.
        choose_lots(
            sum((share.quantity for share in named), ZERO), named, lots, sku=wish.sku,
            receipt_on=_latest(parts), last=last, policy=policy, path=wish.path,
        )  # fmt: skip
        candidates, last = [lot for lot in lots if lot.number == named[0].number], None
    elif wish.begun and wish.selection is LotSelection.ONE_ELSE_NONE:
        candidates = [lot for lot in lots if lot.number in wish.begun]
    return choose_same_lot(
        quantities, candidates, STRICT[wish.selection], receipt_on=_latest(parts), last=last, policy=policy
    )


def _as_picked(
    parts: Sequence[LinePart],
    wish: LineWish,
    named: Sequence[LotShare],
    lots: Sequence[LotStock],
    last: LotAge | None,
    policy: LotPolicy,
) -> list[list[LotShare]]:
    found = []
    for part in parts:
        # Several parts of one line share the lots that were asked for.
        mine, named = _first(named, part.quantity)
        shares = choose_lots(
            part.quantity, mine, lots, sku=wish.sku, receipt_on=part.receipt_on, last=last, policy=policy,
            path=wish.path,
        )  # fmt: skip
        lots = without(lots, shares)
        found.append(shares)
    if named:
        raise _too_many(wish)
    return found


def _too_many(wish: LineWish) -> Refusal:
    text = "The lots are more than the quantity of the line."
    return Refusal(ErrorCode.QUANTITY_INVALID, text, (*wish.path, "lots"))


def _first(named: Sequence[LotShare], quantity: Decimal) -> tuple[list[LotShare], list[LotShare]]:
    """The lots asked for, parted into those that fill the quantity and the rest."""
    mine, rest, left = [], [], quantity
    for each in named:
        used = min(each.quantity, left) if each.quantity > 0 else each.quantity
        if used or each.quantity <= 0:
            mine.append(LotShare(each.number, used))
        if each.quantity > used:
            rest.append(LotShare(each.number, each.quantity - used))
        left -= max(used, ZERO)
    return mine, rest


# Requesting lots


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """A warehouse that holds some of a line: how many lots may be requested there, and what lies of them."""

    most: Decimal
    lots: tuple[LotStock, ...]


def place_requests(
    requested: Sequence[LotShare],
    places: Sequence[RequestPlace],
    *,
    sku: str,
    receipt_on: date,
    policy: LotPolicy = FIRST_EXPIRED,
    path: Path = (),
) -> list[list[LotShare]]:
    """
    Where requested lots are taken: for each of the n places its shares, the first places first.

    Raises:
        Refusal(NOT_FOUND): no warehouse that holds the line has the lot.
        Refusal(OUT_OF_STOCK): it is blocked, banned, would not keep, or is not free.
        Refusal(QUANTITY_INVALID): none of it, or more than the line holds where the lot lies.
        Refusal(INVALID): twice the same lot.
    """
    left = [place.most for place in places]
    found: list[list[LotShare]] = [[] for _ in places]
    seen = set[str]()
    for index, share in enumerate(requested):
        at = (*path, index)
        holding = [
            (number, lot)
            for number, place in enumerate(places)
            for lot in place.lots
            if lot.number == share.number
        ]
        if not holding:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*at, "number"))
        if share.number in seen:
            raise Refusal(ErrorCode.INVALID, "A lot can stand here once only.", (*at, "number"))
        seen.add(share.number)
        if share.quantity <= 0:
            raise Refusal(ErrorCode.QUANTITY_INVALID, "A quantity is above zero.", (*at, "quantity"))
        check_sellable(holding[0][1], receipt_on, policy, at)
        wanted = share.quantity
        for number, lot in holding:
            taken = min(lot.free, left[number], wanted)
            if taken > 0:
                found[number].append(LotShare(lot.number, taken))
                left[number] -= taken
                wanted -= taken
        if wanted > 0:
            others = [
                lot
                for place in places
                for lot in in_order(place.lots, policy)
                if is_sellable(lot, receipt_on, policy)
            ]
            raise _lacking(share, wanted, holding, left, others, sku, at)
    return found


def _lacking(
    share: LotShare,
    wanted: Decimal,
    holding: Sequence[tuple[int, LotStock]],
    left: Sequence[Decimal],
    others: Sequence[LotStock],
    sku: str,
    at: Path,
) -> Refusal:
    """Why a lot does not serve all that was requested of it: it is not free, or the line holds less where it lies."""
    free = sum((lot.free for _, lot in holding), ZERO)
    if free < share.quantity:
        return taken_lot(replace(holding[0][1], free=free), others, at)
    most = share.quantity - wanted + sum((left[number] for number, _ in holding), ZERO)
    text = "Where lot {lot} lies, {most} of {sku} are reserved for this line and in no delivery yet."
    return Refusal(
        ErrorCode.QUANTITY_INVALID, text, (*at, "quantity"), lot=share.number, most=plain(most), sku=sku
    )
