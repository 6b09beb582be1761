"""Lots that customers ask for, take one of, or never get; and what leaves when their orders are released."""

from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from models.scheduling import DeliverySetting
from rules.states import DeliveryControl, LotCriterion
from schema.ids import encode_id
from tests import factories as make
from tests.schema.delivering import (
    confirmed,
    do,
    order_of,
    release,
    released,
    shipped,
    value,
    warehouse_id,
)
from tests.schema.shop import Shop
from tests.schema.test_deliveries_lots import lots_of, wine
from tests.schema.test_lots import put_lot
from tests.schema.test_orders_acts import codes

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


async def test_what_a_delivery_took_is_held_again_when_it_is_taken_back(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 6))
    await request(shop, order, ("L1", "4"))
    delivery = await released(shop, await order_of(shop, order["id"]))
    assert await lots_of(shop, delivery["id"]) == [("L2", "2"), ("L1", "4")]

    await do(shop, "cancelDelivery", deliveryId=delivery["id"], expectedVersion=1, reason="r")

    assert await held(shop, order) == [("L1", "4", "4")]
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 5, 4), ("L2", 5, 0)]
    assert await shop.broken() == []


async def test_another_list_takes_the_place_of_the_old_one(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 6))
    await request(shop, order, ("L1", "4"))
    await shipped(shop, await released(shop, await order_of(shop, order["id"]), 1))

    await request(shop, order, ("L2", "2"), ("L1", "3"))

    assert await held(shop, order) == [("L2", "2", "2"), ("L1", "4", "3")]
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 4, 3), ("L2", 5, 2)]
    await request(shop, order)
    assert await held(shop, order) == [("L1", "1", "0")]
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 4, 0), ("L2", 5, 0)]
    assert await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "lots", "code", "path"),
    [
        ("it expires today", [("L0", "1")], "OUT_OF_STOCK", ["lots", "0", "number"]),
        ("blocked", [("L2", "1")], "OUT_OF_STOCK", ["lots", "0", "number"]),
        ("banned", [("L1", "1")], "OUT_OF_STOCK", ["lots", "0", "number"]),
        ("unknown", [("L9", "1")], "NOT_FOUND", ["lots", "0", "number"]),
        ("more than is free of it", [("L3", "6")], "OUT_OF_STOCK", ["lots", "0", "quantity"]),
        ("more than the line", [("L3", "4"), ("L4", "3")], "QUANTITY_INVALID", ["lots", "1", "quantity"]),
        ("half a bottle", [("L3", "0.5")], "QUANTITY_INVALID", ["lots", "0", "quantity"]),
    ],
)
async def test_lots_that_cannot_be_held(
    shop: Shop, case: str, lots: list[tuple[str, str]], code: str, path: list[str]
) -> None:
    product = await wine(shop)
    async with shop.database.job() as session:
        for number in ("L3", "L4"):
            await make.make_stock(session, product, 5, lot=number, expires_on=date(2026, 6, 1))
    order = await confirmed(shop, (product, 6))
    await put_lot(shop, "blockLot", "L2")
    assert (await ban(shop, "L1"))["errors"] == []
    before = await shop.snapshot()

    refused = await request(shop, order, *lots)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def test_what_has_no_lots_has_none_to_ask_for(shop: Shop) -> None:
    order = await confirmed(shop)
    before = await shop.snapshot()

    asked = await request(shop, order, ("L1", "1"))
    one = await act(
        shop, "selectLots", orderLineId=order["lines"][0]["id"], selection="ANY", expectedVersion=2
    )

    assert [(each["code"], each["path"]) for each in asked["errors"] + one["errors"]] == [
        ("INVALID", ["orderLineId"]),
        ("INVALID", ["orderLineId"]),
    ]
    assert await shop.snapshot() == before


async def test_what_is_not_reserved_any_more_is_not_held(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 6))
    await request(shop, order, ("L1", "4"), ("L2", "2"))
    line = order["lines"][0]["id"]

    cut = await shop.act(
        shop.rep, "cancelOrderLine", orderLineId=line, expectedVersion=3, quantity="3", reason="r"
    )

    assert [each["message"] for each in cut["warnings"]] == [
        "1 of lot L1, which the customer asked for, are not held any more.",
        "2 of lot L2, which the customer asked for, are not held any more.",
    ]
    assert await held(shop, order) == [("L1", "3", "3")] and await shop.broken() == []
    parts = [{"quantity": "1", "warehouseId": await warehouse_id(shop)}, {"quantity": "2"}]
    moved = await shop.act(shop.rep, "rescheduleOrderLine", orderLineId=line, expectedVersion=4, parts=parts)
    assert moved["errors"] == [] and await held(shop, order) == [("L1", "1", "1")]
    assert await shop.broken() == []
    await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=5, reason="r")
    assert await held(shop, order) == [] and await shop.broken() == []
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 5, 0), ("L2", 5, 0)]


async def test_whoever_releases_may_name_others_and_what_is_left_unserved_is_told(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 5))
    await request(shop, order, ("L1", "4"))
    line = {"orderLineId": order["lines"][0]["id"], "quantity": "5"}

    done = await release(
        shop,
        await order_of(shop, order["id"]),
        lines=[line | {"lots": [{"number": "L2", "quantity": "3"}]}],
    )

    assert await lots_of(shop, done["delivery"]["id"]) == [("L2", "3"), ("L1", "2")]
    assert [each["message"] for each in done["warnings"]] == [
        "2 of lot L1, which the customer asked for, are not held any more."
    ]
    assert await held(shop, order) == [("L1", "2", "0")] and await shop.broken() == []


async def test_a_blocked_lot_is_held_for_nobody_and_others_stay_held(shop: Shop) -> None:
    product = await wine(shop)
    first = await confirmed(shop, (product, 5))
    await request(shop, first, ("L1", "5"))
    second = await confirmed(shop, (product, 8))
    await request(shop, second, ("L2", "3"))

    blocked = await put_lot(shop, "blockLot", "L2")

    assert [each["message"] for each in blocked["warnings"]] == [
        "3 of lot L2, which the customer asked for, are not held any more.",
        "3 of VINO of order SO-2026-000002 lost the goods that were reserved for it.",
    ]
    assert (await held(shop, first), await held(shop, second)) == ([("L1", "5", "5")], [])
    assert await shop.broken() == []


async def test_what_was_good_when_it_was_asked_for_is_judged_again_at_release(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 2))
    assert (await request(shop, order, ("L2", "2")))["errors"] == []
    before = await shop.snapshot()

    refused = await release(shop, await order_of(shop, order["id"]), plannedOn="2026-05-01")

    assert [(each["code"], each["path"], each["message"]) for each in refused["errors"]] == [
        (
            "OUT_OF_STOCK",
            ["lots"],
            "Lot L2, which the customer asked for, is blocked, or will have expired on May 1, 2026.",
        )
    ]
    assert await shop.snapshot() == before


# Banned


async def customer(shop: Shop) -> dict[str, Any]:
    key = str(encode_id("Customer", shop.customer.id))
    found: dict[str, Any] = (await shop.data(shop.rep, CUSTOMER, id=key))["node"]
    return {"customerId": key, "expectedVersion": found.pop("version"), "is": found}


async def ban(shop: Shop, number: str, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
    known = await customer(shop)
    del known["is"]
    return await act(
        shop, "banLot", viewer, **(known | {"sku": "VINO", "lotNumber": number, "reason": "r"} | given)
    )


async def test_a_banned_lot_never_leaves_for_the_customer(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 4))
    await request(shop, order, ("L2", "1"))
    waiting = await released(
        shop, await order_of(shop, order["id"]), 3
    )  # the one asked for, and two more of L2

    banned = await ban(shop, "L2", reason="Alérgeno.")

    assert [each["message"] for each in banned["warnings"]] == [
        f"Delivery {waiting['number']} held some of lot L2 and was taken back.",
        "1 of lot L2, which the customer asked for, are not held any more.",
    ]
    known = await customer(shop)
    assert [(each["sku"], each["lotNumber"], each["reason"]) for each in known["is"]["lotBans"]] == [
        ("VINO", "L2", "Alérgeno.")
    ]
    assert await value(shop, BALANCES) == [("L0", 5, 0), ("L1", 5, 0), ("L2", 5, 0)]
    assert await shop.broken() == []
    again = await released(shop, await order_of(shop, order["id"]))
    assert await lots_of(shop, again["id"]) == [("L1", "4")]
    line = {"orderLineId": order["lines"][0]["id"], "quantity": "1"}
    other = await confirmed(shop, (product, 2))
    before = await shop.snapshot()
    for lots in ([{"number": "L2", "quantity": "1"}], []):  # named, or because nothing else suffices
        line = {"orderLineId": other["lines"][0]["id"], "quantity": "2", "lots": lots}
        assert codes(await release(shop, other, lines=[line])) == ["OUT_OF_STOCK"]
    assert await shop.snapshot() == before

    lot = known["is"]["lotBans"][0]["lotId"]
    allowed = await act(
        shop, "allowLot", shop.logistics, lotId=lot,
        **{each: known[each] for each in ("customerId", "expectedVersion")},
    )  # fmt: skip

    assert allowed["errors"] == [] and (await customer(shop))["is"]["lotBans"] == []
    assert await lots_of(shop, (await released(shop, other))["id"]) == [("L2", "2")]


@pytest.mark.parametrize(
    ("case", "given", "code", "path"),
    [
        ("no reason", {"reason": " "}, "REASON_REQUIRED", ["reason"]),
        ("another product's", {"sku": "ACE-001"}, "NOT_FOUND", ["lotNumber"]),
        ("banned already", {"lotNumber": "L1"}, "ALREADY_EXISTS", ["lotNumber"]),
        ("an old version", {"expectedVersion": 7}, "STALE_VERSION", ["expectedVersion"]),
        ("a customer of others", {"customerId": "other"}, "NOT_FOUND", ["customerId"]),
    ],
)
async def test_bans_that_are_refused(
    shop: Shop, case: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    await wine(shop)
    await ban(shop, "L1")
    if given.get("customerId"):
        given = {"customerId": str(encode_id("Customer", shop.other.id))}
    before = await shop.snapshot()

    refused = await ban(shop, "L2", **given)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def test_banned_lots_are_promised_to_others_only(shop: Shop) -> None:
    await wine(shop)
    await ban(shop, "L1")
    document = """query($for: ID) { availability(customerId: $for, products: [{sku: "VINO", quantity: "8"}])
        { promise { shipOn } ladder { quantity } lots { number isSellable } } }"""
    found = []
    for who in (shop.customer, shop.other):
        given = {"for": str(encode_id("Customer", who.id))}
        found.append((await shop.data(shop.logistics, document, **given))["availability"][0])

    assert [[(lot["number"], lot["isSellable"]) for lot in each["lots"]] for each in found] == [
        [("L0", False), ("L2", True), ("L1", False)],
        [("L0", False), ("L2", True), ("L1", True)],
    ]
    assert [each["promise"]["shipOn"] for each in found] == [None, "2026-03-02"]


# One lot


@pytest.mark.parametrize(
    ("selection", "lots"),
    [
        ("ANY", [("L2", "5"), ("L1", "1")]),
        ("ONE_ELSE_SEVERAL", [("L3", "6")]),
        ("ONE_ELSE_LESS", [("L3", "6")]),
        ("ONE_ELSE_NONE", [("L3", "6")]),
    ],
)
async def test_a_line_leaves_of_one_lot(shop: Shop, selection: str, lots: list[tuple[str, str]]) -> None:
    product = await wine(shop)
    async with shop.database.job() as session:
        await make.make_stock(session, product, 7, lot="L3", expires_on=date(2026, 9, 1))
    order = await confirmed(shop, (product, 6))
    line = order["lines"][0]["id"]
    chosen = await act(shop, "selectLots", orderLineId=line, selection=selection, expectedVersion=2)
    assert (chosen["errors"], (await lines_of(shop, order["id"]))["lines"][0]["lotSelection"]) == (
        [],
        selection,
    )

    delivery = await released(shop, await order_of(shop, order["id"]))

    assert await lots_of(shop, delivery["id"]) == lots and await shop.broken() == []


async def test_what_no_lot_holds_alone(shop: Shop) -> None:
    product = await wine(shop)
    known = await customer(shop)
    del known["is"]
    assert (await act(shop, "setLotSelection", selection="ONE_ELSE_LESS", **known))["errors"] == []
    less = await confirmed(shop, (product, 7))

    done = await release(shop, less)

    assert await lots_of(shop, done["delivery"]["id"]) == [("L2", "5")]
    assert [(each["code"], each["message"]) for each in done["warnings"]] == [
        ("BACKORDERED", "5 of 7 VINO leave: no lot alone holds more.")
    ]
    now = await order_of(shop, less["id"])
    assert now["lines"][0]["quantityReserved"] == "7" and await shop.broken() == []
    # The line's own word goes before the customer's; beside it, what else is ordered leaves.
    none = await confirmed(shop, (product, 6), (shop.product, 1))
    line = none["lines"][0]["id"]
    await act(shop, "selectLots", orderLineId=line, selection="ONE_ELSE_NONE", expectedVersion=2)
    done = await release(shop, await order_of(shop, none["id"]))
    assert [(each["sku"], each["quantity"]) for each in done["delivery"]["lines"]] == [("ACE-001", "1")]
    assert [each["message"] for each in done["warnings"]] == ["0 of 6 VINO leave: no lot alone holds more."]
    now, before = await order_of(shop, none["id"]), await shop.snapshot()
    refused = await release(shop, now)
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("OUT_OF_STOCK", ["lines"])]
    assert await shop.snapshot() == before and await shop.broken() == []


async def test_one_lot_only_is_not_several_that_were_asked_for(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 6))
    line = order["lines"][0]["id"]
    await request(shop, order, ("L1", "2"), ("L2", "2"))
    before = await shop.snapshot()
    refused = await act(shop, "selectLots", orderLineId=line, selection="ONE_ELSE_LESS", expectedVersion=3)
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["selection"])]
    assert await shop.snapshot() == before
    await request(shop, order, ("L1", "2"))
    await act(shop, "selectLots", orderLineId=line, selection="ONE_ELSE_LESS", expectedVersion=4)
    before = await shop.snapshot()

    refused = await request(shop, order, ("L1", "2"), ("L2", "2"))

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["lots"])]
    assert await shop.snapshot() == before


# How a product is picked


@pytest.mark.parametrize(
    ("criterion", "lots"),
    [
        ("EXPIRY", [("A", "5"), ("B", "1")]),
        ("BEST_BEFORE", [("B", "5"), ("C", "1")]),
        ("FIFO", [("C", "5"), ("A", "1")]),
        ("BACKWARD_FROM_SHIP", [("B", "5"), ("A", "1")]),
    ],
)
async def test_every_criterion_picks_at_release(
    shop: Shop, criterion: str, lots: list[tuple[str, str]]
) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="QUESO")
        for number, received, best_before, expires in (
            ("A", date(2026, 1, 2), date(2026, 5, 30), date(2026, 6, 1)),
            ("B", date(2026, 1, 3), date(2026, 5, 1), date(2026, 7, 1)),
            ("C", date(2026, 1, 1), date(2026, 5, 15), date(2026, 8, 1)),
        ):
            await make.make_stock(session, product, 5, lot=number, expires_on=expires)
            await session.execute(
                text("update lot set received_on = :received, best_before_on = :best where number = :number"),
                {"received": received, "best": best_before, "number": number},
            )
        session.add(
            DeliverySetting(
                seller_id=shop.seller.id, product_id=product.id, method=DeliveryControl.ATP,
                lot_criterion=LotCriterion(criterion),
            )
        )  # fmt: skip

    delivery = await released(shop, await confirmed(shop, (product, 6)))

    assert sorted(await lots_of(shop, delivery["id"])) == sorted(lots)
