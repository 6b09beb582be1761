"""Charges: bands, zones, delivery terms, thresholds, and their tax in the share of the goods' rates."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.charges import (
    ChargeBand,
    ChargeBasis,
    ChargedLine,
    ChargeKind,
    ChargeMethod,
    ChargePart,
    ChargeRule,
    Destination,
    charges,
    check_charge,
)
from rules.pricing_facts import Party

D = Decimal
DAY = date(2026, 11, 26)
PARTY = Party(("own",), "EUR", customer_group="RETAIL")
FIXED, PERCENT, RATE = ChargeMethod.FIXED, ChargeMethod.PERCENT, ChargeMethod.RATE
MADRID = Destination("ES", "28001")
LINES = [
    ChargedLine("a", "/food/", D(10), D("60.00"), D(12), "S", D(10)),
    ChargedLine("b", "/glass/", D(5), D("30.00"), D(8), "S", D(21)),
]


def band(start: str, end: str | None, value: str, method: ChargeMethod = FIXED) -> ChargeBand:
    return ChargeBand(D(start), None if end is None else D(end), method, D(value))


def rule(*bands: ChargeBand, **fields: object) -> ChargeRule:
    made = ChargeRule("r1", "freight", ChargeKind.FREIGHT, ChargeBasis.DOCUMENT, "EUR", bands)
    return replace(made, **fields)  # type: ignore[arg-type]


def nets(
    *rules: ChargeRule,
    lines: list[ChargedLine] = LINES,
    destination: Destination = MADRID,
    incoterm: str = "DAP",
) -> list[tuple[str, Decimal]]:
    net = sum((line.net for line in lines), D(0))
    found = charges(rules, PARTY, net, lines, destination, incoterm, DAY)
    return [(each.rule.id, each.net) for each in found]


BY_WEIGHT = rule(band("0", "20", "5"), band("20", "50", "9"), basis=ChargeBasis.WEIGHT)


@pytest.mark.parametrize(
    ("case", "of", "net"),
    [
        ("the boundary of 20 kg belongs to the higher band", BY_WEIGHT, "9.00"),
        ("above the last band nothing", rule(band("0", "20", "5"), basis=ChargeBasis.WEIGHT), None),
        ("small order", rule(band("0", "100", "15"), kind=ChargeKind.SMALL_ORDER), "15.00"),
        ("a percent of the net", rule(band("0", None, "2.5", PERCENT)), "2.25"),
        ("by line, each rounded", rule(band("0", None, "1.115", PERCENT), basis=ChargeBasis.LINE), "1.00"),
        ("by line, those of its band", rule(band("50", None, "4"), basis=ChargeBasis.LINE), "4.00"),
        ("by kg", rule(band("0", None, "0.333", RATE), basis=ChargeBasis.WEIGHT), "6.66"),
        ("a deposit per unit", rule(band("0", None, "0.25", RATE), basis=ChargeBasis.QUANTITY), "3.75"),
        (
            "of the goods reached",
            rule(band("0", None, "0.25", RATE), basis=ChargeBasis.QUANTITY, category_path="/glass/"),
            "1.25",
        ),
        ("of no goods reached", rule(band("0", None, "1"), product="c"), None),
        ("free from its threshold", rule(band("0", None, "9"), free_from=D(90)), None),
        ("one cent below it", rule(band("0", None, "9"), free_from=D("90.01")), "9.00"),
        ("another country", rule(band("0", None, "9"), countries=frozenset({"PT"})), None),
        (
            "its zone",
            rule(band("0", None, "9"), countries=frozenset({"ES"}), postal_prefixes=frozenset({"28", "08"})),
            "9.00",
        ),
        (
            "another zone",
            rule(band("0", None, "9"), countries=frozenset({"ES"}), postal_prefixes=frozenset({"08"})),
            None,
        ),
        ("another delivery term", rule(band("0", None, "9"), incoterms=frozenset({"EXW"})), None),
        ("another currency", rule(band("0", None, "9"), currency="USD", priority=9), None),
        ("over", rule(band("0", None, "9"), valid_until=DAY), None),
        ("another group", rule(band("0", None, "9"), customer_group="HORECA"), None),
    ],
)
def test_a_document_is_charged(case: str, of: ChargeRule, net: str | None) -> None:
    assert nets(of) == ([] if net is None else [("r1", D(net))]), case


def test_the_most_specific_of_the_highest_priority_wins_each_kind_and_its_goods() -> None:
    base = rule(band("0", None, "9"))
    spain = replace(base, id="r2", countries=frozenset({"ES"}))
    madrid = replace(spain, id="r0", postal_prefixes=frozenset({"28"}))
    mine = replace(base, id="r3", customer="own", bands=(band("0", None, "0"),))

    assert nets(spain, base, madrid) == [("r0", D("9.00"))]
    assert nets(base, replace(base, id="r4")) == [("r4", D("9.00"))]
    assert nets(madrid, replace(base, id="r4", priority=1)) == [("r4", D("9.00"))]
    assert nets(madrid, mine) == []  # mine charges nothing, and nothing else steps in
    deposit = rule(band("0", None, "1"), id="r5", kind=ChargeKind.DEPOSIT, product="b")
    assert nets(deposit, base, replace(deposit, id="r6", product="a")) == [
        ("r1", D("9.00")),
        ("r6", D("1.00")),
        ("r5", D("1.00")),
    ]


def test_a_charge_is_taxed_in_the_share_of_the_goods_rates() -> None:
    """60.00 at 10 % and 30.00 at 21 %: 10.00 is 6.67 and 3.33."""
    (freight,) = charges([rule(band("0", None, "10"))], PARTY, D(90), LINES, MADRID, "DAP", DAY)
    glass = rule(band("0", None, "10"), category_path="/glass/")
    (of_glass,) = charges([glass], PARTY, D(90), LINES, MADRID, "DAP", DAY)

    assert freight.parts == (ChargePart("S", D(10), D(0), D("6.67")), ChargePart("S", D(21), D(0), D("3.33")))
    assert of_glass.parts == (ChargePart("S", D(21), D(0), D("10.00")),)
    assert (freight.basis_value, of_glass.basis_value) == (D("90.00"), D("30.00"))


@pytest.mark.parametrize(
    ("case", "path", "changes"),
    [
        ("no band", ("bands",), {"bands": ()}),
        ("a gap", ("bands", "1", "from"), {"bands": (band("0", "10", "5"), band("11", None, "4"))}),
        ("an overlap", ("bands", "1", "from"), {"bands": (band("0", "10", "5"), band("9", None, "4"))}),
        (
            "after an open one",
            ("bands", "1", "from"),
            {"bands": (band("0", None, "5"), band("9", None, "4"))},
        ),
        ("falling", ("bands", "1", "from"), {"bands": (band("5", "10", "5"), band("0", "5", "4"))}),
        ("an empty band", ("bands", "0", "to"), {"bands": (band("5", "5", "5"),)}),
        ("below zero", ("bands", "0", "from"), {"bands": (band("-1", None, "5"),)}),
        ("a negative charge", ("bands", "0", "value"), {"bands": (band("0", None, "-5"),)}),
        ("101 %", ("bands", "0", "value"), {"bands": (band("0", None, "101", PERCENT),)}),
        ("a rate of a net", ("bands", "0", "method"), {"bands": (band("0", None, "1", RATE),)}),
        ("never anything", ("bands", "0", "value"), {"bands": (band("0", None, "0"),)}),
        ("free from nothing", ("freeFrom",), {"free_from": D(0)}),
        ("no country", ("postalPrefixes",), {"postal_prefixes": frozenset({"28"})}),
        ("no such country", ("countries",), {"countries": frozenset({"es"})}),
        ("dates", ("validUntil",), {"valid_from": DAY, "valid_until": DAY}),
        ("no name", ("name",), {"name": ""}),
        ("two buyers", ("customerId",), {"customer": "x", "customer_group": "y"}),
        ("two goods", ("productId",), {"product": "x", "category_path": "/y/"}),
    ],
)
def test_a_rule_without_a_clear_meaning_is_refused(
    case: str, path: tuple[str, ...], changes: dict[str, object]
) -> None:
    sound = rule(band("0", "10", "5"), band("10", None, "0"))

    assert check_charge(sound) == []
    assert [each.path for each in check_charge(replace(sound, **changes))] == [path], case  # type: ignore[arg-type]


amounts = st.decimals("0", "1000", places=2)


@given(
    st.lists(st.tuples(amounts, st.sampled_from(["21", "10", "4"])), min_size=1, max_size=6),
    st.sampled_from(ChargeBasis),
    st.decimals("0.01", "90", places=3),
    st.randoms(),
)
def test_parts_sum_to_the_charge_and_order_changes_nothing(
    goods: list[tuple[Decimal, str]], basis: ChargeBasis, value: Decimal, chance: object
) -> None:
    lines = [
        ChargedLine(f"p{index}", "/", D(index + 1), net, net * 3, "S", D(percent))
        for index, (net, percent) in enumerate(goods)
    ]
    of = rule(band("0", "500", "7.77"), band("500", None, str(value), PERCENT), basis=basis)
    net = sum((line.net for line in lines), D(0))

    found = charges([of], PARTY, net, lines, MADRID, "DAP", DAY)

    chance.shuffle(lines)  # type: ignore[attr-defined]
    assert charges([of], PARTY, net, lines, MADRID, "DAP", DAY) == found
    for each in found:
        assert sum(part.net for part in each.parts) == each.net
        assert each.net == each.net.quantize(D("0.01")) > 0
