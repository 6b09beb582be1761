"""Receiving: goods of a purchase order come in, by lot, and go to those who wait for them, the pegged ones first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.base import new_id
from models.orders import SalesOrderLine, SalesOrderScheduleLine
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchasePeg,
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseScheduleLine,
)
from models.purchasing_reads import ShortRow, purchase_order_in_scope, short_schedule_lines
from models.stock import Lot
from resolvers.context import Context, LockKind
from resolvers.events import Happening, record, record_all
from resolvers.products import products_by_id, units_by_code
from resolvers.purchasing_acts import done, end_if_done
from resolvers.purchasing_locks import LockedPurchase, lock_purchase, serve_entry
from resolvers.sharing import policies_by_product, priorities_of
from resolvers.stock_receipts import Arrival, raise_balances, take_in
from rules.money import ZERO
from rules.purchasing import (
    Peg,
    PurchaseAction,
    SupplyPart,
    check_receipt,
    in_time,
    receive_parts,
    spread_arrival,
)
from rules.quantities import QUANTITY_MAX
from rules.refusals import ErrorCode, Path, Refusal
from rules.sharing import Wait, share_out
from rules.states import OrderStatus, SharingPolicy

LINES_MAX, NOTE_MAX, LOT_MAX = 200, 64, 64


@dataclass(frozen=True, slots=True)
class LineReceived:
    """A quantity of a purchase line that came; one line may come in several lots."""

    line_id: UUID
    quantity: Decimal
    lot_number: str = ""
    expires_on: date | None = None


async def receive_purchase_order(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    lines: Sequence[LineReceived],
    delivery_note: str = "",
) -> UUID:
    """
    Takes goods in: moves by lot, then reservations for the pegged sales lines, then for others that wait.

    Raises:
        Refusal(QUANTITY_INVALID): more than was ordered and the supplier's tolerance.
        Refusal(INVALID): a lot where none is tracked, none where it is, or one that has expired.
    """
    check_consignment(lines, delivery_note)
    hopeful = await _who_waits(ctx, purchase_order_id, lines)
    found = await lock_purchase(ctx, purchase_order_id, expected_version, PurchaseAction.RECEIVE, hopeful)
    warehouse_id = found.order.warehouse_id
    assert warehouse_id is not None, "direct deliveries are received by the customer"
    arrivals = await _arrivals(ctx, found, warehouse_id, lines)
    came = by_line(found, lines)
    sold = await lock_sales_lines(ctx, found)
    waiting = await _waiting(ctx, found, came)
    used = {line.id: use_pegs(found, line, quantity) for line, quantity in came.items()}
    await fill_schedule(ctx, came)
    await raise_balances(ctx, arrivals)
    served = {line.id for line in sold.values() if _is_served(found, line)}
    for line, quantity in came.items():
        how = await _how_to_share(ctx, line)
        shares = _shares(line.product_id, quantity, used[line.id], waiting, served, how)
        await _reserve(ctx, found, warehouse_id, shares, sold)
    lots = await take_in(ctx, arrivals, found.order.number)
    await keep_receipt(ctx, found.order, delivery_note, lines, lots)
    end_if_done(ctx, found)
    await _tell_orders(ctx, found)
    return await done(ctx, found.order, "purchaseOrder.received")


def check_consignment(lines: Sequence[LineReceived], delivery_note: str) -> None:
    if not 0 < len(lines) <= LINES_MAX:
        text = "Say which lines came, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("lines",), limit=LINES_MAX)
    if len(delivery_note.strip()) > NOTE_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("deliveryNote",))


async def _who_waits(ctx: Context, purchase_order_id: UUID, lines: Sequence[LineReceived]) -> list[UUID]:
    """The sales orders that may get something of what came, besides those it is pegged to; not locked yet."""
    rows = await ctx.session.execute(
        select(PurchaseOrderLine.id, PurchaseOrderLine.product_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .where(PurchaseOrder.id == purchase_order_id, purchase_order_in_scope(ctx.user))
    )
    products: dict[UUID, UUID] = {row.id: row.product_id for row in rows}
    left: dict[UUID, Decimal] = {}
    for each in lines:
        product = products.get(each.line_id)
        if product is not None and ZERO < each.quantity <= QUANTITY_MAX:
            left[product] = left.get(product, ZERO) + each.quantity
    if not left:
        return []
    short = await ctx.session.execute(
        short_schedule_lines(ctx.user).where(SalesOrderLine.product_id.in_(left))
    )
    rows_short = [ShortRow(*each) for each in short]
    ranks = await priorities_of(ctx, {row.customer_id for row in rows_short})
    policies: dict[UUID, SharingPolicy] = dict(
        zip(left, await ctx.loader(policies_by_product).load_many(list(left)), strict=True)
    )
    found = []
    for row in sorted(rows_short, key=lambda row: ranks[row.customer_id]):
        # One after the other: who comes when nothing is left gets nothing. By any other policy all have to be asked.
        is_one_by_one = policies[row.product_id] is SharingPolicy.BY_CUSTOMER_PRIORITY
        if left[row.product_id] > 0 or not is_one_by_one:
            left[row.product_id] -= row.quantity
            found.append(row.order_id)
    return found


async def _arrivals(
    ctx: Context, found: LockedPurchase, warehouse_id: UUID, lines: Sequence[LineReceived]
) -> list[Arrival]:
    """What came, checked line by line against what may still come."""
    arrivals, so_far = [], dict[UUID, Decimal]()
    for index, each in enumerate(lines):
        path = ("lines", index)
        line = found.line(each.line_id, (*path, "lineId"))
        await check_decimals(ctx, line, each.quantity, path)
        before = so_far.get(line.id, ZERO)
        received = line.quantity_received + line.quantity_cancelled + before
        check_receipt(
            each.quantity, line.quantity_receivable, received, sku=line.sku, path=(*path, "quantity")
        )
        so_far[line.id] = before + each.quantity
        arrivals.append(await _arrival(ctx, line, warehouse_id, each, path))
    return arrivals


async def check_decimals(ctx: Context, line: PurchaseOrderLine, quantity: Decimal, path: Path) -> None:
    unit = await ctx.load(units_by_code, line.unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    is_small = abs(quantity) <= QUANTITY_MAX  # the rest is refused for its size
    if is_small and quantity != quantity.quantize(Decimal(1).scaleb(-unit.decimals)):
        text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, (*path, "quantity"), sku=line.sku, unit=unit.code,
            decimals=unit.decimals,
        )  # fmt: skip


async def _arrival(
    ctx: Context, line: PurchaseOrderLine, warehouse_id: UUID, each: LineReceived, path: Path
) -> Arrival:
    product = await ctx.load(products_by_id, line.product_id)
    assert product is not None, "staff see every product of their seller"
    number = each.lot_number.strip()
    if not product.is_lot_tracked and (number or each.expires_on):
        text = "{sku} is not tracked by lots."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lotNumber"), sku=line.sku)
    if product.is_lot_tracked and not 0 < len(number) <= LOT_MAX:
        text = "{sku} is tracked by lots: give the lot's number, {limit} characters at most."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lotNumber"), sku=line.sku, limit=LOT_MAX)
    if each.expires_on is not None and each.expires_on <= ctx.today:
        text = "Lot {lot} expired on {day}; such goods are not taken in."
        raise Refusal(ErrorCode.INVALID, text, (*path, "expiresOn"), lot=number, day=each.expires_on)
    return Arrival(
        line.product_id, line.sku, warehouse_id, each.quantity, number, each.expires_on,
        product.shelf_life_days if product.is_lot_tracked else None, path,
    )  # fmt: skip


def by_line(found: LockedPurchase, lines: Sequence[LineReceived]) -> dict[PurchaseOrderLine, Decimal]:
    by_id = {line.id: line for line in found.lines}
    came: dict[PurchaseOrderLine, Decimal] = {}
    for each in lines:
        line = by_id[each.line_id]
        came[line] = came.get(line, ZERO) + each.quantity
    return came


async def lock_sales_lines(ctx: Context, found: LockedPurchase) -> dict[UUID, SalesOrderLine]:
    """The lines of the locked sales orders, for what they get is reserved on them."""
    if not found.sales:
        return {}
    statement = select(SalesOrderLine).where(SalesOrderLine.order_id.in_(found.sales))
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(SalesOrderLine.id)))
    return {row.id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Need:
    """Who gets a quantity of what came: a schedule line, by its peg or because it waits."""

    schedule_line_id: UUID
    order_line_id: UUID
    quantity: Decimal
    peg: PurchasePeg | None = None
    priority: int = 0


async def _waiting(
    ctx: Context, found: LockedPurchase, came: Mapping[PurchaseOrderLine, Decimal]
) -> dict[UUID, list[Need]]:
    """By product, what locked sales orders lack without a peg, those needed first ahead."""
    needs: dict[UUID, list[Need]] = {line.product_id: [] for line in came}
    if not found.sales:
        return needs
    rows = await ctx.session.execute(
        short_schedule_lines(ctx.user).where(
            SalesOrderLine.product_id.in_(needs), SalesOrderLine.order_id.in_(found.sales)
        )
    )
    short = [ShortRow(*each) for each in rows]
    ranks = await priorities_of(ctx, {row.customer_id for row in short})
    for row in short:
        need = Need(row.schedule_line_id, row.order_line_id, row.quantity, priority=ranks[row.customer_id])
        needs[row.product_id].append(need)
    return needs


def use_pegs(
    found: LockedPurchase, line: PurchaseOrderLine, quantity: Decimal
) -> list[tuple[PurchasePeg, Decimal]]:
    """Books what came on the line and on its pegs; both change in one statement, for a CHECK holds them together."""
    pegs = found.pegs[line.id]
    used = spread_arrival(quantity, [Peg(peg, peg.quantity, peg.quantity_used) for peg in pegs], [])
    for peg, part in used:
        peg.quantity_used += part
    line.quantity_received += quantity
    line.quantity_pegged -= sum((part for _, part in used), ZERO)
    return used


async def fill_schedule(ctx: Context, came: Mapping[PurchaseOrderLine, Decimal]) -> None:
    rows = await ctx.session.scalars(
        select(PurchaseScheduleLine)
        .where(PurchaseScheduleLine.purchase_order_line_id.in_([line.id for line in came]))
        .order_by(PurchaseScheduleLine.position)
        .execution_options(populate_existing=True)
    )
    by_line: dict[UUID, list[PurchaseScheduleLine]] = {line.id: [] for line in came}
    for row in rows:
        by_line[row.purchase_order_line_id].append(row)
    for line, quantity in came.items():
        entries = sorted(by_line[line.id], key=lambda row: row.confirmed_on or row.requested_on)
        parts = [
            SupplyPart(row.quantity, row.confirmed_on or row.requested_on, row.quantity_received)
            for row in entries
        ]
        assert in_time(parts) == parts, "sorted by the same day"
        for row, part in zip(entries, receive_parts(parts, quantity), strict=True):
            row.quantity_received = part.received


def _is_served(found: LockedPurchase, line: SalesOrderLine) -> bool:
    order = found.sales[line.order_id]
    return order.status in (OrderStatus.PLACED, OrderStatus.CONFIRMED) and not order.is_on_hold


async def _how_to_share(ctx: Context, line: PurchaseOrderLine) -> tuple[SharingPolicy, int]:
    """The policy of the line's product, and the decimals of its unit."""
    unit = await ctx.load(units_by_code, line.unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    return await ctx.load(policies_by_product, line.product_id), unit.decimals


def _shares(
    product_id: UUID,
    quantity: Decimal,
    used: Sequence[tuple[PurchasePeg, Decimal]],
    waiting: dict[UUID, list[Need]],
    served: set[UUID],
    how: tuple[SharingPolicy, int],
) -> list[tuple[Need, Decimal]]:
    """Who gets what: pegs to orders that may be served, then who waits, by policy; what was for one on hold is free."""
    mine = [
        Need(peg.schedule_line_id, peg.order_line_id, part, peg)
        for peg, part in used
        if peg.order_line_id in served
    ]
    others = waiting[product_id]
    shares = spread_arrival(quantity, [Peg(each, each.quantity) for each in mine], [])
    left = quantity - sum((part for _, part in shares), ZERO)
    waits = [Wait(each, each.order_line_id, each.quantity, each.priority) for each in others]
    got = share_out(left, waits, *how)
    # Two purchase lines of one product: what the first one served does not wait any more.
    waiting[product_id] = [
        replace(each, quantity=each.quantity - got[each]) for each in others if each.quantity > got[each]
    ]
    return [*shares, *((need, part) for need, part in got.items() if part)]


async def _reserve(
    ctx: Context,
    found: LockedPurchase,
    warehouse_id: UUID,
    shares: Sequence[tuple[Need, Decimal]],
    sold: Mapping[UUID, SalesOrderLine],
) -> None:
    """Reserves what came for those who get it; a schedule line that gets only a part of what it lacks is split."""
    if not shares:
        return
    await ctx.session.flush()
    rows = await ctx.session.scalars(
        select(SalesOrderScheduleLine)
        .where(SalesOrderScheduleLine.id.in_([need.schedule_line_id for need, _ in shares]))
        .execution_options(populate_existing=True)
    )
    entries = {row.id: row for row in rows}
    for need, quantity in shares:
        line, entry = sold[need.order_line_id], entries[need.schedule_line_id]
        part = await serve_entry(ctx, entry, line, warehouse_id, quantity)
        if need.peg is not None and part is not entry:
            _split_peg(ctx, need.peg, part.id, quantity)
        found.changed.add(line.order_id)
    await ctx.session.flush()


def _split_peg(ctx: Context, peg: PurchasePeg, schedule_line_id: UUID, quantity: Decimal) -> None:
    """The part that came goes with its schedule line; the old peg waits for the rest."""
    peg.quantity -= quantity
    peg.quantity_used -= quantity
    ctx.session.add(
        PurchasePeg(
            id=new_id(), customer_id=peg.customer_id, purchase_order_line_id=peg.purchase_order_line_id,
            product_id=peg.product_id, order_line_id=peg.order_line_id, schedule_line_id=schedule_line_id,
            quantity=quantity, quantity_used=quantity, created_at=peg.created_at,
        )
    )  # fmt: skip


async def keep_receipt(
    ctx: Context,
    order: PurchaseOrder,
    delivery_note: str,
    lines: Sequence[LineReceived],
    lots: Sequence[Lot | None],
) -> None:
    receipt = PurchaseReceipt(
        id=new_id(), purchase_order_id=order.id, received_at=ctx.now, received_by_id=ctx.user.user_id,
        delivery_note=delivery_note.strip(),
    )  # fmt: skip
    ctx.session.add(receipt)
    await ctx.session.flush()
    ctx.session.add_all(
        [
            PurchaseReceiptLine(
                receipt_id=receipt.id,
                purchase_order_line_id=each.line_id,
                lot_id=None if lot is None else lot.id,
                lot_number=each.lot_number.strip() if lot is None else lot.number,
                expires_on=each.expires_on if lot is None else lot.expires_on,
                quantity=each.quantity,
            )
            for each, lot in zip(lines, lots, strict=True)
        ]
    )
    record(
        ctx, "receipt.posted", "PurchaseReceipt", receipt.id, version=1, customer_id=None,
        changes={"number": order.number},
    )  # fmt: skip
    await ctx.session.flush()


async def _tell_orders(ctx: Context, found: LockedPurchase) -> None:
    """The sales orders that got goods: their versions rise, and other systems are told."""
    got = [found.sales[key] for key in sorted(found.changed)]
    for order in got:
        order.version += 1
    await record_all(
        ctx,
        [
            Happening(
                "order.supplied", "Order", order.id, order.version, order.customer_id,
                changes={"status": str(order.status)},
            )
            for order in got
        ],
    )  # fmt: skip
    await ctx.session.flush()
