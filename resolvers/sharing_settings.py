"""Who is served first where goods are scarce."""

from uuid import UUID

from resolvers.context import Context
from resolvers.customers_locks import change_customer, lock_customer
from rules.refusals import ErrorCode, Refusal

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
    version = await lock_customer(ctx, customer_id, expected_version)
    return await change_customer(
        ctx,
        customer_id,
        version,
        "customer.deliveryPrioritySet",
        {"priority": priority},
        delivery_priority=priority,
    )
