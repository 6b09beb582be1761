"""Many at once on one product: held for carts, let go, over, ordered and shipped, and never more than there is (P01)."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.products import Product
from resolvers.context import LockedSession
from resolvers.stock_holds import expire_holds
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_races import RELEASE, Crowd, crowd
from tests.safety.test_races_purchasing import broken
from tests.safety.world import NOW
from tests.schema.shop import PLACE

__all__ = ["crowd"]  # the fixture
HOLD = "mutation($input: HoldCartInput!) { holdCart(input: $input) { cart { id version } errors { code } } }"
LET_GO = "mutation { releaseCartHold(input: {}) { cart { version } errors { code } } }"
SHIP = "mutation($input: ShipDeliveryInput!) { shipDelivery(input: $input) { delivery { status } errors { code } } }"
HELD = (
    "select coalesce(sum(quantity), 0) from reservation where source_id is not null and released_at is null"
)


def code(payload: dict[str, Any] | BaseException) -> str:
    if isinstance(payload, BaseException):
        return repr(payload)
    return payload["errors"][0]["code"] if payload["errors"] else "done"


async def expire(crowd: Crowd) -> None:
    """As the job does half an hour later: every hold is over by then."""
    later = NOW + timedelta(minutes=31)
    async with crowd.database.job() as session:
        await expire_holds(LockedSession(session), later, later.date())


async def test_20_buyers_hold_7_pieces(crowd: Crowd) -> None:
    """Seven get one; they order what they hold while thirteen ask for it, and nobody comes in between."""
    viewers = await crowd.gather(20)
    (product,) = await crowd.products(1, 7)
    carts = [await crowd.fill(viewer, (product, 1)) for viewer in viewers]

    # All are waited for, also when one fails: nobody is left behind that would still hold a connection.
    asked = (crowd.ask(each, HOLD, f"h{each.user_id}", input={}) for each in viewers)
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert Counter(map(code, answers)) == {"done": 7, "OUT_OF_STOCK": 13}
    held = [each for each in answers if isinstance(each, dict)]
    assert await crowd.value("select reserved from stock_balance") == 7 == await crowd.value(HELD)
    given = [
        cart | ({"expectedVersion": each["cart"]["version"]} if each["cart"] else {})
        for cart, each in zip(carts, held, strict=True)
    ]
    placed = await asyncio.gather(
        *(crowd.ask(v, PLACE, f"p{v.user_id}", input=i) for v, i in zip(viewers, given, strict=True))
    )
    assert [code(each) for each in placed] == [
        "done" if code(each) == "done" else "OUT_OF_STOCK" for each in held
    ]
    assert await crowd.value("select reserved from stock_balance") == 7 and await crowd.value(HELD) == 0
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


async def test_holding_ending_ordering_and_shipping_cross(crowd: Crowd) -> None:
    """Whoever comes first: what is on hand is what did not leave, and what is reserved is what somebody has of it."""
    sender, shippings = await confirmed_orders(crowd, 4)
    viewers = await crowd.gather(8)
    async with crowd.database.job() as session:
        product_id = await session.scalar(text("select product_id from stock_balance"))
        product = await session.get_one(Product, product_id)
    carts = [await crowd.fill(viewer, (product, 2)) for viewer in viewers]

    async def buy(index: int) -> list[str]:
        viewer, cart = viewers[index], carts[index]
        held = await crowd.ask(viewer, HOLD, f"h{index}", input={})
        if index % 3 == 0 and not held["errors"]:
            return [code(held), code(await crowd.ask(viewer, LET_GO, f"l{index}"))]
        version = held["cart"]["version"] if held["cart"] else cart["expectedVersion"]
        placed = await crowd.ask(viewer, PLACE, f"p{index}", input=cart | {"expectedVersion": version})
        return [code(held), code(placed)]

    async def send(index: int) -> list[str]:
        released = await crowd.ask(sender, RELEASE, f"r{index}", input=shippings[index])
        given = {"deliveryId": released["delivery"]["id"], "expectedVersion": 1}
        return [code(released), code(await crowd.ask(sender, SHIP, f"s{index}", input=given))]

    async def end_holds() -> None:
        for _ in range(6):
            await expire(crowd)

    ends = await asyncio.gather(
        *(buy(index) for index in range(8)),
        *(send(index) for index in range(4)),
        end_holds(),
    )

    told = Counter(each for end in ends if end for each in end)
    assert set(told) <= {"done", "OUT_OF_STOCK", "INVALID_TRANSITION"}, told
    assert ends[8:12] == [["done", "done"]] * 4
    assert await crowd.value("select on_hand from stock_balance") == 20 - 4
    await expire(crowd)
    ordered = "select coalesce(sum(quantity_reserved), 0) from sales_order_line"
    assert await crowd.value("select reserved from stock_balance") == await crowd.value(ordered)
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


async def confirmed_orders(crowd: Crowd, count: int) -> tuple[Viewer, list[dict[str, Any]]]:
    """Orders of one piece out of 20, to be released and shipped; and who does that."""
    (product,) = await crowd.products(1, 20)
    for index, buyer in enumerate(await crowd.gather(count)):
        placed = await crowd.ask(buyer, PLACE, f"first-{index}", input=await crowd.fill(buyer, (product, 1)))
        assert placed["errors"] == []
    async with crowd.database.job() as session:
        await session.execute(text("update sales_order set status = 'CONFIRMED', confirmed_at = placed_at"))
        orders = list(await session.scalars(text("select id from sales_order")))
        warehouse = await session.scalar(text("select id from warehouse"))
        person = await make.make_user(session, crowd.seller, roles=[Role.LOGISTICS])
    given = [
        {
            "orderId": encode_id("Order", key),
            "warehouseId": encode_id("Warehouse", warehouse),
            "expectedVersion": 1,
        }
        for key in orders
    ]
    return await make.viewer_of(crowd.database, person), given
