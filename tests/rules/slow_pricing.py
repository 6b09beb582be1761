"""
A document priced a second time, slowly: written from the rule book, with fractions and by trying everything.

It shares shapes with `rules/`, and no computation. Where the rule book leaves room it reads as our modules say they do:
- the order of choice among commitments: see `rules/sales_agreements.py`;
- a discount row for all items counts the quantity of all lines: see `rules.trade_agreements.multiline_discount`;
- of several groups of a customer those of the highest priority decide that have a row that holds (TA-17);
- lines that an agreement keeps from promotions do not count towards a promotion's minimum either;
- the day of a total discount is the earliest of the lines that take part.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from rules.discounts_rules import Phase
from rules.free_goods import FreeCalculation, FreeGoodsRule, FreeKind, FreeRounding
from rules.pricing import DocumentFacts
from rules.pricing_facts import (
    LineFacts,
    LineMultilineMode,
    Party,
    PercentBase,
    Scope,
    TradeRelation,
    TradeRow,
)
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType
from tests.rules.slow_money import cents, spread
from tests.rules.slow_promotions import promote

F = Fraction
NOTHING = F(0)


@dataclass
class SlowLine:
    """`unit` is the exact net price of one unit after phase 3; `amount` what is left of the line so far."""

    facts: LineFacts
    unit: Fraction
    link: Commitment | None
    paid: Fraction
    amount: Fraction = NOTHING
    touched: set[str] = field(default_factory=set)
    closed: bool = False


@dataclass(frozen=True)
class SlowFree:
    parent: int
    rule: str
    product: str
    quantity: Fraction
    is_proposed: bool


@dataclass(frozen=True)
class SlowDocument:
    nets: dict[int, Fraction]
    links: dict[int, str]
    consumed: dict[int, Fraction]
    paid: dict[int, Fraction]
    free: frozenset[SlowFree]

    @property
    def net_amount(self) -> Fraction:
        return sum(self.nets.values(), NOTHING)


def _place(line: LineFacts) -> tuple[object, ...]:
    """By product, the largest first; equal lines by number."""
    by_hand = line.concessions
    is_fixed = by_hand.unit_price is not None
    what = (is_fixed, by_hand.unit_price or 0, by_hand.discount_percent)
    return line.sku, -line.quantity, line.priced_on, line.ships_on or line.priced_on, *what, line.number


def price_slowly(facts: DocumentFacts, rows: Sequence[TradeRow]) -> SlowDocument:
    """The price of a document; `rows` are those of its trade agreements, in any order."""
    party, book, e = facts.party, facts.book, facts.party.exponent
    lines, consumed = _phases_1_to_3(facts, rows)
    free = frozenset(_free_goods(facts, lines))
    for line in lines:
        line.amount = cents(line.paid * line.unit, e)

    open_ = [line for line in lines if line.link is None or line.link.stackable_with_promotions]
    for phase in (Phase.LINE, Phase.ALLOWANCE):
        promote(open_, party, book.rules, book.groups, phase, facts.now)
    for line in lines:
        line.amount -= cents(line.amount * F(line.facts.concessions.discount_percent) / 100, e)
    promote(open_, party, book.rules, book.groups, Phase.ORDER, facts.now)
    _total_discount(rows, party, lines)
    whole = cents(sum((line.amount for line in lines), NOTHING) * F(facts.discount_percent) / 100, e)
    take_spread(lines, whole, e)
    promote(open_, party, book.rules, book.groups, Phase.ALWAYS, facts.now)
    return SlowDocument(
        {line.facts.number: line.amount for line in lines},
        {line.facts.number: line.link.id for line in lines if line.link is not None},
        consumed,
        {line.facts.number: line.paid for line in lines},
        free,
    )


def take_spread(lines: Sequence[SlowLine], total: Fraction, exponent: int) -> None:
    shares = spread(total, [line.amount for line in lines], exponent)
    for line, share in zip(lines, shares, strict=True):
        line.amount -= min(share, line.amount)


# --- Trade agreements (rule book 2) ---------------------------------------------------------------------------------


def base_of(rows: Sequence[TradeRow], party: Party, line: LineFacts) -> Fraction | None:
    """Phases 1 and 2: the price of one unit, of trade agreements before the list."""
    traded = [
        F(row.unit_price) * _rate(row, party) / F(row.price_unit)
        for row in _hits(rows, party, line, TradeRelation.PRICE, line.product, "", F(line.quantity))
        if row.unit_price is not None
    ]
    if traded:
        return min(traded)
    reached = [each for each in line.breaks if each.from_quantity <= line.quantity]
    if not reached:
        return None
    last = max(reached, key=lambda each: each.from_quantity)
    return F(last.unit_price) / F(last.price_unit)


def _rate(row: TradeRow, party: Party) -> Fraction:
    return F(1) if row.currency == party.currency else F(party.rates[row.currency])


def _hits(
    rows: Sequence[TradeRow],
    party: Party,
    line: LineFacts,
    relation: TradeRelation,
    item: str,
    item_group: str,
    measure: Fraction,
    measure_of_all: Fraction | None = None,
) -> list[TradeRow]:
    """All rows that hold, sorted by (cell, whose, from desc, start desc, id), up to the first that says stop."""
    of_all = measure if measure_of_all is None else measure_of_all
    for is_own in (
        True,
        False,
    ):  # rows of the document's own currency come first, converted ones only without them
        held = []
        for row in rows:
            if row.relation is not relation or (row.currency == party.currency) is not is_own:
                continue
            if not is_own and not (row.is_generic_currency and row.currency in party.rates):
                continue
            if _is_held(row, party, line, relation, of_all if row.item_scope is Scope.ALL else measure):
                cell = _cell(row, party, relation, item, item_group)
                if cell is not None:
                    start = 0 if row.valid_from is None else row.valid_from.toordinal()
                    held.append((cell, -row.from_quantity, -start, row.id, row))
        deciding = _deciding_priority(party, relation, [each[-1] for each in held])
        held = [
            each for each in held
            if each[-1].customer_scope is not Scope.GROUP or each[-1].customer in deciding
        ]  # fmt: skip
        found: list[TradeRow] = []
        for *_, row in sorted(held, key=lambda each: each[:-1]):
            found.append(row)
            if not row.find_next:
                break
        if found:
            return found
    return []


def _is_held(
    row: TradeRow, party: Party, line: LineFacts, relation: TradeRelation, measure: Fraction
) -> bool:
    rate = _rate(row, party) if relation is TradeRelation.TOTAL_DISCOUNT else F(1)
    day = line.priced_on
    return (
        F(row.from_quantity) * rate <= measure
        and (row.to_quantity is None or measure < F(row.to_quantity) * rate)
        and (
            row.unit_code is None
            or (relation is not TradeRelation.TOTAL_DISCOUNT and row.unit_code == line.unit_code)
        )
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_until is None or day < row.valid_until)
    )


def _cell(
    row: TradeRow, party: Party, relation: TradeRelation, item: str, item_group: str
) -> tuple[int, int] | None:
    """1 to 9 by the table of 2.2, and the place of the customer among the buyer and its ancestors."""
    is_active = (
        party.active_cells is None or (relation, row.customer_scope, row.item_scope) in party.active_cells
    )
    names = {Scope.ONE: item, Scope.GROUP: item_group}
    if not is_active or (row.item_scope in names and (not row.item or row.item != names[row.item_scope])):
        return None
    whose = 0
    if row.customer_scope is Scope.ONE:
        if row.customer not in party.customers:
            return None
        whose = party.customers.index(row.customer)
    elif row.customer_scope is Scope.GROUP and row.customer not in {
        each.code for each in party.trade_groups.get(relation, ())
    }:
        return None
    order = [Scope.ONE, Scope.GROUP, Scope.ALL]
    return 3 * order.index(row.customer_scope) + order.index(row.item_scope) + 1, whose


def _deciding_priority(party: Party, relation: TradeRelation, held: Sequence[TradeRow]) -> set[str]:
    of_groups = {row.customer for row in held if row.customer_scope is Scope.GROUP}
    mine = [each for each in party.trade_groups.get(relation, ()) if each.code in of_groups]
    highest = max((each.priority for each in mine), default=0)
    return {each.code for each in mine if each.priority == highest}


@dataclass(frozen=True)
class Off:
    """What one row takes: an amount off one unit, then a percent of what is left or of the gross."""

    amount: Fraction
    percent: Fraction
    is_of_gross: bool


def _off(rows: Iterable[TradeRow], party: Party) -> list[Off]:
    return [
        Off(
            F(row.amount) * _rate(row, party) / F(row.price_unit),
            1 - (1 - F(row.percent1) / 100) * (1 - F(row.percent2) / 100),
            row.percent_base is PercentBase.GROSS,
        )
        for row in rows
    ]


def _less(price: Fraction, offs: Sequence[Off]) -> Fraction:
    rest = max(NOTHING, price - sum((off.amount for off in offs), NOTHING))
    percents = sum(((price if off.is_of_gross else rest) * off.percent for off in offs), NOTHING)
    return max(NOTHING, rest - percents)


def unit_by_rules(
    rows: Sequence[TradeRow], party: Party, line: LineFacts, lines: Sequence[LineFacts]
) -> Fraction:
    """Phase 3 without agreement and person."""
    base = base_of(rows, party, line)
    assert base is not None
    group = line.multiline_discount_group
    of_group = [each for each in lines if each.multiline_discount_group == group] if group else lines
    in_group = sum((F(each.quantity) for each in of_group), NOTHING)
    in_all = sum((F(each.quantity) for each in lines), NOTHING)
    by_line = _off(
        _hits(
            rows,
            party,
            line,
            TradeRelation.LINE_DISCOUNT,
            line.product,
            line.line_discount_group,
            F(line.quantity),
        ),
        party,
    )
    by_group = _off(
        _hits(rows, party, line, TradeRelation.MULTILINE_DISCOUNT, "", group, in_group, in_all), party
    )
    return {
        LineMultilineMode.LINE: _less(base, by_line),
        LineMultilineMode.MULTILINE: _less(base, by_group),
        LineMultilineMode.MAX: base - max(base - _less(base, by_line), base - _less(base, by_group)),
        LineMultilineMode.MIN: base - min(base - _less(base, by_line), base - _less(base, by_group)),
        LineMultilineMode.SUM: _less(base, by_line + by_group),
        LineMultilineMode.PRODUCT: _less(_less(base, by_line), by_group),
    }[party.line_multiline_mode]


def _total_discount(rows: Sequence[TradeRow], party: Party, lines: Sequence[SlowLine]) -> None:
    """Phase 8."""
    taking_part = [
        line for line in lines
        if line.facts.is_in_total_discount and (line.link is None or line.link.include_in_total_discount)
    ]  # fmt: skip
    base = sum((line.amount for line in taking_part), NOTHING)
    if not base:
        return
    first = min(taking_part, key=lambda line: line.facts.priced_on).facts
    found = _hits(rows, party, first, TradeRelation.TOTAL_DISCOUNT, "", "", base)
    offs = [
        Off(F(row.amount) * _rate(row, party), off.percent, off.is_of_gross)
        for row, off in zip(found, _off(found, party), strict=True)
    ]
    take_spread(taking_part, cents(base - _less(base, offs), party.exponent), party.exponent)


# --- Sales agreements (rule book 3) ---------------------------------------------------------------------------------


def _phases_1_to_3(
    facts: DocumentFacts, rows: Sequence[TradeRow]
) -> tuple[list[SlowLine], dict[int, Fraction]]:
    party, e = facts.party, facts.party.exponent
    asked = [line for line in facts.lines if base_of(rows, party, line) is not None]
    left = {each.id: F(each.committed) - F(each.released) for each in facts.book.commitments}
    lines: list[SlowLine] = []
    consumed: dict[int, Fraction] = {}
    for line in sorted(facts.lines, key=_place):
        base, quantity = base_of(rows, party, line), F(line.quantity)
        by_rules = None if base is None else unit_by_rules(rows, party, line, asked)
        by_hand = line.concessions.unit_price
        tried = []
        for each in facts.book.commitments:
            if not _may_take(each, party, line):
                continue
            if by_rules is None and each.unit_price is None:
                continue
            price = _agreed_unit(each, line, NOTHING if base is None else base)
            if by_rules is not None and each.pricing is AgreementPricing.CEILING:
                is_dearer = cents(quantity * price, e) > cents(quantity * by_rules, e)
                price = by_rules if is_dearer else price
            if by_hand is not None and base is not None:
                price = _by_hand(line, rows, party)
            elif by_hand is not None:
                price = F(by_hand) / (F(each.price_unit) * _factor(each, line))
            net = cents(quantity * price, e)
            takes = cents(quantity / _factor(each, line), 6) if _is_quantity(each) else net
            if each.max_enforced and takes > max(left[each.id], NOTHING):
                continue
            rank = (
                each.agreement != facts.agreement if facts.agreement is not None else True,
                party.customers.index(each.holder),
                list(CommitmentType).index(each.type),
                -each.category_path.count("/"),
                net,
                each.valid_until,
                each.id,
            )
            tried.append((rank, each, price, takes))
        link: Commitment | None = None
        unit = by_rules
        if tried:
            _, link, unit, takes = min(tried, key=lambda each: each[0])
            left[link.id] = max(left[link.id], NOTHING) - takes
            consumed[line.number] = takes
        elif base is not None and by_hand is not None:
            unit = _by_hand(line, rows, party)
        if unit is None:
            continue
        lines.append(SlowLine(line, unit, link, quantity))
    return lines, consumed


def _by_hand(line: LineFacts, rows: Sequence[TradeRow], party: Party) -> Fraction:
    """A price set by hand is for as many units as the price whose place it takes."""
    assert line.concessions.unit_price is not None
    prices = [
        (F(row.unit_price) * _rate(row, party) / F(row.price_unit), index, row.price_unit)
        for index, row in enumerate(
            _hits(rows, party, line, TradeRelation.PRICE, line.product, "", F(line.quantity))
        )
        if row.unit_price is not None
    ]
    if prices:
        per = min(prices)[2]
    else:
        reached = [each for each in line.breaks if each.from_quantity <= line.quantity]
        per = max(reached, key=lambda each: each.from_quantity).price_unit
    return F(line.concessions.unit_price) / F(per)


def _is_quantity(commitment: Commitment) -> bool:
    return commitment.type is CommitmentType.PRODUCT_QUANTITY


def _factor(commitment: Commitment, line: LineFacts) -> Fraction:
    """How many of the line's units one of the commitment's is."""
    return F(1) if commitment.unit_code == line.unit_code else F(line.units[commitment.unit_code])


def _may_take(commitment: Commitment, party: Party, line: LineFacts) -> bool:
    given = line.concessions
    is_about = {
        CommitmentType.PRODUCT_QUANTITY: commitment.product == line.product,
        CommitmentType.PRODUCT_VALUE: commitment.product == line.product,
        CommitmentType.CATEGORY_VALUE: line.category_path.startswith(commitment.category_path),
        CommitmentType.OVERALL_VALUE: True,
    }[commitment.type]
    is_countable = commitment.unit_code in (line.unit_code, *line.units) or not _is_quantity(commitment)
    is_broken = commitment.is_price_fixed and (given.unit_price is not None or given.discount_percent != 0)
    return (
        is_about
        and is_countable
        and not is_broken
        and commitment.holder in party.customers
        and commitment.currency == party.currency
        and commitment.valid_from <= line.priced_on < commitment.valid_until
    )


def _agreed_unit(commitment: Commitment, line: LineFacts, base: Fraction) -> Fraction:
    """The agreement's price or the rules' base price, less its amount, then its percent; of one of the line's units."""
    price, cash = base, NOTHING
    if _is_quantity(commitment):
        factor = _factor(commitment, line)
        cash = F(commitment.cash_discount_amount) / factor
        if commitment.unit_price is not None:
            price = F(commitment.unit_price) / F(commitment.price_unit) / factor
    return max(price - cash, NOTHING) * (1 - F(commitment.discount_percent) / 100)


# --- Free goods (rule book 5) ---------------------------------------------------------------------------------------


def _free_goods(facts: DocumentFacts, lines: Sequence[SlowLine]) -> Iterator[SlowFree]:
    given: dict[str, Fraction] = {}
    for line in sorted(lines, key=lambda each: _place(each.facts)):
        quantity = F(line.facts.quantity)
        winners: dict[str, tuple[tuple[object, ...], FreeGoodsRule]] = {}
        for rule in facts.book.free_goods:
            rank = _reach(rule, facts, line)
            if rank is None or earned(rule, quantity) <= 0:
                continue
            product = rule.free_product or line.facts.product
            if product not in winners or winners[product][0] < rank:
                winners[product] = rank, rule
        for product, (_, rule) in winners.items():
            gift = earned(rule, quantity)
            is_proposed = rule.is_chargeable or (rule.is_optional and rule.id not in facts.chosen)
            before = given.get(rule.id, NOTHING)
            for most in (rule.max_per_order, rule.free_quantity if rule.only_once else None):
                if most is not None:
                    gift = min(gift, F(most) - before)
            given[rule.id] = before + gift
            if gift <= 0:
                continue
            yield SlowFree(line.facts.number, rule.id, product, gift, is_proposed)
            if rule.kind is FreeKind.INCLUSIVE and not is_proposed:
                line.paid -= gift


def _reach(rule: FreeGoodsRule, facts: DocumentFacts, line: SlowLine) -> tuple[object, ...] | None:
    """Priority, how specific of the buyer, of the goods, and age; None where the rule is not for the line."""
    party, day, path = facts.party, facts.now.date(), line.facts.category_path
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_until and day >= rule.valid_until):
        return None
    if rule.offer_of and (line.link is None or line.link.id != rule.offer_of):
        return None
    if rule.customer:
        if rule.customer not in party.customers:
            return None
        buyer = (3, -party.customers.index(rule.customer))
    elif rule.segment:
        if rule.segment not in party.segments:
            return None
        buyer = (2, 0)
    elif rule.customer_group:
        if rule.customer_group != party.customer_group:
            return None
        buyer = (1, 0)
    else:
        buyer = (0, 0)
    if rule.product:
        goods = 2, 0
        if rule.product != line.facts.product:
            return None
    else:
        goods = (1 if rule.category_path else 0), len(rule.category_path)
        if not path.startswith(rule.category_path):
            return None
    return rule.priority, buyer, goods, rule.id


def earned(rule: FreeGoodsRule, quantity: Fraction) -> Fraction:
    """What a quantity earns by 5.1 and 5.2."""
    per, free = F(rule.per_quantity), F(rule.free_quantity)
    if quantity < F(rule.minimum_quantity):
        return NOTHING
    times = floor(quantity / per)
    if rule.only_once:
        return free if times else NOTHING
    if rule.calculation is FreeCalculation.UNIT_REFERENCE:
        return free * times
    if rule.calculation is FreeCalculation.WHOLE_UNIT:
        return free * times if times * per == quantity else NOTHING
    exact = free * quantity / per
    step = {FreeRounding.DOWN: F(0), FreeRounding.HALF_UP: F(1, 2), FreeRounding.UP: F(1)}[rule.rounding]
    up = floor(exact + step)
    return F(floor(exact)) if exact.denominator == 1 else F(up)
