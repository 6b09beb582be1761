"""Goods offered in the cart's page: accepted and declined without JavaScript, in both languages."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.test_discount_pages import a_sku
from tests.storefront.visitor import BUYER, MANAGER, Visitor

FROM: dict[str, Any] = {"valid-from": "2026-01-01"}


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


def answers(visitor: Visitor) -> list[str]:
    """What the buttons beside the offer answer."""
    return [
        button["value"]
        for form in visitor.page.forms
        if form.fields.get("act") == "gift"
        for button in form.buttons
    ]


async def test_a_buyer_answers_an_offer_and_orders_what_was_accepted(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/free-goods/new")
    editor = next(form for form in visitor.page.forms if "valid-from" in form.fields)
    await visitor.submit(editor, name="Una de regalo", per="2", free="1", sku="", optional="1", **FROM)
    visitor.client.cookies.clear()
    await visitor.sign_in(BUYER)
    sku = await a_sku(visitor)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="clear"), act="clear")
    await visitor.submit(visitor.form(act="add"), sku=sku, quantity="2")
    await visitor.open("/cart")

    assert ("oferta: 1 de" in visitor.page.text, answers(visitor)) == (True, ["yes", "no"])
    await visitor.submit(visitor.form(act="gift"), answer="no")
    assert "El carrito se ha actualizado." in visitor.page.text
    assert ("rechazado: 1 de" in visitor.page.text, answers(visitor)) == (True, ["yes"])
    await visitor.submit(visitor.form(act="gift"), answer="yes")
    assert ("sin cargo (Una de regalo)" in visitor.page.text, answers(visitor)) == (True, ["no"])
    await visitor.open("/checkout")
    assert ("sin cargo (Una de regalo)" in visitor.page.text, answers(visitor)) == (True, [])
    await visitor.submit(visitor.form(locale="en"), locale="en")
    english = (await visitor.open("/cart")).text
    await visitor.submit(visitor.form(act="gift"), 422, product="nonsense", answer="no")

    assert "free of charge (Una de regalo)" in english
