"""The worked cases of the rule book that contain a document, priced as a whole; each perturbed, against a slow price."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from rules.concessions import Margin
from rules.money import TaxedLine, tax_by_group
from rules.pricing import price_free_line
from rules.pricing_trace import PriceStepStatus, replay
from tests.rules.price_case import Asked, Case, Product, facts_of
from tests.rules.price_cases import CASES
from tests.rules.pricing_alike import entered, priced_alike

D = Decimal
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@every_case
def test_a_case_comes_to_its_figures(case: Case) -> None:
    facts = facts_of(case)

    priced = priced_alike(facts, case.rows)

    lines = [priced.lines[number] for number in range(len(case.lines))]
    assert [line.net_amount for line in lines] == [D(net) for net in case.nets]
    assert priced.net_amount == sum(map(D, case.nets))
    assert [line.commitment or "" for line in lines] == list(case.links or [""] * len(lines))
    if case.consumed is not None:
        links = [priced.linkings[number].link for number in range(len(lines))]
        assert [D(0) if link is None else link.consumed for link in links] == [
            D(each) for each in case.consumed
        ]
    if case.paid is not None:
        assert [line.quantity_paid for line in lines] == [D(each) for each in case.paid]
    assert [(each.product, each.quantity) for each in priced.free] == [
        (sku, D(each)) for sku, each in case.free
    ]
    if case.running:
        applied = [step for step in lines[0].steps if step.status is PriceStepStatus.APPLIED]
        assert [step.running_price for step in applied] == [D(each) for each in case.running]


@pytest.mark.parametrize("case", [case for case in CASES if case.free], ids=lambda case: case.id)
def test_what_is_free_keeps_its_value_and_costs_nothing(case: Case) -> None:
    facts = facts_of(case)
    priced = priced_alike(facts, case.rows)

    for goods in priced.free:
        line = replace(goods.parent, product=goods.product, quantity=goods.quantity)
        free = price_free_line(facts, line, goods)
        assert free is not None
        assert free.net_amount == 0
        assert free.list_unit_price > 0
        assert free.steps[-1].discount == goods.quantity * free.list_unit_price
        assert replay(free.steps, goods.quantity, free.price_unit, 2) == 0


@pytest.mark.parametrize("case", [case for case in CASES if case.cost or case.tax], ids=lambda case: case.id)
def test_margin_and_tax_follow_from_the_price(case: Case) -> None:
    priced = priced_alike(facts_of(case), case.rows)

    if case.cost is not None:
        sold = [(each.sku, priced.lines[number].quantity_paid) for number, each in enumerate(case.lines)]
        sold += [(each.product, each.quantity) for each in priced.free]
        cost = sum((D(case.product(sku).unit_cost or "0") * quantity for sku, quantity in sold), D(0))
        margin = Margin(priced.net_amount, cost)
        assert (cost, margin.amount, margin.percent) == (
            D(case.cost),
            D(case.margin or 0),
            D(case.ratio or 0),
        )
    if case.tax is not None:
        nets = [line.net_amount for line in priced.lines.values()] + [D(0) for _ in priced.free]
        groups, _ = tax_by_group([TaxedLine(net, "S", D(case.tax_percent), n) for n, net in enumerate(nets)])
        assert [group.tax for group in groups] == [D(case.tax)]


def doubled(case: Case) -> Case:
    lines = [replace(line, quantity=str(D(line.quantity) * 2)) for line in case.lines]
    return replace(case, lines=lines)


def with_another_product(case: Case) -> Case:
    products = [*case.products, Product("ZZ", "7.77", price_unit="3", brand="A", multiline_group="M")]
    return replace(case, products=products, lines=[*case.lines, Asked("ZZ", "11")])


def with_the_first_again(case: Case) -> Case:
    return replace(case, lines=[*case.lines, replace(case.lines[0], quantity="1.5", discount="3")])


@every_case
@pytest.mark.parametrize("perturbed", [doubled, with_another_product, with_the_first_again])
def test_a_perturbed_case_is_priced_as_the_slow_implementation_does(
    case: Case, perturbed: Callable[[Case], Case]
) -> None:
    priced_alike(facts_of(perturbed(case)), case.rows)


@every_case
@pytest.mark.parametrize("perturbed", [lambda case: case, with_another_product, with_the_first_again])
def test_the_order_of_entry_changes_nothing(case: Case, perturbed: Callable[[Case], Case]) -> None:
    facts = facts_of(perturbed(case))
    expected = priced_alike(facts, case.rows)

    turned, rows = entered(facts, case.rows, lambda entries: entries[::-1])
    assert priced_alike(turned, rows) == expected


@every_case
@pytest.mark.parametrize("perturbed", [lambda case: case, with_another_product, with_the_first_again])
def test_lines_that_are_numbered_the_other_way_round_cost_the_same(
    case: Case, perturbed: Callable[[Case], Case]
) -> None:
    case = perturbed(case)
    turned = replace(case, lines=case.lines[::-1])

    nets, others = (
        [
            priced_alike(facts_of(each), case.rows).lines[number].net_amount
            for number in range(len(case.lines))
        ]
        for each in (case, turned)
    )

    assert others[::-1] == nets
