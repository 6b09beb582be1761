"""Other ways to deliver a quantity, and what choosing one makes of a line (rule book 8.4, 0.2: 34)."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from rules.availability import Availability
from rules.calendars import Route
from rules.money import ZERO
from rules.promising import Control, Part, PromiseStep, promise, promise_parts
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal

Key = TypeVar("Key", bound=Hashable)


class AlternativeKind(StrEnum):
    """In the order in which equally early ones are offered."""

    LATER = "LATER"  # whole from the warehouse of the line
    OTHER_WAREHOUSE = "OTHER_WAREHOUSE"
    PARTIAL = "PARTIAL"
    DIRECT = "DIRECT"  # from a supplier to the customer
    SUBSTITUTE = "SUBSTITUTE"


@dataclass(frozen=True, slots=True)
class Source(Generic[Key]):
    """
    Where a quantity could come from.

    Args:
        key: what the caller knows it by, such as a product and a warehouse, or a supplier.
        kind: what a whole delivery from here is; LATER for the line's own warehouse and product.
        entered: the day as whose the order counts there.
    """

    key: Key
    kind: AlternativeKind
    availability: Availability
    control: Control
    route: Route
    entered: date


@dataclass(frozen=True, slots=True)
class Alternative(Generic[Key]):
    """
    A way to deliver all of a quantity.

    Args:
        steps: why all of it is not received earlier from there.
        from_stock: what of it rests on goods that are there; the parts that are received first do.
    """

    key: Key
    kind: AlternativeKind
    parts: tuple[Part, ...]
    steps: tuple[PromiseStep, ...] = ()
    from_stock: Decimal = ZERO

    @property
    def receipt_on(self) -> date:
        """The day by which all of it is received."""
        return max(part.receipt_on for part in self.parts)


def alternatives(
    quantity: Decimal,
    sources: Sequence[Source[Key]],
    include: Collection[AlternativeKind],
    requested_on: date | None = None,
) -> list[Alternative[Key]]:
    """
    Ways to deliver all of a quantity, those that are complete first ahead; sources that never have it are left out.

    PARTIAL adds the split of a source that has it in parts only at first. A product without delivery control has no
    alternatives: there is nothing that one could be better than.
    """
    found = []
    for source in sources:
        if not source.control.counts_stock and source.kind is not AlternativeKind.DIRECT:
            continue
        facts = (quantity, source.availability, source.control, source.route, source.entered, requested_on)
        whole = promise(*facts)
        there = source.availability.on(source.availability.today) if source.control.counts_stock else ZERO
        if source.kind in include and whole.ship_on is not None and whole.receipt_on is not None:
            parts = (Part(quantity, whole.ship_on, whole.receipt_on),)
            found.append(Alternative(source.key, source.kind, parts, whole.steps, there))
        if AlternativeKind.PARTIAL in include and source.control.counts_stock:
            split = tuple(promise_parts(*facts))
            if len(split) > 1 and sum((part.quantity for part in split), ZERO) == quantity:
                found.append(Alternative(source.key, AlternativeKind.PARTIAL, split, whole.steps, there))
    order = list(AlternativeKind)
    return sorted(found, key=lambda each: (each.receipt_on, order.index(each.kind)))


class PartKind(StrEnum):
    SHIPPED = "SHIPPED"
    STOCK = "STOCK"
    DIRECT = "DIRECT"


@dataclass(frozen=True, slots=True)
class SplitPart:
    """A schedule line as it is or is to be."""

    kind: PartKind
    quantity: Decimal


def split_line(
    sku: str, quantity: Decimal, shipped: Decimal, parts: Sequence[SplitPart], path: Path = ()
) -> list[SplitPart]:
    """
    The schedule lines of a line: what has left, and the parts that its remainder is split into.

    They sum to the line, whose price, break and discounts stay: only the remainder can be delivered another way.

    Raises:
        Refusal(QUANTITY_INVALID): a part is not above zero, or they are not the remainder.
    Source: rule book 0.2 (34); DL-13, DL-14.
    """
    left = quantity - shipped
    if any(part.quantity <= 0 for part in parts) or sum((part.quantity for part in parts), ZERO) != left:
        text = "The parts of {sku} must sum to {left}, each above zero."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=sku, left=plain(left))
    return [*([SplitPart(PartKind.SHIPPED, shipped)] if shipped else []), *parts]


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part of a line as its buyer wants it; without a day of receipt of its own it has the line's."""

    quantity: Decimal
    requested_on: date | None = None

    def to_json(self) -> dict[str, str | None]:
        day = self.requested_on
        return {"quantity": plain(self.quantity), "requestedOn": None if day is None else day.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, str | None]) -> "WantedPart":
        day = value["requestedOn"]
        return cls(Decimal(value["quantity"] or 0), None if day is None else date.fromisoformat(day))


def meet(
    parts: Sequence[WantedPart], places: Sequence[tuple[Key, Decimal]]
) -> list[tuple[WantedPart, Key, Decimal]]:
    """
    What of each part comes from which place: the first parts are served by the first places.

    Places may have less than the parts, where a part of a line comes free of charge: the last parts are then less.
    """
    found = []
    left = list(places)
    for part in parts:
        wanted = part.quantity
        while wanted > 0 and left:
            key, there = left.pop(0)
            taken = min(wanted, there)
            found.append((part, key, taken))
            wanted -= taken
            if there > taken:
                left.insert(0, (key, there - taken))
    return found
