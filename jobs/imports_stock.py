"""
Stock of a file: what is on hand, by warehouse, product and lot.

A row tells a figure and not a difference: it is counted stock, so the same file sent twice moves nothing the second
time. What brings the balance there is an adjustment of its own among the moves, which are never changed. What moved is
a count of its warehouse like one that was reported, so that an outside warehouse system hears of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, look_up, products_by_sku
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.events import OutboxEvent
from models.imports_reads import lot_stock_of, lots_of, stock_of
from models.products import UnitOfMeasure
from models.stock import Lot, LotBalance, StockBalance, StockMove, Warehouse
from models.warehouse import StockCount, StockCountLine
from resolvers.stock_counts import LINES_MAX
from rules.imports import ImportRow, fault
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import LotStatus, ProductKind, StockMoveKind

Place = tuple[UUID, UUID]  # product or lot, and warehouse


@dataclass(slots=True)
class _Held:
    """A balance as the batch leaves it; `held` is reserved of a product, allocated of a lot."""

    on_hand: Decimal
    held: Decimal
    is_new: bool = False
    before: Decimal = ZERO


@dataclass(slots=True)
class _Facts:
    """What a batch is compared with, and becomes."""

    products: Mapping[str, Any]
    warehouses: Mapping[str, Any]
    decimals: Mapping[str, Any]
    balances: dict[Place, _Held]
    lots: dict[tuple[UUID, str], Any]
    lot_balances: dict[Place, _Held]
    new_lots: list[dict[str, Any]] = field(default_factory=list)
    dated_lots: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    counted: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)  # what moved, by warehouse


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    """With the balances locked in everybody's order, unless nothing is going to be stored."""
    products = await products_by_sku(session, ground, rows)
    ids = [each.id for each in products.values()]
    warehouses = select(Warehouse.code, Warehouse.id).where(Warehouse.seller_id == ground.seller.id)
    units = select(UnitOfMeasure.code, UnitOfMeasure.decimals)
    lots = {(row.product_id, row.number): row for row in await session.execute(lots_of(ids))}
    stock, lot_stock = stock_of(ids), lot_stock_of([each.id for each in lots.values()])
    if not ground.is_verify_only:
        stock, lot_stock = stock.with_for_update(), lot_stock.with_for_update()
    balances = {
        (row.product_id, row.warehouse_id): _Held(row.on_hand, row.reserved, before=row.on_hand)
        for row in await session.execute(stock)
    }
    lot_balances = {
        (row.lot_id, row.warehouse_id): _Held(row.on_hand, row.allocated, before=row.on_hand)
        for row in await session.execute(lot_stock)
    }
    return _Facts(
        products,
        await codes_of(session, ground, "warehouse", warehouses),
        await codes_of(session, ground, "unit", units),
        balances,
        lots,
        lot_balances,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A row that names what there is: how much more (or less) of a product lies in a warehouse, of a lot or of none."""

    row: ImportRow
    product: Any
    warehouse_id: UUID
    lot_number: str | None
    quantity: Decimal
    more: Decimal


def _told(row: ImportRow, facts: _Facts, faults: list[Refusal]) -> _Told | None:
    warehouse_id = look_up(row, "warehouse", facts.warehouses, faults)
    product = look_up(row, "sku", facts.products, faults)
    quantity, lot = row.values["quantity"], row.values.get("lot")
    assert isinstance(quantity, Decimal)
    if product is None or warehouse_id is None:
        return None
    if product.kind == ProductKind.SERVICE:
        faults.append(fault(ErrorCode.INVALID, "sku", "A service has no stock."))
    elif product.is_lot_tracked and lot is None:
        faults.append(fault(ErrorCode.INVALID, "lot", "This product is kept by lots: name the lot."))
    elif not product.is_lot_tracked and lot is not None:
        faults.append(fault(ErrorCode.INVALID, "lot", "This product is not kept by lots."))
    decimals = facts.decimals[product.unit_code]
    if quantity != round(quantity, decimals):
        text = "“{value}” has more than {limit} decimals."
        faults.append(
            fault(ErrorCode.QUANTITY_INVALID, "quantity", text, value=plain(quantity), limit=decimals)
        )
    if faults:
        return None
    if lot is None:
        held = facts.balances.get((product.id, warehouse_id))
    else:
        known = facts.lots.get((product.id, str(lot)))
        held = None if known is None else facts.lot_balances.get((known.id, warehouse_id))
    now = ZERO if held is None else held.on_hand
    return _Told(row, product, warehouse_id, None if lot is None else str(lot), quantity, quantity - now)


def _too_low(place: str, least: Decimal) -> Refusal:
    text = "{least} of it are promised to orders: there cannot be fewer."
    return fault(ErrorCode.OUT_OF_STOCK, place, text, least=plain(least))


@dataclass(frozen=True, slots=True)
class _NewLot:
    id: UUID
    product_id: UUID
    number: str
    received_on: date
    expires_on: date | None
    status: LotStatus = LotStatus.AVAILABLE


def _apply(ground: Ground, told: _Told, facts: _Facts) -> Fate:
    """
    Puts a row's figure into the balances.

    Raises:
        Refusal(OUT_OF_STOCK): less than what is promised.
    """
    place = (told.product.id, told.warehouse_id)
    balance = facts.balances.get(place)
    total = (ZERO if balance is None else balance.on_hand) + told.more
    if balance is not None and total < balance.held:
        raise _too_low("quantity", balance.held)
    fate = Fate.UNCHANGED
    lot = None
    if told.lot_number is not None:
        lot = facts.lots.get((told.product.id, told.lot_number))
        if lot is not None and lot.status == LotStatus.BLOCKED and told.more:
            text = "Lot {lot} is blocked: its quantity does not change."
            raise fault(ErrorCode.INVALID, "lot_number", text, lot=lot.number)
        held = None if lot is None else facts.lot_balances.get((lot.id, told.warehouse_id))
        if held is not None and told.quantity < held.held:
            raise _too_low("quantity", held.held)
        fate, lot = _put_lot(ground, told, facts, lot)
        if held is None and (told.more or fate is Fate.CREATED):
            facts.lot_balances[lot.id, told.warehouse_id] = _Held(told.quantity, ZERO, is_new=True)
            fate = Fate.CREATED
        elif held is not None and told.more:
            held.on_hand, fate = told.quantity, Fate.CHANGED
    elif told.more:
        fate = Fate.CREATED if balance is None else Fate.CHANGED
    if not told.more:
        return fate
    if balance is None:
        facts.balances[place] = _Held(total, ZERO, is_new=True)
    else:
        balance.on_hand = total
    lot_id = None if lot is None else lot.id
    facts.counted.setdefault(told.warehouse_id, []).append({
        "product_id": told.product.id, "lot_id": lot_id, "quantity": told.quantity, "change": told.more,
    })  # fmt: skip
    facts.moves.append({
        "month": ground.today.replace(day=1), "product_id": told.product.id, "warehouse_id": told.warehouse_id,
        "lot_id": lot_id, "kind": StockMoveKind.ADJUSTMENT, "quantity": told.more,
        "reference": f"import {ground.import_id}", "occurred_at": ground.now,
    })  # fmt: skip
    return fate


def _put_lot(ground: Ground, told: _Told, facts: _Facts, lot: Any) -> tuple[Fate, Any]:
    """The row's lot, made or given its days."""
    days: dict[str, Any] = {
        name: told.row.values[name] for name in ("received_on", "expires_on") if name in told.row.values
    }
    if lot is None:
        received, expires = days.get("received_on") or ground.today, days.get("expires_on")
        lot = _NewLot(new_id(), told.product.id, str(told.lot_number), received, expires)
        facts.lots[told.product.id, lot.number] = lot
        facts.new_lots.append({
            "id": lot.id, "product_id": lot.product_id, "number": lot.number, "received_on": lot.received_on,
            "expires_on": lot.expires_on, "status": LotStatus.AVAILABLE,
        })  # fmt: skip
        return Fate.CREATED, lot
    if days.get("received_on", ...) is None:
        del days["received_on"]
    if any(getattr(lot, name) != value for name, value in days.items()):
        facts.dated_lots.append(
            {"id": lot.id, "received_on": lot.received_on, "expires_on": lot.expires_on} | days
        )
        return Fate.CHANGED, lot
    return Fate.UNCHANGED, lot


async def plan_stock(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Balances that come to the file's figures; what comes in is booked first, so that lots may change places."""
    plan = Plan()
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    understood: list[_Told] = []
    for row in sound:
        faults: list[Refusal] = []
        told = _told(row, facts, faults)
        if told is None:
            plan.refuse(row, *faults)
        else:
            understood.append(told)
    for each in sorted(understood, key=lambda told: told.more, reverse=True):
        try:
            plan.fates[each.row.number] = _apply(ground, each, facts)
        except Refusal as refusal:
            plan.refuse(each.row, refusal)
    plan.writes.append(lambda session: _write(session, ground, facts))
    return plan


def _balance_rows(held: Mapping[Place, _Held], key: str, name: str, *, is_new: bool) -> list[dict[str, Any]]:
    return [
        {key: place[0], "warehouse_id": place[1], "on_hand": each.on_hand} | ({name: ZERO} if is_new else {})
        for place, each in held.items()
        if each.is_new is is_new and (is_new or each.on_hand != each.before)
    ]


async def _write(session: AsyncSession, ground: Ground, facts: _Facts) -> None:
    await insert_rows(session, Lot, facts.new_lots)
    await update_rows(session, Lot, ("id",), facts.dated_lots)
    stock, lots = (facts.balances, "product_id", "reserved"), (facts.lot_balances, "lot_id", "allocated")
    await insert_rows(session, StockBalance, _balance_rows(*stock, is_new=True))
    await update_rows(
        session, StockBalance, ("product_id", "warehouse_id"), _balance_rows(*stock, is_new=False)
    )
    await insert_rows(session, LotBalance, _balance_rows(*lots, is_new=True))
    await update_rows(session, LotBalance, ("lot_id", "warehouse_id"), _balance_rows(*lots, is_new=False))
    await insert_rows(session, StockMove, facts.moves)
    await _tell(session, ground, facts)
    moved = dict.fromkeys(each["product_id"] for each in facts.moves)
    await Trail(ground, "product.stockCounted", "Product").write(session, [Touched(each) for each in moved])


async def _tell(session: AsyncSession, ground: Ground, facts: _Facts) -> None:
    """What moved, as counts of each warehouse, none longer than one that is reported; nothing where nothing moved."""
    counts: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for warehouse_id, moved in facts.counted.items():
        for start in range(0, len(moved), LINES_MAX):
            counts.append({
                "id": new_id(), "seller_id": ground.seller.id, "warehouse_id": warehouse_id,
                "counted_at": ground.now, "counted_by_id": ground.actor_id, "reference": f"import {ground.import_id}",
            })  # fmt: skip
            lines += [{"count_id": counts[-1]["id"], **each} for each in moved[start : start + LINES_MAX]]
    if not counts:
        return
    await insert_rows(session, StockCount, counts)
    await insert_rows(session, StockCountLine, lines)
    keys = [each["id"] for each in counts]
    await Trail(ground, "stock.counted", "StockCount").write(session, [Touched(key) for key in keys])
    events = [
        {
            "type": "stock.counted", "entity_type": "StockCount", "entity_id": key, "entity_version": 1,
            "occurred_at": ground.now, "seller_id": ground.seller.id, "customer_id": None,
            "actor_id": ground.actor_id, "subject_id": None,
        }
        for key in keys
    ]  # fmt: skip
    await session.execute(insert(OutboxEvent), events)
