"""The availability grid: any number of products, when they can be had, and from where."""

from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, read_date, read_number
from storefront.page import At, Page

LINES_MAX = 200


async def show_grid(page: Page) -> Response:
    """A line is a product and, after a space or a tab, how many of it; one is meant where it says nothing."""
    typed = {name: page.query(name)[:10_000] for name in ("lines", "customer", "on")}
    problems: list[Problem] = []
    day = read_date(typed["on"])
    if typed["on"] and day is None:
        problems.append(Problem(page.gettext("Enter a day, such as 2026-03-31."), "on"))
    products = _products(page, typed["lines"], day, problems)
    asked: dict[str, Any] = {"customer": None}
    if typed["customer"]:
        asked = await page.ask("AvailabilityCustomer", number=typed["customer"].strip()[:64])
        if asked["customer"] is None:
            problems.append(Problem(page.gettext("No customer has this number."), "customer"))
    ready = [] if problems else products
    customer = asked["customer"]
    data = await page.ask("AvailabilityGrid", products=ready, customer=customer["id"] if customer else None)
    return page.show(
        "staff/availability.html", 422 if problems else 200, frame=data, found=data["availability"], typed=typed,
        problems=problems, customer=customer,
    )  # fmt: skip


def _products(page: Page, text: str, day: str | None, problems: list[Problem]) -> list[dict[str, Any]]:
    found = []
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) > LINES_MAX:
        said = page.gettext("%(most)s lines at most, please.", most=LINES_MAX)
        problems.append(Problem(said, "lines"))
        return []
    for words in lines:
        quantity = read_number(words[1], page.locale) if len(words) > 1 else "1"
        if quantity is None or len(words) > 2 or not quantity.strip("0.") or quantity.startswith("-"):
            said = page.gettext(
                "%(line)s: write a product and a quantity above zero.", line=" ".join(words)[:80]
            )
            problems.append(Problem(said, "lines"))
            return []
        found.append({"sku": words[0][:64], "quantity": quantity, "requestedOn": day})
    return found


PAGES = (At("/staff/availability", show_grid, needs="stock-quantity:read"),)
