"""Invoices on paper: what the law asks to be said, in both languages, with the XML inside."""

import io
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from httpx import ASGITransport, AsyncClient, Response
from pypdf import PdfReader
from sqlalchemy import text

from app.database import Database
from app.server import create_app
from app.settings import Settings
from auth.permissions import Role, Viewer
from models.users import User
from rules.states import SessionKind, TaxEvidenceKind, TaxRegime
from tests import factories as make
from tests.schema.invoicing import drafted, invoiced, ordered, ship
from tests.schema.shop import Shop, open_shop
from tests.schema.test_invoices import customer_is, product, prove
from tests.schema.test_invoices_credit import rectify


class Desk:
    """A shop and its door."""

    def __init__(self, shop: Shop, client: AsyncClient) -> None:
        self.shop, self.client = shop, client

    async def fetch(self, who: Viewer | None, invoice: dict[str, Any], ending: str = "pdf") -> Response:
        headers = {}
        if who is not None:
            async with self.shop.database.auth() as session:
                user = await session.get_one(User, who.user_id)
                token = await make.make_session(session, user, kind=SessionKind.BEARER)
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.get(f"/documents/invoices/{invoice['id']}.{ending}", headers=headers)


@pytest.fixture
async def desk(settings: Settings, database: Database) -> AsyncIterator[Desk]:
    shop = await open_shop(database)
    async with database.job() as session:
        await session.execute(
            text("update seller set bank_account = 'ES9121000418450200051332', tax_id = 'ESB12345674'")
        )
        await session.execute(
            text("update customer set tax_id = 'B58378431' where id = :id"), {"id": shop.customer.id}
        )
    app = create_app(settings, database)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=settings.base_url) as client:
        yield Desk(shop, client)


def words(response: Response) -> str:
    assert response.status_code == 200, response.text
    reader = PdfReader(io.BytesIO(response.content))
    return " ".join("\n".join(page.extract_text() for page in reader.pages).split())


async def test_the_paper_says_what_the_law_asks(desk: Desk) -> None:
    shop = desk.shop
    await customer_is(shop, tax_regime=TaxRegime.EQUIVALENCE_SURCHARGE)
    invoice = await invoiced(
        shop, (await product(shop, "1000", name="Vino *tinto* #1"), 1), purchaseOrderNumber="PED-5"
    )

    paper = words(await desk.fetch(shop.finance, invoice))

    for said in (
        "Factura", "A-2026-0001", "2 de marzo de 2026", "Suministros de Prueba SL", "NIF B12345674", "Calle Mayor 1",
        "Bar Núñez SL", "NIF B58378431", "Vino *tinto* #1", "PED-5", "Recargo de equivalencia", "5,2 %", "52,00 €",
        "21 %", "210,00 €", "1.262,00 €", "Vencimientos", "1 de abril de 2026", "ES9121000418450200051332",
        "QR tributario:", "Factura verificable en la sede electrónica de la AEAT",
        "Sistema informático de facturación: Ventas",
    ):  # fmt: skip
        assert said in paper, said


async def test_the_pdf_is_archivable_and_carries_the_xml(desk: Desk) -> None:
    invoice = await invoiced(desk.shop, (desk.shop.product, 10))

    pdf = await desk.fetch(desk.shop.finance, invoice)
    xml = await desk.fetch(desk.shop.finance, invoice, "xml")

    reader = PdfReader(io.BytesIO(pdf.content))
    assert reader.attachments["factur-x.xml"] == [xml.content]
    root: Any = reader.trailer["/Root"].get_object()
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "pdfaid:part>3" in metadata.replace(" ", "") and "pdfaid:conformance>B" in metadata.replace(
        " ", ""
    )
    assert root["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    assert pdf.headers["content-disposition"] == 'attachment; filename="A-2026-0001.pdf"'
    assert xml.headers["content-type"] == "application/xml"
    root = ET.fromstring(xml.content)
    texts = {each.tag.split("}")[1]: each.text for each in root.iter() if each.text}
    assert texts["DuePayableAmount"] == "121.00" and texts["IBANID"] == "ES9121000418450200051332"


async def test_the_same_invoice_gives_the_same_paper(desk: Desk) -> None:
    """Master data that changes later changes nothing of it."""
    invoice = await invoiced(desk.shop, (desk.shop.product, 10))
    first = (await desk.fetch(desk.shop.finance, invoice)).content
    async with desk.shop.database.job() as session:
        await session.execute(text("update customer set name = 'Otro', tax_id = null"))
        await session.execute(text("update seller set name = 'Otra', street = 'Otra 2', bank_account = ''"))
        await session.execute(text("update product set name = 'Otro'"))

    assert (await desk.fetch(desk.shop.finance, invoice)).content == first


async def test_a_correction_names_what_it_corrects_in_the_documents_language(desk: Desk) -> None:
    await customer_is(desk.shop, locale="en")
    invoice = await invoiced(desk.shop, (desk.shop.product, 10))
    credit = (await rectify(desk.shop, invoice))["invoice"]

    paper = words(await desk.fetch(desk.shop.finance, credit))

    for said in (
        "Rectifying invoice", "R-2026-0001", "Corrects invoice", "A-2026-0001 (March 2, 2026)", "R1 art. 80.Uno",
        "Mercancía devuelta", "-€121.00",
    ):  # fmt: skip
        assert said in paper, said
    xml = (await desk.fetch(desk.shop.finance, credit, "xml")).text
    assert ">381<" in xml and "A-2026-0001" in xml


async def test_the_reason_of_an_untaxed_group_is_printed(desk: Desk) -> None:
    await prove(desk.shop, TaxEvidenceKind.RESELLER, number="D-1")
    invoice = await invoiced(desk.shop, (await product(desk.shop, "1000", is_reverse_charge=True), 1))

    assert "Inversión del sujeto pasivo: art. 84.Uno.2.º g)" in words(
        await desk.fetch(desk.shop.finance, invoice)
    )


async def test_papers_are_for_those_who_see_the_invoice(desk: Desk) -> None:
    shop = desk.shop
    invoice = await invoiced(shop, (shop.product, 1))
    order = await ordered(shop, (shop.product, 1))
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
        foreign = await make.make_user(session, shop.seller, customer=shop.other, role=Role.COMPANY_ADMIN)
    admin, stranger = await make.viewer_of(shop.database, user), await make.viewer_of(shop.database, foreign)

    for ending in ("pdf", "xml"):
        assert (await desk.fetch(admin, invoice, ending)).status_code == 200
        for who, what in (
            (None, invoice), (stranger, invoice), (shop.buyer, invoice), (shop.logistics, invoice),
            (admin, draft), (shop.finance, draft), (admin, {"id": "x"}),
        ):  # fmt: skip
            assert (await desk.fetch(who, what, ending)).status_code == 404
