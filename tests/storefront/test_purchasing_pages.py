"""The purchase desk without JavaScript: a supplier, what is lacking, an order sent, confirmed and taken in."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import LOGISTICS, REP, Visitor

DESK, SUPPLIERS = "/staff/purchasing", "/staff/suppliers"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_supplier_is_kept(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(SUPPLIERS)

    page = await visitor.submit(
        visitor.form(act="create"), code="NORTE", name="Vinos del Norte", email="p@norte.example", days="5"
    )
    assert "Se guardó el proveedor NORTE." in page.text and "5 días desde el pedido" in page.text
    page = await visitor.submit(visitor.form(act="product"), sku="NADA")
    assert "Ningún artículo tiene esta referencia." in page.text
    page = await visitor.submit(visitor.form(act="retire"))
    assert "Se dio de baja el proveedor NORTE." in page.text


async def test_a_rep_sees_no_purchasing(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    for path in (DESK, SUPPLIERS):
        await visitor.open(path, 404)


async def test_the_desk_has_its_tabs(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)

    page = await visitor.open(DESK)
    assert "No falta nada" in page.text
    for state in ("open", "late", "ended"):
        page = await visitor.open(f"{DESK}?state={state}")
        assert "No hay pedidos de compra aquí" in page.text
    await visitor.open(f"{DESK}/PO-2026-000404", 404)
