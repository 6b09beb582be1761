"""Goods held from the cart's page: without JavaScript, told in both languages, and let go."""

import pytest
from httpx import AsyncClient

from tests.storefront.test_discount_pages import a_sku
from tests.storefront.visitor import BUYER, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_buyer_has_goods_held_and_lets_them_go(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    sku = await a_sku(visitor)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="clear"), act="clear")
    await visitor.submit(visitor.form(act="add"), sku=sku, quantity="2")
    await visitor.open("/cart")

    assert "Reservar la mercancía 30 minutos" in visitor.page.text
    await visitor.submit(visitor.form(act="hold"))
    assert "La mercancía queda reservada para usted." in visitor.page.text
    assert (
        "Reservado para usted hasta el" in visitor.page.text
        and "2 de 2 reservados para usted" in visitor.page.text
    )
    await visitor.submit(visitor.form(act="hold"))
    assert not any(form.fields.get("act") == "hold" for form in visitor.page.forms), "it is made longer once"
    await visitor.submit(visitor.form(locale="en"), locale="en")
    await visitor.open("/cart")
    assert "Held for you until" in visitor.page.text
    await visitor.submit(visitor.form(act="release"))

    assert "The goods are free again." in visitor.page.text
    assert "Hold the goods for 30 minutes" in visitor.page.text
