"""Rules of charges: the list, and one as a form."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble
from storefront.staff.price_rules import (
    FIELDS,
    read_head,
    read_numbers,
    read_target,
    target_typed,
    version_of,
)

PAGE_SIZE = 25
ROWS_MIN, ROWS_MAX = 5, 50
CHOICES = {
    "kind": ("FREIGHT", "SMALL_ORDER", "DEPOSIT", "PACKAGING", "SURCHARGE"),
    "basis": ("DOCUMENT", "LINE", "WEIGHT", "QUANTITY"),
}
METHODS = ("FIXED", "PERCENT", "RATE")
LISTS = {"countries": "countries", "postalPrefixes": "prefixes", "incoterms": "incoterms"}
PLACES = FIELDS | LISTS | {
    "currency": "currency", "freeFrom": "free-from", "bands": "bands", **{name: name for name in CHOICES}
}  # fmt: skip
BAND = ("from", "to", "method", "value")


async def show_rules(page: Page) -> Response:
    asked = {"search": page.query("search")[:200], "ended": "1" if page.query("ended") else ""}
    data = await page.ask(
        "ChargeRules", search=asked["search"] or None, ended=bool(asked["ended"]), **paging(page, PAGE_SIZE)
    )
    return page.show(
        "staff/charge_rules.html", frame=data, rules=data["chargeRules"], asked=asked,
        pager=neighbours(page, data["chargeRules"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_rule(page: Page, problems: Sequence[Problem] = ()) -> Response:
    key = str(page.request.path_params["id"])
    data = await page.ask("ChargeRule", id=key[:200])
    rule = data["node"] or None
    if rule is None and (key != "new" or not page.may("charges:manage")):
        raise Trouble(404)
    typed, bands = _typed(page, rule)
    return page.show(
        "staff/charge_rule.html", 422 if problems else 200, frame=data, rule=rule, choices=CHOICES, methods=METHODS,
        categories=data["productCategories"], typed=typed, bands=bands, problems=list(problems),
    )  # fmt: skip


def _typed(page: Page, rule: dict[str, Any] | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the fields hold: what was typed, or else what is stored; rows of bands with empty ones to add."""
    blank = {"from": "", "to": "", "method": METHODS[0], "value": ""}
    if page.form and page.field("act") != "deactivate":
        names = PLACES.values()
        return {name: page.field(name) for name in names}, _rows(page)
    typed: dict[str, Any] = dict.fromkeys(PLACES.values(), "")
    typed |= (
        {name: choices[0] for name, choices in CHOICES.items()} | {"currency": "EUR"} | target_typed(rule)
    )
    bands = []
    if rule:
        typed |= {name: rule[name] for name in CHOICES}
        typed |= {field: " ".join(rule[name]) for name, field in LISTS.items()}
        typed["currency"] = rule["currency"]
        typed["free-from"] = rule["freeFrom"]["amount"] if rule["freeFrom"] else ""
        bands = [{**band, "to": band["to"] or ""} for band in rule["bands"]]
    rows = max(ROWS_MIN, min(len(bands) + 2, ROWS_MAX))
    return typed, bands + [dict(blank) for _ in range(rows - len(bands))]


def _rows(page: Page) -> list[dict[str, Any]]:
    count = max(ROWS_MIN, sum(1 for name in page.form if name.startswith("from-")))
    return [
        {name: page.field(f"{name}-{index}") for name in BAND} for index in range(min(count, ROWS_MAX + 2))
    ]


def _bands(page: Page) -> tuple[list[dict[str, Any]], list[int], list[Problem]]:
    """The bands of rows that are not empty, the row of each, and what is no number."""
    given: list[dict[str, Any]] = []
    rows: list[int] = []
    problems = []
    for index, row in enumerate(_rows(page)):
        if not (row["from"] or row["to"] or row["value"]):
            continue
        band: dict[str, Any] = {"method": row["method"] if row["method"] in METHODS else METHODS[0]}
        for name in ("from", "to", "value"):
            number = read_number(row[name], page.locale) if row[name] else None
            if number is None and (row[name] or name != "to"):
                problems.append(Problem(page.gettext("Enter a number, such as 12.5."), f"{name}-{index}"))
            band[name] = number
        given.append(band)
        rows.append(index)
    return given, rows, problems


async def _read(page: Page) -> tuple[dict[str, Any], list[int], list[Problem]]:
    head, problems = read_head(page)
    target, unknown = await read_target(page)
    numbers, wrong = read_numbers(page, {"freeFrom": "free-from"})
    bands, rows, broken = _bands(page)
    chosen = {
        name: page.field(name) if page.field(name) in choices else choices[0]
        for name, choices in CHOICES.items()
    }
    lists = {name: page.field(field).replace(",", " ").split()[:200] for name, field in LISTS.items()}
    given = head | target | numbers | chosen | lists | {"bands": bands}
    given["currency"] = page.field("currency").upper()[:3] or "EUR"
    return given, rows, [*problems, *unknown, *wrong, *broken]


async def save(page: Page) -> Response:
    given, rows, problems = await _read(page)
    if problems:
        return await show_rule(page, problems)
    key = str(page.request.path_params["id"])
    if key == "new":
        outcome = await page.act("CreateChargeRule", **given)
    else:
        outcome = await page.act("UpdateChargeRule", **given, ruleId=key, expectedVersion=version_of(page))
    if not outcome.done:
        told = [_problem(error, rows) for error in outcome.errors]
        return await show_rule(page, told)
    return page.go("/staff/charges", page.gettext("The rule was saved."), warnings=outcome.warnings)


def _problem(error: Any, rows: Sequence[int]) -> Problem:
    """A user error at its field; one of a band at its row's."""
    path = error["path"]
    if len(path) == 3 and path[0] == "bands" and path[1].isdigit() and int(path[1]) < len(rows):
        return Problem(error["message"], f"{path[2]}-{rows[int(path[1])]}", error["code"])
    return problems_of([error], PLACES)[0]


async def deactivate(page: Page) -> Response:
    key = str(page.request.path_params["id"])
    outcome = await page.act("DeactivateChargeRule", ruleId=key, expectedVersion=version_of(page))
    if not outcome.done:
        return await show_rule(page, problems_of(outcome.errors, PLACES))
    return page.go("/staff/charges", page.gettext("The rule was ended."), warnings=outcome.warnings)


PAGES = (
    At("/staff/charges", show_rules, needs="charges:read"),
    At("/staff/charges/{id}", show_rule, {"save": save, "deactivate": deactivate}, needs="charges:read"),
)
