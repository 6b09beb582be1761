"""How a line of the cart comes, chosen on the cart's page without JavaScript, in both languages."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, Form, Reader, Visitor

SKU = "CUB-0110"  # the demo has some, and twelve more on order


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


def money(page: Reader) -> list[str]:
    return re.findall(r"[0-9.,]+ €", page.text)


def ways(page: Reader) -> list[Form]:
    return [form for form in page.forms if form.fields.get("act") == "way"]


async def test_a_buyer_chooses_how_a_line_comes_and_chooses_again(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="clear"), act="clear")
    page = await visitor.submit(visitor.form(act="add"), sku=SKU, quantity="13")
    before = money(page)

    assert "Lo que hay ahora y el resto después" in page.text and "Todo en otra fecha" in page.text
    whole, parts, another = ways(page)
    day = whole.fields["on"]

    # Parts come by their own days, which the visitor's forms do not keep: both have one name.
    wanted: dict[str, Any] = {"part": ["1", "12"], "on": [day, "2027-03-01"]}
    page = await visitor.submit(parts, **wanted)
    assert "La línea llega como ha elegido; su precio no cambia." in page.text
    assert "Llega como ha elegido: 1 ud · " in page.text and "12 ud · 1 mar 2027" in page.text
    assert money(page) == before
    checkout = await visitor.open("/checkout")
    assert "12 ud · 1 mar 2027" in checkout.text

    await visitor.open("/cart")
    page = await visitor.submit(another, 422, on="", version=ways(visitor.page)[0].fields["version"])
    assert "Indique una fecha" in page.text or "Escriba una fecha" in page.text
    wrong = [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"]
    assert wrong == [f"day-{another.fields['line']}"]
    assert [given for tag, given in page.tags if tag == "details" and "open" in given]

    await visitor.submit(ways(page)[0])
    await visitor.submit(visitor.form(locale="en"), locale="en")
    page = await visitor.open("/cart")
    assert "Comes as you chose: 13" in page.text and "Chosen" in page.text
    page = await visitor.submit(ways(page)[-1])
    assert "The line comes as soon as it can." in page.text and "Comes as you chose" not in page.text
    assert len(ways(page)) == 3
