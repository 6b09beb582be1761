"""Discounts: takes what the rules of one phase give off a document, and writes each step (rule book 4, 0.1, 15)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from rules.discounts_benefits import Benefit, Tiered, is_percent
from rules.discounts_conditions import Miss
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase, RuleUse
from rules.discounts_stacking import Contender, Loss, Resolution, Scene, Taking, outcome, resolve, settle
from rules.money import ZERO
from rules.pricing_facts import Party
from rules.pricing_running import RunningDocument
from rules.pricing_trace import PriceComponent, ValueKind
from rules.quantities import plain

COMPONENTS = {
    Phase.LINE: PriceComponent.PROMOTION,
    Phase.ALLOWANCE: PriceComponent.ALLOWANCE,
    Phase.ORDER: PriceComponent.ORDER_PROMOTION,
    Phase.ALWAYS: PriceComponent.ALWAYS,
}


def apply_phase(
    document: RunningDocument,
    party: Party,
    rules: Sequence[DiscountRule],
    groups: Sequence[DiscountGroup],
    phase: Phase,
    moment: datetime,
) -> list[RuleUse]:
    """
    Takes what the rules of a phase give off the running lines.

    Groups run by (sequence, code), their rules by (priority, highest first, id); of order promotions the percents
    run before the amounts. The order of `rules`, `groups` and the document's lines changes nothing.

    Args:
        groups: at least those that the rules name.
        moment: now, in the seller's zone: its date decides validity, its weekday and hour the windows.
    Returns:
        What each rule that took something took in all, by its id; the lines have a step for each taking, and for
        each rule that is for the line and the buyer and did not apply, with the reason.
    """
    found = _contenders(document, party, rules, phase, moment)
    ordered = sorted(
        (each for each in groups if each.code in found), key=lambda each: (each.sequence, each.code)
    )
    pen = _Pen(document, phase)
    if phase is Phase.ALWAYS:
        for group in ordered:
            claims = sorted(found[group.code], key=lambda each: (-each.rule.priority, each.rule.id))
            _take(pen, Resolution(claims), group)
        return pen.uses
    suppressed = _suppressed(pen.scene, sorted(groups, key=lambda each: (each.sequence, each.code)), found)
    late: list[tuple[DiscountGroup, list[Contender]]] = []
    for rivals in _rivals(ordered):
        for group, resolution in _decide(pen, rivals, found, suppressed):
            amounts = []
            if phase is Phase.ORDER:
                amounts = [each for each in resolution.claims if not is_percent(each.rule.benefit)]
            early = [each for each in resolution.claims if each not in amounts]
            _take(pen, Resolution(early, resolution.losses), group)
            late.append((group, amounts))
    for group, claims in late:
        _take(pen, _still_open(pen, claims, group), group)
    return pen.uses


class _Pen:
    """Writes takings and losses on the lines, each (rule, line) once, and adds up the uses."""

    def __init__(self, document: RunningDocument, phase: Phase) -> None:
        self.scene = Scene(document.lines, document.exponent)
        self.component = COMPONENTS[phase]
        self.closing_groups: dict[int, str] = {}  # the group of the rule that closed a line in this phase
        self._written: set[tuple[str, int]] = set()
        self._uses: dict[str, RuleUse] = {}

    @property
    def uses(self) -> list[RuleUse]:
        return [self._uses[key] for key in sorted(self._uses)]

    def take(self, taking: Taking) -> None:
        rule, share = taking.rule, taking.share
        line = self.scene.lines[share.index]
        why = _why_capped(rule, share.is_capped, share.quantity < line.quantity_paid)
        line.take(
            share.discount, self.component, rule.name, share.value, share.value_kind, rule_id=rule.id,
            basis=taking.basis, reason="" if why is None else why.reason, data=() if why is None else why.data,
            is_capped=why is not None,
        )  # fmt: skip
        line.groups.add(rule.group)
        self._written.add((rule.id, share.index))
        use = self._uses.get(rule.id, RuleUse(rule.id))
        self._uses[rule.id] = RuleUse(rule.id, use.amount + share.discount, use.quantity + share.quantity)

    def exclude(self, loss: Loss) -> None:
        rule = loss.rule
        if (rule.id, loss.index) in self._written:
            return
        self._written.add((rule.id, loss.index))
        value, kind = nominal(rule.benefit)
        self.scene.lines[loss.index].exclude(
            self.component, rule.name, value, kind, loss.miss.reason, rule_id=rule.id, data=loss.miss.data
        )


def _why_capped(rule: DiscountRule, is_capped: bool, is_part: bool) -> Miss | None:
    if is_capped and rule.most_amount is not None:
        return Miss("It takes {most} per order at most.", (("most", plain(rule.most_amount)),))
    if is_part and rule.most_quantity is not None:
        return Miss("It is for {most} units per order at most.", (("most", plain(rule.most_quantity)),))
    return Miss("No more is left to take it from.") if is_capped else None


_VALUE_KINDS = {each.value: each for each in ValueKind}


def nominal(benefit: Benefit) -> tuple[Decimal, ValueKind]:
    """What a benefit says, for showing it where nothing was taken; of tiers the first."""
    if isinstance(benefit, Tiered):
        return nominal(benefit.tiers[0].benefit)
    percent: Decimal | None = getattr(benefit, "percent", None)
    if percent is not None:
        return percent, ValueKind.PERCENT
    amount: Decimal = getattr(benefit, "amount", ZERO)
    return amount, _VALUE_KINDS.get(benefit.kind.value, ValueKind.AMOUNT_PER_ORDER)


def _contenders(
    document: RunningDocument, party: Party, rules: Sequence[DiscountRule], phase: Phase, moment: datetime
) -> dict[str, list[Contender]]:
    """The rules of the phase that the buyer may have now, with the lines each is for, by group."""
    paid = {i: line.facts for i, line in enumerate(document.lines) if line.quantity_paid > 0}
    by_product: dict[str, list[int]] = {}
    for i, facts in paid.items():
        by_product.setdefault(facts.product, []).append(i)
    basket = frozenset(by_product)
    found: dict[str, list[Contender]] = {}
    for rule in rules:
        if rule.runs_in is not phase or not rule.is_in_force(moment) or not rule.is_for(party):
            continue
        if not rule.is_open(moment):
            continue
        products = rule.products
        near = paid if products is None else sorted(i for each in products for i in by_product.get(each, ()))
        matched = tuple(i for i in near if rule.matches(paid[i], basket))
        if matched:
            found.setdefault(rule.group, []).append(Contender(rule, matched, matched))
    return found


def _suppressed(
    scene: Scene, groups: Sequence[DiscountGroup], found: dict[str, list[Contender]]
) -> list[dict[str, str]]:
    """
    For each line, the groups that another one makes inactive, and which (exclusion D).

    A group does so where one of its rules holds, or took something in an earlier phase; not where it is itself
    inactive, so that of two groups that name each other the earlier stays.
    """
    by_line: list[dict[str, str]] = [{} for _ in scene.lines]
    for group in groups:
        if not group.suppresses:
            continue
        present = {i for i, line in enumerate(scene.lines) if group.code in line.groups}
        for contender in found.get(group.code, ()):
            shares, _ = outcome(scene, contender, scene.amounts)
            present |= {share.index for share in shares}
        for index in present:
            if group.code not in by_line[index]:
                for code in group.suppresses:
                    by_line[index].setdefault(code, group.code)
    return by_line


def _rivals(ordered: Sequence[DiscountGroup]) -> list[tuple[DiscountGroup, ...]]:
    """Groups by themselves, or in the pairs of which only the better counts, at the place of the earlier one."""
    left = list(ordered)
    found: list[tuple[DiscountGroup, ...]] = []
    while left:
        group = left.pop(0)
        rival = next(
            (each for each in left if group.code == each.competes_with or each.code == group.competes_with),
            None,
        )
        if rival is not None:
            left.remove(rival)
        found.append((group,) if rival is None else (group, rival))
    return found


def _decide(
    pen: _Pen,
    rivals: Sequence[DiscountGroup],
    found: dict[str, list[Contender]],
    suppressed: Sequence[dict[str, str]],
) -> list[tuple[DiscountGroup, Resolution]]:
    """Each group's claims; of two that compete, each line keeps those of the group that takes more from it."""
    decided: list[tuple[DiscountGroup, Resolution]] = []
    for group in rivals:
        closed: list[Loss] = []
        open_ = [_opened(pen.scene, each, suppressed, closed) for each in found[group.code]]
        resolution = resolve(pen.scene, group, [each for each in open_ if each.open])
        resolution.losses += closed
        decided.append((group, resolution))
    if len(decided) == 1:
        return decided
    sums = [_sums(pen.scene, group, resolution) for group, resolution in decided]
    if not all(claim.rule.is_linewise for _, each in decided for claim in each.claims):
        sums = [
            [sum(each, ZERO)] * len(each) for each in sums
        ]  # what holds as a whole cannot be told by line
    for place, (_, resolution) in enumerate(decided):
        other = 1 - place
        lost = {
            i for i, (own, theirs) in enumerate(zip(sums[place], sums[other], strict=True))
            if own < theirs or (own == theirs and place == 1)
        }  # fmt: skip
        miss = Miss("{winner} gives more.", (("winner", decided[other][0].code),))
        resolution.losses += [
            Loss(claim.rule, i, miss) for claim in resolution.claims for i in claim.open if i in lost
        ]
        resolution.claims = list(_kept(resolution.claims, lost))
    return decided


def _kept(claims: Iterable[Contender], lost: set[int]) -> Iterable[Contender]:
    for claim in claims:
        open_ = tuple(i for i in claim.open if i not in lost)
        if open_:
            yield replace(claim, open=open_)


def _opened(
    scene: Scene, contender: Contender, suppressed: Sequence[dict[str, str]], closed: list[Loss]
) -> Contender:
    """The contender without the lines that another rule or group closed to it."""
    rule, open_ = contender.rule, []
    for index in contender.matched:
        line = scene.lines[index]
        winner = suppressed[index].get(rule.group)
        if line.closed_by:
            closed.append(Loss(rule, index, _closed_by(line.closed_by)))
        elif winner is not None:
            closed.append(Loss(rule, index, Miss("{winner} takes its place.", (("winner", winner),))))
        else:
            open_.append(index)
    return replace(contender, open=tuple(open_))


def _still_open(pen: _Pen, claims: Sequence[Contender], group: DiscountGroup) -> Resolution:
    """The claims on lines that no rule of another group closed meanwhile."""
    closed = {i: pen.scene.lines[i].closed_by for i, code in pen.closing_groups.items() if code != group.code}
    losses = [
        Loss(claim.rule, i, _closed_by(closed[i])) for claim in claims for i in claim.open if i in closed
    ]
    return Resolution(list(_kept(claims, set(closed))), losses)


def _closed_by(rule_name: str) -> Miss:
    return Miss("{winner} lets no other discount follow.", (("winner", rule_name),))


def _sums(scene: Scene, group: DiscountGroup, resolution: Resolution) -> list[Decimal]:
    sums = [ZERO] * len(scene.lines)
    for taking in settle(scene, group, resolution.claims, []):
        sums[taking.share.index] += taking.share.discount
    return sums


def _take(pen: _Pen, resolution: Resolution, group: DiscountGroup) -> None:
    """Writes what a group's claims take, then who took nothing; afterwards lines may be closed to later groups."""
    losses = list(resolution.losses)
    takings = settle(pen.scene, group, resolution.claims, losses)
    for taking in takings:
        pen.take(taking)
    for taking in takings:
        if taking.rule.stops_further:
            line = pen.scene.lines[taking.share.index]
            line.closed_by = line.closed_by or taking.rule.name
            pen.closing_groups.setdefault(taking.share.index, group.code)
    for loss in sorted(losses, key=lambda each: (-each.rule.priority, each.rule.id, each.index)):
        pen.exclude(loss)
