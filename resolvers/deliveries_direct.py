"""
Direct delivery: a supplier sends what is left of an order to the customer, and its word that it did is our shipment.

Nothing of it touches our stock: no reservation, no move, and no posting of goods (rule book 8.7).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from models.base import new_id
from models.deliveries import Delivery, DeliveryLine, DeliveryLineCost
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchasePeg
from models.purchasing_reads import purchase_order_in_scope
from resolvers.allocations import released_by_line
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.lot_requests import keep_within_reserved
from resolvers.orders_acts import close_if_done, shorten
from resolvers.orders_placing import take_number
from resolvers.pegs import HeldPeg, lock_pegs, release_surplus
from resolvers.purchasing_acts import (
    LineDraft,
    PurchaseLineWanted,
    done,
    draft_lines,
    end_if_done,
    new_order,
    store_lines,
)
from resolvers.purchasing_locks import LockedPurchase, PegWanted, lock_purchase, lock_sales, orders_of_lines
from resolvers.purchasing_receiving import (
    LineReceived,
    by_line,
    check_consignment,
    check_decimals,
    fill_schedule,
    keep_receipt,
    lock_sales_lines,
    receive_purchase_order,
    use_pegs,
)
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import lock_balances
from resolvers.suppliers import suppliers_by_id
from rules.money import ZERO
from rules.purchasing import PurchaseAction, check_receipt, direct_remainder
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.states import DeliveryStatus, DocumentKind, LineKind, OrderStatus


async def create_direct_delivery(
    ctx: Context,
    order_id: UUID,
    supplier_id: UUID,
    lines: Sequence[PegWanted],
    expected_version: int,
    note: str = "",
) -> UUID:
    """
    A draft for a supplier that delivers to the customer what of the lines has not left us (DL-14).

    What was reserved of it here is given back; the sales line, its price and its breaks stay.

    Raises:
        Refusal(QUANTITY_INVALID): more than is neither shipped nor on its way.
    """
    sold = await orders_of_lines(ctx, lines)
    order = (await lock_sales(ctx, [order_id])).get(order_id)
    if order is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderId",))
    supplier = await ctx.load(suppliers_by_id, supplier_id)
    if supplier is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("supplierId",))
    for each in lines:
        if sold[each.order_line_id].order_id != order.id:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*each.path, "orderLineId"))
    if order.version != expected_version:
        raise StaleVersion(order.version)
    if order.status != OrderStatus.CONFIRMED or order.is_on_hold:
        text = "Nothing is bought for an order that is on hold or not open."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("orderId",))
    statement = select(SalesOrderLine).where(SalesOrderLine.order_id == order.id)
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(SalesOrderLine.id)))
    by_id = {row.id: row for row in rows}
    pegs = await lock_pegs(ctx, order)
    await _check_remainders(ctx, by_id, lines)
    wanted = [PurchaseLineWanted(_product(by_id[each.order_line_id], each), each.quantity) for each in lines]
    drafts = await draft_lines(ctx, supplier, wanted, None)
    await lock_balances(ctx, [draft.offer.product_id for draft in drafts])
    entries = [await _set_apart(ctx, order, by_id[each.order_line_id], each.quantity, pegs) for each in lines]
    await keep_within_reserved(ctx, [each.order_line_id for each in lines], tells=True)
    await release_surplus(ctx, order, pegs)
    bought = await new_order(ctx, supplier, note, min(draft.requested_on for draft in drafts))
    bought.customer_id, bought.sales_order_id = order.customer_id, order.id
    bought.delivery_address = order.delivery_address
    stored = await store_lines(ctx, bought, drafts)
    await _peg(ctx, order, stored, drafts, entries)
    order.version += 1
    return await done(ctx, bought, "purchaseOrder.created", raised=False)


def _product(line: SalesOrderLine, each: PegWanted) -> UUID:
    if line.kind != LineKind.GOODS or line.product_id is None:
        raise Refusal(ErrorCode.INVALID, "A service is not bought for stock.", (*each.path, "orderLineId"))
    return line.product_id


async def _check_remainders(
    ctx: Context, by_id: Mapping[UUID, SalesOrderLine], lines: Sequence[PegWanted]
) -> None:
    for each in lines:
        line = by_id[each.order_line_id]
        released = await ctx.load(released_by_line, line.id)
        direct = await ctx.session.scalar(
            select(func.coalesce(func.sum(PurchasePeg.quantity - PurchasePeg.quantity_used), 0))
            .join(PurchaseOrderLine, PurchaseOrderLine.id == PurchasePeg.purchase_order_line_id)
            .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
            .where(PurchasePeg.order_line_id == line.id, PurchaseOrder.sales_order_id.is_not(None))
        )
        most = direct_remainder(
            line.quantity_ordered, line.quantity_cancelled, line.quantity_shipped, released + direct
        )
        if not ZERO < each.quantity <= most:
            text = "Between 0 and {most} of {sku} can be delivered by a supplier."
            raise Refusal(
                ErrorCode.QUANTITY_INVALID, text, (*each.path, "quantity"), most=plain(most), sku=line.sku
            )


async def _set_apart(
    ctx: Context, order: SalesOrder, line: SalesOrderLine, quantity: Decimal, pegs: Sequence[HeldPeg]
) -> SalesOrderScheduleLine:
    """A schedule line for what the supplier delivers; what waits for goods becomes it before what is here."""
    open_ = line.quantity_ordered - line.quantity_shipped - line.quantity_cancelled
    apart = {peg.schedule_line_id for peg in pegs if peg.is_direct}
    rows = await ctx.session.scalars(
        select(SalesOrderScheduleLine)
        .where(SalesOrderScheduleLine.order_line_id == line.id)
        .order_by(SalesOrderScheduleLine.position)
    )
    entries = list(rows)
    elsewhere = sum((entry.quantity for entry in entries if entry.id in apart), ZERO)
    await shorten(ctx, order, line, open_ - quantity - elsewhere, apart)
    entry = SalesOrderScheduleLine(
        id=new_id(),
        order_line_id=line.id,
        customer_id=line.customer_id,
        position=entries[-1].position + 1,
        quantity=quantity,
        requested_on=entries[0].requested_on,
        confirmed_on=None,
        warehouse_id=None,
    )
    ctx.session.add(entry)
    await ctx.session.flush()
    return entry


async def _peg(
    ctx: Context,
    order: SalesOrder,
    stored: Sequence[PurchaseOrderLine],
    drafts: Sequence[LineDraft],
    entries: Sequence[SalesOrderScheduleLine],
) -> None:
    for line, draft, entry in zip(stored, drafts, entries, strict=True):
        ctx.session.add(
            PurchasePeg(
                id=new_id(), customer_id=order.customer_id, purchase_order_line_id=line.id,
                product_id=draft.offer.product_id, order_line_id=entry.order_line_id, schedule_line_id=entry.id,
                quantity=draft.quantity, quantity_used=ZERO, created_at=ctx.now,
            )
        )  # fmt: skip
        line.quantity_pegged = draft.quantity
    await ctx.session.flush()


async def receive(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    lines: Sequence[LineReceived],
    delivery_note: str = "",
) -> UUID:
    """Goods of a purchase order came: to our warehouse, or to the customer where the supplier delivers."""
    is_direct = await ctx.session.scalar(
        select(PurchaseOrder.sales_order_id.is_not(None)).where(
            PurchaseOrder.id == purchase_order_id, purchase_order_in_scope(ctx.user)
        )
    )
    act = receive_directly if is_direct else receive_purchase_order
    return await act(ctx, purchase_order_id, expected_version, lines, delivery_note)


async def receive_directly(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    lines: Sequence[LineReceived],
    delivery_note: str = "",
) -> UUID:
    """
    The customer has what the supplier sent: that is a shipment of ours, and may be invoiced as one (DL-15).

    Raises:
        Refusal(QUANTITY_INVALID): more than the customer was to get; there is no stock for the rest of it.
    """
    check_consignment(lines, delivery_note)
    found = await lock_purchase(ctx, purchase_order_id, expected_version, PurchaseAction.RECEIVE)
    order = found.sales.get(found.order.sales_order_id) if found.order.sales_order_id else None
    for index, each in enumerate(lines):
        path = ("lines", index)
        line = found.line(each.line_id, (*path, "lineId"))
        await check_decimals(ctx, line, each.quantity, path)
        before = sum((one.quantity for one in lines[:index] if one.line_id == line.id), ZERO)
        check_receipt(each.quantity, line.quantity_pegged, before, sku=line.sku, path=(*path, "quantity"))
    assert order is not None, "what is pegged is meant for the order"
    sold = await lock_sales_lines(ctx, found)
    is_linked = await lock_commitments(ctx, [line.commitment_id for line in sold.values()])
    came = by_line(found, lines)
    used = {line: use_pegs(found, line, quantity) for line, quantity in came.items()}
    await fill_schedule(ctx, came)
    await _post_shipment(ctx, found, order, used, sold)
    await keep_receipt(ctx, found.order, delivery_note, lines, [None for _ in lines])
    end_if_done(ctx, found)
    order.version += 1
    if await close_if_done(ctx, order, list(sold.values())):
        record(
            ctx, "order.closed", "Order", order.id, version=order.version, customer_id=order.customer_id,
            changes={"status": str(order.status)},
        )  # fmt: skip
    await ctx.session.flush()
    if is_linked:
        await rebook_consumption(ctx, [order.id], "delivery.shipped")
    return await done(ctx, found.order, "purchaseOrder.received")


async def _post_shipment(
    ctx: Context,
    found: LockedPurchase,
    order: SalesOrder,
    used: Mapping[PurchaseOrderLine, Sequence[tuple[PurchasePeg, Decimal]]],
    sold: Mapping[UUID, SalesOrderLine],
) -> None:
    key = new_id()
    delivery = Delivery(
        id=key, seller_id=order.seller_id, number=await take_number(ctx, DocumentKind.DELIVERY, key),
        customer_id=order.customer_id, order_id=order.id, warehouse_id=None, purchase_order_id=found.order.id,
        status=DeliveryStatus.SHIPPED, version=1, locale=order.locale, planned_on=ctx.today, released_at=ctx.now,
        released_by_id=ctx.user.user_id, shipped_at=ctx.now, shipped_by_id=ctx.user.user_id, status_reason="",
        carrier="", tracking_number="", internal_note="", order_number=order.number,
        purchase_order_number=order.purchase_order_number, customer_number=order.customer_number,
        customer_name=order.customer_name, delivery_address=order.delivery_address,
        delivery_terms=order.delivery_terms,
    )  # fmt: skip
    ctx.session.add(delivery)
    await ctx.session.flush()
    shares = [(line, peg, part) for line, each in used.items() for peg, part in each]
    for position, (bought, peg, part) in enumerate(shares, start=1):
        line = sold[peg.order_line_id]
        row = DeliveryLine(
            id=new_id(), delivery_id=delivery.id, customer_id=order.customer_id, position=position,
            order_line_id=line.id, schedule_line_id=peg.schedule_line_id, product_id=line.product_id, sku=line.sku,
            customer_item_number=line.customer_item_number, description=line.description, unit_code=line.unit_code,
            quantity=part, quantity_invoiced=ZERO, quantity_returned=ZERO,
        )  # fmt: skip
        ctx.session.add(row)
        await ctx.session.flush()
        line.quantity_shipped += part
        if bought.unit_price is not None:
            ctx.session.add(
                DeliveryLineCost(
                    delivery_line_id=row.id, customer_id=order.customer_id, unit_cost=bought.unit_price,
                    currency=found.order.currency,
                )
            )  # fmt: skip
    record(
        ctx, "delivery.shipped", "Delivery", delivery.id, version=1, customer_id=order.customer_id,
        changes={"number": delivery.number, "order": order.number},
    )  # fmt: skip
    await ctx.session.flush()
