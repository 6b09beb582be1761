"""A warehouse with an outside system: its tasks, their acknowledgement, and what it reports of its own."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.events_reads import EventRow
from models.warehouse_reads import ConsumerRow, TaskDocument
from resolvers import deliveries_picking, stock_counts, warehouse
from resolvers.context import Context
from resolvers.deliveries import deliveries_by_id
from resolvers.deliveries_picking import LinePicked
from resolvers.stock import warehouses_by_id
from resolvers.stock_counts import LineCounted
from resolvers.warehouse import LATE_MINUTES, TaskKey
from rules.documents import DocumentAddress
from rules.lots import LotShare
from schema.access import access, key_required, list_size
from schema.connections import First
from schema.deliveries import Delivery
from schema.deliveries_acts import LotInput
from schema.external_references import ExternalReferenceInput, reference_field, report
from schema.ids import decode_id, encode_id
from schema.payloads import Payload
from schema.rows import fill
from schema.scalars import Position

Info = strawberry.Info[Context, None]
_REPORT = [access(P.WAREHOUSE_REPORT)]
_HANDLE = [access(P.DELIVERIES_MANAGE, P.WAREHOUSE_REPORT)]


@strawberry.type(description="Where the goods of a task go.", directives=_REPORT)
class WarehouseAddress:
    name: str = strawberry.field(description="Whom to ask for.")
    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="Postal code.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="Region; may be empty.")
    country: str = strawberry.field(description="Country, ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(description="Telephone; may be empty.")


@strawberry.type(description="One product of a task, by lot or by day.", directives=_REPORT)
class WarehouseTaskLine:
    line_id: strawberry.ID | None = strawberry.field(
        description="The document's line, which reports name; null where it has none."
    )
    sku: str = strawberry.field(description="Our number of the product.")
    description: str = strawberry.field(description="Its name.")
    unit: str = strawberry.field(description="The unit of the quantities.")
    quantity: Decimal = strawberry.field(
        description="How many: to send, sent, to come, received, lying there (lots), counted, or still open (orders)."
    )
    change: Decimal = strawberry.field(
        description="By how much this event changed what is on hand in the warehouse; their sum is our stock."
    )
    lot_number: str | None = strawberry.field(description="The lot; null where none is tracked or known yet.")
    expires_on: date | None = strawberry.field(description="The day the lot expires, if it does.")
    expected_on: date | None = strawberry.field(description="Of goods to come: the day they are expected.")


@strawberry.type(
    description="An event that concerns a warehouse, with the document as it is now: nothing needs to be asked back.",
    directives=_REPORT,
)
class WarehouseTask:
    event_id: strawberry.ID = strawberry.field(
        description="The event's own id, the same however often it is read."
    )
    position: Position = strawberry.field(
        description="Its place in the log; what it follows has a lower one."
    )
    type: str = strawberry.field(description='What happened, as "delivery.released".')
    version: int = strawberry.field(description="The document's version after it.")
    occurred_at: datetime = strawberry.field(description="When.")
    document_type: str = strawberry.field(
        description="Delivery, PurchaseOrder, PurchaseReceipt, Lot, StockCount or Order."
    )
    document_id: strawberry.ID = strawberry.field(description="The document's global id.")
    document_number: str = strawberry.field(
        description="Its number: of a receipt its purchase order's, of a count its reference, of a lot the lot's."
    )
    document_status: str = strawberry.field(
        description="Its state now. A delivery that is CANCELLED by now needs no picking any more."
    )
    document_version: int | None = strawberry.field(
        description="Its version now, for expectedVersion; null where it never changes."
    )
    partner: str = strawberry.field(description="The customer or supplier; may be empty.")
    order_number: str = strawberry.field(description="The sales order's number; may be empty.")
    planned_on: date | None = strawberry.field(description="The day a delivery is to leave.")
    carrier: str = strawberry.field(description="Who carries a delivery; may be empty.")
    tracking_number: str = strawberry.field(
        description="The carrier's number of a delivery; of a receipt the supplier's delivery note."
    )
    reason: str = strawberry.field(description="Why, where somebody gave a reason; may be empty.")
    address: WarehouseAddress | None = strawberry.field(description="Where a delivery goes.")
    lines: list[WarehouseTaskLine] = strawberry.field(
        description="What of it, by lot or by day.", directives=[list_size(20)]
    )

    @classmethod
    def of(cls, row: EventRow, document: TaskDocument) -> "WarehouseTask":
        assert row.position is not None, "only what is in the log is a task"
        return cls(
            event_id=strawberry.ID(str(row.event_id)), position=Position(row.position), type=row.type,
            version=row.entity_version, occurred_at=row.occurred_at, document_type=row.entity_type,
            document_id=encode_id(row.entity_type, row.entity_id), document_number=document.number,
            document_status=str(document.status), document_version=document.version, partner=document.partner,
            order_number=document.order_number, planned_on=document.planned_on, carrier=document.carrier,
            tracking_number=document.tracking_number, reason=document.reason, address=_address(document.address),
            lines=[
                fill(
                    WarehouseTaskLine, each, unit=each.unit_code,
                    line_id=None if each.line_key is None else encode_id(*each.line_key),
                )
                for each in document.lines
            ],
        )  # fmt: skip


def _address(stored: dict[str, Any] | None) -> WarehouseAddress | None:
    return None if stored is None else fill(WarehouseAddress, DocumentAddress.from_json(stored))


@strawberry.type(description="A stretch of a warehouse's tasks, in the log's order.", directives=_REPORT)
class WarehouseTasks:
    nodes: list[WarehouseTask] = strawberry.field(description="The tasks, oldest first.")
    last_position: Position = strawberry.field(
        description="The position of the last one here; what you gave as `after` where there is none."
    )
    has_next_page: bool = strawberry.field(description="Whether there are more already.")


@strawberry.type(
    description="A program that follows a warehouse's tasks; its first acknowledgement makes it.",
    directives=_HANDLE,
)
class WarehouseConsumer:
    id: strawberry.ID = strawberry.field(description="Its global id.")
    code: str = strawberry.field(description="What it calls itself.")
    acknowledged_to: Position = strawberry.field(
        description="Everything up to this position is acknowledged."
    )
    acknowledged_at: datetime = strawberry.field(description="When it last acknowledged something.")
    ended_at: datetime | None = strawberry.field(
        description="When somebody said that it is not coming back; null while it is at work."
    )
    row: strawberry.Private[ConsumerRow]

    @classmethod
    def of(cls, row: ConsumerRow) -> "WarehouseConsumer":
        return fill(cls, row, id=encode_id("WarehouseConsumer", row.id), row=row)

    @strawberry.field(description="The warehouse's code; null where it is not in use any more.")
    async def warehouse(self, info: Info) -> str | None:
        found = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if found is None else found.code

    @strawberry.field(description="How many tasks it has not acknowledged.")
    async def open_tasks(self, info: Info) -> int:
        found = await info.context.load(warehouse.open_tasks, self.row.id)
        return 0 if found is None else found.waiting

    @strawberry.field(description="Since when the oldest of them waits; null where none does.")
    async def oldest_open_at(self, info: Info) -> datetime | None:
        found = await info.context.load(warehouse.open_tasks, self.row.id)
        return None if found is None else found.oldest_at

    @strawberry.field(description="Whether one of them waits for longer than so many minutes.")
    async def is_late(
        self,
        info: Info,
        after_minutes: Annotated[int, strawberry.argument(description="From 1 to 10,080.")] = LATE_MINUTES,
    ) -> bool:
        found = await info.context.load(warehouse.open_tasks, self.row.id)
        return warehouse.is_late(info.context, None if found is None else found.oldest_at, after_minutes)


@strawberry.type
class WarehouseQueries:
    @strawberry.field(
        description=(
            "What a warehouse is to know and do, in the order in which it happened: deliveries released, picked,"
            " shipped or taken back, goods to come and received, lots blocked or let go, stock counted, orders cut."
            " It is told at least once: acknowledge with acknowledgeEvents what you have dealt with."
        ),
        directives=_REPORT,
    )
    async def warehouse_tasks(
        self,
        info: Info,
        warehouse_id: Annotated[strawberry.ID, strawberry.argument(description="The warehouse.")],
        consumer: Annotated[
            str | None,
            strawberry.argument(description="Leaves out what this consumer has acknowledged."),
        ] = None,
        after: Annotated[
            Position | None, strawberry.argument(description="Only what comes after it; 0 at first.")
        ] = None,
        first: First = None,
    ) -> WarehouseTasks:
        ctx = info.context
        key = decode_id(warehouse_id, "Warehouse", path=("warehouseId",))
        found = await warehouse.list_tasks(ctx, key, consumer, int(after or 0), first)
        keys = [TaskKey(key, row.entity_type, row.entity_id, row.type) for row in found.rows]
        documents = await ctx.loader(warehouse.documents_of_tasks).load_many(keys)
        return WarehouseTasks(
            nodes=[WarehouseTask.of(*each) for each in zip(found.rows, documents, strict=True)],
            last_position=Position(found.last_position),
            has_next_page=found.has_next,
        )

    @strawberry.field(
        description="The programs that follow warehouses, and what they have not acknowledged.",
        directives=[*_HANDLE, list_size(10)],
    )
    async def warehouse_consumers(self, info: Info) -> list[WarehouseConsumer]:
        return [WarehouseConsumer.of(row) for row in await warehouse.list_consumers(info.context)]


@strawberry.input(
    description="Tasks that were dealt with: all up to a position, or single ones. Give either.",
    directives=_REPORT,
)
class AcknowledgeEventsInput:
    warehouse_id: strawberry.ID = strawberry.field(description="The warehouse.")
    consumer: str = strawberry.field(
        description="Who dealt with them: a name of your own, 64 characters. Each has a mark of its own."
    )
    up_to: Position | None = strawberry.field(
        default=None, description="Everything up to this position. An older one than before changes nothing."
    )
    positions: list[Position] | None = strawberry.field(
        default=None, description="The positions of single tasks, 1 to 200, in any order."
    )


@strawberry.input(description="Ends a consumer that is not coming back.", directives=_HANDLE)
class EndWarehouseConsumerInput:
    warehouse_consumer_id: strawberry.ID = strawberry.field(description="The consumer.")


class _ConsumerPayload(Payload):
    entity_type = "WarehouseConsumer"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(warehouse.consumers_by_id, entity_id)
        return cls(consumer=None if row is None else WarehouseConsumer.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of acknowledgeEvents.", directives=_REPORT)
class AcknowledgeEventsPayload(_ConsumerPayload):
    consumer: WarehouseConsumer | None = strawberry.field(
        default=None, description="The consumer with its mark; null when refused."
    )


@strawberry.type(description="Answer of endWarehouseConsumer.", directives=_HANDLE)
class EndWarehouseConsumerPayload(_ConsumerPayload):
    consumer: WarehouseConsumer | None = strawberry.field(
        default=None, description="The consumer; null when refused."
    )


@strawberry.input(description="What is in hand of a delivery line.", directives=_HANDLE)
class PickLineInput:
    delivery_line_id: strawberry.ID = strawberry.field(description="The delivery's line.")
    quantity: Decimal = strawberry.field(description="How many, at most what was released; 0 for none of it.")
    lots: list[LotInput] | None = strawberry.field(
        default=None, description="Of which lots; they sum to the quantity. Needed where lots are tracked."
    )


@strawberry.input(description="What was picked of a delivery.", directives=_HANDLE)
class PickDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    lines: list[PickLineInput] = strawberry.field(
        description="Lines of which fewer pieces or other lots were picked; the others are as planned. 200 at most."
    )
    expected_version: int = strawberry.field(
        description="The delivery's version you saw; a newer one is refused."
    )
    external_reference: ExternalReferenceInput | None = reference_field()


@strawberry.type(description="Answer of pickDelivery.", directives=_HANDLE)
class PickDeliveryPayload(Payload):
    entity_type = "Delivery"
    delivery: Delivery | None = strawberry.field(default=None, description="The delivery; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(deliveries_by_id, entity_id)
        return cls(delivery=None if row is None else Delivery.of(row))


@strawberry.input(description="What was counted of a product, or of one of its lots.", directives=_HANDLE)
class CountLineInput:
    sku: str = strawberry.field(description="The product, by our number or its barcode.")
    quantity: Decimal = strawberry.field(
        description="All that lies there, in the product's own unit; not a difference."
    )
    lot_number: str = strawberry.field(
        default="", description="The lot; needed where lots are tracked, 64 characters."
    )
    expires_on: date | None = strawberry.field(
        default=None, description="The day it expires, for a lot that we do not know."
    )


@strawberry.input(description="What was counted in a warehouse; what is not named stays.", directives=_HANDLE)
class CountStockInput:
    warehouse_id: strawberry.ID = strawberry.field(description="The warehouse.")
    lines: list[CountLineInput] = strawberry.field(description="The figures, 1 to 200.")
    external_reference: ExternalReferenceInput | None = reference_field()


@strawberry.type(description="Answer of countStock.", directives=_HANDLE)
class CountStockPayload(Payload):
    entity_type = "StockCount"
    stock_count_id: strawberry.ID | None = strawberry.field(
        default=None, description="The count's global id, as the task names it; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:  # noqa: ARG003 - as every payload's
        return cls(stock_count_id=encode_id("StockCount", entity_id))


@strawberry.type
class WarehouseMutations:
    @strawberry.mutation(
        description="Says which tasks of a warehouse were dealt with. Twice is as good as once.",
        directives=_REPORT,
    )
    async def acknowledge_events(
        self, info: Info, input: Annotated[AcknowledgeEventsInput, strawberry.argument(description="Which.")]
    ) -> AcknowledgeEventsPayload:
        done = await warehouse.acknowledge(
            info.context,
            decode_id(input.warehouse_id, "Warehouse", path=("warehouseId",)),
            input.consumer,
            None if input.up_to is None else int(input.up_to),
            None if input.positions is None else [int(each) for each in input.positions],
        )
        return await AcknowledgeEventsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Ends a consumer, so that nobody waits for it; acknowledging again, it goes on from its mark.",
        directives=_HANDLE,
    )
    async def end_warehouse_consumer(
        self,
        info: Info,
        input: Annotated[EndWarehouseConsumerInput, strawberry.argument(description="Which.")],
    ) -> EndWarehouseConsumerPayload:
        key = decode_id(input.warehouse_consumer_id, "WarehouseConsumer", path=("warehouseConsumerId",))
        done = await warehouse.end_consumer(info.context, key)
        return await EndWarehouseConsumerPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts what was picked in the place of what was planned: fewer pieces or other lots. What was not"
        " found stays reserved for the order. It may be said again until the delivery leaves.",
        directives=[*_HANDLE, key_required()],
    )
    async def pick_delivery(
        self, info: Info, input: Annotated[PickDeliveryInput, strawberry.argument(description="What.")]
    ) -> PickDeliveryPayload:
        delivery_id = decode_id(input.delivery_id, "Delivery", path=("deliveryId",))
        lines = [
            LinePicked(
                decode_id(each.delivery_line_id, "DeliveryLine", path=("lines", index, "deliveryLineId")),
                each.quantity,
                [LotShare(lot.number, lot.quantity) for lot in each.lots or ()],
            )
            for index, each in enumerate(input.lines)
        ]

        async def work() -> UUID:
            return await deliveries_picking.pick_delivery(
                info.context, delivery_id, input.expected_version, lines
            )

        done = await report(info.context, "pickDelivery", input, work)
        return await PickDeliveryPayload.of(info.context, done)

    @strawberry.mutation(
        description="Brings stock to what was counted. Fewer than orders have reserved, or deliveries hold of a lot,"
        " is refused: take those back first.",
        directives=[*_HANDLE, key_required()],
    )
    async def count_stock(
        self, info: Info, input: Annotated[CountStockInput, strawberry.argument(description="What.")]
    ) -> CountStockPayload:
        warehouse_id = decode_id(input.warehouse_id, "Warehouse", path=("warehouseId",))
        lines = [
            LineCounted(each.sku, each.quantity, each.lot_number, each.expires_on) for each in input.lines
        ]
        reference = "" if input.external_reference is None else input.external_reference.value

        async def work() -> UUID:
            return await stock_counts.count_stock(info.context, warehouse_id, lines, reference)

        done = await report(info.context, "countStock", input, work)
        return await CountStockPayload.of(info.context, done)
