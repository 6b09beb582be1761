"""Rebates on a volume: the four tier methods, what each period books, and what a document is expected to earn."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, percent_of, round_money


class TierMethod(StrEnum):
    """
    How tiers rate a volume (rule book 6.2).

    STEPPED rates each band on its own; CUMULATIVE the whole volume at the highest tier reached, retroactively;
    ROLLING sums, over the tiers reached, each on the volume up to its end; TOTAL each on the whole volume.
    """

    STEPPED = "STEPPED"
    CUMULATIVE = "CUMULATIVE"
    ROLLING = "ROLLING"
    TOTAL = "TOTAL"


class TierBasis(StrEnum):
    """What tiers are reached by; the percent is of the amount in either case (RB-08)."""

    AMOUNT = "AMOUNT"
    QUANTITY = "QUANTITY"


class Expectation(StrEnum):
    """What a document's expected rebate rests on: the tiers as they are reached, or a stated rate (0.2, 36)."""

    REACHED = "REACHED"
    FORECAST = "FORECAST"


@dataclass(frozen=True, slots=True)
class Tier:
    """From `from_value` up to `to_value`, which belongs to the next tier; None has no end."""

    from_value: Decimal
    to_value: Decimal | None
    percent: Decimal


@dataclass(frozen=True, slots=True)
class RebateTerms:
    """How a deal rates a volume; `tiers` in any order."""

    tiers: tuple[Tier, ...]
    method: TierMethod
    basis: TierBasis = TierBasis.AMOUNT
    exponent: int = 2


@dataclass(frozen=True, slots=True)
class Volume:
    """What was sold, credits taken off."""

    amount: Decimal
    quantity: Decimal = ZERO

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(self.amount + other.amount, self.quantity + other.quantity)


@dataclass(frozen=True, slots=True)
class RebateLine:
    """A line sold, and whether the deal counts it; free lines never count (FG-10, RB-10)."""

    amount: Decimal
    quantity: Decimal
    is_eligible: bool


def eligible_volume(lines: Sequence[RebateLine]) -> Volume:
    """The lines that count, and they alone."""
    return sum((Volume(line.amount, line.quantity) for line in lines if line.is_eligible), Volume(ZERO))


def target(terms: RebateTerms, volume: Volume) -> Decimal:
    """
    The rebate of an accumulated volume, rounded (RB-01, 02, 08).

    By quantity, the amount counts in the proportion that the tiers rate the quantity. A volume below zero, of
    credits alone, is rated at the lowest tier.
    """
    measure = volume.amount if terms.basis is TierBasis.AMOUNT else volume.quantity
    if not measure:
        return round_money(ZERO, terms.exponent)
    with localcontext(prec=60):
        rated = _rated(sorted(terms.tiers, key=lambda tier: tier.from_value), terms.method, measure)
        return round_money(volume.amount * rated / measure / 100, terms.exponent)


def _rated(tiers: Sequence[Tier], method: TierMethod, measure: Decimal) -> Decimal:
    """Sum of percent x volume, over the tiers as the method reads them."""
    if measure < 0:
        return tiers[0].percent * measure if tiers else ZERO
    reached = [tier for tier in tiers if tier.from_value <= measure]
    if method is TierMethod.CUMULATIVE:
        return reached[-1].percent * measure if reached else ZERO
    if method is TierMethod.TOTAL:
        return sum((tier.percent * measure for tier in reached), ZERO)
    up_to = [measure if tier.to_value is None else min(measure, tier.to_value) for tier in reached]
    if method is TierMethod.ROLLING:
        return sum((tier.percent * end for tier, end in zip(reached, up_to, strict=True)), ZERO)
    return sum(
        (tier.percent * (end - tier.from_value) for tier, end in zip(reached, up_to, strict=True)), ZERO
    )


@dataclass(frozen=True, slots=True)
class Accrual:
    """After a period: the volume so far, the rebate it earns, and what is booked to get there."""

    volume: Volume
    target: Decimal
    delta: Decimal


def accruals(
    terms: RebateTerms, periods: Sequence[Volume], *, so_far: Volume | None = None, booked: Decimal = ZERO
) -> list[Accrual]:
    """
    What each period books: its target less all that was booked before (RB-04, 05, 07).

    Crossing a tier books what earlier periods lack, a credit takes back what they have too much.
    """
    found: list[Accrual] = []
    volume = so_far or Volume(ZERO)
    for period in periods:
        volume = volume + period
        due = target(terms, volume)
        found.append(Accrual(volume, due, due - booked))
        booked = due
    return found


def payable(calculated: Decimal, minimum: Decimal = ZERO) -> Decimal:
    """The rebate of a period is at least the minimum agreed; one below zero lets us claim (RB-14)."""
    return max(calculated, minimum)


def effective_percent(terms: RebateTerms, forecast: Volume) -> Decimal:
    """The rate that a forecast volume comes to, with 6 decimals."""
    if not forecast.amount:
        return ZERO
    with localcontext(prec=60):
        return round_money(target(terms, forecast) * 100 / forecast.amount, 6)


def expected_rebate(
    terms: RebateTerms,
    document: Volume,
    *,
    expectation: Expectation,
    so_far: Volume | None = None,
    forecast_percent: Decimal = ZERO,
) -> Decimal:
    """
    What a document is expected to earn, for its margin (rule book 0.2, 36).

    Args:
        so_far: REACHED: the volume before it; the document that crosses a tier carries what earlier ones lack, so
            that the documents of a period sum to its rebate.
        forecast_percent: FORECAST: the tier stated, or `effective_percent` of the run rate.
    """
    if expectation is Expectation.FORECAST:
        return percent_of(document.amount, forecast_percent, terms.exponent)
    before = so_far or Volume(ZERO)
    return target(terms, before + document) - target(terms, before)
