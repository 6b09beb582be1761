"""Quotes that are accepted, and become orders: as they were offered, once, when credit and stock allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from models.approvals import ApprovalRequest
from models.base import new_id
from models.customers_reads import CustomerRow
from models.orders import SalesOrder, SalesOrderLine
from models.products_reads import ProductRow
from models.quotes import QuoteAcceptance, QuoteLine, QuoteRevision
from resolvers.approvals import (
    Spending,
    beyond_own_limit,
    decide,
    demand_requester,
    due_at,
    reasons_to_wait,
)
from resolvers.carts import lock_cart
from resolvers.context import Context, LockedSession, LockKind
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
    checked_reason,
    demand_action,
    demand_answerable,
    done,
    find_quote,
)
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
from rules.quotes_content import Choice, taken_lines
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import (
    ApprovalStatus,
    ApprovalSubject,
    CustomerStatus,
    DocumentKind,
    OrderStatus,
    ProductKind,
)

NUMBER_MAX = 64

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


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody of the customer accepts, as it is kept while a colleague's consent is waited for."""

    revision_id: UUID
    content_hash: bytes
    positions: tuple[int, ...]
    purchase_order_number: str
    locale: str

    def to_json(self) -> dict[str, Any]:
        return {
            "act": "acceptQuote", "revisionId": str(self.revision_id), "contentHash": self.content_hash.hex(),
            "positions": list(self.positions), "purchaseOrderNumber": self.purchase_order_number,
            "locale": self.locale,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Acceptance":
        return cls(
            UUID(kept["revisionId"]), bytes.fromhex(kept["contentHash"]), tuple(kept["positions"]),
            kept["purchaseOrderNumber"], kept["locale"],
        )  # fmt: skip


@dataclass(slots=True)
class _Taken:
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


async def accept_quote(
    ctx: Context,
    quote_id: UUID,
    revision_id: UUID,
    content_hash: str,
    line_ids: Sequence[UUID],
    purchase_order_number: str,
) -> UUID:
    """
    Somebody of the customer accepts exactly what a revision says; it becomes an order at once where it can.

    What passes their limits or meets a rule of the company waits for a colleague's consent, as an order would.

    Args:
        line_ids: the options and alternatives that are taken.
    Raises:
        Refusal(INVALID_TRANSITION): the revision was superseded, or the quote is over, withdrawn or answered.
        Refusal(INVALID): the hash is not the revision's.
    """
    number = purchase_order_number.strip()
    if len(number) > NUMBER_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("purchaseOrderNumber",))
    # Two acceptances of one person, or an order beside, never slip under a limit together: all lock the cart.
    await lock_cart(ctx, None)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        revision = demand_answerable(ctx, found, QuoteAction.ACCEPT, revision_id, content_hash)
        lines = await _lines(session, revision)
    by_id = {line.id: line.position for line in lines}
    unknown = [place for place, key in enumerate(line_ids) if key not in by_id]
    refuse_all([Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineIds", place)) for place in unknown])
    positions = taken_lines([_choice(line) for line in lines], [by_id[key] for key in line_ids])
    taken = _Taken(found, revision, [line for line in lines if line.position in positions])
    assert revision.content_hash is not None, "what was sent is hashed"
    acceptance = Acceptance(revision.id, revision.content_hash, tuple(positions), number, ctx.locale)
    reasons = await reasons_to_wait(ctx, await _spending(ctx, taken))
    if not reasons:
        by = (ctx.user.user_id, ctx.user.name)
        return await _accept(ctx, taken, acceptance, by)
    due = await due_at(ctx)
    async with as_house(ctx) as session:
        quote = found.quote
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.ACCEPTANCE_PENDING)
        session.add(
            ApprovalRequest(
                id=new_id(), seller_id=quote.seller_id, customer_id=quote.customer_id,
                subject_type=ApprovalSubject.QUOTE_ACCEPTANCE.value, quote_id=quote.id,
                status=ApprovalStatus.PENDING, version=1, reasons=[each.to_json() for each in reasons],
                act=acceptance.to_json(), requested_at=ctx.now, requested_by_id=ctx.user.user_id,
                requested_by_name=ctx.user.name, due_at=due,
            )
        )  # fmt: skip
        done(ctx, quote, "quote.acceptanceRequested", revision=revision.number)
        await session.flush()
    told = "The quote waits for the approval of your company; its prices hold until then."
    ctx.warn(ErrorCode.APPROVAL_REQUIRED, told)
    return quote_id


async def _lines(session: LockedSession, revision: QuoteRevision) -> list[QuoteLine]:
    statement = select(QuoteLine).where(
        QuoteLine.revision_id == revision.id, QuoteLine.customer_id == revision.customer_id
    )
    return list(await session.scalars(statement.order_by(QuoteLine.position)))


def _choice(line: QuoteLine) -> Choice:
    return Choice(line.position, line.parent_position, line.is_optional, line.alternative_to)


async def _spending(ctx: Context, taken: _Taken) -> Spending:
    lines = [line for line in taken.lines if line.product_id is not None]
    products = await ctx.loader(products_by_id).load_many([line.product_id for line in lines])
    return Spending(
        taken.revision.customer_id, ctx.user.user_id, taken.gross, taken.revision.currency,
        [
            (product.category_id, line.net_amount)
            for line, product in zip(lines, products, strict=True) if product is not None
        ],
    )  # fmt: skip


async def approve_acceptance(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    A colleague consents to an acceptance: it counts, and becomes an order at once where it can.

    Raises:
        NOT_PERMITTED: one's own acceptance, or one beyond what the approver may spend themselves.
    """
    reason = checked_reason(reason) if reason.strip() else ""
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        demand_action(ctx, found, QuoteAction.APPROVE_ACCEPTANCE, expected_version)
        request = await _request(ctx, session, found)
        revision = found.sent
        lines = await _lines(session, revision)
    acceptance = Acceptance.from_json(request.act)
    taken = _Taken(found, revision, [line for line in lines if line.position in acceptance.positions])
    if request.due_at <= ctx.now:
        told = "The time to consent to this is over; it has to be accepted again."
        raise Refusal(ErrorCode.INVALID_TRANSITION, told, ("quoteId",))
    if await beyond_own_limit(ctx, found.quote.customer_id, taken.gross, revision.currency):
        told = "This is more than you may spend yourself; somebody else has to approve it."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("quoteId",))
    await demand_requester(ctx, found.quote.customer_id, request.requested_by_id, ("quoteId",))
    async with as_house(ctx) as session:
        decide(ctx, request, ApprovalStatus.APPROVED, reason)
        await session.flush()
    return await _accept(
        ctx, taken, acceptance, (request.requested_by_id, request.requested_by_name),
        (ctx.user.user_id, ctx.user.name),
    )  # fmt: skip


async def refuse_acceptance(ctx: Context, quote_id: UUID, expected_version: int, reason: str) -> UUID:
    """A colleague does not consent; the offer stands as before."""
    reason = checked_reason(reason)
    async with as_house(ctx) as session:
        found = await find_quote(ctx, session, quote_id)
        demand_action(ctx, found, QuoteAction.REFUSE_ACCEPTANCE, expected_version)
        request = await _request(ctx, session, found)
        decide(ctx, request, ApprovalStatus.REFUSED, reason)
        found.quote.status = move_quote(QuoteStatus(found.quote.status), QuoteStatus.SENT)
        done(ctx, found.quote, "quote.acceptanceRefused", reason)
        await session.flush()
    return quote_id


async def _request(ctx: Context, session: LockedSession, found: LockedQuote) -> ApprovalRequest:
    statement = select(ApprovalRequest).where(
        ApprovalRequest.quote_id == found.quote.id,
        ApprovalRequest.customer_id == found.quote.customer_id,
        ApprovalRequest.subject_type == ApprovalSubject.QUOTE_ACCEPTANCE.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    request: ApprovalRequest | None = await session.scalar(ctx.locked(LockKind.LINES, statement))
    assert request is not None, "an acceptance waits while a request does"
    if request.requested_by_id == ctx.user.user_id:
        told = "Nobody decides on what they asked for themselves."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("quoteId",))
    return request


async def _accept(
    ctx: Context,
    taken: _Taken,
    acceptance: Acceptance,
    by: tuple[UUID, str],
    consented: tuple[UUID | None, str] = (None, ""),
) -> UUID:
    quote = taken.found.quote
    kept = QuoteAcceptance(
        quote_id=quote.id, revision_id=acceptance.revision_id, customer_id=quote.customer_id,
        content_hash=acceptance.content_hash, positions=list(acceptance.positions),
        purchase_order_number=acceptance.purchase_order_number, accepted_at=ctx.now, accepted_by_id=by[0],
        accepted_by_name=by[1], locale=acceptance.locale, consented_by_id=consented[0],
        consented_by_name=consented[1],
    )  # fmt: skip
    async with as_house(ctx) as session:
        quote.status = move_quote(QuoteStatus(quote.status), QuoteStatus.ACCEPTED)
        session.add(kept)
        done(
            ctx, quote, "quote.accepted", revision=taken.revision.number,
            contentHash=acceptance.content_hash.hex(),
        )  # fmt: skip
        await session.flush()
    obstacle = await _convert(ctx, taken, kept)
    if obstacle is not None:
        async with as_house(ctx) as session:
            quote.obstacle = obstacle
            await session.flush()
        ctx.warn(ErrorCode.ON_HOLD, ObstacleText[obstacle.name].value)
    return quote.id


async def convert_quote(ctx: Context, quote_id: UUID, expected_version: int) -> UUID:
    """
    An accepted quote that could not become an order is tried again, by our people.

    Raises:
        Refusal(ON_HOLD): it still cannot, and why.
    """
    found = await find_quote(ctx, ctx.session, quote_id)
    demand_action(ctx, found, QuoteAction.CONVERT, expected_version)
    statement = select(QuoteAcceptance).where(
        QuoteAcceptance.quote_id == found.quote.id, QuoteAcceptance.customer_id == found.quote.customer_id
    )
    kept: QuoteAcceptance | None = await ctx.session.scalar(statement)
    assert kept is not None, "what is accepted has its record"
    revision = next(each for each in found.revisions if each.id == kept.revision_id)
    lines = [line for line in await _lines(ctx.session, revision) if line.position in kept.positions]
    obstacle = await _convert(ctx, _Taken(found, revision, lines), kept)
    if obstacle is not None:
        raise Refusal(ErrorCode.ON_HOLD, ObstacleText[obstacle.name].value, ("quoteId",))
    return quote_id


async def _convert(ctx: Context, taken: _Taken, kept: QuoteAcceptance) -> ConversionObstacle | None:
    """
    Makes the order, or says why it cannot be made now; then nothing is written.

    Everything that decides is locked before anything is written, in the one order of locks.
    """
    quote, revision = taken.found.quote, taken.revision
    customer = await ctx.load(customers_by_id, quote.customer_id)
    assert customer is not None, "whoever sees a quote sees its customer"
    if customer.status is not CustomerStatus.ACTIVE:
        return ConversionObstacle.CUSTOMER
    products = await _products(ctx, taken)
    if products is None:
        return ConversionObstacle.PRODUCT
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


async def _products(ctx: Context, taken: _Taken) -> dict[UUID, ProductRow] | None:
    """The products of the lines; None where one is not for sale to the viewer's side any more."""
    keys = sorted({line.product_id for line in taken.lines if line.product_id is not None})
    found = await ctx.loader(products_by_id).load_many(keys)
    if any(each is None for each in found):
        return None
    return {each.id: each for each in found}


async def _credit_obstacle(
    ctx: Context, taken: _Taken, credit: CreditRow | None
) -> ConversionObstacle | None:
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


async def _agreements_allow(ctx: Context, taken: _Taken) -> bool:
    linked = [line for line in taken.lines if line.commitment_id is not None]
    values = {
        "keys": [line.commitment_id for line in linked],
        "quantities": [line.commitment_quantity for line in linked],
    }
    async with as_house(ctx) as session:
        return (await session.execute(_SHORT, values)).first() is None


async def _plan_stock(
    ctx: Context, taken: _Taken, products: dict[UUID, ProductRow]
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


async def _order(ctx: Context, taken: _Taken, kept: QuoteAcceptance, customer: CustomerRow) -> SalesOrder:
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


def _order_lines(order: SalesOrder, taken: _Taken) -> list[SalesOrderLine]:
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
