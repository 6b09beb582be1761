"""What the portal's and the console's lists of orders share: filters, and what an order's page is told."""

from collections.abc import Mapping
from typing import Any

from storefront.page import Page

PAGE_SIZE = 25
# The tabs above a list of orders: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "all": {},
    "open": {"isOpen": {"eq": True}},
    "waiting": {"status": {"eq": "PENDING_APPROVAL"}},
    "placed": {"status": {"eq": "PLACED"}, "isOnHold": {"eq": False}},
    "held": {"isOpen": {"eq": True}, "isOnHold": {"eq": True}},
    "confirmed": {"status": {"eq": "CONFIRMED"}},
    "closed": {"status": {"eq": "CLOSED"}},
    "ended": {"status": {"in": ["CANCELLED", "REFUSED"]}},
}


def asked_of(page: Page, *others: str) -> dict[str, str]:
    asked = {name: page.query(name) for name in ("search", "state", *others)}
    if asked["state"] not in STATES:
        asked["state"] = ""
    return asked


def where_of(asked: Mapping[str, str]) -> dict[str, Any] | None:
    return dict(STATES[asked["state"]]) or None


def steps_of(order: Mapping[str, Any]) -> list[dict[str, str]]:
    """The status bar: placed, confirmed, delivered, closed, and where the order stands."""
    if order["status"] in ("CANCELLED", "REFUSED"):
        return [{"key": "PLACED", "state": "done"}, {"key": order["status"], "state": "ended"}]
    if order["status"] == "PENDING_APPROVAL":
        waiting = [{"key": "APPROVAL", "state": "held"}]
        return waiting + [
            {"key": key, "state": "later"} for key in ("PLACED", "CONFIRMED", "SHIPPED", "CLOSED")
        ]
    confirmed = order["status"] in ("CONFIRMED", "CLOSED")
    shipped = order["deliveryState"] == "DONE" or order["status"] == "CLOSED"
    flags = [
        ("PLACED", True), ("CONFIRMED", confirmed), ("SHIPPED", shipped), ("CLOSED", order["status"] == "CLOSED"),
    ]  # fmt: skip
    reached = max(index for index, (_, is_done) in enumerate(flags) if is_done)
    steps = []
    for index, (key, _) in enumerate(flags):
        state = "done" if index <= reached else "next" if index == reached + 1 else "later"
        if index == reached + 1 and order["isOnHold"]:
            state = "held"
        steps.append({"key": key, "state": state})
    return steps
