"""The paper of an offer: what it says in both languages, and who may fetch it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.database import Database
from app.server import create_app
from app.settings import Settings
from models.users import User
from schema.ids import encode_id
from tests import factories as make
from tests.app.test_papers import words
from tests.schema.quoting import done, drafted, line, read, sent
from tests.schema.shop import NOW, Shop, open_shop

TERMS = {"es": "Portes pagados desde 300 €.", "en": "Carriage paid from 300 €. #set page(*)"}


class Desk:
    def __init__(self, shop: Shop, client: AsyncClient) -> None:
        self.shop, self.client = shop, client

    async def fetch(self, who: Any, path: str) -> Any:
        headers = {}
        if who is not None:
            async with self.shop.database.auth() as session:
                token = await make.make_session(session, await session.get_one(User, who.user_id))
                await session.execute(text("update user_session set kind = 'BEARER'"))
            headers = {"Authorization": f"Bearer {token}"}
        return await self.client.get(path, headers=headers)


@pytest.fixture
async def desk(settings: Settings, database: Database) -> AsyncIterator[Desk]:
    shop = await open_shop(database)
    async with database.job() as session:
        await session.execute(
            text(
                "insert into quote_policy (seller_id, rows, validity_days, terms, updated_at)"
                " values (:seller, '[]', 30, cast(:terms as jsonb), now())"
            ),
            {"seller": shop.seller.id, "terms": json.dumps(TERMS)},
        )
    app = create_app(settings, database)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=settings.base_url) as client:
        yield Desk(shop, client)


async def _offer(shop: Shop) -> dict[str, Any]:
    """Contract price 9.1234, one option, one alternative, one gift."""
    async with shop.database.job() as session:
        for sku, name in (("OPC", "Vino *opcional* #1"), ("ALT", "Aceite alternativo"), ("REG", "Regalo")):
            await make.make_product(
                session, shop.seller, sku=sku, name=name, price="5.00", cost="1", stock=90
            )
    return await sent(
        shop, line(unitPrice="9.1234", reason="Contrato"), line("OPC", "2", isOptional=True),
        line("ALT", "10", alternativeTo=0), line("REG", "1", isFree=True, reason="Muestra"),
        message="Gracias por su interés", requestedOn=str((NOW + timedelta(days=20)).date()),
    )  # fmt: skip


async def test_the_paper_says_what_was_offered_in_both_languages(desk: Desk) -> None:
    shop = desk.shop
    quote = await _offer(shop)

    spanish = await desk.fetch(shop.buyer, f"/quotes/{quote['number']}.pdf?locale=es")
    english = await desk.fetch(shop.rep, f"/quotes/{quote['number']}.pdf?locale=en")

    assert (spanish.status_code, english.status_code) == (200, 200)
    assert spanish.headers["content-type"] == "application/pdf"
    assert spanish.headers["content-disposition"] == f'attachment; filename="{quote["number"]}.pdf"'
    told = words(spanish.content)
    for each in (
        "Presupuesto", quote["number"], "Precio unitario", "9,1234", "91,23", "Vino *opcional* #1", "Opcional",
        "Alternativa a la línea 1", "Sin cargo", "Los totales no incluyen opciones ni alternativas.",
        "Válido hasta", "1 de abril de 2026", "Gracias por su interés", "Portes pagados desde 300 €.",
        "Bar Núñez SL", "22 de marzo de 2026", quote["offer"]["contentHash"],
    ):  # fmt: skip
        assert each in told, f"{each} | {told}"
    assert "PCE 10,00" not in told  # the list price is no business of a contract
    told = words(english.content)
    for each in ("Quote", "Unit price", "9.1234", "€91.23", "Optional", "Alternative to line 1", "Free of charge",
                 "This offer holds until April 1, 2026, that day included.", TERMS["en"]):  # fmt: skip
        assert each in told, f"{each} | {told}"


async def test_a_paper_is_of_what_was_sent_and_for_who_may_see_it(desk: Desk) -> None:
    shop = desk.shop
    draft, offered = await drafted(shop), await sent(shop)
    number = offered["number"]
    refused = [
        await desk.fetch(None, f"/quotes/{number}.pdf"), await desk.fetch(shop.stranger, f"/quotes/{number}.pdf"),
        await desk.fetch(shop.rep, f"/quotes/{draft['number']}.pdf"), await desk.fetch(shop.rep, "/quotes/Q-0.pdf"),
        await desk.fetch(shop.buyer, f"/documents/quotes/{encode_id('QuoteRevision', UUID(int=7))}.pdf"),
        await desk.fetch(shop.rep, f"/documents/quotes/{draft['revisions'][0]['id']}.pdf"),
        await desk.fetch(shop.stranger, f"/documents/quotes/{offered['offer']['id']}.pdf"),
    ]  # fmt: skip
    assert {(each.status_code, each.content) for each in refused} == {(404, b"")}


async def test_terms_stand_as_they_were_when_it_was_sent_and_every_revision_keeps_its_paper(
    desk: Desk,
) -> None:
    shop = desk.shop
    first = await sent(shop)
    async with shop.database.job() as session:
        await session.execute(text("""update quote_policy set terms = '{"es": "Otras condiciones."}'"""))
    second = await done(shop, shop.rep, "reviseQuote", first)
    second = await done(shop, shop.rep, "submitQuote", second)
    second = await done(shop, shop.rep, "sendQuote", second)
    paths = "query($n: String!) { quote(by: {number: $n}) { revisions { number paperUrl } } }"
    shown = (await shop.data(shop.buyer, paths, n=first["number"]))["quote"]["revisions"]
    assert [each["number"] for each in shown] == [2, 1]

    new, old = [await desk.fetch(shop.buyer, each["paperUrl"]) for each in shown]
    present = await desk.fetch(shop.buyer, f"/quotes/{first['number']}.pdf")

    assert "Otras condiciones." in words(new.content) and "Portes" not in words(new.content)
    assert "Portes pagados desde 300 €." in words(old.content)
    assert present.content == new.content
    assert present.headers["content-disposition"] == f'attachment; filename="{first["number"]}-v2.pdf"'
    assert (await read(shop, shop.buyer, first))["revisions"][1]["contentHash"] == first["offer"][
        "contentHash"
    ]
