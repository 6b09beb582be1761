"""The door by itself: its routes behind the house's middleware, a page that shows who is there, a clock to set."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.database import Database
from app.middleware import Bodies
from app.origins import Origins
from app.settings import Settings
from auth.middleware import AuthMiddleware
from auth.routes import auth_routes
from auth.signing_in import Auth
from models.users import UserSession
from tests.factories import MOMENT, PASSWORD

if TYPE_CHECKING:
    from tests.auth.oauth_world import Gate

SHOP = "https://shop.example.com"


@dataclass
class Clock:
    """Stands still until it is set on."""

    now: datetime = MOMENT + timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


async def _whoami(request: Request) -> JSONResponse:
    state = request.state
    viewer, session = state.viewer, state.session
    return JSONResponse(
        {
            "viewer": viewer and {
                "user": str(viewer.user_id), "customer": str(viewer.customer_id), "roles": sorted(viewer.roles),
            },
            "session": session and asdict(session),
            "locale": state.locale,
        }
    )  # fmt: skip


async def _page(request: Request) -> JSONResponse:
    return JSONResponse({"csrf_token": request.state.form_token.value()})


@dataclass
class Door:
    """What the tests knock at."""

    database: Database
    auth: Auth
    app: Starlette
    clock: Clock
    base_url: str
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def browser(self, address: str = "192.0.2.1") -> AsyncClient:
        """A browser without cookies, at that address."""
        transport = ASGITransport(app=self.app, client=(address, 50_000))
        return await self._open.enter_async_context(AsyncClient(transport=transport, base_url=self.base_url))

    async def sessions(self) -> int:
        async with self.database.auth() as session:
            return await session.scalar(select(func.count()).select_from(UserSession)) or 0

    async def close(self) -> None:
        await self._open.aclose()


def carry(browser: AsyncClient, token: str) -> None:
    """Puts a session's token into the browser's cookie, as if the server had set it."""
    if "ventas" in browser.cookies:
        browser.cookies.delete("ventas")
    # http.cookiejar calls a host without dots so.
    browser.cookies.set("ventas", token, domain="localhost.local", path="/")


async def form_token(browser: AsyncClient) -> str:
    """The hidden field of a page's forms."""
    token: str = (await browser.get("/page")).json()["csrf_token"]
    return token


async def sign_in(browser: AsyncClient, email: str, password: str = PASSWORD, **fields: str) -> Response:
    token = await form_token(browser)
    return await browser.post(
        "/login", data={"email": email, "password": password, "csrf_token": token, **fields}
    )


async def get_token(browser: AsyncClient, email: str, password: str = PASSWORD, **fields: Any) -> Response:
    return await browser.post("/auth/token", json={"email": email, "password": password, **fields})


async def whoami(browser: AsyncClient, bearer: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    said: dict[str, Any] = (await browser.get("/whoami", headers=headers)).json()
    return said


def make_door(database: Database, environment: dict[str, str], guarded: bool = True) -> Door:
    """Unguarded, the house's own check of origins is left out, so that the door has to help itself."""
    settings = Settings.from_environment(environment)
    clock = Clock()
    auth = Auth(database, settings, clock)
    app = Starlette(
        routes=[
            *auth_routes(auth),
            Route("/whoami", _whoami),
            Route("/page", _page),
            Route("/graphql", _whoami, methods=["GET", "POST"]),
        ],
        middleware=[
            *([Middleware(Origins, settings=settings)] if guarded else []),
            Middleware(Bodies),
            Middleware(AuthMiddleware, auth=auth),
        ],
    )
    return Door(database, auth, app, clock, settings.base_url)


@pytest.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    """On localhost by http, with one foreign front end allowed."""
    made = make_door(database, {"VENTAS_ALLOWED_ORIGINS": SHOP})
    yield made
    await made.close()


@pytest.fixture(params=[True, False], ids=["guarded", "unguarded"])
async def any_door(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """As `door`, with and without the house's check of origins before it."""
    made = make_door(database, {"VENTAS_ALLOWED_ORIGINS": SHOP}, guarded=request.param)
    yield made
    await made.close()


@pytest.fixture
async def https_door(database: Database) -> AsyncIterator[Door]:
    made = make_door(database, {"VENTAS_BASE_URL": "https://ventas.example.com"})
    yield made
    await made.close()


@pytest.fixture
async def gate(database: Database, settings: Settings) -> "AsyncIterator[Gate]":
    """The whole application, for clients of OAuth."""
    from tests.auth.oauth_world import open_gate

    made = await open_gate(database, replace(settings, allowed_origins=(SHOP,)))
    yield made
    await made.close()
