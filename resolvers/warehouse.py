"""The tasks of a warehouse for an outside system: read in order, at least once, and acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.deliveries import Delivery, DeliveryLine
from models.events import OutboxEvent
from models.events_reads import EventRow
from models.orders import SalesOrder, SalesOrderLine
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseReceipt, PurchaseReceiptLine
from models.rows import by_key
from models.stock import Lot
from models.warehouse import StockCount, StockCountLine, WarehouseAcknowledgement, WarehouseConsumer
from models.warehouse_reads import (
    ConsumerRow,
    TaskDocument,
    TaskLineRow,
    consumers,
    count_heads,
    count_lines,
    delivery_heads,
    delivery_lines,
    is_open,
    lot_heads,
    lot_lines,
    open_by_consumer,
    order_heads,
    order_lines,
    purchase_heads,
    purchase_lines,
    receipt_heads,
    receipt_lines,
    tasks_of,
)
from resolvers.context import Context, LockKind
from resolvers.events import EventPage, record
from resolvers.paging import PAGE_SIZE, PAGE_SIZE_MAX, BadPage
from resolvers.stock import warehouses_by_id
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal, refuse_all

CODE_MAX, POSITIONS_MAX, LATE_MINUTES, LATE_MINUTES_MAX = 64, 200, 15, 10_080


@dataclass(frozen=True, slots=True)
class TaskKey:
    """What of a document is told: its state now, and the change that an event of this type brought."""

    warehouse_id: UUID
    entity_type: str
    entity_id: UUID
    type: str


async def list_tasks(
    ctx: Context, warehouse_id: UUID, consumer: str | None, after: int, first: int | None
) -> EventPage:
    """
    The events that concern a warehouse after a position; for a consumer those that it has not acknowledged.

    Raises:
        Refusal(NOT_FOUND): there is no such warehouse in use.
    """
    size = PAGE_SIZE if first is None else first
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise BadPage("first", "LIMIT", f"first is from 1 to {PAGE_SIZE_MAX}.")
    await _in_use(ctx, warehouse_id)
    statement = tasks_of(ctx.user, warehouse_id).where(OutboxEvent.position > after)
    if consumer is not None:
        mine = await _consumer(ctx, warehouse_id, consumer)
        if mine is not None:
            statement = statement.where(is_open(mine.id, mine.acknowledged_to))
    found = [EventRow(*each) for each in await ctx.session.execute(statement.limit(size + 1))]
    rows = found[:size]
    return EventPage(rows, (rows[-1].position or after) if rows else after, len(found) > size)


async def _in_use(ctx: Context, warehouse_id: UUID) -> None:
    if await ctx.load(warehouses_by_id, warehouse_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))


async def _consumer(ctx: Context, warehouse_id: UUID, code: str) -> ConsumerRow | None:
    mine = WarehouseConsumer.warehouse_id == warehouse_id, WarehouseConsumer.code == code
    row = (await ctx.session.execute(consumers(ctx.user).where(*mine))).one_or_none()
    return None if row is None else ConsumerRow(*row)


# What tasks are about: by kind of document its heads, its lines, and the sign by which an event moved stock.


@dataclass(frozen=True, slots=True)
class _Kind:
    heads: Select[*tuple[Any, ...]]
    lines: Select[*tuple[Any, ...]]
    line_type: str = ""


def _kind(entity_type: str, ids: list[UUID], warehouse_id: UUID) -> _Kind:
    match entity_type:
        case "Delivery":
            lines = delivery_lines().where(DeliveryLine.delivery_id.in_(ids))
            return _Kind(delivery_heads().where(Delivery.id.in_(ids)), lines, "DeliveryLine")
        case "PurchaseOrder":
            lines = purchase_lines().where(PurchaseOrderLine.purchase_order_id.in_(ids))
            return _Kind(purchase_heads().where(PurchaseOrder.id.in_(ids)), lines, "PurchaseOrderLine")
        case "PurchaseReceipt":
            lines = receipt_lines().where(PurchaseReceiptLine.receipt_id.in_(ids))
            return _Kind(receipt_heads().where(PurchaseReceipt.id.in_(ids)), lines, "PurchaseOrderLine")
        case "Lot":
            return _Kind(lot_heads().where(Lot.id.in_(ids)), lot_lines(warehouse_id).where(Lot.id.in_(ids)))
        case "StockCount":
            lines = count_lines().where(StockCountLine.count_id.in_(ids))
            return _Kind(count_heads().where(StockCount.id.in_(ids)), lines)
    assert entity_type == "Order", "TASK_TYPES names no others"
    lines = order_lines().where(SalesOrderLine.order_id.in_(ids))
    return _Kind(order_heads().where(SalesOrder.id.in_(ids)), lines, "OrderLine")


async def documents_of_tasks(ctx: Context, keys: Sequence[TaskKey]) -> list[TaskDocument]:
    """What the tasks are about, two statements a kind of document; the keys come of `list_tasks`, which scoped them."""
    found: dict[tuple[UUID, UUID], tuple[TaskDocument, list[Any], str]] = {}
    groups: dict[tuple[str, UUID], list[UUID]] = {}
    for key in keys:
        groups.setdefault((key.entity_type, key.warehouse_id), []).append(key.entity_id)
    for (entity_type, warehouse_id), ids in groups.items():
        kind = _kind(entity_type, ids, warehouse_id)
        lines: dict[UUID, list[Any]] = {}
        for row in await ctx.session.execute(kind.lines):
            lines.setdefault(row.document_id, []).append(row)
        for row in await ctx.session.execute(kind.heads):
            told = {name: value for name, value in row._asdict().items() if name != "id"}
            found[warehouse_id, row.id] = TaskDocument(**told), lines.get(row.id, []), kind.line_type
    return [_document(key, *found[key.warehouse_id, key.entity_id]) for key in keys]


def _document(key: TaskKey, document: TaskDocument, rows: Sequence[Any], line_type: str) -> TaskDocument:
    return replace(document, lines=[_line(key, row._asdict(), line_type) for row in rows])


def _line(key: TaskKey, row: dict[str, Any], line_type: str) -> TaskLineRow:
    quantity = row["quantity"]
    change = row.get("change", ZERO)
    if key.type == "delivery.shipped" and row["moves"]:
        change = -quantity
    elif key.type == "receipt.posted":
        change = quantity
    line_id = row.get("line_id")
    return TaskLineRow(
        row["sku"], row["description"], row["unit_code"], quantity, change, row.get("lot_number"),
        row.get("expires_on"), row.get("expected_on"), None if line_id is None else (line_type, line_id),
    )  # fmt: skip


# Acknowledging


async def acknowledge(
    ctx: Context, warehouse_id: UUID, code: str, up_to: int | None, positions: Sequence[int] | None
) -> UUID:
    """
    Takes note that a consumer has dealt with tasks: all up to a position, or single ones. Twice is as good as once.

    The first acknowledgement makes the consumer; from then on what it leaves lying is seen.

    Raises:
        Refusal(INVALID): not one of the two was given, too many, or a position that the log has not reached.
        Refusal(NOT_FOUND): a position at which there is no task of this warehouse.
    """
    await _in_use(ctx, warehouse_id)
    if not 1 <= len(code) <= CODE_MAX or not code.isprintable() or code != code.strip():
        text = "A name has 1 to {limit} printable characters."
        raise Refusal(ErrorCode.INVALID, text, ("consumer",), limit=CODE_MAX)
    if (up_to is None) == (positions is None):
        raise Refusal(ErrorCode.INVALID, "Give either upTo or positions.", ("upTo",))
    mine = await _lock_consumer(ctx, warehouse_id, code)
    if up_to is not None:
        await _take_up_to(ctx, mine, up_to)
    else:
        await _take_single(ctx, mine, positions or ())
    await _settle(ctx, mine)
    mine.acknowledged_at, mine.ended_at = ctx.now, None
    record(
        ctx, "warehouseConsumer.acknowledged", "WarehouseConsumer", mine.id, version=1, customer_id=None,
        changes={"consumer": mine.code, "acknowledgedTo": mine.acknowledged_to}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return mine.id


async def _lock_consumer(ctx: Context, warehouse_id: UUID, code: str) -> WarehouseConsumer:
    ctx.locking(LockKind.DOCUMENT)
    await ctx.session.execute(
        insert(WarehouseConsumer)
        .values(
            id=new_id(), seller_id=ctx.user.seller_id, warehouse_id=warehouse_id, code=code,
            acknowledged_at=ctx.now, created_at=ctx.now,
        )
        .on_conflict_do_nothing(index_elements=["warehouse_id", "code"])
    )  # fmt: skip
    table = WarehouseConsumer
    statement = select(table).where(table.warehouse_id == warehouse_id, table.code == code)
    mine: WarehouseConsumer = (await ctx.session.scalars(ctx.locked(LockKind.DOCUMENT, statement))).one()
    return mine


async def _take_up_to(ctx: Context, mine: WarehouseConsumer, up_to: int) -> None:
    """An older position than is acknowledged already changes nothing: messages overtake each other."""
    last = int(await ctx.session.scalar(select(func.coalesce(func.max(OutboxEvent.position), 0))))
    if up_to > last:
        raise Refusal(ErrorCode.INVALID, "The log has reached {last} only.", ("upTo",), last=last)
    mine.acknowledged_to = max(mine.acknowledged_to, up_to)


async def _take_single(ctx: Context, mine: WarehouseConsumer, positions: Sequence[int]) -> None:
    if not 0 < len(positions) <= POSITIONS_MAX:
        text = "Name the tasks, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("positions",), limit=POSITIONS_MAX)
    tasks = tasks_of(ctx.user, mine.warehouse_id).where(OutboxEvent.position.in_(positions))
    known = set(await ctx.session.scalars(tasks.with_only_columns(OutboxEvent.position)))
    refuse_all(
        [
            Refusal(ErrorCode.NOT_FOUND, "Not found.", ("positions", index))
            for index, each in enumerate(positions)
            if each not in known
        ]
    )
    await ctx.session.execute(
        insert(WarehouseAcknowledgement).on_conflict_do_nothing(),
        [{"consumer_id": mine.id, "position": each} for each in sorted(known)],
    )


async def _settle(ctx: Context, mine: WarehouseConsumer) -> None:
    """Moves the mark up to the first task that is still open; single rows below it are not needed any more."""
    await ctx.session.flush()
    rows = WarehouseAcknowledgement
    last = await ctx.session.scalar(select(func.max(rows.position)).where(rows.consumer_id == mine.id))
    if last is not None:
        first_open = await ctx.session.scalar(
            tasks_of(ctx.user, mine.warehouse_id)
            .where(is_open(mine.id, mine.acknowledged_to))
            .with_only_columns(OutboxEvent.position)
            .limit(1)
        )
        mark = last if first_open is None else min(last, first_open - 1)
        mine.acknowledged_to = max(mine.acknowledged_to, mark)
    await ctx.session.execute(
        delete(rows).where(rows.consumer_id == mine.id, rows.position <= mine.acknowledged_to)
    )


async def end_consumer(ctx: Context, consumer_id: UUID) -> UUID:
    """Says that a consumer is not coming back, so that nobody waits for it; its mark stays."""
    seen = consumers(ctx.user).with_only_columns(WarehouseConsumer.id).order_by(None)
    statement = select(WarehouseConsumer).where(
        WarehouseConsumer.id == consumer_id, WarehouseConsumer.id.in_(seen)
    )
    mine = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if mine is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseConsumerId",))
    mine.ended_at = ctx.now
    record(
        ctx, "warehouseConsumer.ended", "WarehouseConsumer", mine.id, version=1, customer_id=None,
        changes={"consumer": mine.code, "acknowledgedTo": mine.acknowledged_to}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return consumer_id


@dataclass(frozen=True, slots=True)
class OpenRow:
    """How many tasks a consumer has not acknowledged, and when the oldest of them happened."""

    id: UUID
    warehouse: str
    waiting: int
    oldest_at: datetime | None


async def list_consumers(ctx: Context) -> list[ConsumerRow]:
    """Those that have not ended, by warehouse and code."""
    mine = consumers(ctx.user).where(WarehouseConsumer.ended_at.is_(None))
    return [ConsumerRow(*each) for each in await ctx.session.execute(mine)]


async def consumers_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ConsumerRow | None]:
    rows = await ctx.session.execute(consumers(ctx.user).where(WarehouseConsumer.id.in_(keys)))
    return by_key(keys, (ConsumerRow(*each) for each in rows))


async def open_tasks(ctx: Context, keys: Sequence[UUID]) -> list[OpenRow | None]:
    """What consumers of the seller have not acknowledged."""
    mine = and_(WarehouseConsumer.id.in_(keys), WarehouseConsumer.seller_id == ctx.user.seller_id)
    rows = await ctx.session.execute(open_by_consumer().where(mine))
    return by_key(keys, (OpenRow(*each) for each in rows))


def is_late(ctx: Context, oldest_at: datetime | None, minutes: int) -> bool:
    """
    Whether something waits longer than so many minutes.

    Raises:
        Refusal(LIMIT_EXCEEDED): less than a minute, or more than a week.
    """
    if not 1 <= minutes <= LATE_MINUTES_MAX:
        text = "From 1 to {most} minutes."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("afterMinutes",), most=LATE_MINUTES_MAX)
    return oldest_at is not None and ctx.now - oldest_at > timedelta(minutes=minutes)
