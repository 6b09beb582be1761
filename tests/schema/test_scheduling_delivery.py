"""What is set by warehouse, product, customer and group is seen in promises; what cannot be is at its field."""

from decimal import Decimal
from typing import Any

import pytest

from models.customers import CustomerGroup
from rules.scheduling_delivery import check_display
from rules.states import AvailabilityDisplay
from tests.schema.delivering import value, warehouse_id
from tests.schema.shop import Shop
from tests.schema.test_availability import asked, keep, run, workdays

CONTROL = """method salesLeadDays issueMarginDays purchaseLeadDays horizonDays supplyFenceDays demandFenceDays
    supplyOffsetDays demandOffsetDays isUnlimitedAfterHorizon lotCriterion product { sku }"""
SETTINGS = f"""{{ version entryDeadlines {{ weekday at customerGroup }}
    warehouses {{ calendarCode handlingDays timeZone warehouse {{ code }} }} deliveryControl {{ {CONTROL} }}
    productControls {{ nodes {{ {CONTROL} }} totalCount }} availabilityDisplay lowStockThreshold
    groupDisplays {{ code name availabilityDisplay }} sharingPolicy cartHoldMinutes staffHoldDays
    productSharing {{ nodes {{ policy product {{ sku }} }} totalCount }}
    sellableDays {{ nodes {{ days customerGroup isForAllProducts customer {{ number }} product {{ sku }} }} }}
    customerCalendars {{ nodes {{ calendarCode customer {{ number }} }} }} }}"""
USUAL: dict[str, Any] = {
    "method": "ATP", "salesLeadDays": 0, "issueMarginDays": 0, "purchaseLeadDays": None, "horizonDays": 90,
    "supplyFenceDays": None, "demandFenceDays": None, "supplyOffsetDays": 1, "demandOffsetDays": 0,
    "isUnlimitedAfterHorizon": False, "lotCriterion": "EXPIRY", "product": None,
}  # fmt: skip


async def act(shop: Shop, mutation: str, version: int, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ schedulingSettings {SETTINGS}
        errors {{ code message path }} }} }}"""
    given = {"expectedVersion": version, **given}
    payload: dict[str, Any] = (await shop.data(shop.logistics, document, f"{mutation}-{version}", input=given))[mutation]  # fmt: skip
    return payload


async def done(shop: Shop, mutation: str, version: int, **given: Any) -> dict[str, Any]:
    payload = await act(shop, mutation, version, **given)
    assert payload["errors"] == [], payload
    settings: dict[str, Any] = payload["schedulingSettings"]
    return settings


async def grouped(shop: Shop, code: str = "MAYOR") -> None:
    """The buyer's customer is in a group."""
    await keep(shop, CustomerGroup(seller_id=shop.seller.id, code=code, name="Mayoristas"))
    await run(
        shop, "update customer set customer_group_id = (select id from customer_group where code = :code)"
        " where id = :customer", code=code, customer=shop.customer.id,
    )  # fmt: skip


async def ids(shop: Shop) -> dict[str, str]:
    document = """query($sku: String!) { product(by: {sku: $sku}) { id } customers(search: "%s") { nodes { id } } }"""
    found = await shop.data(shop.logistics, document % shop.customer.number, sku="ACE-001")
    return {
        "product": found["product"]["id"],
        "customer": found["customers"]["nodes"][0]["id"],
        "warehouse": await warehouse_id(shop),
    }


async def days(shop: Shop) -> tuple[str | None, str | None]:
    [answer] = await asked(shop, (shop.product, 1))
    return answer["promise"]["shipOn"], answer["promise"]["receiptOn"]


async def test_a_warehouse_works_by_its_calendar_and_its_own_clock(shop: Shop) -> None:
    """Ordered on Monday 2 March at 11:00 in Madrid, 10:00 on the Canaries, until 10:30."""
    await workdays(shop)
    place = await warehouse_id(shop)
    await done(shop, "setEntryDeadline", 1, warehouseId=place, weekday=1, at="10:30")
    assert await days(shop) == ("2026-03-03", "2026-03-03")

    settings = await done(
        shop, "setWarehouseTimes", 2, warehouseId=place, calendarCode="LAB", handlingDays=5,
        timeZone="Atlantic/Canary",
    )  # fmt: skip

    assert settings["warehouses"] == [
        {
            "calendarCode": "LAB", "handlingDays": 5, "timeZone": "Atlantic/Canary",
            "warehouse": {"code": "MAD"},
        }
    ]  # fmt: skip
    assert await days(shop) == ("2026-03-09", "2026-03-09"), "Monday and five days is Saturday"


async def test_a_groups_deadline_wins_over_everybodys(shop: Shop) -> None:
    await grouped(shop)
    place = await warehouse_id(shop)
    await done(shop, "setEntryDeadline", 1, warehouseId=place, weekday=1, at="10:30")

    settings = await done(
        shop, "setEntryDeadline", 2, warehouseId=place, weekday=1, at="17:00", customerGroup="MAYOR"
    )

    assert settings["entryDeadlines"] == [
        {"weekday": 1, "at": "10:30", "customerGroup": None},
        {"weekday": 1, "at": "17:00", "customerGroup": "MAYOR"},
    ]
    assert await days(shop) == ("2026-03-02", "2026-03-02")
    settings = await done(
        shop, "setEntryDeadline", 3, warehouseId=place, weekday=1, at=None, customerGroup="MAYOR"
    )
    assert settings["entryDeadlines"] == [{"weekday": 1, "at": "10:30", "customerGroup": None}]
    assert await days(shop) == ("2026-03-03", "2026-03-03")


async def test_a_product_is_promised_by_its_own_control_or_by_everybodys(shop: Shop) -> None:
    known = await ids(shop)

    settings = await done(shop, "setDeliveryControl", 1, method="SALES_LEAD_TIME", salesLeadDays=3)

    lead = USUAL | {"method": "SALES_LEAD_TIME", "salesLeadDays": 3}
    assert (settings["deliveryControl"], settings["productControls"]["totalCount"]) == (lead, 0)
    assert await days(shop) == ("2026-03-05", "2026-03-05")
    given = {
        "productId": known["product"], "method": "ATP_PLUS_ISSUE_MARGIN", "issueMarginDays": 2, "horizonDays": 30,
        "supplyFenceDays": 4, "demandFenceDays": 5, "supplyOffsetDays": 6, "demandOffsetDays": 7,
        "isUnlimitedAfterHorizon": True, "lotCriterion": "FIFO", "purchaseLeadDays": 8,
    }  # fmt: skip
    settings = await done(shop, "setDeliveryControl", 2, **given)

    own = USUAL | {name: each for name, each in given.items() if name != "productId"}
    assert settings["productControls"] == {"nodes": [own | {"product": {"sku": "ACE-001"}}], "totalCount": 1}
    assert settings["deliveryControl"] == lead
    assert await days(shop) == ("2026-03-04", "2026-03-04")

    await done(shop, "setDeliveryControl", 3, productId=known["product"], method=None)
    settings = await done(shop, "setDeliveryControl", 4, method=None)

    assert (settings["deliveryControl"], settings["productControls"]["totalCount"]) == (USUAL, 0)
    assert await days(shop) == ("2026-03-02", "2026-03-02")


async def test_how_long_lots_must_keep_is_the_customers_before_the_products(shop: Shop) -> None:
    await grouped(shop)
    known = await ids(shop)

    await done(shop, "setSellableDays", 1, days=10)
    await done(shop, "setSellableDays", 2, days=20, customerGroup="MAYOR", productId=known["product"])
    settings = await done(shop, "setSellableDays", 3, days=30, customerId=known["customer"])

    number = shop.customer.number
    rows = [
        (10, None, None, None), (20, "MAYOR", None, {"sku": "ACE-001"}), (30, None, {"number": number}, None),
    ]  # fmt: skip
    assert settings["sellableDays"]["nodes"] == [
        {
            "days": length, "customerGroup": group, "customer": customer, "product": product,
            "isForAllProducts": product is None,
        }
        for length, group, customer, product in rows
    ]  # fmt: skip
    settings = await done(shop, "setSellableDays", 4, days=5, customerId=known["customer"])
    assert [each["days"] for each in settings["sellableDays"]["nodes"]] == [10, 20, 5]
    settings = await done(shop, "setSellableDays", 5, days=None, customerId=known["customer"])
    assert [each["days"] for each in settings["sellableDays"]["nodes"]] == [10, 20]


async def test_what_buyers_are_told_is_their_groups_before_everybodys(shop: Shop) -> None:
    await grouped(shop)

    settings = await done(shop, "setAvailabilityDisplay", 1, display="EXACT", lowStockThreshold="7.5")

    assert (settings["availabilityDisplay"], settings["lowStockThreshold"]) == ("EXACT", "7.5")
    [answer] = await asked(shop, (shop.product, 1))
    assert (answer["display"], answer["free"] is None) == ("EXACT", False)

    settings = await done(shop, "setAvailabilityDisplay", 2, display="NONE", customerGroup="MAYOR")

    group = {"code": "MAYOR", "name": "Mayoristas", "availabilityDisplay": "NONE"}
    assert group in settings["groupDisplays"]
    [answer] = await asked(shop, (shop.product, 1))
    assert (answer["display"], answer["band"], answer["promise"]) == ("NONE", None, None)

    await done(shop, "setAvailabilityDisplay", 3, display=None, customerGroup="MAYOR")
    [answer] = await asked(shop, (shop.product, 1))
    assert answer["display"] == "EXACT"


async def test_a_customer_takes_goods_on_the_days_of_their_calendar(shop: Shop) -> None:
    await workdays(shop, code="L-V")
    await run(shop, "update calendar set weekdays = '{2}'")  # Wednesdays
    known = await ids(shop)

    settings = await done(shop, "setCustomerCalendar", 1, customerId=known["customer"], calendarCode="L-V")

    assert settings["customerCalendars"]["nodes"] == [
        {"calendarCode": "L-V", "customer": {"number": shop.customer.number}}
    ]
    assert await days(shop) == ("2026-03-02", "2026-03-04")
    settings = await done(shop, "setCustomerCalendar", 2, customerId=known["customer"], calendarCode=None)
    assert settings["customerCalendars"]["nodes"] == []
    told = "select changes from audit_event where action = 'seller.schedulingSet' order by id"
    assert await value(shop, told) == [
        ({"customer": shop.customer.number, "calendar": "L-V"},),
        ({"customer": shop.customer.number, "calendar": ""},),
    ]


async def test_scarce_goods_are_shared_as_the_product_says_before_all(shop: Shop) -> None:
    known = await ids(shop)
    waiting = "query($id: ID!) { stockWaiting(productId: $id) { policy } }"

    settings = await done(shop, "setSharingPolicy", 1, policy="BASIC")

    assert (settings["sharingPolicy"], settings["productSharing"]["nodes"]) == ("BASIC", [])
    found = await shop.data(shop.logistics, waiting, id=known["product"])
    assert found == {"stockWaiting": {"policy": "BASIC"}}
    settings = await done(shop, "setSharingPolicy", 2, productId=known["product"], policy="EQUALLY")
    assert settings["productSharing"] == {
        "nodes": [{"policy": "EQUALLY", "product": {"sku": "ACE-001"}}], "totalCount": 1,
    }  # fmt: skip
    found = await shop.data(shop.logistics, waiting, id=known["product"])
    assert found == {"stockWaiting": {"policy": "EQUALLY"}}
    settings = await done(shop, "setSharingPolicy", 3, productId=known["product"], policy=None)
    assert (settings["sharingPolicy"], settings["productSharing"]["totalCount"]) == ("BASIC", 0)


async def test_buyers_hold_goods_as_long_as_the_seller_says(shop: Shop) -> None:
    most = "{ cart { holdMinutesMax } }"
    assert await shop.data(shop.buyer, most) == {"cart": {"holdMinutesMax": 30}}

    settings = await done(shop, "setHoldLimits", 1, cartMinutes=45, staffDays=90)

    assert (settings["cartHoldMinutes"], settings["staffHoldDays"]) == (45, 90)
    assert await shop.data(shop.buyer, most) == {"cart": {"holdMinutesMax": 45}}
    await done(shop, "setHoldLimits", 2, cartMinutes=0, staffDays=0)
    assert await shop.data(shop.buyer, most) == {"cart": {"holdMinutesMax": 0}}


GOOD: dict[str, dict[str, Any]] = {
    "setWarehouseTimes": {"calendarCode": None, "handlingDays": 1, "timeZone": "Europe/Madrid"},
    "setDeliveryControl": {"method": "ATP"},
    "setSellableDays": {"days": 30},
    "setAvailabilityDisplay": {"display": "BAND", "lowStockThreshold": "5"},
    "setCustomerCalendar": {"calendarCode": None},
    "setSharingPolicy": {"policy": "EQUALLY"},
    "setHoldLimits": {"cartMinutes": 30, "staffDays": 14},
}
DAYS = ("salesLeadDays", "issueMarginDays", "purchaseLeadDays", "supplyFenceDays", "demandFenceDays",
        "supplyOffsetDays", "demandOffsetDays")  # fmt: skip


@pytest.mark.parametrize(
    ("mutation", "given", "code", "path"),
    [
        ("setWarehouseTimes", {"timeZone": "Europe/Zaragoza"}, "INVALID", ["timeZone"]),
        ("setWarehouseTimes", {"timeZone": ""}, "INVALID", ["timeZone"]),
        ("setWarehouseTimes", {"timeZone": "../etc/passwd"}, "INVALID", ["timeZone"]),
        ("setWarehouseTimes", {"calendarCode": "NONE"}, "NOT_FOUND", ["calendarCode"]),
        ("setWarehouseTimes", {"handlingDays": -1}, "INVALID", ["handlingDays"]),
        ("setWarehouseTimes", {"handlingDays": 366}, "INVALID", ["handlingDays"]),
        ("setWarehouseTimes", {"warehouseId": "nonsense"}, "NOT_FOUND", ["warehouseId"]),
        ("setWarehouseTimes", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        *(("setDeliveryControl", {each: -1}, "INVALID", [each]) for each in DAYS),
        ("setDeliveryControl", {"salesLeadDays": 366}, "INVALID", ["salesLeadDays"]),
        ("setDeliveryControl", {"horizonDays": 0}, "INVALID", ["horizonDays"]),
        ("setDeliveryControl", {"horizonDays": 731}, "INVALID", ["horizonDays"]),
        ("setDeliveryControl", {"method": "CTP"}, "INVALID", ["purchaseLeadDays"]),
        ("setDeliveryControl", {"productId": "nonsense"}, "NOT_FOUND", ["productId"]),
        ("setDeliveryControl", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setSellableDays", {"days": -1}, "INVALID", ["days"]),
        ("setSellableDays", {"days": 3651}, "INVALID", ["days"]),
        ("setSellableDays", {"customerId": "theirs", "customerGroup": "X"}, "INVALID", ["customerGroup"]),
        ("setSellableDays", {"customerGroup": "NONE"}, "NOT_FOUND", ["customerGroup"]),
        ("setSellableDays", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
        ("setSellableDays", {"productId": "nonsense"}, "NOT_FOUND", ["productId"]),
        ("setSellableDays", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setAvailabilityDisplay", {"lowStockThreshold": "0"}, "INVALID", ["lowStockThreshold"]),
        ("setAvailabilityDisplay", {"lowStockThreshold": "-1"}, "QUANTITY_INVALID", ["lowStockThreshold"]),
        ("setAvailabilityDisplay", {"display": None}, "INVALID", ["display"]),
        ("setAvailabilityDisplay", {"customerGroup": "NONE"}, "INVALID", ["lowStockThreshold"]),
        (
            "setAvailabilityDisplay", {"customerGroup": "NONE", "lowStockThreshold": None}, "NOT_FOUND",
            ["customerGroup"],
        ),
        ("setAvailabilityDisplay", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setCustomerCalendar", {"calendarCode": "NONE"}, "NOT_FOUND", ["calendarCode"]),
        ("setCustomerCalendar", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
        ("setCustomerCalendar", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setSharingPolicy", {"policy": None}, "INVALID", ["policy"]),
        ("setSharingPolicy", {"productId": "nonsense"}, "NOT_FOUND", ["productId"]),
        ("setSharingPolicy", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("setHoldLimits", {"cartMinutes": -1}, "INVALID", ["cartMinutes"]),
        ("setHoldLimits", {"cartMinutes": 1441}, "INVALID", ["cartMinutes"]),
        ("setHoldLimits", {"staffDays": -1}, "INVALID", ["staffDays"]),
        ("setHoldLimits", {"staffDays": 91}, "INVALID", ["staffDays"]),
        ("setHoldLimits", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
    ],
)  # fmt: skip
async def test_what_cannot_be_set_changes_nothing(
    shop: Shop, mutation: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    known = await ids(shop)
    needed = {
        "setWarehouseTimes": {"warehouseId": known["warehouse"]},
        "setCustomerCalendar": {"customerId": known["customer"]},
    }
    given = {name: known["customer"] if each == "theirs" else each for name, each in given.items()}
    before = await shop.snapshot()

    refused = await act(shop, mutation, 1, **(needed.get(mutation, {}) | GOOD[mutation] | given))

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert refused["schedulingSettings"] is None and await shop.snapshot() == before


@pytest.mark.parametrize(
    ("case", "group", "display", "threshold", "standing", "fields"),
    [
        ("a band by a bound that stands", None, "BAND", None, "5", []),
        ("a group's band by everybody's bound", "G", "BAND", None, "5", []),
        ("a group's band without any", "G", "BAND", None, "0", ["lowStockThreshold"]),
        ("exact figures need no bound", None, "EXACT", "0", "5", []),
        ("beyond the most", None, "NONE", "1000001", "5", ["lowStockThreshold"]),
    ],
)
def test_a_band_needs_its_bound(
    case: str, group: str | None, display: str, threshold: str | None, standing: str, fields: list[str]
) -> None:
    given = None if threshold is None else Decimal(threshold)
    found = check_display(group, AvailabilityDisplay(display), given, Decimal(standing))
    assert [each.path[0] for each in found] == fields, case


CONDITIONS = """query($of: ID) { deliveryConditions(customerId: $of) {
    timeZone orderUntil { weekday at } transportDays deliveryWeekdays shipsOn receiptOn } }"""


async def test_a_buyer_is_told_until_when_to_order_and_when_goods_come(shop: Shop) -> None:
    """Monday 2 March, 11:00 in Madrid: after the deadline; a day under way, and taken on Wednesdays and Fridays."""
    await workdays(shop)
    await run(
        shop, "insert into calendar (id, seller_id, code, name, weekdays)"
        " values (gen_random_uuid(), :seller, 'X-V', 'X-V', '{2,4}')", seller=shop.seller.id,
    )  # fmt: skip
    known = await ids(shop)
    place = known["warehouse"]
    zone = "Europe/Madrid"
    await done(
        shop, "setWarehouseTimes", 1, warehouseId=place, calendarCode="LAB", handlingDays=0, timeZone=zone
    )
    await done(shop, "setEntryDeadline", 2, warehouseId=place, weekday=1, at="10:30")
    await done(shop, "setTransportTime", 3, warehouseId=place, days=1)
    await done(shop, "setCustomerCalendar", 4, customerId=known["customer"], calendarCode="X-V")

    told = {
        "timeZone": zone, "transportDays": 1, "deliveryWeekdays": [3, 5],
        "orderUntil": [{"weekday": day, "at": "10:30" if day == 1 else None} for day in range(1, 6)],
        "shipsOn": "2026-03-03", "receiptOn": "2026-03-04",
    }  # fmt: skip
    assert (await shop.data(shop.buyer, CONDITIONS))["deliveryConditions"] == told
    found = await shop.data(shop.logistics, CONDITIONS, of=known["customer"])
    assert found["deliveryConditions"] == told
    assert (await shop.data(shop.logistics, CONDITIONS))["deliveryConditions"] is None
