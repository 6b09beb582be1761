"""How prices that a file tells take their place among those that are known: each ends where the next begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from uuid import UUID

from rules.refusals import ErrorCode, Refusal

ONE = Decimal(1)


class Unsaid(Enum):
    """The file has no such column: what is stored stays."""

    UNSAID = "UNSAID"


UNSAID = Unsaid.UNSAID


@dataclass(frozen=True, slots=True)
class Period:
    """A price of one scale (product, currency, unit, quantity); `valid_until` is the first day without it."""

    valid_from: date
    valid_until: date | None
    unit_price: Decimal
    price_unit: Decimal
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ToldPrice:
    """What a row tells. An end of None means none; whatever it says, no price reaches past the next one's beginning."""

    valid_from: date
    unit_price: Decimal
    price_unit: Decimal | Unsaid | None = UNSAID
    valid_until: date | Unsaid | None = UNSAID


def _sooner(one: date | None, other: date | None) -> date | None:
    return min((each for each in (one, other) if each is not None), default=None)


def put_price(periods: Sequence[Period], told: ToldPrice) -> list[Period]:
    """
    The periods with the told price among them, in the order of their days; the same ones where it says nothing new.

    The result does not depend on the order in which several prices are told, and telling one again changes nothing.

    Args:
        periods: of one scale, in the order of their days, without overlap.
    Raises:
        Refusal(INVALID): the price ends before it begins.
    """
    before = [each for each in periods if each.valid_from < told.valid_from]
    after = [each for each in periods if each.valid_from > told.valid_from]
    same = next((each for each in periods if each.valid_from == told.valid_from), None)
    if isinstance(told.valid_until, date) and told.valid_until <= told.valid_from:
        text = "The price ends before it begins: {until} is the first day without it."
        raise Refusal(ErrorCode.INVALID, text, ("valid_until",), until=told.valid_until.isoformat())
    stored_end, stored_unit = (None, ONE) if same is None else (same.valid_until, same.price_unit)
    end = stored_end if isinstance(told.valid_until, Unsaid) else told.valid_until
    price_unit = stored_unit if isinstance(told.price_unit, Unsaid) else told.price_unit or ONE
    until = _sooner(end, after[0].valid_from if after else None)
    own = Period(told.valid_from, until, told.unit_price, price_unit, None if same is None else same.id)
    if before and (before[-1].valid_until is None or before[-1].valid_until > told.valid_from):
        before[-1] = replace(before[-1], valid_until=told.valid_from)
    return [*before, own, *after]
