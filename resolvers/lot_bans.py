"""Lots that never go to a customer: banned and allowed again. What held such a lot for them is taken back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select

from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.lots import CustomerLotBan
from models.lots_reads import LotBanRow, visible_lot_bans
from models.orders import SalesOrder, SalesOrderLine
from models.orders_reads import order_in_scope
from models.products import Product
from models.rows import grouped
from models.stock import Lot
from resolvers.allocations import Waiting, lock_released, withdraw
from resolvers.context import Context
from resolvers.customers_locks import change_customer, lock_customer
from resolvers.lot_requests import end_requests
from resolvers.orders_acts import checked_reason
from resolvers.purchasing_locks import lock_sales
from rules.refusals import ErrorCode, Refusal
from rules.states import OPEN_STATUSES, DeliveryStatus, LotSelection

BANS_MAX = 100


async def bans_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[LotBanRow]]:
    statement = visible_lot_bans(ctx.user).where(CustomerLotBan.customer_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (LotBanRow(*row) for row in rows), "customer_id")


async def ban_lot(
    ctx: Context, customer_id: UUID, sku: str, number: str, reason: str, expected_version: int
) -> UUID:
    """
    The lot never goes to the customer any more. Deliveries of theirs that hold some of it and have not left are taken
    back, and what was held of it for their orders is free: a warning each.

    Raises:
        Refusal: NOT_FOUND, REASON_REQUIRED, StaleVersion; ALREADY_EXISTS where it is banned; LIMIT_EXCEEDED.
    """
    reason = checked_reason(reason)
    version = await lock_customer(ctx, customer_id, expected_version)
    lot = await _lot(ctx, sku, number)
    banned = (await bans_by_customer(ctx, [customer_id]))[0]
    if any(row.lot_id == lot.id for row in banned):
        raise Refusal(ErrorCode.ALREADY_EXISTS, "This lot is banned already.", ("lotNumber",))
    if len(banned) >= BANS_MAX:
        text = "A customer can have {limit} banned lots at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lotNumber",), limit=BANS_MAX)
    # Every open order is locked, so that none releases the lot before it sees the ban.
    orders = await lock_sales(ctx, await _open_orders(ctx, customer_id))
    holding = await _holding(ctx, orders, lot.id)
    ctx.session.add(
        CustomerLotBan(
            customer_id=customer_id, lot_id=lot.id, reason=reason, banned_at=ctx.now,
            banned_by_id=ctx.user.user_id, banned_by_name=ctx.user.name,
        )
    )  # fmt: skip
    await ctx.session.flush()
    waiting = [each for mine in holding.values() for each in mine]
    await withdraw(ctx, waiting, reason)
    for each in waiting:
        text = "Delivery {delivery} held some of lot {lot} and was taken back."
        ctx.warn(ErrorCode.LATE, text, delivery=each.number, lot=lot.number)
    for key in holding:
        orders[key].version += 1
    lines = select(SalesOrderLine.id).where(SalesOrderLine.order_id.in_(list(orders)))
    await end_requests(ctx, lot.id, list(await ctx.session.scalars(lines)))
    changes = {"sku": sku, "lot": number}
    return await change_customer(ctx, customer_id, version, "customer.lotBanned", changes, reason=reason)


async def allow_lot(ctx: Context, customer_id: UUID, lot_id: UUID, expected_version: int) -> UUID:
    """A banned lot may go to the customer again."""
    version = await lock_customer(ctx, customer_id, expected_version)
    row = next((row for row in (await bans_by_customer(ctx, [customer_id]))[0] if row.lot_id == lot_id), None)
    if row is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lotId",))
    await ctx.session.execute(
        delete(CustomerLotBan).where(
            CustomerLotBan.customer_id == customer_id, CustomerLotBan.lot_id == lot_id
        )
    )
    changes = {"sku": row.sku, "lot": row.number}
    return await change_customer(ctx, customer_id, version, "customer.lotAllowed", changes)


async def set_lot_selection(
    ctx: Context, customer_id: UUID, selection: LotSelection, expected_version: int
) -> UUID:
    """Of how many lots the customer's lines leave at one time, where a line says nothing else."""
    version = await lock_customer(ctx, customer_id, expected_version)
    return await change_customer(
        ctx,
        customer_id,
        version,
        "customer.lotsSelected",
        {"selection": str(selection)},
        lot_selection=selection,
    )


async def _lot(ctx: Context, sku: str, number: str) -> Lot:
    """A lot by what is printed on it."""
    lot: Lot | None = await ctx.session.scalar(
        select(Lot)
        .join(Product, Product.id == Lot.product_id)
        .where(
            Product.seller_id == ctx.user.seller_id, Product.sku == sku.strip(), Lot.number == number.strip()
        )
    )
    if lot is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lotNumber",))
    return lot


async def _open_orders(ctx: Context, customer_id: UUID) -> list[UUID]:
    rows = await ctx.session.scalars(
        select(SalesOrder.id).where(
            SalesOrder.customer_id == customer_id,
            SalesOrder.status.in_(OPEN_STATUSES),
            order_in_scope(ctx.user),
        )
    )
    return list(rows)


async def _holding(
    ctx: Context, orders: Mapping[UUID, SalesOrder], lot_id: UUID
) -> dict[UUID, list[Waiting]]:
    """By locked order, its deliveries that have not left and hold some of the lot, locked."""
    rows = await ctx.session.execute(
        select(Delivery.order_id, DeliveryLine.delivery_id)
        .join(DeliveryLine, DeliveryLine.delivery_id == Delivery.id)
        .join(DeliveryLineLot, DeliveryLineLot.delivery_line_id == DeliveryLine.id)
        .where(
            DeliveryLineLot.lot_id == lot_id,
            Delivery.order_id.in_(list(orders)),
            Delivery.status == DeliveryStatus.RELEASED,
        )
    )
    found: dict[UUID, set[UUID]] = {}
    for order_id, delivery_id in rows:
        found.setdefault(order_id, set()).add(delivery_id)
    return {
        key: [each for each in await lock_released(ctx, orders[key]) if each.id in found[key]]
        for key in sorted(found)
    }
