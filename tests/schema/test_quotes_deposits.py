"""Deposits: a quote becomes an order with the payment that makes up the share, and no sooner."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.schema.paying import customer_id, pay, received
from tests.schema.quoting import act, answer_to, done, line, read, sent
from tests.schema.shop import Shop

DEPOSIT = "deposit { percent due { amount } paid { amount } isReached }"


async def accepted(shop: Shop, *lines: dict[str, Any], percent: str = "30") -> dict[str, Any]:
    """121.00, of which 36.30 are asked for, where nothing else is said."""
    offered = await sent(shop, *lines, depositPercent=percent)
    payload = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered))
    assert payload["errors"] == []
    found: dict[str, Any] = payload["quote"]
    return found


async def deposit(shop: Shop, quote: dict[str, Any]) -> Any:
    document = f"query($n: String!) {{ quote(by: {{number: $n}}) {{ {DEPOSIT} }} }}"
    return (await shop.data(shop.buyer, document, n=quote["number"]))["quote"]["deposit"]


async def test_two_half_payments_make_an_order_and_one_half_does_not(shop: Shop) -> None:
    quote = await accepted(shop)
    assert (quote["status"], quote["obstacle"], quote["order"]) == ("ACCEPTED", "DEPOSIT", None)
    assert await deposit(shop, quote) == {
        "percent": "30", "due": {"amount": "36.30"}, "paid": {"amount": "0.00"}, "isReached": False,
    }  # fmt: skip
    first = await received(shop, "18.15", quoteId=quote["id"])
    seen = await read(shop, shop.rep, quote)
    assert (seen["status"], seen["obstacle"]) == ("ACCEPTED", "DEPOSIT")
    assert (await deposit(shop, quote))["paid"] == {"amount": "18.15"}

    second = await received(shop, "18.15", quoteId=quote["id"])

    seen = await read(shop, shop.rep, quote)
    assert (seen["status"], seen["obstacle"]) == ("CONVERTED", None)
    assert seen["order"]["grossAmount"] == {"amount": "121.00"}
    assert seen["order"]["placedByName"] == "Berta Compra"  # it is the buyer's order
    assert (await deposit(shop, quote))["isReached"]
    # The money stays on account until the invoice; nothing is left to link once there is an order.
    assert [each["onAccount"]["amount"] for each in (first, second)] == ["18.15", "18.15"]
    late = await pay(shop, "setPaymentQuote", paymentId=first["id"], expectedVersion=first["version"])
    assert [(each["code"], each["path"]) for each in late["errors"]] == [("INVALID_TRANSITION", ["quoteId"])]
    assert await shop.broken() == []


async def test_a_cent_less_is_not_enough(shop: Shop) -> None:
    quote = await accepted(shop)
    await received(shop, "36.29", quoteId=quote["id"])
    assert (await read(shop, shop.rep, quote))["obstacle"] == "DEPOSIT"
    tried = await act(
        shop, shop.rep, "convertQuote", quoteId=quote["id"], expectedVersion=quote["version"] + 1
    )
    assert [each["code"] for each in tried["errors"]] == ["ON_HOLD"]
    await received(shop, "0.01", quoteId=quote["id"])
    assert (await read(shop, shop.rep, quote))["status"] == "CONVERTED"


async def test_money_that_came_before_counts_where_it_is_said_to_be_for_it(shop: Shop) -> None:
    """Paid in advance, from a bank file or with the offer in hand: the acceptance makes the order at once."""
    offered = await sent(shop, depositPercent="30")
    paid = await received(shop, "40")
    given = {"paymentId": paid["id"], "expectedVersion": paid["version"]}
    assigned = await pay(shop, "setPaymentQuote", **given, quoteId=offered["id"])
    assert assigned["errors"] == [] and (await deposit(shop, offered))["isReached"]
    taken_back = await pay(shop, "setPaymentQuote", paymentId=paid["id"], expectedVersion=2)
    assert taken_back["errors"] == [] and (await deposit(shop, offered))["paid"] == {"amount": "0.00"}
    await pay(shop, "setPaymentQuote", paymentId=paid["id"], expectedVersion=3, quoteId=offered["id"])

    quote = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]

    assert (quote["status"], quote["obstacle"]) == ("CONVERTED", None)


async def test_what_was_reversed_counts_no_more(shop: Shop) -> None:
    quote = await accepted(shop)
    paid = await received(shop, "20", quoteId=quote["id"])
    reversed_ = await pay(
        shop, "reversePayment", paymentId=paid["id"], expectedVersion=paid["version"], reason="devuelto"
    )
    assert reversed_["errors"] == []
    await received(shop, "20", quoteId=quote["id"])
    assert (await read(shop, shop.rep, quote))["obstacle"] == "DEPOSIT"
    assert (await deposit(shop, quote))["paid"] == {"amount": "20.00"}


async def test_the_share_is_of_all_that_was_accepted(shop: Shop) -> None:
    """An option of 60.50 comes on top of 121.00: a third of 181.50, rounded once."""
    offered = await sent(shop, line(), line(quantity="5", isOptional=True), depositPercent="33.333333")
    assert (await deposit(shop, offered))["due"] == {"amount": "40.33"}
    option = offered["revisions"][0]["lines"][1]["id"]
    await act(shop, shop.buyer, "acceptQuote", **answer_to(offered, lineIds=[option]))
    assert (await deposit(shop, offered))["due"] == {"amount": "60.50"}


async def test_what_else_stands_in_the_way_is_said_when_the_deposit_is_paid(shop: Shop) -> None:
    quote = await accepted(shop)
    async with shop.database.job() as session:
        await session.execute(text("update seller set out_of_stock_policy = 'REFUSE'"))
        await session.execute(text("update stock_balance set on_hand = 0"))
    payload = await pay(shop, "recordPayment", customerId=customer_id(shop), amount="40", quoteId=quote["id"])
    assert [(each["code"], each["path"]) for each in payload["warnings"]] == [
        ("ON_ACCOUNT", ["amount"]), ("ON_HOLD", ["quoteId"]),
    ]  # fmt: skip
    assert (await read(shop, shop.rep, quote))["obstacle"] == "STOCK"


@pytest.mark.parametrize(
    ("case", "given", "error"),
    [
        ("another currency", {"currency": "USD"}, ("INVALID", ["quoteId"])),
        ("more than there was", {"amount": "0"}, ("INVALID", ["amount"])),
    ],
)
async def test_payments_that_are_not_for_the_quote(
    shop: Shop, case: str, given: dict[str, Any], error: tuple[str, list[str]]
) -> None:
    quote = await accepted(shop)
    async with shop.database.job() as session:
        await session.execute(
            text(
                "insert into currency (code, exponent, name) values ('USD', 2, 'Dollar') on conflict do nothing"
            )
        )
        await session.execute(
            text(
                "insert into exchange_rate (seller_id, currency, valid_from, rate)"
                " values (:seller, 'USD', '2026-01-01', 0.9)"
            ),
            {"seller": shop.seller.id},
        )
    before = await shop.snapshot()
    values = {"customerId": customer_id(shop), "amount": "40", "quoteId": quote["id"], **given}
    payload = await pay(shop, "recordPayment", **values)
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [error], case
    assert await shop.snapshot() == before


async def test_a_quote_that_is_over_takes_no_money(shop: Shop) -> None:
    quote = await accepted(shop)
    await done(shop, shop.rep, "withdrawQuote", quote, reason="r")
    before = await shop.snapshot()
    values = {"customerId": customer_id(shop), "amount": "40", "quoteId": quote["id"]}
    payload = await pay(shop, "recordPayment", **values)
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [
        ("INVALID_TRANSITION", ["quoteId"])
    ]
    assert await shop.snapshot() == before


@pytest.mark.parametrize("percent", ["-1", "100.5"])
async def test_a_share_is_a_percent(shop: Shop, percent: str) -> None:
    before = await shop.snapshot()
    customer = customer_id(shop)
    tried = await act(
        shop, shop.rep, "createQuote", customerId=customer, lines=[line()], terms={"depositPercent": percent}
    )
    assert [(each["code"], each["path"]) for each in tried["errors"]] == [
        ("INVALID", ["terms", "depositPercent"])
    ]
    assert await shop.snapshot() == before
