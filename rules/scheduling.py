"""What is set of calendars, order entry deadlines and transport times: checked before it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from rules.refusals import ErrorCode, Refusal

CODE_MAX, NAME_MAX, PREFIX_MAX, HOLIDAYS_MAX, DAYS_MAX = 64, 200, 16, 500, 365


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """A calendar as a whole. `weekdays`: 1 is Monday, 7 is Sunday."""

    code: str
    name: str
    weekdays: Sequence[int]
    holidays: Sequence[Holiday] = ()


def check_calendar(draft: CalendarDraft) -> list[Refusal]:
    """What is wrong with a calendar, each at its field."""
    wrong = []
    for field, value, most in (("code", draft.code, CODE_MAX), ("name", draft.name, NAME_MAX)):
        if not 0 < len(value.strip()) <= most:
            text = "Give 1 to {most} characters."
            wrong.append(Refusal(ErrorCode.INVALID, text, (field,), most=most))
    days = list(draft.weekdays)
    if not days or len(set(days)) < len(days) or not set(days) <= set(range(1, 8)):
        text = "Give open weekdays from 1 (Monday) to 7 (Sunday), each once."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("weekdays",)))
    if len(draft.holidays) > HOLIDAYS_MAX:
        text = "A calendar has {most} holidays at most."
        wrong.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("holidays",), most=HOLIDAYS_MAX))
    seen = set()
    for index, each in enumerate(draft.holidays):
        if each.day in seen:
            text = "{day} stands here twice."
            wrong.append(Refusal(ErrorCode.INVALID, text, ("holidays", index, "day"), day=each.day))
        seen.add(each.day)
        if len(each.name.strip()) > NAME_MAX:
            wrong.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("holidays", index, "name")))
    return wrong


def check_weekday(weekday: int) -> list[Refusal]:
    if weekday in range(1, 8):
        return []
    return [Refusal(ErrorCode.INVALID, "A weekday is from 1 (Monday) to 7 (Sunday).", ("weekday",))]


def clock_time(text: str) -> time:
    """
    A time of day, such as 17:30.

    Raises:
        Refusal(INVALID): it is none.
    """
    hour, colon, minute = text.strip().partition(":")
    is_time = (
        colon and (hour + minute).isascii() and (hour + minute).isdigit() and len(hour) == len(minute) == 2
    )
    if not is_time or int(hour) > 23 or int(minute) > 59:
        raise Refusal(ErrorCode.INVALID, "Give a time of day such as 17:30.", ("at",))
    return time(int(hour), int(minute))


def check_transport(mode: str, country: str, postal_prefix: str, days: int | None) -> list[Refusal]:
    """What is wrong with a transport time, each at its field."""
    wrong = []
    if len(mode) > CODE_MAX:
        wrong.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("mode",)))
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        text = "A country is two letters, such as ES."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("country",)))
    if len(postal_prefix) > PREFIX_MAX:
        wrong.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("postalPrefix",)))
    elif postal_prefix and not country:
        text = "The beginning of a postal code belongs to a country."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("postalPrefix",)))
    if days is not None and not 0 <= days <= DAYS_MAX:
        text = "Goods are under way from 0 to {most} days."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("days",), most=DAYS_MAX))
    return wrong
