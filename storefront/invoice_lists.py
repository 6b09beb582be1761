"""What the portal's and the console's lists of invoices share."""

from collections.abc import Mapping
from typing import Any

from storefront.page import Page

PAGE_SIZE = 25
_ISSUED = {"status": {"eq": "ISSUED"}}
# The tabs: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "": _ISSUED,
    "drafts": {"status": {"eq": "DRAFT"}},
    "open": _ISSUED | {"state": {"in": ["OPEN", "PARTIAL"]}},
    "overdue": {"isOverdue": {"eq": True}},
    "paid": _ISSUED | {"state": {"eq": "PAID"}},
    "credits": _ISSUED | {"kind": {"eq": "RECTIFYING"}},
}


def asked_of(page: Page, *others: str) -> dict[str, str]:
    """The search and the tab, which is "" for one that is not known; `others` are tabs of the page's own."""
    asked = {name: page.query(name) for name in ("search", "state")}
    if asked["state"] not in STATES and asked["state"] not in others:
        asked["state"] = ""
    return asked


def version_of(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0
