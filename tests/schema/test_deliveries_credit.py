"""The credit is tested again when an order is released to a warehouse."""

from decimal import Decimal

from sqlalchemy import text

from tests.schema.delivering import (
    balance,
    confirmed,
    order_of,
    release,
    released,
)
from tests.schema.shop import Shop
from tests.schema.test_orders_acts import codes


async def _limit(shop: Shop, amount: str) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text("update credit_account set credit_limit = :amount where customer_id = :id"),
            {"amount": Decimal(amount), "id": shop.customer.id},
        )


async def test_credit_is_tested_again_at_release(shop: Shop) -> None:
    order = await confirmed(shop)
    await released(shop, order, 4)
    await _limit(shop, "120.99")  # the order comes to 121.00

    order = await order_of(shop, order["id"])
    done = await release(shop, order)

    assert done["errors"] == [] and done["delivery"] is None
    assert [each["code"] for each in done["warnings"]] == ["ON_HOLD"]
    order = await order_of(shop, order["id"])
    assert (order["isOnHold"], order["holdReasons"], order["lines"][0]["quantityReserved"]) == (
        True,
        ["CREDIT"],
        "0",
    )
    assert [each["status"] for each in order["deliveries"]] == ["CANCELLED"]  # what had not left yet stays
    assert await balance(shop) == (100, 0) and await shop.broken() == []
    refused = await release(shop, order)
    assert codes(refused) == ["INVALID_TRANSITION"]

    # Finance lets it go on, knowing the figures: it is not stopped again.
    let_go = await shop.act(
        shop.finance,
        "releaseOrder",
        orderId=order["id"],
        expectedVersion=order["version"],
        reason="cliente fiable",
    )
    assert let_go["errors"] == []
    delivery = await released(shop, await order_of(shop, order["id"]))
    assert delivery["lines"][0]["quantity"] == "10" and await shop.broken() == []


async def test_credit_is_refused_where_the_seller_refuses(shop: Shop) -> None:
    order = await confirmed(shop)
    await _limit(shop, "1")
    async with shop.database.job() as session:
        await session.execute(text("update seller set credit_policy = 'REFUSE'"))
    before = await shop.snapshot()

    done = await release(shop, order)

    assert codes(done) == ["CREDIT_EXCEEDED"] and await shop.snapshot() == before


async def test_at_the_limit_is_within_it(shop: Shop) -> None:
    order = await confirmed(shop)
    await _limit(shop, "121")

    assert (await release(shop, order))["delivery"]["status"] == "RELEASED"


# Orders that change meanwhile
