"""GraphiQL in a real browser, under its policy: it starts, asks our origin only, and runs an example."""

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from playwright.async_api import Route as BrowserRoute
from playwright.async_api import async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.assets import VENDOR, has_assets
from app.database import Database
from auth.permissions import Viewer
from schema.endpoint import graphql_routes
from schema.engine import Engine
from schema.explorer import explorer_routes
from tests.conftest import CHROMIUM
from tests.schema.core.conftest import fill

ORIGIN = "http://shop.test"


@pytest.mark.browser
@pytest.mark.skipif(not has_assets(), reason="GraphiQL's files are not there: ./ventas up fetches them")
async def test_graphiql_runs_an_example_under_its_policy(
    engine: Engine, shop: Database, viewer: Viewer, tmp_path: Path
) -> None:
    await fill(shop, viewer, ["Azafrán"])
    (tmp_path / "1.graphql").write_text("{ things { nodes { name } } }")

    async def authenticate(request: Request) -> Viewer | None:
        return viewer

    routes = [
        *graphql_routes(engine, authenticate),
        *explorer_routes(engine, tmp_path, VENDOR, authenticate),
        Mount("/static/vendor", StaticFiles(directory=VENDOR)),
    ]
    asked: list[str] = []
    said: list[str] = []
    async with (
        AsyncClient(transport=ASGITransport(app=Starlette(routes=routes)), base_url=ORIGIN) as house,
        async_playwright() as playwright,
    ):

        async def answer(route: BrowserRoute) -> None:
            request = route.request
            asked.append(request.url)
            headers = await request.all_headers()
            found = await house.request(
                request.method,
                request.url,
                content=request.post_data_buffer,
                headers={name: value for name, value in headers.items() if not name.startswith(":")},
            )
            await route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = await browser.new_page(color_scheme="dark")
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.route("**/*", answer)
        await page.goto(f"{ORIGIN}/graphiql")
        await page.get_by_role("button", name="Execute query").click()
        await page.get_by_text("Azafrán").wait_for()
        await page.get_by_label("Show Documentation Explorer").click()
        await page.get_by_text("Root Types").wait_for()
        await page.get_by_label("Show GraphiQL Explorer").click()
        await page.get_by_text("things").first.wait_for()
        await page.get_by_label("Open settings dialog").click()
        await page.get_by_role("dialog").wait_for()
        await page.screenshot(path=tmp_path / "graphiql.png")
        await browser.close()

    assert said == []
    assert {url[: len(ORIGIN) + 1] for url in asked if not url.startswith(("data:", "blob:"))} == {
        f"{ORIGIN}/"
    }
