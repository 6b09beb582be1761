"""One price of the demo company, explained to its buyer: the ladder, the trace, and what more of it saves."""

from urllib.parse import urlencode

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, REP, Visitor

LOST = "Campaña de salsas del Ebro"  # the rule that the better one excludes
EXPLAINED = (
    "Por qué este precio Precio de tarifa 1,60 € Precio de acuerdo comercial 1,52 € Descuento de línea −2 % 1,4896 € "
    "Promoción −5 % Salsas para hostelería 0,07 € menos en la línea 1,42 €"
)


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


def read(visitor: Visitor) -> str:
    """The page's text, with spaces that browsers may break at."""
    return visitor.page.text.replace("\u00a0", " ")


async def test_a_buyer_reads_the_steps_that_applied_and_the_next_break(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    await visitor.open("/products/SAL-0310")
    product = read(visitor)
    await visitor.open("/cart")
    cart = read(visitor)

    assert EXPLAINED in product and LOST not in product
    assert (
        "Precio por cantidad, antes de promociones Desde Precio Ahorra 1 (para su cantidad) 1,4896 € – "
        "12 1,4112 € −5,26 % 48 1,3824 € −7,2 %"
    ) in product
    assert "Con 11 más ahorra un 5,26 %" in product
    assert "Con 9 más ahorra un 5,26 %" in cart and LOST not in cart
    assert "y 1 de Barra de pan precocida 400 g sin cargo (Lanzamiento: 3 + 1)" in cart


async def test_the_same_in_english(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/")
    await visitor.submit(visitor.form(locale="en"), locale="en")

    await visitor.open("/products/SAL-0310")

    assert "11 more save 5.26%" in read(visitor).replace(" %", "%")
    assert "Price by quantity, before promotions From Unit price You save 1" in read(visitor)


async def test_the_seller_s_people_see_what_lost_as_well(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await visitor.open("/staff/simulator?" + urlencode({"customer": "C-00001", "lines": "SAL-0310 12\n"}))

    assert "Salsas para hostelería" in read(visitor) and LOST in read(visitor)
    assert "Con 36 más ahorra un 2,04 %" in read(visitor)
