"""Working days of warehouses, carriers and customers, and until when an order counts as today's (rule book 8.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.refusals import ErrorCode, Path, Refusal

EVERY_DAY = frozenset(range(7))
END_OF_DAY = time(23, 59)
_ONE_DAY = timedelta(1)
# No calendar is closed for longer than a year and a leap day: one that has no open day by then has none.
_LOOK_AHEAD_DAYS = 366 + 7


def zone_named(name: str, path: Path = ()) -> ZoneInfo:
    """
    The time zone of the IANA database.

    Raises:
        Refusal(INVALID): there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        text = "There is no time zone {zone}."
        raise Refusal(ErrorCode.INVALID, text, path, zone=name) from None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open weekdays (Monday is 0), less holidays. Without settings every day is open."""

    weekdays: frozenset[int] = EVERY_DAY
    holidays: frozenset[date] = field(default_factory=frozenset)

    def is_open(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays


ALWAYS_OPEN = Calendar()


def next_open(day: date, *calendars: Calendar) -> date:
    """
    The day, or the first one after it on which all calendars are open.

    Raises:
        Refusal(INVALID): they share no open day within a year.
    """
    return _seek(day, _ONE_DAY, calendars)


def last_open(day: date, *calendars: Calendar) -> date:
    """The day, or the last one before it on which all calendars are open; refuses like `next_open`."""
    return _seek(day, -_ONE_DAY, calendars)


def _seek(day: date, step: timedelta, calendars: tuple[Calendar, ...]) -> date:
    found = day
    for _ in range(_LOOK_AHEAD_DAYS):
        if all(calendar.is_open(found) for calendar in calendars):
            return found
        found += step
    text = "The calendars have no open day in common within a year of {day}."
    raise Refusal(ErrorCode.INVALID, text, day=day)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when an order counts as the day's, by weekday (Monday is 0), on the clock of the site's `zone`."""

    zone: ZoneInfo
    by_weekday: Mapping[int, time] = field(default_factory=dict)

    def on(self, day: date) -> datetime:
        """
        The moment of a day's deadline. Where clocks are set back and the hour comes twice, the second one.

        The default is 23:59, and holds until the day ends.
        """
        at = self.by_weekday.get(day.weekday(), END_OF_DAY)
        return datetime.combine(day, at, self.zone).replace(fold=1)


def entry_day(now: datetime, deadlines: Deadlines, warehouse: Calendar = ALWAYS_OPEN) -> date:
    """
    The day as whose an order counts that is entered now: the site's today until its deadline, then the next open day.

    Args:
        now: a moment with its zone.
    """
    today = now.astimezone(deadlines.zone).date()
    is_late = _to_the_minute(now) > deadlines.on(today).astimezone(now.tzinfo)
    return next_open(today + _ONE_DAY if is_late else today, warehouse)


def _to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Route:
    """From a warehouse to a customer: days of handling before the goods leave, days under way, and who is open when."""

    transport_days: int = 0
    handling_days: int = 0
    warehouse: Calendar = ALWAYS_OPEN
    transport: Calendar = ALWAYS_OPEN
    customer: Calendar = ALWAYS_OPEN


def ship_day(earliest: date, route: Route) -> date:
    """The first day from `earliest` on which goods leave: the warehouse works and the carrier drives."""
    return next_open(earliest, route.warehouse, route.transport)


def first_ship_day(entered: date, route: Route) -> date:
    """The first day on which goods of an order that counts as of `entered` may leave, after handling."""
    return ship_day(next_open(entered, route.warehouse) + timedelta(route.handling_days), route)


def receipt_day(shipped: date, route: Route) -> date:
    """The day on which goods that leave on a day are received: carrier and customer are open."""
    return next_open(shipped + timedelta(route.transport_days), route.transport, route.customer)


@dataclass(frozen=True, slots=True)
class Backward:
    """When goods are picked and leave so that they are received in time."""

    pick: date
    ship: date


def backward(receipt: date, route: Route) -> Backward:
    """The last days on which goods may be picked and leave to be received on a day (Business Central's formulas)."""
    ship = last_open(receipt - timedelta(route.transport_days), route.warehouse, route.transport)
    return Backward(last_open(ship - timedelta(route.handling_days), route.warehouse), ship)


@dataclass(frozen=True, slots=True)
class Moved:
    """A requested day of receipt, and the open day it became."""

    asked: date
    day: date

    @property
    def is_moved(self) -> bool:
        return self.day != self.asked


def open_receipt_day(asked: date, route: Route) -> Moved:
    """A day of receipt on which nobody brings or takes goods is moved to the next one."""
    return Moved(asked, next_open(asked, route.transport, route.customer))


def priced_ship_day(requested_on: date | None, today: date, route: Route) -> date:
    """
    The day of leaving that prices follow: derived from the requested day of receipt, never before today.

    It says what was asked for, not what can be had, so that a delay of ours never changes a price. Where warehouse,
    carrier and customer share no day, nothing can be derived, and the requested day is meant.

    Source: rule book 0.2, 28.
    """
    if requested_on is None or requested_on <= today:
        return today
    try:
        receipt = open_receipt_day(requested_on, route).day
        return max(backward(receipt, route).ship, today)
    except Refusal:
        return requested_on
