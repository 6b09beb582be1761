"""Decimals, days and instants: exact, finite, bounded; and no Float anywhere."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from auth.permissions import Viewer
from schema.engine import Engine
from schema.scalars import Money, parse_date, parse_decimal, parse_moment, write_decimal


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("12.50", "12.50"),
        ("-0.000001", "-0.000001"),
        (7, "7"),
        ("999999999999999999.999999", "999999999999999999.999999"),
        (999_999_999_999_999_999, "999999999999999999"),
        (1.5, None),
        (True, None),
        ("1e3", None),
        ("1E999999", None),
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ("1.0000001", None),
        ("1000000000000000000", None),
        (1_000_000_000_000_000_000, None),
        (" 1", None),
        ("1_000", None),
        ("+1", None),
        (".5", None),
        ("5.", None),
        ("١٢", None),
        ("", None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_decimals(given: Any, taken: str | None) -> None:
    if taken is None:
        with pytest.raises(GraphQLError):
            parse_decimal(given)
    else:
        assert parse_decimal(given) == Decimal(taken)


async def test_a_bad_value_is_refused_by_its_name(engine: Engine, viewer: Viewer) -> None:
    answer = await engine.execute_document(viewer, "query($v: Decimal){echo(value: $v)}", {"v": 1.5})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "$v" in answer["errors"][0]["message"]
    assert "Write a decimal as a string" in answer["errors"][0]["message"]


@pytest.mark.parametrize("literal", ["5.5", "1e3", "true"])
async def test_decimal_literals_are_strings_or_integers(door: Engine, viewer: Viewer, literal: str) -> None:
    answer = await door.execute_document(viewer, f"{{echo(value: {literal})}}")

    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_good_literals_pass(engine: Engine, viewer: Viewer) -> None:
    document = '{a: echo(value: 5) b: echo(value: "5.50") c: echo(at: "2026-03-29T02:30:00+01:00", day: "2024-02-29")}'

    answer = await engine.execute_document(viewer, document)

    assert answer["data"] == {
        "a": "5 None None", "b": "5.50 None None", "c": "None 2024-02-29 2026-03-29 01:30:00+00:00"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parse", "given"),
    [
        (parse_date, "2023-02-29"),
        (parse_date, "0000-01-01"),
        (parse_date, "9999-12-31"),
        (parse_date, "20240229"),
        (parse_date, "2024-02-29T00:00:00Z"),
        (parse_date, "٢٠٢٤-٠١-٠١"),
        (parse_date, 20240229),
        (parse_moment, "2026-03-02T10:00:00"),
        (parse_moment, "2026-03-02T25:00:00Z"),
        (parse_moment, "2026-03-02"),
        (parse_moment, 0),
    ],
)
def test_impossible_days_and_instants_are_refused(parse: Callable[[Any], Any], given: Any) -> None:
    with pytest.raises(GraphQLError):
        parse(given)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("12.5", "EUR", "12.50"),
        ("12.500000", "EUR", "12.50"),
        ("0.123400", "EUR", "0.1234"),
        ("1200.000", "JPY", "1200"),
        ("1.5", "KWD", "1.500"),
        ("0.000", "EUR", "0.00"),
        ("999999999999999.999", "KWD", "999999999999999.999"),
    ],
)
def test_money_shows_the_decimals_it_needs(amount: str, currency: str, shown: str) -> None:
    assert write_decimal(Money.of(Decimal(amount), currency).amount) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("3.000000", "3"), ("2.500000", "2.5"), ("0.000", "0"), ("-0", "0"), ("100", "100"), ("1E+3", "1000")],
)
def test_quantities_show_the_decimals_they_need(value: str, shown: str) -> None:
    assert write_decimal(Decimal(value)) == shown


def test_there_is_no_float(core_api: strawberry.Schema) -> None:
    assert "Float" not in core_api._schema.type_map
