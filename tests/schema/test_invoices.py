"""From what was shipped to an issued invoice: amounts, numbers, records, postings."""

from tests.schema.invoicing import (
    amounts,
    broken_invariants,
    drafted,
    issued,
    ordered,
    ship,
)
from tests.schema.shop import Shop


async def test_a_delivery_becomes_an_issued_invoice(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))

    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    assert draft["status"] == "DRAFT" and draft["number"] is None and draft["record"] is None
    assert draft["allowedActions"] == ["ISSUE", "DISCARD"]
    (invoice,) = await issued(shop, draft)

    assert invoice["status"] == "ISSUED" and invoice["number"] == "A-2026-0001"
    assert amounts(invoice) == ("100.00", "21.00", "0.00", "121.00")
    assert invoice["state"] == "OPEN" and invoice["dueOn"] == "2026-04-01"
    assert invoice["record"]["position"] == 1
    assert await broken_invariants(shop) == []
