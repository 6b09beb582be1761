"""Rules of charges: looked at, kept and ended by the sales managers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from models.base import new_id
from models.charges import (
    ChargeBandRow,
    ChargeRuleRow,
    StoredChargeBand,
    StoredChargeRule,
    visible_charge_bands,
    visible_charges,
)
from models.rows import by_key, grouped
from models.sellers import Currency
from resolvers.context import Context
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.price_rules import lock_rule, matching, warn_of_rivals
from resolvers.rule_targets import Target, checked_head, day_after, find_target
from rules.charges import ChargeBand, ChargeBasis, ChargeKind, ChargeRule, check_charge
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.texts import sort_key

BANDS_MAX = 50
PLACES_MAX = 100
_VALUE_MAX = Decimal(10) ** 9
_TABLE = StoredChargeRule
# Of two rules of the same reach and priority only those compete that agree in these.
_RIVAL = ("kind", "currency", "countries", "postal_prefixes", "incoterms")


@dataclass(frozen=True, slots=True)
class ChargeDraft:
    """A rule as it shall be; `last_day` is the last one, None has no end. `bands` in rising order."""

    name: str
    kind: ChargeKind
    basis: ChargeBasis
    currency: str
    bands: tuple[ChargeBand, ...]
    valid_from: date
    last_day: date | None = None
    target: Target = field(default_factory=Target)
    priority: int = 0
    countries: tuple[str, ...] = ()
    postal_prefixes: tuple[str, ...] = ()
    incoterms: tuple[str, ...] = ()
    free_from: Decimal | None = None


async def list_charges(
    ctx: Context, search: str | None, include_ended: bool, args: PageArgs
) -> Page[ChargeRuleRow]:
    """Rules by name; those that ended only when asked."""
    statement = matching(visible_charges(ctx.user), _TABLE, search, include_ended, ctx.today)
    return await page(
        ctx, statement, [SortKey("name", _TABLE.name_sort), SortKey("id", _TABLE.id)], args, ChargeRuleRow
    )


async def charges_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ChargeRuleRow | None]:
    rows = await ctx.session.execute(visible_charges(ctx.user).where(_TABLE.id.in_(keys)))
    return by_key(keys, (ChargeRuleRow(*each) for each in rows))


async def bands_by_rule(ctx: Context, keys: Sequence[UUID]) -> list[list[ChargeBandRow]]:
    rows = await ctx.session.execute(visible_charge_bands(ctx.user).where(StoredChargeBand.rule_id.in_(keys)))
    return grouped(keys, (ChargeBandRow(*each) for each in rows), "rule_id")


async def create_charge(ctx: Context, draft: ChargeDraft) -> UUID:
    values = await _checked(ctx, draft)
    rule = _TABLE(id=new_id(), seller_id=ctx.user.seller_id, version=1, created_at=ctx.now, **values)
    ctx.session.add(rule)
    await ctx.session.flush()
    _add_bands(ctx, rule.id, draft.bands)
    _record(ctx, "created", rule)
    await ctx.session.flush()
    await warn_of_rivals(ctx, rule, _RIVAL)
    return rule.id


async def update_charge(ctx: Context, rule_id: UUID, draft: ChargeDraft, expected_version: int) -> UUID:
    """The whole rule as it shall be; orders placed before keep what they were charged."""
    rule = await lock_rule(ctx, _TABLE, rule_id, expected_version)
    for name, value in (await _checked(ctx, draft)).items():
        setattr(rule, name, value)
    rule.version += 1
    await ctx.session.execute(delete(StoredChargeBand).where(StoredChargeBand.rule_id == rule.id))
    _add_bands(ctx, rule.id, draft.bands)
    _record(ctx, "updated", rule)
    await ctx.session.flush()
    await warn_of_rivals(ctx, rule, _RIVAL)
    return rule.id


async def deactivate_charge(ctx: Context, rule_id: UUID, expected_version: int) -> UUID:
    """From today on the rule charges nothing."""
    rule = await lock_rule(ctx, _TABLE, rule_id, expected_version)
    rule.active_until = ctx.today
    rule.version += 1
    _record(ctx, "deactivated", rule)
    await ctx.session.flush()
    return rule.id


def _add_bands(ctx: Context, rule_id: UUID, bands: Sequence[ChargeBand]) -> None:
    ctx.session.add_all(
        [
            StoredChargeBand(
                rule_id=rule_id, position=position, from_value=band.from_value, to_value=band.to_value,
                method=band.method, value=band.value,
            )
            for position, band in enumerate(bands)
        ]
    )  # fmt: skip


def _record(ctx: Context, act: str, rule: StoredChargeRule) -> None:
    record(
        ctx, f"chargeRule.{act}", "ChargeRule", rule.id, version=rule.version, customer_id=rule.customer_id,
        published=False,
    )  # fmt: skip


async def _checked(ctx: Context, draft: ChargeDraft) -> dict[str, Any]:
    """The columns of a sound rule; refuses each field at fault."""
    found, wrong = await find_target(ctx, draft.target)
    countries, prefixes, incoterms = (
        sorted({each.strip().replace(" ", "").upper() for each in texts if each.strip()})
        for texts in (draft.countries, draft.postal_prefixes, draft.incoterms)
    )
    rule = ChargeRule(
        id="",
        name=draft.name,
        kind=draft.kind,
        basis=draft.basis,
        currency=draft.currency.upper(),
        bands=draft.bands,
        priority=draft.priority,
        customer=str(draft.target.customer_id or ""),
        customer_group=draft.target.customer_group,
        segment=draft.target.segment.strip(),
        product=str(draft.target.product_id or ""),
        category_path=found.category_path or ("?" if draft.target.category_id else ""),
        countries=frozenset(countries),
        postal_prefixes=frozenset(prefixes),
        incoterms=frozenset(incoterms),
        free_from=draft.free_from,
        valid_from=draft.valid_from,
        valid_until=day_after(draft.last_day),
    )
    wrong += checked_head(draft.name, draft.priority, draft.target.segment) + check_charge(rule)
    wrong += _outsized(draft)
    places = {"postalPrefixes": (prefixes, 16), "incoterms": (incoterms, 16), "countries": (countries, 2)}
    for name, (texts, characters) in places.items():
        if len(texts) > PLACES_MAX or any(len(each) > characters for each in texts if name != "countries"):
            wrong.append(Refusal(ErrorCode.INVALID, "This list is too long.", (name,)))
    if await ctx.session.scalar(select(Currency.code).where(Currency.code == rule.currency)) is None:
        wrong.append(Refusal(ErrorCode.INVALID, "There is no such currency.", ("currency",)))
    refuse_all(wrong)
    return {
        "name": draft.name.strip(),
        "name_sort": sort_key(draft.name.strip()),
        "kind": draft.kind,
        "basis": draft.basis,
        "currency": rule.currency,
        "priority": draft.priority,
        "customer_id": found.customer_id,
        "customer_group_id": found.customer_group_id,
        "segment": found.segment,
        "product_id": found.product_id,
        "category_id": found.category_id,
        "countries": countries,
        "postal_prefixes": prefixes,
        "incoterms": incoterms,
        "free_from": draft.free_from,
        "valid_from": draft.valid_from,
        "valid_until": day_after(draft.last_day),
    }


def _outsized(draft: ChargeDraft) -> list[Refusal]:
    """What no column holds: too many bands, numbers that are too large or too finely divided."""
    if len(draft.bands) > BANDS_MAX:
        text = "There are {limit} bands at most."
        return [Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("bands",), limit=BANDS_MAX)]
    numbers: list[tuple[tuple[str | int, ...], Decimal | None]] = [(("freeFrom",), draft.free_from)]
    for index, band in enumerate(draft.bands):
        numbers += [
            (("bands", index, "from"), band.from_value),
            (("bands", index, "to"), band.to_value),
            (("bands", index, "value"), band.value),
        ]
    text = "This number is too large or has more than {decimals} decimals."
    found = []
    for path, number in numbers:
        decimals = 3 if path == ("freeFrom",) else 6
        if number is not None and (
            abs(number) > _VALUE_MAX or number != number.quantize(Decimal(1).scaleb(-decimals))
        ):
            found.append(Refusal(ErrorCode.INVALID, text, path, decimals=decimals))
    return found
