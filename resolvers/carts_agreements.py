"""The sales agreement that all of a cart is ordered under."""

from uuid import UUID

from resolvers.carts import changed, lock_cart, remember_links
from resolvers.carts_terms import choice_of
from resolvers.context import Context
from rules.refusals import ErrorCode, Refusal


async def set_agreement(
    ctx: Context, agreement_id: UUID | None, keeps_own_terms: bool, expected_version: int | None
) -> UUID:
    """
    Chooses the agreement that the whole cart is ordered under; None leaves it to each line.

    Args:
        keeps_own_terms: the customer's terms hold whatever was agreed; only the seller's people say so, in the
            customer's place.
    Raises:
        Refusal(NOT_FOUND): it is not the company's or one's above, not in force, or in another currency.
        Refusal(NOT_PERMITTED): a buyer would keep terms that are not agreed.
    """
    if keeps_own_terms and ctx.user.on_behalf is None:
        told = "Only your sales contact can keep other terms than those agreed."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("keepOwnTerms",))
    cart = await lock_cart(ctx, expected_version)
    if agreement_id is not None and await choice_of(ctx, cart.customer_id, agreement_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("agreementId",))
    cart.agreement_id, cart.keeps_own_terms = agreement_id, keeps_own_terms
    await remember_links(ctx, cart)
    return await changed(ctx, cart, "cart.agreementChosen", agreement=agreement_id or "")
