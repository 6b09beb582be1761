"""The price simulator: one basket in up to three scenarios, side by side; the address keeps it, nothing else does."""

import re
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, read_number
from storefront.page import At, Page

NAMES = ("A", "B", "C")
LINES_MAX = 50
GIFTS_MAX = 10
_LAST = re.compile(r"[\s;,]+(?=\S+$)")


async def show_simulator(page: Page) -> Response:
    typed = {"customer": page.query("customer")[:64], "lines": page.query("lines")}
    for name in NAMES:
        typed |= {
            f"{part}-{name}": page.query(f"{part}-{name}")[:64] for part in ("discount", "coupon", "term")
        }
        typed[f"free-{name}"] = page.query(f"free-{name}")
    asked: dict[str, Any] = await page.ask("SimulatorCustomer", number=typed["customer"])
    problems: list[Problem] = []
    found: list[Any] = []
    customer = asked["customer"]
    if typed["customer"] and customer is None:
        problems.append(Problem(page.gettext("We know no customer of this number."), "customer"))
    lines = _lines(page, typed["lines"], problems, "lines")
    scenarios = _scenarios(page, typed, lines, problems)
    if customer and lines and not problems:
        found = await _priced(page, customer["id"], scenarios, problems)
    status = 422 if problems else 200
    return page.show(
        "staff/simulator.html", status, frame=asked, typed=typed, customer=customer, found=found, names=NAMES,
        problems=problems,
    )  # fmt: skip


def _lines(
    page: Page, text: str, problems: list[Problem], field: str, most: int = LINES_MAX
) -> list[dict[str, str]]:
    """A line each: a reference, then a quantity."""
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    if len(rows) > most:
        problems.append(Problem(page.gettext("At most %(count)s lines.", count=most), field))
        return []
    found = []
    for number, row in enumerate(rows, start=1):
        parts = _LAST.split(row, maxsplit=1)
        quantity = read_number(parts[1], page.locale) if len(parts) == 2 else None
        if quantity is None:
            told = page.gettext("Line %(number)s: write a reference and a quantity.", number=number)
            problems.append(Problem(told, field))
            continue
        found.append({"sku": parts[0], "quantity": quantity})
    return found


def _scenarios(
    page: Page, typed: dict[str, str], lines: list[dict[str, str]], problems: list[Problem]
) -> list[dict[str, Any]]:
    """The first stands always: what the rules give as they are, unless something is written beside it."""
    found = []
    for name in NAMES:
        discount, coupon = typed[f"discount-{name}"], typed[f"coupon-{name}"]
        term, free = typed[f"term-{name}"], typed[f"free-{name}"]
        if name != NAMES[0] and not (discount or coupon or term or free.strip()):
            continue
        gifts = _lines(page, free, problems, f"free-{name}", GIFTS_MAX)
        percent = read_number(discount, page.locale) if discount else "0"
        if percent is None:
            told = page.gettext("Enter a number, such as 12.5.")
            problems.append(Problem(told, f"discount-{name}"))
            continue
        found.append(
            {
                "name": name,
                "lines": lines,
                "discountPercent": percent,
                "coupons": [coupon] if coupon else [],
                "paymentTermCode": term or None,
                "freeLines": gifts,
            }
        )
    return found


async def _priced(
    page: Page, customer: str, scenarios: list[dict[str, Any]], problems: list[Problem]
) -> list[Any]:
    data, wrong = await page.try_ask("Simulator", customer=customer, scenarios=scenarios)
    problems += [Problem(each, "lines") for each in dict.fromkeys(wrong)]
    found: list[Any] = data.get("priceSimulation", [])
    return found


PAGES = (At("/staff/simulator", show_simulator, needs="prices:simulate"),)
