"""
Promotions, allowances and always-apply rules priced a second time, slowly (rule book 0.1, 13 to 16, and 4).

Readings that `rules/discounts*.py` document and the rule book leaves open:
- a group's exclusive, best and compounded rules are settled line by line; a rule whose discount cannot be told line by
  line (a spread amount, a set, a limit) wins or loses all the lines it is for together;
- rules that compete take of the amount at the group's beginning, compounded ones of the running amount unless the
  group is SUMMED; always-apply rules compound unless their group is SUMMED;
- of two groups that compete the better one counts on each line, or on the whole where a discount holds as a whole;
- a limit in units serves the dearest units.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Protocol

from rules.discounts_benefits import (
    AmountPerLine,
    AmountPerOrder,
    AmountPerUnit,
    Benefit,
    LeastExpensive,
    Percent,
    SetPrice,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    Extent,
    Measure,
    Minimum,
    MixAndMatch,
)
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, Stacking
from rules.pricing_facts import LineFacts, Party
from tests.rules.slow_conditions import is_for, specificity
from tests.rules.slow_money import cents, spread

F = Fraction
NOTHING = F(0)


class Line(Protocol):
    facts: LineFacts
    paid: Fraction
    amount: Fraction
    touched: set[str]
    closed: bool


Amounts = dict[int, Fraction]  # by a line's place


def promote(
    lines: Sequence[Line],
    party: Party,
    rules: Iterable[DiscountRule],
    groups: Iterable[DiscountGroup],
    phase: Phase,
    now: datetime,
) -> None:
    """Takes what the rules of a phase give off `lines`, which stand in the order of their rank."""
    _Phase(lines, party, rules, groups, phase, now).run()


@dataclass(frozen=True)
class Claim:
    """A rule, and the lines that are its to take from."""

    rule: DiscountRule
    on: frozenset[int]


class _Phase:
    def __init__(
        self,
        lines: Sequence[Line],
        party: Party,
        rules: Iterable[DiscountRule],
        groups: Iterable[DiscountGroup],
        phase: Phase,
        now: datetime,
    ) -> None:
        self.lines, self.phase = lines, phase
        self.exponent = party.exponent
        self.groups = sorted(groups, key=lambda each: (each.sequence, each.code))
        paid = [i for i, line in enumerate(lines) if line.paid > 0]
        products = {lines[i].facts.product for i in paid}
        self.is_for: dict[str, frozenset[int]] = {}
        self.rules: list[DiscountRule] = []
        for rule in rules:
            if (Phase.ALWAYS if rule.concurrency is Concurrency.ALWAYS else rule.phase) is not phase:
                continue
            on = frozenset(i for i in paid if is_for(rule, party, lines[i].facts, products, now))
            if on:
                self.rules.append(rule)
                self.is_for[rule.id] = on
        self.closed_now: dict[int, str] = {}  # a line that a rule closed in this phase, and that rule's group

    def run(self) -> None:
        if self.phase is Phase.ALWAYS:
            for group in self.groups:
                self.take(group, self.in_order(Claim(r, self.is_for[r.id]) for r in self.of(group)))
            return
        suppressed = self.suppressed()
        late: list[tuple[DiscountGroup, list[Claim]]] = []
        waiting = [group for group in self.groups if self.of(group)]
        while waiting:
            group = waiting.pop(0)
            together = [group]
            for other in waiting:
                if other.code == group.competes_with or group.code == other.competes_with:
                    together.append(other)
                    waiting.remove(other)
                    break
            for each, claims in self.decide(together, suppressed):
                amounts = [
                    claim for claim in claims
                    if self.phase is Phase.ORDER and not _counts_as_percent(claim.rule.benefit)
                ]  # fmt: skip
                self.take(each, [claim for claim in claims if claim not in amounts])
                late.append((each, amounts))
        for group, claims in late:
            shut = {i for i, by in self.closed_now.items() if by != group.code}
            self.take(group, [Claim(claim.rule, claim.on - shut) for claim in claims if claim.on - shut])

    def of(self, group: DiscountGroup) -> list[DiscountRule]:
        return [rule for rule in self.rules if rule.group == group.code]

    def now(self) -> Amounts:
        return {i: line.amount for i, line in enumerate(self.lines)}

    def in_order(self, claims: Iterable[Claim]) -> list[Claim]:
        return sorted(claims, key=lambda each: (-each.rule.priority, each.rule.id))

    def suppressed(self) -> dict[int, set[str]]:
        """Exclusion D: groups that do nothing on a line, because one that names them holds there."""
        found: dict[int, set[str]] = {i: set() for i in range(len(self.lines))}
        for group in self.groups:
            holds = {i for i, line in enumerate(self.lines) if group.code in line.touched}
            for rule in self.of(group):
                holds |= set(self.discounts(rule, self.is_for[rule.id], self.now())[0])
            for i in holds:
                if group.code not in found[i]:
                    found[i] |= group.suppresses
        return found

    def decide(
        self, together: Sequence[DiscountGroup], suppressed: Mapping[int, set[str]]
    ) -> list[tuple[DiscountGroup, list[Claim]]]:
        decided = []
        for group in together:
            contenders = [
                Claim(
                    rule,
                    frozenset(
                        i
                        for i in self.is_for[rule.id]
                        if not self.lines[i].closed and group.code not in suppressed[i]
                    ),
                )
                for rule in self.of(group)
            ]
            decided.append((group, self.resolve(group, [each for each in contenders if each.on])))
        if len(decided) == 1:
            return decided
        sums = []
        for group, claims in decided:
            sums.append(dict.fromkeys(range(len(self.lines)), NOTHING))
            for _, i, discount in self.takings(group, claims):
                sums[-1][i] += discount
        if any(_holds_as_a_whole(claim.rule) for _, claims in decided for claim in claims):
            sums = [dict.fromkeys(each, sum(each.values(), NOTHING)) for each in sums]
        first = {i for i in sums[0] if sums[0][i] >= sums[1][i]}
        second = set(sums[0]) - first
        return [
            (group, [Claim(claim.rule, claim.on & wins) for claim in claims if claim.on & wins])
            for (group, claims), wins in zip(decided, (first, second), strict=True)
        ]

    def resolve(self, group: DiscountGroup, contenders: Sequence[Claim]) -> list[Claim]:
        """4.1: the best exclusive alone; else the best of those that compete, and what compounds on top."""

        def of_mode(mode: Concurrency) -> list[Claim]:
            return [each for each in contenders if _mode(each.rule, group) is mode]

        exclusive = self.contest(of_mode(Concurrency.EXCLUSIVE), by_priority=True)
        gone = frozenset(i for claim in exclusive for i in claim.on)
        best = self.contest(
            [Claim(each.rule, each.on - gone) for each in of_mode(Concurrency.BEST)], by_priority=False
        )
        compounded = [Claim(each.rule, each.on - gone) for each in of_mode(Concurrency.COMPOUNDED)]
        return exclusive + best + self.in_order(each for each in compounded if each.on)

    def contest(self, contenders: Sequence[Claim], *, by_priority: bool) -> list[Claim]:
        """Again and again the best claim on what is still free: by discount (or priority), specificity, age, id."""
        amounts, free = self.now(), frozenset(range(len(self.lines)))
        won: dict[str, frozenset[int]] = {}
        while True:
            claims = []
            for each in contenders:
                on = each.on & free
                shares, lacking = self.discounts(each.rule, on, amounts)
                if not shares:
                    continue
                if _holds_as_a_whole(each.rule):
                    parts = [(on - lacking, sum(shares.values(), NOTHING))]
                else:
                    parts = [(frozenset({i}), discount) for i, discount in shares.items()]
                for part, discount in parts:
                    first, second = (-each.rule.priority, -discount)
                    rank = (first, second) if by_priority else (second, first)
                    claims.append(
                        (
                            *rank,
                            -specificity(each.rule),
                            -each.rule.created_order,
                            each.rule.id,
                            min(part),
                            part,
                        )
                    )
            if not claims:
                break
            *_, key, _, part = min(claims, key=lambda each: each[:-1])
            won[str(key)] = won.get(str(key), frozenset()) | part
            free -= part
        by_id = {each.rule.id: each.rule for each in contenders}
        return self.in_order(Claim(by_id[key], on) for key, on in won.items())

    def takings(
        self, group: DiscountGroup, claims: Sequence[Claim]
    ) -> list[tuple[DiscountRule, int, Fraction]]:
        start, running = self.now(), self.now()
        found = []
        for claim in claims:
            compounds = _mode(claim.rule, group) in (Concurrency.COMPOUNDED, Concurrency.ALWAYS)
            amounts = dict(running) if compounds and group.stacking is not Stacking.SUMMED else start
            for i, discount in self.discounts(claim.rule, claim.on, amounts)[0].items():
                taken = min(discount, running[i])
                if taken > 0:
                    running[i] -= taken
                    found.append((claim.rule, i, taken))
        return found

    def take(self, group: DiscountGroup, claims: Sequence[Claim]) -> None:
        taken = self.takings(group, claims)
        for rule, i, discount in taken:
            self.lines[i].amount -= discount
            self.lines[i].touched.add(group.code)
            if rule.stops_further:
                self.lines[i].closed = True
                self.closed_now.setdefault(i, group.code)

    def discounts(
        self, rule: DiscountRule, on: frozenset[int], amounts: Amounts
    ) -> tuple[dict[int, Fraction], frozenset[int]]:
        """What a rule would take by line, and the lines that lack what it asks for."""
        if 0 in (rule.remaining, rule.remaining_for_customer):
            return {}, on
        is_set = any(isinstance(each, MixAndMatch) for each in rule.conditions)
        counted = on if is_set else self.is_for[rule.id]
        lacking = frozenset(i for i in on if not self._is_reached(rule, i, counted, amounts))
        open_ = sorted(i for i in on - lacking if amounts[i] > 0)
        units = {i: self.lines[i].paid for i in open_}
        if rule.most_quantity is not None:
            units = self._dearest(units, amounts, F(rule.most_quantity))
        given = _Giving(self, amounts, counted, units, self.phase is Phase.ORDER).of(rule.benefit)
        shares = {i: min(discount, amounts[i]) for i, discount in given.items() if discount > 0}
        if rule.most_amount is not None and sum(shares.values()) > rule.most_amount:
            most = F(floor(rule.most_amount * 10**self.exponent), 10**self.exponent)  # never above the limit
            parts = spread(most, list(shares.values()), self.exponent)
            shares = dict(zip(shares, parts, strict=True))
        return {i: discount for i, discount in shares.items() if discount > 0}, lacking

    def _is_reached(self, rule: DiscountRule, i: int, counted: frozenset[int], amounts: Amounts) -> bool:
        for condition in rule.conditions:
            if isinstance(condition, Minimum):
                reached = self.measured(condition.measure, condition.of, i, counted, amounts)
                if reached < condition.least or (condition.below is not None and reached >= condition.below):
                    return False
            if isinstance(condition, MixAndMatch):
                wanted = [("", condition.quantity), *condition.mandatory]
                for product, least in wanted:
                    having = [j for j in counted if product in ("", self.lines[j].facts.product)]
                    if sum(self.lines[j].paid for j in having) < least:
                        return False
        return True

    def measured(
        self, measure: Measure, of: Extent, i: int, counted: Iterable[int], amounts: Amounts
    ) -> Fraction:
        over = {Extent.LINE: [i], Extent.ELIGIBLE_LINES: counted, Extent.ORDER: range(len(self.lines))}[of]
        return sum((amounts[j] if measure is Measure.AMOUNT else self.lines[j].paid for j in over), NOTHING)

    def _dearest(self, units: Amounts, amounts: Amounts, most: Fraction) -> Amounts:
        return first_units(units, most, lambda i: -amounts[i] / self.lines[i].paid)


def first_units(units: Amounts, most: Fraction, price: Callable[[int], Fraction]) -> Amounts:
    """At most so many units, of the lines as they sort; lines of which none is left are left out."""
    found: Amounts = {}
    for i in sorted(units, key=lambda i: (price(i), i)):
        part = min(units[i], most)
        most -= part
        if part > 0:
            found[i] = part
    return {i: found[i] for i in sorted(found)}


class _Giving:
    """What a benefit gives on so many units of each line."""

    def __init__(
        self, phase: _Phase, amounts: Amounts, counted: frozenset[int], units: Amounts, rounds_once: bool
    ) -> None:
        self.phase, self.amounts, self.counted, self.units = phase, amounts, counted, units
        self.exponent, self.rounds_once = phase.exponent, rounds_once

    def worth(self, i: int) -> Fraction:
        return self.amounts[i] * self.units[i] / self.phase.lines[i].paid

    def over(self, total: Fraction, weights: Amounts) -> Amounts:
        if not weights:
            return {}
        total = min(total, sum((self.amounts[i] for i in weights), NOTHING))
        return dict(zip(weights, spread(total, list(weights.values()), self.exponent), strict=True))

    def of(self, benefit: Benefit) -> Amounts:
        e, units = self.exponent, self.units
        worths = {i: self.worth(i) for i in units}
        match benefit:
            case Percent():
                rate = F(benefit.percent) / 100
                if self.rounds_once:
                    return self.over(cents(sum(worths.values(), NOTHING) * rate, e), worths)
                return {i: cents(worths[i] * rate, e) for i in units}
            case AmountPerUnit():
                return {i: cents(units[i] * F(benefit.amount), e) for i in units}
            case AmountPerLine():
                return dict.fromkeys(units, cents(F(benefit.amount), e))
            case AmountPerOrder():
                return self.over(cents(F(benefit.amount), e), {i: self.amounts[i] for i in units})
            case UnitPrice():
                price = F(benefit.amount) / F(benefit.price_unit)
                return {i: cents(worths[i], e) - cents(units[i] * price, e) for i in units}
            case SetPrice():
                sets = floor(sum(units.values()) / F(benefit.quantity))
                chosen = self.chosen(F(sets * benefit.quantity), -1)
                worths = {i: chosen.worth(i) for i in chosen.units}
                gain = cents(sum(worths.values(), NOTHING), e) - cents(F(benefit.amount) * sets, e)
                return self.over(gain, worths) if gain > 0 else {}
            case LeastExpensive():
                times = 1 if benefit.per is None else floor(sum(units.values()) / F(benefit.per))
                chosen = self.chosen(F(times * benefit.count), 1)
                chosen.rounds_once = False
                return chosen.of(Percent(benefit.percent))
            case Tiered():
                if benefit.of is not Extent.LINE:
                    return self.tier(benefit, -1)
                found: Amounts = {}
                for i in units:
                    alone = _Giving(self.phase, self.amounts, self.counted, {i: units[i]}, self.rounds_once)
                    found |= alone.tier(benefit, i)
                return found
        raise NotImplementedError(benefit)

    def chosen(self, most: Fraction, sign: int) -> "_Giving":
        """Of the dearest (-1) or cheapest (1) units."""
        units = first_units(self.units, most, lambda i: sign * self.amounts[i] / self.phase.lines[i].paid)
        return _Giving(self.phase, self.amounts, self.counted, units, self.rounds_once)

    def tier(self, benefit: Tiered, i: int) -> Amounts:
        measured = self.phase.measured(benefit.measure, benefit.of, i, self.counted, self.amounts)
        reached = [tier for tier in benefit.tiers if tier.least <= measured]
        if not reached:
            return {}
        if not benefit.is_stepped:
            return self.of(reached[-1].benefit)
        shift = 1 if benefit.measure is Measure.QUANTITY else 0  # "from 11" begins with the eleventh unit
        total = NOTHING
        for number, tier in enumerate(reached):
            low = max(F(tier.least) - shift, NOTHING)
            high = (
                max(F(reached[number + 1].least) - shift, NOTHING) if number + 1 < len(reached) else measured
            )
            if isinstance(tier.benefit, Percent):
                whole = sum((self.worth(j) for j in self.units), NOTHING)
                total += F(tier.benefit.percent) / 100 * whole * (high - low) / measured
            elif isinstance(tier.benefit, AmountPerUnit):
                total += F(tier.benefit.amount) * (high - low)
        return self.over(cents(total, self.exponent), {j: self.amounts[j] for j in self.units})


def _mode(rule: DiscountRule, group: DiscountGroup) -> Concurrency:
    if rule.phase is Phase.ALWAYS:
        return Concurrency.ALWAYS
    if rule.concurrency is not None:
        return rule.concurrency
    return {
        Stacking.EXCLUSIVE: Concurrency.EXCLUSIVE,
        Stacking.BEST: Concurrency.BEST,
        Stacking.SUMMED: Concurrency.COMPOUNDED,
        Stacking.CASCADED: Concurrency.COMPOUNDED,
    }[group.stacking]


def _counts_as_percent(benefit: Benefit) -> bool:
    if isinstance(benefit, Tiered):
        return all(isinstance(tier.benefit, Percent) for tier in benefit.tiers)
    return isinstance(benefit, Percent | LeastExpensive)


def _holds_as_a_whole(rule: DiscountRule) -> bool:
    benefit = rule.benefit
    if isinstance(benefit, Tiered):
        is_whole = (benefit.is_stepped and benefit.of is not Extent.LINE) or any(
            isinstance(tier.benefit, AmountPerOrder) for tier in benefit.tiers
        )
    else:
        is_whole = isinstance(benefit, AmountPerOrder | SetPrice | LeastExpensive)
    return (
        is_whole
        or rule.most_amount is not None
        or rule.most_quantity is not None
        or any(isinstance(each, MixAndMatch) for each in rule.conditions)
        or (rule.phase is Phase.ORDER and _counts_as_percent(benefit))
    )
