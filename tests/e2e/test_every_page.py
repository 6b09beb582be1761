"""Every kind of page of every role: it answers, stays at home, complains of nothing, and everybody can use it."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Route

from tests.e2e import surfer as people
from tests.e2e.conftest import Surf
from tests.e2e.crawling import crawl, kind_of
from tests.e2e.surfer import BUYER, COMPANY_ADMIN, MARKS, REP, TWO_COMPANIES, Surfer

pytestmark = MARKS
APPROVER = "direccion@laparra.example"
STAFF = (REP, people.MANAGER, people.LOGISTICS, people.FINANCE, people.INTEGRATOR, people.ADMINISTRATOR)
BUYERS = (BUYER, APPROVER, COMPANY_ADMIN, people.BUYERS_INTEGRATOR)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
BUYERS_PAGES = (
    "/", "/products", "/products?view=grid&search=aceite", "/products/*", "/quick-order", "/lists", "/lists/*", "/cart",
    "/checkout", "/orders", "/orders/*", "/company", "/help/api", "/nowhere",
)  # fmt: skip
STAFF_PAGES = (
    "/staff",
    "/staff/orders",
    "/staff/orders/*",
    "/staff/customers",
    "/staff/customers/*",
    "/staff/jobs",
    "/products/*",
)


async def draw(route: Route) -> None:
    await route.fulfill(content_type="image/svg+xml", body='<svg xmlns="http://www.w3.org/2000/svg"/>')


@pytest.mark.parametrize("email", [*BUYERS, *STAFF])
async def test_every_page_answers_and_stays_at_home(surf: Surf, email: str) -> None:
    """Requests that leave, policies violated, scripts that fail and other answers than 200 are faults of `surf`."""
    person = await surf()
    if email != BUYER:  # pictures are drawn for one role; they are the same for the others
        await person.context.route("**/files/*", draw)
    await person.sign_in(email)
    start = "/staff" if email in STAFF else "/"
    found: set[str] = set()
    async for path in crawl(person, start, 1):
        found.add(kind_of(path))
        assert await person.find("h1").count() == 1, path
        assert await person.find("main").count() == 1, path
        assert await person.page.title(), path

    wanted = {
        "/staff",
        "/staff/orders",
        "/staff/orders/*",
        "/staff/customers",
        "/staff/customers/*",
        "/staff/jobs",
    }
    if email not in STAFF:
        wanted = {
            "/",
            "/products",
            "/products/*",
            "/quick-order",
            "/lists",
            "/lists/*",
            "/cart",
            "/orders",
            "/orders/*",
        }
    assert wanted <= found


async def test_pages_before_the_first_one(surf: Surf) -> None:
    person = await surf()
    for path in ("/login", "/login?error=credentials", "/orders"):
        await person.open(path)
        assert await person.find("h1").count() == 1
        assert await faults_of(person) == [], path
    await person.open("/nowhere", 404)
    chooser = await surf(TWO_COMPANIES)
    assert chooser.path == "/select-company"
    assert await chooser.find("h1").count() == 1
    for each in (person, chooser):
        assert await faults_of(each) == []
        each.check()


async def faults_of(surfer: Surfer) -> list[str]:
    """What axe finds serious or critical on the page, and whether it scrolls sideways."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    results = await Axe().run(surfer.page, options=options)
    faults = [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for each in results.response["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    if (more := await surfer.page.evaluate(wide)) > 1:
        faults.append(f"It is {more} px too wide.")
    return faults


async def addresses(surfer: Surfer, pages: tuple[str, ...]) -> list[str]:
    """The pages, with the first link of the list in place of an asterisk."""
    found = []
    for page in pages:
        if page.endswith("/*"):
            await surfer.open("/products?stock=1" if page == "/products/*" else page.removesuffix("/*"))
            page = str(
                await surfer.find(f"main a[href^='{page.removesuffix('*')}']").first.get_attribute("href")
            )
        found.append(page)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("email", "pages"), [(BUYER, BUYERS_PAGES), (REP, STAFF_PAGES)], ids=["buyer", "rep"]
)
async def test_everybody_can_use_the_main_pages(
    surf: Surf, email: str, pages: tuple[str, ...], scheme: str
) -> None:
    person = await surf(email, color_scheme=scheme)
    person.expected.add(404)
    faults: list[str] = []
    for path in await addresses(person, pages):
        for size, viewport in SIZES.items():
            await person.page.set_viewport_size(viewport)  # type: ignore[arg-type]
            await person.open(path, 404 if path == "/nowhere" else 200)
            faults += [f"{path}, {size}, {scheme}: {each}" for each in await faults_of(person)]

    assert not faults, "\n".join(faults)
