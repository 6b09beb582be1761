"""Direct delivery: the supplier delivers what is left to the customer, and its word is our shipment."""

import pytest

from tests import factories as make
from tests.schema.buying import act, came, demand, done, make_supplier, of, parts, sent
from tests.schema.delivering import balance, confirmed, order_of, released, shipped, value
from tests.schema.shop import Shop


async def test_dl_14_the_remainder_is_delivered_by_the_supplier_and_dl_15_invoiced_up_to_what_came(
    shop: Shop,
) -> None:
    supplier = await make_supplier(shop, transport_days=3)
    order = await confirmed(shop, (shop.product, 15), requestedOn="2026-03-20")
    await shipped(shop, await released(shop, order, 5))
    order = await order_of(shop, order["id"])
    line = {"orderLineId": order["lines"][0]["id"], "quantity": "10"}

    bought = await done(
        shop, "createDirectDelivery", orderId=order["id"], supplierId=supplier, lines=[line],
        expectedVersion=order["version"],
    )  # fmt: skip

    assert bought["isDirect"] and await balance(shop) == (95, 0)
    now = await demand(shop, order["id"])
    parts_ = [(each["quantity"], each["warehouse"] and each["warehouse"]["code"])
              for each in now["lines"][0]["scheduleLines"]]  # fmt: skip
    assert parts_ == [("5", "MAD"), ("10", None)] and await shop.broken() == []

    bought = await done(
        shop, "confirmPurchaseOrder",
        **of(await sent(shop, bought), lines=[parts(bought["lines"][0], (10, "2026-04-12"))]),
    )  # fmt: skip
    peg = bought["lines"][0]["pegs"][0]
    assert (peg["confirmedReceiptOn"], peg["confirmedShipOn"]) == ("2026-04-12", "2026-04-09")  # DL-25
    before = await shop.snapshot()
    more = await act(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 11)]))
    assert [each["code"] for each in more["errors"]] == [
        "QUANTITY_INVALID"
    ] and await shop.snapshot() == before

    bought = await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 4)]))

    order = await order_of(shop, order["id"])
    assert (order["lines"][0]["quantityShipped"], order["deliveryState"]) == ("9", "PARTIAL")
    assert [each["status"] for each in order["deliveries"]] == ["SHIPPED", "SHIPPED"]
    ready = "select sum(quantity - quantity_invoiced) from delivery_line"
    assert await value(shop, ready) == [(9,)]  # DL-15: nothing that did not come can be invoiced
    costs = "select unit_cost, currency from delivery_line_cost order by unit_cost"
    assert await value(shop, costs) == [(4, "EUR"), (6, "EUR")]
    assert await balance(shop) == (95, 0) and await shop.broken() == []

    bought = await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 6)]))

    assert (bought["status"], (await order_of(shop, order["id"]))["deliveryState"]) == ("RECEIVED", "DONE")
    assert await shop.broken() == []


@pytest.mark.parametrize("case", ["more than is left", "on its way", "held", "stale", "not sold there"])
async def test_what_is_no_direct_delivery(shop: Shop, case: str) -> None:
    supplier = await make_supplier(shop)
    order = await confirmed(shop, (shop.product, 15))
    quantity, code = "15", "QUANTITY_INVALID"
    if case == "more than is left":
        quantity = "16"
    elif case == "on its way":
        await released(shop, order, 5)
    elif case == "held":
        code = "INVALID_TRANSITION"
        await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=2, reason="r")
    elif case == "stale":
        code = "STALE_VERSION"
    else:
        async with shop.database.job() as session:
            other = await make.make_product(session, shop.seller, stock=1)
        supplier, code = await make_supplier(shop, other), "INVALID"
    version = 1 if case == "stale" else (await order_of(shop, order["id"]))["version"]
    before = await shop.snapshot()

    refused = await act(
        shop, "createDirectDelivery", orderId=order["id"], supplierId=supplier, expectedVersion=version,
        lines=[{"orderLineId": order["lines"][0]["id"], "quantity": quantity}],
    )  # fmt: skip

    assert [each["code"] for each in refused["errors"]] == [code]
    assert await shop.snapshot() == before


async def test_two_suppliers_deliver_parts_of_one_line(shop: Shop) -> None:
    order = await confirmed(shop, (shop.product, 15))
    for version, quantity in ((2, "4"), (3, "6")):
        bought = await done(
            shop, "createDirectDelivery", orderId=order["id"], supplierId=await make_supplier(shop),
            expectedVersion=version, lines=[{"orderLineId": order["lines"][0]["id"], "quantity": quantity}],
        )  # fmt: skip
        assert bought["lines"][0]["quantityPegged"] == quantity

    assert await balance(shop) == (100, 5) and await shop.broken() == []
    assert await value(shop, "select sum(quantity) from purchase_peg") == [(10,)]


async def test_a_release_from_hold_serves_nothing_twice(shop: Shop) -> None:
    supplier = await make_supplier(shop)
    order = await confirmed(shop, (shop.product, 15))
    await done(
        shop, "createDirectDelivery", orderId=order["id"], supplierId=supplier, expectedVersion=2,
        lines=[{"orderLineId": order["lines"][0]["id"], "quantity": "10"}],
    )  # fmt: skip
    assert await balance(shop) == (100, 5)
    await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=3, reason="r")

    await shop.act(shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=4, reason="r")

    assert await balance(shop) == (100, 5) and await shop.broken() == []
    assert await value(shop, "select quantity, quantity_used from purchase_peg") == [(10, 0)]
