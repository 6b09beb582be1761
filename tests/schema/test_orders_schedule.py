"""Delivering a line another way: what is offered, and what choosing makes of the line, whose price stays."""

from typing import Any

import pytest
from sqlalchemy import text

from models.products import Product, ProductRelation
from rules.states import RelationKind
from tests import factories as make
from tests.schema.buying import demand, make_supplier
from tests.schema.delivering import confirmed, order_of, released, value, warehouse_id
from tests.schema.shop import Shop

ALTERNATIVES = """query($line: ID!, $include: [AlternativeKind!]) {
    deliveryAlternatives(orderLineId: $line, include: $include) {
        kind receiptOn warehouse { code } product { sku } parts { quantity receiptOn warehouse { code } } why { reason on } } }"""


async def two_places(shop: Shop) -> Product:
    """Four pieces in Madrid and ten in Bilbao."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=4, sku="MESA", out_of_stock_policy="BACKORDER"
        )
        bilbao = await make.make_warehouse(session, shop.seller, code="BIO", priority=2)
        await make.make_stock(session, product, 10, bilbao)
    return product


async def choose(
    shop: Shop, order: dict[str, Any], *parts: tuple[int, str, str], **given: Any
) -> dict[str, Any]:
    """Parts as (quantity, warehouse or nothing, day or nothing)."""
    inputs = [
        {
            "quantity": str(quantity),
            "warehouseId": await warehouse_id(shop, place) if place else None,
            "requestedOn": day or None,
        }
        for quantity, place, day in parts
    ]
    values = {"orderLineId": order["lines"][0]["id"], "expectedVersion": order["version"], "parts": inputs}
    return await shop.act(shop.rep, "rescheduleOrderLine", **(values | given))


def schedule(order: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [
        (each["quantity"], each["warehouse"] and each["warehouse"]["code"], each["requestedOn"])
        for each in order["lines"][0]["scheduleLines"]
    ]


async def test_what_is_offered(shop: Shop) -> None:
    product = await two_places(shop)
    await make_supplier(shop, product, multiple_quantity=6)
    order = await confirmed(shop, (product, 6))

    async def offered(**given: Any) -> list[tuple[str, str, str | None, list[str]]]:
        found = await shop.data(shop.rep, ALTERNATIVES, line=order["lines"][0]["id"], **given)
        return [
            (each["kind"], each["receiptOn"], each["warehouse"] and each["warehouse"]["code"],
             [part["quantity"] for part in each["parts"]])
            for each in found["deliveryAlternatives"]
        ]  # fmt: skip

    async with shop.database.job() as session:
        other = await make.make_product(session, shop.seller, price="10", stock=9, sku="MESA-2")
        session.add(
            ProductRelation(
                product_id=product.id, related_product_id=other.id, kind=RelationKind.SUBSTITUTE, position=1
            )
        )
    everything = await offered()
    assert everything == [
        ("LATER", "2026-03-02", "BIO", ["6"]),
        ("SUBSTITUTE", "2026-03-02", "MAD", ["6"]),
        ("DIRECT", "2026-03-09", None, ["6"]),
    ]
    assert await offered(include=["DIRECT"]) == everything[2:]


async def test_an_offer_says_what_it_rests_on_and_leaves_out_what_is_on_its_way(shop: Shop) -> None:
    product = await two_places(shop)
    order = await confirmed(shop, (product, 6))
    await released(shop, await order_of(shop, order["id"]), 2, warehouseId=await warehouse_id(shop, "BIO"))

    found = await shop.data(shop.rep, ALTERNATIVES, line=order["lines"][0]["id"])

    days = [{"reason": "ORDER_ENTRY", "on": "2026-03-02"}, {"reason": "ON_HAND", "on": "2026-03-02"},
            {"reason": "TRANSPORT", "on": "2026-03-02"}]  # fmt: skip
    offered = [
        (each["kind"], each["parts"][0]["quantity"], each["parts"][0]["warehouse"], each["why"])
        for each in found["deliveryAlternatives"]
    ]
    assert offered == [
        ("LATER", "4", {"code": "BIO"}, days), ("OTHER_WAREHOUSE", "4", {"code": "MAD"}, days),
    ]  # fmt: skip

    # What is not there now is held nowhere: it waits for goods.
    async with shop.database.job() as session:
        await session.execute(text("update stock_balance set on_hand = reserved"))
    await make_supplier(shop, product)
    found = await shop.data(shop.rep, ALTERNATIVES, line=order["lines"][0]["id"])
    places = [
        (each["kind"], [part["warehouse"] for part in each["parts"]])
        for each in found["deliveryAlternatives"]
    ]
    assert places == [("LATER", [{"code": "BIO"}]), ("DIRECT", [None])]


async def test_a_line_is_split_and_its_price_stays(shop: Shop) -> None:
    product = await two_places(shop)
    order = await confirmed(shop, (product, 6), requestedOn="2026-03-20")
    assert schedule(await demand(shop, order["id"])) == [("6", "BIO", "2026-03-20")]
    before = "select unit_price, net_amount, gross_amount, price_trace from sales_order_line"
    priced = await value(shop, before)

    split = await choose(shop, order, (4, "MAD", ""), (2, "BIO", "2026-03-27"))

    assert split["errors"] == [] and await value(shop, before) == priced
    assert schedule(await demand(shop, order["id"])) == [
        ("4", "MAD", "2026-03-20"), ("2", "BIO", "2026-03-27"),
    ]  # fmt: skip
    assert split["order"]["lines"][0]["quantityReserved"] == "6" and await shop.broken() == []

    # What is in a delivery stays; the rest may be chosen again, and may wait for goods.
    now = await order_of(shop, order["id"])
    await released(shop, now, 3)
    again = await choose(shop, await order_of(shop, order["id"]), (1, "BIO", ""), (2, "", "2026-04-10"))

    assert again["errors"] == [], again
    assert schedule(await demand(shop, order["id"])) == [
        ("3", "MAD", "2026-03-20"), ("1", "BIO", "2026-03-20"), ("2", None, "2026-04-10"),
    ]  # fmt: skip
    assert again["order"]["lines"][0]["quantityReserved"] == "4" and await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "parts", "given", "error"),
    [
        ("too much", [(7, "BIO", "")], {}, ("QUANTITY_INVALID", ["parts"])),
        ("nothing of it", [(6, "BIO", ""), (0, "MAD", "")], {}, ("QUANTITY_INVALID", ["parts"])),
        ("no parts", [], {}, ("INVALID", ["parts"])),
        ("more than is there", [(6, "MAD", "")], {}, ("OUT_OF_STOCK", ["parts", "0", "quantity"])),
        ("yesterday", [(6, "BIO", "2026-03-01")], {}, ("PAST_DATE", ["parts", "0", "requestedOn"])),
        ("an old version", [(6, "BIO", "")], {"expectedVersion": 9}, ("STALE_VERSION", [])),
        ("no line", [(6, "BIO", "")], {"orderLineId": "nonsense"}, ("NOT_FOUND", ["orderLineId"])),
    ],
)
async def test_what_is_refused(
    shop: Shop,
    case: str,
    parts: list[tuple[int, str, str]],
    given: dict[str, Any],
    error: tuple[str, list[str]],
) -> None:
    order = await confirmed(shop, (await two_places(shop), 6))
    before = await shop.snapshot()

    refused = await choose(shop, order, *parts, **given)

    assert [each["code"] for each in refused["errors"]] == [error[0]]
    assert not error[1] or refused["errors"][0]["path"] == error[1]
    assert await shop.snapshot() == before
