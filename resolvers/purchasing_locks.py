"""Locking purchase orders with what they are meant for, and pegging: what every act of purchasing begins with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import order_in_scope
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchasePeg
from models.purchasing_reads import (
    held_quantity,
    peg_order,
    pegged_quantity,
    purchase_order_in_scope,
)
from resolvers.context import Context, LockKind
from resolvers.purchasing import permitted_purchase_actions
from resolvers.stock import Hold, reserve
from rules.money import ZERO
from rules.purchasing import PurchaseAction, check_peg, demand_purchase_action
from rules.refusals import ErrorCode, Path, Refusal, StaleVersion
from rules.states import OrderStatus, PurchaseOrderStatus


@dataclass(slots=True)
class LockedPurchase:
    """A purchase order with its lines, their open pegs and the sales orders of those, locked; all entities."""

    order: PurchaseOrder
    lines: list[PurchaseOrderLine]
    sales: dict[UUID, SalesOrder]
    pegs: dict[UUID, list[PurchasePeg]] = field(default_factory=dict)  # by purchase line, first served first
    changed: set[UUID] = field(default_factory=set)  # sales orders whose promises the act moved
    lost: dict[UUID, list[SalesOrderScheduleLine]] = field(
        default_factory=dict
    )  # by order: without a supplier now

    @property
    def is_direct(self) -> bool:
        return self.order.sales_order_id is not None

    def line(self, line_id: UUID, path: Path) -> PurchaseOrderLine:
        found = next((line for line in self.lines if line.id == line_id), None)
        if found is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", path)
        return found


def open_of(line: PurchaseOrderLine) -> Decimal:
    """What is still to come of a purchase line."""
    return max(line.quantity_ordered - line.quantity_received - line.quantity_cancelled, ZERO)


async def lock_sales(ctx: Context, order_ids: Iterable[UUID]) -> dict[UUID, SalesOrder]:
    """Sales orders, locked by id: before any purchase order, as everywhere."""
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    statement = select(SalesOrder).where(
        SalesOrder.id.in_(ids), SalesOrder.seller_id == ctx.user.seller_id, order_in_scope(ctx.user)
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.DOCUMENT, statement.order_by(SalesOrder.id)))
    return {row.id: row for row in rows}


async def lock_purchase(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    action: PurchaseAction,
    also: Iterable[UUID] = (),
) -> LockedPurchase:
    """
    The purchase order, locked under the sales orders it is meant for, where the viewer may do this with it.

    A peg that comes in between raises the version, so the sales orders locked first are all there are.

    Args:
        also: further sales orders that the act will change.
    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    mine = PurchaseOrder.id == purchase_order_id
    if (
        await ctx.session.scalar(select(PurchaseOrder.id).where(mine, purchase_order_in_scope(ctx.user)))
        is None
    ):
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("purchaseOrderId",))
    pegged = (
        select(SalesOrderLine.order_id)
        .join(PurchasePeg, PurchasePeg.order_line_id == SalesOrderLine.id)
        .join(PurchaseOrderLine, PurchaseOrderLine.id == PurchasePeg.purchase_order_line_id)
        .where(
            PurchaseOrderLine.purchase_order_id == purchase_order_id,
            PurchasePeg.quantity > PurchasePeg.quantity_used,
        )
    )
    sales = await lock_sales(ctx, [*await ctx.session.scalars(pegged), *also])
    order = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, select(PurchaseOrder).where(mine)))
    if action not in permitted_purchase_actions(ctx):
        text = "You may not do this with this purchase order."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("purchaseOrderId",))
    if order.version != expected_version:
        raise StaleVersion(order.version)
    lines = select(PurchaseOrderLine).where(PurchaseOrderLine.purchase_order_id == order.id)
    found = list(await ctx.session.scalars(ctx.locked(LockKind.LINES, lines.order_by(PurchaseOrderLine.id))))
    is_begun = any(line.quantity_received for line in found)
    demand_purchase_action(PurchaseOrderStatus(order.status), is_begun, action)
    locked = LockedPurchase(order, sorted(found, key=lambda line: line.position), sales)
    await lock_pegs_of(ctx, locked)
    return locked


async def lock_pegs_of(ctx: Context, found: LockedPurchase) -> None:
    """Reads the open pegs of the lines, in the order in which they are served."""
    found.pegs = {line.id: [] for line in found.lines}
    statement = (
        select(PurchasePeg)
        .join(SalesOrderScheduleLine, SalesOrderScheduleLine.id == PurchasePeg.schedule_line_id)
        .where(
            PurchasePeg.purchase_order_line_id.in_(found.pegs),
            PurchasePeg.quantity > PurchasePeg.quantity_used,
        )
        .order_by(*peg_order())
        .with_for_update(of=PurchasePeg)
        .execution_options(populate_existing=True)
    )
    ctx.locking(LockKind.LINES)
    for peg in await ctx.session.scalars(statement):
        found.pegs[peg.purchase_order_line_id].append(peg)


# Pegging


@dataclass(frozen=True, slots=True)
class PegWanted:
    """A quantity that an order line shall get of a purchase line; `path` is where the client asked for it."""

    order_line_id: UUID
    quantity: Decimal
    path: Path = ()


async def orders_of_lines(ctx: Context, wanted: Sequence[PegWanted]) -> dict[UUID, SalesOrderLine]:
    """The visible sales lines that pegs name, by id; not locked yet."""
    statement = (
        select(SalesOrderLine)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.order_id)
        .where(
            SalesOrderLine.id.in_([each.order_line_id for each in wanted]),
            SalesOrder.seller_id == ctx.user.seller_id,
            order_in_scope(ctx.user),
        )
    )
    found = {row.id: row for row in await ctx.session.scalars(statement)}
    for each in wanted:
        if each.order_line_id not in found:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*each.path, "orderLineId"))
    return found


async def add_pegs(
    ctx: Context, found: LockedPurchase, line: PurchaseOrderLine, wanted: Sequence[PegWanted]
) -> None:
    """
    Pegs a purchase line to sales lines of locked orders; a schedule line of which only a part is pegged is split.

    Raises:
        Refusal(INVALID): another product, or twice the same sales line.
        Refusal(INVALID_TRANSITION): an order that is not open, or on hold.
        Refusal(QUANTITY_INVALID): more than the sales line lacks or the purchase line has left.
    """
    ids = [each.order_line_id for each in wanted]
    statement = select(SalesOrderLine).where(SalesOrderLine.id.in_(ids)).order_by(SalesOrderLine.id)
    sales = {row.id: row for row in await ctx.session.scalars(ctx.locked(LockKind.LINES, statement))}
    for each in wanted:
        if ids.count(each.order_line_id) > 1:
            text = "A line can stand here once only."
            raise Refusal(ErrorCode.INVALID, text, (*each.path, "orderLineId"))
        sold = sales[each.order_line_id]
        order = found.sales[sold.order_id]
        if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED) or order.is_on_hold:
            text = "Nothing is bought for an order that is on hold or not open."
            raise Refusal(ErrorCode.INVALID_TRANSITION, text, (*each.path, "orderLineId"))
        lacking = await _lacking(ctx, sold)
        check_peg(
            each.quantity,
            is_same_product=sold.product_id == line.product_id,
            uncovered=sum(lacking.values(), ZERO),
            unpegged=open_of(line) - line.quantity_pegged,
            sku=sold.sku,
            path=each.path,
        )
        left = each.quantity
        for entry, lacks in lacking.items():
            taken = min(lacks, left)
            if taken <= 0:
                continue
            left -= taken
            part = entry if taken == entry.quantity else await split_schedule(ctx, entry, taken)
            peg = PurchasePeg(
                id=new_id(), customer_id=sold.customer_id, purchase_order_line_id=line.id,
                product_id=line.product_id, order_line_id=sold.id, schedule_line_id=part.id, quantity=taken,
                quantity_used=ZERO, created_at=ctx.now,
            )  # fmt: skip
            ctx.session.add(peg)
            found.pegs.setdefault(line.id, []).append(peg)
        line.quantity_pegged += each.quantity
        order.version += 1
        await ctx.session.flush()


async def _lacking(ctx: Context, line: SalesOrderLine) -> dict[SalesOrderScheduleLine, Decimal]:
    """What each schedule line of a locked sales line lacks, those needed first ahead."""
    schedule = SalesOrderScheduleLine
    lacks = schedule.quantity - held_quantity() - pegged_quantity()
    rows = await ctx.session.execute(
        select(schedule, lacks)
        .where(schedule.order_line_id == line.id, schedule.customer_id == line.customer_id)
        .order_by(schedule.requested_on.nulls_first(), schedule.position)
        .execution_options(populate_existing=True)
    )
    return {entry: max(quantity, ZERO) for entry, quantity in rows}


async def split_schedule(
    ctx: Context, entry: SalesOrderScheduleLine, quantity: Decimal
) -> SalesOrderScheduleLine:
    """A new schedule line for a part of one, with its dates; what is reserved stays with the old one."""
    last = await ctx.session.scalar(
        select(SalesOrderScheduleLine.position)
        .where(SalesOrderScheduleLine.order_line_id == entry.order_line_id)
        .order_by(SalesOrderScheduleLine.position.desc())
        .limit(1)
    )
    part = SalesOrderScheduleLine(
        id=new_id(),
        order_line_id=entry.order_line_id,
        customer_id=entry.customer_id,
        position=last + 1,
        quantity=quantity,
        requested_on=entry.requested_on,
        first_confirmed_on=entry.first_confirmed_on,
        confirmed_on=entry.confirmed_on,
        ship_on=entry.ship_on,
        warehouse_id=None,
    )
    entry.quantity -= quantity
    ctx.session.add(part)
    await ctx.session.flush()
    return part


async def serve_entry(
    ctx: Context, entry: SalesOrderScheduleLine, line: SalesOrderLine, warehouse_id: UUID, quantity: Decimal
) -> SalesOrderScheduleLine:
    """
    Reserves goods of a warehouse for a schedule line of a locked order line; one that gets only a part is split.

    The balances must be locked already. Returns the schedule line that has the goods.
    """
    assert line.product_id is not None, "only products are reserved"
    part = entry if quantity == entry.quantity else await split_schedule(ctx, entry, quantity)
    part.warehouse_id = warehouse_id
    await ctx.session.flush()
    await reserve(ctx, line.customer_id, [Hold(part.id, line.product_id, warehouse_id, quantity)])
    line.quantity_reserved += quantity
    await ctx.session.flush()
    return part


async def entries_of(ctx: Context, pegs: Iterable[PurchasePeg]) -> Mapping[UUID, SalesOrderScheduleLine]:
    """The sales schedule lines of pegs to locked orders, by id."""
    statement = (
        select(SalesOrderScheduleLine)
        .where(SalesOrderScheduleLine.id.in_([peg.schedule_line_id for peg in pegs]))
        .execution_options(populate_existing=True)
    )
    await ctx.session.flush()
    return {row.id: row for row in await ctx.session.scalars(statement)}
