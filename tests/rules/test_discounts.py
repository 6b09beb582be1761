"""Discount rules: the worked cases of the rule book, section 4, and what holds for any rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.discounts import apply_phase
from rules.discounts_benefits import (
    AmountPerLine,
    AmountPerOrder,
    AmountPerUnit,
    Benefit,
    LeastExpensive,
    Percent,
    SetPrice,
    Tier,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    BoughtBefore,
    BoughtTogether,
    BrandIs,
    ByChannel,
    CategoryIs,
    Condition,
    CustomerGroupIs,
    CustomerIs,
    Extent,
    InSegment,
    InWishlist,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)
from rules.discounts_margins import MarginComponent, adjusted_price
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, Stacking
from rules.pricing_facts import Channel
from rules.pricing_running import RunningDocument
from rules.pricing_trace import PriceComponent, PriceStep, replay
from tests.rules.discounting import NOON, PARTY, amounts, document, group, line, rule, run, steps

D = Decimal


def test_ps_01_best_compounded_threshold_then_always() -> None:
    running = document(line(1, "1", "1565.00"))
    rules = [
        rule("DIS01-01", "10", group="DIS01", concurrency=Concurrency.BEST),
        rule("DIS02-01", "10", group="DIS02"),
        rule(
            "DIS03-01",
            Tiered(Measure.AMOUNT, Extent.ORDER, (Tier(D(1), AmountPerOrder(D("20.00"))),)),
            group="DIS03",
        ),
        rule("DIS01-02", "5", group="DIS01", concurrency=Concurrency.ALWAYS),
        rule("DIS02-02", "8", group="DIS02", concurrency=Concurrency.ALWAYS),
        rule("DIS03-02", AmountPerOrder(D("10.00")), group="DIS03", concurrency=Concurrency.ALWAYS),
    ]

    run(
        running,
        rules,
        [group("DIS01", sequence=30), group("DIS02", sequence=40), group("DIS03", sequence=50)],
    )

    assert [step.running_price for step in running.lines[0].steps] == [
        D("1408.50"), D("1267.65"), D("1247.65"), D("1185.27"), D("1090.45"), D("1080.45"),
    ]  # fmt: skip
    assert amounts(running) == [D("1080.45")]


def test_ps_02_margin_components_of_the_base_and_of_the_running_price() -> None:
    components = [
        MarginComponent(D(5), is_percent=True, is_compound=False),
        MarginComponent(D(-2), is_percent=True, is_compound=True),
        MarginComponent(D(10), is_percent=False, is_compound=False),
        MarginComponent(D(5), is_percent=True, is_compound=True),
        MarginComponent(D(2), is_percent=False, is_compound=True),
        MarginComponent(D(5), is_percent=True, is_compound=True),
    ]

    assert adjusted_price(D(1000), components, 2) == [
        D("1050.00"), D("1029.00"), D("1039.00"), D("1090.95"), D("1092.95"), D("1147.60"),
    ]  # fmt: skip


def test_ps_03_the_best_and_what_compounds_add_in_a_summed_group() -> None:
    running = document(line(1, "1", "100"))
    rules = [
        rule("B1", "10", concurrency=Concurrency.BEST),
        rule("B2", "20", concurrency=Concurrency.BEST),
        rule("C1", "30"),
    ]

    run(running, rules, Stacking.SUMMED)

    assert steps(running) == [("B2", "APPLIED", D(20)), ("C1", "APPLIED", D(30)), ("B1", "EXCLUDED", D(0))]


@pytest.mark.parametrize(
    ("label", "stacking", "net"),
    [
        ("PS-04 on the running price", Stacking.CASCADED, "72.00"),
        ("PS-04 on the original price", Stacking.SUMMED, "70.00"),
        ("the best for the customer", Stacking.BEST, "80.00"),
        ("one alone", Stacking.EXCLUSIVE, "80.00"),
    ],
)
def test_ps_04_how_two_percents_combine(label: str, stacking: Stacking, net: str) -> None:
    running = document(line(1, "1", "100"))

    run(running, [rule("A", "10"), rule("B", "20")], stacking)

    assert amounts(running) == [D(net)], label


@pytest.mark.parametrize(
    ("label", "more", "net", "applied"),
    [
        ("PS-05", [], "88.00", ["E1"]),
        (
            "PS-05: of two exclusives the larger",
            [rule("E2", "15", concurrency=Concurrency.EXCLUSIVE)],
            "85.00",
            ["E2"],
        ),
        (
            "the higher priority before the larger",
            [rule("E2", "5", concurrency=Concurrency.EXCLUSIVE, priority=1)],
            "95.00",
            ["E2"],
        ),
        (
            "PS-05: what always applies still does",
            [rule("A1", "10", concurrency=Concurrency.ALWAYS)],
            "79.20",
            ["E1", "A1"],
        ),
    ],
)
def test_ps_05_an_exclusive_beats_a_better_combination(
    label: str, more: list[DiscountRule], net: str, applied: list[str]
) -> None:
    running = document(line(1, "1", "100"))
    rules = [rule("E1", "12", concurrency=Concurrency.EXCLUSIVE), rule("C1", "10"), rule("C2", "10"), *more]

    run(running, rules)

    assert amounts(running) == [D(net)], label
    assert [name for name, status, _ in steps(running) if status == "APPLIED"] == applied


@pytest.mark.parametrize(
    ("amount", "discount"),
    [("999.99", "0.00"), ("1000", "100.00"), ("1999.99", "100.00"), ("2000", "200.00"), ("2500", "250.00")],
)
def test_ps_07_thresholds(amount: str, discount: str) -> None:
    running = document(line(1, "1", amount))
    tiers = (Tier(D(1000), AmountPerOrder(D(100))), Tier(D(2000), Percent(D(10))))

    run(running, [rule("T", Tiered(Measure.AMOUNT, Extent.ORDER, tiers), phase=Phase.ORDER)])

    assert D(amount) - running.amount == D(discount)


def test_ps_07_the_threshold_is_asked_of_the_amount_after_the_other_discounts() -> None:
    running = document(line(1, "1", "1050"))
    tiers = (Tier(D(1000), AmountPerOrder(D(100))),)
    rules = [
        rule("T", Tiered(Measure.AMOUNT, Extent.ORDER, tiers), phase=Phase.ORDER, priority=9),
        rule("P", "10", phase=Phase.ORDER),
    ]

    run(running, rules)

    assert steps(running) == [("P", "APPLIED", D(105)), ("T", "EXCLUDED", D(0))]
    assert running.lines[0].steps[1].data == (("least", "1000"), ("reached", "945"))


BY_QUANTITY = Tiered(
    Measure.QUANTITY,
    Extent.ELIGIBLE_LINES,
    tuple(Tier(D(least), Percent(D(percent))) for least, percent in ((2, 5), (5, 7), (10, 9), (15, 12))),
)


@pytest.mark.parametrize(
    ("label", "quantities", "net"),
    [
        ("PS-08", ("3", "4", "3"), "91.00"),
        ("doubled", ("6", "8", "6"), "176.00"),
        ("one short of a tier", ("3", "4", "2"), "83.70"),
        ("one short of the first", ("1",), "10.00"),
    ],
)
def test_ps_08_quantity_tiers_count_the_whole_order(
    label: str, quantities: tuple[str, ...], net: str
) -> None:
    running = document(*(line(i, each, "10", brand="A") for i, each in enumerate(quantities, 1)))
    other = line(9, "50", "1", brand="B")

    run(RunningDocument([*running.lines, other], 2), [rule("Q", BY_QUANTITY, BrandIs(frozenset({"A"})))])

    assert (running.amount, other.amount) == (D(net), D(50)), label


@pytest.mark.parametrize(
    ("label", "lines", "benefit", "pay"),
    [
        ("PS-10", [("EV004", "1", "100"), ("EV005", "1", "120")], LeastExpensive(D(15), D(1)), "205.00"),
        (
            "PS-10 for each three",
            [("EV004", "4", "100"), ("EV005", "3", "120")],
            LeastExpensive(D(100), D(1), D(3)),
            "560.00",
        ),
        (
            "PS-09: a price of a set, the dearest first",
            [("A", "2", "50"), ("B", "3", "30")],
            SetPrice(D(99), D(3)),
            "159.00",
        ),
        ("PS-09: two sets", [("A", "3", "50"), ("B", "3", "30")], SetPrice(D(99), D(3)), "198.00"),
        ("PS-09: no full set", [("A", "2", "50")], SetPrice(D(99), D(3)), "100.00"),
        ("PS-09: a set never raises a price", [("A", "3", "30")], SetPrice(D(99), D(3)), "90.00"),
        (
            "TA-23: a fixed price only lowers",
            [("A", "2", "50"), ("B", "1", "30")],
            UnitPrice(D(40)),
            "110.00",
        ),
        ("a fixed price of 0 is free", [("A", "2", "50")], UnitPrice(D(0)), "0.00"),
        ("a fixed price of 50 units", [("A", "75", "0.25")], UnitPrice(D(10), D(50)), "15.00"),
        ("TA-24: per unit", [("A", "10", "2000")], AmountPerUnit(D(200)), "18000.00"),
        ("TA-24: per line", [("A", "10", "2000")], AmountPerLine(D(10)), "19990.00"),
    ],
)
def test_benefits(label: str, lines: list[tuple[str, str, str]], benefit: Benefit, pay: str) -> None:
    running = document(*(line(i, q, price, product=sku) for i, (sku, q, price) in enumerate(lines, 1)))

    run(running, [rule("R", benefit)])

    assert running.amount == D(pay), label


@pytest.mark.parametrize(
    ("label", "lines", "net"),
    [
        ("PS-11 a", [("EV009", "5"), ("EV007", "5")], "880.00"),
        ("PS-11 b: without the mandatory one", [("EV009", "10")], "1000.00"),
        ("too few", [("EV009", "4"), ("EV007", "5")], "900.00"),
        ("others do not count", [("EV009", "4"), ("EV007", "5"), ("X", "1")], "1000.00"),
    ],
)
def test_ps_11_a_mandatory_item(label: str, lines: list[tuple[str, str]], net: str) -> None:
    running = document(*(line(i, quantity, "100", product=sku) for i, (sku, quantity) in enumerate(lines, 1)))
    package = ProductIs(frozenset({"EV007", "EV009"}))

    run(running, [rule("MIX", "12", package, MixAndMatch(D(10), (("EV007", D(1)),)))])

    assert running.amount == D(net), label


def test_ps_13_the_best_within_one_group() -> None:
    running = document(line(1, "1", "100"))

    run(running, [rule("K005", "10"), rule("K007", "15")], Stacking.BEST)

    assert steps(running) == [("K007", "APPLIED", D(15)), ("K005", "EXCLUDED", D(0))]
    excluded = running.lines[0].steps[1]
    assert excluded.reason.format(**dict(excluded.data)) == "K007 goes before it in its group."


FOUR = [
    rule("K004", AmountPerLine(D(30)), group="1"),
    rule("K005", AmountPerLine(D(40)), group="1"),
    rule("K007", AmountPerLine(D(60)), group="2"),
    rule("K029", AmountPerLine(D(5)), group="2"),
]


@pytest.mark.parametrize(
    ("label", "more", "second", "net", "applied"),
    [
        ("PS-14 C", {"competes_with": "2"}, "5", "930.00", ["K004", "K005"]),
        ("PS-14 C: the other is better", {"competes_with": "2"}, "15", "925.00", ["K007", "K029"]),
        ("PS-14 C: equal, the earlier", {"competes_with": "2"}, "10", "930.00", ["K004", "K005"]),
        ("PS-14 D", {"suppresses": frozenset({"2"})}, "500", "930.00", ["K004", "K005"]),
        ("neither", {}, "5", "865.00", ["K004", "K005", "K007", "K029"]),
    ],
)
def test_ps_14_best_of_two_groups_and_one_that_excludes_another(
    label: str, more: dict[str, Any], second: str, net: str, applied: list[str]
) -> None:
    running = document(line(1, "1", "1000"))
    rules = [*FOUR[:3], rule("K029", AmountPerLine(D(second)), group="2")]

    run(running, rules, [group("1", sequence=1, **more), group("2", sequence=2)])

    assert running.amount == D(net), label
    assert [name for name, status, _ in steps(running) if status == "APPLIED"] == applied


def test_ps_14_d_holds_where_the_group_is_present_and_nowhere_else() -> None:
    running = document(line(1, "1", "100"), line(2, "1", "100"))
    rules = [
        rule("A", "10", ProductIs(frozenset({"p1"})), group="1"),
        rule("B", "20", group="2"),
        rule("O", "50", group="2", phase=Phase.ORDER),
    ]
    groups = [group("1", sequence=2, suppresses=frozenset({"2"})), group("2", sequence=1)]

    run(running, rules, groups)

    assert amounts(running) == [D("90.00"), D("40.00")], (
        "in a later phase too, and before its own sequence comes"
    )


def test_ps_15_a_price_that_lets_nothing_follow() -> None:
    running = document(line(1, "1", "100"), line(2, "1", "100"))
    rules = [
        rule("S", UnitPrice(D(80)), ProductIs(frozenset({"p1"})), group="1", stops_further=True),
        rule("L", "10", group="2"),
        rule("O", "10", group="2", phase=Phase.ORDER),
        rule("A", "10", group="2", concurrency=Concurrency.ALWAYS),
    ]

    run(running, rules, [group("1", sequence=1), group("2", sequence=2)])

    assert amounts(running) == [D("72.00"), D("72.90")]


@pytest.mark.parametrize(
    ("label", "lines", "cap", "shares"),
    [
        ("PS-16", ["600.00", "400.00"], "75.00", ["45.00", "30.00"]),
        ("PS-16 doubled", ["1200.00", "800.00"], "75.00", ["45.00", "30.00"]),
        ("PS-16, one line more", ["600.00", "400.00", "0.05"], "75.00", ["44.99", "30.00", "0.01"]),
        ("below the limit", ["600.00", "400.00"], "100.00", ["60.00", "40.00"]),
    ],
)
def test_ps_16_at_most_so_much_an_order(label: str, lines: list[str], cap: str, shares: list[str]) -> None:
    running = document(*(line(i, "1", each) for i, each in enumerate(lines, 1)))

    uses = run(running, [rule("R", "10", most_amount=D(cap))])

    assert [D(each) - left for each, left in zip(lines, amounts(running), strict=True)] == [
        D(s) for s in shares
    ], label
    assert sum(use.amount for use in uses) == sum(D(share) for share in shares)


def test_a_limit_of_units_serves_the_dearest() -> None:
    running = document(line(1, "5", "10"), line(2, "2", "30"))

    uses = run(running, [rule("R", "50", most_quantity=D(3))])

    assert amounts(running) == [D("45.00"), D("30.00")]
    assert [(use.amount, use.quantity) for use in uses] == [(D("35.00"), D(3))]
    assert [name for name, status, _ in steps(running) if status == "CAPPED"] == ["R"]


STEPS = (Tier(D(1), AmountPerUnit(D(1))), Tier(D(11), AmountPerUnit(D(2))))


@pytest.mark.parametrize(
    ("label", "is_stepped", "quantity", "net"),
    [
        ("PS-17 plain", False, "15", "270.00"),
        ("PS-17 stepped", True, "15", "280.00"),
        ("one below the second step", True, "10", "190.00"),
        ("the eleventh unit", True, "11", "208.00"),
        ("between two whole units the last step reached takes the rest", True, "10.5", "199.50"),
        ("doubled", True, "30", "550.00"),
    ],
)
def test_ps_17_stepped_tiers(label: str, is_stepped: bool, quantity: str, net: str) -> None:
    running = document(line(1, quantity, "20"))

    run(running, [rule("R", Tiered(Measure.QUANTITY, Extent.LINE, STEPS, is_stepped))])

    assert running.amount == D(net), label


def test_percents_by_amount_stepped() -> None:
    running = document(line(1, "1", "1500"), line(2, "1", "1000"))
    tiers = (Tier(D(1000), Percent(D(5))), Tier(D(2000), Percent(D(10))))

    run(running, [rule("R", Tiered(Measure.AMOUNT, Extent.ELIGIBLE_LINES, tiers, is_stepped=True))])

    assert amounts(running) == [D("1440.00"), D("960.00")], "1,000 at 5 % and 500 at 10 %"


def test_rule_book_16_amounts_are_capped_on_their_own_lines() -> None:
    running = document(line(1, "1", "6"), line(2, "1", "4"), line(3, "1", "10"))
    rules = [
        rule("A", AmountPerOrder(D(5)), ProductIs(frozenset({"p1", "p2"})), phase=Phase.ORDER, priority=1),
        rule("B", AmountPerOrder(D(10)), ProductIs(frozenset({"p1"})), phase=Phase.ORDER),
    ]

    run(running, rules)

    assert amounts(running) == [D("0.00"), D("2.00"), D("10.00")]
    assert [(name, status, taken) for name, status, taken in steps(running)] == [
        ("A", "APPLIED", D("3.00")), ("B", "CAPPED", D("3.00")), ("A", "APPLIED", D("2.00")),
    ]  # fmt: skip


def test_rule_book_15_of_order_promotions_percents_come_before_amounts() -> None:
    running = document(line(1, "1", "100"))
    rules = [
        rule("AMOUNT", AmountPerOrder(D(10)), group="1", phase=Phase.ORDER),
        rule("PERCENT", "10", group="2", phase=Phase.ORDER),
    ]

    run(running, rules, [group("1", sequence=1), group("2", sequence=2)])

    assert [name for name, _, _ in steps(running)] == ["PERCENT", "AMOUNT"]
    assert amounts(running) == [D("80.00")]


def test_an_order_promotion_is_rounded_once() -> None:
    running = document(*(line(i, "1", "0.05") for i in range(1, 11)))

    run(running, [rule("R", "10", phase=Phase.ORDER)])

    assert running.amount == D("0.45"), "not ten times a cent"


@pytest.mark.parametrize(
    ("label", "more", "winner"),
    [
        ("the most specific", {"conditions": (ProductIs(frozenset({"p1"})),)}, "B"),
        ("the newest", {"created_order": 1}, "B"),
        ("the id", {}, "A"),
    ],
)
def test_rule_book_13_ties(label: str, more: dict[str, Any], winner: str) -> None:
    running = document(line(1, "1", "100"))

    run(running, [rule("A", "10"), replace(rule("B", "10"), **more)], Stacking.EXCLUSIVE)

    assert steps(running)[0] == (winner, "APPLIED", D(10)), label


@pytest.mark.parametrize(("priority", "net"), [(0, "80.00"), (1, "81.00")])
def test_of_a_cascade_the_highest_priority_goes_first_and_then_the_id(priority: int, net: str) -> None:
    running = document(line(1, "1", "100"))

    run(running, [rule("A", "10"), rule("B", AmountPerLine(D(10)), priority=priority)])

    assert amounts(running) == [D(net)]


def test_a_rule_may_win_one_line_and_lose_another() -> None:
    running = document(line(1, "1", "100"), line(2, "1", "100"))
    rules = [rule("ALL", "10"), rule("ONE", "15", ProductIs(frozenset({"p1"})))]

    run(running, rules, Stacking.EXCLUSIVE)

    assert amounts(running) == [D("85.00"), D("90.00")]


def test_a_set_that_loses_a_line_is_asked_again() -> None:
    running = document(line(1, "3", "100"), line(2, "3", "10"))
    rules = [rule("SET", SetPrice(D(15), D(3))), rule("FIRST", "1", ProductIs(frozenset({"p1"})), priority=1)]

    run(running, rules, Stacking.EXCLUSIVE)

    assert amounts(running) == [D("297.00"), D("15.00")]


MONDAY_NIGHT = datetime(2027, 3, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "condition", "party", "moment", "holds"),
    [
        ("own customer", CustomerIs(frozenset({"us"})), {}, NOON, True),
        ("an ancestor", CustomerIs(frozenset({"parent"})), {}, NOON, True),
        ("not this customer", CustomerIs(frozenset({"us"}), is_excluded=True), {}, NOON, False),
        ("another customer", CustomerIs(frozenset({"they"})), {}, NOON, False),
        ("group", CustomerGroupIs(frozenset({"HORECA"})), {}, NOON, True),
        ("not the group", CustomerGroupIs(frozenset({"HORECA"}), is_excluded=True), {}, NOON, False),
        ("segment", InSegment(frozenset({"BIG"})), {"segments": frozenset({"BIG", "OLD"})}, NOON, True),
        ("no segment", InSegment(frozenset({"BIG"})), {}, NOON, False),
        ("channel", ByChannel(frozenset({"PORTAL"})), {}, NOON, True),
        ("another channel", ByChannel(frozenset({"PORTAL"})), {"channel": Channel.STAFF}, NOON, False),
        ("first order", OnFirstOrder(), {"is_first_order": True}, NOON, True),
        ("a later order", OnFirstOrder(), {}, NOON, False),
        ("weekday", Window(frozenset({1})), {}, NOON, True),
        ("another weekday", Window(frozenset({2})), {}, NOON, False),
        ("at its beginning", Window(from_time=time(12)), {}, NOON, True),
        ("at its end", Window(from_time=time(9), until_time=time(12)), {}, NOON, False),
        ("past midnight", Window(frozenset({1}), time(22), time(2)), {}, MONDAY_NIGHT, True),
        (
            "past midnight, the day after",
            Window(frozenset({7}), time(22), time(2)),
            {},
            NOON.replace(hour=1),
            True,
        ),
        (
            "past midnight, its own morning",
            Window(frozenset({1}), time(22), time(2)),
            {},
            NOON.replace(hour=1),
            False,
        ),
        ("product", ProductIs(frozenset({"p1"})), {}, NOON, True),
        ("not the product", ProductIs(frozenset({"p1"}), is_excluded=True), {}, NOON, False),
        ("category above", CategoryIs(frozenset({"/food/"})), {}, NOON, True),
        ("excluded category", CategoryIs(frozenset({"/food/oil/"}), is_excluded=True), {}, NOON, False),
        ("another category", CategoryIs(frozenset({"/food/wine/"})), {}, NOON, False),
        ("brand", BrandIs(frozenset({"A"})), {}, NOON, True),
        ("another brand", BrandIs(frozenset({"B"})), {}, NOON, False),
        ("near expiry", NearExpiry(30), {}, NOON, True),
        ("not so near", NearExpiry(29), {}, NOON, False),
        ("bought often", BoughtBefore(3, 12), {}, NOON, True),
        ("not so often", BoughtBefore(4, 12), {}, NOON, False),
        ("not so lately", BoughtBefore(1, 6), {}, NOON, False),
        ("wishlist", InWishlist(), {}, NOON, True),
        ("bought together", BoughtTogether(), {}, NOON, True),
        ("quantity", Minimum(Measure.QUANTITY, D(2), Extent.LINE), {}, NOON, True),
        ("quantity not reached", Minimum(Measure.QUANTITY, D(3), Extent.LINE), {}, NOON, False),
        ("quantity of the order", Minimum(Measure.QUANTITY, D(3), Extent.ORDER), {}, NOON, True),
        ("amount not below", Minimum(Measure.AMOUNT, D(10), Extent.ORDER, D(30)), {}, NOON, False),
    ],
)
def test_conditions(
    label: str, condition: Condition, party: dict[str, Any], moment: datetime, holds: bool
) -> None:
    ours = line(
        1, "2", "10", category_path="/food/oil/", brand="A", days_to_expiry=30, times_bought={12: 3},
        is_in_wishlist=True, bought_together=frozenset({"p2"}),
    )  # fmt: skip
    other = line(2, "1", "10", category_path="/tools/", brand="C")

    run(document(ours, other), [rule("R", "50", condition)], moment=moment, **party)

    assert ours.amount == (D(10) if holds else D(20)), label


@pytest.mark.parametrize(
    ("label", "more", "party", "status"),
    [
        ("the coupon was entered", {"coupon": "SPRING"}, {"coupons": frozenset({"SPRING"})}, ["APPLIED"]),
        ("without the coupon it is not heard of", {"coupon": "SPRING"}, {}, []),
        ("used up", {"remaining": 0}, {}, ["EXCLUDED"]),
        ("used up by this customer", {"remaining": 5, "remaining_for_customer": 0}, {}, ["EXCLUDED"]),
        ("the last use", {"remaining": 1, "remaining_for_customer": 1}, {}, ["APPLIED"]),
        ("another currency is ignored, before priorities", {"currency": "USD"}, {}, []),
        ("from today", {"valid_from": date(2027, 3, 1)}, {}, ["APPLIED"]),
        ("from tomorrow", {"valid_from": date(2027, 3, 2)}, {}, []),
        ("until yesterday", {"valid_until": date(2027, 3, 1)}, {}, []),
    ],
)
def test_when_a_rule_counts(
    label: str, more: dict[str, Any], party: dict[str, Any], status: list[str]
) -> None:
    running = document(line(1, "1", "100"))

    run(running, [rule("R", "10", **more)], **party)

    assert [each for _, each, _ in steps(running)] == status, label


POOL: list[Benefit] = [
    Percent(D(10)), Percent(D("33.333333")), Percent(D(100)), AmountPerUnit(D("0.37")), AmountPerLine(D("1.11")),
    AmountPerOrder(D("7.77")), UnitPrice(D("1.05")), SetPrice(D("2.50"), D(3)), LeastExpensive(D(50), D(1), D(2)),
    BY_QUANTITY, Tiered(Measure.QUANTITY, Extent.LINE, STEPS, is_stepped=True),
    Tiered(Measure.AMOUNT, Extent.ORDER, (Tier(D(20), AmountPerOrder(D(5))), Tier(D(60), Percent(D(10))))),
]  # fmt: skip
ASKED: list[tuple[Condition, ...]] = [
    (), (), (BrandIs(frozenset({"A"})),), (ProductIs(frozenset({"p1", "p2"})),),
    (Minimum(Measure.AMOUNT, D(15), Extent.ELIGIBLE_LINES),), (Minimum(Measure.QUANTITY, D(2), Extent.LINE),),
    (MixAndMatch(D(3)),),
]  # fmt: skip
GROUPS = [
    group("X", Stacking.EXCLUSIVE, 1, suppresses=frozenset({"C"})),
    group("B", Stacking.BEST, 2, competes_with="S"),
    group("S", Stacking.SUMMED, 3),
    group("C", Stacking.CASCADED, 4),
]


@st.composite
def any_rules(draw: st.DrawFn) -> list[DiscountRule]:
    return [
        rule(
            f"r{index}",
            draw(st.sampled_from(POOL)),
            *draw(st.sampled_from(ASKED)),
            group=draw(st.sampled_from("XBSC")),
            phase=draw(st.sampled_from(Phase)),
            priority=draw(st.integers(0, 2)),
            concurrency=draw(st.none() | st.sampled_from(Concurrency)),
            most_amount=draw(st.sampled_from([None, None, D("2.50")])),
            most_quantity=draw(st.sampled_from([None, None, D(2)])),
            stops_further=draw(st.sampled_from([False, False, True])),
        )
        for index in range(draw(st.integers(1, 7)))
    ]


any_lines = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3.5", "12"]),
        st.sampled_from(["0.05", "1.10", "7.77", "30"]),
        st.sampled_from("AB"),
    ),
    min_size=1,
    max_size=5,
)


def priced(
    lines: list[tuple[str, str, str]],
    rules: list[DiscountRule],
    groups: list[DiscountGroup],
    order: list[int],
) -> tuple[object, ...]:
    made = [line(i, quantity, price, brand=brand) for i, (quantity, price, brand) in enumerate(lines, 1)]
    running = document(*(made[i] for i in order))
    before = running.amount
    uses = run(running, rules, groups)
    assert all(each.amount >= 0 for each in running.lines), "no line is below zero"
    taken = sum((use.amount for use in uses), D(0))
    assert taken == sum((step.discount for each in running.lines for step in each.steps), D(0))
    assert taken == before - running.amount
    assert all(
        step.discount == step.discount.quantize(D("0.01")) for each in running.lines for step in each.steps
    )
    return running.amount, uses, [each.steps for each in running.lines]


@settings(max_examples=150, deadline=None)
@given(any_lines, any_rules(), st.randoms())
def test_laws(lines: list[tuple[str, str, str]], rules: list[DiscountRule], random: object) -> None:
    order = list(range(len(lines)))

    first = priced(lines, rules, GROUPS, order)

    assert priced(lines, rules, GROUPS, order) == first, "pricing twice is equal"
    shuffled, mixed, places = list(rules), list(GROUPS), list(order)
    for each in (shuffled, mixed, places):
        random.shuffle(each)  # type: ignore[attr-defined]
    assert priced(lines, shuffled, mixed, places) == first, "the order of entry changes nothing"


def test_the_trace_replays() -> None:
    running = document(line(1, "3", "9.99"))
    running.lines[0].steps.append(PriceStep(PriceComponent.LIST_PRICE, "list", D("9.99"), D("9.99")))

    run(
        running,
        [rule("A", "10"), rule("B", AmountPerOrder(D(2)), phase=Phase.ORDER), rule("C", "5", priority=-1)],
    )

    only = running.lines[0]
    assert replay(only.steps, D(3), D(1), 2) == only.amount == D("23.62")
    assert [step.component.value for step in only.steps[1:]] == ["PROMOTION", "PROMOTION", "ORDER_PROMOTION"]


def test_a_phase_leaves_the_others_alone() -> None:
    running = document(line(1, "1", "100"))

    assert apply_phase(running, PARTY, [rule("A", "10")], [group()], Phase.ORDER, NOON) == []
    assert running.lines[0].steps == []
