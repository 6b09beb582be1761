"""A customer as the seller's people see them: what waits for somebody, their numbers, and what they may order alone."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import ADMINISTRATOR, FINANCE, LOGISTICS, REP, Visitor

PARRA = "/staff/customers/C-00001"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def late_customer(visitor: Visitor) -> str:
    """Somebody with an invoice that is late."""
    page = await visitor.open("/staff/invoices?state=overdue")
    invoice = await visitor.open(next(link for link in page.links if link.startswith("/staff/invoices/S")))
    order = await visitor.open(next(link for link in invoice.links if link.startswith("/staff/orders/SO-")))
    return next(link for link in order.links if link.startswith("/staff/customers/C-"))


async def test_what_waits_stands_on_the_page(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    page = await visitor.open(await late_customer(visitor))

    assert "Facturas pendientes" in page.text and "Vencida" in page.text
    for text in ("De qué se compone", "Entregado, sin facturar", "Menos lo que está a cuenta"):
        assert text in page.text
    page = await visitor.open(PARRA)
    assert "Sus referencias" in page.text and "LP 1014" in page.text
    assert "Pedidos abiertos" in page.text and "Entregas abiertas" in page.text


@pytest.mark.parametrize(("email", "invoices"), [(LOGISTICS, False), (REP, True)])
async def test_everybody_sees_what_they_may(visitor: Visitor, email: str, invoices: bool) -> None:
    await visitor.sign_in(email)

    page = await visitor.open(PARRA)

    assert "Entregas abiertas" in page.text
    assert ("Crédito disponible" in page.text) is invoices
    assert not [form for form in page.forms if form.fields.get("act") == "limit"]


async def test_an_administrator_sets_what_somebody_may_order_alone(visitor: Visitor) -> None:
    await visitor.sign_in(ADMINISTRATOR)
    page = await visitor.open(PARRA)
    form = next(each for each in page.forms if each.fields.get("act") == "limit")

    await visitor.submit(form, 422, per_order="mucho")
    assert "Escriba un importe" in visitor.page.text
    form = next(each for each in visitor.page.forms if each.fields.get("user") == form.fields["user"])
    await visitor.submit(form, per_order="1.250,50", per_period="", period="MONTH")

    assert "hasta 1.250,50 € por pedido" in visitor.page.text.replace("\xa0", " ")
