"""Shipping: goods leave the house; stock, order, costs and journal follow in the same transaction."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from models.deliveries import Delivery, DeliveryLine, DeliveryLineCost, DeliveryLineLot
from models.orders import SalesOrder, SalesOrderLine
from models.products import StandardCost
from resolvers.context import Context, LockKind
from resolvers.customers import exponents_by_currency, seller
from resolvers.deliveries_acts import Travel, lock_delivery, take_travel
from resolvers.events import record
from resolvers.journal import post
from resolvers.orders_acts import close_if_done
from resolvers.prices import exchange_rate
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import Issue, issue, lock_balances
from resolvers.stock_lots import LotHold, change_lots, lock_lots
from rules.deliveries import DeliveryAction, move_delivery
from rules.invoice_numbers import demand_open_period
from rules.journal import CostLine, post_shipment
from rules.states import DeliveryStatus, JournalSource, LineKind

Lots = Mapping[UUID, Sequence[tuple[UUID, Decimal]]]  # delivery line -> (lot, quantity)


async def ship_delivery(ctx: Context, delivery_id: UUID, expected_version: int, travel: Travel) -> UUID:
    """
    The whole delivery leaves: moves by lot, reservations turned into history, quantities shipped, costs kept, posted.

    The order closes when nothing of it is left to ship or invoice.

    Raises:
        Refusal: PERIOD_CLOSED, for the cost of what leaves is posted today.
    """
    demand_open_period(ctx.today, (await seller(ctx)).books_closed_until, "deliveryId")
    found = await lock_delivery(ctx, delivery_id, expected_version, DeliveryAction.SHIP)
    delivery, order = found.delivery, found.order
    lines = list(
        await ctx.session.scalars(
            select(DeliveryLine)
            .where(DeliveryLine.delivery_id == delivery.id, DeliveryLine.customer_id == order.customer_id)
            .order_by(DeliveryLine.position)
        )
    )
    every = select(SalesOrderLine).where(
        SalesOrderLine.order_id == order.id, SalesOrderLine.customer_id == order.customer_id
    )
    order_lines = list(
        await ctx.session.scalars(ctx.locked(LockKind.LINES, every.order_by(SalesOrderLine.id)))
    )
    by_id = {line.id: line for line in order_lines}
    goods = [line for line in lines if by_id[line.order_line_id].kind == LineKind.GOODS]
    is_linked = await lock_commitments(ctx, [by_id[line.order_line_id].commitment_id for line in lines])
    await _move_stock(ctx, delivery, goods)
    for line in lines:
        owed = by_id[line.order_line_id]
        owed.quantity_shipped += line.quantity
        if owed.kind == LineKind.GOODS:
            owed.quantity_reserved -= line.quantity
    take_travel(delivery, travel)
    delivery.status = move_delivery(DeliveryStatus(delivery.status), DeliveryStatus.SHIPPED)
    delivery.shipped_at, delivery.shipped_by_id = ctx.now, ctx.user.user_id
    delivery.version += 1
    # The one posting of a shipment: cost of goods from stock.
    posting = post_shipment(await _keep_costs(ctx, goods), await _exponent(ctx))
    await post(
        ctx, JournalSource.DELIVERY, delivery.id, order.customer_id, ctx.today, delivery.number, posting.lines
    )
    record(
        ctx, "delivery.shipped", "Delivery", delivery.id, version=delivery.version, customer_id=order.customer_id,
        changes={"number": delivery.number, "order": order.number},
    )  # fmt: skip
    await _follow(ctx, order, order_lines)
    if is_linked:
        await rebook_consumption(ctx, [order.id], "delivery.shipped")
    return delivery.id


async def _move_stock(ctx: Context, delivery: Delivery, goods: Sequence[DeliveryLine]) -> None:
    if not goods:
        return
    warehouse_id = delivery.warehouse_id
    assert warehouse_id is not None, "a supplier's delivery is shipped by its receipt"
    rows = await ctx.session.execute(
        select(DeliveryLineLot.delivery_line_id, DeliveryLineLot.lot_id, DeliveryLineLot.quantity)
        .where(DeliveryLineLot.delivery_line_id.in_([line.id for line in goods]))
        .order_by(DeliveryLineLot.lot_id)
    )
    lots: dict[UUID, list[tuple[UUID, Decimal]]] = {line.id: [] for line in goods}
    for line_id, lot_id, quantity in rows:
        lots[line_id].append((lot_id, quantity))
    await lock_balances(ctx, sorted({line.product_id for line in goods}))
    await issue(ctx, [_issue(warehouse_id, line, lots) for line in goods], delivery.number)
    await lock_lots(ctx, ctx.session, {lot_id for each in lots.values() for lot_id, _ in each})
    leaving = [
        LotHold(lot_id, warehouse_id, -quantity) for each in lots.values() for lot_id, quantity in each
    ]
    await change_lots(ctx.session, leaving, on_hand=True)


def _issue(warehouse_id: UUID, line: DeliveryLine, lots: Lots) -> Issue:
    return Issue(line.schedule_line_id, line.product_id, warehouse_id, line.quantity, lots[line.id])


async def _exponent(ctx: Context) -> int:
    return await ctx.load(exponents_by_currency, (await seller(ctx)).currency)


async def _keep_costs(ctx: Context, goods: Sequence[DeliveryLine]) -> list[CostLine]:
    """Snapshots the standard costs of the day, and returns them in the seller's currency for the journal."""
    table = StandardCost
    rows = await ctx.session.execute(
        select(table.product_id, table.unit_cost, table.currency).where(
            table.product_id.in_([line.product_id for line in goods]),
            table.valid_from <= ctx.today,
            or_(table.valid_until.is_(None), table.valid_until > ctx.today),
        )
    )
    known = {product_id: (unit_cost, currency) for product_id, unit_cost, currency in rows}
    rates = {
        currency: await exchange_rate(ctx, currency) for currency in {each[1] for each in known.values()}
    }
    costs = []
    for line in goods:
        if line.product_id not in known:
            continue  # nobody said what it costs: there is nothing to keep and nothing to post
        unit_cost, currency = known[line.product_id]
        ctx.session.add(
            DeliveryLineCost(
                delivery_line_id=line.id,
                customer_id=line.customer_id,
                unit_cost=unit_cost,
                currency=currency,
            )
        )
        rate = rates[currency]
        if rate is not None:
            costs.append(CostLine(line.quantity, unit_cost * rate.rate))
    return costs


async def _follow(ctx: Context, order: SalesOrder, lines: Sequence[SalesOrderLine]) -> None:
    """The order's version rises with its quantities, and it closes where it is done."""
    order.version += 1
    if await close_if_done(ctx, order, lines):
        record(
            ctx, "order.closed", "Order", order.id, version=order.version, customer_id=order.customer_id,
            changes={"status": str(order.status)},
        )  # fmt: skip
    await ctx.session.flush()
