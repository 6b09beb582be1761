"""What quotes may not pass by being split, nor by being made orders late: limits of consent, and of discounts."""

import asyncio
from typing import Any

from sqlalchemy import text

from tests.schema.discounting import open_desk
from tests.schema.quoting import act, answer_to, done, drafted, line, read, sent
from tests.schema.shop import Shop


async def _do(shop: Shop, statement: str) -> Any:
    async with shop.database.job() as session:
        return (await session.execute(text(statement))).scalar()


async def test_two_quotes_within_days_are_judged_as_one(shop: Shop) -> None:
    """4 % of 100.00 by itself passes; with 12 % of another 100.00 it is 8 % of 200.00."""
    deep = await drafted(shop, line(discountPercent="12", reason="r"))
    light = await drafted(shop, line(discountPercent="4", reason="r"))
    await done(shop, shop.rep, "submitQuote", deep)
    assert (await read(shop, shop.rep, light))["draft"]["needs"] == []
    await _do(shop, "update seller set judged_together_days = 30 returning 1")

    need = {"criterion": "QUOTE_DEPTH", "level": "MANAGER", "line": None, "threshold": "5", "value": "8"}
    assert (await read(shop, shop.rep, light))["draft"]["needs"] == [need]
    waiting = await done(shop, shop.rep, "submitQuote", light)
    assert waiting["draft"]["status"] == "PENDING_APPROVAL"
    full = await done(shop, shop.rep, "submitQuote", await drafted(shop))
    assert full["draft"]["status"] == "APPROVED"  # what gives nothing asks nobody
    await done(shop, shop.rep, "withdrawQuote", await read(shop, shop.rep, deep), reason="r")
    assert (await read(shop, shop.rep, light))["draft"]["needs"] == []


async def test_of_two_that_are_submitted_at_once_one_sees_the_other(shop: Shop) -> None:
    """Each gives 4 %, and a piece of 10.00 beside it: the second is judged with the first."""
    await _do(shop, "update seller set judged_together_days = 30 returning 1")
    lines = (line(discountPercent="4", reason="r"),)
    quotes = [await drafted(shop, *lines) for _ in range(4)]
    policy = '[{"criterion": "AMOUNT", "threshold": "150", "level": "MANAGER"}]'
    await _do(
        shop,
        "insert into quote_policy (seller_id, rows, validity_days, updated_at)"
        f" select id, '{policy}'::jsonb, 30, now() from seller returning 1".replace(":", "\\:"),
    )

    given = [{"quoteId": each["id"], "expectedVersion": each["version"]} for each in quotes]
    answers = await asyncio.gather(*(act(shop, shop.rep, "submitQuote", **each) for each in given))

    states = sorted(each["quote"]["draft"]["status"] for each in answers)
    assert states == ["APPROVED", "PENDING_APPROVAL", "PENDING_APPROVAL", "PENDING_APPROVAL"]


async def test_a_limited_discount_is_counted_once_when_the_order_is_made(shop: Shop) -> None:
    desk = await open_desk(shop)
    await desk.running(usesMax=1)
    first, second = await sent(shop), await sent(shop)
    assert await _do(shop, "select uses from discount_rule") == 0  # an offer takes nothing yet

    made = (await act(shop, shop.buyer, "acceptQuote", **answer_to(first)))["quote"]
    late = await act(shop, shop.buyer, "acceptQuote", **answer_to(second))

    assert (made["status"], late["quote"]["obstacle"]) == ("CONVERTED", "DISCOUNT")
    assert await _do(shop, "select uses from discount_rule") == 1
    assert await _do(shop, "select count(*) from discount_redemption") == 1
    assert [each["code"] for each in late["warnings"]] == ["ON_HOLD"]
    assert await shop.broken() == []
    await _do(shop, "update discount_rule set uses_max = 2 returning 1")
    converted = await done(shop, shop.rep, "convertQuote", late["quote"])
    assert converted["order"]["grossAmount"] == made["order"]["grossAmount"]
    assert await _do(shop, "select uses from discount_rule") == 2
    assert await shop.broken() == []


async def test_an_acceptance_that_waits_for_stock_takes_no_discount(shop: Shop) -> None:
    desk = await open_desk(shop)
    await desk.running(usesMax=1)
    offered = await sent(shop)
    await _do(shop, "update seller set out_of_stock_policy = 'REFUSE' returning 1")
    await _do(shop, "update stock_balance set on_hand = 0 returning 1")

    quote = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]

    assert quote["obstacle"] == "STOCK"
    assert await _do(shop, "select uses from discount_rule") == 0
