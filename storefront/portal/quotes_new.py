"""Asking for a quote: rows that are typed, or that the cart, a list, a product or a quick order brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.page import At, Page, Trouble
from storefront.portal.quotes import path_of

ROWS, ROWS_MORE, LINES_MAX, PAGES_MAX = 8, 16, 200, 2
FIELDS = {"sku": "sku", "quantity": "quantity", "requestedOn": "requested"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is typed: a code, a quantity in the visitor's notation, a day."""

    sku: str = ""
    quantity: str = ""
    requested: str = ""

    def __bool__(self) -> bool:
        return bool(self.sku or self.quantity or self.requested)


async def show_new(page: Page, problems: Sequence[Problem] = (), more: int = 0) -> Response:
    data = await page.ask("NewQuote")
    rows = _typed(page) if page.form else {}
    left = 0
    if not page.form:
        brought = await _brought(page)
        left = max(len(brought) - LINES_MAX, 0)
        rows = dict(enumerate(brought[:LINES_MAX], start=1))
    count = min(max([ROWS, *rows]) + more, LINES_MAX)
    return page.show(
        "portal/quote_new.html", 422 if problems else 200, frame=data, problems=list(problems), left=left,
        rows=[(number, rows.get(number, Row())) for number in range(1, count + 1)],
        message=page.field("message"),
    )  # fmt: skip


async def show_more(page: Page) -> Response:
    """Room for more lines, with what was typed."""
    return await show_new(page, more=ROWS_MORE)


def _typed(page: Page) -> dict[int, Row]:
    """The rows in which something was typed, by number."""
    rows = {
        number: Row(*(page.field(f"{name}-{number}") for name in FIELDS.values()))
        for number in range(1, LINES_MAX + 1)
    }
    return {number: row for number, row in rows.items() if row}


async def _brought(page: Page) -> list[Row]:
    """What the address names: a product, the cart, a list or a checked quick order; nothing is stored by looking."""
    if page.query("sku"):
        quantity = read_number(page.query("quantity"), page.locale)
        return [_row(page, page.query("sku")[:100], quantity)]
    if page.query("cart"):
        return await _of_cart(page)
    if page.query("list"):
        return await _of_list(page, page.query("list")[:200])
    if page.query("quick"):
        return await _of_quick_order(page, page.query("quick")[:200])
    return []


def _row(page: Page, sku: str, quantity: str | None, requested: str | None = None) -> Row:
    return Row(sku, page.renderer.formats.plain(quantity), requested or "")


async def _of_cart(page: Page) -> list[Row]:
    if not page.may("carts:use"):
        raise Trouble(404)
    found: list[Row] = []
    after = None
    for _ in range(PAGES_MAX):
        cart = (await page.ask("QuoteOfCart", after=after))["cart"]
        if cart is None:
            break
        lines = cart["pagedLines"]
        found += [
            _row(page, line["product"]["sku"], line["quantity"], line["requestedOn"] or cart["requestedOn"])
            for line in lines["nodes"]
            if line["product"]
        ]
        after = _next(lines)
        if after is None:
            break
    return found


async def _of_list(page: Page, key: str) -> list[Row]:
    """All of a list, or what was chosen of it."""
    chosen = set(page.request.query_params.getlist("item")[:LINES_MAX])
    found: list[Row] = []
    after = None
    for _ in range(PAGES_MAX):
        wishlist = (await page.ask("QuoteOfList", id=key, after=after))["wishlist"]
        if wishlist is None:
            raise Trouble(404)
        items = wishlist["pagedItems"]
        found += [
            _row(page, item["product"]["sku"], item["quantity"])
            for item in items["nodes"]
            if item["product"] and (not chosen or item["id"] in chosen)
        ]
        after = _next(items)
        if after is None:
            break
    return found


async def _of_quick_order(page: Page, key: str) -> list[Row]:
    """What can be ordered of it; with another quantity where packs ask for one."""
    found: list[Row] = []
    after = None
    for _ in range(PAGES_MAX):
        order = (await page.ask("QuoteOfQuickOrder", id=key, after=after))["quickOrder"]
        if order is None:
            raise Trouble(404)
        lines = order["checked"]["pagedLines"]
        found += [
            _row(page, line["product"]["sku"], line["quantity"]) for line in lines["nodes"] if line["product"]
        ]
        after = _next(lines)
        if after is None:
            break
    return found


def _next(connection: Mapping[str, Any]) -> str | None:
    info = connection["pageInfo"]
    return info["endCursor"] if info["hasNextPage"] else None


async def request_quote(page: Page) -> Response:
    lines: list[dict[str, Any]] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, row in _typed(page).items():
        quantity = read_number(row.quantity or "1", page.locale)
        on = read_date(row.requested)
        if not row.sku:
            problems.append(Problem(page.gettext("Enter a reference."), f"sku-{number}"))
        elif quantity is None:
            problems.append(Problem(page.gettext("Enter a quantity, such as 12."), f"quantity-{number}"))
        elif row.requested and on is None:
            problems.append(Problem(page.gettext("Enter a date."), f"requested-{number}"))
        else:
            numbers.append(number)
            lines.append({"sku": row.sku[:100], "quantity": quantity, "requestedOn": on})
    if not lines and not problems:
        problems.append(Problem(page.gettext("Enter at least one line."), "sku-1"))
    if problems:
        return await show_new(page, problems)
    outcome = await page.act("RequestQuote", lines=lines, message=page.field("message"))
    if not outcome.done:
        return await show_new(page, _problems(outcome.errors, numbers))
    number = outcome.payload["quote"]["number"]
    said = page.gettext("Quote %(number)s was asked for; the offer shows up here.", number=number)
    return page.go(path_of(number), said, warnings=outcome.warnings)


def _problems(errors: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> list[Problem]:
    """What was refused, at the row and field that it is about."""
    found = []
    for error in errors:
        path = error["path"]
        if len(path) > 1 and path[0] == "lines" and path[1].isdigit() and int(path[1]) < len(numbers):
            field = FIELDS.get(path[-1], "sku")
            found.append(Problem(error["message"], f"{field}-{numbers[int(path[1])]}", error["code"]))
        else:
            found += problems_of([error], {"message": "message", "lines": "sku-1"})
    return found


PAGES = (At("/quotes/new", show_new, {"": request_quote, "more": show_more}, needs="quotes:answer"),)
