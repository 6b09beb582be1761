"""Charges in documents: cart, simulation and order agree, and from order to invoice every cent stays where it was."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from auth.permissions import Role, Viewer
from models.customers import CreditAccount, Customer, CustomerAddress
from models.products import Product
from models.sellers import SalesRep, SalesTeam
from rules.states import InvoicingMode
from schema.ids import encode_id
from tests import factories as make
from tests.schema import invoicing
from tests.schema.shop import Shop

D = Decimal
CHARGES = """charges { kind name net { amount } waived { amount } freeFrom { amount } toFree { amount }
    parts { taxCategory taxPercent net { amount } }
    priceTrace { component value valueKind reason runningPrice { amount } } }"""
TOTALS = "totals { net { amount } tax { amount } gross { amount } taxes { percent base { amount } tax { amount } } }"
CART = f"{{ cart {{ {CHARGES} {TOTALS} }} }}"
SIMULATE = f"""query($customer: ID!, $scenarios: [PriceScenarioInput!]!) {{
    priceSimulation(customerId: $customer, scenarios: $scenarios) {{ {CHARGES} {TOTALS} }} }}"""
CHECK = (
    f"query($lines: [CheckLineInput!]!) {{ checkLines(input: {{lines: $lines}}) {{ {CHARGES} {TOTALS} }} }}"
)
ORDER = f"""query($id: ID!) {{ order(by: {{id: $id}}) {{ id status version deliveryState invoiceState allowedActions {TOTALS}
    lines {{ id kind sku description unit parentLineId quantityOrdered quantityCancelled quantityBackordered
        unitPrice {{ amount }} priceUnit taxPercent netAmount {{ amount }} taxAmount {{ amount }}
        priceTrace {{ component rule value reason }} }} }} }}"""
CREATE = """mutation($input: CreateChargeRuleInput!) { createChargeRule(input: $input) { errors { message path } } }"""
FREIGHT = {
    "name": "Portes", "kind": "FREIGHT", "basis": "WEIGHT", "currency": "EUR", "freeFrom": "150",
    "bands": [{"from": "0", "to": "100", "value": "10"}, {"from": "100", "method": "RATE", "value": "0.25"}],
    "countries": ["ES"], "incoterms": ["DAP"], "validFrom": "2026-01-01",
}  # fmt: skip


@pytest.fixture
async def goods(shop: Shop) -> tuple[Product, Product]:
    """Oil at 10 %, 60.00 a can of 5 kg, and glasses at 21 %, 3.00 each, whose box is a deposit of 0.333 a unit."""
    async with shop.database.job() as session:
        reduced = await make.make_tax_category(session, shop.seller, "REDUCED", "10")
        oil = await make.make_product(
            session, shop.seller, price="60.00", stock=100, sku="OIL", tax=reduced, weight_kg=D(5)
        )
        glass = await make.make_product(session, shop.seller, price="3.00", stock=100, sku="GLASS")
    for rule in (
        FREIGHT,
        {
            "name": "Depósito", "kind": "DEPOSIT", "basis": "QUANTITY", "currency": "EUR",
            "productId": encode_id("Product", glass.id), "validFrom": "2026-01-01",
            "bands": [{"from": "0", "method": "RATE", "value": "0.333"}],
        },
    ):  # fmt: skip
        await keep(shop, rule)
    return oil, glass


async def keep(shop: Shop, rule: dict[str, Any]) -> None:
    said = await shop.data(await manager_of(shop), CREATE, f"charge-{rule['name']}", input=rule)
    assert said["createChargeRule"]["errors"] == []


async def manager_of(shop: Shop) -> Viewer:
    async with shop.database.job() as session:
        rep = await session.get_one(SalesRep, shop.rep.user_id)
        team = await session.get_one(SalesTeam, rep.sales_team_id)
        user = await make.make_rep(session, shop.seller, team=team, role=Role.SALES_MANAGER)
    return await make.viewer_of(shop.database, user)


def lines_of(order: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """(kind, sku, quantity, net, rate) of an order's lines, by position."""
    return [
        (line["kind"], line["sku"], line["quantityOrdered"], line["netAmount"]["amount"], line["taxPercent"])
        for line in order["lines"]
    ]


def sold(invoice: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["sku"], line["quantity"], line["netAmount"]["amount"]) for line in invoice["lines"]]


def groups(invoice: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["percent"], each["base"]["amount"], each["tax"]["amount"]) for each in invoice["taxGroups"]]


async def order_of(shop: Shop, order_id: str, viewer: Viewer | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer or shop.rep, ORDER, id=order_id))["order"]
    return found


async def cut(
    shop: Shop, order: dict[str, Any], index: int, quantity: str, viewer: Viewer | None = None
) -> dict[str, Any]:
    now = await order_of(shop, order["id"])
    return await shop.act(
        viewer or shop.rep, "cancelOrderLine", orderLineId=now["lines"][index]["id"], quantity=quantity,
        expectedVersion=now["version"], reason="menos",
    )  # fmt: skip


async def test_cart_simulation_quick_order_and_order_agree_on_their_charges(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    oil, glass = goods
    cart = await shop.fill(shop.buyer, (glass, 10), (oil, 1))

    seen = (await shop.data(shop.buyer, CART))["cart"]
    both = [{"sku": "OIL", "quantity": "1"}, {"sku": "GLASS", "quantity": "10"}]
    told: dict[str, Any] = {
        "customer": encode_id("Customer", shop.customer.id),
        "scenarios": [{"name": "", "lines": both}],
    }
    (simulated,) = (await shop.data(shop.rep, SIMULATE, **told))["priceSimulation"]
    checked = (await shop.data(shop.buyer, CHECK, lines=both))["checkLines"]
    order = await order_of(shop, (await shop.place(shop.buyer, cart))["order"]["id"])

    assert (seen["charges"], seen["totals"]) == (simulated["charges"], simulated["totals"])
    assert (seen["charges"], seen["totals"]) == (checked["charges"], checked["totals"])
    assert seen["totals"] == order["totals"]
    freight, deposit = seen["charges"]
    assert (freight["kind"], freight["net"]["amount"], freight["toFree"]["amount"]) == (
        "FREIGHT",
        "10.00",
        "60.00",
    )
    assert [(each["taxPercent"], each["net"]["amount"]) for each in freight["parts"]] == [
        ("10", "6.67"), ("21", "3.33"),
    ]  # fmt: skip
    assert freight["priceTrace"] == [
        {"component": "CHARGE", "value": "10", "valueKind": "AMOUNT_PER_ORDER", "reason": "For goods of 5 kg.",
         "runningPrice": {"amount": "10.00"}}
    ]  # fmt: skip
    assert (deposit["kind"], deposit["net"]["amount"], deposit["toFree"]) == ("DEPOSIT", "3.33", None)
    assert seen["totals"] == {
        "net": {"amount": "103.33"}, "tax": {"amount": "14.37"}, "gross": {"amount": "117.70"},
        "taxes": [{"percent": "10", "base": {"amount": "66.67"}, "tax": {"amount": "6.67"}},
                  {"percent": "21", "base": {"amount": "36.66"}, "tax": {"amount": "7.70"}}],
    }  # fmt: skip
    assert lines_of(order) == [
        ("GOODS", "GLASS", "10", "30.00", "21"), ("GOODS", "OIL", "1", "60.00", "10"),
        ("CHARGE", "FREIGHT", "1", "6.67", "10"), ("CHARGE", "FREIGHT", "1", "3.33", "21"),
        ("CHARGE", "DEPOSIT", "10", "3.33", "21"),
    ]  # fmt: skip
    assert order["lines"][4]["parentLineId"] == order["lines"][0]["id"]
    assert order["lines"][4]["priceTrace"] == [
        {"component": "CHARGE", "rule": "Depósito", "value": "0.333", "reason": "For 10 units of goods."}
    ]
    assert await shop.broken() == []


async def test_what_the_goods_make_free_is_said_and_not_charged(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    """150.00 of goods are reached by services and gifts not: they measure nothing."""
    oil, _ = goods
    async with shop.database.job() as session:
        await make.make_product(
            session, shop.seller, price="50.00", sku="FITTING", stock=None, kind="SERVICE"
        )
    await shop.fill(shop.buyer, (oil, 2), ("FITTING", 1))
    before = (await shop.data(shop.buyer, CART))["cart"]["charges"]
    cart = await shop.fill(shop.buyer, (oil, 1))
    (after,) = (await shop.data(shop.buyer, CART))["cart"]["charges"]
    order = await order_of(shop, (await shop.place(shop.buyer, cart))["order"]["id"])

    assert [(each["net"]["amount"], each["toFree"]["amount"]) for each in before] == [("10.00", "30.00")]
    assert (after["net"]["amount"], after["waived"]["amount"], after["toFree"]) == ("0.00", "10.00", None)
    assert after["priceTrace"][0]["reason"] == "Free for goods of 150 net and more."
    assert [line["kind"] for line in order["lines"]] == ["GOODS", "SERVICE"]
    assert order["totals"]["net"]["amount"] == "230.00"


async def test_where_the_goods_go_decides(shop: Shop, goods: tuple[Product, Product]) -> None:
    async with shop.database.job() as session:
        lisbon = await make.make_address(
            session, shop.customer, country="PT", postal_code="1100-148", label="Lisboa"
        )
    cart = await shop.fill(shop.buyer, (goods[0], 1))
    said = await shop.data(
        shop.buyer,
        "mutation($input: UpdateCartInput!) { updateCart(input: $input) { errors { code } } }",
        input={"deliveryAddressId": encode_id("Address", lisbon.id)},
    )

    assert said["updateCart"]["errors"] == []
    assert (await shop.data(shop.buyer, CART))["cart"]["charges"] == []
    # Told where the goods go only when ordering, the buyer is told the other total first.
    stale = await shop.place(shop.buyer, cart, expectedVersion=cart["version"] + 1)
    assert [each["code"] for each in stale["errors"]] == ["PRICE_CHANGED"]
    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))
    assert placed["order"]["gross"]["amount"] == "66.00"


@pytest.mark.parametrize("mode", ["PER_DELIVERY", "PER_ORDER", "PERIODIC"])
async def test_a_charge_is_invoiced_once_and_a_deposit_with_its_goods(
    shop: Shop, goods: tuple[Product, Product], mode: str
) -> None:
    async with shop.database.job() as session:
        customer = await session.get_one(Customer, shop.customer.id)
        customer.invoicing_mode = InvoicingMode(mode)
    order = await invoicing.ordered(shop, (goods[1], 10), (goods[0], 1))
    first = await invoicing.ship(shop, order["id"], 4)
    (one,) = await invoicing.drafted(shop, deliveryIds=[first])
    assert sold(one) == [
        ("GLASS", "4", "12.00"), ("FREIGHT", "1", "6.67"), ("FREIGHT", "1", "3.33"), ("DEPOSIT", "4", "1.33"),
    ]  # fmt: skip
    assert groups(one) == [("10", "6.67", "0.67"), ("21", "16.66", "3.50")]
    second, third = await invoicing.ship(shop, order["id"], 5), await invoicing.ship(shop, order["id"])
    rest = await invoicing.drafted(shop, deliveryIds=[second, third])
    assert [sold(each) for each in rest] == (
        [
            [("GLASS", "5", "15.00"), ("DEPOSIT", "5", "1.67")],
            [("GLASS", "1", "3.00"), ("OIL", "1", "60.00"), ("DEPOSIT", "1", "0.33")],
        ]
        if mode == "PER_DELIVERY"
        else [
            [("GLASS", "5", "15.00"), ("GLASS", "1", "3.00"), ("OIL", "1", "60.00"), ("DEPOSIT", "5", "1.67"),
             ("DEPOSIT", "1", "0.33")]
        ]
    )  # fmt: skip
    invoices = await invoicing.issued(shop, one, *rest)
    closed = await order_of(shop, order["id"])

    assert (
        sum(D(each["netAmount"]["amount"]) for each in invoices)
        == D(closed["totals"]["net"]["amount"])
        == D("103.33")
    )
    assert (closed["status"], closed["deliveryState"], closed["invoiceState"]) == ("CLOSED", "DONE", "DONE")
    assert await shop.broken() == []


async def test_a_discarded_draft_gives_its_charges_back(shop: Shop, goods: tuple[Product, Product]) -> None:
    order = await invoicing.ordered(shop, (goods[1], 10), (goods[0], 1))
    delivery = await invoicing.ship(shop, order["id"], 4)
    (draft,) = await invoicing.drafted(shop, deliveryIds=[delivery])
    gone = await invoicing.act(shop, shop.finance, "discardInvoice", invoiceId=draft["id"], expectedVersion=1)
    (again,) = await invoicing.drafted(shop, deliveryIds=[delivery])

    assert gone["errors"] == []
    assert sold(again) == sold(draft)


async def test_chosen_lines_take_their_charges_along(shop: Shop, goods: tuple[Product, Product]) -> None:
    order = await invoicing.ordered(shop, (goods[1], 10), (goods[0], 1))
    key = order["id"]
    lines = [line["id"] for line in (await order_of(shop, key))["lines"]]
    nothing = await invoicing.act(shop, shop.finance, "createInvoices", order={"orderId": key})
    await invoicing.ship(shop, key)
    too_much = {"orderId": key, "lines": [{"orderLineId": lines[4], "quantity": "11"}]}
    refused = await invoicing.act(shop, shop.finance, "createInvoices", order=too_much)
    chosen = {"orderId": key, "lines": [{"orderLineId": lines[0], "quantity": "3"}]}
    (draft,) = await invoicing.drafted(shop, order=chosen)
    (rest,) = await invoicing.drafted(shop, order={"orderId": key})

    assert [each["message"] for each in nothing["errors"]] == ["There is nothing to invoice."]
    assert invoicing.codes(refused) == ["QUANTITY_INVALID"]
    assert sold(draft) == [
        ("GLASS", "3", "9.00"), ("FREIGHT", "1", "6.67"), ("FREIGHT", "1", "3.33"), ("DEPOSIT", "3", "1.00"),
    ]  # fmt: skip
    assert sold(rest) == [("GLASS", "7", "21.00"), ("OIL", "1", "60.00"), ("DEPOSIT", "7", "2.33")]


async def test_an_export_s_charges_are_as_exempt_as_its_goods(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    """To the Canary Islands goods are exempt (rule book 0.2, 38), and so is their carriage, whatever the order said."""
    async with shop.database.job() as session:
        address = await session.scalar(
            select(CustomerAddress).where(CustomerAddress.customer_id == shop.customer.id)
        )
        assert address is not None
        address.postal_code = "35001"
    order = await invoicing.ordered(shop, (goods[0], 1))
    (draft,) = await invoicing.drafted(shop, deliveryIds=[await invoicing.ship(shop, order["id"])])

    assert [(line["sku"], line["taxCategory"]) for line in draft["lines"]] == [("OIL", "G"), ("FREIGHT", "G")]
    assert groups(draft) == [("0", "70.00", "0.00")]


async def test_charges_go_with_the_goods_that_are_called_off(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    order = await invoicing.ordered(shop, (goods[1], 10), (goods[0], 1))

    def cancelled(found: dict[str, Any]) -> list[str]:
        return [line["quantityCancelled"] for line in found["lines"]]

    assert (await cut(shop, order, 0, "4"))["errors"] == []
    assert cancelled(await order_of(shop, order["id"])) == ["4", "0", "0", "0", "4"]
    await invoicing.ship(shop, order["id"], 3)
    assert (await cut(shop, order, 0, "3"))["errors"] == []
    assert (await cut(shop, order, 1, "1"))["errors"] == []
    # Something left: the freight stays due, and goes with the first invoice.
    assert cancelled(await order_of(shop, order["id"])) == ["7", "1", "0", "0", "7"]
    (draft,) = await invoicing.drafted(shop, order={"orderId": order["id"]})
    await invoicing.issued(shop, draft)

    assert sold(draft) == [
        ("GLASS", "3", "9.00"), ("FREIGHT", "1", "6.67"), ("FREIGHT", "1", "3.33"), ("DEPOSIT", "3", "1.00"),
    ]  # fmt: skip
    assert (await order_of(shop, order["id"]))["status"] == "CLOSED"
    assert await shop.broken() == []


async def test_an_order_of_whose_goods_nothing_is_left_ends_with_its_charges(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    order = await invoicing.ordered(shop, (goods[1], 10))
    assert (await cut(shop, order, 0, "10", shop.buyer))["errors"] == []
    ended = await order_of(shop, order["id"])
    assert (ended["status"], {line["quantityCancelled"] for line in ended["lines"]}) == (
        "CANCELLED",
        {"10", "1"},
    )

    async with shop.database.job() as session:
        await make.make_product(
            session, shop.seller, price="50.00", sku="FITTING", stock=None, kind="SERVICE"
        )
    order = await invoicing.ordered(shop, (goods[0], 1), ("FITTING", 1))
    assert (await cut(shop, order, 0, "1"))["errors"] == []
    left = await order_of(shop, order["id"])
    assert [line["quantityCancelled"] for line in left["lines"]] == ["1", "0", "1"]
    (draft,) = await invoicing.drafted(shop, order={"orderId": order["id"]})
    await invoicing.issued(shop, draft)
    assert sold(draft) == [("FITTING", "1", "50.00")]
    assert (await order_of(shop, order["id"]))["status"] == "CLOSED"
    assert await shop.broken() == []


async def test_only_who_may_give_discounts_waives_a_charge(
    shop: Shop, goods: tuple[Product, Product]
) -> None:
    order = await invoicing.ordered(shop, (goods[0], 1))
    before = await shop.snapshot()
    refused = await cut(shop, order, 1, "1", shop.buyer)
    part = await cut(shop, order, 1, "0.5")
    discount = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=(await order_of(shop, order["id"]))["lines"][1]["id"],
        percent="50", expectedVersion=1, reason="x",
    )  # fmt: skip
    assert [each["code"] for each in refused["errors"]] == ["NOT_PERMITTED"]
    assert [each["message"] for each in part["errors"]] == ["A charge is waived whole: 1 of FREIGHT."]
    assert [each["path"] for each in discount["errors"]] == [["orderLineId"]]
    assert await shop.snapshot() == before

    await invoicing.ship(shop, order["id"])
    assert "CANCEL_LINE" in (await order_of(shop, order["id"]))["allowedActions"]
    assert "CANCEL_LINE" not in (await order_of(shop, order["id"], shop.buyer))["allowedActions"]
    assert (await cut(shop, order, 1, "1"))["errors"] == []
    (draft,) = await invoicing.drafted(shop, order={"orderId": order["id"]})
    await invoicing.issued(shop, draft)
    assert sold(draft) == [("OIL", "1", "60.00")]
    assert (await order_of(shop, order["id"]))["status"] == "CLOSED"


async def test_charges_stay_out_of_what_is_ordered_again(shop: Shop, goods: tuple[Product, Product]) -> None:
    order = await invoicing.ordered(shop, (goods[1], 10))
    said = await shop.data(
        shop.buyer,
        """mutation($input: ReorderInput!) { reorder(input: $input) {
            cart { lines { product { sku } } charges { net { amount } } } errors { code } } }""",
        input={"orderId": order["id"]},
    )

    assert said["reorder"] == {
        "cart": {"lines": [{"product": {"sku": "GLASS"}}],
                 "charges": [{"net": {"amount": "10.00"}}, {"net": {"amount": "3.33"}}]},
        "errors": [],
    }  # fmt: skip


async def test_credit_counts_what_is_charged(shop: Shop, goods: tuple[Product, Product]) -> None:
    async with shop.database.job() as session:
        (await session.get_one(CreditAccount, shop.customer.id)).credit_limit = D("77.00")

    async def exposure() -> str:
        document = "query($id: ID!) { node(id: $id) { ... on Customer { credit { exposure { amount } } } } }"
        found = await shop.data(shop.finance, document, id=encode_id("Customer", shop.customer.id))
        told: str = found["node"]["credit"]["exposure"]["amount"]
        return told

    order = await invoicing.ordered(shop, (goods[0], 1))
    assert (order["isOnHold"], await exposure()) == (False, "77.00")
    second = await shop.place(shop.buyer, await shop.fill(shop.buyer, (goods[1], 1)))
    assert second["order"]["isOnHold"] is True
    # 3.00, 10.00 and 0.33 at 21 % on top; then 10.00 at 10 % less.
    assert await exposure() == "93.13"
    assert (await cut(shop, order, 1, "1"))["errors"] == []
    assert await exposure() == "82.13"
