"""Who is served first where goods are scarce, and how long they are held before there is an order."""

from uuid import UUID

from sqlalchemy import update

from models.products import Product
from models.sellers import Seller
from models.sharing_reads import ProductPolicyRow, products_with_policies
from resolvers.context import Context
from resolvers.customers_locks import change_customer, lock_customer
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.scheduling import lock_settings, settings_done
from resolvers.scheduling_delivery import sku_of
from rules.holds import HoldLimits, check_limits
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import SharingPolicy

PRIORITY_MAX = 9


async def set_delivery_priority(
    ctx: Context, customer_id: UUID, priority: int, expected_version: int
) -> UUID:
    """
    A customer's priority, 1 to 9: the smaller, the sooner.

    Raises:
        Refusal(INVALID): another number.
    """
    if not 1 <= priority <= PRIORITY_MAX:
        raise Refusal(
            ErrorCode.INVALID,
            "A priority is from 1 (first) to {most} (last).",
            ("priority",),
            most=PRIORITY_MAX,
        )
    version = await lock_customer(ctx, customer_id, expected_version)
    return await change_customer(
        ctx,
        customer_id,
        version,
        "customer.deliveryPrioritySet",
        {"priority": priority},
        delivery_priority=priority,
    )


async def product_policies(ctx: Context, args: PageArgs) -> Page[ProductPolicyRow]:
    """The products that are shared by a policy of their own."""
    return await page(
        ctx, products_with_policies(ctx.user), [SortKey("id", Product.id)], args, ProductPolicyRow
    )


async def set_sharing_policy(
    ctx: Context, product_id: UUID | None, policy: SharingPolicy | None, expected_version: int
) -> UUID:
    """
    How what is scarce of a product is shared, or of all products without a policy of their own (None).

    Args:
        policy: None takes a product's own away.
    Raises:
        Refusal(INVALID): no policy, and for all products.
    """
    if product_id is None and policy is None:
        raise Refusal(ErrorCode.INVALID, "Say how scarce goods are shared.", ("policy",))
    sku = await sku_of(ctx, product_id)
    await lock_settings(ctx, expected_version)
    if product_id is None:
        mine = Seller.id == ctx.user.seller_id
        await ctx.session.execute(update(Seller).where(mine).values(sharing_policy=policy))
    else:
        it = Product.id == product_id
        await ctx.session.execute(update(Product).where(it).values(sharing_policy=policy))
    return await settings_done(
        ctx, expected_version, product=sku, sharingPolicy="" if policy is None else policy.value
    )


async def set_hold_limits(ctx: Context, limits: HoldLimits, expected_version: int) -> UUID:
    """How long goods are held for carts and quotes from now on; what is held already keeps its end."""
    refuse_all(check_limits(limits))
    await lock_settings(ctx, expected_version)
    values = {"cart_hold_minutes": limits.cart_minutes, "staff_hold_days": limits.staff_days}
    await ctx.session.execute(update(Seller).where(Seller.id == ctx.user.seller_id).values(**values))
    return await settings_done(
        ctx, expected_version, cartMinutes=str(limits.cart_minutes), staffDays=str(limits.staff_days)
    )
