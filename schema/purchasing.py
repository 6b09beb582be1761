"""Purchase orders: what was ordered from suppliers, when it comes, what it is meant for; and what should be bought."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models import purchasing as tables
from models.purchasing_reads import PegRow, PurchaseOrderLineRow, PurchaseOrderRow, ReceiptRow, ShortRow
from resolvers import purchasing, suppliers
from resolvers.context import Context
from resolvers.orders import lines_by_id, orders_by_id
from resolvers.paging import PageArgs, SortKey
from resolvers.products import products_by_id
from resolvers.stock import warehouses_by_id
from rules.purchasing import PurchaseAction
from rules.states import PurchaseOrderStatus
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.documents import DocumentAddress, address_of
from schema.enums import PurchaseOrderStatusFilter
from schema.filters import BooleanFilter, DateFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, decode_id, encode_id, node_loader, try_decode_id
from schema.orders import Order, OrderLine
from schema.products import Product, Warehouse
from schema.rows import fill
from schema.scalars import Money
from schema.suppliers import Supplier, SupplierProduct

Info = strawberry.Info[Context, None]
_READ = [access(P.PURCHASING_READ)]


async def _order(info: Info, key: UUID) -> Order | None:
    row = await info.context.load(orders_by_id, key)
    return None if row is None else Order.of(row)


async def _order_line(info: Info, key: UUID, order_id: UUID) -> OrderLine | None:
    row = await info.context.load(lines_by_id, key)
    order = await info.context.load(orders_by_id, order_id)
    return None if row is None or order is None else OrderLine.of(row, order.currency)


@strawberry.type(
    description="A quantity of a purchase line that is meant for a sales line, and still to come: both sides of it.",
    directives=_READ,
)
class PurchasePeg:
    quantity: Decimal = strawberry.field(description="How many are still to come for it.")
    requested_on: date | None = strawberry.field(description="The day of receipt the buyer asked for.")
    promised_on: date | None = strawberry.field(
        description="The day of receipt that stands on the sales line now; null while none was promised."
    )
    row: strawberry.Private[PegRow]

    @classmethod
    def of(cls, row: PegRow) -> "PurchasePeg":
        return cls(
            quantity=row.quantity - row.quantity_used, requested_on=row.requested_on,
            promised_on=row.confirmed_on, row=row,
        )  # fmt: skip

    @strawberry.field(
        description="The day it is there by the supplier's word: with the customer where the supplier delivers, else in"
        " our warehouse, from where handling and transport lead to `promisedOn`; null while the supplier said nothing."
    )
    async def confirmed_receipt_on(self, info: Info) -> date | None:
        found = await purchasing.promise_of(info.context, self.row)
        return None if found is None else found.receipt_on

    @strawberry.field(
        description="The day it leaves the supplier for the customer, else the day it is in our warehouse; null while"
        " the supplier said nothing."
    )
    async def confirmed_ship_on(self, info: Info) -> date | None:
        found = await purchasing.promise_of(info.context, self.row)
        return None if found is None else found.ship_on

    @strawberry.field(description="The order it is meant for.", directives=[access(P.ORDERS_READ)])
    async def order(self, info: Info) -> Order | None:
        return await _order(info, self.row.order_id)

    @strawberry.field(description="The order's line.", directives=[access(P.ORDERS_READ)])
    async def order_line(self, info: Info) -> OrderLine | None:
        return await _order_line(info, self.row.order_line_id, self.row.order_id)

    @strawberry.field(description="The purchase order it comes with.")
    async def purchase_order(self, info: Info) -> "PurchaseOrder | None":
        row = await info.context.load(purchasing.purchase_orders_by_id, self.row.purchase_order_id)
        return None if row is None else PurchaseOrder.of(row)


@strawberry.type(description="When how much of a purchase line comes.", directives=_READ)
class PurchaseScheduleLine:
    quantity: Decimal = strawberry.field(description="How many.")
    quantity_received: Decimal = strawberry.field(description="How many of them came.")
    requested_on: date = strawberry.field(description="The day we asked for.")
    confirmed_on: date | None = strawberry.field(
        description="The day the supplier says; null while it said nothing."
    )


@strawberry.type(description="A product of a purchase order, in the product's own unit.", directives=_READ)
class PurchaseOrderLine:
    id: strawberry.ID = strawberry.field(description="The line's id, for acts.")
    position: int = strawberry.field(description="Its number within the order.")
    sku: str = strawberry.field(description="Our number of the product.")
    supplier_sku: str = strawberry.field(description="The supplier's number of it; may be empty.")
    description: str = strawberry.field(description="The product's name then.")
    unit: str = strawberry.field(description="The unit of its quantities.")
    quantity_ordered: Decimal = strawberry.field(description="How many were ordered.")
    quantity_receivable: Decimal = strawberry.field(
        description="The most that is taken in: what was ordered and the supplier's tolerance."
    )
    quantity_received: Decimal = strawberry.field(description="How many came.")
    quantity_cancelled: Decimal = strawberry.field(description="How many will never come.")
    quantity_open: Decimal = strawberry.field(description="How many are still to come.")
    quantity_pegged: Decimal = strawberry.field(
        description="How many of those are meant for sales lines, yours to see or not."
    )
    row: strawberry.Private[PurchaseOrderLineRow]

    @classmethod
    def of(cls, row: PurchaseOrderLineRow) -> "PurchaseOrderLine":
        return fill(
            cls, row, id=encode_id("PurchaseOrderLine", row.id), unit=row.unit_code, quantity_open=row.open, row=row
        )  # fmt: skip

    @strawberry.field(
        description="What a unit costs; null where nobody said.", directives=[access(P.COSTS_READ)]
    )
    async def unit_price(self, info: Info) -> Money | None:
        order = await info.context.load(purchasing.purchase_orders_by_id, self.row.purchase_order_id)
        price = self.row.unit_price
        return None if price is None or order is None else Money.of(price, order.currency)

    @strawberry.field(
        description="The product as it is now; null where you may not see it any more.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)

    @strawberry.field(description="When its parts come, the earliest first.", directives=[list_size(5)])
    async def schedule_lines(self, info: Info) -> list[PurchaseScheduleLine]:
        rows = await info.context.load(purchasing.schedule_by_purchase_line, self.row.id)
        return [fill(PurchaseScheduleLine, row) for row in rows]

    @strawberry.field(
        description="Which sales lines it is meant for, the first served first; those you may see.",
        directives=[list_size(5)],
    )
    async def pegs(self, info: Info) -> list[PurchasePeg]:
        rows = await info.context.load(purchasing.pegs_by_purchase_line, self.row.id)
        return [PurchasePeg.of(row) for row in rows]


@strawberry.type(description="A quantity of a purchase line that came.", directives=_READ)
class PurchaseReceiptLine:
    sku: str = strawberry.field(description="Our number of the product.")
    quantity: Decimal = strawberry.field(description="How many came.")
    lot_number: str = strawberry.field(
        description="Their lot; empty where none is tracked.", directives=[access(P.LOTS_READ)]
    )
    expires_on: date | None = strawberry.field(
        description="The day the lot expires; null where it does not.", directives=[access(P.LOTS_READ)]
    )


@strawberry.type(
    description="A consignment of a supplier, as it was taken in; it never changes.", directives=_READ
)
class PurchaseReceipt:
    received_at: datetime = strawberry.field(description="When it was taken in.")
    delivery_note: str = strawberry.field(description="The supplier's number of it; may be empty.")
    row: strawberry.Private[ReceiptRow]

    @strawberry.field(description="What came.", directives=[list_size(20)])
    async def lines(self, info: Info) -> list[PurchaseReceiptLine]:
        rows = await info.context.load(purchasing.lines_by_receipt, self.row.id)
        lines = await info.context.load(purchasing.lines_by_purchase_order, self.row.purchase_order_id)
        skus = {line.id: line.sku for line in lines}
        return [fill(PurchaseReceiptLine, row, sku=skus[row.purchase_order_line_id]) for row in rows]


@strawberry.type(
    description="What we order from a supplier: for a warehouse, or straight to a customer.", directives=_READ
)
class PurchaseOrder(Node):
    status: PurchaseOrderStatus = strawberry.field(description="Its state.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    requested_on: date = strawberry.field(description="The earliest day we asked for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    sent_at: datetime | None = strawberry.field(description="When it went to the supplier.")
    confirmed_at: datetime | None = strawberry.field(description="When the supplier last answered.")
    ended_at: datetime | None = strawberry.field(description="When nothing of it was to come any more.")
    status_reason: str = strawberry.field(description="Why it was called off; may be empty.")
    supplier_reference: str = strawberry.field(description="The supplier's own number of it; may be empty.")
    note: str = strawberry.field(description="What we tell the supplier; may be empty.")
    supplier_code: str = strawberry.field(description="The supplier's code then.")
    supplier_name: str = strawberry.field(description="The supplier's name then.")
    currency: str = strawberry.field(description="The currency of its prices.")
    is_direct: bool = strawberry.field(description="Whether the supplier delivers to the customer.")
    row: strawberry.Private[PurchaseOrderRow]

    @classmethod
    def of(cls, row: PurchaseOrderRow) -> "PurchaseOrder":
        is_direct = row.sales_order_id is not None
        return fill(cls, row, id=encode_id("PurchaseOrder", row.id), is_direct=is_direct, row=row)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="Where the goods go.")
    def delivery_address(self) -> DocumentAddress:
        return address_of(self.row.delivery_address)

    @strawberry.field(description="The supplier as it is now.")
    async def supplier(self, info: Info) -> Supplier | None:
        row = await info.context.load(suppliers.suppliers_by_id, self.row.supplier_id)
        return None if row is None else Supplier.of(row)

    @strawberry.field(
        description="Which warehouse it is for; null for a direct delivery.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    async def warehouse(self, info: Info) -> Warehouse | None:
        key = self.row.warehouse_id
        row = None if key is None else await info.context.load(warehouses_by_id, key)
        return None if row is None else Warehouse.of(row)

    @strawberry.field(
        description="The order that it is delivered for straight; null where it goes to a warehouse.",
        directives=[access(P.ORDERS_READ)],
    )
    async def sales_order(self, info: Info) -> Order | None:
        key = self.row.sales_order_id
        return None if key is None else await _order(info, key)

    @strawberry.field(description="Its lines, by position.", directives=[list_size(20)])
    async def lines(self, info: Info) -> list[PurchaseOrderLine]:
        rows = await info.context.load(purchasing.lines_by_purchase_order, self.row.id)
        return [PurchaseOrderLine.of(row) for row in rows]

    @strawberry.field(description="What came of it, oldest first.", directives=[list_size(5)])
    async def receipts(self, info: Info) -> list[PurchaseReceipt]:
        rows = await info.context.load(purchasing.receipts_by_purchase_order, self.row.id)
        return [fill(PurchaseReceipt, row, row=row) for row in rows]

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(5)]
    )
    async def allowed_actions(self, info: Info) -> list[PurchaseAction]:
        return await purchasing.purchase_order_actions(info.context, self.row)


@strawberry.type(description="What an order line lacks.", directives=_READ)
class ProposedPeg:
    quantity: Decimal = strawberry.field(description="How many it lacks.")
    needed_on: date | None = strawberry.field(description="The day they are needed; null: nobody said.")
    row: strawberry.Private[ShortRow]

    @strawberry.field(description="The order.", directives=[access(P.ORDERS_READ)])
    async def order(self, info: Info) -> Order | None:
        return await _order(info, self.row.order_id)

    @strawberry.field(description="The order's line.", directives=[access(P.ORDERS_READ)])
    async def order_line(self, info: Info) -> OrderLine | None:
        return await _order_line(info, self.row.order_line_id, self.row.order_id)


@strawberry.type(
    description="A purchase line that would cover what orders lack; nothing is stored of it.",
    directives=_READ,
)
class PurchaseProposal:
    quantity: Decimal = strawberry.field(
        description="How many to order: what is lacking, rounded to what the supplier sells."
    )
    needed_on: date = strawberry.field(description="The day the first of them is needed.")
    order_by: date = strawberry.field(
        description="The last day to order them in time; today, where that has passed."
    )
    expected_on: date = strawberry.field(description="The day they would come, ordered by then.")
    is_late: bool = strawberry.field(description="Whether they would come after they are needed.")
    row: strawberry.Private[purchasing.ProposalRow]

    @classmethod
    def of(cls, row: purchasing.ProposalRow) -> "PurchaseProposal":
        made = row.proposal
        return cls(
            quantity=made.quantity, needed_on=row.needed_on, order_by=made.order_on,
            expected_on=made.receipt_on, is_late=made.is_late, row=row,
        )  # fmt: skip

    @strawberry.field(description="The supplier.")
    async def supplier(self, info: Info) -> Supplier:
        row = await info.context.load(suppliers.suppliers_by_id, self.row.offer.supplier_id)
        assert row is not None, "who sees an offer sees its supplier"
        return Supplier.of(row)

    @strawberry.field(description="What the supplier sells.")
    def offer(self) -> SupplierProduct:
        return SupplierProduct.of(self.row.offer)

    @strawberry.field(
        description="The order lines it is for, those needed first ahead.", directives=[list_size(5)]
    )
    def pegs(self) -> list[ProposedPeg]:
        return [ProposedPeg(quantity=part, needed_on=row.needed_on, row=row) for row, part in self.row.pegs]


class PurchaseOrderOrderField(StrEnum):
    CREATED_AT = "CREATED_AT"
    REQUESTED_ON = "REQUESTED_ON"
    NUMBER = "NUMBER"


described_enum(
    PurchaseOrderOrderField,
    "What purchase orders may be ordered by.",
    {
        "CREATED_AT": "By the time they were made.",
        "REQUESTED_ON": "By the earliest day asked for.",
        "NUMBER": "By number.",
    },
)
_SORTS = {
    PurchaseOrderOrderField.CREATED_AT: tables.PurchaseOrder.created_at,
    PurchaseOrderOrderField.REQUESTED_ON: tables.PurchaseOrder.requested_on,
    PurchaseOrderOrderField.NUMBER: tables.PurchaseOrder.number,
}


@strawberry.input(description="An order of purchase orders.", directives=_READ)
class PurchaseOrderOrder:
    field: PurchaseOrderOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.DESC, description="Which way.")


@strawberry.input(description="Conditions on purchase orders; all must hold.", directives=_READ)
class PurchaseOrderWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: PurchaseOrderStatusFilter | None = strawberry.field(default=None, description="On the state.")
    supplier: IDFilter | None = strawberry.field(default=None, description="Of one of these suppliers.")
    warehouse: IDFilter | None = strawberry.field(
        default=None, description="For one of these warehouses.", directives=[access(P.STOCK_QUANTITY_READ)]
    )
    sales_order: IDFilter | None = strawberry.field(
        default=None, description="Delivered straight for one of these orders."
    )
    requested_on: DateFilter | None = strawberry.field(default=None, description="On the day asked for.")
    is_open: BooleanFilter | None = strawberry.field(
        default=None, description="Whether something of it is still to come."
    )
    is_late: BooleanFilter | None = strawberry.field(
        default=None, description="Whether something should have come by now."
    )
    is_direct: BooleanFilter | None = strawberry.field(
        default=None, description="Whether the supplier delivers to the customer."
    )
    and_: list["PurchaseOrderWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["PurchaseOrderWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "PurchaseOrderWhere | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )


@strawberry.input(description="Names one purchase order.", one_of=True, directives=_READ)
class PurchaseOrderBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


_IDS: dict[str, tuple[str, ...]] = {
    "supplier": ("Supplier",),
    "warehouse": ("Warehouse",),
    "sales_order": ("Order",),
}


@strawberry.type
class PurchasingQueries:
    @strawberry.field(description="Purchase orders, newest first when nothing is said.", directives=_READ)
    async def purchase_orders(
        self,
        info: Info,
        where: Annotated[PurchaseOrderWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Part of its number, the supplier's number, code or name, or of a SKU."
            ),
        ] = None,
        order_by: Annotated[
            list[PurchaseOrderOrder] | None,
            strawberry.argument(description="Newest first when nothing is said."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PurchaseOrder]:
        asked = order_by or [PurchaseOrderOrder(field=PurchaseOrderOrderField.CREATED_AT)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", tables.PurchaseOrder.id, sort[0].descending))
        page = await purchasing.purchase_orders(
            info.context, where_of(where, _IDS), search, sort, PageArgs(first, after, last, before)
        )
        return connection(page, PurchaseOrder.of)

    @strawberry.field(
        description="One purchase order; null where there is none you may see.", directives=_READ
    )
    async def purchase_order(
        self, info: Info, by: Annotated[PurchaseOrderBy, strawberry.argument(description="Which one.")]
    ) -> PurchaseOrder | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await purchasing.purchase_order_by_number(info.context, value)
        else:
            key = try_decode_id(value, "PurchaseOrder")
            row = None if key is None else await info.context.load(purchasing.purchase_orders_by_id, key)
        return None if row is None else PurchaseOrder.of(row)

    @strawberry.field(
        description="What should be bought: what open orders lack and nothing on its way covers, by product, from"
        " the preferred source, else the cheapest, else the fastest. At most 200.",
        directives=[*_READ, list_size(20)],
    )
    async def purchase_proposals(
        self,
        info: Info,
        supplier_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="From this supplier only.")
        ] = None,
    ) -> list[PurchaseProposal]:
        key = None if supplier_id is None else decode_id(supplier_id, "Supplier", path=("supplierId",))
        return [PurchaseProposal.of(row) for row in await purchasing.purchase_proposals(info.context, key)]


@node_loader("PurchaseOrder")
async def load_purchase_orders(ctx: Context, keys: Sequence[UUID]) -> Sequence[PurchaseOrder | None]:
    rows = await purchasing.purchase_orders_by_id(ctx, keys)
    return [None if row is None else PurchaseOrder.of(row) for row in rows]
