"""Coupons in the viewer's cart: what was entered, and whether it still holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text

from models.carts import Cart
from resolvers.carts import changed, lock_cart
from resolvers.context import Context, LockedSession
from resolvers.customers import acting_customer
from resolvers.discounts import used_up
from resolvers.house import as_house
from rules.refusals import ErrorCode, Path, Refusal
from rules.texts import item_key

COUPONS_MAX = 10
CODE_MAX = 64


class CouponState(StrEnum):
    """Whether a coupon of a cart still holds."""

    VALID = "VALID"
    USED_UP = "USED_UP"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon as the seller writes it, and the name of its discount; empty where it does not hold any more."""

    code: str
    name: str
    state: CouponState


# A coupon may stand for several rules: it holds while one of them does.
_COUPONS = """
    select coupon_key, coupon, name,
        uses_max is not null and uses >= uses_max or uses_per_customer_max is not null and (
            select count(*) from discount_redemption taken
            where taken.customer_id = :customer and taken.rule_id = discount_rule.id and taken.given_back_at is null
        ) >= uses_per_customer_max as is_used_up
    from discount_rule
    where seller_id = :seller and is_active and coupon_key = any (cast(:keys as text[]))
        and (valid_from is null or valid_from <= :today) and (valid_until is null or valid_until > :today)
        and (customer_ids is null or customer_ids && cast(:customers as uuid[]))
    order by coupon_key, is_used_up, created_at, id
"""
_ANCESTORS = """
    with recursive up(id, parent_id, level) as (
        select id, parent_id, 0 from customer where id = :customer
        union all
        select customer.id, customer.parent_id, up.level + 1 from up join customer on customer.id = up.parent_id
        where up.level < 20
    )
    select id from up order by level
"""


async def _states(
    session: LockedSession, seller_id: UUID, customer_id: UUID, codes: Sequence[str], today: date
) -> list[CouponRow]:
    lineage = [row[0] for row in await session.execute(text(_ANCESTORS), {"customer": customer_id})]
    asked = {
        "seller": seller_id, "customer": customer_id, "customers": lineage, "today": today,
        "keys": sorted({item_key(code) for code in codes}),
    }  # fmt: skip
    found: dict[str, CouponRow] = {}
    for key, coupon, name, is_used_up in await session.execute(text(_COUPONS), asked):
        state = CouponState.USED_UP if is_used_up else CouponState.VALID
        found.setdefault(key, CouponRow(coupon, name, state))
    return [found.get(item_key(code)) or CouponRow(code, "", CouponState.ENDED) for code in codes]


async def coupon_codes(ctx: Context, keys: Sequence[UUID]) -> list[list[str]]:
    """What was entered in each of the viewer's carts, as the seller writes it."""
    rows = await ctx.session.execute(
        select(Cart.id, Cart.coupon_codes).where(Cart.id.in_(keys), Cart.user_id == ctx.user.user_id)
    )
    found: dict[UUID, list[str]] = {row[0]: list(row[1]) for row in rows}
    return [found.get(key, []) for key in keys]


async def coupons_by_cart(ctx: Context, keys: Sequence[UUID]) -> list[list[CouponRow]]:
    """The coupons of the viewer's carts with their states."""
    codes: list[list[str]] = await ctx.loader(coupon_codes).load_many(list(keys))
    wanted = [code for each in codes for code in each]
    if not wanted:
        return [[] for _ in keys]
    customer = await acting_customer(ctx)
    async with as_house(ctx) as session:
        states = await _states(session, ctx.user.seller_id, customer.id, wanted, ctx.today)
    by_code = dict(zip(wanted, states, strict=True))
    return [[by_code[code] for code in each] for each in codes]


async def coupon_problems(ctx: Context, cart_id: UUID, path: Path = ("cartId",)) -> list[Refusal]:
    """
    The coupons of a cart that would not count when it is ordered: COUPON_USED_UP, or INVALID where it ended.

    Whoever entered one counts on it; the order waits until it is taken out.
    """
    found = []
    for coupon in await ctx.load(coupons_by_cart, cart_id):
        if coupon.state is CouponState.USED_UP:
            found.append(used_up(coupon.code, coupon.name, path))
        elif coupon.state is CouponState.ENDED:
            found.append(_not_valid(path))
    return found


def _not_valid(path: Path) -> Refusal:
    """One answer for a code that never was, one that ended and one for somebody else."""
    return Refusal(ErrorCode.INVALID, "This coupon is not valid.", path)


async def add_coupon(ctx: Context, code: str, expected_version: int | None) -> UUID:
    """
    Enters a coupon; entering it again changes nothing.

    Raises:
        Refusal(INVALID): unknown, ended, not begun, or somebody else's; the answer is the same.
        Refusal(COUPON_USED_UP): it holds, but was used as often as it may be.
    """
    if not item_key(code) or max(len(code), len(item_key(code))) > CODE_MAX:
        raise _not_valid(("code",))
    cart = await lock_cart(ctx, expected_version)
    async with as_house(ctx) as session:
        (coupon,) = await _states(session, cart.seller_id, cart.customer_id, [code], ctx.today)
    if coupon.state is CouponState.ENDED:
        raise _not_valid(("code",))
    if coupon.state is CouponState.USED_UP:
        raise used_up(coupon.code, coupon.name, ("code",))
    present = {item_key(each) for each in cart.coupon_codes}
    if item_key(code) in present:
        return cart.id
    if len(present) >= COUPONS_MAX:
        text_ = "A cart takes {limit} coupons at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("code",), limit=COUPONS_MAX)
    cart.coupon_codes = [*cart.coupon_codes, coupon.code]
    return await changed(ctx, cart, "cart.couponAdded")


async def remove_coupon(ctx: Context, code: str, expected_version: int | None) -> UUID:
    """Takes a coupon out, whether it still holds or not."""
    cart = await lock_cart(ctx, expected_version)
    kept = [each for each in cart.coupon_codes if item_key(each) != item_key(code)]
    if len(kept) == len(cart.coupon_codes):
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("code",))
    cart.coupon_codes = kept
    return await changed(ctx, cart, "cart.couponRemoved")
