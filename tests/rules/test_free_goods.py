"""Free goods: cases FG-01 to FG-13 with their figures, and laws."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.concessions import Margin
from rules.free_goods import (
    FreeCalculation,
    FreeGoodsRule,
    FreeKind,
    FreeRounding,
    check_free_goods,
    derive,
    entitlement_after_return,
    free_line_steps,
    free_quantity,
)
from rules.money import TaxedLine, line_amount, tax_by_group
from rules.pricing_facts import LineFacts, Party
from rules.pricing_trace import replay

D = Decimal
DAY = date(2026, 11, 26)
PARTY = Party(("own", "parent"), "EUR", customer_group="RETAIL", segments=frozenset({"CAFES"}))


def rule(per: str, free: str, **fields: object) -> FreeGoodsRule:
    made = FreeGoodsRule("r1", "gift", D(per), D(free))
    return replace(made, **fields)  # type: ignore[arg-type]


def line(quantity: str, number: int = 1, product: str = "a", **fields: object) -> LineFacts:
    made = LineFacts(number, product, product.upper(), D(quantity), DAY, ())
    return replace(made, **fields)  # type: ignore[arg-type]


PROPORTIONAL, WHOLE = FreeCalculation.PROPORTIONAL, FreeCalculation.WHOLE_UNIT


@pytest.mark.parametrize(
    ("case", "of", "quantity", "free"),
    [
        ("FG-01 proportional", rule("100", "3", calculation=PROPORTIONAL), "280", "8"),
        ("FG-01 unit reference", rule("100", "3"), "280", "6"),
        ("FG-01 whole unit", rule("100", "3", calculation=WHOLE), "280", "0"),
        ("whole unit, a multiple", rule("100", "3", calculation=WHOLE), "300", "9"),
        (
            "FG-02 half up",
            rule("5", "1", calculation=PROPORTIONAL, rounding=FreeRounding.HALF_UP, minimum_quantity=D(100)),
            "128",
            "26",
        ),
        ("FG-02 down", rule("5", "1", calculation=PROPORTIONAL, minimum_quantity=D(100)), "128", "25"),
        (
            "proportional up",
            rule("5", "1", calculation=PROPORTIONAL, rounding=FreeRounding.UP),
            "126",
            "26",
        ),
        ("FG-04 exclusive", rule("5", "1", minimum_quantity=D(10)), "15", "3"),
        ("FG-05 below the minimum", rule("5", "1", minimum_quantity=D(10)), "9", "0"),
        ("the minimum itself", rule("5", "1", minimum_quantity=D(10)), "10", "2"),
        ("FG-07 rebate in goods, truncated", rule("100", "2"), "150", "2"),
        ("FG-08 every multiple", rule("10", "1"), "35", "3"),
        ("FG-08 only once", rule("10", "1", only_once=True), "35", "1"),
        ("only once needs one multiple", rule("10", "1", only_once=True), "9", "0"),
    ],
)
def test_a_quantity_earns(case: str, of: FreeGoodsRule, quantity: str, free: str) -> None:
    assert free_quantity(of, D(quantity)) == D(free), case


def test_inclusive_goods_are_part_of_what_was_ordered_and_exclusive_ones_come_on_top() -> None:
    """FG-03, FG-04."""
    inclusive = rule("5", "1", minimum_quantity=D(10), kind=FreeKind.INCLUSIVE)
    exclusive = replace(inclusive, kind=FreeKind.EXCLUSIVE, free_product="b")

    (within,) = derive([inclusive], PARTY, [line("15")], DAY)
    (on_top,) = derive([exclusive], PARTY, [line("15")], DAY)

    assert (within.quantity_paid, within.quantity, within.product) == (D(12), D(3), "a")
    assert (on_top.quantity_paid, on_top.quantity, on_top.product) == (D(15), D(3), "b")


def test_optional_goods_are_proposed_until_chosen() -> None:
    """FG-08."""
    optional = rule("10", "1", is_optional=True)

    (proposed,) = derive([optional], PARTY, [line("35")], DAY)
    (taken,) = derive([optional], PARTY, [line("35")], DAY, chosen=frozenset({"r1"}))

    assert (proposed.is_proposed, proposed.quantity) == (True, D(3))
    assert (taken.is_proposed, taken.quantity) == (False, D(3))


@pytest.mark.parametrize(
    ("case", "terms", "chosen", "expected"),
    [
        ("optional", {"is_optional": True}, "", [("1", "3", True), ("2", "2", True)]),
        ("optional, taken", {"is_optional": True}, "r1", [("1", "3", False), ("2", "2", False)]),
        ("another one taken", {"is_optional": True}, "r2", [("1", "3", True), ("2", "2", True)]),
        ("charged, taken: an order's own line brings it", {"is_chargeable": True}, "r1", [("1", "3", True), ("2", "2", True)]),
        ("an offer is for what it would give", {"is_optional": True, "max_per_order": D(4)}, "", [("1", "3", True), ("2", "1", True)]),
        ("and gives that", {"is_optional": True, "max_per_order": D(4)}, "r1", [("1", "3", False), ("2", "1", False)]),
        ("once per order", {"is_optional": True, "only_once": True}, "", [("1", "1", True)]),
        ("not optional", {}, "r1", [("1", "3", False), ("2", "2", False)]),
    ],
)  # fmt: skip
def test_what_is_offered_and_what_is_given(
    case: str, terms: dict[str, Any], chosen: str, expected: list[tuple[str, str, bool]]
) -> None:
    lines = [line("20", number=2), line("30", number=1)]

    found = derive([rule("10", "1", **terms)], PARTY, lines, DAY, chosen=frozenset({chosen}))

    assert [(str(each.parent.number), str(each.quantity), each.is_proposed) for each in found] == expected, (
        case
    )


def test_free_goods_cost_and_bring_no_revenue() -> None:
    """FG-10: 15 paid at 10.00 and 3 free, at a cost of 6.00."""
    (free,) = derive([rule("5", "1")], PARTY, [line("15")], DAY)

    margin = Margin(
        line_amount(free.quantity_paid, D("10.00")), line_amount(D(15) + free.quantity, D("6.00"))
    )

    assert (margin.revenue, margin.cost, margin.amount, margin.percent) == (
        D("150.00"),
        D("108.00"),
        D("42.00"),
        D("28.00"),
    )


@pytest.mark.parametrize(
    ("case", "of", "bought", "free", "returned", "expected"),
    [
        ("FG-11", rule("5", "1"), "15", "3", "7", ("8", "1", "2")),
        ("all comes back", rule("5", "1"), "15", "3", "15", ("0", "0", "3")),
        ("nothing comes back", rule("5", "1"), "15", "3", "0", ("15", "3", "0")),
        ("never more than was given", rule("5", "1"), "30", "2", "5", ("25", "2", "0")),
        ("below the minimum", rule("5", "1", minimum_quantity=D(10)), "15", "3", "7", ("8", "0", "3")),
        (
            "inclusive: free ones count",
            rule("5", "1", kind=FreeKind.INCLUSIVE),
            "12",
            "3",
            "4",
            ("8", "2", "1"),
        ),
        ("inclusive, kept whole", rule("5", "1", kind=FreeKind.INCLUSIVE), "12", "3", "0", ("12", "3", "0")),
    ],
)
def test_a_return_recomputes_what_was_earned(
    case: str, of: FreeGoodsRule, bought: str, free: str, returned: str, expected: tuple[str, str, str]
) -> None:
    left = entitlement_after_return(of, D(bought), D(free), D(returned))

    assert (left.kept, left.entitled, left.surplus) == tuple(map(D, expected)), case
    assert left.charge(D("10.00")) == D("10.00") * D(expected[2]), case


def test_a_free_line_keeps_its_list_price_and_has_no_tax() -> None:
    """FG-13."""
    (free,) = derive([rule("5", "1")], PARTY, [line("15")], DAY)

    steps = free_line_steps(free, D("10.00"), D(1), 2)
    net = replay(steps, free.quantity, D(1), 2)

    assert [(step.component, step.discount, step.value) for step in steps] == [
        ("LIST_PRICE", D(0), D("10.00")),
        ("FREE_GOODS", D("30.00"), D(100)),
    ]
    assert (steps[1].basis, net) == (D("30.00"), D("0.00"))
    assert tax_by_group([TaxedLine(net, "S", D(21), "A")])[1] == [D("0.00")]


def test_one_rule_wins_a_line_and_a_product() -> None:
    def winner(*rules: FreeGoodsRule) -> list[str]:
        return sorted(each.rule.id for each in derive(rules, PARTY, [line("20", category_path="/x/y/")], DAY))

    base = rule("10", "1")
    assert winner(base, replace(base, id="r2", priority=1)) == ["r2"]
    assert winner(base, replace(base, id="r2")) == ["r2"]  # the newest
    own, parent = replace(base, id="r0", customer="own"), replace(base, id="r9", customer="parent")
    assert winner(parent, own) == ["r0"]
    segment, group = replace(base, id="r3", segment="CAFES"), replace(base, id="r8", customer_group="RETAIL")
    assert winner(group, segment, base) == ["r3"]
    assert winner(group, segment, parent) == ["r9"]
    goods = [
        replace(base, id="r5", category_path="/x/"),
        replace(base, id="r4", category_path="/x/y/"),
        replace(base, id="r3", product="a"),
    ]
    assert winner(*goods) == ["r3"]
    assert winner(*goods[:2]) == ["r4"]
    assert winner(base, replace(base, id="r2", free_product="b")) == ["r1", "r2"]  # different gifts
    out_of_reach = [
        replace(base, id="r2", customer="other"),
        replace(base, id="r3", segment="BARS"),
        replace(base, id="r4", customer_group="WHOLESALE"),
        replace(base, id="r5", product="b"),
        replace(base, id="r6", category_path="/z/"),
        replace(base, id="r7", valid_until=DAY),
        replace(base, id="r8", valid_from=date(2026, 11, 27)),
        replace(base, id="r9", offer_of="line"),
        replace(base, id="rA", priority=9, minimum_quantity=D(21)),
    ]
    assert winner(*out_of_reach) == []
    assert winner(base, *out_of_reach) == ["r1"]


def test_an_offer_reaches_the_lines_of_its_agreement() -> None:
    offer = rule("10", "1", offer_of="commitment")

    found = derive([offer], PARTY, [line("10"), line("10", 2, "b")], DAY, agreement_lines={2: "commitment"})

    assert [each.parent.number for each in found] == [2]


def test_limits_of_the_order_hold_over_its_lines() -> None:
    lines = [line("20"), line("50", 2)]

    capped = derive([rule("10", "1", max_per_order=D(6))], PARTY, lines, DAY)
    once = derive([rule("10", "2", only_once=True)], PARTY, lines, DAY)

    assert [(each.parent.number, each.quantity) for each in capped] == [(2, D(5)), (1, D(1))]
    assert [(each.parent.number, each.quantity) for each in once] == [(2, D(2))]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("perQuantity", {"per_quantity": D(0)}),
        ("freeQuantity", {"free_quantity": D(0)}),
        ("minimumQuantity", {"minimum_quantity": D(-1)}),
        ("name", {"name": " "}),
        ("validUntil", {"valid_from": DAY, "valid_until": DAY}),
        ("customerId", {"customer": "x", "segment": "y"}),
        ("productId", {"product": "x", "category_path": "/y/"}),
        ("maxPerOrder", {"max_per_order": D("0.5")}),
        ("rounding", {"rounding": FreeRounding.UP}),
        ("freeProductId", {"kind": FreeKind.INCLUSIVE, "free_product": "b"}),
        ("freeQuantity", {"kind": FreeKind.INCLUSIVE, "free_quantity": D(5)}),
        ("kind", {"kind": FreeKind.INCLUSIVE, "is_optional": True}),
        (
            "rounding",
            {"kind": FreeKind.INCLUSIVE, "calculation": PROPORTIONAL, "rounding": FreeRounding.UP},
        ),
    ],
)
def test_a_rule_without_a_clear_meaning_is_refused(field: str, changes: dict[str, object]) -> None:
    sound = rule("5", "1")

    assert check_free_goods(sound) == []
    assert [each.path for each in check_free_goods(replace(sound, **changes))] == [(field,)]  # type: ignore[arg-type]


quantities = st.decimals("0.5", "500", places=1)
made_rules = st.builds(
    lambda index, per, free, kind, calculation, priority, minimum, most, once, gift: FreeGoodsRule(
        f"r{index}",
        "gift",
        D(per),
        D(min(free, per - 1)) if kind is FreeKind.INCLUSIVE else D(free),
        D(minimum),
        kind,
        calculation,
        priority=priority,
        only_once=once,
        max_per_order=most,
        free_product="" if kind is FreeKind.INCLUSIVE else gift,
    ),
    st.integers(0, 9),
    st.integers(2, 30),
    st.integers(1, 9),
    st.sampled_from(FreeKind),
    st.sampled_from(FreeCalculation),
    st.integers(0, 2),
    st.integers(0, 40),
    st.none() | st.integers(10, 30).map(D),
    st.booleans(),
    st.sampled_from(["", "b", "gift"]),
)


@given(
    st.lists(made_rules, max_size=5, unique_by=lambda each: each.id),
    st.lists(st.tuples(st.sampled_from("abc"), quantities), min_size=1, max_size=5),
    st.randoms(),
)
def test_laws(rules: list[FreeGoodsRule], wanted: list[tuple[str, Decimal]], chance: object) -> None:
    lines = [line(str(quantity), number, product) for number, (product, quantity) in enumerate(wanted)]

    found = derive(rules, PARTY, lines, DAY)

    shuffled, other_rules = list(lines), list(rules)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(other_rules)  # type: ignore[attr-defined]
    entered = [replace(each, number=number) for number, each in enumerate(shuffled)]
    again = derive(other_rules, PARTY, entered, DAY)
    assert [_without_number(each) for each in again] == [_without_number(each) for each in found]
    for each in found:
        inclusive = each.rule.kind is FreeKind.INCLUSIVE
        assert each.quantity_paid + (each.quantity if inclusive else 0) == each.parent.quantity
        assert each.quantity > 0 and each.quantity_paid > 0
    for of in rules:
        given_away = sum(each.quantity for each in found if each.rule is of)
        assert of.max_per_order is None or given_away <= of.max_per_order
        assert not of.only_once or given_away <= of.free_quantity


def _without_number(each: object) -> tuple[object, ...]:
    return (each.rule.id, each.product, each.quantity, each.parent.sku, each.parent.quantity)  # type: ignore[attr-defined]
