"""Other ways to deliver a line of an order: what there is to choose from, and what a person makes up themself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.page import At, Page, Trouble

ROWS = 4
_FIELDS = ("quantity", "warehouse", "requested")


async def show_ways(page: Page, problems: Sequence[Problem] = ()) -> Response:
    number = str(page.request.path_params["number"])[:100]
    wanted = page.field("line") or page.query("line")
    data = await page.ask("OrderLineWays", number=number, line=wanted)
    order = data["order"]
    line = None if order is None else next((each for each in order["lines"] if each["id"] == wanted), None)
    if line is None:
        raise Trouble(404)
    typed = _rows(page) if problems else []
    typed += [dict.fromkeys(_FIELDS, "")] * (ROWS - len(typed))
    return page.show(
        "staff/order_ways.html", 422 if problems else 200, frame=data, order=order, line=line,
        ways=data["deliveryAlternatives"], warehouses=data["warehouses"], problems=list(problems), rows=typed,
    )  # fmt: skip


def _rows(page: Page) -> list[dict[str, str]]:
    """What was typed, a row a part; the form sends each column as often as it has rows."""
    columns = [[str(each).strip()[:100] for each in page.form.getlist(name)] for name in _FIELDS]
    return [dict(zip(_FIELDS, values, strict=True)) for values in zip(*columns, strict=False)]


async def choose(page: Page) -> Response:
    """One of the ways as it was shown: its parts come along, and nothing is promised but what is found then."""
    parts = [
        {"quantity": row["quantity"], "warehouseId": row["warehouse"] or None, "requestedOn": None}
        for row in _rows(page)
    ]
    return await _reschedule(page, parts, {})


async def split(page: Page) -> Response:
    """Parts as a person made them up; rows without a quantity are none."""
    rows = [(number, row) for number, row in enumerate(_rows(page)) if row["quantity"]]
    problems, parts = [], []
    fields: dict[tuple[str, str], str] = {}
    for index, (number, row) in enumerate(rows):
        quantity, day = read_number(row["quantity"], page.locale), read_date(row["requested"])
        if quantity is None:
            problems.append(Problem(page.gettext("Enter a quantity, such as 12."), f"quantity-{number}"))
        if row["requested"] and day is None:
            problems.append(Problem(page.gettext("Enter a date."), f"requested-{number}"))
        parts.append({"quantity": quantity, "warehouseId": row["warehouse"] or None, "requestedOn": day})
        fields |= {(str(index), name): f"{at}-{number}" for name, at in _NAMES}
    return await show_ways(page, problems) if problems else await _reschedule(page, parts, fields)


_NAMES = (("quantity", "quantity"), ("warehouseId", "warehouse"), ("requestedOn", "requested"))


async def _reschedule(
    page: Page, parts: Sequence[Mapping[str, Any]], fields: Mapping[tuple[str, str], str]
) -> Response:
    told = page.field("version")
    outcome = await page.act(
        "RescheduleOrderLine", orderLineId=page.field("line"), parts=parts,
        expectedVersion=int(told) if told.isdigit() and len(told) < 10 else 0,
    )  # fmt: skip
    if not outcome.done:
        return await show_ways(page, list(_problems(outcome.errors, fields)))
    said = page.gettext("The line is delivered as chosen; its price stays.")
    number = str(page.request.path_params["number"])
    return page.go(f"/staff/orders/{number}", said, warnings=outcome.warnings)


def _problems(
    errors: Iterable[Mapping[str, Any]], fields: Mapping[tuple[str, str], str]
) -> Iterable[Problem]:
    """What was refused, at the row it is about."""
    for each in errors:
        field = fields.get((*each["path"][1:3],)) if len(each["path"]) == 3 else None
        yield Problem(each["message"], field, each["code"]) if field else problems_of([each])[0]


PAGES = (
    At("/staff/orders/{number}/delivery", show_ways, {"": choose, "split": split}, needs="orders:manage"),
)
