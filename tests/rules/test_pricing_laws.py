"""What holds for any document: random books and carts, priced fast and slowly."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.pricing import price_document, price_free_line
from rules.pricing_trace import PriceComponent, PriceStepStatus, replay
from tests.rules.pricing_alike import entered, priced_alike
from tests.rules.random_carts import Cart, random_cart

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


@pytest.mark.parametrize(
    "carts", [500, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_carts_conserve_every_cent_and_meet_every_kind_of_rule(carts: int) -> None:
    """Each cart is priced as the slow implementation does, its traces replay, and the sum of the parts is the whole."""
    lines, steps = 0, 0
    carts_with: Counter[PriceComponent] = Counter()
    for seed in range(carts):
        found, components = steps_applied(random_cart(Random(seed)))
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
