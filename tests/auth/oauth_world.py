"""A seller with two companies that do not know each other and a subsidiary, and clients at the door of the whole app."""

import base64
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select
from starlette.applications import Starlette

from app.database import Database
from app.server import create_app
from app.settings import Settings
from auth.permissions import Role
from auth.scopes import ApiScope
from models.api_clients import OAuthClient
from models.customers import Customer
from models.sellers import Seller
from models.users import UserSession
from rules.states import SessionKind
from tests.auth.conftest import Clock
from tests.factories import (
    make_address,
    make_api_client,
    make_cost,
    make_customer,
    make_product,
    make_seller,
    make_session,
    make_user,
)

S = ApiScope


@dataclass(frozen=True)
class Credentials:
    """A client's, as its operator keeps them."""

    id: str
    secret: str
    row: OAuthClient

    @property
    def basic(self) -> dict[str, str]:
        told = base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {told}"}

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": self.id, "client_secret": self.secret}


@dataclass
class Gate:
    """The whole application with a clock to set, and what stands behind it."""

    database: Database
    app: Starlette
    clock: Clock
    base_url: str
    seller: Seller
    parent: Customer
    child: Customer
    stranger: Customer
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    http: AsyncClient = None  # type: ignore[assignment]

    async def at(self, address: str) -> AsyncClient:
        transport = ASGITransport(app=self.app, client=(address, 50_000), raise_app_exceptions=False)
        return await self._open.enter_async_context(AsyncClient(transport=transport, base_url=self.base_url))

    async def new_client(self, owner: Seller | Customer, *scopes: ApiScope, **given: Any) -> Credentials:
        async with self.database.job() as session:
            row, secret = await make_api_client(session, owner, scopes or (S.CATALOG_READ,), **given)
        return Credentials(str(row.id), secret, row)

    async def person(self, role: Role, company: Customer | None = None) -> str:
        """A bearer token of a new person: of a company, or of the seller's."""
        async with self.database.job() as session:
            given = {"customer": company, "role": role} if company is not None else {"roles": [role]}
            user = await make_user(session, self.seller, **given)
        async with self.database.auth() as session:
            return await make_session(session, user, kind=SessionKind.BEARER, now=self.clock())

    async def change(self, client: Credentials, **values: Any) -> None:
        async with self.database.job() as session:
            row = await session.get_one(OAuthClient, client.row.id)
            for name, value in values.items():
                setattr(row, name, value)

    async def ask_token(
        self, client: Credentials, http: AsyncClient | None = None, **fields: str
    ) -> Response:
        asked = {"grant_type": "client_credentials"} | fields
        return await (http or self.http).post("/oauth/token", data=asked, headers=client.basic)

    async def token(self, client: Credentials, **fields: str) -> str:
        answer = await self.ask_token(client, None, **fields)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def ask(
        self, token: str, document: str, http: AsyncClient | None = None, **variables: Any
    ) -> Response:
        headers = {"Authorization": f"Bearer {token}"}
        body = {"query": document, "variables": variables}
        return await (http or self.http).post("/graphql", json=body, headers=headers)

    async def data(self, token: str, document: str, **variables: Any) -> dict[str, Any]:
        answer = (await self.ask(token, document, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    async def tokens(self) -> int:
        async with self.database.auth() as session:
            return await session.scalar(select(func.count()).select_from(UserSession)) or 0

    async def close(self) -> None:
        await self._open.aclose()


async def open_gate(database: Database, settings: Settings) -> Gate:
    clock = Clock()
    async with database.job() as session:
        seller = await make_seller(session, parents_see_descendants=True)
        parent = await make_customer(session, seller, name="Matriz SA")
        child = await make_customer(session, seller, name="Filial SL", parent=parent)
        stranger = await make_customer(session, seller, name="Ajena SL")
        product = await make_product(session, seller, sku="ACE-1", price="10.00", stock=50)
        await make_cost(session, product, "6")
        for company in (parent, child, stranger):
            await make_address(session, company)
            await make_user(session, seller, company)
    app = create_app(settings, database, clock)
    gate = Gate(database, app, clock, settings.base_url, seller, parent, child, stranger)
    gate.http = await gate.at("192.0.2.1")
    return gate
