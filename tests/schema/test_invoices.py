"""Drafts: what is invoiced, at which amounts and with which tax."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from auth.permissions import Role
from models.customers import TaxEvidence
from models.users import User
from rules.states import InvoicingMode, ProductKind, TaxEvidenceKind, TaxRegime
from tests import factories as make
from tests.schema.invoicing import (
    act,
    amounts,
    codes,
    drafted,
    invoiced,
    issued,
    ordered,
    read,
    ship,
)
from tests.schema.shop import NOW, Shop


async def product(
    shop: Shop, price: str | None, percent: str = "21", tax: str = "STANDARD", **given: Any
) -> Any:
    async with shop.database.job() as session:
        category = await make.make_tax_category(session, shop.seller, tax, percent)
        return await make.make_product(session, shop.seller, price=price, tax=category, **given)


async def customer_is(shop: Shop, **values: Any) -> None:
    async with shop.database.job() as session:
        for name, value in values.items():
            await session.execute(
                text(f"update customer set {name} = :value where id = :id"),
                {"value": str(value), "id": shop.customer.id},
            )


async def ship_to(shop: Shop, country: str, postal_code: str) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text(
                "update customer_address set country = :country, postal_code = :code where customer_id = :id"
            ),
            {"country": country, "code": postal_code, "id": shop.customer.id},
        )


async def prove(shop: Shop, kind: TaxEvidenceKind, **given: Any) -> None:
    values: dict[str, Any] = {
        "number": "DE123456789", "request_identifier": "WAPI-1", "is_valid": True,
        "verified_on": date(2026, 2, 1), "created_at": NOW, "created_by_id": shop.finance.user_id,
    }  # fmt: skip
    async with shop.database.job() as session:
        await make.add(session, TaxEvidence(customer_id=shop.customer.id, kind=kind, **(values | given)))


def tax_rows(invoice: dict[str, Any]) -> list[tuple[str, ...]]:
    """(category, qualification, rate, base, tax, surcharge) of each group."""
    return [
        (
            group["category"],
            group["qualification"],
            group["percent"],
            group["base"]["amount"],
            group["tax"]["amount"],
            group["surcharge"]["amount"],
        )
        for group in invoice["taxGroups"]
    ]


async def test_a_delivery_becomes_an_issued_invoice(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))

    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    assert draft["status"] == "DRAFT" and draft["number"] is None and draft["record"] is None
    assert draft["allowedActions"] == ["ISSUE", "DISCARD"] and draft["state"] is None
    (invoice,) = await issued(shop, draft)

    assert invoice["status"] == "ISSUED" and invoice["number"] == "A-2026-0001"
    assert amounts(invoice) == ("100.00", "21.00", "0.00", "121.00")
    assert invoice["state"] == "OPEN" and invoice["dueOn"] == "2026-04-01" and not invoice["isOverdue"]
    assert invoice["openAmount"]["amount"] == "121.00"
    assert invoice["allowedActions"] == ["RECTIFY"]
    assert await shop.broken() == []


async def test_in_01_tax_is_by_group_and_not_by_line(shop: Shop) -> None:
    lines = [(await product(shop, "0.12"), 1) for _ in range(10)]

    invoice = await invoiced(shop, *lines)

    assert amounts(invoice) == ("1.20", "0.25", "0.00", "1.45")
    assert sum(Decimal(line["taxAmount"]["amount"]) for line in invoice["lines"]) == Decimal("0.25")


async def test_in_02_several_rates(shop: Shop) -> None:
    lines = [
        (await product(shop, "100.00"), 1),
        (await product(shop, "50.00", "10", "REDUCED"), 1),
        (await product(shop, "25.00", "4", "SUPER"), 1),
    ]

    invoice = await invoiced(shop, *lines)

    assert [row[4] for row in tax_rows(invoice)] == ["1.00", "5.00", "21.00"]
    assert invoice["grossAmount"]["amount"] == "202.00"


async def test_in_04_equivalence_surcharge(shop: Shop) -> None:
    await customer_is(shop, tax_regime=TaxRegime.EQUIVALENCE_SURCHARGE)
    lines = [
        (await product(shop, "1000", "10", "REDUCED"), 1),
        (await product(shop, "1000", "4", "SUPER"), 1),
    ]

    invoice = await invoiced(shop, *lines)

    assert [row[2:] for row in tax_rows(invoice)] == [
        ("4", "1000.00", "40.00", "5.00"),
        ("10", "1000.00", "100.00", "14.00"),
    ]
    assert amounts(invoice) == ("2000.00", "140.00", "19.00", "2159.00")
    assert await shop.broken() == []


async def test_in_13_lines_are_rounded_first(shop: Shop) -> None:
    async with shop.database.job() as session:
        kilo = await make.make_unit(session, "KGM", 1)
    parts: dict[str, Any] = {"unit": kilo, "pack_size": Decimal("0.5")}
    lines = [(await product(shop, "0.67", **parts), "0.5") for _ in range(3)]

    invoice = await invoiced(shop, *lines)

    assert [line["netAmount"]["amount"] for line in invoice["lines"]] == ["0.34"] * 3
    assert invoice["netAmount"]["amount"] == "1.02"


async def test_in_16_a_intra_community_supply(shop: Shop) -> None:
    await customer_is(shop, tax_regime=TaxRegime.INTRA_EU)
    await ship_to(shop, "DE", "10115")
    await prove(shop, TaxEvidenceKind.VIES)
    await prove(shop, TaxEvidenceKind.EXPORT, number="CMR 77")

    invoice = await invoiced(shop, (await product(shop, "1000"), 1))

    assert tax_rows(invoice) == [("K", "E5", "0", "1000.00", "0.00", "0.00")]
    assert invoice["taxGroups"][0]["exemptionCode"] == "VATEX-EU-IC"


async def test_in_16_b_domestic_reverse_charge_has_a_series_of_its_own(shop: Shop) -> None:
    await prove(shop, TaxEvidenceKind.RESELLER, number="Declaración 5")
    phones = await product(shop, "1000", is_reverse_charge=True)

    order = await ordered(shop, (phones, 1), (shop.product, 1))
    drafts = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    invoices = await issued(shop, *drafts)

    assert [each["number"] for each in invoices] == ["A-2026-0001", "I-2026-0001"]
    assert tax_rows(invoices[1]) == [("AE", "S2", "0", "1000.00", "0.00", "0.00")]
    assert [each["record"]["position"] for each in invoices] == [1, 2]
    assert invoices[1]["record"]["previousHash"] == invoices[0]["record"]["hash"]


async def test_reverse_charge_of_others_begins_above_ten_thousand(shop: Shop) -> None:
    phones = await product(shop, "5000", is_reverse_charge=True)

    exactly = await invoiced(shop, (phones, 2))
    above = await invoiced(shop, (phones, 3))

    assert tax_rows(exactly)[0][0] == "S" and tax_rows(above)[0][0] == "AE"


@pytest.mark.parametrize(
    ("case", "regime", "place"),
    [
        ("without a VIES number", TaxRegime.INTRA_EU, ("DE", "10115")),
        ("without proof of export", TaxRegime.EXPORT, ("US", "10001")),
        ("to the Canary Islands", TaxRegime.DOMESTIC, ("ES", "35001")),
        ("an embassy", TaxRegime.EXEMPT, ("ES", "28001")),
    ],
)
async def test_an_exemption_without_evidence_is_not_issued(
    shop: Shop, case: str, regime: TaxRegime, place: tuple[str, str]
) -> None:
    await customer_is(shop, tax_regime=regime)
    await ship_to(shop, *place)
    order = await ordered(shop, (shop.product, 10))
    made = await act(shop, shop.finance, "createInvoices", deliveryIds=[await ship(shop, order["id"])])
    assert "EVIDENCE_REQUIRED" in [each["code"] for each in made["warnings"]], case
    before = await shop.snapshot()

    refused = await act(
        shop, shop.finance, "issueInvoices", invoiceIds=[each["id"] for each in made["invoices"]]
    )

    assert set(codes(refused)) == {"EVIDENCE_REQUIRED"} and refused["invoices"] is None
    assert refused["errors"][0]["path"][:2] == ["invoiceIds", "0"]
    assert await shop.snapshot() == before


async def test_evidence_that_came_lets_the_draft_issue(shop: Shop) -> None:
    await customer_is(shop, tax_regime=TaxRegime.EXPORT)
    await ship_to(shop, "US", "10001")
    order = await ordered(shop, (shop.product, 10))
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])

    document = "mutation($input: RecordTaxEvidenceInput!) { recordTaxEvidence(input: $input) { customer { id } errors { code } } }"
    customer = (await shop.data(shop.finance, '{ customers(search: "Núñez") { nodes { id } } }'))[
        "customers"
    ]["nodes"][0]
    told = {"customerId": customer["id"], "kind": "EXPORT", "number": "MRN 26ES1", "verifiedOn": "2026-03-02"}
    assert (await shop.data(shop.finance, document, input=told))["recordTaxEvidence"]["errors"] == []
    (invoice,) = await issued(shop, draft)

    assert tax_rows(invoice) == [("G", "E2", "0", "100.00", "0.00", "0.00")]


async def test_tax_that_is_not_the_drafts_any_more_is_refused(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    async with shop.database.job() as session:
        await session.execute(text("update tax_rate set percent = 23"))
    before = await shop.snapshot()

    refused = await act(shop, shop.finance, "issueInvoices", invoiceIds=[draft["id"]])

    assert codes(refused) == ["INVALID"] and "ACE-001" in refused["errors"][0]["message"]
    assert await shop.snapshot() == before


async def test_partial_invoices_of_a_line_sum_to_it(shop: Shop) -> None:
    """MR-06: 10.00 in three parts."""
    thirds = await product(shop, None)
    async with shop.database.job() as session:
        await make.make_price(session, thirds, "10", price_unit=Decimal(3))
    order = await ordered(shop, (thirds, 3))

    nets = []
    for _ in range(3):
        (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"], 1)])
        nets.append(draft["netAmount"]["amount"])

    assert nets == ["3.33", "3.34", "3.33"]
    assert await shop.broken() == []


async def test_invoicing_more_than_was_delivered_is_refused_naming_the_line(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))
    await ship(shop, order["id"], 4)
    line = order["lines"][0]["id"]
    before = await shop.snapshot()

    for quantity in ("5", "0", "-1"):
        asked = {"orderId": order["id"], "lines": [{"orderLineId": line, "quantity": quantity}]}
        refused = await act(shop, shop.finance, "createInvoices", order=asked)
        assert codes(refused) == ["QUANTITY_INVALID"] and refused["invoices"] is None
        assert refused["errors"][0]["path"] == ["order", "lines", "0", "quantity"]
        assert "ACE-001" in refused["errors"][0]["message"]
    assert await shop.snapshot() == before
    asked = {"orderId": order["id"], "lines": [{"orderLineId": line, "quantity": "3"}]}
    (draft,) = await drafted(shop, order=asked)
    assert draft["netAmount"]["amount"] == "30.00"
    (rest,) = await drafted(shop, order={"orderId": order["id"]})
    assert rest["netAmount"]["amount"] == "10.00"


@pytest.mark.parametrize(
    ("mode", "orders_of_drafts"),
    [
        (InvoicingMode.PER_DELIVERY, [1, 1, 1]),
        (InvoicingMode.PER_ORDER, [2, 1]),
        (InvoicingMode.PERIODIC, [3]),
    ],
)
async def test_invoicing_modes(shop: Shop, mode: InvoicingMode, orders_of_drafts: list[int]) -> None:
    await customer_is(shop, invoicing_mode=mode)
    one = await ordered(shop, (shop.product, 10))
    other = await ordered(shop, (shop.product, 5))
    deliveries = [
        await ship(shop, one["id"], 4),
        await ship(shop, one["id"], 6),
        await ship(shop, other["id"]),
    ]

    drafts = await drafted(shop, deliveryIds=deliveries)

    assert [len(draft["lines"]) for draft in drafts] == orders_of_drafts


async def test_one_invoice_never_mixes_terms(shop: Shop) -> None:
    await customer_is(shop, invoicing_mode=InvoicingMode.PERIODIC)
    one = await ordered(shop, (shop.product, 1))
    async with shop.database.job() as session:
        term = await make.make_payment_term(session, shop.seller, "60D", 60)
        await session.execute(
            text("update customer set payment_term_id = :term where id = :id"),
            {"term": term.id, "id": shop.customer.id},
        )
    other = await ordered(shop, (shop.product, 1))

    drafts = await drafted(shop, deliveryIds=[await ship(shop, one["id"]), await ship(shop, other["id"])])

    assert len(drafts) == 2


async def test_a_period_takes_what_left_in_it(shop: Shop) -> None:
    await customer_is(shop, invoicing_mode=InvoicingMode.PERIODIC)
    order = await ordered(shop, (shop.product, 10))
    february = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)  # already March in Madrid
    await ship(shop, order["id"], 4, when=datetime(2026, 2, 28, 10, tzinfo=UTC))
    await ship(shop, order["id"], 6, when=february)
    customer = (await shop.data(shop.finance, '{ customers(search: "Núñez") { nodes { id } } }'))[
        "customers"
    ]["nodes"][0]

    (draft,) = await drafted(
        shop, period={"customerId": customer["id"], "from": "2026-02-01", "until": "2026-02-28"}
    )

    assert draft["netAmount"]["amount"] == "40.00" and draft["supplied"] == "2026-02-28"


async def test_services_are_invoiced_with_the_order(shop: Shop) -> None:
    service = await product(shop, "30", kind=ProductKind.SERVICE, stock=None)
    order = await ordered(shop, (shop.product, 1), (service, 2))
    await ship(shop, order["id"], 1, 0)

    (draft,) = await drafted(shop, order={"orderId": order["id"]})

    assert [(line["quantity"], line["deliveryNumber"] != "") for line in draft["lines"]] == [
        ("1", True),
        ("2", False),
    ]
    refused = await act(shop, shop.finance, "createInvoices", order={"orderId": order["id"]})
    assert codes(refused) == ["INVALID"]


async def test_a_discarded_draft_gives_its_quantities_back(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))
    delivery = await ship(shop, order["id"], 4)
    (draft,) = await drafted(shop, deliveryIds=[delivery])
    again = await act(shop, shop.finance, "createInvoices", deliveryIds=[delivery])
    assert codes(again) == ["INVALID"] and again["invoices"] is None

    done = await act(shop, shop.finance, "discardInvoice", invoiceId=draft["id"], expectedVersion=1)

    assert done["invoice"]["status"] == "DISCARDED" and done["invoice"]["allowedActions"] == []
    (fresh,) = await drafted(shop, deliveryIds=[delivery])
    assert fresh["netAmount"]["amount"] == "40.00"
    assert await shop.broken() == []


@pytest.mark.parametrize("given", [{}, {"deliveryIds": []}, {"deliveryIds": ["x"]}])
async def test_what_cannot_be_invoiced_is_refused(shop: Shop, given: dict[str, Any]) -> None:
    before = await shop.snapshot()

    refused = await act(shop, shop.finance, "createInvoices", **given)

    assert refused["invoices"] is None and len(refused["errors"]) == 1
    assert await shop.snapshot() == before


async def test_buyers_see_issued_invoices_where_their_company_lets_them(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 2), (shop.product, 1))
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    async with shop.database.job() as session:
        boss = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
    admin = await make.viewer_of(shop.database, boss)
    listed = "{ invoices { nodes { id } totalCount } orders { nodes { invoices { number } } } }"

    assert (await shop.data(admin, listed))["invoices"] == {"nodes": [], "totalCount": 0}
    assert await read(shop, admin, draft["id"]) is None
    await issued(shop, draft)
    seen = await shop.data(admin, listed)
    assert seen["invoices"]["totalCount"] == 1
    assert seen["orders"]["nodes"][0]["invoices"] == [{"number": "A-2026-0001"}]
    unseen = await shop.ask(shop.buyer, listed)
    assert "data" not in unseen and "Cannot query field" in unseen["errors"][0]["message"]
    assert (await read(shop, admin, draft["id"]))["allowedActions"] == ["ANSWER"]
    async with shop.database.job() as session:
        await session.execute(text("update customer set buyers_see_invoices = true"))
        users = {each.email: each for each in await session.scalars(select(User))}
    buyer = await make.viewer_of(shop.database, users[shop.buyer.email])
    assert (await shop.data(buyer, listed))["invoices"]["totalCount"] == 1
    stranger = await make.viewer_of(shop.database, users[shop.stranger.email])
    assert (await shop.data(stranger, listed))["invoices"]["totalCount"] == 0
    assert await read(shop, stranger, draft["id"]) is None


async def test_filters_and_search(shop: Shop) -> None:
    first = await invoiced(shop, (shop.product, 1))
    order = await ordered(shop, (shop.product, 2), purchaseOrderNumber="PED-77")
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])

    async def found(**given: Any) -> list[str]:
        document = """query($where: InvoiceWhere, $search: String) {
            invoices(where: $where, search: $search) { nodes { status } totalCount } }"""
        answer = (await shop.data(shop.finance, document, **given))["invoices"]
        assert answer["totalCount"] == len(answer["nodes"])
        return [each["status"] for each in answer["nodes"]]

    assert await found() == ["DRAFT", "ISSUED"]  # drafts first
    assert await found(where={"status": {"eq": "DRAFT"}}) == ["DRAFT"]
    assert await found(where={"state": {"in": ["OPEN", "PARTIAL"]}}) == ["ISSUED"]
    assert await found(where={"state": {"eq": "PAID"}}) == []
    assert await found(where={"isOverdue": {"eq": True}}) == []
    assert await found(where={"dueOn": {"lte": "2026-04-01"}}) == ["ISSUED"]
    assert await found(where={"number": {"eq": first["number"]}}) == ["ISSUED"]
    assert await found(search="ped-77") == ["DRAFT"]
    assert await found(search=draft["lines"][0]["deliveryNumber"].lower()) == ["DRAFT"]
    assert await found(search=order["number"]) == ["DRAFT"]
    assert await found(search="NUNEZ") == ["DRAFT", "ISSUED"]
    assert await found(search="a-2026-0001") == ["ISSUED"]
