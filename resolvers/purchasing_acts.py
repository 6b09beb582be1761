"""What is done with purchase orders: made, sent, confirmed, pegged, called off. Receiving has a file of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy import Sequence as DatabaseSequence

from models.base import new_id
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseScheduleLine
from models.purchasing_reads import SupplierProductRow, SupplierRow
from models.sellers import NumberSeries, Seller
from resolvers.context import Context
from resolvers.customers import SellerRow, seller
from resolvers.events import record
from resolvers.orders_acts import checked_reason
from resolvers.products import products_by_id, units_by_code
from resolvers.purchasing import expected_on, lead_days_of
from resolvers.purchasing_locks import (
    LockedPurchase,
    PegWanted,
    add_pegs,
    lock_pegs_of,
    lock_purchase,
    lock_sales,
    open_of,
    orders_of_lines,
)
from resolvers.purchasing_promises import cut_pegs, take_promises, tell_promises
from resolvers.stock import warehouses_by_id
from resolvers.suppliers import products_by_supplier, suppliers_by_id
from rules.documents import DocumentAddress, check_requested_date
from rules.money import ZERO
from rules.purchasing import (
    PurchaseAction,
    SupplyPart,
    confirm_parts,
    move_purchase_order,
    quantity_receivable,
    quantity_to_order,
)
from rules.quantities import QUANTITY_MAX, plain
from rules.refusals import ErrorCode, Path, Refusal, refuse_all
from rules.states import DocumentKind, PurchaseOrderStatus

LINES_MAX, PEGS_MAX, PARTS_MAX = 200, 100, 20
NOTE_MAX, REFERENCE_MAX = 2000, 64
_NUMBERS = DatabaseSequence("purchase_order_number_seq")
DEFAULT_SERIES = ("PO", 6)


@dataclass(frozen=True, slots=True)
class PurchaseLineWanted:
    """A quantity of a product, in its own unit, and which order lines it is meant for."""

    product_id: UUID
    quantity: Decimal
    requested_on: date | None = None
    pegs: Sequence[PegWanted] = ()


async def create_purchase_order(
    ctx: Context,
    supplier_id: UUID,
    warehouse_id: UUID,
    lines: Sequence[PurchaseLineWanted],
    requested_on: date | None = None,
    note: str = "",
) -> UUID:
    """
    A draft for a supplier, pegged to the sales lines it is meant for.

    Args:
        requested_on: None asks for each line by the day its pegs need it, or the supplier's lead time from today.
    """
    supplier = await ctx.load(suppliers_by_id, supplier_id)
    if supplier is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("supplierId",))
    if supplier.active_until is not None and supplier.active_until <= ctx.today:
        raise Refusal(ErrorCode.INVALID_TRANSITION, "The supplier was retired.", ("supplierId",))
    warehouse = await ctx.load(warehouses_by_id, warehouse_id)
    if warehouse is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    if len(note) > NOTE_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("note",))
    drafts = await draft_lines(ctx, supplier, lines, requested_on)
    wanted = [peg for line in lines for peg in line.pegs]
    sold = await orders_of_lines(ctx, wanted)
    sales = await lock_sales(ctx, {line.order_id for line in sold.values()})
    order = await new_order(ctx, supplier, note, min(draft.requested_on for draft in drafts))
    order.warehouse_id = warehouse.id
    order.delivery_address = warehouse_address(await seller(ctx), warehouse.name, warehouse.city)
    rows = await store_lines(ctx, order, drafts)
    found = LockedPurchase(order, rows, sales, {row.id: [] for row in rows})
    for row, line in zip(rows, lines, strict=True):
        if line.pegs:
            await add_pegs(ctx, found, row, line.pegs)
    return await done(ctx, order, "purchaseOrder.created", raised=False)


async def store_lines(
    ctx: Context, order: PurchaseOrder, drafts: Sequence["LineDraft"]
) -> list[PurchaseOrderLine]:
    """Stores a new order with its lines, each asked for on one day."""
    ctx.session.add(order)
    await ctx.session.flush()
    rows = [draft.row(order.id, position) for position, draft in enumerate(drafts, start=1)]
    ctx.session.add_all(rows)
    await ctx.session.flush()
    ctx.session.add_all(
        [
            PurchaseScheduleLine(
                id=new_id(), purchase_order_line_id=row.id, position=1, quantity=row.quantity_ordered,
                quantity_received=ZERO, requested_on=draft.requested_on,
            )
            for row, draft in zip(rows, drafts, strict=True)
        ]
    )  # fmt: skip
    await ctx.session.flush()
    return rows


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A checked line to be."""

    offer: SupplierProductRow
    sku: str
    description: str
    unit_code: str
    quantity: Decimal
    receivable: Decimal
    requested_on: date

    def row(self, purchase_order_id: UUID, position: int) -> PurchaseOrderLine:
        return PurchaseOrderLine(
            id=new_id(),
            purchase_order_id=purchase_order_id,
            position=position,
            product_id=self.offer.product_id,
            sku=self.sku,
            supplier_sku=self.offer.supplier_sku,
            description=self.description,
            unit_code=self.unit_code,
            quantity_ordered=self.quantity,
            quantity_receivable=self.receivable,
            quantity_received=ZERO,
            quantity_cancelled=ZERO,
            quantity_pegged=ZERO,
            unit_price=self.offer.unit_price,
        )


async def draft_lines(
    ctx: Context, supplier: SupplierRow, lines: Sequence[PurchaseLineWanted], requested_on: date | None
) -> list[LineDraft]:
    if not 0 < len(lines) <= LINES_MAX or sum(len(line.pegs) for line in lines) > PEGS_MAX:
        text = "A purchase order has 1 to {lines} lines, and {pegs} pegs at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), lines=LINES_MAX, pegs=PEGS_MAX)
    offers = {offer.product_id: offer for offer in await ctx.load(products_by_supplier, supplier.id)}
    drafts, wrong, seen = [], list[Refusal](), set[UUID]()
    for index, line in enumerate(lines):
        try:
            drafts.append(await _draft_line(ctx, supplier, offers, line, requested_on, ("lines", index)))
        except Refusal as refusal:
            wrong.append(refusal)
        if line.product_id in seen:
            text = "A product can stand here once only."
            wrong.append(Refusal(ErrorCode.INVALID, text, ("lines", index, "productId")))
        seen.add(line.product_id)
    refuse_all(wrong)
    return drafts


async def _draft_line(
    ctx: Context,
    supplier: SupplierRow,
    offers: dict[UUID, SupplierProductRow],
    line: PurchaseLineWanted,
    requested_on: date | None,
    path: Path,
) -> LineDraft:
    product = await ctx.load(products_by_id, line.product_id)
    if product is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, "productId"))
    offer = offers.get(product.id)
    if offer is None:
        text = "{supplier} does not sell {sku}."
        raise Refusal(ErrorCode.INVALID, text, (*path, "productId"), supplier=supplier.name, sku=product.sku)
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by its foreign key"
    at = (*path, "quantity")
    if not ZERO < line.quantity <= QUANTITY_MAX:
        text = "The quantity of {sku} is above zero and {most} at most."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, at, sku=product.sku, most=f"{QUANTITY_MAX:f}")
    if line.quantity != line.quantity.quantize(Decimal(1).scaleb(-unit.decimals)):
        text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        raise Refusal(
            ErrorCode.QUANTITY_INVALID, text, at, sku=product.sku, unit=unit.code, decimals=unit.decimals
        )
    sold = quantity_to_order(line.quantity, offer.minimum_quantity, offer.multiple_quantity)
    if sold != line.quantity:
        text = "{supplier} sells {sku} from {minimum} on, in multiples of {multiple}; the next is {next}."
        raise Refusal(
            ErrorCode.PACK_SIZE, text, at, supplier=supplier.name, sku=product.sku,
            minimum=plain(offer.minimum_quantity), multiple=plain(offer.multiple_quantity), next=plain(sold),
        )  # fmt: skip
    lead = lead_days_of(offer, supplier.lead_time_days)
    wished = line.requested_on or requested_on or expected_on(ctx.today, lead)
    problem = check_requested_date(wished, ctx.today)
    if problem is not None:
        raise Refusal(ErrorCode.PAST_DATE, problem, (*path, "requestedOn"), requested=wished)
    return LineDraft(
        offer, product.sku, product.name, product.unit_code, line.quantity,
        quantity_receivable(line.quantity, supplier.over_receipt_percent, unit.decimals), wished,
    )  # fmt: skip


async def new_order(ctx: Context, supplier: SupplierRow, note: str, requested_on: date) -> PurchaseOrder:
    return PurchaseOrder(
        id=new_id(),
        seller_id=ctx.user.seller_id,
        number=await _number(ctx),
        supplier_id=supplier.id,
        status=PurchaseOrderStatus.DRAFT,
        version=1,
        requested_on=requested_on,
        created_at=ctx.now,
        created_by_id=ctx.user.user_id,
        note=note.strip(),
        supplier_code=supplier.code,
        supplier_name=supplier.name,
        supplier_email=supplier.email,
        locale=supplier.locale,
        currency=supplier.currency,
        transport_days=supplier.transport_days,
    )


async def _number(ctx: Context) -> str:
    """The next number; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{new_id()}"
    found = await ctx.session.execute(purchase_series(ctx.user.seller_id))
    prefix, digits = found.first() or DEFAULT_SERIES
    return f"{prefix}-{ctx.today.year}-{await ctx.session.scalar(select(_NUMBERS.next_value())):0{digits}d}"


def purchase_series(seller_id: UUID) -> Select[str, int]:
    """What the numbers of a seller's own purchase orders begin with, and how many digits; without a row the default."""
    return select(NumberSeries.prefix, NumberSeries.digits).where(
        NumberSeries.seller_id == seller_id, NumberSeries.kind == DocumentKind.PURCHASE_ORDER
    )


def warehouse_address(us: SellerRow | Seller, name: str, city: str) -> dict[str, Any]:
    """A warehouse knows its city only; the street is the seller's."""
    return DocumentAddress(
        name, us.name, us.street, us.postal_code, city or us.city, "", us.country, us.phone
    ).to_json()


async def send_purchase_order(ctx: Context, purchase_order_id: UUID, expected_version: int) -> UUID:
    """The order goes to the supplier: by mail, where its address is known."""
    found = await lock_purchase(ctx, purchase_order_id, expected_version, PurchaseAction.SEND)
    order = found.order
    order.status = move_purchase_order(PurchaseOrderStatus(order.status), PurchaseOrderStatus.SENT)
    order.sent_at = ctx.now
    if not order.supplier_email:
        text = "{supplier} has no email address here: send the order yourself."
        ctx.warn(ErrorCode.INVALID, text, supplier=order.supplier_name)
    return await done(ctx, order, "purchaseOrder.sent")


@dataclass(frozen=True, slots=True)
class LineConfirmed:
    """What a supplier says of one line: how much comes when. What the parts leave out it will not send."""

    line_id: UUID
    parts: Sequence[SupplyPart]


async def confirm_purchase_order(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    lines: Sequence[LineConfirmed] | None = None,
    supplier_reference: str | None = None,
) -> UUID:
    """
    The supplier's word: days and quantities by line; the sales lines they are meant for follow at once.

    Args:
        lines: None takes every line as it was asked for; a line that is not named stays as it is.
    """
    found = await lock_purchase(ctx, purchase_order_id, expected_version, PurchaseAction.CONFIRM)
    order = found.order
    if supplier_reference is not None:
        if len(supplier_reference.strip()) > REFERENCE_MAX:
            raise Refusal(ErrorCode.INVALID, "This text is too long.", ("supplierReference",))
        order.supplier_reference = supplier_reference.strip()
    schedule = await _schedule_of(ctx, found.lines)
    if lines is None:
        lines = [LineConfirmed(line.id, as_asked(schedule[line.id])) for line in found.lines if open_of(line)]
    if not lines or len(lines) > LINES_MAX:
        text = "Say which lines were confirmed, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("lines",), limit=LINES_MAX)
    changed, seen = [], set[UUID]()
    for index, said in enumerate(lines):
        path = ("lines", index)
        line = found.line(said.line_id, (*path, "lineId"))
        if line.id in seen or len(said.parts) > PARTS_MAX:
            text = "A line stands here once only, with {limit} parts at most."
            raise Refusal(ErrorCode.INVALID, text, (*path, "lineId"), limit=PARTS_MAX)
        seen.add(line.id)
        await _check_decimals(ctx, line, said.parts, path)
        short = confirm_parts(open_of(line), said.parts, sku=line.sku, today=ctx.today, path=path)
        # Pegs are cut first: a CHECK holds them within what is still to come.
        await cut_pegs(ctx, found, line, open_of(line) - short)
        line.quantity_cancelled += short
        await _reschedule(ctx, line, schedule[line.id], said.parts)
        changed.append(line)
    if order.status == PurchaseOrderStatus.SENT:
        order.status = move_purchase_order(PurchaseOrderStatus.SENT, PurchaseOrderStatus.CONFIRMED)
    order.confirmed_at = ctx.now
    await ctx.session.flush()
    await take_promises(ctx, found, changed)
    end_if_done(ctx, found)
    await tell_promises(ctx, found)
    return await done(ctx, order, "purchaseOrder.confirmed")


def as_asked(rows: Sequence[PurchaseScheduleLine]) -> list[SupplyPart]:
    return [
        SupplyPart(row.quantity - row.quantity_received, row.confirmed_on or row.requested_on)
        for row in rows
        if row.quantity > row.quantity_received
    ]


async def _check_decimals(
    ctx: Context, line: PurchaseOrderLine, parts: Sequence[SupplyPart], path: Path
) -> None:
    unit = await ctx.load(units_by_code, line.unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    for index, part in enumerate(parts):
        if abs(part.quantity) <= QUANTITY_MAX and part.quantity != part.quantity.quantize(
            Decimal(1).scaleb(-unit.decimals)
        ):
            text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
            raise Refusal(
                ErrorCode.QUANTITY_INVALID, text, (*path, "parts", index, "quantity"), sku=line.sku,
                unit=unit.code, decimals=unit.decimals,
            )  # fmt: skip


async def _schedule_of(
    ctx: Context, lines: Sequence[PurchaseOrderLine]
) -> dict[UUID, list[PurchaseScheduleLine]]:
    rows = await ctx.session.scalars(
        select(PurchaseScheduleLine)
        .where(PurchaseScheduleLine.purchase_order_line_id.in_([line.id for line in lines]))
        .order_by(PurchaseScheduleLine.position)
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[PurchaseScheduleLine]] = {line.id: [] for line in lines}
    for row in rows:
        found[row.purchase_order_line_id].append(row)
    return found


async def _reschedule(
    ctx: Context, line: PurchaseOrderLine, rows: Sequence[PurchaseScheduleLine], parts: Sequence[SupplyPart]
) -> None:
    """What came stays as it was; what is still to come is what the supplier says."""
    asked = min((row.requested_on for row in rows), default=ctx.today)
    last = max((row.position for row in rows), default=0)
    for row in rows:
        if row.quantity_received:
            row.quantity = row.quantity_received
        else:
            await ctx.session.execute(delete(PurchaseScheduleLine).where(PurchaseScheduleLine.id == row.id))
    ctx.session.add_all(
        [
            PurchaseScheduleLine(
                id=new_id(), purchase_order_line_id=line.id, position=last + number, quantity=part.quantity,
                quantity_received=ZERO, requested_on=asked, confirmed_on=part.on,
            )
            for number, part in enumerate(parts, start=1)
        ]
    )  # fmt: skip


def end_if_done(ctx: Context, found: LockedPurchase) -> None:
    """RECEIVED when nothing is still to come and something came; CLOSED when nothing ever will."""
    if any(open_of(line) for line in found.lines):
        return
    is_begun = any(line.quantity_received for line in found.lines)
    target = PurchaseOrderStatus.RECEIVED if is_begun else PurchaseOrderStatus.CLOSED
    found.order.status = move_purchase_order(PurchaseOrderStatus(found.order.status), target)
    found.order.ended_at = ctx.now


async def cancel_purchase_order(
    ctx: Context, purchase_order_id: UUID, expected_version: int, reason: str, releases_pegs: bool
) -> UUID:
    """Calls a purchase order off of which nothing came."""
    return await _end(
        ctx, purchase_order_id, expected_version, reason, releases_pegs, PurchaseAction.CANCEL,
        PurchaseOrderStatus.CANCELLED, "purchaseOrder.cancelled",
    )  # fmt: skip


async def close_purchase_order(
    ctx: Context, purchase_order_id: UUID, expected_version: int, reason: str, releases_pegs: bool
) -> UUID:
    """Calls off what is still to come of a purchase order that was received in part."""
    return await _end(
        ctx, purchase_order_id, expected_version, reason, releases_pegs, PurchaseAction.CLOSE,
        PurchaseOrderStatus.CLOSED, "purchaseOrder.closed",
    )  # fmt: skip


async def _end(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    reason: str,
    releases_pegs: bool,
    action: PurchaseAction,
    target: PurchaseOrderStatus,
    event: str,
) -> UUID:
    reason = checked_reason(reason)
    found = await lock_purchase(ctx, purchase_order_id, expected_version, action)
    order = found.order
    pegged = [line for line in found.lines if line.quantity_pegged]
    if pegged and not releases_pegs:
        numbers = ", ".join(sorted(each.number for each in found.sales.values()))
        text = "{sku} is meant for {orders}; say that these lose their supplier."
        raise Refusal(ErrorCode.INVALID, text, ("releasesPegs",), sku=pegged[0].sku, orders=numbers)
    schedule = await _schedule_of(ctx, found.lines)
    for line in found.lines:
        await cut_pegs(ctx, found, line, ZERO)
        line.quantity_cancelled += open_of(line)
        await _reschedule(ctx, line, schedule[line.id], ())
    order.status = move_purchase_order(PurchaseOrderStatus(order.status), target)
    order.status_reason, order.ended_at = reason, ctx.now
    await tell_promises(ctx, found)
    return await done(ctx, order, event, reason)


async def set_purchase_peg(
    ctx: Context,
    purchase_order_id: UUID,
    expected_version: int,
    line_id: UUID,
    order_line_id: UUID,
    quantity: Decimal,
) -> UUID:
    """What of a purchase line is still to come for a sales line, as a whole; 0 takes the peg away."""
    wanted = PegWanted(order_line_id, quantity)
    sold = (await orders_of_lines(ctx, [wanted]))[order_line_id]
    found = await lock_purchase(ctx, purchase_order_id, expected_version, PurchaseAction.PEG, [sold.order_id])
    line = found.line(line_id, ("lineId",))
    found.pegs[line.id] = [peg for peg in found.pegs[line.id] if peg.order_line_id == order_line_id]
    if quantity < 0:
        raise Refusal(ErrorCode.QUANTITY_INVALID, "A quantity is not negative.", ("quantity",))
    before = sum((peg.quantity - peg.quantity_used for peg in found.pegs[line.id]), ZERO)
    if quantity < before:
        await cut_pegs(ctx, found, line, quantity)
    elif quantity > before or not before:
        await add_pegs(ctx, found, line, [PegWanted(order_line_id, quantity - before)])
    await ctx.session.flush()
    await lock_pegs_of(ctx, found)
    await take_promises(ctx, found, [line])
    await tell_promises(ctx, found)
    return await done(ctx, found.order, "purchaseOrder.pegged")


async def done(
    ctx: Context, order: PurchaseOrder, event: str, reason: str = "", *, raised: bool = True
) -> UUID:
    """Raises the version and records what happened; an act's last step."""
    order.version += raised
    record(
        ctx, event, "PurchaseOrder", order.id, version=order.version, customer_id=None, reason=reason,
        changes={"number": order.number, "status": str(order.status)},
    )  # fmt: skip
    await ctx.session.flush()
    return order.id
