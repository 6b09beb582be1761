"""The stored shape of conditions and benefits: JSON that says its kind, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import time
from decimal import Decimal
from typing import Any

from rules.discounts_benefits import BENEFIT_TYPES, Benefit, BenefitKind, Tier, Tiered
from rules.discounts_conditions import CONDITION_TYPES, Condition, ConditionKind, Extent, Measure
from rules.quantities import plain

Stored = dict[str, Any]
_To = Callable[[Any], Any]


def _amount(stored: Any) -> Decimal:
    return Decimal(str(stored))


def _tier_to_json(tier: Tier) -> Stored:
    return {"least": plain(tier.least), "benefit": benefit_to_json(tier.benefit)}


def _tier_from_json(stored: Mapping[str, Any]) -> Tier:
    benefit = benefit_from_json(stored["benefit"])
    assert not isinstance(benefit, Tiered), "tiers do not nest"
    return Tier(_amount(stored["least"]), benefit)  # type: ignore[arg-type]


# Field of a condition or benefit: how it is written and read.
_FIELDS: dict[str, tuple[_To, _To]] = {
    "values": (sorted, frozenset),
    "is_excluded": (bool, bool),
    "weekdays": (sorted, frozenset),
    "from_time": (time.isoformat, time.fromisoformat),
    "until_time": (time.isoformat, time.fromisoformat),
    "days": (int, int),
    "times": (int, int),
    "months": (int, int),
    "measure": (str, Measure),
    "of": (str, Extent),
    "mandatory": (
        lambda pairs: [[product, plain(least)] for product, least in pairs],
        lambda pairs: tuple((product, _amount(least)) for product, least in pairs),
    ),
    "tiers": (
        lambda tiers: [_tier_to_json(each) for each in tiers],
        lambda tiers: tuple(_tier_from_json(each) for each in tiers),
    ),
    "is_stepped": (bool, bool),
    **dict.fromkeys(
        ("least", "below", "quantity", "percent", "amount", "price_unit", "count", "per"), (plain, _amount)
    ),
}


def _to_json(given: Condition | Benefit) -> Stored:
    stored: Stored = {"kind": given.kind.value}
    for each in fields(given):  # type: ignore[arg-type]
        value = getattr(given, each.name)
        if each.default is MISSING or value != each.default:
            stored[each.name] = _FIELDS[each.name][0](value)
    return stored


def _from_json(kind: type[Any], stored: Mapping[str, Any]) -> Any:
    return kind(**{name: _FIELDS[name][1](value) for name, value in stored.items() if name != "kind"})


def conditions_to_json(conditions: Sequence[Condition]) -> list[Stored]:
    return [_to_json(each) for each in conditions]


def conditions_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(_from_json(CONDITION_TYPES[ConditionKind(each["kind"])], each) for each in stored)


def benefit_to_json(benefit: Benefit) -> Stored:
    return _to_json(benefit)


def benefit_from_json(stored: Mapping[str, Any]) -> Benefit:
    found: Benefit = _from_json(BENEFIT_TYPES[BenefitKind(stored["kind"])], stored)
    return found
