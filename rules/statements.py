"""A customer's statement: what moved the account from one day to another, and how old what is open is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO


class StatementKind(StrEnum):
    INVOICE = "INVOICE"
    CREDIT = "CREDIT"
    PAYMENT = "PAYMENT"
    REVERSAL = "REVERSAL"


@dataclass(frozen=True, slots=True)
class Movement:
    """Something that changed what is owed: above zero it rises. `due_on` is an invoice's last day."""

    on: date
    kind: StatementKind
    number: str
    reference: str
    due_on: date | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StatementLine:
    movement: Movement
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open on a day, by how many days it is past its own; `unapplied` lowers what is owed."""

    not_due: Decimal
    days_1_to_30: Decimal
    days_31_to_60: Decimal
    days_61_to_90: Decimal
    days_over_90: Decimal
    unapplied: Decimal

    @property
    def overdue(self) -> Decimal:
        return self.days_1_to_30 + self.days_31_to_60 + self.days_61_to_90 + self.days_over_90

    @property
    def total(self) -> Decimal:
        """What is owed: the same as the balance of that day."""
        return self.not_due + self.overdue - self.unapplied


def running(opening: Decimal, movements: Sequence[Movement]) -> list[StatementLine]:
    """The movements in their order, each with the balance after it."""
    lines = []
    balance = opening
    for each in movements:
        balance += each.amount
        lines.append(StatementLine(each, balance))
    return lines


def age(open_: Iterable[tuple[date, Decimal]], on_account: Decimal, day: date) -> Ageing:
    """
    Sorts what is open on a day by its lateness.

    Args:
        open_: (due on, open amount); below zero for credits, which count as unapplied whatever their day.
        on_account: of payments.
    """
    buckets = [ZERO] * 5
    unapplied = on_account
    for due_on, amount in open_:
        if amount < 0:
            unapplied -= amount
            continue
        late = (day - due_on).days
        place = 0 if late <= 0 else min((late - 1) // 30 + 1, 4)
        buckets[place] += amount
    not_due, until_30, until_60, until_90, older = buckets
    return Ageing(not_due, until_30, until_60, until_90, older, unapplied)
