"""Rendered pages speak one language: no English word on a Spanish page, no Spanish one on an English page."""

import re
from collections.abc import Iterable
from functools import cache

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import text

from app.settings import ROOT
from tests.conftest import Cluster, run
from tests.e2e.conftest import Surf
from tests.e2e.crawling import TEXTS, crawl
from tests.e2e.surfer import BUYER, COMPANY_ADMIN, FINANCE, MARKS, REP, Site, Surfer
from tests.storefront.test_texts import SHARED, parts, source_texts, translations, words

pytestmark = MARKS
# Where the seller's own words stand; those in one language only are taken out for that language.
DATA = (
    ("select row_to_json(t)::text from (select brand, sku from product) t", None),
    ("select name || ' ' || description from product", "es"),
    ("select name || ' ' || description from product_translation where locale = :locale", "locale"),
    ("select name || ' ' || value from product_attribute where locale = :locale", "locale"),
    ("select name from product_category", "es"),
    ("select name from product_category_translation where locale = :locale", "locale"),
    (
        "select name from customer_group union select name from tax_category union select name from payment_term",
        None,
    ),
    ("select name || ' ' || coalesce(place, '') from delivery_term", None),
    ("select name from territory union select name from sales_team union select name from sales_rep", None),
    ("select name || ' ' || city from warehouse union select name from unit_of_measure", None),
    ("select code from unit_of_measure union select name from currency", None),
    ("select name || ' ' || internal_note from customer", None),
    (
        "select name || ' ' || email from app_user union select name || ' ' || street || ' ' || city from seller",
        None,
    ),
    (
        "select row_to_json(t)::text from customer_address t union select row_to_json(t)::text from customer_contact t",
        None,
    ),
    (
        "select name from wishlist union select note from wishlist_item union select name from approval_rule",
        None,
    ),
    ("select coalesce(reason, '') from audit_event", None),
    (
        "select reference || ' ' || note from payment union select remitter || ' ' || reference from bank_line",
        None,
    ),
    (
        "select row_to_json(t)::text from (select status_reason, note, purchase_order_number from sales_order) t",
        None,
    ),
    ("select row_to_json(t)::text from (select description, sku from sales_order_line) t", None),
    ("select distinct description from sales_history", None),
)


def words_of_data(cluster: Cluster, site: Site, locale: str) -> set[str]:
    async def read() -> list[str]:
        database = cluster.database(site.database)
        try:
            async with database.owner() as connection:
                found: list[str] = []
                for statement, language in DATA:
                    if language in (None, "locale", locale):
                        given = {"locale": locale} if language == "locale" else {}
                        found += [str(each) for each in await connection.scalars(text(statement), given)]
                return found
        finally:
            await database.close()

    return words(run(read()))


@cache
def refusals() -> tuple[list[str], list[str]]:
    """The texts of refusals, which pages show as they come: in English, in Spanish."""
    with (ROOT / "resolvers/locale/es/LC_MESSAGES/messages.po").open("rb") as file:
        known = [message for message in read_po(file, locale="es") if message.id]
    bare = [
        [re.sub(r"{.*?}", " ", each) for each in texts]
        for texts in zip(*((str(m.id), str(m.string)) for m in known), strict=True)
    ]
    return bare[0], bare[1]


@cache
def only_in(locale: str) -> frozenset[str]:
    """Words that our texts have in one language only."""
    english = words([each for said in source_texts() for each in parts(said)] + refusals()[0])
    spanish = words([each for said in translations().values() for each in parts(said)] + refusals()[1])
    kept = english - spanish if locale == "en" else spanish - english
    return frozenset(kept - SHARED - {"ventas"})  # our own name


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


@pytest.mark.parametrize("locale", ["es", "en"])
@pytest.mark.parametrize("email", [BUYER, COMPANY_ADMIN, REP, FINANCE])
async def test_a_page_speaks_one_language(
    surf: Surf, cluster: Cluster, site: Site, email: str, locale: str
) -> None:
    foreign = only_in("en" if locale == "es" else "es") - words_of_data(cluster, site, locale)
    assert len(foreign) > 150
    person = await surf(email)
    if locale == "en":
        await person.speak("en")

    start = "/staff" if email.endswith("@alborada.example") else "/"
    found = {path: sorted(said & foreign) for path, said in await pages(person, start)}

    assert {path: said for path, said in found.items() if said} == {}
