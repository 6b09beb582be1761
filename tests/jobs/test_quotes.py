"""Accepted quotes that wait become orders by themselves: once, as soon as nothing stands in their way."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from jobs.catalogue import make_catalogue
from tests.jobs.test_mails import MailPlace, postbox, shop
from tests.jobs.test_promises import run_kind
from tests.schema.quoting import act, answer_to, read, sent
from tests.schema.shop import NOW, Shop

__all__ = ["postbox", "shop"]
LATER = NOW + timedelta(hours=1)


async def _do(shop: Shop, *statements: str) -> None:
    async with shop.database.job() as session:
        for statement in statements:
            await session.execute(text(statement), {"c": shop.customer.id} if ":c" in statement else {})


async def _count(shop: Shop, statement: str) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(statement))


@pytest.mark.parametrize(
    ("case", "hinder", "obstacle", "mend"),
    [
        ("credit raised", "update credit_account set credit_limit = 1", "CREDIT",
         "update credit_account set credit_limit = 100000"),
        ("customer free again", "update customer set status = 'BLOCKED'", "CUSTOMER",
         "update customer set status = 'ACTIVE'"),
        ("stock received", "update stock_balance set on_hand = 0", "STOCK",
         "update stock_balance set on_hand = 100"),
    ],
)  # fmt: skip
async def test_it_is_an_order_as_soon_as_it_can_be(
    shop: Shop, case: str, hinder: str, obstacle: str, mend: str
) -> None:
    offered = await sent(shop)
    await _do(
        shop,
        "insert into credit_account (customer_id, credit_limit, currency) values (:c, 100000, 'EUR')"
        " on conflict do nothing",
        "update seller set out_of_stock_policy = 'REFUSE'",
        hinder,
    )
    quote = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    assert quote["obstacle"] == obstacle, case
    told = "select count(*) from outbox_event"
    before = await _count(shop, told)
    await run_kind(shop, "quotes.convert", LATER)
    assert (await read(shop, shop.rep, quote))["obstacle"] == obstacle
    assert await _count(shop, told) == before  # nothing new is nobody's news

    await _do(shop, mend)
    await asyncio.gather(*(run_kind(shop, "quotes.convert", LATER) for _ in range(3)))

    seen = await read(shop, shop.rep, quote)
    assert (seen["status"], seen["obstacle"]) == ("CONVERTED", None)
    assert seen["order"]["placedByName"] == "Berta Compra"
    assert await _count(shop, "select count(*) from sales_order") == 1
    assert await shop.broken() == []


async def test_it_says_what_stands_in_its_way_now(shop: Shop) -> None:
    """First the customer is blocked, then its credit is used up: the next run says so, and once."""
    offered = await sent(shop)
    await _do(
        shop,
        "insert into credit_account (customer_id, credit_limit, currency) values (:c, 1, 'EUR')"
        " on conflict (customer_id) do update set credit_limit = 1",
        "update customer set status = 'BLOCKED'",
    )
    quote = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    await _do(shop, "update customer set status = 'ACTIVE'")

    await run_kind(shop, "quotes.convert", LATER)
    await run_kind(shop, "quotes.convert", LATER)

    seen = await read(shop, shop.rep, quote)
    assert (seen["status"], seen["obstacle"], seen["version"]) == ("ACCEPTED", "CREDIT", quote["version"] + 1)
    assert await _count(shop, "select count(*) from outbox_event where type = 'quote.delayed'") == 1


def test_what_may_take_an_obstacle_away_starts_it() -> None:
    catalogue = make_catalogue(MailPlace())
    starts = {each for each, kinds in catalogue.reactions.items() if "quotes.convert" in kinds}

    assert starts == {
        "payment.received", "payment.matched", "customer.creditLimitSet", "customer.activated", "receipt.posted", "stock.counted",
    }  # fmt: skip
    assert "quotes.convert" in {each.kind for each in catalogue.schedules}
