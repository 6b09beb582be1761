"""A discount rule tried over past sales: which days, and what they would have come to."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, read_date
from storefront.page import At, Page, Trouble
from storefront.rendering import today

YEAR = timedelta(days=364)


async def show_backtest(page: Page) -> Response:
    """The form with the last year in it; the sales are priced again once somebody asks for days."""
    key = str(page.request.path_params["id"])[:200]
    data = await page.ask("StaffBacktestRule", id=key)
    if data["discountRule"] is None:
        raise Trouble(404)
    last = today()
    is_asked = "from" in page.request.query_params
    typed = {name: page.query(name) for name in ("from", "to", "currency")}
    if not is_asked:
        typed |= {"from": (last - YEAR).isoformat(), "to": last.isoformat()}
    problems = _problems(page, typed)
    found = None
    if is_asked and not problems:
        answer, said = await page.try_ask(
            "StaffBacktest", id=key, to=typed["to"], currency=typed["currency"].upper() or None,
            **{"from": typed["from"]},
        )  # fmt: skip
        problems = [Problem(each) for each in said]
        found = answer.get("discountBacktest")
    return page.show(
        "staff/backtest.html", 422 if problems else 200, frame=data, rule=data["discountRule"], typed=typed,
        problems=problems, found=found, figures=[] if found is None else _figures(page, found),
    )  # fmt: skip


def _problems(page: Page, typed: Mapping[str, str]) -> list[Problem]:
    days = {name: read_date(typed[name]) for name in ("from", "to")}
    problems = [Problem(page.gettext("Enter a date."), name) for name, day in days.items() if day is None]
    if not problems and date.fromisoformat(str(days["from"])) > date.fromisoformat(str(days["to"])):
        problems.append(Problem(page.gettext("The first day is after the last."), "from"))
    if typed["currency"] and not re.fullmatch(r"[A-Za-z]{3}", typed["currency"]):
        problems.append(Problem(page.gettext("A currency has three letters, as EUR."), "currency"))
    return problems


def _figures(page: Page, found: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Revenue, and margin where the visitor sees it: both amounts, their difference, and the bars' widths."""
    figures = []
    whole = max(Decimal(found[name]["amount"]) for name in ("revenueBefore", "revenueAfter")) or Decimal(1)
    for name, text in (("revenue", page.gettext("Revenue")), ("margin", page.gettext("Margin"))):
        before, after = found.get(f"{name}Before"), found.get(f"{name}After")
        if before is None or after is None:
            continue
        amounts = Decimal(before["amount"]), Decimal(after["amount"])
        figures.append(
            {
                "text": text, "before": before, "after": after,
                "change": {"amount": str(amounts[1] - amounts[0]), "currency": before["currency"]},
                "widths": [f"{max(each, Decimal(0)) * 100 / whole:.2f}" for each in amounts],
            }
        )  # fmt: skip
    return figures


PAGES = (At("/staff/discounts/{id}/backtest", show_backtest, needs="discounts:read"),)
