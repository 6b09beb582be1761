"""Rendered pages speak one language: no English word on a Spanish page, no Spanish one on an English page."""

from collections.abc import Iterable

import pytest

from tests.conftest import Cluster
from tests.e2e.conftest import Surf
from tests.e2e.crawling import TEXTS, crawl
from tests.e2e.speaking import foreign_words
from tests.e2e.surfer import BUYER, COMPANY_ADMIN, FINANCE, MARKS, REP, Site, Surfer
from tests.storefront.test_texts import words

pytestmark = MARKS


async def pages(surfer: Surfer, start: str) -> Iterable[tuple[str, set[str]]]:
    """Each page with its words, problems of forms among them."""
    found = [(path, words([await surfer.page.evaluate(TEXTS)])) async for path in crawl(surfer, start, 1)]
    surfer.expected |= {404, 422}
    await surfer.open("/nowhere", 404)
    found.append(("/nowhere", words([await surfer.page.evaluate(TEXTS)])))
    if start == "/":
        await surfer.open("/quick-order")
        await surfer.page.fill("#text", "QQQQ 1\nQQQQ 0")
        await surfer.click("form:has(#text) button[type=submit]")
        await surfer.find("#checked .counts").wait_for()
        found.append(("/quick-order, checked", words([await surfer.page.evaluate(TEXTS)])))
        await surfer.open("/cart")
        await surfer.page.fill("#add-sku", "QQQQ")
        await surfer.page.fill("#add-quantity", "0")
        await surfer.click(".add-line button[type=submit]")
        await surfer.find("#summary").wait_for()
        found.append(("/cart, refused", words([await surfer.page.evaluate(TEXTS)])))
    return found


# Every page is read in Spanish while it is crawled (test_every_page.py), so in the usual run it is not read twice.
LOCALES = [pytest.param("es", marks=pytest.mark.long), "en"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("email", [BUYER, COMPANY_ADMIN, REP, FINANCE])
async def test_a_page_speaks_one_language(
    surf: Surf, cluster: Cluster, site: Site, email: str, locale: str
) -> None:
    foreign = foreign_words(cluster, site, locale)
    person = await surf(email)
    if locale == "en":
        await person.speak("en")

    start = "/staff" if email.endswith("@alborada.example") else "/"
    found = {path: sorted(said & foreign) for path, said in await pages(person, start)}

    assert {path: said for path, said in found.items() if said} == {}
