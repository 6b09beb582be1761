"""Rules of free goods: the list, and one as a form."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
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
NUMBERS = {
    "perQuantity": "per",
    "freeQuantity": "free",
    "minimumQuantity": "minimum",
    "maxPerOrder": "most",
}
CHOICES = {
    "kind": ("EXCLUSIVE", "INCLUSIVE"),
    "calculation": ("UNIT_REFERENCE", "PROPORTIONAL", "WHOLE_UNIT"),
    "rounding": ("DOWN", "HALF_UP", "UP"),
    "outOfStock": ("DROP", "BACKORDER", "SUBSTITUTE"),
}
FLAGS = {"isOnlyOnce": "once", "isOptional": "optional", "isChargeable": "chargeable"}
PLACES = FIELDS | NUMBERS | {name: name for name in CHOICES}


async def show_rules(page: Page) -> Response:
    asked = {"search": page.query("search")[:200], "ended": "1" if page.query("ended") else ""}
    data = await page.ask(
        "FreeGoodsRules",
        search=asked["search"] or None,
        ended=bool(asked["ended"]),
        **paging(page, PAGE_SIZE),
    )
    return page.show(
        "staff/free_goods_rules.html", frame=data, rules=data["freeGoodsRules"], asked=asked,
        pager=neighbours(page, data["freeGoodsRules"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_rule(page: Page, problems: Sequence[Problem] = ()) -> Response:
    key = str(page.request.path_params["id"])
    data = await page.ask("FreeGoodsRule", id=key[:200])
    rule = data["node"] or None
    if rule is None and (key != "new" or not page.may("free-goods:manage")):
        raise Trouble(404)
    return page.show(
        "staff/free_goods_rule.html", 422 if problems else 200, frame=data, rule=rule, choices=CHOICES,
        categories=data["productCategories"], typed=_typed(page, rule), problems=list(problems),
    )  # fmt: skip


def _typed(page: Page, rule: dict[str, Any] | None) -> dict[str, Any]:
    """What the fields hold: what was typed, or else what is stored."""
    if page.form and page.field("act") != "deactivate":
        names = (*PLACES.values(), *FLAGS.values())
        return {name: page.field(name) for name in names}
    typed: dict[str, Any] = dict.fromkeys((*PLACES.values(), *FLAGS.values()), "")
    typed |= {name: choices[0] for name, choices in CHOICES.items()} | target_typed(rule)
    if rule:
        typed |= {name: rule[name] for name in CHOICES}
        typed |= {field: rule[name] for name, field in NUMBERS.items() if rule[name] is not None}
        typed |= {field: "1" if rule[name] else "" for name, field in FLAGS.items()}
        typed["free-sku"] = rule["freeProduct"]["sku"] if rule["freeProduct"] else ""
    return typed


async def _read(page: Page) -> tuple[dict[str, Any], list[Problem]]:
    head, problems = read_head(page)
    target, unknown = await read_target(page, with_gift=True)
    numbers, wrong = read_numbers(page, NUMBERS)
    for name in ("perQuantity", "freeQuantity"):
        if not page.field(NUMBERS[name]):
            wrong.append(Problem(page.gettext("Enter a number, such as 12.5."), NUMBERS[name]))
    chosen = {
        name: page.field(name) if page.field(name) in choices else choices[0]
        for name, choices in CHOICES.items()
    }
    flags = {name: bool(page.field(field)) for name, field in FLAGS.items()}
    return head | target | numbers | chosen | flags, [*problems, *wrong, *unknown]


async def save(page: Page) -> Response:
    given, problems = await _read(page)
    if problems:
        return await show_rule(page, problems)
    key = str(page.request.path_params["id"])
    if key == "new":
        outcome = await page.act("CreateFreeGoodsRule", **given)
    else:
        outcome = await page.act("UpdateFreeGoodsRule", **given, ruleId=key, expectedVersion=version_of(page))
    if not outcome.done:
        return await show_rule(page, problems_of(outcome.errors, PLACES))
    return page.go("/staff/free-goods", page.gettext("The rule was saved."), warnings=outcome.warnings)


async def deactivate(page: Page) -> Response:
    key = str(page.request.path_params["id"])
    outcome = await page.act("DeactivateFreeGoodsRule", ruleId=key, expectedVersion=version_of(page))
    if not outcome.done:
        return await show_rule(page, problems_of(outcome.errors, PLACES))
    return page.go("/staff/free-goods", page.gettext("The rule was ended."), warnings=outcome.warnings)


PAGES = (
    At("/staff/free-goods", show_rules, needs="free-goods:read"),
    At(
        "/staff/free-goods/{id}", show_rule, {"save": save, "deactivate": deactivate}, needs="free-goods:read"
    ),
)
