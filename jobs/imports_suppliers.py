"""Suppliers of a file, by their number, and what they sell us, by supplier and SKU."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.people import check_person
from jobs.imports_base import (
    Fate,
    Ground,
    Plan,
    Touched,
    Trail,
    codes_of,
    look_up,
    needed,
    not_changed,
    products_by_sku,
)
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.imports_reads import offers_of, suppliers_by_number
from models.purchasing import Supplier, SupplierProduct
from models.sellers import Currency
from rules.imports import ImportRow, fault, in_column
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.states import ProductKind
from rules.texts import sort_key

_SUPPLIER_FIELDS = (
    "name", "lead_time_days", "transport_days", "over_receipt_percent", "currency", "locale", "email", "active_until",
)  # fmt: skip
_SUPPLIER_NEEDED = ("name", "lead_time_days")
# Column of the file -> column of the table.
_OFFER_FIELDS = {
    "supplier_sku": "supplier_sku", "price": "unit_price", "minimum": "minimum_quantity",
    "multiple": "multiple_quantity", "lead_time_days": "lead_time_days", "active_until": "active_until",
}  # fmt: skip
# What an empty cell means, and an absent column for a new row.
_NO_OFFER: Mapping[str, Any] = {
    "supplier_sku": "", "unit_price": None, "minimum_quantity": Decimal(1), "multiple_quantity": Decimal(1),
    "lead_time_days": None, "active_until": None,
}  # fmt: skip


def _empty(ground: Ground) -> dict[str, Any]:
    seller = ground.seller
    return {"transport_days": 0, "over_receipt_percent": ZERO, "currency": seller.currency, "locale": seller.locale,
            "email": "", "active_until": None}  # fmt: skip


def _supplier_values(
    ground: Ground, row: ImportRow, currencies: Mapping[str, Any], faults: list[Refusal]
) -> dict[str, Any]:
    """The table's values of the columns that the file has."""
    told, empty = dict(row.values), _empty(ground)
    look_up(row, "currency", currencies, faults)
    if told.get("locale"):
        told["locale"] = str(told["locale"]).lower()
    if told.get("email"):
        try:
            told["email"], _ = check_person(str(told["email"]), str(told.get("name", "-")))
        except Refusal as refusal:
            faults.append(in_column(refusal, "email"))
    return {
        field: empty[field] if told[field] is None else told[field]
        for field in _SUPPLIER_FIELDS
        if field in told
    }


async def plan_suppliers(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Suppliers that are new or differ; orders that exist keep what they copied."""
    plan = Plan()
    sound = plan.sound(rows)
    currencies = await codes_of(session, ground, "currency", select(Currency.code, Currency.code))
    statement = suppliers_by_number(ground.seller.id, [str(row.values["number"]) for row in sound])
    stored = {row.code: row for row in await session.execute(statement)}
    created: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    touched: list[Touched] = []
    for row in sound:
        faults: list[Refusal] = []
        number = str(row.values["number"])
        known = stored.get(number)
        values = _supplier_values(ground, row, currencies, faults)
        if known is None:
            faults += [needed(column) for column in _SUPPLIER_NEEDED if column not in row.values]
        elif not faults and values.get("currency", known.currency) != known.currency:
            faults.append(not_changed("currency"))  # prices are kept in it
        if faults:
            plan.refuse(row, *faults)
        elif known is None:
            made = {"id": new_id(), "seller_id": ground.seller.id, "code": number, "created_at": ground.now}
            created.append(made | _empty(ground) | values | {"name_sort": sort_key(values["name"])})
            plan.fates[row.number] = Fate.CREATED
        elif any(getattr(known, field) != value for field, value in values.items()):
            sorted_ = {"name_sort": sort_key(values["name"])} if "name" in values else {}
            changed.append({"id": known.id, **values, **sorted_})
            touched.append(Touched(known.id, known.version + 1))
            plan.fates[row.number] = Fate.CHANGED
        else:
            plan.fates[row.number] = Fate.UNCHANGED

    async def write(session: AsyncSession) -> None:
        await insert_rows(session, Supplier, created)
        await update_rows(session, Supplier, ("id",), changed, version=Supplier.version + 1)
        made = [Touched(each["id"]) for each in created]
        await Trail(ground, "supplier.created", "Supplier").write(session, made)
        await Trail(ground, "supplier.updated", "Supplier").write(session, touched)

    plan.writes.append(write)
    return plan


async def plan_supplier_products(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """What suppliers sell us that is new or differs; which of them is preferred, the purchase desk says."""
    plan = Plan()
    sound = plan.sound(rows)
    products = await products_by_sku(session, ground, sound)
    named = sorted({str(row.values["supplier"]) for row in sound})
    found = await session.execute(suppliers_by_number(ground.seller.id, named))
    suppliers = {row.code: row for row in found}
    offers = {
        (row.supplier_id, row.product_id): row
        for row in await session.execute(offers_of([each.id for each in suppliers.values()]))
    }
    created: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    touched: dict[Any, Touched] = {}
    for row in sound:
        faults: list[Refusal] = []
        supplier = look_up(row, "supplier", suppliers, faults)
        product = look_up(row, "sku", products, faults)
        if product is not None and product.kind == ProductKind.SERVICE:
            faults.append(fault(ErrorCode.INVALID, "sku", "A service is not bought for stock."))
        if faults:
            plan.refuse(row, *faults)
            continue
        values = {
            field: _NO_OFFER[field] if row.values[column] is None else row.values[column]
            for column, field in _OFFER_FIELDS.items()
            if column in row.values
        }
        known = offers.get((supplier.id, product.id))
        if known is None:
            made = {
                "id": new_id(),
                "supplier_id": supplier.id,
                "product_id": product.id,
                "is_preferred": False,
            }
            created.append({**made, **_NO_OFFER, **values})
            plan.fates[row.number] = Fate.CREATED
        elif any(getattr(known, field) != value for field, value in values.items()):
            changed.append({"id": known.id, **values})
            plan.fates[row.number] = Fate.CHANGED
        else:
            plan.fates[row.number] = Fate.UNCHANGED
            continue
        touched[supplier.id] = Touched(supplier.id, supplier.version + 1)

    async def write(session: AsyncSession) -> None:
        bumped = [{"id": each} for each in touched]
        await update_rows(session, Supplier, ("id",), bumped, version=Supplier.version + 1)
        await insert_rows(session, SupplierProduct, created)
        await update_rows(session, SupplierProduct, ("id",), changed)
        await Trail(ground, "supplier.productSaved", "Supplier").write(session, list(touched.values()))

    plan.writes.append(write)
    return plan
