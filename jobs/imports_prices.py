"""List prices of a file, by product, currency, unit, quantity and first day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, look_up, products_by_sku, unknown
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.imports_reads import list_prices_of
from models.prices import ListPrice
from models.products import ProductUnit
from models.sellers import Currency
from rules.import_prices import UNSAID, Period, ToldPrice, put_price
from rules.imports import ImportRow
from rules.refusals import Refusal

Scale = tuple[UUID, str, str, Decimal]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a batch is compared with."""

    products: Mapping[str, Any]
    units: frozenset[tuple[UUID, str]]
    currencies: Mapping[str, Any]
    periods: dict[Scale, list[Period]]


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    products = await products_by_sku(session, ground, rows)
    ids = [each.id for each in products.values()]
    others = select(ProductUnit.product_id, ProductUnit.unit_code).where(ProductUnit.product_id.in_(ids))
    units = {(row[0], row[1]) for row in await session.execute(others)}
    units |= {(each.id, each.unit_code) for each in products.values()}
    currencies = await codes_of(session, ground, "currency", select(Currency.code, Currency.code))
    periods: dict[Scale, list[Period]] = {}
    for row in await session.execute(list_prices_of(ids).order_by(ListPrice.valid_from)):
        scale = (row.product_id, row.currency, row.unit_code, row.from_quantity)
        period = Period(row.valid_from, row.valid_until, row.unit_price, row.price_unit, row.id)
        periods.setdefault(scale, []).append(period)
    return _Facts(products, frozenset(units), currencies, periods)


def _scale(ground: Ground, row: ImportRow, facts: _Facts, faults: list[Refusal]) -> Scale | None:
    """Which prices the row is about; None, and faults, where it cannot be told."""
    product = look_up(row, "sku", facts.products, faults)
    currency = ground.seller.currency
    if "currency" in row.values:
        currency = look_up(row, "currency", facts.currencies, faults)
    if product is None or currency is None:
        return None
    unit = str(row.values.get("unit") or product.unit_code)
    if (product.id, unit) not in facts.units:
        faults.append(unknown("unit", unit))
        return None
    quantity = row.values.get("from_quantity") or Decimal(0)
    assert isinstance(quantity, Decimal)
    return product.id, currency, unit, quantity


def _told(values: Mapping[str, Any]) -> ToldPrice:
    return ToldPrice(
        values["valid_from"],
        values["price"],
        values.get("price_unit", UNSAID),
        values.get("valid_until", UNSAID),
    )


async def plan_prices(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Prices that are new or differ; one that is open ends where the next one begins."""
    plan = Plan()
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    stored = {scale: tuple(periods) for scale, periods in facts.periods.items()}
    for row in sound:
        faults: list[Refusal] = []
        scale = _scale(ground, row, facts, faults)
        if scale is None:
            plan.refuse(row, *faults)
            continue
        periods = facts.periods.get(scale, [])
        try:
            after = put_price(periods, _told(row.values))
        except Refusal as refusal:
            plan.refuse(row, refusal)
            continue
        known = any(each.valid_from == row.values["valid_from"] for each in periods)
        if after == periods:
            plan.fates[row.number] = Fate.UNCHANGED
        else:
            plan.fates[row.number] = Fate.CHANGED if known else Fate.CREATED
            facts.periods[scale] = after
    plan.writes.append(lambda session: _write(session, ground, stored, facts.periods))
    return plan


async def _write(
    session: AsyncSession,
    ground: Ground,
    before: Mapping[Scale, Sequence[Period]],
    after: Mapping[Scale, Sequence[Period]],
) -> None:
    shortened: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    created: list[dict[str, Any]] = []
    touched: dict[UUID, Touched] = {}
    for scale, periods in after.items():
        known = {each.id: each for each in before.get(scale, ())}
        for each in periods:
            old = known.get(each.id) if each.id is not None else None
            if old == each:
                continue
            touched[scale[0]] = Touched(scale[0])
            values = {
                "valid_until": each.valid_until,
                "unit_price": each.unit_price,
                "price_unit": each.price_unit,
            }
            if old is None:
                created.append({
                    "id": new_id(), "product_id": scale[0], "currency": scale[1], "unit_code": scale[2],
                    "from_quantity": scale[3], "valid_from": each.valid_from, **values,
                })  # fmt: skip
            elif each.valid_until is not None and (
                old.valid_until is None or each.valid_until < old.valid_until
            ):
                shortened.append({"id": each.id, **values})
            else:
                changed.append({"id": each.id, **values})
    # Room is made before it is taken: on no day may two prices hold, not even between two statements.
    await update_rows(session, ListPrice, ("id",), shortened)
    await update_rows(session, ListPrice, ("id",), changed)
    await insert_rows(session, ListPrice, created)
    await Trail(ground, "product.priced", "Product").write(session, list(touched.values()))
