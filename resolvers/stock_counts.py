"""Counting stock: what was found becomes what is on hand; the difference is a move of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.products_reads import ProductRow
from models.stock import Lot, LotBalance, StockBalance, StockMove
from models.stock_reads import BalanceRow
from models.warehouse import StockCount, StockCountLine
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.products import products_by_code, units_by_code
from resolvers.stock import lock_balances, warehouses_by_id
from resolvers.stock_lots import LockedLot, lock_lots_of_products
from rules.money import ZERO
from rules.quantities import QUANTITY_MAX, plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import LotStatus, ProductKind, StockMoveKind
from rules.texts import item_key

LINES_MAX, LOT_MAX = 200, 64


@dataclass(frozen=True, slots=True)
class LineCounted:
    """All that lies of a product in the warehouse, or of one lot where lots are tracked, in the product's own unit."""

    sku: str
    quantity: Decimal
    lot_number: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    told: LineCounted
    product: ProductRow
    lot: LockedLot | None
    change: Decimal
    path: Path


async def count_stock(
    ctx: Context, warehouse_id: UUID, lines: Sequence[LineCounted], reference: str = ""
) -> UUID:
    """
    Brings the stock of products and lots to what was counted; what is not named stays.

    The same figures twice move nothing the second time.

    Raises:
        Refusal(OUT_OF_STOCK): fewer than orders have reserved, or fewer of a lot than deliveries hold.
        Refusal(INVALID): a lot where none is tracked, none where it is, a blocked one, or a new one that has expired.
        Refusal: UNKNOWN_SKU, QUANTITY_INVALID.
    """
    if await ctx.load(warehouses_by_id, warehouse_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    if not 0 < len(lines) <= LINES_MAX:
        text = "Say what was counted, {limit} lines at most."
        raise Refusal(ErrorCode.INVALID, text, ("lines",), limit=LINES_MAX)
    known = await products_by_code(ctx, [each.sku for each in lines])
    products = [
        await _checked(ctx, each, known.get(item_key(each.sku)), ("lines", index))
        for index, each in enumerate(lines)
    ]
    places = {(product.id, each.lot_number.strip()) for product, each in zip(products, lines, strict=True)}
    if len(places) < len(lines):
        raise Refusal(ErrorCode.INVALID, "A product or lot can stand here once only.", ("lines",))
    ids = sorted({product.id for product in products})
    await _ensure_balances(ctx, warehouse_id, ids)
    balances = {
        key: row
        for key, rows in (await lock_balances(ctx, ids)).items()
        for row in rows
        if row.warehouse_id == warehouse_id
    }
    lots = await lock_lots_of_products(ctx, ctx.session, ids, [warehouse_id])
    counted = [
        _compared(each, product, balances[product.id], lots[product.id], ctx.today, ("lines", index))
        for index, (each, product) in enumerate(zip(lines, products, strict=True))
    ]
    _check_totals(counted, balances)
    return await _post(ctx, warehouse_id, counted, reference)


async def _checked(ctx: Context, told: LineCounted, product: ProductRow | None, path: Path) -> ProductRow:
    if product is None or product.kind is ProductKind.SERVICE:
        text = "There is no product {sku} that lies in a warehouse."
        raise Refusal(ErrorCode.UNKNOWN_SKU, text, (*path, "sku"), sku=told.sku)
    number = told.lot_number.strip()
    if not product.is_lot_tracked and (number or told.expires_on):
        text = "{sku} is not tracked by lots."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lotNumber"), sku=product.sku)
    if product.is_lot_tracked and not 0 < len(number) <= LOT_MAX:
        text = "{sku} is tracked by lots: give the lot's number, {limit} characters at most."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lotNumber"), sku=product.sku, limit=LOT_MAX)
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by its foreign key"
    if not ZERO <= told.quantity <= QUANTITY_MAX or told.quantity != round(told.quantity, unit.decimals):
        text = "The quantity of {sku} ({unit}) is 0 or more, with {decimals} decimals at most."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, (*path, "quantity"), sku=product.sku, unit=unit.code,
            decimals=unit.decimals,
        )  # fmt: skip
    return product


async def _ensure_balances(ctx: Context, warehouse_id: UUID, product_ids: Sequence[UUID]) -> None:
    ctx.locking(LockKind.STOCK)
    await ctx.session.execute(
        insert(StockBalance).on_conflict_do_nothing(index_elements=["product_id", "warehouse_id"]),
        [
            {"product_id": key, "warehouse_id": warehouse_id, "on_hand": ZERO, "reserved": ZERO}
            for key in product_ids
        ],
    )


def _compared(
    told: LineCounted,
    product: ProductRow,
    balance: BalanceRow,
    lots: Sequence[LockedLot],
    today: date,
    path: Path,
) -> _Counted:
    number = told.lot_number.strip()
    if not number:
        return _Counted(told, product, None, told.quantity - balance.on_hand, path)
    lot = next((each for each in lots if each.number == number), None)
    if lot is None:
        if told.expires_on is not None and told.expires_on <= today and told.quantity:
            text = "Lot {lot} expired on {day}; such goods are not taken in."
            raise Refusal(ErrorCode.INVALID, text, (*path, "expiresOn"), lot=number, day=told.expires_on)
        return _Counted(told, product, None, told.quantity, path)
    if told.expires_on is not None and told.expires_on != lot.expires_on:
        text = "Lot {lot} is known with another expiry."
        raise Refusal(ErrorCode.INVALID, text, (*path, "expiresOn"), lot=number)
    change = told.quantity - lot.on_hand
    if change and lot.status is LotStatus.BLOCKED:
        text = "Lot {lot} is blocked: its quantity does not change."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lotNumber"), lot=number)
    if told.quantity < lot.allocated:
        # What deliveries hold must be taken back first: it would leave them with less than they say.
        raise _too_low(lot.allocated, path)
    return _Counted(told, product, lot, change, path)


def _too_low(least: Decimal, path: Path) -> Refusal:
    text = "{least} of it are promised to orders: there cannot be fewer."
    return Refusal(ErrorCode.OUT_OF_STOCK, text, (*path, "quantity"), least=plain(least))


def _check_totals(counted: Sequence[_Counted], balances: Mapping[UUID, BalanceRow]) -> None:
    """No product may fall below what is reserved and blocked of it, all its lots taken together."""
    totals: dict[UUID, Decimal] = {}
    for each in counted:
        totals[each.product.id] = totals.get(each.product.id, ZERO) + each.change
    for each in counted:
        balance = balances[each.product.id]
        least = balance.on_hand - balance.free
        if totals[each.product.id] < 0 and balance.on_hand + totals[each.product.id] < least:
            raise _too_low(least, each.path)


async def _post(ctx: Context, warehouse_id: UUID, counted: Sequence[_Counted], reference: str) -> UUID:
    count = StockCount(
        id=new_id(), seller_id=ctx.user.seller_id, warehouse_id=warehouse_id, counted_at=ctx.now,
        counted_by_id=ctx.user.user_id, reference=reference,
    )  # fmt: skip
    ctx.session.add(count)
    await ctx.session.flush()
    lots = [await _lot_id(ctx, each) for each in counted]
    await _raise(ctx, warehouse_id, counted, lots)
    for each, lot_id in zip(counted, lots, strict=True):
        ctx.session.add(
            StockCountLine(
                count_id=count.id, product_id=each.product.id, lot_id=lot_id, quantity=each.told.quantity,
                change=each.change,
            )
        )  # fmt: skip
        if each.change:
            ctx.session.add(
                StockMove(
                    month=ctx.today.replace(day=1), product_id=each.product.id, warehouse_id=warehouse_id,
                    lot_id=lot_id, kind=StockMoveKind.ADJUSTMENT, quantity=each.change,
                    reference=f"count {count.id}", occurred_at=ctx.now,
                )
            )  # fmt: skip
    record(
        ctx, "stock.counted", "StockCount", count.id, version=1, customer_id=None,
        changes={"lines": len(counted), "changed": sum(each.change != 0 for each in counted)},
    )  # fmt: skip
    await ctx.session.flush()
    return count.id


async def _lot_id(ctx: Context, each: _Counted) -> UUID | None:
    """The lot that was counted; one that we did not know is made, or known from another warehouse."""
    number = each.told.lot_number.strip()
    if each.lot is not None or not number:
        return None if each.lot is None else each.lot.id
    ctx.locking(LockKind.LOTS)
    await ctx.session.execute(
        insert(Lot)
        .values(
            id=new_id(), product_id=each.product.id, number=number, received_on=ctx.today,
            expires_on=each.told.expires_on, status=LotStatus.AVAILABLE,
        )
        .on_conflict_do_nothing(index_elements=["product_id", "number"])
    )  # fmt: skip
    known = await ctx.session.scalar(
        select(Lot).where(Lot.product_id == each.product.id, Lot.number == number).with_for_update()
    )
    if known.status == LotStatus.BLOCKED and each.change:
        text = "Lot {lot} is blocked: its quantity does not change."
        raise Refusal(ErrorCode.INVALID, text, (*each.path, "lotNumber"), lot=number)
    if each.told.expires_on is not None and known.expires_on != each.told.expires_on:
        text = "Lot {lot} is known with another expiry."
        raise Refusal(ErrorCode.INVALID, text, (*each.path, "expiresOn"), lot=number)
    found: UUID = known.id
    return found


async def _raise(
    ctx: Context, warehouse_id: UUID, counted: Sequence[_Counted], lots: Sequence[UUID | None]
) -> None:
    """Balances of products and of lots; CHECKs hold that none falls below what is held of it."""
    products: dict[UUID, Decimal] = {}
    changes: dict[UUID, Decimal] = {}
    for each, lot_id in zip(counted, lots, strict=True):
        products[each.product.id] = products.get(each.product.id, ZERO) + each.change
        if lot_id is not None:
            changes[lot_id] = each.change
    table = StockBalance.__table__
    await ctx.session.execute(
        update(table)  # type: ignore[arg-type]
        .where(table.c.product_id == bindparam("of_product"), table.c.warehouse_id == warehouse_id)
        .values(on_hand=table.c.on_hand + bindparam("change")),
        [{"of_product": key, "change": change} for key, change in sorted(products.items())],
    )
    if not changes:
        return
    await ctx.session.execute(
        insert(LotBalance).on_conflict_do_nothing(index_elements=["lot_id", "warehouse_id"]),
        [
            {"lot_id": key, "warehouse_id": warehouse_id, "on_hand": ZERO, "allocated": ZERO}
            for key in sorted(changes)
        ],
    )
    lot_table = LotBalance.__table__
    await ctx.session.execute(
        update(lot_table)  # type: ignore[arg-type]
        .where(lot_table.c.lot_id == bindparam("of_lot"), lot_table.c.warehouse_id == warehouse_id)
        .values(on_hand=lot_table.c.on_hand + bindparam("change")),
        [{"of_lot": key, "change": change} for key, change in sorted(changes.items())],
    )
