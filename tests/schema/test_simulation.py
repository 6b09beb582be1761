"""Simulated payment terms and free goods: what they leave, how deep they go, and the discount that still reaches."""

from typing import Any

import pytest

from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop
from tests.schema.trading import manager_of

SIMULATE = """query($customer: ID!, $scenarios: [PriceScenarioInput!]!, $target: Decimal! = 20) {
    priceSimulation(customerId: $customer, scenarios: $scenarios) {
        totals { net { amount } } marginBand margin { amount } marginPercent discountToPercent(target: $target)
        freeLines { product { sku } quantity value { amount } }
        concession { percent amount { amount } parts { cause amount { amount } } }
        waterfall { cause amount { amount } height { amount } } } }"""
DEPTH = """query($customer: ID!, $scenarios: [PriceScenarioInput!]!) {
    priceSimulation(customerId: $customer, scenarios: $scenarios) {
        marginBand concession { percent parts { cause amount { amount } } } } }"""


@pytest.fixture
async def desk(shop: Shop) -> Shop:
    """
    PAGADO at 10.00 that costs 6.00, and SUELTO that has no price.

    The customer pays in 30 days; 103D are 73 more, which cost 1 % at 5 % a year.
    """
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, price="10", cost="6", sku="PAGADO")
        await make.make_product(session, shop.seller, price=None, cost="1", sku="SUELTO")
        await make.make_payment_term(session, shop.seller, "103D", 103)
        await make.make_payment_term(session, shop.seller, "0D", 0)
    return shop


def scenario(**given: Any) -> dict[str, Any]:
    return {"name": "A", "lines": [{"sku": "PAGADO", "quantity": "10"}]} | given


FREE = [{"sku": "PAGADO", "quantity": "2"}]


@pytest.mark.parametrize(
    ("given", "net", "percent", "parts", "margin", "still"),
    [
        ({}, "100.00", "0", {}, ("40.00", "40", "GREEN"), "25"),
        ({"discountPercent": "10"}, "90.00", "10", {"PRICE": "10.00"}, ("30.00", "33.33", "GREEN"), "16.66"),
        ({"paymentTermCode": "103D"}, "100.00", "1", {"TERMS": "1.00"}, ("39.00", "39", "GREEN"), "24.05"),
        ({"paymentTermCode": "30D"}, "100.00", "0", {}, ("40.00", "40", "GREEN"), "25"),
        ({"paymentTermCode": "0D"}, "100.00", "0", {}, ("40.00", "40", "GREEN"), "25"),
        ({"freeLines": FREE}, "100.00", "16.666667", {"FREE_GOODS": "20.00"}, ("28.00", "28", "GREEN"), "10"),
        (
            {"freeLines": FREE, "paymentTermCode": "103D", "discountPercent": "10"},
            "90.00", "25.75", {"PRICE": "10.00", "FREE_GOODS": "20.00", "TERMS": "0.90"},
            ("17.10", "19", "AMBER"), "-1.27",
        ),
    ],
)  # fmt: skip
async def test_what_is_given_counts_in_margin_depth_and_the_discount_that_is_left(
    desk: Shop,
    given: dict[str, Any],
    net: str,
    percent: str,
    parts: dict[str, str],
    margin: tuple[str, str, str],
    still: str,
) -> None:
    manager, before = await manager_of(desk), await desk.snapshot()
    asked: dict[str, Any] = {
        "customer": encode_id("Customer", desk.customer.id),
        "scenarios": [scenario(**given)],
    }

    (found,) = (await desk.data(manager, SIMULATE, **asked))["priceSimulation"]

    assert found["totals"]["net"]["amount"] == net
    assert found["concession"]["percent"] == percent
    assert {each["cause"]: each["amount"]["amount"] for each in found["concession"]["parts"]} == parts
    assert (found["margin"]["amount"], found["marginPercent"], found["marginBand"]) == margin
    assert found["discountToPercent"] == still
    free = [{"product": {"sku": "PAGADO"}, "quantity": "2", "value": {"amount": "20.00"}}]
    assert found["freeLines"] == (free if "freeLines" in given else [])
    bars = {bar["cause"]: bar for bar in found["waterfall"]}
    assert bars["MARGIN"]["height"]["amount"] == margin[0]
    assert bars["LIST"]["height"]["amount"] == ("120.00" if "freeLines" in given else "100.00")
    waiting = None if "TERMS" not in parts else {"amount": f"-{parts['TERMS']}"}
    assert bars.get("PAYMENT_TERM", {}).get("amount") == waiting
    (seen,) = (await desk.data(desk.rep, DEPTH, **asked))["priceSimulation"]
    assert (seen["marginBand"], seen["concession"]["percent"]) == (margin[2], percent)
    assert await desk.snapshot() == before


async def test_terms_are_listed_for_those_who_simulate(desk: Shop) -> None:
    listed = await desk.data(desk.rep, "{ paymentTerms { code name } }")

    assert [each["code"] for each in listed["paymentTerms"]] == ["0D", "103D", "30D"]


async def test_the_discount_found_keeps_the_margin_with_what_is_given(desk: Shop) -> None:
    manager, customer = await manager_of(desk), encode_id("Customer", desk.customer.id)
    given = scenario(freeLines=FREE, paymentTermCode="103D")
    (found,) = (await desk.data(manager, SIMULATE, customer=customer, scenarios=[given]))["priceSimulation"]
    assert found["discountToPercent"] == "8.86"

    tried = [given | {"discountPercent": each} for each in ("8.86", "8.87")]
    reached = (await desk.data(manager, SIMULATE, customer=customer, scenarios=tried))["priceSimulation"]

    # 91.14 less 72.00 and 0.91: 20.00 %; a hundredth more of discount no longer reaches it.
    assert [(each["margin"]["amount"], each["marginPercent"]) for each in reached] == [
        ("18.23", "20"), ("18.22", "19.99"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"paymentTermCode": "NUNCA"}, "NOT_FOUND", ["paymentTermCode"]),
        ({"paymentTermCode": ""}, "NOT_FOUND", ["paymentTermCode"]),
        ({"freeLines": [{"sku": "NADA", "quantity": "1"}]}, "UNKNOWN_SKU", ["freeLines", "0", "sku"]),
        ({"freeLines": [{"sku": "SUELTO", "quantity": "1"}]}, "NO_PRICE", ["freeLines", "0", "sku"]),
        (
            {"freeLines": [*FREE, {"sku": "PAGADO", "quantity": "0"}]},
            "QUANTITY_INVALID",
            ["freeLines", "1", "quantity"],
        ),
        ({"freeLines": FREE * 11}, "LIMIT_EXCEEDED", ["freeLines"]),
    ],
)
async def test_what_cannot_be_given_is_refused_by_its_field(
    desk: Shop, given: dict[str, Any], code: str, path: list[str]
) -> None:
    before = await desk.snapshot()
    asked: dict[str, Any] = {
        "customer": encode_id("Customer", desk.customer.id), "scenarios": [scenario(), scenario(**given)],
    }  # fmt: skip

    answer = await desk.ask(desk.rep, DEPTH, **asked)

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": code, "input": ["scenarios", "1", *path]}
    assert await desk.snapshot() == before
