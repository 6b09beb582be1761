"""Delivering an order line another way: what there is to choose from, and choosing."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import orders_schedule
from resolvers.context import Context
from resolvers.orders_schedule import Offer, PartWanted, Whence
from resolvers.products import products_by_id
from resolvers.stock import warehouses_by_id
from resolvers.suppliers import suppliers_by_id
from rules.alternatives import AlternativeKind
from schema.access import access, key_required, list_size
from schema.availability import PromiseStep
from schema.ids import decode_id
from schema.orders_acts import order_payload
from schema.products import Product, Warehouse
from schema.suppliers import Supplier

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.ORDERS_MANAGE)]


@strawberry.type(description="A part of an alternative.", directives=_MANAGE)
class AlternativePart:
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    ship_on: date = strawberry.field(description="The day they leave.")
    receipt_on: date = strawberry.field(description="The day they are received.")
    held_at: strawberry.Private[UUID | None]

    @strawberry.field(
        description="Where they lie free, so that choosing reserves them there; null: they wait for goods.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = None if self.held_at is None else await info.context.load(warehouses_by_id, self.held_at)
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="A way to deliver all that is open of a line.", directives=_MANAGE)
class DeliveryAlternative:
    kind: AlternativeKind = strawberry.field(description="What it is.")
    receipt_on: date = strawberry.field(description="The day by which all of it is received.")
    key: strawberry.Private[Whence]
    offer: strawberry.Private[Offer]

    @classmethod
    def of(cls, row: Offer) -> "DeliveryAlternative":
        return cls(kind=row.way.kind, receipt_on=row.way.receipt_on, key=row.way.key, offer=row)

    @strawberry.field(description="By day.", directives=[list_size(3)])
    def parts(self) -> list[AlternativePart]:
        return [
            AlternativePart(
                quantity=each.quantity, ship_on=each.ship_on, receipt_on=each.receipt_on, held_at=place
            )
            for each, place in zip(self.offer.way.parts, self.offer.held_at, strict=True)
        ]

    @strawberry.field(
        description="Why all of it is not received earlier from there, step by step.",
        directives=[list_size(4)],
    )
    def why(self) -> list[PromiseStep]:
        return [PromiseStep.of(each) for each in self.offer.way.steps]

    @strawberry.field(
        description="Whence it leaves; null where a supplier delivers.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    async def warehouse(self, info: Info) -> Warehouse | None:
        key = self.key.warehouse_id
        row = None if key is None else await info.context.load(warehouses_by_id, key)
        return None if row is None else Warehouse.of(row)

    @strawberry.field(description="Who delivers; null where we do.", directives=[access(P.PURCHASING_READ)])
    async def supplier(self, info: Info) -> Supplier | None:
        key = self.key.supplier_id
        row = None if key is None else await info.context.load(suppliers_by_id, key)
        return None if row is None else Supplier.of(row)

    @strawberry.field(description="The product that is delivered.", directives=[access(P.CATALOG_READ)])
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.key.product_id)
        return None if row is None else Product.of(row)


@strawberry.type
class OrderScheduleQueries:
    @strawberry.field(
        description="Ways to deliver all that is open of an order line, the earliest first. Nothing is reserved by"
        " asking; rescheduleOrderLine chooses.",
        directives=[*_MANAGE, list_size(10)],
    )
    async def delivery_alternatives(
        self,
        info: Info,
        order_line_id: Annotated[strawberry.ID, strawberry.argument(description="The line.")],
        requested_on: Annotated[
            date | None, strawberry.argument(description="Not received before this day.")
        ] = None,
        include: Annotated[
            list[AlternativeKind] | None, strawberry.argument(description="Which kinds; null: all.")
        ] = None,
    ) -> list[DeliveryAlternative]:
        found = await orders_schedule.delivery_alternatives(
            info.context,
            decode_id(order_line_id, "OrderLine", path=("orderLineId",)),
            requested_on,
            set(AlternativeKind) if include is None else set(include),
        )
        return [DeliveryAlternative.of(each) for each in found]


@strawberry.input(description="A part that a line is split into.", directives=_MANAGE)
class SchedulePartInput:
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    warehouse_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it is reserved, if so much is free there; null: it waits for goods."
    )
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt asked for; null: the line's own."
    )


@strawberry.input(description="How what is open of a line is to be delivered.", directives=_MANAGE)
class RescheduleOrderLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    parts: list[SchedulePartInput] = strawberry.field(
        description="1 to 20; they sum to what has not left, is in no delivery, and no supplier is to send."
    )
    expected_version: int = strawberry.field(
        description="The order's version you saw; a newer one is refused."
    )


RescheduleOrderLinePayload = order_payload("rescheduleOrderLine", [*_MANAGE])


@strawberry.type
class OrderScheduleMutations:
    @strawberry.mutation(
        description="Splits what is open of a line into schedule lines, by warehouse and day, and promises each."
        " The line's price and discounts stay.",
        directives=[*_MANAGE, key_required()],
    )
    async def reschedule_order_line(
        self,
        info: Info,
        input: Annotated[RescheduleOrderLineInput, strawberry.argument(description="How.")],
    ) -> RescheduleOrderLinePayload:  # type: ignore[valid-type]
        parts = [
            PartWanted(
                each.quantity,
                None
                if each.warehouse_id is None
                else decode_id(each.warehouse_id, "Warehouse", path=("parts", index, "warehouseId")),
                each.requested_on,
            )
            for index, each in enumerate(input.parts)
        ]
        key = decode_id(input.order_line_id, "OrderLine", path=("orderLineId",))
        done = await orders_schedule.reschedule_order_line(info.context, key, input.expected_version, parts)
        return await RescheduleOrderLinePayload.of(info.context, done)
