"""What people give on a line that is priced already: its trace is replayed with it, no rule is asked again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rules.money import line_amount, percent_of
from rules.pricing_facts import Concessions
from rules.pricing_trace import (
    UNIT_COMPONENTS,
    PriceComponent,
    PriceStep,
    PriceStepStatus,
    ValueKind,
    as_by_rules,
    given_way,
    quotient_price,
    shown_price,
)

_CONCEDED = frozenset({PriceComponent.MANUAL_PRICE, PriceComponent.MANUAL_DISCOUNT})
# Which of them come before a manual discount, phase 6.
_BEFORE_MANUAL = frozenset({PriceComponent.FREE_GOODS, PriceComponent.PROMOTION, PriceComponent.ALLOWANCE})


@dataclass(frozen=True, slots=True)
class ConcededPrice:
    """The net price of `price_unit` units, the rounded line amount, and the steps that led there."""

    unit_price: Decimal
    net_amount: Decimal
    steps: tuple[PriceStep, ...]


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

    A fixed price stands in place of all that made the unit price. Later steps stay: percents are taken of what is
    there now, amounts as they were, at most what is left. Each step keeps what the rules had it take, so that a line
    that is given nothing, or nothing any more, replays to what it was.

    Args:
        quantity: what is paid, in the line's unit.
        steps: how the price came about; earlier concessions among them give way.
    """
    kept = [as_by_rules(step) for step in steps if step.component not in _CONCEDED]
    unit_steps = [step for step in kept if step.component in UNIT_COMPONENTS]
    later = [step for step in kept if step.component not in UNIT_COMPONENTS]
    applied = [step for step in unit_steps if step.status is not PriceStepStatus.EXCLUDED]
    unit_price = applied[-1].running_price if applied else list_unit_price
    before = line_amount(quantity, unit_price, price_unit, exponent)
    if given.unit_price is not None:
        unit_price = given.unit_price
        unit_steps = [given_way(step) for step in unit_steps]
        unit_steps.append(
            PriceStep(
                PriceComponent.MANUAL_PRICE, "manual", unit_price, unit_price, reason=given.unit_price_reason
            )
        )
    amount = line_amount(quantity, unit_price, price_unit, exponent)
    replayed = _Replay(quantity, price_unit, exponent, unit_price, amount, before)
    for step in later:
        if step.component in _BEFORE_MANUAL:
            replayed.again(step)
    if given.discount_percent:
        replayed.give(given)
    for step in later:
        if step.component not in _BEFORE_MANUAL:
            replayed.again(step)
    return ConcededPrice(replayed.running_price, replayed.amount, (*unit_steps, *replayed.steps))


class _Replay:
    """A line's amount while later steps come off it again."""

    def __init__(
        self,
        quantity: Decimal,
        price_unit: Decimal,
        exponent: int,
        unit_price: Decimal,
        amount: Decimal,
        before: Decimal,
    ) -> None:
        self._quantity, self._price_unit, self._exponent = quantity, price_unit, exponent
        self._unit_price, self._initial, self.amount = unit_price, amount, amount
        self._initial_before = self._before = before  # what the line came to at this step when it was priced
        self.steps: list[PriceStep] = []

    @property
    def running_price(self) -> Decimal:
        if self.amount == self._initial:
            return shown_price(self._unit_price)
        return quotient_price(self.amount, self._price_unit, self._quantity)

    def again(self, step: PriceStep) -> None:
        if step.status is PriceStepStatus.EXCLUDED:
            self.steps.append(replace(step, running_price=self.running_price))
            return
        discount, basis = step.discount, step.basis
        is_of_running = basis is None or basis == self._before
        is_percent = step.value_kind is ValueKind.PERCENT and step.status is PriceStepStatus.APPLIED
        is_known = is_of_running or basis == self._initial_before
        if is_percent and is_known and self.amount != self._before:
            basis = self.amount if is_of_running else self._initial
            discount = percent_of(basis, step.value, self._exponent)
        discount = min(discount, self.amount)
        self._before -= step.discount
        self.amount -= discount
        by_rules = None if (discount, basis) == (step.discount, step.basis) else (step.discount, step.basis)
        self.steps.append(
            replace(step, discount=discount, basis=basis, running_price=self.running_price, by_rules=by_rules)
        )

    def give(self, given: Concessions) -> None:
        basis = self.amount
        discount = percent_of(basis, given.discount_percent, self._exponent)
        self.amount -= discount
        self.steps.append(
            PriceStep(
                PriceComponent.MANUAL_DISCOUNT, "manual", given.discount_percent, self.running_price,
                reason=given.discount_reason, value_kind=ValueKind.PERCENT, discount=discount, basis=basis,
            )
        )  # fmt: skip
