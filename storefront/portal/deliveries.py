"""The buyer's deliveries: what comes when, as a page and for calendar programs, and what is packed and has left."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from starlette.responses import PlainTextResponse, Response

from storefront.forms import problems_of, read_date
from storefront.icalendar import Event, calendar
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page
from storefront.rendering import address, today

PAGE_SIZE = 25
WEEKS = 4
# What programs are told: late ones stay to be seen for a while, and nobody promises further than this.
PAST, AHEAD = timedelta(days=60), timedelta(days=300)
LINK_PATH = "/calendar/{token}.ics"
_STATES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "planned": ({"status": {"eq": "RELEASED"}}, "ASC"),
    "shipped": ({"status": {"eq": "SHIPPED"}}, "DESC"),
}


async def show(page: Page) -> Response:
    state = page.query("state")
    return await (show_list(page, state) if state in _STATES else show_calendar(page))


async def show_list(page: Page, state: str) -> Response:
    where, direction = _STATES[state]
    order_by = [{"field": "PLANNED_ON", "direction": direction}]
    data = await page.ask("Deliveries", where=where, orderBy=order_by, **paging(page, PAGE_SIZE))
    found = data["deliveries"]
    days = [(day, list(group)) for day, group in groupby(found["nodes"], key=lambda each: each["plannedOn"])]
    return page.show(
        "portal/deliveries.html", frame=data, deliveries=found, days=days, asked=state,
        pager=neighbours(page, found["pageInfo"], state=state),
    )  # fmt: skip


async def show_calendar(page: Page, problems: Sequence[Any] = (), link: str = "") -> Response:
    """Four weeks from the Monday of the day that is asked for; whatever has no day, below."""
    asked = read_date(page.query("from"))
    start = date.fromisoformat(asked) if asked else today()
    start -= timedelta(days=start.weekday())
    end = start + timedelta(days=7 * WEEKS - 1)
    year = {"yearFrom": (today() - timedelta(days=365)).isoformat(), "yearTo": today().isoformat()}
    period = {"from": start.isoformat(), "to": end.isoformat()}
    data = await page.ask("DeliveryCalendar", **period, **year)
    found = data["deliveryCalendar"]
    dated = [each for each in found["entries"] if each["day"]]
    return page.show(
        "portal/delivery_calendar.html", 422 if problems else 200, frame=data, calendar=found, link=link,
        weeks=list(_weeks(dated)), undated=[each for each in found["entries"] if not each["day"]],
        figures=data["onTimeFigures"]["figures"], problems=list(problems), start=start.isoformat(),
        end=end.isoformat(), before=address("/deliveries", **{"from": (start - timedelta(days=28)).isoformat()}),
        after=address("/deliveries", **{"from": (start + timedelta(days=28)).isoformat()}),
    )  # fmt: skip


def _weeks(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[tuple[str, list[Any]]]]]:
    """Entries, which come by day, under their week's Monday and their day."""
    for monday, week in groupby(entries, key=lambda each: _monday(each["day"])):
        yield monday, [(day, list(group)) for day, group in groupby(week, key=lambda each: each["day"])]


def _monday(day: str) -> str:
    on = date.fromisoformat(day)
    return (on - timedelta(days=on.weekday())).isoformat()


async def make_link(page: Page) -> Response:
    """The address for calendar programs, shown this once; the one before, if any, ends."""
    outcome = await page.act("SetCalendarLink", isActive=True)
    if not outcome.done:
        return await show_calendar(page, problems_of(outcome.errors))
    secret = outcome.payload["secret"]
    if secret is None:  # the form was sent twice: what was told cannot be told again
        return page.go("/deliveries", page.gettext("The address was told already. Make another one."))
    return await show_calendar(page, link=page.house.base_url + LINK_PATH.replace("{token}", secret))


async def end_link(page: Page) -> Response:
    outcome = await page.act("SetCalendarLink", isActive=False)
    if not outcome.done:
        return await show_calendar(page, problems_of(outcome.errors))
    return page.go("/deliveries", page.gettext("Calendar programs are told nothing any more."))


async def feed(page: Page) -> Response:
    """The calendar as a file, for whoever is signed in or has the address of it."""
    if page.session is None:
        return PlainTextResponse("Not Found\n", 404)
    now = today()
    data = await page.ask(
        "DeliveryFeed", **{"from": (now - PAST).isoformat(), "to": (now + AHEAD).isoformat()}
    )
    found = data["deliveryCalendar"]
    events = [_event(page, each) for each in found["entries"] if each["day"]]
    stamp = datetime.fromisoformat(found["askedAt"].replace("Z", "+00:00"))
    headers = {
        "Content-Disposition": 'attachment; filename="deliveries.ics"',
        "Cache-Control": "private, no-store",
    }
    content = calendar(page.gettext("Deliveries"), events, stamp)
    return Response(content, headers=headers, media_type="text/calendar; charset=utf-8")


def _event(page: Page, entry: Mapping[str, Any]) -> Event:
    values = {"quantity": page.renderer.formats.number(entry["quantity"]), "unit": entry["unit"]}
    told = [page.gettext("Order %(number)s", number=entry["orderNumber"])]
    if entry["purchaseOrderNumber"]:
        told.append(page.gettext("Your order number: %(number)s", number=entry["purchaseOrderNumber"]))
    if entry["isLate"] and entry["firstPromisedOn"]:
        told.append(
            page.gettext(
                "First promised for %(day)s", day=page.renderer.formats.date(entry["firstPromisedOn"])
            )
        )
    told += [
        " · ".join(filter(None, (each["number"], each["carrier"], each["trackingNumber"])))
        for each in entry["consignments"]
    ]
    title = f"{values['quantity']} {values['unit']} {entry['description']}"
    if entry["isLate"] and entry["state"] in ("PROMISED", "PREPARED"):
        title = page.gettext("Late: %(what)s", what=title)
    is_cancelled = entry["state"] == "CANCELLED"
    return Event(
        f"{entry['key']}@ventas", entry["revision"], date.fromisoformat(entry["day"]),
        entry["description"] if is_cancelled else title, "\n".join(told), entry["place"],
        is_tentative=entry["isOnHold"], is_cancelled=is_cancelled,
    )  # fmt: skip


PAGES = (
    At("/deliveries", show, {"link": make_link, "unlink": end_link}, needs="deliveries:read"),
    At("/deliveries.ics", feed, needs="deliveries:read"),
    At(LINK_PATH, feed, needs="deliveries:read"),
)
