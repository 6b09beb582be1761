"""How documents bear charges: lines of their own, once or with their goods, and what ends with what."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from rules.charges import (
    ChargeBand,
    ChargeBasis,
    ChargedLine,
    ChargeKind,
    ChargeMethod,
    ChargeRule,
    Destination,
    charges_and_waivers,
)
from rules.charges_lines import (
    Due,
    LineLeft,
    called_off_with,
    charge_lines,
    charge_step,
    charges_due,
)
from rules.pricing_facts import Party
from rules.pricing_trace import PriceComponent, PriceStep, ValueKind
from rules.states import LineKind

D = Decimal
GOODS = [
    ChargedLine("oil", "/food/", D(3), D("60.00"), D(15), "S", D(10), number=7),
    ChargedLine("glass", "/glass/", D(7), D("30.00"), D(1), "S", D(21), number=2),
]
FIXED, PERCENT, RATE = ChargeMethod.FIXED, ChargeMethod.PERCENT, ChargeMethod.RATE


def borne(basis: ChargeBasis, method: ChargeMethod, value: str) -> list[tuple[object, ...]]:
    """(followed line, quantity, unit price, price unit, net, rate) of the lines that bear a charge."""
    rule = ChargeRule(
        "r", "Portes", ChargeKind.FREIGHT, basis, "EUR", (ChargeBand(D(0), None, method, D(value)),)
    )
    found = charges_and_waivers(
        [rule],
        Party(("us",), "EUR"),
        D(90),
        GOODS,
        Destination("ES"),
        "",
        date(2026, 3, 2),
    )
    return [
        (line.follows, str(line.quantity), str(line.unit_price), str(line.price_unit), str(line.net_amount),
         str(line.tax_percent))
        for line in charge_lines(found, 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("basis", "method", "value", "lines"),
    [
        (ChargeBasis.DOCUMENT, FIXED, "10", [(None, "1", "6.67", "1", "6.67", "10"), (None, "1", "3.33", "1", "3.33", "21")]),
        (ChargeBasis.WEIGHT, RATE, "0.5", [(None, "1", "5.33", "1", "5.33", "10"), (None, "1", "2.67", "1", "2.67", "21")]),
        # A deposit is so much a unit where its line comes to just that, and else its line's net for all of its units.
        (ChargeBasis.QUANTITY, RATE, "0.25", [(2, "7", "0.25", "1", "1.75", "21"), (7, "3", "0.25", "1", "0.75", "10")]),
        (ChargeBasis.QUANTITY, RATE, "0.015", [(2, "7", "0.015", "1", "0.11", "21"), (7, "3", "0.04", "3", "0.04", "10")]),
        (ChargeBasis.QUANTITY, FIXED, "5", [(2, "7", "3.50", "7", "3.50", "21"), (7, "3", "1.50", "3", "1.50", "10")]),
        (ChargeBasis.QUANTITY, PERCENT, "10", [(2, "7", "3.00", "7", "3.00", "21"), (7, "3", "6.00", "3", "6.00", "10")]),
        # Each line of a charge by line is charged, and taxed, by itself.
        (ChargeBasis.LINE, FIXED, "5", [(2, "7", "5.00", "7", "5.00", "21"), (7, "3", "5.00", "3", "5.00", "10")]),
    ],
)  # fmt: skip
def test_a_charge_is_borne_by_lines(
    basis: ChargeBasis, method: ChargeMethod, value: str, lines: list[tuple[object, ...]]
) -> None:
    assert [tuple(map(_plain, each)) for each in borne(basis, method, value)] == [
        tuple(map(_plain, each)) for each in lines
    ]


def _plain(value: object) -> object:
    return D(value) if isinstance(value, str) else value


def test_a_waived_charge_is_told_and_borne_by_nothing() -> None:
    rule = ChargeRule(
        "r", "Portes", ChargeKind.FREIGHT, ChargeBasis.DOCUMENT, "EUR", (ChargeBand(D(0), None, FIXED, D(10)),),
        free_from=D(90),
    )  # fmt: skip
    asked = (Party(("us",), "EUR"), D(90), GOODS, Destination("ES"), "", date(2026, 3, 2))
    (waived,) = charges_and_waivers([rule], *asked)
    (near,) = charges_and_waivers([replace(rule, free_from=D("130"))], *asked)

    assert (waived.net, waived.waived, waived.to_free, charge_lines([waived], 2)) == (
        D(0),
        D("10.00"),
        None,
        [],
    )
    assert (near.net, near.waived, near.to_free) == (D("10.00"), D(0), D("40"))
    assert charge_step(waived).reason == "Free for goods of {free_from} net and more."
    assert charge_step(near) == PriceStep(
        PriceComponent.CHARGE, "Portes", D(10), D("10.00"), reason="For goods of {measure} net.", rule_id="r",
        value_kind=ValueKind.AMOUNT_PER_ORDER, basis=D("90.00"), data=(("measure", "90"),),
    )  # fmt: skip


A, B, SERVICE, FREIGHT, DEPOSIT = (UUID(int=number) for number in range(1, 6))


def left(**changes: tuple[int, int]) -> list[LineLeft]:
    """Two lines of goods, a service, freight on all of it and a deposit on A; (cancelled, invoiced) where said."""

    def line(name: str, key: UUID, kind: LineKind, ordered: int, follows: UUID | None = None) -> LineLeft:
        cancelled, invoiced = changes.get(name, (0, 0))
        return LineLeft(key, kind, D(ordered), D(cancelled), D(invoiced), follows)

    return [
        line("a", A, LineKind.GOODS, 10),
        line("b", B, LineKind.GOODS, 5),
        line("service", SERVICE, LineKind.SERVICE, 1),
        line("freight", FREIGHT, LineKind.CHARGE, 1),
        line("deposit", DEPOSIT, LineKind.CHARGE, 10, A),
    ]


@pytest.mark.parametrize(
    ("case", "lines", "key", "quantity", "cuts"),
    [
        ("part of A", left(), A, 4, {DEPOSIT: 4}),
        ("part of B", left(), B, 4, {}),
        ("all of A", left(), A, 10, {DEPOSIT: 10}),
        ("the last goods", left(b=(5, 0)), A, 10, {FREIGHT: 1, DEPOSIT: 10}),
        (
            "the rest of the last goods",
            left(a=(6, 0), b=(5, 0), deposit=(6, 0)),
            A,
            4,
            {FREIGHT: 1, DEPOSIT: 4},
        ),
        (
            "goods of which some left",
            left(a=(0, 3), b=(5, 0), deposit=(0, 3), freight=(0, 1)),
            A,
            7,
            {DEPOSIT: 7},
        ),
        ("a service", left(), SERVICE, 1, {}),
        ("a deposit that was waived", left(deposit=(10, 0)), A, 4, {}),
    ],
)
def test_charges_end_with_their_goods(
    case: str, lines: list[LineLeft], key: UUID, quantity: int, cuts: dict[UUID, int]
) -> None:
    assert called_off_with(lines, key, D(quantity)) == {each: D(cut) for each, cut in cuts.items()}, case


@pytest.mark.parametrize(
    ("case", "lines", "pieces", "due"),
    [
        ("the first goods", left(), [(B, 1)], [(FREIGHT, 1, 0)]),
        ("a service alone", left(), [(SERVICE, 1)], []),
        ("a service and goods", left(), [(SERVICE, 1), (B, 1)], [(FREIGHT, 1, 1)]),
        ("two parts of A", left(), [(A, 3), (A, 7)], [(FREIGHT, 1, 0), (DEPOSIT, 3, 0), (DEPOSIT, 7, 1)]),
        ("the rest of A", left(a=(0, 3), freight=(0, 1), deposit=(0, 3)), [(A, 7)], [(DEPOSIT, 7, 0)]),
        ("what was forgotten, later", left(a=(0, 10), deposit=(0, 10)), [(SERVICE, 1)], [(FREIGHT, 1, 0)]),
        ("what was forgotten, alone", left(a=(0, 10), deposit=(0, 10)), [], [(FREIGHT, 1, None)]),
        ("nothing yet", left(), [], []),
        ("what was waived", left(freight=(1, 0), deposit=(10, 0)), [(A, 10)], []),
        ("never more than is left", left(deposit=(8, 0)), [(A, 10)], [(FREIGHT, 1, 0), (DEPOSIT, 2, 0)]),
    ],
)
def test_charges_are_due_once_or_with_their_goods(
    case: str,
    lines: list[LineLeft],
    pieces: list[tuple[UUID, int]],
    due: list[tuple[UUID, int, int | None]],
) -> None:
    found = charges_due(lines, [(key, D(quantity)) for key, quantity in pieces])

    assert found == [Due(key, D(quantity), piece) for key, quantity, piece in due], case
