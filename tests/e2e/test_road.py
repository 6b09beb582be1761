"""Orders captured without network: the page is killed, and back online each is sent once or asked about again."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect
from sqlalchemy import text

from app.server import opened
from tests.conftest import CHROMIUM, Cluster
from tests.e2e.conftest import ARGUMENTS, Surf
from tests.e2e.surfer import BUYER, MARKS, PASSWORD, READ_MS, REP, SECOND_BUYER, Site, Surfer
from tests.e2e.test_every_page import SIZES, faults_of

pytestmark = MARKS
KEPT = "#road-kept > li"


class Line:
    """
    The network between a browser and the server, which can be cut: a proxy that lets everything through, or nothing.

    Chromium's own emulation does not reach what a page sends through its service worker.
    """

    def __init__(self, site: Site) -> None:
        self.host, _, port = site.base.removeprefix("http://").partition(":")
        self.port = int(port)
        self.is_cut = False
        self.open: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        """The address to give a browser as its proxy."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            self.cut()
            server.close()

    def cut(self) -> None:
        self.is_cut = True
        for each in tuple(self.open):
            each.transport.abort()

    async def mend(self, page: Page) -> None:
        self.is_cut = False
        await page.evaluate("window.dispatchEvent(new Event('online'))")

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        answer, server = await asyncio.open_connection(self.host, self.port)
        self.open |= {writer, server}
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"CONNECT "):  # as Playwright's own requests ask
                    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    server.write(head)
            await asyncio.gather(_pour(reader, server), _pour(answer, writer))
        finally:
            self.open -= {writer, server}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def running(
    profile: Path, proxy: str
) -> AsyncIterator[tuple[BrowserContext, "subprocess.Popen[bytes]"]]:
    """A browser of its own over a profile on disk, which can be killed as a telephone that runs out of power."""
    told = profile / "DevToolsActivePort"
    told.unlink(missing_ok=True)
    process = start(profile, proxy)
    try:
        async with asyncio.timeout(30):
            while not (told.exists() and told.read_text().count("\n")):
                await asyncio.sleep(0.05)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(
                f"http://127.0.0.1:{told.read_text().splitlines()[0]}"
            )
            yield browser.contexts[0], process
    finally:
        kill(process)


def start(profile: Path, proxy: str) -> "subprocess.Popen[bytes]":
    arguments = [
        *ARGUMENTS, "--headless=new", "--remote-debugging-port=0", "--lang=es-ES", f"--proxy-server={proxy}",
        "--proxy-bypass-list=<-loopback>", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    quiet = subprocess.DEVNULL
    return subprocess.Popen([str(CHROMIUM), *arguments], stdout=quiet, stderr=quiet, start_new_session=True)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """The browser and all that it has started, at once: what writes to the profile is a process of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


async def open_road(surfer: Surfer) -> None:
    """The page with its products there and its worker ready to show it without network."""
    await surfer.open("/road")
    await settled(surfer)
    await surfer.page.evaluate("navigator.serviceWorker.ready.then(() => true)")


async def settled(surfer: Surfer) -> None:
    await expect(surfer.find("#road[data-ready=true]")).to_have_count(1, timeout=READ_MS)


async def capture(surfer: Surfer, sku: str, number: str) -> None:
    """Two of a product, as a scanner types it."""
    for _ in range(2):
        await surfer.page.fill("#road-sku", sku)
        await surfer.page.press("#road-sku", "Enter")
        await expect(surfer.find("#road-sku")).to_have_value("")
    await expect(surfer.find("#road-lines li")).to_have_count(1)
    await surfer.page.fill("#road-number", number)
    kept = await surfer.find(KEPT).count()
    await surfer.click("#road-keep")
    await expect(surfer.find(KEPT)).to_have_count(kept + 1)


async def numbers_of(cluster: Cluster, site: Site, purchase_order: str) -> list[str]:
    """The orders that the house has under the buyer's number, by its own."""
    async with opened(cluster.database(site.database)) as database, database.job() as session:
        rows = await session.scalars(
            text("select number from sales_order where purchase_order_number like :po order by number"),
            {"po": f"{purchase_order}%"},
        )
        return list(rows)


async def test_two_orders_outlive_the_browser_and_are_placed_once_each(
    cluster: Cluster, site: Site, tmp_path: Path
) -> None:
    line = Line(site)
    async with line.laid() as proxy:
        async with running(tmp_path, proxy) as (context, process):
            buyer = await Surfer.begin(site, context)
            await buyer.sign_in(BUYER)
            await open_road(buyer)
            first, second, third = [each["sku"] for each in (await buyer.in_stock())[:3]]
            line.cut()
            await capture(buyer, first, "RUTA-1")
            await capture(buyer, second, "RUTA-2")
            await buyer.page.fill("#road-sku", third)
            await buyer.page.evaluate("RoadStore.who()")  # behind what was typed: that has been written too
            kill(process)

        async with running(tmp_path, proxy) as (context, _):
            buyer = await Surfer.begin(site, context)
            await context.clear_cookies()  # the session ended while the telephone was off
            await buyer.page.goto(f"{site.base}/road")
            await settled(buyer)
            await expect(buyer.find(f"{KEPT}[data-state=waiting]")).to_have_count(2, timeout=READ_MS)
            await expect(buyer.find("#road-sku")).to_have_value(third)
            assert await numbers_of(cluster, site, "RUTA-") == []

            lost = await lose_one_answer(buyer.page)
            await line.mend(buyer.page)
            await buyer.page.wait_for_url("**/login?next=%2Froad")
            await buyer.page.fill("#email", BUYER)
            await buyer.page.fill("#password", PASSWORD)
            await buyer.click(".door-card button[type=submit]")
            await buyer.page.wait_for_url("**/road")
            await settled(buyer)
            await expect(buyer.find(f"{KEPT}[data-state=waiting]")).to_have_count(2, timeout=READ_MS)
            assert (len(lost), len(await numbers_of(cluster, site, "RUTA-"))) == (1, 1)
            await buyer.page.reload()
            await expect(buyer.find(f"{KEPT}[data-state=sent]")).to_have_count(2, timeout=READ_MS)
            await settled(buyer)

            numbers = await numbers_of(cluster, site, "RUTA-")
            said = await buyer.read("#road-kept")
            assert len(numbers) == 2 and all(number in said for number in numbers)


async def lose_one_answer(page: Page) -> list[str]:
    """The first order that is sent arrives, and its answer does not come back; what was lost."""
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/road", lose)
    return lost


async def test_another_price_asks_again_and_another_person_sees_nothing(
    cluster: Cluster, site: Site, surf: Surf
) -> None:
    line = Line(site)
    async with line.laid() as proxy:
        buyer = await surf(BUYER, viewport=SIZES["phone"], proxy={"server": proxy, "bypass": "<-loopback>"})
        await open_road(buyer)
        sku = (await buyer.in_stock())[0]["sku"]
        line.cut()
        await capture(buyer, sku, "CARO-1")
        assert await faults_of(buyer) == []
        async with opened(cluster.database(site.database)) as database, database.job() as session:
            await session.execute(
                text("update list_price set unit_price = unit_price * 2 where product_id = "
                     "(select id from product where sku = :sku)"), {"sku": sku})  # fmt: skip
        await line.mend(buyer.page)
        asked = buyer.find(f"{KEPT}[data-state=asks]")
        await expect(asked).to_contain_text("Usted vio", timeout=READ_MS)
        assert await numbers_of(cluster, site, "CARO-") == []
        assert await faults_of(buyer) == []

        await leave(buyer)
        assert await buyer.page.evaluate("caches.keys()") == []
        await buyer.sign_in(SECOND_BUYER)
        await open_road(buyer)
        await expect(buyer.find(KEPT)).to_have_count(0)
        await leave(buyer)

        await buyer.sign_in(BUYER)
        await open_road(buyer)
        await asked.locator("button", has_text="Pedir por").click()
        await expect(buyer.find(f"{KEPT}[data-state=sent]")).to_have_count(1, timeout=READ_MS)
        assert len(await numbers_of(cluster, site, "CARO-")) == 1
        forgive_silence(buyer)


async def test_a_rep_captures_for_a_customer_and_sends_it_later(
    cluster: Cluster, site: Site, surf: Surf
) -> None:
    line = Line(site)
    async with line.laid() as proxy:
        rep = await surf(REP, proxy={"server": proxy, "bypass": "<-loopback>"})
        await rep.open("/road")
        await rep.page.select_option("#road-customer", "C-00001")
        await rep.click("#road-act button")
        await expect(rep.find("#road-draft")).to_be_visible(timeout=READ_MS)
        await open_road(rep)
        sku = (await rep.in_stock())[0]["sku"]
        line.cut()
        await capture(rep, sku, "VISITA-1")
        await rep.page.goto("about:blank")
        line.is_cut = False

        await rep.open("/")
        await rep.click("form[action='/stop-acting'] button")
        await rep.page.wait_for_url("**/staff/customers/C-00001")
        await rep.open("/road")
        await expect(rep.find(KEPT)).to_contain_text("Espera a que actúe por", timeout=READ_MS)
        assert await numbers_of(cluster, site, "VISITA-") == []
        await rep.click(f"{KEPT} button")
        await expect(rep.find(f"{KEPT}[data-state=sent]")).to_have_count(1, timeout=READ_MS)
        assert len(await numbers_of(cluster, site, "VISITA-")) == 1
        forgive_silence(rep)


async def leave(surfer: Surfer) -> None:
    await surfer.click("details.menu > summary")
    await surfer.click("form[action='/logout'] button")
    await surfer.page.wait_for_url("**/login")


def forgive_silence(surfer: Surfer) -> None:
    """What Chromium says of requests without network is no fault of the page."""
    surfer.faults = [each for each in surfer.faults if "net::ERR_" not in each]
