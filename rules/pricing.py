"""The one pricing function. In this landing: list price, quantity break, manual line discount (phases 1 and 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO, line_amount, round_money
from rules.quantities import plain


class PriceComponent(StrEnum):
    LIST_PRICE = "LIST_PRICE"
    QUANTITY_BREAK = "QUANTITY_BREAK"
    MANUAL_DISCOUNT = "MANUAL_DISCOUNT"


class PriceStepStatus(StrEnum):
    APPLIED = "APPLIED"
    EXCLUDED = "EXCLUDED"
    CAPPED = "CAPPED"


@dataclass(frozen=True, slots=True)
class Break:
    """From this quantity on, `price_unit` units cost `unit_price`; up to the next break, which owns its boundary."""

    from_quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal


@dataclass(frozen=True, slots=True)
class PriceStep:
    """
    One step of a price: its cause, and the running price after it.

    `value` is a unit price, or a percent for MANUAL_DISCOUNT; `running_price` is per `price_unit` units.
    """

    component: PriceComponent
    rule: str
    value: Decimal
    running_price: Decimal
    status: PriceStepStatus = PriceStepStatus.APPLIED
    reason: str = ""

    def to_json(self) -> dict[str, str]:
        return {
            "component": self.component,
            "rule": self.rule,
            "value": plain(self.value),
            "runningPrice": plain(self.running_price),
            "status": self.status,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> "PriceStep":
        return cls(
            PriceComponent(stored["component"]),
            stored["rule"],
            Decimal(stored["value"]),
            Decimal(stored["runningPrice"]),
            PriceStepStatus(stored["status"]),
            stored["reason"],
        )


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
    amount = line_amount(facts.quantity, used.unit_price, used.price_unit, facts.exponent)
    unit_price = used.unit_price
    if facts.discount_percent:
        amount -= round_money(amount * facts.discount_percent / 100, facts.exponent)
        unit_price = round_money(amount * used.price_unit / facts.quantity, 6)
        steps.append(
            PriceStep(
                PriceComponent.MANUAL_DISCOUNT,
                "manual",
                facts.discount_percent,
                unit_price,
                reason=facts.discount_reason,
            )
        )
    further = next((each for each in breaks if each.from_quantity > facts.quantity), None)
    return PricedLine(
        list_unit_price=used.unit_price,
        price_unit=used.price_unit,
        break_from_quantity=used.from_quantity,
        unit_price=unit_price,
        net_amount=amount,
        next_break=further,
        steps=tuple(steps),
    )
