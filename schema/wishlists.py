"""Wishlists: products a customer's people keep for later."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.wishlists import Wishlist as WishlistTable
from resolvers import wishlists
from resolvers.context import Context
from resolvers.paging import PageArgs, SortKey, page_in_memory
from resolvers.products import products_by_id
from rules.refusals import ErrorCode, Refusal
from rules.states import WishlistVisibility
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.filters import one_key_of
from schema.ids import Node, decode_id, encode_id, node_loader, try_decode_id
from schema.payloads import Payload
from schema.products import Product
from schema.rows import fill

Info = strawberry.Info[Context, None]
_USE = [access(P.WISHLISTS_USE)]
# What is listed whole: past it, items are read in pages.
LISTED_MAX = 1_000


@strawberry.type(description="A product on a list.", directives=_USE)
class WishlistItem:
    id: strawberry.ID = strawberry.field(description="The item's id, for changes.")
    quantity: Decimal = strawberry.field(description="How many are wanted, in the product's own unit.")
    note: str = strawberry.field(description="Why; may be empty.")
    row: strawberry.Private[wishlists.WishlistItemRow]

    @classmethod
    def of(cls, row: wishlists.WishlistItemRow) -> "WishlistItem":
        return fill(cls, row, id=encode_id("WishlistItem", row.id), row=row)

    @strawberry.field(description="The product; null where it may not be bought any more.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


class WishlistAction(StrEnum):
    EDIT = "EDIT"
    DELETE = "DELETE"
    SET_ITEM = "SET_ITEM"
    ADD_TO_CART = "ADD_TO_CART"


described_enum(
    WishlistAction,
    "What the viewer may do with a list.",
    {
        "EDIT": "Rename or share it.",
        "DELETE": "Delete it.",
        "SET_ITEM": "Change its items (setWishlistItem, removeWishlistItem).",
        "ADD_TO_CART": "Put it into the cart.",
    },
)


@strawberry.type(description="A list of products, private or shared with the company.", directives=_USE)
class Wishlist(Node):
    name: str = strawberry.field(description="Its name, unique for its owner.")
    visibility: WishlistVisibility = strawberry.field(description="Who sees it.")
    owner_name: str = strawberry.field(description="Whose it is.")
    version: int = strawberry.field(description="Rises with every change.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    row: strawberry.Private[wishlists.WishlistRow]

    @classmethod
    def of(cls, row: wishlists.WishlistRow) -> "Wishlist":
        return fill(cls, row, id=encode_id("Wishlist", row.id), row=row)

    @strawberry.field(description="Whether it is the viewer's own.")
    def is_mine(self, info: Info) -> bool:
        return self.row.owner_id == info.context.user.user_id

    @strawberry.field(description="How many products are on it.")
    async def item_count(self, info: Info) -> int:
        return await info.context.load(wishlists.item_counts, self.row.id)

    @strawberry.field(
        description="Its products, as they were added; refused for a list of more than 1,000.",
        directives=[list_size(100)],
        deprecation_reason="A list holds up to 5,000 products: ask for pagedItems.",
    )
    async def items(self, info: Info) -> list[WishlistItem]:
        rows = await info.context.load(wishlists.items_by_wishlist, self.row.id)
        if len(rows) > LISTED_MAX:
            text = "There are more than {limit} products: ask for them in pages, by pagedItems."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("items",), limit=LISTED_MAX)
        return [WishlistItem.of(row) for row in rows]

    @strawberry.field(description="Its products in pages, as they were added.")
    async def paged_items(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WishlistItem]:
        rows = await info.context.load(wishlists.items_by_wishlist, self.row.id)
        positions = [row.position for row in rows]
        page = page_in_memory("wishlistItems", rows, positions, PageArgs(first, after, last, before))
        return connection(page, WishlistItem.of)

    @strawberry.field(
        description="What you may do with it; buttons are drawn from this.", directives=[list_size(4)]
    )
    async def allowed_actions(self, info: Info) -> list[WishlistAction]:
        actions = (
            [WishlistAction.EDIT, WishlistAction.DELETE]
            if self.row.owner_id == info.context.user.user_id
            else []
        )
        actions.append(WishlistAction.SET_ITEM)
        if await info.context.load(wishlists.item_counts, self.row.id):
            actions.append(WishlistAction.ADD_TO_CART)
        return actions


class WishlistOrderField(StrEnum):
    NAME = "NAME"
    UPDATED_AT = "UPDATED_AT"


described_enum(
    WishlistOrderField,
    "What lists may be ordered by.",
    {"NAME": "By name, as Spanish sorts.", "UPDATED_AT": "By the time of the last change."},
)
_SORTS = {
    WishlistOrderField.NAME: WishlistTable.name_sort,
    WishlistOrderField.UPDATED_AT: WishlistTable.updated_at,
}


@strawberry.input(description="An order of lists.", directives=_USE)
class WishlistOrder:
    field: WishlistOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Names one list.", one_of=True, directives=_USE)
class WishlistBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name of one of the viewer's own lists."
    )


@strawberry.type
class WishlistQueries:
    @strawberry.field(description="The viewer's lists and those shared with their company.", directives=_USE)
    async def wishlists(
        self,
        info: Info,
        order_by: Annotated[
            list[WishlistOrder] | None, strawberry.argument(description="By name when nothing is said.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Wishlist]:
        asked = order_by or [WishlistOrder(field=WishlistOrderField.NAME)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", WishlistTable.id, sort[0].descending))
        page = await wishlists.wishlists(info.context, sort, PageArgs(first, after, last, before))
        return connection(page, Wishlist.of)

    @strawberry.field(description="One list; null where there is none you may see.", directives=_USE)
    async def wishlist(
        self, info: Info, by: Annotated[WishlistBy, strawberry.argument(description="Which one.")]
    ) -> Wishlist | None:
        kind, value = one_key_of(by)
        if kind == "name":
            row = await wishlists.own_wishlist_by_name(info.context, value)
        else:
            key = try_decode_id(value, "Wishlist")
            row = None if key is None else await info.context.load(wishlists.wishlists_by_id, key)
        return None if row is None else Wishlist.of(row)


Version = strawberry.field(
    default=None, description="The version you saw; a newer one is refused. Optional for lists."
)


@strawberry.input(description="A product to put on a list: by SKU or by id.", directives=_USE)
class WishlistItemInput:
    sku: str | None = strawberry.field(default=None, description="Our number, your own number, or a barcode.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="Or the product's global id."
    )
    quantity: Decimal = strawberry.field(description="How many are wanted; replaces what the list says.")
    note: str | None = strawberry.field(
        default=None, description="Why, 500 characters; what is not given stays."
    )


@strawberry.input(description="A new list.", directives=_USE)
class CreateWishlistInput:
    name: str = strawberry.field(description="Its name.")
    visibility: WishlistVisibility = strawberry.field(
        default=WishlistVisibility.PRIVATE, description="Who sees it."
    )
    items: list[WishlistItemInput] | None = strawberry.field(default=None, description="Its first products.")


@strawberry.input(description="What to change of a list; what is not given stays.", directives=_USE)
class UpdateWishlistInput:
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    visibility: WishlistVisibility | None = strawberry.field(default=None, description="Who sees it.")
    expected_version: int | None = Version


@strawberry.input(description="A list to delete.", directives=_USE)
class DeleteWishlistInput:
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    expected_version: int | None = Version


@strawberry.input(description="Puts a product on a list, or changes its quantity and note.", directives=_USE)
class SetWishlistItemInput(WishlistItemInput):
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    expected_version: int | None = Version


@strawberry.input(description="Takes a product off a list.", directives=_USE)
class RemoveWishlistItemInput:
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    item_id: strawberry.ID = strawberry.field(description="The item.")
    expected_version: int | None = Version


class _WishlistPayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(wishlists.wishlists_by_id, entity_id)
        return cls(wishlist=None if row is None else Wishlist.of(row))  # type: ignore[call-arg]


def wishlist_payload(mutation: str) -> type[_WishlistPayload]:
    name = mutation[0].upper() + mutation[1:] + "Payload"
    members = {
        "__annotations__": {"wishlist": Wishlist | None},
        "__module__": __name__,
        "__doc__": f"Answer of {mutation}.",
        "entity_type": "Wishlist",
        "wishlist": strawberry.field(default=None, description="The list; null when refused."),
    }
    made = type(name, (_WishlistPayload,), members)
    return strawberry.type(made, description=f"Answer of {mutation}.", directives=_USE)


CreateWishlistPayload = wishlist_payload("createWishlist")
UpdateWishlistPayload = wishlist_payload("updateWishlist")
SetWishlistItemPayload = wishlist_payload("setWishlistItem")
RemoveWishlistItemPayload = wishlist_payload("removeWishlistItem")


@strawberry.type(description="Answer of deleteWishlist.", directives=_USE)
class DeleteWishlistPayload(Payload):
    entity_type = "Wishlist"
    deleted_wishlist_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id it had; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:  # noqa: ARG003  # the list is gone
        return cls(deleted_wishlist_id=encode_id("Wishlist", entity_id))


def _item_draft(given: WishlistItemInput, path: Sequence[str | int]) -> wishlists.ItemDraft:
    if (given.sku is None) == (given.product_id is None):
        raise Refusal(ErrorCode.INVALID, "Name the product either by SKU or by id.", (*path, "sku"))
    key = (
        None
        if given.product_id is None
        else decode_id(given.product_id, "Product", path=(*path, "productId"))
    )
    return wishlists.ItemDraft(path, given.quantity, given.sku, key, given.note)


def _list_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "Wishlist", path=("wishlistId",))


@strawberry.type
class WishlistMutations:
    @strawberry.mutation(description="Makes a list.", directives=_USE)
    async def create_wishlist(
        self, info: Info, input: Annotated[CreateWishlistInput, strawberry.argument(description="The list.")]
    ) -> CreateWishlistPayload:  # type: ignore[valid-type]
        items = [_item_draft(each, ("items", index)) for index, each in enumerate(input.items or ())]
        done = await wishlists.create_wishlist(info.context, input.name, input.visibility, items)
        return await CreateWishlistPayload.of(info.context, done)

    @strawberry.mutation(description="Renames or shares a list; its owner may.", directives=_USE)
    async def update_wishlist(
        self,
        info: Info,
        input: Annotated[UpdateWishlistInput, strawberry.argument(description="The change.")],
    ) -> UpdateWishlistPayload:  # type: ignore[valid-type]
        key = _list_id(input.wishlist_id)
        done = await wishlists.update_wishlist(
            info.context, key, input.name, input.visibility, input.expected_version
        )
        return await UpdateWishlistPayload.of(info.context, done)

    @strawberry.mutation(description="Deletes a list; its owner may.", directives=_USE)
    async def delete_wishlist(
        self, info: Info, input: Annotated[DeleteWishlistInput, strawberry.argument(description="The list.")]
    ) -> DeleteWishlistPayload:
        done = await wishlists.delete_wishlist(
            info.context, _list_id(input.wishlist_id), input.expected_version
        )
        return await DeleteWishlistPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts a product on a list, or changes its quantity and note.", directives=_USE
    )
    async def set_wishlist_item(
        self,
        info: Info,
        input: Annotated[SetWishlistItemInput, strawberry.argument(description="The product.")],
    ) -> SetWishlistItemPayload:  # type: ignore[valid-type]
        key, draft = _list_id(input.wishlist_id), _item_draft(input, ())
        done = await wishlists.set_item(info.context, key, draft, input.expected_version)
        return await SetWishlistItemPayload.of(info.context, done)

    @strawberry.mutation(description="Takes a product off a list.", directives=_USE)
    async def remove_wishlist_item(
        self,
        info: Info,
        input: Annotated[RemoveWishlistItemInput, strawberry.argument(description="The item.")],
    ) -> RemoveWishlistItemPayload:  # type: ignore[valid-type]
        item = decode_id(input.item_id, "WishlistItem", path=("itemId",))
        done = await wishlists.remove_item(
            info.context, _list_id(input.wishlist_id), item, input.expected_version
        )
        return await RemoveWishlistItemPayload.of(info.context, done)


@node_loader("Wishlist")
async def _wishlists(ctx: Context, keys: Sequence[UUID]) -> Sequence[Wishlist | None]:
    return [None if row is None else Wishlist.of(row) for row in await wishlists.wishlists_by_id(ctx, keys)]
