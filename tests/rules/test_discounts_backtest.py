"""A rule over past sales: what it touches, what it leaves to the cent, and how its limits run out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from rules.discounts_backtest import PastDocument, PastLine, backtest
from rules.discounts_benefits import AmountPerOrder, Percent
from rules.discounts_conditions import BrandIs, Measure, Minimum, Window
from rules.discounts_rules import Phase
from tests.rules.discounting import NOON, PARTY, group, line, rule

D = Decimal


def past(number: str, *nets: str, customer: str = "us", day: int = 0) -> PastDocument:
    """Lines of three units; every second one is of brand B and has no cost."""
    lines = []
    for index, net in enumerate(nets, 1):
        more = {"brand": "B"} if index % 2 == 0 else {"brand": "A", "unit_cost": D("2.005")}
        lines.append(PastLine(line(index, "3", "1", **more).facts, D(net)))
    return PastDocument(
        number, replace(PARTY, customers=(customer,)), NOON + timedelta(days=day), tuple(lines)
    )


SALES = [past("1", "9.99", "30.00"), past("2", "15.15", customer="they", day=1), past("3", "7.77", day=2)]


def test_a_rule_that_is_for_nothing_changes_no_cent() -> None:
    found = backtest(rule("R", "5", BrandIs(frozenset({"C"}))), group(), SALES)

    assert found.revenue_before == found.revenue_after == D("62.91")
    assert (found.lines, found.documents_touched, found.customers_touched) == ((), 0, frozenset())


def test_five_percent_changes_exactly_the_lines_it_touches() -> None:
    found = backtest(rule("R", "5", BrandIs(frozenset({"A"}))), group(), SALES)

    assert [(each.document, each.line_number, each.net_before, each.net_after) for each in found.lines] == [
        ("1", 1, D("9.99"), D("9.49")), ("2", 1, D("15.15"), D("14.39")), ("3", 1, D("7.77"), D("7.38")),
    ]  # fmt: skip
    assert (found.revenue_before, found.revenue_after) == (D("62.91"), D("61.26"))
    assert (found.documents_touched, found.customers_touched) == (3, frozenset({"us", "they"}))
    assert found.cost == D("18.06"), "of the lines whose cost is known: 6.02 each, rounded once"
    assert (found.margin_before, found.margin_after) == (D("14.85"), D("13.20"))


def test_limits_run_out_in_the_order_of_time() -> None:
    limited = rule(
        "R", AmountPerOrder(D(1)), phase=Phase.ORDER, currency="EUR", remaining=2, remaining_for_customer=1
    )

    for order in (SALES, SALES[::-1]):
        found = backtest(limited, group(), order)
        assert [each.document for each in found.lines] == ["1", "1", "2"]
        assert found.revenue_before - found.revenue_after == D(2)


def test_conditions_are_those_of_the_day() -> None:
    tuesday = rule(
        "R", Percent(D(10)), Window(frozenset({2})), Minimum(Measure.AMOUNT, D(15)), currency="EUR"
    )

    assert [each.document for each in backtest(tuesday, group(), SALES).lines] == ["2"]
