"""Deliveries, as the tests release, ship and look at them."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from sqlalchemy import text

from auth.permissions import Viewer
from models.products import Product
from tests.schema.shop import Shop

_keys = count(1)
EMPTY: dict[str, Any] = {}
DELIVERY = """id number status version plannedOn shippedAt carrier trackingNumber statusReason allowedActions paperUrl
    orderNumber lines { id sku quantity orderLineId }"""
ORDER = """query($id: ID!) { order(by: {id: $id}) { id status version isOnHold holdReasons deliveryState allowedActions
    lines { id sku quantityReserved quantityShipped quantityCancelled quantityBackordered }
    timeline { action reason } deliveries { number status } } }"""


async def warehouse_id(shop: Shop, code: str = "MAD") -> str:
    found = (await shop.data(shop.logistics, "{ warehouses { id code } }"))["warehouses"]
    return str(next(each["id"] for each in found if each["code"] == code))


async def order_of(shop: Shop, order_id: str, viewer: Viewer | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer or shop.logistics, ORDER, id=order_id))["order"]
    return found


async def confirmed(shop: Shop, *lines: tuple[Product, int], **given: Any) -> dict[str, Any]:
    answer = await shop.place(
        shop.buyer, await shop.fill(shop.buyer, *(lines or [(shop.product, 10)])), **given
    )
    assert answer["errors"] == [], answer
    order = answer["order"]
    done = await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)
    assert done["errors"] == []
    return await order_of(shop, order["id"])


async def do(
    shop: Shop, mutation: str, viewer: Viewer | None = None, key: str = "", directives: str = "", **given: Any
) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{ delivery {{ {DELIVERY} }}
        errors {{ code message path ... on StaleVersion {{ currentVersion }} }} warnings {{ code message }} replayed }} }}"""
    answer = await shop.data(viewer or shop.logistics, document, key or f"d-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def release(shop: Shop, order: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    values = {
        "orderId": order["id"],
        "expectedVersion": order["version"],
        "warehouseId": await warehouse_id(shop),
    }
    return await do(shop, "releaseDelivery", **(values | given))


async def released(shop: Shop, order: Mapping[str, Any], *quantities: int, **given: Any) -> dict[str, Any]:
    if quantities:
        given["lines"] = [
            {"orderLineId": line["id"], "quantity": str(quantity)}
            for line, quantity in zip(order["lines"], quantities, strict=True)
        ]
    done = await release(shop, order, **given)
    assert done["errors"] == [], done
    delivery: dict[str, Any] = done["delivery"]
    return delivery


async def shipped(shop: Shop, delivery: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    done = await do(
        shop, "shipDelivery", deliveryId=delivery["id"], expectedVersion=delivery["version"], **given
    )
    assert done["errors"] == [], done
    found: dict[str, Any] = done["delivery"]
    return found


async def value(shop: Shop, query: str, **given: Any) -> Any:
    async with shop.database.job() as session:
        return (await session.execute(text(query), given)).all()


async def balance(shop: Shop, product: Product | None = None) -> tuple[int, int]:
    rows = await value(
        shop,
        "select on_hand, reserved from stock_balance where product_id = :id",
        id=(product or shop.product).id,
    )
    return int(rows[0][0]), int(rows[0][1])
