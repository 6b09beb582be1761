"""What is consumed of a sales agreement: a line's target, the columns of a commitment, what is missing, the states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from rules.money import ZERO, percent_of, round_money
from rules.refusals import InvalidTransition
from rules.sales_agreements import AgreementStatus

_PRECISION = 60


@dataclass(frozen=True, slots=True)
class Consumption:
    """
    What is booked of a commitment, or a change of it; each column counts by itself, cumulatively (rule book 3.4).

    `returned` came back linked to its order line: it is off the other three, and shown. An unlinked return is none
    of the agreement's business (SA-11).
    """

    released: Decimal = ZERO
    delivered: Decimal = ZERO
    invoiced: Decimal = ZERO
    returned: Decimal = ZERO

    def __add__(self, other: "Consumption") -> "Consumption":
        return Consumption(
            self.released + other.released,
            self.delivered + other.delivered,
            self.invoiced + other.invoiced,
            self.returned + other.returned,
        )

    def __sub__(self, other: "Consumption") -> "Consumption":
        return self + Consumption(-other.released, -other.delivered, -other.invoiced, -other.returned)

    def __bool__(self) -> bool:
        return self != Consumption()


def consumption_of(
    ordered: Decimal,
    cancelled: Decimal,
    shipped: Decimal,
    invoiced: Decimal,
    returned: Decimal,
    credited: Decimal,
) -> Consumption:
    """
    An order line's target, in its own unit: what it should have booked by now.

    A return gives back what it takes out of released and delivered (SA-10); out of invoiced it takes what is credited.
    """
    return Consumption(
        released=ordered - cancelled - returned,
        delivered=shipped - returned,
        invoiced=invoiced - credited,
        returned=returned,
    )


def scaled(target: Consumption, whole: Decimal, of: Decimal, exponent: int) -> Consumption:
    """
    A target in parts of `whole` units as parts of `of`, each column rounded by itself.

    Targets are cumulative, so the differences booked always sum to what is right now (rule book 0, 2).

    Args:
        whole: the line's quantity ordered, above zero.
        of: what all of it consumes, in the commitment's unit or currency.
    """
    with localcontext(prec=_PRECISION):
        return Consumption(
            *(
                round_money(of * part / whole, exponent)
                for part in (target.released, target.delivered, target.invoiced, target.returned)
            )
        )


@dataclass(frozen=True, slots=True)
class CommitmentColumns:
    """A commitment as its owner reads it; quantities in its unit or amounts in its currency."""

    committed: Decimal
    released: Decimal
    delivered: Decimal
    invoiced: Decimal
    returned: Decimal
    remaining: Decimal
    overfulfilled: Decimal


def columns(committed: Decimal, booked: Consumption) -> CommitmentColumns:
    """The columns of rule book 3.4: cumulative, `remaining` and `overfulfilled` against what was released."""
    return CommitmentColumns(
        committed,
        booked.released,
        booked.delivered,
        booked.invoiced,
        booked.returned,
        remaining=max(committed - booked.released, ZERO),
        overfulfilled=max(booked.released - committed, ZERO),
    )


def shortfall(
    committed: Decimal, invoiced: Decimal, penalty_percent: Decimal = ZERO, exponent: int = 2
) -> tuple[Decimal, Decimal]:
    """What is missing of a commitment by what was invoiced, and the penalty on it where one is agreed (SA-17)."""
    missing = max(committed - invoiced, ZERO)
    return missing, percent_of(missing, penalty_percent, exponent)


def is_behind(
    committed: Decimal, released: Decimal, valid_from: date, valid_until: date, today: date
) -> bool:
    """
    Whether less was released than the share of the days that passed, today included, is of all of them.

    Args:
        valid_until: the day after the last.
    """
    if not valid_from <= today < valid_until:
        return False
    passed, whole = (today - valid_from).days + 1, (valid_until - valid_from).days
    return released * whole < committed * passed


S = AgreementStatus

# EXPIRED follows from the day alone; what has expired can still be closed.
AGREEMENT_MOVES: Mapping[AgreementStatus, frozenset[AgreementStatus]] = {
    S.DRAFT: frozenset({S.PROPOSED, S.CANCELLED}),
    S.PROPOSED: frozenset({S.DRAFT, S.EFFECTIVE, S.CANCELLED}),
    S.EFFECTIVE: frozenset({S.EXPIRED, S.CLOSED, S.CANCELLED}),
    S.EXPIRED: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}


def move_agreement(current: AgreementStatus, target: AgreementStatus) -> AgreementStatus:
    """The new state; refuses a move that the table does not know."""
    allowed = AGREEMENT_MOVES[current]
    if target not in allowed:
        raise InvalidTransition(current, target, sorted(allowed))
    return target


def status_on(status: AgreementStatus, valid_until: date, day: date) -> AgreementStatus:
    """An agreement in force has expired from `valid_until` on, the day after its last."""
    return S.EXPIRED if status is S.EFFECTIVE and valid_until <= day else status
