"""A seller's ways with trade agreements: whose day counts, and which combinations are searched."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from rules.pricing_facts import Scope, TradeRelation
from rules.trade_rows import ITEM_SCOPES

Cell = tuple[TradeRelation, Scope, Scope]  # relation, customer, item


class DateType(StrEnum):
    """The day whose trade agreements hold for a document (rule book 0.1, 19)."""

    ORDER = "ORDER"
    REQUESTED_SHIP = "REQUESTED_SHIP"
    REQUESTED_RECEIPT = "REQUESTED_RECEIPT"


def pricing_day(date_type: DateType, *, ordered_on: date, ships_on: date, wanted_on: date) -> date:
    """The day that prices follow: of the order, of the ship date derived from the wanted day, or the wanted day."""
    match date_type:
        case DateType.ORDER:
            return ordered_on
        case DateType.REQUESTED_SHIP:
            return ships_on
        case DateType.REQUESTED_RECEIPT:
            return wanted_on


def cell_code(relation: TradeRelation, customer: Scope, item: Scope) -> str:
    """A combination as it is stored when it is switched off: "PRICE:GROUP:ONE"."""
    return f"{relation}:{customer}:{item}"


def active_cells(inactive: Iterable[str]) -> frozenset[Cell] | None:
    """The combinations that are searched, of the codes of those that are not; None for all."""
    off = frozenset(inactive)
    if not off:
        return None
    return frozenset(
        (relation, customer, item)
        for relation, items in ITEM_SCOPES.items()
        for customer in Scope
        for item in items
        if cell_code(relation, customer, item) not in off
    )
