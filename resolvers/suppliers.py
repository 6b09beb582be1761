"""Suppliers and what they sell us: looked at, kept and retired by the purchase desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from auth.people import LOCALES, check_person
from models.base import new_id
from models.purchasing import Supplier, SupplierProduct
from models.purchasing_reads import (
    SupplierProductRow,
    SupplierRow,
    supplier_matches,
    supplier_products,
    visible_suppliers,
)
from models.rows import by_key, grouped
from models.sellers import Currency
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.products import products_by_id
from rules.quantities import QUANTITY_MAX
from rules.refusals import ErrorCode, Path, Refusal, StaleVersion, refuse_all
from rules.states import ProductKind
from rules.texts import sort_key

CODE_MAX, NAME_MAX, SEARCH_MAX = 64, 200, 200
LEAD_DAYS_MAX, TRANSPORT_DAYS_MAX = 730, 90
PRICE_MAX = Decimal(1_000_000_000)
_SIX = Decimal("0.000001")


async def suppliers(
    ctx: Context, search: str | None, include_retired: bool, args: PageArgs
) -> Page[SupplierRow]:
    """By name; the retired ones only when asked."""
    statement = visible_suppliers(ctx.user)
    if search and search.strip():
        statement = statement.where(supplier_matches(checked_search(search)))
    if not include_retired:
        statement = statement.where(or_(Supplier.active_until.is_(None), Supplier.active_until > ctx.today))
    keys = [SortKey("name", Supplier.name_sort), SortKey("id", Supplier.id)]
    return await page(ctx, statement, keys, args, SupplierRow)


def checked_search(search: str) -> str:
    if len(search) > SEARCH_MAX:
        text = "A search has {limit} characters at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
    return search


async def suppliers_by_id(ctx: Context, keys: Sequence[UUID]) -> list[SupplierRow | None]:
    rows = await ctx.session.execute(visible_suppliers(ctx.user).where(Supplier.id.in_(keys)))
    return by_key(keys, (SupplierRow(*each) for each in rows))


async def supplier_by_code(ctx: Context, code: str) -> SupplierRow | None:
    found = (await ctx.session.execute(visible_suppliers(ctx.user).where(Supplier.code == code))).first()
    return None if found is None else SupplierRow(*found)


async def products_by_supplier(ctx: Context, keys: Sequence[UUID]) -> list[list[SupplierProductRow]]:
    statement = supplier_products(ctx.user, ctx.today).where(SupplierProduct.supplier_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (SupplierProductRow(*each) for each in rows), "supplier_id")


async def sources_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[SupplierProductRow]]:
    """Who sells us a product, the preferred one first."""
    statement = supplier_products(ctx.user, ctx.today).where(SupplierProduct.product_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (SupplierProductRow(*each) for each in rows), "product_id")


@dataclass(frozen=True, slots=True)
class SupplierDraft:
    """A supplier as it shall be; days are calendar days."""

    code: str
    name: str
    currency: str
    locale: str
    lead_time_days: int
    email: str = ""
    transport_days: int = 0
    over_receipt_percent: Decimal = Decimal(0)


def _invalid(text: str, field: str, **data: object) -> Refusal:
    return Refusal(ErrorCode.INVALID, text, (field,), **data)


async def _checked(ctx: Context, draft: SupplierDraft) -> dict[str, Any]:
    wrong = []
    for field, value, limit in (("code", draft.code, CODE_MAX), ("name", draft.name, NAME_MAX)):
        if not value.strip():
            wrong.append(_invalid("This must not be empty.", field))
        elif len(value.strip()) > limit:
            wrong.append(_invalid("This text is too long.", field))
    for field, days, most in (
        ("leadTimeDays", draft.lead_time_days, LEAD_DAYS_MAX),
        ("transportDays", draft.transport_days, TRANSPORT_DAYS_MAX),
    ):
        if not 0 <= days <= most:
            wrong.append(_invalid("This is from 0 to {most} days.", field, most=most))
    if not 0 <= draft.over_receipt_percent <= 100 or draft.over_receipt_percent % _SIX:
        wrong.append(
            _invalid("A percentage is from 0 to 100, with 6 decimals at most.", "overReceiptPercent")
        )
    if draft.locale not in LOCALES:
        wrong.append(_invalid("This language is not known here.", "locale"))
    if await ctx.session.scalar(select(Currency.code).where(Currency.code == draft.currency)) is None:
        wrong.append(_invalid("This currency is not known here.", "currency"))
    refuse_all(wrong)
    email = draft.email.strip()
    if email:
        email, _ = check_person(email, draft.name)
    return {
        "code": draft.code.strip(),
        "name": draft.name.strip(),
        "name_sort": sort_key(draft.name.strip()),
        "currency": draft.currency,
        "locale": draft.locale,
        "lead_time_days": draft.lead_time_days,
        "email": email,
        "transport_days": draft.transport_days,
        "over_receipt_percent": draft.over_receipt_percent,
    }


async def create_supplier(ctx: Context, draft: SupplierDraft) -> UUID:
    values = await _checked(ctx, draft)
    await _refuse_taken(ctx, values["code"])
    supplier = Supplier(id=new_id(), seller_id=ctx.user.seller_id, version=1, created_at=ctx.now, **values)
    ctx.session.add(supplier)
    return await _done(ctx, supplier, "supplier.created")


async def update_supplier(
    ctx: Context, supplier_id: UUID, draft: SupplierDraft, expected_version: int
) -> UUID:
    """The whole supplier as it shall be; orders that exist keep what they copied."""
    supplier = await _lock(ctx, supplier_id, expected_version)
    values = await _checked(ctx, draft)
    if values["code"] != supplier.code:
        await _refuse_taken(ctx, values["code"])
    for name, value in values.items():
        setattr(supplier, name, value)
    supplier.version += 1
    return await _done(ctx, supplier, "supplier.updated")


async def retire_supplier(ctx: Context, supplier_id: UUID, expected_version: int) -> UUID:
    """From today on nothing is ordered there; open orders go on."""
    supplier = await _lock(ctx, supplier_id, expected_version)
    supplier.active_until, supplier.version = ctx.today, supplier.version + 1
    return await _done(ctx, supplier, "supplier.retired")


@dataclass(frozen=True, slots=True)
class SupplierProductDraft:
    """
    What a supplier sells us; quantities in the product's own unit, the price in the supplier's currency.

    `unit_price` None leaves a known price as it is: whoever keeps sources need not read what goods cost.
    """

    product_id: UUID
    supplier_sku: str = ""
    unit_price: Decimal | None = None
    minimum_quantity: Decimal = Decimal(1)
    multiple_quantity: Decimal = Decimal(1)
    lead_time_days: int | None = None
    is_preferred: bool = False


async def save_supplier_product(
    ctx: Context, supplier_id: UUID, draft: SupplierProductDraft, expected_version: int
) -> UUID:
    """A product of a supplier as it shall be. One preferred source a product: the one said last."""
    supplier = await _lock(ctx, supplier_id, expected_version)
    await _check_product(ctx, draft)
    statement = select(SupplierProduct).where(
        SupplierProduct.supplier_id == supplier.id, SupplierProduct.product_id == draft.product_id
    )
    row = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    if row is None:
        row = SupplierProduct(id=new_id(), supplier_id=supplier.id, product_id=draft.product_id)
        ctx.session.add(row)
    if draft.is_preferred:
        await _take_preference(ctx, draft.product_id)
    row.supplier_sku = draft.supplier_sku.strip()
    row.unit_price = row.unit_price if draft.unit_price is None else draft.unit_price
    row.minimum_quantity, row.multiple_quantity = draft.minimum_quantity, draft.multiple_quantity
    row.lead_time_days, row.is_preferred, row.active_until = draft.lead_time_days, draft.is_preferred, None
    supplier.version += 1
    return await _done(ctx, supplier, "supplier.productSaved", product=str(draft.product_id))


async def retire_supplier_product(
    ctx: Context, supplier_id: UUID, product_id: UUID, expected_version: int
) -> UUID:
    """The supplier sells it no more; open orders of it go on."""
    supplier = await _lock(ctx, supplier_id, expected_version)
    statement = select(SupplierProduct).where(
        SupplierProduct.supplier_id == supplier.id, SupplierProduct.product_id == product_id
    )
    row = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    if row is None or row.active_until is not None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    row.active_until, row.is_preferred = ctx.today, False
    supplier.version += 1
    return await _done(ctx, supplier, "supplier.productRetired", product=str(product_id))


async def _check_product(ctx: Context, draft: SupplierProductDraft) -> None:
    product = await ctx.load(products_by_id, draft.product_id)
    if product is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    wrong = []
    if product.kind is not ProductKind.GOODS:
        wrong.append(Refusal(ErrorCode.INVALID, "A service is not bought for stock.", ("productId",)))
    if len(draft.supplier_sku.strip()) > CODE_MAX:
        wrong.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("supplierSku",)))
    for field, quantity in (
        ("minimumQuantity", draft.minimum_quantity),
        ("multipleQuantity", draft.multiple_quantity),
    ):
        if not 0 < quantity <= QUANTITY_MAX or quantity % _SIX:
            text = "A quantity is above zero, {most} at most and has 6 decimals at most."
            wrong.append(Refusal(ErrorCode.QUANTITY_INVALID, text, (field,), most=f"{QUANTITY_MAX:f}"))
    wrong += _wrong_price(draft.unit_price, ("unitPrice",))
    if draft.lead_time_days is not None and not 0 <= draft.lead_time_days <= LEAD_DAYS_MAX:
        text = "This is from 0 to {most} days."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("leadTimeDays",), most=LEAD_DAYS_MAX))
    refuse_all(wrong)


def _wrong_price(price: Decimal | None, path: Path) -> list[Refusal]:
    if price is None or (0 <= price <= PRICE_MAX and not price % _SIX):
        return []
    return [Refusal(ErrorCode.INVALID, "A price is not negative and has 6 decimals at most.", path)]


async def _take_preference(ctx: Context, product_id: UUID) -> None:
    """In the rows' order: two that save at once wait for each other instead of deadlocking."""
    others = (
        select(SupplierProduct)
        .join(Supplier, Supplier.id == SupplierProduct.supplier_id)
        .where(
            Supplier.seller_id == ctx.user.seller_id,
            SupplierProduct.product_id == product_id,
            SupplierProduct.is_preferred,
        )
        .order_by(SupplierProduct.id)
    )
    ctx.locking(LockKind.LINES)
    for row in await ctx.session.scalars(
        others.with_for_update(of=SupplierProduct).execution_options(populate_existing=True)
    ):
        row.is_preferred = False


async def _lock(ctx: Context, supplier_id: UUID, expected_version: int) -> Supplier:
    """Raises, in this order: NOT_FOUND, StaleVersion, INVALID_TRANSITION where it was retired."""
    statement = select(Supplier).where(Supplier.id == supplier_id, Supplier.seller_id == ctx.user.seller_id)
    supplier: Supplier | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if supplier is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("supplierId",))
    if supplier.version != expected_version:
        raise StaleVersion(supplier.version)
    if supplier.active_until is not None:
        raise Refusal(ErrorCode.INVALID_TRANSITION, "The supplier was retired.", ("supplierId",))
    return supplier


async def _refuse_taken(ctx: Context, code: str) -> None:
    taken = select(Supplier.id).where(Supplier.seller_id == ctx.user.seller_id, Supplier.code == code)
    if await ctx.session.scalar(taken) is not None:
        raise Refusal(ErrorCode.ALREADY_EXISTS, "There is one with this code already.", ("code",))


async def _done(ctx: Context, supplier: Supplier, action: str, **changes: str) -> UUID:
    record(
        ctx, action, "Supplier", supplier.id, version=supplier.version, customer_id=None,
        changes={"code": supplier.code, **changes}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return supplier.id
