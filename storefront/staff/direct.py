"""A supplier delivers to the customer what of an order has not left: the lines, by who sells them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, indexed, read_number
from storefront.page import At, Page, Trouble
from storefront.staff.deliveries import version_of


def rest_of(line: Mapping[str, Any]) -> Decimal:
    """What of an order line has neither left nor been called off."""
    ordered, cancelled, shipped = (
        Decimal(line[name]) for name in ("quantityOrdered", "quantityCancelled", "quantityShipped")
    )
    return ordered - cancelled - shipped


def by_source(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Suppliers that sell something of what is left, with those lines; whoever sells most of them first."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        rest = rest_of(line)
        for offer in (line["product"] or {}).get("sources", ()) if rest > 0 else ():
            supplier = offer["supplier"]
            source = found.setdefault(supplier["id"], {"supplier": supplier, "rows": []})
            source["rows"].append({"line": line, "offer": offer, "rest": f"{rest:f}"})
    return sorted(found.values(), key=lambda source: -len(source["rows"]))


async def show(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("DirectDelivery", number=str(page.request.path_params["number"])[:100])
    order = data["order"]
    if order is None:
        raise Trouble(404)
    is_open = order["status"] == "CONFIRMED" and not order["isOnHold"]
    typed = dict(zip(page.form.getlist("line"), page.form.getlist("quantity"), strict=False))
    return page.show(
        "staff/direct.html", 422 if problems else 200, frame=data, order=order, problems=list(problems),
        sources=by_source(order["lines"]) if is_open else [], typed=typed, chosen=page.field("supplier"),
    )  # fmt: skip


async def create(page: Page) -> Response:
    """A draft of the quantities of one supplier's form; a line without one stays ours."""
    supplier, lines, ids, bad = page.field("supplier"), list[dict[str, str]](), list[str](), list[Problem]()
    for key, told in zip(page.form.getlist("line"), page.form.getlist("quantity"), strict=False):
        quantity = read_number(str(told), page.locale) if str(told).strip() else "0"
        if quantity is None:
            bad.append(Problem(page.gettext("Enter a quantity, such as 12."), f"{supplier}-{key}"))
        elif quantity.strip("0."):
            ids.append(str(key))
            lines.append({"orderLineId": str(key), "quantity": quantity})
    if bad:
        return await show(page, bad)
    outcome = await page.act(
        "CreateDirectDelivery", orderId=page.field("order"), supplierId=supplier, lines=lines,
        note=page.field("note"), expectedVersion=version_of(page),
    )  # fmt: skip
    if not outcome.done:
        return await show(page, indexed(outcome.errors, ids, f"{supplier}-"))
    number = outcome.payload["purchaseOrder"]["number"]
    said = page.gettext("Purchase order %(number)s was made.", number=number)
    return page.go(f"/staff/purchasing/{quote(number, safe='')}", said, warnings=outcome.warnings)


PAGES = (At("/staff/orders/{number}/direct", show, {"create": create}, needs="purchasing:manage"),)
