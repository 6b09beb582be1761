"""Coupons in the viewer's cart."""

from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import coupons
from resolvers.context import Context
from resolvers.coupons import CouponRow, CouponState
from rules.refusals import ErrorCode, Refusal
from schema.access import access, described_enum
from schema.carts import Version, cart_payload
from schema.rows import fill
from schema.throttle import Throttle

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]
# Codes can be guessed: after 60 tries a person has one more a minute, whether they were right or wrong.
_TRY = 60
_tries = Throttle(capacity=60 * _TRY, per_second=1)

described_enum(
    CouponState,
    "Whether a coupon of a cart still holds.",
    {
        "VALID": "It holds; whether it takes anything off depends on what is in the cart.",
        "USED_UP": "It was used as often as it may be; take it out to order.",
        "ENDED": "It does not hold any more; take it out to order.",
    },
)


@strawberry.type(description="A coupon that was entered in a cart.", directives=_USE)
class CartCoupon:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="The name of its discount; empty where it ended.")
    state: CouponState = strawberry.field(description="Whether it still holds.")

    @classmethod
    def of(cls, row: CouponRow) -> "CartCoupon":
        return fill(cls, row)


@strawberry.input(description="A coupon to enter.", directives=_USE)
class AddCouponInput:
    code: str = strawberry.field(description="Its code; case, spaces and dashes do not matter.")
    expected_version: int | None = Version


@strawberry.input(description="A coupon to take out.", directives=_USE)
class RemoveCouponInput:
    code: str = strawberry.field(description="Its code.")
    expected_version: int | None = Version


AddCouponPayload = cart_payload("addCoupon")
RemoveCouponPayload = cart_payload("removeCoupon")


@strawberry.type
class CouponMutations:
    @strawberry.mutation(
        description="Enters a coupon in the viewer's cart. A wrong code, an ended one and somebody else's get the same "
        "answer.",
        directives=_USE,
    )
    async def add_coupon(
        self, info: Info, input: Annotated[AddCouponInput, strawberry.argument(description="The coupon.")]
    ) -> AddCouponPayload:  # type: ignore[valid-type]
        wait = _tries.take(info.context.user.user_id, _TRY).retry_after
        if wait is not None:
            text = "That were many codes. Try again in {seconds} seconds."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("code",), seconds=wait)
        done = await coupons.add_coupon(info.context, input.code, input.expected_version)
        return await AddCouponPayload.of(info.context, done)

    @strawberry.mutation(description="Takes a coupon out of the viewer's cart.", directives=_USE)
    async def remove_coupon(
        self, info: Info, input: Annotated[RemoveCouponInput, strawberry.argument(description="The coupon.")]
    ) -> RemoveCouponPayload:  # type: ignore[valid-type]
        done = await coupons.remove_coupon(info.context, input.code, input.expected_version)
        return await RemoveCouponPayload.of(info.context, done)
