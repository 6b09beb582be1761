"""The one pricing function: list price and quantity break, manual price, manual line discount (phases 1, 2, 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO, line_amount, round_money
from rules.quantities import plain


class PriceComponent(StrEnum):
    LIST_PRICE = "LIST_PRICE"
    QUANTITY_BREAK = "QUANTITY_BREAK"
    MANUAL_PRICE = "MANUAL_PRICE"
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
class Concessions:
    """
    What people gave on a line, each with its reason; what one gave last counts.

    `unit_price` is a fixed price of `price_unit` units that takes the list price's place (None: the list price
    holds); `discount_percent` comes off whichever of the two it is.
    """

    unit_price: Decimal | None = None
    unit_price_reason: str = ""
    discount_percent: Decimal = ZERO
    discount_reason: str = ""


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
        amount -= round_money(amount * given.discount_percent / 100, exponent)
        unit_price = round_money(amount * price_unit / quantity, 6)
        kept.append(
            PriceStep(
                PriceComponent.MANUAL_DISCOUNT,
                "manual",
                given.discount_percent,
                unit_price,
                reason=given.discount_reason,
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
