"""The lots of an order line: those the customer asked for, held at once, and of how many it may be."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select, update

from models.customers import Customer
from models.lots import OrderLineLot
from models.lots_reads import RequestedLotRow, requested_lots, visible_requested_lots
from models.orders import SalesOrderLine
from models.rows import grouped
from resolvers.context import Context, LockedSession
from resolvers.house import as_house
from resolvers.lot_requests import unreleased
from resolvers.orders_acts import LockedOrder, done, lock_order, order_of_line, schedule_of
from resolvers.products import check_decimals, products_by_id
from resolvers.promises_facts import lot_policies
from resolvers.stock import warehouses_in_use
from resolvers.stock_lots import LockedLot, LotHold, change_lots, lock_lots_of_products
from rules.lot_assignment import RequestPlace, add_held, check_one_lot, place_requests
from rules.lots import LotPolicy, LotShare
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.states import LotSelection
from rules.transitions import OrderAction

REQUESTS_MAX = 20
Key = tuple[UUID, UUID]  # lot, warehouse


async def requested_by_line(ctx: Context, keys: Sequence[UUID]) -> list[list[RequestedLotRow]]:
    """For loaders: the lots that were asked for on each line, what deliveries took of them included."""
    statement = visible_requested_lots(ctx.user).where(OrderLineLot.order_line_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (RequestedLotRow(*row) for row in rows), "order_line_id")


async def selections_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[LotSelection]:
    """For loaders: of how many lots lines of each customer leave at one time."""
    rows = await ctx.session.execute(select(Customer.id, Customer.lot_selection).where(Customer.id.in_(keys)))
    found = {key: LotSelection(selection) for key, selection in rows}
    return [found.get(key, LotSelection.ANY) for key in keys]


async def request_lots(
    ctx: Context, order_line_id: UUID, expected_version: int, lots: Sequence[LotShare]
) -> UUID:
    """
    Holds the lots that a customer asks for, in place of those held until now (rule book 0.2: 33).

    Args:
        lots: what is still to leave; none lets all of them go.
    Raises:
        Refusal: as `rules.lot_assignment.place_requests`; INVALID where the product has no lots, or the line takes one
            lot only and several are asked for.
    """
    if len(lots) > REQUESTS_MAX:
        text = "Ask for {limit} lots at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lots",), limit=REQUESTS_MAX)
    found, line = await _lock_line(ctx, order_line_id, expected_version)
    for index, each in enumerate(lots):
        await check_decimals(ctx, line.sku, line.unit_code, each.quantity, ("lots", index, "quantity"))
    check_one_lot(await _selection(ctx, line, line.lot_selection), lots, line.sku, ("lots",))
    assert line.product_id is not None, "it is tracked by lots"
    receipt_on = await _receipt_on(ctx, line)
    policy = (await lot_policies(ctx, line.customer_id, [line.product_id], ctx.today))[line.product_id]
    places = [each.id for each in await warehouses_in_use(ctx)]
    # Lots are everybody's: the house holds them for whoever may speak for the customer.
    async with as_house(ctx) as session:
        await _hold(ctx, session, line, lots, places, receipt_on, policy)
    return await done(ctx, found.order, "order.lotsRequested", sku=line.sku)


async def select_lots(
    ctx: Context, order_line_id: UUID, expected_version: int, selection: LotSelection | None
) -> UUID:
    """
    Of how many lots a line leaves at one time; None: as its customer takes them.

    Raises:
        Refusal(INVALID): one lot only, and several are held for it.
    """
    found, line = await _lock_line(ctx, order_line_id, expected_version)
    asked = [LotShare(row.number, row.open) for row in await ctx.load(requested_by_line, line.id) if row.open]
    check_one_lot(await _selection(ctx, line, selection), asked, line.sku, ("selection",))
    line.lot_selection = selection
    return await done(ctx, found.order, "order.lotsSelected", sku=line.sku)


async def _selection(ctx: Context, line: SalesOrderLine, own: LotSelection | None) -> LotSelection:
    """A line's own selection, or else its customer's."""
    if own is not None:
        return own
    return await ctx.load(selections_by_customer, line.customer_id)


async def _lock_line(
    ctx: Context, order_line_id: UUID, expected_version: int
) -> tuple[LockedOrder, SalesOrderLine]:
    order_id = await order_of_line(ctx, order_line_id)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.RESCHEDULE)
    line = next(each for each in found.lines if each.id == order_line_id)
    product = None if line.product_id is None else await ctx.load(products_by_id, line.product_id)
    if product is None or not product.is_lot_tracked:
        text = "{sku} is not tracked by lots."
        raise Refusal(ErrorCode.INVALID, text, ("orderLineId",), sku=line.sku)
    return found, line


async def _receipt_on(ctx: Context, line: SalesOrderLine) -> date:
    """The day on which the last of the line is to be received, as far as one is known."""
    days = [entry.confirmed_on or entry.requested_on for entry in await schedule_of(ctx, [line])]
    return max([ctx.today, *(day for day in days if day is not None)])


async def _hold(
    ctx: Context,
    session: LockedSession,
    line: SalesOrderLine,
    lots: Sequence[LotShare],
    warehouses: Sequence[UUID],
    receipt_on: date,
    policy: LotPolicy,
) -> None:
    """Puts the requests in the place of the old ones; warehouses that serve first give first."""
    assert line.product_id is not None, "it is tracked by lots"
    most = await unreleased(session, [line.id])
    places = [place for place in warehouses if most.get((line.id, place), ZERO) > 0]
    locked = (await lock_lots_of_products(ctx, session, [line.product_id], warehouses))[line.product_id]
    statement = requested_lots().where(OrderLineLot.order_line_id == line.id)
    old = {
        (row.lot_id, row.warehouse_id): row
        for row in (RequestedLotRow(*each) for each in await session.execute(statement))
    }
    shares = place_requests(
        lots,
        [_place(place, most[line.id, place], locked, old.values()) for place in places],
        sku=line.sku,
        receipt_on=receipt_on,
        policy=policy,
        path=("lots",),
    )
    ids = {lot.number: lot.id for lot in locked}
    new = {
        (ids[share.number], place): share.quantity
        for place, mine in zip(places, shares, strict=True)
        for share in mine
    }
    order = [ids[each.number] for each in lots]
    await change_lots(
        session,
        [
            LotHold(*key, change)
            for key in {*old, *new}
            if (change := new.get(key, ZERO) - (old[key].open if key in old else ZERO))
        ],
    )
    await _store(session, line, old, new, order)


def _place(
    warehouse_id: UUID, most: Decimal, locked: Sequence[LockedLot], old: Iterable[RequestedLotRow]
) -> RequestPlace:
    """A warehouse as if the line held no lot there yet."""
    there = [lot.stock for lot in locked if lot.warehouse_id == warehouse_id]
    mine = [LotShare(row.number, row.open) for row in old if row.warehouse_id == warehouse_id]
    return RequestPlace(most, tuple(add_held(there, mine)))


async def _store(
    session: LockedSession,
    line: SalesOrderLine,
    old: Mapping[Key, RequestedLotRow],
    new: Mapping[Key, Decimal],
    order: Sequence[UUID],
) -> None:
    """What deliveries took stays told; of the rest, the new requests."""
    for key, row in old.items():
        mine = (
            OrderLineLot.order_line_id == line.id,
            OrderLineLot.lot_id == key[0],
            OrderLineLot.warehouse_id == key[1],
        )
        left = row.quantity_used + new.get(key, ZERO)
        place = order.index(key[0]) + 1 if key in new else 0
        change = (
            update(OrderLineLot).where(*mine).values(quantity=left, position=place)
            if left
            else delete(OrderLineLot).where(*mine)
        )
        await session.execute(change.execution_options(synchronize_session=False))
    for key, quantity in new.items():
        if key not in old:
            session.add(
                OrderLineLot(
                    order_line_id=line.id, lot_id=key[0], warehouse_id=key[1], customer_id=line.customer_id,
                    position=order.index(key[0]) + 1, quantity=quantity, quantity_used=ZERO,
                )
            )  # fmt: skip
    await session.flush()
