"""Holding what is in the cart for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from models.holds_reads import HoldRow
from resolvers import carts_holds
from resolvers.context import Context
from schema.access import access, key_required
from schema.carts import Version, cart_payload

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]


@strawberry.type(description="Goods that are held for a cart, for a while.", directives=_USE)
class CartHold:
    until: datetime = strawberry.field(
        description="Until when; afterwards they are free for everybody again."
    )
    since: datetime = strawberry.field(description="Since when the first of them are held.")
    reason: str = strawberry.field(description="Why; may be empty.")
    is_extended: bool = strawberry.field(
        description="Whether the time was made longer already; a buyer may once."
    )

    @classmethod
    def of(cls, rows: Sequence[HoldRow]) -> "CartHold":
        first = rows[0]
        return cls(
            until=first.expires_at, since=min(row.created_at for row in rows), reason=first.reason,
            is_extended=first.is_extended,
        )  # fmt: skip


@strawberry.input(description="Holds the goods of the cart for a while.", directives=_USE)
class HoldCartInput:
    minutes: int | None = strawberry.field(
        default=None, description="For how long, from now on; null: as long as the seller lets buyers."
    )
    reason: str = strawberry.field(
        default="",
        description="Why, 500 characters; who acts for a customer needs one beyond a buyer's time.",
    )
    expected_version: int | None = Version


@strawberry.input(description="Lets go what is held for the cart.", directives=_USE)
class ReleaseCartHoldInput:
    expected_version: int | None = Version


HoldCartPayload = cart_payload("holdCart")
ReleaseCartHoldPayload = cart_payload("releaseCartHold")


@strawberry.type
class CartHoldMutations:
    @strawberry.mutation(
        description="Holds the goods of the viewer's cart for a while, as far as they are free: others cannot order"
        " them, and placeOrder takes them. Lines that are not free as a whole are warnings (BACKORDERED). Asked for"
        " again it holds what was added and makes the time longer, for a buyer once. What is taken out of the cart"
        " is free at once.",
        directives=[*_USE, key_required()],
    )
    async def hold_cart(
        self, info: Info, input: Annotated[HoldCartInput, strawberry.argument(description="For how long.")]
    ) -> HoldCartPayload:  # type: ignore[valid-type]
        done = await carts_holds.hold_cart(info.context, input.minutes, input.reason, input.expected_version)
        return await HoldCartPayload.of(info.context, done)

    @strawberry.mutation(
        description="Lets go what is held for the viewer's cart, which keeps its lines.",
        directives=[*_USE, key_required()],
    )
    async def release_cart_hold(
        self,
        info: Info,
        input: Annotated[ReleaseCartHoldInput, strawberry.argument(description="The version you saw.")],
    ) -> ReleaseCartHoldPayload:  # type: ignore[valid-type]
        done = await carts_holds.release_cart_hold(info.context, input.expected_version)
        return await ReleaseCartHoldPayload.of(info.context, done)
