"""Many at once on one purchase order: never more is received than may come, nor more reserved than came (P01)."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.invariants import INVARIANTS
from models.products import Product
from models.purchasing import Supplier, SupplierProduct
from rules.states import OutOfStockPolicy
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_races import Crowd, crowd
from tests.safety.world import NOW
from tests.schema.shop import PLACE

__all__ = ["crowd"]  # the fixture
FIELDS = "purchaseOrder { id version status lines { id quantityReceived } } errors { code path } replayed"
READ = "query($id: ID!) { purchaseOrder(by: {id: $id}) { version } }"


async def desk(crowd: Crowd) -> Viewer:
    async with crowd.database.job() as session:
        user = await make.make_user(session, crowd.seller, roles=[Role.LOGISTICS])
    return await make.viewer_of(crowd.database, user)


async def ordered(
    crowd: Crowd, viewer: Viewer, product: Product, quantity: int, code: str = "P", **line: Any
) -> dict[str, Any]:
    """A purchase order of the product that its supplier, of that code, has."""
    async with crowd.database.job() as session:
        warehouse = await make.make_warehouse(session, crowd.seller)
        supplier = Supplier(
            seller_id=crowd.seller.id, code=code, name="P", currency="EUR", email="p@example.com", locale="es",
            lead_time_days=7, created_at=NOW,
        )  # fmt: skip
        await make.add(session, supplier)
        one = Decimal(1)
        offer = SupplierProduct(
            supplier_id=supplier.id, product_id=product.id, unit_price=one, minimum_quantity=one,
            multiple_quantity=one, is_preferred=False,
        )  # fmt: skip
        await make.add(session, offer)
    given = {
        "supplierId": encode_id("Supplier", supplier.id), "warehouseId": encode_id("Warehouse", warehouse.id),
        "lines": [{"productId": encode_id("Product", product.id), "quantity": str(quantity), **line}],
    }  # fmt: skip
    made = await act(crowd, viewer, "createPurchaseOrder", f"make-{code}", **given)
    order = made["purchaseOrder"]
    given = {"purchaseOrderId": order["id"], "expectedVersion": order["version"]}
    found: dict[str, Any] = (await act(crowd, viewer, "sendPurchaseOrder", f"send-{code}", **given))[
        "purchaseOrder"
    ]
    return found


async def act(crowd: Crowd, viewer: Viewer, mutation: str, key: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"mutation($input: {name}!) {{ {mutation}(input: $input) {{ {FIELDS} }} }}"
    return await crowd.ask(viewer, document, key, input=given)


async def receive(crowd: Crowd, viewer: Viewer, order: dict[str, Any], quantity: int, key: str) -> str:
    """Takes so much in, as often as somebody else was faster: the code it ends with."""
    version = order["version"]
    for attempt in range(50):
        done = await act(
            crowd, viewer, "receivePurchaseOrder", f"{key}-{attempt}", purchaseOrderId=order["id"],
            expectedVersion=version, lines=[{"lineId": order["lines"][0]["id"], "quantity": str(quantity)}],
        )  # fmt: skip
        code = done["errors"][0]["code"] if done["errors"] else "RECEIVED"
        if code != "STALE_VERSION":
            return str(code)
        version = (await crowd.ask(viewer, READ, id=order["id"]))["version"]
    raise AssertionError("somebody gets through each time")


async def broken(crowd: Crowd) -> list[str]:
    async with crowd.database.job() as session:
        return [
            name
            for name, query in INVARIANTS.items()
            if name != "every product is searchable" and (await session.execute(text(query))).first()
        ]


async def test_four_receipts_race_for_what_may_come(crowd: Crowd) -> None:
    viewer = await desk(crowd)
    async with crowd.database.job() as session:
        product = await make.make_product(session, crowd.seller, price="10", stock=0)
    order = await ordered(crowd, viewer, product, 10)

    ends = await asyncio.gather(*(receive(crowd, viewer, order, 4, f"r{number}") for number in range(4)))

    assert Counter(ends) == {"RECEIVED": 2, "QUANTITY_INVALID": 2}
    assert await crowd.value("select quantity_received from purchase_order_line") == 8
    assert await crowd.value("select on_hand from stock_balance") == 8
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0


async def test_receipts_and_orders_cross(crowd: Crowd) -> None:
    """Six buyers order while goods come in: nobody gets what is not there, and nothing that came is lost."""
    viewer, buyers = await desk(crowd), await crowd.gather(6)
    async with crowd.database.job() as session:
        product = await make.make_product(
            session, crowd.seller, price="10", stock=1, out_of_stock_policy=OutOfStockPolicy.BACKORDER
        )
    order = await ordered(crowd, viewer, product, 12)
    carts = [await crowd.fill(each, (product, 3)) for each in buyers]

    ends = await asyncio.gather(
        *(
            crowd.ask(each, PLACE, str(each.user_id), input=cart)
            for each, cart in zip(buyers, carts, strict=True)
        ),
        *(receive(crowd, viewer, order, 6, f"r{number}") for number in range(2)),
    )

    assert [each["errors"] for each in ends[:6]] == [[]] * 6 and ends[6:] == ["RECEIVED", "RECEIVED"]
    assert await crowd.value("select on_hand from stock_balance") == 13
    assert await crowd.value("select reserved from stock_balance") <= 13
    assert await broken(crowd) == [] and await crowd.deadlocks() == 0
