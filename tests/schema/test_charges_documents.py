"""Charges in documents: cart, simulation and order agree, and from order to invoice every cent stays where it was."""

from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import Role, Viewer
from models.products import Product
from models.sellers import SalesRep, SalesTeam
from schema.ids import decode_id, encode_id
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
CHECK = f"query($lines: [QuickOrderLineInput!]!) {{ checkedLines(lines: $lines) {{ {CHARGES} {TOTALS} }} }}"
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


async def test_it(shop: Shop, goods: tuple[Product, Product]) -> None:
    oil, glass = goods
    cart = await shop.fill(shop.buyer, (oil, 1), (glass, 10))
    import json
    seen = (await shop.data(shop.buyer, CART))["cart"]
    print(json.dumps(seen, indent=1))
    placed = await shop.place(shop.buyer, cart)
    print(placed)
    o = await shop.data(shop.buyer, ORDER, id=placed["order"]["id"])
    print(json.dumps(o, indent=1))
    print(await shop.broken())
    (draft,) = await invoicing.drafted(shop, deliveryIds=[await invoicing.ship(shop, placed["order"]["id"], 1, 4)])
    print(json.dumps(draft, indent=1))
    assert 0
