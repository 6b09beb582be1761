"""What somebody may give by hand without asking, as a table."""

from decimal import Decimal

import pytest

from rules.concessions import Quoted, concession_depth
from rules.concessions_limits import NO_LIMIT, ConcessionLimit, check_limit, concession_needs, widest
from rules.spending import ApprovalReason as R

D = Decimal
TEN = concession_depth(Quoted(D(100), D(90)))


@pytest.mark.parametrize(
    ("what", "limit", "spent", "given", "rate", "expected"),
    [
        ("no limit", NO_LIMIT, "900", "10", "1", []),
        ("just within all", ConcessionLimit(D(10), D(10), D(10)), "0", "10", "1", []),
        ("a line too deep", ConcessionLimit(D("9.99")), "0", "10", "1", [(R.OVER_LINE_DEPTH, "9.99", "10")]),
        ("an order too deep", ConcessionLimit(None, D(0)), "0", "10", "1", [(R.OVER_ORDER_DEPTH, "0.00", "10")]),
        ("a budget used up", ConcessionLimit(budget=D(20)), "10.01", "10", "1", [(R.OVER_BUDGET, "9.99", "10.00")]),
        ("a budget overdrawn", ConcessionLimit(budget=D(5)), "8", "10", "1", [(R.OVER_BUDGET, "0.00", "10.00")]),
        ("another currency", ConcessionLimit(budget=D(4)), "0", "5", "0.5", [(R.OVER_BUDGET, "8.00", "10.00")]),
        ("nothing more given", ConcessionLimit(budget=D(0)), "8", "0", "1", []),
    ],
)  # fmt: skip
def test_why_it_has_to_be_asked_for(
    what: str, limit: ConcessionLimit, spent: str, given: str, rate: str, expected: list[tuple[R, str, str]]
) -> None:
    found = concession_needs(limit, TEN, TEN, D(spent), D(given), D(rate))

    assert [(each.reason, each.limit, each.amount) for each in found] == [
        (reason, D(most), D(amount)) for reason, most, amount in expected
    ]


def test_a_line_that_is_given_whole_is_for_the_orders_limit() -> None:
    whole = concession_depth(Quoted(D(100), D(100), D(25)))

    (need,) = concession_needs(ConcessionLimit(D(0), D(10)), None, whole, D(0), D(25))

    assert (need.reason, need.limit, need.amount) == (R.OVER_ORDER_DEPTH, D("12.50"), D(25))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], NO_LIMIT),
        ([ConcessionLimit(D(5)), None], NO_LIMIT),
        ([ConcessionLimit(D(5), D(3)), ConcessionLimit(D(4), None)], ConcessionLimit(D(5))),
        ([ConcessionLimit(budget=D(1)), ConcessionLimit(budget=D(2))], ConcessionLimit(budget=D(2))),
    ],
)
def test_of_several_roles_the_widest_counts(
    limits: list[ConcessionLimit | None], expected: ConcessionLimit
) -> None:
    assert widest(limits) == expected


@pytest.mark.parametrize("percent", ["-0.000001", "100.000001", "1.0000001"])
def test_a_percent_that_is_none_is_refused(percent: str) -> None:
    found = check_limit(ConcessionLimit(D(percent), D(percent)))

    assert [each.path for each in found] == [("perLinePercent",), ("perOrderPercent",)]
