"""How prices are made, as a manager sets it without JavaScript."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import MANAGER, Visitor

PATH = "/staff/trade-agreements/settings"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_manager_says_how_prices_are_made(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open(PATH)
    form = visitor.form(act="")

    await visitor.submit(form, 422, target="20", floor="30,5")
    assert "el mínimo no supera al objetivo" in visitor.page.text
    await visitor.submit(visitor.form(act=""), 422, target="mucho", floor="10")
    assert "Escriba un número, como 12,5." in visitor.page.text
    await visitor.submit(visitor.form(act=""), target="30,5", floor="10", mode="MAX", day="ORDER")

    assert "Los ajustes se han guardado." in visitor.page.text
    kept = visitor.form(act="").fields
    assert (kept["target"], kept["floor"], kept["mode"], kept["day"]) == (
        "30.5",
        "10",
        "MAX",
        "ORDER",
    )
