"""What is done with deliveries: release goods to a warehouse, ship them, take them back, tell how they travel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.deliveries_reads import delivery_in_scope
from models.events import AuditEvent
from models.orders import SalesOrder, SalesOrderLine
from models.stock_reads import WarehouseRow
from resolvers.allocations import Waiting, lock_released, withdraw
from resolvers.context import Context, LockKind
from resolvers.credit import lock_credit
from resolvers.customers import seller
from resolvers.deliveries import permitted_delivery_actions, releasable_by_order
from resolvers.deliveries_lots import Assigned, Share, assign_to_shares
from resolvers.events import record
from resolvers.lot_requests import keep_within_reserved
from resolvers.orders_acts import LockedOrder, checked_reason, give_back, lock_order
from resolvers.orders_placing import take_number
from resolvers.products import check_decimals
from resolvers.stock import warehouses_by_id
from rules.deliveries import DeliveryAction, Part, demand_delivery_action, spread_release
from rules.documents import check_requested_date
from rules.lots import LotShare
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
    assigned = await assign_to_shares(ctx, order, warehouse, shares, planned)
    delivery = await _new_delivery(ctx, order, warehouse, planned)
    ctx.session.add(delivery)
    await ctx.session.flush()
    await _add_lines(ctx, delivery, assigned)
    await keep_within_reserved(ctx, {each.share.line.id for each in assigned if each.lots}, tells=True)
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
    at = (*path, "quantity")
    if not ZERO < quantity <= most:
        text = "Between 0 and {most} of {sku} can be released from {warehouse}."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, at, most=plain(most), sku=line.sku, warehouse=warehouse.code
        )
    await check_decimals(ctx, line.sku, line.unit_code, quantity, at)


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


async def _add_lines(ctx: Context, delivery: Delivery, assigned: Sequence[Assigned]) -> None:
    rows, rows_of_lots = [], []
    for position, each in enumerate(assigned, start=1):
        line = each.share.line
        row = DeliveryLine(
            id=new_id(),
            delivery_id=delivery.id,
            customer_id=delivery.customer_id,
            position=position,
            order_line_id=line.id,
            schedule_line_id=each.share.row.schedule_line_id,
            product_id=line.product_id,
            sku=line.sku,
            customer_item_number=line.customer_item_number,
            description=line.description,
            unit_code=line.unit_code,
            quantity=each.quantity,
            quantity_invoiced=ZERO,
            quantity_returned=ZERO,
        )
        rows.append(row)
        rows_of_lots += [
            DeliveryLineLot(
                delivery_line_id=row.id, lot_id=one.lot.id, customer_id=delivery.customer_id,
                lot_number=one.lot.number, expires_on=one.lot.expires_on, quantity=one.quantity,
                quantity_requested=one.requested,
            )
            for one in each.lots
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
