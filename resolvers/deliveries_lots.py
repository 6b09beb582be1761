"""The lots of goods that are released: what was named, one lot where one must do, else as the product is picked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from models.customers import Customer
from models.deliveries import Delivery, DeliveryLine, DeliveryLineLot
from models.lots_reads import RequestedLotRow
from models.orders import SalesOrder, SalesOrderLine
from models.stock import Lot
from models.stock_reads import WarehouseRow
from resolvers.context import Context
from resolvers.deliveries import ReleasableRow
from resolvers.lot_requests import open_requests, use_requests
from resolvers.products import products_by_id
from resolvers.promises_facts import lot_policies
from resolvers.stock_lots import LockedLot, LotHold, change_lots, lock_lots_of_products
from rules.lot_assignment import LinePart, LineWish, assign_lots, requests_used
from rules.lots import LotAge, LotPolicy, LotShare, LotStock, without
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import DeliveryStatus, LotSelection


@dataclass(frozen=True, slots=True)
class Share:
    """A quantity of one schedule line in the delivery to be; `path` is where the client asked for it."""

    line: SalesOrderLine
    row: ReleasableRow
    quantity: Decimal
    named: Sequence[LotShare]
    path: Path


@dataclass(frozen=True, slots=True)
class ShareLot:
    """A lot of a share; of `quantity`, `requested` is what the customer had asked for."""

    lot: LockedLot
    quantity: Decimal
    requested: Decimal


@dataclass(frozen=True, slots=True)
class Assigned:
    """A share as it leaves: all of it, or what one lot has; no lots where the product is not tracked."""

    share: Share
    quantity: Decimal
    lots: Sequence[ShareLot] = ()


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of lots for one release, locked."""

    last: Mapping[UUID, LotAge]
    policies: Mapping[UUID, LotPolicy]
    locked: Mapping[UUID, Sequence[LockedLot]]
    requests: Mapping[UUID, Sequence[RequestedLotRow]]  # by order line
    begun: Mapping[UUID, frozenset[str]]  # by order line
    selection: LotSelection  # the customer's own


async def assign_to_shares(
    ctx: Context, order: SalesOrder, warehouse: WarehouseRow, shares: Sequence[Share], planned_on: date
) -> list[Assigned]:
    """
    The shares with their lots, allocated. A line that takes one lot only may leave in part, or wait: a warning each.

    Raises:
        Refusal: as `rules.lot_assignment.assign_lots`; OUT_OF_STOCK where nothing is left to leave.
    """
    products = await ctx.loader(products_by_id).load_many([share.line.product_id for share in shares])
    by_line: dict[UUID, list[Share]] = {}
    for share, product in zip(shares, products, strict=True):
        if product is not None and product.is_lot_tracked:
            by_line.setdefault(share.line.id, []).append(share)
        elif share.named:
            text = "{sku} is not tracked by lots."
            raise Refusal(ErrorCode.INVALID, text, (*share.path, "lots"), sku=share.line.sku)
    if not by_line:
        return [Assigned(share, share.quantity) for share in shares]
    known = await _facts(ctx, order, warehouse, [each[0].line for each in by_line.values()], planned_on)
    free = {key: [lot.stock for lot in lots] for key, lots in known.locked.items()}
    found: dict[UUID, list[Assigned]] = {}
    holds, used = list[LotHold](), list[tuple[RequestedLotRow, Decimal]]()
    for key, mine in by_line.items():
        product_id = mine[0].line.product_id
        assert product_id is not None, "only products are tracked by lots"
        assigned, taken = _assign_line(mine, known, free[product_id], planned_on)
        free[product_id] = without(free[product_id], _beyond_requests(assigned))
        found[key] = assigned
        used += taken
        holds += [
            LotHold(lot.lot.id, warehouse.id, lot.quantity - lot.requested)
            for each in assigned
            for lot in each.lots
            if lot.quantity > lot.requested
        ]
        _tell(ctx, assigned)
    leaving = [
        each
        for share in shares
        for each in ([found[share.line.id].pop(0)] if share.line.id in found else [Assigned(share, share.quantity)])
        if each.quantity
    ]  # fmt: skip
    if not any(each.share.row.warehouse_id for each in leaving):
        text = "No lot alone holds what must leave of one; nothing of this order can be released now."
        raise Refusal(ErrorCode.OUT_OF_STOCK, text, shares[0].path or ("lines",))
    await change_lots(ctx.session, holds)
    await use_requests(ctx, used)
    return leaving


def _assign_line(
    shares: Sequence[Share], known: _Facts, free: Sequence[LotStock], planned_on: date
) -> tuple[list[Assigned], list[tuple[RequestedLotRow, Decimal]]]:
    """One line's shares with their lots, and what of the customer's requests they take."""
    line = shares[0].line
    assert line.product_id is not None, "only products are tracked by lots"
    requests = known.requests.get(line.id, ())
    requested = [LotShare(row.number, row.open) for row in requests]
    wish = LineWish(
        line.sku,
        shares[0].named,
        requested,
        line.lot_selection or known.selection,
        known.begun.get(line.id, frozenset()),
        shares[0].path,
    )
    parts = [LinePart(share.quantity, max(planned_on, share.row.due_on or planned_on)) for share in shares]
    chosen = assign_lots(parts, wish, free, known.last.get(line.product_id), known.policies[line.product_id])
    used = requests_used([each for part in chosen for each in part], requested)
    taken = [(row, used[row.number]) for row in requests if row.number in used]
    by_number = {lot.number: lot for lot in known.locked[line.product_id]}
    assigned = []
    for share, lots in zip(shares, chosen, strict=True):
        mine = []
        for each in lots:
            of_request = min(each.quantity, used.get(each.number, ZERO))
            if of_request:
                used[each.number] -= of_request
            mine.append(ShareLot(by_number[each.number], each.quantity, of_request))
        assigned.append(Assigned(share, sum((each.quantity for each in lots), ZERO), mine))
    return assigned, taken


def _beyond_requests(assigned: Iterable[Assigned]) -> list[LotShare]:
    """What the line takes of lots that was free for everybody, by lot."""
    totals: dict[str, Decimal] = {}
    for each in assigned:
        for lot in each.lots:
            totals[lot.lot.number] = totals.get(lot.lot.number, ZERO) + lot.quantity - lot.requested
    return [LotShare(number, quantity) for number, quantity in totals.items()]


def _tell(ctx: Context, assigned: Sequence[Assigned]) -> None:
    share = assigned[0].share
    leaves = sum((each.quantity for each in assigned), ZERO)
    wanted = sum((each.share.quantity for each in assigned), ZERO)
    if leaves < wanted:
        text = "{leaves} of {wanted} {sku} leave: no lot alone holds more."
        ctx.warn(
            ErrorCode.BACKORDERED, text, (*share.path, "quantity"), leaves=plain(leaves), wanted=plain(wanted),
            sku=share.line.sku,
        )  # fmt: skip


async def _facts(
    ctx: Context,
    order: SalesOrder,
    warehouse: WarehouseRow,
    lines: Sequence[SalesOrderLine],
    planned_on: date,
) -> _Facts:
    products = sorted({line.product_id for line in lines if line.product_id is not None})
    keys = [line.id for line in lines]
    selection = await ctx.session.scalar(
        select(Customer.lot_selection).where(Customer.id == order.customer_id)
    )
    requests: dict[UUID, list[RequestedLotRow]] = {}
    for row in await open_requests(ctx.session, keys, warehouse.id):
        requests.setdefault(row.order_line_id, []).append(row)
    return _Facts(
        await _last_lots(ctx, order.customer_id, products),
        await lot_policies(ctx, order.customer_id, products, planned_on),
        await lock_lots_of_products(ctx, ctx.session, products, [warehouse.id]),
        requests,
        await _begun_lots(ctx, keys),
        LotSelection(selection),
    )


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


async def _begun_lots(ctx: Context, order_line_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """By order line, the lots of its deliveries that left or wait to."""
    rows = await ctx.session.execute(
        select(DeliveryLine.order_line_id, DeliveryLineLot.lot_number)
        .join(DeliveryLineLot, DeliveryLineLot.delivery_line_id == DeliveryLine.id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            DeliveryLine.order_line_id.in_(order_line_ids),
            Delivery.status.in_((DeliveryStatus.RELEASED, DeliveryStatus.SHIPPED)),
        )
    )
    found: dict[UUID, set[str]] = {}
    for line_id, number in rows:
        found.setdefault(line_id, set()).add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}
