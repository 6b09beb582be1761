"""The trace of a price: every step with its rule, and how a trace replays to its price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, line_amount, round_money
from rules.quantities import plain


class PriceComponent(StrEnum):
    """What a step is of, in the order of the phases (rule book 0.1, 15)."""

    LIST_PRICE = "LIST_PRICE"
    QUANTITY_BREAK = "QUANTITY_BREAK"
    TRADE_PRICE = "TRADE_PRICE"
    AGREEMENT_PRICE = "AGREEMENT_PRICE"
    MANUAL_PRICE = "MANUAL_PRICE"
    LINE_DISCOUNT = "LINE_DISCOUNT"
    MULTILINE_DISCOUNT = "MULTILINE_DISCOUNT"
    AGREEMENT_DISCOUNT = "AGREEMENT_DISCOUNT"
    FREE_GOODS = "FREE_GOODS"
    PROMOTION = "PROMOTION"
    ALLOWANCE = "ALLOWANCE"
    MANUAL_DISCOUNT = "MANUAL_DISCOUNT"
    ORDER_PROMOTION = "ORDER_PROMOTION"
    TOTAL_DISCOUNT = "TOTAL_DISCOUNT"
    DOCUMENT_DISCOUNT = "DOCUMENT_DISCOUNT"
    ALWAYS = "ALWAYS"
    CHARGE = "CHARGE"


# Steps of phases 1 to 3, and charges, carry a unit price; those of others take a rounded amount off the line.
UNIT_COMPONENTS = frozenset(
    {
        PriceComponent.LIST_PRICE,
        PriceComponent.QUANTITY_BREAK,
        PriceComponent.TRADE_PRICE,
        PriceComponent.AGREEMENT_PRICE,
        PriceComponent.MANUAL_PRICE,
        PriceComponent.LINE_DISCOUNT,
        PriceComponent.MULTILINE_DISCOUNT,
        PriceComponent.AGREEMENT_DISCOUNT,
        PriceComponent.CHARGE,
    }
)


# What a price set by hand takes the place of; list and trade price stay to be seen.
_GIVING_WAY = frozenset(
    {
        PriceComponent.LINE_DISCOUNT,
        PriceComponent.MULTILINE_DISCOUNT,
        PriceComponent.AGREEMENT_PRICE,
        PriceComponent.AGREEMENT_DISCOUNT,
    }
)


class PriceReason(StrEnum):
    """Why a step of phases 1 to 3 does not apply; the texts are message ids."""

    BY_HAND = "A price was set by hand."
    IN_PLACE = "The agreement stands in place of other discounts."
    RULES_CHEAPER = "The agreement's price is a ceiling, and the other rules are cheaper."
    OTHER_CHEAPER = "Another row of the trade agreements is cheaper."


class PriceStepStatus(StrEnum):
    APPLIED = "APPLIED"
    EXCLUDED = "EXCLUDED"
    CAPPED = "CAPPED"


class ValueKind(StrEnum):
    """What the value of a step is."""

    UNIT_PRICE = "UNIT_PRICE"
    PERCENT = "PERCENT"
    AMOUNT_PER_UNIT = "AMOUNT_PER_UNIT"
    AMOUNT_PER_LINE = "AMOUNT_PER_LINE"
    AMOUNT_PER_ORDER = "AMOUNT_PER_ORDER"
    QUANTITY = "QUANTITY"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """
    One step of a price: its cause, and the running price after it.

    Args:
        rule: the rule as people know it; `rule_id` is its key, empty where nothing is stored behind the step.
        value: what the rule says, in the sense of `value_kind`.
        running_price: the net price of `price_unit` units after the step; in later phases a quotient with 6 decimals,
            shown and never multiplied (rule book 0.2, 26).
        discount: what the step took off the line amount, in the currency's minor unit; 0 in phases 1 to 3, whose
            line amount is rounded once, from the unit price they arrive at.
        basis: what `discount` was taken of: the running line amount, or the original one for summed discounts.
        reason: why it was excluded or capped; for a manual step, what its author said. A `str.format` template over
            `data`, and a message id.
        by_rules: discount and basis as the rules had them, where what people gave on the line changed them since.
    """

    component: PriceComponent
    rule: str
    value: Decimal
    running_price: Decimal
    status: PriceStepStatus = PriceStepStatus.APPLIED
    reason: str = ""
    rule_id: str = ""
    value_kind: ValueKind = ValueKind.UNIT_PRICE
    discount: Decimal = ZERO
    basis: Decimal | None = None
    data: tuple[tuple[str, str], ...] = ()
    by_rules: tuple[Decimal, Decimal | None] | None = None

    def to_json(self) -> dict[str, object]:
        stored: dict[str, object] = {
            "component": self.component,
            "rule": self.rule,
            "value": plain(self.value),
            "runningPrice": plain(self.running_price),
            "status": self.status,
            "reason": self.reason,
        }
        if self.rule_id:
            stored["ruleId"] = self.rule_id
        if self.value_kind is not ValueKind.UNIT_PRICE:
            stored["valueKind"] = self.value_kind
        if self.discount:
            stored["discount"] = plain(self.discount)
        if self.basis is not None:
            stored["basis"] = plain(self.basis)
        if self.data:
            stored["data"] = dict(self.data)
        if self.by_rules is not None:
            stored["byRules"] = [None if each is None else plain(each) for each in self.by_rules]
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "PriceStep":
        """Steps stored before `valueKind` and the like came read as they were meant."""
        component = PriceComponent(str(stored["component"]))
        is_percent = component is PriceComponent.MANUAL_DISCOUNT
        kind = str(stored.get("valueKind") or (ValueKind.PERCENT if is_percent else ValueKind.UNIT_PRICE))
        data, by_rules = stored.get("data"), stored.get("byRules")
        return cls(
            component,
            str(stored["rule"]),
            Decimal(str(stored["value"])),
            Decimal(str(stored["runningPrice"])),
            PriceStepStatus(str(stored["status"])),
            str(stored["reason"]),
            str(stored.get("ruleId", "")),
            ValueKind(kind),
            Decimal(str(stored.get("discount", "0"))),
            Decimal(str(stored["basis"])) if "basis" in stored else None,
            tuple((str(key), str(value)) for key, value in data.items()) if isinstance(data, dict) else (),
            (Decimal(by_rules[0]), None if by_rules[1] is None else Decimal(by_rules[1]))
            if isinstance(by_rules, list)
            else None,
        )


def shown_price(unit_price: Decimal) -> Decimal:
    """A unit price as it is stored and shown: 6 decimals (rule book 1)."""
    exponent = unit_price.as_tuple().exponent
    return unit_price if isinstance(exponent, int) and exponent >= -6 else round_money(unit_price, 6)


def quotient_price(amount: Decimal, price_unit: Decimal, quantity: Decimal) -> Decimal:
    """What `price_unit` units come to within an amount: 6 decimals, shown and never multiplied (rule book 0.2, 26)."""
    with localcontext(prec=60):
        return round_money(amount * price_unit / quantity, 6)


def given_way(step: PriceStep) -> PriceStep:
    """The step where a price was set by hand: what would have come off, or taken the list price's place, does not."""
    if step.component not in _GIVING_WAY or step.status is PriceStepStatus.EXCLUDED:
        return step
    return replace(step, status=PriceStepStatus.EXCLUDED, reason=PriceReason.BY_HAND)


def as_by_rules(step: PriceStep) -> PriceStep:
    """The step as it was before people gave something on the line."""
    if step.reason == PriceReason.BY_HAND and step.component in _GIVING_WAY:
        return replace(step, status=PriceStepStatus.APPLIED, reason="")
    if step.by_rules is None:
        return step
    discount, basis = step.by_rules
    return replace(step, discount=discount, basis=basis, by_rules=None)


def replay(steps: Sequence[PriceStep], quantity: Decimal, price_unit: Decimal, exponent: int) -> Decimal:
    """The line amount that the steps lead to: the last unit price once rounded, less each later discount."""
    used = [step for step in steps if step.status is not PriceStepStatus.EXCLUDED]
    unit_prices = [step.running_price for step in used if step.component in UNIT_COMPONENTS]
    amount = line_amount(quantity, unit_prices[-1], price_unit, exponent)
    return amount - sum((step.discount for step in used), ZERO)
