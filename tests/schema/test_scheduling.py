"""What promised days follow from is set by the seller's people: seen in a promise; what cannot be is at its field."""

from typing import Any

import pytest

from tests.schema.delivering import value, warehouse_id
from tests.schema.shop import Shop
from tests.schema.test_availability import asked

SETTINGS = """{ version calendars { code name weekdays holidays { day name } }
    entryDeadlines { weekday at customerGroup warehouse { code } }
    transportTimes { mode country postalPrefix days calendarCode warehouse { code } } }"""
HOLIDAY = {"day": "2026-03-19", "name": "San José"}
CALENDAR = {"code": "LAB", "name": "Laborables", "weekdays": [1, 2, 3, 4, 5], "holidays": [HOLIDAY]}


async def act(shop: Shop, mutation: str, key: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ schedulingSettings {SETTINGS}
        errors {{ code message path ... on StaleVersion {{ currentVersion }} }} }} }}"""
    payload: dict[str, Any] = (await shop.data(shop.logistics, document, key, input=given))[mutation]
    return payload


async def test_what_is_set_is_read_and_moves_promises(shop: Shop) -> None:
    """Ordered on Monday 2 March at 11:00 in Madrid: after the deadline, over a holiday, three days under way."""
    place = await warehouse_id(shop)
    holidays = [HOLIDAY, {"day": "2026-03-03", "name": "Fiesta"}]

    await act(shop, "saveCalendar", "1", **CALENDAR, expectedVersion=1)
    await act(shop, "saveCalendar", "2", **(CALENDAR | {"holidays": holidays}), expectedVersion=2)
    await act(shop, "setEntryDeadline", "3", warehouseId=place, weekday=1, at="10:30", expectedVersion=3)
    way = {"warehouseId": place, "country": "es", "calendarCode": "LAB"}
    payload = await act(shop, "setTransportTime", "4", **way, days=3, expectedVersion=4)

    assert payload["errors"] == []
    settings = (await shop.data(shop.logistics, f"{{ schedulingSettings {SETTINGS} }}"))["schedulingSettings"]
    assert settings == payload["schedulingSettings"] == {
        "version": 5,
        "calendars": [CALENDAR | {"holidays": sorted(holidays, key=lambda each: each["day"])}],
        "entryDeadlines": [
            {"weekday": 1, "at": "10:30", "customerGroup": None, "warehouse": {"code": "MAD"}}
        ],
        "transportTimes": [
            {
                "mode": "", "country": "ES", "postalPrefix": "", "days": 3, "calendarCode": "LAB",
                "warehouse": {"code": "MAD"},
            }
        ],
    }  # fmt: skip
    [answer] = await asked(shop, (shop.product, 1))
    assert (answer["promise"]["shipOn"], answer["promise"]["receiptOn"]) == ("2026-03-04", "2026-03-09")

    await act(shop, "setEntryDeadline", "5", warehouseId=place, weekday=1, at=None, expectedVersion=5)
    payload = await act(shop, "setTransportTime", "6", **way, days=None, expectedVersion=6)

    assert (payload["schedulingSettings"]["entryDeadlines"], payload["schedulingSettings"]["transportTimes"]) == (
        [], [],
    )  # fmt: skip
    [answer] = await asked(shop, (shop.product, 1))
    assert (answer["promise"]["shipOn"], answer["promise"]["receiptOn"]) == ("2026-03-02", "2026-03-02")
    told = "select action, changes ->> 'calendar' from audit_event where action = 'seller.schedulingSet' order by id limit 1"
    assert await value(shop, told) == [("seller.schedulingSet", "LAB")]


@pytest.mark.parametrize(
    ("mutation", "given", "code", "path"),
    [
        ("saveCalendar", {"code": " "}, "INVALID", ["code"]),
        ("saveCalendar", {"name": "x" * 201}, "INVALID", ["name"]),
        ("saveCalendar", {"weekdays": []}, "INVALID", ["weekdays"]),
        ("saveCalendar", {"weekdays": [1, 1]}, "INVALID", ["weekdays"]),
        ("saveCalendar", {"weekdays": [0]}, "INVALID", ["weekdays"]),
        ("saveCalendar", {"holidays": [HOLIDAY, HOLIDAY]}, "INVALID", ["holidays", "1", "day"]),
        ("saveCalendar", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setEntryDeadline", {"weekday": 8}, "INVALID", ["weekday"]),
        ("setEntryDeadline", {"at": "24:00"}, "INVALID", ["at"]),
        ("setEntryDeadline", {"at": "9"}, "INVALID", ["at"]),
        ("setEntryDeadline", {"warehouseId": "nonsense"}, "NOT_FOUND", ["warehouseId"]),
        ("setEntryDeadline", {"customerGroup": "NONE"}, "NOT_FOUND", ["customerGroup"]),
        ("setEntryDeadline", {"expectedVersion": 0}, "STALE_VERSION", ["expectedVersion"]),
        ("setTransportTime", {"days": -1}, "INVALID", ["days"]),
        ("setTransportTime", {"days": 366}, "INVALID", ["days"]),
        ("setTransportTime", {"country": "España"}, "INVALID", ["country"]),
        ("setTransportTime", {"country": ""}, "INVALID", ["postalPrefix"]),
        ("setTransportTime", {"postalPrefix": "0" * 17}, "INVALID", ["postalPrefix"]),
        ("setTransportTime", {"calendarCode": "NONE"}, "NOT_FOUND", ["calendarCode"]),
    ],
)
async def test_what_cannot_be_set_changes_nothing(
    shop: Shop, mutation: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    place = await warehouse_id(shop)
    examples: dict[str, dict[str, Any]] = {
        "saveCalendar": CALENDAR,
        "setEntryDeadline": {"warehouseId": place, "weekday": 1, "at": "14:00"},
        "setTransportTime": {"warehouseId": place, "days": 1, "country": "ES", "postalPrefix": "07"},
    }
    good = examples[mutation]
    before = await shop.snapshot()

    refused = await act(shop, mutation, "k", **({**good, "expectedVersion": 1} | given))

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert refused["schedulingSettings"] is None and await shop.snapshot() == before
