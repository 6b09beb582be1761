"""Ordering on behalf of a customer over the pages, and a price set by hand, without JavaScript."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, MANAGER, REP, Form, Visitor

PAGES = ("/", "/products", "/quick-order", "/lists", "/cart", "/orders", "/company", "/help/api")
WHY = "Pedido por teléfono"


@pytest.fixture
async def rep(demo_client: AsyncClient) -> Visitor:
    return await begun(Visitor(demo_client), REP)


def form_to(visitor: Visitor, action: str) -> Form:
    return next(each for each in visitor.page.forms if each.action == action)


async def begun(visitor: Visitor, email: str) -> Visitor:
    """At the customer's page in the console, whose number is La Parra's."""
    await visitor.sign_in(email)
    page = await visitor.open("/staff/customers?search=Parra")
    await visitor.open(next(each for each in page.links if each.startswith("/staff/customers/C-")))
    return visitor


async def test_the_bar_is_on_every_page_and_leads_back(rep: Visitor) -> None:
    home = rep.path
    page = await rep.submit(form_to(rep, "/act-on-behalf"), reason=WHY, person=BUYER)
    assert rep.path == "/"

    for path in PAGES:
        page = await rep.open(path)
        assert "Actúa por cuenta de" in page.text and WHY in page.text, path
        assert any(each.action == "/stop-acting" for each in page.forms), path
    await rep.open("/staff", 404)
    await rep.open(home, 404)
    page = await rep.open("/nowhere", 404)
    assert any(each.action == "/stop-acting" for each in page.forms)

    await rep.submit(form_to(rep, "/stop-acting"))
    assert rep.path == home
    assert "Actúa por cuenta de" not in rep.page.text


async def test_without_a_reason_nothing_begins(rep: Visitor) -> None:
    home = rep.path

    page = await rep.submit(form_to(rep, "/act-on-behalf"), 422, reason=" ")

    assert rep.path == home and "Indique un motivo." in page.text
    await rep.open("/staff")  # still of the seller's side


async def test_an_order_on_behalf_names_both_on_both_sides(demo_client: AsyncClient, rep: Visitor) -> None:
    await rep.submit(form_to(rep, "/act-on-behalf"), reason=WHY, person=BUYER)
    page = await rep.open("/products?stock=1&search=aceite")
    await rep.open(next(link for link in page.links if link.startswith("/products/")))
    await rep.submit(rep.form(act="add"), quantity="2")
    await rep.open("/checkout")
    page = await rep.submit(rep.form(purchase_order=""), purchase_order="TEL-1")
    number = rep.path.rpartition("/")[2]
    assert number.startswith("SO-") and "Hecho por cuenta de" in page.text and WHY in page.text  # the bar's

    await rep.submit(form_to(rep, "/stop-acting"))
    page = await rep.open(f"/staff/orders/{number}")
    assert "Hecho por Diego Arnal Sanz por cuenta de" in page.text and WHY in page.text
    await rep.submit(form_to(rep, "/logout"))

    buyer = Visitor(demo_client)
    await buyer.sign_in(BUYER)
    page = await buyer.open(f"/orders/{number}")
    assert "Hecho por cuenta de" in page.text and "Diego Arnal Sanz" in page.text
    assert WHY not in page.text


async def test_a_manager_sets_a_price(demo_client: AsyncClient) -> None:
    manager = Visitor(demo_client)
    await manager.sign_in(MANAGER)
    page = await manager.open("/staff/orders?state=placed")
    await manager.open(next(each for each in page.links if each.startswith("/staff/orders/SO-")))

    page = await manager.submit(manager.form(act="price"), 422, price="gratis", reason="x")
    assert "Escriba un precio" in page.text
    page = await manager.submit(manager.form(act="price"), 422, price="1,5", reason=" ")
    assert any(each.startswith("#price-reason-") for each in page.links)
    page = await manager.submit(manager.form(act="price"), price="1,5", reason="pacto verbal")

    assert (
        "El precio se ha fijado." in page.text
        and "precio acordado" in page.text
        and "pacto verbal" in page.text
    )


async def test_the_board_filters_and_its_columns_lead_to_lists(demo_client: AsyncClient) -> None:
    rep = Visitor(demo_client)
    await rep.sign_in(REP)

    page = await rep.open("/staff/orders?least=1&overdue=1&behalf=1&from=2020-01-01&to=nonsense")
    assert "Ninguno" in page.text and "Quitar filtros" in page.text
    page = await rep.open("/staff/orders?search=C-00001")
    shown = {each for each in page.links if each.startswith("/staff/orders/SO-")}
    listed = await rep.open("/staff/orders?state=all&search=C-00001")
    assert shown and shown <= {each for each in listed.links if each.startswith("/staff/orders/SO-")}
