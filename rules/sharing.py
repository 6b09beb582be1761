"""Who gets how much of what is too little for all (rule book 8.6)."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Generic, TypeVar

from rules.money import ZERO
from rules.states import SharingPolicy

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Claim(Generic[Key]):
    """What somebody wants; a lower priority number goes first."""

    key: Key
    quantity: Decimal
    priority: int = 0


def share(
    available: Decimal, claims: Sequence[Claim[Key]], policy: SharingPolicy, decimals: int = 0
) -> dict[Key, Decimal]:
    """
    What each claim gets; never more than it wants, nor all together more than there is.

    BASIC gives all or nothing to all of them; EQUALLY the same to each, and what one does not want to the others;
    BY_CUSTOMER_PRIORITY serves one after the other, equal ones in the order given.

    Args:
        claims: n claims above zero, their keys distinct.
        decimals: how many decimals the unit of measure allows; a rest that cannot be shared goes to the first ones.
    """
    available = max(available, ZERO)
    if policy is SharingPolicy.BASIC:
        enough = sum((claim.quantity for claim in claims), ZERO) <= available
        return {claim.key: claim.quantity if enough else ZERO for claim in claims}
    if policy is SharingPolicy.BY_CUSTOMER_PRIORITY:
        return _one_after_the_other(available, claims)
    return _equally(available, claims, decimals)


@dataclass(frozen=True, slots=True)
class Wait(Generic[Key]):
    """A part of what an order line lacks; the parts of one line share what the line gets, the first one first."""

    key: Key
    line: Hashable
    quantity: Decimal
    priority: int = 0


def share_out(
    available: Decimal, waits: Sequence[Wait[Key]], policy: SharingPolicy, decimals: int = 0
) -> dict[Key, Decimal]:
    """
    What each waiting part gets, shared among order lines: a line in three parts gets no more than one in one.

    By priority the parts are served one after the other, those needed first ahead, whatever line they are of.

    Args:
        waits: n parts above zero, those needed first ahead; a line's parts have one priority.
    Returns:
        A quantity for every part, zero where it gets nothing.
    """
    if policy is SharingPolicy.BY_CUSTOMER_PRIORITY:
        return share(available, [Claim(each.key, each.quantity, each.priority) for each in waits], policy)
    lacking: dict[Hashable, Decimal] = {}
    for wait in waits:
        lacking[wait.line] = lacking.get(wait.line, ZERO) + wait.quantity
    claims = [Claim(line, quantity) for line, quantity in lacking.items()]
    left = share(available, claims, policy, decimals)
    found = {}
    for wait in waits:
        found[wait.key] = min(wait.quantity, left[wait.line])
        left[wait.line] -= found[wait.key]
    return found


def _one_after_the_other(available: Decimal, claims: Sequence[Claim[Key]]) -> dict[Key, Decimal]:
    found, left = {claim.key: ZERO for claim in claims}, available
    for claim in sorted(claims, key=lambda claim: claim.priority):
        found[claim.key] = min(claim.quantity, left)
        left -= found[claim.key]
    return found


def _equally(available: Decimal, claims: Sequence[Claim[Key]], decimals: int) -> dict[Key, Decimal]:
    """The smallest claims first, so that what they leave is shared by the larger ones."""
    found = {claim.key: ZERO for claim in claims}
    unit = Decimal(1).scaleb(-decimals)
    left = available.quantize(unit, ROUND_FLOOR)
    waiting = sorted(claims, key=lambda claim: claim.quantity)
    while waiting:
        even = (left / len(waiting)).quantize(unit, ROUND_FLOOR)
        if waiting[0].quantity > even:
            break
        claim = waiting.pop(0)
        found[claim.key] = claim.quantity
        left -= claim.quantity
    if not waiting:
        return found
    even = (left / len(waiting)).quantize(unit, ROUND_FLOOR)
    left -= even * len(waiting)
    wanting = {claim.key for claim in waiting}
    for claim in claims:
        if claim.key in wanting:
            one_more = min(unit, claim.quantity - even, left)
            found[claim.key] = even + one_more
            left -= one_more
    return found
