"""Lots: which are assigned at release, and which leave."""

from datetime import date

from auth.permissions import Viewer
from models.products import Product
from tests import factories as make
from tests.schema.delivering import confirmed, release, released, shipped, value
from tests.schema.shop import Shop
from tests.schema.test_orders_acts import codes


async def wine(shop: Shop) -> Product:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="VINO")
        for number, quantity, expires in (
            ("L2", 5, date(2026, 5, 1)),
            ("L1", 5, date(2026, 6, 1)),
            ("L0", 5, date(2026, 3, 2)),
        ):
            await make.make_stock(session, product, quantity, lot=number, expires_on=expires)
    return product


async def lots_of(shop: Shop, delivery_id: str, viewer: Viewer | None = None) -> list[tuple[str, str]]:
    document = "query($id: ID!) { delivery(by: {id: $id}) { lines { lots { lotNumber quantity } } } }"
    found = (await shop.data(viewer or shop.logistics, document, id=delivery_id))["delivery"]
    return [(lot["lotNumber"], lot["quantity"]) for line in found["lines"] for lot in line["lots"]]


async def test_lots_are_assigned_first_expired_first_out_and_leave_by_lot(shop: Shop) -> None:
    product = await wine(shop)
    order = await confirmed(shop, (product, 8))

    delivery = await released(shop, order)

    assert await lots_of(shop, delivery["id"]) == [("L2", "5"), ("L1", "3")]  # L0 expires today
    state = "select lot.number, balance.on_hand, balance.allocated from lot_balance balance join lot on lot.id = lot_id order by 1"
    assert await value(shop, state) == [("L0", 5, 0), ("L1", 5, 3), ("L2", 5, 5)]
    assert await shop.broken() == []
    assert await lots_of(shop, delivery["id"], shop.buyer) == []  # they may still change

    await shipped(shop, delivery)

    assert await value(shop, state) == [("L0", 5, 0), ("L1", 2, 0), ("L2", 0, 0)]
    moves = "select lot.number, move.quantity from stock_move move join lot on lot.id = lot_id where quantity < 0 order by 1"
    assert await value(shop, moves) == [("L1", -3), ("L2", -5)]
    assert await lots_of(shop, delivery["id"], shop.buyer) == [("L2", "5"), ("L1", "3")]
    assert await shop.broken() == []


async def test_a_customer_gets_no_older_lot_than_the_last_unless_it_is_named(shop: Shop) -> None:
    product = await wine(shop)
    first = await confirmed(shop, (product, 2))
    line = {
        "orderLineId": first["lines"][0]["id"],
        "quantity": "2",
        "lots": [{"number": "L1", "quantity": "2"}],
    }
    await shipped(shop, (await release(shop, first, lines=[line]))["delivery"])

    second = await confirmed(shop, (product, 1))
    delivery = await released(shop, second)
    assert await lots_of(shop, delivery["id"]) == [("L1", "1")]  # L2 would have come first

    third = await confirmed(shop, (product, 1))
    line = {
        "orderLineId": third["lines"][0]["id"],
        "quantity": "1",
        "lots": [{"number": "L2", "quantity": "1"}],
    }
    named = (await release(shop, third, lines=[line]))["delivery"]
    assert await lots_of(shop, named["id"]) == [("L2", "1")]

    # The rest of L1 does not suffice, and the older L2 is not for this customer.
    fourth = await confirmed(shop, (product, 5))
    before = await shop.snapshot()
    refused = await release(shop, fourth)
    assert codes(refused) == ["OUT_OF_STOCK"] and refused["errors"][0]["message"].endswith("hold 2, not 5.")
    assert await shop.snapshot() == before and await shop.broken() == []


async def test_a_lot_that_is_taken_is_refused_and_another_offered(shop: Shop) -> None:
    product = await wine(shop)
    await released(shop, await confirmed(shop, (product, 4)))
    order = await confirmed(shop, (product, 4))
    line = {
        "orderLineId": order["lines"][0]["id"],
        "quantity": "4",
        "lots": [{"number": "L2", "quantity": "4"}],
    }
    before = await shop.snapshot()

    done = await release(shop, order, lines=[line])

    assert [(each["code"], each["path"], each["message"]) for each in done["errors"]] == [
        ("OUT_OF_STOCK", ["lines", "0", "lots", "0", "quantity"], "Lot L2 has 1 left; lot L1 has 5.")
    ]
    assert await shop.snapshot() == before
