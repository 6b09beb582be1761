"""Authoring rows of trade agreements: what a row may say, and which rows cannot stand beside each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO
from rules.pricing_facts import Scope, TradeRelation, TradeRow
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.trade_agreements import is_in_force


class TradeJournalStatus(StrEnum):
    """DRAFT: being written, nothing of it holds. POSTED: its rows are in force in their time and never change."""

    DRAFT = "DRAFT"
    POSTED = "POSTED"


class TradeJournalAction(StrEnum):
    """What can be done with a journal."""

    EDIT = "EDIT"
    POST = "POST"


HUNDRED = Decimal(100)
FIGURE_MAX = Decimal(10) ** 12
DECIMALS = 6
# What items each relation may be for (rule book 2.1).
ITEM_SCOPES = {
    TradeRelation.PRICE: frozenset({Scope.ONE}),
    TradeRelation.LINE_DISCOUNT: frozenset(Scope),
    TradeRelation.MULTILINE_DISCOUNT: frozenset({Scope.GROUP, Scope.ALL}),
    TradeRelation.TOTAL_DISCOUNT: frozenset({Scope.ALL}),
}


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row of a journal with its place there; `replaces` is the row in force that it closes when it is posted."""

    position: int
    row: TradeRow
    replaces: TradeRow | None = None


def problem(field: str, text: str, /, **data: object) -> Refusal:
    return Refusal(ErrorCode.INVALID, text, (field,), **data)


def check_row(row: TradeRow) -> list[Refusal]:
    """Everything that is wrong with a row by itself; each path is the field's name in the API."""
    return [*_check_scope(row), *_check_value(row), *_check_bounds(row)]


def _check_scope(row: TradeRow) -> Iterable[Refusal]:
    relation, scope = row.relation, row.item_scope
    if scope in ITEM_SCOPES[relation]:
        return
    if relation is TradeRelation.PRICE:
        yield problem("productId", "A price is for one product.")
    elif relation is TradeRelation.MULTILINE_DISCOUNT:
        yield problem("productId", "A multiline discount is for a group of items or for all, never for one.")
    else:
        field = "productId" if scope is Scope.ONE else "itemGroup"
        yield problem(field, "A total discount is for the whole order, not for some items.")


def _check_value(row: TradeRow) -> Iterable[Refusal]:
    if row.relation is TradeRelation.PRICE:
        if row.unit_price is None:
            yield problem("unitPrice", "A price is missing.")
        for field, value in (("amount", row.amount), ("percent1", row.percent1), ("percent2", row.percent2)):
            if value:
                yield problem(field, "A price says no discount; write a row of its own for that.")
    elif row.unit_price is not None:
        yield problem("unitPrice", "A discount says no price; write a row of its own for that.")
    for field, percent in (("percent1", row.percent1), ("percent2", row.percent2)):
        if not ZERO <= percent <= HUNDRED:
            yield problem(field, "A percentage is from 0 to 100.")
        elif percent != round(percent, DECIMALS):
            yield problem(field, "A percentage has {decimals} decimals at most.", decimals=DECIMALS)
    for field, figure in (("unitPrice", row.unit_price), ("amount", row.amount)):
        if figure is not None and not _is_figure(figure):
            yield problem(
                field,
                "A price or amount is not below zero and has {decimals} decimals at most.",
                decimals=DECIMALS,
            )
    is_total = row.relation is TradeRelation.TOTAL_DISCOUNT
    if is_total and row.price_unit != 1:
        yield problem("priceUnit", "A total discount is of the whole order: it has no price unit.")
    elif not row.price_unit or not _is_figure(row.price_unit):
        yield problem(
            "priceUnit", "A price unit is above zero and has {decimals} decimals at most.", decimals=DECIMALS
        )
    if is_total and row.unit_code is not None:
        yield problem("unit", "A total discount is of the whole order: it has no unit.")


def _is_figure(value: Decimal) -> bool:
    return ZERO <= value < FIGURE_MAX and value == round(value, DECIMALS)


def _check_bounds(row: TradeRow) -> Iterable[Refusal]:
    for field, quantity in (("fromQuantity", row.from_quantity), ("toQuantity", row.to_quantity)):
        if quantity is not None and not _is_figure(quantity):
            yield problem(
                field, "A quantity is not below zero and has {decimals} decimals at most.", decimals=DECIMALS
            )
    if row.to_quantity is not None and row.to_quantity <= row.from_quantity:
        text = (
            "The quantity ends at {until}, before it begins: the first one without the row is above {since}."
        )
        yield problem("toQuantity", text, until=plain(row.to_quantity), since=plain(row.from_quantity))
    if row.valid_from is not None and row.valid_until is not None and row.valid_until <= row.valid_from:
        yield problem("validUntil", "It ends before it begins.")


def key_of(row: TradeRow) -> tuple[str, ...]:
    """What two rows must have in common to stand in each other's way."""
    customer = "" if row.customer_scope is Scope.ALL else row.customer
    item = "" if row.item_scope is Scope.ALL else row.item
    return (
        row.relation, row.customer_scope, customer, row.item_scope, item, row.currency, row.unit_code or "",
    )  # fmt: skip


def share_a_day(one: TradeRow, other: TradeRow) -> bool:
    return (
        _begins_before(one, other) and _begins_before(other, one) and not (_is_empty(one) or _is_empty(other))
    )


def _begins_before(one: TradeRow, other: TradeRow) -> bool:
    return one.valid_from is None or other.valid_until is None or one.valid_from < other.valid_until


def _is_empty(row: TradeRow) -> bool:
    return row.valid_from is not None and row.valid_from == row.valid_until


def overlap(one: TradeRow, other: TradeRow) -> bool:
    """
    Whether two rows say two things about one case.

    Two prices may not hold for one quantity. Of discounts only the beginning of the band counts: a higher band may
    stand inside a lower one, which it adds to (find next) or takes the place of (TA-04, TA-05).
    """
    if key_of(one) != key_of(other) or not share_a_day(one, other):
        return False
    if one.relation is not TradeRelation.PRICE:
        return one.from_quantity == other.from_quantity
    ends_before = one.to_quantity is not None and one.to_quantity <= other.from_quantity
    begins_after = other.to_quantity is not None and other.to_quantity <= one.from_quantity
    return not ends_before and not begins_after


def check_replacement(placed: PlacedRow, today: date) -> Refusal | None:
    """What speaks against closing the row that another replaces, on the day that the new one begins."""
    row, old = placed.row, placed.replaces
    if old is None:
        return None
    if key_of(row) != key_of(old):
        text = "The row to replace is for another customer, item, currency or unit, or of another kind."
        return problem("replacesId", text)
    if row.valid_from is None or row.valid_from < today:
        return problem("validFrom", "A row that replaces another begins today or later.")
    if old.valid_until is not None and old.valid_until <= row.valid_from:
        return problem("replacesId", "The row to replace has ended by then.")
    return None


def closing_day(placed: PlacedRow) -> date | None:
    """The first day without the replaced row: the new one's first, or its own, if it has not begun by then."""
    row, old = placed.row, placed.replaces
    if old is None or row.valid_from is None:
        return None
    return row.valid_from if old.valid_from is None else max(row.valid_from, old.valid_from)


def check_gaps(rows: Sequence[PlacedRow], others: Sequence[TradeRow]) -> list[Refusal]:
    """
    Bands of one key leave no quantity out between them, on any day that one of them begins.

    Args:
        rows: new ones, which are named when they leave a gap before them.
        others: those in force with the same keys, as they stand after the posting.
    """
    found: dict[int, Refusal] = {}
    groups: dict[tuple[str, ...], list[tuple[int | None, TradeRow]]] = {}
    for placed in rows:
        groups.setdefault(key_of(placed.row), []).append((placed.position, placed.row))
    for other in others:
        if key_of(other) in groups:
            groups[key_of(other)].append((None, other))
    for members in groups.values():
        days = {row.valid_from or date.min for _, row in members}
        for day in sorted(days):
            in_force = sorted(
                ((position, row) for position, row in members if is_in_force(row, day)),
                key=lambda each: (each[1].from_quantity, each[1].id),
            )
            for position, row in _after_gaps(in_force):
                if position is not None and position not in found:
                    text = "Row {row} begins at {quantity}: quantities before it have no row."
                    found[position] = in_row(
                        position,
                        problem("fromQuantity", text, row=position, quantity=plain(row.from_quantity)),
                    )
    return [found[position] for position in sorted(found)]


def _after_gaps(in_force: Sequence[tuple[int | None, TradeRow]]) -> Iterable[tuple[int | None, TradeRow]]:
    reached: Decimal | None = None
    for position, row in in_force:
        if reached is not None and row.from_quantity > reached:
            yield position, row
        if row.to_quantity is None:
            return
        reached = row.to_quantity if reached is None else max(reached, row.to_quantity)


def in_row(position: int, refusal: Refusal) -> Refusal:
    """The refusal with the row in its path: `rows`, the row's place in the journal, the field."""
    return Refusal(refusal.code, refusal.text, ("rows", position, *refusal.path), **refusal.data)


def check_against_each_other(rows: Sequence[PlacedRow]) -> list[Refusal]:
    """Rows of one journal that say two things about one case; the later one is named."""
    found = []
    groups: dict[tuple[str, ...], list[PlacedRow]] = {}
    for placed in sorted(rows, key=lambda each: each.position):
        before = groups.setdefault(key_of(placed.row), [])
        other = next((each for each in before if overlap(each.row, placed.row)), None)
        if other is not None:
            text = "Row {row} and row {other} are for the same customers, items, days and quantities."
            no = problem("fromQuantity", text, row=placed.position, other=other.position)
            found.append(in_row(placed.position, no))
        before.append(placed)
    return found


def last_day(valid_until: date | None) -> date | None:
    """The last day of a range as people say it, of the first day without it."""
    return None if valid_until is None else valid_until - timedelta(days=1)


def first_day_without(last: date | None) -> date | None:
    """The end of a range as it is stored, of the last day that people say."""
    return None if last is None else last + timedelta(days=1)
