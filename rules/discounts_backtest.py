"""What a rule would have done to past sales: documents as they were sold, and as they would have been with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from rules.discounts import apply_phase
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase
from rules.money import ZERO, line_amount
from rules.pricing_facts import LineFacts, Party
from rules.pricing_running import RunningDocument, RunningLine


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line as it was sold: what it came to, for its whole quantity, after everything that was taken off then."""

    facts: LineFacts
    net_amount: Decimal


@dataclass(frozen=True, slots=True)
class PastDocument:
    """
    A past order or invoice.

    Args:
        number: unique, and the second key of the order in which limits are used up.
        party: the buyer as it was then; the first of its customers is who bought.
        sold_at: in the seller's zone.
    """

    number: str
    party: Party
    sold_at: datetime
    lines: tuple[PastLine, ...]


@dataclass(frozen=True, slots=True)
class BacktestLine:
    """A line that the rule would have changed."""

    document: str
    line_number: int
    net_before: Decimal
    net_after: Decimal


@dataclass(frozen=True, slots=True)
class Backtest:
    """
    Sums over all documents; `lines` are those that would have changed.

    `cost` is of the lines whose cost is known, as are the revenues beside it; margins compare like with like.
    """

    revenue_before: Decimal
    revenue_after: Decimal
    cost: Decimal
    costed_before: Decimal
    costed_after: Decimal
    documents_touched: int
    customers_touched: frozenset[str]
    lines: tuple[BacktestLine, ...]

    @property
    def margin_before(self) -> Decimal:
        return self.costed_before - self.cost

    @property
    def margin_after(self) -> Decimal:
        return self.costed_after - self.cost


def backtest(rule: DiscountRule, group: DiscountGroup, documents: Sequence[PastDocument]) -> Backtest:
    """
    The documents with the rule on top of what they were sold at.

    It stands alone: what its group's other rules gave then is in the nets already, and is neither taken back nor
    kept from adding up. Limits are used up in the order of time; the order of `documents` changes nothing.
    """
    alone = replace(group, suppresses=frozenset(), competes_with="")
    used_in_all, used_by = 0, dict[str, int]()
    changed: list[BacktestLine] = []
    sums = dict.fromkeys(("before", "after", "cost", "costed_before", "costed_after"), ZERO)
    touched: set[str] = set()
    for past in sorted(documents, key=lambda each: (each.sold_at, each.number)):
        buyer = past.party.customers[0] if past.party.customers else ""
        left = replace(
            rule,
            remaining=None if rule.remaining is None else rule.remaining - used_in_all,
            remaining_for_customer=None
            if rule.remaining_for_customer is None
            else rule.remaining_for_customer - used_by.get(buyer, 0),
        )
        running = _running(past)
        document = RunningDocument(running, past.party.exponent)
        uses = [
            use
            for phase in Phase
            for use in apply_phase(document, past.party, [left], [alone], phase, past.sold_at)
        ]
        if uses:
            used_in_all += 1
            used_by[buyer] = used_by.get(buyer, 0) + 1
            touched.add(past.number)
        for sold, line in zip(past.lines, running, strict=True):
            sums["before"] += sold.net_amount
            sums["after"] += line.amount
            if sold.facts.unit_cost is not None:
                sums["cost"] += line_amount(
                    sold.facts.quantity, sold.facts.unit_cost, exponent=past.party.exponent
                )
                sums["costed_before"] += sold.net_amount
                sums["costed_after"] += line.amount
            if line.amount != sold.net_amount:
                changed.append(BacktestLine(past.number, sold.facts.number, sold.net_amount, line.amount))
    return Backtest(
        sums["before"],
        sums["after"],
        sums["cost"],
        sums["costed_before"],
        sums["costed_after"],
        len(touched),
        frozenset(used_by),
        tuple(changed),
    )


def _running(past: PastDocument) -> list[RunningLine]:
    """The lines as they were sold; their price is a quotient that is never multiplied."""
    return [
        RunningLine(
            line.facts, line.net_amount / (line.facts.quantity or Decimal(1)), Decimal(1), line.net_amount, []
        )
        for line in past.lines
    ]
