"""Quotes as a company's people use them without JavaScript: asked for, read, countered, accepted, consented to."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from app.database import Database
from app.server import create_app
from app.settings import Settings
from tests.conftest import DEMO_DAY
from tests.storefront.visitor import BUYER, COMPANY_ADMIN, LOGISTICS, REP, Visitor

APPROVER = "direccion@laparra.example"
COOK = "cocina@laparra.example"
NOW = datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, 12, tzinfo=UTC)
NEGOTIATED, COUNTERED, WAITING, OURS = (f"/quotes/Q-2026-{number:06}" for number in (3, 5, 6, 7))


@pytest.fixture
async def visitor(demo: Database, settings: Settings) -> AsyncIterator[Visitor]:
    """On the demo company's day: offers end."""
    app = create_app(settings, demo, clock=lambda: NOW)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url=settings.base_url) as client:
        yield Visitor(client)


def values(visitor: Visitor, name: str) -> list[str]:
    """What the choices of that name stand for, in their order."""
    return [
        given["value"] for tag, given in visitor.page.tags if tag == "input" and given.get("name") == name
    ]


def field(visitor: Visitor, id: str) -> dict[str, str]:
    return next(given for _, given in visitor.page.tags if given.get("id") == id)


def cells(visitor: Visitor) -> Iterator[str]:
    return (link for link in visitor.page.links if re.fullmatch(r"/quotes/Q-.*", link))


async def test_the_list_shows_what_the_company_asked_for_and_was_sent(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/quotes")
    found = {link.rpartition("-")[2] for link in cells(visitor)}
    assert found == {"000001", "000002", "000003", "000004", "000005", "000006", "000008"}  # 7 is our draft
    for state, numbers in {
        "answer": ["000003"],
        "seller": ["000008", "000005"],
        "waiting": ["000006"],
        "accepted": ["000004"],
        "ended": ["000002", "000001"],
    }.items():
        await visitor.open(f"/quotes?state={state}")
        assert [link.rpartition("-")[2] for link in cells(visitor)] == numbers, state
    page = await visitor.open("/quotes?search=000004")
    assert "1 presupuesto" in page.text and "Aceptado" in page.text
    await visitor.check_absent(OURS, "/quotes/Q-1999-000001")


async def test_an_offer_says_all_it_is(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    page = await visitor.open(NEGOTIATED)
    for said in (
        "Por responder", "revisión 2", "Subimos a 90 botellas con un 4 %", "menos 4 %", "Alternativa a la línea 1",
        "Quiero esta opción", "fuera del total", "Qué ha cambiado desde la revisión 1", "Línea nueva", "Línea quitada",
        "Sus contraofertas", "a la revisión 1", "Carta de otoño: vino de la casa y café.", "Revisiones anteriores",
    ):  # fmt: skip
        assert said in page.text, said
    assert "CAF-0230" in page.text and "Café en grano mezcla" in page.text
    assert [each.fields["act"] for each in page.forms if "act" in each.fields] == [
        "decline",
        "counter",
        "accept",
    ]


async def test_an_acceptance_takes_what_was_chosen_and_becomes_an_order(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open(NEGOTIATED)
    _, young = values(visitor, "take-1")
    [cava] = values(visitor, "take-4")

    typed: dict[str, Any] = {"take-1": young, "take-4": cava, "purchase_order": "LP-2300"}
    await visitor.submit(visitor.form(act="accept"), **typed)

    assert "El presupuesto quedó aceptado; es el pedido" in visitor.page.text
    order = next(link for link in visitor.page.links if link.startswith("/orders/"))
    page = await visitor.open(order)
    assert "LP-2300" in page.text
    assert "Vino tinto joven 1,5 l" in page.text and "Espumoso brut 750 ml" in page.text
    assert "Vino tinto crianza 1,5 l" not in page.text


async def test_a_number_that_is_too_long_is_said_at_its_field_and_the_choice_stays(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open(NEGOTIATED)
    [cava] = values(visitor, "take-4")

    await visitor.submit(visitor.form(act="accept"), 422, **{"take-4": cava, "purchase_order": "x" * 65})

    assert field(visitor, "purchase-order")["aria-invalid"] == "true"
    [chosen] = [given for _, given in visitor.page.tags if given.get("value") == cava]
    assert "checked" in chosen
    assert "Por responder" in (await visitor.open(NEGOTIATED)).text


async def test_a_counter_offer_is_refused_at_its_field_and_then_sent(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open(NEGOTIATED)
    names = [
        given["name"] for tag, given in visitor.page.tags if given.get("name", "").startswith("quantity-")
    ]
    key = names[0].removeprefix("quantity-")
    for typed, wrong in (
        ({f"quantity-{key}": "doce"}, f"quantity-{key}"),
        ({f"price-{key}": "-1"}, f"price-{key}"),
        ({f"requested-{key}": "2001-01-01"}, f"requested-{key}"),
        ({f"substitute-{key}": "NADA"}, f"substitute-{key}"),
        ({}, "counter-message"),
    ):
        await visitor.open(NEGOTIATED)
        await visitor.submit(visitor.form(act="counter"), 422, **typed)
        assert field(visitor, wrong)["aria-invalid"] == "true", wrong
        assert f"#{wrong}" in visitor.page.links

    await visitor.open(NEGOTIATED)
    wish: dict[str, Any] = {
        f"quantity-{key}": "1.000", f"price-{key}": "12,95", f"substitute-{key}": "VNO-0330", "message": "Así sí."
    }  # fmt: skip
    page = await visitor.submit(visitor.form(act="counter"), **wish)

    assert "Su contraoferta se envió." in page.text and "Así sí." in page.text
    assert "cantidad 1.000" in page.text and "a 12,95 €" in page.text
    assert "Vino blanco macabeo 1,5 l en su lugar" in page.text


async def test_an_offer_is_declined_with_a_reason(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open(COUNTERED)
    await visitor.submit(visitor.form(act="decline"), 422, reason=" ")
    assert field(visitor, "decline-reason")["aria-invalid"] == "true"

    page = await visitor.submit(visitor.form(act="decline"), reason="Ya no hace falta")

    assert "Rechazado" in page.text and "Ya no hace falta" in page.text


@pytest.mark.parametrize(
    ("act", "said"), [("consent", "es el pedido"), ("refuse", "La aceptación no se autorizó.")]
)
async def test_a_colleague_consents_or_refuses(visitor: Visitor, act: str, said: str) -> None:
    await visitor.sign_in(COOK)
    await visitor.open(WAITING)
    assert "Usted lo aceptó" in visitor.page.text
    assert not [each for each in visitor.page.forms if each.fields.get("act") in ("consent", "refuse")]
    await visitor.submit(next(each for each in visitor.page.forms if each.action == "/logout"))

    await visitor.sign_in(APPROVER)
    assert "espera su autorización" in visitor.page.text and WAITING in visitor.page.links
    await visitor.open(WAITING)
    assert "Íñigo Salas Romeo lo aceptó" in visitor.page.text
    page = await visitor.submit(visitor.form(act=act), reason="Todavía no")

    assert said in page.text
    assert ("Todavía no" in page.text) is (act == "refuse")


async def test_a_quote_is_asked_for_row_by_row_and_taken_back(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/quotes/new")
    form = next(each for each in visitor.page.forms if each.action == "/quotes/new")
    for typed, wrong in (
        ({}, "sku-1"),
        ({"quantity-2": "3"}, "sku-2"),
        ({"sku-3": "NADA", "quantity-3": "1"}, "sku-3"),
        ({"sku-1": "ACE-0120", "sku-4": "ACE-0120", "quantity-4": "1,5"}, "quantity-4"),
        ({"sku-1": "ACE-0120", "requested-1": "2001-01-01"}, "requested-1"),
        ({"sku-1": "ACE-0120", "message": "x" * 2001}, "message"),
    ):
        await visitor.submit(form, 422, **typed)
        assert field(visitor, wrong)["aria-invalid"] == "true", wrong
    room: dict[str, Any] = {"sku-8": "ACE-0120", "act": "more"}
    await visitor.submit(form, **room)
    assert field(visitor, "sku-8")["value"] == "ACE-0120"
    assert field(visitor, "sku-24")["value"] == ""

    asked: dict[str, Any] = {"sku-2": "ace 0120", "quantity-2": "24", "message": "Para mayo"}
    page = await visitor.submit(form, **asked)

    assert visitor.path == "/quotes/Q-2026-000009"
    assert "Solicitado" in page.text and "Para mayo" in page.text
    page = await visitor.submit(visitor.form(act="withdraw"), reason="Ya no")
    assert "Retirado" in page.text and "La petición quedó retirada." in page.text


async def test_a_quote_is_asked_for_from_wherever_one_shops(visitor: Visitor) -> None:
    """Cart, list, product and quick order bring their lines to the same page."""
    await visitor.sign_in(BUYER)

    async def brought() -> list[tuple[str, str]]:
        form = next(each for each in visitor.page.forms if each.action == "/quotes/new")
        rows = [(form.fields[f"sku-{number}"], form.fields[f"quantity-{number}"]) for number in range(1, 9)]
        return [row for row in rows if row[0]]

    await visitor.open("/cart")
    assert "/quotes/new?cart=1" in visitor.page.links
    await visitor.open("/quotes/new?cart=1")
    assert len(await brought()) == 3

    await visitor.open("/products/ACE-0120")
    await visitor.open(next(link for link in visitor.page.links if link.startswith("/quotes/new?sku=")))
    assert await brought() == [("ACE-0120", "1")]

    page = await visitor.open("/lists")
    await visitor.open(next(link for link in page.links if link.startswith("/lists/")))
    chosen = values(visitor, "chosen")[:2]
    form = next(each for each in visitor.page.forms if any(b.get("value") == "quote" for b in each.buttons))
    await visitor.submit(form, act="quote", chosen=chosen)
    assert visitor.path == "/quotes/new" and len(await brought()) == 2

    await visitor.open("/quick-order")
    await visitor.submit(visitor.form(act="verify"), text="ACE-0120 6\nNADA 1\nVNO-0230 12")
    form = next(each for each in visitor.page.forms if any(b.get("value") == "quote" for b in each.buttons))
    left = {name: value for name, value in form.fields.items() if name != "leave_out"}
    form.fields = left
    await visitor.submit(form, 422, act="quote")
    assert field(visitor, "leave-out")["aria-invalid"] == "true"
    await visitor.submit(form, act="quote", leave_out="1")
    assert await brought() == [("ACE-0120", "6"), ("VNO-0230", "12")]


@pytest.mark.parametrize("email", [COMPANY_ADMIN, BUYER])
async def test_the_first_page_says_what_waits(visitor: Visitor, email: str) -> None:
    page = await visitor.sign_in(email)

    assert "El presupuesto Q-2026-000003 espera su respuesta" in page.text
    assert ("espera su autorización" in page.text) is (email == COMPANY_ADMIN)


@pytest.mark.parametrize(
    ("email", "path"), [(LOGISTICS, "/quotes"), (REP, "/quotes/new"), (LOGISTICS, NEGOTIATED)]
)
async def test_the_buyers_pages_are_not_everybodys(visitor: Visitor, email: str, path: str) -> None:
    await visitor.sign_in(email)
    await visitor.check_absent(path)
