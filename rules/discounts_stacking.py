"""How the rules of one group make one result: who wins each line, and what is taken in which order (rule book 4.1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import heappop, heappush

from rules.discounts_benefits import Share, capped, limited
from rules.discounts_conditions import Basket, Extent, Minimum, Miss, MixAndMatch
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, Stacking, concurrency_of
from rules.money import ZERO
from rules.pricing_running import RunningLine

USED_UP = Miss("It is used up.")


@dataclass(frozen=True, slots=True)
class Contender:
    """A rule that the buyer may have, the lines it is for, and those of them it may take from."""

    rule: DiscountRule
    matched: tuple[int, ...]
    open: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A rule that takes nothing from a line, and why."""

    rule: DiscountRule
    index: int
    miss: Miss


@dataclass(frozen=True, slots=True)
class Taking:
    """What a rule takes off a line, and the amount it was taken of."""

    rule: DiscountRule
    share: Share
    basis: Decimal


@dataclass(frozen=True, slots=True)
class Scene:
    """The document's lines in order of rank, as every rule of a phase meets them."""

    lines: Sequence[RunningLine]
    exponent: int

    @property
    def amounts(self) -> list[Decimal]:
        return [line.amount for line in self.lines]


@dataclass(slots=True)
class Resolution:
    """Which rule of a group takes from which lines, in the order in which they do; and who does not."""

    claims: list[Contender] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)


def outcome(
    scene: Scene, contender: Contender, amounts: Sequence[Decimal]
) -> tuple[list[Share], dict[int, Miss]]:
    """What a rule would take off its open lines, and what each of the others lacks."""
    rule, open_ = contender.rule, contender.open
    if rule.remaining == 0 or rule.remaining_for_customer == 0:
        return [], dict.fromkeys(open_, USED_UP)
    is_set = any(isinstance(condition, MixAndMatch) for condition in rule.conditions)
    basket = Basket(
        scene.lines,
        amounts,
        open_ if is_set else contender.matched,
        open_,
        [line.quantity_paid for line in scene.lines],
        scene.exponent,
        rule.runs_in is Phase.ORDER,
    )
    misses = _missing(rule, basket)
    basket = replace(basket, open=tuple(i for i in open_ if i not in misses and amounts[i] > 0))
    if not basket.open:
        return [], misses
    if rule.most_quantity is not None:
        basket = limited(basket, rule.most_quantity)
    shares = rule.benefit.shares(basket)
    if isinstance(shares, Miss):
        return [], misses | dict.fromkeys(basket.open, shares)
    if rule.most_amount is not None:
        shares = capped(shares, rule.most_amount, scene.exponent)
    return shares, misses


def _missing(rule: DiscountRule, basket: Basket) -> dict[int, Miss]:
    misses: dict[int, Miss] = {}
    for condition in rule.basket_conditions:
        if isinstance(condition, Minimum) and condition.of is Extent.LINE:
            for index in basket.open:
                miss = condition.lacking(basket, index)
                if miss is not None:
                    misses.setdefault(index, miss)
        elif (miss := condition.lacking(basket, 0)) is not None:
            return dict.fromkeys(basket.open, miss)
    return misses


def resolve(scene: Scene, group: DiscountGroup, contenders: Iterable[Contender]) -> Resolution:
    """
    The group's claims: the best exclusive alone, else the best of those that compete with all that compound on top.

    Decided line by line, so that a rule may win one line and lose another; what holds as a whole wins or loses its
    lines together.
    """
    found = Resolution()
    modes: dict[Concurrency, list[Contender]] = {mode: [] for mode in Concurrency}
    for contender in contenders:
        modes[concurrency_of(contender.rule, group)].append(contender)
    alone = _contest(scene, modes[Concurrency.EXCLUSIVE], found, is_priority_first=True)
    for mode in (Concurrency.BEST, Concurrency.COMPOUNDED):
        modes[mode] = [_without(contender, alone, found) for contender in modes[mode]]
    _contest(scene, modes[Concurrency.BEST], found, is_priority_first=False)
    found.claims += sorted(
        (each for each in modes[Concurrency.COMPOUNDED] if each.open),
        key=lambda each: (-each.rule.priority, each.rule.id),
    )
    return found


def _without(contender: Contender, taken: Mapping[int, DiscountRule], found: Resolution) -> Contender:
    lost = [i for i in contender.open if i in taken]
    if not lost:
        return contender
    found.losses += [Loss(contender.rule, i, _beaten_by(taken[i])) for i in lost]
    return replace(contender, open=tuple(i for i in contender.open if i not in taken))


def _beaten_by(winner: DiscountRule) -> Miss:
    return Miss("{winner} goes before it in its group.", (("winner", winner.name),))


_Rank = tuple[Decimal, Decimal, int, int, str, int, int]


def _contest(
    scene: Scene, contenders: Sequence[Contender], found: Resolution, *, is_priority_first: bool
) -> dict[int, DiscountRule]:
    """
    Gives each line to one rule, and says who won which.

    Ties: the largest discount (or priority first), then the most specific, the newest, the id (rule book 0.1, 13).
    """
    amounts = scene.amounts
    heap: list[tuple[_Rank, Contender]] = []

    def enter(contender: Contender) -> None:
        shares, misses = outcome(scene, contender, amounts)
        rule = contender.rule
        found.losses += [Loss(rule, index, miss) for index, miss in misses.items()]
        held = tuple(i for i in contender.open if i not in misses)
        if not shares:
            return
        parts = (
            [((share.index,), share.discount) for share in shares]
            if rule.is_linewise
            else [(held, sum((share.discount for share in shares), ZERO))]
        )
        for indexes, discount in parts:
            first, second = Decimal(-rule.priority), -discount
            if not is_priority_first:
                first, second = second, first
            rank = (
                first, second, -rule.specificity, -rule.created_order, rule.id, indexes[0], len(indexes),
            )  # fmt: skip
            heappush(heap, (rank, replace(contender, open=indexes)))

    for contender in contenders:
        enter(contender)
    # A rule that loses lines is weighed again when its turn comes, for it takes less then; these may take more.
    eager = {each.rule.id: each for each in contenders if each.rule.may_gain_by_less}
    taken: dict[int, DiscountRule] = {}
    won: dict[str, Contender] = {}
    while heap:
        _, contender = heappop(heap)
        if contender.rule.id in eager and any(i in taken for i in contender.open):
            continue  # it was weighed again without them
        left = _without(contender, taken, found)
        if left is not contender:
            if left.open:
                enter(left)
            continue
        taken |= dict.fromkeys(left.open, left.rule)
        earlier = won.get(left.rule.id)
        won[left.rule.id] = (
            left if earlier is None else replace(left, open=tuple(sorted({*earlier.open, *left.open})))
        )
        eager.pop(left.rule.id, None)
        for key, each in eager.items():
            eager[key] = _without(each, taken, found)
            if eager[key] is not each and eager[key].open:
                enter(eager[key])
    found.claims += sorted(won.values(), key=lambda each: (-each.rule.priority, each.rule.id))
    return taken


def settle(
    scene: Scene, group: DiscountGroup, claims: Sequence[Contender], losses: list[Loss]
) -> list[Taking]:
    """What the claims take, one after the other; changes nothing but `losses`, which grow by who finds no more."""
    base, running = scene.amounts, scene.amounts
    takings: list[Taking] = []
    for claim in claims:
        # Those that won lines from each other share none, and count on what they won them with.
        is_contested = claim.rule.runs_in is not Phase.ALWAYS and concurrency_of(claim.rule, group) in (
            Concurrency.EXCLUSIVE,
            Concurrency.BEST,
        )
        is_cascaded = not is_contested and group.stacking is not Stacking.SUMMED
        amounts = list(running) if is_cascaded else base
        shares, misses = outcome(scene, claim, amounts)
        losses += [Loss(claim.rule, index, miss) for index, miss in misses.items()]
        for share in shares:
            discount = min(share.discount, running[share.index])
            if discount <= 0:
                continue
            if discount < share.discount:
                share = replace(share, discount=discount, is_capped=True)
            running[share.index] -= discount
            takings.append(Taking(claim.rule, share, amounts[share.index]))
    return takings
