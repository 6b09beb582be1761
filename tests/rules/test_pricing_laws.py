"""What holds for any document: random books and carts, priced fast and slowly."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.charges import charges, charges_and_waivers
from rules.charges_lines import ChargeLine, charge_lines
from rules.discounts_rules import Phase
from rules.money import TaxedLine, tax_by_group
from rules.pricing import PriceBook, PricedLine, price_document, price_free_line
from rules.pricing_concessions import ConcededPrice, concede
from rules.pricing_facts import Concessions, LineFacts, TradeRelation
from rules.pricing_trace import PriceComponent, PriceStep, PriceStepStatus, replay
from rules.trade_agreements import TradeBook
from tests.rules.pricing_alike import entered, priced_alike
from tests.rules.random_carts import Cart, random_cart, random_concessions
from tests.rules.random_charges import PLACES, charged_lines, random_charge_rules, slow_charges
from tests.rules.slow_pricing import base_of, unit_by_rules

seeds = st.integers(min_value=0)


def steps_applied(cart: Cart) -> tuple[int, Counter[PriceComponent]]:
    """The number of lines, free ones too, and of their steps by component; every price is checked on the way."""
    priced = priced_alike(cart.facts, cart.rows)
    lines = list(priced.lines.values())
    for goods in priced.free:
        asked = replace(goods.parent, product=goods.product, quantity=goods.quantity)
        free = price_free_line(cart.facts, asked, goods)
        if free is not None:
            assert free.net_amount == 0
            assert replay(free.steps, goods.quantity, free.price_unit, cart.facts.party.exponent) == 0
            lines.append(free)
    steps = [step for line in lines for step in line.steps if step.status is not PriceStepStatus.EXCLUDED]
    return len(lines), Counter(step.component for step in steps)


def charged_alike(cart: Cart, random: Random) -> list[ChargeLine]:
    """
    The charges of a cart, as lines: what each rule charges is what the slow implementation says, to the cent.

    The parts, the shares and the lines of a charge are its whole; with the goods they make the groups of tax; a line's
    trace replays to its net; and the order of entry changes nothing.
    """
    facts, priced = cart.facts, price_document(cart.facts)
    rules = random_charge_rules(random)
    goods = charged_lines(random, facts.lines, priced.lines)
    net, to, incoterm = priced.net_amount, random.choice(PLACES), random.choice(("DAP", "EXW"))
    day, exponent = facts.now.date(), facts.party.exponent

    found = charges(rules, facts.party, net, goods, to, incoterm, day)
    assert {each.rule.id: each.net for each in found} == slow_charges(rules, facts.party, goods, to, incoterm)
    lines = charge_lines(charges_and_waivers(rules, facts.party, net, goods, to, incoterm, day), exponent)
    for charge in found:
        own = [line for line in lines if line.charge.rule.id == charge.rule.id]
        assert sum(part.net for part in charge.parts) == sum(line.net_amount for line in own) == charge.net
        assert {line.follows is not None for line in own} == {bool(charge.shares)}
    for line in lines:
        assert replay(line.steps, line.quantity, line.price_unit, exponent) == line.net_amount
    taxed = [TaxedLine(each.net, "S", each.tax_percent, each.number) for each in goods]
    taxed += [TaxedLine(each.net_amount, "S", each.tax_percent, i) for i, each in enumerate(lines, 1000)]
    groups, taxes = tax_by_group(taxed, exponent)
    assert sum(group.base for group in groups) == net + sum(each.net for each in found)
    assert sum(group.tax for group in groups) == sum(taxes)
    turned = charges(
        random.sample(rules, len(rules)),
        facts.party,
        net,
        random.sample(goods, len(goods)),
        to,
        incoterm,
        day,
    )
    assert turned == found
    return lines


@pytest.mark.parametrize(
    "carts", [500, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_carts_conserve_every_cent_and_meet_every_kind_of_rule(carts: int) -> None:
    """Each cart is priced as the slow implementation does, its traces replay, and the sum of the parts is the whole."""
    lines, steps = 0, 0
    carts_with: Counter[PriceComponent] = Counter()
    for seed in range(carts):
        cart = random_cart(Random(seed))
        found, components = steps_applied(cart)
        if charged_alike(cart, Random(seed)):
            carts_with[PriceComponent.CHARGE] += 1
        lines += found
        steps += components.total()
        carts_with.update(set(components))

    assert steps >= 3 * lines
    rare = {each.value: carts_with[each] for each in PriceComponent if carts_with[each] * 100 < carts}
    assert not rare


@given(seeds, st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_the_order_of_entry_changes_nothing(seed: int, most_lines: int) -> None:
    random = Random(seed)
    cart = random_cart(random, most_lines=most_lines)
    expected = priced_alike(cart.facts, cart.rows)

    turned, rows = entered(cart.facts, cart.rows, lambda entries: random.sample(entries, len(entries)))

    assert priced_alike(turned, rows) == expected


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_pricing_twice_is_equal(seed: int) -> None:
    facts = random_cart(Random(seed)).facts

    assert price_document(facts) == price_document(facts)


@given(seeds, st.integers(20, 60))
@settings(max_examples=5, deadline=None)
def test_long_documents_too(seed: int, most_lines: int) -> None:
    cart = random_cart(Random(seed), most_lines=most_lines)

    priced_alike(cart.facts, cart.rows)


def without_concessions(line: LineFacts) -> LineFacts:
    return replace(line, concessions=Concessions())


def conceded(
    line: PricedLine, given: Concessions, exponent: int, steps: Sequence[PriceStep]
) -> ConcededPrice:
    return concede(line.quantity_paid, line.list_unit_price, line.price_unit, exponent, given, steps)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_what_was_given_replays_and_can_be_taken_back(seed: int) -> None:
    random = Random(seed)
    facts = random_cart(random).facts
    exponent = facts.party.exponent
    asked = {line.number: line for line in facts.lines}

    for number, line in price_document(facts).lines.items():
        was = ConcededPrice(line.unit_price, line.net_amount, line.steps)
        assert conceded(line, asked[number].concessions, exponent, line.steps) == was
        nothing = conceded(line, Concessions(), exponent, line.steps)
        first, second = random_concessions(random), random_concessions(random)
        once = conceded(line, first, exponent, line.steps)
        assert replay(once.steps, line.quantity_paid, line.price_unit, exponent) == once.net_amount >= 0
        # Whatever was given before: what one gives last counts.
        assert conceded(line, second, exponent, once.steps) == conceded(line, second, exponent, line.steps)
        assert conceded(line, Concessions(), exponent, once.steps) == nothing
        assert conceded(line, asked[number].concessions, exponent, nothing.steps) == was


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_a_discount_on_a_placed_line_is_what_it_would_have_been_priced_with(seed: int) -> None:
    """Of a document of one line, where no later rule depends on how much the line comes to."""
    random = Random(seed)
    cart = random_cart(random, most_lines=1)
    book = cart.facts.book
    book = replace(
        book,
        trade=TradeBook([row for row in cart.rows if row.relation is not TradeRelation.TOTAL_DISCOUNT]),
        commitments=[each for each in book.commitments if not each.is_price_fixed],
        rules=[rule for rule in book.rules if rule.runs_in in (Phase.LINE, Phase.ALLOWANCE)],
    )
    facts = replace(cart.facts, book=book, lines=[without_concessions(each) for each in cart.facts.lines])
    given = random_concessions(random)
    given = replace(given, unit_price=None)

    for number, line in price_document(facts).lines.items():
        asked = [replace(each, concessions=given) for each in facts.lines]
        expected = price_document(replace(facts, lines=asked)).lines[number]
        found = conceded(line, given, facts.party.exponent, line.steps)
        steps = tuple(replace(step, by_rules=None) for step in found.steps)
        assert replace(found, steps=steps) == ConcededPrice(
            expected.unit_price, expected.net_amount, expected.steps
        )


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_the_next_break_is_the_first_quantity_that_costs_less(seed: int) -> None:
    """Of the line's own quantity, the others as they are; by list and trade agreements."""
    cart = random_cart(Random(seed), most_lines=3)
    facts = replace(
        cart.facts,
        book=PriceBook(cart.facts.book.trade),
        lines=[without_concessions(each) for each in cart.facts.lines],
    )
    priced = price_document(facts).lines
    lines = [line for line in facts.lines if line.number in priced]

    for line in lines:
        others = [each for each in lines if each is not line]

        def at(
            quantity: Decimal, line: LineFacts = line, others: Sequence[LineFacts] = others
        ) -> Fraction | None:
            there = replace(line, quantity=quantity)
            if base_of(cart.rows, facts.party, there) is None:
                return None
            return unit_by_rules(cart.rows, facts.party, there, [*others, there])

        found, now = priced[line.number].next_break, at(line.quantity)
        assert now is not None
        further = ((each, at(each)) for each in thresholds(cart, line, others))
        first, then = next(
            ((each, unit) for each, unit in further if unit is not None and unit < now), (None, now)
        )
        assert (None if found is None else found.from_quantity) == first
        if found is not None:
            error = Fraction(found.unit_price) / Fraction(found.price_unit) - then
            assert abs(error) < Fraction(1, 10**40), "a quotient of 60 digits"


def thresholds(cart: Cart, line: LineFacts, others: Sequence[LineFacts]) -> list[Decimal]:
    """Every quantity of a line above its own from which anything could change, and more, in rising order."""
    bounds = {each.from_quantity for each in line.breaks}
    for row in cart.rows:
        bounds |= {row.from_quantity, row.to_quantity or Decimal(0)}
    group = line.multiline_discount_group
    in_group = sum((each.quantity for each in others if each.multiline_discount_group == group), Decimal(0))
    in_all = sum((each.quantity for each in others), Decimal(0))
    bounds |= {each - before for each in bounds for before in (in_group, in_all)}
    return sorted(each for each in bounds if each > line.quantity)
