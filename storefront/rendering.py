"""Templates, texts in two languages, and numbers, money and dates as each language writes them."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from storefront.labels import LABELS, Label

HERE = Path(__file__).parent
LOCALES = ("es", "en")
_REGION = {"es": "es_ES", "en": "en_GB"}
_UNIT_PRICE = {"es": "#,##0.00####\u00a0¤", "en": "¤#,##0.00####"}
_ICON = re.compile(r"[a-z-]+")
DEFAULT_ZONE = "Europe/Madrid"


class Texts:
    """The texts of one language; English is what the code says, Spanish comes from the catalogue."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.messages: dict[str, Any] = {}
        catalogue = HERE / "locale" / locale / "LC_MESSAGES" / "storefront.po"
        if catalogue.exists():
            with catalogue.open("rb") as file:
                for message in read_po(file, locale=locale):
                    if message.id and message.string:
                        one = message.id if isinstance(message.id, str) else message.id[0]
                        self.messages[one] = message.string

    def gettext(self, text: str) -> str:
        found = self.messages.get(text, text)
        return found if isinstance(found, str) else str(found[0])

    def ngettext(self, one: str, many: str, number: int) -> str:
        found = self.messages.get(one)
        if isinstance(found, tuple) and len(found) == 2:
            return str(found[0] if number == 1 else found[1])
        return one if number == 1 else many


def today() -> date:
    """The day where pages tell the time: what happened late in the evening there belongs to it."""
    return datetime.now(ZoneInfo(DEFAULT_ZONE)).date()


class Formats:
    """How one language writes numbers, money and dates. Amounts come as the schema sends them: decimal strings."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.region = _REGION[locale]

    def money(self, value: Mapping[str, Any] | None) -> str:
        """A rounded amount: `1.234,50 €`."""
        if value is None:
            return "–"
        return str(format_currency(Decimal(value["amount"]), value["currency"], locale=self.region))

    def unit_price(self, value: Mapping[str, Any] | None) -> str:
        """A price per unit with as many decimals as it needs, two at least."""
        if value is None:
            return "–"
        pattern = _UNIT_PRICE[self.locale]
        return str(
            format_currency(
                Decimal(value["amount"]),
                value["currency"],
                format=pattern,
                locale=self.region,
                currency_digits=False,
            )
        )

    def number(self, value: str | int | Decimal | None) -> str:
        if value is None:
            return "–"
        return str(format_decimal(Decimal(value), format="#,##0.######", locale=self.region))

    def plain(self, value: str | int | Decimal | None) -> str:
        """A number for an input field: no grouping, the language's decimal sign."""
        if value is None:
            return ""
        return str(format_decimal(Decimal(value), format="0.######", locale=self.region))

    def percent(self, value: str | Decimal | None) -> str:
        if value is None:
            return "–"
        return str(format_percent(Decimal(value) / 100, format="#,##0.##\u00a0%", locale=self.region))

    def date(self, value: str | None) -> str:
        return (
            "–"
            if not value
            else str(format_date(date.fromisoformat(value[:10]), "medium", locale=self.region))
        )

    def moment(self, value: str | None, zone: str = DEFAULT_ZONE) -> str:
        if not value:
            return "–"
        return str(
            format_datetime(instant(value), "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=self.region)
        )

    def day(self, value: str | None, zone: str = DEFAULT_ZONE) -> str:
        """The day of an instant, where the seller is."""
        if not value:
            return "–"
        return str(
            format_date(instant(value).astimezone(ZoneInfo(zone)).date(), "medium", locale=self.region)
        )


def instant(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


@lru_cache(maxsize=1)
def static_version() -> str:
    """Changes with any of our own static files, so that browsers may keep them for ever."""
    seen = hashlib.sha256()
    for path in sorted((HERE / "static").glob("*.*")):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:12]


def icon(name: str, label: str = "") -> Markup:
    """A picture of the sprite; without a label it is decoration and readers skip it."""
    if not _ICON.fullmatch(name):
        raise ValueError(f"No icon is called {name!r}.")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon" {} focusable="false"><use href="/static/icons.svg?v={}#{}"/></svg>'
    ).format(spoken, static_version(), name)


def address(path: str, **query: Any) -> str:
    """A path with its query; what is empty is left out."""
    told = [(name, value) for name, value in query.items() if value not in (None, "", False)]
    return path + ("?" + urlencode(told) if told else "")


class Renderer:
    """Renders templates in one language."""

    def __init__(self, locale: str) -> None:
        self.texts = Texts(locale)
        self.formats = Formats(locale)
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        installed: Any = self.environment
        installed.install_gettext_callables(self.texts.gettext, self.texts.ngettext, newstyle=True)
        formats = self.formats
        self.environment.filters |= {
            "money": formats.money, "unit_price": formats.unit_price, "number": formats.number,
            "plain": formats.plain, "percent": formats.percent, "date": formats.date, "moment": formats.moment,
            "day": formats.day, "segment": lambda text: quote(str(text), safe=""), "label": self.label,
        }  # fmt: skip
        self.environment.globals |= {
            "icon": icon, "address": address, "locale": locale, "static_version": static_version(),
        }  # fmt: skip

    def label(self, value: str, table: str) -> Label:
        """How a code of the schema is shown: text in this language, tone, icon."""
        known = LABELS[table].get(value)
        if known is None:
            return Label(value.replace("_", " ").capitalize(), "neutral", "dot")
        return Label(self.texts.gettext(known.text), known.tone, known.icon)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self.environment.get_template(template).render(values)


@lru_cache(maxsize=4)
def renderer(locale: str) -> Renderer:
    return Renderer(locale if locale in LOCALES else LOCALES[0])
