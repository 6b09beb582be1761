"""Price adjustments by margin components, each of the base price or of the running one (rule book 4.1, PS-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules.money import round_money


@dataclass(frozen=True, slots=True)
class MarginComponent:
    """
    A percent or an amount on top of a price, below zero off it.

    Args:
        is_compound: a percent is of the running price; otherwise of the base price. It means nothing for an amount.
    """

    value: Decimal
    is_percent: bool
    is_compound: bool


def adjusted_price(base: Decimal, components: Sequence[MarginComponent], exponent: int) -> list[Decimal]:
    """The price after each component, in the order given; percents are rounded to the currency at each step."""
    steps: list[Decimal] = []
    running = base
    for component in components:
        change = component.value
        if component.is_percent:
            change = round_money(
                (running if component.is_compound else base) * component.value / 100, exponent
            )
        running += round_money(change, exponent)
        steps.append(running)
    return steps
