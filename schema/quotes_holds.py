"""What is held for a quote."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from models.holds_reads import HoldRow
from resolvers.context import Context
from resolvers.products import products_by_id
from schema.access import list_size
from schema.products import Product
from schema.quotes_revisions import READ

Info = strawberry.Info[Context, None]


@strawberry.type(description="A product of a quote that is held.", directives=READ)
class HeldGoods:
    quantity: Decimal = strawberry.field(
        description="How much, in the product's own unit, in all warehouses."
    )
    row: strawberry.Private[HoldRow]

    @strawberry.field(description="The product; null where you may not see it any more.")
    async def product(self, info: Info) -> Annotated["Product", strawberry.lazy("schema.products")] | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


@strawberry.type(description="Goods that are held for a quote, for a while.", directives=READ)
class QuoteHold:
    until: datetime = strawberry.field(
        description="Until when; afterwards they are free for everybody again."
    )
    since: datetime = strawberry.field(description="Since when the first of them are held.")
    rows: strawberry.Private[Sequence[HoldRow]]

    @classmethod
    def of(cls, rows: Sequence[HoldRow]) -> "QuoteHold":
        return cls(until=rows[0].expires_at, since=min(row.created_at for row in rows), rows=rows)

    @strawberry.field(description="What is held, by product.", directives=[list_size(20)])
    def goods(self) -> list[HeldGoods]:
        found: dict[object, HeldGoods] = {}
        for row in self.rows:
            known = found.setdefault(row.product_id, HeldGoods(quantity=Decimal(0), row=row))
            known.quantity += row.quantity
        return list(found.values())
