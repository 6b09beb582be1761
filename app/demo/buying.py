"""What the demo company buys: suppliers, orders in every state, goods meant for customers, a lot that is blocked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from app.demo.catalogue import Item, cost_on
from app.demo.company import SELLER
from app.demo.deliveries import act, logistics
from app.demo.seeds import MADRID, Rows, key, moment
from auth.permissions import Viewer
from models.purchasing import Supplier, SupplierProduct
from resolvers.context import Context
from resolvers.deliveries_direct import create_direct_delivery
from resolvers.lots import block_lot
from resolvers.purchasing import purchase_proposals
from resolvers.purchasing_acts import (
    LineConfirmed,
    PurchaseLineWanted,
    confirm_purchase_order,
    create_purchase_order,
    send_purchase_order,
)
from resolvers.purchasing_locks import PegWanted
from resolvers.purchasing_receiving import LineReceived, receive_purchase_order
from rules.purchasing import SupplyPart
from rules.texts import sort_key

if TYPE_CHECKING:
    from app.database import Database

# Code, name, address, language, days from order to arrival, how many of them are the way.
SUPPLIERS = (
    ("ALMAZARA", "Almazaras del Bajo Aragón, S.Coop.", "pedidos@almazaras.example", "es", 5, 1),
    ("RIBERA", "Conservas Ribera Alta, S.L.", "compras@riberaalta.example", "es", 7, 1),
    ("CAMPOALTO", "Bodegas Campo Alto, S.A.", "pedidos@campoalto.example", "es", 9, 2),
    ("PIRINEO", "Lácteos del Pirineo, S.L.", "pedidos@lacteospirineo.example", "es", 3, 1),
    ("HOSTELEQ", "Hosteleq Trading GmbH", "", "en", 14, 3),
)
EVERY = 12  # so many products share one that is bought here, besides those that customers wait for
ZARAGOZA = "ZAZ"
_OFFERS = """
    select product.id, product.sku, product.is_lot_tracked, offer.minimum_quantity
    from supplier_product offer join product on product.id = offer.product_id
    where offer.supplier_id = :supplier and product.active_until is null order by product.sku
"""
_LINES = """
    select line.id, line.quantity_ordered, part.requested_on, product.is_lot_tracked from purchase_order_line line
    join purchase_schedule_line part on part.purchase_order_line_id = line.id
    join product on product.id = line.product_id
    where line.purchase_order_id = :order order by line.position
"""
# The last confirmed order with a line of which nothing is being prepared and that a supplier sells by such quantities.
_FOR_DIRECT = """
    select sales_order.id, sales_order.version, line.id, line.quantity_ordered, offer.supplier_id
    from sales_order join sales_order_line line on line.order_id = sales_order.id
    join supplier_product offer on offer.product_id = line.product_id
    where sales_order.status = 'CONFIRMED' and not sales_order.is_on_hold and line.quantity_shipped = 0
        and line.quantity_cancelled = 0 and mod(line.quantity_ordered, offer.multiple_quantity) = 0
        and line.quantity_ordered >= offer.minimum_quantity
        and not exists (select from delivery where delivery.order_id = sales_order.id)
        and not exists (select from purchase_peg where purchase_peg.order_line_id = line.id)
    order by sales_order.number desc, line.position limit 1
"""
# The smallest lot that nobody needs: what is reserved of its product lies in the others.
_TO_BLOCK = """
    select lot.id, lot.version from lot join lot_balance on lot_balance.lot_id = lot.id
    join stock_balance on stock_balance.product_id = lot.product_id
        and stock_balance.warehouse_id = lot_balance.warehouse_id
    where lot_balance.on_hand > 0 and lot_balance.allocated = 0
        and stock_balance.on_hand - stock_balance.reserved >= 2 * lot_balance.on_hand
    order by lot_balance.on_hand, lot.number limit 1
"""

Work = Callable[[Context], Awaitable[UUID]]


def add_suppliers(rows: Rows, items: Sequence[Item]) -> None:
    """Suppliers, and a source for what customers wait for and a part of the rest."""
    categories = list(dict.fromkeys(item.category.prefix for item in items))
    for code, name, email, locale, lead, way in SUPPLIERS:
        rows.add(
            Supplier, id=key("supplier", code), seller_id=SELLER, code=code, name=name, name_sort=sort_key(name),
            currency="EUR", email=email, locale=locale, lead_time_days=lead, transport_days=way,
            over_receipt_percent=Decimal(5 if code == "PIRINEO" else 0), version=1,
            created_at=moment(rows.days_ago(300)), active_until=None,
        )  # fmt: skip
    for number, item in enumerate(items):
        if not (item.may_wait or number % EVERY == 0):
            continue
        code = SUPPLIERS[categories.index(item.category.prefix) % len(SUPPLIERS)][0]
        rows.add(
            SupplierProduct, id=key("offer", item.sku), supplier_id=key("supplier", code), product_id=item.id,
            supplier_sku=f"{code[0]}{1000 + number}", unit_price=cost_on(item, rows.today, rows.today),
            minimum_quantity=item.pack_size, multiple_quantity=item.pack_size, lead_time_days=None,
            is_preferred=True, active_until=None,
        )  # fmt: skip


async def buy_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases: what they refuse, the demo company cannot have."""
    buyer = await logistics(database)
    await _late(database, buyer, now)
    await _came_in_part(database, buyer, now)
    await _for_customers(database, buyer, now)
    await _straight_to_a_customer(database, buyer, now)
    await _draft(database, buyer, "HOSTELEQ", 3, now)
    lot = await _one(database, _TO_BLOCK)
    await _done(
        database,
        buyer,
        lambda ctx: block_lot(ctx, lot.id, lot.version, "Envases golpeados, en revisión"),
        now,
    )


async def _late(database: "Database", buyer: Viewer, now: datetime) -> None:
    """Confirmed for the day before yesterday, and not here."""
    then = now - timedelta(days=12)
    order = await _ordered(database, buyer, "CAMPOALTO", 3, then)
    due = (now - timedelta(days=2)).astimezone(MADRID).date()
    said = [
        LineConfirmed(line.id, [SupplyPart(line.quantity_ordered, due)])
        for line in await _all(database, _LINES, order=order)
    ]
    await _done(database, buyer, lambda ctx: confirm_purchase_order(ctx, order, 2, said, "CA-24117"), then)


async def _came_in_part(database: "Database", buyer: Viewer, now: datetime) -> None:
    """Most of it came yesterday, the lots with two weeks to go; the last line is still on its way."""
    order = await _ordered(database, buyer, "PIRINEO", 4, now - timedelta(days=5))
    lines = await _all(database, _LINES, order=order)
    today = now.astimezone(MADRID).date()
    said = [
        LineConfirmed(line.id, [SupplyPart(line.quantity_ordered, today + timedelta(days=days))])
        for line, days in zip(lines, (-1, -1, -1, 3), strict=True)
    ]
    await _done(
        database, buyer, lambda ctx: confirm_purchase_order(ctx, order, 2, said), now - timedelta(days=4)
    )
    ends = today + timedelta(days=14)
    came = [
        LineReceived(line.id, line.quantity_ordered, "P-0417", ends)
        if line.is_lot_tracked
        else LineReceived(line.id, line.quantity_ordered)
        for line in lines[:-1]
    ]
    await _done(
        database, buyer, lambda ctx: receive_purchase_order(ctx, order, 3, came, "AL-88120"),
        now - timedelta(days=1),
    )  # fmt: skip


async def _for_customers(database: "Database", buyer: Viewer, now: datetime) -> None:
    """What open orders lack, of the supplier that can help with most of it; its first line comes later than wanted."""
    place = key("warehouse", ZARAGOZA)

    async def make(ctx: Context) -> UUID:
        by_supplier: dict[UUID, list[PurchaseLineWanted]] = {}
        for row in await purchase_proposals(ctx):
            pegs: dict[UUID, Decimal] = {}
            for short, quantity in row.pegs:
                pegs[short.order_line_id] = pegs.get(short.order_line_id, Decimal(0)) + quantity
            line = PurchaseLineWanted(
                row.offer.product_id, row.proposal.quantity, pegs=[PegWanted(*each) for each in pegs.items()]
            )
            by_supplier.setdefault(row.offer.supplier_id, []).append(line)
        supplier, lines = max(by_supplier.items(), key=lambda found: (len(found[1]), found[0]))
        return await create_purchase_order(ctx, supplier, place, lines)

    order = await _done(database, buyer, make, now)
    await _done(database, buyer, lambda ctx: send_purchase_order(ctx, order, 1), now)
    days = {0: 6}
    said = [
        LineConfirmed(
            line.id,
            [SupplyPart(line.quantity_ordered, line.requested_on + timedelta(days=days.get(place, 0)))],
        )
        for place, line in enumerate(await _all(database, _LINES, order=order))
    ]
    await _done(database, buyer, lambda ctx: confirm_purchase_order(ctx, order, 2, said, "2026/311"), now)


async def _straight_to_a_customer(database: "Database", buyer: Viewer, now: datetime) -> None:
    sold = await _one(database, _FOR_DIRECT)
    wanted = [PegWanted(sold[2], sold.quantity_ordered)]
    order = await _done(
        database, buyer,
        lambda ctx: create_direct_delivery(ctx, sold[0], sold.supplier_id, wanted, sold.version), now,
    )  # fmt: skip
    await _done(database, buyer, lambda ctx: send_purchase_order(ctx, order, 1), now)
    await _done(database, buyer, lambda ctx: confirm_purchase_order(ctx, order, 2), now)


async def _draft(database: "Database", buyer: Viewer, code: str, count: int, then: datetime) -> UUID:
    supplier = key("supplier", code)
    offers = (await _all(database, _OFFERS, supplier=supplier))[:count]
    lines = [PurchaseLineWanted(each.id, each.minimum_quantity * 12) for each in offers]
    place = key("warehouse", ZARAGOZA)
    return await _done(database, buyer, lambda ctx: create_purchase_order(ctx, supplier, place, lines), then)


async def _ordered(database: "Database", buyer: Viewer, code: str, count: int, then: datetime) -> UUID:
    order = await _draft(database, buyer, code, count, then)
    await _done(database, buyer, lambda ctx: send_purchase_order(ctx, order, 1), then)
    return order


async def _done(database: "Database", buyer: Viewer, work: Work, then: datetime) -> UUID:
    made = await act(database, buyer, work, then)
    assert made is not None, "nothing of this waits for lots"
    return made


async def _all(database: "Database", statement: str, **given: Any) -> Sequence[Any]:
    async with database.job() as session:
        return (await session.execute(text(statement), given)).all()


async def _one(database: "Database", statement: str, given: Mapping[str, Any] | None = None) -> Any:
    async with database.job() as session:
        return (await session.execute(text(statement), given or {})).one()
