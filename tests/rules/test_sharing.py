"""Who gets how much of what is scarce; case DL-22 of the shared file."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.sharing import Claim, Wait, share, share_out
from rules.states import SharingPolicy

BASIC, EQUALLY, BY_PRIORITY = (
    SharingPolicy.BASIC,
    SharingPolicy.EQUALLY,
    SharingPolicy.BY_CUSTOMER_PRIORITY,
)


@pytest.mark.parametrize(
    ("label", "available", "wanted", "policy", "expected"),
    [
        ("DL-22 Allocation policies on shortage: enough", "20", "10 7", BASIC, "10 7"),
        ("DL-22 Allocation policies on shortage: BASIC", "12", "10 7", BASIC, "0 0"),
        ("DL-22 Allocation policies on shortage: EQUALLY", "12", "10 7", EQUALLY, "6 6"),
        ("what one does not want goes to the others", "15", "10 3 7", EQUALLY, "6 3 6"),
        ("the rest that cannot be shared goes to the first", "14", "10 7 9", EQUALLY, "5 5 4"),
        ("in parts of a unit", "1", "1 1 1", EQUALLY, "0.34 0.33 0.33"),
        ("enough for all", "30", "10 7", EQUALLY, "10 7"),
        ("nothing there", "-3", "10 7", EQUALLY, "0 0"),
        ("one after the other", "12", "10 7", BY_PRIORITY, "5 7"),
        ("by priority, less than the first wants", "3", "10 7", BY_PRIORITY, "0 3"),
    ],
)
def test_sharing(label: str, available: str, wanted: str, policy: SharingPolicy, expected: str) -> None:
    # The later a claim, the lower its number: priorities run against the order given.
    claims = [Claim(index, Decimal(each), -index) for index, each in enumerate(wanted.split())]

    found = share(Decimal(available), claims, policy, 2 if "." in expected else 0)

    assert " ".join(str(found[claim.key]) for claim in claims).replace("0.00", "0") == expected, label


def test_equal_priorities_are_served_in_the_order_given() -> None:
    claims = [Claim("a", Decimal(5), 1), Claim("b", Decimal(5), 1), Claim("c", Decimal(5), 0)]

    assert share(Decimal(8), claims, BY_PRIORITY) == {"a": 3, "b": 0, "c": 5}


@given(
    some.decimals(0, 50, places=1),
    some.lists(some.tuples(some.integers(1, 20), some.integers(0, 2)), min_size=1, max_size=5),
    some.sampled_from(SharingPolicy),
)
def test_nobody_gets_more_than_they_want_nor_all_more_than_there_is(
    available: Decimal, wanted: list[tuple[int, int]], policy: SharingPolicy
) -> None:
    claims = [Claim(index, Decimal(q), priority) for index, (q, priority) in enumerate(wanted)]

    found = share(available, claims, policy)

    assert all(0 <= found[claim.key] <= claim.quantity for claim in claims)
    assert sum(found.values()) <= available
    total = sum(claim.quantity for claim in claims)
    if policy is EQUALLY:
        assert sum(found.values()) == min(total, int(available))
        short = [found[claim.key] for claim in claims if found[claim.key] < claim.quantity]
        assert not short or max(found.values()) - min(short) <= 1
    if policy is BY_PRIORITY:
        assert sum(found.values()) == min(total, available)


# What four parts of three lines get, needed in this order: line 1 lacks 4 and 2, line 2 lacks 6, line 3 lacks 3.
@pytest.mark.parametrize(
    ("case", "available", "policy", "expected"),
    [
        ("one after the other", "9", BY_PRIORITY, [4, 2, 0, 3]),
        ("as the days come", "5", BY_PRIORITY, [2, 0, 0, 3]),
        ("lines get the same, not parts", "9", EQUALLY, [3, 3, 0, 3]),
        ("not enough for all", "14", BASIC, [0, 0, 0, 0]),
        ("enough for all", "15", BASIC, [4, 6, 2, 3]),
        ("nothing", "0", EQUALLY, [0, 0, 0, 0]),
    ],
)
def test_parts_of_a_line_share_what_it_gets(
    case: str, available: str, policy: SharingPolicy, expected: list[int]
) -> None:
    parts = [("a", 1, 4, 5), ("b", 2, 6, 5), ("c", 1, 2, 5), ("d", 3, 3, 1)]
    waits = [Wait(key, line, Decimal(quantity), priority) for key, line, quantity, priority in parts]

    found = share_out(Decimal(available), waits, policy)

    assert [found[key] for key, *_ in parts] == expected, case
