"""What is held of a product for carts and quotes: how much, for whom, why and until when."""

from datetime import datetime
from decimal import Decimal

import strawberry

from auth.permissions import Permission as P
from models.holds_reads import HeldRow
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.stock import warehouses_by_id
from rules.states import HoldSource
from schema.access import access, described_enum
from schema.customers import Customer
from schema.products import Warehouse
from schema.rows import fill

Info = strawberry.Info[Context, None]

described_enum(HoldSource, "What goods are held for.", {"CART": "A cart.", "QUOTE": "A quote."})


@strawberry.type(
    description="Goods of a product that are held before there is an order, for a while.",
    directives=[access(P.STOCK_QUANTITY_READ)],
)
class StockHold:
    source: HoldSource = strawberry.field(description="What they are held for.")
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit.")
    since: datetime = strawberry.field(description="Since when.")
    until: datetime = strawberry.field(description="Until when; they are free for everybody afterwards.")
    reason: str = strawberry.field(description="Why; empty where a buyer holds.")
    row: strawberry.Private[HeldRow]

    @classmethod
    def of(cls, row: HeldRow) -> "StockHold":
        return fill(cls, row, source=row.source_kind, since=row.created_at, until=row.expires_at, row=row)

    @strawberry.field(description="Where they lie; null where that is not in use any more.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)

    @strawberry.field(description="For whom.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)
