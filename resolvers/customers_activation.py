"""A prospect becomes a customer when finance has checked it; what it accepted until then becomes orders."""

from uuid import UUID

from sqlalchemy import select

from models.customers import Customer
from models.customers_reads import customer_in_scope
from resolvers.context import Context
from resolvers.customers_locks import change_customer, lock_customer
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.states import CustomerStatus

REASON_MAX = 500


async def activate_customer(ctx: Context, customer_id: UUID, expected_version: int, reason: str) -> UUID:
    """
    Lets a prospect order. Its accepted quotes are tried again by the job that `customer.activated` starts.

    Raises:
        InvalidTransition: it is no prospect; one that is blocked is not let in again this way.
    """
    reason = reason.strip()
    if len(reason) > REASON_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("reason",))
    version = await lock_customer(ctx, customer_id, expected_version)
    own = select(Customer.status).where(Customer.id == customer_id, customer_in_scope(ctx.user))
    status: CustomerStatus = await ctx.session.scalar(own)
    if status is not CustomerStatus.PROSPECT:
        raise InvalidTransition(status, CustomerStatus.ACTIVE, [], ("customerId",))
    changes = {"from": status.value, "to": CustomerStatus.ACTIVE.value}
    return await change_customer(
        ctx, customer_id, version, "customer.activated", changes, reason=reason, published=True,
        status=CustomerStatus.ACTIVE,
    )  # fmt: skip
