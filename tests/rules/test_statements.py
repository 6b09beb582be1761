"""Ageing: each bucket's first and last day, and what lowers the sum."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from rules.statements import Ageing, Movement, StatementKind, age, running

DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-1, "not_due"), (0, "not_due"), (1, "days_1_to_30"), (30, "days_1_to_30"), (31, "days_31_to_60"),
        (60, "days_31_to_60"), (61, "days_61_to_90"), (90, "days_61_to_90"), (91, "days_over_90"), (999, "days_over_90"),
    ],
)  # fmt: skip
def test_each_day_has_its_bucket(days: int, bucket: str) -> None:
    found = age([(DAY - timedelta(days=days), Decimal(5))], Decimal(0), DAY)

    assert getattr(found, bucket) == 5 and found.total == 5


def test_credits_and_payments_on_account_lower_what_is_owed() -> None:
    found = age([(DAY, Decimal(100)), (DAY - timedelta(days=400), Decimal(-30))], Decimal(20), DAY)

    zero = Decimal(0)
    assert found == Ageing(Decimal(100), zero, zero, zero, zero, Decimal(50))
    assert found.total == 50 and found.overdue == 0


def test_balances_run() -> None:
    moves = [
        Movement(DAY, StatementKind.INVOICE, "A-1", "", DAY, Decimal("12.10")),
        Movement(DAY, StatementKind.PAYMENT, "PAY-1", "", None, Decimal(-20)),
    ]

    assert [line.balance for line in running(Decimal(1), moves)] == [Decimal("13.10"), Decimal("-6.90")]
