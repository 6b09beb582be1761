"""Rectifying invoices, what they do to what is open, and the buyer's answer."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.base import new_id
from tests import factories as make
from tests.schema.invoicing import act, amounts, codes, invoiced, read, uuid_of
from tests.schema.shop import Shop
from tests.schema.test_invoices import product

WHY = {"reason": "Mercancía devuelta"}


async def rectify(shop: Shop, invoice: dict[str, Any], **given: Any) -> dict[str, Any]:
    version = (await read(shop, shop.finance, invoice["id"]))["version"]
    return await act(
        shop,
        shop.finance,
        "rectifyInvoice",
        invoiceId=invoice["id"],
        **{"expectedVersion": version, **WHY, **given},
    )


async def pay(shop: Shop, invoice: dict[str, Any], amount: str) -> None:
    """A payment matched to the invoice's first instalment, as the payments' own use case leaves it."""
    async with shop.database.job() as session:
        values = {"id": new_id(), "match": new_id(), "seller": shop.seller.id, "customer": shop.customer.id,
                  "amount": Decimal(amount), "by": shop.finance.user_id, "invoice": uuid_of(invoice)}  # fmt: skip
        await session.execute(
            text(
                "insert into payment (id, seller_id, number, customer_id, method, received_on, currency,"
                " currency_exponent, exchange_rate, exchange_rate_on, amount, amount_matched, created_at,"
                " created_by_id) values (:id, :seller, 'PAY-1', :customer, 'TRANSFER', date '2026-03-02',"
                " 'EUR', 2, 1, date '2026-03-02', :amount, :amount, now(), :by)"
            ),
            values,
        )
        await session.execute(
            text(
                "insert into payment_match (id, customer_id, payment_id, instalment_id, amount, matched_on,"
                " matched_at, matched_by_id) select :match, :customer, :id, id, :amount, date '2026-03-02', now(), :by"
                " from invoice_instalment where invoice_id = :invoice"
            ),
            values,
        )
        await session.execute(
            text(
                "update invoice_instalment set amount_matched = amount_matched + :amount where invoice_id = :invoice"
            ),
            values,
        )


async def test_in_20_a_whole_invoice_is_credited_in_its_own_series(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text(
                "insert into invoice_series (seller_id, code, year, kind, digits, next_number)"
                " values (:seller, 'A', 2026, 'INVOICE', 4, 7)"
            ),
            {"seller": shop.seller.id},
        )
    invoice = await invoiced(shop, (shop.product, 10))
    assert invoice["number"] == "A-2026-0007"

    credit = (await rectify(shop, invoice))["invoice"]

    assert credit["number"] == "R-2026-0001" and credit["type"] == "R1" and credit["kind"] == "RECTIFYING"
    assert amounts(credit) == ("-100.00", "-21.00", "0.00", "-121.00")
    assert credit["lines"][0]["quantity"] == "-10" and credit["reason"] == WHY["reason"]
    assert credit["state"] == "PAID" and credit["openAmount"]["amount"] == "0.00"
    after = await read(shop, shop.finance, invoice["id"])
    assert after["state"] == "PAID" and after["lines"][0]["quantityCredited"] == "10"
    assert after["allowedActions"] == [] and after["version"] == invoice["version"] + 1
    assert credit["record"]["previousHash"] == invoice["record"]["hash"]
    related = "query($id: ID!) { invoice(by: {id: $id}) { rectifies { number } rectifiedBy { number } } }"
    assert (await shop.data(shop.finance, related, id=invoice["id"]))["invoice"] == {
        "rectifies": [], "rectifiedBy": [{"number": "R-2026-0001"}],
    }  # fmt: skip
    assert (await shop.data(shop.finance, related, id=credit["id"]))["invoice"] == {
        "rectifies": [{"number": "A-2026-0007"}], "rectifiedBy": [],
    }  # fmt: skip
    journal = '{ journalEntries(where: {description: {eq: "R-2026-0001"}}) { nodes { lines { account debit { amount } credit { amount } } } } }'
    (entry,) = (await shop.data(shop.finance, journal))["journalEntries"]["nodes"]
    assert {(line["account"], line["debit"]["amount"], line["credit"]["amount"]) for line in entry["lines"]} == {
        ("430", "0.00", "121.00"), ("708", "100.00", "0.00"), ("477", "21.00", "0.00"),
    }  # fmt: skip
    broken = await shop.broken()
    assert broken == ["invoice numbers of a series are contiguous"]  # the test began the series at 7


async def test_credits_in_pieces_make_exactly_the_invoice(shop: Shop) -> None:
    odd = await product(shop, "3.33")
    invoice = await invoiced(shop, (odd, 7), (shop.product, 3))
    line, other = (each["id"] for each in invoice["lines"])

    credits = []
    for lines in ([(line, "2")], [(line, "4"), (other, "1")], [(other, "1")]):
        given = [{"invoiceLineId": key, "quantity": quantity} for key, quantity in lines]
        answer = await rectify(shop, invoice, lines=given)
        assert answer["errors"] == []
        credits.append(answer["invoice"])
        assert await shop.broken() == []
    credits.append((await rectify(shop, invoice, type="R4"))["invoice"])

    for name in ("netAmount", "taxAmount", "grossAmount"):
        total = sum(Decimal(each[name]["amount"]) for each in credits)
        assert -total == Decimal(invoice[name]["amount"]), name
    assert (await read(shop, shop.finance, invoice["id"]))["state"] == "PAID"
    assert await shop.broken() == []


async def test_the_credit_of_a_paid_invoice_stays_on_account(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    await pay(shop, invoice, "100.00")
    assert (await read(shop, shop.finance, invoice["id"]))["state"] == "PARTIAL"

    credit = (await rectify(shop, invoice))["invoice"]

    assert credit["openAmount"]["amount"] == "-100.00" and credit["state"] == "PARTIAL"
    after = await read(shop, shop.finance, invoice["id"])
    assert after["state"] == "PAID" and after["openAmount"]["amount"] == "0.00"
    assert await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "given", "code", "path"),
    [
        ("no reason", {"reason": " "}, "REASON_REQUIRED", ["reason"]),
        ("not a correction", {"type": "F1"}, "INVALID", ["type"]),
        ("before the invoice", {"issuedOn": "2026-03-01"}, "PAST_DATE", ["issuedOn"]),
        ("to come", {"issuedOn": "2026-03-03"}, "INVALID", ["issuedOn"]),
        ("too many", {"lines": [("own", "11")]}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("none", {"lines": [("own", "0")]}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("twice", {"lines": [("own", "1"), ("own", "1")]}, "NOT_FOUND", ["lines", "1", "invoiceLineId"]),
        ("nothing", {"lines": []}, "INVALID", ["lines"]),
        ("stale", {"expectedVersion": 1}, "STALE_VERSION", ["expectedVersion"]),
    ],
)
async def test_corrections_that_are_refused(
    shop: Shop, case: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    if "lines" in given:
        own = invoice["lines"][0]["id"]
        given = {"lines": [{"invoiceLineId": own, "quantity": quantity} for _, quantity in given["lines"]]}
    before = await shop.snapshot()

    refused = await rectify(shop, invoice, **given)

    assert codes(refused) == [code] and refused["errors"][0]["path"] == path, case
    assert refused["invoice"] is None
    assert await shop.snapshot() == before


async def test_what_is_credited_is_credited_once(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    credit = (await rectify(shop, invoice))["invoice"]
    before = await shop.snapshot()

    again = await rectify(shop, invoice)
    of_the_credit = await rectify(shop, credit)

    assert codes(again) == ["INVALID_TRANSITION"] and codes(of_the_credit) == ["INVALID_TRANSITION"]
    assert await shop.snapshot() == before


async def member(shop: Shop, role: Role) -> Viewer:
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.customer, role=role)
    return await make.viewer_of(shop.database, user)


async def test_the_buyers_side_answers(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    approver, integrator = await member(shop, Role.APPROVER), await member(shop, Role.CUSTOMER_INTEGRATOR)
    given = {"invoiceId": invoice["id"], "expectedVersion": invoice["version"], "status": "REJECTED"}
    before = await shop.snapshot()

    assert codes(await act(shop, approver, "answerInvoice", **given)) == ["REASON_REQUIRED"]
    assert codes(await act(shop, approver, "answerInvoice", **given | {"status": "PAID"})) == ["INVALID"]
    assert await shop.snapshot() == before
    done = await act(shop, approver, "answerInvoice", **given, reason="Falta una caja")

    assert done["errors"] == []
    assert (done["invoice"]["buyerStatus"], done["invoice"]["buyerReason"]) == ("REJECTED", "Falta una caja")
    accepted = given | {"status": "ACCEPTED", "expectedVersion": done["invoice"]["version"]}
    assert (await act(shop, approver, "answerInvoice", **accepted))["invoice"]["buyerStatus"] == "ACCEPTED"
    document = "mutation($input: AnswerInvoiceInput!) { answerInvoice(input: $input) { errors { code } } }"
    hidden = await shop.ask(integrator, document, input=given)
    assert "Unknown type" in hidden["errors"][0]["message"]
    assert (await read(shop, integrator, invoice["id"]))["allowedActions"] == []
    chain = await shop.data(shop.finance, "{ invoiceChain { isSound } }")
    assert chain["invoiceChain"]["isSound"]
