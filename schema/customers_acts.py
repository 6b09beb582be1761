"""Adding and changing a company's addresses."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import customers
from resolvers.context import Context
from schema.access import access
from schema.customers import Address
from schema.ids import decode_id
from schema.payloads import Payload
from schema.rows import fill

Info = strawberry.Info[Context, None]
_KEEP = [access(P.ADDRESSES_WRITE)]


@strawberry.input(description="A new address of the viewer's company.", directives=_KEEP)
class CreateAddressInput:
    label: str = strawberry.field(description="What the company calls it.")
    name: str = strawberry.field(description="Whom it names.")
    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="Postal code.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(default="", description="Region.")
    country: str = strawberry.field(description="Country, ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(default="", description="Telephone there.")
    is_default_delivery: bool = strawberry.field(
        default=False, description="Goods go there when nothing is said."
    )
    is_default_billing: bool = strawberry.field(default=False, description="Invoices go there.")


@strawberry.input(
    description="An address as it shall be; orders that copied it stay as they are.", directives=_KEEP
)
class UpdateAddressInput(CreateAddressInput):
    address_id: strawberry.ID = strawberry.field(description="The address.")


@strawberry.type(description="Answer of createAddress.", directives=_KEEP)
class CreateAddressPayload(Payload):
    entity_type = "Address"
    address: Address | None = strawberry.field(default=None, description="The address; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.addresses_by_id, entity_id)
        return cls(address=None if row is None else Address.of(row))


@strawberry.type(description="Answer of updateAddress.", directives=_KEEP)
class UpdateAddressPayload(CreateAddressPayload):
    pass


def _draft(given: CreateAddressInput) -> customers.AddressDraft:
    return fill(customers.AddressDraft, given)


@strawberry.type
class CustomerMutations:
    @strawberry.mutation(description="Adds an address to the viewer's company.", directives=_KEEP)
    async def create_address(
        self,
        info: Info,
        input: Annotated[CreateAddressInput, strawberry.argument(description="The address.")],
    ) -> CreateAddressPayload:
        done = await customers.create_address(info.context, _draft(input))
        return await CreateAddressPayload.of(info.context, done)

    @strawberry.mutation(description="Changes an address of the viewer's company.", directives=_KEEP)
    async def update_address(
        self,
        info: Info,
        input: Annotated[UpdateAddressInput, strawberry.argument(description="The address.")],
    ) -> UpdateAddressPayload:
        key = decode_id(input.address_id, "Address", path=("addressId",))
        done = await customers.update_address(info.context, key, _draft(input))
        return await UpdateAddressPayload.of(info.context, done)
