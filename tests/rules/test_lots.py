"""Which lots serve a quantity."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.lots import LotAge, LotShare, LotStock, choose_lots, without
from rules.refusals import ErrorCode, Refusal
from rules.states import LotStatus

RECEIPT = date(2026, 3, 10)


def lot(
    number: str, free: int | str, expires: str | None, received: str = "2026-01-01", blocked: bool = False
) -> LotStock:
    status = LotStatus.BLOCKED if blocked else LotStatus.AVAILABLE
    day = None if expires is None else date.fromisoformat(expires)
    return LotStock(number, status, date.fromisoformat(received), day, Decimal(free))


# The lots of DL-16 and DL-20 in the shared cases.
STOCK = [
    lot("B1", 40, "2026-04-01"), lot("B2", 30, "2026-05-01"), lot("B3", 50, "2026-05-01"), lot("B4", 100, "2026-12-01"),
    lot("B0", 99, "2026-04-02", blocked=True),
]  # fmt: skip


def chosen(
    wanted: int | str, lots: list[LotStock], named: list[LotShare] | None = None, last: LotAge | None = None
) -> list[tuple[str, str]]:
    found = choose_lots(
        Decimal(wanted), named or [], lots, sku="ACE", receipt_on=RECEIPT, last=last, path=("lines", 0)
    )
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
