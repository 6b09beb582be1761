"""Orders captured without network, sent later: lines and the total that was seen, placed once."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import orders_captured
from resolvers.context import Context
from schema.access import access, key_required
from schema.carts import head_change
from schema.orders_acts import order_payload

Info = strawberry.Info[Context, None]
_PLACE = [access(P.ORDERS_PLACE)]


@strawberry.input(description="A line of a captured order.", directives=_PLACE)
class CapturedLineInput:
    sku: str = strawberry.field(description="Our number, your own number, or a barcode.")
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit.")
    seen_unit_price: Decimal | None = strawberry.field(
        default=None,
        description="The unit price that was seen at capture; PRICE_CHANGED names the lines where it is another now.",
    )


@strawberry.input(description="An order that was captured before it could be sent.", directives=_PLACE)
class PlaceCapturedOrderInput:
    lines: list[CapturedLineInput] = strawberry.field(description="1 to 200.")
    expected_total: Decimal = strawberry.field(
        description="The gross total seen at capture; where today's is another, the order is refused as PRICE_CHANGED "
        "with both, to be asked again. 0 where none was known."
    )
    purchase_order_number: str | None = strawberry.field(default=None, description="The buyer's own number.")
    delivery_address_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where the goods shall go; the company's usual address when not said."
    )
    requested_on: date | None = strawberry.field(default=None, description="The day of receipt asked for.")
    note: str | None = strawberry.field(default=None, description="A note to the seller.")


PlaceCapturedOrderPayload = order_payload("placeCapturedOrder", [*_PLACE])


@strawberry.type
class CapturedOrderMutations:
    @strawberry.mutation(
        description="Orders lines that were captured without network, beside the viewer's cart, which stays as it is."
        " The key is made at capture, so that the order is placed once however often it is sent. Credit, limits and"
        " approval are as for placeOrder.",
        directives=[*_PLACE, key_required()],
    )
    async def place_captured_order(
        self,
        info: Info,
        input: Annotated[PlaceCapturedOrderInput, strawberry.argument(description="The order.")],
    ) -> PlaceCapturedOrderPayload:  # type: ignore[valid-type]
        lines = [
            orders_captured.CapturedLine(each.sku, each.quantity, each.seen_unit_price)
            for each in input.lines
        ]
        done = await orders_captured.place_captured(
            info.context, lines, input.expected_total, head_change(input)
        )
        return await PlaceCapturedOrderPayload.of(info.context, done)
