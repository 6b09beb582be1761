"""Sharing what is free of a product among the order lines that wait for it, by a policy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.products_reads import ProductRow
from models.purchasing_reads import ShortRow, short_schedule_lines
from models.rows import by_key, grouped
from models.sharing_reads import (
    ScarceRow,
    SharingLineRow,
    SharingRow,
    own_policies,
    priorities,
    scarce_products,
    visible_sharing_lines,
    visible_sharings,
)
from models.stock_reads import WarehouseRow
from models.stock_sharing import StockSharing, StockSharingLine
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import Happening, record, record_all
from resolvers.products import products_by_id, units_by_code
from resolvers.promises_orders import promise_schedule
from resolvers.purchasing_locks import lock_sales, serve_entry
from resolvers.stock import lock_balances, warehouses_by_id
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.sharing import Wait, share_out
from rules.states import ProductKind, SharingPolicy

LINES_MAX, PRODUCTS_MAX = 500, 100


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """An order line that lacks goods of a product; the smaller its customer's priority, the sooner it is served."""

    order_line_id: UUID
    order_id: UUID
    customer_id: UUID
    priority: int
    parts: tuple[ShortRow, ...]

    @property
    def quantity(self) -> Decimal:
        return sum((part.quantity for part in self.parts), ZERO)


async def waiting_lines(
    ctx: Context, product_id: UUID, orders: Collection[UUID] | None = None
) -> list[WaitingLine]:
    """
    The open lines that lack goods of a product, those needed first ahead; what suppliers are to send lacks nothing.

    Args:
        orders: of these alone, which are locked; None is all that the viewer may see.
    """
    statement = short_schedule_lines(ctx.user).where(SalesOrderLine.product_id == product_id)
    if orders is not None:
        statement = statement.where(SalesOrderLine.order_id.in_(orders))
    rows = [ShortRow(*each) for each in await ctx.session.execute(statement)]
    ranks = await priorities_of(ctx, {row.customer_id for row in rows})
    found: dict[UUID, list[ShortRow]] = {}
    for row in rows:
        found.setdefault(row.order_line_id, []).append(row)
    return [
        WaitingLine(key, parts[0].order_id, parts[0].customer_id, ranks[parts[0].customer_id], tuple(parts))
        for key, parts in found.items()
    ]


async def scarce(ctx: Context, first: int) -> list[ScarceRow]:
    """The products that the viewer's order lines lack, those needed first ahead."""
    rows = await ctx.session.execute(scarce_products(ctx.user).limit(first))
    return [ScarceRow(*row) for row in rows]


async def priorities_of(ctx: Context, customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """Who is served first where goods are scarce, by customer: 1 before 9."""
    rows = await ctx.session.execute(priorities(ctx.user, customer_ids))
    return {row[0]: row[1] for row in rows}


async def policies_by_product(ctx: Context, keys: Sequence[UUID]) -> list[SharingPolicy]:
    """A product's own policy, or else the seller's. A batch function."""
    rows = await ctx.session.execute(own_policies(ctx.user, keys))
    own = {row[0]: SharingPolicy(row[1]) for row in rows}
    usual = (await seller(ctx)).sharing_policy
    return [own.get(key, SharingPolicy(usual)) for key in keys]


async def goods_named(ctx: Context, product_id: UUID) -> ProductRow:
    product = await ctx.load(products_by_id, product_id)
    if product is None or product.kind is not ProductKind.GOODS:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    return product


async def share_stock(
    ctx: Context,
    product_id: UUID,
    warehouse_id: UUID,
    policy: SharingPolicy | None,
    order_line_ids: Sequence[UUID] | None,
) -> UUID:
    """
    Reserves what is free of a product in a warehouse for the order lines that wait for it.

    Args:
        policy: None is the product's own, or else the seller's.
        order_line_ids: these lines alone; None is all that wait and the viewer may see.
    Raises:
        Refusal(NOT_FOUND): no such goods or warehouse, or a line that waits for none of it.
        Refusal(LIMIT_EXCEEDED): more lines than one act shares among.
    """
    product = await goods_named(ctx, product_id)
    place: WarehouseRow | None = await ctx.load(warehouses_by_id, warehouse_id)
    if place is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    hoping = _chosen(await waiting_lines(ctx, product.id), order_line_ids)
    sales = await lock_sales(ctx, [line.order_id for line in hoping])
    lines = await _lock_lines(ctx, sales)
    named = {line.order_line_id for line in hoping}
    waiting = [each for each in await waiting_lines(ctx, product.id, sales) if each.order_line_id in named]
    balances = (await lock_balances(ctx, [product.id]))[product.id]
    free = next((row.free for row in balances if row.warehouse_id == place.id), ZERO)
    chosen = policy or (await policies_by_product(ctx, [product.id]))[0]
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by foreign key"
    waits = [
        Wait(part.schedule_line_id, each.order_line_id, part.quantity, each.priority)
        for each in waiting
        for part in each.parts
    ]
    shares = share_out(free, waits, chosen, unit.decimals)
    await _serve(ctx, sales, lines, place.id, {key: quantity for key, quantity in shares.items() if quantity})
    return await _keep(ctx, product, place, chosen, free, waiting, shares)


def _chosen(waiting: Sequence[WaitingLine], order_line_ids: Sequence[UUID] | None) -> list[WaitingLine]:
    by_id = {line.order_line_id: line for line in waiting}
    for index, key in enumerate(order_line_ids or ()):
        if key not in by_id:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderLineIds", index))
    chosen = (
        list(waiting) if order_line_ids is None else [by_id[key] for key in dict.fromkeys(order_line_ids)]
    )
    if len(chosen) > LINES_MAX:
        text = "Stock is shared among {limit} lines at most: name some of them."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("orderLineIds",), limit=LINES_MAX)
    return chosen


async def _lock_lines(ctx: Context, orders: Collection[UUID]) -> dict[UUID, SalesOrderLine]:
    if not orders:
        return {}
    statement = select(SalesOrderLine).where(SalesOrderLine.order_id.in_(list(orders)))
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(SalesOrderLine.id)))
    return {row.id: row for row in rows}


async def _serve(
    ctx: Context,
    sales: dict[UUID, SalesOrder],
    lines: dict[UUID, SalesOrderLine],
    warehouse_id: UUID,
    shares: dict[UUID, Decimal],
) -> None:
    """Reserves what the schedule lines get, and promises it; the orders' versions rise, and other systems are told."""
    if not shares:
        return
    statement = select(SalesOrderScheduleLine).where(SalesOrderScheduleLine.id.in_(shares))
    entries = list(
        await ctx.session.scalars(
            statement.order_by(SalesOrderScheduleLine.id).execution_options(populate_existing=True)
        )
    )
    served: dict[UUID, list[SalesOrderScheduleLine]] = {}
    for entry in entries:
        line = lines[entry.order_line_id]
        part = await serve_entry(ctx, entry, line, warehouse_id, shares[entry.id])
        served.setdefault(line.order_id, []).append(part)
    happenings = []
    for key in sorted(served):
        order = sales[key]
        mine = [line for line in lines.values() if line.order_id == key]
        await promise_schedule(ctx, order, mine, served[key])
        order.version += 1
        changes = {"status": str(order.status)}
        happenings.append(
            Happening("order.supplied", "Order", order.id, order.version, order.customer_id, changes=changes)
        )
    await record_all(ctx, happenings)


async def _keep(
    ctx: Context,
    product: ProductRow,
    place: WarehouseRow,
    policy: SharingPolicy,
    free: Decimal,
    waiting: Sequence[WaitingLine],
    shares: dict[UUID, Decimal],
) -> UUID:
    """Writes down who got what, so that it can be told later why somebody got less."""
    got = {
        line.order_line_id: sum((shares[part.schedule_line_id] for part in line.parts), ZERO)
        for line in waiting
    }
    shared = sum(got.values(), ZERO)
    row = StockSharing(
        id=new_id(), seller_id=ctx.user.seller_id, product_id=product.id, warehouse_id=place.id, policy=policy,
        quantity_free=free, quantity_shared=shared, shared_at=ctx.now, shared_by_id=ctx.user.user_id,
    )  # fmt: skip
    ctx.session.add(row)
    await ctx.session.flush()
    ctx.session.add_all(
        [
            StockSharingLine(
                sharing_id=row.id, position=position, customer_id=line.customer_id,
                order_line_id=line.order_line_id, priority=line.priority, quantity_waiting=line.quantity,
                quantity_got=got[line.order_line_id],
            )
            for position, line in enumerate(waiting, start=1)
        ]
    )  # fmt: skip
    record(
        ctx, "stock.shared", "Product", product.id, version=1, customer_id=None,
        changes={"policy": str(policy), "warehouse": place.code, "quantity": plain(shared), "lines": len(waiting)},
    )  # fmt: skip
    await ctx.session.flush()
    return row.id


async def sharings_by_id(ctx: Context, keys: Sequence[UUID]) -> list[SharingRow | None]:
    rows = await ctx.session.execute(visible_sharings(ctx.user).where(StockSharing.id.in_(keys)))
    return by_key(keys, [SharingRow(*each) for each in rows])


async def lines_by_sharing(ctx: Context, keys: Sequence[UUID]) -> list[list[SharingLineRow]]:
    statement = visible_sharing_lines(ctx.user).where(StockSharingLine.sharing_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (SharingLineRow(*each) for each in rows), "sharing_id")
