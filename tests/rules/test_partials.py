"""Partial invoices sum to the order and credits to the invoice, by whatever split."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import ZERO, TaxedLine, round_money, tax_by_group
from rules.partials import (
    PartialGroup,
    PartialLine,
    Piece,
    cumulative_part,
    quantities_left,
    take_piece,
)
from rules.refusals import ErrorCode, Refusal, Refusals

D = Decimal


@pytest.mark.parametrize(
    ("case", "total", "whole", "pieces", "parts"),
    [
        ("MR-06: ten in thirds", "10.00", "3", ["1", "1", "1"], ["3.33", "3.34", "3.33"]),
        ("by two, then one", "10.00", "3", ["2", "1"], ["6.67", "3.33"]),
        ("a cent over three", "0.01", "3", ["1", "1", "1"], ["0.00", "0.01", "0.00"]),
        ("negative mirrors positive", "-10.00", "3", ["1", "1", "1"], ["-3.33", "-3.34", "-3.33"]),
        ("fractions", "9.99", "1.5", ["0.7", "0.8"], ["4.66", "5.33"]),
    ],
)
def test_cumulative_rounding(case: str, total: str, whole: str, pieces: list[str], parts: list[str]) -> None:
    cumulated, found = ZERO, list[Decimal]()
    for piece in pieces:
        cumulated += D(piece)
        found.append(cumulative_part(D(total), cumulated, D(whole), sum(found, ZERO)))

    assert found == [D(part) for part in parts], case


def make_line(quantity: str, net: str, percent: str = "21", surcharge: str = "0") -> PartialLine:
    return PartialLine("SKU", "S", D(percent), D(surcharge), D(quantity), D(net))


def whole_groups(lines: Sequence[PartialLine]) -> list[PartialGroup]:
    taxed = [
        TaxedLine(line.net, line.category, line.percent, n, line.surcharge_percent)
        for n, line in enumerate(lines)
    ]
    return [PartialGroup(group) for group in tax_by_group(taxed)[0]]


def after(
    lines: Sequence[PartialLine], groups: Sequence[PartialGroup], quantities: Sequence[Decimal], piece: Piece
) -> tuple[list[PartialLine], list[PartialGroup]]:
    """The whole with a piece taken."""
    taken = {(group.category, group.percent, group.surcharge_percent): group for group in piece.groups}
    moved = []
    for group in groups:
        whole = group.whole
        part = taken.get((whole.category, whole.percent, whole.surcharge_percent))
        if part is not None:
            group = replace(
                group,
                tax_done=group.tax_done + part.tax,
                surcharge_done=group.surcharge_done + part.surcharge,
            )
        moved.append(group)
    return [
        replace(line, quantity_done=line.quantity_done + quantity, net_done=line.net_done + net)
        for line, quantity, net in zip(lines, quantities, piece.nets, strict=True)
    ], moved


def test_two_deliveries_of_an_order() -> None:
    lines = [make_line("3", "10.00"), make_line("2", "0.05"), make_line("1", "5.00", "10")]
    groups = whole_groups(lines)

    first = take_piece(lines, groups, [D(1), D(1), D(0)])
    rest = take_piece(*after(lines, groups, [D(1), D(1), D(0)], first), [D(2), D(1), D(1)])

    assert (first.nets, first.net, first.tax, first.gross) == (
        (D("3.33"), D("0.03"), ZERO),
        D("3.36"),
        D("0.71"),
        D("4.07"),
    )
    assert [group.percent for group in first.groups] == [D(21)]
    assert (rest.nets, rest.tax) == ((D("6.67"), D("0.02"), D("5.00")), D("1.40") + D("0.50"))
    assert [(group.base, group.tax) for group in rest.groups] == [
        (D("5.00"), D("0.50")),
        (D("6.69"), D("1.40")),
    ]


@pytest.mark.parametrize(
    ("case", "wanted", "paths"),
    [
        ("one too many", ["4", "0"], [("lines", "0", "quantity")]),
        ("below zero", ["0", "-1"], [("lines", "1", "quantity")]),
        ("both", ["3.01", "3"], [("lines", "0", "quantity"), ("lines", "1", "quantity")]),
    ],
)
def test_more_than_is_left_is_refused(case: str, wanted: list[str], paths: list[tuple[str, ...]]) -> None:
    lines = [make_line("3", "10.00"), make_line("2", "4.00")]

    with pytest.raises((Refusal, Refusals)) as refused:
        take_piece(lines, whole_groups(lines), [D(each) for each in wanted])

    raised = refused.value
    said = [raised] if isinstance(raised, Refusal) else list(getattr(raised, "refusals", ()))
    assert [(each.code, each.path) for each in said] == [
        (ErrorCode.QUANTITY_INVALID, path) for path in paths
    ], case


def test_nothing_is_left_after_the_whole() -> None:
    lines = [make_line("3", "10.00", surcharge="5.2")]
    groups = whole_groups(lines)
    piece = take_piece(lines, groups, quantities_left(lines))

    lines, groups = after(lines, groups, quantities_left(lines), piece)

    assert piece.gross == D("10.00") + D("2.10") + D("0.52")
    assert quantities_left(lines) == [ZERO]
    with pytest.raises(Refusal):
        take_piece(lines, groups, [D("0.000001")])


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[PartialLine], list[list[Decimal]]]:
    """Lines, and quantities piece by piece that use all of them up."""
    lines, columns = [], []
    count = draw(st.integers(1, 4))
    for _ in range(draw(st.integers(1, 5))):
        parts = draw(st.lists(st.integers(0, 50), min_size=count, max_size=count).filter(any))
        columns.append([D(part) / 4 for part in parts])
        lines.append(
            PartialLine(
                "SKU",
                "S",
                draw(st.sampled_from([D(21), D(10), D(0)])),
                draw(st.sampled_from([D(0), D("5.2")])),
                sum(columns[-1], ZERO),
                draw(st.decimals("0", "1000", places=2)),
            )
        )
    return lines, [list(row) for row in zip(*columns, strict=True)]


@given(splits())
def test_pieces_sum_to_the_whole_and_never_pass_it(
    split: tuple[list[PartialLine], list[list[Decimal]]],
) -> None:
    whole, pieces = split
    lines, groups = whole, whole_groups(whole)
    net = sum((line.net for line in whole), ZERO)
    tax = sum((group.whole.tax + group.whole.surcharge for group in groups), ZERO)
    taken: list[Piece] = []

    for quantities in pieces:
        piece = take_piece(lines, groups, quantities)
        lines, groups = after(lines, groups, quantities, piece)
        taken.append(piece)

        assert all(ZERO <= line.net_done <= line.net for line in lines)
        assert all(ZERO <= group.tax_done <= group.whole.tax for group in groups)
        for group in piece.groups:
            assert group.tax >= 0 and group.surcharge >= 0
            assert abs(group.tax - round_money(group.base * group.percent / 100)) <= D("0.01")

    assert sum(piece.net for piece in taken) == net
    assert sum(piece.tax for piece in taken) == tax
