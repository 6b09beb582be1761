"""Texts in two languages: every one is translated, and a Spanish page speaks Spanish only."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from httpx import AsyncClient

from app.settings import Settings
from jobs.catalogue import make_catalogue
from storefront.labels import LABELS
from storefront.rendering import HERE, renderer
from tests.storefront.visitor import BUYER, COMPANY_ADMIN, FINANCE, REP, Visitor

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
WORD = re.compile(r"[a-záéíóúñü]{3,}", re.IGNORECASE)
Text = str | tuple[str, ...]
# English words that are Spanish ones or names as well, as products, companies, dates ("12 may 2026") and numbers of
# payments (PAY-2026-000001) use them.
SHARED = frozenset({"pack", "light", "bar", "premium", "snack", "brick", "chef", "may", "pay"})


NOT_IN_THE_HISTORY = frozenset({"delivery.updated"})


@cache
def source_texts() -> frozenset[Text]:
    found = extract_from_dir(
        HERE,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"templates/**.html": {"extensions": "jinja2.ext.do"}},
        keywords={"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)},
    )
    return frozenset(message for _, _, message, _, _ in found)


@cache
def translations() -> dict[Text, Text]:
    with (HERE / "locale/es/LC_MESSAGES/storefront.po").open("rb") as file:
        return {
            text_of(message.id): text_of(message.string)
            for message in read_po(file, locale="es")
            if message.id
        }


def text_of(text: str | list[str] | tuple[str, ...] | None) -> Text:
    return tuple(text) if isinstance(text, (list, tuple)) else text or ""


def parts(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    assert source_texts() - set(translations()) == set()
    assert set(translations()) - source_texts() == set()
    assert [text for text, said in translations().items() if not all(parts(said))] == []


def test_translations_take_the_same_values() -> None:
    for text, said in translations().items():
        wanted = {frozenset(PLACEHOLDER.findall(each)) for each in parts(text)}
        assert {frozenset(PLACEHOLDER.findall(each)) for each in parts(said)} == wanted, text


def words(texts: list[str]) -> set[str]:
    bare = (re.sub(r"%\(\w+\)s|\S+@\S+", " ", text) for text in texts)
    return {word.lower() for text in bare for word in WORD.findall(text)}


@cache
def english_words() -> frozenset[str]:
    """Words of the English texts that no Spanish text has."""
    english = words([each for text in source_texts() for each in parts(text)])
    spanish = words([each for text in translations().values() for each in parts(text)])
    return frozenset(english - spanish - SHARED)


@pytest.mark.parametrize("email", [BUYER, COMPANY_ADMIN, REP, FINANCE])
async def test_spanish_pages_have_no_english_word(demo_client: AsyncClient, email: str) -> None:
    visitor = Visitor(demo_client)
    paths = ["/login", *await pages_of(visitor, email)]

    for path in paths:
        page = await visitor.open(path, 404 if path == "/nowhere" else 200)
        assert page.tags[0] == ("html", {"lang": "es"}), path
        assert words([page.text]) & english_words() == set(), path


async def pages_of(visitor: Visitor, email: str) -> list[str]:
    """Every kind of page that the person can open, with something on it."""
    await visitor.sign_in(email)
    if email.endswith("@alborada.example"):
        page = await visitor.open("/staff/orders")
        order = next(link for link in page.links if link.startswith("/staff/orders/"))
        held = (await visitor.open("/staff/orders?state=held")).links
        stopped = next(link for link in held if link.startswith("/staff/orders/"))
        customer = next(
            link for link in (await visitor.open("/staff/customers")).links if "/customers/C" in link
        )
        return [
            "/staff",
            "/staff/orders",
            order,
            stopped,
            "/staff/customers",
            customer,
            "/staff/jobs",
            "/products",
            "/help/api",
            "/nowhere",
        ]
    orders = (await visitor.open("/orders")).links
    order = next(link for link in orders if link.startswith("/orders/"))
    lists = next(link for link in (await visitor.open("/lists")).links if link.startswith("/lists/"))
    product = next(
        link for link in (await visitor.open("/products?stock=1")).links if link.startswith("/products/")
    )
    await visitor.open(product)
    await visitor.submit(visitor.form(act="add"), quantity="2")
    await visitor.open("/quick-order")
    await visitor.submit(visitor.form(act="verify"), text=f"{product.removeprefix('/products/')} 2\nZZZ-00 1")
    checked = visitor.path
    paths = [
        "/",
        checked,
        f"{checked}?show=problems",
        "/products",
        "/products?view=grid&search=aceite",
        product,
        "/quick-order",
        "/lists",
        lists,
        "/cart",
        "/checkout",
        "/quotes",
        "/quotes/new",
        "/quotes/Q-2026-000003",
        "/quotes/Q-2026-000008",
    ]
    paths += ["/orders", order, "/company", "/help/api", "/nowhere"]
    return [*paths, "/company/addresses/new"] if email == COMPANY_ADMIN else paths


def test_both_languages_have_every_template() -> None:
    templates = sorted(
        path.relative_to(HERE / "templates") for path in Path(HERE / "templates").rglob("*.html")
    )
    for locale in ("es", "en"):
        for each in templates:
            assert renderer(locale).environment.get_template(str(each)).name == str(each)


@pytest.mark.parametrize(
    ("locale", "money", "price", "number", "percent", "day"),
    [
        ("es", "1234,50 €", "0,1234 €", "12.345,6", "21 %", "2 mar 2026"),
        ("en", "€1,234.50", "€0.1234", "12,345.6", "21 %", "2 Mar 2026"),
    ],
)
def test_values_are_written_as_each_language_writes_them(
    locale: str, money: str, price: str, number: str, percent: str, day: str
) -> None:
    formats = renderer(locale).formats

    def plain(text: str) -> str:
        return text.replace("\u00a0", " ").replace("\u202f", " ")

    assert plain(formats.money({"amount": "1234.50", "currency": "EUR"})).replace("1.234", "1234") == money
    assert plain(formats.unit_price({"amount": "0.1234", "currency": "EUR"})) == price
    assert plain(formats.number("12345.6")) == number
    assert plain(formats.percent("21")) == percent
    assert plain(formats.date("2026-03-02")) == day
    assert formats.money(None) == "–"


def test_whatever_happens_to_an_order_has_a_name() -> None:
    """What an order's page tells of it, by the names that its acts write down."""
    acts = {
        each
        for path in (HERE.parent / "resolvers").glob("*.py")
        for each in re.findall(r'"((?:order|delivery)\.[a-z]\w+)"', path.read_text(encoding="utf-8"))
    }
    shown = acts - NOT_IN_THE_HISTORY
    assert {"order.placed", "delivery.shipped"} <= shown
    assert shown - set(LABELS["event"]) == set()


def test_every_kind_of_job_has_a_name(settings: Settings) -> None:
    assert set(make_catalogue(settings).kinds) - set(LABELS["job_kind"]) == set()
