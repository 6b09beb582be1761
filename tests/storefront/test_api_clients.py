"""The pages of API clients, as company admins and administrators use them without JavaScript."""

import pytest
from httpx import AsyncClient
from starlette.applications import Starlette

from tests.storefront.test_texts import english_words, words
from tests.storefront.visitor import (
    ADMINISTRATOR,
    BUYER,
    COMPANY_ADMIN,
    FINANCE,
    INTEGRATOR,
    Visitor,
)

KEEPERS = {COMPANY_ADMIN: ("/company", "/company/api-clients"), ADMINISTRATOR: ("/staff/api-clients",) * 2}


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


def value(visitor: Visitor, field: str) -> str:
    return next(given["value"] for tag, given in visitor.page.tags if given.get("id") == field)


async def make(visitor: Visitor, folder: str) -> tuple[str, str]:
    """Makes a client by its form; (client id, secret) as the page shows them."""
    await visitor.open(f"{folder}/new")
    form = visitor.form(act="create")
    await visitor.submit(form, name="ERP de prueba", scopes=["CATALOG_READ", "ORDERS_READ"], days="90")
    return value(visitor, "client-id"), value(visitor, "client-secret")


async def token_status(client: AsyncClient, key: str, secret: str) -> int:
    answer = await client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(key, secret))
    return answer.status_code


def speaks_spanish(visitor: Visitor) -> None:
    assert visitor.page.tags[0] == ("html", {"lang": "es"})
    assert words([visitor.page.text]) & english_words() == set()


@pytest.mark.parametrize("email", KEEPERS)
async def test_a_client_lives_through_its_pages(
    visitor: Visitor, demo_client: AsyncClient, email: str
) -> None:
    home, folder = KEEPERS[email]
    await visitor.sign_in(email)

    key, secret = await make(visitor, folder)

    assert secret.startswith("ventas_cs_")
    speaks_spanish(visitor)
    assert await token_status(demo_client, key, secret) == 200
    page = await visitor.open(home)
    speaks_spanish(visitor)
    address = next(link for link in page.links if link.startswith(f"{folder}/") and not link.endswith("/new"))
    await visitor.open(address)
    speaks_spanish(visitor)
    assert secret not in str(visitor.response and visitor.response.text)
    await visitor.submit(
        visitor.form(act="save"), name="ERP dos", scopes=["CATALOG_READ"], addresses="203.0.113.7"
    )
    assert visitor.path == address and "ERP dos" in visitor.page.text
    assert await token_status(demo_client, key, secret) == 401  # not from this address any more
    await visitor.submit(visitor.form(act="save"), scopes=["CATALOG_READ"], addresses="")
    await visitor.submit(visitor.form(act="rotate"), hours="0")
    newer = value(visitor, "client-secret")
    assert [await token_status(demo_client, key, each) for each in (secret, newer)] == [401, 200]
    await visitor.open(address)
    await visitor.submit(visitor.form(act="disable"))
    speaks_spanish(visitor)
    assert "Desactivad" in visitor.page.text
    assert await token_status(demo_client, key, newer) == 401


async def test_secret_is_shown_once(visitor: Visitor) -> None:
    """Whoever loads the page again, or goes back, makes no second client and sees no secret."""
    await visitor.sign_in(COMPANY_ADMIN)
    await visitor.open("/company/api-clients/new")
    form = visitor.form(act="create")
    first = await visitor.submit(form, name="Una vez", scopes=["CATALOG_READ"])
    assert visitor.response is not None and visitor.response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in visitor.response.headers

    again = await visitor.submit(form, name="Una vez", scopes=["CATALOG_READ"])

    assert "ventas_cs_" in str(first.tags) and "ventas_cs_" not in str(again.tags)
    assert "ya se mostró" in again.text
    assert (await visitor.open("/company")).text.count("Una vez") == 1


async def test_mistakes_are_said_at_their_field(visitor: Visitor) -> None:
    await visitor.sign_in(COMPANY_ADMIN)
    await visitor.open("/company/api-clients/new")

    page = await visitor.submit(visitor.form(act="create"), 422, name="X", addresses="nada")

    assert "al menos un permiso" in page.text
    page = await visitor.submit(
        visitor.form(act="create"), 422, name="X", scopes=["STOCK_READ"], addresses="nada"
    )
    assert "dirección ni una red" in page.text
    marked = [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"]
    assert marked == ["addresses"]
    kept = [given["value"] for _, given in page.tags if given.get("name") == "scopes" and "checked" in given]
    assert kept == ["STOCK_READ"]  # what was typed stays


@pytest.mark.parametrize("email", [BUYER, FINANCE, INTEGRATOR])
async def test_pages_exist_for_their_keepers_only(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent("/company/api-clients/new", "/staff/api-clients", "/staff/api-clients/new")


async def test_a_foreign_client_has_no_page(
    visitor: Visitor, demo_app: Starlette, demo_client: AsyncClient
) -> None:
    await visitor.sign_in(ADMINISTRATOR)
    await make(visitor, "/staff/api-clients")
    links = (await visitor.open("/staff/api-clients")).links
    address = next(link for link in links if "/api-clients/" in link and not link.endswith("/new"))
    demo_client.cookies.clear()

    await visitor.sign_in(COMPANY_ADMIN)

    await visitor.check_absent(address.replace("/staff/", "/company/"), "/company/api-clients/nonsense")
