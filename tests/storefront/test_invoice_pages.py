"""The invoice desk and the buyer's invoices, without JavaScript."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, COMPANY_ADMIN, FINANCE, REP, Visitor

DESK = "/staff/invoices"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_finance_drafts_issues_and_credits(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    await visitor.open(f"{DESK}?state=uninvoiced")
    page = await visitor.submit(visitor.form(act="create"))
    assert visitor.path == DESK and "Se ha hecho 1 borrador." in page.text

    page = await visitor.submit(visitor.form(act="issue"), 422, **{"issued-on": "2026-02-01"})
    assert "no es posible una fecha anterior" in page.text
    await visitor.open(f"{DESK}?state=drafts")
    page = await visitor.submit(visitor.form(act="issue"))
    assert "Emitidas: A-2026-0005." in page.text
    link = next(each for each in page.links if each.startswith(f"{DESK}/"))
    page = await visitor.open(link)
    assert "VERI*FACTU" in page.text and any(each.endswith(".pdf") for each in page.links)

    page = await visitor.submit(visitor.form(act="rectify"), 422, reason="")
    assert "motivo" in page.text.lower()
    page = await visitor.submit(visitor.form(act="rectify"), reason="Mercancía dañada", type="R4")
    assert "Emitidas: R-2026-0001." in page.text and "Mercancía dañada" in page.text
    page = await visitor.open(f"{DESK}?state=credits")
    assert "R-2026-0001" in page.text


async def test_a_draft_can_be_discarded(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    page = await visitor.open(f"{DESK}?state=drafts")
    await visitor.open(next(each for each in page.links if each.startswith(f"{DESK}/")))

    page = await visitor.submit(visitor.form(act="discard"))

    assert "Se ha descartado el borrador." in page.text


async def test_a_rep_looks_on(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    page = await visitor.open(DESK)

    assert "Por facturar" not in page.text
    assert all(each.fields.get("act") not in ("issue", "create", "rectify") for each in page.forms)


async def test_buyers_see_invoices_where_they_may(visitor: Visitor) -> None:
    await visitor.sign_in(COMPANY_ADMIN)
    page = await visitor.open("/invoices")
    assert "Facturas" in page.text
    await visitor.open("/invoices?state=overdue")
    await visitor.check_absent("/invoices/A-2026-9999", DESK)


async def test_a_buyer_without_leave_has_no_such_page(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    page = await visitor.open("/")

    assert "/invoices" not in page.links
    await visitor.check_absent("/invoices")
