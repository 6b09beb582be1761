"""What the world's house buys: for orders of two families that lack something, and for stock."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from sqlalchemy import text

from app.database import Database
from auth.permissions import Viewer
from models.base import new_id
from models.purchasing import Supplier, SupplierProduct
from models.stock import Lot
from resolvers.purchasing_acts import (
    PurchaseLineWanted,
    create_purchase_order,
    send_purchase_order,
)
from resolvers.purchasing_locks import PegWanted
from resolvers.purchasing_receiving import LineReceived, receive_purchase_order
from rules.states import LotStatus
from schema.ids import encode_id
from tests import factories as make

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)

_LACKS = """
with line as (
    update sales_order_line set quantity_reserved = quantity_reserved - 1
    where order_id = :order and sku = 'ACE-1' returning id, product_id
), freed as (
    update reservation set released_at = created_at where released_at is null and schedule_line_id in
        (select id from sales_order_schedule_line where order_line_id in (select id from line))
    returning product_id, warehouse_id
), balance as (
    update stock_balance set reserved = reserved - 1 from freed
    where stock_balance.product_id = freed.product_id and stock_balance.warehouse_id = freed.warehouse_id
)
select id from line
"""


async def buy(
    database: Database, logistics: Viewer, products: dict[str, UUID], orders: list[UUID]
) -> dict[str, str]:
    """
    Orders of which one piece of ACE-1 is shipped come to lack the other; the first one's comes with an order that is
    sent. A draft is for stock, one order was received in part, and one supplier sells nothing yet.
    """
    ids = {name: new_id() for name in ("supplier", "idle")}
    async with database.job() as session:
        lines = [await session.scalar(text(_LACKS), {"order": order}) for order in orders]
        warehouse = await session.scalar(text("select id from warehouse limit 1"))
        for name, key in ids.items():
            session.add(
                Supplier(
                    id=key, seller_id=logistics.seller_id, code=name.upper(), name=name, currency="EUR",
                    email="pedidos@example.com", locale="es", lead_time_days=7, created_at=NOW, version=1,
                )
            )  # fmt: skip
        await session.flush()
        session.add_all(
            [
                Lot(product_id=products["ACE-0"], number=str(status), received_on=NOW.date(), status=status)
                for status in LotStatus
            ]
        )
        session.add_all(
            [
                SupplierProduct(
                    supplier_id=ids["supplier"], product_id=products[sku], supplier_sku=f"N-{sku}",
                    unit_price=Decimal(4), minimum_quantity=Decimal(1), multiple_quantity=Decimal(1),
                    is_preferred=False,
                )
                for sku in ("ACE-0", "ACE-1")
            ]
        )  # fmt: skip

    async def order(sku: str, *pegs: PegWanted) -> UUID:
        wanted = [PurchaseLineWanted(products[sku], Decimal(5), None, pegs)]
        return await make.do(
            database,
            logistics,
            lambda ctx: create_purchase_order(ctx, ids["supplier"], warehouse, wanted),
            NOW,
        )

    assert all(lines), "each order lacks a piece"
    keys = {
        "pegged": await order("ACE-1", PegWanted(lines[0], Decimal(1))),
        "draft": await order("ACE-0"),
        "begun": await order("ACE-0"),
        "waiting": await order("ACE-1"),
    }
    for name in ("pegged", "begun", "waiting"):
        send = partial(send_purchase_order, purchase_order_id=keys[name], expected_version=1)
        await make.do(database, logistics, send, NOW)
    async with database.job() as session:
        statement = text("select id from purchase_order_line where purchase_order_id = :id")
        line = {name: await session.scalar(statement, {"id": key}) for name, key in keys.items()}
    came = [LineReceived(line["begun"], Decimal(2))]
    await make.do(
        database,
        logistics,
        lambda ctx: receive_purchase_order(ctx, keys["begun"], 2, came),
        NOW,
    )
    found = {name: str(encode_id("PurchaseOrder", key)) for name, key in keys.items()}
    found |= {f"{name}_line": str(encode_id("PurchaseOrderLine", key)) for name, key in line.items()}
    found |= {name: str(encode_id("Supplier", key)) for name, key in ids.items()}
    return found | {"lacking": str(encode_id("OrderLine", lines[1]))}
