"""Papers are fetched by the viewer's own session, of rows they may see; and say what the row copied."""

import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from pypdf import PdfReader
from sqlalchemy import text

from app.database import Database
from app.server import create_app
from app.settings import Settings
from models.users import User
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop, open_shop


class Desk:
    """A shop with a delivery, and its door."""

    def __init__(self, shop: Shop, client: AsyncClient, delivery: str) -> None:
        self.shop, self.client, self.delivery = shop, client, delivery

    async def fetch(self, who: Any, key: str | None = None) -> Any:
        async with self.shop.database.auth() as session:
            user = await session.get_one(User, who.user_id) if who else None
            token = await make.make_session(session, user) if user else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if token:
            async with self.shop.database.auth() as session:
                await session.execute(text("update user_session set kind = 'BEARER'"))
        return await self.client.get(f"/documents/deliveries/{key or self.delivery}.pdf", headers=headers)


@pytest.fixture
async def desk(settings: Settings, database: Database) -> AsyncIterator[Desk]:
    shop = await open_shop(database)
    async with database.job() as session:
        wine = await make.make_product(
            session, shop.seller, stock=None, is_lot_tracked=True, name="Vino *tinto* #1"
        )
        await make.make_stock(session, wine, 10, lot="L-77")
        await make.make_item_number(session, shop.customer, wine, "own-9")
    answer = await shop.place(shop.buyer, await shop.fill(shop.buyer, (wine, 4)), purchaseOrderNumber="PO-5")
    key = UUID(await _value(shop, "select id::text from sales_order"))
    assert answer["errors"] == []
    delivery = await make.make_delivery(database, shop.logistics, key, now=NOW)
    app = create_app(settings, database)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=settings.base_url) as client:
        yield Desk(shop, client, encode_id("Delivery", delivery))


async def _value(shop: Shop, query: str) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(query))


def words(content: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


async def test_logistics_print_a_picking_list_and_then_a_delivery_note(desk: Desk) -> None:
    picking = await desk.fetch(desk.shop.logistics)

    assert picking.status_code == 200 and picking.headers["content-type"] == "application/pdf"
    assert picking.headers["content-disposition"] == 'attachment; filename="DN-2026-000001.pdf"'
    assert (
        picking.headers["x-content-type-options"] == "nosniff"
        and picking.headers["cache-control"] == "no-store"
    )
    told = words(picking.content)
    for each in ("Picking list", "DN-2026-000001", "SO-2026-000001", "Vino *tinto* #1", "own-9", "Lot L-77 · 4 PCE",
                 "Bar Núñez SL", "PO-5", "March 2, 2026", "MAD"):  # fmt: skip
        assert each in told, each

    key = await _value(desk.shop, "select id from delivery")
    await make.ship(desk.shop.database, desk.shop.logistics, key, NOW)
    note = words((await desk.fetch(desk.shop.logistics)).content)

    assert "Delivery note" in note and "Transportes Sol" in note and "TS-1" in note and "Picking" not in note


async def test_customers_get_what_has_left_in_their_language_and_nobody_else_does(desk: Desk) -> None:
    shop = desk.shop
    assert (await desk.fetch(shop.buyer)).status_code == 404  # it has not left
    async with shop.database.job() as session:
        await session.execute(text("update delivery set locale = 'es'"))
    await make.ship(shop.database, shop.logistics, await _value(shop, "select id from delivery"), NOW)

    mine = await desk.fetch(shop.buyer)

    assert mine.status_code == 200
    told = words(mine.content)
    assert "Albarán" in told and "2 de marzo de 2026" in told and "Lote L-77 · 4 PCE" in told
    refused = [
        await desk.fetch(shop.stranger), await desk.fetch(None), await desk.fetch(shop.buyer, "nonsense"),
        await desk.fetch(shop.buyer, encode_id("Order", UUID(int=7))),
        await desk.fetch(shop.buyer, encode_id("Delivery", UUID(int=7))),
    ]  # fmt: skip
    assert {(each.status_code, each.content) for each in refused} == {(404, b"")}


async def test_who_reads_no_lots_gets_none_on_paper(desk: Desk) -> None:
    assert "L-77" not in words((await desk.fetch(desk.shop.finance)).content)


async def test_what_was_taken_back_has_no_paper(desk: Desk) -> None:
    async with desk.shop.database.job() as session:
        await session.execute(text("update delivery set status = 'CANCELLED', cancelled_at = now()"))

    assert (await desk.fetch(desk.shop.logistics)).status_code == 404
