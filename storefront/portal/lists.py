"""Wishlists: several per buyer, private or shared with the company."""

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble

PAGE_SIZE = 50
VISIBILITIES = ("PRIVATE", "COMPANY")


async def show_lists(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Wishlists", after=page.query("after") or None)
    return page.show(
        "portal/lists.html", 422 if problems else 200, frame=data, lists=data["wishlists"], problems=list(problems),
        typed={"name": page.field("name"), "visibility": page.field("visibility")},
        pager=neighbours(page, data["wishlists"]["pageInfo"]),
    )  # fmt: skip


async def create_list(page: Page) -> Response:
    outcome = await page.act(
        "CreateWishlist", name=page.field("name"), visibility=_visibility(page), items=[]
    )
    if not outcome.done:
        return await show_lists(page, problems_of(outcome.errors, {"name": "name"}))
    made = outcome.payload["wishlist"]
    return page.go(f"/lists/{made['id']}", page.gettext("The list %(name)s was made.", name=made["name"]))


def _visibility(page: Page) -> str:
    chosen = page.field("visibility")
    return chosen if chosen in VISIBILITIES else VISIBILITIES[0]


def _id(page: Page) -> str:
    return str(page.request.path_params["id"])[:200]


def _version(page: Page) -> int | None:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else None


async def show_list(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Wishlist", id=_id(page), **paging(page, PAGE_SIZE))
    if data["wishlist"] is None:
        raise Trouble(404)
    return page.show(
        "portal/list.html", 422 if problems else 200, frame=data, list=data["wishlist"], problems=list(problems),
        items=data["wishlist"]["pagedItems"]["nodes"],
        pager=neighbours(page, data["wishlist"]["pagedItems"]["pageInfo"]),
        typed={name: page.field(name) for name in ("sku", "quantity", "note", "item")},
    )  # fmt: skip


async def rename_list(page: Page) -> Response:
    outcome = await page.act(
        "UpdateWishlist", wishlistId=_id(page), name=page.field("name"), visibility=_visibility(page),
        expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_list(page, problems_of(outcome.errors, {"name": "name"}))
    return page.go(f"/lists/{_id(page)}", page.gettext("The list was saved."), warnings=outcome.warnings)


async def delete_list(page: Page) -> Response:
    outcome = await page.act("DeleteWishlist", wishlistId=_id(page), expectedVersion=_version(page))
    if not outcome.done:
        return await show_list(page, problems_of(outcome.errors))
    return page.go("/lists", page.gettext("The list was deleted."))


async def set_item(page: Page) -> Response:
    """A new item, or another quantity or note for one that is there."""
    item = page.field("item")
    quantity = read_number(page.field("quantity"), page.locale)
    field = f"quantity-{item}" if item else "quantity"
    if quantity is None:
        return await show_list(page, [Problem(page.gettext("Enter a quantity, such as 12."), field)])
    outcome = await page.act(
        "SetWishlistItem",
        wishlistId=_id(page),
        sku=page.field("sku"),
        quantity=quantity,
        note=page.field("note"),
    )
    if not outcome.done:
        fields = {"quantity": field, "sku": "sku", "note": f"note-{item}" if item else "note"}
        return await show_list(page, problems_of(outcome.errors, fields))
    return page.go(f"/lists/{_id(page)}", page.gettext("The list was saved."), warnings=outcome.warnings)


async def remove_item(page: Page) -> Response:
    outcome = await page.act("RemoveWishlistItem", wishlistId=_id(page), itemId=page.field("item"))
    if not outcome.done:
        return await show_list(page, problems_of(outcome.errors))
    return page.go(f"/lists/{_id(page)}", page.gettext("The item was removed."))


async def list_to_cart(page: Page) -> Response:
    """The chosen items; all of them where none is chosen."""
    chosen = [each for each in page.form.getlist("chosen") if isinstance(each, str)]
    given = {"wishlistId": _id(page)} | ({"itemIds": chosen} if chosen else {})
    outcome = await page.act("AddWishlistToCart", **given)
    if not outcome.done:
        return await show_list(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The list is in the cart."), warnings=outcome.warnings)


async def list_to_quote(page: Page) -> Response:
    """On to the page that asks for a quote, with the chosen items; all of them where none is chosen."""
    chosen = [("item", each) for each in page.form.getlist("chosen") if isinstance(each, str)]
    return page.go("/quotes/new?" + urlencode([("list", _id(page)), *chosen[:PAGE_SIZE]]))


PAGES = (
    At("/lists", show_lists, {"create": create_list}, needs="wishlists:use"),
    At(
        "/lists/{id}",
        show_list,
        {
            "save": rename_list,
            "delete": delete_list,
            "item": set_item,
            "remove": remove_item,
            "cart": list_to_cart,
            "quote": list_to_quote,
        },
        needs="wishlists:use",
    ),
)
