"""Picking: the warehouse says what it has in hand of a delivery, of which lots, before the goods leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select

from models.deliveries import DeliveryLine, DeliveryLineLot
from resolvers.context import Context, LockKind
from resolvers.deliveries_acts import LINES_MAX, LockedDelivery, lock_delivery
from resolvers.events import record
from resolvers.products import products_by_id, units_by_code
from resolvers.promises_facts import lot_policies
from resolvers.stock_lots import LockedLot, LotHold, change_lots, lock_lots_of_products
from rules.deliveries import DeliveryAction
from rules.lots import LotShare, LotStock, choose_lots, without
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal


@dataclass(frozen=True, slots=True)
class LinePicked:
    """What is in hand of a delivery line, in its unit; 0 for nothing. Lots that sum to it, where lots are tracked."""

    delivery_line_id: UUID
    quantity: Decimal
    lots: Sequence[LotShare] = ()


@dataclass(frozen=True, slots=True)
class _Picked:
    line: DeliveryLine
    told: LinePicked
    is_tracked: bool
    path: Path


async def pick_delivery(
    ctx: Context, delivery_id: UUID, expected_version: int, lines: Sequence[LinePicked]
) -> UUID:
    """
    Puts what was picked in the place of what was planned: fewer pieces, or other lots. Lines not named are as planned.

    What was not found stays reserved for the order, which may release it again. Said again, the later word holds.

    Raises:
        Refusal(QUANTITY_INVALID): more of a line than was released, lots that do not sum to it, or nothing at all.
        Refusal(OUT_OF_STOCK): a lot that is blocked, ends too early for the customer, or is held by other deliveries.
        Refusal(INVALID): less of a lot than the customer asked for by its number.
        Refusal(NOT_FOUND): a line of another delivery, or a lot that does not lie there.
    """
    found = await lock_delivery(ctx, delivery_id, expected_version, DeliveryAction.PICK)
    delivery = found.delivery
    assert delivery.warehouse_id is not None, "a supplier's delivery is never RELEASED here"
    if len(lines) > LINES_MAX:
        text = "{limit} lines at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX)
    planned = await _lines(ctx, found)
    picked = [await _checked(ctx, planned, each, ("lines", index)) for index, each in enumerate(lines)]
    if len({each.line.id for each in picked}) < len(picked):
        raise Refusal(ErrorCode.INVALID, "A line can stand here once only.", ("lines",))
    if sum(each.told.quantity == 0 for each in picked) == len(planned):
        text = "Nothing of it was picked: take the delivery back instead."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, ("lines",))
    await _change_lots(ctx, found, [each for each in picked if each.is_tracked])
    for each in picked:
        each.line.quantity = each.told.quantity or each.line.quantity
    gone = [each.line.id for each in picked if each.told.quantity == 0]
    if gone:
        await ctx.session.execute(delete(DeliveryLine).where(DeliveryLine.id.in_(gone)))
    delivery.picked_at = ctx.now
    delivery.version += 1
    found.order.version += 1
    record(
        ctx, "delivery.picked", "Delivery", delivery.id, version=delivery.version,
        customer_id=delivery.customer_id, changes={"number": delivery.number},
    )  # fmt: skip
    await ctx.session.flush()
    return delivery.id


async def _lines(ctx: Context, found: LockedDelivery) -> dict[UUID, DeliveryLine]:
    statement = select(DeliveryLine).where(DeliveryLine.delivery_id == found.delivery.id)
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(DeliveryLine.id)))
    return {row.id: row for row in rows}


async def _checked(
    ctx: Context, planned: Mapping[UUID, DeliveryLine], told: LinePicked, path: Path
) -> _Picked:
    line = planned.get(told.delivery_line_id)
    if line is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, "deliveryLineId"))
    at = (*path, "quantity")
    if not ZERO <= told.quantity <= line.quantity:
        text = "Between 0 and {most} of {sku} can be picked for this delivery."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, at, most=plain(line.quantity), sku=line.sku)
    unit = await ctx.load(units_by_code, line.unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    if told.quantity != round(told.quantity, unit.decimals):
        text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, at, sku=line.sku, unit=unit.code, decimals=unit.decimals
        )
    product = await ctx.load(products_by_id, line.product_id)
    is_tracked = product is not None and product.is_lot_tracked
    if told.lots and not is_tracked:
        text = "{sku} is not tracked by lots."
        raise Refusal(ErrorCode.INVALID, text, (*path, "lots"), sku=line.sku)
    if is_tracked and sum((each.quantity for each in told.lots), ZERO) != told.quantity:
        text = "The lots of {sku} sum to another quantity than was picked."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, (*path, "lots"), sku=line.sku)
    return _Picked(line, told, is_tracked, path)


async def _change_lots(ctx: Context, found: LockedDelivery, picked: Sequence[_Picked]) -> None:
    """Lets go the lots that were assigned to the lines, and allocates those that were picked."""
    if not picked:
        return
    delivery, warehouse_id = found.delivery, found.delivery.warehouse_id
    assert warehouse_id is not None, "checked by the caller"
    products = sorted({each.line.product_id for each in picked})
    policies = await lot_policies(ctx, delivery.customer_id, products, delivery.planned_on)
    locked = await lock_lots_of_products(ctx, ctx.session, products, [warehouse_id])
    ids = [each.line.id for each in picked]
    rows = await ctx.session.scalars(select(DeliveryLineLot).where(DeliveryLineLot.delivery_line_id.in_(ids)))
    back: dict[UUID, Decimal] = {}
    requested: dict[tuple[UUID, UUID], Decimal] = {}
    for row in rows:
        back[row.lot_id] = back.get(row.lot_id, ZERO) + row.quantity
        requested[row.delivery_line_id, row.lot_id] = row.quantity_requested
    free = {key: [_stock(lot, back.get(lot.id, ZERO)) for lot in lots] for key, lots in locked.items()}
    by_number = {key: {lot.number: lot for lot in lots} for key, lots in locked.items()}
    taken: list[tuple[_Picked, LockedLot, Decimal]] = []
    for each in picked:
        product_id = each.line.product_id
        chosen = choose_lots(
            each.told.quantity, each.told.lots, free[product_id], sku=each.line.sku, path=each.path,
            receipt_on=max(delivery.planned_on, ctx.today), last=None, policy=policies[product_id],
        ) if each.told.quantity else []  # fmt: skip
        free[product_id] = without(free[product_id], chosen)
        taken += [(each, by_number[product_id][share.number], share.quantity) for share in chosen]
    _check_requested(picked, taken, requested, by_number)
    await ctx.session.execute(delete(DeliveryLineLot).where(DeliveryLineLot.delivery_line_id.in_(ids)))
    ctx.session.add_all(
        [
            DeliveryLineLot(
                delivery_line_id=each.line.id, lot_id=lot.id, customer_id=delivery.customer_id,
                lot_number=lot.number, expires_on=lot.expires_on, quantity=quantity,
                quantity_requested=requested.get((each.line.id, lot.id), ZERO),
            )
            for each, lot, quantity in taken
        ]
    )  # fmt: skip
    holds = [LotHold(lot_id, warehouse_id, -quantity) for lot_id, quantity in back.items()]
    holds += [LotHold(lot.id, warehouse_id, quantity) for _, lot, quantity in taken]
    await change_lots(ctx.session, holds)


def _check_requested(
    picked: Sequence[_Picked],
    taken: Sequence[tuple[_Picked, LockedLot, Decimal]],
    requested: Mapping[tuple[UUID, UUID], Decimal],
    lots: Mapping[UUID, Mapping[str, LockedLot]],
) -> None:
    """A lot that the customer asked for leaves as it was asked for; who cannot find it takes the delivery back."""
    now = {(each.line.id, lot.id): quantity for each, lot, quantity in taken}
    for each in picked:
        for lot in lots[each.line.product_id].values():
            if now.get((each.line.id, lot.id), ZERO) < requested.get((each.line.id, lot.id), ZERO):
                text = "The customer asked for lot {lot} of {sku}: take the delivery back instead."
                raise Refusal(
                    ErrorCode.INVALID, text, (*each.path, "lots"), lot=lot.number, sku=each.line.sku
                )


def _stock(lot: LockedLot, mine: Decimal) -> LotStock:
    """A lot as it is free for this delivery: what it holds itself is its own to choose again."""
    free = lot.on_hand - lot.allocated + mine
    return LotStock(lot.number, lot.status, lot.received_on, lot.expires_on, free, lot.best_before_on)
