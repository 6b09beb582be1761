"""Availability by date: what is there, what comes, the earliest promise for a quantity, and why that day."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import promises
from resolvers.context import Context
from resolvers.holds import holds_by_product
from resolvers.promises import PRODUCTS_MAX
from rules.availability import Step, Supply
from rules.promising import PromiseReason
from rules.promising import PromiseStep as StepRow
from rules.promising_sites import SitePart, SitesPromise
from rules.states import AvailabilityBand, AvailabilityDisplay
from schema.access import access, described_enum, list_size
from schema.holds import StockHold
from schema.ids import decode_id
from schema.products import Product, Warehouse

Info = strawberry.Info[Context, None]
_STOCK = [access(P.STOCK_READ)]
_FIGURES = [access(P.STOCK_QUANTITY_READ)]
_UNIT = "in the product's own unit"

described_enum(
    PromiseReason,
    "What moved a promised day.",
    {
        "ORDER_ENTRY": "The day as whose the order counts by the warehouse's deadline, and handling from then on.",
        "REQUESTED": "It is not asked for earlier.",
        "LEAD_TIME": "The product's sales lead time.",
        "ON_HAND": "It is there.",
        "INCOMING": "It waits for goods that are expected.",
        "PURCHASE": "It has to be bought first.",
        "AFTER_HORIZON": "It is beyond what is looked at, where any quantity is promised.",
        "ISSUE_MARGIN": "The days between the arrival of goods and their leaving.",
        "CLOSED_DAY": "The warehouse or the carrier does not work on the days before.",
        "TRANSPORT": "The days under way, and those on which the customer takes no goods.",
        "NOT_AVAILABLE": "It is not to be had within what is looked at.",
    },
)
described_enum(
    AvailabilityDisplay,
    "What a viewer is told of stock.",
    {"EXACT": "Figures.", "BAND": "Whether there is much of it.", "NONE": "Nothing."},
)


@strawberry.input(description="A product whose availability is asked.", directives=_STOCK)
class AvailabilityInput:
    sku: str = strawberry.field(
        description="Our number, the barcode, or the customer's own number of a product."
    )
    quantity: Decimal = strawberry.field(
        default=Decimal(1), description=f"How many are needed, {_UNIT}; above zero."
    )
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt asked for; null: as early as possible."
    )


@strawberry.type(description="From a day on, how many can have left in all.", directives=_STOCK)
class AvailabilityStep:
    on: date = strawberry.field(description="The day.")
    quantity: Decimal = strawberry.field(description=f"How many, {_UNIT}; it only rises.")

    @classmethod
    def of(cls, row: Step) -> "AvailabilityStep":
        return cls(on=row.on, quantity=row.quantity)


@strawberry.type(description="Goods that are expected.", directives=_STOCK)
class IncomingGoods:
    on: date = strawberry.field(description="The day they count; what is late is expected anew.")
    quantity: Decimal = strawberry.field(description=f"How many, {_UNIT}.")
    source: str = strawberry.field(description="The document they come by.", directives=_FIGURES)

    @classmethod
    def of(cls, row: Supply) -> "IncomingGoods":
        return cls(on=row.on, quantity=row.quantity, source=row.source)


@strawberry.type(description="A part of a promise, which becomes a schedule line.", directives=_STOCK)
class PromisedPart:
    quantity: Decimal = strawberry.field(description=f"How many, {_UNIT}.")
    ship_on: date = strawberry.field(description="The day they leave.")
    receipt_on: date = strawberry.field(description="The day they are received.")
    warehouse_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: SitePart[UUID]) -> "PromisedPart":
        part = row.part
        return cls(
            quantity=part.quantity, ship_on=part.ship_on, receipt_on=part.receipt_on, warehouse_id=row.key
        )


@strawberry.type(description="A reason for a promised day; each moved it on or left it.", directives=_STOCK)
class PromiseStep:
    reason: PromiseReason = strawberry.field(description="What the day follows from.")
    on: date | None = strawberry.field(description="The day that came of it; null where none did.")
    source: str = strawberry.field(
        description="The document whose goods are waited for; empty without one.", directives=_FIGURES
    )

    @classmethod
    def of(cls, row: StepRow) -> "PromiseStep":
        return cls(reason=row.reason, on=row.on, source=row.source)


@strawberry.type(
    description="The earliest days on which a quantity leaves and is received.", directives=_STOCK
)
class DeliveryPromise:
    ship_on: date | None = strawberry.field(
        description="The day all of it has left; null where it is not to be had within what is looked at."
    )
    receipt_on: date | None = strawberry.field(description="The day all of it is received.")
    is_at_risk: bool = strawberry.field(description="It rests on goods that are late already.")
    moved_from: date | None = strawberry.field(
        description="The requested day, where nobody brings or takes goods on it; the next one is meant then."
    )
    to_purchase: Decimal = strawberry.field(
        description=f"What of it has to be bought for the promise, {_UNIT}.", directives=_FIGURES
    )
    row: strawberry.Private[SitesPromise[UUID]]

    @classmethod
    def of(cls, row: SitesPromise[UUID]) -> "DeliveryPromise":
        last = row.promise
        receipts = [each.part.receipt_on for each in row.parts]
        ships = [each.part.ship_on for each in row.parts]
        return cls(
            ship_on=max(ships, default=last.ship_on),
            receipt_on=max(receipts, default=last.receipt_on),
            is_at_risk=last.is_at_risk,
            moved_from=last.moved_from,
            to_purchase=last.to_purchase,
            row=row,
        )

    @strawberry.field(
        description="Its parts, where several warehouses or days serve it; one where it comes whole.",
        directives=[list_size(2)],
    )
    def parts(self) -> list[PromisedPart]:
        return [PromisedPart.of(each) for each in self.row.parts]

    @strawberry.field(
        description="Why that day, step by step, of the part received last.", directives=[list_size(4)]
    )
    def why(self) -> list[PromiseStep]:
        return [PromiseStep.of(each) for each in self.row.promise.steps]


async def promise_of(ctx: Context, key: promises.PromiseKey | None) -> DeliveryPromise | None:
    """The earliest promise for what a line asks; read together with those of its siblings."""
    found = None if key is None else await ctx.load(promises.promises_by_key, key)
    return None if found is None else DeliveryPromise.of(found)


@strawberry.type(description="A product's availability in one warehouse.", directives=_FIGURES)
class WarehouseAvailability:
    warehouse: Warehouse = strawberry.field(description="The warehouse.")
    on_hand: Decimal = strawberry.field(description=f"What lies there, {_UNIT}.")
    reserved: Decimal = strawberry.field(description="What of it is held for orders, carts and quotes.")
    held: Decimal = strawberry.field(
        description="What of `reserved` is held for carts and quotes, for a while."
    )
    free: Decimal = strawberry.field(description="On hand less reserved.")
    promise: DeliveryPromise | None = strawberry.field(description="The earliest promise from here alone.")
    row: strawberry.Private[promises.SiteAnswer]

    @classmethod
    def of(cls, row: promises.SiteAnswer) -> "WarehouseAvailability":
        earliest = row.earliest
        return cls(
            warehouse=Warehouse.of(row.known.site.warehouse),
            on_hand=row.known.on_hand,
            reserved=row.known.reserved,
            held=row.known.soft,
            free=row.known.free,
            promise=None if earliest is None else DeliveryPromise.of(earliest),
            row=row,
        )

    @strawberry.field(description="What can have left by when from here.", directives=[list_size(5)])
    def ladder(self) -> list[AvailabilityStep]:
        return [AvailabilityStep.of(each) for each in self.row.ladder]


@strawberry.type(
    description="A lot that might serve the quantity, in the order of picking.",
    directives=[access(P.LOTS_READ)],
)
class LotOption:
    number: str = strawberry.field(description="The lot's number.")
    warehouse: Warehouse = strawberry.field(description="Where it lies.")
    free: Decimal = strawberry.field(description=f"What of it no delivery holds, {_UNIT}.")
    received_on: date = strawberry.field(description="The day it came.")
    best_before_on: date | None = strawberry.field(
        description="Until when it is at its best; null: not said."
    )
    expires_on: date | None = strawberry.field(description="The day it expires; null: it does not.")
    is_sellable: bool = strawberry.field(
        description="Whether it may go to the customer on the promised day: not blocked, and it keeps long enough."
    )

    @classmethod
    def of(cls, row: promises.LotOption) -> "LotOption":
        lot = row.lot
        return cls(
            number=lot.number,
            warehouse=Warehouse.of(row.site.warehouse),
            free=lot.free,
            received_on=lot.received_on,
            best_before_on=lot.best_before_on,
            expires_on=lot.expires_on,
            is_sellable=row.is_sellable,
        )


@strawberry.type(
    description="What may be promised of a product. Buyers see of stock what their customer group is told.",
    directives=_STOCK,
)
class ProductAvailability:
    sku: str = strawberry.field(description="The code as it was asked.")
    quantity: Decimal = strawberry.field(description=f"The quantity asked, {_UNIT}.")
    requested_on: date | None = strawberry.field(description="The day of receipt asked for.")
    display: AvailabilityDisplay = strawberry.field(description="What you are told of stock.")
    band: AvailabilityBand | None = strawberry.field(
        description="How much is free, without a figure; null where you are told nothing of stock."
    )
    free: Decimal | None = strawberry.field(
        description=f"On hand less what is reserved, in all warehouses asked, {_UNIT}; null unless `display` is EXACT."
    )
    on_hand: Decimal = strawberry.field(description=f"What lies there, {_UNIT}.", directives=_FIGURES)
    promise: DeliveryPromise | None = strawberry.field(
        description="The earliest promise for the quantity; null for services, and where you are told nothing of stock."
    )
    row: strawberry.Private[promises.Answer]

    @classmethod
    def of(cls, row: promises.Answer) -> "ProductAvailability":
        is_exact, promise = row.shows is AvailabilityDisplay.EXACT, row.promise
        return cls(
            sku=row.asked.code,
            quantity=row.asked.quantity,
            requested_on=row.asked.requested_on,
            display=row.shows,
            band=row.band,
            free=row.free if is_exact and row.product is not None else None,
            on_hand=row.on_hand,
            promise=None if promise is None else DeliveryPromise.of(promise),
            row=row,
        )

    @property
    def _is_exact(self) -> bool:
        return self.row.shows is AvailabilityDisplay.EXACT

    @strawberry.field(description="The product; null where you can order none by that code.")
    def product(self) -> Product | None:
        return None if self.row.product is None else Product.of(self.row.product)

    @strawberry.field(
        description="What is expected, by day; empty unless `display` is EXACT.", directives=[list_size(5)]
    )
    def incoming(self) -> list[IncomingGoods]:
        return [IncomingGoods.of(each) for each in self.row.incoming] if self._is_exact else []

    @strawberry.field(
        description="What can have left by when (available to promise); empty unless `display` is EXACT.",
        directives=[list_size(5)],
    )
    def ladder(self) -> list[AvailabilityStep]:
        return [AvailabilityStep.of(each) for each in self.row.ladder] if self._is_exact else []

    @strawberry.field(description="By warehouse.", directives=[*_FIGURES, list_size(3)])
    def by_warehouse(self) -> list[WarehouseAvailability]:
        return [WarehouseAvailability.of(each) for each in self.row.sites]

    @strawberry.field(
        description="What is held of it for carts and quotes of customers you may see, what ends first ahead.",
        directives=[*_FIGURES, list_size(5)],
    )
    async def holds(self, info: Info) -> list[StockHold]:
        product = self.row.product
        rows = [] if product is None else await info.context.load(holds_by_product, product.id)
        return [StockHold.of(each) for each in rows]

    @strawberry.field(
        description="The lots of all warehouses asked, as they would be picked.",
        directives=[access(P.LOTS_READ), list_size(5)],
    )
    def lots(self) -> list[LotOption]:
        return [LotOption.of(each) for each in self.row.lots]


def _warehouses(ids: Sequence[strawberry.ID]) -> list[UUID]:
    return [decode_id(each, "Warehouse", path=("warehouseIds", index)) for index, each in enumerate(ids)]


@strawberry.type
class AvailabilityQueries:
    @strawberry.field(
        description="What may be promised of products, when, and why, for all of them at once. Nothing is reserved.",
        directives=[*_STOCK, list_size(PRODUCTS_MAX, by="products")],
    )
    async def availability(
        self,
        info: Info,
        products: Annotated[
            list[AvailabilityInput],
            strawberry.argument(description="The products, 1,000 at most; answered in this order."),
        ],
        customer_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="For whom staff ask; null: nobody in particular, or your own company."
            ),
        ] = None,
        warehouse_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only from these warehouses; null: all in use."),
        ] = None,
    ) -> list[ProductAvailability]:
        asked = [promises.AvailabilityAsked(each.sku, each.quantity, each.requested_on) for each in products]
        customer = None if customer_id is None else decode_id(customer_id, "Customer", path=("customerId",))
        places = None if warehouse_ids is None else set(_warehouses(warehouse_ids))
        found = await promises.availability(info.context, asked, customer, places)
        return [ProductAvailability.of(each) for each in found]
