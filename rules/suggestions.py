"""Suggestions: which products, for which reason, in which order (rule book 0.1, 25; 0.2, 43; 12)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from statistics import median

from rules.money import ZERO

# Fewer buyers than these could be told apart: what peers buy is never shown for them (SAFETY.md).
PEERS_MIN = 5
# Documents that must hold two products before their meeting counts, and how much above chance it must be.
SUPPORT_MIN, LIFT_MIN = PEERS_MIN, Decimal("1.2")
# A habit shows after this many days with a purchase, and is given up after so many missed ones.
HABIT_DAYS_MIN, HABIT_MISSED_MAX = 3, 4


def said(text: str) -> str:
    """Marks a template of the catalogue that no refusal carries."""
    return text


class SuggestionReason(StrEnum):
    """Why a product is suggested, the strongest first."""

    AGREEMENT = "AGREEMENT"
    REPLENISHMENT = "REPLENISHMENT"
    RELATED = "RELATED"
    BOUGHT_TOGETHER = "BOUGHT_TOGETHER"
    PEERS = "PEERS"


class SuggestionPlace(StrEnum):
    """Where suggestions are shown."""

    PRODUCT = "PRODUCT"
    CART = "CART"
    CUSTOMER = "CUSTOMER"


class SuggestionStage(StrEnum):
    """What became of a suggestion."""

    SHOWN = "SHOWN"
    ACCEPTED = "ACCEPTED"
    ORDERED = "ORDERED"


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A product that could be suggested.

    Args:
        product: its id.
        times: documents that held it, of whom the reason is about; `quantity` the units in them.
        last_on: the day it was bought last, None where nobody did.
        text: the reason as a `str.format` template over `data`, and a message id.
    """

    product: str
    reason: SuggestionReason
    text: str
    data: tuple[tuple[str, str], ...] = ()
    times: int = 0
    quantity: Decimal = ZERO
    last_on: date | None = None


def rank(candidates: Iterable[Candidate], count: int, *, without: Iterable[str] = ()) -> list[Candidate]:
    """
    The first suggestions, each product once, for its strongest reason.

    Within a reason: times bought desc, units desc, last date desc, id.

    Args:
        without: products that are there already: the one shown, those in the cart.
    """
    reasons = list(SuggestionReason)
    taken, found = set(without), []
    for each in sorted(
        candidates,
        key=lambda one: (
            reasons.index(one.reason),
            -one.times,
            -one.quantity,
            -(one.last_on or date.min).toordinal(),
            one.product,
            one.data,
        ),
    ):
        if each.product not in taken:
            taken.add(each.product)
            found.append(each)
    return found[:count]


@dataclass(frozen=True, slots=True)
class Habit:
    """How often a customer buys a product, in days between purchases, and how long it is overdue."""

    usual_days: int
    overdue_days: int
    last_on: date


def overdue(days: Sequence[date], today: date) -> Habit | None:
    """
    Whether the usual interval between purchases, their median, has passed.

    Args:
        days: with a purchase, in any order.
    Returns:
        None for fewer than three days, before the interval has passed, and when so many were missed that the habit
        seems given up.
    """
    bought = sorted(set(days))
    if len(bought) < HABIT_DAYS_MIN:
        return None
    gaps = [(after - before).days for before, after in pairwise(bought)]
    usual = int(median(gaps))
    since = (today - bought[-1]).days
    if since <= usual or since > usual * HABIT_MISSED_MAX:
        return None
    return Habit(usual, since - usual, bought[-1])
