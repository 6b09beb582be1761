"""A document priced twice, fast and slowly, and what holds for every price and its trace."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rules.concessions import WaterfallLine, amounts_by_component
from rules.pricing import DocumentFacts, PricedDocument, price_document
from rules.pricing_facts import TradeRow
from rules.pricing_trace import UNIT_COMPONENTS, PriceStep, PriceStepStatus, replay
from rules.trade_agreements import TradeBook
from tests.rules.slow_pricing import SlowFree, price_slowly


def priced_alike(facts: DocumentFacts, rows: Sequence[TradeRow]) -> PricedDocument:
    """The price, after both implementations agreed on it and its traces replayed to it."""
    priced = price_document(facts)
    slow = price_slowly(facts, rows)
    assert {number: Fraction(line.net_amount) for number, line in priced.lines.items()} == slow.nets
    assert {number: Fraction(line.quantity_paid) for number, line in priced.lines.items()} == slow.paid
    assert {n: line.commitment for n, line in priced.lines.items() if line.commitment} == slow.links
    consumed = {n: linking.link.consumed for n, linking in priced.linkings.items() if linking.link}
    assert {number: Fraction(each) for number, each in consumed.items()} == slow.consumed
    assert slow.free == {
        SlowFree(each.parent.number, each.rule.id, each.product, Fraction(each.quantity), each.is_proposed)
        for each in priced.free
    }
    assert priced.net_amount == sum((line.net_amount for line in priced.lines.values()), Decimal(0))
    assert Fraction(priced.net_amount) == slow.net_amount
    check_traces(facts, priced)
    return priced


def check_traces(facts: DocumentFacts, priced: PricedDocument) -> None:
    exponent = facts.party.exponent
    for line in priced.lines.values():
        assert line.net_amount >= 0
        assert line.net_amount == round(line.net_amount, exponent)
        assert replay(line.steps, line.quantity_paid, line.price_unit, exponent) == line.net_amount
        parts = amounts_by_component(WaterfallLine(line.steps, line.quantity_paid, line.price_unit), exponent)
        assert sum((amount for _, amount in parts), Decimal(0)) == line.net_amount
        assert tuple(PriceStep.from_json(step.to_json()) for step in line.steps) == line.steps
        for step in line.steps:
            assert step.discount >= 0
            is_idle = step.status is PriceStepStatus.EXCLUDED or step.component in UNIT_COMPONENTS
            assert not step.discount or not is_idle
    taken: dict[str, Decimal] = {}
    for line in priced.lines.values():
        for step in line.steps:
            if step.discount and step.rule_id:
                taken[step.rule_id] = taken.get(step.rule_id, Decimal(0)) + step.discount
    for use in priced.uses:
        assert taken.get(use.rule_id, Decimal(0)) == use.amount


def entered(
    facts: DocumentFacts, rows: Sequence[TradeRow], order: Callable[[list[Any]], list[Any]]
) -> tuple[DocumentFacts, Sequence[TradeRow]]:
    """The same document and book, each of their lists entered in another order."""
    rows = order(list(rows))
    book = replace(
        facts.book,
        trade=TradeBook(rows),
        commitments=order(list(facts.book.commitments)),
        groups=order(list(facts.book.groups)),
        rules=order(list(facts.book.rules)),
        free_goods=order(list(facts.book.free_goods)),
    )
    return replace(facts, lines=order(list(facts.lines)), book=book), rows
