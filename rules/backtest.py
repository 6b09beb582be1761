"""A backtest: past sales priced once more as if discount rules had been in force, with the prices they had."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property

from rules.discounts_conditions import ByChannel, Condition, InWishlist, NearExpiry
from rules.discounts_rules import DiscountGroup, DiscountRule, RuleUse
from rules.money import ZERO, line_amount, percent_of, quotient
from rules.pricing import DocumentFacts, PriceBook, price_document
from rules.pricing_facts import Break, Concessions, LineFacts, Party

# What the past does not tell: which door an order came through, what lay on lists and in the warehouse then.
UNTOLD: tuple[type[Condition], ...] = (ByChannel, InWishlist, NearExpiry)


@dataclass(frozen=True, slots=True)
class PastLine:
    """
    A line that was sold.

    Args:
        key: tells it apart from every other.
        product: its id, or its SKU where it is not kept any more.
        document: its document's number, unique with the customer.
        sold_at: the moment, in the seller's zone.
        quantity: above zero.
        unit_price: of `price_unit` units, before `discount_percent`.
        net_amount: what it came to; not below zero.
        unit_cost: in the currency of the prices; None where it is not known.
        times_bought: months looked back -> earlier documents of the customer with the product.
        bought_together: products often bought with it.
    """

    key: str
    document: str
    customer: str
    sold_at: datetime
    product: str
    sku: str
    quantity: Decimal
    unit_price: Decimal
    net_amount: Decimal
    price_unit: Decimal = Decimal(1)
    discount_percent: Decimal = ZERO
    unit_cost: Decimal | None = None
    category_path: str = "/"
    brand: str = ""
    times_bought: Mapping[int, int] = field(default_factory=dict)
    bought_together: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReplayedLine:
    """
    A past line, and what it would have come to.

    `is_restated`: its price and percent do not make its net (an amount was taken off it, or somebody else rounded), so
    that its net itself was taken as its price.
    """

    line: PastLine
    net_after: Decimal
    is_restated: bool
    cost: Decimal | None

    @property
    def net_before(self) -> Decimal:
        return self.line.net_amount

    @property
    def change(self) -> Decimal:
        return self.net_after - self.line.net_amount

    @property
    def margin_before(self) -> Decimal | None:
        return None if self.cost is None else self.net_before - self.cost

    @property
    def margin_after(self) -> Decimal | None:
        return None if self.cost is None else self.net_after - self.cost


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """What the rules would have changed for one customer."""

    customer: str
    net_before: Decimal
    net_after: Decimal
    lines_touched: int

    @property
    def change(self) -> Decimal:
        return self.net_after - self.net_before


@dataclass(frozen=True)
class Backtest:
    """Every line replayed, the oldest document first; a line is touched where its net changed."""

    lines: tuple[ReplayedLine, ...]

    @property
    def revenue_before(self) -> Decimal:
        return sum((each.net_before for each in self.lines), ZERO)

    @property
    def revenue_after(self) -> Decimal:
        return sum((each.net_after for each in self.lines), ZERO)

    @cached_property
    def costed(self) -> tuple[ReplayedLine, ...]:
        """The lines whose cost is known; margins are theirs alone."""
        return tuple(each for each in self.lines if each.cost is not None)

    @property
    def margin_before(self) -> Decimal | None:
        return sum((each.margin_before or ZERO for each in self.costed), ZERO) if self.costed else None

    @property
    def margin_after(self) -> Decimal | None:
        return sum((each.margin_after or ZERO for each in self.costed), ZERO) if self.costed else None

    @cached_property
    def touched(self) -> tuple[ReplayedLine, ...]:
        """The lines that changed, the largest change first."""
        found = [each for each in self.lines if each.change]
        return tuple(sorted(found, key=lambda each: (-abs(each.change), each.line.key)))

    @property
    def documents(self) -> int:
        return len({(each.line.customer, each.line.document) for each in self.lines})

    @property
    def documents_touched(self) -> int:
        return len({(each.line.customer, each.line.document) for each in self.touched})

    @property
    def restated(self) -> int:
        return sum(each.is_restated for each in self.lines)

    @cached_property
    def customers(self) -> tuple[CustomerChange, ...]:
        """Every customer that bought, the most changed first."""
        sums: dict[str, CustomerChange] = {}
        for each in self.lines:
            so_far = sums.get(each.line.customer) or CustomerChange(each.line.customer, ZERO, ZERO, 0)
            sums[each.line.customer] = CustomerChange(
                each.line.customer,
                so_far.net_before + each.net_before,
                so_far.net_after + each.net_after,
                so_far.lines_touched + bool(each.change),
            )
        return tuple(sorted(sums.values(), key=lambda each: (-abs(each.change), each.customer)))

    @property
    def customers_touched(self) -> int:
        return sum(each.lines_touched > 0 for each in self.customers)


def backtest(
    lines: Sequence[PastLine],
    rules: Sequence[DiscountRule],
    groups: Sequence[DiscountGroup],
    parties: Mapping[str, Party],
    first_documents: Mapping[str, str] | None = None,
) -> Backtest:
    """
    Prices past documents again with the rules added, through the one pricing function.

    A line's price then is its list price and its discount then a manual one (phase 6): what other rules gave is in
    them already. Without rules every line comes to its net as it was. Documents run in the order of their moments, so
    that the limits of a rule (`remaining`, for each customer too) are used up as they would have been.

    Args:
        rules: their validity is for the caller to say: it is asked of each document's own day.
        groups: at least those that the rules name.
        parties: every line's customer as a party; all in the currency of the prices.
        first_documents: each customer's first document ever, for rules that are for a first order.
    """
    limits = _Limits(rules)
    replayed: list[ReplayedLine] = []
    for document in _documents(lines):
        first = document[0]
        party = parties[first.customer]
        if first_documents is not None:
            party = replace(party, is_first_order=first_documents.get(first.customer) == first.document)
        bases = [_base(line, party.exponent) for line in document]
        book = PriceBook(groups=groups, rules=limits.left_for(first.customer))
        priced = price_document(
            DocumentFacts(
                party,
                [
                    _facts(number, line, base)
                    for number, (line, base) in enumerate(zip(document, bases, strict=True))
                ],
                first.sold_at,
                book,
            )
        )
        limits.count(first.customer, priced.uses)
        replayed += [
            ReplayedLine(
                line,
                priced.lines[number].net_amount,
                base.is_restated,
                None
                if line.unit_cost is None
                else line_amount(line.quantity, line.unit_cost, exponent=party.exponent),
            )
            for number, (line, base) in enumerate(zip(document, bases, strict=True))
        ]
    return Backtest(tuple(replayed))


def _documents(lines: Sequence[PastLine]) -> Iterator[list[PastLine]]:
    """The lines of each document by SKU and key, the oldest document first."""
    found: dict[tuple[str, str], list[PastLine]] = {}
    for line in sorted(lines, key=lambda line: (line.sold_at, line.document, line.sku, line.key)):
        found.setdefault((line.customer, line.document), []).append(line)
    yield from found.values()


@dataclass(frozen=True, slots=True)
class _Base:
    unit_price: Decimal
    discount_percent: Decimal
    is_restated: bool


def _base(line: PastLine, exponent: int) -> _Base:
    """Price and percent of then where they make the net of then, as rule book 0.2 (26) computes it; else the net."""
    gross = line_amount(line.quantity, line.unit_price, line.price_unit, exponent)
    with localcontext(prec=60):
        net = gross - percent_of(gross, line.discount_percent, exponent)
        if net == line.net_amount:
            return _Base(line.unit_price, line.discount_percent, is_restated=False)
        return _Base(quotient(line.net_amount * line.price_unit, line.quantity), ZERO, is_restated=True)


def _facts(number: int, line: PastLine, base: _Base) -> LineFacts:
    return LineFacts(
        number=number,
        product=line.product,
        sku=line.sku,
        quantity=line.quantity,
        priced_on=line.sold_at.date(),
        breaks=(Break(ZERO, base.unit_price, line.price_unit),),
        category_path=line.category_path,
        brand=line.brand,
        concessions=Concessions(discount_percent=base.discount_percent),
        times_bought=line.times_bought,
        bought_together=line.bought_together,
    )


class _Limits:
    """How many documents may still use each rule, as they go by."""

    def __init__(self, rules: Sequence[DiscountRule]) -> None:
        self._rules = rules
        self._used: dict[str, int] = {}
        self._used_by: dict[tuple[str, str], int] = {}

    def left_for(self, customer: str) -> list[DiscountRule]:
        return [
            replace(
                rule,
                remaining=_less(rule.remaining, self._used.get(rule.id, 0)),
                remaining_for_customer=_less(
                    rule.remaining_for_customer, self._used_by.get((rule.id, customer), 0)
                ),
            )
            for rule in self._rules
        ]

    def count(self, customer: str, uses: Sequence[RuleUse]) -> None:
        for use in uses:
            self._used[use.rule_id] = self._used.get(use.rule_id, 0) + 1
            key = (use.rule_id, customer)
            self._used_by[key] = self._used_by.get(key, 0) + 1


def _less(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(limit - used, 0)
