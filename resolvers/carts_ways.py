"""How a line of the cart comes: the ways there are, and the one its buyer chose. Its price stays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from models.products_reads import ProductRow
from resolvers.carts import changed, lock_cart, own_line
from resolvers.context import Context
from resolvers.products import products_by_id, units_by_code
from resolvers.promises import PromiseKey, promises_by_key, shown_to
from resolvers.promises_facts import for_customer, gather
from resolvers.stock import backorder_allowed
from rules.alternatives import (
    Alternative,
    AlternativeKind,
    PartKind,
    Source,
    SplitPart,
    WantedPart,
    alternatives,
    split_line,
)
from rules.documents import check_requested_date
from rules.money import ZERO
from rules.promising import Part
from rules.promising_sites import Site, SitesPromise, promise_from_sites
from rules.quantities import QUANTITY_MAX, check_quantity
from rules.refusals import ErrorCode, Refusal
from rules.states import AvailabilityDisplay, ProductKind

PARTS_MAX, WAY_PARTS_MAX = 12, 4


@dataclass(frozen=True, slots=True)
class Way:
    """A way that all of a line comes: whole later (LATER), or in parts of which some come earlier (PARTIAL)."""

    kind: AlternativeKind
    parts: tuple[Part, ...]


async def ways_by_key(ctx: Context, keys: Sequence[PromiseKey]) -> list[list[Way]]:
    """
    The ways of each where it does not come whole on the day asked for; a batch function, in constant statements.

    Without a day asked for: where a part of it could come before the rest. None where the viewer is told nothing of
    stock, for services, and where it would have to wait for goods and may not.
    """
    goods = {key.product.id: key.product for key in keys if key.product.kind is ProductKind.GOODS}
    facts = await gather(ctx, list(goods.values()), await for_customer(ctx, ctx.user.customer_id))
    if shown_to(ctx, facts) is AvailabilityDisplay.NONE:
        return [[] for _ in keys]
    found = []
    for key in keys:
        ways: list[Way] = []
        if key.product.id in goods and ZERO < key.quantity <= QUANTITY_MAX:
            known = facts.products[key.product.id]
            is_there = key.quantity <= sum((each.free for each in known.sites), ZERO)
            if is_there or await backorder_allowed(ctx, key.product.out_of_stock_policy):
                ways = _ways(key, [each.promising for each in known.sites])
        found.append(ways)
    return found


def _ways(key: PromiseKey, sites: Sequence[Site[UUID]]) -> list[Way]:
    best = promise_from_sites(key.quantity, sites, key.requested_on)
    if best is None or not best.parts:
        return []
    last = max(each.part.receipt_on for each in best.parts)
    if key.requested_on is not None and last <= key.requested_on:
        return []
    sources = [
        Source(each.key, AlternativeKind.LATER, each.availability, each.control, each.route, each.entered)
        for each in sites
    ]
    kinds = {AlternativeKind.LATER, AlternativeKind.PARTIAL}
    found = alternatives(key.quantity, sources, kinds, key.requested_on)
    whole = next((each for each in found if each.kind is AlternativeKind.LATER), None)
    split = _split(best, found)
    ways = [] if split is None else [Way(AlternativeKind.PARTIAL, split)]
    if whole is not None and (key.requested_on is not None or ways):
        ways.insert(0, Way(AlternativeKind.LATER, whole.parts))
    return ways


def _split(best: SitesPromise[UUID], found: Sequence[Alternative[UUID]]) -> tuple[Part, ...] | None:
    """
    The parts by day in which some come before all would: from all warehouses together, or else from one.

    Of more than four the fourth and all after it come together, on the last day.
    """
    by_day: dict[date, Part] = {}
    for each in best.parts:
        known = by_day.get(each.part.receipt_on)
        quantity = each.part.quantity + (ZERO if known is None else known.quantity)
        ship_on = each.part.ship_on if known is None else max(known.ship_on, each.part.ship_on)
        by_day[each.part.receipt_on] = Part(quantity, ship_on, each.part.receipt_on)
    pooled = tuple(by_day[day] for day in sorted(by_day))
    splits = [pooled] if len(pooled) > 1 else []
    splits += [each.parts for each in found if each.kind is AlternativeKind.PARTIAL]
    last = max(by_day)
    return next((_at_most(WAY_PARTS_MAX, parts) for parts in splits if parts[0].receipt_on < last), None)


def _at_most(most: int, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    first, rest = parts[: most - 1], parts[most - 1 :]
    if len(rest) < 2:
        return parts
    quantity = sum((part.quantity for part in rest), ZERO)
    return (*first, replace(rest[-1], quantity=quantity, ship_on=max(part.ship_on for part in rest)))


async def choose_delivery(
    ctx: Context, line_id: UUID, parts: Sequence[WantedPart], expected_version: int | None
) -> UUID:
    """
    Keeps with a line the parts in which it is to come, by day; no parts leave it to the promise again.

    A day on which a part cannot come is kept and warned of (DATE_MOVED): it comes when it can.

    Raises:
        Refusal(QUANTITY_INVALID): the parts are not the line's quantity.
        Refusal(PAST_DATE): a day in the past.
    """
    if len(parts) > PARTS_MAX:
        text = "Say in which parts, {limit} at most."
        raise Refusal(ErrorCode.INVALID, text, ("parts",), limit=PARTS_MAX)
    cart = await lock_cart(ctx, expected_version)
    line = await own_line(ctx, cart, line_id)
    product = await ctx.load(products_by_id, line.product_id)
    if product is None:
        text = "A product in the cart is not for sale to you any more; remove the line."
        raise Refusal(ErrorCode.NOT_FOUND, text, ("lineId",))
    if product.kind is not ProductKind.GOODS:
        raise Refusal(ErrorCode.INVALID, "Only goods are delivered another way.", ("lineId",))
    if parts:
        await _check(ctx, product, line.quantity, parts)
        await _warn(ctx, product, parts, line.requested_on or cart.requested_on)
    line.parts = [part.to_json() for part in _in_order(parts)]
    return await changed(ctx, cart, "cart.deliveryChosen", sku=product.sku, parts=len(parts))


def _in_order(parts: Sequence[WantedPart]) -> list[WantedPart]:
    return sorted(parts, key=lambda part: part.requested_on or date.min)


async def _check(ctx: Context, product: ProductRow, quantity: Decimal, parts: Sequence[WantedPart]) -> None:
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by foreign key"
    smallest = Decimal(1).scaleb(-unit.decimals)
    for index, part in enumerate(parts):
        path = ("parts", index)
        # Packs are the line's: what is there now need not be whole packs.
        wrong = check_quantity(
            part.quantity, sku=product.sku, unit=unit.code, decimals=unit.decimals, pack_size=smallest,
            path=(*path, "quantity"),
        )  # fmt: skip
        if wrong is not None:
            raise wrong
        late = check_requested_date(part.requested_on, ctx.today)
        if late is not None:
            where = (*path, "requestedOn")
            raise Refusal(ErrorCode.PAST_DATE, late, where, requested=part.requested_on)
    split_line(
        product.sku, quantity, ZERO, [SplitPart(PartKind.STOCK, each.quantity) for each in parts], ("parts",)
    )


async def _warn(ctx: Context, product: ProductRow, parts: Sequence[WantedPart], usual: date | None) -> None:
    """Tells of parts that cannot come on their day; each counts on what those before it leave."""
    keys, asked = [], ZERO
    ordered = sorted(enumerate(parts), key=lambda each: each[1].requested_on or date.min)
    for _, part in ordered:
        asked += part.quantity
        keys.append(PromiseKey(product, asked, part.requested_on or usual))
    for (index, _), key, found in zip(ordered, keys, await promises_by_key(ctx, keys), strict=True):
        if found is None or key.requested_on is None:
            continue
        day = max((each.part.receipt_on for each in found.parts), default=None)
        path = ("parts", index, "requestedOn")
        if day is None:
            text = "Nobody can say yet when {sku} comes; you will be told."
            ctx.warn(ErrorCode.DATE_MOVED, text, path, sku=product.sku)
        elif day > key.requested_on:
            text = "{sku} cannot come on {requested}: it comes on {day}."
            ctx.warn(ErrorCode.DATE_MOVED, text, path, sku=product.sku, requested=key.requested_on, day=day)
