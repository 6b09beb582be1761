"""Products: the list with its facets, one product, and what a search box suggests."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble
from storefront.rendering import address
from storefront.suggested import offered, tell_shown, tell_taken

PAGE_SIZE = 24
SORTS = {
    "name": [{"field": "NAME", "direction": "ASC"}],
    "sku": [{"field": "SKU", "direction": "ASC"}],
    "new": [{"field": "CREATED_AT", "direction": "DESC"}],
}
Category = Mapping[str, Any]


async def show_products(page: Page, problems: Sequence[Problem] = ()) -> Response:
    asked = {name: page.query(name) for name in ("search", "category", "stock", "bought", "sort", "view")}
    asked["view"] = "grid" if asked["view"] == "grid" else ""
    asked["sort"] = asked["sort"] if asked["sort"] in SORTS else ""
    if page.query("partial") == "suggestions":
        return await _suggest(page, asked["search"])
    where: dict[str, Any] = {}
    if asked["category"]:
        where["category"] = {"eq": asked["category"]}
    if asked["stock"]:
        where["inStock"] = {"eq": True}
    if asked["bought"]:
        where["purchased"] = {"eq": True}
    data = await page.ask(
        "Products",
        search=asked["search"][:200] or None,
        where=where or None,
        orderBy=SORTS.get(asked["sort"]),
        **paging(page, PAGE_SIZE),
    )
    facets = _facets(data["productCategories"], asked["category"])
    return page.show(
        "portal/products.html", 422 if problems else 200, frame=data, products=data["products"], asked=asked,
        facets=facets, problems=list(problems), pager=neighbours(page, data["products"]["pageInfo"], **asked),
        chips=_chips(page, asked, facets),
    )  # fmt: skip


async def _suggest(page: Page, search: str) -> Response:
    """The rows under the search box, for the script; nothing for less than two characters."""
    found: Sequence[Mapping[str, Any]] = ()
    if len(search) > 1:
        found = (await page.ask("Suggestions", search=search[:200]))["products"]["nodes"]
    return page.show("portal/suggestions.html", found=found, search=search)


def _facets(categories: Sequence[Category], chosen: str) -> dict[str, Any]:
    """The top of the tree, the way down to the chosen category and what lies directly below it."""
    by_id = {each["id"]: each for each in categories}
    below: dict[str | None, list[Category]] = {}
    for each in categories:
        below.setdefault(each["parentId"], []).append(each)
    for children in below.values():
        children.sort(key=lambda each: each["name"])
    way: list[Category] = []
    step = by_id.get(chosen)
    while step is not None:
        way.insert(0, step)
        step = by_id.get(step["parentId"] or "")
    opened = {each["id"] for each in way}
    # A tree with one root shows what lies below the root.
    roots = below.get(None, [])
    while len(roots) == 1 and below.get(roots[0]["id"]):
        roots = below[roots[0]["id"]]
    return {"roots": roots, "below": below, "open": opened, "way": way, "chosen": by_id.get(chosen)}


def _chips(page: Page, asked: Mapping[str, str], facets: Mapping[str, Any]) -> list[dict[str, str]]:
    """The filters that are on, each with the address that takes it away."""
    names = {
        "search": asked["search"],
        "category": facets["chosen"]["name"] if facets["chosen"] else "",
        "stock": page.gettext("In stock only") if asked["stock"] else "",
        "bought": page.gettext("Bought before") if asked["bought"] else "",
    }
    return [
        {"name": text, "kind": kind, "without": address("/products", **(dict(asked) | {kind: ""}))}
        for kind, text in names.items()
        if text
    ]


async def add_to_cart(page: Page) -> Response:
    """From a card of any list of products: `sku`, `quantity`."""
    sku = page.field("sku")
    quantity = read_number(page.field("quantity"), page.locale)
    back = page.back("/products")
    if quantity is None:
        return page.go(back, bad=[f"{sku}: " + page.gettext("Enter a quantity, such as 12.")])
    outcome = await page.act("AddToCart", lines=[{"sku": sku, "quantity": quantity}])
    if not outcome.done:
        return page.go(back, bad=[each["message"] for each in outcome.errors])
    await tell_taken(page)
    return page.go(back, page.gettext("%(sku)s is in the cart.", sku=sku), warnings=outcome.warnings)


async def show_product(page: Page, problems: Sequence[Problem] = ()) -> Response:
    sku = page.request.path_params["sku"]
    wanted = page.field("quantity") or page.query("quantity")
    quantity = read_number(wanted, page.locale) if wanted else None
    if quantity is not None and (quantity.startswith("-") or len(quantity.partition(".")[0]) > 9):
        quantity = None
    data = await page.ask("Product", sku=sku[:200], quantity=quantity, wanted=quantity or "1")
    product = data["product"]
    if product is None:
        raise Trouble(404)
    by_id = {each["id"]: each for each in data["productCategories"]}
    way: list[Category] = []
    step = by_id.get(product["category"]["id"])
    while step is not None:
        way.insert(0, step)
        step = by_id.get(step["parentId"] or "")
    suggested = offered(
        data["productSuggestions"], without=("RELATED",)
    )  # related ones have their own section
    await tell_shown(page, "PRODUCT", suggested)
    return page.show(
        "portal/product.html", 422 if problems else 200, frame=data, product=product, way=way, suggested=suggested,
        lists=[each for each in (data.get("wishlists") or {"nodes": []})["nodes"] if "EDIT" in each["allowedActions"]],
        wanted=wanted, problems=list(problems),
    )  # fmt: skip


async def add_product(page: Page) -> Response:
    sku = page.request.path_params["sku"]
    quantity = read_number(page.field("quantity"), page.locale)
    if quantity is None:
        return await show_product(page, [Problem(page.gettext("Enter a quantity, such as 12."), "quantity")])
    outcome = await page.act("AddToCart", lines=[{"sku": sku, "quantity": quantity}])
    if not outcome.done:
        return await show_product(
            page, problems_of(outcome.errors, {"quantity": "quantity", "lines": "quantity"})
        )
    said = page.gettext("%(sku)s is in the cart.", sku=sku)
    return page.go(f"/products/{quote(sku, safe='')}", said, warnings=outcome.warnings)


async def list_product(page: Page) -> Response:
    """Onto a list: an existing one, or a new one of the name given."""
    sku = page.request.path_params["sku"]
    quantity = read_number(page.field("quantity"), page.locale)
    if quantity is None:
        return await show_product(
            page, [Problem(page.gettext("Enter a quantity, such as 12."), "list-quantity")]
        )
    item = {"sku": sku, "quantity": quantity}
    if page.field("wishlist"):
        outcome = await page.act("SetWishlistItem", wishlistId=page.field("wishlist"), **item)
    else:
        name = page.field("name") or page.gettext("My list")
        outcome = await page.act("CreateWishlist", name=name, visibility="PRIVATE", items=[item])
    if not outcome.done:
        fields = {"quantity": "list-quantity", "name": "list-name", "wishlistId": "wishlist"}
        return await show_product(page, problems_of(outcome.errors, fields))
    said = page.gettext("%(sku)s is on the list %(name)s.", sku=sku, name=outcome.payload["wishlist"]["name"])
    return page.go(f"/products/{quote(sku, safe='')}", said, warnings=outcome.warnings)


PAGES = (
    At("/products", show_products, {"add": add_to_cart}, needs="catalog:read"),
    At("/products/{sku}", show_product, {"add": add_product, "list": list_product}, needs="catalog:read"),
)
