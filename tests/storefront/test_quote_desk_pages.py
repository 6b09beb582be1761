"""The quote desk as a rep, a manager and a director use it, without JavaScript."""

import pytest
from httpx import AsyncClient

from tests.storefront.test_trade_pages import some
from tests.storefront.visitor import ADMINISTRATOR, BUYER, FINANCE, LOGISTICS, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def again(visitor: Visitor, email: str) -> None:
    visitor.client.cookies.clear()
    await visitor.sign_in(email)


async def begun(visitor: Visitor, customer: str, **typed: str) -> str:
    """A draft of two lines; the address of its page."""
    await visitor.open(f"/staff/quotes/new?customer={customer}")
    skus = await skus_of(visitor)
    await visitor.open(f"/staff/quotes/new?customer={customer}")
    fields = {"sku-0": skus[0], "quantity-0": "24", "sku-1": skus[1], "quantity-1": "12"} | typed
    await visitor.submit(editor(visitor), 200, act="save", **fields)
    assert "Se empezó el presupuesto" in visitor.page.text, visitor.page.text[:600]
    return visitor.path


async def skus_of(visitor: Visitor) -> list[str]:
    page = await visitor.open("/products?stock=1&search=aceite")
    return list(dict.fromkeys(each.split("/")[2] for each in page.links if each.startswith("/products/")))


def editor(visitor: Visitor):  # type: ignore[no-untyped-def]
    return next(each for each in visitor.page.forms if "sku-0" in each.fields)


async def test_a_quote_is_written_tried_and_sent(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    page = await visitor.open("/staff/quotes")
    assert "Por responder" in page.text and "Por terminar" in page.text
    page = await visitor.open("/staff/quotes/new?customer=NADIE", 422)
    assert "No conocemos" in page.text or "ningún cliente" in page.text
    customer = await some(visitor, "/staff/customers")
    skus = await skus_of(visitor)
    await visitor.open(f"/staff/quotes/new?customer={customer}")

    # Nothing is stored by trying, and what is wrong stands at its field.
    wrong = {"sku-0": "NADA-1", "quantity-0": "doce", "sku-1": skus[1], "price-1": "9"}
    page = await visitor.submit(editor(visitor), 422, act="check", **wrong)
    assert "Escriba un número" in page.text and editor(visitor).fields["sku-0"] == "NADA-1"
    page = await visitor.submit(editor(visitor), 422, act="check", **(wrong | {"quantity-0": "12"}))
    assert "Indique un motivo" in page.text or "NADA-1" in page.text
    good = {"sku-0": skus[0], "quantity-0": "24", "discount-0": "2", "reason-0": "Feria", "price-1": ""}
    page = await visitor.submit(
        editor(visitor), 200, act="check", **(wrong | good), **{"quantity-1": "12", "what-discount": "4,5"}
    )
    assert "probado, sin guardar" in page.text and "Primer día posible" in page.text
    assert "Según las reglas" in page.text and "Como está escrito" in page.text and "Y si" in page.text
    page = await visitor.open("/staff/quotes?state=all")
    assert "Aquí no hay presupuestos" in page.text or customer not in page.text

    path = await begun(visitor, customer, notes="Paga tarde", message="Hasta fin de mes")
    assert "Paga tarde" in visitor.html and "Nadie más ha de consentir" in visitor.page.text
    form = editor(visitor)
    assert (form.fields["quantity-0"], form.fields["message"]) == ("24", "Hasta fin de mes")
    await visitor.submit(form, 200, act="save", **{"quantity-0": "36"})
    assert "Se guardó el borrador" in visitor.page.text or "borrador" in visitor.page.text
    assert editor(visitor).fields["quantity-0"] == "36"

    # A version that is gone is refused, and the other draft stands.
    await visitor.submit(form, 422, act="save", **{"quantity-0": "48"})
    await visitor.open(path)
    assert editor(visitor).fields["quantity-0"] == "36"

    await visitor.submit(visitor.form(act="submit"))
    assert "puede enviarse" in visitor.page.text
    await visitor.submit(visitor.form(act="send"))
    assert "El presupuesto se envió" in visitor.page.text and "Aún sin abrir" in visitor.page.text
    page = await visitor.open("/staff/quotes?mine=1")
    assert path in page.links and "Lo tiene el cliente hasta" in page.text
    page = await visitor.open("/staff/quotes?state=customer&search=" + path.rsplit("/", 1)[1])
    assert path in page.links

    await visitor.open(path)
    await visitor.submit(visitor.form(act="revise"))
    assert "Revisión 2" in visitor.page.text and editor(visitor).fields["quantity-0"] == "36"
    await visitor.submit(editor(visitor), 200, act="save", **{"quantity-0": "30"})
    assert "Qué cambia la revisión 2" in visitor.page.text or "revisión 2" in visitor.page.text
    await visitor.submit(visitor.form(act="withdraw"), reason="Error nuestro")
    assert "El presupuesto se retiró" in visitor.page.text and "Error nuestro" in visitor.page.text


async def test_what_goes_deep_waits_for_somebody_else(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    customer = await some(visitor, "/staff/customers")
    path = await begun(visitor, customer, **{"whole-discount": "20", "whole-reason": "Apertura"})
    number = path.rsplit("/", 1)[1]
    assert "Necesita consentimiento" in visitor.page.text and "Un director" in visitor.page.text
    await visitor.submit(visitor.form(act="submit"))
    assert "espera" in visitor.page.text

    quote = visitor.form(act="withdraw").fields["quote"]
    page = await visitor.open("/staff/approvals")
    assert number in page.text and "Lo presentó usted" in page.text
    assert not [form for form in page.forms if form.fields.get("quote") == quote]

    await again(visitor, FINANCE)
    await visitor.check_absent("/staff/quotes", "/staff/quotes/new")
    page = await visitor.open(path)
    assert "Apertura" in page.text and not [form for form in page.forms if "sku-0" in form.fields]
    page = await visitor.open("/staff/approvals")
    assert "Rebaja del conjunto, %" in page.text
    await visitor.submit(visitor.form(act="approve", quote=quote), reason="Una vez")
    assert "Consintió el presupuesto" in visitor.page.text and number not in visitor.page.text

    await again(visitor, MANAGER)
    page = await visitor.open(path)
    assert "Una vez" in page.text
    await visitor.submit(visitor.form(act="send"))
    assert "El presupuesto se envió" in visitor.page.text


async def test_the_policy_is_a_table_that_administrators_change(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    page = await visitor.open("/staff/quotes/policy")
    assert "Rebaja del conjunto, %" in page.text and "criterion-0" not in visitor.html
    await again(visitor, ADMINISTRATOR)
    await visitor.open("/staff/quotes/policy")
    form = visitor.form(act="save")

    page = await visitor.submit(form, 422, **{"threshold-0": "mucho"})
    assert "Escriba un número" in page.text
    same = {
        "criterion-0": "QUOTE_DEPTH",
        "threshold-0": "7,5",
        "criterion-1": "QUOTE_DEPTH",
        "threshold-1": "7,5",
    }
    page = await visitor.submit(form, 422, **same)
    await visitor.submit(
        form, 200, **{"criterion-0": "QUOTE_DEPTH", "threshold-0": "7,5", "validity-days": "15"}
    )
    assert "Se guardaron las normas" in visitor.page.text
    saved = visitor.form(act="save").fields
    assert (saved["threshold-0"], saved["validity-days"]) == ("7,5", "15")


@pytest.mark.parametrize("email", [BUYER, LOGISTICS])
async def test_the_desk_is_for_who_writes_quotes(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent(
        "/staff/quotes", "/staff/quotes/new", "/staff/quotes/policy", "/staff/approvals"
    )
    await visitor.check_absent("/staff/quotes/Q-2026-000001")
