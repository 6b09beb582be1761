"""Orders that wait for their company's consent: approved and checked again, refused, withdrawn, lapsed."""

from uuid import UUID

from models.orders import SalesOrder
from resolvers.approvals import (
    beyond_own_limit,
    close_request,
    decide,
    demand_requester,
    lock_request,
)
from resolvers.context import Context
from resolvers.credit import lock_credit
from resolvers.customers import acting_customer, seller
from resolvers.events import record
from resolvers.orders_acts import (
    LockedOrder,
    checked_reason,
    end_order,
    give_back,
    lock_order,
    open_quantity,
    reschedule,
    schedule_of,
)
from resolvers.orders_placing import overdue_holds, warn_backorder, warn_credit_hold
from resolvers.products import products_by_id
from resolvers.promises import next_days
from resolvers.promises_orders import promise_schedule
from resolvers.stock import (
    StockPlan,
    backorder_allowed,
    harden,
    lock_balances,
    release,
)
from rules.quantities import plain
from rules.refusals import CreditExceeded, ErrorCode, OutOfStock, Refusal, refuse_all
from rules.states import (
    ApprovalStatus,
    CreditPolicy,
    CustomerStatus,
    HoldReason,
    LineKind,
    OrderStatus,
)
from rules.transitions import OrderAction, move_order


async def approve_order(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    A colleague consents: the order is checked again and placed at the prices it waited with.

    Raises:
        NOT_PERMITTED: one's own order, or one beyond what the approver may spend themselves.
        CreditExceeded, OutOfStock, NOT_FOUND: it could not be placed any more; it goes on waiting.
    """
    if reason.strip():
        reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.APPROVE)
    order = found.order
    request = await lock_request(ctx, order.id, order.customer_id)
    if request.due_at <= ctx.now:
        text = "The time to approve this order is over; it has to be ordered again."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("orderId",))
    if await beyond_own_limit(ctx, order.customer_id, order.gross_amount, order.currency):
        text = "This order is more than you may spend yourself; somebody else has to approve it."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("orderId",))
    await _demand_still_sold(ctx, found)
    if not order.is_on_behalf:
        await demand_requester(ctx, order.customer_id, request.requested_by_id)
    holds = await _credit_holds(ctx, order)
    if holds:
        await give_back(ctx, found, "", [])  # nothing of it is in a delivery yet
    else:
        await _reserve_for_good(ctx, found)
    order.is_on_hold = bool(holds)
    order.hold_reasons = [each.value for each in holds]
    order.status = move_order(OrderStatus(order.status), OrderStatus.PLACED)
    order.version += 1
    decide(ctx, request, ApprovalStatus.APPROVED, reason.strip())
    _tell_approved(ctx, order, request.requested_by_id, reason.strip())
    await ctx.session.flush()
    return order.id


def _tell_approved(ctx: Context, order: SalesOrder, requested_by_id: UUID, reason: str) -> None:
    """The decision and the placing. The act is the requester's, who stands in the order; the approver is the actor."""
    decision = {"decision": ApprovalStatus.APPROVED.value}
    record(
        ctx, "approval.decided", "Order", order.id, version=order.version, customer_id=order.customer_id,
        reason=reason, changes=decision,
    )  # fmt: skip
    placed = {"number": order.number, "gross": plain(order.gross_amount), "currency": order.currency,
              "requestedBy": str(requested_by_id)}  # fmt: skip
    record(
        ctx,
        "order.placed",
        "Order",
        order.id,
        version=order.version,
        customer_id=order.customer_id,
        changes=placed,
    )


async def refuse_approval(ctx: Context, order_id: UUID, expected_version: int, reason: str) -> UUID:
    """A colleague does not consent; the order ends with their reason, and what it held goes back."""
    reason = checked_reason(reason)
    found = await lock_order(ctx, order_id, expected_version, OrderAction.REFUSE_APPROVAL)
    request = await lock_request(ctx, order_id, found.order.customer_id)
    decide(ctx, request, ApprovalStatus.REFUSED, reason)
    await ctx.session.flush()
    return await end_order(ctx, found, OrderStatus.REFUSED, "approval.decided", reason)


async def withdraw_approval(ctx: Context, order_id: UUID, expected_version: int) -> UUID:
    """Whoever asked does not want it any more; the order is called off."""
    found = await lock_order(ctx, order_id, expected_version, OrderAction.WITHDRAW)
    await close_request(ctx, order_id, ApprovalStatus.WITHDRAWN)
    return await end_order(ctx, found, OrderStatus.CANCELLED, "approval.withdrawn", "")


async def _demand_still_sold(ctx: Context, found: LockedOrder) -> None:
    if (await acting_customer(ctx)).status is not CustomerStatus.ACTIVE:
        text = "Your company cannot place orders at present; ask your sales contact."
        raise Refusal(ErrorCode.CUSTOMER_BLOCKED, text, ("orderId",))
    lines = [line for line in found.lines if line.product_id is not None]  # a charge is no product
    products = await ctx.loader(products_by_id).load_many([line.product_id for line in lines])
    refuse_all(
        [
            Refusal(ErrorCode.NOT_FOUND, "{sku} is not for sale to you any more.", ("orderId",), sku=line.sku)
            for line, product in zip(lines, products, strict=True)
            if product is None
        ]
    )


async def _credit_holds(ctx: Context, order: SalesOrder) -> list[HoldReason]:
    """What holds the order for finance now: the limit, in which it counts already while it waits, and late invoices."""
    credit = await lock_credit(ctx, order.customer_id)
    holds = []
    if credit is not None and credit.exposure > credit.limit:
        if (await seller(ctx)).credit_policy == CreditPolicy.REFUSE:
            raise CreditExceeded(credit.limit, credit.exposure, credit.currency)
        warn_credit_hold(ctx)
        holds.append(HoldReason.CREDIT)
    return holds + await overdue_holds(ctx, order.customer_id, credit)


async def _reserve_for_good(ctx: Context, found: LockedOrder) -> None:
    """
    What was held for the wait stays held for good; a line that lacks something is reserved anew from what is free.

    The rest follows as a backorder, or the approval is refused where the product may not wait.
    """
    goods = [line for line in found.lines if line.kind == LineKind.GOODS and open_quantity(line)]
    if not goods:
        return
    await lock_balances(ctx, [line.product_id for line in goods if line.product_id])
    schedule = await schedule_of(ctx, goods)
    await harden(ctx, [entry.id for entry in schedule])
    short = [line for line in goods if line.quantity_reserved < open_quantity(line)]
    if not short:
        return
    keys = {line.id for line in short}
    await release(ctx, [entry.id for entry in schedule if entry.order_line_id in keys])
    await ctx.session.flush()
    stock = StockPlan(await lock_balances(ctx, [line.product_id for line in short if line.product_id]))
    refused = []
    for index, line in enumerate(short):
        assert line.product_id is not None, "goods are products"
        wanted, free = open_quantity(line), stock.free(line.product_id)
        if free < wanted:
            product = await ctx.load(products_by_id, line.product_id)
            assert product is not None, "tested before"
            if not await backorder_allowed(ctx, product.out_of_stock_policy):
                refused.append((product, wanted, free))
                continue
            warn_backorder(ctx, index, line.sku, free, wanted)
        entries = [entry for entry in schedule if entry.order_line_id == line.id]
        parts = [(part.warehouse_id, part.quantity) for part in stock.take(line.product_id, wanted)]
        await reschedule(ctx, found.order, line, entries, parts)
    days = await next_days(
        ctx, [each[:2] for each in refused], found.order.customer_id, [entry.id for entry in schedule]
    )
    refuse_all(
        [
            OutOfStock(product.sku, wanted, free, day, ("orderId",))
            for (product, wanted, free), day in zip(refused, days, strict=True)
        ]
    )
    await promise_schedule(ctx, found.order, short, await schedule_of(ctx, short))
