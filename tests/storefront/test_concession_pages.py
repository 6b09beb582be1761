"""A rep gives more than they may, a manager consents: the pages of it, as people use them without JavaScript."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_concession_waits_and_is_given(visitor: Visitor) -> None:
    await visitor.sign_in(MANAGER)
    page = await visitor.open("/staff/concessions")
    assert "Ninguna concesión espera" in page.text
    await visitor.submit(visitor.form(act="limit"), 422, whose="SALES_REP", line="mucho")
    await visitor.submit(visitor.form(act="limit"), whose="SALES_REP", line="2", order="", budget="100")
    assert "Se fijó el límite." in visitor.page.text and "100,00" in visitor.page.text
    await visitor.submit(next(each for each in visitor.page.forms if each.action == "/logout"))
    await visitor.sign_in(REP)
    page = await visitor.open("/staff/orders?state=placed")
    order = next(link for link in page.links if link.startswith("/staff/orders/S"))
    await visitor.open(order)

    await visitor.submit(visitor.form(act="discount"), percent="4", reason="feria de marzo")

    assert "espera a un responsable de ventas" in visitor.page.text
    assert "Se aplicó el descuento" not in visitor.page.text
    page = await visitor.open("/staff/concessions")
    assert "feria de marzo" in page.text and not [
        each for each in page.forms if each.fields.get("act") == "approve"
    ]
    await visitor.submit(next(each for each in visitor.page.forms if each.action == "/logout"))
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/concessions")
    await visitor.submit(visitor.form(act="approve"))
    assert "Se concedió." in visitor.page.text and "Ninguna concesión espera" in visitor.page.text


async def test_concessions_are_the_sellers_own(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    await visitor.check_absent("/staff/concessions")
