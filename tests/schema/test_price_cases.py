"""
The worked cases that contain a document, through the API on stored rules: simulated, bought, placed and consumed.

`tests/rules/test_price_documents.py` prices the same cases purely.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from app.database import Database
from rules.pricing import PricedDocument
from schema.ids import encode_id
from tests.cluster import Cluster
from tests.rules.price_case import Asked, Case, facts_of
from tests.rules.price_cases import CASES
from tests.rules.pricing_alike import priced_alike
from tests.schema.shop import Counter, engine_over
from tests.schema.storing_cases import Place, StoredCase, at_place, store_cases

pytestmark = pytest.mark.asyncio(loop_scope="module")
D = Decimal
ALL = CASES

SIMULATION = """query($customer: ID!, $scenarios: [PriceScenarioInput!]!) {
    priceSimulation(customerId: $customer, scenarios: $scenarios) {
        totals { net { amount } tax { amount } } margin { amount } marginPercent
        lines { product { sku } netAmount { amount } agreementLineId }
        freeGoods { product { sku } quantity } } }"""
CART = """id version totals { net { amount } tax { amount } gross { amount } }
    lines { product { sku } quantity netAmount { amount } problems { message }
            priceTrace { status runningPrice { amount } } freeGoods { product { sku } quantity } }"""
ADD = f"""mutation($lines: [CartLineInput!]!) {{ addToCart(input: {{lines: $lines}}) {{
    cart {{ {CART} }} errors {{ message }} }} }}"""
PLACE = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { errors { message }
    order { totals { net { amount } tax { amount } gross { amount } }
            lines { sku isFree quantityOrdered netAmount { amount } } } } }"""
AGREEMENT = """query($n: String!) { salesAgreement(by: {number: $n}) { lines { id released remaining } } }"""


@dataclass
class Stored:
    """One database for all: each case has a seller of its own in it, and nobody sees another's."""

    database: Database
    places: Mapping[str, Place]

    def case(self, case: Case) -> StoredCase:
        return at_place(self.database, case, self.places[case.id])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stored(cluster: Cluster) -> AsyncIterator[Stored]:
    template, places = cluster.template("price_cases", lambda database: store_cases(database, ALL))
    async with cluster.lend(template) as database:
        yield Stored(database, places)
        assert await Counter(database, engine_over(database)).broken() == []


def expected(case: Case) -> PricedDocument:
    """By the pure pricing and the slow one, which agree."""
    return priced_alike(facts_of(case), case.rows)


def is_for_a_cart(case: Case) -> bool:
    """A cart has one line of a product, at no price of a person's."""
    by_rules = all(line.unit_price is None and line.discount == "0" for line in case.lines)
    return by_rules and len({line.sku for line in case.lines}) == len(case.lines)


async def simulate(at: StoredCase, *documents: Sequence[Asked]) -> list[dict[str, Any]]:
    scenarios = [
        {
            "name": str(number),
            "lines": [
                at.line(asked) | {"unitPrice": asked.unit_price, "discountPercent": asked.discount}
                for asked in lines
            ],
        }
        for number, lines in enumerate(documents)
    ]
    customer = encode_id("Customer", at.at.customer_id)
    data = await at.data(at.manager, SIMULATION, customer=customer, scenarios=scenarios)
    found: list[dict[str, Any]] = data["priceSimulation"]
    return found


def amounts(lines: Sequence[dict[str, Any]]) -> list[Decimal]:
    return [D(line["netAmount"]["amount"]) for line in lines]


def free(goods: Sequence[dict[str, Any]]) -> list[tuple[str, Decimal]]:
    return sorted((each["product"]["sku"], D(each["quantity"])) for each in goods)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_stored_case_comes_to_its_figures(stored: Stored, case: Case) -> None:
    at = stored.case(case)

    found, *others = await simulate(at, case.lines, *([case.lines[::-1]] if len(case.lines) > 1 else []))

    assert amounts(found["lines"]) == [D(net) for net in case.nets]
    assert D(found["totals"]["net"]["amount"]) == sum(map(D, case.nets))
    assert free(found["freeGoods"]) == sorted((sku, D(each)) for sku, each in case.free)
    ids = {str(encode_id("AgreementLine", each)): key for key, each in at.at.commitments.items()}
    links = [ids.get(line["agreementLineId"], "") for line in found["lines"]]
    assert links == list(case.links or [""] * len(case.lines))
    if case.margin is not None:
        assert (D(found["margin"]["amount"]), D(found["marginPercent"])) == (
            D(case.margin),
            D(case.ratio or 0),
        )
    if case.tax is not None:
        assert D(found["totals"]["tax"]["amount"]) == D(case.tax)
    for turned in others:
        assert (turned["totals"], turned["lines"][::-1]) == (found["totals"], found["lines"])
    if is_for_a_cart(case):
        await _buys(at, found)


async def _buys(at: StoredCase, simulated: dict[str, Any]) -> None:
    """The same in the buyer's cart, entered the other way round, and in the order that it becomes."""
    case = at.case
    given = [at.line(each) for each in case.lines[::-1]]
    added = (await at.data(at.buyer, ADD, lines=given))["addToCart"]
    assert added["errors"] == []
    cart = added["cart"]
    by_sku = {line["product"]["sku"]: line for line in cart["lines"]}
    lines = [by_sku[asked.sku] for asked in case.lines]
    assert [line["problems"] for line in lines] == [[] for _ in lines]
    assert amounts(lines) == amounts(simulated["lines"])
    gifts = [gift for line in lines for gift in line["freeGoods"]]
    assert free(gifts) == free(simulated["freeGoods"])
    assert {name: cart["totals"][name] for name in ("net", "tax")} == simulated["totals"]
    if case.running:
        steps = [step for step in lines[0]["priceTrace"] if step["status"] == "APPLIED"]
        assert [D(step["runningPrice"]["amount"]) for step in steps] == [D(each) for each in case.running]

    seen = {
        "cartId": cart["id"],
        "expectedVersion": cart["version"],
        "expectedTotal": cart["totals"]["gross"]["amount"],
    }
    placed = (await at.data(at.buyer, PLACE, case.id, input=seen))["placeOrder"]

    assert placed["errors"] == []
    order = placed["order"]
    assert order["totals"] == cart["totals"]
    paid = {line["sku"]: line for line in order["lines"] if not line["isFree"]}
    assert amounts([paid[asked.sku] for asked in case.lines]) == amounts(lines)
    quantities = case.paid or [asked.quantity for asked in case.lines]
    assert [D(paid[asked.sku]["quantityOrdered"]) for asked in case.lines] == [D(each) for each in quantities]
    given = sorted(
        (line["sku"], D(line["quantityOrdered"]), D(line["netAmount"]["amount"]))
        for line in order["lines"]
        if line["isFree"]
    )
    assert given == [(sku, quantity, D(0)) for sku, quantity in free(gifts)]
    await _consumes(at)


async def _consumes(at: StoredCase) -> None:
    """What was released of each commitment before, and by this order."""
    case = at.case
    if not case.commitments:
        return
    number = case.commitments[0].number
    agreement = (await at.data(at.manager, AGREEMENT, n=number))["salesAgreement"]
    found = {line["id"]: (D(line["released"]), D(line["remaining"])) for line in agreement["lines"]}
    linkings = [link for each in expected(case).linkings.values() if (link := each.link) is not None]
    for each in case.commitments:
        by_order = sum((link.consumed for link in linkings if link.commitment.id == each.id), D(0))
        released = each.released + by_order
        line = str(encode_id("AgreementLine", at.at.commitments[each.id]))
        assert found[line] == (released, max(each.committed - released, D(0)))
