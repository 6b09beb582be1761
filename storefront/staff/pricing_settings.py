"""How the seller makes prices, as one form."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.labels import LABELS
from storefront.page import At, Page
from storefront.staff.price_rules import version_of
from storefront.staff.trade_agreements import BASE

PATH = f"{BASE}/settings"
MARGINS = {"marginTargetPercent": "target", "marginFloorPercent": "floor"}
GIVEN = {"moneyYearlyPercent": "money", "judgedTogetherDays": "together"}
NUMBERS = MARGINS | GIVEN
FIELDS = NUMBERS | {"lineMultilineMode": "mode", "priceDateType": "day", "inactiveCells": "cells"}
ITEMS = ("ONE", "GROUP", "ALL")


def _name(cell: Mapping[str, Any]) -> str:
    """The check box of a combination."""
    return f"cell-{cell['relation']}-{cell['customerScope']}-{cell['itemScope']}"


async def show(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("PricingSettings")
    settings = data["pricingSettings"]
    typed = {"mode": settings["lineMultilineMode"], "day": settings["priceDateType"]}
    typed |= {field: settings[name] for name, field in NUMBERS.items() if name in settings}
    searched = {_name(each) for each in settings["tradeCells"] if each["isSearched"]}
    if page.form:
        typed = {field: page.field(field) for field in typed}
        searched = {_name(each) for each in settings["tradeCells"] if page.field(_name(each))}
    return page.show(
        "staff/pricing_settings.html", 422 if problems else 200, frame=data, settings=settings, typed=typed,
        rows=_rows(settings["tradeCells"], searched), modes=tuple(LABELS["line_multiline_mode"]),
        days=tuple(LABELS["price_date_type"]), problems=list(problems),
    )  # fmt: skip


def _rows(cells: Sequence[Mapping[str, Any]], searched: set[str]) -> list[dict[str, Any]]:
    """One a relation and kind of customer, with a check box for each kind of item; None where no row can be."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for cell in cells:
        key = (cell["relation"], cell["customerScope"])
        row = rows.setdefault(key, {"relation": key[0], "customer": key[1], "cells": dict.fromkeys(ITEMS)})
        row["cells"][cell["itemScope"]] = {"name": _name(cell), "on": _name(cell) in searched}
    return list(rows.values())


async def save(page: Page) -> Response:
    data = await page.ask("PricingSettings")
    cells = data["pricingSettings"]["tradeCells"]
    given: dict[str, Any] = {
        "lineMultilineMode": _one_of(page.field("mode"), "line_multiline_mode"),
        "priceDateType": _one_of(page.field("day"), "price_date_type"),
        "inactiveCells": [
            {name: each[name] for name in ("relation", "customerScope", "itemScope")}
            for each in cells
            if not page.field(_name(each))
        ],
    }
    problems = []
    for name, field in NUMBERS.items():
        if name not in data["pricingSettings"]:
            continue
        given[name] = read_number(page.field(field), page.locale)
        if given[name] is None:
            problems.append(Problem(page.gettext("Enter a number, such as 12.5."), field))
    days = given["judgedTogetherDays"]
    if days is not None and not days.isdecimal():
        problems.append(Problem(page.gettext("Enter a whole number of days."), GIVEN["judgedTogetherDays"]))
    elif days is not None:
        given["judgedTogetherDays"] = int(days)
    if problems:
        return await show(page, problems)
    outcome = await page.act("SetPricingSettings", expectedVersion=version_of(page), **given)
    if not outcome.done:
        return await show(page, problems_of(outcome.errors, FIELDS))
    return page.go(PATH, page.gettext("The settings were saved."), warnings=outcome.warnings)


def _one_of(told: str, table: str) -> str:
    known = tuple(LABELS[table])
    return told if told in known else known[0]


PAGES = (At(PATH, show, {"": save}, needs="trade-agreements:manage"),)
