"""What to buy, from whom and when, so that what is promised can leave (rule book 8.5, 8.7)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from rules.calendars import ALWAYS_OPEN, Calendar, last_open, next_open
from rules.money import ZERO
from rules.purchasing import quantity_to_order

Key = TypeVar("Key", bound=Hashable)
Supplier = TypeVar("Supplier", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Need(Generic[Key]):
    """What is open of a line of an order, and the day it is to leave."""

    key: Key
    on: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Peg(Generic[Key]):
    """So much of a purchase is for that need."""

    key: Key
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class SupplierTerms(Generic[Supplier]):
    """
    How a product is bought from a supplier, in the product's own unit.

    Args:
        lead_days: from the order until the goods are there.
        minimum: the least that is ordered at once.
        multiple: above zero; orders are multiples of it.
        rank: the lowest goes first, where it is in time.
        unit_price: in one currency for all suppliers that are compared; None: not known.
        calendar: days on which the supplier delivers.
    """

    supplier: Supplier
    lead_days: int
    minimum: Decimal = ZERO
    multiple: Decimal = Decimal(1)
    rank: int = 0
    unit_price: Decimal | None = None
    calendar: Calendar = ALWAYS_OPEN


@dataclass(frozen=True, slots=True)
class Proposal(Generic[Key, Supplier]):
    """
    A purchase to make.

    Args:
        order_on: the last day to order it in time, today where that has passed.
        receipt_on: the day the goods are there when it is ordered then.
        is_late: they are there after they are needed.
        pegs: needs that it covers; they sum to the quantity or less.
    """

    supplier: Supplier
    quantity: Decimal
    order_on: date
    receipt_on: date
    is_late: bool
    pegs: tuple[Peg[Key], ...]

    @property
    def spare(self) -> Decimal:
        """What minimum and multiple bring beyond the needs."""
        return self.quantity - sum((peg.quantity for peg in self.pegs), ZERO)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What comes without a purpose: on hand (today) or by purchases that are not pegged."""

    on: date
    quantity: Decimal


def uncovered(
    needs: Sequence[Need[Key]], incoming: Sequence[Incoming], bought_by: date | None = None
) -> list[Need[Key]]:
    """
    What of the needs nothing covers, by day: first come first served, by what is there in time.

    Args:
        bought_by: the day by which a purchase made now could be there; what comes late, but not after it, is waited
            for, because buying anew would bring nothing earlier.
    """
    stock = sorted(incoming, key=lambda each: each.on)
    free = [max(each.quantity, ZERO) for each in stock]
    by_day = sorted(needs, key=lambda each: each.on)
    left = [need.quantity for need in by_day]

    def cover(index: int, until: date) -> None:
        for place, each in enumerate(stock):
            if each.on <= until:
                used = min(free[place], left[index])
                free[place] -= used
                left[index] -= used

    for index, need in enumerate(by_day):
        cover(index, need.on)
    if bought_by is not None:
        for index, need in enumerate(by_day):
            cover(index, max(bought_by, need.on))
    return [replace(need, quantity=short) for need, short in zip(by_day, left, strict=True) if short > 0]


def order_quantity(needed: Decimal, terms: SupplierTerms[Supplier]) -> Decimal:
    """The least multiple that is not below what is needed, nor below the minimum."""
    return quantity_to_order(needed, terms.minimum, terms.multiple)


def best_terms(
    needed_on: date, quantity: Decimal, terms: Sequence[SupplierTerms[Supplier]], today: date
) -> SupplierTerms[Supplier]:
    """Who is in time, else who is the earliest; of those the rank, then what all of it costs, then the lead time."""

    def worth(each: SupplierTerms[Supplier]) -> tuple[int, int, bool, Decimal, int]:
        late = max((_there(today, each) - needed_on).days, 0)
        price = each.unit_price
        cost = ZERO if price is None else price * order_quantity(quantity, each)
        return late, each.rank, price is None, cost, each.lead_days

    return min(terms, key=worth)


def propose(
    shortages: Sequence[Need[Key]], terms: Sequence[SupplierTerms[Supplier]], today: date
) -> list[Proposal[Key, Supplier]]:
    """
    Purchases that cover all shortages of a product, none where nobody sells it.

    What one purchase brings beyond its need covers the next ones; needs that would be ordered from the same
    supplier for the same day go into one purchase.
    """
    if not terms:
        return []
    found: list[Proposal[Key, Supplier]] = []
    for need in sorted(shortages, key=lambda each: each.on):
        left, found = _peg_rest(need, found)
        if left <= 0:
            continue
        chosen = best_terms(need.on, left, terms, today)
        found = _added(found, _proposal(need, left, chosen, today), chosen)
    return found


def _peg_rest(
    need: Need[Key], made: Sequence[Proposal[Key, Supplier]]
) -> tuple[Decimal, list[Proposal[Key, Supplier]]]:
    """What of a need earlier proposals do not cover, and these with their new pegs."""
    left, found = need.quantity, []
    for each in made:
        used = min(each.spare, left)
        left -= used
        found.append(replace(each, pegs=(*each.pegs, Peg(need.key, used))) if used else each)
    return left, found


def _proposal(
    need: Need[Key], quantity: Decimal, terms: SupplierTerms[Supplier], today: date
) -> Proposal[Key, Supplier]:
    wished = last_open(need.on, terms.calendar) - timedelta(terms.lead_days)
    order_on = max(wished, today)
    receipt_on = _there(order_on, terms)
    return Proposal(
        terms.supplier, order_quantity(quantity, terms), order_on, receipt_on, receipt_on > need.on,
        (Peg(need.key, quantity),),
    )  # fmt: skip


def _added(
    made: Sequence[Proposal[Key, Supplier]], new: Proposal[Key, Supplier], terms: SupplierTerms[Supplier]
) -> list[Proposal[Key, Supplier]]:
    """Into the purchase from the same supplier for the same day, or as one of its own."""
    for index, each in enumerate(made):
        if (each.supplier, each.order_on, each.receipt_on) == (new.supplier, new.order_on, new.receipt_on):
            pegs = _by_need((*each.pegs, *new.pegs))
            quantity = order_quantity(sum((peg.quantity for peg in pegs), ZERO), terms)
            is_late = each.is_late or new.is_late
            return [
                *made[:index], replace(each, quantity=quantity, is_late=is_late, pegs=pegs), *made[index + 1 :],
            ]  # fmt: skip
    return [*made, new]


def _by_need(pegs: Sequence[Peg[Key]]) -> tuple[Peg[Key], ...]:
    totals: dict[Key, Decimal] = {}
    for peg in pegs:
        totals[peg.key] = totals.get(peg.key, ZERO) + peg.quantity
    return tuple(Peg(key, quantity) for key, quantity in totals.items())


def _there(ordered_on: date, terms: SupplierTerms[Supplier]) -> date:
    return next_open(ordered_on + timedelta(terms.lead_days), terms.calendar)
