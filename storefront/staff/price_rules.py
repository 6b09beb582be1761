"""What the pages of free goods and of charges share: whom and what a rule is for, as people type it."""

from collections.abc import Mapping
from typing import Any

from storefront.forms import Problem, read_date, read_number
from storefront.page import Page

# The last step of an error's path -> the input it belongs to.
FIELDS = {
    "name": "name", "priority": "priority", "customerId": "customer", "customerGroup": "group", "segment": "segment",
    "productId": "sku", "freeProductId": "free-sku", "categoryId": "category", "validFrom": "valid-from",
    "validUntil": "valid-until",
}  # fmt: skip


async def read_target(page: Page, *, with_gift: bool = False) -> tuple[dict[str, Any], list[Problem]]:
    """The input's fields that say whom and what the rule is for; numbers and SKUs are looked up."""
    asked = {"customer": page.field("customer"), "sku": page.field("sku")}
    asked["freeSku"] = page.field("free-sku") if with_gift else ""
    found = await page.ask(
        "PriceRuleTargets",
        **{name: text[:64] or "-" for name, text in asked.items()},
        **{f"with{name[0].upper()}{name[1:]}": bool(text) for name, text in asked.items()},
    )
    given: dict[str, Any] = {
        "customerGroup": page.field("group") or None,
        "segment": page.field("segment") or None,
        "categoryId": page.field("category") or None,
    }
    problems = []
    for name, key, field in (
        ("customer", "customerId", "customer"),
        ("sku", "productId", "sku"),
        ("freeSku", "freeProductId", "free-sku"),
    ):
        if not asked[name]:
            continue
        if found.get(name):
            given[key] = found[name]["id"]
        else:
            problems.append(Problem(page.gettext("There is no such one."), field))
    return given, problems


def read_head(page: Page) -> tuple[dict[str, Any], list[Problem]]:
    """Name, priority and dates."""
    problems = []
    first = read_date(page.field("valid-from"))
    if first is None:
        problems.append(Problem(page.gettext("Enter a day."), "valid-from"))
    priority = page.field("priority") or "0"
    if not priority.removeprefix("-").isdigit() or len(priority) > 5:
        problems.append(Problem(page.gettext("Enter a whole number."), "priority"))
        priority = "0"
    until = read_date(page.field("valid-until"))
    if until is None and page.field("valid-until"):
        problems.append(Problem(page.gettext("Enter a day."), "valid-until"))
    head = {"name": page.field("name"), "priority": int(priority), "validFrom": first, "validUntil": until}
    return head, problems


def read_numbers(page: Page, names: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Decimals by input field; an empty one stays out."""
    given, problems = {}, []
    for name, field in names.items():
        typed = page.field(field)
        number = read_number(typed, page.locale) if typed else None
        if typed and number is None:
            problems.append(Problem(page.gettext("Enter a number, such as 12.5."), field))
        elif number is not None:
            given[name] = number
    return given, problems


def version_of(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


def target_typed(rule: Mapping[str, Any] | None) -> dict[str, str]:
    """What the shared fields hold before anybody typed."""
    if not rule:
        return {"priority": "0"}
    return {
        "name": rule["name"],
        "priority": str(rule["priority"]),
        "customer": rule["customer"]["number"] if rule["customer"] else "",
        "group": rule["customerGroup"]["code"] if rule["customerGroup"] else "",
        "segment": rule["segment"] or "",
        "sku": rule["product"]["sku"] if rule["product"] else "",
        "category": rule["category"]["id"] if rule["category"] else "",
        "valid-from": rule["validFrom"],
        "valid-until": rule["validUntil"] or "",
    }
