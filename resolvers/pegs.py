"""
What suppliers are to send for sales lines, as orders' own acts need it: so it stands below them.

A peg grows under the locks of its sales order and its purchase order, in this order; it is cut under either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchasePeg
from models.purchasing_reads import held_quantity, peg_order
from resolvers.context import Context, LockedSession, LockKind
from resolvers.events import record
from resolvers.house import as_house
from rules.money import ZERO
from rules.purchasing import Peg, trim_pegs


@dataclass(frozen=True, slots=True)
class HeldPeg:
    """A peg that is still open, locked with its purchase line."""

    id: UUID
    purchase_order_line_id: UUID
    schedule_line_id: UUID
    open: Decimal
    purchase_order_id: UUID
    purchase_order_version: int
    is_direct: bool


async def lock_pegs(ctx: Context, order: SalesOrder) -> list[HeldPeg]:
    """The open pegs of a locked sales order. Its buyer's act may cut them, unseen: the house locks them for it."""
    statement = (
        select(
            PurchasePeg.id, PurchasePeg.purchase_order_line_id, PurchasePeg.schedule_line_id,
            PurchasePeg.quantity - PurchasePeg.quantity_used, PurchaseOrder.id, PurchaseOrder.version,
            PurchaseOrder.sales_order_id.is_not(None),
        )
        .join(PurchaseOrderLine, PurchaseOrderLine.id == PurchasePeg.purchase_order_line_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .join(SalesOrderLine, SalesOrderLine.id == PurchasePeg.order_line_id)
        .join(SalesOrderScheduleLine, SalesOrderScheduleLine.id == PurchasePeg.schedule_line_id)
        .where(
            SalesOrderLine.order_id == order.id,
            PurchasePeg.customer_id == order.customer_id,
            PurchasePeg.quantity > PurchasePeg.quantity_used,
        )
        .order_by(PurchaseOrderLine.id, *peg_order())
        .with_for_update(of=[PurchaseOrderLine, PurchasePeg])
    )  # fmt: skip
    ctx.locking(LockKind.LINES)
    async with as_house(ctx) as session:
        return [HeldPeg(*row) for row in await session.execute(statement)]


async def pegged_schedule_lines(ctx: Context, keys: Sequence[UUID]) -> set[UUID]:
    """Which of these schedule lines wait for a purchase of ours. Who may act on the lines need not see purchases."""
    statement = select(PurchasePeg.schedule_line_id).where(
        PurchasePeg.schedule_line_id.in_(keys), PurchasePeg.quantity > PurchasePeg.quantity_used
    )
    async with as_house(ctx) as session:
        return set(await session.scalars(statement))


async def release_surplus(ctx: Context, order: SalesOrder, held: Sequence[HeldPeg]) -> None:
    """Cuts locked pegs to what their schedule lines still lack; what is cut is the purchase line's free supply."""
    if not held:
        return
    await ctx.session.flush()
    schedule = SalesOrderScheduleLine
    keys = {peg.schedule_line_id for peg in held}
    async with as_house(ctx) as session:
        rows = await session.execute(
            select(schedule.id, schedule.quantity - held_quantity()).where(schedule.id.in_(keys))
        )
        lacking: dict[UUID, Decimal] = {key: max(lacks, ZERO) for key, lacks in rows}
        cuts: list[tuple[HeldPeg, Decimal]] = []
        for key in sorted(keys):
            pegs = [Peg(peg, peg.open) for peg in held if peg.schedule_line_id == key]
            cuts += trim_pegs(pegs, lacking.get(key, ZERO))
        await cut(session, [(peg.id, peg.purchase_order_line_id, quantity) for peg, quantity in cuts])
    for peg, _ in cuts:
        record(
            ctx, "purchaseOrder.unpegged", "PurchaseOrder", peg.purchase_order_id,
            version=peg.purchase_order_version, customer_id=order.customer_id, changes={"order": order.number},
            published=False,
        )  # fmt: skip


async def cut(session: LockedSession, cuts: Sequence[tuple[UUID, UUID, Decimal]]) -> None:
    """Takes quantities from locked pegs: (peg, its purchase line, how much)."""
    if not cuts:
        return
    peg, line = PurchasePeg.__table__, PurchaseOrderLine.__table__
    values = [{"of_peg": key, "of_line": line_id, "less": quantity} for key, line_id, quantity in cuts]
    await session.execute(
        update(peg)  # type: ignore[arg-type]
        .where(peg.c.id == bindparam("of_peg"))
        .values(quantity=peg.c.quantity - bindparam("less")),
        [{"of_peg": each["of_peg"], "less": each["less"]} for each in values],
    )
    await session.execute(
        update(line)  # type: ignore[arg-type]
        .where(line.c.id == bindparam("of_line"))
        .values(quantity_pegged=line.c.quantity_pegged - bindparam("less")),
        [{"of_line": each["of_line"], "less": each["less"]} for each in values],
    )
