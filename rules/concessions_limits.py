"""What somebody of the seller may give by hand without asking: how deep, and how much in a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from rules.concessions import ConcessionDepth
from rules.money import ZERO, percent_of, round_money
from rules.refusals import ErrorCode, Refusal
from rules.spending import ApprovalReason, SpendPeriod

PERCENT_MAX = Decimal(100)


@dataclass(frozen=True, slots=True)
class ConcessionLimit:
    """
    Depths in percent of what the rules give; the budget is before tax and in the seller's currency.

    None is without limit, 0 lets nothing through.
    """

    per_line_percent: Decimal | None = None
    per_order_percent: Decimal | None = None
    budget: Decimal | None = None
    period: SpendPeriod = SpendPeriod.MONTH


NO_LIMIT = ConcessionLimit()


def widest(limits: Sequence[ConcessionLimit | None]) -> ConcessionLimit:
    """
    What a person with several roles may give: of each limit the widest; a role of which nothing is said has none.

    Of different periods the first one's counts.
    """
    known = [each for each in limits if each is not None]
    if not known or len(known) < len(limits):
        return NO_LIMIT
    return ConcessionLimit(
        _most([each.per_line_percent for each in known]),
        _most([each.per_order_percent for each in known]),
        _most([each.budget for each in known]),
        known[0].period,
    )


def _most(values: Sequence[Decimal | None]) -> Decimal | None:
    told = [each for each in values if each is not None]
    return max(told) if len(told) == len(values) else None


@dataclass(frozen=True, slots=True)
class ConcessionNeed:
    """Why somebody else has to consent: what passes without asking, and what it comes to."""

    reason: ApprovalReason
    limit: Decimal
    amount: Decimal


def concession_needs(
    limit: ConcessionLimit,
    line: ConcessionDepth | None,
    order: ConcessionDepth,
    spent: Decimal,
    given: Decimal,
    rate: Decimal = Decimal(1),
) -> list[ConcessionNeed]:
    """
    Why a concession has to be asked for; empty where it does not. All amounts are in the order's currency.

    Args:
        line: how deep it goes on its line; None for a line that is given whole, which no line's limit is for.
        order: how deep the order goes with it.
        spent: what the person gave elsewhere in the period without asking, and `given` what they would on this line,
            both in the seller's currency.
        rate: what one of the order's currency is worth in the seller's.
    """
    found = []
    for depth, percent, reason in (
        (line, limit.per_line_percent, ApprovalReason.OVER_LINE_DEPTH),
        (order, limit.per_order_percent, ApprovalReason.OVER_ORDER_DEPTH),
    ):
        if depth is not None and percent is not None and depth.amount * 100 > depth.reference * percent:
            found.append(ConcessionNeed(reason, percent_of(depth.reference, percent), depth.amount))
    if limit.budget is not None and given > ZERO and spent + given > limit.budget:
        left = max(limit.budget - spent, ZERO)
        with localcontext(prec=60):
            found.append(
                ConcessionNeed(
                    ApprovalReason.OVER_BUDGET, round_money(left / rate), round_money(given / rate)
                )
            )
    return found


def check_limit(limit: ConcessionLimit) -> list[Refusal]:
    """What is wrong with the depths of a limit that somebody enters."""
    return [
        Refusal(ErrorCode.INVALID, "A percent is from 0 to 100, with 6 decimals at most.", (name,))
        for name, percent in (
            ("perLinePercent", limit.per_line_percent),
            ("perOrderPercent", limit.per_order_percent),
        )
        if percent is not None and not (ZERO <= percent <= PERCENT_MAX and percent == round(percent, 6))
    ]
