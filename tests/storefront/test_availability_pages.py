"""When products can be had: told on the product's page and in the cart, and to staff as a grid."""

import pytest
from httpx import AsyncClient

from tests.storefront.test_price_rule_pages import become, wrong_fields
from tests.storefront.visitor import BUYER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_staff_ask_for_a_grid_and_buyers_see_the_earliest_day(visitor: Visitor) -> None:
    await become(visitor, REP)
    empty = await visitor.open("/staff/availability")
    listed = await visitor.open("/products")
    sku = next(link for link in listed.links if link.startswith("/products/")).removeprefix("/products/")
    grid = await visitor.open(f"/staff/availability?lines={sku}%202%0ANO-HAY%201")
    wrong = await visitor.open(f"/staff/availability?lines={sku}%20dos&customer=NADIE&on=ayer", 422)

    assert "Escriba las referencias y vea cuándo se pueden tener." in empty.text
    assert "Lo antes posible:" in grid.text
    assert "No existe esta referencia" in grid.text
    assert wrong_fields(wrong) == ["lines", "customer", "on"]

    await become(visitor, BUYER)
    await visitor.check_absent("/staff/availability")
    listed = await visitor.open("/products?inStock=1")
    link = next(link for link in listed.links if link.startswith("/products/"))
    page = await visitor.open(link)
    assert "Lo antes posible:" in page.text or "Aún sin fecha" in page.text
