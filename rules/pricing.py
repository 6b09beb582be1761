"""The one pricing function: list price and quantity break, manual price, manual line discount (phases 1, 2, 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules.money import ZERO, line_amount, round_money
from rules.pricing_facts import Break, Concessions
from rules.pricing_trace import PriceComponent, PriceStep, ValueKind
from rules.quantities import plain


@dataclass(frozen=True, slots=True)
class ConcededPrice:
    """The net price of `price_unit` units, the rounded line amount, and the steps that led there."""

    unit_price: Decimal
    net_amount: Decimal
    steps: tuple[PriceStep, ...]


_CONCEDED = frozenset({PriceComponent.MANUAL_PRICE, PriceComponent.MANUAL_DISCOUNT})


def concede(
    quantity: Decimal,
    list_unit_price: Decimal,
    price_unit: Decimal,
    exponent: int,
    given: Concessions,
    steps: Sequence[PriceStep],
) -> ConcededPrice:
    """
    The price after what people gave, whatever they gave before.

    Args:
        steps: how the list price came about; earlier concessions among them give way.
    """
    kept = [step for step in steps if step.component not in _CONCEDED]
    unit_price = list_unit_price
    if given.unit_price is not None:
        unit_price = given.unit_price
        kept.append(
            PriceStep(
                PriceComponent.MANUAL_PRICE, "manual", unit_price, unit_price, reason=given.unit_price_reason
            )
        )
    amount = line_amount(quantity, unit_price, price_unit, exponent)
    if given.discount_percent:
        basis, discount = amount, round_money(amount * given.discount_percent / 100, exponent)
        amount -= discount
        unit_price = round_money(amount * price_unit / quantity, 6)
        kept.append(
            PriceStep(
                PriceComponent.MANUAL_DISCOUNT,
                "manual",
                given.discount_percent,
                unit_price,
                reason=given.discount_reason,
                value_kind=ValueKind.PERCENT,
                discount=discount,
                basis=basis,
            )
        )
    return ConcededPrice(unit_price, amount, tuple(kept))


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """What the price of one line depends on. `breaks` in any order; `discount_percent` is a manual one."""

    quantity: Decimal
    breaks: Sequence[Break]
    exponent: int
    discount_percent: Decimal = ZERO
    discount_reason: str = ""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """
    A line's price and why. Amounts are rounded; `unit_price` is the net price of `price_unit` units.

    After a discount `unit_price` is a quotient with 6 decimals, shown and never multiplied again (rule book 0.2, 26).
    """

    list_unit_price: Decimal
    price_unit: Decimal
    break_from_quantity: Decimal
    unit_price: Decimal
    net_amount: Decimal
    next_break: Break | None
    steps: tuple[PriceStep, ...]


def price_line(facts: PriceFacts) -> PricedLine | None:
    """The price of a line; None where no price is in force for its quantity."""
    breaks = sorted(facts.breaks, key=lambda each: each.from_quantity)
    reached = [each for each in breaks if each.from_quantity <= facts.quantity]
    if not reached:
        return None
    first, used = reached[0], reached[-1]
    steps = [
        PriceStep(
            PriceComponent.LIST_PRICE,
            f"from {plain(first.from_quantity)}",
            first.unit_price,
            first.unit_price,
        )
    ]
    if used is not first:
        rule = f"from {plain(used.from_quantity)}"
        steps.append(PriceStep(PriceComponent.QUANTITY_BREAK, rule, used.unit_price, used.unit_price))
    given = Concessions(discount_percent=facts.discount_percent, discount_reason=facts.discount_reason)
    conceded = concede(facts.quantity, used.unit_price, used.price_unit, facts.exponent, given, steps)
    further = next((each for each in breaks if each.from_quantity > facts.quantity), None)
    return PricedLine(
        list_unit_price=used.unit_price,
        price_unit=used.price_unit,
        break_from_quantity=used.from_quantity,
        unit_price=conceded.unit_price,
        net_amount=conceded.net_amount,
        next_break=further,
        steps=conceded.steps,
    )
