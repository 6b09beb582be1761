"""Suppliers and what they sell us."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.purchasing_reads import SupplierProductRow, SupplierRow
from resolvers import suppliers
from resolvers.context import Context
from resolvers.paging import PageArgs
from resolvers.products import products_by_id
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.filters import one_key_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.products import Product
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_READ = [access(P.PURCHASING_READ)]


@strawberry.type(description="A product as a supplier sells it, in the product's own unit.", directives=_READ)
class SupplierProduct:
    supplier_sku: str = strawberry.field(description="The supplier's number of it; may be empty.")
    minimum_quantity: Decimal = strawberry.field(description="The least it sells.")
    multiple_quantity: Decimal = strawberry.field(description="It sells multiples of this.")
    lead_time_days: int | None = strawberry.field(
        description="Days from order to arrival; null where the supplier's own hold."
    )
    is_preferred: bool = strawberry.field(description="Whether we buy it here first.")
    row: strawberry.Private[SupplierProductRow]

    @classmethod
    def of(cls, row: SupplierProductRow) -> "SupplierProduct":
        return fill(cls, row, row=row)

    @strawberry.field(
        description="What a unit costs us there; null where nobody said.", directives=[access(P.COSTS_READ)]
    )
    async def unit_price(self, info: Info) -> Money | None:
        supplier = await info.context.load(suppliers.suppliers_by_id, self.row.supplier_id)
        price = self.row.unit_price
        return None if price is None or supplier is None else Money.of(price, supplier.currency)

    @strawberry.field(description="Who sells it.")
    async def supplier(self, info: Info) -> "Supplier":
        row = await info.context.load(suppliers.suppliers_by_id, self.row.supplier_id)
        assert row is not None, "an offer's supplier exists by its foreign key"
        return Supplier.of(row)

    @strawberry.field(
        description="The product; null where you may not see it any more.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


@strawberry.type(description="Whom we buy from.", directives=_READ)
class Supplier(Node):
    code: str = strawberry.field(description="Our code of it.")
    name: str = strawberry.field(description="Its name.")
    currency: str = strawberry.field(description="The currency of its prices.")
    email: str = strawberry.field(description="Where orders are sent; empty where they are sent by hand.")
    locale: str = strawberry.field(description="The language it is written to in: es or en.")
    lead_time_days: int = strawberry.field(description="Days from order to arrival, the way included.")
    transport_days: int = strawberry.field(description="How many of those are the way.")
    over_receipt_percent: Decimal = strawberry.field(
        description="More than was ordered is taken in up to this percent of a line."
    )
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    active_until: date | None = strawberry.field(
        description="The day it was retired; null while we buy there."
    )
    row: strawberry.Private[SupplierRow]

    @classmethod
    def of(cls, row: SupplierRow) -> "Supplier":
        return fill(cls, row, id=encode_id("Supplier", row.id), row=row)

    @strawberry.field(description="What it sells us.", directives=[list_size(20)])
    async def products(self, info: Info) -> list[SupplierProduct]:
        rows = await info.context.load(suppliers.products_by_supplier, self.row.id)
        return [SupplierProduct.of(row) for row in rows]


@strawberry.input(description="Names one supplier.", one_of=True, directives=_READ)
class SupplierBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    code: str | None = strawberry.field(default=strawberry.UNSET, description="Its code.")


@strawberry.type
class SupplierQueries:
    @strawberry.field(description="Suppliers, by name.", directives=_READ)
    async def suppliers(
        self,
        info: Info,
        search: Annotated[str | None, strawberry.argument(description="Part of the name or code.")] = None,
        include_retired: Annotated[
            bool, strawberry.argument(description="Those that were retired as well.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Supplier]:
        args = PageArgs(first, after, last, before)
        found = await suppliers.suppliers(info.context, search, include_retired, args)
        return connection(found, Supplier.of)

    @strawberry.field(description="One supplier; null where there is none you may see.", directives=_READ)
    async def supplier(
        self, info: Info, by: Annotated[SupplierBy, strawberry.argument(description="Which one.")]
    ) -> Supplier | None:
        kind, value = one_key_of(by)
        if kind == "code":
            row = await suppliers.supplier_by_code(info.context, value)
        else:
            key = try_decode_id(value, "Supplier")
            row = None if key is None else await info.context.load(suppliers.suppliers_by_id, key)
        return None if row is None else Supplier.of(row)


@node_loader("Supplier")
async def load_suppliers(ctx: Context, keys: Sequence[UUID]) -> Sequence[Supplier | None]:
    return [None if row is None else Supplier.of(row) for row in await suppliers.suppliers_by_id(ctx, keys)]
