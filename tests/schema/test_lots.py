"""Lots: listed by expiry, blocked and let go; what they were to serve follows."""

from itertools import count
from typing import Any

import pytest

from auth.permissions import Viewer
from tests.schema.buying import act, came, demand, drafted, make_supplier, of, sent
from tests.schema.delivering import balance, confirmed, released, shipped, value
from tests.schema.shop import Shop
from tests.schema.test_deliveries_lots import lots_of, wine

_keys = count(1)
LOT = """id number status statusReason version daysLeft receivedOn expiresOn product { sku }
    places { warehouse { code } onHand allocated free }"""
LOTS = f"""query($status: LotStatus, $days: Int, $search: String, $gone: Boolean! = false) {{
    lots(status: $status, daysLeft: $days, search: $search, includeGone: $gone, first: 50) {{ nodes {{ {LOT} }} }} }}"""


async def listed(shop: Shop, **given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.data(shop.logistics, LOTS, **given))["lots"]["nodes"]
    return found


async def lot_named(shop: Shop, number: str) -> dict[str, Any]:
    return next(each for each in await listed(shop, search=number, gone=True) if each["number"] == number)


async def put_lot(
    shop: Shop, mutation: str, number: str, viewer: Viewer | None = None, **given: Any
) -> dict[str, Any]:
    """Blocks a lot or lets it go; the payload."""
    lot = await lot_named(shop, number)
    values = {"lotId": lot["id"], "expectedVersion": lot["version"], "reason": "r"} | given
    name = mutation[0].upper() + mutation[1:]
    document = f"""mutation Act($input: {name}Input!) {{ {mutation}(input: $input) {{ lot {{ {LOT} }}
        errors {{ code message path }} warnings {{ code message }} }} }}"""
    answer = await shop.data(viewer or shop.logistics, document, f"lot-{next(_keys)}", input=values)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def test_lots_are_listed_the_first_to_end_ahead(shop: Shop) -> None:
    await wine(shop)

    assert [(each["number"], each["daysLeft"], each["places"]) for each in await listed(shop)] == [
        (number, days, [{"warehouse": {"code": "MAD"}, "onHand": "5", "allocated": "0", "free": "5"}])
        for number, days in (("L0", 0), ("L2", 60), ("L1", 91))
    ]
    await put_lot(shop, "blockLot", "L2")
    await value(shop, "update product set barcode = '8412345000016' where sku = 'VINO' returning id")
    for given, numbers in (
        ({"days": 60}, ["L0", "L2"]),
        ({"status": "BLOCKED"}, ["L2"]),
        ({"status": "AVAILABLE"}, ["L0", "L1"]),
        ({"search": "vin"}, ["L0", "L2", "L1"]),
        ({"search": "l1"}, ["L1"]),
        ({"search": "%"}, []),
        ({"search": "8412345000016"}, ["L0", "L2", "L1"]),
        ({"search": "(01)08412345000016(10)L1"}, ["L1"]),
        ({"search": "01084123450000161726050110L1"}, ["L1"]),
        ({"search": "(10)L"}, []),
        ({"search": "(01)08412345000023(10)L1"}, []),
    ):
        assert [each["number"] for each in await listed(shop, **given)] == numbers, given


async def test_what_is_blocked_is_not_sold_until_it_is_let_go(shop: Shop) -> None:
    product = await wine(shop)
    blocked = await put_lot(shop, "blockLot", "L2", reason="Tapón.")
    assert (blocked["errors"], blocked["warnings"], blocked["lot"]["version"]) == ([], [], 2)
    await put_lot(shop, "blockLot", "L0")
    order = await confirmed(shop, (product, 5))
    assert await lots_of(shop, (await released(shop, order))["id"]) == [("L1", "5")]
    cart = await shop.fill(shop.buyer, (product, 1))
    before = await shop.snapshot()
    refused = await shop.place(shop.buyer, cart)
    assert [each["code"] for each in refused["errors"]] == ["OUT_OF_STOCK"]
    assert await shop.snapshot() == before

    await put_lot(shop, "unblockLot", "L2")

    assert (await shop.place(shop.buyer, cart))["errors"] == []
    assert await balance(shop, product) == (15, 6) and await shop.broken() == []
    events = "select type from outbox_event where entity_type = 'Lot' order by id"
    assert [each[0] for each in await value(shop, events)] == ["lot.blocked", "lot.blocked", "lot.unblocked"]


async def test_who_needs_it_last_loses_it_first(shop: Shop) -> None:
    product = await wine(shop)
    soon = await confirmed(shop, (product, 8), requestedOn="2026-03-10")
    late = await confirmed(shop, (product, 6), requestedOn="2026-03-20")
    await put_lot(shop, "blockLot", "L0")  # one of it is free: nobody loses more than four

    assert [(await demand(shop, each["id"]))["lines"][0]["quantityReserved"] for each in (soon, late)] == [
        "8",
        "2",
    ]
    blocked = await put_lot(shop, "blockLot", "L1")
    assert [each["message"] for each in blocked["warnings"]] == [
        "2 of VINO of order SO-2026-000002 lost the goods that were reserved for it.",
        "3 of VINO of order SO-2026-000001 lost the goods that were reserved for it.",
    ]
    now = [await demand(shop, each["id"]) for each in (soon, late)]
    assert [(each["lines"][0]["quantityReserved"], each["version"]) for each in now] == [("5", 3), ("0", 4)]
    assert await balance(shop, product) == (15, 5) and await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "mutation", "given", "code"),
    [
        ("without a reason", "blockLot", {"reason": " "}, "REASON_REQUIRED"),
        ("an old version", "blockLot", {"expectedVersion": 7}, "STALE_VERSION"),
        ("one that is not blocked", "unblockLot", {}, "INVALID_TRANSITION"),
        ("none", "blockLot", {"lotId": "nonsense"}, "NOT_FOUND"),
    ],
)
async def test_what_is_refused(
    shop: Shop, case: str, mutation: str, given: dict[str, Any], code: str
) -> None:
    product = await wine(shop)
    await released(shop, await confirmed(shop, (product, 8)))
    before = await shop.snapshot()

    refused = await put_lot(shop, mutation, "L2", **given)

    assert [each["code"] for each in refused["errors"]] == [code]
    assert await shop.snapshot() == before


async def test_nothing_of_a_blocked_lot_is_taken_in(shop: Shop) -> None:
    product = await wine(shop)
    await put_lot(shop, "blockLot", "L2")
    bought = await sent(shop, await drafted(shop, await make_supplier(shop, product), (product, 6)))
    before = await shop.snapshot()

    refused = await act(
        shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 6, lotNumber="L2")])
    )

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("INVALID", ["lines", "0", "lotNumber"])
    ]
    assert await shop.snapshot() == before


async def test_who_got_a_lot(shop: Shop) -> None:
    product = await wine(shop)
    for quantity in (4, 3):
        await shipped(shop, await released(shop, await confirmed(shop, (product, quantity))))
    await released(shop, await confirmed(shop, (product, 1)))  # has not left
    document = """query($id: ID!) { node(id: $id) { ... on Lot { recipients(first: 5) { totalCount nodes {
        customerName deliveryNumber orderNumber shippedAt quantity unit } } } } }"""
    found = {}
    for number in ("L0", "L1", "L2"):
        key = (await lot_named(shop, number))["id"]
        found[number] = (await shop.data(shop.logistics, document, id=key))["node"]["recipients"]

    rest = {"customerName": "Bar Núñez SL", "shippedAt": "2026-03-02T10:00:00Z", "unit": product.unit_code}
    first = rest | {"deliveryNumber": "DN-2026-000001", "orderNumber": "SO-2026-000001"}
    second = rest | {"deliveryNumber": "DN-2026-000002", "orderNumber": "SO-2026-000002"}
    assert found == {
        "L0": {"totalCount": 0, "nodes": []},
        "L1": {"totalCount": 1, "nodes": [second | {"quantity": "2"}]},
        "L2": {"totalCount": 2, "nodes": [second | {"quantity": "1"}, first | {"quantity": "4"}]},
    }
