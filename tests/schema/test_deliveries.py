"""Deliveries: released, shipped, taken back; and what everybody sees of them."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role
from tests import factories as make
from tests.schema.delivering import (
    EMPTY,
    balance,
    confirmed,
    do,
    order_of,
    release,
    released,
    shipped,
    value,
    warehouse_id,
)
from tests.schema.shop import Shop, open_shop
from tests.schema.test_orders_acts import codes, placed


async def test_an_order_leaves_in_two_deliveries(shop: Shop) -> None:
    order = await confirmed(shop)
    assert order["allowedActions"] == ["DELIVER"]

    first = await released(shop, order, 4, plannedOn="2026-03-05")

    assert (first["number"], first["status"], first["plannedOn"], first["allowedActions"]) == (
        "DN-2026-000001", "RELEASED", "2026-03-05", ["SHIP", "CANCEL", "UPDATE", "PICK"],
    )  # fmt: skip
    assert await balance(shop) == (100, 10) and await shop.broken() == []
    order = await order_of(shop, order["id"])
    assert (order["version"], order["deliveryState"], order["lines"][0]["quantityReserved"]) == (
        3,
        "NONE",
        "10",
    )

    first = await shipped(shop, first, carrier="Transportes Sol", trackingNumber="TS-1")

    assert (first["status"], first["version"], first["carrier"], first["trackingNumber"]) == (
        "SHIPPED",
        2,
        "Transportes Sol",
        "TS-1",
    )
    assert first["allowedActions"] == ["UPDATE"] and first["shippedAt"] == "2026-03-02T10:00:00Z"
    assert await balance(shop) == (96, 6) and await shop.broken() == []
    order = await order_of(shop, order["id"])
    line = order["lines"][0]
    assert (order["deliveryState"], line["quantityReserved"], line["quantityShipped"]) == (
        "PARTIAL",
        "6",
        "4",
    )

    await shipped(shop, await released(shop, order))

    order = await order_of(shop, order["id"])
    assert (order["status"], order["deliveryState"], order["lines"][0]["quantityShipped"]) == (
        "CONFIRMED",
        "DONE",
        "10",
    )
    assert order["allowedActions"] == []  # nothing is left to ship; it closes when it is invoiced
    assert await balance(shop) == (90, 0) and await shop.broken() == []
    assert [each["action"] for each in order["timeline"]] == [
        "order.placed", "order.confirmed", "delivery.released", "delivery.shipped", "delivery.released", "delivery.shipped",
    ]  # fmt: skip


async def test_shipping_moves_stock_keeps_costs_and_posts_them(shop: Shop) -> None:
    order = await confirmed(shop)

    await shipped(shop, await released(shop, order, 4))

    assert await value(shop, "select kind, quantity, reference from stock_move where quantity < 0") == [
        ("ISSUE", -4, "DN-2026-000001")
    ]
    history = "select quantity, released_at is null from reservation order by quantity"
    assert await value(shop, history) == [(4, False), (6, True)]
    assert await value(shop, "select unit_cost, currency from delivery_line_cost") == [(6, "EUR")]
    posted = "select account, amount, currency from journal_line order by account"
    assert await value(shop, posted) == [("300", -24, "EUR"), ("600", 24, "EUR")]
    entry = "select source, posted_on, description, source_id = (select id from delivery) from journal_entry"
    assert await value(shop, entry) == [("DELIVERY", date(2026, 3, 2), "DN-2026-000001", True)]
    events = "select type from outbox_event where entity_type = 'Delivery' order by id"
    assert await value(shop, events) == [("delivery.released",), ("delivery.shipped",)]


async def test_what_costs_nothing_known_is_shipped_and_not_posted(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=5)
    order = await confirmed(shop, (product, 5))

    await shipped(shop, await released(shop, order))

    assert await value(shop, "select count(*) from journal_entry") == [(0,)]
    assert await balance(shop, product) == (0, 0) and await shop.broken() == []


async def test_an_invoiced_order_closes_when_the_last_of_it_leaves(shop: Shop) -> None:
    order = await confirmed(shop)
    delivery = await released(shop, order)
    async with shop.database.job() as session:  # as a periodic invoice ahead of delivery would
        await session.execute(text("update sales_order_line set quantity_invoiced = 10"))

    await shipped(shop, delivery)

    order = await order_of(shop, order["id"])
    assert (order["status"], order["timeline"][-1]["action"]) == ("CLOSED", "order.closed")
    assert await shop.broken() == []


async def test_a_cancelled_delivery_leaves_the_order_as_it_was(shop: Shop) -> None:
    order = await confirmed(shop)
    delivery = await released(shop, order)

    done = await do(
        shop, "cancelDelivery", deliveryId=delivery["id"], expectedVersion=1, reason="camión averiado"
    )

    assert done["errors"] == []
    assert (done["delivery"]["status"], done["delivery"]["statusReason"], done["delivery"]["allowedActions"]) == (
        "CANCELLED", "camión averiado", [],
    )  # fmt: skip
    assert done["delivery"]["paperUrl"] is None
    assert await balance(shop) == (100, 10) and await shop.broken() == []
    again = await released(shop, await order_of(shop, order["id"]))
    assert again["lines"][0]["quantity"] == "10"


async def test_carrier_and_note_may_come_later_and_nothing_else(shop: Shop) -> None:
    delivery = await shipped(shop, await released(shop, await confirmed(shop)), carrier="Sol")

    done = await do(
        shop,
        "updateDelivery",
        deliveryId=delivery["id"],
        expectedVersion=2,
        trackingNumber=" TS-9 ",
        internalNote="frágil",
    )

    assert (done["delivery"]["trackingNumber"], done["delivery"]["carrier"], done["delivery"]["version"]) == (
        "TS-9",
        "Sol",
        3,
    )
    for mutation, more in (("shipDelivery", EMPTY), ("cancelDelivery", {"reason": "x"})):
        before = await shop.snapshot()
        refused = await do(shop, mutation, deliveryId=delivery["id"], expectedVersion=3, **more)
        assert codes(refused) == ["INVALID_TRANSITION"] and await shop.snapshot() == before


# Refusals change nothing


@pytest.mark.parametrize(
    ("label", "given", "code", "path"),
    [
        ("more than is reserved", {"quantity": "11"}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("nothing", {"quantity": "0"}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("less than nothing", {"quantity": "-1"}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("part of a piece", {"quantity": "0.5"}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("a lot of what has none", {"quantity": "1", "lots": [{"number": "L1", "quantity": "1"}]}, "INVALID", ["lines", "0", "lots"]),
    ],
)  # fmt: skip
async def test_a_line_that_cannot_be_released(
    shop: Shop, label: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    order = await confirmed(shop)
    before = await shop.snapshot()

    done = await release(shop, order, lines=[{"orderLineId": order["lines"][0]["id"], **given}])

    assert [(each["code"], each["path"]) for each in done["errors"]] == [(code, path)], label
    assert done["delivery"] is None and await shop.snapshot() == before


async def test_releases_that_are_refused(shop: Shop) -> None:
    order = await confirmed(shop)
    waiting = await placed(shop, 3)
    foreign = await shop.place(shop.stranger, await shop.fill(shop.stranger, (shop.product, 3)))
    async with shop.database.job() as session:
        await make.make_warehouse(session, shop.seller, "BCN", priority=2)
    line = order["lines"][0]["id"]
    other_line = foreign["order"]["lines"][0]["id"]
    before = await shop.snapshot()
    for label, given, expected in (
        ("stale", {"expectedVersion": 1}, ("STALE_VERSION", ["expectedVersion"])),
        ("not confirmed", {"orderId": waiting["id"], "expectedVersion": 1}, ("INVALID_TRANSITION", [])),
        ("unknown order", {"orderId": line}, ("NOT_FOUND", ["orderId"])),
        ("unknown warehouse", {"warehouseId": order["id"]}, ("NOT_FOUND", ["warehouseId"])),
        ("nothing lies there", {"warehouseId": await warehouse_id(shop, "BCN")}, ("INVALID", ["warehouseId"])),
        ("another order's line", {"lines": [{"orderLineId": other_line, "quantity": "1"}]}, ("NOT_FOUND", ["lines", "0", "orderLineId"])),
        ("twice", {"lines": [{"orderLineId": line, "quantity": "1"}] * 2}, ("INVALID", ["lines", "1", "orderLineId"])),
        ("no lines", {"lines": []}, ("INVALID", ["lines"])),
        ("in the past", {"plannedOn": "2026-03-01"}, ("PAST_DATE", ["plannedOn"])),
    ):  # fmt: skip
        done = await release(shop, order, **given)
        assert [(each["code"], each["path"]) for each in done["errors"]] == [expected], label
    assert await shop.snapshot() == before


async def test_a_quantity_is_released_once(shop: Shop) -> None:
    order = await confirmed(shop)
    await released(shop, order, 7)
    order = await order_of(shop, order["id"])
    before = await shop.snapshot()

    done = await release(shop, order, lines=[{"orderLineId": order["lines"][0]["id"], "quantity": "4"}])

    assert (
        codes(done) == ["QUANTITY_INVALID"]
        and done["errors"][0]["message"] == "Between 0 and 3 of ACE-001 can be released from MAD."
    )
    assert await shop.snapshot() == before
    await released(shop, order, 3)
    assert (await order_of(shop, order["id"]))["allowedActions"] == []
    gone = await release(shop, await order_of(shop, order["id"]))
    assert codes(gone) == ["INVALID_TRANSITION"]


async def test_a_stale_delivery_is_not_shipped(shop: Shop) -> None:
    delivery = await released(shop, await confirmed(shop))
    await do(shop, "updateDelivery", deliveryId=delivery["id"], expectedVersion=1, carrier="Sol")
    before = await shop.snapshot()

    done = await do(shop, "shipDelivery", deliveryId=delivery["id"], expectedVersion=1)

    assert codes(done) == ["STALE_VERSION"] and done["errors"][0]["currentVersion"] == 2
    assert await shop.snapshot() == before


async def test_a_key_ships_once_and_a_dry_run_never(shop: Shop) -> None:
    order = await confirmed(shop)
    before = await shop.snapshot()
    given = {
        "orderId": order["id"],
        "expectedVersion": order["version"],
        "warehouseId": await warehouse_id(shop),
    }
    tried = await do(shop, "releaseDelivery", directives="@dryRun", **given)
    assert tried["delivery"]["number"] is None and tried["errors"] == [] and await shop.snapshot() == before

    once, twice = [await do(shop, "releaseDelivery", key="same", **given) for _ in range(2)]

    assert (once["replayed"], twice["replayed"]) == (False, True) and once["delivery"] == twice["delivery"]
    assert await value(shop, "select count(*) from delivery") == [(1,)]


# Credit


async def test_a_hold_takes_back_what_has_not_left(shop: Shop) -> None:
    order = await confirmed(shop)
    await shipped(shop, await released(shop, order, 4))
    order = await order_of(shop, order["id"])
    await released(shop, order, 3)
    order = await order_of(shop, order["id"])

    held = await shop.act(
        shop.rep, "holdOrder", orderId=order["id"], expectedVersion=order["version"], reason="revisar"
    )

    assert held["errors"] == []
    order = await order_of(shop, order["id"])
    assert [each["status"] for each in order["deliveries"]] == ["SHIPPED", "CANCELLED"]
    assert await balance(shop) == (96, 0) and await shop.broken() == []

    go = await shop.act(
        shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=order["version"], reason="ya está"
    )

    assert go["errors"] == [] and await balance(shop) == (96, 6) and await shop.broken() == []
    await shipped(shop, await released(shop, await order_of(shop, order["id"])))
    assert await balance(shop) == (90, 0) and await shop.broken() == []


async def test_a_buyer_who_cancels_takes_it_back_from_the_warehouse(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=8, is_lot_tracked=True)
    order = await confirmed(shop, (product, 8))
    await released(shop, order)
    order = await order_of(shop, order["id"])

    done = await shop.act(
        shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=order["version"], reason="ya no"
    )

    assert done["order"]["status"] == "CANCELLED"
    assert await value(shop, "select status, status_reason from delivery") == [("CANCELLED", "ya no")]
    assert await value(shop, "select on_hand, allocated from lot_balance") == [(8, 0)]
    assert await balance(shop, product) == (8, 0) and await shop.broken() == []


async def test_a_line_is_cut_around_what_left_and_what_is_leaving(shop: Shop) -> None:
    order = await confirmed(shop)
    await shipped(shop, await released(shop, order, 4))
    await released(shop, await order_of(shop, order["id"]), 3)
    order = await order_of(shop, order["id"])
    line = order["lines"][0]["id"]
    before = await shop.snapshot()

    refused = await shop.act(
        shop.rep,
        "cancelOrderLine",
        orderLineId=line,
        quantity="4",
        expectedVersion=order["version"],
        reason="menos",
    )

    assert (
        codes(refused) == ["QUANTITY_INVALID"]
        and "3 of ACE-001 are released" in refused["errors"][0]["message"]
    )
    assert await shop.snapshot() == before

    done = await shop.act(
        shop.rep,
        "cancelOrderLine",
        orderLineId=line,
        quantity="3",
        expectedVersion=order["version"],
        reason="menos",
    )

    assert done["errors"] == [] and await balance(shop) == (96, 3) and await shop.broken() == []
    (waiting,) = (
        await shop.data(
            shop.logistics, "{ deliveries(where: {status: {eq: RELEASED}}) { nodes { id version } } }"
        )
    )["deliveries"]["nodes"]
    await shipped(shop, waiting)
    order = await order_of(shop, order["id"])
    assert (
        order["deliveryState"],
        order["lines"][0]["quantityShipped"],
        order["lines"][0]["quantityCancelled"],
    ) == ("DONE", "7", "3")
    assert await shop.broken() == []


# Lots


async def test_services_leave_with_the_goods(shop: Shop) -> None:
    async with shop.database.job() as session:
        service = await make.make_product(session, shop.seller, stock=None, kind="SERVICE", sku="MONTAJE")
    order = await confirmed(shop, (shop.product, 2), (service, 1))

    delivery = await shipped(shop, await released(shop, order))

    assert [(line["sku"], line["quantity"]) for line in delivery["lines"]] == [
        ("ACE-001", "2"),
        ("MONTAJE", "1"),
    ]
    assert (await order_of(shop, order["id"]))["deliveryState"] == "DONE"
    assert await value(shop, "select count(*) from stock_move where quantity < 0") == [(1,)]
    assert await shop.broken() == []


# Who sees what


async def test_everybody_sees_the_deliveries_of_their_orders(shop: Shop) -> None:
    async with shop.database.job() as session:
        mate = await make.make_user(session, shop.seller, customer=shop.customer)
        admin = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
        rep = await make.make_rep(session, shop.seller)
    delivery = await released(shop, await confirmed(shop))
    listed = "{ deliveries { totalCount nodes { number } } }"
    one = "query($id: ID!) { delivery(by: {id: $id}) { number allowedActions } node(id: $id) { id } }"
    seers = {
        "buyer": shop.buyer,
        "rep": shop.rep,
        "finance": shop.finance,
        "admin": await make.viewer_of(shop.database, admin),
    }
    blind = {
        "stranger": shop.stranger,
        "mate": await make.viewer_of(shop.database, mate),
        "other rep": await make.viewer_of(shop.database, rep),
    }

    for name, viewer in (seers | blind).items():
        found = (await shop.data(viewer, listed))["deliveries"]["nodes"]
        assert found == ([{"number": delivery["number"]}] if name in seers else []), name
        alone = await shop.data(viewer, one, id=delivery["id"])
        expected = {"number": delivery["number"], "allowedActions": []} if name in seers else None
        assert alone["delivery"] == expected and (alone["node"] is None) == (name in blind), name


async def test_the_desk_finds_what_is_to_be_released(shop: Shop) -> None:
    await placed(shop, 1)  # not confirmed
    ready = await confirmed(shop, requestedOn="2026-03-20")
    gone = await confirmed(shop)
    await released(shop, gone)
    document = """{ orders(where: {isReleasable: {eq: true}}) { nodes { id
        releasable { orderLineId sku quantity dueOn warehouse { code } } } } }"""

    found = (await shop.data(shop.logistics, document))["orders"]["nodes"]

    assert found == [{"id": ready["id"], "releasable": [
        {"orderLineId": ready["lines"][0]["id"], "sku": "ACE-001", "quantity": "10", "dueOn": "2026-03-20", "warehouse": {"code": "MAD"}},
    ]}]  # fmt: skip


async def test_deliveries_are_searched_filtered_and_ordered(shop: Shop) -> None:
    first = await shipped(
        shop, await released(shop, await confirmed(shop), plannedOn="2026-03-09"), trackingNumber="ZZ-77"
    )
    second = await released(shop, await confirmed(shop), plannedOn="2026-03-04")
    for given, expected in (
        ('search: "zz-7"', [first]), ('search: "nunez"', [second, first]), ('search: "ace-0"', [second, first]),
        ('search: "nothing"', []), ("where: {status: {eq: RELEASED}}", [second]),
        ('where: {plannedOn: {lt: "2026-03-09"}}', [second]),
        ("orderBy: [{field: PLANNED_ON, direction: DESC}]", [first, second]),
    ):  # fmt: skip
        found = (await shop.data(shop.logistics, f"{{ deliveries({given}) {{ nodes {{ number }} }} }}"))[
            "deliveries"
        ]
        assert [each["number"] for each in found["nodes"]] == [each["number"] for each in expected], given


async def test_another_house_is_as_good_as_nowhere(shop: Shop) -> None:
    """Logistics see everything of their house, so what is foreign to them is another house's."""
    order = await confirmed(shop)
    delivery = await released(shop, order, 4)
    other = await open_shop(shop.database)
    stranger, warehouse = other.logistics, await warehouse_id(shop)
    before = await shop.snapshot()

    assert (await shop.data(stranger, "{ deliveries { totalCount } orders { totalCount } }")) == {
        "deliveries": {"totalCount": 0}, "orders": {"totalCount": 0},
    }  # fmt: skip
    given = {"orderId": order["id"], "warehouseId": warehouse, "expectedVersion": 3}
    for mutation, values, path in (
        ("releaseDelivery", given, ["orderId"]),
        ("shipDelivery", {"deliveryId": delivery["id"], "expectedVersion": 1}, ["deliveryId"]),
        (
            "cancelDelivery",
            {"deliveryId": delivery["id"], "expectedVersion": 1, "reason": "x"},
            ["deliveryId"],
        ),
        (
            "updateDelivery",
            {"deliveryId": delivery["id"], "expectedVersion": 1, "carrier": "x"},
            ["deliveryId"],
        ),
    ):
        done = await do(shop, mutation, stranger, **values)
        assert [(each["code"], each["path"]) for each in done["errors"]] == [("NOT_FOUND", path)], mutation
    assert await shop.snapshot() == before


async def test_nothing_leaves_on_a_day_whose_books_are_closed(shop: Shop) -> None:
    delivery = await released(shop, await confirmed(shop))
    async with shop.database.job() as session:
        await session.execute(text("update seller set books_closed_until = date '2026-03-02'"))
    before = await shop.snapshot()

    refused = await do(shop, "shipDelivery", deliveryId=delivery["id"], expectedVersion=delivery["version"])

    assert codes(refused) == ["PERIOD_CLOSED"] and refused["errors"][0]["path"] == ["deliveryId"]
    assert await shop.snapshot() == before
