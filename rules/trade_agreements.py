"""Trade agreements: which rows hold, and the price and discounts that come of them (rule book 2)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from rules.money import ZERO
from rules.pricing_facts import (
    LineFacts,
    LineMultilineMode,
    Party,
    PercentBase,
    Scope,
    TradeRelation,
    TradeRow,
)

ONE = Decimal(1)
_PRECISION = 60

# Customer specificity outranks item specificity: 1 to 9 (rule book 2.2).
CELLS = tuple((customer, item) for customer in Scope for item in Scope)


class TradeBook:
    """Rows by their cell and what they are for, each list in the order that a search meets it."""

    __slots__ = ("_cells", "_rows")

    def __init__(self, rows: Iterable[TradeRow]) -> None:
        self._rows: dict[tuple[TradeRelation, Scope, str, Scope, str], list[TradeRow]] = defaultdict(list)
        for row in rows:
            customer = "" if row.customer_scope is Scope.ALL else row.customer
            item = "" if row.item_scope is Scope.ALL else row.item
            self._rows[row.relation, row.customer_scope, customer, row.item_scope, item].append(row)
        for found in self._rows.values():
            found.sort(key=_rank)
        used = {(relation, customer, item) for relation, customer, _, item, _ in self._rows}
        self._cells = {
            relation: tuple(cell for cell in CELLS if (relation, *cell) in used) for relation in TradeRelation
        }

    def cells(self, relation: TradeRelation, party: Party) -> Sequence[tuple[Scope, Scope]]:
        """The cells that have rows and are active, in the order of precedence."""
        cells = self._cells[relation]
        if not cells or party.active_cells is None:
            return cells
        return [cell for cell in cells if (relation, *cell) in party.active_cells]

    def rows(
        self, relation: TradeRelation, customer_scope: Scope, customer: str, item_scope: Scope, item: str
    ) -> Sequence[TradeRow]:
        return self._rows.get((relation, customer_scope, customer, item_scope, item), ())


def _rank(row: TradeRow) -> tuple[Decimal, int, str]:
    """The order inside a cell: the highest break first, then the latest start, then the id (TA-04)."""
    started = 0 if row.valid_from is None else row.valid_from.toordinal()
    return -row.from_quantity, -started, row.id


def is_in_force(row: TradeRow, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (
        row.valid_until is None or day < row.valid_until
    )


def hits(
    book: TradeBook,
    relation: TradeRelation,
    party: Party,
    *,
    item: str,
    item_group: str,
    unit_code: str,
    quantity: Decimal,
    day: date,
) -> list[TradeRow]:
    """
    The rows that hold, in the order of precedence: the first, and each next one while the one before says find next.

    Rows in the party's own currency are searched first; only where none of them holds, those in a generic currency
    that has a rate (rule book 0.1, 14; TA-19). Of the party's groups the one with the highest priority that has a
    matching row is searched, in all three group cells; groups of equal priority count as one (TA-17). What a customer
    holds itself comes before what its ancestors hold, nearest first, inside a cell.

    Args:
        item: the product's id; empty where the relation is the header's.
        item_group: the product's group for the relation; empty where it has none.
        unit_code: of the quantity; rows of another unit do not hold, rows of no unit do.
        quantity: of the line or multiline group; for TOTAL_DISCOUNT an amount in the party's currency.
    """
    return _hits(book, relation, party, (item, item_group), unit_code, lambda _: quantity, day)


def _hits(
    book: TradeBook,
    relation: TradeRelation,
    party: Party,
    item: tuple[str, str],
    unit_code: str,
    quantity_of: Callable[[TradeRow], Decimal],
    day: date,
) -> list[TradeRow]:
    if not book.cells(relation, party):
        return []

    def holds(row: TradeRow) -> bool:
        from_quantity, to_quantity = row.from_quantity, row.to_quantity
        if relation is TradeRelation.TOTAL_DISCOUNT:  # its bounds are money
            rate = _rate(row, party)
            from_quantity = _times(from_quantity, rate)
            to_quantity = None if to_quantity is None else _times(to_quantity, rate)
        quantity = quantity_of(row)
        return (
            from_quantity <= quantity
            and (to_quantity is None or quantity < to_quantity)
            and (row.unit_code is None or row.unit_code == unit_code)
            and is_in_force(row, day)
        )

    def holds_converted(row: TradeRow) -> bool:
        is_convertible = row.is_generic_currency and row.currency in party.rates
        return is_convertible and row.currency != party.currency and holds(row)

    def holds_as_is(row: TradeRow) -> bool:
        return row.currency == party.currency and holds(row)

    return _search(book, relation, party, item, holds_as_is) or _search(
        book, relation, party, item, holds_converted
    )


def _search(
    book: TradeBook,
    relation: TradeRelation,
    party: Party,
    item: tuple[str, str],
    holds: Callable[[TradeRow], bool],
) -> list[TradeRow]:
    groups = _deciding_groups(book, relation, party, item, holds)
    found: list[TradeRow] = []
    for row in _in_precedence(book, relation, party, item, groups):
        if holds(row):
            found.append(row)
            if not row.find_next:
                break
    return found


def _in_precedence(
    book: TradeBook, relation: TradeRelation, party: Party, item: tuple[str, str], groups: Sequence[str]
) -> Iterator[TradeRow]:
    """The rows of every active cell, in the order of precedence."""
    for customer_scope, item_scope in book.cells(relation, party):
        key = _item_key(item_scope, item)
        if key is None:
            continue
        match customer_scope:
            case Scope.ONE:
                for customer in party.customers:
                    yield from book.rows(relation, customer_scope, customer, item_scope, key)
            case Scope.GROUP:
                rows = [
                    row
                    for code in groups
                    for row in book.rows(relation, customer_scope, code, item_scope, key)
                ]
                yield from sorted(rows, key=_rank)
            case Scope.ALL:
                yield from book.rows(relation, customer_scope, "", item_scope, key)


def _item_key(scope: Scope, item: tuple[str, str]) -> str | None:
    """What a scope's rows are kept under; None where the line has nothing of the kind."""
    one, group = item
    match scope:
        case Scope.ONE:
            return one or None
        case Scope.GROUP:
            return group or None
        case Scope.ALL:
            return ""


def _deciding_groups(
    book: TradeBook,
    relation: TradeRelation,
    party: Party,
    item: tuple[str, str],
    holds: Callable[[TradeRow], bool],
) -> tuple[str, ...]:
    """The codes of the highest priority among which a row holds, in an active cell."""
    scopes = [
        (scope, key)
        for customer_scope, scope in book.cells(relation, party)
        if customer_scope is Scope.GROUP and (key := _item_key(scope, item)) is not None
    ]
    if not scopes:
        return ()
    by_priority: dict[int, set[str]] = defaultdict(set)
    for group in party.trade_groups.get(relation, ()):
        by_priority[group.priority].add(group.code)
    for priority in sorted(by_priority, reverse=True):
        codes = tuple(sorted(by_priority[priority]))
        if any(
            holds(row)
            for code in codes
            for scope, key in scopes
            for row in book.rows(relation, Scope.GROUP, code, scope, key)
        ):
            return codes
    return ()


def _rate(row: TradeRow, party: Party) -> Decimal:
    """What one unit of the row's currency is worth in the party's; the row is in one that can be told."""
    return ONE if row.currency == party.currency else party.rates.get(row.currency, ONE)


def _times(*factors: Decimal) -> Decimal:
    """An exact product: stored figures have 18 digits at most."""
    with localcontext(prec=_PRECISION):
        product = ONE
        for factor in factors:
            product *= factor
        return product


@dataclass(frozen=True, slots=True)
class TradePrice:
    """
    The price of `price_unit` units in the party's currency, unrounded, and the row that it is from.

    `passed_over` are the other rows that held, dearer or equal, in the order they were met.
    """

    unit_price: Decimal
    price_unit: Decimal
    row: TradeRow
    passed_over: tuple[TradeRow, ...] = ()


def trade_price(book: TradeBook, party: Party, line: LineFacts) -> TradePrice | None:
    """The cheapest price of the rows that hold for a line, per unit; of equal ones the first met."""
    found = [
        row
        for row in hits(
            book,
            TradeRelation.PRICE,
            party,
            item=line.product,
            item_group="",
            unit_code=line.unit_code,
            quantity=line.quantity,
            day=line.priced_on,
        )
        if row.unit_price is not None
    ]
    if not found:
        return None
    best = 0
    prices = [_times(row.unit_price or ZERO, _rate(row, party)) for row in found]
    for index in range(1, len(found)):
        # Prices of unlike units are compared crosswise: a quotient would have to be rounded.
        if _times(prices[index], found[best].price_unit) < _times(prices[best], found[index].price_unit):
            best = index
    others = tuple(row for index, row in enumerate(found) if index != best)
    return TradePrice(prices[best], found[best].price_unit, found[best], others)


@dataclass(frozen=True, slots=True)
class DiscountPart:
    """One row's share of a discount: an amount off `price_unit` units in the party's currency, and its percents."""

    row: TradeRow
    amount: Decimal
    price_unit: Decimal
    percent1: Decimal
    percent2: Decimal
    percent_base: PercentBase

    @property
    def effective_percent(self) -> Decimal:
        """The second percent is taken of what the first left: 20 and 20 are 36 (TA-10)."""
        with localcontext(prec=_PRECISION):
            return 100 - (100 - self.percent1) * (100 - self.percent2) / 100


@dataclass(frozen=True, slots=True)
class Discount:
    """
    What rows take off, together: amounts first, then percents; those of several rows are summed (TA-05).

    A percent is of what the amounts left, or of the price before them where its row says GROSS (TA-11).
    """

    parts: tuple[DiscountPart, ...] = ()

    @property
    def rows(self) -> tuple[TradeRow, ...]:
        return tuple(part.row for part in self.parts)

    @property
    def amount(self) -> Decimal:
        """Off one unit, or off the document for a total discount."""
        return self.amount_off(ONE)

    @property
    def percents(self) -> tuple[tuple[Decimal, Decimal], ...]:
        return tuple((part.percent1, part.percent2) for part in self.parts)

    @property
    def percent(self) -> Decimal:
        """The sum of the rows' effective percents, as shown: at most 100."""
        return min(Decimal(100), sum((part.effective_percent for part in self.parts), ZERO))

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __add__(self, other: "Discount") -> "Discount":
        return Discount(self.parts + other.parts)

    def amount_off(self, price_unit: Decimal) -> Decimal:
        """What comes off so many units before percents."""
        with localcontext(prec=_PRECISION):
            return sum((part.amount * price_unit / part.price_unit for part in self.parts), ZERO)

    def net_of(self, price: Decimal, price_unit: Decimal = ONE) -> Decimal:
        """
        What is left of a price of `price_unit` units, or of an amount: exact, never below zero.

        Source: rule book 2.4.
        """
        with localcontext(prec=_PRECISION):
            rest = max(ZERO, price - self.amount_off(price_unit))
            off = ZERO
            for part in self.parts:
                base = rest if part.percent_base is PercentBase.NET else price
                off += base * part.effective_percent / 100
            return max(ZERO, rest - off)


def _discount(rows: Iterable[TradeRow], party: Party) -> Discount:
    return Discount(
        tuple(
            DiscountPart(
                row,
                _times(row.amount, _rate(row, party)),
                row.price_unit,
                row.percent1,
                row.percent2,
                row.percent_base,
            )
            for row in rows
        )
    )


def line_discount(book: TradeBook, party: Party, line: LineFacts) -> Discount:
    """What the line's own quantity earns."""
    found = hits(
        book,
        TradeRelation.LINE_DISCOUNT,
        party,
        item=line.product,
        item_group=line.line_discount_group,
        unit_code=line.unit_code,
        quantity=line.quantity,
        day=line.priced_on,
    )
    return _discount(found, party)


def multiline_quantities(lines: Iterable[LineFacts]) -> Mapping[str, Decimal]:
    """The summed quantities of each multiline group of a document; under the empty code those of all lines."""
    sums: dict[str, Decimal] = {"": ZERO}
    for line in lines:
        sums[""] += line.quantity
        if line.multiline_discount_group:
            group = line.multiline_discount_group
            sums[group] = sums.get(group, ZERO) + line.quantity
    return sums


def multiline_discount(
    book: TradeBook,
    party: Party,
    line: LineFacts,
    group_quantity: Decimal,
    document_quantity: Decimal | None = None,
) -> Discount:
    """
    What the lines of a document earn together; it comes off each of them.

    A row for a group of items counts the lines of that group, a row for all items counts all lines: the set it speaks
    of is the set it counts.

    Args:
        group_quantity: of the lines in this line's multiline group, of `multiline_quantities`.
        document_quantity: of all lines; None where the group's is meant, as for a document of one group.
    """
    whole = group_quantity if document_quantity is None else document_quantity
    found = _hits(
        book,
        TradeRelation.MULTILINE_DISCOUNT,
        party,
        ("", line.multiline_discount_group),
        line.unit_code,
        lambda row: whole if row.item_scope is Scope.ALL else group_quantity,
        line.priced_on,
    )
    return _discount(found, party)


def total_discount(book: TradeBook, party: Party, base: Decimal, day: date) -> Discount:
    """
    What the document earns as a whole; `net_of(base)` is what it leaves.

    Args:
        base: the sum of the rounded nets of the lines that take part, in the party's currency; it picks the tier.
    """
    if base <= 0:
        return Discount()
    found = hits(
        book,
        TradeRelation.TOTAL_DISCOUNT,
        party,
        item="",
        item_group="",
        unit_code="",
        quantity=base,
        day=day,
    )
    return _discount(found, party)


def combine(
    mode: LineMultilineMode,
    price: Decimal,
    line: Discount,
    multiline: Discount,
    price_unit: Decimal = ONE,
) -> Decimal:
    """
    The exact net price of `price_unit` units after both discounts, never below zero (TA-06 to TA-08).

    MAX and MIN compare what each takes off by itself; where there is only one, the other takes nothing, so MIN is the
    price itself.
    """
    of_line, of_multiline = line.net_of(price, price_unit), multiline.net_of(price, price_unit)
    match mode:
        case LineMultilineMode.LINE:
            return of_line
        case LineMultilineMode.MULTILINE:
            return of_multiline
        case LineMultilineMode.MAX:
            return min(of_line, of_multiline)
        case LineMultilineMode.MIN:
            return max(of_line, of_multiline)
        case LineMultilineMode.SUM:
            return (line + multiline).net_of(price, price_unit)
        case LineMultilineMode.PRODUCT:
            return multiline.net_of(of_line, price_unit)


def trade_thresholds(
    book: TradeBook, party: Party, line: LineFacts, quantities: Mapping[str, Decimal]
) -> set[Decimal]:
    """
    The line's quantities at which a row of price, line or multiline discount begins or ends for it.

    Args:
        quantities: of the document's multiline groups, of `multiline_quantities`; what other lines have counts.
    """
    found: set[Decimal] = set()
    for relation, item in (
        (TradeRelation.PRICE, (line.product, "")),
        (TradeRelation.LINE_DISCOUNT, (line.product, line.line_discount_group)),
        (TradeRelation.MULTILINE_DISCOUNT, ("", line.multiline_discount_group)),
    ):
        groups = tuple(sorted({group.code for group in party.trade_groups.get(relation, ())}))
        for row in _in_precedence(book, relation, party, item, groups):
            others = ZERO
            if relation is TradeRelation.MULTILINE_DISCOUNT:
                group = "" if row.item_scope is Scope.ALL else line.multiline_discount_group
                others = quantities.get(group, line.quantity) - line.quantity
            found.add(row.from_quantity - others)
            if row.to_quantity is not None:
                found.add(row.to_quantity - others)
    return found
