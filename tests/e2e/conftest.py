"""One browser for the folder, one server for each of its modules, and people in front of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.conftest import CHROMIUM, Cluster
from tests.e2e.surfer import Site, Surfer, serving

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Surf = Callable[..., Awaitable[Surfer]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture(scope="module")
def site(cluster: Cluster, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo company of the module's own, served."""
    name = cluster.clone(demo_template)
    with serving(cluster, name, tmp_path_factory.mktemp("site")) as served:
        yield served
    cluster.drop(name)


@pytest_asyncio.fixture(loop_scope="session")
async def surf(browser: Browser, site: Site) -> AsyncIterator[Surf]:
    """Makes people, signed in where an email is given; at the end, what their pages did is looked at."""
    people: list[Surfer] = []

    async def begin(
        email: str = "", *, scripts: bool = True, at: Site | None = None, **options: Any
    ) -> Surfer:
        context = await browser.new_context(
            java_script_enabled=scripts, locale="es-ES", reduced_motion="reduce", **options
        )
        surfer = await Surfer.begin(at or site, context, scripts)
        people.append(surfer)
        if email:
            await surfer.sign_in(email)
        return surfer

    yield begin
    for each in people:
        await each.context.close()
    for each in people:
        each.check()
