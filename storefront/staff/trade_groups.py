"""In which groups for trade agreements customers and products are."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.page import At, Page
from storefront.rendering import address
from storefront.staff.trade_agreements import BASE, RELATIONS

PATH = f"{BASE}/groups"


def _asked(page: Page) -> dict[str, str]:
    """Whose groups: the form's, else the address's."""
    names = ("customer", "sku")
    return {name: (page.field(f"{name}-number") or page.query(name))[:100] for name in names}


async def _found(page: Page) -> dict[str, Any]:
    return await page.ask("TradeGroups", **_asked(page))


async def show(page: Page, problems: Sequence[Problem] = ()) -> Response:
    asked, data = _asked(page), await _found(page)
    told = list(problems)
    if asked["customer"] and data["customer"] is None:
        told.append(Problem(page.gettext("No customer has this number."), "customer"))
    if asked["sku"] and data["product"] is None:
        told.append(Problem(page.gettext("No product has this number."), "sku"))
    return page.show(
        "staff/trade_groups.html", 422 if problems else 200, frame=data, customer=data["customer"],
        product=data["product"], asked=asked, relations=RELATIONS, problems=told,
        typed={name: page.field(name) for name in ("relation", "code", "priority")},
    )  # fmt: skip


def _whole(text: str) -> int | None:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return int(sign + digits) if digits.isdecimal() and digits.isascii() and len(digits) < 9 else None


async def _set(page: Page, groups: list[dict[str, Any]]) -> Response:
    version = _whole(page.field("version")) or 0
    outcome = await page.act(
        "SetCustomerGroups", customerId=page.field("customer"), expectedVersion=version, groups=groups
    )
    if not outcome.done:
        return await show(page, problems_of(outcome.errors, {"code": "code", "priority": "priority"}))
    where = address(PATH, customer=_asked(page)["customer"])
    return page.go(where, page.gettext("The groups were saved."), warnings=outcome.warnings)


async def add(page: Page) -> Response:
    told = page.field("priority")
    priority = _whole(told) if told else 0
    if priority is None:
        return await show(page, [Problem(page.gettext("Enter a whole number."), "priority")])
    relation = page.field("relation")
    group = {
        "relation": relation if relation in RELATIONS else "PRICE", "code": page.field("code"), "priority": priority,
    }  # fmt: skip
    customer = (await _found(page))["customer"]
    return await _set(page, [*(customer["pricingGroups"] if customer else []), group])


async def remove(page: Page) -> Response:
    customer = (await _found(page))["customer"]
    gone = (page.field("relation"), page.field("code"))
    groups = customer["pricingGroups"] if customer else []
    return await _set(page, [each for each in groups if (each["relation"], each["code"]) != gone])


async def set_product(page: Page) -> Response:
    outcome = await page.act(
        "SetProductGroups", productId=page.field("product"), expectedVersion=_whole(page.field("version")) or 0,
        lineDiscountGroup=page.field("line"), multilineDiscountGroup=page.field("multiline"),
        isInTotalDiscount=bool(page.field("total")),
    )  # fmt: skip
    if not outcome.done:
        fields = {"lineDiscountGroup": "line", "multilineDiscountGroup": "multiline"}
        return await show(page, problems_of(outcome.errors, fields))
    return page.go(address(PATH, sku=_asked(page)["sku"]), page.gettext("The groups were saved."))


PAGES = (
    At(PATH, show, {"add": add, "remove": remove, "product": set_product}, needs="trade-agreements:read"),
)
