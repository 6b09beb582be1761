"""What visitors type, read as their language writes it, and addresses that stay on this site."""

import pytest

from storefront.forms import read_date, read_key, read_number, read_text, safe_path


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("12", "es", "12"),
        ("2,5", "es", "2.5"),
        ("2.5", "es", "2.5"),
        ("1.500", "es", "1500"),
        ("1.500,25", "es", "1500.25"),
        ("1,500", "en", "1500"),
        ("1,500.25", "en", "1500.25"),
        ("1.500", "en", "1.500"),
        ("1,5", "en", "1.5"),
        (" 1\u00a0200 ", "es", "1200"),
        ("007", "es", "7"),
        ("0,250", "es", "0.250"),
        ("-3", "es", "-3"),
        ("", "es", None),
        ("doce", "es", None),
        ("1e30", "es", None),
        ("1,2,3", "es", None),
        ("1.2.3", "en", None),
        ("0.1234567", "en", None),
        ("9" * 19, "en", None),
        ("Infinity", "en", None),
        ("٣", "es", None),
    ],
)
def test_numbers_are_read_as_the_language_writes_them(text: str, locale: str, number: str | None) -> None:
    assert read_number(text, locale) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026-02-30", None),
        ("02/03/2026", None),
        ("", None),
        ("0001-01-01", None),
    ],
)
def test_dates_are_days_of_the_calendar(text: str, day: str | None) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/cart", "/cart"),
        ("/products?search=a%20b", "/products?search=a%20b"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("/" + "a" * 2001, "/"),
        (None, "/"),
    ],
)
def test_no_form_leads_away_from_this_site(text: object, path: str) -> None:
    assert safe_path(text) == path


def test_text_that_cannot_be_stored_is_left_out() -> None:
    assert read_text(" a\x00b\r\nc\ud800 ") == "ab\nc"
    assert read_text(None) == ""


def test_a_key_is_what_our_forms_draw() -> None:
    assert read_key("x" * 24) == "x" * 24
    assert read_key("short") is None
    assert read_key("x" * 65) is None
    assert read_key("x" * 20 + "\n") is None
