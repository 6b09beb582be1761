"""Working days, deadlines of entry and the days goods leave and arrive; cases DL-07, DL-08, DL-10 and DL-25."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.calendars import (
    ALWAYS_OPEN,
    Backward,
    Calendar,
    Deadlines,
    Route,
    backward,
    entry_day,
    first_ship_day,
    last_open,
    next_open,
    open_receipt_day,
    priced_ship_day,
    receipt_day,
    ship_day,
    zone_named,
)
from rules.refusals import Refusal

MADRID = ZoneInfo("Europe/Madrid")
WORKDAYS = Calendar(frozenset(range(5)))
TUESDAY = date(2026, 3, 3)


def test_dl_07_order_entry_deadline() -> None:
    deadlines = Deadlines(MADRID, {TUESDAY.weekday(): time(16)})
    now = datetime(2026, 3, 3, 17, tzinfo=MADRID)

    earliest = first_ship_day(entry_day(now, deadlines, WORKDAYS), Route(warehouse=WORKDAYS))

    assert earliest == date(2026, 3, 4)  # Wednesday
    assert not earliest <= TUESDAY  # so Tuesday, as requested, is not valid


def test_dl_08_deadline_per_site_and_time_zone() -> None:
    user = ZoneInfo("America/Phoenix")  # MST
    site_a = Deadlines(ZoneInfo("America/Los_Angeles"), {0: time(13)})
    site_b = Deadlines(ZoneInfo("America/New_York"), {0: time(14)})
    monday = date(2026, 1, 12)

    assert site_a.on(monday).astimezone(user).time() == time(14)
    assert site_b.on(monday).astimezone(user).time() == time(12)


def test_dl_10_backward_dates() -> None:
    found = backward(date(2026, 3, 20), Route(transport_days=3, handling_days=1))

    assert found == Backward(pick=date(2026, 3, 16), ship=date(2026, 3, 17))


@pytest.mark.parametrize(
    ("label", "now", "expected"),
    [
        ("at the deadline is in time", datetime(2026, 3, 3, 16, 0, 59, tzinfo=MADRID), "2026-03-03"),
        ("a minute after it is not", datetime(2026, 3, 3, 16, 1, tzinfo=MADRID), "2026-03-04"),
        ("the site's clock counts, not the sender's", datetime(2026, 3, 3, 15, 30, tzinfo=UTC), "2026-03-04"),
        ("other weekdays last until midnight", datetime(2026, 3, 4, 23, 59, 59, tzinfo=MADRID), "2026-03-04"),
        ("after Friday's comes Monday", datetime(2026, 3, 6, 18, tzinfo=MADRID), "2026-03-09"),
        ("what comes on a Sunday counts as Monday's", datetime(2026, 3, 8, 9, tzinfo=MADRID), "2026-03-09"),
        ("and a holiday is no working day", datetime(2026, 3, 18, 17, 30, tzinfo=MADRID), "2026-03-18"),
        ("nor the day after one's deadline", datetime(2026, 3, 17, 17, tzinfo=MADRID), "2026-03-18"),
        ("before midnight in Madrid it is the next day in Auckland", datetime(2026, 3, 3, 11, tzinfo=ZoneInfo("Pacific/Auckland")), "2026-03-02"),
    ],
)  # fmt: skip
def test_which_day_an_order_counts_as(label: str, now: datetime, expected: str) -> None:
    deadlines = Deadlines(MADRID, {1: time(16), 4: time(17)})
    calendar = Calendar(WORKDAYS.weekdays, frozenset({date(2026, 3, 19)}))

    assert str(entry_day(now, deadlines, calendar)) == expected, label


@pytest.mark.parametrize(
    ("label", "day", "at", "moment"),
    [
        ("winter time", "2026-01-13", time(16), "2026-01-13T15:00"),
        ("summer time", "2026-07-14", time(16), "2026-07-14T14:00"),
        ("the hour that comes twice: its second", "2026-10-25", time(2, 30), "2026-10-25T01:30"),
        (
            "the hour that is left out: as if clocks were set already",
            "2026-03-29",
            time(2, 30),
            "2026-03-29T00:30",
        ),
    ],
)
def test_deadlines_follow_the_zone_database(label: str, day: str, at: time, moment: str) -> None:
    on = date.fromisoformat(day)

    found = Deadlines(MADRID, {on.weekday(): at}).on(on)

    assert found.astimezone(UTC) == datetime.fromisoformat(moment).replace(tzinfo=UTC), label


def test_in_the_hour_that_comes_twice_an_order_is_late_once() -> None:
    deadlines = Deadlines(MADRID, {6: time(2, 30)})
    late = [
        entry_day(datetime(2026, 10, 25, 0, 0, tzinfo=UTC) + timedelta(minutes=minutes), deadlines) > date(2026, 10, 25)
        for minutes in range(0, 180, 10)
    ]  # fmt: skip

    assert late == sorted(late)
    assert late.index(True) == 10  # 01:40 UTC, ten minutes after the second 02:30


@pytest.mark.parametrize("name", ["Europe/Madird", "", "../etc/passwd", "Mars/Base"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="There is no time zone"):
        zone_named(name, ("timeZone",))


def test_calendars_without_a_common_day_are_refused() -> None:
    with pytest.raises(Refusal, match="no open day"):
        next_open(TUESDAY, Calendar(frozenset({0})), Calendar(frozenset({1})))
    with pytest.raises(Refusal):
        last_open(TUESDAY, Calendar(frozenset()))


def test_a_requested_day_that_is_closed_is_moved() -> None:
    route = Route(customer=Calendar(WORKDAYS.weekdays, frozenset({date(2026, 3, 9)})))

    moved = open_receipt_day(date(2026, 3, 7), route)
    kept = open_receipt_day(date(2026, 3, 10), route)

    assert (moved.day, moved.is_moved) == (date(2026, 3, 10), True)
    assert (kept.day, kept.is_moved) == (date(2026, 3, 10), False)


def test_goods_wait_for_an_open_day_at_each_end() -> None:
    route = Route(transport_days=2, handling_days=1, warehouse=WORKDAYS, customer=Calendar(frozenset({0, 2})))
    entered = date(2026, 3, 6)  # a Friday

    shipped = first_ship_day(entered, route)

    assert shipped == date(2026, 3, 9)
    assert receipt_day(shipped, route) == date(2026, 3, 11)
    assert backward(date(2026, 3, 11), route) == Backward(date(2026, 3, 6), date(2026, 3, 9))


def test_dl_25_confirmed_receipt_flows_back_from_the_vendor() -> None:
    confirmed, transport_days = date(2026, 4, 12), 2

    found = backward(confirmed, Route(transport_days))

    assert receipt_day(found.ship, Route(transport_days)) == confirmed
    assert found.ship == confirmed - timedelta(transport_days)


calendars = some.builds(
    Calendar,
    some.frozensets(some.integers(0, 6), min_size=4),
    some.frozensets(some.dates(date(2026, 1, 1), date(2026, 2, 1)), max_size=3),
)
routes = some.builds(Route, some.integers(0, 5), some.integers(0, 3), calendars, calendars, calendars)


@given(routes, some.dates(date(2026, 1, 1), date(2026, 2, 1)))
def test_what_leaves_by_the_backward_day_arrives_in_time(route: Route, asked: date) -> None:
    day = open_receipt_day(asked, route).day
    found = backward(day, route)

    assert receipt_day(found.ship, route) <= day
    assert found.pick <= found.ship
    # No later day of departure would do.
    later = ship_day(found.ship + timedelta(1), route)
    assert receipt_day(later, route) > day


@given(routes, some.dates(date(2026, 1, 1), date(2026, 2, 1)))
def test_forward_and_backward_agree(route: Route, entered: date) -> None:
    shipped = first_ship_day(entered, route)
    arrived = receipt_day(shipped, route)

    assert entered <= shipped <= arrived
    assert backward(arrived, route).ship >= shipped
    assert ALWAYS_OPEN.is_open(arrived)


@pytest.mark.parametrize(
    ("case", "requested_on", "ships_on"),
    [
        ("no day asked for", None, date(2026, 3, 2)),
        ("today", date(2026, 3, 2), date(2026, 3, 2)),
        ("sooner than it can come", date(2026, 3, 3), date(2026, 3, 2)),
        ("three days before, and not on Sunday", date(2026, 3, 11), date(2026, 3, 6)),
        ("three days before", date(2026, 3, 12), date(2026, 3, 9)),
        ("a closed day is the next one", date(2026, 3, 14), date(2026, 3, 13)),
    ],
)
def test_prices_follow_the_ship_day_of_the_requested_day(
    case: str, requested_on: date | None, ships_on: date
) -> None:
    workdays = Calendar(frozenset(range(5)))
    route = Route(3, 1, workdays, ALWAYS_OPEN, workdays)
    assert priced_ship_day(requested_on, date(2026, 3, 2), route) == ships_on, case


def test_where_nobody_shares_a_day_the_requested_one_is_priced() -> None:
    route = Route(1, 0, Calendar(frozenset({0})), Calendar(frozenset({1})))
    assert priced_ship_day(date(2026, 3, 11), date(2026, 3, 2), route) == date(2026, 3, 11)
