"""What a discount rule gets in the way of, with an example basket and what it would cost either way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from rules.discounts import apply_phase
from rules.discounts_benefits import Benefit, LeastExpensive, Percent, SetPrice, Tiered
from rules.discounts_checks import allowed, contradictions
from rules.discounts_conditions import (
    BoughtBefore,
    BoughtTogether,
    BrandIs,
    ByChannel,
    CategoryIs,
    Condition,
    CustomerGroupIs,
    CustomerIs,
    InSegment,
    InWishlist,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, concurrency_of
from rules.money import ZERO, line_amount
from rules.pricing_facts import Channel, LineFacts, Party
from rules.pricing_running import RunningDocument, RunningLine

DAYS_TRIED = 14


class ConflictKind(StrEnum):
    """How two rules of one group stand in each other's way."""

    EQUAL_PRIORITY = "EQUAL_PRIORITY"
    NEVER_APPLIES = "NEVER_APPLIES"
    HIDES_ANOTHER = "HIDES_ANOTHER"


@dataclass(frozen=True, slots=True)
class Sample:
    """A product that an example may be made of: its facts for one unit, and the price of `price_unit` units."""

    facts: LineFacts
    unit_price: Decimal
    price_unit: Decimal


@dataclass(frozen=True, slots=True)
class Example:
    """A basket that both rules are for, on a moment when both hold; its net without rules, with each, with both."""

    lines: tuple[RunningLine, ...]
    moment: datetime
    net_without: Decimal
    net_with_rule: Decimal
    net_with_other: Decimal
    net_with_both: Decimal


@dataclass(frozen=True, slots=True)
class Conflict:
    """`example` is None where no product at hand fits both rules."""

    kind: ConflictKind
    other: DiscountRule
    example: Example | None


def conflicts(
    rule: DiscountRule,
    others: Iterable[DiscountRule],
    group: DiscountGroup,
    samples: Sequence[Sample],
    today: date,
    currency: str,
    exponent: int,
) -> list[Conflict]:
    """
    The rules of the same group and phase that the rule competes with where nobody chose who wins.

    Args:
        others: rules of the group; the rule itself may be among them.
        currency: of the samples' prices.
    Returns:
        Conflicts by the other rule's name and id: equal priorities where only one may apply, a rule that always
        wins over this one, and rules that this one always wins over.
    """
    found = []
    for other in sorted(others, key=lambda each: (each.name, each.id)):
        if other.id == rule.id or other.group != rule.group or other.runs_in is not rule.runs_in:
            continue
        kind = _kind(rule, other, group) if may_meet(rule, other) else None
        if kind is not None:
            found.append(
                Conflict(kind, other, _example(rule, other, group, samples, today, currency, exponent))
            )
    return found


def _kind(rule: DiscountRule, other: DiscountRule, group: DiscountGroup) -> ConflictKind | None:
    modes = {concurrency_of(rule, group), concurrency_of(other, group)}
    if not modes <= {Concurrency.EXCLUSIVE, Concurrency.BEST} or len(modes) != 1:
        return None
    is_exclusive = modes == {Concurrency.EXCLUSIVE}
    if _hides(other, rule, is_exclusive=is_exclusive):
        return ConflictKind.NEVER_APPLIES
    if _hides(rule, other, is_exclusive=is_exclusive):
        return ConflictKind.HIDES_ANOTHER
    if is_exclusive and rule.priority == other.priority:
        return ConflictKind.EQUAL_PRIORITY
    return None


def _hides(winner: DiscountRule, loser: DiscountRule, *, is_exclusive: bool) -> bool:
    """Whether wherever the loser holds the winner holds too and comes first."""
    if winner.coupon or winner.remaining is not None or winner.remaining_for_customer is not None:
        return False
    if winner.most_quantity is not None or not winner.is_linewise:
        return False
    is_always = (winner.valid_from is None or (loser.valid_from or date.min) >= winner.valid_from) and (
        winner.valid_until is None or (loser.valid_until or date.max) <= winner.valid_until
    )
    if not is_always or (winner.currency and winner.currency != loser.currency):
        return False
    if not all(any(implies(own, each) for own in loser.conditions) for each in winner.conditions):
        return False
    if is_exclusive and winner.priority != loser.priority:
        return winner.priority > loser.priority
    return (
        isinstance(winner.benefit, Percent)
        and isinstance(loser.benefit, Percent)
        and winner.most_amount is None
        and winner.benefit.percent > loser.benefit.percent
    )


def implies(narrow: Condition, wide: Condition) -> bool:
    """Whether what passes the one always passes the other."""
    if narrow == wide:
        return True
    if isinstance(narrow, Minimum) and isinstance(wide, Minimum):
        is_below = wide.below is None or (narrow.below is not None and narrow.below <= wide.below)
        return (
            (narrow.measure, narrow.of) == (wide.measure, wide.of) and narrow.least >= wide.least and is_below
        )
    if isinstance(narrow, CategoryIs) and isinstance(wide, CategoryIs):
        return not (narrow.is_excluded or wide.is_excluded) and all(
            path.startswith(tuple(wide.values)) for path in narrow.values
        )
    for kind in (CustomerIs, CustomerGroupIs, InSegment, ProductIs, BrandIs):
        if isinstance(narrow, kind) and isinstance(wide, kind):
            if narrow.is_excluded != wide.is_excluded:
                return wide.is_excluded and kind is not CustomerIs and narrow.values.isdisjoint(wide.values)
            return narrow.values >= wide.values if wide.is_excluded else narrow.values <= wide.values
    if isinstance(narrow, ByChannel) and isinstance(wide, ByChannel):
        return narrow.values <= wide.values
    return isinstance(narrow, NearExpiry) and isinstance(wide, NearExpiry) and narrow.days <= wide.days


def may_meet(rule: DiscountRule, other: DiscountRule) -> bool:
    """Whether some basket on some day could have both."""
    if rule.currency and other.currency and rule.currency != other.currency:
        return False
    first = max(rule.valid_from or date.min, other.valid_from or date.min)
    if first >= min(rule.valid_until or date.max, other.valid_until or date.max):
        return False
    both = rule.conditions + other.conditions
    if next(contradictions(both), None) is not None:
        return False
    channels = [each.values for each in both if isinstance(each, ByChannel)]
    days = [each.weekdays for each in both if isinstance(each, Window) and each.weekdays]
    if any(group and not frozenset.intersection(*group) for group in (channels, days)):
        return False
    minimums = [each for each in both if isinstance(each, Minimum)]
    return not any(
        (one.measure, one.of) == (two.measure, two.of) and one.below is not None and one.below <= two.least
        for one in minimums
        for two in minimums
    )


def _example(
    rule: DiscountRule,
    other: DiscountRule,
    group: DiscountGroup,
    samples: Sequence[Sample],
    today: date,
    currency: str,
    exponent: int,
) -> Example | None:
    moment = _moment(rule, other, today)
    lines = _basket(rule, other, samples)
    if moment is None or not lines or any(each.currency not in ("", currency) for each in (rule, other)):
        return None
    party = _buyer(rule.conditions + other.conditions, currency, exponent)
    party = replace(party, coupons=frozenset({rule.coupon, other.coupon} - {""}))
    alone = replace(group, suppresses=frozenset(), competes_with="")
    usable = [replace(each, remaining=None, remaining_for_customer=None) for each in (rule, other)]

    def net(rules: list[DiscountRule]) -> Decimal:
        document = RunningDocument([_running(each, quantity, exponent) for each, quantity in lines], exponent)
        for phase in Phase:
            apply_phase(document, party, rules, [alone], phase, moment)
        return document.amount

    made = tuple(_running(each, quantity, exponent) for each, quantity in lines)
    example = Example(made, moment, net([]), net(usable[:1]), net(usable[1:]), net(usable))
    is_telling = example.net_without not in (example.net_with_rule, example.net_with_other)
    return example if is_telling else None


def _running(sample: Sample, quantity: Decimal, exponent: int) -> RunningLine:
    facts = replace(sample.facts, quantity=quantity)
    amount = line_amount(quantity, sample.unit_price, sample.price_unit, exponent)
    return RunningLine(facts, sample.unit_price, sample.price_unit, amount, [])


def _moment(rule: DiscountRule, other: DiscountRule, today: date) -> datetime | None:
    """A moment from today on when both hold: noon, or else on the hour, of the first day that has one."""
    first = max(today, rule.valid_from or date.min, other.valid_from or date.min)
    for day in range(DAYS_TRIED):
        for hour in (12, *range(24)):
            moment = datetime.combine(first + timedelta(days=day), time(hour))
            if all(each.is_in_force(moment) and each.is_open(moment) for each in (rule, other)):
                return moment
    return None


def _basket(
    rule: DiscountRule, other: DiscountRule, samples: Sequence[Sample]
) -> list[tuple[Sample, Decimal]]:
    """One product that both are for in the quantity that both ask, and what they say must be among it."""
    both = rule.conditions + other.conditions
    wished = [_favoured(each, both) for each in sorted(samples, key=lambda each: each.facts.rank)]
    products = frozenset(each.facts.product for each in wished)
    fitting = [each for each in wished if all(one.matches(each.facts, products) for one in (rule, other))]
    chosen = next((each for each in fitting if each.unit_price > 0), None)
    if chosen is None:
        return []
    price = chosen.unit_price / chosen.price_unit
    quantity = max(
        [Decimal(1)]
        + [_asked(each, price) for each in both]
        + [_benefiting(each.benefit, price) for each in (rule, other)]
    ).to_integral_value(ROUND_CEILING)
    lines = {chosen.facts.product: (chosen, quantity)}
    for condition in both:
        for product, least in condition.mandatory if isinstance(condition, MixAndMatch) else ():
            sample = next((each for each in wished if each.facts.product == product), None)
            if sample is None:
                return []
            known = lines.get(product, (sample, ZERO))
            lines[product] = (sample, max(known[1], least))
    if any(isinstance(each, BoughtTogether) for each in both) and len(lines) == 1:
        companion = next((each for each in wished if each is not chosen), None)
        if companion is None:
            return []
        lines[companion.facts.product] = (companion, Decimal(1))
    return list(lines.values())


def _favoured(sample: Sample, conditions: Sequence[Condition]) -> Sample:
    """The product as one that was bought, wished for or expires as the conditions ask."""
    facts = sample.facts
    for condition in conditions:
        if isinstance(condition, BoughtBefore):
            facts = replace(facts, times_bought={**facts.times_bought, condition.months: 1000})
        elif isinstance(condition, InWishlist):
            facts = replace(facts, is_in_wishlist=True)
        elif isinstance(condition, NearExpiry):
            facts = replace(facts, days_to_expiry=0)
    return replace(sample, facts=facts)


def _asked(condition: Condition, price: Decimal) -> Decimal:
    if isinstance(condition, Minimum):
        return condition.least / price if condition.measure is Measure.AMOUNT else condition.least
    return condition.quantity if isinstance(condition, MixAndMatch) else ZERO


def _benefiting(benefit: Benefit, price: Decimal) -> Decimal:
    if isinstance(benefit, SetPrice):
        return benefit.quantity
    if isinstance(benefit, LeastExpensive):
        return benefit.per or benefit.count
    if isinstance(benefit, Tiered):
        least = benefit.tiers[0].least
        return least / price if benefit.measure is Measure.AMOUNT else least
    return ZERO


def _buyer(conditions: Sequence[Condition], currency: str, exponent: int) -> Party:
    """A buyer as all the conditions ask; those that only exclude are met by being nobody in particular."""
    customers = allowed(each for each in conditions if isinstance(each, CustomerIs))
    groups = allowed(each for each in conditions if isinstance(each, CustomerGroupIs))
    segments = [each.values for each in conditions if isinstance(each, InSegment) and not each.is_excluded]
    channels = [each.values for each in conditions if isinstance(each, ByChannel)]
    common = frozenset.intersection(*channels) if channels else frozenset({Channel.PORTAL.value})
    return Party(
        customers=tuple(sorted(customers)[:1]) if customers else (),
        currency=currency,
        exponent=exponent,
        customer_group=min(groups) if groups else "",
        segments=frozenset().union(*segments),
        channel=Channel(min(common)),
        is_first_order=any(isinstance(each, OnFirstOrder) for each in conditions),
    )
