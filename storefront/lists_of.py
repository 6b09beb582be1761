"""Long lists: from an address's query to the schema's arguments, and from a page of a list to its neighbours."""

from collections.abc import Mapping
from typing import Any

from storefront.page import Page
from storefront.rendering import address


def paging(page: Page, size: int) -> dict[str, Any]:
    """The connection's arguments that the address asks for: forwards, backwards, or from the start."""
    before, after = page.query("before"), page.query("after")
    if before:
        return {"last": size, "before": before}
    return {"first": size, "after": after or None}


def neighbours(page: Page, info: Mapping[str, Any], **query: Any) -> dict[str, str]:
    """Addresses of the pages before and after; empty where there is none."""
    path = page.request.url.path
    previous = address(path, **query, before=info["startCursor"]) if info["hasPreviousPage"] else ""
    following = address(path, **query, after=info["endCursor"]) if info["hasNextPage"] else ""
    return {"previous": previous, "next": following}
