"""Conditions and benefits in words, in the viewer's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names

from resolvers.messages import translate
from rules.discounts_benefits import (
    AmountPerLine,
    AmountPerOrder,
    AmountPerUnit,
    Benefit,
    LeastExpensive,
    Percent,
    SetPrice,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    BoughtBefore,
    BoughtTogether,
    BrandIs,
    ByChannel,
    CategoryIs,
    Condition,
    CustomerGroupIs,
    CustomerIs,
    Extent,
    InSegment,
    InWishlist,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)

NAMES_SHOWN = 5


class Words:
    """Says conditions and benefits; `names` are those of customers and products by their ids."""

    def __init__(self, locale: str, names: Mapping[str, str], currency: str) -> None:
        self.locale = locale
        self.names = names
        self.currency = currency

    def said(self, template: str, **data: object) -> str:
        return translate(template, data, self.locale)

    def _listed(self, values: Sequence[str] | frozenset[str]) -> str:
        names = sorted(self.names.get(each, each) for each in values)
        shown = ", ".join(names[:NAMES_SHOWN])
        more = len(names) - NAMES_SHOWN
        return self.said("{names} and {count} more", names=shown, count=more) if more > 0 else shown

    def condition(self, condition: Condition) -> str:
        said: Callable[[Any], str] = _CONDITIONS[type(condition)].__get__(self)
        return said(condition)

    def benefit(self, benefit: Benefit) -> str:
        said: Callable[[Any], str] = _BENEFITS[type(benefit)].__get__(self)
        return said(benefit)

    def _customers(self, condition: CustomerIs) -> str:
        names = self._listed(condition.values)
        if condition.is_excluded:
            return self.said("Not the customers {names}", names=names)
        return self.said("Customers: {names}", names=names)

    def _groups(self, condition: CustomerGroupIs) -> str:
        names = self._listed(condition.values)
        if condition.is_excluded:
            return self.said("Not the customer groups {names}", names=names)
        return self.said("Customer groups: {names}", names=names)

    def _segments(self, condition: InSegment) -> str:
        names = self._listed(condition.values)
        if condition.is_excluded:
            return self.said("Not the segments {names}", names=names)
        return self.said("Segments: {names}", names=names)

    def _channels(self, condition: ByChannel) -> str:
        return self.said("Ordered through: {names}", names=self._listed(condition.values))

    def _first_order(self, condition: OnFirstOrder) -> str:
        return self.said("The customer's first order")

    def _window(self, condition: Window) -> str:
        parts = []
        if condition.weekdays:
            names = get_day_names("wide", locale=self.locale)
            parts.append(", ".join(names[day - 1] for day in sorted(condition.weekdays)))
        if condition.from_time is not None:
            parts.append(self.said("from {time}", time=f"{condition.from_time:%H:%M}"))
        if condition.until_time is not None:
            parts.append(self.said("until {time}", time=f"{condition.until_time:%H:%M}"))
        return " ".join(parts) or self.said("At any time")

    def _products(self, condition: ProductIs) -> str:
        names = self._listed(condition.values)
        if condition.is_excluded:
            return self.said("Not the products {names}", names=names)
        return self.said("Products: {names}", names=names)

    def _categories(self, condition: CategoryIs) -> str:
        names = self._listed([each.strip("/").replace("/", " › ") for each in condition.values])
        if condition.is_excluded:
            return self.said("Not the categories {names}", names=names)
        return self.said("Categories: {names}", names=names)

    def _brands(self, condition: BrandIs) -> str:
        names = self._listed(condition.values)
        if condition.is_excluded:
            return self.said("Not the brands {names}", names=names)
        return self.said("Brands: {names}", names=names)

    def _near_expiry(self, condition: NearExpiry) -> str:
        return self.said("Expires within {days} days", days=condition.days)

    def _bought_before(self, condition: BoughtBefore) -> str:
        template = "Bought by the customer at least {times} times in {months} months"
        return self.said(template, times=condition.times, months=condition.months)

    def _wishlist(self, condition: InWishlist) -> str:
        return self.said("In a wishlist of the customer")

    def _together(self, condition: BoughtTogether) -> str:
        return self.said("Often bought with another product of the basket")

    def _minimum(self, condition: Minimum) -> str:
        least = self._measured(condition.measure, condition.least)
        if condition.of is Extent.LINE:
            text = self.said("From {least} of the line", least=least)
        elif condition.of is Extent.ORDER:
            text = self.said("From {least} of the order", least=least)
        else:
            text = self.said("From {least} of these products", least=least)
        if condition.below is None:
            return text
        below = self._measured(condition.measure, condition.below)
        return text + " " + self.said("and below {below}", below=below)

    def _measured(self, measure: Measure, value: Decimal) -> str:
        if measure is Measure.AMOUNT:
            return self.said("{amount} {currency}", amount=value, currency=self.currency)
        return self.said("{quantity} units", quantity=value)

    def _mix(self, condition: MixAndMatch) -> str:
        text = self.said("{quantity} units in any mixture", quantity=condition.quantity)
        for product, least in condition.mandatory:
            name = self.names.get(product, product)
            text += ", " + self.said("{quantity} of {name} among them", quantity=least, name=name)
        return text

    def _percent(self, benefit: Percent) -> str:
        return self.said("{percent} % off", percent=benefit.percent)

    def _per_unit(self, benefit: AmountPerUnit) -> str:
        return self.said("{amount} {currency} off each unit", amount=benefit.amount, currency=self.currency)

    def _per_line(self, benefit: AmountPerLine) -> str:
        return self.said("{amount} {currency} off each line", amount=benefit.amount, currency=self.currency)

    def _per_order(self, benefit: AmountPerOrder) -> str:
        template = "{amount} {currency} off the order"
        return self.said(template, amount=benefit.amount, currency=self.currency)

    def _unit_price(self, benefit: UnitPrice) -> str:
        if benefit.price_unit == 1:
            template = "{amount} {currency} a unit"
            return self.said(template, amount=benefit.amount, currency=self.currency)
        template = "{amount} {currency} for {quantity} units"
        return self.said(template, amount=benefit.amount, currency=self.currency, quantity=benefit.price_unit)

    def _set_price(self, benefit: SetPrice) -> str:
        template = "{amount} {currency} for each set of {quantity} units"
        return self.said(template, amount=benefit.amount, currency=self.currency, quantity=benefit.quantity)

    def _least_expensive(self, benefit: LeastExpensive) -> str:
        if benefit.per is None:
            template = "{percent} % off the {count} cheapest units"
            return self.said(template, percent=benefit.percent, count=benefit.count)
        template = "{percent} % off the {count} cheapest of each {per} units"
        return self.said(template, percent=benefit.percent, count=benefit.count, per=benefit.per)

    def _tiered(self, benefit: Tiered) -> str:
        tiers = "; ".join(
            self.said(
                "from {least}: {benefit}",
                least=self._measured(benefit.measure, tier.least),
                benefit=self.benefit(tier.benefit),
            )
            for tier in benefit.tiers
        )
        return self.said("By steps, {tiers}", tiers=tiers) if benefit.is_stepped else tiers


_CONDITIONS: Mapping[type[Any], Any] = {
    CustomerIs: Words._customers,
    CustomerGroupIs: Words._groups,
    InSegment: Words._segments,
    ByChannel: Words._channels,
    OnFirstOrder: Words._first_order,
    Window: Words._window,
    ProductIs: Words._products,
    CategoryIs: Words._categories,
    BrandIs: Words._brands,
    NearExpiry: Words._near_expiry,
    BoughtBefore: Words._bought_before,
    InWishlist: Words._wishlist,
    BoughtTogether: Words._together,
    Minimum: Words._minimum,
    MixAndMatch: Words._mix,
}
_BENEFITS: Mapping[type[Any], Any] = {
    Percent: Words._percent,
    AmountPerUnit: Words._per_unit,
    AmountPerLine: Words._per_line,
    AmountPerOrder: Words._per_order,
    UnitPrice: Words._unit_price,
    SetPrice: Words._set_price,
    LeastExpensive: Words._least_expensive,
    Tiered: Words._tiered,
}


def last_day(valid_until: date | None) -> date | None:
    """The last day of a half-open validity, as people say it."""
    return None if valid_until is None else valid_until - timedelta(days=1)


def day_after(last: date | None) -> date | None:
    """The end of a validity whose last day people say."""
    return None if last is None else last + timedelta(days=1)
