"""Purchasing, as the tests order, confirm, receive and look at it."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from auth.permissions import Viewer
from models.products import Product
from models.purchasing import Supplier, SupplierProduct
from schema.ids import encode_id
from tests import factories as make
from tests.schema.delivering import warehouse_id
from tests.schema.shop import Shop

_keys = count(1)
PURCHASE = """id number status version requestedOn supplierReference statusReason isDirect allowedActions
    lines { id sku quantityOrdered quantityReceived quantityCancelled quantityOpen quantityPegged
        scheduleLines { quantity quantityReceived requestedOn confirmedOn }
        pegs { quantity requestedOn promisedOn confirmedReceiptOn confirmedShipOn order { number } } }
    receipts { deliveryNote lines { sku quantity lotNumber expiresOn } }"""
ERRORS = """errors { code message path ... on StaleVersion { currentVersion } ... on InvalidTransition { from to } }
    warnings { code message path } replayed"""
DEMAND = """query($id: ID!) { order(by: {id: $id}) { id number version status lines { id sku quantityReserved
    quantityBackordered quantityShipped scheduleLines { quantity requestedOn confirmedOn warehouse { code } } } } }"""


async def make_supplier(shop: Shop, *products: Product, **given: Any) -> str:
    """A supplier that sells the products at 4.00; its global id."""
    values: dict[str, Any] = {
        "code": f"P{next(_keys)}", "name": "Vinos del Norte SL", "currency": "EUR", "locale": "es",
        "lead_time_days": 7, "email": "pedidos@norte.example", "created_at": make.MOMENT,
    }  # fmt: skip
    offer: dict[str, Any] = {
        "unit_price": Decimal(4), "minimum_quantity": Decimal(1), "multiple_quantity": Decimal(1),
        "is_preferred": False, "supplier_sku": "N-1",
    }  # fmt: skip
    offer |= {name: given.pop(name) for name in list(given) if name in offer}
    async with shop.database.job() as session:
        supplier = await make.add(session, Supplier(seller_id=shop.seller.id, **(values | given)))
        for product in products or (shop.product,):
            await make.add(session, SupplierProduct(supplier_id=supplier.id, product_id=product.id, **offer))
    return str(encode_id("Supplier", supplier.id))


async def act(
    shop: Shop,
    mutation: str,
    viewer: Viewer | None = None,
    key: str = "",
    directives: str = "",
    of: str = "purchaseOrder",
    fields: str = PURCHASE,
    **given: Any,
) -> dict[str, Any]:
    """An act of the purchase desk; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{
        {of} {{ {fields} }} {ERRORS} }} }}"""
    answer = await shop.data(viewer or shop.logistics, document, key or f"p-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def done(shop: Shop, mutation: str, **given: Any) -> dict[str, Any]:
    """The purchase order after an act that went through."""
    payload = await act(shop, mutation, **given)
    assert payload["errors"] == [], payload
    order: dict[str, Any] = payload["purchaseOrder"]
    return order


def product_id(product: Product) -> str:
    return str(encode_id("Product", product.id))


async def drafted(
    shop: Shop,
    supplier: str,
    *lines: tuple[Product, int],
    pegs: list[dict[str, Any]] | None = None,
    **given: Any,
) -> dict[str, Any]:
    """A draft of (product, quantity); `pegs` are the first line's."""
    inputs: list[dict[str, Any]] = [
        {"productId": product_id(product), "quantity": str(quantity)} for product, quantity in lines
    ]
    if pegs is not None:
        inputs[0]["pegs"] = pegs
    values = {"supplierId": supplier, "warehouseId": await warehouse_id(shop), "lines": inputs}
    return await done(shop, "createPurchaseOrder", **(values | given))


def of(order: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    return {"purchaseOrderId": order["id"], "expectedVersion": order["version"], **given}


async def sent(shop: Shop, order: Mapping[str, Any]) -> dict[str, Any]:
    return await done(shop, "sendPurchaseOrder", **of(order))


def parts(line: Mapping[str, Any], *days: tuple[int, str]) -> dict[str, Any]:
    """What a supplier says of a line: (quantity, day)."""
    return {
        "lineId": line["id"],
        "parts": [{"quantity": str(quantity), "confirmedOn": day} for quantity, day in days],
    }


def came(line: Mapping[str, Any], quantity: int, **given: Any) -> dict[str, Any]:
    return {"lineId": line["id"], "quantity": str(quantity), **given}


async def demand(shop: Shop, order_id: str) -> dict[str, Any]:
    """The sales order as the house sees it."""
    found: dict[str, Any] = (await shop.data(shop.logistics, DEMAND, id=order_id))["order"]
    return found
