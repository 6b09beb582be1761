"""What customers call our products."""

import strawberry

from auth.permissions import Permission as P
from models.customers_reads import ItemNumberRow
from resolvers.context import Context
from resolvers.products import products_by_id
from schema.access import access
from schema.products import Product
from schema.rows import fill

Info = strawberry.Info[Context, None]


@strawberry.type(
    description="What a customer calls a product, and may type in its place.",
    directives=[access(P.CUSTOMERS_READ)],
)
class ItemNumber:
    item_number: str = strawberry.field(description="The customer's own number.")
    row: strawberry.Private[ItemNumberRow]

    @classmethod
    def of(cls, row: ItemNumberRow) -> "ItemNumber":
        return fill(cls, row, row=row)

    @strawberry.field(
        description="The product; null where you may not see it any more.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)
