"""Money that comes: recorded, matched, undone and reversed, with what each step posts."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from models.sellers import ExchangeRate
from schema.ids import encode_id
from tests import factories as make
from tests.schema.invoicing import act, codes, invoiced, read
from tests.schema.paying import customer_id, ledger, pay, received
from tests.schema.shop import Shop


async def test_a_payment_settles_an_instalment_and_is_posted(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))

    payment = await received(
        shop, "121.00", {"instalmentId": invoice["instalments"][0]["id"]}, reference="TRF 1"
    )

    assert payment["number"].startswith("PAY-2026-") and payment["onAccount"]["amount"] == "0.00"
    assert [each["invoiceNumber"] for each in payment["matches"]] == [invoice["number"]]
    assert payment["allowedActions"] == ["UNMATCH", "REVERSE"]
    assert (await read(shop, shop.finance, invoice["id"]))["state"] == "PAID"
    assert await ledger(shop) == {"572": Decimal(121), "700": Decimal(-100), "477": Decimal(-21)}
    assert await shop.broken() == []


async def test_more_than_is_open_stays_on_account_and_is_matched_later(shop: Shop) -> None:
    first = await invoiced(shop, (shop.product, 10))
    payload = await pay(
        shop, "recordPayment", customerId=customer_id(shop), amount="200.00",
        matches=[{"instalmentId": first["instalments"][0]["id"], "amount": "150.00"}],
    )  # fmt: skip
    payment = payload["payment"]

    assert [each["code"] for each in payload["warnings"]] == ["ON_ACCOUNT"]
    assert payload["warnings"][0]["message"] == "79 EUR stay on account."
    assert payment["onAccount"]["amount"] == "79.00"
    assert (await ledger(shop))["438"] == Decimal(-79)

    second = await invoiced(shop, (shop.product, 5))
    done = await pay(
        shop, "matchPayment", paymentId=payment["id"], expectedVersion=payment["version"],
        matches=[{"instalmentId": second["instalments"][0]["id"]}],
    )  # fmt: skip
    assert done["errors"] == [] and done["payment"]["onAccount"]["amount"] == "18.50"
    books = await ledger(shop)
    assert books["438"] == Decimal("-18.5") and "430" not in books
    assert await shop.broken() == []


async def test_a_match_is_undone_and_a_payment_taken_back(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    payment = await received(shop, "121.00", {"instalmentId": invoice["instalments"][0]["id"]})

    undone = await pay(shop, "unmatchPayment", matchId=payment["matches"][0]["id"])
    assert undone["errors"] == [] and undone["match"]["undoneAt"] is not None
    books = await ledger(shop)
    assert books["430"] == Decimal(121) and books["438"] == Decimal(-121)
    again = await pay(shop, "unmatchPayment", matchId=payment["matches"][0]["id"])
    assert codes(again) == ["INVALID_TRANSITION"]

    reversed_ = await pay(
        shop, "reversePayment", paymentId=payment["id"], expectedVersion=2, reason="devuelto"
    )
    assert reversed_["errors"] == [] and reversed_["payment"]["allowedActions"] == []
    assert reversed_["payment"]["onAccount"]["amount"] == "0.00"
    assert await ledger(shop) == {"430": Decimal(121), "700": Decimal(-100), "477": Decimal(-21)}
    assert await shop.broken() == []


async def test_reversing_opens_what_was_paid(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    payment = await received(
        shop, "121.00", {"instalmentId": invoice["instalments"][0]["id"], "amount": "60.33"}
    )

    done = await pay(shop, "reversePayment", paymentId=payment["id"], expectedVersion=1, reason="devuelto")

    assert done["errors"] == [] and done["payment"]["matches"] == []
    assert (await read(shop, shop.finance, invoice["id"]))["openAmount"]["amount"] == "121.00"
    assert await ledger(shop) == {"430": Decimal(121), "700": Decimal(-100), "477": Decimal(-21)}
    assert await shop.broken() == []


async def test_a_credit_is_set_against_another_invoice(shop: Shop) -> None:
    paid = await invoiced(shop, (shop.product, 10))
    await received(shop, "121.00", {"instalmentId": paid["instalments"][0]["id"]})
    now = await read(shop, shop.finance, paid["id"])
    credit = (
        await act(
            shop, shop.finance, "rectifyInvoice", invoiceId=paid["id"], expectedVersion=now["version"],
            reason="rotas", lines=[{"invoiceLineId": paid["lines"][0]["id"], "quantity": "4"}],
        )
    )["invoice"]  # fmt: skip
    other = await invoiced(shop, (shop.product, 10))

    done = await pay(
        shop, "matchCredit", creditInstalmentId=credit["instalments"][0]["id"],
        instalmentId=other["instalments"][0]["id"],
    )  # fmt: skip

    assert done["errors"] == [] and done["match"]["amount"]["amount"] == "48.40"
    assert done["match"]["credit"]["number"] == credit["number"] and done["match"]["payment"] is None
    assert (await read(shop, shop.finance, other["id"]))["openAmount"]["amount"] == "72.60"
    assert (await ledger(shop))["430"] == Decimal("72.6")
    undone = await pay(shop, "unmatchPayment", matchId=done["match"]["id"])
    assert undone["errors"] == []
    assert (await read(shop, shop.finance, other["id"]))["openAmount"]["amount"] == "121.00"
    assert await shop.broken() == []


async def test_refusals_change_nothing(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    instalment = invoice["instalments"][0]["id"]
    on_account = await received(shop, "50.00")
    stranger = encode_id("Customer", shop.other.id)
    own = customer_id(shop)
    async with shop.database.job() as session:
        await session.execute(text("update seller set books_closed_until = date '2026-01-31'"))
    before = await shop.snapshot()

    async def refused(mutation: str, **given: Any) -> list[str]:
        payload = await pay(shop, mutation, **given)
        assert await shop.snapshot() == before, mutation
        return codes(payload)

    assert await refused("recordPayment", customerId=own, amount="10", receivedOn="2026-03-03") == ["INVALID"]
    assert await refused("recordPayment", customerId=own, amount="10", receivedOn="2026-01-31") == [
        "PERIOD_CLOSED"
    ]
    assert await refused("recordPayment", customerId=own, amount="0") == ["INVALID"]
    assert await refused("recordPayment", customerId=own, amount="1.005") == ["INVALID"]
    assert await refused("recordPayment", customerId=own, amount="1", currency="XXX") == ["INVALID"]
    assert await refused(
        "recordPayment", customerId=stranger, amount="10", matches=[{"instalmentId": instalment}]
    ) == ["INVALID"]
    version = {"paymentId": on_account["id"], "expectedVersion": 1}
    too_much = [{"instalmentId": instalment, "amount": "50.01"}]
    assert await refused("matchPayment", **version, matches=too_much) == ["INVALID"]
    assert await refused("matchPayment", **version, matches=[]) == ["INVALID"]
    stale = {"paymentId": on_account["id"], "expectedVersion": 9}
    assert await refused("matchPayment", **stale, matches=[{"instalmentId": instalment}]) == ["STALE_VERSION"]
    assert await refused("reversePayment", **version, reason=" ") == ["REASON_REQUIRED"]
    assert await refused("matchCredit", creditInstalmentId=instalment, instalmentId=instalment) == ["INVALID"]


async def test_racing_payments_never_overpay_an_instalment(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    instalment = invoice["instalments"][0]["id"]
    payments = [await received(shop, "50.00") for _ in range(6)]

    answers = await asyncio.gather(
        *(
            pay(
                shop, "matchPayment", paymentId=each["id"], expectedVersion=1,
                matches=[{"instalmentId": instalment, "amount": "50.00"}],
            )
            for each in payments
        )
    )  # fmt: skip

    assert sorted(str(codes(each)) for each in answers) == ["['INVALID']"] * 4 + ["[]"] * 2
    assert (await read(shop, shop.finance, invoice["id"]))["openAmount"]["amount"] == "21.00"
    assert await shop.broken() == []


async def test_a_foreign_payment_posts_the_difference_of_rates(shop: Shop) -> None:
    """Invoiced at 0.90, paid at 0.80 in two parts and once undone: the customer's account ends at zero."""
    async with shop.database.job() as session:
        await make.make_currency(session, "USD")
        await session.flush()
        await make.make_price(session, shop.product, "10", currency="USD")
        for day, rate in ((date(2026, 1, 1), "0.8"), (date(2026, 3, 2), "0.9")):
            session.add(
                ExchangeRate(seller_id=shop.seller.id, currency="USD", valid_from=day, rate=Decimal(rate))
            )
        await session.execute(
            text("update customer set currency = 'USD' where id = :id"), {"id": shop.customer.id}
        )
    invoice = await invoiced(shop, (shop.product, 10))
    assert invoice["grossAmount"] == {"amount": "121.00", "currency": "USD"}
    gross = Decimal(invoice["grossAmount"]["amount"])
    instalment = invoice["instalments"][0]["id"]

    part = await received(shop, "33.33", {"instalmentId": instalment}, receivedOn="2026-02-01")
    await pay(shop, "unmatchPayment", matchId=part["matches"][0]["id"])
    await pay(
        shop, "matchPayment", paymentId=part["id"], expectedVersion=2, matches=[{"instalmentId": instalment}]
    )
    await received(shop, str(gross - Decimal("33.33")), {"instalmentId": instalment}, receivedOn="2026-02-01")

    # 121 USD were claimed at 0.90 and came at 0.80; the cents of the parts sum to the whole.
    assert await ledger(shop) == {
        "572": Decimal("96.8"), "668": Decimal("12.1"), "700": Decimal(-90), "477": Decimal("-18.9"),
    }  # fmt: skip
    assert await shop.broken() == []
