"""Promised dates of orders: each schedule line's day of leaving and of receipt, kept while it can be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from models.availability_reads import Place
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.orders_reads import OrderRow
from resolvers.context import Context
from resolvers.products import products_by_id
from resolvers.promises_facts import ForWhom, ProductFacts, gather
from rules.documents import DocumentAddress
from rules.money import ZERO
from rules.promising import promise, renewed_days
from rules.promising_sites import Site, promise_from_sites
from rules.refusals import ErrorCode
from rules.states import DeliveryControl, LineKind

Dates = tuple[date, date]


async def promise_schedule(
    ctx: Context,
    order: SalesOrder,
    lines: Sequence[SalesOrderLine],
    entries: Sequence[SalesOrderScheduleLine],
    shipped: Mapping[UUID, Decimal] = MappingProxyType({}),
) -> None:
    """
    Confirms the schedule lines of goods that may leave; what nobody knows when to have stays unconfirmed.

    What a warehouse holds leaves it as soon as calendars, deadline and the requested day allow; what none holds, when
    it will be there. A promise that still holds is kept, though it could be better (rule book 8.3).

    Args:
        shipped: what of a schedule line has left; the rest is promised, and its day is the schedule line's.
    """
    goods = {line.id: line.product_id for line in lines if line.kind == LineKind.GOODS and line.product_id}
    rest = {entry.id: entry.quantity - shipped.get(entry.id, ZERO) for entry in entries}
    mine = [entry for entry in entries if entry.order_line_id in goods and rest[entry.id] > 0]
    found = await ctx.loader(products_by_id).load_many(sorted(set(goods.values())))
    products = [product for product in found if product is not None]
    if not mine or not products:
        return
    await ctx.session.flush()
    # What is held needs no look at stock, nor at what all others wait for, while the balances are locked.
    facts = await gather(
        ctx, products, whom_of(order), except_entries=[entry.id for entry in mine],
        counts_stock=any(entry.warehouse_id is None for entry in mine),
    )  # fmt: skip
    known = dict(facts.products)
    moved: set[date] = set()
    # What is held is taken first: the rest of the order is promised from what that leaves.
    for entry in sorted(mine, key=lambda each: (each.warehouse_id is None, each.position)):
        product_id = goods[entry.order_line_id]
        assert product_id is not None, "filtered above"
        if product_id not in known:
            continue
        found_dates, known[product_id], moved_from = _promised(known[product_id], entry, rest[entry.id])
        _confirm(entry, found_dates)
        moved |= {moved_from} - {None}  # type: ignore[arg-type]
    for day in sorted(moved):
        text = "No goods are brought or taken on {day}: the next working day is meant."
        ctx.warn(ErrorCode.DATE_MOVED, text, ("requestedOn",), day=day)


def whom_of(order: SalesOrder | OrderRow) -> ForWhom:
    """The customer of an order, at the address that it goes to."""
    address = DocumentAddress.from_json(order.delivery_address)
    return ForWhom(order.customer_id, Place(address.country, address.postal_code))


def _confirm(entry: SalesOrderScheduleLine, dates: Dates | None) -> None:
    entry.ship_on, entry.confirmed_on = renewed_days(entry.ship_on, entry.confirmed_on, dates)


def _promised(
    known: ProductFacts, entry: SalesOrderScheduleLine, quantity: Decimal
) -> tuple[Dates | None, ProductFacts, date | None]:
    """The days of what is still to leave, what is known once it is promised, and a closed day asked for."""
    if entry.warehouse_id is not None:
        return _held(known, entry, entry.warehouse_id, quantity)
    found = promise_from_sites(quantity, [each.promising for each in known.sites], entry.requested_on)
    if found is None or not found.parts:
        return None, known, None if found is None else found.promise.moved_from
    taken = known
    for each in found.parts:
        taken = _taken(taken, each.key, each.part.ship_on, each.part.quantity)
    last = max(found.parts, key=lambda each: each.part.receipt_on).part
    return (last.ship_on, last.receipt_on), taken, found.promise.moved_from


def _held(
    known: ProductFacts, entry: SalesOrderScheduleLine, warehouse_id: UUID, quantity: Decimal
) -> tuple[Dates | None, ProductFacts, date | None]:
    """What is reserved is there: only calendars and lead times stand between it and the customer."""
    site = next((each.promising for each in known.sites if each.promising.key == warehouse_id), None)
    if site is None:
        return None, known, None
    method = site.control.method
    if method is not DeliveryControl.SALES_LEAD_TIME:
        method = DeliveryControl.NONE
    control = replace(site.control, method=method)
    found = promise(quantity, site.availability, control, site.route, site.entered, entry.requested_on)
    assert found.ship_on is not None and found.receipt_on is not None, "calendars alone always give a day"
    taken = _taken(known, warehouse_id, site.availability.today, quantity)
    return (found.ship_on, found.receipt_on), taken, found.moved_from


def _taken(known: ProductFacts, warehouse_id: UUID, on: date, quantity: Decimal) -> ProductFacts:
    sites = [
        replace(each, promising=_less(each.promising, on, quantity))
        if each.promising.key == warehouse_id
        else each
        for each in known.sites
    ]
    return replace(known, sites=tuple(sites))


def _less(site: Site[UUID], on: date, quantity: Decimal) -> Site[UUID]:
    return replace(site, availability=site.availability.promised(on, quantity))
