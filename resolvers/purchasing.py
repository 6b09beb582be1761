"""Purchase orders: reading them, what came of them, what they are meant for, and what should be bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from auth.permissions import Permission
from models.filters import Where, conditions
from models.purchasing import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchasePeg,
    PurchaseReceipt,
    PurchaseReceiptLine,
    PurchaseScheduleLine,
    SupplierProduct,
)
from models.purchasing_reads import (
    PegRow,
    PurchaseOrderLineRow,
    PurchaseOrderRow,
    PurchaseScheduleRow,
    ReceiptLineRow,
    ReceiptRow,
    ShortRow,
    SupplierProductRow,
    incoming,
    purchase_order_columns,
    purchase_order_matches,
    short_schedule_lines,
    supplier_products,
    visible_pegs,
    visible_purchase_lines,
    visible_purchase_orders,
    visible_purchase_schedule,
    visible_receipt_lines,
    visible_receipts,
)
from models.rows import by_key, grouped
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.suppliers import checked_search, suppliers_by_id
from rules.money import ZERO
from rules.proposals import Need, Proposal, SupplierTerms, propose
from rules.purchasing import (
    Peg,
    Promise,
    PurchaseAction,
    SupplyPart,
    allowed_purchase_actions,
    peg_dates,
    promised,
)

PROPOSALS_MAX = 200


async def purchase_orders(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[PurchaseOrderRow]:
    """The purchase orders the viewer may see."""
    columns = purchase_order_columns(ctx.today)
    statement = visible_purchase_orders(ctx.user).where(conditions(where, columns))
    if search and search.strip():
        statement = statement.where(purchase_order_matches(checked_search(search)))
    return await page(ctx, statement, sort, args, PurchaseOrderRow)


async def purchase_orders_by_id(ctx: Context, keys: Sequence[UUID]) -> list[PurchaseOrderRow | None]:
    rows = await ctx.session.execute(visible_purchase_orders(ctx.user).where(PurchaseOrder.id.in_(keys)))
    return by_key(keys, (PurchaseOrderRow(*each) for each in rows))


async def purchase_order_by_number(ctx: Context, number: str) -> PurchaseOrderRow | None:
    statement = visible_purchase_orders(ctx.user).where(PurchaseOrder.number == number)
    found = (await ctx.session.execute(statement)).first()
    return None if found is None else PurchaseOrderRow(*found)


async def lines_by_purchase_order(ctx: Context, keys: Sequence[UUID]) -> list[list[PurchaseOrderLineRow]]:
    statement = visible_purchase_lines(ctx.user).where(PurchaseOrderLine.purchase_order_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (PurchaseOrderLineRow(*each) for each in rows), "purchase_order_id")


async def schedule_by_purchase_line(ctx: Context, keys: Sequence[UUID]) -> list[list[PurchaseScheduleRow]]:
    statement = visible_purchase_schedule(ctx.user).where(
        PurchaseScheduleLine.purchase_order_line_id.in_(keys)
    )
    rows = await ctx.session.execute(statement)
    return grouped(keys, (PurchaseScheduleRow(*each) for each in rows), "purchase_order_line_id")


async def pegs_by_purchase_line(ctx: Context, keys: Sequence[UUID]) -> list[list[PegRow]]:
    rows = await ctx.session.execute(
        visible_pegs(ctx.user).where(PurchasePeg.purchase_order_line_id.in_(keys))
    )
    return grouped(keys, (PegRow(*each) for each in rows), "purchase_order_line_id")


async def pegs_by_order_line(ctx: Context, keys: Sequence[UUID]) -> list[list[PegRow]]:
    """What suppliers are to send for sales lines."""
    rows = await ctx.session.execute(visible_pegs(ctx.user).where(PurchasePeg.order_line_id.in_(keys)))
    return grouped(keys, (PegRow(*each) for each in rows), "order_line_id")


async def promise_of(ctx: Context, peg: PegRow) -> Promise | None:
    """When what is pegged leaves and arrives by the supplier's confirmation; None while it said nothing."""
    schedule = await ctx.load(schedule_by_purchase_line, peg.purchase_order_line_id)
    pegs = await ctx.load(pegs_by_purchase_line, peg.purchase_order_line_id)
    parts = [SupplyPart(row.quantity, row.confirmed_on, row.quantity_received) for row in schedule]
    dates = peg_dates(parts, [Peg(each.id, each.quantity, each.quantity_used) for each in pegs])
    mine = next(found for each, found in zip(pegs, dates, strict=True) if each.id == peg.id)
    days = [day for _, day in mine]
    if not days or None in days:
        return None
    last = max(day for day in days if day is not None)
    return promised(last, is_direct=peg.is_direct, transport_days=peg.transport_days if peg.is_direct else 0)


async def receipts_by_purchase_order(ctx: Context, keys: Sequence[UUID]) -> list[list[ReceiptRow]]:
    statement = visible_receipts(ctx.user).where(PurchaseReceipt.purchase_order_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (ReceiptRow(*each) for each in rows), "purchase_order_id")


async def lines_by_receipt(ctx: Context, keys: Sequence[UUID]) -> list[list[ReceiptLineRow]]:
    statement = visible_receipt_lines(ctx.user).where(PurchaseReceiptLine.receipt_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (ReceiptLineRow(*each) for each in rows), "receipt_id")


def permitted_purchase_actions(ctx: Context) -> frozenset[PurchaseAction]:
    """The acts the viewer's permissions allow on a visible purchase order."""
    if ctx.user.may(Permission.PURCHASING_MANAGE):
        return frozenset(PurchaseAction)
    reports = {PurchaseAction.RECEIVE}
    return frozenset(reports) if ctx.user.may(Permission.WAREHOUSE_REPORT) else frozenset()


async def purchase_order_actions(ctx: Context, order: PurchaseOrderRow) -> list[PurchaseAction]:
    """What the viewer may do with the purchase order now."""
    lines = await ctx.load(lines_by_purchase_order, order.id)
    is_begun = any(line.quantity_received for line in lines)
    return allowed_purchase_actions(order.status, is_begun, permitted_purchase_actions(ctx))


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A purchase line that would cover shortages; `pegs` are (what is short, how much of it)."""

    proposal: Proposal[UUID, UUID]
    offer: SupplierProductRow
    needed_on: date
    pegs: tuple[tuple[ShortRow, Decimal], ...]


async def purchase_proposals(ctx: Context, supplier_id: UUID | None = None) -> list[ProposalRow]:
    """
    What should be bought: open schedule lines that neither stock nor supply on its way covers, by the day to order.

    What comes without being meant for anybody covers the earliest needs of its product first.
    """
    short = [ShortRow(*each) for each in await ctx.session.execute(short_schedule_lines(ctx.user))]
    short = _uncovered(short, await _unpegged(ctx, {row.product_id for row in short}))
    needs: dict[UUID, list[Need[UUID]]] = {}
    for row in short:
        need = Need(row.schedule_line_id, row.needed_on or ctx.today, row.quantity)
        needs.setdefault(row.product_id, []).append(need)
    offers = [
        SupplierProductRow(*each)
        for each in await ctx.session.execute(
            supplier_products(ctx.user, ctx.today).where(SupplierProduct.product_id.in_(needs))
        )
        if supplier_id in (None, each.supplier_id)
    ]
    by_offer = {offer.id: offer for offer in offers}
    by_key_ = {row.schedule_line_id: row for row in short}
    days = {need.key: need.on for each in needs.values() for need in each}
    terms: dict[UUID, list[SupplierTerms[UUID]]] = {}
    for offer in offers:
        terms.setdefault(offer.product_id, []).append(await _terms(ctx, offer))
    found = [
        ProposalRow(
            made, by_offer[made.supplier], min(days[peg.key] for peg in made.pegs),
            tuple((by_key_[peg.key], peg.quantity) for peg in made.pegs),
        )
        for product_id, of_product in needs.items()
        for made in propose(of_product, terms.get(product_id, ()), ctx.today)
    ]  # fmt: skip
    found.sort(key=lambda each: each.proposal.order_on)
    return found[:PROPOSALS_MAX]


async def _terms(ctx: Context, offer: SupplierProductRow) -> SupplierTerms[UUID]:
    supplier = await ctx.load(suppliers_by_id, offer.supplier_id)
    assert supplier is not None, "who sees an offer sees its supplier"
    return SupplierTerms(
        offer.id, lead_days_of(offer, supplier.lead_time_days), offer.minimum_quantity, offer.multiple_quantity,
        rank=0 if offer.is_preferred else 1,
    )  # fmt: skip


def lead_days_of(offer: SupplierProductRow, of_supplier: int) -> int:
    return of_supplier if offer.lead_time_days is None else offer.lead_time_days


def expected_on(today: date, lead_days: int) -> date:
    return today + timedelta(days=lead_days)


async def _unpegged(ctx: Context, products: set[UUID]) -> dict[UUID, Decimal]:
    """By product, what is still to come and meant for nobody."""
    supply = incoming(ctx.user).where(PurchaseOrderLine.product_id.in_(products)).order_by(None).subquery()
    line = PurchaseOrderLine
    rows = await ctx.session.execute(
        select(line.product_id, func.sum(line.quantity_ordered - line.quantity_received - line.quantity_cancelled
                                         - line.quantity_pegged))
        .where(line.id.in_(select(supply.c.id)))
        .group_by(line.product_id)
    )  # fmt: skip
    return {product_id: max(quantity, ZERO) for product_id, quantity in rows}


def _uncovered(short: Sequence[ShortRow], supply: Mapping[UUID, Decimal]) -> list[ShortRow]:
    left, found = dict(supply), []
    for row in short:
        taken = min(left.get(row.product_id, ZERO), row.quantity)
        if taken:
            left[row.product_id] -= taken
        if row.quantity > taken:
            found.append(replace(row, quantity=row.quantity - taken))
    return found
