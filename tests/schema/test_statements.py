"""Statements: balances that run, ageing that sums to them, and nobody else's account."""

from typing import Any

from auth.permissions import Role, Viewer
from models.customers import Customer
from schema.ids import encode_id
from tests import factories as make
from tests.schema.invoicing import act, invoiced, read
from tests.schema.paying import pay, received
from tests.schema.shop import Shop
from tests.schema.test_credit import on_day

STATEMENT = """query Statement($customer: ID, $from: Date, $until: Date) {
  statement(customerId: $customer, from: $from, until: $until) {
    customerName currency from until opening { amount } closing { amount }
    lines { on kind number dueOn reference amount { amount } balance { amount } }
    ageing { notDue { amount } days1To30 { amount } days31To60 { amount } days61To90 { amount } daysOver90 { amount }
             overdue { amount } unapplied { amount } total { amount } }
    pdfPath csvPath xlsxPath } }"""


async def reader(shop: Shop, customer: Customer) -> Viewer:
    """Somebody of a company who may read its invoices."""
    async with shop.database.job() as session:
        person = await make.make_user(session, shop.seller, customer=customer, role=Role.COMPANY_ADMIN)
    return await make.viewer_of(shop.database, person)


async def statement(shop: Shop, viewer: Viewer, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, STATEMENT, **given))["statement"]
    return found


def figures(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["kind"], line["amount"]["amount"], line["balance"]["amount"]


async def test_a_statement_runs_from_opening_to_closing(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10), purchaseOrderNumber="PO-7")
    on_day(shop, 3, 10)
    payment = await received(
        shop, "100.00", {"instalmentId": invoice["instalments"][0]["id"], "amount": "80"}
    )
    on_day(shop, 3, 12)
    now = await read(shop, shop.finance, invoice["id"])
    await act(
        shop, shop.finance, "rectifyInvoice", invoiceId=invoice["id"], expectedVersion=now["version"],
        reason="rota", lines=[{"invoiceLineId": invoice["lines"][0]["id"], "quantity": "1"}],
    )  # fmt: skip
    on_day(shop, 3, 14)
    await pay(shop, "reversePayment", paymentId=payment["id"], expectedVersion=1, reason="devuelto")

    own = await reader(shop, shop.customer)
    whole = await statement(shop, own)
    assert (whole["from"], whole["until"], whole["opening"]["amount"]) == ("2026-01-01", "2026-03-14", "0.00")
    assert [figures(line) for line in whole["lines"]] == [
        ("INVOICE", "121.00", "121.00"),
        ("PAYMENT", "-100.00", "21.00"),
        ("CREDIT", "-12.10", "8.90"),
        ("REVERSAL", "100.00", "108.90"),
    ]
    assert whole["lines"][0]["reference"] == "PO-7" and whole["lines"][0]["dueOn"] == "2026-04-01"
    assert whole["closing"]["amount"] == whole["ageing"]["total"]["amount"] == "108.90"

    # As it stood on the eleventh, and what came before is the opening balance.
    part = await statement(shop, own, **{"from": "2026-03-10", "until": "2026-03-11"})
    assert part["opening"]["amount"] == "121.00" and [figures(each)[0] for each in part["lines"]] == [
        "PAYMENT"
    ]
    assert part["ageing"]["notDue"]["amount"] == "41.00" and part["ageing"]["unapplied"]["amount"] == "20.00"
    assert part["closing"]["amount"] == part["ageing"]["total"]["amount"] == "21.00"

    late = await statement(
        shop, shop.finance, customer=encode_id("Customer", shop.customer.id), until="2026-05-02"
    )
    assert late["ageing"]["days31To60"]["amount"] == "108.90" == late["ageing"]["overdue"]["amount"]


async def test_nobody_reads_another_companys_account(shop: Shop) -> None:
    await invoiced(shop, (shop.product, 10))
    foreign = encode_id("Customer", shop.customer.id)

    stranger = await reader(shop, shop.other)
    assert await statement(shop, stranger, customer=foreign) is None
    own = await statement(shop, stranger)
    assert (
        own["customerName"] == shop.other.name and own["lines"] == [] and own["closing"]["amount"] == "0.00"
    )
    assert await statement(shop, stranger, customer="bm9wZQ") is None


async def test_a_period_ends_after_it_begins(shop: Shop) -> None:
    answer = await shop.ask(
        shop.finance,
        STATEMENT,
        **{"from": "2026-03-02", "until": "2026-03-01", "customer": encode_id("Customer", shop.customer.id)},
    )

    assert answer["data"] == {"statement": None}
    assert answer["errors"][0]["message"] == "The period ends before it begins."
