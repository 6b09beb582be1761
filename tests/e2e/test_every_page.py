"""Every kind of page of every role: it answers, stays at home, complains of nothing, and everybody can use it."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Route

from tests.conftest import Cluster
from tests.e2e import surfer as people
from tests.e2e.conftest import Surf
from tests.e2e.crawling import TEXTS, crawl, kind_of
from tests.e2e.speaking import foreign_words
from tests.e2e.surfer import BUYER, COMPANY_ADMIN, MARKS, REP, TWO_COMPANIES, Site, Surfer
from tests.storefront.test_texts import words
from tests.turns import IS_LONG

pytestmark = MARKS
APPROVER = "direccion@laparra.example"
STAFF = (REP, people.MANAGER, people.LOGISTICS, people.FINANCE, people.INTEGRATOR, people.ADMINISTRATOR)
BUYERS = (BUYER, APPROVER, COMPANY_ADMIN, people.BUYERS_INTEGRATOR)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
WIDTHS = (320, 390, 768, 1024, 1440)


async def draw(route: Route) -> None:
    await route.fulfill(content_type="image/svg+xml", body='<svg xmlns="http://www.w3.org/2000/svg"/>')


# Whose pages others of these open as well: an approver's are an admin's, a rep's a manager's.
COVERED = {APPROVER, people.BUYERS_INTEGRATOR, people.INTEGRATOR, REP}

# In whose pages each word is read too; other people's are read by test_languages.py in the long run, or not yet.
READ = {BUYER, COMPANY_ADMIN, people.MANAGER, people.LOGISTICS, people.FINANCE}


@pytest.mark.parametrize(
    "email",
    [pytest.param(each, marks=[pytest.mark.long] if each in COVERED else []) for each in (*BUYERS, *STAFF)],
)
async def test_every_page_answers_and_stays_at_home(
    surf: Surf, cluster: Cluster, site: Site, email: str
) -> None:
    """
    Requests that leave, policies violated, scripts that fail and other answers than 200 are faults of `surf`.

    The pages of `READ` speak Spanish only. axe looks at each kind of page once, small and dark or large and light by
    turns, and `--long` in all four ways.
    """
    person = await surf()
    if email != BUYER:  # pictures are drawn for one role; they are the same for the others
        await person.context.route("**/files/*", draw)
    await person.sign_in(email)
    start = "/staff" if email in STAFF else "/"
    found: set[str] = set()
    faults: list[str] = []
    foreign = foreign_words(cluster, site, "es") if email in READ else frozenset()
    async for path in crawl(person, start, 1):
        found.add(kind_of(path))
        faults += [f"{path} says {each}" for each in words([await person.page.evaluate(TEXTS)]) & foreign]
        assert await person.find("h1").count() == 1, path
        assert await person.find("main").count() == 1, path
        assert await person.page.title(), path
        ways = ways_to_look(kind_of(path))
        for size, scheme in ways:
            await person.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await person.page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
            faults += [f"{path}, {size}, {scheme}: {each}" for each in await faults_of(person)]
        faults += [f"{path}, {each}" for each in await overflows_of(person, WIDTHS if ways else ())]

    assert not faults, "\n".join(faults)
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


_looked_at: set[str] = set()


def ways_to_look(kind: str) -> list[tuple[str, str]]:
    """
    (size, colours) to look at a page in; none for one of a kind that was looked at.

    The tabs of a list are one page with other rows: the usual run looks at the first one.
    """
    place = kind if IS_LONG else kind.partition("&")[0]
    if place in _looked_at:
        return []
    _looked_at.add(place)
    if IS_LONG:
        return list(product(SIZES, ("light", "dark")))
    return [("phone", "dark")] if len(_looked_at) % 2 else [("desktop", "light")]


async def overflows_of(surfer: Surfer, widths: Iterable[int]) -> list[str]:
    """At which widths the page scrolls sideways."""
    faults = []
    for width in widths:
        await surfer.page.set_viewport_size({"width": width, "height": 900})
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if (more := await surfer.page.evaluate(wide)) > 1:
            faults.append(f"at {width} px it is {more} px too wide.")
    return faults


async def faults_of(surfer: Surfer) -> list[str]:
    """What axe finds on the page as it is shown, and whether it scrolls sideways."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    results = await Axe().run(surfer.page, options=options)
    faults = [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for each in results.response["violations"]
        for node in each["nodes"][:3]
    ]
    assert surfer.page.viewport_size is not None
    return faults + await overflows_of(surfer, [surfer.page.viewport_size["width"]])
