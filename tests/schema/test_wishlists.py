"""Lists: private ones, shared ones, and what goes from them into the cart."""

from typing import Any

from auth.permissions import Viewer
from tests import factories as make
from tests.schema.shop import Shop

FIELDS = (
    "id name visibility isMine version itemCount allowedActions items { id quantity note product { sku } }"
)


async def run(shop: Shop, viewer: Viewer, mutation: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    field = "deletedWishlistId" if mutation == "deleteWishlist" else f"wishlist {{ {FIELDS} }}"
    document = f"mutation M($input: {name}Input!) {{ {mutation}(input: $input) {{ {field} errors {{ code path }} }} }}"
    payload: dict[str, Any] = (await shop.data(viewer, document, input=given))[mutation]
    return payload


async def made(shop: Shop, viewer: Viewer, name: str = "Bar", visibility: str = "PRIVATE") -> dict[str, Any]:
    items = [{"sku": "ACE-001", "quantity": "6", "note": "para la barra"}]
    payload = await run(shop, viewer, "createWishlist", name=name, visibility=visibility, items=items)
    assert payload["errors"] == []
    found: dict[str, Any] = payload["wishlist"]
    return found


async def colleague_of(shop: Shop) -> Viewer:
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, customer=shop.customer)
    return await make.viewer_of(shop.database, user)


async def names(shop: Shop, viewer: Viewer) -> list[str]:
    found = await shop.data(viewer, "{ wishlists { nodes { name } } }")
    return [each["name"] for each in found["wishlists"]["nodes"]]


async def test_a_list_keeps_quantities_and_notes(shop: Shop) -> None:
    wishlist = await made(shop, shop.buyer)

    assert wishlist["allowedActions"] == ["EDIT", "DELETE", "SET_ITEM", "ADD_TO_CART"]
    changed = await run(
        shop,
        shop.buyer,
        "setWishlistItem",
        wishlistId=wishlist["id"],
        sku="ace001",
        quantity="12",
        expectedVersion=1,
    )
    (item,) = changed["wishlist"]["items"]
    assert (item["quantity"], item["note"], changed["wishlist"]["version"]) == ("12", "para la barra", 2)


async def test_private_lists_are_private_and_shared_ones_are_the_companys(shop: Shop) -> None:
    colleague = await colleague_of(shop)
    await made(shop, shop.buyer, "Privada")
    shared = await made(shop, shop.buyer, "De todos", "COMPANY")

    assert await names(shop, colleague) == ["De todos"]
    assert await names(shop, shop.stranger) == []
    added = await run(
        shop, colleague, "setWishlistItem", wishlistId=shared["id"], sku="ACE-001", quantity="1"
    )
    renamed = await run(shop, colleague, "updateWishlist", wishlistId=shared["id"], name="Mía")
    deleted = await run(shop, colleague, "deleteWishlist", wishlistId=shared["id"])
    assert added["errors"] == [] and added["wishlist"]["isMine"] is False
    assert [renamed["errors"][0]["code"], deleted["errors"][0]["code"]] == ["NOT_PERMITTED", "NOT_PERMITTED"]


async def test_foreign_lists_do_not_exist(shop: Shop) -> None:
    wishlist = await made(shop, shop.buyer, visibility="COMPANY")
    before = await shop.snapshot()

    for mutation, given in (
        ("updateWishlist", {"name": "x"}),
        ("deleteWishlist", {}),
        ("setWishlistItem", {"sku": "ACE-001", "quantity": "1"}),
        ("removeWishlistItem", {"itemId": wishlist["items"][0]["id"]}),
    ):
        payload = await run(shop, shop.stranger, mutation, wishlistId=wishlist["id"], **given)
        assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"], mutation

    assert await shop.snapshot() == before


async def test_names_are_unique_for_their_owner(shop: Shop) -> None:
    await made(shop, shop.buyer, "Vinos")

    payload = await run(shop, shop.buyer, "createWishlist", name="  VINOS", visibility="PRIVATE")

    assert payload["errors"] == [{"code": "ALREADY_EXISTS", "path": ["name"]}]
    await made(shop, shop.stranger, "Vinos")


async def test_items_go_and_lists_go(shop: Shop) -> None:
    wishlist = await made(shop, shop.buyer)

    removed = await run(
        shop, shop.buyer, "removeWishlistItem", wishlistId=wishlist["id"], itemId=wishlist["items"][0]["id"]
    )
    deleted = await run(shop, shop.buyer, "deleteWishlist", wishlistId=wishlist["id"])

    assert removed["wishlist"]["items"] == [] and removed["wishlist"]["itemCount"] == 0
    assert deleted["deletedWishlistId"] == wishlist["id"]
    assert await names(shop, shop.buyer) == []


async def test_a_list_goes_into_the_cart(shop: Shop) -> None:
    wishlist = await made(shop, shop.buyer)
    document = "mutation A($id: ID!) { addWishlistToCart(input: {wishlistId: $id}) { cart { lines { quantity } } errors { code } } }"

    payload = (await shop.data(shop.buyer, document, id=wishlist["id"]))["addWishlistToCart"]

    assert payload == {"cart": {"lines": [{"quantity": "6"}]}, "errors": []}
    foreign = (await shop.data(shop.stranger, document, id=wishlist["id"]))["addWishlistToCart"]
    assert foreign == {"cart": None, "errors": [{"code": "NOT_FOUND"}]}
