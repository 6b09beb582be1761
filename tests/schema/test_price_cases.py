"""
The worked cases that contain a document, through the API on stored rules: simulated, bought, placed and consumed.

`tests/rules/test_price_documents.py` prices the same cases purely.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.database import Database
from rules.discounts_conditions import BrandIs, ProductIs
from rules.pricing import PricedDocument
from rules.sales_agreements import CommitmentType
from schema.ids import encode_id
from tests.cluster import Cluster
from tests.rules.price_case import (
    CUSTOMER,
    LINE,
    MULTILINE,
    PRICE,
    TOTAL,
    Asked,
    Case,
    Product,
    commitment,
    facts_of,
    group,
    row,
    rule,
)
from tests.rules.price_case import free as free_goods
from tests.rules.price_cases import CASES
from tests.rules.pricing_alike import priced_alike
from tests.rules.test_price_documents import doubled, with_another_product
from tests.safety.test_statements import counted
from tests.schema.shop import Counter, engine_over
from tests.schema.storing_cases import Place, StoredCase, at_place, store_cases

pytestmark = pytest.mark.asyncio(loop_scope="module")
D = Decimal
_A, _B, _C = (
    Product("A", "10.00"),
    Product("B", "25.00", multiline_group="M"),
    Product("C", "5.00", brand="Sol"),
)
# Every kind of rule in one basket.
BASKET = Case(
    "one basket",
    [_A, _B, _C],
    [Asked("A", "20"), Asked("B", "50"), Asked("C", "7")],
    ["176.40", "833.00", "30.87"],
    rows=[
        row("price", PRICE, CUSTOMER, "B", unit_price="20.00"),
        row("line", LINE, "", "B", percent1="10"),
        row("multiline", MULTILINE, "", "g:M", percent1="5"),
        row("total", TOTAL, "", "", from_quantity="500", percent1="2"),
    ],
    commitments=[
        commitment(
            "L1", CommitmentType.PRODUCT_QUANTITY, "100", product="A", unit_price="9.00", max_enforced=True
        )
    ],
    groups=[group()],
    rules=[rule("Sol", "10", BrandIs(frozenset({"Sol"})))],
    free_goods=[free_goods("one per ten", "10", "1", product="B")],
    links=["L1", "", ""],
    consumed=["20", "0", "0"],
    free=[("B", "5")],
)


def of_size(lines: int, rules: int) -> Case:
    """So many lines, and so many rules of each kind."""
    skus = [f"P-{number}" for number in range(lines)]
    taken = [skus[number % lines] for number in range(rules)]
    return Case(
        f"{lines} lines, {rules} rules",
        [Product(sku, "10.00", multiline_group="M") for sku in skus],
        [Asked(sku, "10") for sku in skus],
        (),
        rows=[row(f"T{n}", LINE, "", sku, from_quantity=str(n), percent1="5") for n, sku in enumerate(taken)],
        commitments=[
            commitment(f"L{n}", CommitmentType.PRODUCT_QUANTITY, "100", product=sku, unit_price="9.00")
            for n, sku in enumerate(taken[: rules // 2 + 1])
        ],
        groups=[group()],
        rules=[rule(f"R{n}", "1", ProductIs(frozenset({sku}))) for n, sku in enumerate(taken)],
        free_goods=[
            free_goods(f"F{n}", "10", "1", product=sku, free_product=skus[0]) for n, sku in enumerate(taken)
        ],
    )


SMALL, LARGE = of_size(1, 1), of_size(30, 20)
TA_20 = next(case for case in CASES if case.id == "TA-20 created")
BY_DAY = {
    ("ORDER", date(2026, 3, 2)): "100.00",
    ("REQUESTED_SHIP", date(2026, 3, 2)): "90.00",
    ("REQUESTED_RECEIPT", date(2026, 3, 2)): "90.00",
    ("REQUESTED_RECEIPT", date(2026, 4, 1)): "100.00",
}
DATED = {kind: replace(TA_20, id=f"TA-20 by {kind}") for kind, _ in BY_DAY}
ALL = [*CASES, BASKET, SMALL, LARGE, *DATED.values()]

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
    order { id totals { net { amount } tax { amount } gross { amount } }
            lines { sku isFree quantityOrdered netAmount { amount } } } } }"""
CHECK = """query($lines: [CheckLineInput!]!) { checkLines(input: {lines: $lines}) {
    netAmount { amount } pagedLines(first: 50) { nodes { product { sku } netAmount { amount } } } } }"""
PAGE = """query($sku: String!, $quantity: Decimal!) { product(by: {sku: $sku}) {
    price(quantity: $quantity) { netAmount { amount } steps { component status } } } }"""
REORDER = f"""mutation($input: ReorderInput!) {{ reorder(input: $input) {{
    cart {{ {CART} }} errors {{ message }} warnings {{ message }} }} }}"""
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


async def fill(at: StoredCase, lines: Sequence[Asked]) -> dict[str, Any]:
    """The buyer's cart after lines were put into it."""
    added = (await at.data(at.buyer, ADD, lines=[at.line(each) for each in lines]))["addToCart"]
    assert added["errors"] == []
    cart: dict[str, Any] = added["cart"]
    return cart


async def place(at: StoredCase, cart: dict[str, Any]) -> dict[str, Any]:
    """The order that a cart becomes."""
    seen = {
        "cartId": cart["id"],
        "expectedVersion": cart["version"],
        "expectedTotal": cart["totals"]["gross"]["amount"],
    }
    placed = (await at.data(at.buyer, PLACE, at.case.id, input=seen))["placeOrder"]
    assert placed["errors"] == []
    order: dict[str, Any] = placed["order"]
    return order


def by_sku(lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {line["product"]["sku"]: line["netAmount"]["amount"] for line in lines}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_stored_case_comes_to_its_figures(stored: Stored, case: Case) -> None:
    at = stored.case(case)

    perturbed = doubled(with_another_product(case))
    turned_round = [case.lines[::-1]] if len(case.lines) > 1 else []

    found, more, *others = await simulate(at, case.lines, perturbed.lines, *turned_round)

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
    priced = expected(perturbed)
    assert amounts(more["lines"]) == [
        priced.lines[number].net_amount for number in range(len(perturbed.lines))
    ]
    assert free(more["freeGoods"]) == sorted((each.product, each.quantity) for each in priced.free)
    for turned in others:
        assert (turned["totals"], turned["lines"][::-1]) == (found["totals"], found["lines"])
    if is_for_a_cart(case):
        await _buys(at, found)


async def _buys(at: StoredCase, simulated: dict[str, Any]) -> None:
    """The same in the buyer's cart, entered the other way round, and in the order that it becomes."""
    case = at.case
    cart = await fill(at, case.lines[::-1])
    entered = {line["product"]["sku"]: line for line in cart["lines"]}
    lines = [entered[asked.sku] for asked in case.lines]
    assert [line["problems"] for line in lines] == [[] for _ in lines]
    assert amounts(lines) == amounts(simulated["lines"])
    gifts = [gift for line in lines for gift in line["freeGoods"]]
    assert free(gifts) == free(simulated["freeGoods"])
    assert {name: cart["totals"][name] for name in ("net", "tax")} == simulated["totals"]
    if case.running:
        steps = [step for step in lines[0]["priceTrace"] if step["status"] == "APPLIED"]
        assert [D(step["runningPrice"]["amount"]) for step in steps] == [D(each) for each in case.running]

    order = await place(at, cart)

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


async def test_whatever_prices_a_basket_says_the_same(stored: Stored) -> None:
    """Agreement, trade agreements, promotion and gift: by cart, quick order, simulation, order and reorder."""
    at, lines = stored.case(BASKET), BASKET.lines
    nets = {asked.sku: net for asked, net in zip(lines, BASKET.nets, strict=True)}
    (simulated,) = await simulate(at, lines)
    given = [{"sku": each.sku, "quantity": each.quantity} for each in lines]
    checked = (await at.data(at.buyer, CHECK, lines=given))["checkLines"]
    cart = await fill(at, lines)
    order = await place(at, cart)
    again = (await at.data(at.buyer, REORDER, input={"orderId": order["id"]}))["reorder"]

    assert (again["errors"], again["warnings"]) == ([], [])
    assert by_sku(simulated["lines"]) == nets
    assert by_sku(cart["lines"]) == nets
    assert by_sku(checked["pagedLines"]["nodes"]) == nets
    assert by_sku(again["cart"]["lines"]) == nets
    assert {line["sku"]: line["netAmount"]["amount"] for line in order["lines"] if not line["isFree"]} == nets
    assert checked["netAmount"] == simulated["totals"]["net"] == cart["totals"]["net"]
    assert cart["totals"] == order["totals"] == again["cart"]["totals"]
    for found in (cart, again["cart"]):
        assert free([gift for line in found["lines"] for gift in line["freeGoods"]]) == [("B", D(5))]
    await _consumes(at)


async def test_a_product_s_page_says_what_it_costs_alone(stored: Stored) -> None:
    at = stored.case(BASKET)

    alone = await simulate(at, *([line] for line in BASKET.lines))

    for asked, scenario in zip(BASKET.lines, alone, strict=True):
        page = await at.data(at.buyer, PAGE, sku=asked.sku, quantity=asked.quantity)
        assert page["product"]["price"]["netAmount"] == scenario["totals"]["net"]
    assert [scenario["totals"]["net"]["amount"] for scenario in alone] == ["180.00", "833.00", "31.50"]


async def test_the_statements_of_a_price_depend_on_neither_lines_nor_rules(stored: Stored) -> None:
    counts = []
    for case in (SMALL, LARGE):
        at = stored.case(case)
        await fill(at, case.lines)
        with counted(stored.database) as cart:
            priced = (await at.data(at.buyer, f"{{ cart {{ {CART} }} }}"))["cart"]
        with counted(stored.database) as simulated:
            await simulate(at, case.lines)
        assert by_sku(priced["lines"]).keys() == {each.sku for each in case.lines}
        counts.append((len(cart), len(simulated)))

    small, large = counts
    assert small == large


@pytest.mark.parametrize(("kind", "day"), BY_DAY)
async def test_the_seller_says_whose_day_s_prices_hold(stored: Stored, kind: str, day: date) -> None:
    """TA-20 as it is told: ordered on 27 February, of the prices of March."""
    at = stored.case(DATED[kind])
    async with stored.database.job() as session:
        values = {"kind": kind, "seller": at.at.seller_id}
        await session.execute(text("update seller set price_date_type = :kind where id = :seller"), values)

    (found,) = await simulate(at, [Asked("A", "1", ships_on=day)])

    assert found["totals"]["net"]["amount"] == BY_DAY[kind, day]
