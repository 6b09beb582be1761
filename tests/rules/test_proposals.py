"""What is bought, from whom and when, so that what is promised can leave."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.calendars import Calendar
from rules.proposals import (
    Incoming,
    Need,
    Proposal,
    SupplierTerms,
    best_terms,
    order_quantity,
    propose,
    uncovered,
)

TODAY = date(2026, 3, 2)  # a Monday
D = Decimal


def day(offset: int) -> date:
    return TODAY + timedelta(offset)


def needs(text: str) -> list[Need[str]]:
    """ "a:5@3 b:2@4": five of need a on day 3."""
    found = []
    for part in text.split():
        key, _, rest = part.partition(":")
        quantity, _, on = rest.partition("@")
        found.append(Need(key, day(int(on)), D(quantity)))
    return found


def shown(found: list[Need[str]]) -> str:
    return " ".join(f"{need.key}:{need.quantity}@{(need.on - TODAY).days}" for need in found)


@pytest.mark.parametrize(
    ("label", "wanted", "come", "bought_by", "expected"),
    [
        ("what is there covers", "a:5@3", [(0, 5)], None, ""),
        ("the earlier need first", "b:4@5 a:4@3", [(0, 5)], None, "b:3@5"),
        ("what comes too late does not", "a:5@3", [(4, 9)], None, "a:5@3"),
        ("unless a purchase would come no earlier", "a:5@3", [(4, 3)], 4, "a:2@3"),
        ("who is in time keeps what comes in time", "a:5@3 b:5@6", [(4, 5)], 5, "a:5@3"),
        ("nothing needed", "", [(0, 5)], None, ""),
    ],
)
def test_what_nothing_covers(
    label: str, wanted: str, come: list[tuple[int, int]], bought_by: int | None, expected: str
) -> None:
    incoming = [Incoming(day(on), D(quantity)) for on, quantity in come]

    found = uncovered(needs(wanted), incoming, None if bought_by is None else day(bought_by))

    assert shown(found) == expected, label


@pytest.mark.parametrize(
    ("needed", "minimum", "multiple", "expected"),
    [("5", "0", "1", "5"), ("5", "0", "12", "12"), ("13", "0", "12", "24"), ("5", "20", "12", "24"), ("0.3", "0", "0.25", "0.50")],
)  # fmt: skip
def test_order_quantities(needed: str, minimum: str, multiple: str, expected: str) -> None:
    assert str(order_quantity(D(needed), SupplierTerms("s", 1, D(minimum), D(multiple)))) == expected


QUICK = SupplierTerms("quick", 2, rank=2)
CHEAP = SupplierTerms("cheap", 10, rank=1, unit_price=D(2))
PACKED = SupplierTerms("packed", 10, rank=1, unit_price=D(1), multiple=D(100))


@pytest.mark.parametrize(
    ("label", "on", "quantity", "terms", "expected"),
    [
        ("in time: by rank", 12, 5, [QUICK, CHEAP], "cheap"),
        ("only one is in time", 5, 5, [QUICK, CHEAP], "quick"),
        ("none is: the earliest", 0, 5, [CHEAP, QUICK], "quick"),
        ("equal ranks: what all of it costs", 12, 5, [PACKED, CHEAP], "cheap"),
        ("equal ranks, a larger quantity", 12, 80, [PACKED, CHEAP], "packed"),
    ],
)
def test_who_is_asked(
    label: str, on: int, quantity: int, terms: list[SupplierTerms[str]], expected: str
) -> None:
    assert best_terms(day(on), D(quantity), terms, TODAY).supplier == expected, label


def proposed(wanted: str, *terms: SupplierTerms[str]) -> list[str]:
    return [_line(each) for each in propose(needs(wanted), terms, TODAY)]


def _line(each: Proposal[str, str]) -> str:
    pegs = ",".join(f"{peg.key}:{peg.quantity}" for peg in each.pegs)
    late = " late" if each.is_late else ""
    days = f"{(each.order_on - TODAY).days}-{(each.receipt_on - TODAY).days}"
    return f"{each.supplier} {each.quantity} {days} {pegs}{late}"


@pytest.mark.parametrize(
    ("label", "wanted", "terms", "expected"),
    [
        ("ordered as late as will do", "a:5@8", [QUICK], ["quick 5 6-8 a:5"]),
        ("late, and says so", "a:5@1", [QUICK], ["quick 5 0-2 a:5 late"]),
        ("the rest of a pack covers the next need", "a:5@8 b:6@9", [SupplierTerms("s", 2, multiple=D(10))],
         ["s 10 6-8 a:5,b:5", "s 10 7-9 b:1"]),
        ("one purchase for one day", "a:5@8 b:6@8", [QUICK], ["quick 11 6-8 a:5,b:6"]),
        ("and one minimum", "a:5@8 b:6@8", [SupplierTerms("s", 2, D(8), D(4))], ["s 12 6-8 a:5,b:6"]),
        ("two late ones go together", "a:5@0 b:6@1", [QUICK], ["quick 11 0-2 a:5,b:6 late"]),
        ("the supplier does not deliver on Sundays", "a:5@6", [SupplierTerms("s", 2, calendar=Calendar(frozenset(range(6))))],
         ["s 5 3-5 a:5"]),
        ("nobody sells it", "a:5@8", [], []),
        ("nothing is short", "", [QUICK], []),
    ],
)  # fmt: skip
def test_proposals(label: str, wanted: str, terms: list[SupplierTerms[str]], expected: list[str]) -> None:
    assert proposed(wanted, *terms) == expected, label


@given(
    some.lists(some.tuples(some.integers(1, 20), some.integers(0, 9)), max_size=5),
    some.lists(
        some.builds(
            SupplierTerms,
            some.sampled_from("st"),
            some.integers(0, 9),
            some.integers(0, 15).map(D),
            some.integers(1, 7).map(D),
            some.integers(0, 1),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_proposals_cover_every_need_once(
    wanted: list[tuple[int, int]], terms: list[SupplierTerms[str]]
) -> None:
    shortages = [Need(index, day(on), D(quantity)) for index, (quantity, on) in enumerate(wanted)]

    found = propose(shortages, terms, TODAY)

    pegged = {need.key: D(0) for need in shortages}
    for each in found:
        assert each.spare >= 0
        assert each.order_on >= TODAY
        for peg in each.pegs:
            pegged[peg.key] += peg.quantity
            assert each.is_late or each.receipt_on <= shortages[peg.key].on
    assert pegged == {need.key: need.quantity for need in shortages}
