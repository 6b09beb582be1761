"""30 acts on one quote at the same moment, round after round: one order at most, and of the revision that was accepted."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from resolvers.orders_quotes_due import convert_next
from resolvers.quotes_due import expire_quotes
from schema.ids import decode_id
from tests.jobs.test_mails import shop
from tests.schema.paying import customer_id, pay
from tests.schema.quoting import act, answer_to, done, line, read, sent
from tests.schema.shop import NOW, Shop
from tests.turns import IS_LONG

__all__ = ["shop"]  # the fixture
ROUNDS = 300 if IS_LONG else 3
# What an act that came too late is told; nothing else is an answer.
LATE = {"INVALID_TRANSITION", "STALE_VERSION", "ON_HOLD", "NOT_FOUND"}


async def _value(shop: Shop, statement: str, **given: Any) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(statement), given)


async def _plenty(shop: Shop) -> None:
    """Neither credit nor stock ends before the rounds do: what is not there is ordered ahead."""
    await _value(shop, "update credit_account set credit_limit = 100000000 returning 1")
    await _value(shop, "update seller set out_of_stock_policy = 'BACKORDER' returning 1")


async def _offered(shop: Shop, percent: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the customer has, and the next revision, ready to be sent."""
    offered = await sent(shop, depositPercent=percent)
    revised = await done(shop, shop.rep, "reviseQuote", offered)
    priced = await done(
        shop, shop.rep, "setQuoteLines", revised, lines=[line(quantity="4", unitPrice="9.80", reason="r")],
        terms={"depositPercent": percent},
    )  # fmt: skip
    return offered, await done(shop, shop.rep, "submitQuote", priced)


async def _expire(shop: Shop) -> dict[str, Any]:
    """The job of a day on which the offer is over."""
    async with shop.database.job() as session:
        await expire_quotes(session, NOW + timedelta(days=60))
    return {"errors": []}


async def _convert(shop: Shop, quote: dict[str, Any]) -> dict[str, Any]:
    """The job that tries what waits again, at this quote."""
    before = decode_id(quote["id"], "Quote")
    async with shop.database.job() as session:
        await convert_next(session, NOW, type(before)(int=before.int - 1))
    return {"errors": []}


async def _at_once(shop: Shop, number: int, percent: str) -> dict[str, Any]:
    """A round: 30 acts, begun in an order of its own."""
    offered, ready = await _offered(shop, percent)
    given = {"quoteId": ready["id"], "expectedVersion": ready["version"]}
    later = {"quoteId": ready["id"], "expectedVersion": ready["version"] + 1}
    paid = {"customerId": customer_id(shop), "amount": "6.05", "quoteId": ready["id"]}
    accepts = answer_to(offered, purchaseOrderNumber=offered["number"])
    acts: list[Coroutine[Any, Any, Any]] = []
    for n in range(5):
        key = f"{number}-{n}"
        acts += [
            act(shop, shop.buyer, "acceptQuote", key=f"a{key}", **accepts),
            act(shop, shop.buyer, "acceptQuote", key=f"b{key}", **accepts),
            act(shop, shop.rep, "convertQuote", key=f"c{key}", **later),
            pay(shop, "recordPayment", **paid) if n < 2 else _convert(shop, offered),
        ]
    for n in range(3):
        key = f"{number}-{n}"
        acts += [
            act(shop, shop.rep, "sendQuote", key=f"s{key}", **given),
            act(
                shop,
                shop.rep,
                "withdrawQuote",
                key=f"w{key}",
                **(later if percent != "0" else given),
                reason="r",
            ),
            _expire(shop),
        ]
    acts.append(act(shop, shop.buyer, "declineQuote", key=f"d{number}", **answer_to(offered, reason="r")))
    assert len(acts) == 30
    Random(number).shuffle(acts)

    # All are waited for, also when one fails: nobody is left behind that would still hold a connection.
    answers = await asyncio.gather(*acts, return_exceptions=True)

    for each in answers:
        assert not isinstance(each, BaseException), repr(each)
        assert {error["code"] for error in each["errors"]} <= LATE, each["errors"]
    return offered


async def test_30_acts_on_one_quote_make_one_order_at_most(shop: Shop) -> None:
    """
    Acceptances, conversions, halves of the deposit, the next revision, withdrawals, expiries and a refusal at once.

    Whatever came first: an order is there exactly where the quote says so, of the revision that was accepted, which
    nobody put another in the place of; and of what ended otherwise there is none.
    """
    await _plenty(shop)
    ended: list[str] = []
    for number in range(ROUNDS):
        offered = await _at_once(shop, number, percent="10" if number % 2 else "0")

        quote = await read(shop, shop.rep, offered)
        ended.append(quote["status"])
        counted = "select count(*) from sales_order where purchase_order_number = :number"
        orders = await _value(shop, counted, number=offered["number"])
        assert orders == (1 if quote["status"] == "CONVERTED" else 0), (number, quote["status"], orders)
        if quote["acceptance"] is not None:
            of = {each["number"]: each for each in quote["revisions"]}
            assert quote["acceptance"]["revision"] == {"number": 1}, number
            assert of[1]["status"] == "SENT", (number, of[1]["status"])
            assert quote["acceptance"]["contentHash"] == offered["offer"]["contentHash"]
        if orders:
            assert quote["order"]["grossAmount"] == {"amount": "121.00"}
        assert await shop.broken() == [], number
    assert "CONVERTED" in ended


@pytest.mark.parametrize("count", [2])
async def test_two_halves_at_the_same_moment_make_one_order(shop: Shop, count: int) -> None:
    """Neither half sees the other's money before it is there: the quote is locked, so one of them makes the order."""
    await _plenty(shop)
    for number in range(ROUNDS):
        offered = await sent(shop, depositPercent="10")
        accepts = answer_to(offered, purchaseOrderNumber=offered["number"])
        await act(shop, shop.buyer, "acceptQuote", key=f"h{number}", **accepts)
        paid = {"customerId": customer_id(shop), "amount": "6.05", "quoteId": offered["id"]}

        answers = await asyncio.gather(*(pay(shop, "recordPayment", **paid) for _ in range(count)))

        assert [each["errors"] for each in answers] == [[], []]
        assert (await read(shop, shop.rep, offered))["status"] == "CONVERTED", number
    assert await shop.broken() == []
