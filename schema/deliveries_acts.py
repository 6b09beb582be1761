"""What can be done with deliveries: release, ship, take back, tell how they travel."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import deliveries, deliveries_acts, deliveries_shipping
from resolvers.context import Context
from resolvers.deliveries_acts import LineWanted, Travel
from rules.lots import LotShare
from schema.access import access, key_required
from schema.deliveries import Delivery
from schema.external_references import ExternalReferenceInput, reference_field, report
from schema.ids import decode_id
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.DELIVERIES_MANAGE)]
_HANDLE = [access(P.DELIVERIES_MANAGE, P.WAREHOUSE_REPORT)]


def _version() -> int:
    return strawberry.field(description="The delivery's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


@strawberry.input(description="A quantity of a lot.", directives=_HANDLE)
class LotInput:
    number: str = strawberry.field(description="The lot's number.")
    quantity: Decimal = strawberry.field(description="How many of it, in the line's unit.")


@strawberry.input(description="A quantity of an order line.", directives=_MANAGE)
class ReleaseLineInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: Decimal = strawberry.field(
        description="How many; at most what is reserved in the warehouse and in no delivery yet."
    )
    lots: list[LotInput] | None = strawberry.field(
        default=None,
        description="Lots to be taken before any others, even older ones; the rest is first expired, first out.",
    )


@strawberry.input(
    description="Goods of a confirmed order for a warehouse to send; at most 200 lines.", directives=_MANAGE
)
class ReleaseDeliveryInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    warehouse_id: strawberry.ID = strawberry.field(description="Where they lie.")
    lines: list[ReleaseLineInput] | None = strawberry.field(
        default=None, description="Which lines; null for everything that is reserved there."
    )
    planned_on: date | None = strawberry.field(
        default=None, description="The day they are to leave; null for today."
    )
    expected_version: int = strawberry.field(
        description="The order's version you saw; a newer one is refused."
    )


@strawberry.input(description="A delivery that leaves, whole.", directives=_HANDLE)
class ShipDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    carrier: str | None = strawberry.field(default=None, description="Who carries it, 200 characters.")
    tracking_number: str | None = strawberry.field(
        default=None, description="The carrier's number of it, 64 characters."
    )
    expected_version: int = _version()
    external_reference: ExternalReferenceInput | None = reference_field()


@strawberry.input(description="A delivery to take back before it leaves.", directives=_MANAGE)
class CancelDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    expected_version: int = _version()
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")


@strawberry.input(description="How a delivery travels; what is null stays as it is.", directives=_MANAGE)
class UpdateDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    carrier: str | None = strawberry.field(default=None, description="Who carries it, 200 characters.")
    tracking_number: str | None = strawberry.field(
        default=None, description="The carrier's number of it, 64 characters."
    )
    internal_note: str | None = strawberry.field(
        default=None, description="The warehouse's own note, 2,000 characters; no customer reads it."
    )
    expected_version: int = _version()


class _DeliveryPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(deliveries.deliveries_by_id, entity_id)
        return cls(delivery=None if row is None else Delivery.of(row))  # type: ignore[call-arg]


def _payload(
    mutation: str, note: str = "null when refused.", to: Sequence[object] = _MANAGE
) -> type[_DeliveryPayload]:
    name = mutation[0].upper() + mutation[1:] + "Payload"
    members = {
        "__annotations__": {"delivery": Delivery | None},
        "__module__": __name__,
        "__doc__": f"Answer of {mutation}.",
        "entity_type": "Delivery",
        "delivery": strawberry.field(default=None, description=f"The delivery; {note}"),
    }
    made = type(name, (_DeliveryPayload,), members)
    return strawberry.type(made, description=f"Answer of {mutation}.", directives=[*to])


ReleaseDeliveryPayload = _payload(
    "releaseDelivery",
    "null when refused, and when the credit is exceeded: the order then waits for finance (warning ON_HOLD).",
)
ShipDeliveryPayload = _payload("shipDelivery", to=_HANDLE)
CancelDeliveryPayload = _payload("cancelDelivery")
UpdateDeliveryPayload = _payload("updateDelivery")


def _delivery_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "Delivery", path=("deliveryId",))


def _line(index: int, given: ReleaseLineInput) -> LineWanted:
    return LineWanted(
        decode_id(given.order_line_id, "OrderLine", path=("lines", index, "orderLineId")),
        given.quantity,
        [LotShare(each.number, each.quantity) for each in given.lots or ()],
    )


@strawberry.type
class DeliveryMutations:
    @strawberry.mutation(
        description="Tells a warehouse to send goods of a confirmed order, and assigns their lots: those asked for,"
        " then first expired, first out, never older than what this customer got last. The credit is tested again.",
        directives=[*_MANAGE, key_required()],
    )
    async def release_delivery(
        self, info: Info, input: Annotated[ReleaseDeliveryInput, strawberry.argument(description="What.")]
    ) -> ReleaseDeliveryPayload:  # type: ignore[valid-type]
        lines = None if input.lines is None else [_line(*each) for each in enumerate(input.lines)]
        done = await deliveries_acts.release_delivery(
            info.context,
            decode_id(input.order_id, "Order", path=("orderId",)),
            decode_id(input.warehouse_id, "Warehouse", path=("warehouseId",)),
            lines,
            input.planned_on,
            input.expected_version,
        )
        return await ReleaseDeliveryPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sends a delivery off: stock goes down by lot, the order's quantities follow, the cost is posted.",
        directives=[*_HANDLE, key_required()],
    )
    async def ship_delivery(
        self, info: Info, input: Annotated[ShipDeliveryInput, strawberry.argument(description="Which.")]
    ) -> ShipDeliveryPayload:  # type: ignore[valid-type]
        delivery_id = _delivery_id(input.delivery_id)
        travel = Travel(input.carrier, input.tracking_number)

        async def work() -> UUID:
            return await deliveries_shipping.ship_delivery(
                info.context, delivery_id, input.expected_version, travel
            )

        done = await report(info.context, "shipDelivery", input, work)
        return await ShipDeliveryPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes a delivery back before it leaves; its lots are free again, the order's reservations stay.",
        directives=[*_MANAGE, key_required()],
    )
    async def cancel_delivery(
        self, info: Info, input: Annotated[CancelDeliveryInput, strawberry.argument(description="Which.")]
    ) -> CancelDeliveryPayload:  # type: ignore[valid-type]
        done = await deliveries_acts.cancel_delivery(
            info.context, _delivery_id(input.delivery_id), input.expected_version, input.reason
        )
        return await CancelDeliveryPayload.of(info.context, done)

    @strawberry.mutation(
        description="Tells carrier and tracking number, also after it left, and the warehouse's own note.",
        directives=_MANAGE,
    )
    async def update_delivery(
        self, info: Info, input: Annotated[UpdateDeliveryInput, strawberry.argument(description="What.")]
    ) -> UpdateDeliveryPayload:  # type: ignore[valid-type]
        done = await deliveries_acts.update_delivery(
            info.context,
            _delivery_id(input.delivery_id),
            input.expected_version,
            Travel(input.carrier, input.tracking_number, input.internal_note),
        )
        return await UpdateDeliveryPayload.of(info.context, done)
