"""Wishlists: products a customer's people keep for later, private or shared with the company."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select

from auth.permissions import Viewer
from models.base import new_id
from models.rows import by_key, columns_of, grouped
from models.wishlists import Wishlist, WishlistItem
from resolvers.context import Context, LockKind
from resolvers.customers import acting_customer
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.products import products_by_code, products_by_id, units_by_code
from rules.quantities import check_quantity
from rules.refusals import ErrorCode, Path, Refusal, StaleVersion
from rules.states import WishlistVisibility
from rules.texts import item_key, sort_key

ITEMS_MAX = 5_000
NOTE_MAX = 500
NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class WishlistRow:
    id: UUID
    customer_id: UUID
    owner_id: UUID
    owner_name: str
    name: str
    visibility: WishlistVisibility
    version: int
    updated_at: datetime


def visible_wishlists(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The viewer's own lists and those shared with the company they act for."""
    return select(*columns_of(Wishlist, WishlistRow)).where(
        Wishlist.customer_id == viewer.customer_id,
        or_(Wishlist.owner_id == viewer.user_id, Wishlist.visibility == WishlistVisibility.COMPANY),
    )


async def wishlists(ctx: Context, sort: Sequence[SortKey], args: PageArgs) -> Page[WishlistRow]:
    return await page(ctx, visible_wishlists(ctx.user), sort, args, WishlistRow)


async def wishlists_by_id(ctx: Context, keys: Sequence[UUID]) -> list[WishlistRow | None]:
    rows = await ctx.session.execute(visible_wishlists(ctx.user).where(Wishlist.id.in_(keys)))
    return by_key(keys, (WishlistRow(*each) for each in rows))


async def own_wishlist_by_name(ctx: Context, name: str) -> WishlistRow | None:
    """The viewer's own list of that name; accents and case do not matter."""
    statement = visible_wishlists(ctx.user).where(
        Wishlist.owner_id == ctx.user.user_id, Wishlist.name_sort == sort_key(name)
    )
    found = (await ctx.session.execute(statement)).first()
    return None if found is None else WishlistRow(*found)


@dataclass(frozen=True, slots=True)
class WishlistItemRow:
    id: UUID
    wishlist_id: UUID
    product_id: UUID
    position: int
    quantity: Decimal
    note: str


async def items_by_wishlist(ctx: Context, keys: Sequence[UUID]) -> list[list[WishlistItemRow]]:
    lists = visible_wishlists(ctx.user).with_only_columns(Wishlist.id)
    rows = await ctx.session.execute(
        select(*columns_of(WishlistItem, WishlistItemRow))
        .where(
            WishlistItem.customer_id == ctx.user.customer_id,
            WishlistItem.wishlist_id.in_(keys),
            WishlistItem.wishlist_id.in_(lists),
        )
        .order_by(WishlistItem.wishlist_id, WishlistItem.position, WishlistItem.id)
    )
    return grouped(keys, (WishlistItemRow(*each) for each in rows), "wishlist_id")


async def item_counts(ctx: Context, keys: Sequence[UUID]) -> list[int]:
    rows = await ctx.session.execute(
        select(WishlistItem.wishlist_id, func.count())
        .where(WishlistItem.customer_id == ctx.user.customer_id, WishlistItem.wishlist_id.in_(keys))
        .group_by(WishlistItem.wishlist_id)
    )
    found = {row[0]: row[1] for row in rows}
    return [found.get(key, 0) for key in keys]


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A product by code or key, with how many and why."""

    path: Path
    quantity: Decimal
    sku: str | None = None
    product_id: UUID | None = None
    note: str | None = None


def _checked_name(name: str) -> str:
    if not name.strip():
        raise Refusal(ErrorCode.INVALID, "This must not be empty.", ("name",))
    if len(name) > NAME_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("name",))
    return name.strip()


async def _refuse_namesake(
    ctx: Context, name: str, owner_id: UUID, customer_id: UUID, but: UUID | None
) -> None:
    namesake = select(Wishlist.id).where(
        Wishlist.customer_id == customer_id,
        Wishlist.owner_id == owner_id,
        Wishlist.name_sort == sort_key(name),
        Wishlist.id != but if but is not None else Wishlist.id.is_not(None),
    )
    if await ctx.session.scalar(namesake) is not None:
        raise Refusal(ErrorCode.ALREADY_EXISTS, "You have a list of this name already.", ("name",))


async def create_wishlist(
    ctx: Context, name: str, visibility: WishlistVisibility, items: Sequence[ItemDraft]
) -> UUID:
    customer = await acting_customer(ctx)
    name = _checked_name(name)
    await _refuse_namesake(ctx, name, ctx.user.user_id, customer.id, None)
    wishlist = Wishlist(
        id=new_id(),
        customer_id=customer.id,
        owner_id=ctx.user.user_id,
        owner_name=ctx.user.name,
        name=name,
        visibility=visibility,
        version=1,
        updated_at=ctx.now,
    )
    ctx.session.add(wishlist)
    await ctx.session.flush()
    await _put_items(ctx, wishlist, items)
    record(
        ctx, "wishlist.created", "Wishlist", wishlist.id, version=1, customer_id=customer.id, published=False
    )
    await ctx.session.flush()
    return wishlist.id


async def _locked_wishlist(
    ctx: Context, wishlist_id: UUID, expected_version: int | None, owner_only: bool
) -> Wishlist:
    customer = await acting_customer(ctx)
    statement = select(Wishlist).where(
        Wishlist.id == wishlist_id,
        Wishlist.customer_id == customer.id,
        or_(Wishlist.owner_id == ctx.user.user_id, Wishlist.visibility == WishlistVisibility.COMPANY),
    )
    wishlist: Wishlist | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if wishlist is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("wishlistId",))
    if owner_only and wishlist.owner_id != ctx.user.user_id:
        raise Refusal(
            ErrorCode.NOT_PERMITTED, "Only its owner may rename, share or delete a list.", ("wishlistId",)
        )
    if expected_version is not None and wishlist.version != expected_version:
        raise StaleVersion(wishlist.version)
    return wishlist


async def _changed(ctx: Context, wishlist: Wishlist, action: str) -> UUID:
    wishlist.version += 1
    wishlist.updated_at = ctx.now
    customer_id, version = wishlist.customer_id, wishlist.version
    record(ctx, action, "Wishlist", wishlist.id, version=version, customer_id=customer_id, published=False)
    await ctx.session.flush()
    return wishlist.id


async def update_wishlist(
    ctx: Context,
    wishlist_id: UUID,
    name: str | None,
    visibility: WishlistVisibility | None,
    expected_version: int | None,
) -> UUID:
    wishlist = await _locked_wishlist(ctx, wishlist_id, expected_version, owner_only=True)
    if name is not None:
        wishlist.name = _checked_name(name)
        await _refuse_namesake(ctx, name, wishlist.owner_id, wishlist.customer_id, wishlist.id)
        wishlist.name_sort = sort_key(wishlist.name)
    wishlist.visibility = visibility or wishlist.visibility
    return await _changed(ctx, wishlist, "wishlist.updated")


async def delete_wishlist(ctx: Context, wishlist_id: UUID, expected_version: int | None) -> UUID:
    """Lists are no numbered documents: they may be deleted. Returns the id that was."""
    wishlist = await _locked_wishlist(ctx, wishlist_id, expected_version, owner_only=True)
    customer_id, version = wishlist.customer_id, wishlist.version + 1
    await ctx.session.execute(
        delete(Wishlist).where(Wishlist.id == wishlist_id, Wishlist.customer_id == customer_id)
    )
    record(
        ctx,
        "wishlist.deleted",
        "Wishlist",
        wishlist_id,
        version=version,
        customer_id=customer_id,
        published=False,
    )
    await ctx.session.flush()
    return wishlist_id


async def _put_items(ctx: Context, wishlist: Wishlist, drafts: Sequence[ItemDraft]) -> None:
    """Sets the products' quantities and notes; a product that is listed already is changed, not doubled."""
    codes = await products_by_code(ctx, [draft.sku for draft in drafts if draft.sku])
    keys = list(dict.fromkeys(draft.product_id for draft in drafts if draft.product_id is not None))
    by_id = dict(zip(keys, await ctx.loader(products_by_id).load_many(keys), strict=True))
    known = [*codes.values(), *filter(None, by_id.values())]
    await ctx.loader(units_by_code).load_many([product.unit_code for product in known])
    present = {
        item.product_id: item
        for item in await ctx.session.scalars(
            select(WishlistItem).where(
                WishlistItem.wishlist_id == wishlist.id, WishlistItem.customer_id == wishlist.customer_id
            )
        )
    }
    position = max((item.position for item in present.values()), default=0)
    for draft in drafts:
        key = draft.product_id
        product = by_id[key] if key is not None else codes.get(item_key(draft.sku or ""))
        if product is None and draft.product_id is not None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*draft.path, "productId"))
        if product is None:
            raise Refusal(
                ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", (*draft.path, "sku"), sku=draft.sku
            )
        unit = await ctx.load(units_by_code, product.unit_code)
        assert unit is not None, "a product's unit exists by foreign key"
        # A list is a memory, not an order: pack sizes are checked when it goes to the cart.
        wrong = check_quantity(
            draft.quantity,
            sku=product.sku,
            unit=unit.code,
            decimals=unit.decimals,
            pack_size=Decimal(1).scaleb(-unit.decimals),
            path=(*draft.path, "quantity"),
        )
        if wrong is not None:
            raise wrong
        if draft.note is not None and len(draft.note) > NOTE_MAX:
            raise Refusal(ErrorCode.INVALID, "This text is too long.", (*draft.path, "note"))
        item = present.get(product.id)
        if item is None:
            position += 1
            item = WishlistItem(
                id=new_id(),
                wishlist_id=wishlist.id,
                customer_id=wishlist.customer_id,
                product_id=product.id,
                position=position,
                note="",
            )
            present[product.id] = item
            ctx.session.add(item)
        item.quantity = draft.quantity
        item.note = item.note if draft.note is None else draft.note.strip()
    if len(present) > ITEMS_MAX:
        text = "A list holds {limit} products at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("wishlistId",), limit=ITEMS_MAX)


async def set_item(ctx: Context, wishlist_id: UUID, draft: ItemDraft, expected_version: int | None) -> UUID:
    """Puts a product on a list, or changes its quantity and note; colleagues may do so on a shared list."""
    wishlist = await _locked_wishlist(ctx, wishlist_id, expected_version, owner_only=False)
    await _put_items(ctx, wishlist, [draft])
    return await _changed(ctx, wishlist, "wishlist.itemSet")


async def put_items(
    ctx: Context, wishlist_id: UUID, drafts: Sequence[ItemDraft], expected_version: int | None
) -> UUID:
    """Puts any number of products on a list, in a constant number of statements."""
    wishlist = await _locked_wishlist(ctx, wishlist_id, expected_version, owner_only=False)
    await _put_items(ctx, wishlist, drafts)
    return await _changed(ctx, wishlist, "wishlist.itemsPut")


async def remove_item(ctx: Context, wishlist_id: UUID, item_id: UUID, expected_version: int | None) -> UUID:
    wishlist = await _locked_wishlist(ctx, wishlist_id, expected_version, owner_only=False)
    gone = await ctx.session.scalar(
        delete(WishlistItem)
        .where(
            WishlistItem.id == item_id,
            WishlistItem.wishlist_id == wishlist.id,
            WishlistItem.customer_id == wishlist.customer_id,
        )
        .returning(WishlistItem.id)
    )
    if gone is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("itemId",))
    return await _changed(ctx, wishlist, "wishlist.itemRemoved")
