"""How deep a concession goes, and where the money between list price and margin stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, line_amount, round_money
from rules.pricing_trace import UNIT_COMPONENTS, PriceComponent, PriceStep, PriceStepStatus


class ConcessionCause(StrEnum):
    PRICE = "PRICE"
    FREE_GOODS = "FREE_GOODS"
    CHARGES = "CHARGES"
    TERMS = "TERMS"


@dataclass(frozen=True, slots=True)
class Quoted:
    """
    What is offered against what the rules give, for the same goods; all amounts in one currency, before tax.

    Args:
        rules_net: of the paid goods, as the rules price them; `quoted_net` as they are offered.
        given_net: of goods given by hand without charge, as the rules would price them; what the rules themselves
            give free is no concession.
        rules_charges: what the rules charge besides, `quoted_charges` what is left of it.
        extra_days: how much longer the payment term is than the customer's own; `yearly_percent` what money costs.
    """

    rules_net: Decimal
    quoted_net: Decimal
    given_net: Decimal = ZERO
    rules_charges: Decimal = ZERO
    quoted_charges: Decimal = ZERO
    extra_days: int = 0
    yearly_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class ConcessionDepth:
    """
    How deep a concession goes: `percent`, with 6 decimals, of what the rules give (rule book 0.2, 30).

    `causes` sum to `amount`; one is below zero where more is asked than the rules do.
    """

    percent: Decimal
    amount: Decimal
    reference: Decimal
    causes: tuple[tuple[ConcessionCause, Decimal], ...]


def cost_of_waiting(amount: Decimal, yearly_percent: Decimal, days: int, exponent: int = 2) -> Decimal:
    """What it costs to wait for an amount so many days more, at simple interest over years of 365 days."""
    with localcontext(prec=60):
        return round_money(amount * yearly_percent * days / 36500, exponent)


def concession_depth(quoted: Quoted, exponent: int = 2) -> ConcessionDepth:
    """1 - quoted / what the rules give, counting free goods, waived charges, longer terms and manual prices."""
    reference = quoted.rules_net + quoted.given_net + quoted.rules_charges
    asked = quoted.quoted_net + quoted.quoted_charges
    waiting = cost_of_waiting(asked, quoted.yearly_percent, quoted.extra_days, exponent)
    with localcontext(prec=60):
        causes = (
            (ConcessionCause.PRICE, quoted.rules_net - quoted.quoted_net),
            (ConcessionCause.FREE_GOODS, quoted.given_net),
            (ConcessionCause.CHARGES, quoted.rules_charges - quoted.quoted_charges),
            (ConcessionCause.TERMS, waiting),
        )
        amount = sum((each for _, each in causes), ZERO)
        percent = round_money(amount * 100 / reference, 6) if reference else ZERO
    return ConcessionDepth(percent, amount, reference, tuple(each for each in causes if each[1]))


@dataclass(frozen=True, slots=True)
class Margin:
    """Revenue less cost. `percent` is the contribution ratio with 2 decimals; None without revenue (9.1)."""

    revenue: Decimal
    cost: Decimal

    @property
    def amount(self) -> Decimal:
        return self.revenue - self.cost

    @property
    def percent(self) -> Decimal | None:
        if not self.revenue:
            return None
        with localcontext(prec=60):
            return round_money(self.amount * 100 / self.revenue, 2)


class WaterfallLevel(StrEnum):
    """Where the waterfall stands after a group of steps."""

    LIST = "LIST"
    INVOICE = "INVOICE"
    POCKET = "POCKET"
    MARGIN = "MARGIN"


class WaterfallCause(StrEnum):
    """What takes money after the invoice; what takes it before is a price component."""

    EXPECTED_REBATE = "EXPECTED_REBATE"
    BILL_BACK = "BILL_BACK"
    COMMISSION = "COMMISSION"
    PAYMENT_TERM = "PAYMENT_TERM"
    COST = "COST"


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar: a level with its height, or what a cause takes (negative) or adds, and the height after it."""

    cause: WaterfallLevel | PriceComponent | WaterfallCause
    amount: Decimal
    height: Decimal


@dataclass(frozen=True, slots=True)
class WaterfallLine:
    """A priced line, paid or free, with what it costs; `steps` as traced."""

    steps: Sequence[PriceStep]
    quantity: Decimal
    price_unit: Decimal
    cost: Decimal = ZERO


def amounts_by_component(line: WaterfallLine, exponent: int = 2) -> list[tuple[PriceComponent, Decimal]]:
    """
    What each applied step of a trace adds to or takes off the line amount; they sum to its net.

    The first is the list amount. Steps of phases 1 to 3 move a unit price: their amounts are the differences of the
    line amounts, each rounded once.
    """
    found: list[tuple[PriceComponent, Decimal]] = []
    amount = ZERO
    for step in line.steps:
        if step.status is PriceStepStatus.EXCLUDED:
            continue
        if step.component in UNIT_COMPONENTS:
            reached = line_amount(line.quantity, step.running_price, line.price_unit, exponent)
            found.append((step.component, reached - amount))
            amount = reached
        else:
            found.append((step.component, -step.discount))
            amount -= step.discount
    return found


def waterfall(
    lines: Sequence[WaterfallLine],
    *,
    expected_rebate: Decimal = ZERO,
    bill_back: Decimal = ZERO,
    commission: Decimal = ZERO,
    waiting: Decimal = ZERO,
    exponent: int = 2,
) -> list[WaterfallStep]:
    """
    From list to invoice to pocket to margin: the bars in order (rule book 7, TM-09).

    A level's amount is its height; the amounts between two levels sum to their difference. What takes nothing is
    left out.

    Args:
        waiting: what it costs to be paid later than the customer's own terms say (rule book 0.2, 30).
    """
    by_component: dict[PriceComponent, Decimal] = {}
    for line in lines:
        for component, amount in amounts_by_component(line, exponent):
            by_component[component] = by_component.get(component, ZERO) + amount
    height = by_component.pop(PriceComponent.LIST_PRICE, ZERO)
    found = [WaterfallStep(WaterfallLevel.LIST, height, height)]

    def take(cause: PriceComponent | WaterfallCause, amount: Decimal) -> None:
        nonlocal height
        if amount:
            height += amount
            found.append(WaterfallStep(cause, amount, height))

    for component in PriceComponent:
        take(component, by_component.get(component, ZERO))
    found.append(WaterfallStep(WaterfallLevel.INVOICE, height, height))
    take(WaterfallCause.EXPECTED_REBATE, -expected_rebate)
    take(WaterfallCause.BILL_BACK, -bill_back)
    take(WaterfallCause.COMMISSION, -commission)
    take(WaterfallCause.PAYMENT_TERM, -waiting)
    found.append(WaterfallStep(WaterfallLevel.POCKET, height, height))
    take(WaterfallCause.COST, -sum((line.cost for line in lines), ZERO))
    found.append(WaterfallStep(WaterfallLevel.MARGIN, height, height))
    return found
