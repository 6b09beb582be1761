"""What the buyer answers to goods that are offered for the lines of the cart."""

from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import carts_gifts
from resolvers.context import Context
from schema.access import access
from schema.carts import Version, cart_payload
from schema.ids import decode_id

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]


@strawberry.input(
    description="What the buyer answers to goods offered for a line of the cart.", directives=_USE
)
class AnswerFreeGoodsInput:
    line_id: strawberry.ID = strawberry.field(description="The line that they are offered for.")
    product_id: strawberry.ID = strawberry.field(description="The product that is offered, of `freeGoods`.")
    is_accepted: bool = strawberry.field(description="Whether they are taken; false declines them.")
    expected_version: int | None = Version


AnswerFreeGoodsPayload = cart_payload("answerFreeGoods")


@strawberry.type
class CartGiftMutations:
    @strawberry.mutation(
        description="Accepts or declines goods that a rule offers for a line of the viewer's cart, on all lines it "
        "is for; another answer replaces it. What is free comes with the order; what is charged becomes a "
        "line of the cart. The answer is forgotten when the rule offers nothing any more.",
        directives=_USE,
    )
    async def answer_free_goods(
        self,
        info: Info,
        input: Annotated[AnswerFreeGoodsInput, strawberry.argument(description="The answer.")],
    ) -> AnswerFreeGoodsPayload:  # type: ignore[valid-type]
        line = decode_id(input.line_id, "CartLine", path=("lineId",))
        product = decode_id(input.product_id, "Product", path=("productId",))
        done = await carts_gifts.answer_free_goods(
            info.context, line, product, input.is_accepted, input.expected_version
        )
        return await AnswerFreeGoodsPayload.of(info.context, done)
