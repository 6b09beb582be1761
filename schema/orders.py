"""Orders: what was ordered, at which prices and terms, and the past."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.orders import SalesOrder
from models.orders_reads import OrderLineRow, OrderRow, SalesHistoryRow, ScheduleLineRow
from resolvers import deliveries, orders, orders_lots, purchasing, sales_agreements
from resolvers.approvals import approvals_by_order
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.invoices import invoices_by_order
from resolvers.paging import PageArgs, SortKey
from resolvers.products import products_by_id
from resolvers.quotes import quotes_by_order
from resolvers.stock import warehouses_by_id
from rules.money import ZERO, TaxGroup
from rules.pricing_trace import PriceStep as Step
from rules.states import HoldReason, LineKind, LotSelection, OrderStatus, SaleKind
from rules.transitions import FulfilmentState, OrderAction, fulfilment
from schema.access import access, described_enum, list_size
from schema.approvals import ApprovalRequest
from schema.carts import TaxTotal, Totals
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.customers import Customer
from schema.documents import (
    DocumentAddress,
    DocumentDeliveryTerms,
    DocumentPaymentTerms,
    address_of,
    delivery_terms_of,
    payment_terms_of,
)
from schema.enums import OrderStatusFilter
from schema.filters import (
    BooleanFilter,
    DateFilter,
    DateTimeFilter,
    IDFilter,
    MoneyFilter,
    StringFilter,
    one_key_of,
    where_of,
)
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.prices import TRACE, PriceStep, steps_of
from schema.products import Product, Warehouse, products_of
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
InvoiceType = Annotated["Invoice", strawberry.lazy("schema.invoices")]  # type: ignore[name-defined]  # noqa: F821
DeliveryType = Annotated["Delivery", strawberry.lazy("schema.deliveries")]  # type: ignore[name-defined]  # noqa: F821
PurchasePegType = Annotated["PurchasePeg", strawberry.lazy("schema.purchasing")]  # type: ignore[name-defined]  # noqa: F821
RequestedLotType = Annotated["RequestedLot", strawberry.lazy("schema.lots_by_customer")]  # type: ignore[name-defined]  # noqa: F821
DeliveryLineType = Annotated["DeliveryLine", strawberry.lazy("schema.deliveries")]  # type: ignore[name-defined]  # noqa: F821
AgreementLineType = Annotated["AgreementLine", strawberry.lazy("schema.sales_agreements")]  # type: ignore[name-defined]  # noqa: F821
QuoteType = Annotated["Quote", strawberry.lazy("schema.quotes")]  # type: ignore[name-defined]  # noqa: F821
SalesAgreementType = Annotated["SalesAgreement", strawberry.lazy("schema.sales_agreements")]  # type: ignore[name-defined]  # noqa: F821
_READ = [access(P.ORDERS_READ)]
_DELIVERED = [access(P.DELIVERIES_READ)]
_PRICED = [access(P.PRICES_READ)]


@strawberry.type(description="When, whence and how much of a line.", directives=_READ)
class ScheduleLine:
    position: int = strawberry.field(description="Its number within the line.")
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    requested_on: date | None = strawberry.field(description="The day of receipt asked for.")
    confirmed_on: date | None = strawberry.field(
        description="The day of receipt promised; null while nobody knows one. It moves only when it cannot be kept."
    )
    first_confirmed_on: date | None = strawberry.field(
        description="The day of receipt promised first; another one than `confirmedOn` where that had to move."
    )
    ship_on: date | None = strawberry.field(
        description="The day it is to leave for that; null without a promise."
    )
    row: strawberry.Private[ScheduleLineRow]

    @strawberry.field(
        description="Where it is reserved; null while it waits for goods.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = (
            None
            if self.row.warehouse_id is None
            else await info.context.load(warehouses_by_id, self.row.warehouse_id)
        )
        return None if row is None else Warehouse.of(row)


@strawberry.type(
    description="A line of an order; prices, names and rates are those of the day it was placed.",
    directives=_READ,
)
class OrderLine:
    id: strawberry.ID = strawberry.field(description="The line's id, for acts.")
    position: int = strawberry.field(description="Its number within the order.")
    kind: LineKind = strawberry.field(description="What it is for.")
    is_free: bool = strawberry.field(
        description="Goods without charge: their list price is taken off in whole."
    )
    sku: str = strawberry.field(description="Our number of the product.")
    customer_item_number: str | None = strawberry.field(description="What the customer called it.")
    description: str = strawberry.field(description="The product's name then.")
    unit: str = strawberry.field(description="The unit of all its quantities.")
    quantity_ordered: Decimal = strawberry.field(description="How many were ordered.")
    quantity_reserved: Decimal = strawberry.field(description="How many are held in a warehouse.")
    quantity_backordered: Decimal = strawberry.field(description="How many wait for goods, or for a release.")
    quantity_shipped: Decimal = strawberry.field(description="How many left.")
    quantity_cancelled: Decimal = strawberry.field(description="How many were called off.")
    price_unit: Decimal = strawberry.field(description="How many units a price is for.", directives=_PRICED)
    manual_price_reason: str = strawberry.field(
        description="Why a price was set by hand; empty where none was.", directives=[access(P.STAFF)]
    )
    discount_percent: Decimal = strawberry.field(
        description="A manual discount, in percent.", directives=_PRICED
    )
    tax_category: str = strawberry.field(
        description="The letter of the tax category, UNTDID 5305: S is taxed.", directives=_PRICED
    )
    tax_percent: Decimal = strawberry.field(description="The rate then, in percent.", directives=_PRICED)
    lot_selection: LotSelection | None = strawberry.field(
        description="Of how many lots it leaves at one time; null: as its customer takes them.",
        directives=[access(P.LOTS_READ, P.ORDERS_MANAGE)],
    )
    row: strawberry.Private[OrderLineRow]

    currency: strawberry.Private[str]

    @classmethod
    def of(cls, row: OrderLineRow, currency: str) -> "OrderLine":
        return fill(
            cls,
            row,
            id=encode_id("OrderLine", row.id),
            unit=row.unit_code,
            quantity_backordered=row.quantity_backordered,
            row=row,
            currency=currency,
        )

    @strawberry.field(
        description="The line that brought these goods without charge, or that a charge follows; null for others."
    )
    def parent_line_id(self) -> strawberry.ID | None:
        key = self.row.parent_line_id
        return None if key is None else encode_id("OrderLine", key)

    @strawberry.field(
        description="A price set by hand in the list price's place, of `priceUnit` units; null where none was.",
        directives=_PRICED,
    )
    def manual_unit_price(self) -> Money | None:
        price = self.row.manual_unit_price
        return None if price is None else Money.of(price, self.currency)

    @strawberry.field(description="List price of `priceUnit` units.", directives=_PRICED)
    def list_unit_price(self) -> Money:
        return Money.of(self.row.list_unit_price, self.currency)

    @strawberry.field(description="Net price of `priceUnit` units.", directives=_PRICED)
    def unit_price(self) -> Money:
        return Money.of(self.row.unit_price, self.currency)

    @strawberry.field(description="Before tax.", directives=_PRICED)
    def net_amount(self) -> Money:
        return Money.of(self.row.net_amount, self.currency)

    @strawberry.field(description="Its share of its rate's tax.", directives=_PRICED)
    def tax_amount(self) -> Money:
        return Money.of(self.row.tax_amount, self.currency)

    @strawberry.field(description="Net and tax.", directives=_PRICED)
    def gross_amount(self) -> Money:
        return Money.of(self.row.gross_amount, self.currency)

    @strawberry.field(description=TRACE, directives=[*_PRICED, list_size(5)])
    def price_trace(self, info: Info) -> list[PriceStep]:
        steps = [Step.from_json(step) for step in self.row.price_trace]
        return steps_of(info.context, steps, self.currency)

    @strawberry.field(
        description="The number of the sales agreement that it counts towards; empty where it is none."
    )
    async def agreement_number(self, info: Info) -> str:
        key = self.row.commitment_id
        return "" if key is None else await info.context.load(sales_agreements.numbers_by_line, key)

    @strawberry.field(
        description="The line of the agreement that it counts towards; null where it is none, or not yours to read.",
        directives=[access(P.AGREEMENTS_READ)],
    )
    async def agreement_line(self, info: Info) -> AgreementLineType | None:
        from schema.sales_agreements import AgreementLine

        key = self.row.commitment_id
        found = None if key is None else await info.context.load(sales_agreements.lines_with_currency, key)
        return None if found is None else AgreementLine.of(*found)

    @strawberry.field(description="The product as it is now; null where you may not see it any more.",
                      directives=[access(P.CATALOG_READ)])  # fmt: skip
    def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        return None if key is None else info.context.soon(products_of, key)

    @strawberry.field(description="When and whence its parts come.", directives=[list_size(5)])
    async def schedule_lines(self, info: Info) -> list[ScheduleLine]:
        rows = await info.context.load(orders.schedule_by_line, self.row.id)
        return [fill(ScheduleLine, row, row=row) for row in rows]

    @strawberry.field(
        description="Which deliveries took how many of it, oldest first; cancelled ones too.",
        directives=[*_DELIVERED, list_size(5)],
    )
    async def deliveries(self, info: Info) -> list[DeliveryLineType]:
        from schema.deliveries import DeliveryLine

        rows = await info.context.load(deliveries.lines_by_order_line, self.row.id)
        return [DeliveryLine.of(row) for row in rows]

    @strawberry.field(
        description="The lots that its customer asked for, in the order in which they leave.",
        directives=[access(P.LOTS_READ, P.ORDERS_MANAGE), list_size(2)],
    )
    async def requested_lots(self, info: Info) -> list[RequestedLotType]:
        from schema.lots_by_customer import RequestedLot

        rows = await info.context.load(orders_lots.requested_by_line, self.row.id)
        return [RequestedLot.of(row) for row in rows]

    @strawberry.field(
        description="What suppliers are still to send for it.",
        directives=[access(P.PURCHASING_READ), list_size(2)],
    )
    async def pegs(self, info: Info) -> list[PurchasePegType]:
        from schema.purchasing import PurchasePeg

        rows = await info.context.load(purchasing.pegs_by_order_line, self.row.id)
        return [PurchasePeg.of(row) for row in rows]

    @strawberry.field(
        description="What a unit cost us when it was priced.", directives=[access(P.COSTS_READ)]
    )
    async def unit_cost(self, info: Info) -> Money | None:
        found = await info.context.load(orders.costs_by_line, self.row.id)
        return None if found is None else Money.of(*found)


@strawberry.type(
    description="A quantity of a line that may go to a warehouse now.",
    directives=[access(P.DELIVERIES_MANAGE)],
)
class ReleasableQuantity:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    sku: str = strawberry.field(description="Our number of the product.")
    description: str = strawberry.field(description="The product's name then.")
    unit: str = strawberry.field(description="The unit of the quantity.")
    quantity: Decimal = strawberry.field(
        description="What is reserved there and in no delivery yet; what is open of a service."
    )
    due_on: date | None = strawberry.field(description="The day of receipt confirmed, or else asked for.")
    warehouse_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Where it is reserved; null for a service, which leaves with any delivery.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = (
            None
            if self.warehouse_id is None
            else await info.context.load(warehouses_by_id, self.warehouse_id)
        )
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="Something that happened to an order.", directives=_READ)
class OrderEvent:
    action: str = strawberry.field(description='What, as "order.confirmed".')
    occurred_at: datetime = strawberry.field(description="When.")
    reason: str = strawberry.field(description="The reason that was given; may be empty.")
    row: strawberry.Private[orders.OrderEventRow]

    @strawberry.field(
        description="Who did it; null for colleagues whose names you may not read.",
        directives=[access(P.STAFF)],
    )
    async def actor_name(self, info: Info) -> str | None:
        return await info.context.load(orders.names_by_id, self.row.actor_id)

    @strawberry.field(
        description="On whose behalf: a person at the customer, or the customer; null for one's own acts.",
        directives=[access(P.STAFF)],
    )
    async def subject_name(self, info: Info) -> str | None:
        subject_id = self.row.subject_id
        return None if subject_id is None else await info.context.load(orders.names_by_id, subject_id)


@strawberry.type(description="A sales order. What it copied never changes.", directives=_READ)
class Order(Node):
    status: OrderStatus = strawberry.field(description="Its state.")
    is_on_hold: bool = strawberry.field(description="Whether it waits; nothing is reserved meanwhile.")
    status_reason: str = strawberry.field(description="Why it was refused, cancelled or held; may be empty.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    placed_by_name: str = strawberry.field(description="Who placed it.")
    is_on_behalf: bool = strawberry.field(
        description="Whether one of the seller's people placed it in the customer's place."
    )
    on_behalf_of_name: str = strawberry.field(
        description="The person there it was placed for; empty for the customer as such, and for other orders."
    )
    on_behalf_reason: str = strawberry.field(
        description="Why it was placed in the customer's place; empty for other orders.",
        directives=[access(P.STAFF)],
    )
    confirmed_at: datetime | None = strawberry.field(description="When it was confirmed.")
    ended_at: datetime | None = strawberry.field(description="When it was closed, refused or cancelled.")
    purchase_order_number: str = strawberry.field(description="The buyer's own number; may be empty.")
    note: str = strawberry.field(description="The buyer's note; may be empty.")
    requested_on: date | None = strawberry.field(
        description="The day of receipt asked for; lines may say another."
    )
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts.")
    exchange_rate: Decimal = strawberry.field(
        description="One unit of it in the seller's base currency then."
    )
    exchange_rate_on: date = strawberry.field(description="The day of that rate.")
    seller_name: str = strawberry.field(description="The seller's name then.")
    seller_tax_id: str = strawberry.field(description="The seller's tax id then.")
    customer_number: str = strawberry.field(description="The customer's number then.")
    customer_name: str = strawberry.field(description="The customer's name then.")
    customer_tax_id: str | None = strawberry.field(
        description="Its tax id then.", directives=[access(P.TAX_ID_READ)]
    )
    sales_rep_name: str = strawberry.field(description="The rep's name then; may be empty.")
    row: strawberry.Private[OrderRow]

    @classmethod
    def of(cls, row: OrderRow) -> "Order":
        return fill(cls, row, id=encode_id("Order", row.id), row=row)

    @strawberry.field(description="Its number; null in a dry run, which numbers nothing.")
    def number(self, info: Info) -> str | None:
        return None if info.context.dry_run and self.row.number.startswith("DRY-") else self.row.number

    @strawberry.field(description="Why it waits.", directives=[list_size(3)])
    def hold_reasons(self) -> list[HoldReason]:
        return [HoldReason(each) for each in self.row.hold_reasons]

    @strawberry.field(description="Where the goods go.")
    def delivery_address(self) -> DocumentAddress:
        return address_of(self.row.delivery_address)

    @strawberry.field(description="Where the invoice goes.")
    def billing_address(self) -> DocumentAddress:
        return address_of(self.row.billing_address)

    @strawberry.field(
        description="The number of the sales agreement that it was ordered under as a whole; empty where it was none."
    )
    async def agreement_number(self, info: Info) -> str:
        key = self.row.agreement_id
        return "" if key is None else await info.context.load(sales_agreements.numbers_by_agreement, key)

    @strawberry.field(
        description="The sales agreement that it was ordered under as a whole, whose terms it took; null where it was "
        "none, or is not yours to read.",
        directives=[access(P.AGREEMENTS_READ)],
    )
    async def agreement(self, info: Info) -> SalesAgreementType | None:
        from schema.sales_agreements import SalesAgreement

        key = self.row.agreement_id
        row = None if key is None else await info.context.load(sales_agreements.agreements_by_id, key)
        return None if row is None else SalesAgreement.of(row)

    @strawberry.field(description="When it is to be paid.")
    def payment_terms(self) -> DocumentPaymentTerms:
        return payment_terms_of(self.row.payment_terms)

    @strawberry.field(description="How it is delivered.")
    def delivery_terms(self) -> DocumentDeliveryTerms:
        return delivery_terms_of(self.row.delivery_terms)

    @strawberry.field(description="The customer as it is now.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="Its lines, by position.", directives=[list_size(200)])
    async def lines(self, info: Info) -> list[OrderLine]:
        rows = await info.context.load(orders.lines_by_order, self.row.id)
        return [OrderLine.of(row, self.row.currency) for row in rows]

    @strawberry.field(description="How many lines it has.")
    async def line_count(self, info: Info) -> int:
        return len(await info.context.load(orders.lines_by_order, self.row.id))

    @strawberry.field(description="What it comes to; equal to the sums of its lines.", directives=_PRICED)
    async def totals(self, info: Info) -> Totals:
        currency = self.row.currency
        groups: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
        for line in await info.context.load(orders.lines_by_order, self.row.id):
            key = (line.tax_category, line.tax_percent)
            base, tax = groups.get(key, (ZERO, ZERO))
            groups[key] = (base + line.net_amount, tax + line.tax_amount)
        return Totals(
            net=Money.of(self.row.net_amount, currency),
            tax=Money.of(self.row.tax_amount, currency),
            gross=Money.of(self.row.gross_amount, currency),
            taxes=[TaxTotal.of(TaxGroup(*key, *sums), currency) for key, sums in sorted(groups.items())],
        )

    @strawberry.field(description="What it comes to with tax, without reading its lines.", directives=_PRICED)
    def gross_amount(self) -> Money:
        return Money.of(self.row.gross_amount, self.row.currency)

    @strawberry.field(description="How far its goods have left.")
    async def delivery_state(self, info: Info) -> FulfilmentState:
        found = await info.context.load(orders.lines_by_order, self.row.id)
        rows = [row for row in found if row.kind is not LineKind.CHARGE]
        wanted = sum((row.quantity_ordered - row.quantity_cancelled for row in rows), ZERO)
        return fulfilment(sum((row.quantity_shipped for row in rows), ZERO), wanted)

    @strawberry.field(description="Its deliveries, oldest first.", directives=[*_DELIVERED, list_size(5)])
    async def deliveries(self, info: Info) -> list[DeliveryType]:
        from schema.deliveries import Delivery

        return [
            Delivery.of(row) for row in await info.context.load(deliveries.deliveries_by_order, self.row.id)
        ]

    @strawberry.field(
        description="What of it may go to a warehouse now; empty while it waits or is not confirmed.",
        directives=[access(P.DELIVERIES_MANAGE), list_size(25)],
    )
    async def releasable(self, info: Info) -> list[ReleasableQuantity]:
        rows = await info.context.load(deliveries.releasable_by_order, self.row.id)
        lines = {line.id: line for line in await info.context.load(orders.lines_by_order, self.row.id)}
        return [
            ReleasableQuantity(
                order_line_id=encode_id("OrderLine", row.order_line_id),
                sku=lines[row.order_line_id].sku,
                description=lines[row.order_line_id].description,
                unit=lines[row.order_line_id].unit_code,
                quantity=row.quantity,
                due_on=row.due_on,
                warehouse_id=row.warehouse_id,
            )
            for row in rows
        ]

    @strawberry.field(description="How far it is invoiced.")
    async def invoice_state(self, info: Info) -> FulfilmentState:
        rows = await info.context.load(orders.lines_by_order, self.row.id)
        wanted = sum((row.quantity_ordered - row.quantity_cancelled for row in rows), ZERO)
        return fulfilment(sum((row.quantity_invoiced for row in rows), ZERO), wanted)

    @strawberry.field(
        description="What you may do with it now; buttons are drawn from this.", directives=[list_size(13)]
    )
    async def allowed_actions(self, info: Info) -> list[OrderAction]:
        return await orders.order_actions(info.context, self.row)

    @strawberry.field(
        description="Its invoices and credits that you may see, oldest first.",
        directives=[access(P.INVOICES_READ), list_size(50)],
    )
    async def invoices(self, info: Info) -> list[InvoiceType]:
        from schema.invoices import Invoice

        return [Invoice.of(row) for row in await info.context.load(invoices_by_order, self.row.id)]

    @strawberry.field(
        description="The company's own consent: the newest request for it; null where none was needed."
    )
    async def approval(self, info: Info) -> ApprovalRequest | None:
        row = await info.context.load(approvals_by_order, self.row.id)
        return None if row is None else ApprovalRequest.of(row)

    @strawberry.field(
        description="The quote that it came of; null where it came of none.",
        directives=[access(P.QUOTES_READ)],
    )
    async def quote(self, info: Info) -> QuoteType | None:
        from schema.quotes import Quote

        row = await info.context.load(quotes_by_order, self.row.id)
        return None if row is None else Quote.of(row)

    @strawberry.field(description="What happened to it, oldest first.", directives=[list_size(50)])
    async def timeline(self, info: Info) -> list[OrderEvent]:
        return [
            fill(OrderEvent, row, row=row)
            for row in await info.context.load(orders.timeline_by_order, self.row.id)
        ]


@strawberry.type(
    description="A line of the past: sold, cancelled, adjusted or a service.",
    directives=[access(P.SALES_HISTORY_READ)],
)
class SalesHistoryLine:
    kind: SaleKind = strawberry.field(description="What it is.")
    document_number: str = strawberry.field(description="The document it stands on.")
    sold_at: datetime = strawberry.field(description="When.")
    sku: str = strawberry.field(description="The product's number then.")
    description: str = strawberry.field(description="The product's name then.")
    quantity: Decimal = strawberry.field(description="How many; negative where they came back.")
    unit_price: Money = strawberry.field(description="The list price of one.")
    discount_amount: Money = strawberry.field(description="What was taken off.")
    net_amount: Money = strawberry.field(description="What it came to before tax.")
    row: strawberry.Private[SalesHistoryRow]

    @classmethod
    def of(cls, row: SalesHistoryRow) -> "SalesHistoryLine":
        money = {
            name: Money.of(getattr(row, name), row.currency)
            for name in ("unit_price", "discount_amount", "net_amount")
        }
        return fill(cls, row, row=row, **money)

    @strawberry.field(description="The product as it is now; null where there is none you may see.",
                      directives=[access(P.CATALOG_READ)])  # fmt: skip
    async def product(self, info: Info) -> Product | None:
        row = (
            None
            if self.row.product_id is None
            else await info.context.load(products_by_id, self.row.product_id)
        )
        return None if row is None else Product.of(row)


class OrderOrderField(StrEnum):
    PLACED_AT = "PLACED_AT"
    NUMBER = "NUMBER"


described_enum(
    OrderOrderField,
    "What orders may be ordered by.",
    {"PLACED_AT": "By the time of placing.", "NUMBER": "By number."},
)
_SORTS = {OrderOrderField.PLACED_AT: SalesOrder.placed_at, OrderOrderField.NUMBER: SalesOrder.number}


@strawberry.input(description="An order of orders.", directives=_READ)
class OrderOrder:
    field: OrderOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.DESC, description="Which way.")


@strawberry.input(description="Conditions on orders; all must hold.", directives=_READ)
class OrderWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: OrderStatusFilter | None = strawberry.field(default=None, description="On the state.")
    is_on_hold: BooleanFilter | None = strawberry.field(default=None, description="Whether it waits.")
    is_open: BooleanFilter | None = strawberry.field(default=None, description="Whether it has not ended.")
    is_new: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it was placed today, at the seller."
    )
    placed_on: DateFilter | None = strawberry.field(
        default=None, description="On the day of placing, at the seller."
    )
    is_overdue: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it is open and the day of receipt asked for has passed."
    )
    is_mine: BooleanFilter | None = strawberry.field(
        default=None, description="Whether the viewer placed it."
    )
    is_on_behalf: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it was placed in the customer's place."
    )
    sales_rep: IDFilter | None = strawberry.field(
        default=None, description="Looked after by one of these reps when it was placed."
    )
    is_releasable: BooleanFilter | None = strawberry.field(
        default=None,
        description="Whether something of it may go to a warehouse now.",
        directives=[access(P.DELIVERIES_MANAGE)],
    )
    purchase_order_number: StringFilter | None = strawberry.field(
        default=None, description="On the buyer's number."
    )
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")
    gross: MoneyFilter | None = strawberry.field(
        default=None, description="On the total with tax.", directives=[access(P.PRICES_READ)]
    )
    placed_at: DateTimeFilter | None = strawberry.field(default=None, description="On the time of placing.")
    requested_on: DateFilter | None = strawberry.field(
        default=None, description="On the day of receipt asked for."
    )
    and_: list["OrderWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["OrderWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "OrderWhere | None" = strawberry.field(name="not", default=None, description="This does not hold.")


@strawberry.input(description="Names one order.", one_of=True, directives=_READ)
class OrderBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class OrderQueries:
    @strawberry.field(
        description="The orders you may see, newest first when nothing is said.", directives=_READ
    )
    async def orders(
        self,
        info: Info,
        where: Annotated[OrderWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Part of its number, the buyer's number, a SKU, or the customer's name or number."
            ),
        ] = None,
        order_by: Annotated[
            list[OrderOrder] | None, strawberry.argument(description="Newest first when nothing is said.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Order]:
        asked = order_by or [OrderOrder(field=OrderOrderField.PLACED_AT)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", SalesOrder.id, sort[0].descending))
        found = where_of(where, {"customer": ("Customer",), "sales_rep": ("SalesRep",)})
        page = await orders.orders(info.context, found, search, sort, PageArgs(first, after, last, before))
        return connection(page, Order.of)

    @strawberry.field(description="One order; null where there is none you may see.", directives=_READ)
    async def order(
        self, info: Info, by: Annotated[OrderBy, strawberry.argument(description="Which one.")]
    ) -> Order | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await orders.order_by_number(info.context, value)
        else:
            key = try_decode_id(value, "Order")
            row = None if key is None else await info.context.load(orders.orders_by_id, key)
        return None if row is None else Order.of(row)


@node_loader("Order")
async def _orders(ctx: Context, keys: Sequence[UUID]) -> Sequence[Order | None]:
    return [None if row is None else Order.of(row) for row in await orders.orders_by_id(ctx, keys)]
