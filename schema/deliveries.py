"""Deliveries: what left or is about to, whence, by whom carried, and of which lots."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models import deliveries as tables
from models.deliveries_reads import DeliveryLineRow, DeliveryRow
from resolvers import deliveries
from resolvers.context import Context
from resolvers.invoices import invoices_by_delivery
from resolvers.orders import orders_by_id
from resolvers.paging import PageArgs, SortKey
from resolvers.products import products_by_id
from resolvers.stock import warehouses_by_id
from rules.deliveries import DeliveryAction
from rules.states import DeliveryStatus
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.documents import DocumentAddress, DocumentDeliveryTerms, address_of, delivery_terms_of
from schema.enums import DeliveryStatusFilter
from schema.filters import (
    BooleanFilter,
    DateFilter,
    DateTimeFilter,
    IDFilter,
    StringFilter,
    one_key_of,
    where_of,
)
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.orders import Order
from schema.products import Product, Warehouse
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
InvoiceType = Annotated["Invoice", strawberry.lazy("schema.invoices")]  # type: ignore[name-defined]  # noqa: F821
_READ = [access(P.DELIVERIES_READ)]
# Those who look after lots, and the customers to whom they were sent.
_LOTS = [access(P.LOTS_READ, P.ORDERS_PLACE)]


@strawberry.type(description="A lot, or part of one, in a delivery.", directives=_LOTS)
class DeliveryLot:
    lot_number: str = strawberry.field(description="The lot's number.")
    expires_on: date | None = strawberry.field(description="The day it expires; null where it does not.")
    quantity: Decimal = strawberry.field(description="How many of it, in the line's unit.")


@strawberry.type(description="A quantity of an order line in a delivery.", directives=_READ)
class DeliveryLine:
    id: strawberry.ID = strawberry.field(description="The line's id.")
    position: int = strawberry.field(description="Its number within the delivery.")
    order_line_id: strawberry.ID = strawberry.field(description="The order line it serves.")
    sku: str = strawberry.field(description="Our number of the product.")
    customer_item_number: str | None = strawberry.field(description="What the customer called it.")
    description: str = strawberry.field(description="The product's name when it was ordered.")
    unit: str = strawberry.field(description="The unit of its quantities.")
    quantity: Decimal = strawberry.field(description="How many are in the delivery.")
    quantity_invoiced: Decimal = strawberry.field(description="How many of them were invoiced.")
    quantity_returned: Decimal = strawberry.field(description="How many of them came back.")
    row: strawberry.Private[DeliveryLineRow]

    @classmethod
    def of(cls, row: DeliveryLineRow) -> "DeliveryLine":
        return fill(
            cls,
            row,
            id=encode_id("DeliveryLine", row.id),
            order_line_id=encode_id("OrderLine", row.order_line_id),
            unit=row.unit_code,
            row=row,
        )

    @strawberry.field(description="The delivery it is part of.")
    async def delivery(self, info: Info) -> "Delivery":
        row = await info.context.load(deliveries.deliveries_by_id, self.row.delivery_id)
        assert row is not None, "who sees a line sees its delivery"
        return Delivery.of(row)

    @strawberry.field(description="The product as it is now; null where you may not see it any more.",
                      directives=[access(P.CATALOG_READ)])  # fmt: skip
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)

    @strawberry.field(
        description="Its lots, first to expire first; a customer is told them when they have left.",
        directives=[*_LOTS, list_size(2)],
    )
    async def lots(self, info: Info) -> list[DeliveryLot]:
        rows = await info.context.load(deliveries.lots_by_delivery_line, self.row.id)
        return [fill(DeliveryLot, row) for row in rows]

    @strawberry.field(
        description="What a unit cost us on the day it left; null until then.",
        directives=[access(P.COSTS_READ)],
    )
    async def unit_cost(self, info: Info) -> Money | None:
        found = await info.context.load(deliveries.costs_by_delivery_line, self.row.id)
        return None if found is None else Money.of(*found)


@strawberry.type(
    description="One consignment of one order from one warehouse. Shipped, it never changes.",
    directives=_READ,
)
class Delivery(Node):
    status: DeliveryStatus = strawberry.field(description="Its state.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    planned_on: date = strawberry.field(description="The day it is to leave, in the seller's zone.")
    released_at: datetime = strawberry.field(description="When the warehouse was told.")
    picked_at: datetime | None = strawberry.field(
        description="When the warehouse said what it has in hand of it; null until it has."
    )
    shipped_at: datetime | None = strawberry.field(description="When it left; null until it has.")
    cancelled_at: datetime | None = strawberry.field(description="When it was taken back.")
    status_reason: str = strawberry.field(description="Why it was taken back; may be empty.")
    carrier: str = strawberry.field(description="Who carries it; may be empty.")
    tracking_number: str = strawberry.field(description="The carrier's number of it; may be empty.")
    internal_note: str = strawberry.field(
        description="The warehouse's own note; may be empty.",
        directives=[access(P.DELIVERIES_MANAGE, P.NOTES_INTERNAL)],
    )
    order_number: str = strawberry.field(description="The order's number.")
    purchase_order_number: str = strawberry.field(description="The buyer's own number; may be empty.")
    customer_number: str = strawberry.field(description="The customer's number then.")
    customer_name: str = strawberry.field(description="The customer's name then.")
    row: strawberry.Private[DeliveryRow]

    @classmethod
    def of(cls, row: DeliveryRow) -> "Delivery":
        return fill(cls, row, id=encode_id("Delivery", row.id), row=row)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="Where the goods go.")
    def delivery_address(self) -> DocumentAddress:
        return address_of(self.row.delivery_address)

    @strawberry.field(description="How it is delivered.")
    def delivery_terms(self) -> DocumentDeliveryTerms:
        return delivery_terms_of(self.row.delivery_terms)

    @strawberry.field(
        description="Its invoices and credits that you may see, oldest first.",
        directives=[access(P.INVOICES_READ), list_size(10)],
    )
    async def invoices(self, info: Info) -> list[InvoiceType]:
        from schema.invoices import Invoice

        return [Invoice.of(row) for row in await info.context.load(invoices_by_delivery, self.row.id)]

    @strawberry.field(description="The order it is part of.", directives=[access(P.ORDERS_READ)])
    async def order(self, info: Info) -> Order | None:
        row = await info.context.load(orders_by_id, self.row.order_id)
        return None if row is None else Order.of(row)

    @strawberry.field(
        description="Where it leaves from; null where that is not in use any more, and where a supplier delivers.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    async def warehouse(self, info: Info) -> Warehouse | None:
        key = self.row.warehouse_id
        row = None if key is None else await info.context.load(warehouses_by_id, key)
        return None if row is None else Warehouse.of(row)

    @strawberry.field(description="Its lines, by position.", directives=[list_size(20)])
    async def lines(self, info: Info) -> list[DeliveryLine]:
        rows = await info.context.load(deliveries.lines_by_delivery, self.row.id)
        return [DeliveryLine.of(row) for row in rows]

    @strawberry.field(
        description="Where its paper is fetched: a picking list until it has left, then the delivery note;"
        " null where there is none for you."
    )
    def paper_url(self, info: Info) -> str | None:
        if not deliveries.has_paper(info.context, self.row):
            return None
        return f"/documents/deliveries/{encode_id('Delivery', self.row.id)}.pdf"

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(4)]
    )
    def allowed_actions(self, info: Info) -> list[DeliveryAction]:
        return deliveries.delivery_actions(info.context, self.row)


class DeliveryOrderField(StrEnum):
    RELEASED_AT = "RELEASED_AT"
    PLANNED_ON = "PLANNED_ON"
    NUMBER = "NUMBER"


described_enum(
    DeliveryOrderField,
    "What deliveries may be ordered by.",
    {
        "RELEASED_AT": "By the time the warehouse was told.",
        "PLANNED_ON": "By the day they are to leave.",
        "NUMBER": "By number.",
    },
)
_SORTS = {
    DeliveryOrderField.RELEASED_AT: tables.Delivery.released_at,
    DeliveryOrderField.PLANNED_ON: tables.Delivery.planned_on,
    DeliveryOrderField.NUMBER: tables.Delivery.number,
}


@strawberry.input(description="An order of deliveries.", directives=_READ)
class DeliveryOrder:
    field: DeliveryOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.DESC, description="Which way.")


@strawberry.input(description="Conditions on deliveries; all must hold.", directives=_READ)
class DeliveryWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: DeliveryStatusFilter | None = strawberry.field(default=None, description="On the state.")
    order: IDFilter | None = strawberry.field(default=None, description="Of one of these orders.")
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")
    warehouse: IDFilter | None = strawberry.field(
        default=None, description="From one of these warehouses.", directives=[access(P.STOCK_QUANTITY_READ)]
    )
    planned_on: DateFilter | None = strawberry.field(default=None, description="On the day it is to leave.")
    shipped_at: DateTimeFilter | None = strawberry.field(default=None, description="On the time it left.")
    carrier: StringFilter | None = strawberry.field(default=None, description="On the carrier.")
    tracking_number: StringFilter | None = strawberry.field(
        default=None, description="On the carrier's number."
    )
    is_uninvoiced: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it left and something of it is on no invoice or draft.",
        directives=[access(P.INVOICES_READ)],
    )  # fmt: skip
    and_: list["DeliveryWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["DeliveryWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "DeliveryWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(description="Names one delivery.", one_of=True, directives=_READ)
class DeliveryBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


_IDS: dict[str, tuple[str, ...]] = {
    "order": ("Order",),
    "customer": ("Customer",),
    "warehouse": ("Warehouse",),
}


@strawberry.type
class DeliveryQueries:
    @strawberry.field(
        description="The deliveries of the orders you may see, newest first when nothing is said.",
        directives=_READ,
    )
    async def deliveries(
        self,
        info: Info,
        where: Annotated[DeliveryWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Part of its number, the order's, the buyer's or the carrier's number, a SKU or"
                " the customer's name."
            ),
        ] = None,
        order_by: Annotated[
            list[DeliveryOrder] | None,
            strawberry.argument(description="Newest first when nothing is said."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Delivery]:
        asked = order_by or [DeliveryOrder(field=DeliveryOrderField.RELEASED_AT)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", tables.Delivery.id, sort[0].descending))
        page = await deliveries.deliveries(
            info.context, where_of(where, _IDS), search, sort, PageArgs(first, after, last, before)
        )
        return connection(page, Delivery.of)

    @strawberry.field(description="One delivery; null where there is none you may see.", directives=_READ)
    async def delivery(
        self, info: Info, by: Annotated[DeliveryBy, strawberry.argument(description="Which one.")]
    ) -> Delivery | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await deliveries.delivery_by_number(info.context, value)
        else:
            key = try_decode_id(value, "Delivery")
            row = None if key is None else await info.context.load(deliveries.deliveries_by_id, key)
        return None if row is None else Delivery.of(row)


@node_loader("Delivery")
async def _deliveries(ctx: Context, keys: Sequence[UUID]) -> Sequence[Delivery | None]:
    return [None if row is None else Delivery.of(row) for row in await deliveries.deliveries_by_id(ctx, keys)]
