"""What a discount rule asks of the buyer, the moment, a line and the basket (rule book 4), and its stored shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from rules.money import ZERO
from rules.pricing_facts import Channel, LineFacts, Party
from rules.pricing_running import RunningLine
from rules.quantities import plain


class ConditionKind(StrEnum):
    """What a condition looks at."""

    CUSTOMER = "CUSTOMER"
    CUSTOMER_GROUP = "CUSTOMER_GROUP"
    SEGMENT = "SEGMENT"
    CHANNEL = "CHANNEL"
    FIRST_ORDER = "FIRST_ORDER"
    WINDOW = "WINDOW"
    PRODUCT = "PRODUCT"
    CATEGORY = "CATEGORY"
    BRAND = "BRAND"
    NEAR_EXPIRY = "NEAR_EXPIRY"
    BOUGHT_BEFORE = "BOUGHT_BEFORE"
    WISHLIST = "WISHLIST"
    BOUGHT_TOGETHER = "BOUGHT_TOGETHER"
    MINIMUM = "MINIMUM"
    MIX_AND_MATCH = "MIX_AND_MATCH"


class Measure(StrEnum):
    """What is counted."""

    QUANTITY = "QUANTITY"
    AMOUNT = "AMOUNT"


class Extent(StrEnum):
    """Over what it is counted: each line by itself, the lines the rule is for, or the whole order."""

    LINE = "LINE"
    ELIGIBLE_LINES = "ELIGIBLE_LINES"
    ORDER = "ORDER"


@dataclass(frozen=True, slots=True)
class Basket:
    """
    Lines as a rule meets them. Indexes are places in `lines`, which stand in the order of their rank.

    Args:
        amounts: n running line amounts, or those at the group's beginning.
        counted: the lines the rule is for, which count towards its minimums and tiers.
        open: those of them that it may still take from.
        quantities: n quantities that may benefit; less than what is paid where the rule has a limit.
    """

    lines: Sequence[RunningLine]
    amounts: Sequence[Decimal]
    counted: tuple[int, ...]
    open: tuple[int, ...]
    quantities: Sequence[Decimal]
    exponent: int
    rounds_once: bool = False  # percents of the whole, spread; not line by line

    def measured(self, measure: Measure, indexes: Sequence[int]) -> Decimal:
        """The quantity paid or the amount of some lines."""
        if measure is Measure.AMOUNT:
            return sum((self.amounts[i] for i in indexes), ZERO)
        return sum((self.lines[i].quantity_paid for i in indexes), ZERO)

    def over(self, extent: Extent, index: int) -> Sequence[int]:
        """The lines that are counted for one line."""
        if extent is Extent.LINE:
            return (index,)
        return self.counted if extent is Extent.ELIGIBLE_LINES else range(len(self.lines))


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a rule does not apply: a template over `data`, and a message id."""

    reason: str
    data: tuple[tuple[str, str], ...] = ()


class BuyerCondition:
    """Asks something of who buys."""

    __slots__ = ()
    kind: ClassVar[ConditionKind]
    specificity: ClassVar[int] = 1

    def holds(self, party: Party) -> bool:
        raise NotImplementedError


class ItemCondition:
    """Asks something of a line by itself; `basket` are the products of all lines."""

    __slots__ = ()
    kind: ClassVar[ConditionKind]
    specificity: ClassVar[int] = 1

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        raise NotImplementedError


class BasketCondition:
    """Asks something of the lines together."""

    __slots__ = ()
    kind: ClassVar[ConditionKind]
    specificity: ClassVar[int] = 0

    def lacking(self, basket: Basket, index: int) -> Miss | None:
        """What a line lacks; None where nothing."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class CustomerIs(BuyerCondition):
    """The buyer or one of its ancestors is among these customers."""

    kind: ClassVar[ConditionKind] = ConditionKind.CUSTOMER
    specificity: ClassVar[int] = 8
    values: frozenset[str]
    is_excluded: bool = False

    def holds(self, party: Party) -> bool:
        return self.values.isdisjoint(party.customers) == self.is_excluded


@dataclass(frozen=True, slots=True)
class CustomerGroupIs(BuyerCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.CUSTOMER_GROUP
    specificity: ClassVar[int] = 4
    values: frozenset[str]
    is_excluded: bool = False

    def holds(self, party: Party) -> bool:
        return (party.customer_group not in self.values) == self.is_excluded


@dataclass(frozen=True, slots=True)
class InSegment(BuyerCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.SEGMENT
    specificity: ClassVar[int] = 2
    values: frozenset[str]
    is_excluded: bool = False

    def holds(self, party: Party) -> bool:
        return self.values.isdisjoint(party.segments) == self.is_excluded


@dataclass(frozen=True, slots=True)
class ByChannel(BuyerCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.CHANNEL
    values: frozenset[str]

    def holds(self, party: Party) -> bool:
        return Channel(party.channel).value in self.values


@dataclass(frozen=True, slots=True)
class OnFirstOrder(BuyerCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.FIRST_ORDER

    def holds(self, party: Party) -> bool:
        return party.is_first_order


@dataclass(frozen=True, slots=True)
class Window:
    """
    Weekdays (Monday is 1) and hours of the seller's zone; no weekdays are all of them, hours are half-open.

    A window whose end is before its beginning passes midnight and belongs to the day it begins on.
    """

    kind: ClassVar[ConditionKind] = ConditionKind.WINDOW
    specificity: ClassVar[int] = 0
    weekdays: frozenset[int] = frozenset()
    from_time: time | None = None
    until_time: time | None = None

    def is_open(self, moment: datetime) -> bool:
        since, until, now = self.from_time or time.min, self.until_time, moment.time()
        weekday = moment.isoweekday()
        if until is None or since < until:
            is_hour = since <= now and (until is None or now < until)
        else:
            is_hour = since <= now or now < until
            if now < until:
                weekday = (weekday + 5) % 7 + 1  # the night of the day before
        return is_hour and (not self.weekdays or weekday in self.weekdays)


@dataclass(frozen=True, slots=True)
class ProductIs(ItemCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.PRODUCT
    specificity: ClassVar[int] = 8
    values: frozenset[str]
    is_excluded: bool = False

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return (facts.product not in self.values) == self.is_excluded


@dataclass(frozen=True, slots=True)
class CategoryIs(ItemCondition):
    """In one of these categories or below: paths as "/food/oil/"."""

    kind: ClassVar[ConditionKind] = ConditionKind.CATEGORY
    specificity: ClassVar[int] = 2
    values: frozenset[str]
    is_excluded: bool = False

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return facts.category_path.startswith(tuple(self.values)) != self.is_excluded


@dataclass(frozen=True, slots=True)
class BrandIs(ItemCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.BRAND
    specificity: ClassVar[int] = 4
    values: frozenset[str]
    is_excluded: bool = False

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return (facts.brand not in self.values) == self.is_excluded


@dataclass(frozen=True, slots=True)
class NearExpiry(ItemCondition):
    """The lot that would be sold expires in this many days or fewer."""

    kind: ClassVar[ConditionKind] = ConditionKind.NEAR_EXPIRY
    days: int

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return facts.days_to_expiry is not None and facts.days_to_expiry <= self.days


@dataclass(frozen=True, slots=True)
class BoughtBefore(ItemCondition):
    """The customer bought the product at least so many times in the last months (its own documents only)."""

    kind: ClassVar[ConditionKind] = ConditionKind.BOUGHT_BEFORE
    times: int
    months: int

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return facts.times_bought.get(self.months, 0) >= self.times


@dataclass(frozen=True, slots=True)
class InWishlist(ItemCondition):
    kind: ClassVar[ConditionKind] = ConditionKind.WISHLIST

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return facts.is_in_wishlist


@dataclass(frozen=True, slots=True)
class BoughtTogether(ItemCondition):
    """Another product of the basket is often bought with this one."""

    kind: ClassVar[ConditionKind] = ConditionKind.BOUGHT_TOGETHER

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return not facts.bought_together.isdisjoint(basket - {facts.product})


@dataclass(frozen=True, slots=True)
class Minimum(BasketCondition):
    """A quantity or amount from `least` on, up to below `below`; counted over `of`."""

    kind: ClassVar[ConditionKind] = ConditionKind.MINIMUM
    measure: Measure
    least: Decimal
    of: Extent = Extent.ELIGIBLE_LINES
    below: Decimal | None = None

    def lacking(self, basket: Basket, index: int) -> Miss | None:
        reached = basket.measured(self.measure, basket.over(self.of, index))
        if reached < self.least:
            data = (("least", plain(self.least)), ("reached", plain(reached)))
            if self.measure is Measure.AMOUNT:
                return Miss("It begins at an amount of {least}; this is {reached}.", data)
            return Miss("It begins at a quantity of {least}; this is {reached}.", data)
        if self.below is not None and reached >= self.below:
            return Miss(
                "It ends below {below}; this is {reached}.",
                (("below", plain(self.below)), ("reached", plain(reached))),
            )
        return None


@dataclass(frozen=True, slots=True)
class MixAndMatch(BasketCondition):
    """
    So many units of the rule's products in any mixture, with some of each mandatory product among them.

    Args:
        mandatory: product and the least quantity of it.
    """

    kind: ClassVar[ConditionKind] = ConditionKind.MIX_AND_MATCH
    specificity: ClassVar[int] = 1
    quantity: Decimal
    mandatory: tuple[tuple[str, Decimal], ...] = ()

    def lacking(self, basket: Basket, index: int) -> Miss | None:
        reached = basket.measured(Measure.QUANTITY, basket.counted)
        if reached < self.quantity:
            data = (("least", plain(self.quantity)), ("reached", plain(reached)))
            return Miss("It begins at a quantity of {least}; this is {reached}.", data)
        for product, least in self.mandatory:
            having = [i for i in basket.counted if basket.lines[i].facts.product == product]
            if basket.measured(Measure.QUANTITY, having) < least:
                return Miss("A product that must be among them is missing.")
        return None


Condition = BuyerCondition | ItemCondition | BasketCondition | Window

CONDITION_TYPES: dict[ConditionKind, type[Condition]] = {
    each.kind: each
    for each in (
        CustomerIs, CustomerGroupIs, InSegment, ByChannel, OnFirstOrder, Window, ProductIs, CategoryIs, BrandIs,
        NearExpiry, BoughtBefore, InWishlist, BoughtTogether, Minimum, MixAndMatch,
    )
}  # fmt: skip
