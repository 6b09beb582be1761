"""What can be done with suppliers: made, changed, retired, and their products likewise."""

from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import suppliers
from resolvers.context import Context
from resolvers.suppliers import SupplierDraft, SupplierProductDraft
from schema.access import access
from schema.ids import decode_id
from schema.payloads import Payload
from schema.suppliers import Supplier

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PURCHASING_MANAGE)]
_SUPPLIER = "The supplier; null when refused."


def _version() -> int:
    return strawberry.field(description="The supplier's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


@strawberry.input(description="A supplier.", directives=_MANAGE)
class CreateSupplierInput:
    code: str = strawberry.field(description="Our code of it, 1 to 64 characters.")
    name: str = strawberry.field(description="Its name, 1 to 200 characters.")
    currency: str = strawberry.field(description="The currency of its prices, such as EUR.")
    locale: str = strawberry.field(description="The language it is written to in: es or en.")
    lead_time_days: int = strawberry.field(description="Days from order to arrival, 0 to 730.")
    email: str = strawberry.field(
        default="", description="Where orders are sent; empty: they are sent by hand."
    )
    transport_days: int = strawberry.field(
        default=0, description="How many of the days are the way, 0 to 90."
    )
    over_receipt_percent: Decimal = strawberry.field(
        default=Decimal(0), description="Take in more than was ordered up to this percent of a line."
    )


@strawberry.input(description="A supplier as it shall be.", directives=_MANAGE)
class UpdateSupplierInput(CreateSupplierInput):
    supplier_id: strawberry.ID = strawberry.field(description="The supplier.")
    expected_version: int = _version()


@strawberry.input(description="Retires a supplier.", directives=_MANAGE)
class RetireSupplierInput:
    supplier_id: strawberry.ID = strawberry.field(description="The supplier.")
    expected_version: int = _version()


@strawberry.input(
    description="A product as a supplier sells it; quantities in the product's own unit.", directives=_MANAGE
)
class SaveSupplierProductInput:
    supplier_id: strawberry.ID = strawberry.field(description="The supplier.")
    product_id: strawberry.ID = strawberry.field(description="The product.")
    supplier_sku: str = strawberry.field(default="", description="The supplier's number of it.")
    unit_price: Decimal | None = strawberry.field(
        default=None,
        description="What a unit costs there, in the supplier's currency; null leaves what is known.",
    )
    minimum_quantity: Decimal = strawberry.field(default=Decimal(1), description="The least it sells.")
    multiple_quantity: Decimal = strawberry.field(
        default=Decimal(1), description="It sells multiples of this."
    )
    lead_time_days: int | None = strawberry.field(
        default=None, description="Days from order to arrival; null: the supplier's own."
    )
    is_preferred: bool = strawberry.field(
        default=False, description="Buy it here first; another preferred source of it loses that."
    )
    expected_version: int = _version()


@strawberry.input(description="Ends that a supplier sells a product.", directives=_MANAGE)
class RetireSupplierProductInput:
    supplier_id: strawberry.ID = strawberry.field(description="The supplier.")
    product_id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int = _version()


class _SupplierPayload(Payload):
    entity_type = "Supplier"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(suppliers.suppliers_by_id, entity_id)
        return cls(supplier=None if row is None else Supplier.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of createSupplier.", directives=_MANAGE)
class CreateSupplierPayload(_SupplierPayload):
    supplier: Supplier | None = strawberry.field(default=None, description=_SUPPLIER)


@strawberry.type(description="Answer of updateSupplier.", directives=_MANAGE)
class UpdateSupplierPayload(_SupplierPayload):
    supplier: Supplier | None = strawberry.field(default=None, description=_SUPPLIER)


@strawberry.type(description="Answer of retireSupplier.", directives=_MANAGE)
class RetireSupplierPayload(_SupplierPayload):
    supplier: Supplier | None = strawberry.field(default=None, description=_SUPPLIER)


@strawberry.type(description="Answer of saveSupplierProduct.", directives=_MANAGE)
class SaveSupplierProductPayload(_SupplierPayload):
    supplier: Supplier | None = strawberry.field(default=None, description=_SUPPLIER)


@strawberry.type(description="Answer of retireSupplierProduct.", directives=_MANAGE)
class RetireSupplierProductPayload(_SupplierPayload):
    supplier: Supplier | None = strawberry.field(default=None, description=_SUPPLIER)


def _draft(given: CreateSupplierInput) -> SupplierDraft:
    return SupplierDraft(
        given.code, given.name, given.currency, given.locale, given.lead_time_days, given.email,
        given.transport_days, given.over_receipt_percent,
    )  # fmt: skip


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "Supplier", path=("supplierId",))


@strawberry.type
class SupplierMutations:
    @strawberry.mutation(description="Makes a supplier.", directives=_MANAGE)
    async def create_supplier(
        self, info: Info, input: Annotated[CreateSupplierInput, strawberry.argument(description="Which.")]
    ) -> CreateSupplierPayload:
        done = await suppliers.create_supplier(info.context, _draft(input))
        return await CreateSupplierPayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes a supplier as a whole; orders that exist keep what they copied.",
        directives=_MANAGE,
    )
    async def update_supplier(
        self, info: Info, input: Annotated[UpdateSupplierInput, strawberry.argument(description="What.")]
    ) -> UpdateSupplierPayload:
        done = await suppliers.update_supplier(
            info.context, _key(input.supplier_id), _draft(input), input.expected_version
        )
        return await UpdateSupplierPayload.of(info.context, done)

    @strawberry.mutation(
        description="Retires a supplier: nothing is ordered there any more; open orders go on.",
        directives=_MANAGE,
    )
    async def retire_supplier(
        self, info: Info, input: Annotated[RetireSupplierInput, strawberry.argument(description="Which.")]
    ) -> RetireSupplierPayload:
        done = await suppliers.retire_supplier(info.context, _key(input.supplier_id), input.expected_version)
        return await RetireSupplierPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says how a supplier sells a product; it replaces what was said before.",
        directives=_MANAGE,
    )
    async def save_supplier_product(
        self, info: Info, input: Annotated[SaveSupplierProductInput, strawberry.argument(description="What.")]
    ) -> SaveSupplierProductPayload:
        draft = SupplierProductDraft(
            decode_id(input.product_id, "Product", path=("productId",)), input.supplier_sku, input.unit_price,
            input.minimum_quantity, input.multiple_quantity, input.lead_time_days, input.is_preferred,
        )  # fmt: skip
        done = await suppliers.save_supplier_product(
            info.context, _key(input.supplier_id), draft, input.expected_version
        )
        return await SaveSupplierProductPayload.of(info.context, done)

    @strawberry.mutation(
        description="Ends that a supplier sells a product; open orders of it go on.", directives=_MANAGE
    )
    async def retire_supplier_product(
        self,
        info: Info,
        input: Annotated[RetireSupplierProductInput, strawberry.argument(description="Which.")],
    ) -> RetireSupplierProductPayload:
        product_id = decode_id(input.product_id, "Product", path=("productId",))
        done = await suppliers.retire_supplier_product(
            info.context, _key(input.supplier_id), product_id, input.expected_version
        )
        return await RetireSupplierProductPayload.of(info.context, done)
