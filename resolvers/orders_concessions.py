"""Concessions that wait for somebody's consent: given after all, refused or taken back; meanwhile the order goes on."""

from uuid import UUID

from sqlalchemy import select

from auth.permissions import ROLE_GRANTS, Permission, Role
from models.approvals import ApprovalRequest
from models.approvals_reads import ApprovalRow
from models.concessions import giver_roles
from resolvers.approvals import approvals_by_id, decide
from resolvers.concessions import GIVE, WAIVE
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.house import as_house
from resolvers.orders_acts import checked_reason, lock_order
from resolvers.orders_cancelling import Waiver, waive_charge
from resolvers.orders_gifts import Gift, give_line
from resolvers.orders_prices import LineChange, change_line
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.states import ApprovalStatus, ApprovalSubject
from rules.transitions import OrderAction


async def approve_concession(ctx: Context, request_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    Consents to what a colleague would give; it is done now, as they asked for it, and tested again.

    Raises:
        NOT_PERMITTED: one's own, or whoever asked may give nothing any more.
        INVALID_TRANSITION, INVALID: the time is over, or the order went on too far; what was asked for still waits.
    """
    reason = checked_reason(reason) if reason.strip() else ""
    row = await _request(ctx, request_id)
    _demand_another(ctx, row)
    assert row.order_id is not None, "a concession is on an order"
    action = OrderAction.CANCEL_LINE if row.act["act"] == WAIVE else OrderAction.DISCOUNT
    found = await lock_order(ctx, row.order_id, None, action)
    request = await _lock(ctx, request_id, expected_version)
    if request.due_at <= ctx.now:
        text = "The time to consent to this is over; it has to be asked for again."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("approvalRequestId",))
    await _demand_giver(ctx, request)
    decide(ctx, request, ApprovalStatus.APPROVED, reason)
    _tell(ctx, request, "concession.decided", reason)
    await ctx.session.flush()
    if request.act["act"] == GIVE:
        await give_line(ctx, found, Gift.from_json(request.act), request.requested_by_id)
    elif request.act["act"] == WAIVE:
        await waive_charge(ctx, found, Waiver.from_json(request.act), request.requested_by_id)
    else:
        await change_line(ctx, found, LineChange.from_json(request.act), request.requested_by_id)
    return request_id


async def refuse_concession(ctx: Context, request_id: UUID, expected_version: int, reason: str) -> UUID:
    """Does not consent, with a reason; the order goes on as it is."""
    reason = checked_reason(reason)
    _demand_another(ctx, await _request(ctx, request_id))
    request = await _lock(ctx, request_id, expected_version)
    decide(ctx, request, ApprovalStatus.REFUSED, reason)
    _tell(ctx, request, "concession.decided", reason)
    await ctx.session.flush()
    return request_id


async def withdraw_concession(ctx: Context, request_id: UUID, expected_version: int) -> UUID:
    """Whoever asked does not want it any more."""
    row = await _request(ctx, request_id)
    if row.requested_by_id != ctx.user.user_id:
        text = "Only whoever asked for it takes it back."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("approvalRequestId",))
    request = await _lock(ctx, request_id, expected_version)
    request.status, request.version = ApprovalStatus.WITHDRAWN, request.version + 1
    _tell(ctx, request, "concession.withdrawn", "")
    await ctx.session.flush()
    return request_id


async def _request(ctx: Context, request_id: UUID) -> ApprovalRow:
    row: ApprovalRow | None = await ctx.load(approvals_by_id, request_id)
    if row is None or row.subject_type != ApprovalSubject.CONCESSION:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("approvalRequestId",))
    return row


def _demand_another(ctx: Context, row: ApprovalRow) -> None:
    if row.requested_by_id == ctx.user.user_id:
        text = "Nobody decides on what they asked for themselves."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("approvalRequestId",))


async def _lock(ctx: Context, request_id: UUID, expected_version: int) -> ApprovalRequest:
    """The request, locked, as long as it waits; a second decision finds it decided."""
    statement = select(ApprovalRequest).where(
        ApprovalRequest.id == request_id, ApprovalRequest.seller_id == ctx.user.seller_id
    )
    found: ApprovalRequest | None = await ctx.session.scalar(ctx.locked(LockKind.LINES, statement))
    assert found is not None, "requests are never deleted, and it was seen"
    if found.version != expected_version:
        raise StaleVersion(found.version)
    if found.status != ApprovalStatus.PENDING:
        text = "This does not wait any more."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("approvalRequestId",))
    return found


async def _demand_giver(ctx: Context, request: ApprovalRequest) -> None:
    """It is done for whoever asked: they must still be there, and still be allowed to give something."""
    async with as_house(ctx) as session:
        roles = list(await session.scalars(giver_roles(request.seller_id, request.requested_by_id)))
    if not any(Permission.ORDERS_DISCOUNT in ROLE_GRANTS[Role(role)] for role in roles):
        text = "Whoever asked for this may give nothing any more."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("approvalRequestId",))


def _tell(ctx: Context, request: ApprovalRequest, action: str, reason: str) -> None:
    """No customer: what the seller's people ask each other for is in no log of theirs."""
    record(
        ctx, action, "ApprovalRequest", request.id, version=request.version, customer_id=None, reason=reason,
        changes={"decision": str(request.status), "orderId": str(request.order_id)},
    )  # fmt: skip
