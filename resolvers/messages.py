"""Messages in the viewer's language: templates of refusals and warnings, translated where they leave the house."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = ("es", "en")
_CATALOGUES = Path(__file__).parent / "locale"


@lru_cache(maxsize=len(LOCALES))
def catalogue(locale: str) -> Mapping[str, str]:
    """Template -> translation, read from the .po file itself: there are no compiled files to forget."""
    path = _CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if locale not in LOCALES or not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=locale)
    return {str(each.id): str(each.string) for each in messages if each.id and each.string and not each.fuzzy}


def written(value: object, locale: str) -> object:
    """A value as the language writes it: decimals with its separators, dates in its order."""
    if isinstance(value, Decimal):
        return format_decimal(value.normalize(), locale=locale, decimal_quantization=False)
    if isinstance(value, datetime):
        return format_datetime(value, "medium", locale=locale)
    if isinstance(value, date):
        return format_date(value, "medium", locale=locale)
    return value


def translate(text: str, data: Mapping[str, object], locale: str) -> str:
    """The message of a template in the locale; English where there is no translation."""
    language = locale if locale in LOCALES else "en"
    template = catalogue(language).get(text, text)
    return template.format(**{name: written(value, language) for name, value in data.items()})


def stored_values(data: Mapping[str, object]) -> dict[str, object]:
    """A message's values as JSON, for a message that is told later, in whichever language is read then."""
    return {name: _to_json(value) for name, value in data.items()}


def values_of(stored: Mapping[str, Any]) -> dict[str, object]:
    """What `stored_values` kept."""
    return {name: _from_json(value) for name, value in stored.items()}


def _to_json(value: object) -> object:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"date": value.isoformat()}
    return value if isinstance(value, (int, str)) or value is None else str(value)


def _from_json(value: Any) -> object:
    if isinstance(value, dict):
        return Decimal(value["decimal"]) if "decimal" in value else date.fromisoformat(value["date"])
    return cast(object, value)
