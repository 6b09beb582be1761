"""Suggestions on the pages: said with their reason, taken with a click, counted for those who lead sales."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.database import Database
from tests.storefront.visitor import ADMINISTRATOR, BUYER, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_suggestion_is_shown_taken_and_counted(visitor: Visitor, demo: Database) -> None:
    await visitor.sign_in(BUYER)
    listed = await visitor.open("/products")
    paths = [link for link in dict.fromkeys(listed.links) if link.startswith("/products/")]
    first, second = (path.rpartition("/")[2] for path in paths[:2])
    async with demo.job() as session:
        await session.execute(
            text(
                "insert into product_affinity (product_id, other_id, support, lift) select one.id, other.id, 9, 3"
                " from product one, product other where one.sku = :one and other.sku = :other"
            ),
            {"one": first, "other": second},
        )

    page = await visitor.open(f"/products/{first}")
    taken = await visitor.submit(visitor.form(suggested=visitor.form(place="PRODUCT").fields["suggested"]))
    cart = await visitor.open("/cart")
    async with demo.job() as session:
        counted = list(
            await session.execute(
                text(
                    "select event.stage, event.place from suggestion_event event join product on product.id = product_id"
                    " where product.sku = :sku and event.cause = 'BOUGHT_TOGETHER' order by event.id"
                ),
                {"sku": second},
            )
        )
    visitor.client.cookies.clear()
    await visitor.sign_in(MANAGER)
    measured = await visitor.open("/staff/suggestions")
    visitor.client.cookies.clear()
    await visitor.sign_in(ADMINISTRATOR)
    await visitor.open("/staff/suggestions")
    begun = await visitor.submit(visitor.form(act="refresh"))
    visitor.client.cookies.clear()
    await visitor.sign_in(REP)
    await visitor.check_absent("/staff/suggestions")

    assert f"Se compra a menudo con {first}." in page.text
    assert f"{second} está en el carrito" in taken.text and second in cart.text
    assert counted == [("SHOWN", "PRODUCT"), ("ACCEPTED", "PRODUCT")]
    assert "Se compra junto Lugar Página del producto Mostradas 1 Aceptadas 1 Pedidas 0" in measured.text
    assert "El recuento ha empezado." in begun.text
