"""Sums over what was sold: years, favourites, and who buys most."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from models.sales_history import SalesHistory
from rules.states import SaleKind
from tests import factories as make
from tests.schema.shop import Shop

GLANCE = """query G($id: ID!) { customer(by: {id: $id}) {
  salesByYear { year documents netAmount { amount currency } }
  favourites { timesBought quantity lastBoughtAt product { sku } } } }"""
TOP = "query($n: Int!) { topCustomers(first: $n) { customer { name } netAmount { amount currency } } }"


def sale(
    shop: Shop, customer: UUID, product: Any, document: str, day: str, quantity: str, **given: Any
) -> SalesHistory:
    sold_at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    values = {
        "kind": SaleKind.SALE, "currency": "EUR", "unit_price": Decimal(10), "net_amount": Decimal(10) * Decimal(quantity),
    }  # fmt: skip
    return SalesHistory(
        month=sold_at.date().replace(day=1), seller_id=shop.seller.id, customer_id=customer, source="test",
        source_key=f"{document}-{product.sku}", document_number=document, sold_at=sold_at, product_id=product.id,
        sku=product.sku, description="x", quantity=Decimal(quantity), **(values | given),
    )  # fmt: skip


@pytest.fixture
async def sold(shop: Shop) -> Shop:
    """Three products; the years turn at midnight in Madrid."""
    async with shop.database.job() as session:
        await make.make_currency(session, "USD")
        second, third = [
            await make.make_product(session, shop.seller, price="10", sku=f"ACE-{n}") for n in ("002", "003")
        ]
        mine, other, first = shop.customer.id, shop.other.id, shop.product
        session.add_all([
            sale(shop, mine, first, "A", "2024-12-31 23:30", "1"),  # 2025 in Madrid
            sale(shop, mine, first, "B", "2025-05-01 10:00", "2"),
            sale(shop, mine, second, "B", "2025-05-01 10:00", "5"),
            sale(shop, mine, second, "C", "2026-01-02 10:00", "4"),
            sale(shop, mine, third, "D", "2026-02-01 10:00", "9"),
            sale(shop, mine, third, "E", "2026-02-02 10:00", "-9", kind=SaleKind.CANCELLATION),
            sale(shop, mine, second, "F", "2026-02-03 10:00", "1", currency="USD"),
            sale(shop, other, first, "G", "2026-02-03 10:00", "50"),
        ])  # fmt: skip
    return shop


async def glance(shop: Shop, viewer: Viewer) -> dict[str, Any]:
    key = (await shop.data(viewer, "{ customers { nodes { id } } }"))["customers"]["nodes"][0]["id"]
    found: dict[str, Any] = (await shop.data(viewer, GLANCE, id=key))["customer"]
    return found


@pytest.mark.parametrize("who", ["rep", "buyer"])
async def test_years_and_favourites(sold: Shop, who: str) -> None:
    found = await glance(sold, getattr(sold, who))

    assert [(each["year"], each["documents"], each["netAmount"]["amount"], each["netAmount"]["currency"])
            for each in found["salesByYear"]] == [
        (2026, 3, "40.00", "EUR"), (2026, 1, "10.00", "USD"), (2025, 2, "80.00", "EUR"),
    ]  # fmt: skip
    # By times bought, then units; what came back entirely is no favourite.
    assert [(each["product"]["sku"], each["timesBought"], each["quantity"]) for each in found["favourites"]] == [
        ("ACE-002", 3, "10"), ("ACE-001", 2, "3"),
    ]  # fmt: skip
    assert found["favourites"][0]["lastBoughtAt"].startswith("2026-02-03T10:00:00")


async def test_the_top_customers_are_those_one_may_see_of_the_last_year(sold: Shop) -> None:
    mine = (await sold.data(sold.rep, TOP, n=5))["topCustomers"]
    everybodys = (await sold.data(sold.finance, TOP, n=5))["topCustomers"]
    first = (await sold.data(sold.finance, TOP, n=1))["topCustomers"]

    bar = {"customer": {"name": "Bar Núñez SL"}, "netAmount": {"amount": "110.00", "currency": "EUR"}}
    other = {"customer": {"name": "Otra Empresa SL"}, "netAmount": {"amount": "500.00", "currency": "EUR"}}
    assert mine == [bar]
    assert everybodys == [other, bar]
    assert first == [other]


@pytest.mark.parametrize("count", [0, 21])
async def test_a_number_out_of_range_is_refused(sold: Shop, count: int) -> None:
    answer = await sold.ask(sold.rep, TOP, n=count)

    assert answer["errors"][0]["path"] == ["topCustomers"]


async def test_buyers_have_no_top_customers(sold: Shop) -> None:
    answer = await sold.ask(sold.buyer, TOP, n=5)

    assert answer.get("data") is None and "Cannot query field" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("{isOnBehalf: {eq: true}}", 0),
        ("{isNew: {eq: true}}", 1),
        ('{placedOn: {lt: "2026-03-02"}}', 0),
        ('{placedOn: {eq: "2026-03-02"}}', 1),
        ("{isOverdue: {eq: true}}", 0),
        ("{isOverdue: {eq: false}}", 1),
    ],
)
async def test_orders_are_found_by_day_and_kind(sold: Shop, where: str, found: int) -> None:
    await sold.place(sold.buyer, await sold.fill(sold.buyer, (sold.product, 1)))

    page = (await sold.data(sold.rep, f"{{ orders(where: {where}) {{ totalCount }} }}"))["orders"]

    assert page["totalCount"] == found


async def test_an_open_order_is_overdue_once_its_day_has_passed(sold: Shop) -> None:
    await sold.place(sold.buyer, await sold.fill(sold.buyer, (sold.product, 1)))
    document = "{ orders(where: {isOverdue: {eq: true}}) { totalCount } }"
    for day, expected in (("2026-03-02", 0), ("2026-03-01", 1)):
        async with sold.database.job() as session:
            await session.execute(text(f"update sales_order set requested_on = date '{day}'"))
        assert (await sold.data(sold.rep, document))["orders"]["totalCount"] == expected
