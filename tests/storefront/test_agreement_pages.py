"""Sales agreements as people use them without JavaScript: written, sent, accepted, and read by both sides."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, COMPANY_ADMIN, LOGISTICS, MANAGER, REP, Visitor

LINE: dict[str, Any] = {
    "line-0-committed": "1.000", "line-0-unitPrice": "9,50", "line-0-maxEnforced": "1", "line-1-type": "OVERALL_VALUE",
    "line-1-committed": "12.000,00", "line-1-discountPercent": "2,5",
}  # fmt: skip
HEAD: dict[str, Any] = {"title": "Acuerdo de prueba", "validFrom": "2026-01-01", "validTo": "2030-12-31"}


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def customer_of(visitor: Visitor) -> str:
    """The number of the company whose buyer and admin the tests know."""
    page = await visitor.open("/staff/customers?search=parra")
    link = next(each for each in page.links if each.startswith("/staff/customers/"))
    return link.rpartition("/")[2]


async def first_sku(visitor: Visitor) -> str:
    page = await visitor.open("/products")
    return (
        next(each for each in page.links if each.startswith("/products/"))
        .rpartition("/")[2]
        .partition("#")[0]
    )


async def switch(visitor: Visitor, email: str) -> None:
    """Somebody else sits down."""
    await visitor.submit(next(each for each in visitor.page.forms if each.action == "/logout"))
    await visitor.sign_in(email)


async def write(visitor: Visitor, email: str) -> str:
    """A draft that the visitor wrote; its path."""
    await visitor.sign_in(email)
    number, sku = await customer_of(visitor), await first_sku(visitor)
    await visitor.open(f"/staff/agreements/new?customer={number}")
    await visitor.submit(visitor.form(act="create"), **(HEAD | LINE | {"line-0-sku": sku}))
    assert "El borrador se guardó." in visitor.page.text
    return visitor.path


async def test_an_agreement_from_draft_to_force(visitor: Visitor) -> None:
    path = await write(visitor, MANAGER)
    number = path.rpartition("/")[2]
    assert "Borrador de la versión 1" in visitor.page.text and "9,50" in visitor.page.text

    await visitor.open(f"{path}/edit")
    form = visitor.form(act="save")
    assert (form.fields["line-0-committed"], form.fields["line-1-discountPercent"]) == ("1000", "2,5")
    typed: dict[str, Any] = {"line-0-committed": "1.200"}
    await visitor.submit(form, **typed)
    assert "1.200" in visitor.page.text
    await visitor.submit(visitor.form(act="propose"))
    assert "Se envió al cliente." in visitor.page.text and "Pendiente de respuesta" in visitor.page.text

    await switch(visitor, BUYER)
    await visitor.open(f"/agreements/{number}")
    assert not [each for each in visitor.page.forms if each.fields.get("act")]

    await switch(visitor, COMPANY_ADMIN)
    assert f"El acuerdo {number} espera su respuesta" in visitor.page.text
    listed = await visitor.open("/agreements?state=waiting")
    assert f"/agreements/{number}" in listed.links
    await visitor.open(f"/agreements/{number}")
    await visitor.submit(visitor.form(act="accept"))
    assert "El acuerdo está en vigor." in visitor.page.text and "Pactado y comprado" in visitor.page.text
    assert "1.200" in visitor.page.text and "12.000 EUR" in visitor.page.text
    assert [each for each in visitor.page.tags if each[0] == "svg" and each[1].get("class") == "progress"]
    await order_under(visitor, number)


async def order_under(visitor: Visitor, number: str) -> None:
    """The cart is ordered under the agreement, which shows what is in it, and the order names it."""
    sku = await first_sku(visitor)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="add"), sku=sku, quantity="10")
    form = visitor.form(act="agreement")
    assert form.fields["agreement"] == "" and visitor.response is not None
    [chosen] = re.findall(rf'<option value="([^"]+)">{number}', visitor.response.text)
    mine = await visitor.open(f"/agreements/{number}")
    assert "en carritos abiertos: 10" in mine.text
    await visitor.open("/cart")
    await visitor.submit(form, agreement=chosen)
    assert visitor.form(act="agreement").fields["agreement"] == chosen
    assert f"/agreements/{number}" in visitor.page.links
    await visitor.open("/checkout")
    assert number in visitor.page.text
    await visitor.submit(next(each for each in visitor.page.forms if "total" in each.fields))
    assert visitor.path.startswith("/orders/")
    assert f"/agreements/{number}" in visitor.page.links


async def test_a_declined_one_says_why(visitor: Visitor) -> None:
    path = await write(visitor, MANAGER)
    await visitor.submit(visitor.form(act="propose"))
    await switch(visitor, COMPANY_ADMIN)
    await visitor.open(f"/agreements/{path.rpartition('/')[2]}")

    await visitor.submit(visitor.form(act="decline"), reason="pedimos mejor precio")

    assert "Su respuesta" in visitor.page.text or "respuesta" in visitor.page.text
    assert "pedimos mejor precio" in visitor.page.text and "Rechazada" in visitor.page.text


async def test_what_cannot_be_written_is_said_at_its_field(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    listed = await visitor.open("/staff/customers")
    number = next(each for each in listed.links if each.startswith("/staff/customers/")).rpartition("/")[2]
    await visitor.open(f"/staff/agreements/new?customer={number}")

    await visitor.submit(
        visitor.form(act="create"), 422, **HEAD, **{"line-0-sku": "NADA", "line-0-committed": "mucho"}
    )
    assert "Escriba un número, como 12,50." in visitor.page.text
    await visitor.submit(visitor.form(act="create"), 422, **{"line-0-committed": "10"})
    assert "No existe el artículo NADA." in visitor.page.text
    wrong = [attributes for tag, attributes in visitor.page.tags if attributes.get("id") == "line-0-sku"]
    assert wrong[0]["aria-invalid"] == "true" and wrong[0]["value"] == "NADA"


@pytest.mark.parametrize(
    ("email", "path"),
    [
        (LOGISTICS, "/staff/agreements"),
        (BUYER, "/staff/agreements"),
        (COMPANY_ADMIN, "/staff/agreements/new"),
    ],
)
async def test_agreements_are_not_everybodys(visitor: Visitor, email: str, path: str) -> None:
    await visitor.sign_in(email)
    await visitor.open(path, 404)
