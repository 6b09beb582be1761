"""Scalars and money: exact decimals, ISO dates, instants in UTC, currency codes. There is no Float in this schema."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NewType

import strawberry
from babel.numbers import get_currency_precision
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode

from auth.permissions import Permission as P
from schema.access import access

INTEGER_DIGITS_MAX = 18
FRACTION_DIGITS_MAX = 6
YEARS = range(1900, 2200)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_CURRENCY = re.compile(r"[A-Z]{3}")

CurrencyCode = NewType("CurrencyCode", str)
Position = NewType("Position", int)
POSITION_MAX = 2**53 - 1  # what JavaScript counts exactly


class Amount(Decimal):
    """An amount of money whose trailing zeros are meant: 12.50 is written so."""


def parse_decimal(value: Any) -> Decimal:
    """An exact decimal from a string or an integer; JSON numbers with a point have lost digits already."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise GraphQLError('Write a decimal as a string ("12.50") or an integer.')
    if isinstance(value, int) and abs(value) >= 10**INTEGER_DIGITS_MAX:
        raise GraphQLError(f"A decimal has at most {INTEGER_DIGITS_MAX} digits before the point.")
    if not _DECIMAL.fullmatch(str(value)):
        raise GraphQLError(
            f"A decimal has at most {INTEGER_DIGITS_MAX} digits before the point and {FRACTION_DIGITS_MAX} after it,"
            ' as in "1234.50".'
        )
    return Decimal(value)


def _decimal_literal(node: ValueNode, _variables: Any = None) -> Decimal:
    if isinstance(node, IntValueNode):
        return parse_decimal(node.value)
    return parse_decimal(node.value if isinstance(node, StringValueNode) else None)


def write_decimal(value: Any) -> str:
    """Plain notation with as many decimals as the value needs; an Amount keeps those of its currency."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{value!r} is no decimal.")
    text = f"{value:f}" if value else f"{abs(value):f}"  # no minus zero
    if isinstance(value, Amount) or "." not in text:
        return text
    return text.rstrip("0").rstrip(".")


def _in_years(year: int) -> bool:
    return year in YEARS


def parse_date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value) and _in_years(int(value[:4])):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError(f'A date is written "2027-03-01", its year from {YEARS[0]} to {YEARS[-1]}.')


def parse_moment(value: Any) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value) and _in_years(int(value[:4])):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(
        'An instant is written with its zone: "2027-03-01T09:30:00Z" or "2027-03-01T10:30:00+01:00".'
    )


def write_moment(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no instant with a zone.")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_currency(value: Any) -> CurrencyCode:
    if isinstance(value, str) and _CURRENCY.fullmatch(value):
        return CurrencyCode(value)
    raise GraphQLError('A currency is an ISO 4217 code such as "EUR".')


def parse_position(value: Any) -> Position:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= POSITION_MAX:
        return Position(value)
    raise GraphQLError(f"A position is a whole number from 0 to {POSITION_MAX}.")


def _position_literal(node: ValueNode, _variables: Any = None) -> Position:
    return parse_position(int(node.value) if isinstance(node, IntValueNode) else None)


SCALAR_MAP: dict[object, Any] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            "An exact decimal, written as a string; strings and integers are accepted, numbers with a point are not. "
            "At most 18 digits before the point and 6 after it."
        ),
        serialize=write_decimal,
        parse_value=parse_decimal,
        parse_literal=_decimal_literal,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A calendar day, "2027-03-01"; in the seller\'s time zone unless said otherwise.',
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='An instant, answered in UTC: "2027-03-01T09:30:00Z". Inputs must carry their zone.',
        serialize=write_moment,
        parse_value=parse_moment,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description='A currency by its ISO 4217 code, such as "EUR".',
        serialize=str,
        parse_value=parse_currency,
    ),
    Position: strawberry.scalar(
        name="Position",
        description="A place in the log of events: a whole number, larger than a 32-bit one can be.",
        serialize=int,
        parse_value=parse_position,
        parse_literal=_position_literal,
    ),
}


@lru_cache(maxsize=64)
def _cent_of(currency: str) -> Decimal:
    return Decimal(1).scaleb(-get_currency_precision(currency))


@strawberry.type(description="An amount in a currency.", directives=[access(P.SIGNED_IN)])
class Money:
    amount: Decimal = strawberry.field(
        description="The amount; totals have the currency's decimals, unit prices as many as they need, up to six."
    )
    currency: CurrencyCode = strawberry.field(description="The currency of the amount.")

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Money as shown: never fewer decimals than the currency has, more only where they are not zero."""
        cents = _cent_of(currency)
        padded = amount.quantize(cents) if amount == amount.quantize(cents) else amount.normalize()
        return cls(amount=Amount(padded), currency=CurrencyCode(currency))
