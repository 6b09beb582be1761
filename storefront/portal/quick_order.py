"""Quick order: pasted lines are verified first; only then they go to the cart or become a list."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.page import At, Page


async def show_quick_order(page: Page) -> Response:
    data = await page.ask("QuickOrder")
    return page.show("portal/quick_order.html", frame=data, text="", checked=None)


async def verify(page: Page, problems: Sequence[Problem] = ()) -> Response:
    """What would be ordered, row by row; stores nothing."""
    text = page.field("text")
    if not text:
        data = await page.ask("QuickOrder")
        nothing = Problem(page.gettext("Paste at least one line."), "text")
        return page.show(
            "portal/quick_order.html", 422, frame=data, text="", checked=None, problems=[nothing]
        )
    data = await page.ask("CheckLines", text=text)
    return page.show(
        "portal/quick_order.html", 422 if problems else 200, frame=data, text=text, checked=data["checkLines"],
        problems=list(problems),
    )  # fmt: skip


async def _lines(page: Page) -> list[Mapping[str, Any]]:
    """The lines that can be ordered, verified again: what the form once showed is not trusted."""
    checked = (await page.ask("CheckLines", text=page.field("text")))["checkLines"]["lines"]
    return [each for each in checked if each["status"] != "INVALID"]


async def to_cart(page: Page) -> Response:
    lines = await _lines(page)
    if not lines:
        return await verify(page, [Problem(page.gettext("None of these lines can be ordered."), "text")])
    asked = [{"sku": each["product"]["sku"], "quantity": each["quantity"]} for each in lines]
    outcome = await page.act("AddToCart", lines=asked)
    if not outcome.done:
        return await verify(page, problems_of(outcome.errors))
    said = page.renderer.texts.ngettext(
        "%(number)s line is in the cart.", "%(number)s lines are in the cart.", len(lines)
    ) % {"number": len(lines)}
    return page.go("/cart", said, warnings=outcome.warnings)


async def to_list(page: Page) -> Response:
    lines = await _lines(page)
    name = page.field("name")
    if not name:
        return await verify(page, [Problem(page.gettext("Give the list a name."), "list-name")])
    if not lines:
        return await verify(page, [Problem(page.gettext("None of these lines can be ordered."), "text")])
    items = [{"sku": each["product"]["sku"], "quantity": each["quantity"]} for each in lines]
    outcome = await page.act("CreateWishlist", name=name, visibility="PRIVATE", items=items)
    if not outcome.done:
        return await verify(page, problems_of(outcome.errors, {"name": "list-name"}))
    made = outcome.payload["wishlist"]
    return page.go(f"/lists/{made['id']}", page.gettext("The list %(name)s was made.", name=made["name"]))


PAGES = (
    At(
        "/quick-order",
        show_quick_order,
        {"verify": verify, "cart": to_cart, "list": to_list},
        needs="carts:use",
    ),
)
