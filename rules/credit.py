"""Credit: what a customer owes and will owe, what that stops, and when it frees up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rules.money import ZERO
from rules.states import HoldReason


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """What is left to pay of an instalment, in the account's currency; `due_on` is its day."""

    invoice_number: str
    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """
    What is open at the company or the parent that holds the limit, gross and in the account's currency.

    Args:
        orders: open orders, what is neither delivered nor cancelled of them.
        delivered: delivered and not invoiced.
        instalments: open instalments of issued invoices.
        unapplied: credits and payments on account that are not applied to an invoice; never negative.
    """

    orders: Decimal
    delivered: Decimal
    instalments: Sequence[OpenInstalment]
    unapplied: Decimal

    @property
    def invoices(self) -> Decimal:
        return sum((each.amount for each in self.instalments), ZERO)

    @property
    def exposure(self) -> Decimal:
        """Rule book 0.2 (27); below zero where the customer has more with us than they owe."""
        return self.orders + self.delivered + self.invoices - self.unapplied


@dataclass(frozen=True, slots=True)
class CreditStep:
    """From `on` the exposure is `exposure`, if the instalments due until then are paid on their day."""

    on: date
    invoice_number: str
    amount: Decimal
    exposure: Decimal


@dataclass(frozen=True, slots=True)
class CreditAssessment:
    """
    The two tests of an order against a customer's credit, and what would change their result.

    exposure: with the order added. limit: None where there is none. over_by: above the limit, and so the payment
    that would free it today; zero within it. overdue: instalments late by more days than allowed, oldest first.
    reasons: what puts an order on hold. frees_on: first day within the limit if what is due is paid on its day; None
    where it is within it already, or where those payments do not suffice. becomes_overdue_on: the day the next
    instalment would stop orders if it were not paid; None where none is left. steps: how the exposure falls.
    """

    exposure: Decimal
    limit: Decimal | None
    over_by: Decimal
    overdue: tuple[OpenInstalment, ...]
    reasons: frozenset[HoldReason]
    frees_on: date | None
    becomes_overdue_on: date | None
    steps: tuple[CreditStep, ...]

    @property
    def available(self) -> Decimal | None:
        """What may still be ordered; None where there is no limit."""
        return None if self.limit is None else max(self.limit - self.exposure, ZERO)


def assess_credit(
    facts: CreditFacts,
    limit: Decimal | None,
    today: date,
    *,
    overdue_days: int,
    adding: Decimal = ZERO,
) -> CreditAssessment:
    """
    Tests exposure against the limit, and instalments against the days they may be late.

    Args:
        limit: None for no limit; reaching it exactly is within it.
        overdue_days: n; an instalment stops orders when it is late by more than n days.
        adding: gross of an order that is not yet among the open ones.
    """
    exposure = facts.exposure + adding
    over_by = ZERO if limit is None else max(exposure - limit, ZERO)
    by_day = sorted(facts.instalments, key=lambda each: (each.due_on, each.invoice_number))
    last_good_day = today - timedelta(days=overdue_days)
    overdue = tuple(each for each in by_day if each.amount > 0 and each.due_on < last_good_day)
    later = [each for each in by_day if each.amount > 0 and each.due_on >= last_good_day]
    steps = _steps(by_day, exposure, today)
    reasons = {HoldReason.CREDIT} if over_by else set()
    if overdue:
        reasons.add(HoldReason.OVERDUE)
    frees = [step.on for step in steps if limit is not None and step.exposure <= limit]
    return CreditAssessment(
        exposure,
        limit,
        over_by,
        overdue,
        frozenset(reasons),
        frees[0] if over_by and frees else None,
        later[0].due_on + timedelta(days=overdue_days + 1) if later else None,
        steps,
    )


def _steps(by_day: Sequence[OpenInstalment], exposure: Decimal, today: date) -> tuple[CreditStep, ...]:
    """Payments to come, on their days; what is late already has no day that could be promised."""
    steps = []
    for each in by_day:
        if each.due_on >= today:
            exposure -= each.amount
            steps.append(CreditStep(each.due_on, each.invoice_number, each.amount, exposure))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order on hold for credit; `gross` is what it adds to the exposure once released."""

    number: str
    gross: Decimal


@dataclass(frozen=True, slots=True)
class OrderRelease:
    """When a held order can go on: `frees_on` is today for one that can go now, None for never by itself."""

    number: str
    frees_on: date | None
    payment_needed: Decimal
    blocked_by: frozenset[HoldReason]


def plan_releases(
    held: Sequence[HeldOrder],
    facts: CreditFacts,
    limit: Decimal | None,
    today: date,
    *,
    overdue_days: int,
) -> list[OrderRelease]:
    """
    For each held order, oldest first, the day its credit frees up when all orders before it go first.

    Args:
        held: orders that are among the open ones of `facts`; what is behind an order in the list does not count
            against it.
    Returns:
        One answer per order. `payment_needed` is what must come in today to release it now, overdue instalments
        included.
    """
    waiting = sum((order.gross for order in held), ZERO)
    releases = []
    for order in held:
        waiting -= order.gross
        found = assess_credit(facts, limit, today, overdue_days=overdue_days, adding=-waiting)
        late = sum((each.amount for each in found.overdue), ZERO)
        frees_on = today if not found.over_by else found.frees_on
        releases.append(
            OrderRelease(
                order.number,
                None if found.overdue else frees_on,
                max(found.over_by, late),
                found.reasons,
            )
        )
    return releases
