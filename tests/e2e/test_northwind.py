"""A buyer of a Northwind company, imported from the real files, orders through the portal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from playwright.async_api import expect

from app.imports import import_northwind
from tests.app.imports.sources import DATA, needs_data
from tests.conftest import DEMO_DAY, Cluster, run
from tests.e2e.conftest import Surf
from tests.e2e.surfer import MARKS, Site, serving

pytestmark = [*MARKS, needs_data]
BUYER, WORDS = "alfki@northwind.example", "correct horse battery"
CENT = Decimal("0.01")
FIND = """{ products(where: {inStock: {eq: true}}, first: 50) { nodes {
  sku packSize availability { band } price { unitPrice { amount } priceUnit taxPercent } } } }"""
TOTALS = """query Totals($number: String!) { order(by: {number: $number}) {
  totals { net { amount } tax { amount } gross { amount } }
  lines { sku quantityOrdered unitPrice { amount } taxPercent netAmount { amount } } } }"""


@pytest.fixture(scope="module")
def site(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Northwind, imported on the day on which it is served."""
    name = cluster.clone(template)

    async def load() -> None:
        database = cluster.database(name)
        try:
            now = datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, 10, tzinfo=UTC)
            await import_northwind(database, DATA / "northwind", now, logins_password=WORDS)
        finally:
            await database.close()

    run(load())
    with serving(cluster, name, tmp_path_factory.mktemp("site")) as served:
        yield served
    cluster.drop(name)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


async def test_a_buyer_of_northwind_orders_in_chromium(surf: Surf) -> None:
    buyer = await surf()
    await buyer.sign_in(BUYER, WORDS)
    assert "Alfreds Futterkiste" in await buyer.read("header.page-head")
    product = next(
        each
        for each in (await buyer.ask(FIND))["products"]["nodes"]
        if each["price"] and each["availability"]["band"] == "IN_STOCK"
    )
    quantity = Decimal(product["packSize"]) * 3
    price = Decimal(product["price"]["unitPrice"]["amount"]) / Decimal(product["price"]["priceUnit"])
    net = cents(price * quantity)
    tax = cents(net * Decimal(product["price"]["taxPercent"]) / 100)

    await buyer.open(f"/products/{product['sku']}")
    await buyer.page.fill("#quantity", str(quantity))
    await buyer.click(".buy-form button[type=submit]")
    await expect(buyer.find("#notices .notice-success")).to_be_visible()
    await buyer.open("/checkout")
    await buyer.page.fill("#purchase_order", "PO-ALFKI-1")
    await buyer.page.locator("input[name=address]").first.check()
    await buyer.click("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/*")

    number = buyer.path.removeprefix("/orders/")
    order: dict[str, Any] = (await buyer.ask(TOTALS, number=number))["order"]
    assert [Decimal(each["quantityOrdered"]) for each in order["lines"]] == [quantity]
    told = {name: Decimal(each["amount"]) for name, each in order["totals"].items()}
    assert told == {"net": net, "tax": tax, "gross": net + tax}
    # The page shows the same sums to its reader.
    digits = "".join(each for each in await buyer.read("dl.sums > div:last-child dd") if each.isdigit())
    assert digits == str(net + tax).replace(".", "")
