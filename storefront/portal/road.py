"""
Order on the road: orders captured without network by the page itself, and sent once when it is back.

What the browser keeps is in `static/road*.js`; here is what it asks: the page and its shell, the worker that shows the
shell without network, the products to choose from, and the sending of one order. The form's token belongs to the
session and the company it acts for, so an order that somebody else captured is not sent in their name.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from storefront.forms import read_date
from storefront.page import At, Page, Trouble
from storefront.rendering import HERE, LOCALES

# The company's own products first; with them the browser's store stays below half a megabyte.
PRODUCTS_MAX = 500
PURCHASED_PAGES_MAX = 3
ORDER_CHARACTERS_MAX = 50_000
LINES_MAX = 200
WORKER = HERE / "static" / "road_worker.js"


def _check_may_open(page: Page) -> None:
    if not (page.may("orders:place") or page.may("on-behalf:act")):
        raise Trouble(404)


async def show_road(page: Page) -> Response:
    """For a company's people, or who acts for one: its orders. For the seller's: the choice of a customer first."""
    _check_may_open(page)
    if page.may("orders:place"):
        data = await page.ask("Road")
        return page.show("portal/road.html", frame=data, viewer=data["viewer"], customers=None, search="")
    search = page.query("search")[:200]
    where = None if search else {"isMine": {"eq": True}}
    data = await page.ask("RoadCustomers", search=search or None, where=where)
    if not search and not data["customers"]["nodes"]:
        data = await page.ask("RoadCustomers", search=None, where=None)
    viewer = data["viewer"] | {"customer": None}
    return page.show(
        "portal/road.html", frame=data, viewer=viewer, customers=data["customers"], search=search
    )


async def show_shell(page: Page) -> Response:
    """The page without anybody's data, for the browser to keep: it is the same for everyone of a language."""
    asked = page.query("locale")
    page.request.state.session = None
    page.request.state.locale = asked if asked in LOCALES else LOCALES[0]
    return page.show("portal/road_shell.html", theme="", notices=[])


async def worker(page: Page) -> Response:
    headers = {"Service-Worker-Allowed": "/road"}
    return Response(WORKER.read_bytes(), media_type="text/javascript", headers=headers)


async def products(page: Page) -> Response:
    """What the company buys and may buy, at today's prices, as far as a telephone should keep it."""
    if not page.may("orders:place"):
        raise Trouble(404)
    found: dict[str, Mapping[str, Any]] = {}
    viewer: Mapping[str, Any] = {}
    for where, pages in (({"purchased": {"eq": True}}, PURCHASED_PAGES_MAX), (None, PRODUCTS_MAX // 100)):
        after = None
        for _ in range(pages):
            data = await page.ask("RoadProducts", where=where, after=after)
            viewer, after = data["viewer"], data["products"]["pageInfo"]["endCursor"]
            found |= {each["sku"]: each for each in data["products"]["nodes"] if each["sku"] not in found}
            if len(found) >= PRODUCTS_MAX or not data["products"]["pageInfo"]["hasNextPage"]:
                break
    kept = list(found.values())[:PRODUCTS_MAX]
    return JSONResponse(
        {"user": viewer["user"]["id"], "customer": viewer["customer"]["number"], "products": kept}
    )


def _order(page: Page) -> dict[str, Any]:
    """The input of an order as the browser kept it; Trouble where it is none of ours."""
    text = page.field("order")
    try:
        kept: Any = json.loads(text) if len(text) <= ORDER_CHARACTERS_MAX else None
        lines = [
            {
                "sku": str(line["sku"])[:100],
                "quantity": str(line["quantity"]),
                "seenUnitPrice": None if line["seen"] is None else str(line["seen"]),
            }
            for line in kept["lines"][: LINES_MAX + 1]
        ]
        return {
            "lines": lines,
            "expectedTotal": str(kept["total"]),
            "purchaseOrderNumber": str(kept["purchaseOrderNumber"]),
            "note": str(kept["note"]),
            "requestedOn": read_date(str(kept["requestedOn"])),
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Trouble(400) from None


async def send(page: Page) -> Response:
    """One captured order, under the key it was captured with; what became of it, for the browser to keep."""
    if not page.may("orders:place"):
        raise Trouble(404)
    outcome = await page.act("PlaceCapturedOrder", **_order(page))
    if outcome.done:
        order = outcome.payload["order"]
        return JSONResponse({"number": order["number"], "warnings": outcome.warnings, "errors": []})
    return JSONResponse({"number": None, "warnings": [], "errors": list(outcome.errors)})


PAGES = (
    At("/road", show_road, {"send": send}),
    At("/road/products", products),
    At("/road/offline", show_shell),
    At("/road/worker.js", worker),
)
