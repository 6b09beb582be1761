"""What can be done with orders: place, confirm, refuse, cancel, hold, release, discount, set a price."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import orders, orders_acts, orders_approval, orders_cancelling, orders_placing, orders_prices
from resolvers.context import Context
from schema.access import access, key_required
from schema.carts import head_change
from schema.ids import decode_id
from schema.orders import Order
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_PLACE = [access(P.ORDERS_PLACE)]
_MANAGE = [access(P.ORDERS_MANAGE)]
_HOLD = [access(P.ORDERS_MANAGE, P.CREDIT_RELEASE)]
_CANCEL = [access(P.ORDERS_CANCEL)]
_DECIDE = [access(P.APPROVALS_DECIDE)]
_DISCOUNT = [access(P.ORDERS_DISCOUNT)]
_PRICE = [access(P.ORDERS_PRICE)]


def _version() -> int:
    return strawberry.field(description="The order's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


def _reason() -> str:
    return strawberry.field(description="Why, 500 characters; kept and shown.")  # type: ignore[no-any-return]


@strawberry.input(description="The viewer's cart, to be ordered as they saw it.", directives=_PLACE)
class PlaceOrderInput:
    cart_id: strawberry.ID = strawberry.field(description="The cart.")
    expected_version: int = strawberry.field(
        description="The cart's version you saw; a newer one is refused."
    )
    expected_total: Decimal = strawberry.field(
        description="The cart's gross total you saw; another is refused as PRICE_CHANGED."
    )
    purchase_order_number: str | None = strawberry.field(default=None, description="The buyer's own number.")
    delivery_address_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where the goods shall go."
    )
    requested_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="The day of receipt asked for."
    )
    note: str | None = strawberry.field(default=None, description="A note to the seller.")


@strawberry.input(description="An order to confirm.", directives=_MANAGE)
class ConfirmOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()


@strawberry.input(description="An order that is not taken on.", directives=_MANAGE)
class RefuseOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An order to call off.", directives=_CANCEL)
class CancelOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An open quantity of a line to call off.", directives=_CANCEL)
class CancelOrderLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: Decimal = strawberry.field(
        description="How many; at most what is neither shipped nor cancelled."
    )
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An order to stop; what it reserved goes back.", directives=_HOLD)
class HoldOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(
    description="A held order to let go on; credit holds are finance's to release.", directives=_HOLD
)
class ReleaseOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="A manual discount on a line.", directives=_DISCOUNT)
class DiscountOrderLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    percent: Decimal = strawberry.field(
        description="0 to 100 percent off the list price, or off the price set by hand; replaces an earlier one."
    )
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="A fixed price for a line, in the list price's place.", directives=_PRICE)
class SetOrderLinePriceInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    unit_price: Decimal | None = strawberry.field(
        description="Of the line's `priceUnit` units, in the order's currency; null takes what the rules give"
        " again, and with it an agreement's price."
    )
    expected_version: int = _version()
    reason: str = strawberry.field(
        description="Why, 500 characters; kept, and shown to the seller's people only."
    )


@strawberry.input(description="A colleague's order to consent to.", directives=_DECIDE)
class ApproveOrderInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = strawberry.field(
        default="", description="A remark, 500 characters; kept and shown. May be empty."
    )


@strawberry.input(description="A colleague's order that is not consented to.", directives=_DECIDE)
class RefuseApprovalInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()
    reason: str = _reason()


@strawberry.input(description="An order of one's own that shall not wait any more.", directives=_PLACE)
class WithdrawApprovalInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = _version()


class _OrderPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(orders.orders_by_id, entity_id)
        return cls(order=None if row is None else Order.of(row))  # type: ignore[call-arg]


def order_payload(mutation: str, directives: list[object]) -> type[_OrderPayload]:
    """The payload of an act whose entity is an order."""
    name = mutation[0].upper() + mutation[1:] + "Payload"
    members = {
        "__annotations__": {"order": Order | None},
        "__module__": __name__,
        "__doc__": f"Answer of {mutation}.",
        "entity_type": "Order",
        "order": strawberry.field(default=None, description="The order; null when refused."),
    }
    made = type(name, (_OrderPayload,), members)
    return strawberry.type(made, description=f"Answer of {mutation}.", directives=directives)


PlaceOrderPayload = order_payload("placeOrder", [*_PLACE])
ConfirmOrderPayload = order_payload("confirmOrder", [*_MANAGE])
RefuseOrderPayload = order_payload("refuseOrder", [*_MANAGE])
CancelOrderPayload = order_payload("cancelOrder", [*_CANCEL])
CancelOrderLinePayload = order_payload("cancelOrderLine", [*_CANCEL])
HoldOrderPayload = order_payload("holdOrder", [*_HOLD])
ReleaseOrderPayload = order_payload("releaseOrder", [*_HOLD])
DiscountOrderLinePayload = order_payload("discountOrderLine", [*_DISCOUNT])
SetOrderLinePricePayload = order_payload("setOrderLinePrice", [*_PRICE])

ApproveOrderPayload = order_payload("approveOrder", [*_DECIDE])
RefuseApprovalPayload = order_payload("refuseApproval", [*_DECIDE])
WithdrawApprovalPayload = order_payload("withdrawApproval", [*_PLACE])


def _order_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "Order", path=("orderId",))


def _line_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "OrderLine", path=("orderLineId",))


@strawberry.type
class OrderMutations:
    @strawberry.mutation(
        description="Orders what is in the viewer's cart. Beyond the credit limit it is taken on hold,"
        " and beyond the buyer's own limits it waits for an approver of the company: a warning says so.",
        directives=[*_PLACE, key_required()],
    )
    async def place_order(
        self, info: Info, input: Annotated[PlaceOrderInput, strawberry.argument(description="The cart.")]
    ) -> PlaceOrderPayload:  # type: ignore[valid-type]
        done = await orders_placing.place_order(
            info.context,
            decode_id(input.cart_id, "Cart", path=("cartId",)),
            input.expected_version,
            input.expected_total,
            head_change(input),
        )
        return await PlaceOrderPayload.of(info.context, done)

    @strawberry.mutation(description="Takes an order on.", directives=[*_MANAGE, key_required()])
    async def confirm_order(
        self, info: Info, input: Annotated[ConfirmOrderInput, strawberry.argument(description="The order.")]
    ) -> ConfirmOrderPayload:  # type: ignore[valid-type]
        done = await orders_acts.confirm_order(
            info.context, _order_id(input.order_id), input.expected_version
        )
        return await ConfirmOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Does not take an order on; what it reserved goes back.",
        directives=[*_MANAGE, key_required()],
    )
    async def refuse_order(
        self, info: Info, input: Annotated[RefuseOrderInput, strawberry.argument(description="The order.")]
    ) -> RefuseOrderPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_acts.refuse_order(info.context, key, input.expected_version, input.reason)
        return await RefuseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Calls an order off before anything has left; what it reserved goes back.",
        directives=[*_CANCEL, key_required()],
    )
    async def cancel_order(
        self, info: Info, input: Annotated[CancelOrderInput, strawberry.argument(description="The order.")]
    ) -> CancelOrderPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_acts.cancel_order(info.context, key, input.expected_version, input.reason)
        return await CancelOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Calls off an open quantity of a line; with nothing left open the order ends.",
        directives=[*_CANCEL, key_required()],
    )
    async def cancel_order_line(
        self,
        info: Info,
        input: Annotated[CancelOrderLineInput, strawberry.argument(description="The quantity.")],
    ) -> CancelOrderLinePayload:  # type: ignore[valid-type]
        done = await orders_cancelling.cancel_order_line(
            info.context, _line_id(input.order_line_id), input.quantity, input.expected_version, input.reason
        )
        return await CancelOrderLinePayload.of(info.context, done)

    @strawberry.mutation(description="Stops an order by hand.", directives=[*_HOLD, key_required()])
    async def hold_order(
        self, info: Info, input: Annotated[HoldOrderInput, strawberry.argument(description="The order.")]
    ) -> HoldOrderPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_acts.hold_order(info.context, key, input.expected_version, input.reason)
        return await HoldOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Lets a held order go on: what is free is reserved, the rest stays as backorder, with a warning.",
        directives=[*_HOLD, key_required()],
    )
    async def release_order(
        self, info: Info, input: Annotated[ReleaseOrderInput, strawberry.argument(description="The order.")]
    ) -> ReleaseOrderPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_acts.release_order(info.context, key, input.expected_version, input.reason)
        return await ReleaseOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Gives a manual discount on a line; the order's taxes and totals follow.",
        directives=[*_DISCOUNT, key_required()],
    )
    async def discount_order_line(
        self,
        info: Info,
        input: Annotated[DiscountOrderLineInput, strawberry.argument(description="The discount.")],
    ) -> DiscountOrderLinePayload:  # type: ignore[valid-type]
        done = await orders_prices.discount_order_line(
            info.context, _line_id(input.order_line_id), input.percent, input.expected_version, input.reason
        )
        return await DiscountOrderLinePayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets a line's price by hand, before anything has left; its discount comes off it, taxes and "
        "totals follow, and an order that became dearer is tested against the credit limit again.",
        directives=[*_PRICE, key_required()],
    )
    async def set_order_line_price(
        self,
        info: Info,
        input: Annotated[SetOrderLinePriceInput, strawberry.argument(description="The price.")],
    ) -> SetOrderLinePricePayload:  # type: ignore[valid-type]
        done = await orders_prices.set_order_line_price(
            info.context,
            _line_id(input.order_line_id),
            input.unit_price,
            input.expected_version,
            input.reason,
        )
        return await SetOrderLinePricePayload.of(info.context, done)

    @strawberry.mutation(
        description="Consents to a colleague's order, never to one's own. It is checked again (products, stock, credit)"
        " and placed at the prices it waited with.",
        directives=[*_DECIDE, key_required()],
    )
    async def approve_order(
        self, info: Info, input: Annotated[ApproveOrderInput, strawberry.argument(description="The order.")]
    ) -> ApproveOrderPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_approval.approve_order(info.context, key, input.expected_version, input.reason)
        return await ApproveOrderPayload.of(info.context, done)

    @strawberry.mutation(
        description="Does not consent to a colleague's order; it ends, and what it held goes back.",
        directives=[*_DECIDE, key_required()],
    )
    async def refuse_approval(
        self, info: Info, input: Annotated[RefuseApprovalInput, strawberry.argument(description="The order.")]
    ) -> RefuseApprovalPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_approval.refuse_approval(info.context, key, input.expected_version, input.reason)
        return await RefuseApprovalPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes back an order of one's own that waits for approval.",
        directives=[*_PLACE, key_required()],
    )
    async def withdraw_approval(
        self,
        info: Info,
        input: Annotated[WithdrawApprovalInput, strawberry.argument(description="The order.")],
    ) -> WithdrawApprovalPayload:  # type: ignore[valid-type]
        key = _order_id(input.order_id)
        done = await orders_approval.withdraw_approval(info.context, key, input.expected_version)
        return await WithdrawApprovalPayload.of(info.context, done)
