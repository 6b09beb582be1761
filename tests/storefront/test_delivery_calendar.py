"""The delivery calendar without JavaScript, what programs read of it, and the address that opens it."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.database import Database
from storefront.icalendar import Event, calendar, escaped, folded
from storefront.rendering import Formats, today
from tests.storefront.visitor import BUYER, COMPANY_ADMIN, REP, Visitor

STAMP = datetime(2026, 3, 2, 10, tzinfo=UTC)


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a calendar, read as the standard has it: unfolded, then each line parted and unescaped."""
    assert text.endswith("\r\n") and not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    assert "VERSION:2.0" in lines and any(line.startswith("PRODID:") for line in lines)
    events: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name not in ("END", "BEGIN"):
            plain = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)
            events[-1][name.partition(";")[0]] = plain
    assert all({"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event) for event in events)
    assert len({event["UID"] for event in events}) == len(events)
    return events


def test_events_are_read_as_they_were_meant() -> None:
    told = Event(
        "a@ventas", 3, date(2026, 12, 31), "12 PCE; ñandú, " + "ñ" * 60, "SO-1\nC:\\path", "Bar; a, b"
    )
    gone = Event("b@ventas", 4, date(2026, 3, 1), "x\x07y", is_cancelled=True)
    held = Event("c@ventas", 1, date(2026, 3, 1), "z", is_tentative=True)

    first, second, third = parsed(calendar("Entregas", [told, gone, held], STAMP))

    assert first == {
        "UID": "a@ventas", "DTSTAMP": "20260302T100000Z", "SEQUENCE": "3", "DTSTART": "20261231",
        "DTEND": "20270101", "STATUS": "CONFIRMED", "TRANSP": "TRANSPARENT", "SUMMARY": "12 PCE; ñandú, " + "ñ" * 60,
        "DESCRIPTION": "SO-1\nC:\\path", "LOCATION": "Bar; a, b",
    }  # fmt: skip
    assert (second["STATUS"], second["SUMMARY"]) == ("CANCELLED", "xy")
    assert third["STATUS"] == "TENTATIVE"
    assert folded("short") == "short" and escaped("a\nb") == "a\\nb"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_the_calendar_and_its_file_tell_the_same(visitor: Visitor, demo: Database) -> None:
    first, now = today() + timedelta(1), today() + timedelta(3)
    days = {"first": first, "ship": now - timedelta(1), "now": now}
    async with demo.job() as session:
        await session.execute(
            text(
                "update sales_order_schedule_line set first_confirmed_on = :first, ship_on = :ship, confirmed_on = :now"
            ),
            days,
        )
    await visitor.sign_in(COMPANY_ADMIN)

    page = await visitor.open("/deliveries")
    assert "Nuestra puntualidad en los últimos doce meses" in page.text
    later = await visitor.open(f"/deliveries?from={now}")
    answer = await visitor.client.get("/deliveries.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    coming = [event for event in parsed(answer.text) if event["DTSTART"] == f"{now:%Y%m%d}"]
    assert coming and all(event["SUMMARY"].startswith("Con retraso: ") for event in coming)
    assert all(
        f"Prometido primero para el {Formats('es').date(first.isoformat())}" in event["DESCRIPTION"]
        for event in coming
    )
    orders = {event["DESCRIPTION"].split("\n")[0].removeprefix("Pedido ") for event in coming}
    assert orders <= {link.rpartition("/")[2] for link in later.links}
    marked = [given for tag, given in later.tags if "arrival-late" in given.get("class", "")]
    assert len(marked) == len(coming)


async def test_the_address_opens_the_calendar_until_it_is_turned_off(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/deliveries")
    before = await address_of(visitor)

    # Without any session, and nothing but this; not even with it as a token.
    visitor.client.cookies.clear()
    answer = await visitor.client.get(before)
    assert answer.status_code == 200 and parsed(answer.text) is not None
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    secret = before.rpartition("/")[2].removesuffix(".ics")
    asked = {"query": "{ viewer { name } }"}
    refused = await visitor.client.post("/graphql", json=asked, headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 401
    assert (await visitor.client.get(f"/calendar/{secret[::-1]}.ics")).status_code == 404
    assert (await visitor.client.get("/calendar/short.ics")).status_code == 404

    await visitor.sign_in(BUYER)
    await visitor.open("/deliveries")
    after = await address_of(visitor)
    assert (await visitor.client.get(before)).status_code == 404
    assert (await visitor.client.get(after)).status_code == 200

    await visitor.open("/deliveries")
    page = await visitor.submit(visitor.form(act="unlink"), act="unlink")
    assert "Los programas de calendario ya no reciben nada." in page.text
    assert (await visitor.client.get(after)).status_code == 404


async def address_of(visitor: Visitor) -> str:
    """The path of a newly made address."""
    page = await visitor.submit(visitor.form(act="link"), act="link")
    shown = next(given["value"] for tag, given in page.tags if "/calendar/" in given.get("value", ""))
    return "/calendar/" + shown.rpartition("/")[2]


async def test_what_is_taken_from_a_person_is_taken_from_their_calendar(
    visitor: Visitor, demo: Database
) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/deliveries")
    link = await address_of(visitor)

    async with demo.job() as session:
        await session.execute(text("delete from membership m using app_user u"
                                   " where u.id = m.user_id and u.email = :email"), {"email": BUYER})  # fmt: skip

    assert (await visitor.client.get(link)).status_code == 404


async def test_our_own_people_have_no_calendar(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    await visitor.check_absent("/calendar/nothing.ics")


async def test_our_own_people_see_how_punctual_we_are(visitor: Visitor, demo: Database) -> None:
    await visitor.sign_in(REP)

    page = await visitor.open("/staff/punctuality")
    assert "Todos los clientes" in page.text
    async with demo.job() as session:
        days = {"day": today() - timedelta(2)}
        await session.execute(
            text(
                "update sales_order_schedule_line set first_confirmed_on = :day, confirmed_on = null, ship_on = null"
            ),
            days,
        )
    page = await visitor.open("/staff/punctuality")
    assert "Líneas de pedido que vencían" in page.text and "Por cliente" in page.text
    wrong = await visitor.open("/staff/punctuality?since=2027-03-02&until=2027-03-01", 422)
    assert "Hace falta un periodo de 1 a 400 días." in wrong.text
