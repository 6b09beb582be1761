"""Many answers to one quote at once: whoever comes first, there is one order at most, of the revision that was accepted."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from resolvers.quotes_due import expire_quotes
from tests.schema.quoting import act, answer_to, done, line, read, sent
from tests.schema.shop import NOW, Shop


async def _value(shop: Shop, statement: str) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(statement))


def _codes(payloads: list[dict[str, Any]]) -> Counter[str]:
    return Counter("done" if not each["errors"] else each["errors"][0]["code"] for each in payloads)


async def test_30_acceptances_make_one_order(shop: Shop) -> None:
    offered = await sent(shop)

    found = await asyncio.gather(
        *(act(shop, shop.buyer, "acceptQuote", key=f"a{n}", **answer_to(offered)) for n in range(30))
    )

    assert _codes(found) == {"done": 1, "INVALID_TRANSITION": 29}
    assert await _value(shop, "select count(*) from sales_order") == 1
    assert await _value(shop, "select sum(reserved) from stock_balance") == 10
    assert await shop.broken() == []


async def test_12_conversions_make_one_order(shop: Shop) -> None:
    offered = await sent(shop)
    await _value(shop, "update customer set status = 'BLOCKED' returning 1")
    accepted = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    await _value(shop, "update customer set status = 'ACTIVE' returning 1")
    given = {"quoteId": accepted["id"], "expectedVersion": accepted["version"]}

    found = await asyncio.gather(
        *(act(shop, shop.rep, "convertQuote", key=f"c{n}", **given) for n in range(12))
    )

    assert _codes(found) == {"done": 1, "STALE_VERSION": 11}
    assert await _value(shop, "select count(*) from sales_order") == 1
    assert await shop.broken() == []


@pytest.mark.parametrize("seed", range(3))
async def test_acceptances_revisions_expiries_and_withdrawals_at_once(shop: Shop, seed: int) -> None:
    """Of the first revision is an order or none; never one of what was superseded, expired or withdrawn before."""
    offered = await sent(shop)
    revised = await done(shop, shop.rep, "reviseQuote", offered)
    priced = await done(
        shop, shop.rep, "setQuoteLines", revised, lines=[line(quantity="4", unitPrice="9.80", reason="r")]
    )
    ready = await done(shop, shop.rep, "submitQuote", priced)
    given = {"quoteId": ready["id"], "expectedVersion": ready["version"]}

    async def expire() -> None:
        async with shop.database.job() as session:
            await expire_quotes(session, NOW + timedelta(days=60))

    acts: list[Coroutine[Any, Any, Any]] = []
    for n in range(8):
        acts += [
            act(shop, shop.buyer, "acceptQuote", key=f"a{n}", **answer_to(offered)),
            act(shop, shop.rep, "sendQuote", key=f"s{n}", **given),
            act(shop, shop.rep, "withdrawQuote", key=f"w{n}", **given, reason="r"),
        ]
    acts += [expire() for _ in range(6)]
    turned = seed * 7 % len(acts)

    await asyncio.gather(*acts[turned:], *acts[:turned])

    quote = await read(shop, shop.rep, offered)
    orders = await _value(shop, "select count(*) from sales_order")
    assert orders == (1 if quote["status"] == "CONVERTED" else 0), quote["status"]
    if orders:
        assert quote["acceptance"]["revision"]["number"] == 1
        assert quote["acceptance"]["contentHash"] == offered["offer"]["contentHash"]
        assert quote["order"]["grossAmount"] == {"amount": "121.00"}
    else:
        assert quote["status"] in ("SENT", "EXPIRED", "WITHDRAWN") and quote["acceptance"] is None
    assert await shop.broken() == []
