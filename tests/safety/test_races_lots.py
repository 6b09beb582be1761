"""Many at once on lots, on one hot product and on what is bought for an order: nothing is sold that must not leave."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from auth.permissions import Viewer
from models.products import Product
from rules.states import OutOfStockPolicy
from schema.ids import decode_id, encode_id
from tests import factories as make
from tests.safety.mixing import watched
from tests.safety.test_races import RELEASE, Crowd, crowd
from tests.safety.test_races_purchasing import broken, desk, ordered, receive

__all__ = ["crowd"]  # the fixture
CAPTURED = """mutation($input: PlaceCapturedOrderInput!) { placeCapturedOrder(input: $input) {
    order { id version lines { id } } errors { code } } }"""
LOT = "mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"


async def two_lots(crowd: Crowd) -> tuple[Product, str]:
    """A product of which five pieces each are in two lots, and the id of the lot that leaves first."""
    async with crowd.database.job() as session:
        product = await make.make_product(session, crowd.seller, price="10", stock=None, is_lot_tracked=True)
        for number, month in (("L1", 6), ("L2", 7)):
            await make.make_stock(session, product, 5, lot=number, expires_on=date(2027, month, 1))
    first = await crowd.value("select id from lot where product_id = :p and number = 'L1'", p=product.id)
    return product, str(encode_id("Lot", first))


async def place(
    crowd: Crowd, viewer: Viewer, product: Product, key: str, quantity: int = 1
) -> dict[str, Any]:
    given = {
        "lines": [{"sku": product.sku, "quantity": str(quantity)}],
        "expectedTotal": str(quantity * Decimal("12.10")),
    }
    return await crowd.ask(viewer, CAPTURED, key, input=given)


async def confirmed(crowd: Crowd, viewer: Viewer, product: Product, key: str, quantity: int = 1) -> str:
    """The id of a confirmed order, at version 1."""
    placed = await place(crowd, viewer, product, key, quantity)
    assert placed["errors"] == []
    order = str(placed["order"]["id"])
    async with crowd.database.job() as session:
        await session.execute(
            text("update sales_order set status = 'CONFIRMED', confirmed_at = placed_at where id = :id"),
            {"id": decode_id(order, "Order")},
        )
    return order


async def block(crowd: Crowd, viewer: Viewer, lot: str, key: str, again: bool = True) -> str:
    """The code it ends with; with `again` as often as somebody was faster."""
    document = LOT.format(name="BlockLot", mutation="blockLot")
    for attempt in range(50):
        given = {"lotId": lot, "expectedVersion": 1, "reason": "race"}
        done = await crowd.ask(viewer, document, f"{key}-{attempt}", input=given)
        code = str(done["errors"][0]["code"]) if done["errors"] else "BLOCKED"
        if code != "STALE_VERSION" or not again:
            return code
    raise AssertionError("somebody gets through each time")


async def release(crowd: Crowd, viewer: Viewer, order: str, key: str) -> str:
    warehouse = await crowd.value("select id from warehouse")
    version = await crowd.value("select version from sales_order where id = :o", o=decode_id(order, "Order"))
    given = {"orderId": order, "warehouseId": encode_id("Warehouse", warehouse), "expectedVersion": version}
    done = await crowd.ask(viewer, RELEASE, key, input=given)
    return str(done["errors"][0]["code"]) if done["errors"] else "RELEASED"


async def test_a_lot_is_blocked_while_it_is_ordered(crowd: Crowd) -> None:
    """Whoever comes first: in the end the other lot is reserved whole, and nobody has the blocked one."""
    viewer, buyers = await desk(crowd), await crowd.gather(10)
    for turn in range(3):
        product, lot = await two_lots(crowd)

        orders = [place(crowd, buyer, product, f"{turn}-{buyer.user_id}") for buyer in buyers]
        middle = 3 * turn + 2
        blocking = block(crowd, viewer, lot, f"b{turn}")
        ends: list[Any] = await asyncio.gather(*orders[:middle], blocking, *orders[middle:])
        said, placed = ends.pop(middle), ends

        assert said == "BLOCKED"
        assert {code for each in placed for code in map(_code, each["errors"])} <= {"OUT_OF_STOCK"}
        balance = await crowd.value(
            "select on_hand || '/' || reserved || '/' || blocked from stock_balance where product_id = :p",
            p=product.id,
        )
        assert [Decimal(each) for each in balance.split("/")] == [10, 5, 5]
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


def _code(error: dict[str, Any]) -> str:
    return str(error["code"])


async def test_a_lot_is_blocked_while_it_is_released(crowd: Crowd) -> None:
    viewer, buyers = await desk(crowd), await crowd.gather(5)
    for turn in range(3):
        product, lot = await two_lots(crowd)
        orders = [await confirmed(crowd, buyer, product, f"{turn}-{buyer.user_id}", 2) for buyer in buyers]

        *released, said = await asyncio.gather(
            *(release(crowd, viewer, order, f"r-{order}") for order in orders),
            block(crowd, viewer, lot, f"b{turn}"),
        )

        assert said == "BLOCKED"
        # An order that lost its goods has another version, or nothing to release.
        assert set(released) <= {"RELEASED", "STALE_VERSION", "INVALID_TRANSITION", "INVALID", "OUT_OF_STOCK"}
        allocated = "select sum(allocated) from lot_balance where lot_id = :lot"
        assert await crowd.value(allocated, lot=decode_id(lot, "Lot")) == 0
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


async def test_an_order_that_nobody_locked_takes_the_lot_meanwhile(crowd: Crowd) -> None:
    """Blocking waits for one order; another is placed and released from the lot before it goes on."""
    viewer, (first, second) = await desk(crowd), await crowd.gather(2)
    product, lot = await two_lots(crowd)
    held = await confirmed(crowd, first, product, "first")
    async with crowd.database.job() as session:
        await session.execute(
            text("select from sales_order where id = :id for update"), {"id": decode_id(held, "Order")}
        )
        blocking = asyncio.ensure_future(block(crowd, viewer, lot, "b", again=False))
        while not await crowd.value("select count(*) from pg_locks where not granted"):
            await asyncio.sleep(0)
        order = await confirmed(crowd, second, product, "second")
        assert await release(crowd, viewer, order, "r") == "RELEASED"

    # Whoever waited longer than a lock may take looked again by itself.
    said = await blocking
    if said == "STALE_VERSION":
        assert await broken(crowd) == []
        said = await block(crowd, viewer, lot, "again")
    assert said == "BLOCKED"
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


async def test_100_orders_reserve_one_hot_product_at_once(crowd: Crowd) -> None:
    """All are served, none is called off: who is second waits. How many it are in a second is the bench's to say."""
    viewers = await crowd.gather(20) * 5
    (product,) = await crowd.products(1, 100)
    turns = asyncio.Semaphore(16)  # as many as the pool has connections; a longer queue is answered "not now"

    async def reserve(number: int) -> dict[str, Any]:
        async with turns:
            return await place(crowd, viewers[number], product, f"hot-{number}")

    async with watched(crowd.database) as seen:
        placed = await asyncio.gather(*map(reserve, range(100)))

    assert [each["errors"] for each in placed] == [[]] * 100
    assert seen.broken == {} and seen.aborts == {}
    assert await crowd.value("select reserved from stock_balance") == 100
    assert await crowd.deadlocks() == 0


CANCEL = """mutation($input: CancelOrderLineInput!) { cancelOrderLine(input: $input) {
    order { version } errors { code } } }"""


async def cancel(crowd: Crowd, viewer: Viewer, order: dict[str, Any], quantity: int) -> str:
    """Calls so much of the order's line off, as often as somebody else was faster."""
    for attempt in range(50):
        version = await crowd.value(
            "select version from sales_order where id = :id", id=decode_id(order["id"], "Order")
        )
        given = {
            "orderLineId": order["lines"][0]["id"], "quantity": str(quantity), "reason": "race",
            "expectedVersion": version,
        }  # fmt: skip
        done = await crowd.ask(viewer, CANCEL, f"c-{order['id']}-{attempt}", input=given)
        code = str(done["errors"][0]["code"]) if done["errors"] else "CANCELLED"
        if code != "STALE_VERSION":
            return code
    raise AssertionError("somebody gets through each time")


async def test_goods_come_while_the_line_they_are_for_is_called_off(crowd: Crowd) -> None:
    """Six pieces wait, six are bought for them, four of them called off as five come in: two are kept, three are free."""
    viewer, buyers = await desk(crowd), await crowd.gather(4)
    for turn, buyer in enumerate(buyers):
        async with crowd.database.job() as session:
            product = await make.make_product(
                session, crowd.seller, price="10", stock=0, out_of_stock_policy=OutOfStockPolicy.BACKORDER
            )
        sold = (await place(crowd, buyer, product, f"p{turn}", 6))["order"]
        peg = {"orderLineId": sold["lines"][0]["id"], "quantity": "6"}
        bought = await ordered(crowd, viewer, product, 6, f"{turn}", pegs=[peg])

        ends = await asyncio.gather(
            receive(crowd, viewer, bought, 5, f"r{turn}"), cancel(crowd, buyer, sold, 4)
        )

        assert ends == ["RECEIVED", "CANCELLED"]
        balance = "select on_hand || '/' || reserved from stock_balance where product_id = :p"
        stock = [Decimal(each) for each in (await crowd.value(balance, p=product.id)).split("/")]
        open_pegs = (
            "select coalesce(sum(quantity - quantity_used), 0) from purchase_peg where product_id = :p"
        )
        assert (stock, await crowd.value(open_pegs, p=product.id)) == ([5, 2], 0)
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0
