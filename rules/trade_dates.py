"""Which day's trade agreements hold for a document."""

from datetime import date
from enum import StrEnum


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
