"""The price simulator as a manager and a rep use it: scenarios side by side, the address keeps what was typed."""

from urllib.parse import urlencode

import pytest
from httpx import AsyncClient

from tests.storefront.test_trade_pages import some
from tests.storefront.visitor import BUYER, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_scenarios_are_compared_and_figures_are_for_those_who_may_see_them(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    customer, sku = await some(visitor, "/staff/customers"), await some(visitor, "/products")
    typed = {"customer": customer, "lines": f"{sku} 12\n", "discount-B": "7,5"}
    address = "/staff/simulator?" + urlencode(typed)

    page = await visitor.open(address)
    assert "Escenario A" in page.text and "Escenario B" in page.text and "Escenario C" in page.text
    assert "Comparados, para" in page.text and "De la tarifa al margen, escenario B" in page.text
    assert "−7,5" in page.text and "Descuento especial" in page.text

    given = urlencode(typed | {"free-B": f"{sku} 2", "term-B": "T60", "free-C": sku})
    page = await visitor.open("/staff/simulator?" + given, 422)
    assert "Línea 1: escriba una referencia y una cantidad" in page.text
    page = await visitor.open("/staff/simulator?" + given.replace("free-C", "free-D"))
    assert "Género sin cargo" in page.text and "Concedido a mano" in page.text
    assert "sin cargo, por valor de" in page.text

    wrong = await visitor.open(address.replace("12", "doce", 1), 422)
    assert "escriba una referencia y una cantidad" in wrong.text or "ningún cliente" in wrong.text
    unknown = await visitor.open("/staff/simulator?" + urlencode(typed | {"lines": "NADA-1 3"}), 422)
    assert "NADA-1" in unknown.text

    visitor.client.cookies.clear()
    await visitor.sign_in(REP)
    mine = await some(visitor, "/staff/customers")
    page = await visitor.open("/staff/simulator?" + urlencode(typed | {"customer": mine}))
    assert "Comparados, para" in page.text and "De la tarifa al margen" not in page.text

    visitor.client.cookies.clear()
    await visitor.sign_in(BUYER)
    await visitor.check_absent("/staff/simulator")
