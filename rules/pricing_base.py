"""Phases 1 to 3 of a price but for agreements: list price, trade agreement price, line and multiline discounts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from rules.money import ZERO
from rules.pricing_facts import Break, LineFacts, Party, Rung, TradeRow
from rules.pricing_trace import PriceComponent, PriceReason, PriceStep, PriceStepStatus, ValueKind
from rules.quantities import plain
from rules.simulation import saving_percent
from rules.trade_agreements import (
    Discount,
    TradeBook,
    combine,
    line_discount,
    multiline_discount,
    trade_price,
    trade_thresholds,
)

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class BasePrice:
    """
    What a line costs by list and trade agreement, before any discount; all prices are of `price_unit` units.

    `unit_price` is exact; `steps` are those of phases 1 and 2.
    """

    list_unit_price: Decimal
    price_unit: Decimal
    break_from_quantity: Decimal
    unit_price: Decimal
    steps: tuple[PriceStep, ...]


def base_price(trade: TradeBook, party: Party, line: LineFacts) -> BasePrice | None:
    """The price of phase 2 without an agreement; None where neither a list nor a trade agreement has one."""
    breaks = sorted(line.breaks, key=lambda each: each.from_quantity)
    reached: list[Break] = [each for each in breaks if each.from_quantity <= line.quantity]
    traded = trade_price(trade, party, line)
    if traded is None and not reached:
        return None
    price_unit = traded.price_unit if traded is not None else reached[-1].price_unit
    steps = _list_steps(reached, price_unit)
    unit_price = steps[-1].value if steps else ZERO
    list_unit_price = unit_price
    if traded is not None:
        unit_price = traded.unit_price
        steps += [
            _trade_step(row, restate(row.unit_price or ZERO, row.price_unit, price_unit), unit_price,
                        PriceStepStatus.EXCLUDED, PriceReason.OTHER_CHEAPER)
            for row in traded.passed_over
        ]  # fmt: skip
        steps.append(_trade_step(traded.row, unit_price, unit_price))
        if not reached:
            list_unit_price = unit_price
    first = reached[-1].from_quantity if reached else ZERO
    return BasePrice(list_unit_price, price_unit, first, unit_price, tuple(steps))


def _list_steps(reached: list[Break], price_unit: Decimal) -> list[PriceStep]:
    steps = []
    for component, each in zip(
        (PriceComponent.LIST_PRICE, PriceComponent.QUANTITY_BREAK),
        reached[:1] + reached[1:][-1:],
        strict=False,
    ):
        price = restate(each.unit_price, each.price_unit, price_unit)
        steps.append(PriceStep(component, f"from {plain(each.from_quantity)}", price, price))
    return steps


def _trade_step(
    row: TradeRow,
    value: Decimal,
    running: Decimal,
    status: PriceStepStatus = PriceStepStatus.APPLIED,
    reason: str = "",
) -> PriceStep:
    return PriceStep(PriceComponent.TRADE_PRICE, row.label or row.id, value, running, status, reason, row.id)


def restate(price: Decimal, price_unit: Decimal, other_unit: Decimal) -> Decimal:
    """A price of `price_unit` units as one of `other_unit` units."""
    if price_unit == other_unit:
        return price
    with localcontext(prec=60):
        return price * other_unit / price_unit


@dataclass(frozen=True, slots=True)
class UnitNet:
    """The exact net price of `price_unit` units after phase 3, and the steps of that phase."""

    unit_price: Decimal
    steps: tuple[PriceStep, ...] = ()


def net_by_rules(
    trade: TradeBook, party: Party, line: LineFacts, base: BasePrice, quantities: Mapping[str, Decimal]
) -> UnitNet:
    """
    The unit price after phase 3 where no agreement and no person set it.

    Args:
        quantities: of the document's multiline groups, as `multiline_quantities` sums them.
    """
    by_line = line_discount(trade, party, line)
    group = line.multiline_discount_group
    by_group = multiline_discount(trade, party, line, quantities.get(group, line.quantity), quantities[""])
    if not by_line and not by_group:
        return UnitNet(base.unit_price)
    net = combine(party.line_multiline_mode, base.unit_price, by_line, by_group, base.price_unit)
    # A step for each record, with the price after all: the mode says how the two combine, not a sequence of theirs.
    steps = (
        *_discount_steps(PriceComponent.LINE_DISCOUNT, by_line, base.unit_price, net),
        *_discount_steps(PriceComponent.MULTILINE_DISCOUNT, by_group, base.unit_price, net),
    )
    return UnitNet(net, steps)


def _discount_steps(
    component: PriceComponent, found: Discount, before: Decimal, after: Decimal
) -> list[PriceStep]:
    steps = []
    for part in found.parts:
        row = part.row
        percent = part.effective_percent
        value, kind = (
            (part.amount, ValueKind.AMOUNT_PER_UNIT) if part.amount else (percent, ValueKind.PERCENT)
        )
        data = (("percent", plain(percent)),) if part.amount and percent else ()
        steps.append(
            PriceStep(component, row.label or row.id, value, after, rule_id=row.id, value_kind=kind,
                      basis=before, data=data)
        )  # fmt: skip
    return steps


def next_break(
    trade: TradeBook,
    party: Party,
    line: LineFacts,
    by_rules: UnitNet,
    base: BasePrice,
    quantities: Mapping[str, Decimal],
) -> Rung | None:
    """
    The next quantity from which the line's unit price is lower, by list and trade agreements; None at the last.

    Args:
        by_rules: the unit price now, of `base.price_unit` units.
    """
    thresholds = {
        *trade_thresholds(trade, party, line, quantities),
        *(each.from_quantity for each in line.breaks),
    }
    further = sorted(each for each in thresholds if each > line.quantity)
    if not further:
        return None
    now = restate(by_rules.unit_price, base.price_unit, ONE)
    for quantity in further:
        there = replace(line, quantity=quantity)
        base_there = base_price(trade, party, there)
        if base_there is None:
            continue
        more = quantity - line.quantity
        group = line.multiline_discount_group
        summed = {**quantities, "": quantities[""] + more}
        if group:
            summed[group] = quantities.get(group, line.quantity) + more
        net = net_by_rules(trade, party, there, base_there, summed).unit_price
        if restate(net, base_there.price_unit, ONE) < now:
            saves = saving_percent(by_rules.unit_price, base.price_unit, net, base_there.price_unit)
            return Rung(quantity, net, base_there.price_unit, more, saves)
    return None
