"""Holding what is in a cart for a while, and letting it go."""

from collections.abc import Sequence
from uuid import UUID

from models.holds_reads import HoldRow
from resolvers.carts import CartRow, changed, lines_of, lock_cart, source_of
from resolvers.context import Context
from resolvers.customers import acting_customer, seller
from resolvers.holds import Terms, hold, holds_by_source, release
from resolvers.products import products_by_id
from resolvers.promises import next_days
from resolvers.stock import tells_figures
from rules.holds import HoldEnd, HoldLimits, hold_end, may_extend
from rules.quantities import plain
from rules.refusals import ErrorCode, OutOfStock, Refusal, refuse_all
from rules.states import CustomerStatus, ProductKind


async def hold_cart(ctx: Context, minutes: int | None, reason: str, expected_version: int | None) -> UUID:
    """
    Holds the goods of the viewer's cart for a while, as far as they are free.

    Lines that are not free as a whole are warnings. Asked for again it holds what was added meanwhile, and longer: a
    buyer once, our people within their days and with a reason.

    Raises:
        Refusal(CUSTOMER_BLOCKED, CART_EMPTY): nobody could order it.
        OutOfStock: nothing of it is free.
        See `rules.holds.hold_end` for the rest.
    """
    cart = await lock_cart(ctx, expected_version)
    if (await acting_customer(ctx)).status is not CustomerStatus.ACTIVE:
        text = "Your company cannot place orders at present; ask your sales contact."
        raise Refusal(ErrorCode.CUSTOMER_BLOCKED, text)
    lines = await lines_of(ctx, cart)
    products = await ctx.loader(products_by_id).load_many([line.product_id for line in lines])
    goods = [
        (index, line, product)
        for index, (line, product) in enumerate(zip(lines, products, strict=True))
        if product is not None and product.kind is ProductKind.GOODS
    ]
    if not goods:
        raise Refusal(ErrorCode.CART_EMPTY, "There are no goods in the cart.")
    current = end_of((await holds_by_source(ctx, [cart.id]))[0])
    reason = reason.strip()
    end = hold_end(
        ctx.now, await hold_limits(ctx), current=current, minutes=minutes,
        is_staff=ctx.user.on_behalf is not None, reason=reason,
    )  # fmt: skip
    tells = await tells_figures(ctx)
    wanted = {product.id: line.quantity for _, line, product in goods}
    terms = Terms(end.until, reason, end.is_extended)
    held = await hold(ctx, source_of(cart, cart.version + 1), wanted, terms, partly=tells)
    if not any(held.values()):
        days = await next_days(ctx, [(product, line.quantity) for _, line, product in goods])
        refuse_all(
            [
                OutOfStock(product.sku, line.quantity, held[product.id], day, ("lines", index, "quantity"))
                for (index, line, product), day in zip(goods, days, strict=True)
            ]
        )
    for index, line, product in goods:
        if held[product.id] < line.quantity:
            text = "{sku}: {held} of {wanted} are held for you; no more is free now."
            ctx.warn(
                ErrorCode.BACKORDERED, text, ("lines", index), sku=product.sku, held=plain(held[product.id]),
                wanted=plain(line.quantity),
            )  # fmt: skip
    return await changed(ctx, cart, "cart.held", until=end.until.isoformat())


async def release_cart_hold(ctx: Context, expected_version: int | None) -> UUID:
    """Lets go what is held for the viewer's cart; the cart keeps its lines."""
    cart = await lock_cart(ctx, expected_version)
    if not await release(ctx, source_of(cart)):
        raise Refusal(ErrorCode.INVALID_TRANSITION, "Nothing is held for the cart.")
    return await changed(ctx, cart, "cart.holdReleased")


async def hold_limits(ctx: Context) -> HoldLimits:
    us = await seller(ctx)
    return HoldLimits(us.cart_hold_minutes, us.staff_hold_days)


def end_of(rows: Sequence[HoldRow]) -> HoldEnd | None:
    """The end of a hold, the same of all its rows; None where nothing is held."""
    return HoldEnd(rows[0].expires_at, rows[0].is_extended) if rows else None


async def may_hold(ctx: Context, row: CartRow) -> bool:
    """Whether the viewer may hold the goods of their cart now, or hold them longer."""
    rows: list[HoldRow] = await ctx.load(holds_by_source, row.id)
    is_staff = ctx.user.on_behalf is not None
    return may_extend(ctx.now, end_of(rows), await hold_limits(ctx), is_staff)


async def minutes_max(ctx: Context) -> int:
    """For how long the viewer may hold a cart; 0 not at all."""
    return (await hold_limits(ctx)).minutes_max(ctx.user.on_behalf is not None)
