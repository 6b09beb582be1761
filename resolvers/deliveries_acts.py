"""What is done with deliveries: release goods to a warehouse, ship them, take them back, tell how they travel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from models.base import new_id
from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.deliveries_reads import delivery_in_scope
from models.events import AuditEvent
from models.orders import SalesOrder, SalesOrderLine
from models.stock import Lot
from models.stock_reads import WarehouseRow
from resolvers.allocations import Waiting, lock_released, withdraw
from resolvers.context import Context, LockKind
from resolvers.credit import lock_credit
from resolvers.customers import seller
from resolvers.deliveries import ReleasableRow, permitted_delivery_actions, releasable_by_order
from resolvers.events import record
from resolvers.orders_acts import LockedOrder, checked_reason, give_back, lock_order
from resolvers.orders_placing import take_number
from resolvers.products import products_by_id, units_by_code
from resolvers.promises_facts import lot_policies
from resolvers.stock import warehouses_by_id
from resolvers.stock_lots import LockedLot, LotHold, change_lots, lock_lots_of_products
from rules.deliveries import DeliveryAction, Part, demand_delivery_action, spread_release
from rules.documents import check_requested_date
from rules.lots import LotAge, LotShare, LotStock, choose_lots, without
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import CreditExceeded, ErrorCode, Path, Refusal, StaleVersion
from rules.states import CreditPolicy, DeliveryStatus, DocumentKind, HoldReason
from rules.transitions import OrderAction

CARRIER_MAX, TRACKING_MAX, NOTE_MAX = 200, 64, 2000
LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class LineWanted:
    """A quantity of an order line to be released, in its unit; lots by number, which come before any others."""

    order_line_id: UUID
    quantity: Decimal
    lots: Sequence[LotShare] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A quantity of one schedule line in the delivery to be; `path` is where the client asked for it."""

    line: SalesOrderLine
    row: ReleasableRow
    quantity: Decimal
    named: Sequence[LotShare]
    path: Path


async def release_delivery(
    ctx: Context,
    order_id: UUID,
    warehouse_id: UUID,
    lines: Sequence[LineWanted] | None,
    planned_on: date | None,
    expected_version: int,
) -> UUID | None:
    """
    Tells a warehouse to send goods of a confirmed order, and assigns their lots; reservations stay until they leave.

    Args:
        lines: None releases everything that is reserved in the warehouse, with the services that are open.
        planned_on: the day they are to leave; None is today.
    Returns:
        The delivery; None where the credit is exceeded: the order waits for finance, and nothing was released.
    Raises:
        Refusal(QUANTITY_INVALID): more of a line than is reserved there and not released yet.
        Refusal(OUT_OF_STOCK): the lots that may go to this customer do not suffice.
    """
    found = await lock_order(ctx, order_id, expected_version, OrderAction.DELIVER)
    order = found.order
    warehouse = await ctx.load(warehouses_by_id, warehouse_id)
    if warehouse is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    planned = planned_on or ctx.today
    problem = check_requested_date(planned, ctx.today)
    if problem is not None:
        raise Refusal(ErrorCode.PAST_DATE, problem, ("plannedOn",), requested=planned)
    shares = await _shares(ctx, found, warehouse, lines)
    if await _is_held_for_credit(ctx, found):
        return None
    lots = await _assign_lots(ctx, order, warehouse, shares, planned)
    delivery = await _new_delivery(ctx, order, warehouse, planned)
    ctx.session.add(delivery)
    await ctx.session.flush()
    await _add_lines(ctx, delivery, shares, lots)
    order.version += 1
    record(
        ctx, "delivery.released", "Delivery", delivery.id, version=1, customer_id=order.customer_id,
        changes={"number": delivery.number, "order": order.number, "warehouse": warehouse.code},
    )  # fmt: skip
    await ctx.session.flush()
    return delivery.id


async def _shares(
    ctx: Context, found: LockedOrder, warehouse: WarehouseRow, lines: Sequence[LineWanted] | None
) -> list[Share]:
    """Which schedule lines serve what was asked for; at most what is reserved in this warehouse."""
    order_id = found.order.id
    ready = [
        row
        for row in (await releasable_by_order(ctx, [order_id]))[0]
        if row.warehouse_id in (warehouse.id, None)
    ]
    by_id = {line.id: line for line in found.lines}
    if lines is None:
        shares = [Share(by_id[row.order_line_id], row, row.quantity, (), ()) for row in ready]
        if not shares:
            text = "Nothing of this order can be released from {warehouse} now."
            raise Refusal(ErrorCode.INVALID, text, ("warehouseId",), warehouse=warehouse.code)
        return shares
    if not lines or len(lines) > LINES_MAX:
        text = "Say which lines shall be released, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("lines",), limit=LINES_MAX)
    shares, seen = [], set[UUID]()
    for index, asked in enumerate(lines):
        path = ("lines", index)
        line = by_id.get(asked.order_line_id)
        if line is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, "orderLineId"))
        if line.id in seen:
            raise Refusal(ErrorCode.INVALID, "A line can stand here once only.", (*path, "orderLineId"))
        seen.add(line.id)
        mine = [row for row in ready if row.order_line_id == line.id]
        most = sum((row.quantity for row in mine), ZERO)
        await _check_quantity(ctx, line, asked.quantity, most, warehouse, path)
        parts = [Part(row, row.quantity) for row in mine]
        shares += [
            Share(line, row, quantity, asked.lots, path)
            for row, quantity in spread_release(asked.quantity, parts)
        ]
    return shares


async def _check_quantity(
    ctx: Context, line: SalesOrderLine, quantity: Decimal, most: Decimal, warehouse: WarehouseRow, path: Path
) -> None:
    unit = await ctx.load(units_by_code, line.unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    at = (*path, "quantity")
    if not ZERO < quantity <= most:
        text = "Between 0 and {most} of {sku} can be released from {warehouse}."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, at, most=plain(most), sku=line.sku, warehouse=warehouse.code
        )
    if quantity != quantity.quantize(Decimal(1).scaleb(-unit.decimals)):
        text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, at, sku=line.sku, unit=unit.code, decimals=unit.decimals
        )


async def _is_held_for_credit(ctx: Context, found: LockedOrder) -> bool:
    """
    Tests the credit again (rule book 0.2: 27), this order being part of what is open. Exceeding it stops the order.

    An order that finance let go on in spite of its credit is not stopped again.
    """
    order = found.order
    waiting = await lock_released(ctx, order)
    credit = await lock_credit(ctx, order.customer_id)
    if credit is None or credit.exposure <= credit.limit or await _finance_let_go(ctx, order):
        return False
    if (await seller(ctx)).credit_policy == CreditPolicy.REFUSE:
        raise CreditExceeded(credit.limit, credit.exposure, credit.currency)
    order.is_on_hold, order.hold_reasons = True, [HoldReason.CREDIT.value]
    await give_back(ctx, found, "", waiting)
    order.version += 1
    record(
        ctx, "order.held", "Order", order.id, version=order.version, customer_id=order.customer_id,
        changes={"status": str(order.status), "holds": HoldReason.CREDIT.value},
    )  # fmt: skip
    ctx.warn(
        ErrorCode.ON_HOLD,
        "Nothing was released: the order passes the customer's credit limit and waits for finance.",
    )
    await ctx.session.flush()
    return True


async def _finance_let_go(ctx: Context, order: SalesOrder) -> bool:
    """Whether the order's last credit hold was released by a person; the audit trail keeps what it was held for."""
    last = await ctx.session.scalar(
        select(AuditEvent.changes)
        .where(
            AuditEvent.entity_id == order.id,
            AuditEvent.entity_type == "Order",
            AuditEvent.action == "order.released",
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    return last is not None and HoldReason.CREDIT.value in str(last.get("holds", ""))


async def _last_lots(ctx: Context, customer_id: UUID, product_ids: Sequence[UUID]) -> dict[UUID, LotAge]:
    """By product, the newest of the lots that the customer got the last time it got any."""
    rows = await ctx.session.execute(
        select(DeliveryLine.product_id, Delivery.shipped_at, Lot.received_on, Lot.expires_on)
        .select_from(DeliveryLineLot)
        .join(DeliveryLine, DeliveryLine.id == DeliveryLineLot.delivery_line_id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .join(Lot, Lot.id == DeliveryLineLot.lot_id)
        .where(
            DeliveryLineLot.customer_id == customer_id,
            DeliveryLine.product_id.in_(product_ids),
            Delivery.status == DeliveryStatus.SHIPPED,
        )
        .ext(distinct_on(DeliveryLine.product_id))
        .order_by(
            DeliveryLine.product_id,
            Delivery.shipped_at.desc(),
            Lot.expires_on.desc().nulls_first(),
            Lot.received_on.desc(),
        )
    )
    return {row.product_id: LotAge(row.received_on, row.expires_on) for row in rows}


async def _assign_lots(
    ctx: Context, order: SalesOrder, warehouse: WarehouseRow, shares: Sequence[Share], planned_on: date
) -> list[list[tuple[LockedLot, Decimal]]]:
    """The lots of each share, allocated; none for products that are not tracked by lots."""
    products = await ctx.loader(products_by_id).load_many([share.line.product_id for share in shares])
    tracked = [product is not None and product.is_lot_tracked for product in products]
    for share, is_tracked in zip(shares, tracked, strict=True):
        if share.named and not is_tracked:
            text = "{sku} is not tracked by lots."
            raise Refusal(ErrorCode.INVALID, text, (*share.path, "lots"), sku=share.line.sku)
    ids = sorted({share.line.product_id for share, is_tracked in zip(shares, tracked, strict=True)
                  if is_tracked and share.line.product_id is not None})  # fmt: skip
    if not ids:
        return [[] for _ in shares]
    last = await _last_lots(ctx, order.customer_id, ids)
    policies = await lot_policies(ctx, order.customer_id, ids, planned_on)
    locked = await lock_lots_of_products(ctx, ids, warehouse.id)
    free = {key: [_as_stock(lot) for lot in lots] for key, lots in locked.items()}
    chosen: list[list[tuple[LockedLot, Decimal]]] = []
    named = {share.path: list(share.named) for share in shares}
    for share, is_tracked in zip(shares, tracked, strict=True):
        product_id = share.line.product_id
        if not is_tracked or product_id is None:
            chosen.append([])
            continue
        # Several schedule lines of one order line share the lots that were asked for.
        mine, named[share.path] = _first(named[share.path], share.quantity)
        found = choose_lots(
            share.quantity, mine, free[product_id], sku=share.line.sku, path=share.path,
            receipt_on=max(planned_on, share.row.due_on or planned_on), last=last.get(product_id),
            policy=policies[product_id],
        )  # fmt: skip
        free[product_id] = without(free[product_id], found)
        by_number = {lot.number: lot for lot in locked[product_id]}
        chosen.append([(by_number[each.number], each.quantity) for each in found])
    _refuse_rest(named)
    await change_lots(
        ctx.session, [LotHold(lot.id, warehouse.id, quantity) for each in chosen for lot, quantity in each]
    )
    return chosen


def _as_stock(lot: LockedLot) -> LotStock:
    free = lot.on_hand - lot.allocated
    return LotStock(lot.number, lot.status, lot.received_on, lot.expires_on, free, lot.best_before_on)


def _first(named: Sequence[LotShare], quantity: Decimal) -> tuple[list[LotShare], list[LotShare]]:
    """The lots asked for, parted into those that fill the quantity and the rest."""
    mine, rest, left = [], [], quantity
    for each in named:
        used = min(each.quantity, left) if each.quantity > 0 else each.quantity
        if used or each.quantity <= 0:
            mine.append(LotShare(each.number, used))
        if each.quantity > used:
            rest.append(LotShare(each.number, each.quantity - used))
        left -= max(used, ZERO)
    return mine, rest


def _refuse_rest(named: Mapping[Path, Sequence[LotShare]]) -> None:
    for path, rest in named.items():
        if rest:
            text = "The lots are more than the quantity of the line."
            raise Refusal(ErrorCode.QUANTITY_INVALID, text, (*path, "lots"))


async def _new_delivery(
    ctx: Context, order: SalesOrder, warehouse: WarehouseRow, planned_on: date
) -> Delivery:
    key = new_id()
    return Delivery(
        id=key,
        seller_id=order.seller_id,
        number=await take_number(ctx, DocumentKind.DELIVERY, key),
        customer_id=order.customer_id,
        order_id=order.id,
        warehouse_id=warehouse.id,
        status=DeliveryStatus.RELEASED,
        version=1,
        locale=order.locale,
        planned_on=planned_on,
        released_at=ctx.now,
        released_by_id=ctx.user.user_id,
        status_reason="",
        carrier="",
        tracking_number="",
        internal_note="",
        order_number=order.number,
        purchase_order_number=order.purchase_order_number,
        customer_number=order.customer_number,
        customer_name=order.customer_name,
        delivery_address=order.delivery_address,
        delivery_terms=order.delivery_terms,
    )


async def _add_lines(
    ctx: Context,
    delivery: Delivery,
    shares: Sequence[Share],
    lots: Sequence[Sequence[tuple[LockedLot, Decimal]]],
) -> None:
    rows, rows_of_lots = [], []
    for position, (share, chosen) in enumerate(zip(shares, lots, strict=True), start=1):
        line = share.line
        row = DeliveryLine(
            id=new_id(),
            delivery_id=delivery.id,
            customer_id=delivery.customer_id,
            position=position,
            order_line_id=line.id,
            schedule_line_id=share.row.schedule_line_id,
            product_id=line.product_id,
            sku=line.sku,
            customer_item_number=line.customer_item_number,
            description=line.description,
            unit_code=line.unit_code,
            quantity=share.quantity,
            quantity_invoiced=ZERO,
            quantity_returned=ZERO,
        )
        rows.append(row)
        rows_of_lots += [
            DeliveryLineLot(
                delivery_line_id=row.id, lot_id=lot.id, customer_id=delivery.customer_id, lot_number=lot.number,
                expires_on=lot.expires_on, quantity=quantity,
            )
            for lot, quantity in chosen
        ]  # fmt: skip
    ctx.session.add_all(rows)
    await ctx.session.flush()
    ctx.session.add_all(rows_of_lots)


@dataclass(frozen=True, slots=True)
class LockedDelivery:
    """A delivery with its order, locked; the order first, as everywhere."""

    delivery: Delivery
    order: SalesOrder


async def lock_delivery(
    ctx: Context, delivery_id: UUID, expected_version: int, action: DeliveryAction
) -> LockedDelivery:
    """
    The delivery, locked under its order, where the viewer may see it and may do this.

    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    order_id = await ctx.session.scalar(
        select(Delivery.order_id).where(Delivery.id == delivery_id, delivery_in_scope(ctx.user))
    )
    if order_id is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("deliveryId",))
    order = await ctx.session.scalar(
        ctx.locked(LockKind.DOCUMENT, select(SalesOrder).where(SalesOrder.id == order_id))
    )
    delivery = await ctx.session.scalar(
        ctx.locked(LockKind.LINES, select(Delivery).where(Delivery.id == delivery_id))
    )
    if action not in permitted_delivery_actions(ctx):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this delivery.", ("deliveryId",))
    if delivery.version != expected_version:
        raise StaleVersion(delivery.version)
    demand_delivery_action(DeliveryStatus(delivery.status), action)
    return LockedDelivery(delivery, order)


async def cancel_delivery(ctx: Context, delivery_id: UUID, expected_version: int, reason: str) -> UUID:
    """Takes a delivery back before it has left: its lots are free again, and the order's reservations stay."""
    reason = checked_reason(reason)
    found = await lock_delivery(ctx, delivery_id, expected_version, DeliveryAction.CANCEL)
    delivery = found.delivery
    await withdraw(
        ctx, [Waiting(delivery.id, delivery.number, delivery.customer_id, delivery.version)], reason
    )
    found.order.version += 1
    await ctx.session.flush()
    return delivery.id


@dataclass(frozen=True, slots=True)
class Travel:
    """How a delivery travels; None leaves a text as it is."""

    carrier: str | None = None
    tracking_number: str | None = None
    internal_note: str | None = None


def take_travel(delivery: Delivery, travel: Travel) -> None:
    for name, limit, path in (
        ("carrier", CARRIER_MAX, "carrier"),
        ("tracking_number", TRACKING_MAX, "trackingNumber"),
        ("internal_note", NOTE_MAX, "internalNote"),
    ):
        given: str | None = getattr(travel, name)
        if given is None:
            continue
        if len(given.strip()) > limit:
            raise Refusal(ErrorCode.INVALID, "This text is too long.", (path,))
        setattr(delivery, name, given.strip())


async def update_delivery(ctx: Context, delivery_id: UUID, expected_version: int, travel: Travel) -> UUID:
    """Carrier, tracking number and the warehouse's own note; the first two may come after the goods left."""
    found = await lock_delivery(ctx, delivery_id, expected_version, DeliveryAction.UPDATE)
    delivery = found.delivery
    take_travel(delivery, travel)
    delivery.version += 1
    record(
        ctx, "delivery.updated", "Delivery", delivery.id, version=delivery.version,
        customer_id=delivery.customer_id, changes={"number": delivery.number},
    )  # fmt: skip
    await ctx.session.flush()
    return delivery.id
