"""Sharing scarce stock among the order lines that wait for it."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.sharing_reads import ScarceRow, SharingLineRow, SharingRow
from resolvers import customers as people
from resolvers import orders, sharing, sharing_settings
from resolvers.context import Context
from resolvers.products import products_by_id
from resolvers.stock import warehouses_by_id
from rules.states import SharingPolicy
from schema.access import access, key_required, list_size
from schema.customers import Customer
from schema.ids import decode_id, encode_id
from schema.payloads import Payload
from schema.products import Product, Warehouse
from schema.rows import fill

if TYPE_CHECKING:
    from schema.orders import Order

Info = strawberry.Info[Context, None]
_SHARE = [access(P.STOCK_SHARE)]
_UNIT = "in the product's own unit"


@strawberry.type(description="An order line that lacks goods of a product.", directives=_SHARE)
class WaitingLine:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: Decimal = strawberry.field(
        description=f"What it lacks, {_UNIT}: neither reserved nor to be bought."
    )
    priority: int = strawberry.field(description="Its customer's: 1 is served before 9.")
    row: strawberry.Private[sharing.WaitingLine]

    @classmethod
    def of(cls, row: sharing.WaitingLine) -> "WaitingLine":
        key = encode_id("OrderLine", row.order_line_id)
        return cls(order_line_id=key, quantity=row.quantity, priority=row.priority, row=row)

    @strawberry.field(description="The order.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("schema.orders")] | None:
        from schema.orders import Order

        row = await info.context.load(orders.orders_by_id, self.row.order_id)
        return None if row is None else Order.of(row)

    @strawberry.field(description="Whose order it is.")
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(people.customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)


@strawberry.type(description="Who waits for goods of a product, and how they are shared.", directives=_SHARE)
class StockWaiting:
    policy: SharingPolicy = strawberry.field(description="The product's own policy, or else the seller's.")
    lines: list[WaitingLine] = strawberry.field(
        description="The lines that wait and that you may see, those needed first ahead; at most 500.",
        directives=[list_size(20)],
    )


@strawberry.type(description="A product of which open order lines lack goods.", directives=_SHARE)
class ScarceProduct:
    line_count: int = strawberry.field(description="How many lines wait that you may see.")
    quantity: Decimal = strawberry.field(description=f"What they lack, {_UNIT}.")
    needed_on: date | None = strawberry.field(
        description="The first day on which any of it is promised or wanted."
    )
    row: strawberry.Private[ScarceRow]

    @classmethod
    def of(cls, row: ScarceRow) -> "ScarceProduct":
        return fill(cls, row, line_count=row.lines, row=row)

    @strawberry.field(description="The product; null where you may not see it any more.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


@strawberry.type(description="What an order line got when stock was shared.", directives=_SHARE)
class SharedLine:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    priority: int = strawberry.field(description="Its customer's priority then.")
    quantity_waiting: Decimal = strawberry.field(description=f"What it lacked before, {_UNIT}.")
    quantity_got: Decimal = strawberry.field(description="What is reserved for it now.")
    quantity_still_waiting: Decimal = strawberry.field(description="What it lacks afterwards.")
    row: strawberry.Private[SharingLineRow]

    @classmethod
    def of(cls, row: SharingLineRow) -> "SharedLine":
        return fill(
            cls, row, order_line_id=encode_id("OrderLine", row.order_line_id), row=row,
            quantity_still_waiting=row.quantity_waiting - row.quantity_got,
        )  # fmt: skip

    @strawberry.field(description="Whose order it is.")
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(people.customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)


@strawberry.type(
    description="An act of sharing what was free of a product in a warehouse.", directives=_SHARE
)
class StockSharing:
    policy: SharingPolicy = strawberry.field(description="How it was shared.")
    quantity_free: Decimal = strawberry.field(description=f"What was free before, {_UNIT}.")
    quantity_left: Decimal = strawberry.field(description="What is free afterwards.")
    shared_at: datetime = strawberry.field(description="When.")
    row: strawberry.Private[SharingRow]

    @classmethod
    def of(cls, row: SharingRow) -> "StockSharing":
        return fill(cls, row, quantity_left=row.quantity_free - row.quantity_shared, row=row)

    @strawberry.field(description="The product; null where you may not see it any more.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)

    @strawberry.field(description="The warehouse; null where it is not in use any more.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)

    @strawberry.field(
        description="Who took part, those who needed it first ahead; of customers you may see.",
        directives=[list_size(20)],
    )
    async def lines(self, info: Info) -> list[SharedLine]:
        rows = await info.context.load(sharing.lines_by_sharing, self.row.id)
        return [SharedLine.of(row) for row in rows]


@strawberry.type
class SharingQueries:
    @strawberry.field(
        description="The products that order lines wait for, at most 100, those needed first ahead.",
        directives=[*_SHARE, list_size(sharing.PRODUCTS_MAX)],
    )
    async def scarce_products(self, info: Info) -> list[ScarceProduct]:
        return [ScarceProduct.of(row) for row in await sharing.scarce(info.context, sharing.PRODUCTS_MAX)]

    @strawberry.field(description="Who waits for goods of a product.", directives=_SHARE)
    async def stock_waiting(
        self,
        info: Info,
        product_id: Annotated[strawberry.ID, strawberry.argument(description="The product.")],
    ) -> StockWaiting:
        product = await sharing.goods_named(
            info.context, decode_id(product_id, "Product", path=("productId",))
        )
        rows = await sharing.waiting_lines(info.context, product.id)
        policy = await info.context.load(sharing.policies_by_product, product.id)
        return StockWaiting(policy=policy, lines=[WaitingLine.of(row) for row in rows[: sharing.LINES_MAX]])


@strawberry.input(description="Stock to be shared.", directives=_SHARE)
class ShareStockInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    warehouse_id: strawberry.ID = strawberry.field(description="Where it lies.")
    policy: SharingPolicy | None = strawberry.field(
        default=None, description="How; null: by the product's policy, or else the seller's."
    )
    order_line_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Among these lines alone, at most 500; null: all that wait and that you may see.",
    )


@strawberry.type(description="Answer of shareStock.", directives=_SHARE)
class ShareStockPayload(Payload):
    entity_type = "StockSharing"
    sharing: StockSharing | None = strawberry.field(
        default=None, description="Who got what; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        (row,) = await sharing.sharings_by_id(ctx, [entity_id])
        return cls(sharing=None if row is None else StockSharing.of(row))


@strawberry.input(description="Who shall be served first.", directives=_SHARE)
class SetDeliveryPriorityInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    priority: int = strawberry.field(description="1 is served before 9; 5 is usual.")
    expected_version: int = strawberry.field(description="The customer's version you saw.")


@strawberry.type(description="Answer of setDeliveryPriority.", directives=_SHARE)
class SetDeliveryPriorityPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(people.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type
class SharingMutations:
    @strawberry.mutation(
        description="Reserves what is free of a product in a warehouse for the order lines that wait for it, by a"
        " policy, and promises them anew; what nobody gets stays free. With @dryRun it tells who would get what.",
        directives=[*_SHARE, key_required()],
    )
    async def share_stock(
        self, info: Info, input: Annotated[ShareStockInput, strawberry.argument(description="What, and how.")]
    ) -> ShareStockPayload:
        named = None
        if input.order_line_ids is not None:
            named = [
                decode_id(each, "OrderLine", path=("orderLineIds", n))
                for n, each in enumerate(input.order_line_ids)
            ]
        done = await sharing.share_stock(
            info.context,
            decode_id(input.product_id, "Product", path=("productId",)),
            decode_id(input.warehouse_id, "Warehouse", path=("warehouseId",)),
            input.policy,
            named,
        )
        return await ShareStockPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says who is served first where goods are scarce: 1 before 9.", directives=_SHARE
    )
    async def set_delivery_priority(
        self,
        info: Info,
        input: Annotated[SetDeliveryPriorityInput, strawberry.argument(description="Whose, and which.")],
    ) -> SetDeliveryPriorityPayload:
        key = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await sharing_settings.set_delivery_priority(
            info.context, key, input.priority, input.expected_version
        )
        return await SetDeliveryPriorityPayload.of(info.context, done)
