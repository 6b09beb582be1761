"""Goods that rules offer for the lines of a cart: which are given, and what the buyer answers to those offered."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from models.carts import Cart
from resolvers.carts import (
    CartView,
    LineDraft,
    ResolvedLine,
    cart_view,
    changed,
    lock_cart,
    put_lines,
    row_of,
)
from resolvers.context import Context
from resolvers.pricing import FreePriced
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal


class GiftAnswer(StrEnum):
    """What the buyer answered to goods that a rule offers."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


def answer_of(view: CartView, gift: FreePriced) -> GiftAnswer | None:
    """
    What the buyer answered; None where nothing was offered.

    What is charged counts as accepted while the cart holds as many of it: whoever takes it orders it.
    """
    rule = gift.goods.rule
    if not rule.is_offer:
        return None
    is_accepted = not _missing(view, gift) if rule.is_chargeable else not gift.goods.is_proposed
    if is_accepted:
        return GiftAnswer.ACCEPTED
    return GiftAnswer.DECLINED if UUID(rule.id) in view.row.gifts_declined else GiftAnswer.OPEN


def _missing(view: CartView, gift: FreePriced) -> Decimal:
    held = sum((each.row.quantity for each in view.lines if each.row.product_id == gift.product.id), ZERO)
    return max(gift.goods.quantity - held, ZERO)


async def answer_free_goods(
    ctx: Context, line_id: UUID, product_id: UUID, is_accepted: bool, expected_version: int | None
) -> UUID:
    """
    Accepts or declines what a rule offers for a line of the viewer's cart; a later answer replaces this one.

    The answer holds for all lines to which the same rule offers it. What is charged is put into the cart as a line
    like any other, as many as are missing of it.

    Raises:
        Refusal(NOT_FOUND): the cart has no such line, or nothing of the product is offered for it.
    """
    cart = await lock_cart(ctx, expected_version)
    view = await cart_view(ctx, row_of(cart))
    if all(each.row.id != line_id for each in view.lines):
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("lineId",))
    gift = next(
        (each for each in view.free.get(line_id, ())
         if each.product.id == product_id and each.goods.rule.is_offer),
        None,
    )  # fmt: skip
    if gift is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    _note(cart, UUID(gift.goods.rule.id), is_accepted, gift.goods.rule.is_chargeable)
    if is_accepted and gift.goods.rule.is_chargeable:
        missing = _missing(view, gift)
        if missing:
            draft = LineDraft(missing, ("productId",), product_id=product_id)
            await put_lines(ctx, cart, [ResolvedLine(draft, gift.product, missing)])
    action = "cart.giftAccepted" if is_accepted else "cart.giftDeclined"
    return await changed(ctx, cart, action, sku=gift.product.sku, quantity=plain(gift.goods.quantity))


def _note(cart: Cart, rule_id: UUID, is_accepted: bool, is_chargeable: bool) -> None:
    """Lists are replaced, never changed in place: only then are they written."""
    accepted = [each for each in cart.gifts_accepted if each != rule_id]
    declined = [each for each in cart.gifts_declined if each != rule_id]
    if not is_accepted:
        declined.append(rule_id)
    elif not is_chargeable:
        accepted.append(rule_id)
    cart.gifts_accepted, cart.gifts_declined = accepted, declined
