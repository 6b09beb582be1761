"""Purchasing decided purely: states, quantities, pegs, what a supplier's word changes, who gets what came."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.purchasing import (
    PURCHASE_MOVES,
    Peg,
    Promise,
    PurchaseAction,
    SupplyPart,
    allowed_purchase_actions,
    check_peg,
    check_receipt,
    confirm_parts,
    demand_purchase_action,
    direct_invoiceable,
    direct_remainder,
    move_purchase_order,
    peg_dates,
    possible_purchase_actions,
    promised,
    quantity_receivable,
    quantity_to_order,
    receive_parts,
    spread_arrival,
    trim_pegs,
)
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.states import PurchaseOrderStatus as S

D = Decimal
TODAY = date(2026, 3, 2)


def day(number: int) -> date:
    return date(2026, 3, number)


MOVES = {
    (S.DRAFT, S.SENT), (S.DRAFT, S.CANCELLED), (S.SENT, S.CONFIRMED), (S.SENT, S.RECEIVED), (S.SENT, S.CLOSED),
    (S.SENT, S.CANCELLED), (S.CONFIRMED, S.RECEIVED), (S.CONFIRMED, S.CLOSED), (S.CONFIRMED, S.CANCELLED),
}  # fmt: skip


@pytest.mark.parametrize(("current", "target"), list(product(S, S)))
def test_moves_of_a_purchase_order(current: S, target: S) -> None:
    if (current, target) in MOVES:
        assert move_purchase_order(current, target) is target
        return
    with pytest.raises(InvalidTransition) as refused:
        move_purchase_order(current, target)
    assert refused.value.allowed == tuple(sorted(PURCHASE_MOVES[current]))


@pytest.mark.parametrize(
    ("status", "is_begun", "actions"),
    [
        (S.DRAFT, False, "SEND CANCEL PEG"),
        (S.SENT, False, "CONFIRM RECEIVE CANCEL PEG"),
        (S.SENT, True, "CONFIRM RECEIVE CLOSE PEG"),
        (S.CONFIRMED, False, "CONFIRM RECEIVE CANCEL PEG"),
        (S.CONFIRMED, True, "CONFIRM RECEIVE CLOSE PEG"),
        (S.RECEIVED, True, ""),
        (S.CLOSED, True, ""),
        (S.CANCELLED, False, ""),
    ],
)
def test_acts_on_a_purchase_order(status: S, is_begun: bool, actions: str) -> None:
    assert allowed_purchase_actions(status, is_begun, frozenset(PurchaseAction)) == actions.split()
    assert allowed_purchase_actions(status, is_begun, frozenset()) == []
    for action in frozenset(PurchaseAction) - possible_purchase_actions(status, is_begun):
        with pytest.raises(InvalidTransition):
            demand_purchase_action(status, is_begun, action)


@pytest.mark.parametrize(
    ("case", "wanted", "minimum", "multiple", "ordered"),
    [
        ("just it", "6", "1", "1", "6"),
        ("the minimum", "2", "10", "1", "10"),
        ("the next multiple", "13", "1", "6", "18"),
        ("a minimum that is no multiple", "2", "10", "6", "12"),
        ("a part", "1.25", "1", "0.5", "1.5"),
    ],
)
def test_what_the_supplier_sells(case: str, wanted: str, minimum: str, multiple: str, ordered: str) -> None:
    assert quantity_to_order(D(wanted), D(minimum), D(multiple)) == D(ordered)


@pytest.mark.parametrize(
    ("case", "ordered", "percent", "decimals", "most"),
    [
        ("no tolerance", "100", "0", 0, "100"),
        ("ten in a hundred", "100", "10", 0, "110"),
        ("a part of a piece does not count", "15", "10", 0, "16"),
        ("a part of a kilo does", "15", "10", 3, "16.5"),
    ],
)
def test_tolerance_of_a_receipt(case: str, ordered: str, percent: str, decimals: int, most: str) -> None:
    assert quantity_receivable(D(ordered), D(percent), decimals) == D(most)


@pytest.mark.parametrize(
    ("case", "quantity", "received", "fits"),
    [
        ("nothing", "0", "0", False),
        ("less than nothing", "-1", "0", False),
        ("all", "110", "0", True),
        ("one too many", "111", "0", False),
        ("the rest", "10", "100", True),
        ("more than the rest", "11", "100", False),
        ("after all came", "1", "110", False),
    ],
)
def test_receipt_within_what_may_come(case: str, quantity: str, received: str, fits: bool) -> None:
    if fits:
        check_receipt(D(quantity), D(110), D(received), sku="A", path=("q",))
        return
    with pytest.raises(Refusal) as refused:
        check_receipt(D(quantity), D(110), D(received), sku="A", path=("q",))
    assert (refused.value.code, refused.value.path) == (ErrorCode.QUANTITY_INVALID, ("q",))
    assert refused.value.data["most"] == f"{110 - int(received)}"


@pytest.mark.parametrize(
    ("case", "parts", "expected"),
    [
        ("all on one day", [("100", 9)], "0"),
        ("in two parts", [("60", 5), ("40", 12)], "0"),
        ("ten too few", [("90", 9)], "10"),
        ("nothing at all", [], "100"),
        ("today", [("100", 2)], "0"),
    ],
)
def test_what_a_supplier_leaves_out(case: str, parts: list[tuple[str, int]], expected: str) -> None:
    given_ = [SupplyPart(D(quantity), day(on)) for quantity, on in parts]

    assert confirm_parts(D(100), given_, sku="A", today=TODAY, path=()) == D(expected)


@pytest.mark.parametrize(
    ("case", "parts", "code", "field"),
    [
        ("one too many", [(D(60), day(5)), (D(41), day(6))], ErrorCode.QUANTITY_INVALID, "quantity"),
        ("a part of nothing", [(D(0), day(5))], ErrorCode.QUANTITY_INVALID, "quantity"),
        ("yesterday", [(D(1), day(1))], ErrorCode.PAST_DATE, "confirmedOn"),
        ("no day", [(D(1), None)], ErrorCode.PAST_DATE, "confirmedOn"),
    ],
)
def test_what_a_supplier_cannot_say(
    case: str, parts: list[tuple[Decimal, date | None]], code: ErrorCode, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        confirm_parts(D(100), [SupplyPart(*each) for each in parts], sku="A", today=TODAY, path=("lines", 0))
    assert refused.value.code == code and refused.value.path[-1] == field


@pytest.mark.parametrize(
    ("case", "quantity", "is_same", "uncovered", "unpegged", "code"),
    [
        ("all that lacks", "10", True, "10", "50", None),
        ("all that is left", "5", True, "10", "5", None),
        ("another product", "1", False, "10", "50", ErrorCode.INVALID),
        ("more than lacks", "11", True, "10", "50", ErrorCode.QUANTITY_INVALID),
        ("more than is left", "6", True, "10", "5", ErrorCode.QUANTITY_INVALID),
        ("nothing", "0", True, "10", "5", ErrorCode.QUANTITY_INVALID),
    ],
)
def test_pegs(
    case: str, quantity: str, is_same: bool, uncovered: str, unpegged: str, code: ErrorCode | None
) -> None:
    def check() -> None:
        check_peg(D(quantity), is_same_product=is_same, uncovered=D(uncovered), unpegged=D(unpegged), sku="A")

    if code is None:
        check()
        return
    with pytest.raises(Refusal) as refused:
        check()
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("case", "parts", "pegs", "dates"),
    [
        ("one day", [("10", 9)], ["10"], [[("10", 9)]]),
        ("the first peg has the first day", [("6", 9), ("4", 12)], ["6", "4"], [[("6", 9)], [("4", 12)]]),
        ("one peg, two days", [("6", 9), ("4", 12)], ["10"], [[("6", 9), ("4", 12)]]),
        ("parts in any order", [("4", 12), ("6", 9)], ["10"], [[("6", 9), ("4", 12)]]),
        ("two parts on one day are one", [("6", 9), ("4", 9)], ["10"], [[("10", 9)]]),
        ("more meant than comes", [("6", 9)], ["4", "4"], [[("4", 9)], [("2", 9), ("2", None)]]),
        ("nobody said a day", [("10", None)], ["10"], [[("10", None)]]),
        ("no peg", [("10", 9)], [], []),
    ],
)
def test_days_of_pegs(
    case: str,
    parts: list[tuple[str, int | None]],
    pegs: list[str],
    dates: list[list[tuple[str, int | None]]],
) -> None:
    supply = [SupplyPart(D(quantity), None if on is None else day(on)) for quantity, on in parts]

    found = peg_dates(supply, [Peg(index, D(quantity)) for index, quantity in enumerate(pegs)])

    assert found == [
        [(D(quantity), None if on is None else day(on)) for quantity, on in each] for each in dates
    ]


def test_what_came_of_a_part_serves_no_peg_again() -> None:
    supply = [SupplyPart(D(6), day(9), received=D(6)), SupplyPart(D(4), day(12), received=D(1))]

    assert peg_dates(supply, [Peg("a", D(8), used=D(6))]) == [[(D(2), day(12))]]


@pytest.mark.parametrize(
    ("case", "pegs", "most", "cuts"),
    [
        ("enough", ["6", "4"], "10", []),
        ("the last loses first", ["6", "4"], "8", [(1, "2")]),
        ("then the one before", ["6", "4"], "5", [(1, "4"), (0, "1")]),
        ("nothing left", ["6", "4"], "0", [(1, "4"), (0, "6")]),
    ],
)
def test_pegs_of_what_does_not_come(
    case: str, pegs: list[str], most: str, cuts: list[tuple[int, str]]
) -> None:
    found = trim_pegs([Peg(index, D(quantity)) for index, quantity in enumerate(pegs)], D(most))

    assert found == [(key, D(quantity)) for key, quantity in cuts]


@pytest.mark.parametrize(
    ("case", "is_direct", "transport_days", "promise"),
    [
        ("DL-25: confirmed receipt flows back", True, 3, Promise(date(2026, 4, 12), date(2026, 4, 9))),
        ("through our warehouse, no way from there", False, 0, Promise(date(2026, 4, 12), date(2026, 4, 12))),
        ("through our warehouse, and on", False, 2, Promise(date(2026, 4, 14), date(2026, 4, 12))),
    ],
)
def test_a_supplier_s_day_on_the_sales_line(
    case: str, is_direct: bool, transport_days: int, promise: Promise
) -> None:
    assert promised(date(2026, 4, 12), is_direct=is_direct, transport_days=transport_days) == promise


@pytest.mark.parametrize(
    ("case", "quantity", "pegs", "waiting", "shares"),
    [
        ("the pegged ones first", "10", [("p", "6")], [("w", "9")], [("p", "6"), ("w", "4")]),
        ("and all of it", "5", [("p", "6")], [("w", "9")], [("p", "5")]),
        ("others in their order", "10", [], [("a", "4"), ("b", "9")], [("a", "4"), ("b", "6")]),
        ("the rest is free", "10", [("p", "1")], [("w", "2")], [("p", "1"), ("w", "2")]),
    ],
)
def test_who_gets_what_came(
    case: str,
    quantity: str,
    pegs: list[tuple[str, str]],
    waiting: list[tuple[str, str]],
    shares: list[tuple[str, str]],
) -> None:
    found = spread_arrival(
        D(quantity),
        [Peg(key, D(each)) for key, each in pegs],
        [Peg(key, D(each)) for key, each in waiting],
    )

    assert found == [(key, D(each)) for key, each in shares]


def test_receipts_fill_the_earliest_part_and_the_last_takes_what_is_over() -> None:
    supply = [SupplyPart(D(4), day(12)), SupplyPart(D(6), day(9))]

    assert [part.received for part in receive_parts(supply, D(8))] == [D(6), D(2)]
    assert [part.received for part in receive_parts(supply, D(11))] == [D(6), D(5)]


@pytest.mark.parametrize(
    ("case", "ordered", "cancelled", "shipped", "released", "remainder"),
    [
        ("DL-14: 15, 5 delivered", "15", "0", "5", "0", "10"),
        ("what is on its way is not there", "15", "0", "5", "4", "6"),
        ("what was called off is not there", "15", "3", "5", "0", "7"),
        ("nothing", "15", "0", "15", "0", "0"),
    ],
)
def test_direct_delivery_of_the_remainder(
    case: str, ordered: str, cancelled: str, shipped: str, released: str, remainder: str
) -> None:
    assert direct_remainder(D(ordered), D(cancelled), D(shipped), D(released)) == D(remainder)


@pytest.mark.parametrize(
    ("case", "received", "invoiced", "left"),
    [
        ("DL-15: nothing came", "0", "0", "0"),
        ("what came", "4", "0", "4"),
        ("less what is invoiced", "4", "3", "1"),
        ("never less than nothing", "4", "5", "0"),
    ],
)
def test_direct_delivery_is_invoiced_up_to_what_came(
    case: str, received: str, invoiced: str, left: str
) -> None:
    assert direct_invoiceable(D(received), D(invoiced)) == D(left)


QUANTITIES = some.integers(1, 50).map(D)


@given(
    some.lists(some.tuples(QUANTITIES, some.integers(1, 28).map(day)), max_size=6),
    some.lists(QUANTITIES, max_size=6),
)
def test_days_of_pegs_are_laws(parts: list[tuple[Decimal, date]], pegs: list[Decimal]) -> None:
    """Each peg is told of whole; no day brings more than comes on it; whoever is first is never later."""
    supply = [SupplyPart(*each) for each in parts]
    found = peg_dates(supply, [Peg(index, quantity) for index, quantity in enumerate(pegs)])

    assert [sum(quantity for quantity, _ in each) for each in found] == pegs
    for on in {part.on for part in supply}:
        promised_ = sum(quantity for each in found for quantity, told in each if told == on)
        assert promised_ <= sum(part.quantity for part in supply if part.on == on)
    flat = [told or date.max for each in found for _, told in each]
    assert flat == sorted(flat)
