"""Placing an order: the cart priced, tested against credit and limits, reserved and copied."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from models.base import new_id
from models.customers_reads import CustomerRow
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.products_reads import ProductRow
from models.sellers import NumberSeries
from resolvers.approvals import Spending, due_at, reasons_to_wait, request_approval
from resolvers.carts import (
    CartView,
    HeadChange,
    cart_view,
    change_head,
    empty_cart,
    lock_cart,
    row_of,
)
from resolvers.carts_terms import cart_terms
from resolvers.context import Context
from resolvers.coupons import coupon_problems
from resolvers.credit import CreditRow, has_late_invoices, lock_credit
from resolvers.customers import (
    acting_customer,
    addresses_by_customer,
    sales_reps_by_id,
    seller,
)
from resolvers.discounts import count_uses, keep_redemptions
from resolvers.events import record
from resolvers.gifts_stock import given_of
from resolvers.holds import Source, take_over
from resolvers.house import as_house
from resolvers.orders_charges import charge_rows
from resolvers.prices import exchange_rate
from resolvers.pricing import FreePriced
from resolvers.pricing_charges import ChargePriced
from resolvers.products import item_numbers_by_product
from resolvers.promises import next_days
from resolvers.promises_orders import promise_schedule
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import Allocation, Hold, StockPlan, backorder_allowed, lock_balances, reserve
from rules.alternatives import WantedPart, meet
from rules.documents import DocumentAddress
from rules.free_goods import FreeStockPolicy
from rules.money import ZERO, round_money
from rules.pricing import PricedLine
from rules.quantities import plain
from rules.refusals import CreditExceeded, ErrorCode, OutOfStock, PriceChanged, Refusal, refuse_all
from rules.sales_agreements import Link
from rules.states import (
    CreditPolicy,
    DocumentKind,
    HoldReason,
    HoldSource,
    LineKind,
    OrderStatus,
    ProductKind,
)


async def take_number(ctx: Context, kind: DocumentKind, stand_in: UUID) -> str:
    """The next number of a series; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{stand_in}"
    value = func.nextval(NumberSeries.sequence_name)
    statement = select(NumberSeries.prefix, NumberSeries.digits, value).where(
        NumberSeries.seller_id == ctx.user.seller_id, NumberSeries.kind == kind
    )
    prefix, digits, number = (await ctx.session.execute(statement)).one()
    return f"{prefix}-{ctx.today.year}-{number:0{digits}d}"


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
    refuse_all([*blocking_problems(view), *await coupon_problems(ctx, cart.id)])
    if view.priced.gross != expected_total:
        raise price_changed(view, expected_total)
    act = {"act": "placeOrder", "cartId": str(cart.id), "expectedTotal": plain(expected_total)}
    _warn_lost_gifts(ctx, view)
    order_id = await place_view(ctx, view, act)
    await empty_cart(ctx, cart)
    cart.version += 1
    cart.updated_at = ctx.now
    await ctx.session.flush()
    return order_id


async def place_view(ctx: Context, view: CartView, act: dict[str, str], source: Source | None = None) -> UUID:
    """
    A cart without problems, stored or not, becomes an order: tested against credit and limits, reserved, copied.

    Args:
        act: what was done, kept with the approval the order may have to wait for.
        source: what its goods may be held for until now; None: the cart.
    """
    customer = await acting_customer(ctx)
    reasons = await reasons_to_wait(ctx, _spending(ctx, customer, view))
    due = await due_at(ctx) if reasons else None
    credit = await lock_credit(ctx, customer.id)
    holds = await _credit_holds(ctx, view, credit) + await overdue_holds(ctx, customer.id, credit)
    uses = view.priced.document.uses
    linked = await lock_commitments(ctx, [_commitment_of(each.price) for each in view.priced.lines])
    await count_uses(ctx, customer.id, uses)
    source = source or Source(HoldSource.CART, view.row.id, customer.id)
    order, drafts = await _new_order(ctx, customer, view, holds), drafts_of(view)
    await _item_numbers(ctx, drafts)
    # From here others wait who order the same goods: what can be read before has been.
    drafts, plan = await _plan_stock(ctx, drafts, source, reserving=not holds)
    order.number = await take_number(ctx, DocumentKind.ORDER, order.id)
    order.status = OrderStatus.PENDING_APPROVAL if reasons else OrderStatus.PLACED
    ctx.session.add(order)
    await ctx.session.flush()
    await _add_lines(ctx, order, drafts, plan, view.priced.charges, reserving=not holds, until=due)
    await keep_redemptions(ctx, order.id, customer.id, uses)
    if linked:
        await rebook_consumption(ctx, [order.id], "order.placed")
    if due is not None:
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


def blocking_problems(view: CartView) -> list[Refusal]:
    """Why the cart cannot be ordered, but for stock, which is judged on locked balances."""
    found = [*view.problems, *(problem for line in view.lines for problem in line.problems)]
    return [each for each in found if not isinstance(each, OutOfStock)]


def price_changed(view: CartView, expected: Decimal) -> PriceChanged:
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


@dataclass(frozen=True, slots=True)
class DraftLine:
    """
    A line to be ordered: one of the cart, or goods without charge, which follow the line that brings them.

    `parent` is that line's index among the drafts; `index` the one of the cart's line that a client knows.
    """

    index: int
    product: ProductRow
    quantity: Decimal
    requested_on: date | None
    price: PricedLine
    tax_category: str
    tax_percent: Decimal
    tax_amount: Decimal = ZERO
    parent: int | None = None
    free: FreePriced | None = None
    link: Link | None = None
    parts: tuple[WantedPart, ...] = ()


def _warn_lost_gifts(ctx: Context, view: CartView) -> None:
    """Tells that what was accepted is not earned any more: a rule may end after the cart was last written."""
    earned = {UUID(each.goods.rule.id) for each in view.priced.free}
    if not earned.issuperset(view.row.gifts_accepted):
        told = "Goods that you accepted are not offered any more: the order comes without them."
        ctx.warn(ErrorCode.NOT_FOUND, told, ("cartId",))


def _commitment_of(price: PricedLine | None) -> UUID | None:
    return None if price is None or price.commitment is None else UUID(price.commitment)


def drafts_of(view: CartView) -> list[DraftLine]:
    """The lines of an order by a cart that has no problems; what is free of a line's own quantity is not paid."""
    brought: dict[int, list[FreePriced]] = {}
    for each in view.priced.free:
        if not each.goods.is_proposed:
            brought.setdefault(each.parent, []).append(each)
    drafts: list[DraftLine] = []
    for index, line in enumerate(view.lines):
        product, priced = line.product, line.priced
        assert product is not None and priced is not None and priced.price is not None, "it had a problem"
        parent, day = len(drafts), line.row.requested_on
        paid = priced.price.quantity_paid
        drafts.append(
            DraftLine(index, product, paid, day, priced.price, priced.tax_category, priced.tax_percent,
                      priced.tax_amount, link=None if priced.linking is None else priced.linking.link,
                      parts=line.row.parts)
        )  # fmt: skip
        drafts += [
            DraftLine(index, each.product, each.goods.quantity, day, each.price, each.tax_category,
                      each.tax_percent, parent=parent, free=each)
            for each in brought.get(index, ())
        ]  # fmt: skip
    return drafts


async def _plan_stock(
    ctx: Context, drafts: Sequence[DraftLine], source: Source, reserving: bool
) -> tuple[list[DraftLine], list[list[Allocation]]]:
    """
    Where each line comes from, on locked balances; refuses lines that exceed what is free and may not wait.

    A gift that is out of stock is dropped or replaced, with a warning, unless its rule lets it wait. What was held for
    the source is the order's to take; an order on hold reserves nothing and gives it back.
    """
    drafts = list(drafts)
    named = [each for draft in drafts for each in _products_of(draft)]
    goods = list(dict.fromkeys(each.id for each in named if each.kind is ProductKind.GOODS))
    stock = StockPlan(await take_over(ctx, source, await lock_balances(ctx, goods)) if goods else {})
    plans: dict[int, list[Allocation]] = {}
    refused = []
    # What is paid comes first: a gift takes nothing away from a line of the same product.
    for position in sorted(range(len(drafts)), key=lambda each: drafts[each].free is not None):
        draft = drafts[position] = _with_stock(ctx, stock, drafts[position])
        product, wanted = draft.product, draft.quantity
        if product.kind is not ProductKind.GOODS:
            plans[position] = [Allocation(None, wanted)]
            continue
        free = stock.free(product.id)
        if free < wanted:
            if draft.free is not None and draft.free.goods.rule.out_of_stock is not FreeStockPolicy.BACKORDER:
                text = "{sku}, free of charge, is out of stock and is left out."
                ctx.warn(ErrorCode.OUT_OF_STOCK, text, ("lines", draft.index), sku=product.sku)
                continue
            if draft.free is None and not await backorder_allowed(ctx, product.out_of_stock_policy):
                path = ("cartId", "lines", draft.index, "quantity")
                refused.append((product, wanted, free, path))
            elif reserving:
                warn_backorder(ctx, draft.index, product.sku, free, wanted)
        plans[position] = stock.take(product.id, wanted)
    days = await next_days(ctx, [(product, wanted) for product, wanted, _, _ in refused], source.customer_id)
    refuse_all(
        [
            OutOfStock(product.sku, wanted, free, day, path)
            for (product, wanted, free, path), day in zip(refused, days, strict=True)
        ]
    )
    kept = sorted(plans)
    places = {position: place for place, position in enumerate(kept)}
    lines = [
        draft if draft.parent is None else replace(draft, parent=places[draft.parent])
        for draft in (drafts[position] for position in kept)
    ]
    if reserving:
        return lines, [plans[position] for position in kept]
    return lines, [[Allocation(None, draft.quantity)] for draft in lines]


def _products_of(draft: DraftLine) -> list[ProductRow]:
    """The product of a line, and those that may be given in its place."""
    return [draft.product, *(each.product for each in (draft.free.substitutes if draft.free else ()))]


def _with_stock(ctx: Context, stock: StockPlan, draft: DraftLine) -> DraftLine:
    """A gift as what is given for it, which may be a substitute, with a warning; all else as it is."""
    given = None if draft.free is None else given_of(stock, draft.free)
    if given is None or given is draft.free:
        return draft
    message = "{sku}, free of charge, is out of stock: {other} is given instead."
    ctx.warn(
        ErrorCode.OUT_OF_STOCK,
        message,
        ("lines", draft.index),
        sku=draft.product.sku,
        other=given.product.sku,
    )
    return replace(
        draft, product=given.product, price=given.price, tax_category=given.tax_category,
        tax_percent=given.tax_percent, free=given,
    )  # fmt: skip


def warn_backorder(ctx: Context, index: int, sku: str, free: Decimal, wanted: Decimal) -> None:
    """Tells that a part waits for goods to arrive."""
    message = "{sku}: {free} of {wanted} are reserved now, the rest follows when it arrives."
    ctx.warn(
        ErrorCode.BACKORDERED, message, ("lines", index), sku=sku, free=plain(free), wanted=plain(wanted)
    )


async def _new_order(
    ctx: Context, customer: CustomerRow, view: CartView, holds: Sequence[HoldReason]
) -> SalesOrder:
    """All of an order's head but its number, which is taken when the goods are sure."""
    us, cart = await seller(ctx), view.row
    rate = await exchange_rate(ctx, customer.currency)
    terms = await cart_terms(ctx, view)
    address = terms.address
    addresses = await ctx.load(addresses_by_customer, customer.id)
    rep = None if customer.sales_rep_id is None else await ctx.load(sales_reps_by_id, customer.sales_rep_id)
    assert rate is not None and address is not None
    behalf = ctx.user.on_behalf
    billing = next((each for each in addresses if each.is_default_billing), address)
    return SalesOrder(
        id=new_id(),
        seller_id=us.id,
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
        agreement_id=None if terms.agreement is None else terms.agreement.id,
        payment_terms=terms.payment.to_json(),
        delivery_terms=terms.delivery.to_json(),
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
    drafts: Sequence[DraftLine],
    plan: Sequence[Sequence[Allocation]],
    charges: Sequence[ChargePriced],
    reserving: bool,
    until: datetime | None,
) -> None:
    """
    Lines, charges, schedule and reservations; a line served from several warehouses has a schedule line for each.

    Args:
        until: until when they are softly held, where the order waits for consent.
    """
    numbers = await _item_numbers(ctx, drafts)
    lines: list[SalesOrderLine] = []
    for position, (draft, own_number) in enumerate(zip(drafts, numbers, strict=True), start=1):
        line = order_line(order, position, draft, own_number)
        if draft.parent is not None:
            line.parent_line_id = lines[draft.parent].id
        lines.append(line)
    paid = {draft.index: line for draft, line in zip(drafts, lines, strict=True) if draft.free is None}
    charged = charge_rows(order, charges, paid, len(lines) + 1)
    parts = [
        (line, on, chosen)
        for line, draft, each in zip(lines, drafts, plan, strict=True)
        for on, chosen in _by_day(draft, each)
    ]
    await store_lines(ctx, order, [*lines, *charged], parts, reserving, until)


async def _item_numbers(ctx: Context, drafts: Sequence[DraftLine]) -> list[str | None]:
    """The customer's own numbers of what is ordered; read once."""
    return await ctx.loader(item_numbers_by_product).load_many([draft.product.id for draft in drafts])


def _by_day(
    draft: DraftLine, plan: Sequence[Allocation]
) -> Iterator[tuple[date | None, Sequence[Allocation]]]:
    """Where a line comes from, by the parts that the buyer chose; all of it by its own day where none are."""
    if not draft.parts:
        yield draft.requested_on, plan
    for part, place, quantity in meet(draft.parts, [(each.warehouse_id, each.quantity) for each in plan]):
        yield part.requested_on or draft.requested_on, [Allocation(place, quantity)]


async def store_lines(
    ctx: Context,
    order: SalesOrder,
    lines: Sequence[SalesOrderLine],
    plan: Sequence[tuple[SalesOrderLine, date | None, Sequence[Allocation]]],
    reserving: bool = True,
    until: datetime | None = None,
) -> None:
    """
    Stores an order's lines with their schedule, reservations, promises and costs.

    Args:
        lines: all of them, charges too.
        plan: the lines of products, the day each is asked for, and where its parts come from; a line may come
            again for another day.
    """
    schedule, holds = [], []
    places: Counter[UUID] = Counter()
    for line, requested_on, parts in plan:
        assert line.product_id is not None, "charges have no schedule"
        for part in parts:
            places[line.id] += 1
            entry = SalesOrderScheduleLine(
                id=new_id(),
                order_line_id=line.id,
                customer_id=order.customer_id,
                position=places[line.id],
                quantity=part.quantity,
                requested_on=requested_on or order.requested_on,
                warehouse_id=part.warehouse_id,
            )
            schedule.append(entry)
            if part.warehouse_id is not None and reserving:
                line.quantity_reserved += part.quantity
                holds.append(Hold(entry.id, line.product_id, part.warehouse_id, part.quantity))
    ctx.session.add_all(lines)
    await ctx.session.flush()
    ctx.session.add_all(schedule)
    await ctx.session.flush()
    await reserve(ctx, order.customer_id, holds, until)
    if reserving:
        await promise_schedule(ctx, order, lines, schedule)
    await ctx.session.flush()
    await keep_costs(ctx, order.id)


_COSTS = """
    insert into sales_order_line_cost (order_line_id, customer_id, unit_cost, currency)
    select line.id, line.customer_id, cost.unit_cost, cost.currency
    from sales_order_line line
    join standard_cost cost on cost.product_id = line.product_id
        and cost.valid_from <= :today and coalesce(cost.valid_until > :today, true)
    where line.order_id = :order
        and not exists (select from sales_order_line_cost kept where kept.order_line_id = line.id)
"""


async def keep_costs(ctx: Context, order_id: UUID) -> None:
    """
    The standard costs of the day, kept for margins of the lines that have none.

    The house writes them; the buyer's role never reads them.
    """
    async with as_house(ctx) as session:
        await session.execute(text(_COSTS), {"order": order_id, "today": ctx.today})


def order_line(order: SalesOrder, position: int, draft: DraftLine, own_number: str | None) -> SalesOrderLine:
    """A line of an order at its draft's price, with nothing reserved yet."""
    product, price = draft.product, draft.price
    return SalesOrderLine(
        id=new_id(),
        order_id=order.id,
        customer_id=order.customer_id,
        position=position,
        kind=LineKind(product.kind),
        product_id=product.id,
        is_free=draft.free is not None,
        commitment_id=_commitment_of(price),
        commitment_quantity=None if draft.link is None else draft.link.consumed,
        sku=product.sku,
        customer_item_number=own_number,
        description=product.name,
        unit_code=product.unit_code,
        quantity_ordered=draft.quantity,
        quantity_reserved=ZERO,
        list_unit_price=price.list_unit_price,
        price_unit=price.price_unit,
        break_from_quantity=price.break_from_quantity,
        discount_percent=ZERO,
        unit_price=price.unit_price,
        price_trace=[step.to_json() for step in price.steps],
        currency_exponent=order.currency_exponent,
        tax_category=draft.tax_category,
        tax_percent=draft.tax_percent,
        net_amount=price.net_amount,
        tax_amount=draft.tax_amount,
        gross_amount=price.net_amount + draft.tax_amount,
    )
