"""Quotes that become orders: as they were accepted, once, when credit and stock allow; else they say why not."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from models.base import new_id
from models.customers_reads import CustomerRow
from models.orders import SalesOrder, SalesOrderLine
from models.products_reads import ProductRow
from models.quotes import QuoteAcceptance, QuoteLine, QuoteRevision
from resolvers.context import Context, LockedSession
from resolvers.credit import CreditRow, has_late_invoices, lock_credit
from resolvers.customers import customers_by_id, sales_reps_by_id, seller
from resolvers.events import record
from resolvers.holds import holds_by_source, release, without
from resolvers.house import as_house
from resolvers.orders_placing import store_lines, take_number, warn_backorder
from resolvers.prices import exchange_rate
from resolvers.products import products_by_id
from resolvers.quotes_acts import (
    LockedQuote,
    demand_action,
    done,
    find_quote,
)
from resolvers.quotes_deposits import deposit_of
from resolvers.quotes_holds import source_of
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from resolvers.stock import Allocation, StockPlan, backorder_allowed, lock_balances
from rules.money import ZERO, TaxedLine, round_money, tax_by_group
from rules.quantities import plain
from rules.quotes import (
    ConversionObstacle,
    ObstacleText,
    QuoteAction,
    QuoteStatus,
    move_quote,
    price_source,
)
from rules.refusals import ErrorCode, Refusal
from rules.states import (
    CustomerStatus,
    DocumentKind,
    OrderStatus,
    ProductKind,
)

# What an order takes over of a revision, and an order's line of a quote's, to the byte.
HEAD_COPIED = (
    "priced_on", "requested_on", "currency", "currency_exponent", "exchange_rate", "exchange_rate_on", "agreement_id",
    "delivery_address", "billing_address", "payment_terms", "delivery_terms",
)  # fmt: skip
LINE_COPIED = (
    "kind", "product_id", "is_free", "sku", "customer_item_number", "description", "unit_code", "list_unit_price",
    "price_unit", "break_from_quantity", "manual_unit_price", "manual_price_reason", "discount_percent",
    "discount_reason", "unit_price", "price_trace", "currency_exponent", "commitment_id", "commitment_quantity",
    "tax_category", "tax_percent", "net_amount",
)  # fmt: skip


@dataclass(slots=True)
class Taken:
    """A locked quote with the lines of the revision that are taken."""

    found: LockedQuote
    revision: QuoteRevision
    lines: list[QuoteLine]

    @property
    def taxes(self) -> list[Decimal]:
        """
        The tax of each line: as it was offered, or spread anew where options or alternatives are taken.

        The tax of a rate is one of the sum of its nets: what comes to it changes the cents of the others.
        """
        if not any(line.is_optional or line.alternative_to for line in self.lines):
            return [line.tax_amount for line in self.lines]
        taxed = [
            TaxedLine(line.net_amount, line.tax_category, line.tax_percent, (line.sku, line.position))
            for line in self.lines
        ]
        return tax_by_group(taxed, self.revision.currency_exponent)[1]

    @property
    def net(self) -> Decimal:
        return sum((line.net_amount for line in self.lines), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + sum(self.taxes, ZERO)


async def lines_of(session: LockedSession, revision: QuoteRevision) -> list[QuoteLine]:
    statement = select(QuoteLine).where(
        QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id
    )
    return list(await session.scalars(statement.order_by(QuoteLine.position)))


async def convert_quote(ctx: Context, quote_id: UUID, expected_version: int) -> UUID:
    """
    An accepted quote that could not become an order is tried again, by our people.

    Raises:
        Refusal(ON_HOLD): it still cannot, and why.
    """
    found = await find_quote(ctx, ctx.session, quote_id)
    demand_action(ctx, found, QuoteAction.CONVERT, expected_version)
    obstacle = await _try(ctx, found)
    if obstacle is not None:
        raise Refusal(ErrorCode.ON_HOLD, ObstacleText[obstacle.name].value, ("quoteId",))
    return quote_id


async def convert_if_possible(ctx: Context, found: LockedQuote) -> ConversionObstacle | None:
    """
    An accepted quote, locked, becomes an order where nothing stands in its way any more; else it says what does now.

    Who tries it is whoever took an obstacle away, or the clock: nobody asked for the quote itself.
    """
    quote = found.quote
    obstacle = await _try(ctx, found)
    if obstacle is not None and obstacle != quote.obstacle:
        async with as_house(ctx) as session:
            quote.obstacle = obstacle
            done(ctx, quote, "quote.delayed", obstacle=obstacle.value)
            await session.flush()
    return obstacle


async def _try(ctx: Context, found: LockedQuote) -> ConversionObstacle | None:
    """Converts what was accepted of the quote, by its record."""
    statement = select(QuoteAcceptance).where(
        QuoteAcceptance.quote_id == found.quote.id, QuoteAcceptance.customer_id == found.quote.customer_id
    )
    kept: QuoteAcceptance | None = await ctx.session.scalar(statement)
    assert kept is not None, "what is accepted has its record"
    revision = next(each for each in found.revisions if each.id == kept.revision_id)
    lines = [line for line in await lines_of(ctx.session, revision) if line.position in kept.positions]
    return await convert(ctx, Taken(found, revision, lines), kept)


async def convert(ctx: Context, taken: Taken, kept: QuoteAcceptance) -> ConversionObstacle | None:
    """
    Makes the order, or says why it cannot be made now; then nothing is written.

    Everything that decides is locked before anything is written, in the one order of locks.
    """
    quote, revision = taken.found.quote, taken.revision
    customer = await ctx.load(customers_by_id, quote.customer_id)
    assert customer is not None, "whoever sees a quote sees its customer"
    if customer.status is CustomerStatus.PROSPECT:
        return ConversionObstacle.PROSPECT
    if customer.status is not CustomerStatus.ACTIVE:
        return ConversionObstacle.CUSTOMER
    products = await _products(ctx, taken)
    if products is None:
        return ConversionObstacle.PRODUCT
    if not (await deposit_of(ctx, quote, kept.deposit_due)).is_reached:
        return ConversionObstacle.DEPOSIT
    obstacle = await _credit_obstacle(ctx, taken, await lock_credit(ctx, customer.id))
    if obstacle is not None:
        return obstacle
    linked = await lock_commitments(ctx, [line.commitment_id for line in taken.lines])
    if linked and not await _agreements_allow(ctx, taken):
        return ConversionObstacle.AGREEMENT
    plan = await _plan_stock(ctx, taken, products)
    if plan is None:
        return ConversionObstacle.STOCK
    order = await _order(ctx, taken, kept, customer)
    ctx.session.add(order)
    await ctx.session.flush()
    lines = _order_lines(order, taken)
    parts = [
        (lines[at], line.requested_on, plan[line.id])
        for at, line in enumerate(taken.lines)
        if line.id in plan
    ]
    await store_lines(ctx, order, lines, parts)
    if linked:
        await rebook_consumption(ctx, [order.id], "order.placed")
    changes = {
        "number": order.number, "gross": plain(order.gross_amount), "currency": order.currency,
        "priceSource": price_source(quote.number, revision.number),
    }  # fmt: skip
    record(ctx, "order.placed", "Order", order.id, version=1, customer_id=customer.id, changes=changes)
    await ctx.session.flush()
    async with as_house(ctx) as session:
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.CONVERTED)
        quote.order_id, quote.obstacle, quote.ended_at = order.id, None, ctx.now
        for line, made in zip(taken.lines, lines, strict=True):
            line.order_line_id = made.id
        done(ctx, quote, "quote.converted", revision=revision.number, orderId=str(order.id))
        await session.flush()
    return None


async def _products(ctx: Context, taken: Taken) -> dict[UUID, ProductRow] | None:
    """The products of the lines; None where one is not for sale to the viewer's side any more."""
    keys = sorted({line.product_id for line in taken.lines if line.product_id is not None})
    found = await ctx.loader(products_by_id).load_many(keys)
    if any(each is None for each in found):
        return None
    return {each.id: each for each in found}


async def _credit_obstacle(ctx: Context, taken: Taken, credit: CreditRow | None) -> ConversionObstacle | None:
    customer_id = taken.revision.customer_id
    if credit is None:
        return ConversionObstacle.OVERDUE if await has_late_invoices(ctx, customer_id) else None
    rate = await exchange_rate(ctx, taken.revision.currency)
    account_rate = await exchange_rate(ctx, credit.currency)
    if rate is None or account_rate is None:
        return ConversionObstacle.CREDIT  # a limit without a rate lets nothing through
    gross = round_money(taken.gross * rate.rate / account_rate.rate)
    if credit.exposure + gross > credit.limit:
        return ConversionObstacle.CREDIT
    return ConversionObstacle.OVERDUE if credit.used.late > 0 else None


# What of the commitments may not be consumed any more: too little left of an enforced one, or its agreement ended.
_SHORT = text(
    """
    select 1
    from (select unnest(cast(:keys as uuid[])) as key, unnest(cast(:quantities as numeric[])) as quantity) wanted
    join agreement_line line on line.id = wanted.key
    join sales_agreement agreement on agreement.id = line.agreement_id
    group by line.id, line.max_enforced, line.released, line.committed, agreement.status
    having agreement.status <> 'EFFECTIVE'
        or line.max_enforced and line.released + sum(wanted.quantity) > line.committed
    limit 1
    """
)


async def _agreements_allow(ctx: Context, taken: Taken) -> bool:
    linked = [line for line in taken.lines if line.commitment_id is not None]
    values = {
        "keys": [line.commitment_id for line in linked],
        "quantities": [line.commitment_quantity for line in linked],
    }
    async with as_house(ctx) as session:
        return (await session.execute(_SHORT, values)).first() is None


async def _plan_stock(
    ctx: Context, taken: Taken, products: dict[UUID, ProductRow]
) -> dict[UUID, list[Allocation]] | None:
    """
    Where each line comes from, on locked balances; None where what is paid is short and may not wait.

    What is held for the quote is the order's to take, and stays held where there is no order.
    """
    goods = [key for key, product in products.items() if product.kind is ProductKind.GOODS]
    source = source_of(taken.found.quote)
    (before,) = await holds_by_source(ctx, [source.id])
    goods += [row.product_id for row in before if row.product_id not in goods]
    locked = await lock_balances(ctx, goods) if goods else {}
    (held,) = await holds_by_source(ctx, [source.id])
    stock = StockPlan(without(locked, held))
    plan: dict[UUID, list[Allocation]] = {}
    # What is paid comes first: a gift takes nothing away from a line of the same product.
    for line in sorted(taken.lines, key=lambda each: (each.is_free, each.position)):
        if line.product_id is None:
            continue
        product = products[line.product_id]
        if product.kind is not ProductKind.GOODS:
            plan[line.id] = [Allocation(None, line.quantity)]
            continue
        free = stock.free(product.id)
        if free < line.quantity:
            if not line.is_free and not await backorder_allowed(ctx, product.out_of_stock_policy):
                return None
            warn_backorder(ctx, line.position - 1, line.sku, free, line.quantity)
        plan[line.id] = stock.take(product.id, line.quantity)
    if held:
        await release(ctx, source)
    return plan


async def _order(ctx: Context, taken: Taken, kept: QuoteAcceptance, customer: CustomerRow) -> SalesOrder:
    us, revision = await seller(ctx), taken.revision
    rep = None if customer.sales_rep_id is None else await ctx.load(sales_reps_by_id, customer.sales_rep_id)
    order_id = new_id()
    return SalesOrder(
        id=order_id, seller_id=us.id, number=await take_number(ctx, DocumentKind.ORDER, order_id),
        customer_id=customer.id, status=OrderStatus.PLACED, is_on_hold=False, hold_reasons=[], version=1,
        locale=kept.locale, placed_at=ctx.now, placed_by_id=kept.accepted_by_id, placed_by_name=kept.accepted_by_name,
        purchase_order_number=kept.purchase_order_number, note="", seller_name=us.name, seller_tax_id=us.tax_id,
        customer_number=customer.number, customer_name=customer.name, customer_tax_id=customer.tax_id,
        sales_rep_id=customer.sales_rep_id, sales_rep_name="" if rep is None else rep.name,
        net_amount=taken.net,
        tax_amount=sum(taken.taxes, ZERO), gross_amount=taken.gross,
        **{name: getattr(revision, name) for name in HEAD_COPIED},
    )  # fmt: skip


def _order_lines(order: SalesOrder, taken: Taken) -> list[SalesOrderLine]:
    """The order's lines, in the revision's order, each as it was offered."""
    made: dict[int, SalesOrderLine] = {}
    for place, (line, tax) in enumerate(zip(taken.lines, taken.taxes, strict=True), start=1):
        made[line.position] = SalesOrderLine(
            id=new_id(), order_id=order.id, customer_id=order.customer_id, position=place,
            quantity_ordered=line.quantity, quantity_reserved=ZERO, tax_amount=tax, gross_amount=line.net_amount + tax,
            **{name: getattr(line, name) for name in LINE_COPIED},
        )  # fmt: skip
    for line in taken.lines:
        if line.parent_position is not None:
            made[line.position].parent_line_id = made[line.parent_position].id
    return list(made.values())
