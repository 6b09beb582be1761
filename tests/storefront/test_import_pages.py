"""Imports as people use them without JavaScript: a file is sent, its job is done, and the refused rows are fetched."""

import pytest
from httpx import AsyncClient

from app.database import Database
from jobs.imports import IMPORT_KINDS
from schema.ids import decode_id
from tests.jobs.trials import worker_of
from tests.storefront.visitor import INTEGRATOR, REP, Visitor

FILE = b"sku;name\nACE-NINGUNO;Nada\n=1+1;<b>x</b>\n"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def send(visitor: Visitor, content: bytes, status: int, **typed: str) -> str:
    """Sends a file by the page's form; what the page says then."""
    await visitor.open("/staff/imports")
    form = visitor.form(act="start")
    response = await visitor.client.post(
        "/staff/imports",
        data=form.fields | typed,
        files={"file": ("artículos.csv", content)},
        follow_redirects=True,
    )
    return visitor._read(response, status).text


async def test_an_integrator_sends_a_file_and_fetches_what_was_refused(
    visitor: Visitor, demo: Database
) -> None:
    await visitor.sign_in(INTEGRATOR)
    text = await send(visitor, FILE, 200, kind="PRODUCTS", verify="1")
    assert "Productos: artículos.csv" in text and "0 / 2" in text and "solo se ha comprobado" in text
    path = visitor.path

    kind = next(each for each in IMPORT_KINDS if each.name == "import.products")
    await worker_of(demo).attempt(kind, decode_id(path.rpartition("/")[2], "Job"))
    page = await visitor.open(path)
    assert "2 / 2" in page.text and "Una fila nueva necesita la columna unit." in page.text
    link = next(each for each in page.links if each.startswith("/files/"))
    report = (await visitor.client.get(link)).content.decode("utf-8-sig")
    assert report.splitlines()[2].startswith("'=1+1;<b>x</b>;3;")
    assert "artículos.csv" in (await visitor.open("/staff/imports")).text


async def test_a_file_that_cannot_be_read_is_said_at_its_field(visitor: Visitor) -> None:
    await visitor.sign_in(INTEGRATOR)
    text = await send(visitor, b"sku;color\nA;rojo\n", 422, kind="PRODUCTS")

    assert "La fila 1 nombra columnas que no se conocen: color." in text
    assert ("file", "true") in [
        (given.get("id"), given.get("aria-invalid")) for _, given in visitor.page.tags
    ]
    await visitor.open("/staff/imports/nonsense", 404)


async def test_others_have_no_such_page(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await visitor.open("/staff/imports", 404)
