"""What comes when and whether it came on time: the calendar, the figures, and who sees whose."""

from typing import Any

import pytest
from sqlalchemy import text

from tests import factories as make
from tests.schema.delivering import confirmed, order_of, released, shipped
from tests.schema.shop import Shop

CALENDAR = """query($from: Date!, $to: Date!, $gone: Boolean = false, $customer: ID) {
    deliveryCalendar(from: $from, to: $to, includeCancelled: $gone, customerId: $customer) { today isComplete entries {
        key revision day firstPromisedOn requestedOn isLate state quantity quantityShipped sku orderNumber place
        consignments { number status quantity shippedOn trackingNumber } } } }"""
FIGURES = """query($from: Date!, $to: Date!, $customer: ID) {
    onTimeFigures(from: $from, to: $to, customerId: $customer) { figures {
        lines delivered onTimePromised onTimeRequested inFull onTimeInFull onTimePromisedPercent inFullPercent } } }"""
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def entries(shop: Shop, viewer: Any = None, **given: Any) -> list[dict[str, Any]]:
    found = await shop.data(viewer or shop.buyer, CALENDAR, **(MARCH | given))
    rows: list[dict[str, Any]] = found["deliveryCalendar"]["entries"]
    return rows


async def figures(shop: Shop, **given: Any) -> list[Any]:
    found = await shop.data(shop.logistics, FIGURES, **(MARCH | given))
    return list(found["onTimeFigures"]["figures"].values())


async def move(shop: Shop, **days: str) -> None:
    """Writes days of all schedule lines, as the job that promises again would."""
    changes = ", ".join(f"{name} = '{day}'" for name, day in days.items())
    async with shop.database.job() as session:
        await session.execute(text(f"update sales_order_schedule_line set {changes}"))


async def test_a_line_is_followed_from_its_promise_to_the_door(shop: Shop) -> None:
    product = await make_mesa(shop)
    order = await confirmed(shop, (product, 5), requestedOn="2026-03-10")

    (entry,) = await entries(shop)
    known = {"day": "2026-03-10", "firstPromisedOn": "2026-03-10", "isLate": False, "state": "PROMISED",
             "quantity": "5", "quantityShipped": "0", "sku": "MESA", "consignments": []}  # fmt: skip
    assert {name: entry[name] for name in known} == known

    # Promised anew for a later day: the first one stays to be measured by.
    await move(shop, ship_on="2026-03-12", confirmed_on="2026-03-13")
    (entry,) = await entries(shop)
    assert (entry["day"], entry["firstPromisedOn"], entry["isLate"]) == ("2026-03-13", "2026-03-10", True)
    revision = entry["revision"]

    delivery = await released(shop, await order_of(shop, order["id"]))
    (entry,) = await entries(shop)
    assert entry["state"] == "PREPARED" and entry["revision"] > revision

    await shipped(shop, delivery, trackingNumber="1Z9")
    (entry,) = await entries(shop)
    assert (entry["state"], entry["quantityShipped"]) == ("SHIPPED", "5")
    # It left on the second, a day under way as its promise was.
    assert (entry["day"], entry["isLate"]) == ("2026-03-03", False)
    assert entry["consignments"] == [
        {"number": delivery["number"], "status": "SHIPPED", "quantity": "5", "shippedOn": "2026-03-02",
         "trackingNumber": "1Z9"},
    ]  # fmt: skip
    assert await figures(shop) == [1, 1, 1, 1, 1, 1, "100", "100"]
    assert await entries(shop, **{"from": "2026-03-04"}) == []


async def make_mesa(shop: Shop) -> Any:
    async with shop.database.job() as session:
        return await make.make_product(
            session, shop.seller, price="10", stock=20, sku="MESA", out_of_stock_policy="BACKORDER"
        )


async def test_what_was_called_off_is_told_to_calendars_only(shop: Shop) -> None:
    order = await confirmed(shop, (await make_mesa(shop), 5), requestedOn="2026-03-10")
    key = (await entries(shop))[0]["key"]

    await shop.act(
        shop.rep, "cancelOrder", orderId=order["id"], expectedVersion=order["version"], reason="Nothing doing"
    )

    assert await entries(shop) == []
    (gone,) = await entries(shop, gone=True)
    assert (gone["key"], gone["state"], gone["day"]) == (key, "CANCELLED", "2026-03-10")
    assert await figures(shop) == [0, 0, 0, 0, 0, 0, None, None]


async def test_what_has_no_day_is_told_last(shop: Shop) -> None:
    await confirmed(shop, (await make_mesa(shop), 25))

    assert [(each["day"], each["quantity"], each["state"]) for each in await entries(shop)] == [
        ("2026-03-02", "20", "PROMISED"), (None, "5", "PROMISED"),
    ]  # fmt: skip


async def test_delivering_another_way_forgives_no_delay(shop: Shop) -> None:
    product = await make_mesa(shop)
    order = await confirmed(shop, (product, 5), requestedOn="2026-03-10")
    line = order["lines"][0]["id"]

    for parts in ([("2", "2026-03-16"), ("3", "2026-03-20")], [("5", "2026-03-25")]):
        wanted = [{"quantity": quantity, "requestedOn": day} for quantity, day in parts]
        version = (await order_of(shop, order["id"]))["version"]
        done = await shop.act(
            shop.rep, "rescheduleOrderLine", orderLineId=line, expectedVersion=version, parts=wanted
        )
        assert done["errors"] == []
        found = await entries(shop)
        assert [(each["day"], each["firstPromisedOn"]) for each in found] == [
            (day, "2026-03-10") for _, day in parts
        ]
    # What the line is not delivered in any more, a calendar is told to take out.
    assert [each["state"] for each in await entries(shop, gone=True)] == ["CANCELLED", "PROMISED"]


async def test_figures_of_a_period(shop: Shop) -> None:
    """One came on its day, one late, of one a piece was called off, one has not left though its day is over."""
    product = await make_mesa(shop)
    for quantity in (1, 2, 3, 4):
        order = await confirmed(shop, (product, quantity), requestedOn="2026-03-02")
        if quantity == 3:
            line = order["lines"][0]["id"]
            done = await shop.act(
                shop.rep, "cancelOrderLine", orderLineId=line, quantity="1", expectedVersion=order["version"],
                reason="One less",
            )  # fmt: skip
            assert done["errors"] == []
        if quantity < 4:
            await shipped(shop, await released(shop, await order_of(shop, order["id"])))
    async with shop.database.job() as session:
        late = "update sales_order_schedule_line set first_confirmed_on = '2026-03-01' where position = 1 and order_line_id"
        for quantity in (2, 4):
            of = f"in (select id from sales_order_line where quantity_ordered = {quantity})"
            await session.execute(text(f"{late} {of}"))

    assert await figures(shop) == [4, 3, 2, 3, 2, 1, "50", "50"]
    assert await figures(shop, to="2026-03-01") == [2, 1, 0, 1, 1, 0, "0", "50"]


async def test_others_see_nothing_of_it(shop: Shop) -> None:
    await confirmed(shop, (await make_mesa(shop), 5), requestedOn="2026-03-10")

    assert await entries(shop, shop.stranger) == []


@pytest.mark.parametrize(
    ("case", "given", "code"),
    [
        ("reversed", {"from": "2026-04-01"}, "INVALID"),
        ("endless", {"to": "2027-12-31"}, "INVALID"),
        ("nobody's", {"customer": "nonsense"}, "NOT_FOUND"),
    ],
)
@pytest.mark.parametrize("document", [CALENDAR, FIGURES])
async def test_what_is_refused(
    shop: Shop, document: str, case: str, given: dict[str, Any], code: str
) -> None:
    answer = await shop.ask(shop.logistics, document, **(MARCH | given))

    assert [each["extensions"]["code"] for each in answer["errors"]] == [code]


LINK = """mutation($input: SetCalendarLinkInput!) {
    setCalendarLink(input: $input) DIRECTIVE { secret customer { name } errors { code path } } }"""
SESSIONS = (
    "select count(*), count(distinct token_hash), max(scopes::text) from user_session where kind = 'CALENDAR'"
)


async def link(shop: Shop, viewer: Any, directive: str = "", **given: Any) -> dict[str, Any]:
    document = LINK.replace("DIRECTIVE", directive)
    found = await shop.data(viewer, document, input={"isActive": True} | given)
    payload: dict[str, Any] = found["setCalendarLink"]
    return payload


async def sessions(shop: Shop) -> tuple[Any, ...]:
    async with shop.database.auth() as session:
        return tuple((await session.execute(text(SESSIONS))).one())


async def test_a_person_has_one_address_at_a_company(shop: Shop) -> None:
    tried = await link(shop, shop.buyer, "@dryRun")
    assert (tried["secret"], tried["errors"]) == (None, []) and await sessions(shop) == (0, 0, None)

    first, second = await link(shop, shop.buyer), await link(shop, shop.buyer)
    assert first["secret"] != second["secret"] and await sessions(shop) == (1, 1, "{orders:read}")

    # Nobody else's is touched.
    await link(shop, shop.stranger)
    assert (await sessions(shop))[0] == 2
    ended = await link(shop, shop.buyer, isActive=False)
    assert ended["secret"] is None and (await sessions(shop))[0] == 1


@pytest.mark.parametrize(
    ("viewer", "given", "error"),
    [
        ("rep", {}, {"code": "NOT_PERMITTED", "path": ["isActive"]}),
        ("buyer", {"days": 0}, {"code": "INVALID", "path": ["days"]}),
        ("buyer", {"days": 731}, {"code": "INVALID", "path": ["days"]}),
    ],
)
async def test_an_address_that_is_refused(
    shop: Shop, viewer: str, given: dict[str, Any], error: dict[str, Any]
) -> None:
    refused = await link(shop, getattr(shop, viewer), **given)

    assert refused == {"secret": None, "customer": None, "errors": [error]}
    assert await sessions(shop) == (0, 0, None)
