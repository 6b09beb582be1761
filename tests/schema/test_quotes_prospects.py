"""Prospects: quoted like customers, and customers when finance says so."""

from typing import Any

from sqlalchemy import text

from schema.ids import encode_id
from tests.jobs.test_promises import run_kind
from tests.schema.quoting import act, answer_to, done, read
from tests.schema.shop import NOW, Shop

ACTIVATE = """mutation($i: ActivateCustomerInput!) { activateCustomer(input: $i) {
    customer { status version } errors { code path } } }"""


async def _activate(shop: Shop, version: int) -> dict[str, Any]:
    given = {
        "customerId": encode_id("Customer", shop.customer.id),
        "expectedVersion": version,
        "reason": "NIF",
    }
    found: dict[str, Any] = (await shop.data(shop.finance, ACTIVATE, i=given))["activateCustomer"]
    return found


async def test_a_prospect_accepts_and_finance_makes_it_a_customer(shop: Shop) -> None:
    async with shop.database.job() as session:
        version = await session.scalar(text("update customer set status = 'PROSPECT' returning version"))
    asked = await act(shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "10"}])
    assert asked["errors"] == []
    seen = await read(shop, shop.rep, asked["quote"])
    offered = await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", seen))

    quote = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]

    assert (quote["status"], quote["obstacle"], quote["order"]) == ("ACCEPTED", "PROSPECT", None)
    await run_kind(shop, "quotes.convert", NOW)
    tried = await act(shop, shop.rep, "convertQuote", quoteId=quote["id"], expectedVersion=quote["version"])
    assert [each["code"] for each in tried["errors"]] == ["ON_HOLD"]
    assert (await _activate(shop, version + 1))["errors"] == [
        {"code": "STALE_VERSION", "path": ["expectedVersion"]}
    ]
    assert await _activate(shop, version) == {
        "customer": {"status": "ACTIVE", "version": version + 1}, "errors": [],
    }  # fmt: skip
    await run_kind(shop, "quotes.convert", NOW)
    seen = await read(shop, shop.rep, quote)
    assert (seen["status"], seen["order"]["grossAmount"]) == ("CONVERTED", {"amount": "121.00"})
    assert await shop.broken() == []


async def test_only_prospects_are_activated(shop: Shop) -> None:
    """Who is blocked is not let in again by the way; who is a customer stays as it is."""
    for status in ("ACTIVE", "BLOCKED"):
        async with shop.database.job() as session:
            moved = text("update customer set status = :s returning version")
            version = await session.scalar(moved, {"s": status})
        before = await shop.snapshot()
        assert (await _activate(shop, version))["errors"] == [
            {"code": "INVALID_TRANSITION", "path": ["customerId"]}
        ]
        assert await shop.snapshot() == before
