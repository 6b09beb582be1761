"""Whether an order waits for the company's own approver: the buyer's limits and the company's rule."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO


class SpendPeriod(StrEnum):
    """Calendar periods in the seller's time zone; a week begins on Monday."""

    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class ApprovalReason(StrEnum):
    """Why an order waits."""

    OVER_ORDER_LIMIT = "OVER_ORDER_LIMIT"
    OVER_PERIOD_LIMIT = "OVER_PERIOD_LIMIT"
    OVER_COMPANY_THRESHOLD = "OVER_COMPANY_THRESHOLD"
    CATEGORY = "CATEGORY"
    # What the seller's people give by hand; their own limits ask, not the company's.
    OVER_LINE_DEPTH = "OVER_LINE_DEPTH"
    OVER_ORDER_DEPTH = "OVER_ORDER_DEPTH"
    OVER_BUDGET = "OVER_BUDGET"


@dataclass(frozen=True, slots=True)
class SpendLimits:
    """A buyer's limits, gross and in the customer's currency; None is no limit, 0.00 lets nothing through."""

    per_order: Decimal | None = None
    per_period: Decimal | None = None
    period: SpendPeriod = SpendPeriod.MONTH


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """
    What waits whoever orders.

    Args:
        above: gross above which every order waits; None for no such amount.
        categories: codes of product categories; a line in one of them or below it makes the order wait.
        category_above: net that the lines of those categories may reach without waiting.
    """

    above: Decimal | None = None
    categories: Collection[str] = ()
    category_above: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class SpendLine:
    """A line for the rule: its net, and its category's path from the root as "/food/oil/"."""

    net: Decimal
    category_path: str


@dataclass(frozen=True, slots=True)
class ApprovalNeed:
    """
    One reason to wait.

    limit: what may be spent. amount: what is: the order, the period with it, or the lines of the categories.
    categories: which of the rule's were met, sorted; empty for the other reasons.
    """

    reason: ApprovalReason
    limit: Decimal
    amount: Decimal
    categories: tuple[str, ...] = ()


def period_of(on: date, period: SpendPeriod) -> tuple[date, date]:
    """The period that a day lies in, its first day and the first day after it."""
    if period == SpendPeriod.WEEK:
        start = on - timedelta(days=on.weekday())
        return start, start + timedelta(days=7)
    months = {SpendPeriod.MONTH: 1, SpendPeriod.QUARTER: 3, SpendPeriod.YEAR: 12}[period]
    first = (on.month - 1) // months * months
    start, following = date(on.year, first + 1, 1), first + months
    return start, date(on.year + following // 12, following % 12 + 1, 1)


def approval_needs(
    gross: Decimal,
    lines: Sequence[SpendLine],
    limits: SpendLimits | None,
    spent: Decimal,
    rule: ApprovalRule | None,
) -> list[ApprovalNeed]:
    """
    Why an order waits for an approver of its company, in the enum's order; empty where it does not.

    A limit that is reached exactly is kept. Both limits and rule hold for the order as a whole, so that approving it
    once answers all reasons.

    Args:
        gross: total of the order.
        limits: the buyer's; None for somebody without limits (approvers order within the company's rule only).
        spent: gross of the buyer's other orders of the period, without refused and cancelled ones.
        rule: the company's; None where it has none.
    """
    needs = []
    if limits is not None and limits.per_order is not None and gross > limits.per_order:
        needs.append(ApprovalNeed(ApprovalReason.OVER_ORDER_LIMIT, limits.per_order, gross))
    if limits is not None and limits.per_period is not None and spent + gross > limits.per_period:
        needs.append(ApprovalNeed(ApprovalReason.OVER_PERIOD_LIMIT, limits.per_period, spent + gross))
    if rule is None:
        return needs
    if rule.above is not None and gross > rule.above:
        needs.append(ApprovalNeed(ApprovalReason.OVER_COMPANY_THRESHOLD, rule.above, gross))
    met = {code for code in rule.categories for line in lines if f"/{code}/" in line.category_path}
    net = sum((line.net for line in lines if any(f"/{code}/" in line.category_path for code in met)), ZERO)
    if met and (net > rule.category_above or not rule.category_above):
        needs.append(ApprovalNeed(ApprovalReason.CATEGORY, rule.category_above, net, tuple(sorted(met))))
    return needs


def may_approve(approver_id: object, placed_by_id: object, acting_for_id: object | None = None) -> bool:
    """Nobody approves an order of their own, nor one that was placed for them."""
    return approver_id not in (placed_by_id, acting_for_id)
