"""Placing an order: what it costs, holds, copies and refuses."""

from tests.schema.shop import Shop


async def test_a_cart_becomes_an_order(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 3))

    placed = await shop.place(shop.buyer, cart, purchaseOrderNumber="PO-7")

    assert placed["errors"] == [] and placed["warnings"] == []
    order = placed["order"]
    assert order["status"] == "PLACED" and order["number"].startswith("SO-2026-")
    assert order["gross"]["amount"] == "36.30"
    assert order["lines"][0] | {"id": None} == {
        "id": None, "sku": "ACE-001", "quantityOrdered": "3", "quantityReserved": "3", "quantityBackordered": "0",
        "quantityCancelled": "0",
    }  # fmt: skip
    assert (await shop.cart(shop.buyer))["totals"]["gross"]["amount"] == "0.00"
