"""Which lots serve a quantity; cases DL-16, DL-17, DL-19, DL-20 and DL-23 of the shared file."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.lots import (
    LotAge,
    LotPolicy,
    LotShare,
    LotStock,
    SameLotConflict,
    choose_lots,
    choose_same_lot,
    in_order,
    is_sellable,
    sellable_limit,
    without,
)
from rules.refusals import ErrorCode, Refusal
from rules.states import LotCriterion, LotStatus

RECEIPT = date(2026, 3, 10)


def lot(
    number: str,
    free: int | str,
    expires: str | None,
    received: str = "2026-01-01",
    blocked: bool = False,
    best_before: str | None = None,
) -> LotStock:
    status = LotStatus.BLOCKED if blocked else LotStatus.AVAILABLE
    day, best = (None if each is None else date.fromisoformat(each) for each in (expires, best_before))
    return LotStock(number, status, date.fromisoformat(received), day, Decimal(free), best)


# The lots of DL-16 to DL-20 in the shared cases.
STOCK = [
    lot("B1", 40, "2026-04-01", best_before="2026-03-15"), lot("B2", 30, "2026-05-01", best_before="2026-04-20"),
    lot("B3", 50, "2026-05-01", best_before="2026-04-10"), lot("B4", 100, "2026-12-01", best_before="2026-11-01"),
    lot("B0", 99, "2026-04-02", blocked=True),
]  # fmt: skip


def chosen(
    wanted: int | str,
    lots: list[LotStock],
    named: list[LotShare] | None = None,
    last: LotAge | None = None,
    policy: LotPolicy | None = None,
) -> list[tuple[str, str]]:
    found = choose_lots(
        Decimal(wanted), named or [], lots, sku="ACE", receipt_on=RECEIPT, last=last, policy=policy or LotPolicy(),
        path=("lines", 0),
    )  # fmt: skip
    return [(each.number, str(each.quantity)) for each in found]


@pytest.mark.parametrize(
    ("label", "wanted", "lots", "last", "expected"),
    [
        ("DL-16: by expiry, then number; blocked ones never", 100, STOCK, None, [("B1", "40"), ("B2", "30"), ("B3", "30")]),
        ("all of it to the last", 220, STOCK, None, [("B1", "40"), ("B2", "30"), ("B3", "50"), ("B4", "100")]),
        ("expires on the day of receipt: not any more", 5, [lot("A", 9, "2026-03-10"), lot("B", 9, "2026-03-11")], None, [("B", "5")]),
        ("what does not expire comes last", 5, [lot("A", 9, None), lot("B", 3, "2026-09-01")], None, [("B", "3"), ("A", "2")]),
        ("never older than the last one, by expiry", 35, STOCK, LotAge(date(2026, 1, 1), date(2026, 5, 1)), [("B2", "30"), ("B3", "5")]),
        ("never older than the last one, by receipt", 5, [lot("A", 9, None, "2026-01-01"), lot("B", 9, None, "2026-02-01")],
         LotAge(date(2026, 2, 1), None), [("B", "5")]),
        ("what others hold is not free", 5, [lot("A", 0, "2026-05-01"), lot("B", 9, "2026-06-01")], None, [("B", "5")]),
        ("parts of a unit", "0.75", [lot("A", "0.5", "2026-05-01"), lot("B", 9, "2026-06-01")], None, [("A", "0.5"), ("B", "0.25")]),
    ],
)  # fmt: skip
def test_first_expired_first_out(
    label: str, wanted: int | str, lots: list[LotStock], last: LotAge | None, expected: list[tuple[str, str]]
) -> None:
    assert chosen(wanted, lots, last=last) == expected, label


BEST_BEFORE = LotPolicy(LotCriterion.BEST_BEFORE)


@pytest.mark.parametrize(
    ("label", "wanted", "policy", "expected"),
    [
        ("DL-16 FEFO", 100, LotPolicy(), [("B1", "40"), ("B2", "30"), ("B3", "30")]),
        ("DL-17 Customer sellable days", 100, LotPolicy(sellable_days=45), [("B2", "30"), ("B3", "50"), ("B4", "20")]),
        ("DL-19 Pick criterion best before", 60, BEST_BEFORE, [("B1", "40"), ("B3", "20")]),
        ("sellable days count to the best-before date where that picks", 100, LotPolicy(LotCriterion.BEST_BEFORE, 40),
         [("B2", "30"), ("B4", "70")]),
        ("on the limit is long enough", 5, LotPolicy(sellable_days=22), [("B1", "5")]),
        ("a day less is not", 5, LotPolicy(sellable_days=23), [("B2", "5")]),
        ("banned lots never", 45, LotPolicy(banned=frozenset({"B1"})), [("B2", "30"), ("B3", "15")]),
    ],
)  # fmt: skip
def test_policies(label: str, wanted: int, policy: LotPolicy, expected: list[tuple[str, str]]) -> None:
    assert chosen(wanted, STOCK, policy=policy) == expected, label


def test_dl_17_the_limit_is_the_receipt_and_the_sellable_days() -> None:
    assert sellable_limit(RECEIPT, 45) == date(2026, 4, 24)


@pytest.mark.parametrize(
    ("label", "criterion", "ship_on", "expected"),
    [
        ("DL-23 Date-controlled FIFO", LotCriterion.FIFO, "2012-04-04", ["1001", "1000", "1002"]),
        ("DL-23 Backward from ship date", LotCriterion.BACKWARD_FROM_SHIP, "2012-04-04", ["1002", "1000", "1001"]),
        ("what comes after the ship date does not serve", LotCriterion.BACKWARD_FROM_SHIP, "2012-02-02", ["1000", "1001"]),
    ],
)  # fmt: skip
def test_date_controlled_picking(
    label: str, criterion: LotCriterion, ship_on: str, expected: list[str]
) -> None:
    lots = [
        lot("1000", 9, None, "2012-02-02"), lot("1001", 9, None, "2012-01-01"), lot("1002", 9, None, "2012-03-03"),
    ]  # fmt: skip
    policy = LotPolicy(criterion, ship_on=date.fromisoformat(ship_on))

    assert [each.number for each in in_order(lots, policy)] == expected, label
    assert chosen(1, lots, policy=policy)[0][0] == expected[0]


@pytest.mark.parametrize(
    ("label", "wanted", "conflict", "expected"),
    [
        ("DL-20 Same batch selection", [45], "BACKORDER", [[("B3", "45")]]),
        ("none alone: several after all", [120], "SEVERAL", [[("B1", "40"), ("B2", "30"), ("B3", "50")]]),
        ("none alone: lowered to the largest", [120], "LOWER", [[("B4", "100")]]),
        ("none alone: waits", [120], "BACKORDER", [[]]),
        ("lines share their lot", [30, 15], "BACKORDER", [[("B3", "30")], [("B3", "15")]]),
        ("lines share what is largest", [70, 50], "LOWER", [[("B4", "70")], [("B4", "30")]]),
    ],
)  # fmt: skip
def test_one_lot_a_line(
    label: str, wanted: list[int], conflict: str, expected: list[list[tuple[str, str]]]
) -> None:
    quantities = [Decimal(each) for each in wanted]

    found = choose_same_lot(quantities, STOCK, SameLotConflict(conflict), receipt_on=RECEIPT, last=None)

    assert [[(share.number, str(share.quantity)) for share in each] for each in found] == expected, label


def test_one_lot_a_line_where_no_lot_may_serve() -> None:
    old = LotAge(RECEIPT, date(2027, 1, 1))

    assert choose_same_lot([Decimal(1)], STOCK, SameLotConflict.SEVERAL, receipt_on=RECEIPT, last=old) == [[]]


def test_named_lots_come_first_and_may_be_older() -> None:
    newest = LotAge(date(2026, 1, 1), date(2026, 12, 1))

    assert chosen(50, STOCK, [LotShare("B1", Decimal(10))], newest) == [("B1", "10"), ("B4", "40")]


@pytest.mark.parametrize(
    ("label", "wanted", "named", "code", "path", "words"),
    [
        ("more than the lots hold", 221, [], "OUT_OF_STOCK", "lines.0.quantity", "hold 220, not 221"),
        ("unknown", 5, [("B9", 5)], "NOT_FOUND", "lines.0.lots.0.number", "Not found."),
        ("blocked", 5, [("B0", 5)], "OUT_OF_STOCK", "lines.0.lots.0.number", "Lot B0 is blocked"),
        ("taken: another is offered", 60, [("B1", 41)], "OUT_OF_STOCK", "lines.0.lots.0.quantity",
         "Lot B1 has 40 left; lot B2 has 30."),
        ("taken by the same line twice", 60, [("B1", 20), ("B1", 21)], "OUT_OF_STOCK", "lines.0.lots.1.quantity",
         "Lot B1 has 40 left"),
        ("more than wanted", 5, [("B1", 3), ("B2", 3)], "QUANTITY_INVALID", "lines.0.lots.1.quantity", "sum to 5"),
        ("nothing of it", 5, [("B1", 0)], "QUANTITY_INVALID", "lines.0.lots.0.quantity", "above zero"),
    ],
)  # fmt: skip
def test_refusals(
    label: str, wanted: int, named: list[tuple[str, int]], code: str, path: str, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        chosen(wanted, STOCK, [LotShare(number, Decimal(quantity)) for number, quantity in named])

    assert refused.value.code is ErrorCode(code), label
    assert ".".join(refused.value.path) == path
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("label", "policy", "words"),
    [
        ("too short a life for the customer", LotPolicy(sellable_days=45), "expired on 2026-04-24"),
        (
            "banned for the customer",
            LotPolicy(banned=frozenset({"B1"})),
            "Lot B1 must not go to this customer",
        ),
    ],
)
def test_named_lots_obey_what_the_customer_demands(label: str, policy: LotPolicy, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        chosen(1, STOCK, [LotShare("B1", Decimal(1))], policy=policy)


def test_the_last_of_a_lot_has_no_other_to_offer() -> None:
    with pytest.raises(Refusal, match=r"Lot A has 2 left\.$"):
        chosen(3, [lot("A", 2, None)], [LotShare("A", Decimal(3))])


@given(
    some.lists(some.tuples(some.integers(0, 9), some.booleans(), some.integers(0, 30)), max_size=6),
    some.integers(1, 40),
)
def test_lots_sum_to_what_was_wanted_and_none_gives_more_than_it_has(
    drawn: list[tuple[int, bool, int]], wanted: int
) -> None:
    lots = [
        lot(f"L{i}", free, f"2026-03-{day + 1:02}", blocked=blocked)
        for i, (free, blocked, day) in enumerate(drawn)
    ]
    sellable = sum(
        each.free
        for each in lots
        if each.status is LotStatus.AVAILABLE and each.expires_on and each.expires_on > RECEIPT
    )

    if wanted > sellable:
        with pytest.raises(Refusal):
            chosen(wanted, lots)
        return
    shares = choose_lots(Decimal(wanted), [], lots, sku="ACE", receipt_on=RECEIPT, last=None)

    assert sum(each.quantity for each in shares) == wanted
    assert all(each.free >= 0 for each in without(lots, shares))


@given(
    some.lists(some.tuples(some.integers(0, 40), some.booleans(), some.integers(0, 30)), max_size=6),
    some.lists(some.integers(1, 20), min_size=1, max_size=3),
    some.integers(0, 20),
    some.sampled_from(SameLotConflict),
    some.sampled_from(LotCriterion),
)
def test_one_lot_a_line_takes_from_sellable_lots_no_more_than_they_have(
    drawn: list[tuple[int, bool, int]],
    wanted: list[int],
    days: int,
    conflict: SameLotConflict,
    criterion: LotCriterion,
) -> None:
    lots = {
        f"L{i}": lot(f"L{i}", free, f"2026-{3 + day // 31:02}-{day % 31 + 1:02}", blocked=blocked)
        for i, (day, blocked, free) in enumerate(drawn)
    }
    policy = LotPolicy(criterion, days)
    quantities = [Decimal(each) for each in wanted]

    found = choose_same_lot(
        quantities, list(lots.values()), conflict, receipt_on=RECEIPT, last=None, policy=policy
    )

    shares = [share for each in found for share in each]
    assert all(is_sellable(lots[share.number], RECEIPT, policy) for share in shares)
    assert all(
        sum(share.quantity for share in shares if share.number == number) <= each.free
        for number, each in lots.items()
    )
    assert all(
        sum(share.quantity for share in each) <= want for each, want in zip(found, quantities, strict=True)
    )
    if conflict is not SameLotConflict.SEVERAL:
        assert len({share.number for share in shares}) <= 1
