"""Products of a file, by their SKU."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, look_up, needed, not_changed
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.products import Product, ProductCategory, UnitOfMeasure
from models.search import refresh_search
from models.sellers import TaxCategory
from rules.imports import ImportRow, fault
from rules.refusals import ErrorCode, Refusal
from rules.states import ProductKind
from rules.texts import item_key, sort_key

# Column of the file -> column of the table.
_FIELDS = {
    "name": "name", "description": "description", "brand": "brand", "category": "category_id",
    "tax_category": "tax_category_id", "unit": "unit_code", "kind": "kind", "pack_size": "pack_size",
    "barcode": "barcode", "weight_kg": "weight_kg", "lot_tracked": "is_lot_tracked",
    "shelf_life_days": "shelf_life_days", "active_until": "active_until",
}  # fmt: skip
_NEEDED = ("name", "category", "tax_category", "unit")
# Stock, prices and documents are counted by these.
_FIXED = {"unit_code": "unit", "is_lot_tracked": "lot_tracked", "kind": "kind"}
# What an empty cell means, and an absent column for a new product.
_EMPTY: Mapping[str, Any] = {
    "description": "", "brand": "", "kind": ProductKind.GOODS, "pack_size": Decimal(1), "barcode": None,
    "weight_kg": None, "is_lot_tracked": False, "shelf_life_days": None, "active_until": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Codes:
    categories: Mapping[str, Any]
    taxes: Mapping[str, Any]
    units: Mapping[str, Any]


async def _codes(session: AsyncSession, ground: Ground) -> _Codes:
    seller_id = ground.seller.id
    categories = select(ProductCategory.code, ProductCategory.id).where(
        ProductCategory.seller_id == seller_id
    )
    taxes = select(TaxCategory.code, TaxCategory.id).where(TaxCategory.seller_id == seller_id)
    units = select(UnitOfMeasure.code, UnitOfMeasure.code)
    return _Codes(
        await codes_of(session, ground, "category", categories),
        await codes_of(session, ground, "tax_category", taxes),
        await codes_of(session, ground, "unit", units),
    )


async def _stored(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> dict[str, Any]:
    keys = [item_key(str(row.values["sku"])) for row in rows]
    columns = [getattr(Product, name) for name in ("id", "sku", "sku_key", *_FIELDS.values())]
    statement = select(*columns).where(Product.seller_id == ground.seller.id, Product.sku_key.in_(keys))
    return {row.sku_key: row for row in await session.execute(statement)}


def _values(row: ImportRow, codes: _Codes, faults: list[Refusal]) -> dict[str, Any]:
    """The table's values of the columns that the file has."""
    told = dict(row.values)
    told["category"] = look_up(row, "category", codes.categories, faults)
    told["tax_category"] = look_up(row, "tax_category", codes.taxes, faults)
    told["unit"] = look_up(row, "unit", codes.units, faults)
    return {
        field: _EMPTY.get(field) if told[column] is None else told[column]
        for column, field in _FIELDS.items()
        if column in row.values
    }


async def plan_products(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Products that are new or differ; the columns that the file lacks stay as they are."""
    plan = Plan()
    sound = plan.sound(rows)
    codes, stored = await _codes(session, ground), await _stored(session, ground, sound)
    created: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for row in sound:
        faults: list[Refusal] = []
        values = _values(row, codes, faults)
        sku = str(row.values["sku"])
        known = stored.get(item_key(sku))
        if known is None:
            faults += [needed(column) for column in _NEEDED if column not in row.values]
        elif known.sku != sku:
            text = "It reads the same as {sku}, which exists already."
            faults.append(fault(ErrorCode.ALREADY_EXISTS, "sku", text, sku=known.sku))
        else:
            faults += [
                not_changed(column)
                for field, column in _FIXED.items()
                if field in values and values[field] is not None and values[field] != getattr(known, field)
            ]
        if faults:
            plan.refuse(row, *faults)
        elif known is None:
            created.append(_new(ground, sku, values))
            plan.fates[row.number] = Fate.CREATED
        elif any(getattr(known, field) != value for field, value in values.items()):
            changed.append({"id": known.id, **_sorted(values)})
            plan.fates[row.number] = Fate.CHANGED
        else:
            plan.fates[row.number] = Fate.UNCHANGED

    async def write(session: AsyncSession) -> None:
        await insert_rows(session, Product, created)
        await update_rows(session, Product, ("id",), changed)
        await _after(session, ground, [each["id"] for each in created], [each["id"] for each in changed])

    plan.writes.append(write)
    return plan


def _sorted(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"name_sort": sort_key(values["name"])} if "name" in values else values


def _new(ground: Ground, sku: str, values: Mapping[str, Any]) -> dict[str, Any]:
    own = {"id": new_id(), "seller_id": ground.seller.id, "sku": sku, "sku_key": item_key(sku),
           "created_at": ground.now, "is_reverse_charge": False}  # fmt: skip
    return own | _sorted({**_EMPTY, **values})


async def _after(
    session: AsyncSession, ground: Ground, created: Sequence[UUID], changed: Sequence[UUID]
) -> None:
    touched = [*created, *changed]
    if touched:
        await refresh_search(session, touched)
    await Trail(ground, "product.created", "Product").write(session, [Touched(each) for each in created])
    await Trail(ground, "product.changed", "Product").write(session, [Touched(each) for each in changed])
