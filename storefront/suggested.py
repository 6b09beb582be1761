"""Suggestions on pages: shown ones are told to the schema, taken ones too."""

from collections.abc import Mapping, Sequence
from typing import Any

from storefront.page import Page

REASONS = ("AGREEMENT", "REPLENISHMENT", "RELATED", "BOUGHT_TOGETHER", "PEERS")


def offered(found: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> list[Mapping[str, Any]]:
    """What can be shown: products that are still there, but for reasons that the page shows elsewhere."""
    return [each for each in found if each["product"] and each["reason"] not in without]


async def tell_shown(
    page: Page, place: str, shown: Sequence[Mapping[str, Any]], customer: str | None = None
) -> None:
    """They count once a day for each customer and product, however often the page is opened."""
    may = page.may("carts:use") or (customer is not None and page.may("orders:manage"))
    if shown and may and page.request.method == "GET":
        told = [{"productId": each["product"]["id"], "reason": each["reason"]} for each in shown]
        await page.act("RecordSuggestions", stage="SHOWN", place=place, suggestions=told, customerId=customer)


async def tell_taken(page: Page) -> None:
    """Where the form that filled the cart stood below a suggestion."""
    product, reason, place = (page.field(name) for name in ("suggested", "reason", "place"))
    if product and reason in REASONS and place in ("PRODUCT", "CART") and page.may("carts:use"):
        told = [{"productId": product, "reason": reason}]
        await page.act_unkeyed("RecordSuggestions", stage="ACCEPTED", place=place, suggestions=told)
