"""Money: rounding, spreading over lines and tax by rate group."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

ZERO = Decimal(0)
_PRECISION = 60  # NUMERIC(18,6) x NUMERIC(18,6), and percents on top, stay exact
_WIDE = Context(prec=_PRECISION, rounding=ROUND_HALF_UP)
_NEARLY = Decimal((0, (1,), -30))


def round_money(amount: Decimal, exponent: int = 2) -> Decimal:
    """
    Half up, away from zero, to the currency's minor unit: a credit of x is minus an invoice of x.

    Half a cent is half a cent where a quotient without an end led there: what lies behind 30 decimals is the
    arithmetic's, not the price's.
    """
    return _WIDE.quantize(_WIDE.quantize(amount, _NEARLY), Decimal((0, (1,), -exponent)))


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """With as many digits as 60 allow, to compare and to go on from."""
    return _WIDE.divide(dividend, divisor)


def line_amount(
    quantity: Decimal, unit_price: Decimal, price_unit: Decimal = Decimal(1), exponent: int = 2
) -> Decimal:
    """quantity x unit price, rounded once; `unit_price` is for `price_unit` units (10.00 per 50 is 0.20 each)."""
    return round_money(_WIDE.divide(_WIDE.multiply(quantity, unit_price), price_unit), exponent)


def percent_of(amount: Decimal, percent: Decimal, exponent: int = 2) -> Decimal:
    """A percent of an amount, rounded to the currency's minor unit."""
    with localcontext(prec=_PRECISION):
        return round_money(amount * percent / 100, exponent)


def allocate(total: Decimal, weights: Sequence[Decimal], exponent: int = 2) -> list[Decimal]:
    """
    Spreads a total over lines by largest remainder on minor units.

    Args:
        total: a rounded amount, of any sign.
        weights: n weights, none negative; all zero means equal shares.
    Returns:
        n rounded amounts that sum to `total`, each of its sign or zero and less than a minor unit from its exact
        share. Ties go to the larger weight, then to the earlier line: order the lines by SKU, rate and number
        before calling, and the order of entry changes nothing (rule book 0, 1).
    """
    if not weights:
        return []
    with localcontext(prec=_PRECISION):
        minor = Decimal(1).scaleb(-exponent)
        units = int(abs(total) / minor)
        # In whole numbers: rounded quotients would tell apart remainders that are equal.
        scale = min(0, *(_exponent(weight) for weight in weights))
        base = [int(weight.scaleb(-scale)) for weight in weights]
        if not any(base):
            base = [1] * len(weights)
        whole = sum(base)
        divided = [divmod(units * weight, whole) for weight in base]
        floors = [floor for floor, _ in divided]
        order = sorted(range(len(base)), key=lambda i: (-divided[i][1], -base[i], i))
        for index in order[: units - sum(floors)]:
            floors[index] += 1
        sign = -1 if total < 0 else 1
        return [sign * share * minor for share in floors]


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0  # no figure of ours is infinite


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """What a line's tax depends on; `rank` orders lines independently of their entry (SKU, then line number)."""

    net: Decimal
    category: str
    percent: Decimal
    rank: Hashable
    surcharge_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """What one rate was taken of; the equivalence surcharge stands on the same base, in columns of its own."""

    category: str
    percent: Decimal
    base: Decimal
    tax: Decimal
    surcharge_percent: Decimal = ZERO
    surcharge: Decimal = ZERO


def tax_by_group(lines: Sequence[TaxedLine], exponent: int = 2) -> tuple[list[TaxGroup], list[Decimal]]:
    """
    Tax per (category, rate, surcharge rate) on the summed nets, and each line's share of it.

    Returns:
        The groups by category and rates, and one tax (without surcharge) per line in the order given; the lines of
        a group sum to the group's tax exactly. Source: EN 16931 BR-CO-17; rule book 13.1 (IN-01).
    """
    members: dict[tuple[str, Decimal, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        members.setdefault((line.category, line.percent, line.surcharge_percent), []).append(index)
    groups: list[TaxGroup] = []
    taxes = [ZERO] * len(lines)
    for (category, percent, surcharge_percent), indexes in sorted(members.items()):
        base = sum((lines[i].net for i in indexes), ZERO)
        tax = percent_of(base, percent, exponent)
        surcharge = percent_of(base, surcharge_percent, exponent)
        groups.append(TaxGroup(category, percent, base, tax, surcharge_percent, surcharge))
        ranked = sorted(indexes, key=lambda i: (str(lines[i].rank), i))
        shares = allocate(tax, [abs(lines[i].net) for i in ranked], exponent)
        for index, share in zip(ranked, shares, strict=True):
            taxes[index] = share
    return groups, taxes
