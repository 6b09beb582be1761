"""Past sales priced again: without a rule nothing moves, with one exactly its lines do; all of Northwind too."""

import csv
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rules.backtest import Backtest, PastLine, backtest
from rules.discounts_benefits import AmountPerOrder
from rules.discounts_conditions import BoughtBefore, CategoryIs, CustomerIs, OnFirstOrder, ProductIs
from rules.discounts_rules import DiscountRule, Phase
from rules.money import line_amount, round_money
from rules.pricing_facts import Party
from tests.app.imports.sources import DATA, needs_data
from tests.rules.discounting import group, rule

D = Decimal
DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sold(document: str, sku: str, quantity: str, price: str, **given: Any) -> PastLine:
    """A line of 2 March 2026 by customer "c", whose net is as its price and percent make it unless said otherwise."""
    percent = D(given.pop("percent", 0))
    gross = line_amount(D(quantity), D(price), given.get("price_unit", D(1)))
    net = D(given.pop("net", gross - round_money(gross * percent / 100)))
    values: dict[str, Any] = {"customer": "c", "sold_at": DAY, "category_path": "/food/"}
    return PastLine(
        key=f"{document}/{sku}", document=document, product=sku, sku=sku, quantity=D(quantity), unit_price=D(price),
        net_amount=net, discount_percent=percent, **(values | given),
    )  # fmt: skip


def replayed(lines: Sequence[PastLine], *rules: DiscountRule, **given: Any) -> Backtest:
    parties = {each.customer: Party((each.customer,), "EUR") for each in lines}
    return backtest(lines, rules, [group()], parties, **given)


def nets(found: Backtest) -> dict[str, Decimal]:
    return {each.line.key: each.net_after for each in found.lines}


# 3 x 9.35 = 28.05: a tenth is 2.805 and half up takes 2.81 off; 7 at 10.00 for 3 are 23.33.
LINES = [
    sold("1", "A", "3", "9.35", percent="10", unit_cost=D("6.005")),
    sold("1", "B", "7", "10", price_unit=D(3), category_path="/drink/"),
    sold("2", "A", "2", "9.99", customer="d", unit_cost=D("11")),
]


def test_no_change_is_what_it_was() -> None:
    found = replayed(LINES)

    assert nets(found) == {"1/A": D("25.24"), "1/B": D("23.33"), "2/A": D("19.98")}
    assert (found.revenue_before, found.revenue_after) == (D("68.55"), D("68.55"))
    assert (found.touched, found.documents_touched, found.customers_touched, found.restated) == ((), 0, 0, 0)
    # The margin is of the lines with a cost alone: 25.24 - 18.02 (3 at 6.005), 19.98 - 22.
    assert (found.margin_before, found.margin_after) == (D("5.20"), D("5.20"))
    assert len(found.costed) == 2


def test_a_rule_changes_the_lines_it_is_for_and_no_others() -> None:
    found = replayed(LINES, rule("R", "5", CategoryIs(frozenset({"/food/"}))))

    # 28.05 less 1.40 (5 %) is 26.65, less 2.67 (10 %); 19.98 less 1.00.
    assert nets(found) == {"1/A": D("23.98"), "1/B": D("23.33"), "2/A": D("18.98")}
    assert [each.line.key for each in found.touched] == ["1/A", "2/A"]
    assert (found.revenue_after, found.documents, found.documents_touched) == (D("66.29"), 2, 2)
    assert (found.margin_before, found.margin_after) == (D("5.20"), D("2.94"))
    assert [(each.customer, each.net_before, each.net_after, each.lines_touched) for each in found.customers] == [
        ("c", D("48.57"), D("47.31"), 1), ("d", D("19.98"), D("18.98"), 1),
    ]  # fmt: skip


def test_an_amount_on_the_order_is_spread_over_its_document() -> None:
    given = rule("R", AmountPerOrder(D(5)), CustomerIs(frozenset({"c"})), phase=Phase.ORDER, currency="EUR")

    found = replayed(LINES, given)

    # 5.00 over 25.24 and 23.33.
    assert nets(found) == {"1/A": D("22.64"), "1/B": D("20.93"), "2/A": D("19.98")}
    assert found.customers_touched == found.documents_touched == 1


@pytest.mark.parametrize("net", ["0", "0.01", "25.23", "27", "99999.99"])
def test_a_net_that_its_price_does_not_make_is_taken_as_its_price(net: str) -> None:
    lines = [sold("1", "A", "7", "9.35", percent="10", net=net, price_unit=D(3)), LINES[1]]

    same, half = replayed(lines), replayed(lines, rule("R", "50"))

    assert (nets(same)["1/A"], same.restated, same.touched) == (D(net), 1, ())
    assert nets(half)["1/A"] == D(net) - round_money(D(net) / 2)


def test_limits_are_used_up_in_the_order_of_the_days() -> None:
    lines = [
        sold(str(number), "A", "1", "10", customer=customer, sold_at=DAY + timedelta(days=day))
        for number, (customer, day) in enumerate([("c", 4), ("d", 3), ("c", 2), ("c", 1)])
    ]  # fmt: skip

    in_all = replayed(lines, rule("R", "10", remaining=2))
    each = replayed(lines, rule("R", "10", remaining_for_customer=1))

    assert sorted(one.line.document for one in in_all.touched) == ["2", "3"]
    assert sorted(one.line.document for one in each.touched) == ["1", "3"]


def test_first_orders_and_what_was_bought_before() -> None:
    lines = [
        sold("1", "A", "1", "10"),
        sold("2", "A", "1", "10", sold_at=DAY + timedelta(days=1), times_bought={6: 1}),
    ]

    first = replayed(lines, rule("R", "10", OnFirstOrder()), first_documents={"c": "1"})
    again = replayed(lines, rule("R", "10", BoughtBefore(times=1, months=6)))

    assert [each.line.document for each in first.touched] == ["1"]
    assert [each.line.document for each in again.touched] == ["2"]


def random_lines(seed: int) -> list[PastLine]:
    chance = random.Random(seed)

    def lines() -> Iterator[PastLine]:
        for number in range(chance.randint(1, 12)):
            document, sku = str(chance.randint(1, 4)), f"P{chance.randint(1, 5)}"
            line = sold(
                document, sku, str(D(chance.randint(1, 99_999)) / 1000), str(D(chance.randint(0, 10**8)) / 10**6),
                percent=str(D(chance.randint(0, 10_000)) / 100), price_unit=D(chance.choice([1, 3, 7, 50])),
                customer=f"c{int(document) % 2}", category_path=chance.choice(["/a/", "/b/", "/a/x/"]),
            )  # fmt: skip
            if chance.random() < 0.3:
                line = replace(line, net_amount=D(chance.randint(0, 10**6)) / 100)
            yield replace(line, key=str(number))

    return list(lines())


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_laws(start: int) -> None:
    """No rule is no change; entry order changes nothing; a rule changes lines it is for and no others."""
    given = rule("R", "5", CategoryIs(frozenset({"/a/"})))
    for seed in range(start, start + 100):
        lines = random_lines(seed)

        same, found = replayed(lines), replayed(lines, given)

        assert all(each.net_after == each.net_before for each in same.lines), seed
        assert nets(replayed(lines[::-1], given)) == nets(found), seed
        for each in found.lines:
            assert each.change <= 0, seed
            assert not each.change or each.line.category_path.startswith("/a/"), seed
        assert found.revenue_after - found.revenue_before == sum(
            (each.change for each in found.touched), D(0)
        )
        assert sum((each.net_after for each in found.customers), D(0)) == found.revenue_after, seed


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / "northwind" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def northwind() -> list[PastLine]:
    """Every order line of the file; its net as rule book 0.2 (26) computes it: each product rounded once, half up."""
    orders = {each["order_id"]: each for each in rows("orders.csv")}
    category = {each["product_id"]: each["category_id"] for each in rows("products.csv")}
    found = []
    for each in rows("order_details.csv"):
        order = orders[each["order_id"]]
        gross = (D(each["unit_price"]) * int(each["quantity"])).quantize(D("0.01"), "ROUND_HALF_UP")
        off = (gross * D(each["discount"])).quantize(D("0.01"), "ROUND_HALF_UP")
        found.append(
            sold(
                each["order_id"], each["product_id"], each["quantity"], each["unit_price"],
                percent=str(D(each["discount"]) * 100), net=str(gross - off), customer=order["customer_id"],
                sold_at=datetime.combine(date.fromisoformat(order["order_date"]), DAY.timetz()),
                category_path=f"/{category[each['product_id']]}/",
            )
        )  # fmt: skip
    return found


@needs_data
def test_no_change_over_northwind_is_its_revenue_line_by_line() -> None:
    lines = northwind()
    began = time.process_time()

    found = replayed(lines)

    assert time.process_time() - began < 5
    assert len(found.lines) == 2155
    assert {each.line.key: each.net_after for each in found.lines} == {
        each.key: each.net_amount for each in lines
    }
    assert (found.revenue_before, found.revenue_after) == (D("1265792.76"), D("1265792.76"))
    assert (found.touched, found.restated, found.documents) == ((), 0, 830)


@needs_data
def test_five_percent_on_a_category_of_northwind_changes_exactly_its_lines() -> None:
    lines = northwind()

    found = replayed(lines, rule("R", "5", CategoryIs(frozenset({"/8/"}))))

    seafood = {each.key for each in lines if each.category_path == "/8/"}
    assert len(seafood) == 330
    assert {each.line.key for each in found.touched} == seafood
    for each in found.lines:
        gross = (each.line.unit_price * each.line.quantity).quantize(D("0.01"), "ROUND_HALF_UP")
        if each.line.key in seafood:
            gross -= (gross * 5 / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        off = (gross * each.line.discount_percent / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        assert each.net_after == gross - off, each.line.key
    product = replayed(lines, rule("R", "5", ProductIs(frozenset({"10"}))))
    assert {each.line.product for each in product.touched} == {"10"}
