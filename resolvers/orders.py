"""Orders: placing them, and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from auth.permissions import Permission, Viewer
from models.base import new_id
from models.customers_reads import CustomerRow, visible_names
from models.deliveries import Delivery
from models.deliveries_reads import order_is_releasable
from models.events import AuditEvent
from models.filters import Where, conditions
from models.orders import SalesOrder, SalesOrderLine, SalesOrderLineCost, SalesOrderScheduleLine
from models.orders_reads import (
    OrderLineRow,
    OrderRow,
    SalesHistoryRow,
    ScheduleLineRow,
    order_columns,
    order_matches,
    visible_order_lines,
    visible_orders,
    visible_sales_history,
    visible_schedule_lines,
)
from models.rows import by_key, grouped
from models.sales_history import SalesHistory
from models.sellers import NumberSeries
from resolvers.allocations import released_by_line
from resolvers.approvals import Spending, beyond_own_limit, due_at, reasons_to_wait, request_approval
from resolvers.carts import (
    CartLineView,
    CartView,
    HeadChange,
    cart_view,
    change_head,
    delivery_address,
    empty_cart,
    lock_cart,
    row_of,
)
from resolvers.context import Context
from resolvers.credit import CreditRow, as_house, has_late_invoices, lock_credit
from resolvers.customers import (
    acting_customer,
    addresses_by_customer,
    delivery_terms_by_id,
    payment_terms_by_id,
    sales_reps_by_id,
    seller,
)
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.pricing import exchange_rate
from resolvers.products import item_numbers_by_product
from resolvers.statements import Asked, rows
from resolvers.stock import (
    Allocation,
    Hold,
    backorder_allowed,
    free_of,
    lock_balances,
    plan_allocations,
    reserve,
)
from rules.deliveries import open_to_deliver, releasable
from rules.documents import DocumentAddress
from rules.money import ZERO, round_money
from rules.pricing import PriceComponent
from rules.quantities import plain
from rules.refusals import CreditExceeded, ErrorCode, OutOfStock, PriceChanged, Refusal, refuse_all
from rules.spending import may_approve
from rules.states import CreditPolicy, DocumentKind, HoldReason, LineKind, OrderStatus, ProductKind
from rules.transitions import OrderAction, OrderFacts, allowed_order_actions


async def orders(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[OrderRow]:
    """The orders the viewer may see."""
    columns = {**order_columns(ctx.user, ctx.today, ctx.zone), "is_releasable": order_is_releasable()}
    statement = visible_orders(ctx.user).where(conditions(where, columns))
    if search and search.strip():
        if len(search) > 200:
            raise Refusal(
                ErrorCode.LIMIT_EXCEEDED, "A search has {limit} characters at most.", ("search",), limit=200
            )
        statement = statement.where(order_matches(search))
    return await page(ctx, statement, sort, args, OrderRow)


async def orders_of_customer(
    ctx: Context, customer_id: UUID, sort: Sequence[SortKey], args: PageArgs
) -> Page[OrderRow]:
    return await page(
        ctx, visible_orders(ctx.user).where(SalesOrder.customer_id == customer_id), sort, args, OrderRow
    )


async def last_orders(ctx: Context, keys: Sequence[UUID]) -> list[OrderRow | None]:
    """The newest visible order of each customer."""
    rows = await ctx.session.execute(
        visible_orders(ctx.user)
        .where(SalesOrder.customer_id.in_(keys))
        .ext(distinct_on(SalesOrder.customer_id))
        .order_by(SalesOrder.customer_id, SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    return by_key(keys, (OrderRow(*each) for each in rows), "customer_id")


async def orders_by_id(ctx: Context, keys: Sequence[UUID]) -> list[OrderRow | None]:
    return by_key(keys, (OrderRow(*each) for each in await rows(ctx, _orders_by_id, keys=list(keys))))


def _orders_by_id(asked: Asked) -> Any:
    return visible_orders(asked.viewer).where(asked.one_of(SalesOrder.id))


async def order_by_number(ctx: Context, number: str) -> OrderRow | None:
    found = (await ctx.session.execute(visible_orders(ctx.user).where(SalesOrder.number == number))).first()
    return None if found is None else OrderRow(*found)


async def lines_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[OrderLineRow]]:
    found = await rows(ctx, _lines_by_order, keys=list(keys))
    lines = (OrderLineRow(*each) for each in found)
    return grouped(keys, lines if ctx.user.is_staff else map(_without_reason, lines), "order_id")


def _lines_by_order(asked: Asked) -> Any:
    return visible_order_lines(asked.viewer).where(asked.one_of(SalesOrderLine.order_id))


def _without_reason(line: OrderLineRow) -> OrderLineRow:
    """The line as its customer sees it: a price set by hand stays on the trace, why it was set does not."""
    if line.manual_unit_price is None:
        return line
    trace = [
        step | {"reason": ""} if step["component"] == PriceComponent.MANUAL_PRICE else step
        for step in line.price_trace
    ]
    return replace(line, price_trace=trace, manual_price_reason="")


async def schedule_by_line(ctx: Context, keys: Sequence[UUID]) -> list[list[ScheduleLineRow]]:
    statement = visible_schedule_lines(ctx.user).where(SalesOrderScheduleLine.order_line_id.in_(keys))
    return grouped(
        keys, (ScheduleLineRow(*each) for each in await ctx.session.execute(statement)), "order_line_id"
    )


async def costs_by_line(ctx: Context, keys: Sequence[UUID]) -> list[tuple[Decimal, str] | None]:
    """(unit cost, currency) when the line was priced; row security hides the table from customers."""
    table = SalesOrderLineCost
    rows = await ctx.session.execute(
        select(table.order_line_id, table.unit_cost, table.currency).where(table.order_line_id.in_(keys))
    )
    found = {key: (cost, currency) for key, cost, currency in rows}
    return [found.get(key) for key in keys]


@dataclass(frozen=True, slots=True)
class OrderEventRow:
    entity_id: UUID
    action: str
    occurred_at: Any
    reason: str
    actor_id: UUID
    subject_id: UUID | None


_DELIVERY_EVENTS = ("delivery.released", "delivery.shipped", "delivery.cancelled")


async def timeline_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[OrderEventRow]]:
    """
    What happened to the orders and with their deliveries, oldest first.

    A customer is told no reason that is the seller's alone.
    """
    told = (
        AuditEvent.action, AuditEvent.occurred_at, AuditEvent.reason, AuditEvent.actor_id,
        AuditEvent.subject_id, AuditEvent.id,
    )  # fmt: skip
    of_order = select(AuditEvent.entity_id, *told).where(
        AuditEvent.entity_id.in_(keys), AuditEvent.entity_type == "Order"
    )
    of_delivery = (
        select(Delivery.order_id, *told)
        .join(Delivery, Delivery.id == AuditEvent.entity_id)
        .where(
            Delivery.order_id.in_(keys),
            AuditEvent.entity_type == "Delivery",
            AuditEvent.action.in_(_DELIVERY_EVENTS),
        )
    )
    both = union_all(of_order, of_delivery).subquery()
    rows = await ctx.session.execute(select(*list(both.c)[:-1]).order_by(both.c.id))
    events = [OrderEventRow(*each) for each in rows]
    if not ctx.user.is_staff:
        events = [replace(each, reason="") if _is_ours(each) else each for each in events]
    return grouped(keys, events, "entity_id")


def _is_ours(event: OrderEventRow) -> bool:
    return event.subject_id is not None or event.action == "order.linePriced"


async def names_by_id(ctx: Context, keys: Sequence[UUID]) -> list[str | None]:
    """The names of actors and subjects, people or customers; None for whom row security keeps from the viewer."""
    found = {row.id: row.name for row in await ctx.session.execute(visible_names(ctx.user, keys))}
    return [found.get(key) for key in keys]


async def sales_history(
    ctx: Context, customer_id: UUID, sort: Sequence[SortKey], args: PageArgs
) -> Page[SalesHistoryRow]:
    statement = visible_sales_history(ctx.user).where(SalesHistory.customer_id == customer_id)
    return await page(ctx, statement, sort, args, SalesHistoryRow)


PERMITTED: Mapping[Permission, frozenset[OrderAction]] = {
    Permission.ORDERS_MANAGE: frozenset(
        {OrderAction.CONFIRM, OrderAction.REFUSE, OrderAction.HOLD, OrderAction.RELEASE}
    ),
    Permission.CREDIT_RELEASE: frozenset({OrderAction.HOLD, OrderAction.RELEASE}),
    Permission.ORDERS_CANCEL: frozenset({OrderAction.CANCEL, OrderAction.CANCEL_LINE}),
    Permission.ORDERS_DISCOUNT: frozenset({OrderAction.DISCOUNT}),
    Permission.ORDERS_PRICE: frozenset({OrderAction.SET_PRICE}),
    Permission.CARTS_USE: frozenset({OrderAction.REORDER}),
    Permission.DELIVERIES_MANAGE: frozenset({OrderAction.DELIVER}),
    Permission.APPROVALS_DECIDE: frozenset({OrderAction.APPROVE, OrderAction.REFUSE_APPROVAL}),
    Permission.ORDERS_PLACE: frozenset({OrderAction.WITHDRAW}),
}


def permitted_actions(
    viewer: Viewer, order: OrderRow | SalesOrder, hold_reasons: frozenset[HoldReason]
) -> frozenset[OrderAction]:
    """
    The acts the viewer's permissions allow on a visible order; a credit hold is finance's to release.

    Nobody decides on what they ordered themselves, in whichever session and role; nobody else withdraws it.
    To reorder is to read: it needs no more than the order in sight and a cart.
    """
    acts = frozenset[OrderAction]().union(
        *(
            acts
            for permission, acts in PERMITTED.items()
            if viewer.may(permission)
            and (
                permission is Permission.CARTS_USE
                or viewer.reaches(permission, order.customer_id, order.on_behalf_of_id or order.placed_by_id)
            )
        )
    )
    if may_approve(viewer.user_id, order.placed_by_id, order.on_behalf_of_id):
        acts -= {OrderAction.WITHDRAW}
    else:
        acts -= {OrderAction.APPROVE, OrderAction.REFUSE_APPROVAL}
    financial = hold_reasons & {HoldReason.CREDIT, HoldReason.OVERDUE}
    return acts - {OrderAction.RELEASE} if financial and not viewer.may(Permission.CREDIT_RELEASE) else acts


async def releasable_of(ctx: Context, lines: Sequence[OrderLineRow | SalesOrderLine]) -> Decimal:
    """How much of the lines may go to the warehouse now, all together."""
    released = await ctx.loader(released_by_line).load_many([line.id for line in lines])
    return sum(
        (
            releasable(
                LineKind(line.kind),
                line.quantity_reserved,
                open_to_deliver(
                    LineKind(line.kind),
                    line.quantity_ordered,
                    line.quantity_cancelled,
                    line.quantity_shipped,
                    line.quantity_invoiced,
                ),
                held,
            )
            for line, held in zip(lines, released, strict=True)
        ),
        ZERO,
    )


def facts_of(
    status: OrderStatus,
    hold_reasons: Sequence[str],
    lines: Sequence[OrderLineRow],
    quantity_releasable: Decimal = ZERO,
) -> OrderFacts:
    return OrderFacts(
        OrderStatus(status),
        frozenset(HoldReason(each) for each in hold_reasons),
        sum((line.quantity_shipped for line in lines), ZERO),
        sum(
            (line.quantity_ordered - line.quantity_shipped - line.quantity_cancelled for line in lines), ZERO
        ),
        quantity_releasable,
    )


async def order_actions(ctx: Context, order: OrderRow) -> list[OrderAction]:
    """What the viewer may do with the order now."""
    lines = await ctx.load(lines_by_order, order.id)
    ready = await releasable_of(ctx, lines) if ctx.user.may(Permission.DELIVERIES_MANAGE) else ZERO
    facts = facts_of(order.status, order.hold_reasons, lines, ready)
    allowed = allowed_order_actions(facts, permitted_actions(ctx.user, order, facts.hold_reasons))
    if OrderAction.APPROVE in allowed and await beyond_own_limit(
        ctx, order.customer_id, order.gross_amount, order.currency
    ):
        allowed.remove(OrderAction.APPROVE)
    return allowed


async def take_number(ctx: Context, kind: DocumentKind, stand_in: UUID) -> str:
    """The next number of a series; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{stand_in}"
    row = (
        await ctx.session.execute(
            select(NumberSeries.prefix, NumberSeries.digits, NumberSeries.sequence_name).where(
                NumberSeries.seller_id == ctx.user.seller_id, NumberSeries.kind == kind
            )
        )
    ).one()
    value = await ctx.session.scalar(select(func.nextval(row.sequence_name)))
    return f"{row.prefix}-{ctx.today.year}-{value:0{row.digits}d}"


async def place_order(
    ctx: Context, cart_id: UUID, expected_version: int, expected_total: Decimal, change: HeadChange
) -> UUID:
    """
    The viewer's cart becomes an order: priced, tested against credit, reserved, copied, and the cart emptied.

    What passes the buyer's limits or meets a rule of the company waits for a colleague's consent, softly reserved.

    Raises:
        StaleVersion, PriceChanged: the cart or its prices are not what the client saw.
        OutOfStock: a line exceeds what is free and may not wait.
    """
    cart = await lock_cart(ctx, expected_version)
    if cart.id != cart_id:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("cartId",))
    await change_head(ctx, cart, change)
    view = await cart_view(ctx, row_of(cart))
    # Stock is judged below, on locked balances.
    blocking = [each for each in _all_problems(view) if not isinstance(each, OutOfStock)]
    refuse_all(blocking)
    if view.priced.gross != expected_total:
        raise _price_changed(view, expected_total)
    customer = await acting_customer(ctx)
    reasons = await reasons_to_wait(ctx, _spending(ctx, customer, view))
    due = await due_at(ctx) if reasons else None
    credit = await lock_credit(ctx, customer.id)
    holds = await _credit_holds(ctx, view, credit) + await overdue_holds(ctx, customer.id, credit)
    plan = await _plan_stock(ctx, view, reserving=not holds)
    order = await _new_order(ctx, customer, view, holds)
    order.status = OrderStatus.PENDING_APPROVAL if reasons else OrderStatus.PLACED
    ctx.session.add(order)
    await ctx.session.flush()
    await _add_lines(ctx, order, view, plan, reserving=not holds, until=due)
    await empty_cart(ctx, cart)
    cart.version += 1
    cart.updated_at = ctx.now
    if due is not None:
        act = {"act": "placeOrder", "cartId": str(cart.id), "expectedTotal": plain(expected_total)}
        await request_approval(ctx, order, reasons, due, act)
        return order.id
    changes = {"number": order.number, "gross": plain(order.gross_amount), "currency": order.currency}
    record(ctx, "order.placed", "Order", order.id, version=1, customer_id=customer.id, changes=changes)
    await ctx.session.flush()
    return order.id


async def waits_for_approval(ctx: Context, view: CartView) -> bool:
    """Whether the cart, ordered now, would wait for the consent of somebody else of the company."""
    return bool(await reasons_to_wait(ctx, _spending(ctx, await acting_customer(ctx), view)))


def _spending(ctx: Context, customer: CustomerRow, view: CartView) -> Spending:
    lines = [
        (line.product.category_id, line.priced.price.net_amount)
        for line in view.lines
        if line.product is not None and line.priced is not None and line.priced.price is not None
    ]
    # A limit is a person's of the company: the seller's people have none in its place. Its rules hold for them too.
    spender = None if ctx.user.on_behalf else ctx.user.user_id
    return Spending(customer.id, spender, view.priced.gross, view.priced.market.currency, lines)


def _all_problems(view: CartView) -> list[Refusal]:
    return [*view.problems, *(problem for line in view.lines for problem in line.problems)]


def _price_changed(view: CartView, expected: Decimal) -> PriceChanged:
    moved = [
        (str(line.row.id), line.product.sku, line.row.unit_price_seen, line.priced.price.unit_price)
        for line in view.lines
        if line.product is not None and line.priced is not None and line.priced.price is not None
        and line.row.unit_price_seen != line.priced.price.unit_price
    ]  # fmt: skip
    return PriceChanged(expected, view.priced.gross, view.priced.market.currency, moved)


async def passes_limit(ctx: Context, view: CartView, credit: CreditRow) -> bool:
    """Whether the cart, on top of what is open, would be more than the limit."""
    rate, account_rate = (
        await exchange_rate(ctx, view.priced.market.currency),
        await exchange_rate(ctx, credit.currency),
    )
    if rate is None or account_rate is None:
        return False  # a cart without a rate has a problem of its own
    gross = round_money(view.priced.gross * rate.rate / account_rate.rate)
    return credit.exposure + gross > credit.limit


async def lines_to_reorder(
    ctx: Context, order_id: UUID, line_ids: Sequence[UUID] | None
) -> list[OrderLineRow]:
    """A visible order's lines, or the chosen ones of them."""
    if await ctx.load(orders_by_id, order_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("orderId",))
    lines = await ctx.load(lines_by_order, order_id)
    if line_ids is None:
        return lines
    known = {line.id for line in lines}
    strange = next((index for index, key in enumerate(line_ids) if key not in known), None)
    if strange is not None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineIds", strange))
    return [line for line in lines if line.id in line_ids]


async def _credit_holds(ctx: Context, view: CartView, credit: CreditRow | None) -> list[HoldReason]:
    """Exceeding the limit holds the order for finance; it refuses only where the seller says so."""
    if credit is None or not await passes_limit(ctx, view, credit):
        return []
    if (await seller(ctx)).credit_policy == CreditPolicy.REFUSE:
        raise CreditExceeded(credit.limit, credit.exposure, credit.currency)
    warn_credit_hold(ctx)
    return [HoldReason.CREDIT]


def warn_credit_hold(ctx: Context) -> None:
    ctx.warn(
        ErrorCode.ON_HOLD,
        "The order is under review: it passes your credit limit. Nothing is reserved until it is released.",
    )


async def overdue_holds(ctx: Context, customer_id: UUID, credit: CreditRow | None) -> list[HoldReason]:
    """An invoice later than the seller allows holds the order, whatever is left of the limit."""
    is_late = credit.used.late > 0 if credit else await has_late_invoices(ctx, customer_id)
    if not is_late:
        return []
    text = "The order is under review: invoices are overdue. Nothing is reserved until it is released."
    ctx.warn(ErrorCode.ON_HOLD, text)
    return [HoldReason.OVERDUE]


async def _plan_stock(ctx: Context, view: CartView, reserving: bool) -> list[list[Allocation]]:
    """Where each line comes from, on locked balances; refuses lines that exceed what is free and may not wait."""
    goods = [
        line.product.id
        for line in view.lines
        if line.product is not None and line.product.kind is ProductKind.GOODS
    ]
    locked = await lock_balances(ctx, goods) if goods else {}
    plans, refusals = [], []
    for index, line in enumerate(view.lines):
        product, wanted = line.product, line.row.quantity
        assert product is not None, "a line without a product has a problem"
        if product.kind is not ProductKind.GOODS:
            plans.append([Allocation(None, wanted)])
            continue
        rows = locked[product.id]
        if free_of(rows) < wanted:
            if not await backorder_allowed(ctx, product.out_of_stock_policy):
                path = ("cartId", "lines", index, "quantity")
                refusals.append(OutOfStock(product.sku, wanted, free_of(rows), None, path))
            elif reserving:
                warn_backorder(ctx, index, product.sku, free_of(rows), wanted)
        plans.append(plan_allocations(wanted, rows))
    refuse_all(refusals)
    return plans if reserving else [[Allocation(None, line.row.quantity)] for line in view.lines]


def warn_backorder(ctx: Context, index: int, sku: str, free: Decimal, wanted: Decimal) -> None:
    """Tells that a part waits for goods to arrive."""
    message = "{sku}: {free} of {wanted} are reserved now, the rest follows when it arrives."
    ctx.warn(
        ErrorCode.BACKORDERED, message, ("lines", index), sku=sku, free=plain(free), wanted=plain(wanted)
    )


async def _new_order(
    ctx: Context, customer: CustomerRow, view: CartView, holds: Sequence[HoldReason]
) -> SalesOrder:
    us, cart = await seller(ctx), view.row
    rate = await exchange_rate(ctx, customer.currency)
    address = await delivery_address(ctx, cart)
    addresses = await ctx.load(addresses_by_customer, customer.id)
    payment = await ctx.load(payment_terms_by_id, customer.payment_term_id)
    terms = await ctx.load(delivery_terms_by_id, customer.delivery_term_id)
    rep = None if customer.sales_rep_id is None else await ctx.load(sales_reps_by_id, customer.sales_rep_id)
    assert rate is not None and address is not None and payment is not None and terms is not None
    behalf = ctx.user.on_behalf
    billing = next((each for each in addresses if each.is_default_billing), address)
    order_id = new_id()
    return SalesOrder(
        id=order_id,
        seller_id=us.id,
        number=await take_number(ctx, DocumentKind.ORDER, order_id),
        customer_id=customer.id,
        is_on_hold=bool(holds),
        hold_reasons=[each.value for each in holds],
        version=1,
        locale=ctx.locale,
        placed_at=ctx.now,
        placed_by_id=ctx.user.user_id,
        placed_by_name=ctx.user.name,
        is_on_behalf=behalf is not None,
        on_behalf_of_id=behalf.person_id if behalf else None,
        on_behalf_of_name=behalf.person_name if behalf else "",
        on_behalf_reason=behalf.reason if behalf else "",
        purchase_order_number=cart.purchase_order_number,
        note=cart.note,
        requested_on=cart.requested_on,
        priced_on=ctx.today,
        currency=customer.currency,
        currency_exponent=view.priced.market.exponent,
        exchange_rate=rate.rate,
        exchange_rate_on=rate.valid_from,
        seller_name=us.name,
        seller_tax_id=us.tax_id,
        customer_number=customer.number,
        customer_name=customer.name,
        customer_tax_id=customer.tax_id,
        sales_rep_id=customer.sales_rep_id,
        sales_rep_name="" if rep is None else rep.name,
        delivery_address=_copied(address).to_json(),
        billing_address=_copied(billing).to_json(),
        payment_terms=payment.to_json(),
        delivery_terms=terms.to_json(),
        net_amount=view.priced.net,
        tax_amount=view.priced.tax,
        gross_amount=view.priced.gross,
    )


def _copied(address: Any) -> DocumentAddress:
    return DocumentAddress(
        address.label, address.name, address.street, address.postal_code, address.city, address.region,
        address.country, address.phone,
    )  # fmt: skip


async def _add_lines(
    ctx: Context,
    order: SalesOrder,
    view: CartView,
    plan: Sequence[Sequence[Allocation]],
    reserving: bool,
    until: datetime | None,
) -> None:
    """
    Lines, their schedule and reservations; a line served from several warehouses has a schedule line for each.

    Args:
        until: until when they are softly held, where the order waits for consent.
    """
    numbers = await ctx.loader(item_numbers_by_product).load_many(
        [line.row.product_id for line in view.lines]
    )
    lines, schedule, holds = [], [], []
    for position, (seen, own_number, parts) in enumerate(
        zip(view.lines, numbers, plan, strict=True), start=1
    ):
        line = _order_line(order, position, seen, own_number)
        lines.append(line)
        for place, part in enumerate(parts, start=1):
            entry = SalesOrderScheduleLine(
                id=new_id(),
                order_line_id=line.id,
                customer_id=order.customer_id,
                position=place,
                quantity=part.quantity,
                requested_on=seen.row.requested_on or order.requested_on,
                warehouse_id=part.warehouse_id,
            )
            schedule.append(entry)
            if part.warehouse_id is not None and reserving:
                line.quantity_reserved += part.quantity
                holds.append(Hold(entry.id, seen.row.product_id, part.warehouse_id, part.quantity))
    ctx.session.add_all(lines)
    await ctx.session.flush()
    ctx.session.add_all(schedule)
    await ctx.session.flush()
    await reserve(ctx, order.customer_id, holds, until)
    await ctx.session.flush()
    await _keep_costs(ctx, order.id)


_COSTS = """
    insert into sales_order_line_cost (order_line_id, customer_id, unit_cost, currency)
    select line.id, line.customer_id, cost.unit_cost, cost.currency
    from sales_order_line line
    join standard_cost cost on cost.product_id = line.product_id
        and cost.valid_from <= :today and coalesce(cost.valid_until > :today, true)
    where line.order_id = :order
"""


async def _keep_costs(ctx: Context, order_id: UUID) -> None:
    """The standard costs of the day, kept for margins; the house writes them, the buyer's role never reads them."""
    async with as_house(ctx) as session:
        await session.execute(text(_COSTS), {"order": order_id, "today": ctx.today})


def _order_line(
    order: SalesOrder, position: int, seen: CartLineView, own_number: str | None
) -> SalesOrderLine:
    product, priced = seen.product, seen.priced
    assert product is not None and priced is not None and priced.price is not None
    price = priced.price
    return SalesOrderLine(
        id=new_id(),
        order_id=order.id,
        customer_id=order.customer_id,
        position=position,
        kind=LineKind(product.kind),
        product_id=product.id,
        sku=product.sku,
        customer_item_number=own_number,
        description=product.name,
        unit_code=product.unit_code,
        quantity_ordered=seen.row.quantity,
        quantity_reserved=ZERO,
        list_unit_price=price.list_unit_price,
        price_unit=price.price_unit,
        break_from_quantity=price.break_from_quantity,
        discount_percent=ZERO,
        unit_price=price.unit_price,
        price_trace=[step.to_json() for step in price.steps],
        currency_exponent=order.currency_exponent,
        tax_category=priced.tax_category,
        tax_percent=priced.tax_percent,
        net_amount=price.net_amount,
        tax_amount=priced.tax_amount,
        gross_amount=price.net_amount + priced.tax_amount,
    )
