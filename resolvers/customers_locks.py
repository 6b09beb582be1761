"""One act on a customer's row: locked by its version, changed, and written down."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from models.customers import Customer
from models.customers_reads import customer_in_scope
from resolvers.context import Context, LockKind
from resolvers.events import record
from rules.refusals import ErrorCode, Refusal, StaleVersion


async def lock_customer(ctx: Context, customer_id: UUID, expected_version: int) -> int:
    """
    The version of a customer in the viewer's scope, locked.

    Raises:
        Refusal(NOT_FOUND): none there, or out of scope; StaleVersion.
    """
    # The column, not the entity: a tax id from before it was checked must not stand in the way.
    statement = select(Customer.version).where(
        Customer.id == customer_id, Customer.seller_id == ctx.user.seller_id, customer_in_scope(ctx.user)
    )
    version: int | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if version is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if version != expected_version:
        raise StaleVersion(version)
    return version


async def change_customer(
    ctx: Context,
    customer_id: UUID,
    version: int,
    action: str,
    changes: Mapping[str, Any],
    *,
    reason: str = "",
    published: bool = False,
    **values: Any,
) -> UUID:
    """
    A locked customer with these values and its next version; the act stands in the trail, and in the log where told.

    Args:
        version: the present one, as `lock_customer` gave it.
        values: columns of the row; none where only what hangs on the customer was changed.
    """
    await ctx.session.execute(
        update(Customer)
        .where(Customer.id == customer_id)
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    record(
        ctx, action, "Customer", customer_id, version=version + 1, customer_id=customer_id, reason=reason,
        changes=dict(changes), published=published,
    )  # fmt: skip
    await ctx.session.flush()
    return customer_id
