"""The golden chain's first order (GX-01), made through the API alone: agreement, trade agreement, gifts, total discount."""

from typing import Any

from auth.permissions import Viewer
from schema.ids import encode_id
from tests import factories as make
from tests.schema import agreeing
from tests.schema.shop import Shop
from tests.schema.trading import posted

FREE = """mutation($input: CreateFreeGoodsRuleInput!) {
    createFreeGoodsRule(input: $input) { errors { code message path } } }"""
GROUPS = """mutation($input: SetProductPricingInput!) { setProductPricing(input: $input) { errors { message path } } }"""
CART = """{ cart {
    lines { product { sku } netAmount { amount } unitPrice { amount }
            priceTrace { component value valueKind status discount { amount } runningPrice { amount } }
            freeGoods { product { sku } quantity value { amount } isIncluded isProposed } }
    totals { net { amount } tax { amount } gross { amount } } } }"""
ORDER = """query($id: ID!) { node(id: $id) { ... on Order {
    totals { net { amount } tax { amount } gross { amount } }
    lines { id sku isFree parentLineId quantityOrdered netAmount { amount } taxAmount { amount } listUnitPrice { amount }
            priceTrace { component rule discount { amount } status } } } } }"""
SIMULATION = """query($customer: ID!, $scenarios: [PriceScenarioInput!]!) {
    priceSimulation(customerId: $customer, scenarios: $scenarios) {
        totals { net { amount } } marginBand %s
        lines { netAmount { amount } } freeGoods { quantity } } }"""
MARGIN = "margin { amount } marginPercent waterfall { cause amount { amount } height { amount } }"


async def golden(shop: Shop) -> tuple[Viewer, dict[str, Any]]:
    """A and B with their costs, the agreement on A, the trade agreements on B, the gift and the total discount."""
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, price="10.00", stock=1000, cost="5", sku="A")
        b = await make.make_product(session, shop.seller, price="25.00", stock=1000, cost="11", sku="B")
    manager = await agreeing.manager_of(shop)
    agreed = await agreeing.in_force(
        shop,
        {"type": "PRODUCT_QUANTITY", "sku": "A", "committed": "1000", "unitPrice": "9.00", "isPriceFixed": True,
         "maxEnforced": True},
    )  # fmt: skip
    product = {"productId": encode_id("Product", b.id), "expectedVersion": 0}
    said = await shop.data(
        manager, GROUPS, "groups", input=product | {"multilineDiscountGroup": "M", "isInTotalDiscount": True}
    )
    assert said["setProductPricing"]["errors"] == []
    await posted(
        shop, manager,
        {"relation": "PRICE", "sku": "B", "unitPrice": "20.00"},
        {"relation": "LINE_DISCOUNT", "sku": "B", "percent1": "10"},
        {"relation": "MULTILINE_DISCOUNT", "itemGroup": "M", "percent1": "5"},
        {"relation": "TOTAL_DISCOUNT", "fromQuantity": "2000", "percent1": "2"},
    )  # fmt: skip
    rule = {
        "name": "1 por 10",
        "productId": product["productId"],
        "perQuantity": "10",
        "freeQuantity": "1",
        "validFrom": "2026-01-01",
    }
    said = await shop.data(manager, FREE, "gift", input=rule)
    assert said["createFreeGoodsRule"]["errors"] == []
    return manager, agreed


async def test_the_golden_order(shop: Shop) -> None:
    manager, agreed = await golden(shop)
    cart = await shop.fill(shop.buyer, ("B", 50), ("A", 200))

    seen = (await shop.data(shop.buyer, CART))["cart"]
    by_sku = {line["product"]["sku"]: line for line in seen["lines"]}
    assert {sku: line["netAmount"]["amount"] for sku, line in by_sku.items()} == {
        "A": "1764.00",
        "B": "833.00",
    }
    assert [(step["component"], step["runningPrice"]["amount"], step["discount"]["amount"])
            for step in by_sku["B"]["priceTrace"]] == [
        ("LIST_PRICE", "25.00", "0.00"), ("TRADE_PRICE", "20.00", "0.00"), ("LINE_DISCOUNT", "17.00", "0.00"),
        ("MULTILINE_DISCOUNT", "17.00", "0.00"), ("TOTAL_DISCOUNT", "16.66", "17.00"),
    ]  # fmt: skip
    assert [step["component"] for step in by_sku["A"]["priceTrace"]] == [
        "LIST_PRICE", "AGREEMENT_PRICE", "TOTAL_DISCOUNT"
    ]  # fmt: skip
    assert by_sku["B"]["freeGoods"] == [
        {"product": {"sku": "B"}, "quantity": "5", "value": {"amount": "100.00"}, "isIncluded": False,
         "isProposed": False}
    ]  # fmt: skip
    totals = {"net": {"amount": "2597.00"}, "tax": {"amount": "545.37"}, "gross": {"amount": "3142.37"}}
    assert seen["totals"] == totals

    placed = await shop.place(shop.buyer, cart)
    assert placed["errors"] == []
    order = (await shop.data(shop.buyer, ORDER, id=placed["order"]["id"]))["node"]
    assert order["totals"] == totals
    lines = [(line["sku"], line["quantityOrdered"], line["isFree"], line["netAmount"]["amount"],
              line["taxAmount"]["amount"]) for line in order["lines"]]  # fmt: skip
    assert lines == [
        ("B", "50", False, "833.00", "174.93"), ("B", "5", True, "0.00", "0.00"), ("A", "200", False, "1764.00", "370.44")
    ]  # fmt: skip
    gift = order["lines"][1]
    assert gift["parentLineId"] == order["lines"][0]["id"]
    assert [step["component"] for step in gift["priceTrace"]] == ["LIST_PRICE", "FREE_GOODS"]
    assert agreeing.columns(await agreeing.read(shop, manager, agreed)) == ("200", "0", "0", "0", "800")

    # A gift follows its line: of 50 less 15 three are earned.
    cut = await shop.act(
        shop.rep, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="15", expectedVersion=1,
        reason="Menos.",
    )  # fmt: skip
    assert cut["errors"] == []
    assert [line["quantityCancelled"] for line in cut["order"]["lines"]] == ["15", "2", "0"]
    assert [line["quantityReserved"] for line in cut["order"]["lines"]] == ["35", "3", "200"]
    assert await shop.broken() == []

    cancelled = await shop.act(
        shop.rep, "cancelOrder", orderId=placed["order"]["id"], expectedVersion=2, reason="Se repite."
    )
    assert cancelled["errors"] == []
    assert agreeing.columns(await agreeing.read(shop, manager, agreed)) == ("0", "0", "0", "0", "1000")
    assert await shop.broken() == []


async def test_a_simulation_and_the_order_agree(shop: Shop) -> None:
    """Cost 1,605.00, margin 992.00, 38.20 %; a rep sees the band, not the figure; nothing is stored."""
    manager, _ = await golden(shop)
    before = await shop.snapshot()
    scenario = {"name": "A", "lines": [{"sku": "B", "quantity": "50"}, {"sku": "A", "quantity": "200"}]}
    given: dict[str, Any] = {"customer": encode_id("Customer", shop.customer.id), "scenarios": [scenario]}

    found = (await shop.data(manager, SIMULATION % MARGIN, **given))["priceSimulation"][0]

    assert found["totals"] == {"net": {"amount": "2597.00"}}
    assert [line["netAmount"]["amount"] for line in found["lines"]] == ["833.00", "1764.00"]
    assert found["freeGoods"] == [{"quantity": "5"}]
    assert (found["margin"], found["marginPercent"], found["marginBand"]) == (
        {"amount": "992.00"},
        "38.2",
        "GREEN",
    )
    bars = {bar["cause"]: bar["height"]["amount"] for bar in found["waterfall"]}
    assert (bars["LIST"], bars["INVOICE"], bars["MARGIN"]) == ("3350.00", "2597.00", "992.00")
    rep = await shop.ask(shop.rep, SIMULATION % "margin { amount }", **given)
    assert "Cannot query field" in rep["errors"][0]["message"]
    assert (await shop.data(shop.rep, SIMULATION % "", **given))["priceSimulation"][0][
        "marginBand"
    ] == "GREEN"
    assert await shop.snapshot() == before
