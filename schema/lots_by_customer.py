"""Lots and those who get them: asked for on an order line, one for all of a line, never for a customer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.lots_reads import LotBanRow, RequestedLotRow
from resolvers import customers, lot_bans, orders_lots
from resolvers.context import Context
from resolvers.stock import warehouses_by_id
from rules.lots import LotShare
from rules.states import LotSelection
from schema.access import access, key_required
from schema.customers import Customer
from schema.ids import decode_id, encode_id
from schema.orders_acts import order_payload
from schema.payloads import Payload
from schema.products import Warehouse
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.LOTS_READ, P.ORDERS_MANAGE)]
_REQUEST = [access(P.ORDERS_MANAGE)]
_BAN = [access(P.ORDERS_MANAGE, P.DELIVERIES_MANAGE)]


@strawberry.type(description="A lot that the customer asked for on an order line.", directives=_READ)
class RequestedLot:
    number: str = strawberry.field(description="The lot's number.")
    expires_on: date | None = strawberry.field(description="The day it expires; null where it does not.")
    quantity: Decimal = strawberry.field(description="How many of it, in the line's unit.")
    quantity_held: Decimal = strawberry.field(
        description="What of it is held for the line and in no delivery yet."
    )
    row: strawberry.Private[RequestedLotRow]

    @classmethod
    def of(cls, row: RequestedLotRow) -> "RequestedLot":
        return fill(cls, row, quantity_held=row.open, row=row)

    @strawberry.field(description="Where it lies; null where the warehouse is not used any more.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="A lot that never goes to a customer.", directives=_READ)
class LotBan:
    lot_id: strawberry.ID = strawberry.field(description="The lot, by which it is let go to them again.")
    sku: str = strawberry.field(description="Its product's number.")
    lot_number: str = strawberry.field(description="Its own number.")
    reason: str = strawberry.field(description="Why.")
    banned_at: datetime = strawberry.field(description="When it was banned.")
    banned_by_name: str = strawberry.field(description="Who banned it.")

    @classmethod
    def of(cls, row: LotBanRow) -> "LotBan":
        return fill(cls, row, lot_id=encode_id("Lot", row.lot_id), lot_number=row.number)


def _order_version() -> int:
    return strawberry.field(description="The order's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


def _customer_version() -> int:
    return strawberry.field(description="The customer's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


@strawberry.input(description="A quantity of a lot that a customer asks for.", directives=_REQUEST)
class RequestedLotInput:
    number: str = strawberry.field(description="The lot's number.")
    quantity: Decimal = strawberry.field(description="How many of it, in the line's unit.")


@strawberry.input(description="The lots that a customer asks for on an order line.", directives=_REQUEST)
class RequestLotsInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    lots: list[RequestedLotInput] = strawberry.field(
        description="At most 20, in the order in which they shall leave, in place of those held until now; at most what"
        " is reserved where they lie and in no delivery yet. An empty list lets all of them go."
    )
    expected_version: int = _order_version()


@strawberry.input(description="Of how many lots an order line leaves at one time.", directives=_REQUEST)
class SelectLotsInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    selection: LotSelection | None = strawberry.field(
        description="Of how many; null: as its customer takes them."
    )
    expected_version: int = _order_version()


@strawberry.input(description="A lot that shall never go to a customer.", directives=_BAN)
class BanLotInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    sku: str = strawberry.field(description="The product's number.")
    lot_number: str = strawberry.field(description="The lot's number.")
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")
    expected_version: int = _customer_version()


@strawberry.input(description="A banned lot that may go to a customer again.", directives=_BAN)
class AllowLotInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    lot_id: strawberry.ID = strawberry.field(description="The lot.")
    expected_version: int = _customer_version()


@strawberry.input(description="Of how many lots a customer's lines leave at one time.", directives=_REQUEST)
class SetLotSelectionInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    selection: LotSelection = strawberry.field(description="Of how many.")
    expected_version: int = _customer_version()


class _CustomerPayload(Payload):
    entity_type = "Customer"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))  # type: ignore[call-arg]


_CUSTOMER = "The customer; null when refused."


@strawberry.type(description="Answer of banLot.", directives=_BAN)
class BanLotPayload(_CustomerPayload):
    customer: Customer | None = strawberry.field(default=None, description=_CUSTOMER)


@strawberry.type(description="Answer of allowLot.", directives=_BAN)
class AllowLotPayload(_CustomerPayload):
    customer: Customer | None = strawberry.field(default=None, description=_CUSTOMER)


@strawberry.type(description="Answer of setLotSelection.", directives=_REQUEST)
class SetLotSelectionPayload(_CustomerPayload):
    customer: Customer | None = strawberry.field(default=None, description=_CUSTOMER)


RequestLotsPayload = order_payload("requestLots", [*_REQUEST])
SelectLotsPayload = order_payload("selectLots", [*_REQUEST])


def _line_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "OrderLine", path=("orderLineId",))


def _customer_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "Customer", path=("customerId",))


@strawberry.type
class LotsByCustomerMutations:
    @strawberry.mutation(
        description="Holds the lots that a customer asks for on an order line, at once and for nobody else; they leave"
        " first, even where they are older than what the customer got last. One that is banned for the customer,"
        " blocked, taken, or would not keep long enough is refused.",
        directives=[*_REQUEST, key_required()],
    )
    async def request_lots(
        self, info: Info, input: Annotated[RequestLotsInput, strawberry.argument(description="Which.")]
    ) -> RequestLotsPayload:  # type: ignore[valid-type]
        lots = [LotShare(each.number.strip(), each.quantity) for each in input.lots]
        key = _line_id(input.order_line_id)
        done = await orders_lots.request_lots(info.context, key, input.expected_version, lots)
        return await RequestLotsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says of how many lots an order line leaves at one time.", directives=_REQUEST
    )
    async def select_lots(
        self, info: Info, input: Annotated[SelectLotsInput, strawberry.argument(description="Of how many.")]
    ) -> SelectLotsPayload:  # type: ignore[valid-type]
        key = _line_id(input.order_line_id)
        done = await orders_lots.select_lots(info.context, key, input.expected_version, input.selection)
        return await SelectLotsPayload.of(info.context, done)

    @strawberry.mutation(
        description="Keeps a lot from a customer for good. Deliveries of theirs that hold some of it and have not left"
        " are taken back, and what was held of it for their orders is free; each is a warning (LATE).",
        directives=[*_BAN, key_required()],
    )
    async def ban_lot(
        self, info: Info, input: Annotated[BanLotInput, strawberry.argument(description="Which.")]
    ) -> BanLotPayload:
        key = _customer_id(input.customer_id)
        done = await lot_bans.ban_lot(
            info.context, key, input.sku, input.lot_number, input.reason, input.expected_version
        )
        return await BanLotPayload.of(info.context, done)

    @strawberry.mutation(description="Lets a banned lot go to a customer again.", directives=_BAN)
    async def allow_lot(
        self, info: Info, input: Annotated[AllowLotInput, strawberry.argument(description="Which.")]
    ) -> AllowLotPayload:
        done = await lot_bans.allow_lot(
            info.context,
            _customer_id(input.customer_id),
            decode_id(input.lot_id, "Lot", path=("lotId",)),
            input.expected_version,
        )
        return await AllowLotPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says of how many lots a customer's lines leave at one time, where a line says nothing else.",
        directives=_REQUEST,
    )
    async def set_lot_selection(
        self,
        info: Info,
        input: Annotated[SetLotSelectionInput, strawberry.argument(description="Of how many.")],
    ) -> SetLotSelectionPayload:
        key = _customer_id(input.customer_id)
        done = await lot_bans.set_lot_selection(info.context, key, input.selection, input.expected_version)
        return await SetLotSelectionPayload.of(info.context, done)
