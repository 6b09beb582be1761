"""Promises that several warehouses can keep: the earliest one alone, or else all of them together."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from rules.availability import Availability, Step
from rules.calendars import Route
from rules.money import ZERO
from rules.promising import Control, Part, Promise, promise, promise_parts

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Site(Generic[Key]):
    """A warehouse that could serve; `entered` is the day as whose the order counts there."""

    key: Key
    availability: Availability
    control: Control
    route: Route
    entered: date


@dataclass(frozen=True, slots=True)
class SitePart(Generic[Key]):
    key: Key
    part: Part


@dataclass(frozen=True, slots=True)
class SitesPromise(Generic[Key]):
    """
    What is promised, and whence.

    Args:
        promise: of the part that is received last; it says why all of it is not received earlier.
        parts: one a warehouse and day; none where nothing can be promised.
    """

    promise: Promise
    parts: tuple[SitePart[Key], ...]


def promise_from_sites(
    quantity: Decimal, sites: Sequence[Site[Key]], requested_on: date | None = None
) -> SitesPromise[Key] | None:
    """
    All of a quantity: from the warehouse by which it is received first, or from several if that is earlier.

    Args:
        sites: those that serve first ahead; of equally early ones the first serves.
    Returns:
        None without any warehouse.
    """
    if not sites:
        return None
    found: list[SitesPromise[Key]] = []
    alone = [_asked(quantity, site, requested_on) for site in sites]
    for site, whole in zip(sites, alone, strict=True):
        if whole.ship_on is not None and whole.receipt_on is not None:
            part = SitePart(site.key, Part(quantity, whole.ship_on, whole.receipt_on))
            found.append(SitesPromise(whole, (part,)))
    if len(sites) > 1 and all(site.control.counts_stock for site in sites):
        split = _from_several(quantity, sites, requested_on)
        found += [] if split is None else [split]
    # Of equally early ones the first, so that no line is split without need.
    best = min(found, key=_received_by, default=None)
    return best or SitesPromise(alone[0], ())


def _asked(quantity: Decimal, site: Site[Key], requested_on: date | None) -> Promise:
    return promise(quantity, site.availability, site.control, site.route, site.entered, requested_on)


def _received_by(found: SitesPromise[Key]) -> date:
    return max(each.part.receipt_on for each in found.parts)


def _from_several(
    quantity: Decimal, sites: Sequence[Site[Key]], requested_on: date | None
) -> SitesPromise[Key] | None:
    offered = [
        SitePart(site.key, part)
        for site in sites
        for part in promise_parts(
            quantity, site.availability, site.control, site.route, site.entered, requested_on
        )
    ]
    parts, left = [], quantity
    for each in sorted(offered, key=lambda each: each.part.receipt_on):
        taken = min(each.part.quantity, left)
        if taken > 0:
            parts.append(SitePart(each.key, Part(taken, each.part.ship_on, each.part.receipt_on)))
            left -= taken
    if left > 0 or len(parts) < 2:
        return None
    last = next(site for site in sites if site.key == parts[-1].key)
    from_there = sum((each.part.quantity for each in parts if each.key == last.key), ZERO)
    return SitesPromise(_asked(from_there, last, requested_on), tuple(parts))


def pooled_ladder(ladders: Sequence[Sequence[Step]]) -> list[Step]:
    """What can have left by when from all warehouses together."""
    days = sorted({step.on for ladder in ladders for step in ladder})
    steps: list[Step] = []
    for day in days:
        quantity = sum((_by(ladder, day) for ladder in ladders), ZERO)
        if not steps or quantity > steps[-1].quantity:
            steps.append(Step(day, quantity))
    return steps


def _by(ladder: Sequence[Step], day: date) -> Decimal:
    return next((step.quantity for step in reversed(ladder) if step.on <= day), ZERO)
