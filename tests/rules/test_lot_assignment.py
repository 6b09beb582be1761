"""Which lots serve a line that is released: named, requested, one for all; DL-20 and DL-21 in use."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.lot_assignment import (
    LinePart,
    LineWish,
    RequestPlace,
    assign_lots,
    place_requests,
    requests_used,
)
from rules.lots import LotAge, LotPolicy, LotShare, LotStock
from rules.refusals import ErrorCode, Refusal
from rules.states import LotSelection, LotStatus
from tests.rules.test_lots import RECEIPT, STOCK, lot

ONE = ("ONE_ELSE_SEVERAL", "ONE_ELSE_LESS", "ONE_ELSE_NONE")
NEWEST = LotAge(date(2026, 1, 1), date(2026, 12, 1))


def shares(*lots: tuple[str, int]) -> tuple[LotShare, ...]:
    return tuple(LotShare(number, Decimal(quantity)) for number, quantity in lots)


def assigned(
    quantities: list[int],
    *,
    named: tuple[tuple[str, int], ...] = (),
    requested: tuple[tuple[str, int], ...] = (),
    selection: str = "ANY",
    begun: tuple[str, ...] = (),
    last: LotAge | None = None,
    policy: LotPolicy | None = None,
    stock: list[LotStock] | None = None,
) -> list[list[tuple[str, str]]]:
    wish = LineWish(
        "ACE", shares(*named), shares(*requested), LotSelection(selection), frozenset(begun), ("lines", 0)
    )
    parts = [LinePart(Decimal(each), RECEIPT) for each in quantities]
    found = assign_lots(parts, wish, STOCK if stock is None else stock, last, policy or LotPolicy())
    return [[(share.number, str(share.quantity)) for share in part] for part in found]


@pytest.mark.parametrize(
    ("label", "quantities", "wish", "expected"),
    [
        ("as picked", [50], {}, [[("B1", "40"), ("B2", "10")]]),
        ("what was asked for is held, so it leaves beyond what is free", [50], {"requested": (("B2", 20),)},
         [[("B2", "20"), ("B1", "30")]]),
        ("no more of it than leaves", [5], {"requested": (("B2", 20),)}, [[("B2", "5")]]),
        ("in the order asked for", [25], {"requested": (("B3", 20), ("B2", 20))}, [[("B3", "20"), ("B2", "5")]]),
        ("older than the last, since it was asked for", [45], {"requested": (("B1", 40),), "last": NEWEST},
         [[("B1", "40"), ("B4", "5")]]),
        ("whoever releases comes first", [10], {"named": (("B4", 4),), "requested": (("B2", 20),)},
         [[("B4", "4"), ("B2", "6")]]),
        ("the same lot is named and asked for: once", [10], {"named": (("B2", 4),), "requested": (("B2", 6),)},
         [[("B2", "6"), ("B1", "4")]]),
        ("parts share what was asked for", [6, 6], {"requested": (("B2", 8),)},
         [[("B2", "6")], [("B2", "2"), ("B1", "4")]]),
        ("DL-20 one lot covers all", [45], {"selection": "ONE_ELSE_NONE"}, [[("B3", "45")]]),
        ("DL-20 or several", [45], {"selection": "ONE_ELSE_SEVERAL"}, [[("B3", "45")]]),
        ("DL-21 parts of a line share their lot", [25, 25], {"selection": "ONE_ELSE_LESS"},
         [[("B3", "25")], [("B3", "25")]]),
        ("none covers all: several, as picked", [120], {"selection": "ONE_ELSE_SEVERAL"},
         [[("B1", "40"), ("B2", "30"), ("B3", "50")]]),
        ("none covers all: less", [120], {"selection": "ONE_ELSE_LESS"}, [[("B4", "100")]]),
        ("none covers all: none", [120], {"selection": "ONE_ELSE_NONE"}, [[]]),
        ("the lot that began the line", [45], {"selection": "ONE_ELSE_NONE", "begun": ("B4",)}, [[("B4", "45")]]),
        ("which holds too little now", [45], {"selection": "ONE_ELSE_NONE", "begun": ("B1",)}, [[]]),
        ("a part of less may be of another", [45], {"selection": "ONE_ELSE_LESS", "begun": ("B1",)}, [[("B3", "45")]]),
        ("the one asked for serves all", [45], {"selection": "ONE_ELSE_NONE", "requested": (("B4", 5),)},
         [[("B4", "45")]]),
        ("the one named, though it is older", [5], {"selection": "ONE_ELSE_LESS", "named": (("B1", 5),), "last": NEWEST},
         [[("B1", "5")]]),
        ("several were asked for: several it is", [45], {"selection": "ONE_ELSE_SEVERAL", "requested": (("B1", 5), ("B2", 5))},
         [[("B1", "40"), ("B2", "5")]]),
    ],
)  # fmt: skip
def test_a_line_is_served(
    label: str, quantities: list[int], wish: dict[str, object], expected: list[list[tuple[str, str]]]
) -> None:
    assert assigned(quantities, **wish) == expected, label  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "quantities", "wish", "code", "path", "words"),
    [
        ("asked for and too short a life now", [5], {"requested": (("B1", 5),), "policy": LotPolicy(sellable_days=45)},
         "OUT_OF_STOCK", "lines.0.lots", "Lot B1, which the customer asked for, is blocked"),
        ("named and banned", [5], {"named": (("B1", 5),), "policy": LotPolicy(banned=frozenset({"B1"}))},
         "OUT_OF_STOCK", "lines.0.lots.0.number", "must not go to this customer"),
        ("banned: the rest does not suffice", [200], {"policy": LotPolicy(banned=frozenset({"B4"}))},
         "OUT_OF_STOCK", "lines.0.quantity", "hold 120, not 200"),
        ("more named than leaves", [5], {"named": (("B1", 6),)}, "QUANTITY_INVALID", "lines.0.lots", "more than"),
        ("more named than leaves of one lot", [5], {"named": (("B1", 6),), "selection": "ONE_ELSE_LESS"},
         "QUANTITY_INVALID", "lines.0.lots", "more than"),
        ("two named where one must do", [5], {"named": (("B1", 2), ("B2", 3)), "selection": "ONE_ELSE_NONE"},
         "INVALID", "lines.0.lots", "ACE of this order takes one lot only."),
        ("one named, another asked for", [5], {"named": (("B1", 2),), "requested": (("B2", 3),), "selection": "ONE_ELSE_LESS"},
         "INVALID", "lines.0.lots", "one lot only"),
    ],
)  # fmt: skip
def test_what_is_refused(
    label: str, quantities: list[int], wish: dict[str, object], code: str, path: str, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        assigned(quantities, **wish)  # type: ignore[arg-type]

    assert (refused.value.code, ".".join(refused.value.path)) == (ErrorCode(code), path), label
    assert words in str(refused.value)


MADRID = RequestPlace(Decimal(10), (lot("A", 8, "2026-05-01"), lot("B", 20, "2026-06-01")))
SEVILLE = RequestPlace(
    Decimal(5), (lot("A", 9, "2026-05-01"), lot("C", 1, None), lot("D", 9, None, blocked=True))
)


@pytest.mark.parametrize(
    ("label", "lots", "expected"),
    [
        ("where it lies", (("B", 4),), [[("B", "4")], []]),
        ("the first place first, then the next", (("A", 10),), [[("A", "8")], [("A", "2")]]),
        ("what a place holds is shared", (("A", 8), ("B", 2)), [[("A", "8"), ("B", "2")], []]),
        ("none lets all go", (), [[], []]),
    ],
)  # fmt: skip
def test_requests_are_placed(
    label: str, lots: tuple[tuple[str, int], ...], expected: list[list[tuple[str, str]]]
) -> None:
    found = place_requests(shares(*lots), [MADRID, SEVILLE], sku="ACE", receipt_on=RECEIPT)

    assert [[(each.number, str(each.quantity)) for each in place] for place in found] == expected, label


@pytest.mark.parametrize(
    ("label", "lots", "code", "path", "words"),
    [
        ("unknown", (("X", 1),), "NOT_FOUND", "lots.0.number", "Not found."),
        ("twice", (("A", 1), ("A", 1)), "INVALID", "lots.1.number", "once only"),
        ("nothing", (("A", 0),), "QUANTITY_INVALID", "lots.0.quantity", "above zero"),
        ("blocked", (("D", 1),), "OUT_OF_STOCK", "lots.0.number", "Lot D is blocked"),
        ("taken: another is offered", (("C", 2),), "OUT_OF_STOCK", "lots.0.quantity", "Lot C has 1 left; lot A has 8."),
        ("more than the line holds there", (("B", 11),), "QUANTITY_INVALID", "lots.0.quantity", "10 of ACE are reserved"),
        ("what others of the list take counts", (("A", 8), ("B", 3)), "QUANTITY_INVALID", "lots.1.quantity", "2 of ACE"),
    ],
)  # fmt: skip
def test_requests_that_cannot_be_placed(
    label: str, lots: tuple[tuple[str, int], ...], code: str, path: str, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        place_requests(shares(*lots), [MADRID, SEVILLE], sku="ACE", receipt_on=RECEIPT, path=("lots",))

    assert (refused.value.code, ".".join(refused.value.path)) == (ErrorCode(code), path), label
    assert words in str(refused.value)


def test_a_request_is_used_up_to_what_was_asked_for() -> None:
    assert requests_used(shares(("A", 3), ("A", 4), ("B", 2)), shares(("A", 5), ("C", 1))) == {
        "A": Decimal(5)
    }


@given(
    some.lists(some.tuples(some.integers(0, 30), some.integers(0, 9), some.booleans()), max_size=5),
    some.lists(some.integers(1, 20), min_size=1, max_size=3),
    some.sampled_from(LotSelection),
)
def test_no_lot_gives_more_than_is_free_and_held_and_what_must_be_one_is_one(
    drawn: list[tuple[int, int, bool]], quantities: list[int], selection: LotSelection
) -> None:
    stock = [lot(f"L{i}", free, "2026-09-01", blocked=blocked) for i, (free, _, blocked) in enumerate(drawn)]
    held = tuple((f"L{i}", asked) for i, (_, asked, blocked) in enumerate(drawn) if asked and not blocked)[:1]

    most = {each.number: each.free for each in stock if each.status is LotStatus.AVAILABLE}
    for number, asked in held:
        most[number] += asked
    must_be_one = selection in (LotSelection.ONE_ELSE_LESS, LotSelection.ONE_ELSE_NONE)
    if not must_be_one and sum(quantities) > sum(most.values()):
        with pytest.raises(Refusal):
            assigned(quantities, requested=held, selection=selection, stock=stock)
        return
    found = assigned(quantities, requested=held, selection=selection, stock=stock)

    taken: dict[str, Decimal] = {}
    for part in found:
        for number, quantity in part:
            taken[number] = taken.get(number, Decimal(0)) + Decimal(quantity)
    assert all(quantity <= most[number] for number, quantity in taken.items())
    total = sum(taken.values(), Decimal(0))
    if must_be_one:
        assert len(taken) <= 1 and total <= sum(quantities)
        if selection is LotSelection.ONE_ELSE_NONE:
            assert total in (0, sum(quantities))
    else:
        assert total == sum(quantities)
