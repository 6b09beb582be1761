"""Who is served first where goods are scarce."""

from uuid import UUID

from sqlalchemy import select, update

from models.customers import Customer
from models.customers_reads import customer_in_scope
from resolvers.context import Context, LockKind
from resolvers.events import record
from rules.refusals import ErrorCode, Refusal, StaleVersion

PRIORITY_MAX = 9


async def set_delivery_priority(
    ctx: Context, customer_id: UUID, priority: int, expected_version: int
) -> UUID:
    """
    A customer's priority, 1 to 9: the smaller, the sooner.

    Raises:
        Refusal(INVALID): another number.
    """
    if not 1 <= priority <= PRIORITY_MAX:
        raise Refusal(
            ErrorCode.INVALID,
            "A priority is from 1 (first) to {most} (last).",
            ("priority",),
            most=PRIORITY_MAX,
        )
    # The columns, not the entity: as with the note, what else stands there is no matter of this act.
    statement = select(Customer.version).where(
        Customer.id == customer_id, Customer.seller_id == ctx.user.seller_id, customer_in_scope(ctx.user)
    )
    version: int | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if version is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if version != expected_version:
        raise StaleVersion(version)
    await ctx.session.execute(
        update(Customer)
        .where(Customer.id == customer_id)
        .values(delivery_priority=priority, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    record(
        ctx, "customer.deliveryPrioritySet", "Customer", customer_id, version=version + 1, customer_id=customer_id,
        changes={"priority": priority}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return customer_id
