"""What a discount rule gives, as rounded shares of the lines it may take from (rule book 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import ClassVar

from rules.discounts_conditions import Basket, Extent, Measure, Miss
from rules.money import ZERO, allocate, line_amount, quotient, round_money
from rules.pricing_trace import ValueKind
from rules.quantities import plain


class BenefitKind(StrEnum):
    """What a rule gives."""

    PERCENT = "PERCENT"
    AMOUNT_PER_UNIT = "AMOUNT_PER_UNIT"
    AMOUNT_PER_LINE = "AMOUNT_PER_LINE"
    AMOUNT_PER_ORDER = "AMOUNT_PER_ORDER"
    UNIT_PRICE = "UNIT_PRICE"
    SET_PRICE = "SET_PRICE"
    LEAST_EXPENSIVE = "LEAST_EXPENSIVE"
    TIERED = "TIERED"


@dataclass(frozen=True, slots=True)
class Share:
    """What a rule takes off one line: at most its amount; `quantity` is how many units benefit."""

    index: int
    discount: Decimal
    quantity: Decimal
    value: Decimal
    value_kind: ValueKind
    is_capped: bool = False


class Benefit:
    """
    One way to lower amounts.

    `is_linewise`: each line's share depends on that line alone, once the conditions hold. `is_percent` decides what
    comes first among order promotions (rule book 0.1, 15).
    """

    __slots__ = ()
    kind: ClassVar[BenefitKind]
    is_linewise: ClassVar[bool] = True
    is_percent: ClassVar[bool] = False
    has_amount: ClassVar[bool] = True

    def shares(self, basket: Basket) -> list[Share] | Miss:
        """The shares of `basket.open`, none of them nothing; or why there are none."""
        raise NotImplementedError


def worth(basket: Basket, index: int) -> Decimal:
    """The exact amount of the units of a line that may benefit."""
    paid = basket.lines[index].quantity_paid
    if basket.quantities[index] == paid:
        return basket.amounts[index]
    with localcontext(prec=60):
        return basket.amounts[index] * basket.quantities[index] / paid


def unit_worth(basket: Basket, index: int) -> Decimal:
    """The running price of one unit, exact enough to rank by."""
    return quotient(basket.amounts[index], basket.lines[index].quantity_paid)


def by_price(basket: Basket, *, is_dearest_first: bool) -> list[int]:
    """The open lines by their unit prices; lines of one price stay in the order of their rank."""
    sign = -1 if is_dearest_first else 1
    return sorted(basket.open, key=lambda i: (sign * unit_worth(basket, i), i))


def limited(basket: Basket, most: Decimal) -> Basket:
    """At most so many units benefit: the dearest, as the customer would choose."""
    quantities, left = list(basket.quantities), most
    for index in by_price(basket, is_dearest_first=True):
        quantities[index] = min(quantities[index], left)
        left -= quantities[index]
    return replace(basket, quantities=quantities, open=tuple(i for i in basket.open if quantities[i] > 0))


def capped(shares: Sequence[Share], most: Decimal, exponent: int) -> list[Share]:
    """Shares that together pass a limit, brought down to it by largest remainder."""
    if sum((share.discount for share in shares), ZERO) <= most:
        return list(shares)
    parts = allocate(most, [share.discount for share in shares], exponent)
    return [
        replace(share, discount=part, is_capped=True)
        for share, part in zip(shares, parts, strict=True)
        if part
    ]


def _linewise(basket: Basket, value: Decimal, kind: ValueKind, discounts: Sequence[Decimal]) -> list[Share]:
    shares = []
    for index, discount in zip(basket.open, discounts, strict=True):
        most = min(discount, basket.amounts[index])
        if most > 0:
            shares.append(Share(index, most, basket.quantities[index], value, kind, most < discount))
    return shares


def _spread(
    basket: Basket, total: Decimal, value: Decimal, kind: ValueKind, weights: Sequence[Decimal] | None = None
) -> list[Share]:
    """A total by largest remainder over running amounts, each line capped at its own (rule book 0.1, 16)."""
    weights = [basket.amounts[i] for i in basket.open] if weights is None else weights
    whole = sum((basket.amounts[i] for i in basket.open), ZERO)
    parts = allocate(min(total, whole), weights, basket.exponent)
    return [
        Share(i, min(part, basket.amounts[i]), basket.quantities[i], value, kind, total > whole)
        for i, part in zip(basket.open, parts, strict=True)
        if min(part, basket.amounts[i]) > 0
    ]


@dataclass(frozen=True, slots=True)
class Percent(Benefit):
    kind: ClassVar[BenefitKind] = BenefitKind.PERCENT
    is_percent: ClassVar[bool] = True
    has_amount: ClassVar[bool] = False
    percent: Decimal

    def shares(self, basket: Basket) -> list[Share]:
        worths = [worth(basket, i) for i in basket.open]
        with localcontext(prec=60):
            if basket.rounds_once:
                total = round_money(sum(worths, ZERO) * self.percent / 100, basket.exponent)
                return _spread(basket, total, self.percent, ValueKind.PERCENT, worths)
            discounts = [round_money(each * self.percent / 100, basket.exponent) for each in worths]
        return _linewise(basket, self.percent, ValueKind.PERCENT, discounts)


@dataclass(frozen=True, slots=True)
class AmountPerUnit(Benefit):
    kind: ClassVar[BenefitKind] = BenefitKind.AMOUNT_PER_UNIT
    amount: Decimal

    def shares(self, basket: Basket) -> list[Share]:
        discounts = [
            line_amount(basket.quantities[i], self.amount, exponent=basket.exponent) for i in basket.open
        ]
        return _linewise(basket, self.amount, ValueKind.AMOUNT_PER_UNIT, discounts)


@dataclass(frozen=True, slots=True)
class AmountPerLine(Benefit):
    kind: ClassVar[BenefitKind] = BenefitKind.AMOUNT_PER_LINE
    amount: Decimal

    def shares(self, basket: Basket) -> list[Share]:
        discount = round_money(self.amount, basket.exponent)
        return _linewise(basket, self.amount, ValueKind.AMOUNT_PER_LINE, [discount] * len(basket.open))


@dataclass(frozen=True, slots=True)
class AmountPerOrder(Benefit):
    kind: ClassVar[BenefitKind] = BenefitKind.AMOUNT_PER_ORDER
    is_linewise: ClassVar[bool] = False
    amount: Decimal

    def shares(self, basket: Basket) -> list[Share]:
        total = round_money(self.amount, basket.exponent)
        return _spread(basket, total, self.amount, ValueKind.AMOUNT_PER_ORDER)


@dataclass(frozen=True, slots=True)
class UnitPrice(Benefit):
    """A price of `price_unit` units; it only ever lowers one (TA-23). 0 is free."""

    kind: ClassVar[BenefitKind] = BenefitKind.UNIT_PRICE
    amount: Decimal
    price_unit: Decimal = Decimal(1)

    def shares(self, basket: Basket) -> list[Share] | Miss:
        discounts = [
            round_money(worth(basket, i), basket.exponent)
            - line_amount(basket.quantities[i], self.amount, self.price_unit, basket.exponent)
            for i in basket.open
        ]
        shares = _linewise(basket, self.amount, ValueKind.UNIT_PRICE, discounts)
        return shares or Miss("The price is as low already.")


@dataclass(frozen=True, slots=True)
class SetPrice(Benefit):
    """Each full set of `quantity` units costs `amount`; the dearest units make the sets. It only lowers a price."""

    kind: ClassVar[BenefitKind] = BenefitKind.SET_PRICE
    is_linewise: ClassVar[bool] = False
    amount: Decimal
    quantity: Decimal

    def shares(self, basket: Basket) -> list[Share] | Miss:
        whole = sum((basket.quantities[i] for i in basket.open), ZERO)
        sets = whole // self.quantity
        if not sets:
            data = (("least", plain(self.quantity)), ("reached", plain(whole)))
            return Miss("It begins at a quantity of {least}; this is {reached}.", data)
        chosen = limited(basket, sets * self.quantity)
        worths = [worth(chosen, i) for i in chosen.open]
        with localcontext(prec=60):
            total = round_money(sum(worths, ZERO), basket.exponent) - round_money(
                self.amount * sets, basket.exponent
            )
        if total <= 0:
            return Miss("The price is as low already.")
        return _spread(chosen, total, self.amount, ValueKind.AMOUNT_PER_ORDER, worths)


@dataclass(frozen=True, slots=True)
class LeastExpensive(Benefit):
    """A percent off the `count` cheapest units; once, or for each full `per` units."""

    kind: ClassVar[BenefitKind] = BenefitKind.LEAST_EXPENSIVE
    is_linewise: ClassVar[bool] = False
    has_amount: ClassVar[bool] = False
    percent: Decimal
    count: Decimal
    per: Decimal | None = None

    def shares(self, basket: Basket) -> list[Share] | Miss:
        whole = sum((basket.quantities[i] for i in basket.open), ZERO)
        times = Decimal(1) if self.per is None else whole // self.per
        if not times:
            data = (("least", plain(self.per or ZERO)), ("reached", plain(whole)))
            return Miss("It begins at a quantity of {least}; this is {reached}.", data)
        quantities, left = [ZERO] * len(basket.lines), times * self.count
        for index in by_price(basket, is_dearest_first=False):
            quantities[index] = min(basket.quantities[index], left)
            left -= quantities[index]
        chosen = replace(
            basket,
            quantities=quantities,
            open=tuple(i for i in basket.open if quantities[i] > 0),
            rounds_once=False,
        )
        return Percent(self.percent).shares(chosen)


TierBenefit = Percent | AmountPerUnit | AmountPerLine | AmountPerOrder | UnitPrice


@dataclass(frozen=True, slots=True)
class Tier:
    """From this quantity or amount on, the benefit; up to the next tier, which owns its boundary."""

    least: Decimal
    benefit: TierBenefit


@dataclass(frozen=True, slots=True)
class Tiered(Benefit):
    """
    A benefit by steps.

    Args:
        tiers: rising.
        is_stepped: each step's benefit for what lies within the step alone (percents and amounts per unit); a
            quantity "from 11" begins with the eleventh unit, and the last step reached takes the rest.
    """

    kind: ClassVar[BenefitKind] = BenefitKind.TIERED
    is_linewise: ClassVar[bool] = False
    measure: Measure
    of: Extent
    tiers: tuple[Tier, ...]
    is_stepped: bool = False

    def shares(self, basket: Basket) -> list[Share] | Miss:
        if self.of is Extent.LINE:
            found = [self._reached(replace(basket, open=(i,)), i) for i in basket.open]
            shares = [share for each in found if not isinstance(each, Miss) for share in each]
            return shares or next((each for each in found if isinstance(each, Miss)), [])
        return self._reached(basket, 0)

    def _reached(self, basket: Basket, index: int) -> list[Share] | Miss:
        measured = basket.measured(self.measure, basket.over(self.of, index))
        reached = [tier for tier in self.tiers if tier.least <= measured]
        if not reached:
            data = (("least", plain(self.tiers[0].least)), ("reached", plain(measured)))
            if self.measure is Measure.AMOUNT:
                return Miss("It begins at an amount of {least}; this is {reached}.", data)
            return Miss("It begins at a quantity of {least}; this is {reached}.", data)
        if not self.is_stepped:
            return reached[-1].benefit.shares(basket)
        return self._stepped(basket, reached, measured)

    def _stepped(self, basket: Basket, reached: Sequence[Tier], measured: Decimal) -> list[Share]:
        first = Decimal(1) if self.measure is Measure.QUANTITY else ZERO
        bounds = [max(tier.least - first, ZERO) for tier in reached] + [measured]
        whole = sum((worth(basket, i) for i in basket.open), ZERO)
        total = ZERO
        with localcontext(prec=60):
            for tier, low, high in zip(reached, bounds, bounds[1:], strict=False):
                part = high - low
                if isinstance(tier.benefit, Percent):
                    total += tier.benefit.percent * whole * part / measured / 100
                elif isinstance(tier.benefit, AmountPerUnit):
                    total += tier.benefit.amount * part
            total = round_money(total, basket.exponent)
        kind = ValueKind.AMOUNT_PER_LINE if self.of is Extent.LINE else ValueKind.AMOUNT_PER_ORDER
        return _spread(basket, total, total, kind)


def is_linewise(benefit: Benefit) -> bool:
    """Whether each line's share depends on that line alone."""
    if isinstance(benefit, Tiered):
        is_one_by_one = benefit.of is Extent.LINE or not benefit.is_stepped
        return is_one_by_one and all(tier.benefit.is_linewise for tier in benefit.tiers)
    return benefit.is_linewise


def is_percent(benefit: Benefit) -> bool:
    """Whether it comes before amounts among order promotions; tiers that hold an amount count as one."""
    if isinstance(benefit, Tiered):
        return all(tier.benefit.is_percent for tier in benefit.tiers)
    return benefit.is_percent or isinstance(benefit, LeastExpensive)


def needs_currency(benefit: Benefit) -> bool:
    """Whether it names money, which means something in one currency alone."""
    if isinstance(benefit, Tiered):
        return benefit.measure is Measure.AMOUNT or any(tier.benefit.has_amount for tier in benefit.tiers)
    return benefit.has_amount


BENEFIT_TYPES: dict[BenefitKind, type[Benefit]] = {
    each.kind: each
    for each in (
        Percent, AmountPerUnit, AmountPerLine, AmountPerOrder, UnitPrice, SetPrice, LeastExpensive, Tiered,
    )
}  # fmt: skip
