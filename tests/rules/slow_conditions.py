"""Whom, what and when a discount rule is for, read a second time from the rule book, section 4."""

from datetime import datetime, time

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
    Minimum,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)
from rules.discounts_rules import DiscountRule
from rules.pricing_facts import LineFacts, Party

_SPECIFICITY: dict[type, int] = {
    CustomerIs: 8, ProductIs: 8, CustomerGroupIs: 4, BrandIs: 4, InSegment: 2, CategoryIs: 2, Window: 0, Minimum: 0,
}  # fmt: skip


def specificity(rule: DiscountRule) -> int:
    return sum(_SPECIFICITY.get(type(each), 1) for each in rule.conditions)


def is_for(rule: DiscountRule, party: Party, line: LineFacts, products: set[str], now: datetime) -> bool:
    day = now.date()
    return (
        (rule.valid_from is None or rule.valid_from <= day)
        and (rule.valid_until is None or day < rule.valid_until)
        and rule.currency in ("", party.currency)
        and (rule.coupon == "" or rule.coupon in party.coupons)
        and all(_asks(each, party, line, products, now) for each in rule.conditions)
    )


def _asks(condition: Condition, party: Party, line: LineFacts, products: set[str], now: datetime) -> bool:
    """Whether a condition of the buyer, the moment or the line holds; those of the basket come later."""
    match condition:
        case CustomerIs():
            return bool(condition.values & set(party.customers)) is not condition.is_excluded
        case CustomerGroupIs():
            return (party.customer_group in condition.values) is not condition.is_excluded
        case InSegment():
            return bool(condition.values & party.segments) is not condition.is_excluded
        case ProductIs():
            return (line.product in condition.values) is not condition.is_excluded
        case BrandIs():
            return (line.brand in condition.values) is not condition.is_excluded
        case CategoryIs():
            return (
                any(line.category_path.startswith(each) for each in condition.values)
                is not condition.is_excluded
            )
        case ByChannel():
            return party.channel.value in condition.values
        case OnFirstOrder():
            return party.is_first_order
        case NearExpiry():
            return line.days_to_expiry is not None and line.days_to_expiry <= condition.days
        case BoughtBefore():
            return line.times_bought.get(condition.months, 0) >= condition.times
        case InWishlist():
            return line.is_in_wishlist
        case BoughtTogether():
            return bool(line.bought_together & (products - {line.product}))
        case Window():
            return _is_open(condition, now)
    return True


def _is_open(window: Window, now: datetime) -> bool:
    since, until = window.from_time or time.min, window.until_time
    day, clock = now.isoweekday(), now.time()
    days = window.weekdays or frozenset(range(1, 8))
    if until is None:
        return day in days and since <= clock
    if since < until:
        return day in days and since <= clock < until
    before = 7 if day == 1 else day - 1
    return (day in days and since <= clock) or (before in days and clock < until)
