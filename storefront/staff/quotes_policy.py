"""Whose consent quotes need before they are sent: the policy as a table, for administrators to change."""

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, read_number
from storefront.page import At, Page, Trouble
from storefront.staff.quotes import BASE

CRITERIA = ("LINE_DEPTH", "QUOTE_DEPTH", "MARGIN", "FLOOR", "AMOUNT", "PAYMENT_TERM", "FREE_GOODS")
LEVELS = ("MANAGER", "DIRECTOR")
ROWS_MAX = 30
ROWS_MORE = 2
READERS = ("quotes:manage", "quotes:approve", "admin")


async def show_policy(page: Page, problems: Sequence[Problem] = ()) -> Response:
    if not any(page.may(each) for each in READERS):
        raise Trouble(404)
    data = await page.ask("QuotePolicyOfSeller")
    policy = data["quotePolicy"]
    plain = page.renderer.formats.plain
    rows = [dict(row, threshold=plain(row["threshold"])) for row in policy["rows"]]
    if page.form:
        rows, policy = _typed(page), dict(policy, validityDays=page.field("validity-days"))
        policy["holdWhileSent"] = bool(page.field("hold"))
    blank = {"criterion": "", "threshold": "", "level": LEVELS[0]}
    return page.show(
        "staff/quote_policy.html", 422 if problems else 200, frame=data, policy=policy, problems=list(problems),
        rows=[*rows, *([blank] * min(ROWS_MORE, ROWS_MAX - len(rows)))], criteria=CRITERIA, levels=LEVELS,
    )  # fmt: skip


def _typed(page: Page) -> list[dict[str, str]]:
    numbers = [
        int(found[1]) for name in page.form if (found := re.fullmatch(r"criterion-([0-9]{1,2})", name))
    ]
    return [
        {part: page.field(f"{part}-{number}") for part in ("criterion", "threshold", "level")}
        for number in range(min(max(numbers, default=-1) + 1, ROWS_MAX))
    ]


async def save(page: Page) -> Response:
    """The rows with a criterion; the others are left out."""
    problems: list[Problem] = []
    rows: list[dict[str, Any]] = []
    places = []
    for number, row in enumerate(_typed(page)):
        if row["criterion"] not in CRITERIA:
            continue
        threshold = read_number(row["threshold"], page.locale)
        if threshold is None:
            text = page.gettext("Enter a number, such as 12.5.")
            problems.append(Problem(text, f"threshold-{number}"))
        level = row["level"] if row["level"] in LEVELS else LEVELS[0]
        rows.append({"criterion": row["criterion"], "threshold": threshold, "level": level})
        places.append(number)
    days, version = page.field("validity-days"), page.field("version")
    if not days.isdigit() or len(days) > 3:
        problems.append(Problem(page.gettext("Enter a number of days."), "validity-days"))
    if problems:
        return await show_policy(page, problems)
    outcome = await page.act(
        "SetQuotePolicy", rows=rows, validityDays=int(days), holdWhileSent=bool(page.field("hold")),
        expectedVersion=int(version) if version.isdigit() and len(version) < 10 else 0,
    )  # fmt: skip
    if not outcome.done:
        return await show_policy(page, [_problem(each, places) for each in outcome.errors])
    return page.go(f"{BASE}/policy", page.gettext("The policy was saved."), warnings=outcome.warnings)


def _problem(error: Any, places: Sequence[int]) -> Problem:
    path = error["path"]
    field = ""
    if path[:1] == ["rows"] and len(path) > 1 and path[1].isdigit() and int(path[1]) < len(places):
        field = f"threshold-{places[int(path[1])]}"
    elif path == ["validityDays"]:
        field = "validity-days"
    return Problem(error["message"], field, error["code"])


PAGES = (At(f"{BASE}/policy", show_policy, {"save": save}, needs="staff"),)
