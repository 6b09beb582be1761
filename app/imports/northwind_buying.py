"""Northwind's suppliers, which products they sell, and what is on order: one open purchase order by supplier."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.imports.catalogue import Article
from app.imports.common import Files, accepted, named
from app.imports.ground import UNIT, Ground
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseScheduleLine,
    Supplier,
    SupplierProduct,
)
from models.sellers import Seller
from models.stock import Warehouse
from resolvers.purchasing_acts import warehouse_address
from rules.money import ZERO
from rules.states import PurchaseOrderStatus
from rules.texts import sort_key

LEAD_TIME_DAYS = 14  # the file knows none; the purchase desk says better


async def put_buying(
    ground: Ground, files: Files, articles: Mapping[str, Article], buyer_id: UUID | None
) -> None:
    """
    Suppliers and their products; what is on order once, for from then on it lives by its receipts.

    Args:
        buyer_id: who ordered; without anybody nothing is on order.
    """
    names = named(files["suppliers.csv"], "supplier_id", "company_name")
    ids = {key: ground.store.refer("Supplier", key) for key in names}
    await _put_suppliers(ground, names, ids)
    wanted: dict[str, list[tuple[str, Decimal]]] = {}
    offers: list[dict[str, Any]] = []
    for row in accepted(files["products.csv"]):
        key, supplier, quantity = (
            row.key("product_id"),
            row.text("supplier_id"),
            row.not_negative("units_on_order"),
        )
        if supplier not in ids:
            continue
        offers.append(
            {
                "id": ground.store.refer("SupplierProduct", key), "supplier_id": ids[supplier],
                "product_id": articles[key].product_id, "minimum_quantity": Decimal(1),
                "multiple_quantity": Decimal(1), "is_preferred": True,
            }
        )  # fmt: skip
        if quantity:
            wanted.setdefault(supplier, []).append((key, quantity))
    await ground.store.put(
        SupplierProduct,
        offers,
        initial=("product_id", "minimum_quantity", "multiple_quantity", "is_preferred"),
    )
    if buyer_id is not None:
        await _put_orders(ground, names, ids, wanted, articles, buyer_id)


async def _put_suppliers(ground: Ground, names: Mapping[str, str], ids: Mapping[str, UUID]) -> None:
    store = ground.store
    rows = [
        {
            "id": ids[key], "seller_id": store.seller_id, "code": f"NW-{key}", "name": name,
            "name_sort": sort_key(name), "currency": store.currency, "locale": "en",
            "lead_time_days": LEAD_TIME_DAYS, "created_at": store.now,
        }
        for key, name in names.items()
    ]  # fmt: skip
    await store.put(
        Supplier, rows, initial=("seller_id", "code", "currency", "locale", "lead_time_days", "created_at")
    )


async def _put_orders(
    ground: Ground,
    names: Mapping[str, str],
    ids: Mapping[str, UUID],
    wanted: Mapping[str, list[tuple[str, Decimal]]],
    articles: Mapping[str, Article],
    buyer_id: UUID,
) -> None:
    store = ground.store
    seller = await store.session.get_one(Seller, store.seller_id)
    warehouse = await store.session.get_one(Warehouse, ground.warehouse_id)
    due = store.today + timedelta(days=LEAD_TIME_DAYS)
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for supplier, products in wanted.items():
        if store.known("PurchaseOrder", supplier):
            continue
        order_id = store.refer("PurchaseOrder", supplier)
        orders.append(
            {
                "id": order_id, "seller_id": store.seller_id, "number": f"NW-ORDER-{supplier}",
                "supplier_id": ids[supplier], "warehouse_id": warehouse.id, "status": PurchaseOrderStatus.SENT,
                "requested_on": due, "created_at": store.now, "created_by_id": buyer_id, "sent_at": store.now,
                "supplier_code": f"NW-{supplier}", "supplier_name": names[supplier], "supplier_email": "",
                "locale": "en", "currency": store.currency, "transport_days": 0,
                "delivery_address": warehouse_address(seller, warehouse.name, warehouse.city),
            }
        )  # fmt: skip
        for position, (key, quantity) in enumerate(products, start=1):
            line_id, article = store.refer("PurchaseOrderLine", f"{supplier}/{key}"), articles[key]
            lines.append(
                {
                    "id": line_id, "purchase_order_id": order_id, "position": position,
                    "product_id": article.product_id, "sku": article.sku, "description": article.name,
                    "unit_code": UNIT, "quantity_ordered": quantity, "quantity_receivable": quantity,
                }
            )  # fmt: skip
            parts.append(
                {
                    "id": store.refer("PurchaseScheduleLine", f"{supplier}/{key}"),
                    "purchase_order_line_id": line_id, "position": 1, "quantity": quantity,
                    "quantity_received": ZERO, "requested_on": due,
                }
            )  # fmt: skip
    for table, rows in ((PurchaseOrder, orders), (PurchaseOrderLine, lines), (PurchaseScheduleLine, parts)):
        await store.put(table, rows, initial=[name for name in (rows[0] if rows else ()) if name != "id"])
