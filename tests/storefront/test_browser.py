"""Pages in a real Chromium: what is touched is large enough, scripts enhance."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from app.database import Database
from app.server import create_app
from app.settings import Settings
from tests.conftest import CHROMIUM
from tests.storefront.visitor import BUYER, PASSWORD

pytestmark = pytest.mark.browser
PATHS = (
    "/", "/products", "/products?view=grid&search=aceite", "/quick-order", "/lists", "/cart", "/orders", "/company",
    "/quotes/new", "/quotes/Q-2026-000003",
    "/help/api",
)  # fmt: skip


@pytest.fixture
async def address(settings: Settings, demo: Database) -> AsyncIterator[str]:
    """The whole application on a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://localhost:{listener.getsockname()[1]}"
        app = create_app(replace(settings, base_url=base), demo)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        served = asyncio.create_task(server.serve(sockets=[listener]))
        yield base
        server.should_exit = True
        await served


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
        try:
            yield browser
        finally:
            await browser.close()


async def signed_in(browser: Browser, address: str, email: str, **options: Any) -> Page:
    context = await browser.new_context(**options)
    page = await context.new_page()
    await page.goto(f"{address}/login")
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url(lambda url: "/login" not in url)
    return page


async def test_what_is_touched_on_a_phone_is_large_enough(address: str) -> None:
    small = []
    measure = """[...document.querySelectorAll('main button, main select, main .input, .tabbar a, .topbar a, .topbar summary')]
        .map((each) => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
        .filter(([_, box]) => box.width > 1 && box.height > 1 && box.height < 43.5).map(([html]) => html)"""
    async with chromium() as browser:
        page = await signed_in(
            browser, address, BUYER, viewport={"width": 390, "height": 844}, has_touch=True
        )
        for path in PATHS:
            await page.goto(address + path)
            small += [(path, each) for each in await page.evaluate(measure) if "brand" not in each]

    assert small == []


async def test_the_cart_follows_without_loading_the_page_again(address: str) -> None:
    async with chromium() as browser:
        page = await signed_in(browser, address, BUYER)
        await page.goto(f"{address}/products?stock=1&view=grid")
        await page.evaluate("window.stayed = true")
        before = int(
            await page.locator("#cart-link .count").inner_text()
            if await page.locator("#cart-link .count").count()
            else "0"
        )

        await page.locator("form.product-add button[type=submit]").nth(4).click()
        await page.locator(".toasts .notice-success").wait_for()
        assert int(await page.locator("#cart-link .count").inner_text()) == before + 1
        assert await page.evaluate("window.stayed") is True

        await page.goto(f"{address}/cart")
        await page.evaluate("window.stayed = true")
        total = await page.locator(".sums-total dd").inner_text()
        await page.locator("[data-step='1']").first.click()
        await page.wait_for_function(
            "(before) => document.querySelector('.sums-total dd').innerText !== before", arg=total
        )
        assert await page.evaluate("window.stayed") is True


async def test_the_search_box_suggests_and_arrows_choose(address: str) -> None:
    async with chromium() as browser:
        page = await signed_in(browser, address, BUYER)
        await page.keyboard.press("/")
        await page.keyboard.type("aceite girasol")
        await page.locator("#suggestions [role=option]").first.wait_for()
        await page.keyboard.press("ArrowDown")
        target = await page.locator("#suggestions [aria-selected=true]").get_attribute("data-href")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{target}")

        assert "/products/" in page.url


async def test_a_wrong_quantity_in_the_cart_is_said_in_place(address: str) -> None:
    async with chromium() as browser:
        page = await signed_in(browser, address, BUYER)
        await page.goto(f"{address}/products?stock=1")
        await page.locator("form.product-add button[type=submit]").first.click()
        await page.locator(".toasts .notice-success").wait_for()
        await page.goto(f"{address}/cart")
        field = page.locator(".table-cart .stepper-input").first

        await field.fill("0")
        await field.press("Tab")
        await page.locator("#summary").wait_for()

        assert await page.evaluate("document.activeElement.id") == "summary"
        assert await page.locator(".table-cart .stepper-input").first.get_attribute("aria-invalid") == "true"
