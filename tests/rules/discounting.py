"""Small baskets and rules for tests of discounts; a test states only what matters to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rules.discounts import apply_phase
from rules.discounts_benefits import Benefit, Percent
from rules.discounts_conditions import Condition
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase, RuleUse, Stacking
from rules.money import line_amount
from rules.pricing_facts import LineFacts, Party
from rules.pricing_running import RunningDocument, RunningLine

D = Decimal
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)  # a Monday
PARTY = Party(customers=("us", "parent"), currency="EUR", customer_group="HORECA")


def line(number: int, quantity: str, price: str, *, product: str = "", **facts: Any) -> RunningLine:
    product = product or f"p{number}"
    known = LineFacts(number, product, facts.pop("sku", product), D(quantity), date(2027, 3, 1), (), **facts)
    return RunningLine(known, D(price), D(1), line_amount(D(quantity), D(price)), [])


def document(*lines: RunningLine) -> RunningDocument:
    return RunningDocument(lines, 2)


def rule(
    key: str,
    benefit: Benefit | str,
    *conditions: Condition,
    group: str = "G",
    phase: Phase = Phase.LINE,
    **more: Any,
) -> DiscountRule:
    """A rule; a text as its benefit is a percent."""
    given = Percent(D(benefit)) if isinstance(benefit, str) else benefit
    return DiscountRule(key, key, group, phase, given, conditions, **more)


def group(
    code: str = "G", stacking: Stacking = Stacking.CASCADED, sequence: int = 10, **more: Any
) -> DiscountGroup:
    return DiscountGroup(code, sequence, stacking, **more)


def run(
    running: RunningDocument,
    rules: Sequence[DiscountRule],
    groups: Sequence[DiscountGroup] | Stacking = Stacking.CASCADED,
    *,
    party: Party = PARTY,
    moment: datetime = NOON,
    **party_facts: Any,
) -> list[RuleUse]:
    """All phases in their order."""
    known = [group(stacking=groups)] if isinstance(groups, Stacking) else groups
    buyer = replace(party, **party_facts)
    return [use for phase in Phase for use in apply_phase(running, buyer, rules, known, phase, moment)]


def amounts(running: RunningDocument) -> list[Decimal]:
    """By line number."""
    return [each.amount for each in sorted(running.lines, key=lambda each: each.facts.number)]


def steps(running: RunningDocument) -> list[tuple[str, str, Decimal]]:
    return [(step.rule, step.status.value, step.discount) for each in running.lines for step in each.steps]
