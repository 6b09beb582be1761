"""Sales agreements through the API: written, confirmed by both sides, amended, ended, and consumed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from auth.permissions import Role
from models.orders import SalesOrder
from resolvers.approvals import request_approval
from resolvers.approvals_due import lapse_approvals
from resolvers.context import Context
from resolvers.house import as_house
from resolvers.sales_agreements import commitments_for
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType
from rules.states import OrderStatus
from schema.ids import decode_id, encode_id
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema import invoicing
from tests.schema.agreeing import (
    READ,
    act,
    columns,
    done,
    drafted,
    in_force,
    link,
    manager_of,
    member_of,
    read,
    terms,
)
from tests.schema.delivering import order_of
from tests.schema.shop import NOW, Shop
from tests.schema.test_orders_acts import placed

D = Decimal
LIST = "{ salesAgreements { nodes { number status title } totalCount } }"


async def test_both_sides_confirm_before_it_takes_effect(shop: Shop) -> None:
    manager, admin = await manager_of(shop), await member_of(shop, Role.COMPANY_ADMIN)

    draft = await drafted(shop)
    assert (draft["number"], draft["status"], draft["version"]) == ("SA-2026-000001", "DRAFT", 1)
    assert draft["allowedActions"] == ["EDIT"]  # a rep writes, a manager confirms
    assert draft["lines"] == []
    for outsider in (shop.buyer, admin, shop.stranger):
        assert (await shop.data(outsider, LIST))["salesAgreements"] == {"nodes": [], "totalCount": 0}
        assert await read(shop, outsider, draft) is None

    proposed = await done(shop, manager, "propose", draft)
    assert (proposed["status"], proposed["lines"]) == ("PROPOSED", [])
    assert len(proposed["versions"][0]["contentHash"]) == 64
    assert (await read(shop, shop.buyer, draft))["allowedActions"] == []
    seen = await read(shop, admin, draft)
    assert seen["allowedActions"] == ["ACCEPT", "DECLINE"]
    assert seen["versions"][0]["terms"]["lines"] == [
        {"number": 1, "sku": "ACE-001", "committed": "100", "unit": "PCE", "unitPrice": {"amount": "9.00"}}
    ]

    agreed = await done(shop, admin, "accept", seen)
    assert (agreed["status"], agreed["version"]) == ("EFFECTIVE", 3)
    assert agreed["versions"][0]["confirmedByName"] == "Marta Jefa"
    assert agreed["versions"][0]["acceptedByName"] == "Ana Directora"
    assert columns(agreed) == ("0", "0", "0", "0", "100")
    assert await shop.data(shop.stranger, LIST) == {"salesAgreements": {"nodes": [], "totalCount": 0}}
    assert await shop.broken() == []


async def test_an_amendment_waits_for_both_sides_and_keeps_what_was_consumed(shop: Shop) -> None:
    agreed = await in_force(shop)
    order = await placed(shop, 30)
    await link(shop, order, agreed, "30")
    manager, admin = await manager_of(shop), await member_of(shop, Role.APPROVER)

    draft = await done(shop, shop.rep, "amend", agreed)
    assert [each["status"] for each in (await read(shop, admin, agreed))["versions"]] == ["IN_FORCE"]
    line = {"number": 1, "type": "PRODUCT_QUANTITY", "sku": "ACE-001", "committed": "80", "unitPrice": "8.50"}
    saved = await done(shop, shop.rep, "save", draft, terms=terms(line, title="Aceite, otra vez"))
    assert (await read(shop, admin, agreed))["title"] == "Aceite 2026"  # what is written is not told
    proposed = await done(shop, manager, "propose", saved)
    assert (proposed["status"], proposed["lines"][0]["unitPrice"]["amount"]) == ("EFFECTIVE", "9.00")
    waiting = "{ salesAgreements(where: {isWaiting: {eq: true}}) { nodes { number } } }"
    assert (await shop.data(admin, waiting))["salesAgreements"]["nodes"] == [{"number": agreed["number"]}]
    declined = await done(shop, admin, "decline", proposed, reason="demasiado caro")
    assert [each["status"] for each in declined["versions"]] == ["DECLINED", "IN_FORCE"]
    assert (await shop.data(admin, waiting))["salesAgreements"]["nodes"] == []

    again = await done(shop, manager, "amend", declined)
    again = await done(shop, manager, "save", again, terms=terms(line, title="Aceite, otra vez"))
    agreed = await done(shop, admin, "accept", await done(shop, manager, "propose", again))

    assert [each["status"] for each in agreed["versions"]] == ["IN_FORCE", "DECLINED", "SUPERSEDED"]
    assert (agreed["title"], agreed["lines"][0]["unitPrice"]["amount"]) == ("Aceite, otra vez", "8.50")
    assert columns(agreed) == ("30", "0", "0", "0", "50")
    assert await shop.broken() == []


def _line(**given: Any) -> dict[str, Any]:
    return {"type": "PRODUCT_QUANTITY", "sku": "ACE-001", "committed": "100"} | given


@pytest.mark.parametrize(
    ("label", "given", "expected"),
    [
        ("no title", terms(title=" "), [("INVALID", "terms.title")]),
        ("from after to", terms(validTo="2025-12-31"), [("INVALID", "terms.validTo"), ("INVALID", "terms.lines.0.validTo")]),
        ("an unknown currency", terms(currency="XXX"), [("INVALID", "terms.currency")]),
        ("an unknown product", terms(_line(sku="NADA")), [("UNKNOWN_SKU", "terms.lines.0.sku")]),
        ("an unknown category", terms(_line(type="CATEGORY_VALUE", categoryCode="nada")), [("NOT_FOUND", "terms.lines.0.categoryCode")]),
        ("a unit it is not sold by", terms(_line(unit="BOX")), [("UNIT_MISMATCH", "terms.lines.0.unit")]),
        ("nothing", terms(_line(committed="0")), [("INVALID", "terms.lines.0.committed")]),
        ("a tenth of a cent", terms(_line(type="OVERALL_VALUE", committed="1.001")), [("INVALID", "terms.lines.0.committed")]),
        ("a price of a value", terms(_line(type="OVERALL_VALUE", unitPrice="1")), [("INVALID", "terms.lines.0.unitPrice")]),
        ("a percent above 100", terms(_line(discountPercent="101")), [("INVALID", "terms.lines.0.discountPercent")]),
        ("less than nothing", terms(_line(unitPrice="-1")), [("INVALID", "terms.lines.0.unitPrice")]),
        ("the least above the most", terms(_line(minRelease="2", maxRelease="1")), [("INVALID", "terms.lines.0.maxRelease")]),
        ("outside the agreement", terms(_line(validFrom="2025-12-31")), [("INVALID", "terms.lines.0.validFrom")]),
        ("one number twice", terms(_line(number=1), _line(number=1)), [("INVALID", "terms.lines.1.number")]),
        ("unknown terms", terms(paymentTermCode="NADA"), [("NOT_FOUND", "terms.paymentTermCode")]),
    ],
)  # fmt: skip
async def test_bad_terms_are_refused_and_nothing_changes(
    shop: Shop, label: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = await shop.snapshot()

    customer = encode_id("Customer", shop.customer.id)
    payload = await act(shop, shop.rep, "create", customerId=customer, terms=given)

    assert [(each["code"], ".".join(each["path"])) for each in payload["errors"]] == expected
    assert payload["salesAgreement"] is None
    assert await shop.snapshot() == before


async def test_what_the_state_does_not_allow_is_refused(shop: Shop) -> None:
    agreed = await in_force(shop)
    order = await placed(shop, 30)
    await link(shop, order, agreed, "30")
    manager, admin = await manager_of(shop), await member_of(shop, Role.COMPANY_ADMIN)
    draft = await done(shop, manager, "amend", agreed)
    before = await shop.snapshot()

    def of(version: int = draft["version"], **given: Any) -> dict[str, Any]:
        return {"agreementId": draft["id"], "expectedVersion": version, **given}

    less = terms(_line(number=1, committed="29", maxEnforced=True))
    other = terms(_line(number=1, type="OVERALL_VALUE", sku=""))
    refused = [
        await act(shop, shop.rep, "save", **of(terms=terms(_line(number=2)))),
        await act(shop, shop.rep, "save", **of(terms=less)),
        await act(shop, shop.rep, "save", **of(terms=other)),
        await act(shop, shop.rep, "save", **of(version=1, terms=terms())),
        await act(shop, shop.rep, "amend", **of()),
        await act(shop, manager, "withdraw", **of(reason="no")),
        await act(shop, admin, "accept", **of()),
        await act(shop, manager, "close", **of(reason=" ")),
    ]

    assert [[(each["code"], ".".join(each["path"])) for each in one["errors"]] for one in refused] == [
        [("INVALID", "terms.lines")],
        [("INVALID", "terms.lines.0.committed")],
        [("INVALID", "terms.lines.0.type")],
        [("STALE_VERSION", "expectedVersion")],
        [("INVALID_TRANSITION", "")],
        [("INVALID_TRANSITION", "")],
        [("INVALID_TRANSITION", "")],
        [("REASON_REQUIRED", "reason")],
    ]
    assert await shop.snapshot() == before


async def test_another_companys_agreement_is_nobodys(shop: Shop) -> None:
    agreed = await in_force(shop)
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.other, role=Role.COMPANY_ADMIN)
    rival = await make.viewer_of(shop.database, user)
    before = await shop.snapshot()

    values = {"agreementId": agreed["id"], "expectedVersion": agreed["version"]}
    payload = await act(shop, rival, "accept", **values)
    theirs = encode_id("Customer", shop.other.id)
    foreign = await act(shop, shop.rep, "create", customerId=theirs, terms=terms())

    assert [[each["code"] for each in one["errors"]] for one in (payload, foreign)] == [["NOT_FOUND"]] * 2
    assert await shop.snapshot() == before


async def test_consumption_follows_the_order_to_the_credit_note(shop: Shop) -> None:
    """Released, delivered, invoiced: each counts by itself; a cancelled rest gives back (SA-01, rule book 3.4)."""
    agreed = await in_force(shop)
    order = await placed(shop, 40)
    await link(shop, order, agreed, "40")
    assert columns(await read(shop, shop.buyer, agreed)) == ("40", "0", "0", "0", "60")

    delivery = await invoicing.ship(shop, order["id"], 25)
    assert columns(await read(shop, shop.buyer, agreed)) == ("40", "25", "0", "0", "60")

    now = await order_of(shop, order["id"], shop.rep)
    line = now["lines"][0]["id"]
    cancelled = await shop.act(
        shop.rep, "cancelOrderLine", orderLineId=line, quantity="10", expectedVersion=now["version"], reason="sobra"
    )  # fmt: skip
    assert cancelled["errors"] == []
    assert columns(await read(shop, shop.buyer, agreed)) == ("30", "25", "0", "0", "70")

    (draft,) = await invoicing.drafted(shop, deliveryIds=[delivery])
    assert columns(await read(shop, shop.buyer, agreed)) == (
        "30",
        "25",
        "0",
        "0",
        "70",
    )  # a draft is not issued
    (invoice,) = await invoicing.issued(shop, draft)
    assert columns(await read(shop, shop.buyer, agreed)) == ("30", "25", "25", "0", "70")

    await invoicing.act(
        shop, shop.finance, "rectifyInvoice", invoiceId=invoice["id"], expectedVersion=invoice["version"],
        type="R1", reason="rota",
        lines=[{"invoiceLineId": draft["lines"][0]["id"], "quantity": "5"}],
    )  # fmt: skip
    after = await read(shop, shop.buyer, agreed)
    assert columns(after) == ("30", "25", "20", "0", "70")

    events = """query($n: String!) { salesAgreement(by: {number: $n}) { lines { consumption {
        event released delivered invoiced order { number } } } } }"""
    booked = (await shop.data(shop.buyer, events, n=agreed["number"]))["salesAgreement"]["lines"][0][
        "consumption"
    ]
    number = order["number"]
    assert [(each["event"], each["released"], each["delivered"], each["invoiced"]) for each in booked] == [
        ("invoice.rectified", "0", "0", "-5"),
        ("invoice.issued", "0", "0", "25"),
        ("order.lineCancelled", "-10", "0", "0"),
        ("delivery.shipped", "0", "25", "0"),
        ("order.placed", "40", "0", "0"),
    ]
    assert {each["order"]["number"] for each in booked} == {number}
    assert await shop.broken() == []


async def test_a_cancelled_order_gives_everything_back(shop: Shop) -> None:
    agreed = await in_force(shop)
    order = await placed(shop, 100)
    await link(shop, order, agreed, "100")

    await shop.act(shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=1, reason="no")

    assert columns(await read(shop, shop.buyer, agreed)) == ("0", "0", "0", "0", "100")
    assert await shop.broken() == []


async def test_a_price_by_hand_breaks_the_link_to_a_fixed_one(shop: Shop) -> None:
    """SA-05."""
    agreed = await in_force(shop, _line(unitPrice="9.00", isPriceFixed=True))
    order = await placed(shop, 10)
    await link(shop, order, agreed, "10")
    line = order["lines"][0]["id"]

    payload = await shop.act(
        await manager_of(shop), "setOrderLinePrice", orderLineId=line, unitPrice="8.50", expectedVersion=1, reason="pacto",
    )  # fmt: skip

    assert [each["code"] for each in payload["warnings"]] == ["AGREEMENT_UNLINKED"]
    assert payload["order"]["lines"][0]["unitPrice"]["amount"] == "8.50"
    assert columns(await read(shop, shop.buyer, agreed)) == ("0", "0", "0", "0", "100")
    assert await shop.broken() == []


async def test_a_discount_lowers_what_an_amount_is_consumed_of(shop: Shop) -> None:
    agreed = await in_force(shop, _line(type="OVERALL_VALUE", sku="", committed="1000.00"))
    order = await placed(shop, 10)
    await link(shop, order, agreed, "100.00")

    await shop.act(
        shop.rep, "discountOrderLine", orderLineId=order["lines"][0]["id"], percent="10", expectedVersion=1, reason="x"
    )  # fmt: skip

    found = (await read(shop, shop.buyer, agreed))["lines"][0]
    assert (found["unit"], found["released"], found["remaining"]) == (None, "90", "910")
    assert await shop.broken() == []


async def test_it_tells_when_it_ends_and_what_is_missing(shop: Shop) -> None:
    """SA-17: the penalty is on what is missing of an amount."""
    line = _line(type="OVERALL_VALUE", sku="", committed="12000.00", penaltyPercent="3")
    agreed = await in_force(shop, line, validTo="2026-03-12")
    async with shop.database.job() as session:
        await session.execute(text("update agreement_line set released = 9500, invoiced = 9500"))

    found = await read(shop, shop.buyer, agreed)

    assert [each["message"] for each in found["notices"]] == [
        "It expires on Mar 12, 2026, in 10 days.",
        "Line 1: 2,500 EUR are still to be bought; 75 EUR are due otherwise.",
    ]
    async with shop.database.job() as session:
        await session.execute(text("update sales_agreement set valid_until = '2026-03-02'"))
    assert (await read(shop, shop.buyer, agreed))["status"] == "EXPIRED"
    assert (await read(shop, await manager_of(shop), agreed))["allowedActions"] == ["CLOSE"]


async def test_nothing_is_ordered_under_what_has_ended(shop: Shop) -> None:
    order = await placed(shop, 10)  # before the agreement, so that it took nothing of it
    agreed = await in_force(shop)
    manager = await manager_of(shop)

    closed = await done(shop, manager, "close", agreed, reason="cambio de proveedor")

    assert (closed["status"], closed["allowedActions"]) == ("CLOSED", [])
    with pytest.raises(AssertionError, match="COMMITMENT_EXCEEDED"):
        await link(shop, order, agreed, "10")
    assert columns(await read(shop, shop.buyer, agreed))[0] == "0"


async def test_a_confirmed_version_cannot_be_changed_whoever_asks(shop: Shop) -> None:
    await in_force(shop)
    for statement in (
        "update agreement_version set content = '{}'",
        "delete from agreement_version",
    ):
        with pytest.raises(Exception, match="posted"):
            async with shop.database.job() as session:
                await session.execute(text(statement))


SHARED = "{ sharedCommitments { type unit unitPrice { amount } released delivered validTo product { sku } } }"


async def test_a_subsidiary_sees_its_own_share_and_no_more(shop: Shop) -> None:
    async with shop.database.job() as session:
        child = await make.make_customer(session, shop.seller, parent=shop.customer, name="Filial SL")
        user = await make.make_user(session, shop.seller, customer=child, role=Role.COMPANY_ADMIN)
    below = await make.viewer_of(shop.database, user)
    agreed = await in_force(shop)
    await link(shop, await placed(shop, 30), agreed, "30")
    cart = await shop.fill(below, (shop.product, 5))
    order = (await shop.place(below, cart))["order"]
    await link(shop, order, agreed, "5")

    seen = (await shop.data(below, SHARED))["sharedCommitments"]

    assert seen == [
        {"type": "PRODUCT_QUANTITY", "unit": "PCE", "unitPrice": {"amount": "9.00"}, "released": "5", "delivered": "0",
         "validTo": "2026-12-31", "product": {"sku": "ACE-001"}}
    ]  # fmt: skip
    assert (await shop.data(below, LIST))["salesAgreements"]["totalCount"] == 0
    assert (await shop.data(below, READ, n=agreed["number"]))["salesAgreement"] is None
    assert columns(await read(shop, shop.buyer, agreed)) == ("35", "0", "0", "0", "65")
    for other in (shop.buyer, shop.stranger, shop.rep):
        assert await shop.data(other, SHARED) == {"sharedCommitments": []}


async def test_a_list_costs_the_same_for_any_number_of_agreements(shop: Shop) -> None:
    document = """{ salesAgreements(first: 4) { nodes { number customer { name } lines { consumption { event } }
        versions { number } notices { message } allowedActions } } }"""
    await in_force(shop)
    await shop.data(shop.rep, document)
    with counted(shop.database) as one:
        await shop.data(shop.rep, document)

    for _ in range(3):
        await drafted(shop)
    with counted(shop.database) as many:
        found = await shop.data(shop.rep, document)

    assert len(found["salesAgreements"]["nodes"]) == 4
    assert len(many) == len(one) == 5  # agreements, customers, lines, versions, bookings


async def test_pricing_asks_for_what_is_in_force_in_one_statement(shop: Shop) -> None:
    """As the house, for the buyer and those above it; other days, products and currencies are not there."""
    line = _line(number=3, unitPrice="9.00", discountPercent="2", isPriceFixed=True, validTo="2026-06-30")
    agreed = await in_force(
        shop, line, _line(type="OVERALL_VALUE", sku="", committed="500"), pricing="CEILING"
    )
    await drafted(shop)
    assert shop.buyer.customer_id is not None
    values: dict[str, Any] = {
        "seller_id": shop.seller.id, "customers": [shop.buyer.customer_id], "currency": "EUR",
        "products": [shop.product.id], "first": date(2026, 6, 30), "last": date(2026, 7, 2),
    }  # fmt: skip

    async def asked(**given: Any) -> list[Commitment]:
        async def work(ctx: Context) -> list[Commitment]:
            async with as_house(ctx) as session:
                return await commitments_for(session, **(values | given))

        return await make.do(shop.database, shop.buyer, work, NOW)

    found = await asked()

    assert [
        (each.number, each.label, each.type, each.pricing, each.committed, each.left) for each in found
    ] == [
        (
            agreed["number"],
            shop.product.name,
            CommitmentType.PRODUCT_QUANTITY,
            AgreementPricing.CEILING,
            100,
            100,
        ),
        (agreed["number"], "", CommitmentType.OVERALL_VALUE, AgreementPricing.CEILING, D(500), D(500)),
    ]
    first = found[0]
    assert (first.holder, first.product) == (str(shop.customer.id), str(shop.product.id))
    assert (first.unit_code, first.unit_price, first.price_unit, first.discount_percent) == (
        "PCE",
        D(9),
        D(1),
        D(2),
    )
    assert (first.valid_from, first.valid_until) == (date(2026, 1, 1), date(2026, 7, 1))
    assert (first.is_price_fixed, first.max_enforced, first.include_in_total_discount) == (True, False, True)
    assert [each.type for each in await asked(first=date(2026, 7, 1))] == [CommitmentType.OVERALL_VALUE]
    assert [each.type for each in await asked(products=[])] == [CommitmentType.OVERALL_VALUE]
    assert await asked(currency="USD") == []
    assert await asked(customers=[shop.other.id]) == []


async def test_an_order_that_nobody_approved_in_time_gives_back(shop: Shop) -> None:
    agreed = await in_force(shop)
    order = await placed(shop, 30)
    await link(shop, order, agreed, "30")
    key = decode_id(order["id"], "Order")

    async def wait(ctx: Context) -> None:
        found = await ctx.session.scalar(select(SalesOrder).where(SalesOrder.id == key))
        found.status = OrderStatus.PENDING_APPROVAL
        await request_approval(ctx, found, [], NOW, {})

    await make.do(shop.database, shop.buyer, wait, NOW)

    async with shop.database.job() as session:
        assert await lapse_approvals(session, NOW) == [key]

    assert columns(await read(shop, shop.buyer, agreed)) == ("0", "0", "0", "0", "100")
    assert await shop.broken() == []
