"""Simulated prices: margins and their bands, the discount that reaches a target, what the next break saves."""

from decimal import ROUND_FLOOR, Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, round_money


class MarginBand(StrEnum):
    """What those may see of a margin who may not see its figure."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


def margin_percent(sales: Decimal, cost: Decimal) -> Decimal | None:
    """The contribution ratio with 2 decimals; None without sales. Source: rule book 9.1."""
    if not sales:
        return None
    with localcontext(prec=60):
        return round_money((sales - cost) * 100 / sales, 2)


def band_of_margin(percent: Decimal | None, target: Decimal, floor: Decimal) -> MarginBand:
    """GREEN from the target on, RED below the floor; nothing sold is RED."""
    if percent is None or percent < floor:
        return MarginBand.RED
    return MarginBand.GREEN if percent >= target else MarginBand.AMBER


def discount_for_percent(
    sales: Decimal, cost: Decimal, target_percent: Decimal, waiting_percent: Decimal = ZERO
) -> Decimal | None:
    """
    The percent that may come off `sales` so that the margin is still `target_percent`, rounded down to 2 decimals.

    Below zero where the prices as they are do not reach the target: so much would have to be added. Source: rule book
    9.1, d = 1 - cost / ((1 - t) * sales). None where waiting for the money alone takes as much as is to be left.

    Args:
        sales: above zero; `target_percent` below 100.
        waiting_percent: what a longer payment term takes of whatever is sold; it falls with the sales.
    """
    kept = 100 - target_percent - waiting_percent
    if kept <= 0:
        return None
    with localcontext(prec=60):
        allowed = (1 - cost / (kept / 100 * sales)) * 100
        return allowed.quantize(Decimal("0.01"), ROUND_FLOOR)


def discount_for_amount(sales: Decimal, cost: Decimal, margin: Decimal) -> tuple[Decimal, Decimal]:
    """
    The amount that may come off `sales` so that `margin` stays, and its percent, half up to 2 decimals (QT-04).
    """
    amount = sales - cost - margin
    with localcontext(prec=60):
        return amount, round_money(amount * 100 / sales, 2)


def saving_percent(
    unit_price: Decimal, price_unit: Decimal, further: Decimal, further_unit: Decimal
) -> Decimal:
    """What a unit costs less at another price, in percent with 2 decimals; both above zero units."""
    if not unit_price:
        return ZERO
    with localcontext(prec=60):
        return round_money(100 - further / further_unit * price_unit / unit_price * 100, 2)
