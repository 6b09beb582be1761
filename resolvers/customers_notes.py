"""The internal note of a customer: what the seller's people know and the customer does not read."""

from uuid import UUID

from sqlalchemy import select, update

from models.customers import Customer
from models.customers_reads import customer_in_scope
from resolvers.context import Context, LockKind
from resolvers.events import record
from rules.refusals import ErrorCode, Refusal, StaleVersion

NOTE_MAX = 2000


async def update_customer_note(ctx: Context, customer_id: UUID, note: str, expected_version: int) -> UUID:
    """
    The note as given, without outer blanks; an empty one takes it away.

    The trail says who wrote and when, never what: it cannot be erased, and a note may speak of a person.
    """
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("note",))
    # The columns, not the entity: a tax id from before it was checked must not stand in the way of a note.
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
        .values(internal_note=note, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    record(
        ctx, "customer.noteChanged", "Customer", customer_id, version=version + 1, customer_id=customer_id,
        changes={"characters": len(note)}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return customer_id
