"""When an invoice is due: instalments of its payment terms, early payment, and what the law allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rules.documents import DocumentPaymentTerms
from rules.money import allocate, percent_of, round_money
from rules.refusals import ErrorCode, Refusal

LEGAL_MAXIMUM_DAYS = 60  # Ley 3/2004 art. 4
LEGAL_MAXIMUM_FRESH_DAYS = 30  # fresh and perishable food: Ley 12/2013, disposicion adicional 1


@dataclass(frozen=True, slots=True)
class DueInstalment:
    """A part of an invoice's total and its day; `position` counts from 1."""

    position: int
    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class EarlyPayment:
    """What paying until a day saves; `payable` is the total less the discount."""

    until: date
    discount: Decimal
    payable: Decimal


def due_date(
    from_date: date, due_days: int, *, end_of_month: bool = False, payment_days: Sequence[int] = ()
) -> date:
    """
    The day something is due: days first, then the end of that month, then the next payment day.

    Args:
        payment_days: days of the month (1 to 31) on which the customer pays; a month without the day pays on its
            last.
    """
    due = from_date + timedelta(days=due_days)
    if end_of_month:
        due = _day_of_month(due.year, due.month, 31)
    if not payment_days:
        return due
    following = (due.replace(day=1) + timedelta(days=32)).replace(day=1)
    candidates = [
        _day_of_month(month.year, month.month, day) for month in (due, following) for day in payment_days
    ]
    return min(day for day in candidates if day >= due)


def _day_of_month(year: int, month: int, day: int) -> date:
    """The day of the month, or its last where it is shorter."""
    first = date(year, month, 1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day, last.day))


def average_days(terms: DocumentPaymentTerms, invoiced_on: date) -> int:
    """How many days after the invoice its total is due, weighted by the instalments' shares; half a day is a whole."""
    total = sum((each.share_percent for each in terms.instalments), Decimal(0))
    if not total:
        return 0
    days = Decimal(0)
    for each in terms.instalments:
        payment_days = () if each.payment_day is None else (each.payment_day,)
        due = due_date(invoiced_on, each.due_days, end_of_month=each.end_of_month, payment_days=payment_days)
        days += each.share_percent * (due - invoiced_on).days
    return int(round_money(days / total, 0))


def split_instalments(
    total: Decimal, terms: DocumentPaymentTerms, invoiced_on: date, exponent: int = 2
) -> list[DueInstalment]:
    """
    The instalments of a total by its payment terms, in the terms' order; their amounts sum to it.

    Cents go by largest remainder, so that no instalment is a cent or more from its exact share (rule book 0.2, 41).

    Raises:
        Refusal(INVALID): the terms have no instalment.
    """
    if not terms.instalments:
        text = "The payment terms {terms} have no instalment."
        raise Refusal(ErrorCode.INVALID, text, ("paymentTerms",), terms=terms.code)
    amounts = allocate(total, [each.share_percent for each in terms.instalments], exponent)
    days = [
        due_date(
            invoiced_on,
            each.due_days,
            end_of_month=each.end_of_month,
            payment_days=() if each.payment_day is None else (each.payment_day,),
        )
        for each in terms.instalments
    ]
    return [
        DueInstalment(position, due_on, amount)
        for position, (due_on, amount) in enumerate(zip(days, amounts, strict=True), start=1)
    ]


def early_payment(
    total: Decimal, terms: DocumentPaymentTerms, invoiced_on: date, exponent: int = 2
) -> EarlyPayment | None:
    """The terms' discount for paying early, on the whole total; None where they give none."""
    if not terms.early_payment_percent:
        return None
    discount = percent_of(total, terms.early_payment_percent, exponent)
    return EarlyPayment(invoiced_on + timedelta(days=terms.early_payment_days), discount, total - discount)


def days_over_legal_maximum(
    instalments: Sequence[DueInstalment], received_on: date, *, has_fresh_food: bool
) -> int:
    """
    By how many days the last instalment passes the legal maximum, counted from the receipt of the goods; 0 if not.

    A reason to warn, not to refuse: sectors and authorities have terms of their own.
    """
    allowed = LEGAL_MAXIMUM_FRESH_DAYS if has_fresh_food else LEGAL_MAXIMUM_DAYS
    longest = max((each.due_on for each in instalments), default=received_on)
    return max((longest - received_on).days - allowed, 0)
