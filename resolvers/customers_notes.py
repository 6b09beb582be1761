"""The internal note of a customer: what the seller's people know and the customer does not read."""

from uuid import UUID

from resolvers.context import Context
from resolvers.customers_locks import change_customer, lock_customer
from rules.refusals import ErrorCode, Refusal

NOTE_MAX = 2000


async def update_customer_note(ctx: Context, customer_id: UUID, note: str, expected_version: int) -> UUID:
    """
    The note as given, without outer blanks; an empty one takes it away.

    The trail says who wrote and when, never what: it cannot be erased, and a note may speak of a person.
    """
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("note",))
    version = await lock_customer(ctx, customer_id, expected_version)
    return await change_customer(
        ctx, customer_id, version, "customer.noteChanged", {"characters": len(note)}, internal_note=note
    )
