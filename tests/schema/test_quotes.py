"""Quotes through the API: asked for, written, consented to, sent, countered, accepted, and made orders."""

from tests.schema.quoting import act, answer_to, done, line, read
from tests.schema.shop import Shop


async def test_a_quote_goes_from_the_request_to_the_order(shop: Shop) -> None:
    asked = await act(
        shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "10"}], message="Para mayo"
    )
    assert asked["errors"] == []
    quote = asked["quote"]
    assert (quote["number"], quote["status"], quote["revisions"]) == ("Q-2026-000001", "REQUESTED", [])
    assert quote["requestLines"] == [{"sku": "ACE-001", "quantity": "10", "requestedOn": None}]
    assert quote["allowedActions"] == [] and await read(shop, shop.stranger, quote) is None

    seen = await read(shop, shop.rep, quote)
    assert seen["allowedActions"] == ["EDIT", "SUBMIT", "WITHDRAW"]
    assert seen["draft"]["number"] == 1 and seen["revisions"][0]["grossAmount"] == {"amount": "121.00"}
    edited = await done(
        shop, shop.rep, "setQuoteLines", seen,
        lines=[line(unitPrice="9.60", reason="Cliente de siempre")], terms={"message": "Hasta fin de mes"},
    )  # fmt: skip
    assert (edited["status"], edited["revisions"][0]["netAmount"]["amount"]) == ("DRAFT", "96.00")
    assert (await read(shop, shop.buyer, quote))["revisions"] == []
    submitted = await done(shop, shop.rep, "submitQuote", edited)
    offered = await done(shop, shop.rep, "sendQuote", submitted)
    assert (offered["status"], offered["validUntil"]) == ("SENT", "2026-04-01")

    seen = await read(shop, shop.buyer, quote)
    assert seen["allowedActions"] == ["COUNTER", "ACCEPT", "DECLINE"]
    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(seen, purchaseOrderNumber="P-77"))
    assert accepted["errors"] == [] and accepted["warnings"] == []
    quote = accepted["quote"]
    assert (quote["status"], quote["obstacle"]) == ("CONVERTED", None)
    assert quote["order"]["grossAmount"] == {"amount": "116.16"}
    assert quote["order"]["purchaseOrderNumber"] == "P-77"
    assert quote["order"]["quote"] == {"number": "Q-2026-000001"}
    assert quote["acceptance"]["priceSource"] == "quote Q-2026-000001 v1"
    assert await shop.broken() == []
