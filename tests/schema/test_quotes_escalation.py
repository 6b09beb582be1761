"""Consents that nobody gives: the next level is asked after some days, once, and all are told before the end."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from resolvers.quotes_escalation import escalate_quotes, remind_quote_requests
from tests.schema.quoting import done, drafted, line, manager_of
from tests.schema.shop import NOW, Shop

DEEP = line(discountPercent="12", reason="r")
APPROVAL = "query($n: String!) { quote(by: {number: $n}) { approval { level escalatedAt } } }"


async def _approval(shop: Shop, quote: dict[str, Any]) -> Any:
    return (await shop.data(shop.rep, APPROVAL, n=quote["number"]))["quote"]["approval"]


async def _told(shop: Shop, kind: str) -> Any:
    async with shop.database.job() as session:
        counted = "select count(*) from outbox_event where type = :kind and customer_id is null"
        return await session.scalar(text(counted), {"kind": kind})


async def test_after_the_sellers_days_the_next_level_is_asked_once(shop: Shop) -> None:
    waiting = await done(shop, shop.rep, "submitQuote", await drafted(shop, DEEP))
    async with shop.database.job() as session:
        assert await escalate_quotes(session, NOW + timedelta(days=4)) == []  # the seller does not
        await session.execute(
            text(
                "insert into quote_policy (seller_id, rows, validity_days, escalate_days, updated_at)"
                " select id, '[]', 30, 2, now() from seller"
            )
        )
    async with shop.database.job() as session:
        assert await escalate_quotes(session, NOW + timedelta(days=2, seconds=-1)) == []
        assert len(await escalate_quotes(session, NOW + timedelta(days=2))) == 1
        assert await escalate_quotes(session, NOW + timedelta(days=3)) == []
    assert await _approval(shop, waiting) == {"level": "DIRECTOR", "escalatedAt": "2026-03-04T10:00:00Z"}
    assert await _told(shop, "quote.escalated") == 1

    # Whom the policy asks may still consent.
    approved = await done(shop, await manager_of(shop), "approveQuote", waiting)
    assert approved["draft"]["status"] == "APPROVED"


async def test_a_consent_is_called_to_mind_once_a_day_before_its_end(shop: Shop) -> None:
    await done(shop, shop.rep, "submitQuote", await drafted(shop, DEEP))
    async with shop.database.job() as session:
        due = await session.scalar(text("select due_at from approval_request"))
        assert await remind_quote_requests(session, due - timedelta(days=1, seconds=1)) == []
        assert len(await remind_quote_requests(session, due - timedelta(days=1))) == 1
        assert await remind_quote_requests(session, due - timedelta(hours=1)) == []
    assert await _told(shop, "quote.consentReminded") == 1
