"""Filling a cart from what is known already: an earlier order, a list."""

from collections.abc import Sequence
from uuid import UUID

from models.orders_reads import OrderLineRow
from resolvers.carts import LineDraft, cart_lines, cart_row, changed, lock_cart, put_lines, resolve_lines
from resolvers.context import Context
from resolvers.products import products_by_id
from resolvers.wishlists import ItemDraft, create_wishlist, items_by_wishlist, wishlists_by_id
from rules.refusals import ErrorCode, Refusal
from rules.states import WishlistVisibility


async def _fill(
    ctx: Context, drafts: Sequence[LineDraft], skus: Sequence[str], version: int | None, action: str
) -> UUID:
    """Adds what can be bought and warns of what cannot; refuses when nothing can."""
    resolved, refusals = await resolve_lines(ctx, drafts)
    if not resolved:
        raise Refusal(ErrorCode.NOT_FOUND, "None of these products is for sale to you any more.", ())
    for refusal in refusals:
        index = int(refusal.path[1])
        if refusal.code is ErrorCode.NOT_FOUND:
            text = "{sku} is not for sale to you any more and was left out."
            ctx.warn(ErrorCode.NOT_FOUND, text, refusal.path, sku=skus[index])
        else:
            ctx.warn(refusal.code, refusal.text, refusal.path, **refusal.data)
    cart = await lock_cart(ctx, version)
    await put_lines(ctx, cart, resolved)
    return await changed(ctx, cart, action, lines=len(resolved))


async def add_wishlist(
    ctx: Context, wishlist_id: UUID, item_ids: Sequence[UUID] | None, expected_version: int | None
) -> UUID:
    """A list's products, or the chosen ones, into the cart with the list's quantities."""
    wishlist = await ctx.load(wishlists_by_id, wishlist_id)
    if wishlist is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("wishlistId",))
    items = await ctx.load(items_by_wishlist, wishlist_id)
    if item_ids is not None:
        known = {item.id for item in items}
        strange = next((index for index, key in enumerate(item_ids) if key not in known), None)
        if strange is not None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("itemIds", strange))
        items = [item for item in items if item.id in item_ids]
    if not items:
        raise Refusal(ErrorCode.CART_EMPTY, "The list is empty.", ("wishlistId",))
    drafts = [
        LineDraft(item.quantity, ("items", index), product_id=item.product_id)
        for index, item in enumerate(items)
    ]
    return await _fill(ctx, drafts, ["" for _ in items], expected_version, "cart.filledFromWishlist")


async def save_as_wishlist(ctx: Context, name: str, visibility: WishlistVisibility) -> UUID:
    """A new list of what the viewer's cart holds; the cart keeps it. What is not for sale any more is left out."""
    lines = await cart_lines(ctx, (await cart_row(ctx)).id)
    if not lines:
        raise Refusal(ErrorCode.CART_EMPTY, "The cart is empty.", ())
    products = await ctx.loader(products_by_id).load_many([line.product_id for line in lines])
    items = [
        ItemDraft(("lines", index), line.quantity, product_id=line.product_id)
        for index, (line, product) in enumerate(zip(lines, products, strict=True))
        if product is not None
    ]
    return await create_wishlist(ctx, name, visibility, items)


async def reorder(ctx: Context, lines: Sequence[OrderLineRow], expected_version: int | None) -> UUID:
    """The products of an earlier order's lines, at today's prices; what came free comes again by today's rules."""
    wanted = [line for line in lines if line.product_id is not None and not line.is_free]
    drafts = [
        LineDraft(line.quantity_ordered, ("lines", index), product_id=line.product_id)
        for index, line in enumerate(wanted)
    ]
    if not drafts:
        raise Refusal(ErrorCode.NOT_FOUND, "None of these products is for sale to you any more.", ())
    return await _fill(ctx, drafts, [line.sku for line in wanted], expected_version, "cart.filledFromOrder")
