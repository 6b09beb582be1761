"""Lots that customers ask for, take one of, or never get; and what leaves when their orders are released."""

from itertools import count
from typing import Any

from auth.permissions import Viewer
from tests.schema.delivering import confirmed, order_of, released, shipped, value
from tests.schema.shop import Shop
from tests.schema.test_deliveries_lots import lots_of, wine

_keys = count(1)
LINES = """query($id: ID!) { order(by: {id: $id}) { version lines { lotSelection
    requestedLots { number quantity quantityHeld warehouse { code } } } } }"""
CUSTOMER = """query($id: ID!) { node(id: $id) { ... on Customer { version lotSelection
    lotBans { lotId sku lotNumber reason bannedByName } } } }"""
BALANCES = """select lot.number, balance.on_hand, balance.allocated from lot_balance balance
    join lot on lot.id = lot_id order by 1"""


async def act(shop: Shop, mutation: str, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
    """The payload, as a rep."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    of = "order { version }" if "orderLineId" in given else "customer { version }"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ {of}
        errors {{ code message path }} warnings {{ code message }} }} }}"""
    answer = await shop.data(viewer or shop.rep, document, f"by-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def lines_of(shop: Shop, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(shop.rep, LINES, id=order_id))["order"]
    return found


async def request(shop: Shop, order: dict[str, Any], *lots: tuple[str, str], **given: Any) -> dict[str, Any]:
    now = await order_of(shop, order["id"])
    values = {
        "orderLineId": order["lines"][0]["id"],
        "lots": [{"number": number, "quantity": quantity} for number, quantity in lots],
        "expectedVersion": now["version"],
    }
    return await act(shop, "requestLots", **(values | given))


async def held(shop: Shop, order: dict[str, Any]) -> list[tuple[str, str, str]]:
    line = (await lines_of(shop, order["id"]))["lines"][0]
    return [(each["number"], each["quantity"], each["quantityHeld"]) for each in line["requestedLots"]]


async def test_a_lot_that_is_asked_for_is_held_at_once_and_leaves_first(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 6))

    asked = await request(shop, order, ("L1", "4"))

    assert (asked["errors"], asked["warnings"], asked["order"]["version"]) == ([], [], 3)
    assert await held(shop, order) == [("L1", "4", "4")]
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 5, 4), ("L2", 5, 0)]
    other = await confirmed(shop, (product, 6))  # another order takes what the lot has left at most
    assert await lots_of(shop, (await released(shop, other))["id"]) == [("L2", "5"), ("L1", "1")]
    assert await shop.broken() == []

    delivery = await released(shop, await order_of(shop, order["id"]), 4)

    assert await lots_of(shop, delivery["id"]) == [("L1", "4")]
    assert await held(shop, order) == [("L1", "4", "0")] and await shop.broken() == []
    await shipped(shop, delivery)
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 1, 1), ("L2", 5, 5)]
    assert await held(shop, order) == [("L1", "4", "0")] and await shop.broken() == []
