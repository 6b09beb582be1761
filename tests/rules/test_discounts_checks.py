"""Discount rules before they are saved: what is refused, what is reported, and the shape they are stored in."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

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
from rules.discounts_checks import check_group, check_rule
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
from rules.discounts_conflicts import ConflictKind, Sample, conflicts
from rules.discounts_rules import Stacking
from rules.discounts_stored import (
    benefit_from_json,
    benefit_to_json,
    conditions_from_json,
    conditions_to_json,
)
from tests.rules.discounting import group, line, rule

D = Decimal
A, B, AB = frozenset({"A"}), frozenset({"B"}), frozenset({"A", "B"})


def tiers(*given: tuple[str, Any], measure: Measure = Measure.QUANTITY, **more: Any) -> Tiered:
    made = tuple(Tier(D(least), benefit) for least, benefit in given)
    return Tiered(measure, more.pop("of", Extent.ELIGIBLE_LINES), made, **more)


@pytest.mark.parametrize(
    ("label", "benefit", "conditions", "more", "path"),
    [
        ("sound", "10", (), {}, None),
        ("a percent above 100", "100.01", (), {}, "benefit.percent"),
        ("a percent of nothing", "0", (), {}, "benefit.percent"),
        ("an amount of nothing", AmountPerUnit(D(0)), (), {"currency": "EUR"}, "benefit.amount"),
        ("a price below zero", UnitPrice(D(-1)), (), {"currency": "EUR"}, "benefit.amount"),
        ("free is a price", UnitPrice(D(0)), (), {"currency": "EUR"}, None),
        ("an amount without a currency", AmountPerOrder(D(5)), (), {}, "currency"),
        ("a minimum amount without a currency", "5", (Minimum(Measure.AMOUNT, D(5)),), {}, "currency"),
        ("no tiers", tiers(), (), {}, "benefit.tiers"),
        ("falling tiers", tiers(("5", Percent(D(1))), ("5", Percent(D(2)))), (), {}, "benefit.tiers.1.least"),
        ("a tier above 100 %", tiers(("5", Percent(D(101)))), (), {}, "benefit.tiers.0.benefit.percent"),
        (
            "a price by steps",
            tiers(("5", UnitPrice(D(1))), is_stepped=True),
            (),
            {"currency": "EUR"},
            "benefit.tiers.0.benefit.kind",
        ),
        ("a set without units", SetPrice(D(5), D(0)), (), {"currency": "EUR"}, "benefit.quantity"),
        ("more than the set", LeastExpensive(D(5), D(3), D(2)), (), {}, "benefit.per"),
        (
            "ends before it begins",
            "10",
            (),
            {"valid_from": date(2027, 3, 2), "valid_until": date(2027, 3, 2)},
            "validUntil",
        ),
        ("a limit of nothing", "10", (), {"most_quantity": D(0)}, "quantityMax"),
        ("no values", "10", (ProductIs(frozenset()),), {}, "conditions.0.productIds"),
        ("no such weekday", "10", (Window(frozenset({8})),), {}, "conditions.0.weekdays"),
        (
            "an empty hour",
            "10",
            (Window(from_time=time(8), until_time=time(8)),),
            {},
            "conditions.0.untilTime",
        ),
        (
            "weekdays outside its validity",
            "10",
            (Window(frozenset({7})),),
            {"valid_from": date(2027, 3, 1), "valid_until": date(2027, 3, 3)},
            "conditions.0.weekdays",
        ),
        ("two products at once", "10", (ProductIs(A), ProductIs(B)), {}, "conditions.1.productIds"),
        ("in and out", "10", (BrandIs(A), BrandIs(AB, is_excluded=True)), {}, "conditions.1.codes"),
        ("some of it left", "10", (BrandIs(AB), BrandIs(A, is_excluded=True)), {}, None),
        ("two groups at once", "10", (CustomerGroupIs(A), CustomerGroupIs(B)), {}, "conditions.1.codes"),
        (
            "in and out of a segment",
            "10",
            (InSegment(A), InSegment(A, is_excluded=True)),
            {},
            "conditions.1.codes",
        ),
        (
            "a category inside an excluded one",
            "10",
            (CategoryIs(frozenset({"/a/b/"})), CategoryIs(frozenset({"/a/"}), is_excluded=True)),
            {},
            "conditions.1.codes",
        ),
        (
            "two branches at once",
            "10",
            (CategoryIs(frozenset({"/a/"})), CategoryIs(frozenset({"/b/"}))),
            {},
            "conditions.1.codes",
        ),
        (
            "one category below another",
            "10",
            (CategoryIs(frozenset({"/a/"})), CategoryIs(frozenset({"/a/b/"}))),
            {},
            None,
        ),
        ("below its least", "10", (Minimum(Measure.QUANTITY, D(5), below=D(5)),), {}, "conditions.0.below"),
        (
            "more mandatory than mixed",
            "10",
            (MixAndMatch(D(2), (("A", D(3)),)),),
            {},
            "conditions.0.mandatory",
        ),
        (
            "mandatory, but not for it",
            "10",
            (ProductIs(B), MixAndMatch(D(2), (("A", D(1)),))),
            {},
            "conditions.1.mandatory",
        ),
        ("never so often", "10", (BoughtBefore(0, 12),), {}, "conditions.0.times"),
        ("never so long ago", "10", (BoughtBefore(1, 61),), {}, "conditions.0.months"),
    ],
)
def test_what_is_refused(
    label: str,
    benefit: Benefit | str,
    conditions: tuple[Condition, ...],
    more: dict[str, Any],
    path: str | None,
) -> None:
    found = [".".join(each.path) for each in check_rule(rule("R", benefit, *conditions, **more))]

    assert found == ([] if path is None else [path]), label


@pytest.mark.parametrize(
    ("label", "more", "path"),
    [
        ("sound", {"suppresses": frozenset({"OTHER"})}, None),
        ("an unknown group", {"suppresses": frozenset({"NONE"})}, "suppresses"),
        ("itself", {"suppresses": frozenset({"G"})}, "suppresses"),
        ("each other", {"suppresses": frozenset({"FIRST"})}, "suppresses"),
        ("competes with nobody", {"competes_with": "NONE"}, "competesWith"),
        ("competes with one that is taken", {"competes_with": "X"}, "competesWith"),
        (
            "competes with what it silences",
            {"suppresses": frozenset({"OTHER"}), "competes_with": "OTHER"},
            "competesWith",
        ),
    ],
)
def test_groups(label: str, more: dict[str, Any], path: str | None) -> None:
    others = [
        group("OTHER"), group("FIRST", suppresses=frozenset({"G"})), group("X", competes_with="Y"), group("Y"),
    ]  # fmt: skip

    assert [".".join(each.path) for each in check_group(group("G", **more), others)] == (
        [] if path is None else [path]
    )


ALL: list[Condition] = [
    CustomerIs(AB, is_excluded=True), CustomerGroupIs(A), InSegment(A), ByChannel(frozenset({"API"})), OnFirstOrder(),
    Window(frozenset({1, 3}), time(8), time(12, 30)), Window(), ProductIs(AB), CategoryIs(frozenset({"/a/"})),
    BrandIs(A), NearExpiry(7), BoughtBefore(2, 6), InWishlist(), BoughtTogether(),
    Minimum(Measure.AMOUNT, D("10.5"), Extent.ORDER, D(20)), MixAndMatch(D(3), (("A", D(1)),)),
]  # fmt: skip
BENEFITS: list[Benefit] = [
    Percent(D("2.5")), AmountPerUnit(D("0.10")), AmountPerLine(D(1)), AmountPerOrder(D(2)), UnitPrice(D(3), D(50)),
    SetPrice(D(9), D(3)), LeastExpensive(D(50), D(1), D(3)), LeastExpensive(D(50), D(1)),
    tiers(("1", Percent(D(1))), ("5", AmountPerUnit(D(2))), is_stepped=True, of=Extent.LINE),
]  # fmt: skip


def test_what_is_stored_reads_back_the_same() -> None:
    assert conditions_from_json(conditions_to_json(ALL)) == tuple(ALL)
    assert [benefit_from_json(benefit_to_json(each)) for each in BENEFITS] == BENEFITS
    assert conditions_to_json([ProductIs(AB)]) == [{"kind": "PRODUCT", "values": ["A", "B"]}]


def sample(product: str, price: str, **facts: Any) -> Sample:
    return Sample(line(1, "1", price, product=product, **facts).facts, D(price), D(1))


SAMPLES = [sample("p1", "10", brand="A", category_path="/food/oil/"), sample("p2", "4", brand="B")]
EQUAL, NEVER, HIDES = ConflictKind.EQUAL_PRIORITY, ConflictKind.NEVER_APPLIES, ConflictKind.HIDES_ANOTHER


@pytest.mark.parametrize(
    ("label", "stacking", "mine", "other", "kind", "nets"),
    [
        (
            "equal priorities, other products too",
            Stacking.EXCLUSIVE,
            rule("A", "10", BrandIs(AB)),
            rule("B", "20", ProductIs(frozenset({"p1"})), Minimum(Measure.QUANTITY, D(3))),
            EQUAL,
            ("30.00", "27.00", "24.00", "24.00"),
        ),
        (
            "another always comes first",
            Stacking.EXCLUSIVE,
            rule("A", "20", BrandIs(A)),
            rule("B", "5", BrandIs(AB), priority=1),
            NEVER,
            ("10.00", "8.00", "9.50", "9.50"),
        ),
        (
            "it always comes before another",
            Stacking.EXCLUSIVE,
            rule("A", "5", priority=1),
            rule("B", "20", CategoryIs(frozenset({"/food/"}))),
            HIDES,
            ("10.00", "9.50", "8.00", "9.50"),
        ),
        (
            "a smaller percent for the same",
            Stacking.BEST,
            rule("A", "5", BrandIs(A)),
            rule("B", "20"),
            NEVER,
            ("10.00", "9.50", "8.00", "8.00"),
        ),
        (
            "for a minimum amount, in a window, with a coupon",
            Stacking.EXCLUSIVE,
            rule("A", "5", Minimum(Measure.AMOUNT, D(25)), coupon="X", currency="EUR"),
            rule("B", AmountPerOrder(D(3)), Window(frozenset({7}), time(20), time(22)), currency="EUR"),
            EQUAL,
            ("30.00", "28.50", "27.00", "27.00"),
        ),
        ("priorities decide", Stacking.EXCLUSIVE, rule("A", "5", BrandIs(A)), rule("B", "6", ProductIs(AB), priority=1), None, None),
        ("both apply", Stacking.SUMMED, rule("A", "5"), rule("B", "6"), None, None),
        ("other products", Stacking.EXCLUSIVE, rule("A", "5", BrandIs(A)), rule("B", "6", BrandIs(B)), None, None),
        ("other days", Stacking.EXCLUSIVE, rule("A", "5", Window(frozenset({1}))), rule("B", "6", Window(frozenset({2}))), None, None),
        (
            "one after the other",
            Stacking.EXCLUSIVE,
            rule("A", "5", valid_until=date(2027, 4, 1)),
            rule("B", "6", valid_from=date(2027, 4, 1)),
            None,
            None,
        ),
        (
            "bands that follow each other",
            Stacking.EXCLUSIVE,
            rule("A", "5", Minimum(Measure.QUANTITY, D(1), below=D(10))),
            rule("B", "6", Minimum(Measure.QUANTITY, D(10))),
            None,
            None,
        ),
        ("the winner ends some day", Stacking.EXCLUSIVE, rule("A", "5"), rule("B", "6", priority=1, valid_until=date(2028, 1, 1)), None, None),
        ("another group", Stacking.EXCLUSIVE, rule("A", "5"), rule("B", "6", group="H"), None, None),
        ("another currency", Stacking.EXCLUSIVE, rule("A", AmountPerOrder(D(1)), currency="EUR"), rule("B", AmountPerOrder(D(1)), currency="USD"), None, None),
    ],
)  # fmt: skip
def test_conflicts(label: str, stacking: Stacking, mine: Any, other: Any, kind: Any, nets: Any) -> None:
    found = conflicts(mine, [other, mine], group(stacking=stacking), SAMPLES, date(2027, 3, 1), "EUR", 2)

    assert [(each.kind, each.other.id) for each in found] == ([] if kind is None else [(kind, "B")]), label
    if kind is not None:
        example = found[0].example
        assert example is not None
        assert (
            example.net_without, example.net_with_rule, example.net_with_other, example.net_with_both,
        ) == tuple(map(D, nets))  # fmt: skip


def test_an_example_is_on_a_moment_when_both_hold() -> None:
    sunday = Window(frozenset({7}), time(20), time(22))

    found = conflicts(
        rule("A", "5"), [rule("B", "6", sunday, priority=0)], group(stacking=Stacking.EXCLUSIVE), SAMPLES,
        date(2027, 3, 1), "EUR", 2,
    )  # fmt: skip

    assert found[0].example is not None
    assert found[0].example.moment == datetime.combine(date(2027, 3, 7), time(20))


def test_without_a_product_for_both_there_is_no_example() -> None:
    found = conflicts(
        rule("A", "5", ProductIs(frozenset({"p9"}))), [rule("B", "6")], group(stacking=Stacking.EXCLUSIVE), SAMPLES,
        date(2027, 3, 1), "EUR", 2,
    )  # fmt: skip

    assert [(each.kind, each.example) for each in found] == [(NEVER, None)]
