"""Writing the internal note of a customer."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import customers, customers_notes
from resolvers.context import Context
from schema.access import access
from schema.customers import Customer
from schema.ids import decode_id
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_WRITE = [access(P.NOTES_WRITE)]


@strawberry.input(description="The internal note of a customer as it shall be.", directives=_WRITE)
class UpdateCustomerNoteInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    note: str = strawberry.field(
        description="The note, at most 2000 characters; empty takes it away. Never shown to customers."
    )
    expected_version: int = strawberry.field(description="The customer's version as you saw it.")


@strawberry.type(description="Answer of updateCustomerNote.", directives=_WRITE)
class UpdateCustomerNotePayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type
class CustomerNoteMutations:
    @strawberry.mutation(description="Writes the internal note of a customer.", directives=_WRITE)
    async def update_customer_note(
        self,
        info: Info,
        input: Annotated[UpdateCustomerNoteInput, strawberry.argument(description="The note.")],
    ) -> UpdateCustomerNotePayload:
        key = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await customers_notes.update_customer_note(
            info.context, key, input.note, input.expected_version
        )
        return await UpdateCustomerNotePayload.of(info.context, done)
