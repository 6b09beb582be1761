"""The quote desk's queue: what waits for an answer first, then what is ours to finish, and what others have."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page
from storefront.rendering import instant, today

BASE = "/staff/quotes"
PAGE_SIZE = 25
CARDS = 12
EXPIRING_DAYS = 7
OPEN_OFFERS = ("SENT", "COUNTERED", "ACCEPTANCE_PENDING")
# The tabs above the list: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "all": {},
    "answer": {"step": {"eq": "ANSWER"}},
    "ours": {"step": {"in": ["SUBMIT", "CONSENT", "SEND"]}},
    "customer": {"step": {"in": ["CUSTOMER", "COLLEAGUE"]}},
    "accepted": {"step": {"eq": "CONVERT"}},
    "ended": {"step": {"eq": "NONE"}},
}
TABS = (
    ("", N_("Board")),
    ("all", N_("All")),
    ("answer", N_("To answer")),
    ("ours", N_("To finish")),
    ("customer", N_("With the customer")),
    ("accepted", N_("Accepted, no order yet")),
    ("ended", N_("Ended")),
)
COLUMNS = (("answer", "inbox"), ("ours", "edit"), ("customer", "users"), ("accepted", "check"))
FILTERS = ("mine", "expiring", "stalled")


def _filters(asked: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if asked["mine"]:
        found.append({"isMine": {"eq": True}})
    if asked["expiring"]:
        last = (today() + timedelta(days=EXPIRING_DAYS)).isoformat()
        found.append({"validUntil": {"lte": last}, "status": {"in": list(OPEN_OFFERS)}})
    if asked["stalled"]:
        found.append({"isStalled": {"eq": True}})
    return found


def _aged(quotes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With `age`: for how many whole days each has waited for its next step."""
    now = datetime.now(UTC)
    for each in quotes:
        since = each["waitsSince"]
        each["age"] = None if since is None else max((now - instant(since)).days, 0)
    return list(quotes)


async def show_quotes(page: Page) -> Response:
    """The board of what is open, oldest first, or the list of one state, newest first."""
    asked = {name: page.query(name)[:200] for name in ("search", "state", *FILTERS)}
    if asked["state"] not in STATES:
        asked["state"] = ""
    filters = _filters(asked)
    shown: dict[str, Any] = {
        "asked": asked, "filtered": len([name for name in FILTERS if asked[name]]), "tabs": TABS, "board": None,
        "quotes": None, "pager": None,
    }  # fmt: skip
    if not asked["state"]:
        wheres = {state: {**STATES[state], "and": filters} for state, _ in COLUMNS}
        data = await page.ask("QuoteBoard", search=asked["search"] or None, last=CARDS, **wheres)
        texts = dict(TABS)
        shown["board"] = [
            {
                "state": state,
                "icon": icon,
                "text": texts[state],
                "nodes": _aged(data[state]["nodes"][::-1]),
                "total": data[state]["totalCount"],
            }
            for state, icon in COLUMNS
        ]
    else:
        where = {**STATES[asked["state"]], "and": filters}
        data = await page.ask(
            "StaffQuotes", search=asked["search"] or None, where=where, **paging(page, PAGE_SIZE)
        )
        found = data["quotes"]
        shown |= {
            "quotes": {"nodes": _aged(found["nodes"]), "total": found["totalCount"]},
            "pager": neighbours(page, found["pageInfo"], **asked),
        }
    return page.show("staff/quotes.html", frame=data, **shown)


PAGES = (At(BASE, show_quotes, needs="quotes:manage"),)
