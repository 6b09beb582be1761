"""What can be done with purchase orders: made, sent, confirmed, received, pegged, called off."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import deliveries_direct, purchasing, purchasing_acts
from resolvers.context import Context
from resolvers.purchasing_acts import LineConfirmed, PurchaseLineWanted
from resolvers.purchasing_locks import PegWanted
from resolvers.purchasing_receiving import LineReceived
from rules.purchasing import SupplyPart
from schema.access import access, key_required
from schema.external_references import ExternalReferenceInput, reference_field, report
from schema.ids import decode_id
from schema.payloads import Payload
from schema.purchasing import PurchaseOrder

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PURCHASING_MANAGE)]
_RECEIVE = [access(P.PURCHASING_MANAGE, P.WAREHOUSE_REPORT)]
_ORDER = "The purchase order; null when refused."


def _version() -> int:
    return strawberry.field(description="The purchase order's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


def _purchase_order() -> strawberry.ID:
    return strawberry.field(description="The purchase order.")  # type: ignore[no-any-return]


@strawberry.input(description="A sales line that a purchase line is meant for.", directives=_MANAGE)
class PegInput:
    order_line_id: strawberry.ID = strawberry.field(description="The order's line; of the same product.")
    quantity: Decimal = strawberry.field(description="How many of it; at most what it lacks.")


@strawberry.input(description="A product to order, in its own unit.", directives=_MANAGE)
class PurchaseLineInput:
    product_id: strawberry.ID = strawberry.field(description="The product; the supplier has to sell it.")
    quantity: Decimal = strawberry.field(
        description="How many: from the supplier's minimum on, in its multiples."
    )
    requested_on: date | None = strawberry.field(
        default=None, description="When it shall come; null: the order's day, or the lead time from today."
    )
    pegs: list[PegInput] | None = strawberry.field(
        default=None, description="Which sales lines it is meant for; the rest is for stock."
    )


@strawberry.input(description="A draft for a supplier; 1 to 200 lines, 100 pegs at most.", directives=_MANAGE)
class CreatePurchaseOrderInput:
    supplier_id: strawberry.ID = strawberry.field(description="The supplier.")
    warehouse_id: strawberry.ID = strawberry.field(description="Where the goods shall go.")
    lines: list[PurchaseLineInput] = strawberry.field(description="What to order, each product once.")
    requested_on: date | None = strawberry.field(
        default=None, description="When lines without a day of their own shall come."
    )
    note: str = strawberry.field(default="", description="What we tell the supplier, 2,000 characters.")


@strawberry.input(
    description="A quantity of an order line that a supplier shall deliver.", directives=_MANAGE
)
class DirectLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The order's line.")
    quantity: Decimal = strawberry.field(
        description="How many of it; at most what is neither shipped nor on its way."
    )


@strawberry.input(
    description="A draft for a supplier that delivers to the customer of an order.", directives=_MANAGE
)
class CreateDirectDeliveryInput:
    order_id: strawberry.ID = strawberry.field(description="The order; confirmed, and not on hold.")
    supplier_id: strawberry.ID = strawberry.field(description="The supplier; it has to sell the products.")
    lines: list[DirectLineInput] = strawberry.field(description="What of it, 1 to 200.")
    note: str = strawberry.field(default="", description="What we tell the supplier, 2,000 characters.")
    expected_version: int = strawberry.field(
        description="The sales order's version you saw; a newer one is refused."
    )


@strawberry.input(description="Sends a draft to its supplier.", directives=_MANAGE)
class SendPurchaseOrderInput:
    purchase_order_id: strawberry.ID = _purchase_order()
    expected_version: int = _version()


@strawberry.input(description="A part of a line that comes on one day.", directives=_MANAGE)
class ConfirmedPartInput:
    quantity: Decimal = strawberry.field(description="How many.")
    confirmed_on: date = strawberry.field(
        description="The day they come: to our warehouse, or to the customer where it is direct."
    )


@strawberry.input(description="What a supplier says of a line.", directives=_MANAGE)
class ConfirmLineInput:
    line_id: strawberry.ID = strawberry.field(description="The purchase order's line.")
    parts: list[ConfirmedPartInput] = strawberry.field(
        description="What comes when, of what is still to come; what the parts leave out will never come."
    )


@strawberry.input(description="What a supplier says of an order.", directives=_MANAGE)
class ConfirmPurchaseOrderInput:
    purchase_order_id: strawberry.ID = _purchase_order()
    lines: list[ConfirmLineInput] | None = strawberry.field(
        default=None, description="By line; null: everything as it was asked for. Others stay as they are."
    )
    supplier_reference: str | None = strawberry.field(
        default=None, description="The supplier's own number of it, 64 characters; null leaves it."
    )
    expected_version: int = _version()


@strawberry.input(description="A quantity of a purchase line that came, of one lot.", directives=_RECEIVE)
class ReceiveLineInput:
    line_id: strawberry.ID = strawberry.field(
        description="The purchase order's line; it may stand here once for each lot."
    )
    quantity: Decimal = strawberry.field(description="How many; at most what may still come.")
    lot_number: str = strawberry.field(
        default="", description="The lot's number, for products that are tracked by lots."
    )
    expires_on: date | None = strawberry.field(
        default=None, description="The day the lot expires; null: by the product's shelf life, if it has one."
    )


@strawberry.input(description="Goods that came.", directives=_RECEIVE)
class ReceivePurchaseOrderInput:
    purchase_order_id: strawberry.ID = _purchase_order()
    lines: list[ReceiveLineInput] = strawberry.field(description="What came, 1 to 200.")
    delivery_note: str = strawberry.field(
        default="", description="The supplier's number of the consignment, 64 characters."
    )
    expected_version: int = _version()
    external_reference: ExternalReferenceInput | None = reference_field()


@strawberry.input(description="Calls a purchase order off, or the rest of it.", directives=_MANAGE)
class CancelPurchaseOrderInput:
    purchase_order_id: strawberry.ID = _purchase_order()
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")
    releases_pegs: bool = strawberry.field(
        default=False,
        description="Also where sales lines count on it; without this it is refused, and they are named.",
    )
    expected_version: int = _version()


@strawberry.input(description="Calls off what is still to come.", directives=_MANAGE)
class ClosePurchaseOrderInput(CancelPurchaseOrderInput):
    pass


@strawberry.input(
    description="Says how much of a purchase line is meant for a sales line.", directives=_MANAGE
)
class SetPurchasePegInput:
    purchase_order_id: strawberry.ID = _purchase_order()
    line_id: strawberry.ID = strawberry.field(description="The purchase order's line.")
    order_line_id: strawberry.ID = strawberry.field(description="The order's line; of the same product.")
    quantity: Decimal = strawberry.field(
        description="How many of what is still to come, as a whole; 0 takes the peg away."
    )
    expected_version: int = _version()


class _PurchasePayload(Payload):
    entity_type = "PurchaseOrder"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(purchasing.purchase_orders_by_id, entity_id)
        return cls(purchase_order=None if row is None else PurchaseOrder.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of createPurchaseOrder.", directives=_MANAGE)
class CreatePurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of createDirectDelivery.", directives=_MANAGE)
class CreateDirectDeliveryPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of sendPurchaseOrder.", directives=_MANAGE)
class SendPurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(
    description="Answer of confirmPurchaseOrder. Both sides: the schedule of its lines, and the sales lines as `pegs`.",
    directives=_MANAGE,
)
class ConfirmPurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of receivePurchaseOrder.", directives=_RECEIVE)
class ReceivePurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of cancelPurchaseOrder.", directives=_MANAGE)
class CancelPurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of closePurchaseOrder.", directives=_MANAGE)
class ClosePurchaseOrderPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


@strawberry.type(description="Answer of setPurchasePeg.", directives=_MANAGE)
class SetPurchasePegPayload(_PurchasePayload):
    purchase_order: PurchaseOrder | None = strawberry.field(default=None, description=_ORDER)


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "PurchaseOrder", path=("purchaseOrderId",))


def _wanted(index: int, given: PurchaseLineInput) -> PurchaseLineWanted:
    path = ("lines", index)
    pegs = [
        PegWanted(
            decode_id(peg.order_line_id, "OrderLine", path=(*path, "pegs", number, "orderLineId")),
            peg.quantity,
            (*path, "pegs", number),
        )
        for number, peg in enumerate(given.pegs or ())
    ]
    product_id = decode_id(given.product_id, "Product", path=(*path, "productId"))
    return PurchaseLineWanted(product_id, given.quantity, given.requested_on, pegs)


def _line_id(text: strawberry.ID, index: int) -> UUID:
    return decode_id(text, "PurchaseOrderLine", path=("lines", index, "lineId"))


@strawberry.type
class PurchasingMutations:
    @strawberry.mutation(
        description="Makes a draft for a supplier, meant for the sales lines it is pegged to."
        " purchaseProposals says what is lacking.",
        directives=[*_MANAGE, key_required()],
    )
    async def create_purchase_order(
        self, info: Info, input: Annotated[CreatePurchaseOrderInput, strawberry.argument(description="What.")]
    ) -> CreatePurchaseOrderPayload:
        done = await purchasing_acts.create_purchase_order(
            info.context,
            decode_id(input.supplier_id, "Supplier", path=("supplierId",)),
            decode_id(input.warehouse_id, "Warehouse", path=("warehouseId",)),
            [_wanted(*each) for each in enumerate(input.lines)],
            input.requested_on,
            input.note,
        )
        return await CreatePurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Makes a draft for a supplier that delivers the rest of order lines to the customer. What was"
        " reserved of it here is given back; the lines and their prices stay.",
        directives=[*_MANAGE, key_required()],
    )
    async def create_direct_delivery(
        self,
        info: Info,
        input: Annotated[CreateDirectDeliveryInput, strawberry.argument(description="What.")],
    ) -> CreateDirectDeliveryPayload:
        lines = [
            PegWanted(
                decode_id(each.order_line_id, "OrderLine", path=("lines", index, "orderLineId")),
                each.quantity,
                ("lines", index),
            )
            for index, each in enumerate(input.lines)
        ]
        done = await deliveries_direct.create_direct_delivery(
            info.context,
            decode_id(input.order_id, "Order", path=("orderId",)),
            decode_id(input.supplier_id, "Supplier", path=("supplierId",)),
            lines,
            input.expected_version,
            input.note,
        )
        return await CreateDirectDeliveryPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sends a draft to its supplier, by mail where its address is known.",
        directives=[*_MANAGE, key_required()],
    )
    async def send_purchase_order(
        self, info: Info, input: Annotated[SendPurchaseOrderInput, strawberry.argument(description="Which.")]
    ) -> SendPurchaseOrderPayload:
        done = await purchasing_acts.send_purchase_order(
            info.context, _key(input.purchase_order_id), input.expected_version
        )
        return await SendPurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Enters what the supplier says: days and quantities by line, also anew when they move. The sales"
        " lines it is meant for are promised the same days; what becomes late, or loses its supplier, is a warning.",
        directives=[*_MANAGE, key_required()],
    )
    async def confirm_purchase_order(
        self,
        info: Info,
        input: Annotated[ConfirmPurchaseOrderInput, strawberry.argument(description="What.")],
    ) -> ConfirmPurchaseOrderPayload:
        lines = None
        if input.lines is not None:
            lines = [
                LineConfirmed(
                    _line_id(each.line_id, index),
                    [SupplyPart(part.quantity, part.confirmed_on) for part in each.parts],
                )
                for index, each in enumerate(input.lines)
            ]
        done = await purchasing_acts.confirm_purchase_order(
            info.context,
            _key(input.purchase_order_id),
            input.expected_version,
            lines,
            input.supplier_reference,
        )
        return await ConfirmPurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes goods in by lot. They are reserved for the sales lines they are meant for, then for others"
        " that wait, those needed first ahead; the rest is free stock. Of a direct delivery it says what the customer"
        " has: that is a shipment of ours, and may be invoiced.",
        directives=[*_RECEIVE, key_required()],
    )
    async def receive_purchase_order(
        self,
        info: Info,
        input: Annotated[ReceivePurchaseOrderInput, strawberry.argument(description="What.")],
    ) -> ReceivePurchaseOrderPayload:
        lines = [
            LineReceived(_line_id(each.line_id, index), each.quantity, each.lot_number, each.expires_on)
            for index, each in enumerate(input.lines)
        ]
        purchase_order_id = _key(input.purchase_order_id)

        async def work() -> UUID:
            return await deliveries_direct.receive(
                info.context, purchase_order_id, input.expected_version, lines, input.delivery_note
            )

        done = await report(info.context, "receivePurchaseOrder", input, work)
        return await ReceivePurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Calls a purchase order off of which nothing came.", directives=[*_MANAGE, key_required()]
    )
    async def cancel_purchase_order(
        self,
        info: Info,
        input: Annotated[CancelPurchaseOrderInput, strawberry.argument(description="Which.")],
    ) -> CancelPurchaseOrderPayload:
        done = await purchasing_acts.cancel_purchase_order(
            info.context,
            _key(input.purchase_order_id),
            input.expected_version,
            input.reason,
            input.releases_pegs,
        )
        return await CancelPurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Calls off what is still to come of a purchase order that was received in part.",
        directives=[*_MANAGE, key_required()],
    )
    async def close_purchase_order(
        self, info: Info, input: Annotated[ClosePurchaseOrderInput, strawberry.argument(description="Which.")]
    ) -> ClosePurchaseOrderPayload:
        done = await purchasing_acts.close_purchase_order(
            info.context,
            _key(input.purchase_order_id),
            input.expected_version,
            input.reason,
            input.releases_pegs,
        )
        return await ClosePurchaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says how much of a purchase line is meant for a sales line of the same product.",
        directives=_MANAGE,
    )
    async def set_purchase_peg(
        self, info: Info, input: Annotated[SetPurchasePegInput, strawberry.argument(description="What.")]
    ) -> SetPurchasePegPayload:
        done = await purchasing_acts.set_purchase_peg(
            info.context,
            _key(input.purchase_order_id),
            input.expected_version,
            decode_id(input.line_id, "PurchaseOrderLine", path=("lineId",)),
            decode_id(input.order_line_id, "OrderLine", path=("orderLineId",)),
            input.quantity,
        )
        return await SetPurchasePegPayload.of(info.context, done)
