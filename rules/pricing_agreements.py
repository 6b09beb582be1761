"""Phases 1 to 3 of a line with its agreement: which commitment it consumes, and whose unit price holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from rules.money import ZERO, line_amount
from rules.pricing_base import BasePrice, UnitNet, net_by_rules, restate
from rules.pricing_facts import LineFacts, Party
from rules.pricing_running import RunningLine
from rules.pricing_trace import PriceComponent, PriceReason, PriceStep, PriceStepStatus, ValueKind, given_way
from rules.sales_agreements import (
    AgreedTerms,
    Commitment,
    Linking,
    agreed_net,
    agreed_terms,
    agreed_unit_net,
    choose,
    takes_agreed_net,
)
from rules.trade_agreements import TradeBook


class UnitPricing:
    """
    What phases 1 to 3 make of a document's lines.

    A line without a base price has none by list or trade agreement: it is sold where a sales agreement has one.
    """

    def __init__(
        self,
        trade: TradeBook,
        party: Party,
        bases: Mapping[int, BasePrice],
        quantities: Mapping[str, Decimal],
    ) -> None:
        self._trade, self._party = trade, party
        self._bases, self._quantities = bases, quantities
        self._by_rules: dict[int, UnitNet] = {}

    def by_rules(self, line: LineFacts) -> UnitNet:
        """The unit net without agreement and concession; computed once a line."""
        found = self._by_rules.get(line.number)
        if found is None:
            found = net_by_rules(self._trade, self._party, line, self._bases[line.number], self._quantities)
            self._by_rules[line.number] = found
        return found

    def link(
        self, commitments: Sequence[Commitment], lines: Sequence[LineFacts], header: str | None
    ) -> dict[int, Linking]:
        """The commitment of each line, by number; lines that none concerns are linked to nothing."""
        if not commitments:
            return {}
        found = choose(commitments, self._party, lines, self._net_with, header=header)
        return {each.number: each for each in found}

    def agreed_base(self, line: LineFacts, linking: Linking | None) -> BasePrice | None:
        """The price of a line that no list or trade agreement has one for, where its commitment has."""
        link = None if linking is None else linking.link
        if link is None:
            return None
        terms = agreed_terms(link.commitment, line)
        assert terms.unit_price is not None, (
            "a line without any price is linked to one that has a price alone"
        )
        return BasePrice(terms.unit_price, terms.price_unit, ZERO, terms.unit_price, ())

    def _net_with(self, line: LineFacts, commitment: Commitment) -> Decimal | None:
        base, given = self._bases.get(line.number), line.concessions.unit_price
        exponent = self._party.exponent
        if base is None:
            return self._net_alone(line, commitment)
        if given is not None:
            return line_amount(line.quantity, given, base.price_unit, exponent)
        agreed = agreed_net(commitment, line, base.unit_price, base.price_unit, exponent)
        by_rules = self._net_by_rules(line)
        return agreed if takes_agreed_net(commitment, agreed, by_rules) else by_rules

    def _net_alone(self, line: LineFacts, commitment: Commitment) -> Decimal | None:
        """The net by the commitment's own price, which nothing can be lower than; None where it has none."""
        terms = agreed_terms(commitment, line)
        if terms.unit_price is None:
            return None
        given = line.concessions.unit_price
        net = agreed_unit_net(terms, terms.unit_price, terms.price_unit) if given is None else given
        return line_amount(line.quantity, net, terms.price_unit, self._party.exponent)

    def _net_by_rules(self, line: LineFacts) -> Decimal:
        price_unit = self._bases[line.number].price_unit
        return line_amount(line.quantity, self.by_rules(line).unit_price, price_unit, self._party.exponent)

    def run(self, line: LineFacts, linking: Linking | None, base: BasePrice) -> RunningLine:
        """The line with its unit price and the steps that led there; `base` is its own, or else `agreed_base`."""
        unit_price, price_unit, steps = self._by_book(line, linking, base)
        given = line.concessions
        if given.unit_price is not None:
            base_unit = base.price_unit
            steps = [given_way(step) for step in _restated(steps, price_unit, base_unit)]
            unit_price, price_unit = given.unit_price, base_unit
            steps.append(
                PriceStep(PriceComponent.MANUAL_PRICE, "manual", unit_price, unit_price,
                          reason=given.unit_price_reason)
            )  # fmt: skip
        amount = line_amount(line.quantity, unit_price, price_unit, self._party.exponent)
        return RunningLine(line, unit_price, price_unit, amount, steps)

    def _by_book(
        self, line: LineFacts, linking: Linking | None, base: BasePrice
    ) -> tuple[Decimal, Decimal, list[PriceStep]]:
        """The price by agreements and rules, of how many units, and its steps; no person has a say here."""
        steps = list(base.steps)
        if linking is not None:
            steps += [
                _agreement_step(each.commitment, base.unit_price, each.reason, each.data)
                for each in linking.excluded
            ]
        link = None if linking is None else linking.link
        if line.number not in self._bases:
            assert link is not None, "without any price there is no line to run"
            unit_price, price_unit, agreed_steps = _agreed(
                link.commitment, agreed_terms(link.commitment, line), base
            )
            return unit_price, price_unit, [*steps, *agreed_steps]
        by_rules = self.by_rules(line)
        if link is None:
            return by_rules.unit_price, base.price_unit, [*steps, *by_rules.steps]
        if not self._agreement_holds(line, link.commitment):
            steps.append(_agreement_step(link.commitment, base.unit_price, PriceReason.RULES_CHEAPER))
            return by_rules.unit_price, base.price_unit, [*steps, *by_rules.steps]
        terms = agreed_terms(link.commitment, line)
        unit_price, price_unit, agreed_steps = _agreed(link.commitment, terms, base)
        steps += _excluded(by_rules.steps, PriceReason.IN_PLACE)
        return unit_price, price_unit, [*_restated(steps, base.price_unit, price_unit), *agreed_steps]

    def _agreement_holds(self, line: LineFacts, commitment: Commitment) -> bool:
        base = self._bases[line.number]
        agreed = agreed_net(commitment, line, base.unit_price, base.price_unit, self._party.exponent)
        return takes_agreed_net(commitment, agreed, self._net_by_rules(line))


def _agreed(
    commitment: Commitment, terms: AgreedTerms, base: BasePrice
) -> tuple[Decimal, Decimal, list[PriceStep]]:
    """The agreement's exact unit net, of how many units, and its steps."""
    price, price_unit = (
        (base.unit_price, base.price_unit)
        if terms.unit_price is None
        else (terms.unit_price, terms.price_unit)
    )
    label, steps = f"{commitment.number} {commitment.label}".strip(), []
    if terms.unit_price is not None:
        steps.append(PriceStep(PriceComponent.AGREEMENT_PRICE, label, price, price, rule_id=commitment.id))
    net = agreed_unit_net(terms, price, price_unit)
    if net != price or not steps:
        value, kind = terms.discount_percent, ValueKind.PERCENT
        if not value and terms.cash_discount_amount:
            value = restate(terms.cash_discount_amount, terms.cash_price_unit, price_unit)
            kind = ValueKind.AMOUNT_PER_UNIT
        steps.append(
            PriceStep(PriceComponent.AGREEMENT_DISCOUNT, label, value, net, rule_id=commitment.id,
                      value_kind=kind, basis=price)
        )  # fmt: skip
    return net, price_unit, steps


def _agreement_step(
    commitment: Commitment, running: Decimal, reason: str, data: tuple[tuple[str, str], ...] = ()
) -> PriceStep:
    """That a commitment did not set the price, and why."""
    component, value, kind = PriceComponent.AGREEMENT_PRICE, commitment.unit_price, ValueKind.UNIT_PRICE
    if value is None:
        component, kind = PriceComponent.AGREEMENT_DISCOUNT, ValueKind.PERCENT
        value = commitment.discount_percent
    label = f"{commitment.number} {commitment.label}".strip()
    return PriceStep(
        component, label, value, running, PriceStepStatus.EXCLUDED, reason, commitment.id, kind, data=data
    )


def _excluded(steps: Sequence[PriceStep], reason: str) -> list[PriceStep]:
    return [replace(step, status=PriceStepStatus.EXCLUDED, reason=reason) for step in steps]


def _restated(steps: Sequence[PriceStep], price_unit: Decimal, other: Decimal) -> list[PriceStep]:
    """Steps with their prices as those of another number of units; percents are what they are."""
    if price_unit == other:
        return list(steps)
    return [
        replace(
            step,
            value=restate(step.value, price_unit, other)
            if step.value_kind in (ValueKind.UNIT_PRICE, ValueKind.AMOUNT_PER_UNIT)
            else step.value,
            running_price=restate(step.running_price, price_unit, other),
            basis=None if step.basis is None else restate(step.basis, price_unit, other),
        )
        for step in steps
    ]
