"""Somebody at a browser: opens pages, fills in forms, and remembers all that a page should not have done."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    WebError,
    expect,
)

from app.server import create_app, make_server, opened
from app.settings import Settings
from tests.conftest import DEMO_DAY, Cluster

MARKS = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PASSWORD = "alborada-demo"
BUYER = "compras@laparra.example"
SECOND_BUYER = "cocina@laparra.example"
COMPANY_ADMIN = "admin@laparra.example"
BUYERS_INTEGRATOR = "erp@laparra.example"
TWO_COMPANIES = "dosempresas@mirador.example"
REP = "diego.arnal@alborada.example"
MANAGER = "javier.lahoz@alborada.example"
LOGISTICS = "ramon.used@alborada.example"
FINANCE = "isabel.tobajas@alborada.example"
INTEGRATOR = "integracion@alborada.example"
ADMINISTRATOR = "elena.gascon@alborada.example"
READ_MS = 15_000
# What Chromium says of every answer of 400 and more; the answers themselves are looked at.
_ECHO = "Failed to load resource: the server responded with a status of"


@dataclass(frozen=True, slots=True)
class Site:
    """A server on a port of its own, and the address browsers reach it at."""

    base: str
    database: str


def ticking(start: datetime) -> Callable[[], datetime]:
    """A clock that shows the given time now, and goes on."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


@contextlib.contextmanager
def serving(cluster: Cluster, database: str, folder: Path, origins: str = "") -> Iterator[Site]:
    """
    The application over a database that is there, served by a thread with a loop of its own.

    It lives on the demo company's day: lots expire, and the company's last order is to be its last.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings.from_environment(
        {"VENTAS_DATA_DIR": str(folder), "VENTAS_BASE_URL": base, "VENTAS_ALLOWED_ORIGINS": origins}
    )
    clock = ticking(datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, 13, tzinfo=UTC))
    ready = threading.Event()
    running: list[Any] = []

    async def work() -> None:
        async with opened(cluster.database(database)) as pool:
            server = make_server(create_app(settings, pool, clock), settings, ready.set)
            # Signals belong to the main thread, which is the tests'.
            server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
            running.append(server)
            await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: uvloop.run(work()))
    thread.start()
    try:
        assert ready.wait(30), "The server did not start."
        yield Site(base, database)
    finally:
        if running:
            running[0].should_exit = True
        thread.join(30)
        listener.close()


@dataclass
class Surfer:
    """One person's browser profile; `expected` are statuses of 400 and more that the test means to see."""

    site: Site
    context: BrowserContext
    page: Page
    scripts: bool
    expected: set[int] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    clicks: int = 0

    @classmethod
    async def begin(cls, site: Site, context: BrowserContext, scripts: bool = True) -> "Surfer":
        context.set_default_timeout(READ_MS)
        surfer = cls(site, context, await context.new_page(), scripts, origins={site.base})
        context.on("request", surfer._requested)
        context.on("response", surfer._answered)
        context.on("console", surfer._spoken)
        context.on("weberror", surfer._broken)
        return surfer

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)
        parts = urlsplit(request.url.removeprefix("blob:"))
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.faults.append(f"A request left for {request.url}.")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status} from {response.url}")

    def _spoken(self, message: ConsoleMessage) -> None:
        # Violations of the content security policy come here as errors too.
        if message.type == "error" and not message.text.startswith(_ECHO):
            self.faults.append(f"Console: {message.text}")

    def _broken(self, error: WebError) -> None:
        self.faults.append(f"Script: {error.error}")

    def check(self) -> None:
        """Nothing left the origin, nothing was refused that should not be, and no script complained."""
        assert self.requests
        assert self.faults == []

    # Where one is

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    async def open(self, path: str, status: int = 200) -> Response:
        if status >= 400:
            self.expected.add(status)
        answer = await self.page.goto(self.site.base + path)
        assert answer is not None
        assert answer.status == status, f"{answer.status} from {path}"
        return answer

    async def read(self, selector: str = "main") -> str:
        return await self.page.locator(selector).first.inner_text()

    # What one does

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    async def click(self, selector: str) -> None:
        self.clicks += 1
        await self.find(selector).first.click()

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        await self.open("/login")
        await self.page.fill("#email", email)
        await self.page.fill("#password", password)
        await self.click(".door-card button[type=submit]")
        await self.page.wait_for_url(lambda url: urlsplit(url).path != "/login")

    async def speak(self, locale: str) -> None:
        await self.page.locator("details.menu > summary").click()
        await self.page.locator(f"button[name=locale][value={locale}]").click()
        await expect(self.page.locator("html")).to_have_attribute("lang", locale)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The schema's answer in this session; for finding what to buy, not for doing it."""
        answer = await self.context.request.post(
            self.site.base + "/graphql",
            data={"query": query, "variables": variables},
            headers={"Origin": self.site.base},
        )
        told = await answer.json()
        assert "errors" not in told, told
        return told["data"]  # type: ignore[no-any-return]

    async def in_stock(self, packed: bool = False) -> list[dict[str, Any]]:
        """Some products that can be ordered at once, one by one or by the pack."""
        found = await self.ask(
            "{ products(where: {inStock: {eq: true}}, first: 50)"
            " { nodes { sku packSize customerItemNumber price { unitPrice { amount } }"
            " availability { band } } } }"
        )
        return [
            each
            for each in found["products"]["nodes"]
            if each["price"]
            and each["availability"]["band"] == "IN_STOCK"
            and (each["packSize"] != "1") is packed
        ]

    async def empty_cart(self) -> None:
        await self.open("/cart")
        if await self.find("#cart tbody tr").count():
            await self.find("details.under-fold:has(button[value=clear]) > summary").click()
            await self.find("button[value=clear]").click()
            await expect(self.find("#cart tbody tr")).to_have_count(0)

    async def add_to_cart(self, sku: str, quantity: str) -> None:
        await self.open("/cart")
        await self.page.fill("#add-sku", sku)
        await self.page.fill("#add-quantity", quantity)
        await self.find(".add-line button[type=submit]").click()
        await expect(self.find(f"#cart tbody :text-is('{sku}')")).to_be_visible()

    async def place(self, purchase_order: str, sku: str, quantity: str) -> str:
        """An order of one line by the shortest way; its number."""
        await self.empty_cart()
        await self.add_to_cart(sku, quantity)
        await self.open("/checkout")
        await self.page.fill("#purchase_order", purchase_order)
        await self.find("form[action='/checkout'] button[type=submit]").click()
        await self.page.wait_for_url("**/orders/SO-*")
        return self.path.removeprefix("/orders/")
