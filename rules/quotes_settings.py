"""How a seller's quotes go on their way: settings beside the policy of whose consent they need."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from rules.money import ZERO
from rules.quotes import QuoteStatus, RevisionStatus
from rules.refusals import ErrorCode, Path, Refusal


@dataclass(frozen=True, slots=True)
class QuoteSettings:
    """
    What a seller sets once for all quotes.

    Args:
        deposit_percent: the share of the gross that is paid before an order, where a revision says nothing else.
        hold_while_sent: goods of an offer are held for the customer until its last day is over.
    """

    deposit_percent: Decimal = ZERO
    hold_while_sent: bool = False

    def changed(self, given: Mapping[str, Any]) -> "QuoteSettings":
        """With what was given; what is None stays."""
        known = {each.name for each in fields(self)}
        return replace(
            self, **{name: each for name, each in given.items() if name in known and each is not None}
        )


def check_percent(percent: Decimal, path: Path) -> list[Refusal]:
    """A share that somebody enters."""
    if ZERO <= percent <= 100 and percent == round(percent, 6):
        return []
    text = "A percent is from 0 to 100, with 6 decimals at most."
    return [Refusal(ErrorCode.INVALID, text, path)]


def check_settings(settings: QuoteSettings) -> list[Refusal]:
    """What is wrong with settings that somebody enters."""
    return check_percent(settings.deposit_percent, ("depositPercent",))


# While an offer can still become an order as it is.
_HELD_FOR = frozenset(
    {QuoteStatus.SENT, QuoteStatus.COUNTERED, QuoteStatus.ACCEPTANCE_PENDING, QuoteStatus.ACCEPTED}
)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day that counts whole is over."""
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def offer_held_until(
    status: QuoteStatus, valid_until: date | None, settings: QuoteSettings, zone: tzinfo
) -> datetime | None:
    """Until when the goods of the offer that the customer has are held; None where they are not."""
    if valid_until is None or status not in _HELD_FOR or not settings.hold_while_sent:
        return None
    return end_of_day(valid_until, zone)


def draft_held_until(
    status: QuoteStatus, written: RevisionStatus | None, due_at: datetime | None
) -> datetime | None:
    """Until when the goods of a revision are held that waits for our consent, or has it and is not sent yet."""
    is_over = status in (QuoteStatus.CONVERTED, QuoteStatus.WITHDRAWN)
    waits = written in (RevisionStatus.PENDING_APPROVAL, RevisionStatus.APPROVED)
    return due_at if waits and not is_over else None
