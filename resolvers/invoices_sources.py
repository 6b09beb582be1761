"""What there is to invoice: of deliveries that left, of an order, of a customer's period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, select

from models.customers import Customer
from models.deliveries import Delivery, DeliveryLine
from models.invoices_reads import DeliveredRow, delivered_lines, invoiced_customers, uninvoiced
from models.orders import SalesOrder, SalesOrderLine
from models.orders_reads import order_in_scope
from resolvers.context import Context, LockKind
from resolvers.orders_charges import lines_left
from rules.charges_lines import charges_due
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import DeliveryStatus, LineKind, OrderStatus

DELIVERIES_MAX = 200
LINES_MAX = 5000


@dataclass(frozen=True, slots=True)
class LineToInvoice:
    """A quantity of an order's line to invoice, in the line's unit."""

    order_line_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class OrderToInvoice:
    """One order: chosen lines and quantities, or all that may be invoiced of it."""

    order_id: UUID
    lines: tuple[LineToInvoice, ...] | None = None


@dataclass(frozen=True, slots=True)
class PeriodToInvoice:
    """What left for a customer from one day to another, both included."""

    customer_id: UUID
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A quantity of an order's line that goes on an invoice; `delivered` is None for what needs no delivery.

    Args:
        goes_with: the delivery whose invoice a charge is on; its quantities are none of the delivery's.
        taxed_as: the product whose tax a charge has; None is the line's own.
    """

    order: SalesOrder
    line: SalesOrderLine
    delivered: DeliveredRow | None
    quantity: Decimal
    supplied_on: date
    net: Decimal = ZERO
    goes_with: DeliveredRow | None = None
    taxed_as: UUID | None = None

    @property
    def delivery_id(self) -> UUID | None:
        """The delivery that decides on which invoice it is."""
        row = self.delivered or self.goes_with
        return None if row is None else row.delivery_id

    @property
    def taxed_product(self) -> UUID | None:
        return self.taxed_as or self.line.product_id


LockedOrders = Mapping[UUID, tuple[SalesOrder, list[SalesOrderLine]]]


async def of_deliveries(ctx: Context, delivery_ids: Sequence[UUID]) -> list[Piece]:
    """What is not invoiced yet of deliveries that left."""
    if not delivery_ids or len(delivery_ids) > DELIVERIES_MAX:
        text_ = "Choose 1 to {limit} deliveries."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("deliveryIds",), limit=DELIVERIES_MAX)
    found = await _delivered(ctx, Delivery.id.in_(delivery_ids))
    by_delivery: dict[UUID, list[DeliveredRow]] = {}
    for row in found:
        by_delivery.setdefault(row.delivery_id, []).append(row)
    refuse_all(
        [
            refusal
            for index, key in enumerate(delivery_ids)
            if (refusal := _refusal_of(by_delivery.get(key), ("deliveryIds", index))) is not None
        ]
    )
    return await _locked_pieces(ctx, found)


def _refusal_of(rows: Sequence[DeliveredRow] | None, path: tuple[str, int]) -> Refusal | None:
    if not rows:
        return Refusal(ErrorCode.NOT_FOUND, "Not found.", path)
    number = rows[0].delivery_number
    if rows[0].status != DeliveryStatus.SHIPPED:
        return Refusal(ErrorCode.INVALID, "Delivery {number} has not left.", path, number=number)
    if not any(row.left > 0 for row in rows):
        return Refusal(ErrorCode.INVALID, "Delivery {number} is invoiced already.", path, number=number)
    return None


async def of_order(ctx: Context, asked: OrderToInvoice) -> list[Piece]:
    """What left of an order, and its services and charges, which no delivery brings; all of it, or as chosen."""
    orders = await lock_orders(ctx, {asked.order_id})
    found = orders.get(asked.order_id)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("order", "orderId"))
    order, lines = found
    if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.CLOSED):
        text_ = "The order was not taken on, or was called off; it is not invoiced."
        raise Refusal(ErrorCode.INVALID, text_, ("order", "orderId"))
    delivered = await _delivered(ctx, Delivery.order_id == order.id)
    shipped = [row for row in delivered if row.status == DeliveryStatus.SHIPPED]
    possible = [
        *_pieces(ctx, orders, [row for row in shipped if row.left > 0]),
        *_services(ctx, order, lines, shipped),
    ]
    if asked.lines is None:
        return [*possible, *_charges(ctx, order, lines, possible)]
    chosen = _chosen([*possible, *_charges(ctx, order, lines, possible)], lines, asked.lines)
    sold = [piece for piece in chosen if piece.line.kind != LineKind.CHARGE]
    named = {piece.line.id for piece in chosen} - {piece.line.id for piece in sold}
    # What was not named goes with its goods all the same: no charge is forgotten.
    return [*chosen, *(each for each in _charges(ctx, order, lines, sold) if each.line.id not in named)]


async def of_period(ctx: Context, asked: PeriodToInvoice) -> list[Piece]:
    """What left for a customer in a period and is not invoiced yet."""
    if asked.since > asked.until:
        raise Refusal(ErrorCode.INVALID, "The period ends before it begins.", ("period", "until"))
    known = await ctx.session.execute(invoiced_customers(ctx.user).where(Customer.id == asked.customer_id))
    if known.first() is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("period", "customerId"))
    inside = [
        row
        for row in await _delivered(ctx, Delivery.customer_id == asked.customer_id, uninvoiced())
        if asked.since <= _day(ctx, row) <= asked.until
    ]
    return await _locked_pieces(ctx, inside)


def _day(ctx: Context, row: DeliveredRow) -> date:
    assert row.shipped_at is not None, "what left has a moment"
    return row.shipped_at.astimezone(ctx.zone).date()


async def _delivered(ctx: Context, *conditions: ColumnElement[bool]) -> list[DeliveredRow]:
    statement = delivered_lines(ctx.user).where(*conditions).limit(LINES_MAX + 1)
    rows = [DeliveredRow(*each) for each in await ctx.session.execute(statement)]
    if len(rows) > LINES_MAX:
        text_ = "At most {limit} lines are invoiced at once; choose fewer."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, limit=LINES_MAX)
    return rows


async def _locked_pieces(ctx: Context, rows: Sequence[DeliveredRow]) -> list[Piece]:
    """The lines again, now that their orders are locked: another run may have invoiced some meanwhile."""
    orders = await lock_orders(ctx, {row.order_id for row in rows})
    chosen = DeliveryLine.id.in_([row.delivery_line_id for row in rows])
    pieces = _pieces(ctx, orders, await _delivered(ctx, chosen, uninvoiced()))
    for order, lines in orders.values():
        mine = [piece for piece in pieces if piece.order.id == order.id]
        pieces += _charges(ctx, order, lines, mine) if mine else []
    return pieces


async def lock_heads(ctx: Context, order_ids: Iterable[UUID]) -> list[SalesOrder]:
    """The visible orders, locked: whoever invoices of an order waits for the one before."""
    statement = select(SalesOrder).where(
        SalesOrder.id.in_(sorted(order_ids)),
        SalesOrder.seller_id == ctx.user.seller_id,
        order_in_scope(ctx.user),
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.DOCUMENT, statement.order_by(SalesOrder.id)))
    return list(rows)


async def lock_lines(ctx: Context, orders: Sequence[SalesOrder]) -> LockedOrders:
    """Locked orders with their lines, locked too, by position."""
    found: dict[UUID, tuple[SalesOrder, list[SalesOrderLine]]] = {order.id: (order, []) for order in orders}
    lines = select(SalesOrderLine).where(
        SalesOrderLine.order_id.in_(sorted(found)),
        SalesOrderLine.customer_id.in_(sorted({order.customer_id for order in orders})),
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, lines.order_by(SalesOrderLine.id)))
    for line in sorted(rows, key=lambda each: (each.order_id, each.position)):
        found[line.order_id][1].append(line)
    return found


async def lock_orders(ctx: Context, order_ids: Iterable[UUID]) -> LockedOrders:
    """The visible orders with their lines, locked."""
    return await lock_lines(ctx, await lock_heads(ctx, order_ids))


def _pieces(ctx: Context, orders: LockedOrders, rows: Sequence[DeliveredRow]) -> list[Piece]:
    """What left and is not invoiced, oldest first; never more of a line than was ordered of it."""
    lines = {line.id: (order, line) for order, all_lines in orders.values() for line in all_lines}
    owed = {
        key: line.quantity_ordered - line.quantity_cancelled - line.quantity_invoiced
        for key, (_, line) in lines.items()
    }
    pieces = []
    for row in rows:
        taken = min(row.left, owed.get(row.order_line_id, ZERO))
        if taken > 0:
            owed[row.order_line_id] -= taken
            pieces.append(Piece(*lines[row.order_line_id], row, taken, _day(ctx, row)))
    return pieces


def _services(
    ctx: Context, order: SalesOrder, lines: Sequence[SalesOrderLine], shipped: Sequence[DeliveredRow]
) -> list[Piece]:
    """Services that no delivery brought: supplied on the day they are invoiced."""
    pieces = []
    for line in lines:
        if line.kind != LineKind.SERVICE:
            continue
        by_delivery = sum((row.quantity_invoiced for row in shipped if row.order_line_id == line.id), ZERO)
        alone = line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped
        left = alone - (line.quantity_invoiced - by_delivery)
        if left > 0:
            pieces.append(Piece(order, line, None, left, ctx.today))
    return pieces


def _charges(
    ctx: Context, order: SalesOrder, lines: Sequence[SalesOrderLine], pieces: Sequence[Piece]
) -> list[Piece]:
    """
    The charges that go with an order's pieces, on the same invoice and as of the same day.

    Their tax is that of the goods: of the line that they follow, or of the order's largest with their rate.
    """
    by_id = {line.id: line for line in lines}
    found = []
    for due in charges_due(lines_left(lines), [(piece.line.id, piece.quantity) for piece in pieces]):
        line = by_id[due.key]
        alike = [
            each
            for each in lines
            if each.kind == LineKind.GOODS
            and not each.is_free
            and (each.tax_category, each.tax_percent) == (line.tax_category, line.tax_percent)
        ]
        goods = by_id.get(line.parent_line_id) if line.parent_line_id is not None else None
        goods = goods or max(alike, key=lambda each: (each.net_amount, each.sku), default=None)
        piece = None if due.piece is None else pieces[due.piece]
        found.append(
            Piece(
                order, line, None, due.quantity,
                ctx.today if piece is None else piece.supplied_on,
                goes_with=None if piece is None else piece.delivered,
                taxed_as=None if goods is None else goods.product_id,
            )
        )  # fmt: skip
    return found


def _chosen(
    possible: Sequence[Piece], lines: Sequence[SalesOrderLine], asked: Sequence[LineToInvoice]
) -> list[Piece]:
    """The quantities that were asked for, from the oldest deliveries on; more than may be invoiced is refused."""
    by_id = {line.id: line for line in lines}
    pieces: list[Piece] = []
    refusals: list[Refusal] = []
    seen: set[UUID] = set()
    for index, each in enumerate(asked):
        path = ("order", "lines", index)
        line = by_id.get(each.order_line_id)
        if line is None or line.id in seen:
            refusals.append(Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, "orderLineId")))
            continue
        seen.add(line.id)
        mine = [piece for piece in possible if piece.line.id == line.id]
        left = sum((piece.quantity for piece in mine), ZERO)
        if each.quantity <= 0 or each.quantity > left:
            text_ = "Of {sku}, {left} are delivered and not invoiced; {wanted} cannot be invoiced."
            refusals.append(
                Refusal(
                    ErrorCode.QUANTITY_INVALID,
                    text_,
                    (*path, "quantity"),
                    sku=line.sku,
                    left=plain(left),
                    wanted=plain(each.quantity),
                )
            )
            continue
        wanted = each.quantity
        for piece in mine:
            taken = min(piece.quantity, wanted)
            wanted -= taken
            if taken > 0:
                pieces.append(replace(piece, quantity=taken))
    refuse_all(refusals)
    return pieces
