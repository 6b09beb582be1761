"""What visitors type: numbers and dates as their language writes them, idempotency keys, and problems by field."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_DIGITS_MAX, _FRACTION_MAX = 18, 6
_NUMBER = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,6}))?")
_DATE = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
TEXT_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done; `field` is the id of the input at fault, empty where it is none."""

    text: str
    field: str = ""
    code: str = ""


def read_number(text: str, locale: str) -> str | None:
    """
    The decimal string that the schema takes, from what somebody typed; None where it is no number.

    "1.500" is fifteen hundred in Spanish and one and a half in English. A sign that cannot separate thousands
    (groups of three) is the decimal sign in both languages, so "2.5" means the same to everybody.
    """
    text = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    group, point = (".", ",") if locale == "es" else (",", ".")
    if re.fullmatch(
        rf"[1-9][0-9]{{0,2}}(?:{re.escape(group)}[0-9]{{3}})+(?:{re.escape(point)}[0-9]+)?", text
    ):
        text = text.replace(group, "")
    text = text.replace(",", ".")
    sign = "-" if text.startswith("-") else ""
    found = _NUMBER.fullmatch(text.removeprefix("-"))
    if found is None:
        return None
    return sign + (f"{int(found[1])}.{found[2]}" if found[2] else str(int(found[1])))


def read_date(text: str) -> str | None:
    """The day in ISO notation; None where it is none."""
    text = text.strip()
    try:
        return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def read_text(value: object) -> str:
    """A form's field as text that the API takes: without what cannot be stored, no longer than anything may be."""
    if not isinstance(value, str):
        return ""
    kept = value.replace("\r\n", "\n").replace("\x00", "")
    return kept.encode("utf-8", "ignore").decode()[:TEXT_MAX].strip()


def new_key() -> str:
    """An idempotency key, drawn with the form: a double click or the back button repeats nothing."""
    return secrets.token_urlsafe(18)


def read_key(value: object) -> str | None:
    return value if isinstance(value, str) and _KEY.fullmatch(value) else None


def safe_path(text: object, otherwise: str = "/") -> str:
    """A path on this site; `otherwise` for anything that could lead elsewhere."""
    if not isinstance(text, str) or len(text) > 2000 or not text.isascii() or _UNSAFE.search(text):
        return otherwise
    return text if text.startswith("/") and not text.startswith("//") else otherwise


def problems_of(
    errors: Iterable[Mapping[str, Any]], fields: Mapping[str, str] | None = None
) -> list[Problem]:
    """
    The schema's user errors as problems of a form.

    Args:
        fields: the last named step of an error's path -> id of the input it belongs to.
    """
    known = fields or {}
    found = []
    for error in errors:
        names = [step for step in error["path"] if not step.isdigit()]
        field = next((known[name] for name in reversed(names) if name in known), "")
        found.append(Problem(error["message"], field, error["code"]))
    return found


def indexed(errors: Iterable[Mapping[str, Any]], ids: Sequence[str], prefix: str) -> list[Problem]:
    """User errors of a list's elements, each at the input of the element whose index the path holds."""
    found = []
    for error in errors:
        index = next((int(step) for step in error["path"] if step.isdigit()), -1)
        field = f"{prefix}{ids[index]}" if 0 <= index < len(ids) else ""
        found.append(Problem(error["message"], field, error["code"]))
    return found
