"""A prospect becomes a customer."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import customers, customers_activation
from resolvers.context import Context
from schema.access import access
from schema.customers import Customer
from schema.ids import decode_id
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_CHECK = [access(P.CREDIT_RELEASE)]


@strawberry.input(description="A prospect that was checked.", directives=_CHECK)
class ActivateCustomerInput:
    customer_id: strawberry.ID = strawberry.field(description="The prospect.")
    expected_version: int = strawberry.field(description="The customer's version as you saw it.")
    reason: str = strawberry.field(
        default="", description="What was checked, 500 characters; kept in the trail."
    )


@strawberry.type(description="Answer of activateCustomer.", directives=_CHECK)
class ActivateCustomerPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type
class CustomerActivationMutations:
    @strawberry.mutation(
        description="Makes a prospect a customer that may order; the quotes that it accepted become orders soon after.",
        directives=_CHECK,
    )
    async def activate_customer(
        self,
        info: Info,
        input: Annotated[ActivateCustomerInput, strawberry.argument(description="The prospect.")],
    ) -> ActivateCustomerPayload:
        key = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await customers_activation.activate_customer(
            info.context, key, input.expected_version, input.reason
        )
        return await ActivateCustomerPayload.of(info.context, done)
