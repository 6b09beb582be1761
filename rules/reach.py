"""Whom and what a stored rule reaches, and which of several that reach is the more specific."""

from collections.abc import Sequence
from datetime import date

from rules.pricing_facts import Party
from rules.refusals import ErrorCode, Path, Refusal

EVERYBODY = 0
_GROUP, _SEGMENT, _CUSTOMER = 1, 2, 3


def reach_of_party(
    party: Party, *, customer: str, customer_group: str, segment: str
) -> tuple[int, int] | None:
    """
    How specifically a rule reaches a buyer; the larger the more specific. None where it does not.

    Empty texts name nobody in particular. A customer comes before a segment, a segment before a group; the buyer's
    own company before its parent, the parent before the parent's.
    """
    if customer:
        if customer not in party.customers:
            return None
        return _CUSTOMER, -party.customers.index(customer)
    if segment:
        return (_SEGMENT, 0) if segment in party.segments else None
    if customer_group:
        return (_GROUP, 0) if customer_group == party.customer_group else None
    return EVERYBODY, 0


def reach_of_goods(product: str, category_path: str, *, of_product: str, of_category: str) -> int | None:
    """The same for goods: a product before its category, a category before those above it."""
    if of_product:
        return 10_000 if of_product == product else None
    if of_category:
        return len(of_category) if category_path.startswith(of_category) else None
    return 0


def in_force(valid_from: date | None, valid_until: date | None, day: date) -> bool:
    """Half-open: `valid_until` is the day after the last one."""
    return (valid_from is None or valid_from <= day) and (valid_until is None or day < valid_until)


def check_targets(buyers: Sequence[str], goods: Sequence[str], path: Path) -> list[Refusal]:
    """A rule names one kind of buyer and of goods, or none; two would leave open whether both must hold."""
    found = []
    if sum(map(bool, buyers)) > 1:
        text = "Name a customer, a customer group or a segment, not several."
        found.append(Refusal(ErrorCode.INVALID, text, (*path, "customerId")))
    if sum(map(bool, goods)) > 1:
        text = "Name a product or a category, not both."
        found.append(Refusal(ErrorCode.INVALID, text, (*path, "productId")))
    return found


def check_validity(valid_from: date | None, valid_until: date | None, path: Path) -> list[Refusal]:
    """`valid_until` is the day after the last; an empty span would make a rule that never applies."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        return [Refusal(ErrorCode.INVALID, "The last day comes before the first.", path)]
    return []
