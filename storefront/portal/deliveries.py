"""The buyer's deliveries by day, and the planned ones as a calendar."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from starlette.responses import Response

from storefront.lists_of import neighbours, paging
from storefront.page import At, Page

PAGE_SIZE = 25
CALENDAR_MAX = 100
_PLANNED = {"status": {"eq": "RELEASED"}}
_STATES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "planned": (_PLANNED, "ASC"),
    "shipped": ({"status": {"eq": "SHIPPED"}}, "DESC"),
}


async def show(page: Page) -> Response:
    state = page.query("state") if page.query("state") in _STATES else "planned"
    where, direction = _STATES[state]
    order_by = [{"field": "PLANNED_ON", "direction": direction}]
    data = await page.ask("Deliveries", where=where, orderBy=order_by, **paging(page, PAGE_SIZE))
    found = data["deliveries"]
    days = [(day, list(group)) for day, group in groupby(found["nodes"], key=lambda each: each["plannedOn"])]
    return page.show(
        "portal/deliveries.html", frame=data, deliveries=found, days=days, asked=state,
        pager=neighbours(page, found["pageInfo"], state=state),
    )  # fmt: skip


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
    """Text as a value (RFC 5545, 3.3.11)."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def calendar(deliveries: Sequence[Mapping[str, Any]], summary: str, name: str) -> str:
    """An iCalendar: a whole-day event for each planned delivery; `summary` is a template of its number and order."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Ventas//Deliveries//EN",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for each in deliveries:
        day = date.fromisoformat(each["plannedOn"])
        told = summary % {"number": each["number"], "order": each["orderNumber"]}
        goods = "\n".join(
            f"{line['quantity']} {line['unit']} {line['description']}" for line in each["lines"]
        )
        stamp = datetime.fromisoformat(each["releasedAt"].replace("Z", "+00:00"))
        lines += [
            "BEGIN:VEVENT", f"UID:{each['id']}@ventas", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"SEQUENCE:{each['version']}", f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}", f"SUMMARY:{escaped(told)}",
            f"LOCATION:{escaped(each['deliveryAddress']['name'])}", f"DESCRIPTION:{escaped(goods)}", "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join(folded(line) for line in [*lines, "END:VCALENDAR", ""])


async def feed(page: Page) -> Response:
    order_by = [{"field": "PLANNED_ON", "direction": "ASC"}]
    data = await page.ask("Deliveries", where=_PLANNED, orderBy=order_by, first=CALENDAR_MAX)
    content = calendar(
        data["deliveries"]["nodes"],
        page.renderer.texts.gettext("Delivery %(number)s of order %(order)s"),
        page.gettext("Planned deliveries"),
    )
    headers = {"Content-Disposition": 'attachment; filename="deliveries.ics"'}
    return Response(content, headers=headers, media_type="text/calendar; charset=utf-8")


PAGES = (
    At("/deliveries", show, needs="deliveries:read"),
    At("/deliveries.ics", feed, needs="deliveries:read"),
)
