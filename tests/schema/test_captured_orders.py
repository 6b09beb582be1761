"""Orders captured without network: placed once by their key, at the price that was seen, beside the cart."""

from typing import Any

from sqlalchemy import text

from rules.states import OutOfStockPolicy
from tests.schema.shop import Shop
from tests.schema.test_orders import stock_of

CAPTURED = """
mutation Captured($input: PlaceCapturedOrderInput!) {
  placeCapturedOrder(input: $input) {
    order { id number status purchaseOrderNumber lines { sku quantityOrdered } grossAmount { amount } }
    errors { code message path
      ... on PriceChanged { expected { amount } actual { amount currency }
                            lines { lineId sku seen { amount } now { amount } } }
      ... on OutOfStock { sku requested available } }
    warnings { code } replayed
  }
}
"""


def order_of(*lines: tuple[str, str, str | None], total: str = "36.30", **more: Any) -> dict[str, Any]:
    told = [{"sku": sku, "quantity": quantity, "seenUnitPrice": seen} for sku, quantity, seen in lines]
    return {"lines": told, "expectedTotal": total} | more


async def send(shop: Shop, given: dict[str, Any], key: str = "captured-1") -> dict[str, Any]:
    answer = await shop.data(shop.buyer, CAPTURED, key, input=given)
    payload: dict[str, Any] = answer["placeCapturedOrder"]
    return payload


async def orders_of(shop: Shop) -> int:
    async with shop.database.job() as session:
        return int(await session.scalar(text("select count(*) from sales_order")) or 0)


async def test_it_is_placed_once_and_the_cart_stays(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 5))
    given = order_of(("ACE-001", "3", "10"), purchaseOrderNumber="RUTA-1")

    placed = await send(shop, given)
    again = await send(shop, given)

    assert placed["errors"] == [] and placed["replayed"] is False
    assert placed["order"] | {"id": None, "number": None} == {
        "id": None, "number": None, "status": "PLACED", "purchaseOrderNumber": "RUTA-1", "grossAmount": {"amount": "36.30"},
        "lines": [{"sku": "ACE-001", "quantityOrdered": "3"}],
    }  # fmt: skip
    assert again["replayed"] is True and again["order"] == placed["order"]
    assert await orders_of(shop) == 1 and await stock_of(shop) == (100, 3)
    assert await shop.cart(shop.buyer) == cart


async def test_another_price_asks_again_and_stores_nothing(shop: Shop) -> None:
    given = order_of(("ACE-001", "3", "10"))
    async with shop.database.job() as session:
        await session.execute(text("update list_price set unit_price = 11"))

    refused = await send(shop, given)

    (error,) = refused["errors"]
    assert refused["order"] is None
    assert error | {"message": None} == {
        "code": "PRICE_CHANGED", "message": None, "path": ["expectedTotal"], "expected": {"amount": "36.30"},
        "actual": {"amount": "39.93", "currency": "EUR"},
        "lines": [{"lineId": None, "sku": "ACE-001", "seen": {"amount": "10.00"}, "now": {"amount": "11.00"}}],
    }  # fmt: skip
    assert await orders_of(shop) == 0 and await stock_of(shop) == (100, 0)
    # Agreed to, it goes under the key it was captured with.
    agreed = await send(shop, given | {"expectedTotal": error["actual"]["amount"]})
    assert agreed["errors"] == [] and agreed["order"]["grossAmount"] == {"amount": "39.93"}
    assert await orders_of(shop) == 1


async def test_its_lines_are_named_as_the_input_has_them(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text("update product set out_of_stock_policy = :deny"), {"deny": OutOfStockPolicy.REFUSE}
        )
    unknown = await send(shop, order_of(("ACE-001", "3", None), ("NADA", "1", None)))
    assert [(each["code"], each["path"]) for each in unknown["errors"]] == [
        ("UNKNOWN_SKU", ["lines", "1", "sku"])
    ]

    short = await send(shop, order_of(("ACE-001", "101", None), total="1222.10"))
    assert [(each["code"], each["path"]) for each in short["errors"]] == [
        ("OUT_OF_STOCK", ["lines", "0", "quantity"])
    ]
    assert [each["code"] for each in (await send(shop, order_of()))["errors"]] == ["INVALID"]
    many = await send(shop, order_of(*[("ACE-001", "1", None)] * 201))
    assert [each["code"] for each in many["errors"]] == ["LIMIT_EXCEEDED"]
    assert await orders_of(shop) == 0 and await stock_of(shop) == (100, 0)
