"""A seller's ways with trade agreements: whose day counts, and which combinations are searched."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO
from rules.pricing_facts import Scope, TradeRelation
from rules.refusals import ErrorCode, Refusal
from rules.trade_rows import ITEM_SCOPES

Cell = tuple[TradeRelation, Scope, Scope]  # relation, customer, item
# Every combination that a row can be for, in the order in which they are searched.
CELLS: tuple[Cell, ...] = tuple(
    (relation, customer, item)
    for relation, items in ITEM_SCOPES.items()
    for customer in Scope
    for item in Scope
    if item in items
)
HUNDRED = Decimal(100)
JUDGED_DAYS_MAX = 90


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
    return frozenset(cell for cell in CELLS if cell_code(*cell) not in off)


def check_settings(
    target_percent: Decimal,
    floor_percent: Decimal,
    inactive: Sequence[Cell],
    money_percent: Decimal = ZERO,
    judged_days: int = 0,
) -> list[Refusal]:
    """
    Everything that is wrong with a seller's settings; each path is the field's name in the API.

    Args:
        target_percent, floor_percent: margins in percent of sales: green from the target on, red below the floor,
            amber in between; so the floor is not above the target, and the bands leave no gap.
        inactive: combinations that shall not be searched.
        money_percent: what money costs a year; what a longer payment term is counted with.
        judged_days: orders of a customer within so many days are judged together when somebody gives on one.
    """
    found = []
    for field, percent in (("marginTargetPercent", target_percent), ("marginFloorPercent", floor_percent)):
        if not ZERO <= percent < HUNDRED:
            text = "A margin is from 0 to below 100 percent."
            found.append(Refusal(ErrorCode.INVALID, text, (field,)))
    if not found and floor_percent > target_percent:
        text = "The red band ends where the amber one begins: the floor is not above the target."
        found.append(Refusal(ErrorCode.INVALID, text, ("marginFloorPercent",)))
    if not ZERO <= money_percent <= HUNDRED or money_percent != round(money_percent, 6):
        text = "A percent is from 0 to 100, with 6 decimals at most."
        found.append(Refusal(ErrorCode.INVALID, text, ("moneyYearlyPercent",)))
    if not 0 <= judged_days <= JUDGED_DAYS_MAX:
        text = "At most {limit} days are judged together."
        found.append(Refusal(ErrorCode.INVALID, text, ("judgedTogetherDays",), limit=JUDGED_DAYS_MAX))
    known = frozenset(CELLS)
    for index, cell in enumerate(inactive):
        at = ("inactiveCells", index)
        if cell not in known:
            text = "No row can be for this combination."
            found.append(Refusal(ErrorCode.INVALID, text, at))
        elif cell in inactive[:index]:
            found.append(Refusal(ErrorCode.INVALID, "This is there twice.", at))
    return found
