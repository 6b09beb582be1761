"""Quick order: many lines at once, typed, pasted or as a file; verified first, then to the cart or onto a list."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Outcome, Page, Trouble
from storefront.rendering import address

ROWS, ROWS_MAX = 8, 100
PAGE_SIZE = 50
SHOWN = {"": None, "problems": ["ADJUSTED", "INVALID"]}


async def show_quick_order(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("QuickOrder")
    asked = page.query("rows")
    rows = min(int(asked), ROWS_MAX) if asked.isdigit() and len(asked) < 5 else ROWS
    typed = _typed(page)
    return page.show(
        "portal/quick_order.html", 422 if problems else 200, frame=data, text=page.field("text"),
        rows=[(number, *typed.get(number, ("", ""))) for number in range(1, max([rows, *typed]) + 1)],
        rows_more=min(rows + 16, ROWS_MAX), problems=list(problems),
    )  # fmt: skip


def _typed(page: Page) -> dict[int, tuple[str, str]]:
    """The rows in which something was typed: number -> code, quantity."""
    pairs = {
        number: (page.field(f"sku-{number}"), page.field(f"quantity-{number}"))
        for number in range(1, ROWS_MAX + 1)
    }
    return {number: pair for number, pair in pairs.items() if any(pair)}


async def check_text(page: Page) -> Response:
    if not page.field("text"):
        return await show_quick_order(page, [Problem(page.gettext("Paste at least one line."), "text")])
    return await _made(page, await page.act("CreateQuickOrder", text=page.field("text")), "text")


async def check_rows(page: Page) -> Response:
    lines, problems = [], []
    for number, (sku, typed) in _typed(page).items():
        quantity = read_number(typed or "1", page.locale)
        if not sku:
            problems.append(Problem(page.gettext("Enter a reference."), f"sku-{number}"))
        elif quantity is None:
            problems.append(Problem(page.gettext("Enter a quantity, such as 12."), f"quantity-{number}"))
        else:
            lines.append({"sku": sku[:200], "quantity": quantity})
    if not lines and not problems:
        problems.append(Problem(page.gettext("Enter at least one line."), "sku-1"))
    if problems:
        return await show_quick_order(page, problems)
    return await _made(page, await page.act("CreateQuickOrder", lines=lines), "sku-1")


async def check_file(page: Page) -> Response:
    upload, problem = await page.send_file("file")
    if problem:
        return await show_quick_order(page, [Problem(problem, "file")])
    return await _made(page, await page.act("CreateQuickOrder", uploadId=upload), "file")


async def _made(page: Page, outcome: Outcome, field: str) -> Response:
    if not outcome.done:
        return await show_quick_order(page, [Problem(each["message"], field) for each in outcome.errors])
    return page.go(f"/quick-order/{outcome.payload['quickOrder']['id']}")


def _id(page: Page) -> str:
    return str(page.request.path_params["id"])[:200]


async def show_checked(page: Page, problems: Sequence[Problem] = ()) -> Response:
    """What would be ordered, row by row; nothing is stored by looking."""
    show = page.query("show") if page.query("show") in SHOWN else ""
    data = await page.ask("CheckedQuickOrder", id=_id(page), status=SHOWN[show], **paging(page, PAGE_SIZE))
    found = data["quickOrder"]
    if found is None:
        raise Trouble(404)
    lines = found["checked"]["pagedLines"]
    return page.show(
        "portal/quick_order_checked.html", 422 if problems else 200, frame=data, order=found, checked=found["checked"],
        lines=lines, show=show, problems=list(problems), pager=neighbours(page, lines["pageInfo"], show=show),
        lists=[each for each in data["wishlists"]["nodes"] if "SET_ITEM" in each["allowedActions"]],
        typed={"name": page.field("name"), "wishlist": page.field("wishlist")},
    )  # fmt: skip


def _given(page: Page) -> dict[str, Any]:
    choice = "LEAVE_OUT" if page.field("leave_out") else "REFUSE"
    return {"quickOrderId": _id(page), "invalidLines": choice}


FIELDS = {"invalidLines": "leave-out", "name": "list-name", "wishlistId": "wishlist"}


async def to_cart(page: Page) -> Response:
    outcome = await page.act("AddQuickOrderToCart", **_given(page))
    if not outcome.done:
        return await show_checked(page, problems_of(outcome.errors, FIELDS))
    count = outcome.payload["cart"]["lineCount"]
    said = page.renderer.texts.ngettext(
        "The lines were added; the cart has %(number)s line now.",
        "The lines were added; the cart has %(number)s lines now.",
        count,
    )
    return page.go("/cart", said % {"number": count}, warnings=outcome.warnings)


async def to_list(page: Page) -> Response:
    """Onto a list that exists, or a new one."""
    if page.field("wishlist"):
        outcome = await page.act("AddQuickOrderToWishlist", wishlistId=page.field("wishlist"), **_given(page))
    elif page.field("name"):
        outcome = await page.act("SaveQuickOrderAsWishlist", name=page.field("name"), **_given(page))
    else:
        return await show_checked(page, [Problem(page.gettext("Give the list a name."), "list-name")])
    if not outcome.done:
        return await show_checked(page, problems_of(outcome.errors, FIELDS))
    made = outcome.payload["wishlist"]
    said = page.gettext("The lines are on the list %(name)s.", name=made["name"])
    return page.go(f"/lists/{made['id']}", said, warnings=outcome.warnings)


async def to_quote(page: Page) -> Response:
    """On to the page that asks for a quote, with what can be ordered; what cannot is left out knowingly."""
    found = (await page.ask("CheckedQuickOrder", id=_id(page), first=1))["quickOrder"]
    if found is None:
        raise Trouble(404)
    if found["checked"]["invalidCount"] and not page.field("leave_out"):
        text = page.gettext("Some lines are invalid: leave them out, or correct them in a file.")
        return await show_checked(page, [Problem(text, "leave-out")])
    return page.go(address("/quotes/new", quick=_id(page)))


PAGES = (
    At(
        "/quick-order",
        show_quick_order,
        {"verify": check_text, "rows": check_rows, "file": check_file},
        needs="carts:use",
        takes_file=True,
    ),
    At(
        "/quick-order/{id}",
        show_checked,
        {"cart": to_cart, "list": to_list, "quote": to_quote},
        needs="carts:use",
    ),
)
