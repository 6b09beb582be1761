"""Lots: how long they keep, where they lie, and whether they may be sold."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.lots_reads import LotRecipientRow, LotRow
from resolvers import lots
from resolvers.context import Context
from resolvers.lots import LotsAsked
from resolvers.paging import PageArgs
from resolvers.products import products_by_id
from resolvers.stock import warehouses_by_id
from rules.states import LotStatus
from schema.access import access, key_required, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload
from schema.products import Product, Warehouse
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.LOTS_READ)]
_MANAGE = [access(P.DELIVERIES_MANAGE)]


@strawberry.type(
    description="What lies of a lot in a warehouse, in the product's own unit.", directives=_READ
)
class LotPlace:
    warehouse: Warehouse = strawberry.field(description="The warehouse.")
    on_hand: Decimal = strawberry.field(description="What lies there.")
    allocated: Decimal = strawberry.field(
        description="What of it is held: by deliveries that have not left, and where customers asked for the lot."
    )
    free: Decimal = strawberry.field(description="What of it nothing holds.")


@strawberry.type(
    description="What a customer got of a lot with one line of a delivery, in the product's own unit.",
    directives=_READ,
)
class LotRecipient:
    customer_number: str = strawberry.field(description="The customer's number then.")
    customer_name: str = strawberry.field(description="The customer's name then.")
    delivery_number: str = strawberry.field(description="The delivery.")
    order_number: str = strawberry.field(description="The order it was for.")
    shipped_at: datetime = strawberry.field(description="When it left.")
    quantity: Decimal = strawberry.field(description="How many.")
    unit: str = strawberry.field(description="The unit.")

    @classmethod
    def of(cls, row: LotRecipientRow) -> "LotRecipient":
        return fill(cls, row, unit=row.unit_code)


@strawberry.type(description="Goods of a product that were made or came together.", directives=_READ)
class Lot(Node):
    number: str = strawberry.field(description="Its number.")
    status: LotStatus = strawberry.field(description="Whether it may be sold.")
    status_reason: str = strawberry.field(description="Why it was blocked, or let go again; may be empty.")
    version: int = strawberry.field(description="Rises when it is blocked or let go; acts need it.")
    received_on: date = strawberry.field(description="The day it first came.")
    best_before_on: date | None = strawberry.field(description="Its best before day; null where it has none.")
    expires_on: date | None = strawberry.field(description="The day it expires; null where it does not.")
    row: strawberry.Private[LotRow]

    @classmethod
    def of(cls, row: LotRow) -> "Lot":
        return fill(cls, row, id=encode_id("Lot", row.id), row=row)

    @strawberry.field(
        description="Days until its best before day, or else until it expires; below zero once that has passed,"
        " null where it keeps for ever."
    )
    def days_left(self, info: Info) -> int | None:
        ends = self.row.best_before_on or self.row.expires_on
        return None if ends is None else (ends - info.context.today).days

    @strawberry.field(
        description="The product; null where you may not see it any more.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)

    @strawberry.field(description="Where it lies, in the warehouses in use.", directives=[list_size(3)])
    async def places(self, info: Info) -> list[LotPlace]:
        found = []
        for row in await info.context.load(lots.places_by_lot, self.row.id):
            place = await info.context.load(warehouses_by_id, row.warehouse_id)
            if place is not None:
                free = row.on_hand - row.allocated
                found.append(fill(LotPlace, row, warehouse=Warehouse.of(place), free=free))
        return found

    @strawberry.field(description="Who got of it, the last ahead; what has not left does not count.")
    async def recipients(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LotRecipient]:
        args = PageArgs(first, after, last, before)
        return connection(await lots.recipients(info.context, self.row.id, args), LotRecipient.of)


@strawberry.type
class LotQueries:
    @strawberry.field(description="Lots with something on hand, the first to end ahead.", directives=_READ)
    async def lots(
        self,
        info: Info,
        warehouse_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Those that lie there.")
        ] = None,
        status: Annotated[LotStatus | None, strawberry.argument(description="Those in this state.")] = None,
        days_left: Annotated[
            int | None, strawberry.argument(description="Those that end within so many days, or have ended.")
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Part of the lot's number or the SKU, the product's barcode, or a scanned GS1 code."
            ),
        ] = None,
        include_gone: Annotated[
            bool, strawberry.argument(description="Those of which nothing is on hand as well.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Lot]:
        place = None if warehouse_id is None else decode_id(warehouse_id, "Warehouse", path=("warehouseId",))
        asked = LotsAsked(place, status, days_left, search, include_gone)
        return connection(await lots.lots(info.context, asked, PageArgs(first, after, last, before)), Lot.of)


@strawberry.input(description="Says whether a lot may be sold.", directives=_MANAGE)
class BlockLotInput:
    lot_id: strawberry.ID = strawberry.field(description="The lot.")
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")
    expected_version: int = strawberry.field(description="The lot's version you saw; a newer one is refused.")


@strawberry.input(description="Lets a blocked lot be sold again.", directives=_MANAGE)
class UnblockLotInput(BlockLotInput):
    pass


class _LotPayload(Payload):
    entity_type = "Lot"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(lots.lots_by_id, entity_id)
        return cls(lot=None if row is None else Lot.of(row))  # type: ignore[call-arg]


_LOT = "The lot; null when refused."


@strawberry.type(description="Answer of blockLot.", directives=_MANAGE)
class BlockLotPayload(_LotPayload):
    lot: Lot | None = strawberry.field(default=None, description=_LOT)


@strawberry.type(description="Answer of unblockLot.", directives=_MANAGE)
class UnblockLotPayload(_LotPayload):
    lot: Lot | None = strawberry.field(default=None, description=_LOT)


@strawberry.type
class LotMutations:
    @strawberry.mutation(
        description="Takes a lot out of what may be sold. Deliveries that hold some of it are taken back; what other"
        " lots cannot serve of what is reserved is given back, what is needed last first, and promised anew. Each is"
        " a warning (LATE).",
        directives=[*_MANAGE, key_required()],
    )
    async def block_lot(
        self, info: Info, input: Annotated[BlockLotInput, strawberry.argument(description="Which.")]
    ) -> BlockLotPayload:
        key = decode_id(input.lot_id, "Lot", path=("lotId",))
        done = await lots.block_lot(info.context, key, input.expected_version, input.reason)
        return await BlockLotPayload.of(info.context, done)

    @strawberry.mutation(
        description="Lets a blocked lot be sold again: it is free stock. Who lost it gets nothing back by itself.",
        directives=[*_MANAGE, key_required()],
    )
    async def unblock_lot(
        self, info: Info, input: Annotated[UnblockLotInput, strawberry.argument(description="Which.")]
    ) -> UnblockLotPayload:
        key = decode_id(input.lot_id, "Lot", path=("lotId",))
        done = await lots.unblock_lot(info.context, key, input.expected_version, input.reason)
        return await UnblockLotPayload.of(info.context, done)


@node_loader("Lot")
async def load_lots(ctx: Context, keys: Sequence[UUID]) -> Sequence[Lot | None]:
    return [None if row is None else Lot.of(row) for row in await lots.lots_by_id(ctx, keys)]
