"""A document while it is priced: running line amounts, from which each phase takes rounded discounts."""

from collections.abc import Sequence
from decimal import Decimal

from rules.money import ZERO, allocate
from rules.pricing_facts import LineFacts
from rules.pricing_trace import (
    PriceComponent,
    PriceStep,
    PriceStepStatus,
    ValueKind,
    quotient_price,
    shown_price,
)


class RunningLine:
    """
    One line: its exact unit price after phases 1 to 3, its running amount, and the steps so far.

    `quantity_paid` is less than the line's quantity where part of it is free (inclusive free goods). `closed_by` is the
    rule that lets no later discount follow, `groups` the codes of the discount groups that took something off.
    `running_price` is the net price of `price_unit` units as it stands: a quotient with 6 decimals, for showing.
    """

    __slots__ = (
        "amount", "closed_by", "facts", "groups", "price_unit", "quantity_paid", "running_price", "steps",
        "unit_price",
    )  # fmt: skip

    def __init__(
        self,
        facts: LineFacts,
        unit_price: Decimal,
        price_unit: Decimal,
        amount: Decimal,
        steps: list[PriceStep],
    ) -> None:
        self.facts = facts
        self.unit_price = unit_price
        self.price_unit = price_unit
        self.quantity_paid = facts.quantity
        self.amount = amount
        self.running_price = shown_price(unit_price)
        self.steps = steps
        self.closed_by = ""
        self.groups: set[str] = set()

    def take(
        self,
        discount: Decimal,
        component: PriceComponent,
        rule: str,
        value: Decimal,
        value_kind: ValueKind,
        *,
        rule_id: str = "",
        basis: Decimal | None = None,
        reason: str = "",
        data: tuple[tuple[str, str], ...] = (),
        is_capped: bool = False,
    ) -> Decimal:
        """
        Takes a rounded discount off the line, at most what is left of it, and writes the step.

        Returns:
            What was taken.
        """
        taken = min(discount, self.amount)
        basis = self.amount if basis is None else basis
        if taken:
            self.amount -= taken
            self.running_price = quotient_price(self.amount, self.price_unit, self.quantity_paid)
        status = PriceStepStatus.CAPPED if is_capped or taken < discount else PriceStepStatus.APPLIED
        self.steps.append(
            PriceStep(
                component,
                rule,
                value,
                self.running_price,
                status,
                reason,
                rule_id,
                value_kind,
                taken,
                basis,
                data,
            )
        )
        return taken

    def exclude(
        self,
        component: PriceComponent,
        rule: str,
        value: Decimal,
        value_kind: ValueKind,
        reason: str,
        *,
        rule_id: str = "",
        data: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Writes that a rule did not apply, and why."""
        self.steps.append(
            PriceStep(
                component, rule, value, self.running_price, PriceStepStatus.EXCLUDED, reason, rule_id, value_kind,
                data=data,
            )
        )  # fmt: skip


class RunningDocument:
    """The lines of a document being priced, in the order of their rank."""

    __slots__ = ("exponent", "lines")

    def __init__(self, lines: Sequence[RunningLine], exponent: int) -> None:
        self.lines = sorted(lines, key=lambda line: line.facts.rank)
        self.exponent = exponent

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    def spread(self, discount: Decimal, lines: Sequence[RunningLine]) -> list[Decimal]:
        """
        A discount's shares over lines by their running amounts, largest remainder, none above what its line has left.

        Never passed on to other lines: what does not fit is lost (rule book 0.1, 16).
        """
        ordered = sorted(range(len(lines)), key=lambda i: lines[i].facts.rank)
        weights = [lines[i].amount for i in ordered]
        parts = allocate(min(discount, sum(weights, ZERO)), weights, self.exponent)
        shares = [ZERO] * len(lines)
        for index, part in zip(ordered, parts, strict=True):
            shares[index] = min(part, lines[index].amount)
        return shares
