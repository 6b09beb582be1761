"""Choosing how a line of the cart comes."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import carts_ways
from resolvers.context import Context
from rules.alternatives import AlternativeKind, WantedPart
from schema.access import access, key_required, list_size
from schema.carts import Version, cart_payload
from schema.ids import decode_id
from schema.rows import fill

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]


@strawberry.type(description="A part of a way that a line of the cart comes.", directives=_USE)
class CartWayPart:
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    ship_on: date = strawberry.field(description="The day they would leave.")
    receipt_on: date = strawberry.field(description="The day they would be received.")


@strawberry.type(description="A way that all of a line of the cart could come.", directives=_USE)
class CartWay:
    kind: AlternativeKind = strawberry.field(
        description="LATER: all at once. PARTIAL: what there is, and the rest when it arrives."
    )
    parts: list[CartWayPart] = strawberry.field(
        description="By day, four at most; chooseDelivery takes them with `receiptOn` as the day asked for.",
        directives=[list_size(carts_ways.WAY_PARTS_MAX)],
    )

    @classmethod
    def of(cls, row: carts_ways.Way) -> "CartWay":
        return cls(kind=row.kind, parts=[fill(CartWayPart, part) for part in row.parts])


@strawberry.type(description="A part in which the buyer chose to have a line of the cart.", directives=_USE)
class CartLinePart:
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    requested_on: date | None = strawberry.field(
        description="The day of receipt asked for; null: the line's, or else the cart's."
    )


@strawberry.input(description="A part in which a line of the cart is to come.", directives=_USE)
class DeliveryPartInput:
    quantity: Decimal = strawberry.field(description="How many, in the line's unit.")
    requested_on: date | None = strawberry.field(
        default=None, description="The day of receipt asked for; null: the line's, or else the cart's."
    )


@strawberry.input(description="How a line of the cart is to come.", directives=_USE)
class ChooseDeliveryInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    parts: list[DeliveryPartInput] = strawberry.field(
        description="12 at most, which sum to the line's quantity; none: as it comes."
    )
    expected_version: int | None = Version


ChooseDeliveryPayload = cart_payload("chooseDelivery")


@strawberry.type
class CartWayMutations:
    @strawberry.mutation(
        description="Chooses in which parts, and for which days, a line of the viewer's cart is to come; its price"
        " stays. placeOrder makes a schedule line of each and promises it. A day on which a part cannot come is kept,"
        " with a warning (DATE_MOVED): it comes when it can. Another quantity or day of the line forgets the"
        " choice; a part without a day follows the cart's.",
        directives=[*_USE, key_required()],
    )
    async def choose_delivery(
        self, info: Info, input: Annotated[ChooseDeliveryInput, strawberry.argument(description="How.")]
    ) -> ChooseDeliveryPayload:  # type: ignore[valid-type]
        key = decode_id(input.line_id, "CartLine", path=("lineId",))
        parts = [WantedPart(each.quantity, each.requested_on) for each in input.parts]
        done = await carts_ways.choose_delivery(info.context, key, parts, input.expected_version)
        return await ChooseDeliveryPayload.of(info.context, done)
