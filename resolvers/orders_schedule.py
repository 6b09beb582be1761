"""Delivering a line another way: what there is to choose from, and splitting the line by it. Its price stays."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from models.base import new_id
from models.orders import SalesOrderScheduleLine
from models.orders_reads import OrderLineRow, OrderRow, ScheduleLineRow
from resolvers.allocations import sent_by_schedule_line
from resolvers.context import Context
from resolvers.lot_requests import keep_within_reserved
from resolvers.orders import lines_by_id, orders_by_id, schedule_by_line
from resolvers.orders_acts import done, lock_order, order_of_line, schedule_of
from resolvers.pegs import lock_pegs, pegged_schedule_lines
from resolvers.products import products_by_id, relations_by_product
from resolvers.promises_facts import ProductAtSite, ProductFacts, gather
from resolvers.promises_orders import promise_schedule, whom_of
from resolvers.purchasing import lead_days_of
from resolvers.stock import Hold, lock_balances, release, reserve, warehouses_by_id
from resolvers.suppliers import sources_by_product, suppliers_by_id
from rules.alternatives import (
    Alternative,
    AlternativeKind,
    PartKind,
    Source,
    SplitPart,
    alternatives,
    split_line,
)
from rules.documents import check_requested_date
from rules.money import ZERO
from rules.promising import Control
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import DeliveryControl, LineKind, RelationKind
from rules.transitions import OrderAction

PARTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Whence:
    """A product from one of our warehouses, or from a supplier."""

    product_id: UUID
    warehouse_id: UUID | None = None
    supplier_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An alternative, and for each of its parts the warehouse that would hold it now; None: it waits for goods."""

    way: Alternative[Whence]
    held_at: tuple[UUID | None, ...]


async def delivery_alternatives(
    ctx: Context,
    order_line_id: UUID,
    requested_on: date | None,
    include: Collection[AlternativeKind],
) -> list[Offer]:
    """
    Other ways to deliver what is open of a line, the earliest first (rule book 8.4).

    What is in a delivery, and what a supplier is to send, is on its way already and no part of it.

    Raises:
        Refusal(NOT_FOUND): the viewer sees no such line.
    """
    line = (await lines_by_id(ctx, [order_line_id]))[0]
    order = None if line is None else (await orders_by_id(ctx, [line.order_id]))[0]
    if line is None or order is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderLineId",))
    if line.kind != LineKind.GOODS or line.product_id is None:
        return []
    schedule = await ctx.load(schedule_by_line, line.id)
    open_ = await _open_of(ctx, schedule)
    left = sum(open_.values(), ZERO)
    if left <= 0:
        return []
    sources, free = await _sources(ctx, order, line, schedule, left)
    for entry in schedule:
        if entry.warehouse_id in free:
            free[entry.warehouse_id] += open_.get(entry.id, ZERO)
    found = alternatives(left, sources, include, requested_on)
    return [Offer(each, tuple(_held_at(line.product_id, each, free))) for each in found]


async def _open_of(ctx: Context, schedule: Sequence[ScheduleLineRow]) -> dict[UUID, Decimal]:
    """What may be delivered another way of each schedule line."""
    sent = await ctx.loader(sent_by_schedule_line).load_many([entry.id for entry in schedule])
    pegged = await pegged_schedule_lines(ctx, [entry.id for entry in schedule])
    return {
        entry.id: entry.quantity - each.shipped - each.released
        for entry, each in zip(schedule, sent, strict=True)
        if entry.id not in pegged
    }


def _held_at(
    product_id: UUID, way: Alternative[Whence], free: Mapping[UUID, Decimal]
) -> Iterator[UUID | None]:
    """A part is held where it rests on goods that are there and that nobody has reserved."""
    place = way.key.warehouse_id
    left = ZERO
    if place is not None and way.key.product_id == product_id:
        left = min(way.from_stock, free.get(place, ZERO))
    for part in way.parts:
        yield place if part.quantity <= left else None
        left -= part.quantity


async def _sources(
    ctx: Context,
    order: OrderRow,
    line: OrderLineRow,
    schedule: Sequence[ScheduleLineRow],
    quantity: Decimal,
) -> tuple[list[Source[Whence]], dict[UUID, Decimal]]:
    """Whence the line could come, and what each warehouse has free of its product."""
    assert line.product_id is not None, "the caller looked"
    relations = await ctx.load(relations_by_product, line.product_id)
    substitutes = [each.related_product_id for each in relations if each.kind is RelationKind.SUBSTITUTE]
    found = await ctx.loader(products_by_id).load_many([line.product_id, *substitutes])
    products = {product.id: product for product in found if product is not None}
    own_demand = [entry.id for entry in schedule]
    facts = (await gather(ctx, list(products.values()), whom_of(order), except_entries=own_demand)).products
    if line.product_id not in facts:
        return [], {}
    mine = facts[line.product_id]
    own = next((each.warehouse_id for each in schedule if each.warehouse_id), None)
    own = own or next((each.site.id for each in mine.sites), None)
    kinds = {own: AlternativeKind.LATER}
    sources = [
        _source(line.product_id, each, kinds.get(each.site.id, AlternativeKind.OTHER_WAREHOUSE))
        for each in mine.sites
    ]
    for key in substitutes:
        if key in facts:
            sources += [_source(key, each, AlternativeKind.SUBSTITUTE) for each in facts[key].sites]
    free = {each.site.id: each.free for each in mine.sites}
    return sources + await _direct(ctx, mine, quantity), free


def _source(product_id: UUID, each: ProductAtSite, kind: AlternativeKind) -> Source[Whence]:
    site = each.promising
    key = Whence(product_id, warehouse_id=each.site.id)
    return Source(key, kind, site.availability, site.control, site.route, site.entered)


async def _direct(ctx: Context, known: ProductFacts, quantity: Decimal) -> list[Source[Whence]]:
    """From suppliers that sell just this quantity; the lead time has the way in it."""
    found = []
    for offer in await ctx.load(sources_by_product, known.product.id):
        supplier = await ctx.load(suppliers_by_id, offer.supplier_id)
        fits = quantity >= offer.minimum_quantity and quantity % offer.multiple_quantity == 0
        if supplier is None or not fits or not known.sites:
            continue
        site = known.sites[0].promising
        control = Control(
            DeliveryControl.SALES_LEAD_TIME, sales_lead_days=lead_days_of(offer, supplier.lead_time_days)
        )
        route = replace(site.route, transport_days=0, handling_days=0)
        key = Whence(known.product.id, supplier_id=supplier.id)
        found.append(Source(key, AlternativeKind.DIRECT, site.availability, control, route, ctx.today))
    return found


@dataclass(frozen=True, slots=True)
class PartWanted:
    """A part of a line: from a warehouse that has it free, or as it comes; and the day asked for, if another."""

    quantity: Decimal
    warehouse_id: UUID | None = None
    requested_on: date | None = None


async def reschedule_order_line(
    ctx: Context, order_line_id: UUID, expected_version: int, parts: Sequence[PartWanted]
) -> UUID:
    """
    Splits what is open of a line into schedule lines, and promises each. Price, breaks and discounts stay (DL-13).

    What has left, what is on its way to the door and what suppliers are to send stays as it is.

    Raises:
        Refusal(QUANTITY_INVALID): the parts are not what is left.
        Refusal(OUT_OF_STOCK): a warehouse has not so much free.
        Refusal(PAST_DATE): a day in the past.
    """
    _check(ctx, parts)
    order_id = await order_of_line(ctx, order_line_id)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.RESCHEDULE)
    order, line = found.order, next(each for each in found.lines if each.id == order_line_id)
    if line.kind != LineKind.GOODS or line.product_id is None:
        raise Refusal(ErrorCode.INVALID, "Only goods are delivered another way.", ("orderLineId",))
    apart = {peg.schedule_line_id for peg in await lock_pegs(ctx, order)}
    entries = [entry for entry in await schedule_of(ctx, [line]) if entry.id not in apart]
    sent = await ctx.loader(sent_by_schedule_line).load_many([entry.id for entry in entries])
    left = sum((entry.quantity for entry in entries), ZERO) - sum(
        (each.shipped + each.released for each in sent), ZERO
    )
    split_line(line.sku, left, ZERO, [SplitPart(PartKind.STOCK, each.quantity) for each in parts], ("parts",))
    await lock_balances(ctx, [line.product_id])
    before = sum((each.released for each in sent), ZERO)
    await release(ctx, [entry.id for entry in entries])
    holds = [
        Hold(entry.id, line.product_id, entry.warehouse_id, each.released)
        for entry, each in zip(entries, sent, strict=True)
        if each.released and entry.warehouse_id is not None
    ]
    requested_on = entries[0].requested_on if entries else None
    free = []
    for entry, each in zip(entries, sent, strict=True):
        entry.quantity = each.shipped + each.released
        if not entry.quantity:
            entry.warehouse_id = entry.confirmed_on = entry.ship_on = None
            free.append(entry)
    position = max((entry.position for entry in await schedule_of(ctx, [line])), default=0)
    await _check_free(ctx, line.product_id, line.sku, parts)
    for number, part in enumerate(parts, start=1):
        entry = free.pop(0) if free else SalesOrderScheduleLine(
            id=new_id(), order_line_id=line.id, customer_id=order.customer_id, position=position + number
        )  # fmt: skip
        entry.quantity, entry.warehouse_id = part.quantity, part.warehouse_id
        entry.requested_on = part.requested_on or requested_on
        ctx.session.add(entry)
        if part.warehouse_id is not None:
            holds.append(Hold(entry.id, line.product_id, part.warehouse_id, part.quantity))
    await ctx.session.flush()
    await reserve(ctx, order.customer_id, holds)
    line.quantity_reserved = before + sum((part.quantity for part in parts if part.warehouse_id), ZERO)
    await keep_within_reserved(ctx, [line.id], tells=True)
    await promise_schedule(ctx, order, [line], await schedule_of(ctx, [line]))
    return await done(ctx, order, "order.rescheduled")


def _check(ctx: Context, parts: Sequence[PartWanted]) -> None:
    if not 0 < len(parts) <= PARTS_MAX:
        text = "Say in which parts, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("parts",), limit=PARTS_MAX)
    for index, part in enumerate(parts):
        problem = None if part.requested_on is None else check_requested_date(part.requested_on, ctx.today)
        if problem is not None:
            path = ("parts", index, "requestedOn")
            raise Refusal(ErrorCode.PAST_DATE, problem, path, requested=part.requested_on)


async def _check_free(ctx: Context, product_id: UUID, sku: str, parts: Sequence[PartWanted]) -> None:
    """What each warehouse has free, the line's own reservations given back; balances are locked."""
    await ctx.session.flush()
    free = {row.warehouse_id: row.free for row in (await lock_balances(ctx, [product_id]))[product_id]}
    for index, part in enumerate(parts):
        if part.warehouse_id is None:
            continue
        place = await ctx.load(warehouses_by_id, part.warehouse_id)
        if place is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("parts", index, "warehouseId"))
        there = free.get(place.id, ZERO)
        if part.quantity > there:
            text = "{warehouse} has {free} of {sku} free."
            path = ("parts", index, "quantity")
            raise Refusal(
                ErrorCode.OUT_OF_STOCK, text, path, warehouse=place.code, free=plain(there), sku=sku
            )
        free[place.id] = there - part.quantity
