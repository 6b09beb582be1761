"""Trade agreements as managers keep them and reps read them, without JavaScript."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import MANAGER, REP, Visitor

BASE = "/staff/trade-agreements"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def some(visitor: Visitor, path: str) -> str:
    """The number of the first thing that a page lists."""
    page = await visitor.open(path)
    link = next(
        each for each in page.links if each.startswith(f"{path}/") and each.count("/") == path.count("/") + 1
    )
    return link.rpartition("/")[2]


async def test_a_manager_writes_mends_and_posts_a_journal_and_a_rep_reads_it(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    customer, sku = await some(visitor, "/staff/customers"), await some(visitor, "/products")
    await visitor.open(f"{BASE}/journals")
    await visitor.submit(visitor.form(act="create"), description="Precios de prueba")
    journal = visitor.path
    assert journal.startswith(f"{BASE}/journals/TA-")

    row: dict[str, Any] = {"relation": "PRICE", "customer": customer, "sku": sku, "price": "7,25", "to": "10"}
    await visitor.submit(visitor.form(act="add"), 422, **row | {"price": "mucho"})
    assert "Escriba un número, como 12,5." in visitor.page.text
    await visitor.submit(visitor.form(act="add"), 422, **row | {"sku": "NADA-1"})
    assert "No se ha encontrado." in visitor.page.text
    await visitor.submit(visitor.form(act="add"), **row)
    await visitor.submit(visitor.form(act="add"), **row | {"price": "6,5", "from": "12", "to": ""})
    assert "7,25" in visitor.page.text and "de 0 a menos de 10" in visitor.page.text
    await visitor.submit(visitor.form(act="check"), 422)
    assert "La fila 2 empieza en 12: hay cantidades anteriores sin fila." in visitor.page.text
    await visitor.submit([each for each in visitor.page.forms if each.fields.get("act") == "remove"][1])
    await visitor.submit(visitor.form(act="check"))
    assert "El diario está bien" in visitor.page.text
    await visitor.submit(visitor.form(act="post"))
    assert "El diario se ha registrado." in visitor.page.text
    assert not {"add", "post"} & {each.fields.get("act") for each in visitor.page.forms}

    # The same again, dearer and from a later day, in the place of the first.
    await visitor.open(f"{BASE}/journals")
    await visitor.submit(visitor.form(act="create"), description="Suben")
    copied: dict[str, Any] = {"rise": "10", "copy-since": "2090-01-01", "copy-customer": customer}
    await visitor.submit(visitor.form(act="copy"), **copied)
    assert "7,98" in visitor.page.text and "sustituye a" in visitor.page.text
    replaced = row | {"price": "5", "since": "2091-01-01", "replaces": "1"}
    await visitor.submit(visitor.form(act="add"), **replaced)
    await visitor.submit(visitor.form(act="add"), 422, **replaced | {"from": "3"})
    assert "Ninguna fila en vigor en su primer día" in visitor.page.text

    await visitor.open(f"{BASE}?customer={customer}&sku={sku}&relation=PRICE&on=2089-12-31")
    assert "1 fila" in visitor.page.text and "7,25" in visitor.page.text
    assert "Escriba una fecha" in (await visitor.open(f"{BASE}?on=ayer")).text
    assert "0 filas" in (await visitor.open(f"{BASE}?customer=NADIE")).text

    await visitor.open(f"{BASE}/groups?customer={customer}&sku={sku}")
    await visitor.submit(visitor.form(act="add"), 422, code="BARES", priority="mucha")
    await visitor.submit(visitor.form(act="add"), code="BARES", priority="3")
    assert "Los grupos se han guardado." in visitor.page.text and "BARES" in visitor.page.text
    await visitor.submit(visitor.form(act="add"), 422, code="BARES")
    assert "Este grupo está dos veces." in visitor.page.text
    await visitor.submit(visitor.form(act="remove", code="BARES"))
    assert "En ningún grupo propio" in visitor.page.text
    await visitor.open(f"{BASE}/groups?sku={sku}")
    await visitor.submit(visitor.form(act="product"), line="LACTEOS")
    assert visitor.form(act="product").fields["line"] == "LACTEOS"
    await visitor.submit(next(each for each in visitor.page.forms if each.action == "/logout"))
    await visitor.sign_in(REP)
    await visitor.open(journal)
    assert not {"add", "post"} & {each.fields.get("act") for each in visitor.page.forms}
