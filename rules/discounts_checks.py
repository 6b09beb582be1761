"""What is refused when a discount rule or group is saved: what cannot be explained, and what can never apply."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from rules.discounts_benefits import (
    AmountPerUnit,
    Benefit,
    LeastExpensive,
    Percent,
    SetPrice,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    BoughtBefore,
    BrandIs,
    CategoryIs,
    Condition,
    CustomerGroupIs,
    CustomerIs,
    Extent,
    InSegment,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    ProductIs,
    Window,
)
from rules.discounts_rules import DiscountGroup, DiscountRule
from rules.money import ZERO
from rules.refusals import ErrorCode, Path, Refusal

AMOUNT_END = Decimal(10) ** 12


def _no(text: str, *path: str | int, **data: object) -> Refusal:
    return Refusal(ErrorCode.INVALID, text, path, **data)


def check_rule(rule: DiscountRule) -> list[Refusal]:
    """Everything that is wrong with a rule, each with the field at fault; the paths are those of the rule's input."""
    found = [*_limits(rule), *_benefit(rule.benefit, ("benefit",))]
    for index, condition in enumerate(rule.conditions):
        found += _condition(condition, ("conditions", index))
    if not found:
        found += [*contradictions(rule.conditions), *_never(rule)]
    return found


def _limits(rule: DiscountRule) -> Iterator[Refusal]:
    if rule.valid_from is not None and rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        yield _no("The last day is before the first.", "validUntil")
    if rule.needs_currency and not rule.currency:
        yield _no("It names amounts: say in which currency.", "currency")
    for name, most in (("amountMax", rule.most_amount), ("quantityMax", rule.most_quantity)):
        if most is not None and not ZERO < most < AMOUNT_END:
            yield _no("This must be above zero.", name)


def _positive(value: Decimal, *path: str | int) -> Iterator[Refusal]:
    if not ZERO < value < AMOUNT_END:
        yield _no("This must be above zero.", *path)


def _benefit(benefit: Benefit, path: Path) -> Iterator[Refusal]:
    percent: Decimal | None = getattr(benefit, "percent", None)
    if percent is not None and not ZERO < percent <= 100:
        yield _no("A percent is above 0 and 100 at most.", *path, "percent")
    amount: Decimal | None = getattr(benefit, "amount", None)
    if amount is not None and isinstance(benefit, (UnitPrice, SetPrice)):
        if not ZERO <= amount < AMOUNT_END:
            yield _no("A price is not below zero.", *path, "amount")
    elif amount is not None:
        yield from _positive(amount, *path, "amount")
    if isinstance(benefit, UnitPrice):
        yield from _positive(benefit.price_unit, *path, "priceUnit")
    if isinstance(benefit, SetPrice):
        yield from _positive(benefit.quantity, *path, "quantity")
    if isinstance(benefit, LeastExpensive):
        yield from _positive(benefit.count, *path, "quantity")
        if benefit.per is not None and benefit.per < benefit.count:
            yield _no("More units benefit than there are in a set.", *path, "per")
    if isinstance(benefit, Tiered):
        yield from _tiers(benefit, path)


def _tiers(benefit: Tiered, path: Path) -> Iterator[Refusal]:
    if not benefit.tiers:
        yield _no("A benefit by tiers needs at least one tier.", *path, "tiers")
    before: Decimal | None = None
    for index, tier in enumerate(benefit.tiers):
        at = (*path, "tiers", index)
        if tier.least < 0 or (before is not None and tier.least <= before):
            yield _no("Each tier begins above the one before it.", *at, "least")
        before = tier.least
        if benefit.is_stepped and not isinstance(tier.benefit, (Percent, AmountPerUnit)):
            yield _no("Only percents and amounts per unit are given by steps.", *at, "benefit", "kind")
        if (
            benefit.is_stepped
            and benefit.measure is Measure.AMOUNT
            and isinstance(tier.benefit, AmountPerUnit)
        ):
            yield _no("An amount has no units: give a percent of each step.", *at, "benefit", "kind")
        if benefit.is_stepped and benefit.of is Extent.ORDER:
            yield _no("Steps are those of a line or of the rule's lines.", *path, "of")
        yield from _benefit(tier.benefit, (*at, "benefit"))


def _condition(condition: Condition, path: Path) -> Iterator[Refusal]:
    if getattr(condition, "values", None) == frozenset():
        yield _no("Name at least one.", *path, named(condition))
    if isinstance(condition, Window):
        if not condition.weekdays <= frozenset(range(1, 8)):
            yield _no("Weekdays are 1 (Monday) to 7 (Sunday).", *path, "weekdays")
        if condition.from_time is not None and condition.from_time == condition.until_time:
            yield _no("The window is empty: it ends when it begins.", *path, "untilTime")
    if isinstance(condition, NearExpiry) and not 0 <= condition.days <= 3650:
        yield _no("Days are 0 to {most}.", *path, "days", most=3650)
    if isinstance(condition, BoughtBefore):
        if not 1 <= condition.times <= 1000:
            yield _no("Times are 1 to {most}.", *path, "times", most=1000)
        if not 1 <= condition.months <= 60:
            yield _no("Months are 1 to {most}.", *path, "months", most=60)
    if isinstance(condition, Minimum):
        if not ZERO <= condition.least < AMOUNT_END:
            yield _no("A minimum is not below zero.", *path, "least")
        if condition.below is not None and condition.below <= condition.least:
            yield _no("It ends before it begins: no basket is both.", *path, "below")
    if isinstance(condition, MixAndMatch):
        yield from _positive(condition.quantity, *path, "quantity")
        for index, (_, least) in enumerate(condition.mandatory):
            yield from _positive(least, *path, "mandatory", index, "quantity")


def named(condition: Condition) -> str:
    """The input's field that a condition's values stand in."""
    if isinstance(condition, CustomerIs):
        return "customerIds"
    return "productIds" if isinstance(condition, ProductIs) else "codes"


def contradictions(conditions: tuple[Condition, ...]) -> Iterator[Refusal]:
    """Conditions that no buyer or product can meet together."""
    text = "With the other conditions nothing is left: the rule would never apply."
    for kind in (CustomerIs, CustomerGroupIs, ProductIs, BrandIs):
        at = [(i, each) for i, each in enumerate(conditions) if isinstance(each, kind)]
        if len(at) > 1 and allowed(each for _, each in at) == frozenset():
            yield _no(text, "conditions", at[-1][0], named(at[-1][1]))
    segments = [(i, each) for i, each in enumerate(conditions) if isinstance(each, InSegment)]
    for index, segment in segments:
        if segment.is_excluded and any(
            not each.is_excluded and each.values <= segment.values for _, each in segments
        ):
            yield _no(text, "conditions", index, "codes")
    yield from _categories(conditions, text)
    products = allowed(each for each in conditions if isinstance(each, ProductIs))
    for index, condition in enumerate(conditions):
        if isinstance(condition, MixAndMatch):
            if sum((least for _, least in condition.mandatory), ZERO) > condition.quantity:
                yield _no("More is mandatory than the mixture holds.", "conditions", index, "mandatory")
            elif products is not None and any(product not in products for product, _ in condition.mandatory):
                yield _no(text, "conditions", index, "mandatory")


def _categories(conditions: tuple[Condition, ...], text: str) -> Iterator[Refusal]:
    known = [(i, each) for i, each in enumerate(conditions) if isinstance(each, CategoryIs)]
    inside = [each for _, each in known if not each.is_excluded]
    for index, condition in known:
        for other in inside:
            if condition is other:
                continue
            if condition.is_excluded:
                is_empty = all(path.startswith(tuple(condition.values)) for path in other.values)
            else:
                is_empty = not any(
                    own.startswith(path) or path.startswith(own)
                    for own in condition.values
                    for path in other.values
                )
            if is_empty and (condition.is_excluded or condition is inside[-1]):
                yield _no(text, "conditions", index, "codes")


def allowed(
    conditions: Iterable[CustomerIs | CustomerGroupIs | ProductIs | BrandIs],
) -> frozenset[str] | None:
    """The values that pass all the conditions; None where only exclusions limit them."""
    inside: frozenset[str] | None = None
    outside: frozenset[str] = frozenset()
    for condition in conditions:
        if condition.is_excluded:
            outside |= condition.values
        else:
            inside = condition.values if inside is None else inside & condition.values
    return None if inside is None else inside - outside


def _never(rule: DiscountRule) -> Iterator[Refusal]:
    if rule.valid_from is None or rule.valid_until is None:
        return
    days = min((rule.valid_until - rule.valid_from).days, 7)
    weekdays = {(rule.valid_from + timedelta(days=day)).isoweekday() for day in range(days)}
    for index, condition in enumerate(rule.conditions):
        if isinstance(condition, Window) and condition.weekdays and condition.weekdays.isdisjoint(weekdays):
            yield _no("None of these weekdays lies within its validity.", "conditions", index, "weekdays")


def check_group(group: DiscountGroup, others: Iterable[DiscountGroup]) -> list[Refusal]:
    """What is wrong with a group beside the others of the seller."""
    by_code = {each.code: each for each in others if each.code != group.code}
    found = []
    for code in sorted(group.suppresses):
        if code not in by_code:
            found.append(_no("There is no other group {group}.", "suppresses", group=code))
        elif group.code in by_code[code].suppresses:
            found.append(_no("{group} makes this group inactive already.", "suppresses", group=code))
    rival = group.competes_with
    if rival and rival not in by_code:
        found.append(_no("There is no other group {group}.", "competesWith", group=rival))
    elif rival:
        taken = {each.competes_with for each in by_code.values()} | {
            each.code for each in by_code.values() if each.competes_with
        }
        if rival in taken - {group.code} and by_code[rival].competes_with != group.code:
            found.append(_no("{group} competes with another group already.", "competesWith", group=rival))
        if rival in group.suppresses or group.code in by_code[rival].suppresses:
            found.append(_no("A group that is made inactive competes with none.", "competesWith"))
    return found
