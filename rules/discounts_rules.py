"""Discount rules and their groups as shapes: when a rule counts, what it gives, how far (rule book 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from rules.discounts_benefits import (
    Benefit,
    LeastExpensive,
    SetPrice,
    Tiered,
    is_linewise,
    is_percent,
    needs_currency,
)
from rules.discounts_conditions import (
    BasketCondition,
    BoughtBefore,
    BoughtTogether,
    BuyerCondition,
    Condition,
    InWishlist,
    ItemCondition,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    ProductIs,
    Window,
)
from rules.money import ZERO
from rules.pricing_facts import LineFacts, Party


class Phase(StrEnum):
    """When a rule runs (rule book 0.1, 15: phases 4, 5, 7 and 10)."""

    LINE = "LINE"
    ALLOWANCE = "ALLOWANCE"
    ORDER = "ORDER"
    ALWAYS = "ALWAYS"


class Stacking(StrEnum):
    """
    How the rules of a group combine.

    SUMMED takes every percent of the amount at the group's beginning, CASCADED of the running amount.
    """

    EXCLUSIVE = "EXCLUSIVE"
    BEST = "BEST"
    SUMMED = "SUMMED"
    CASCADED = "CASCADED"


class Concurrency(StrEnum):
    """How one rule stands to the others of its group, where it differs from them."""

    EXCLUSIVE = "EXCLUSIVE"
    BEST = "BEST"
    COMPOUNDED = "COMPOUNDED"
    ALWAYS = "ALWAYS"


@dataclass(frozen=True, slots=True)
class DiscountGroup:
    """
    Rules that combine in one way, and the group's place among the others.

    Args:
        suppresses: codes of groups that do nothing on a line where a rule of this one holds (condition exclusion D).
        competes_with: the group of which only the better one counts, each summed; "" for none (exclusion C).
    """

    code: str
    sequence: int
    stacking: Stacking
    suppresses: frozenset[str] = frozenset()
    competes_with: str = ""


@dataclass(frozen=True, slots=True)
class DiscountRule:
    """
    One rule.

    Args:
        group: the code of its group.
        priority: the higher goes first.
        valid_until: the day after the last; None has no end.
        currency: of the amounts it names; "" where it names none. In another currency the rule is ignored.
        concurrency: None is its group's stacking.
        most_amount, most_quantity: how much it takes off, and how many units benefit, per order at most.
        remaining, remaining_for_customer: how many orders may still use it; None is any number.
        coupon: the code that has to be entered, folded by `rules.texts.item_key`; "" for none.
        stops_further: no rule of a later group, in this or a later phase, takes from a line that it took from
            (always-apply rules do).
        created_order: the newer rule has the higher number.
    """

    id: str
    name: str
    group: str
    phase: Phase
    benefit: Benefit
    conditions: tuple[Condition, ...] = ()
    priority: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    currency: str = ""
    concurrency: Concurrency | None = None
    most_amount: Decimal | None = None
    most_quantity: Decimal | None = None
    remaining: int | None = None
    remaining_for_customer: int | None = None
    coupon: str = ""
    stops_further: bool = False
    created_order: int = 0

    @property
    def specificity(self) -> int:
        """The narrower the conditions, the higher: one customer or product above a group or brand."""
        return sum(condition.specificity for condition in self.conditions)

    @property
    def runs_in(self) -> Phase:
        return Phase.ALWAYS if self.concurrency is Concurrency.ALWAYS else self.phase

    @property
    def is_linewise(self) -> bool:
        """Whether it may win one line and lose another; a set, a spread amount and a limit hold or fall as one."""
        return (
            is_linewise(self.benefit)
            and self.most_amount is None
            and self.most_quantity is None
            and not any(isinstance(condition, MixAndMatch) for condition in self.conditions)
            and not (self.runs_in is Phase.ORDER and is_percent(self.benefit))
        )

    @property
    def may_gain_by_less(self) -> bool:
        """Whether it might take more from fewer lines: it chooses units among them, or holds by how many they are."""
        return not self.is_linewise and (
            self.most_quantity is not None
            or isinstance(self.benefit, SetPrice | LeastExpensive | Tiered)
            or any(isinstance(condition, MixAndMatch) for condition in self.conditions)
        )

    @property
    def needs_currency(self) -> bool:
        return (
            needs_currency(self.benefit)
            or self.most_amount is not None
            or any(isinstance(each, Minimum) and each.measure is Measure.AMOUNT for each in self.conditions)
        )

    def is_in_force(self, moment: datetime) -> bool:
        """On a moment of the seller's zone, weekdays and hours apart."""
        day = moment.date()
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )

    def is_for(self, party: Party) -> bool:
        """Whether the buyer may have it at all, before anything is asked of the lines."""
        return (
            (not self.currency or self.currency == party.currency)
            and (not self.coupon or self.coupon in party.coupons)
            and all(each.holds(party) for each in self.conditions if isinstance(each, BuyerCondition))
        )

    def is_open(self, moment: datetime) -> bool:
        return all(each.is_open(moment) for each in self.conditions if isinstance(each, Window))

    @property
    def products(self) -> frozenset[str] | None:
        """Where it names products, those it may be for; None where any may match."""
        named = (each for each in self.conditions if isinstance(each, ProductIs) and not each.is_excluded)
        first = next(named, None)
        return None if first is None else first.values

    def matches(self, facts: LineFacts, basket: frozenset[str]) -> bool:
        return all(each.matches(facts, basket) for each in self.conditions if isinstance(each, ItemCondition))

    @property
    def basket_conditions(self) -> tuple[BasketCondition, ...]:
        return tuple(each for each in self.conditions if isinstance(each, BasketCondition))


def concurrency_of(rule: DiscountRule, group: DiscountGroup) -> Concurrency:
    """The rule's own, or what its group's stacking means for it."""
    if rule.concurrency is not None:
        return rule.concurrency
    if group.stacking is Stacking.EXCLUSIVE:
        return Concurrency.EXCLUSIVE
    return Concurrency.BEST if group.stacking is Stacking.BEST else Concurrency.COMPOUNDED


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What a rule took off a document in all, and from how many units."""

    rule_id: str
    amount: Decimal = ZERO
    quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class FactsAsked:
    """
    What rules ask of the lines that is dear to know.

    Args:
        months: how far back what was bought counts, each once.
        is_favourite: whether any rule asks for wishlists, past purchases, or what is bought together.
        is_expiry: whether any asks when the lot that would be sold expires.
    """

    months: tuple[int, ...] = ()
    is_favourite: bool = False
    is_expiry: bool = False


def facts_asked(rules: Iterable[DiscountRule]) -> FactsAsked:
    """What has to be gathered for these rules, so that others cost nothing."""
    conditions = [condition for rule in rules for condition in rule.conditions]
    months = {each.months for each in conditions if isinstance(each, BoughtBefore)}
    return FactsAsked(
        tuple(sorted(months)),
        any(isinstance(each, (BoughtBefore, InWishlist, BoughtTogether)) for each in conditions),
        any(isinstance(each, NearExpiry) for each in conditions),
    )
