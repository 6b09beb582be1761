"""Payments, bank files, the credit desk, the journal and statements, as people use them without JavaScript."""

import io

import pytest
from httpx import AsyncClient
from pypdf import PdfReader

from tests.storefront.visitor import BUYER, COMPANY_ADMIN, FINANCE, REP, Visitor

BANK_FILE = b"fecha;importe;concepto;ordenante\n02/03/2026;12,34;sin datos;Alguien\n"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def first_customer(visitor: Visitor) -> str:
    page = await visitor.open("/staff/customers")
    link = next(each for each in page.links if each.startswith("/staff/customers/"))
    return link.rpartition("/")[2]


async def test_finance_records_a_payment_and_takes_it_back(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    number = await first_customer(visitor)
    await visitor.open(f"/staff/payments/new?customer={number}")

    await visitor.submit(visitor.form(act="record"), amount="1.234,50", reference="TRF 77")

    assert visitor.path.startswith("/staff/payments/PAY-")
    assert "Se registró el cobro" in visitor.page.text and "1.234,50" in visitor.page.text
    assert "quedan a cuenta" in visitor.page.text
    page = await visitor.open("/staff/payments?search=TRF+77&state=open")
    assert "TRF 77" in page.text
    await visitor.open(next(link for link in page.links if link.startswith("/staff/payments/PAY-")))
    await visitor.submit(visitor.form(act="reverse"), reason="devuelto por el banco")
    assert "devuelto por el banco" in visitor.page.text
    assert not [each for each in visitor.page.forms if each.fields.get("act")]
    journal = await visitor.open("/staff/journal")
    assert "572" in journal.text and "438" in journal.text
    statement = await visitor.open(f"/staff/customers/{number}/statement")
    assert "Cobro anulado" in statement.text


async def test_what_cannot_be_recorded_is_said_at_its_field(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    number = await first_customer(visitor)
    await visitor.open(f"/staff/payments/new?customer={number}")

    await visitor.submit(visitor.form(act="record"), 422, amount="mucho")

    assert "Escriba un importe" in visitor.page.text
    page = await visitor.open("/staff/payments/new?customer=nadie")
    assert "Ningún cliente tiene este número." in page.text


async def test_a_bank_file_is_read_and_its_line_put_aside(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    await visitor.open("/staff/bank")
    form = visitor.form(act="read")
    answer = await visitor.client.post(
        "/staff/bank", data=form.fields, files={"file": ("extracto.csv", BANK_FILE)}, follow_redirects=True
    )
    assert answer.status_code == 200 and "1 línea le espera." in answer.text

    await visitor.open("/staff/bank")
    again = await visitor.client.post(
        "/staff/bank", data=visitor.form(act="read").fields, files={"file": ("otro.csv", BANK_FILE)}
    )
    assert again.status_code == 422 and "Este fichero se leyó el" in again.text
    await visitor.open("/staff/bank")
    await visitor.submit(visitor.form(act="ignore"), reason="no es un cobro")
    assert "Se apartó la línea." in visitor.page.text


async def test_the_credit_desk_opens_for_finance_only(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    await visitor.open("/staff/credit")
    assert "Mesa de crédito" in visitor.page.text


@pytest.mark.parametrize(
    "path", ["/staff/payments", "/staff/payments/new", "/staff/bank", "/staff/credit", "/staff/journal"]
)
@pytest.mark.parametrize("email", [BUYER, REP])
async def test_the_money_is_not_everybodys(visitor: Visitor, email: str, path: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent(path)


async def test_a_company_reads_and_takes_its_statement(visitor: Visitor) -> None:
    await visitor.sign_in(COMPANY_ADMIN)
    page = await visitor.open("/statement?from=2026-01-01")
    paths = {
        link.partition("?")[0].rpartition(".")[2]: link
        for link in page.links
        if "/documents/statements/" in link
    }

    pdf = await visitor.client.get(paths["pdf"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert "Extracto de cuenta" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    csv = await visitor.client.get(paths["csv"])
    assert csv.text.lstrip("\ufeff").startswith("Fecha,Documento,Número")
    xlsx = await visitor.client.get(paths["xlsx"])
    assert xlsx.content[:2] == b"PK"

    other = Visitor(AsyncClient(transport=visitor.client._transport, base_url=visitor.client.base_url))
    await other.sign_in(REP)
    assert (await other.client.get("/documents/journal.csv")).status_code == 404
    stranger = AsyncClient(transport=visitor.client._transport, base_url=visitor.client.base_url)
    assert (await stranger.get(paths["csv"])).status_code == 404
