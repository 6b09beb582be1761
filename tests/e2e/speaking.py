"""Which words no page of a language may show: those that our texts have in the other one only."""

import re
from functools import cache

from babel.messages.pofile import read_po
from sqlalchemy import text

from app.settings import ROOT
from tests.conftest import Cluster, run
from tests.e2e.surfer import Site
from tests.storefront.test_texts import SHARED, parts, source_texts, translations, words

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
    (
        "select name || ' ' || code from territory union select name from sales_team union select name from sales_rep",
        None,
    ),
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
    ("select title from sales_agreement union select row_to_json(t)::text from agreement_version t", None),
    ("select name from agreement_line union select name from discount_group", None),
    ("select name from discount_rule union select name from segment", None),
    ("select name from free_goods_rule union select name from charge_rule", None),
    ("select name || ' ' || email from supplier union select status_reason from lot", None),
    ("select status_reason || ' ' || note || ' ' || supplier_reference from purchase_order", None),
    (
        "select status_reason || ' ' || request_message from quote union select message from quote_counter",
        None,
    ),
    (
        "select message || ' ' || discount_reason from quote_revision union select notes from quote_figures",
        None,
    ),
    ("select manual_price_reason || ' ' || discount_reason from quote_line", None),
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


def foreign_words(cluster: Cluster, site: Site, locale: str) -> frozenset[str]:
    """The other language's words; not the seller's own, which pages show as they are."""
    foreign = only_in("en" if locale == "es" else "es") - words_of_data(cluster, site, locale)
    assert len(foreign) > 150
    return foreign
