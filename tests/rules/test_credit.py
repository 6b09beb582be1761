"""Credit: exposure, lateness, and the dates on which a held order is free."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.credit import (
    CreditFacts,
    CreditStep,
    HeldOrder,
    OpenInstalment,
    OrderRelease,
    assess_credit,
    plan_releases,
)
from rules.money import ZERO
from rules.states import HoldReason

D = Decimal
TODAY = date(2026, 3, 1)
CREDIT, OVERDUE = HoldReason.CREDIT, HoldReason.OVERDUE


def due(days: int, amount: str, number: str = "A-1") -> OpenInstalment:
    return OpenInstalment(number, TODAY + timedelta(days=days), D(amount))


FACTS = CreditFacts(
    D("500.00"), D("200.00"), [due(20, "250.00", "A-2"), due(10, "100.00", "A-1")], D("50.00")
)


def test_exposure_is_what_is_open_less_what_is_unapplied() -> None:
    found = assess_credit(FACTS, D("1000.00"), TODAY, overdue_days=0)

    assert (FACTS.invoices, found.exposure, found.available) == (D("350.00"), D("1000.00"), ZERO)
    assert found.reasons == frozenset()
    assert found.steps == (
        CreditStep(TODAY + timedelta(days=10), "A-1", D("100.00"), D("900.00")),
        CreditStep(TODAY + timedelta(days=20), "A-2", D("250.00"), D("650.00")),
    )


@pytest.mark.parametrize(
    ("case", "limit", "adding", "over_by", "frees_in"),
    [
        ("exactly at the limit", "1000.00", "0", "0", None),
        ("a cent over", "1000.00", "0.01", "0.01", 10),
        ("the first payment just suffices", "1000.00", "100.00", "100.00", 10),
        ("the second is needed", "1000.00", "100.01", "100.01", 20),
        ("both do not suffice", "1000.00", "350.01", "350.01", None),
        ("a limit of nothing", "0", "0", "1000.00", None),
        ("no limit", None, "999999.00", "0", None),
    ],
)
def test_the_limit(case: str, limit: str | None, adding: str, over_by: str, frees_in: int | None) -> None:
    found = assess_credit(FACTS, None if limit is None else D(limit), TODAY, overdue_days=0, adding=D(adding))

    assert found.over_by == D(over_by), case
    assert found.reasons == (frozenset({CREDIT}) if D(over_by) else frozenset()), case
    assert found.frees_on == (None if frees_in is None else TODAY + timedelta(days=frees_in)), case


@pytest.mark.parametrize(
    ("case", "days", "amount", "allowed", "is_overdue", "next_in"),
    [
        ("due today", 0, "1.00", 0, False, 1),
        ("one day late", -1, "1.00", 0, True, None),
        ("late by exactly n days", -5, "1.00", 5, False, 1),
        ("late by more than n days", -6, "1.00", 5, True, None),
        ("due later", 10, "1.00", 5, False, 16),
        ("late, but a credit", -60, "-1.00", 5, False, None),
    ],
)
def test_lateness(
    case: str, days: int, amount: str, allowed: int, is_overdue: bool, next_in: int | None
) -> None:
    facts = CreditFacts(ZERO, ZERO, [due(days, amount)], ZERO)

    found = assess_credit(facts, None, TODAY, overdue_days=allowed)

    assert bool(found.overdue) == is_overdue, case
    assert found.reasons == (frozenset({OVERDUE}) if is_overdue else frozenset()), case
    assert found.becomes_overdue_on == (None if next_in is None else TODAY + timedelta(days=next_in)), case


def test_held_orders_are_free_one_after_the_other() -> None:
    facts = CreditFacts(D("900.00"), ZERO, [due(10, "100.00"), due(20, "250.00")], ZERO)
    held = [HeldOrder("P-1", D("300.00")), HeldOrder("P-2", D("250.00")), HeldOrder("P-3", D("350.00"))]

    found = plan_releases(held, facts, D("650.00"), TODAY, overdue_days=0)

    assert found == [
        OrderRelease("P-1", TODAY, ZERO, frozenset()),
        OrderRelease("P-2", TODAY + timedelta(days=20), D("250.00"), frozenset({CREDIT})),
        OrderRelease("P-3", None, D("600.00"), frozenset({CREDIT})),
    ]


def test_what_is_late_must_be_paid_first() -> None:
    facts = CreditFacts(D("300.00"), ZERO, [due(-30, "80.00")], ZERO)

    [found] = plan_releases([HeldOrder("P-1", D("300.00"))], facts, D("1000.00"), TODAY, overdue_days=5)

    assert found == OrderRelease("P-1", None, D("80.00"), frozenset({OVERDUE}))


instalments = st.lists(
    st.builds(due, st.integers(-90, 90), st.decimals("0.01", "1000", places=2).map(str)), max_size=8
)
amounts = st.decimals("0", "5000", places=2)


@given(amounts, amounts, instalments, amounts, amounts, st.integers(0, 60))
def test_paying_what_is_asked_frees(
    orders: Decimal,
    delivered: Decimal,
    open_instalments: list[OpenInstalment],
    unapplied: Decimal,
    limit: Decimal,
    overdue_days: int,
) -> None:
    facts = CreditFacts(orders, delivered, open_instalments, unapplied)
    found = assess_credit(facts, limit, TODAY, overdue_days=overdue_days)

    paid = CreditFacts(orders, delivered, open_instalments, unapplied + found.over_by)
    after = assess_credit(paid, limit, TODAY, overdue_days=overdue_days)

    assert CREDIT not in after.reasons
    assert after.exposure == found.exposure - found.over_by
    assert sum(step.amount for step in found.steps) == sum(
        each.amount for each in open_instalments if each.due_on >= TODAY
    )
    assert [step.exposure for step in found.steps] == sorted(
        (step.exposure for step in found.steps), reverse=True
    )
    if found.frees_on is not None:
        assert [step.exposure <= limit for step in found.steps if step.on < found.frees_on].count(True) == 0
