"""Discounts as people keep them without JavaScript, their conflicts, and the coupon of a cart."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def new_rule(visitor: Visitor, status: int = 200, **typed: Any) -> None:
    await visitor.open("/staff/discounts/new")
    form = next(each for each in visitor.page.forms if "benefit" in each.fields)
    await visitor.submit(form, status, **typed)


async def a_sku(visitor: Visitor) -> str:
    page = await visitor.open("/products")
    return next(each for each in page.links if each.startswith("/products/")).rpartition("/")[2]


async def test_a_manager_keeps_rules_and_reads_their_conflicts(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/discounts")
    assert "Ofertas de temporada" in visitor.page.text
    await visitor.submit(
        visitor.form(act="group"), code="PROMO", name="Promociones", sequence="10", stacking="EXCLUSIVE"
    )
    assert (
        "Se ha creado el grupo." in visitor.page.text
        and "Una sola: la de mayor prioridad" in visitor.page.text
    )
    sku = await a_sku(visitor)

    await new_rule(visitor, code="A", name="Todo al diez", percent="10")
    first = visitor.path
    assert "Se ha guardado la regla." in visitor.page.text and "Desactivada" in visitor.page.text
    await visitor.submit(visitor.form(act="on"))
    assert "La regla está activada." in visitor.page.text and "En curso" in visitor.page.text

    rows: dict[str, Any] = {
        "row-0-kind": "PRODUCT", "row-0-values": sku, "row-1-kind": "WINDOW", "row-1-from": "08:30", "row-1-days": "1",
    }  # fmt: skip
    await new_rule(
        visitor, code="B", name="Por tramos", benefit="TIERED", tiers="3: 2,5\n10: 5", coupon="Verano-26",
        uses_max="5", valid_from="2026-01-01", **rows,
    )  # fmt: skip
    page = visitor.page
    assert "desde 3 unidades: 2,5 % de descuento; desde 10 unidades: 5 % de descuento" in page.text
    assert "lunes desde las 08:30" in page.text
    assert "Entra en conflicto con otras reglas" in page.text
    assert "Misma prioridad: gana el descuento mayor" in page.text and "Todo al diez" in page.text
    assert re.search(r"3 × \S+", page.text), "the example basket"
    assert "Con las dos, como se combinan ahora" in page.text
    editor = next(each for each in page.forms if "benefit" in each.fields)
    assert editor.fields["tiers"].split() == ["3:", "2.5", "10:", "5"]
    assert (editor.fields["row-0-values"], editor.fields["row-1-from"]) == (sku, "08:30")
    await visitor.submit(editor, name="Otro nombre")
    assert "Otro nombre" in visitor.page.text and "Conflictos" in visitor.page.text

    page = await visitor.open("/staff/discounts")
    assert "Todo al diez" in page.text and "Otro nombre" in page.text and "5 / 5" in page.text
    await visitor.open(first)
    await visitor.submit(visitor.form(act="off"))
    assert "La regla está desactivada." in visitor.page.text


async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/discounts")
    await visitor.submit(visitor.form(act="group"), code="P", name="P", sequence="1")

    await new_rule(visitor, 422, code="A", name="Mucho", percent="101")
    assert "Un porcentaje está por encima de 0 y es 100 como máximo." in visitor.page.text
    bad = [given.get("id") for _, given in visitor.page.tags if given.get("aria-invalid") == "true"]
    assert bad == ["percent"]
    editor = next(each for each in visitor.page.forms if "benefit" in each.fields)
    assert (editor.fields["name"], editor.fields["percent"]) == ("Mucho", "101")

    rows: dict[str, Any] = {"row-0-kind": "PRODUCT", "row-0-values": "NADA-1"}
    await new_rule(visitor, 422, code="A", name="Nada", percent="x", **rows)
    assert "NADA-1 no se conoce." in visitor.page.text and "Introduzca un número" in visitor.page.text
    assert "Nada" not in (await visitor.open("/staff/discounts")).text


async def test_a_rep_reads_rules_and_changes_none(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    page = await visitor.open("/staff/discounts")

    assert "Descuentos" in page.text
    assert [each for each in page.forms if each.fields.get("act") == "group"] == []
    await visitor.check_absent("/staff/discounts/new", "/staff/discounts/nonsense")


async def test_a_buyer_enters_a_coupon_and_takes_it_out(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/discounts")
    await visitor.submit(visitor.form(act="group"), code="P", name="P", sequence="1")
    await new_rule(visitor, code="A", name="Verano", percent="10", coupon="Verano-26")
    await visitor.submit(visitor.form(act="on"))
    visitor.client.cookies.clear()
    await visitor.sign_in(BUYER)
    sku = await a_sku(visitor)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="add"), sku=sku, quantity="1")

    await visitor.submit(visitor.form(act="coupon"), 422, coupon="INVIERNO")
    assert "Este cupón no es válido." in visitor.page.text
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="coupon"), coupon="verano 26")
    assert "Se ha introducido el cupón." in visitor.page.text and "Verano-26" in visitor.page.text
    await visitor.submit(visitor.form(act="remove-coupon"))
    assert "Se ha quitado el cupón." in visitor.page.text
    await visitor.check_absent("/staff/discounts")


async def test_a_group_is_changed_and_a_segment_tried_before_it_is_saved(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/discounts")
    form = next(each for each in visitor.page.forms if each.fields.get("name") == "Cupones")
    await visitor.submit(form, sequence="mucho")
    assert "Indique un número entero." in visitor.page.text
    await visitor.submit(form, name="Cupones de verano", suppresses="NADA")
    assert "No hay otro grupo NADA." in visitor.page.text
    await visitor.submit(form, name="Cupones de verano", stacking="SUMMED", competes="FACTURA")
    assert "El grupo se ha guardado." in visitor.page.text and "compite con FACTURA" in visitor.page.text

    await visitor.open("/staff/discounts/segments")
    assert "Hostelería de Aragón y el norte" in visitor.page.text
    form = next(each for each in visitor.page.forms if "skus" in each.fields)
    typed: dict[str, Any] = {"code": "BARES", "name": "Bares", "groups": "HORECA", "act": "preview"}
    await visitor.submit(form, **typed)
    counted = re.search(r"Estarían (\d+) clientes", visitor.page.text)
    assert counted is not None
    form = next(each for each in visitor.page.forms if "skus" in each.fields)
    await visitor.submit(form, 422, **typed | {"act": "save", "months": "99"})
    await visitor.submit(form, **typed | {"act": "save"})
    assert "El segmento se ha guardado." in visitor.page.text and "BARES" in visitor.page.text
