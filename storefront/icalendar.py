"""Calendars of whole days as programs read them: RFC 5545, as much of it as deliveries need."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# Programs ask again this often, where they follow what a calendar says.
REFRESH = "PT4H"


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something on a day.

    Args:
        uid: what programs know it by; the same for ever.
        sequence: rises with every change of it.
    """

    uid: str
    sequence: int
    day: date
    summary: str
    description: str = ""
    location: str = ""
    is_tentative: bool = False
    is_cancelled: bool = False

    @property
    def status(self) -> str:
        return "CANCELLED" if self.is_cancelled else "TENTATIVE" if self.is_tentative else "CONFIRMED"


def calendar(name: str, events: Iterable[Event], stamp: datetime) -> str:
    """An iCalendar of whole-day events, told as of an instant in UTC."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Ventas//Deliveries//EN", "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}", f"X-PUBLISHED-TTL:{REFRESH}",
    ]  # fmt: skip
    for each in events:
        lines += [
            "BEGIN:VEVENT", f"UID:{each.uid}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}", f"SEQUENCE:{each.sequence}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}", f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
            f"STATUS:{each.status}", "TRANSP:TRANSPARENT", f"SUMMARY:{escaped(each.summary)}",
        ]  # fmt: skip
        told = (("LOCATION", each.location), ("DESCRIPTION", each.description))
        lines += [f"{field}:{escaped(text)}" for field, text in told if text]
        lines.append("END:VEVENT")
    return "\r\n".join(folded(line) for line in [*lines, "END:VCALENDAR", ""])


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, none of which parts a letter (RFC 5545, 3.1)."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > 75:
            pieces.append(piece)
            piece = " "
        piece += letter
    return "\r\n".join([*pieces, piece])


def escaped(text: str) -> str:
    """Text as a value (RFC 5545, 3.3.11); what no calendar may hold is left out."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    text = text.replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(letter for letter in text if letter == "\t" or (letter >= " " and letter != "\x7f"))
